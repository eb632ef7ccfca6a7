"""Files: complete, deterministic, and without a trace in pyplot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from evaluation_tables import (
    ASSOCIATION,
    LABELS,
    NONE,
    POSITIVE,
    gold_table,
    noisy,
    prediction_table,
    random_labels,
)
from matplotlib.figure import Figure

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.figures import confusion_figure, precision_recall_figure, reliability_figure
from harmonize.evaluation.markdown import evaluation_markdown
from harmonize.evaluation.rows import joined
from harmonize.evaluation.write import write_evaluation

ALL = ["metrics.json", "metrics.md", "confusion.png", "precision_recall.png", "reliability.png"]
PNG = b"\x89PNG\r\n\x1a\n"


def tables() -> tuple[pa.Table, pa.Table]:
    generator = np.random.default_rng(0)
    labels = random_labels(generator, 300)
    gold = gold_table(labels)
    return gold, prediction_table(gold, noisy(generator, labels, 0.3), generator.random(300))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(*tables(), bootstrap=100)


def test_all_files_twice_the_same(evaluation: Evaluation, tmp_path: Path) -> None:
    first, second = (write_evaluation(tmp_path / name, evaluation, *tables()) for name in ("a", "b"))
    assert [path.name for path in first] == ALL
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(ALL)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    for path in first[2:]:
        content = path.read_bytes()
        assert content.startswith(PNG)
        assert b"matplotlib" not in content.lower()


def test_metrics_as_json(evaluation: Evaluation, tmp_path: Path) -> None:
    write_evaluation(tmp_path, evaluation, *tables())
    metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert metrics == json.loads(json.dumps(evaluation.as_dict()))
    assert list(metrics)[:4] == ["corpora", "splits", "labels", "measure"]
    assert metrics["all"]["overall"]["binary"]["f1"]["value"] == evaluation.all.overall.binary.f1.value
    assert metrics["confusion"]["labels"] == list(LABELS)


def test_metrics_as_markdown(evaluation: Evaluation) -> None:
    text = evaluation_markdown(evaluation)
    assert text.startswith("# Evaluation: biored (test)\n")
    binary = evaluation.all.overall.binary
    counts = (
        f"| all, binary | 300 | {evaluation.all.overall.positive} | {binary.tp} | {binary.fp} | {binary.fn} |"
    )
    assert counts in text
    assert f"{100 * (binary.f1.value or 0):.1f} ({100 * (binary.f1.low or 0):.1f} to" in text
    tables_of_text = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert len(tables_of_text) == 5
    for lines in tables_of_text:
        assert len({line.count("|") for line in lines}) == 1


def test_gold_of_one_class_has_no_curves_and_the_reason_in_words(tmp_path: Path) -> None:
    gold = gold_table([ASSOCIATION] * 6, corpus="emu")
    said = prediction_table(gold, [ASSOCIATION] * 5 + [NONE])
    written = write_evaluation(tmp_path, evaluate(gold, said), gold, said)
    assert [path.name for path in written] == ["metrics.json", "metrics.md", "confusion.png"]
    text = (tmp_path / "metrics.md").read_text(encoding="utf-8")
    assert "| all, binary | 6 | 6 | 5 | 0 | 1 | – | 83.3" in text
    assert "- – gold has no negatives (emu): what is wrong" in text


def test_no_prediction_has_no_reliability(tmp_path: Path) -> None:
    gold = gold_table([POSITIVE, NONE])
    said = prediction_table(gold, [POSITIVE, NONE]).slice(0, 0)
    written = write_evaluation(tmp_path, evaluate(gold, said), gold, said)
    assert [path.name for path in written] == ALL[:4]


def test_other_tables_are_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    gold, said = tables()
    with pytest.raises(
        HarmonizeError, match="expected the tables of the evaluation, with 300 rows, 0 of them"
    ):
        write_evaluation(tmp_path / "out", evaluation, gold, said.slice(0, 299))
    assert not (tmp_path / "out").exists()


def test_a_bar_in_a_name_does_not_break_a_table() -> None:
    gold = gold_table([POSITIVE, NONE], head_type=["a|b", "a|b"])
    text = evaluation_markdown(evaluate(gold, prediction_table(gold, [POSITIVE, NONE])))
    assert r"| all, D / a\|b, binary | 2 | 1 |" in text


def axes_of(figure: Figure) -> list[str]:
    return [axes.get_xlabel() for axes in figure.axes]


def test_the_curve_passes_through_every_threshold(evaluation: Evaluation) -> None:
    rows = joined(*tables(), "harmonized", "all")
    figure = precision_recall_figure(rows, evaluation.all.overall.binary, evaluation.ranking)
    curve, share, point = figure.axes[0].lines
    recall, precision = (np.asarray(values) for values in curve.get_data())
    # The steps end at the recall of each threshold: the area below them is the average precision.
    area = float((np.diff(recall) * precision[1:]).sum())
    assert area == pytest.approx(evaluation.ranking.average_precision.value)
    binary = evaluation.all.overall.binary
    assert list(point.get_data()[0]) == [binary.recall.value]
    assert list(point.get_data()[1]) == [binary.precision.value]
    assert share.get_ydata()[0] == pytest.approx(evaluation.all.overall.positive / 300)


def test_the_matrix_names_and_counts_all(evaluation: Evaluation) -> None:
    axes = confusion_figure(evaluation.confusion).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        name.replace("_", " ") for name in LABELS
    ]
    numbers = [int(text.get_text().replace(",", "")) for text in axes.texts]
    assert numbers == [count for line in evaluation.confusion.counts for count in line]


def test_the_reliability_has_both_probabilities(evaluation: Evaluation) -> None:
    figure = reliability_figure(evaluation.ranking)
    assert axes_of(figure)[2:] == ["probability of any relation", "probability of the predicted label"]
    bars = [patch.get_height() for patch in figure.axes[2].patches]
    assert bars == [each.rows for each in evaluation.ranking.related.bins]


def test_nothing_heavy_is_imported_and_pyplot_never() -> None:
    program = (
        "import sys, harmonize.evaluation.write, harmonize.evaluation.compare, harmonize.evaluation.folds\n"
        "assert not {'matplotlib', 'sklearn', 'torch', 'scipy'} & set(sys.modules), 'at import'\n"
        "from harmonize.evaluation.evaluate import Confusion\n"
        "from harmonize.evaluation.figures import confusion_figure\n"
        "confusion_figure(Confusion(('None', 'a'), ((1, 2), (3, 4))))\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
