"""Files of predictions: all that predict and evaluate write is read back, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prediction_cases import PUBTATOR, SAMPLES, Fake, written

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.explore.predictions import (
    PredictedDocuments,
    PredictionTable,
    is_run,
    open_predictions,
    predictions_of_run,
)
from harmonize.explore.query import Filters
from harmonize.prediction.extractor import DocumentRelations, RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.outputs import output_form, write_predictions


@pytest.fixture(scope="module")
def found() -> list[DocumentRelations]:
    return list(RelationExtractor(Fake())(read_input(SAMPLES["pubtator"])))


def predicted(found: list[DocumentRelations], out: Path) -> PredictionTable | PredictedDocuments:
    write_predictions(found, out, output_form(out), labels=Fake().labels)
    (opened,) = open_predictions(out)
    return opened


def test_parquet_tells_its_pairs(found: list[DocumentRelations], tmp_path: Path) -> None:
    opened = predicted(found, tmp_path / "x.parquet")
    assert isinstance(opened, PredictionTable)
    pairs = [pair for one in found for pair in one.pairs]
    assert len(opened) == len(pairs)
    assert sum(count for _, count in opened.labels()) == len(pairs)
    related = [pair for pair in pairs if pair.is_relation]
    rows = opened.rows(opened.matching(Filters()))
    assert [row["label"] for row in rows] == [pair.label for pair in related]
    assert opened.rows(opened.matching(Filters(label="None-BC5CDR", q="GLICLAZIDE")))
    view = opened.document(found[0].document.id)
    assert view is not None
    assert view.text is None
    assert len(view.links) == len(found[0].pairs)
    assert len(view.relations) == len(found[0].relations)


@pytest.mark.parametrize("name", ["x.pubtator", "x.json"])
def test_documents_tell_their_relations(found: list[DocumentRelations], tmp_path: Path, name: str) -> None:
    opened = predicted(found, tmp_path / name)
    assert isinstance(opened, PredictedDocuments)
    for one in found:
        view = opened.document(one.document.id)
        assert view is not None
        assert view.text == one.document.text
        names = {(view.entities[link.head].id, view.entities[link.tail].id) for link in view.relations}
        assert names == {(pair.head.id, pair.tail.id) for pair in one.relations}
        sure = [link.predicted.confidence for link in view.relations if link.predicted]
        assert all((value is not None) == (name == "x.json") for value in sure)
    assert opened.matching(Filters(q=found[1].document.id)) == [1]
    assert opened.matching(Filters(label="nothing")) == []
    assert opened.document("0") is None


def test_mentions_without_id_and_relations_of_nobody_are_shown(tmp_path: Path) -> None:
    text = PUBTATOR.replace("90000101\tAssociation\tMESH:D001241", "90000101\tAssociation\tMESH:D9")
    (opened,) = open_predictions(written(tmp_path, text))
    view = opened.document("90000101")
    assert view is not None
    (link,) = view.relations
    assert view.entities[link.head].name == "MESH:D9"
    assert view.entities[link.head].spans == ()


def test_a_folder_of_parts_is_one(found: list[DocumentRelations], tmp_path: Path) -> None:
    for number, one in enumerate(found):
        out = tmp_path / "parts" / f"part-{number}.parquet"
        write_predictions([one], out, "parquet", labels=Fake().labels)
    (opened,) = open_predictions(tmp_path / "parts")
    assert len(opened) == sum(len(one.pairs) for one in found)


def test_an_evaluated_run_has_a_table_for_each_part(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "evaluation" / "biored-test").mkdir(parents=True)
    (run / "training.json").write_text("{}")
    assert is_run(run)
    assert predictions_of_run(run) == []
    with pytest.raises(
        MissingInput, match=r"run: expected predictions of the run, found none; `harmonize eval"
    ):
        open_predictions(run)
    rows = [{"instance_id": "a", "label": "Bind", "confidence": 0.5, "related": 0.5, "probabilities": [0.5]}]
    pq.write_table(pa.Table.from_pylist(rows), run / "evaluation" / "biored-test" / "predictions.parquet")
    (opened,) = open_predictions(run)
    assert opened.name == "run on biored-test"
    assert isinstance(opened, PredictionTable)
    assert not opened.tells_pairs
    assert opened.document("x") is None


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.parquet", b"nothing", "expected predictions in Parquet, got: "),
        ("x.pubtator", b"nothing", "expected predictions (Parquet, PubTator or BioC), got neither"),
        ("x.json", b'{"documents": [', "x.json"),
        ("x.pubtator", b"1|t|\xff\n1|a|\n", "x.pubtator:1"),
    ],
)
def test_what_is_no_file_of_predictions_is_one_line(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = written(tmp_path, content, name)
    with pytest.raises(MalformedInput) as caught:
        open_predictions(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"instance_id": ["a"], "label": ["b"]}), path)
    with pytest.raises(HarmonizeError, match=r"expected predictions, got no column confidence, related$"):
        open_predictions(path)


def test_nothing_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        MissingInput, match="expected a union set, a file of predictions or a run, found nothing"
    ):
        open_predictions(tmp_path / "none")
    with pytest.raises(
        MissingInput, match="expected a union set, a folder of predictions or a run, found none"
    ):
        open_predictions(tmp_path)
