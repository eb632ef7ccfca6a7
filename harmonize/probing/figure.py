"""A series of probes as a figure; matplotlib is imported where it draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harmonize.probing.edge_probe import Probed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["probe_figure", "save"]

_BLUE, _ORANGE, _GREY = "#1f5fa8", "#d1660f", "#8a8a8a"


def probe_figure(found: Probed) -> Figure:
    """F by layer with its deviation over the repeats; below, what each layer adds and how it is weighed."""
    from matplotlib.figure import Figure

    layers = [score.layer for score in found.layers]
    figure = Figure(figsize=(6.0, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    upper.errorbar(
        layers,
        [100 * score.pair_f for score in found.layers],
        yerr=[100 * score.deviation for score in found.layers],
        fmt="o-",
        color=_BLUE,
        ecolor=_GREY,
        capsize=3,
    )
    upper.set_ylabel("F of pairs found, layers 0 to l")
    upper.grid(alpha=0.25)
    gains = [100 * score.gain for score in found.layers if score.gain is not None]
    lower.bar([layer - 0.2 for layer in layers[1:]], gains, 0.4, color=_BLUE, label="gain in F")
    weights = lower.twinx()
    weights.bar([layer + 0.2 for layer in layers], found.layers[-1].mix, 0.4, color=_ORANGE)
    weights.set_ylabel("weight in the last probe", color=_ORANGE)
    weights.set_ylim(bottom=0)
    lower.axhline(0, color=_GREY, linewidth=0.8)
    lower.set_ylabel("gain in F", color=_BLUE)
    lower.set_xlabel("layer l (0: embeddings)")
    lower.set_xticks(layers)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG; the same figure gives the same bytes, with the same release of matplotlib."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    with rc_context({"svg.hashsalt": "harmonize"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
