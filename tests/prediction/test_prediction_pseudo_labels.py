"""Pseudo-labels: which pairs are kept, which documents are left out, and that all are accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction_cases import LABELS, PUBTATOR, Fake, article, written

from harmonize.errors import HarmonizeError
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.pseudo_labels import (
    BEYOND,
    EVALUATED,
    KEPT,
    NO_PAIR,
    NONE_KEPT,
    REPEATED,
    UNSURE,
    Keeping,
    LabelAccount,
    fates,
    new_documents,
    write_pseudo_labels,
)
from harmonize.prediction.tally import Tally
from harmonize.registry import sample_folder
from harmonize.relation.labels import is_negative
from harmonize.relation.model.mean import MeanClassifier
from harmonize.relation.pair import Pair
from harmonize.relation.select.pseudo import pseudo_schema
from harmonize.spec import load_catalogue
from harmonize.union.known_documents import KnownDocuments, evaluated_documents

PAIRS = st.lists(st.tuples(st.floats(0.2, 1), st.booleans(), st.integers(0, 2**64 - 1)), max_size=40)


class Kind(Fake):
    """A classifier of the harmonized labels."""

    kind = "harmonized"


class Fixed(Kind):
    """Says the same of every pair."""

    def __init__(self, labels: tuple[str, ...], said: Sequence[float]) -> None:
        super().__init__(labels)
        self.said = said

    def probabilities(self, pairs: Sequence[Pair]) -> Any:
        return np.tile(np.array(self.said), (len(pairs), 1))


def labelled(
    source: Path,
    union: Path,
    out: Path,
    keeping: Keeping,
    classifier: Any = None,
    as_corpus: str = "biored",
) -> tuple[LabelAccount, Any]:
    """What labelling comes to: the account, and the rows."""
    rules = pair_rules(as_corpus)
    extractor = RelationExtractor(classifier or Kind(), rules=rules, batch_size=7)
    tally, account = Tally(), LabelAccount()
    documents = read_input(source, rules=rules, tally=tally)
    known = KnownDocuments(evaluated_documents(union))
    found = extractor(new_documents(documents, known, account))
    kind = extractor.classifier.kind  # type: ignore[attr-defined]
    write_pseudo_labels(found, out, load_catalogue()[as_corpus], kind, keeping, account, account.as_dict)
    account.documents_in = tally.documents
    account.check(out)
    return account, pq.read_table(out)


@given(PAIRS, st.floats(0.01, 1), st.none() | st.floats(0, 3))
def test_what_is_kept_is_sure_and_not_too_often_without_relation(
    pairs: list[tuple[float, bool, int]], threshold: float, negatives: float | None
) -> None:
    confidence = np.array([each[0] for each in pairs])
    negative = np.array([each[1] for each in pairs], dtype=bool)
    ranks = np.array([each[2] for each in pairs], dtype=np.uint64)
    found = fates(confidence, negative, ranks, Keeping(threshold, negatives))
    sure = confidence >= threshold
    np.testing.assert_array_equal(found == UNSURE, ~sure)
    assert (found[sure & ~negative] == KEPT).all()
    kept, beyond = (np.flatnonzero((found == fate) & negative) for fate in (KEPT, BEYOND))
    if negatives is None:
        assert not len(beyond)
        return
    limit = int(negatives * np.count_nonzero(sure & ~negative))
    assert len(kept) == min(limit, np.count_nonzero(sure & negative))
    assert not len(beyond) or not len(kept) or ranks[kept].max() <= ranks[beyond].min()
    # A lower threshold keeps whatever has a relation at a higher one.
    lower = fates(confidence, negative, ranks, Keeping(threshold / 2, negatives))
    assert (lower[(found == KEPT) & ~negative] == KEPT).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": 0}, "--threshold: expected a probability above 0 and at most 1, got 0"),
        ({"threshold": 90}, "got 90"),
        ({"threshold": float("nan")}, "got nan"),
        ({"threshold": 0.9, "negatives": -1}, "--negatives: expected a number of pairs, got -1"),
        ({"threshold": 0.9, "negatives": float("inf")}, "got inf"),
    ],
)
def test_what_cannot_be_kept_is_one_line(values: dict[str, float], message: str) -> None:
    with pytest.raises(HarmonizeError, match=message):
        Keeping(**values)


@pytest.mark.parametrize("negatives", [None, 0, 0.5, 2])
def test_in_is_out_and_dropped(sample_union: Path, tmp_path: Path, negatives: float | None) -> None:
    unique = [article(number).replace("No more", f"No {number} more") for number in range(70, 90)]
    source = written(tmp_path, "".join(unique) + PUBTATOR)
    keeping = Keeping(0.3, negatives)
    account, rows = labelled(source, sample_union, tmp_path / "out.parquet", keeping)
    assert account.documents_in == len(unique) + 2
    assert rows.schema.equals(pseudo_schema())
    assert rows.num_rows == account.pairs_out == sum(account.relations.values()) > 0
    assert len(set(rows["document_id"].to_pylist())) == account.documents_out
    assert account.documents_dropped[NO_PAIR] == 1
    assert account.documents_dropped[NONE_KEPT] + account.documents_out + 1 == account.documents_in
    labels = rows["relation"].to_pylist()
    without = sum(map(is_negative, labels))
    if negatives is not None:
        assert without <= negatives * (len(labels) - without)
    assert min(rows["confidence"].to_pylist()) >= 0.3
    assert {*rows["split"].to_pylist()} == {"train"}
    assert not any(rows["leaks_into"].to_pylist())
    assert {tuple(each) for each in rows["relations"].to_pylist()} == {(label,) for label in labels}
    for text, spans, name in zip(
        *(rows[n].to_pylist() for n in ("text", "head_spans", "head_name")), strict=True
    ):
        assert text[spans[0]["start"] : spans[0]["end"]] == name


def test_the_very_same_call_keeps_the_very_same(sample_union: Path, tmp_path: Path) -> None:
    source = written(tmp_path, "".join(article(n).replace("No more", f"No {n} more") for n in range(40, 60)))
    made = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        _, rows = labelled(source, sample_union, tmp_path / name, Keeping(0.3, 0.2, seed))
        made.append(rows["instance_id"].to_pylist())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert made[0] != made[2]
    assert len(made[0]) == len(made[2])


def test_what_is_tested_watched_or_repeated_is_left_out(sample_union: Path, tmp_path: Path) -> None:
    folder = sample_folder() / "biored"
    tested = (folder / "Test.PubTator").read_text(encoding="utf-8")
    watched = (folder / "Dev.PubTator").read_text(encoding="utf-8")
    # Another edition: without PMID, a blank more, no title's full stop.
    first = watched.split("\n\n")[0]
    renamed = "\n".join(
        line.replace(line.split("|")[0].split("\t")[0], "x7", 1) for line in first.split("\n")
    )
    new = article(61)
    source = written(tmp_path, tested + renamed + "\n\n" + new + new.replace("61", "62") + article(61))
    account, rows = labelled(source, sample_union, tmp_path / "out", Keeping(0.01))
    assert set(rows["document_id"].to_pylist()) == {"61"}
    assert account.documents_dropped == {EVALUATED: tested.count("|t|") + 1, REPEATED: 2, NONE_KEPT: 0}


def test_folds_answer_with_their_mean() -> None:
    one = Fixed(("Association", "None"), [0.9, 0.1])
    other = Fixed(("None", "Bind", "Association"), [0.5, 0.3, 0.2])
    heads = Fixed(("Association", "None-DDI", "Association", "None"), [0.0, 0.0, 0.6, 0.4])
    pair: Any = object()
    mean = MeanClassifier([one, other, heads])
    assert mean.labels == ("Association", "None", "Bind", "None-DDI")
    expected = [(0.9 + 0.2 + 0.6) / 3, (0.1 + 0.5 + 0.4) / 3, 0.1, 0]
    np.testing.assert_allclose(mean.probabilities([pair, pair]), [expected] * 2)
    assert mean.probabilities([]).shape == (0, 4)
    alone = MeanClassifier([heads])
    np.testing.assert_allclose(alone.probabilities([pair]), [[0.6, 0, 0.4]])


def test_folds_of_other_labels_have_no_mean() -> None:
    other = Fixed(("effect", "None"), [0.5, 0.5])
    other.kind = "source"
    with pytest.raises(
        HarmonizeError, match="runs: expected models of the same labels, got harmonized and source"
    ):
        MeanClassifier([Kind(), other], "runs")


@pytest.mark.parametrize(("as_corpus", "negative"), [("biored", "None"), ("ddi", "None-DDI")])
def test_a_pair_without_relation_has_its_corpus_label(
    sample_union: Path, tmp_path: Path, as_corpus: str, negative: str
) -> None:
    text = article(63).replace("fever", "iron,").replace("Disease", "Chemical")
    says_none = Fixed(LABELS, [0, 0, 0, 0, 1.0])  # None-BC5CDR
    _, rows = labelled(
        written(tmp_path, text), sample_union, tmp_path / "out", Keeping(0.9), says_none, as_corpus
    )
    if as_corpus == "biored":
        assert set(rows["task"].to_pylist()) == {"BioRED"}
    assert set(rows["corpus"].to_pylist()) == {as_corpus}
    assert set(rows["relation"].to_pylist()) == {negative}


def test_own_types_are_source_relations(sample_union: Path, tmp_path: Path) -> None:
    says = Fixed(("effect", "None"), [0.95, 0.05])
    says.kind = "source"
    _, rows = labelled(written(tmp_path, article(64)), sample_union, tmp_path / "out", Keeping(0.9), says)
    assert set(map(tuple, rows["source_relations"].to_pylist())) == {("effect",)}
