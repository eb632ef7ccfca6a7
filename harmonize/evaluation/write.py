"""An evaluation as files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation
from harmonize.evaluation.figures import (
    confusion_figure,
    precision_recall_figure,
    reliability_figure,
    save,
)
from harmonize.evaluation.markdown import evaluation_markdown
from harmonize.evaluation.rows import joined
from harmonize.writing.json_files import write_json
from harmonize.writing.text import write_text

__all__ = ["CONFUSION", "METRICS", "METRICS_TABLE", "PRECISION_RECALL", "RELIABILITY", "write_evaluation"]

METRICS, METRICS_TABLE = "metrics.json", "metrics.md"
CONFUSION, PRECISION_RECALL, RELIABILITY = "confusion.png", "precision_recall.png", "reliability.png"


def write_evaluation(
    folder: Path, evaluation: Evaluation, gold: pa.Table, predictions: pa.Table
) -> list[Path]:
    """Write metrics.json, metrics.md and the figures into a folder, which is made where it is missing.

    The curve of precision and recall is left out where gold has one class only, and the reliability also
    where no row has a prediction; the metrics say so.

    Args:
        evaluation: of `gold` and `predictions`.

    Returns:
        The files written.

    Raises:
        HarmonizeError: the tables are not those of the evaluation.
        OSError: the folder cannot be written to.
    """
    rows = joined(gold, predictions, evaluation.labels, evaluation.measure)
    missing = int((~rows.answered).sum())
    if (len(rows), missing) != (evaluation.all.overall.rows, evaluation.without_prediction):
        raise HarmonizeError(
            f"expected the tables of the evaluation, with {evaluation.all.overall.rows} rows, "
            f"{evaluation.without_prediction} of them without prediction, got {len(rows)} and {missing}"
        )
    figures = {CONFUSION: confusion_figure(evaluation.confusion)}
    ranking = evaluation.ranking
    if ranking.auc.value is not None:
        binary = evaluation.all.overall.binary
        figures[PRECISION_RECALL] = precision_recall_figure(rows, binary, ranking)
    if ranking.related.bins:
        figures[RELIABILITY] = reliability_figure(ranking)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / METRICS, evaluation.as_dict(), finite=True)
    write_text(folder / METRICS_TABLE, evaluation_markdown(evaluation))
    for name, figure in figures.items():
        save(figure, folder / name)
    return [folder / name for name in (METRICS, METRICS_TABLE, *figures)]
