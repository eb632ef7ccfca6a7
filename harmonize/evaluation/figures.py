"""An evaluation in pictures: confusion, precision and recall, reliability.

The figures are made without pyplot, so that no window opens and no figure of the caller's is touched. The
bytes of one figure are the same each time, with the same release of matplotlib.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harmonize.evaluation.evaluate import Confusion
from harmonize.evaluation.ranking import Bin, Calibration, Ranking, Thresholds
from harmonize.evaluation.rows import FloatArray, Rows
from harmonize.evaluation.scores import Score
from harmonize.evaluation.standings import Standings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["confusion_figure", "precision_recall_figure", "reliability_figure", "save", "standings_figure"]

_BLUE, _ORANGE, _GREY = "#1f5fa8", "#d1660f", "#8a8a8a"
_DPI = 150


def confusion_figure(confusion: Confusion) -> Figure:
    """Counts by gold and predicted label, shaded by their share of the gold label's rows."""
    size = len(confusion.labels)
    counts = np.array(confusion.counts, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(3.2 + 0.72 * size, 2.4 + 0.55 * size)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [label.replace("_", " ") for label in confusion.labels]
    axes.set_xticks(range(size), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(size), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("gold")
    axes.tick_params(length=0)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{confusion.counts[row][column]:,}"
        axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.55 else "black")
    figure.colorbar(image, ax=axes, label="share of the gold label's rows")
    return figure


def precision_recall_figure(rows: Rows, binary: Score, ranking: Ranking) -> Figure:
    """Precision over recall for every threshold of `related`, and what the predicted labels attain.

    Args:
        rows: with gold relations and negatives.
        binary: of the predicted labels.
        ranking: whose average precision stands in the legend.
    """
    figure, axes = _figure(5.6, 5.0)
    thresholds = Thresholds(rows.positive, rows.related)
    recall: FloatArray = thresholds.tp / thresholds.tp[-1]
    precision: FloatArray = thresholds.tp / (thresholds.tp + thresholds.fp)
    area = ranking.average_precision.value or 0.0
    # Average precision is the area below these steps: each gain in recall at the precision it ends with.
    axes.step(
        np.r_[0.0, recall],
        np.r_[precision[0], precision],
        where="pre",
        color=_BLUE,
        label=f"threshold of related (average precision {100 * area:.1f})",
    )
    share = float(rows.positive.mean())
    axes.axhline(share, color=_GREY, linestyle=":", label=f"every row positive ({100 * share:.1f})")
    if binary.precision.value is not None and binary.recall.value is not None:
        axes.plot(
            [binary.recall.value],
            [binary.precision.value],
            "o",
            color=_ORANGE,
            markersize=8,
            label=f"predicted labels (F1 {100 * (binary.f1.value or 0.0):.1f})",
        )
    _unit_square(axes, "recall", "precision")
    axes.legend(loc="lower left", fontsize="small")
    return figure


def reliability_figure(ranking: Ranking) -> Figure:
    """What came true over what was predicted, for `related` and `confidence`, and the rows in each bin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 5.4), layout="constrained")
    grid = figure.subplots(2, 2, height_ratios=(3, 1), sharex=True, squeeze=False)
    panels = (
        ("probability of any relation", "share with a relation", ranking.related),
        ("probability of the predicted label", "share predicted rightly", ranking.confidence),
    )
    for column, (probability, share, calibration) in enumerate(panels):
        _reliability(grid[0, column], grid[1, column], calibration)
        grid[0, column].set_ylabel(share)
        grid[1, column].set_ylabel("rows")
        grid[1, column].set_xlabel(probability)
    return figure


def standings_figure(found: Standings) -> Figure:
    """F of each system with its interval, the best on top; a line at the one that all are tested against."""
    figure, axes = _figure(7.2, 1.4 + 0.32 * len(found.systems))
    scored = [one for one in found.systems if found.ranked(one).value is not None]
    for height, one in enumerate(reversed(scored)):
        ranked = found.ranked(one)
        value = 100 * (ranked.value or 0.0)
        if ranked.low is not None and ranked.high is not None:
            axes.plot([100 * ranked.low, 100 * ranked.high], [height, height], color=_BLUE, alpha=0.5)
        axes.plot(value, height, "o", color=_ORANGE if one.name == found.against else _BLUE)
        if one.name == found.against:
            axes.axvline(value, color=_GREY, linestyle=":")
    axes.set_yticks(range(len(scored)), [one.name for one in reversed(scored)])
    kind = "typed F1" if found.rank_by == "types" else "F1"
    axes.set_xlabel(f"{kind}, with the 95 % interval")
    axes.grid(axis="x", alpha=0.25)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, or as SVG where the name says so, without the version of what drew it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if ".svg" in path.name:
        with mpl.rc_context({"svg.hashsalt": "harmonize", "svg.fonttype": "none"}):
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        return
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _reliability(upper: Axes, lower: Axes, calibration: Calibration) -> None:
    error = calibration.error.value or 0.0
    upper.plot([0, 1], [0, 1], color=_GREY, linestyle=":")
    points = [(each.probability, each.observed) for each in calibration.bins if each.rows]
    upper.plot(*zip(*points, strict=True), "o-", color=_BLUE)
    _unit_square(upper, "", "")
    upper.set_title(f"expected calibration error {100 * error:.1f}", fontsize="medium")
    lower.bar(*_bars(calibration.bins), color=_BLUE, alpha=0.6, edgecolor="white")
    lower.set_ylim(bottom=0)


def _bars(bins: tuple[Bin, ...]) -> tuple[list[float], list[int], list[float]]:
    middles = [(each.low + each.high) / 2 for each in bins]
    return middles, [each.rows for each in bins], [each.high - each.low for each in bins]


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
