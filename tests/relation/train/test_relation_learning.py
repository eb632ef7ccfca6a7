"""The real BioRED: a model learns what there is to learn, and nothing where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from harmonize.evaluation.evaluate import evaluate
from harmonize.relation.labels import is_negative
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.select.selection import Selection
from harmonize.relation.train import training

Small = Callable[..., Recipe]


@pytest.fixture(scope="module")
def biored(real_union: Path) -> pa.Table:
    return rows_to_test(real_union, "biored/train")


@pytest.fixture(scope="module")
def biored_dev(real_union: Path) -> pa.Table:
    return rows_to_test(real_union, "biored/dev")


def trained_on(
    rows: pa.Table, union: Path, recipe: Recipe, out: Path, monkeypatch: pytest.MonkeyPatch
) -> Classifier:
    """A classifier of these very rows."""
    chosen = Selection(rows, rows.slice(0, 0), rows.num_rows, ())
    monkeypatch.setattr(training, "select", lambda *_: chosen)
    return Classifier.load(training.train(union, recipe, out, device="cpu"), "cpu")


def is_related(labels: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.array([not is_negative(label) for label in labels.to_pylist()])


def area(gold: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Under the ROC curve: how often a related pair scores higher than another one, ties by half."""
    found, other = scores[gold][:, None], scores[~gold][None, :]
    return float(((found > other) + 0.5 * (found == other)).mean())


def described(rows: pa.Table, path: Path) -> Path:
    """A table that describes the entities of rows, each by its type."""
    types = {
        identifier: kind
        for side in ("head", "tail")
        for identifier, kind in zip(
            rows[f"{side}_id"].to_pylist(), rows[f"{side}_type"].to_pylist(), strict=True
        )
    }
    lines = ["id\tname\tdescription", *(f"{identifier}\t\ta {kind}" for identifier, kind in types.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def few_rows(rows: pa.Table) -> pa.Table:
    """Sixteen related pairs and as many others, one of each document: the shortest, no two alike."""
    positive = is_related(rows["relation"])
    documents, lengths = rows["document_id"].to_pylist(), pc.utf8_length(rows["text"]).to_numpy()
    places = np.argsort(lengths, kind="stable").tolist()
    found: dict[str, int] = {}
    for wanted in (True, False):
        for place in places:
            if len(found) < (16 if wanted else 32) and positive[place] == wanted:
                found.setdefault(documents[place], place)
    return rows.take(list(found.values()))


@pytest.mark.slow
# The epochs are at least half as many again as it took with each of three seeds.
@pytest.mark.parametrize(
    ("head", "kind", "batch_size", "epochs"),
    [
        ("cls", "prompt", 16, 36),
        ("document", "prompt", 8, 15),
        ("atlop", "prompt", 8, 15),
        ("graph", "prompt", 8, 15),
        ("counts", "prompt", 8, 15),
        ("entities", "markers", 8, 15),
        ("cls+entities", "masked", 8, 18),
        ("mean", "tagged", 8, 25),
        ("sll_attention", "two_masked", 8, 24),
        ("sll_lstm", "two_entities", 8, 24),
        ("sll_bilstm", "typed", 8, 24),
        ("mean", "plain", 8, 25),
        ("entities", "described", 8, 15),
        ("document", "described", 8, 15),
    ],
)
def test_thirty_two_instances_are_learnt_by_heart(
    biored: pa.Table,
    real_union: Path,
    small_recipe: Small,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    head: str,
    kind: str,
    batch_size: int,
    epochs: int,
) -> None:
    rows = few_rows(biored)
    recipe = small_recipe(
        max_length=128 if kind == "described" else 72,
        epochs=epochs,
        head=head,
        input=kind,
        batch_size=batch_size,
        learning_rate=3e-3,
        weight_decay=0,
        development=None,
        evaluate_every=1000,
        knowledge=str(described(rows, tmp_path / "knowledge.tsv")) if kind == "described" else None,
    )
    classifier = trained_on(rows, real_union, recipe, tmp_path / "run", monkeypatch)
    assert set(rows["relation"].to_pylist()) > {"None", "Association", "Positive_Correlation"}
    assert predicted_rows(classifier, rows)["label"].to_pylist() == rows["relation"].to_pylist()


def test_an_input_says_nothing_of_its_label(biored: pa.Table) -> None:
    """Else a model could learn from shuffled labels."""
    rows = biored.slice(0, 200)
    kinds = ("relation", "relations", "source_relations")
    emptied = rows
    for name in kinds:
        column = rows.take(list(reversed(range(rows.num_rows))))[name]
        emptied = emptied.set_column(emptied.schema.get_field_index(name), name, column)
    assert emptied["relation"] != rows["relation"]
    assert list(pairs_of(emptied)) == list(pairs_of(rows))


def ranked(
    labels: list[str],
    tables: tuple[pa.Table, pa.Table],
    recipe: Recipe,
    union: Path,
    out: Path,
    patch: pytest.MonkeyPatch,
) -> tuple[float, float]:
    """The AUC on held-out rows, and the lower bound of its interval, after training on these labels."""
    rows, held_out = tables
    relabelled = rows.set_column(rows.schema.get_field_index("relation"), "relation", pa.array(labels))
    classifier = trained_on(relabelled, union, recipe, out, patch)
    auc = evaluate(held_out, predicted_rows(classifier, held_out)).ranking.auc
    assert auc.value is not None
    assert auc.low is not None
    return auc.value, auc.low


@pytest.mark.slow
def test_shuffled_labels_score_at_chance(
    biored: pa.Table,
    biored_dev: pa.Table,
    real_union: Path,
    small_recipe: Small,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No better than chance on held-out documents, where the true labels of the same rows are."""
    tables = biored.slice(0, 1200), biored_dev.slice(0, 600)
    recipe = small_recipe(max_length=96, epochs=3, batch_size=16, learning_rate=2e-3, development=None)
    true = tables[0]["relation"].to_pylist()
    shuffled = [true[place] for place in np.random.default_rng(0).permutation(len(true))]
    learnt, learnt_low = ranked(true, tables, recipe, real_union, tmp_path / "true", monkeypatch)
    by_chance, chance_low = ranked(shuffled, tables, recipe, real_union, tmp_path / "shuffled", monkeypatch)
    assert learnt_low > 0.5
    assert chance_low <= 0.5
    assert by_chance < learnt
