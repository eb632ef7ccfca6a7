"""Files of predictions: all that predict and evaluate write is read back, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from explore_cases import client
from prediction_cases import PUBTATOR, SAMPLES, Fake, written
from shard_cases import articles, sharded

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.explore.material import Material
from harmonize.explore.predictions import (
    PredictedDocuments,
    PredictionTable,
    is_run,
    open_predictions,
    predictions_of_run,
)
from harmonize.explore.query import Filters
from harmonize.formats.misfits import BEYOND, UNSPELLED
from harmonize.pipelines.explore import material
from harmonize.pipelines.predict import predict
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


def test_a_folder_that_predict_made_of_shards_is_one(tmp_path: Path) -> None:
    predict(Fake(), sharded(tmp_path, articles(7)), tmp_path / "preds")
    shown = material([tmp_path / "preds"], None, tmp_path / "cache")
    assert (shown.union, [(one.name, len(one)) for one in shown.predictions]) == (None, [("preds", 14)])
    manifest = tmp_path / "preds" / "manifest.json"
    manifest.write_text('{"parts": [1]}')
    with pytest.raises(MalformedInput, match="expected the manifest of predictions"):
        open_predictions(tmp_path / "preds")
    manifest.unlink()
    with pytest.raises(MissingInput, match=r"preds: expected a finished prediction, found no manifest\.json"):
        open_predictions(tmp_path / "preds")


def test_a_mention_in_several_parts_is_shown_in_all_of_them(sample_union: Path, tmp_path: Path) -> None:
    predict(Fake(("Association",)), sample_union, tmp_path / "ddi.json", corpora=["ddi"])
    (opened,) = open_predictions(tmp_path / "ddi.json")
    assert isinstance(opened, PredictedDocuments)
    in_parts = [(d, m) for d in opened.documents for m in d.mentions if len(m.spans) > 1]
    assert in_parts
    for document, mention in in_parts:
        view = opened.document(document.id)
        assert view is not None
        (entity,) = (each for each in view.entities if set(mention.spans) <= set(each.spans))
        assert entity.name == mention.text
        assert entity.number in {number for link in view.links for number in (link.head, link.tail)}


@pytest.mark.parametrize("name", ["x.txt", "x.json", "xml"])
def test_the_beginning_tells_the_form_whatever_the_name(
    found: list[DocumentRelations], tmp_path: Path, name: str
) -> None:
    write_predictions(found, tmp_path / name, "bioc-json", labels=Fake().labels)
    (opened,) = open_predictions(tmp_path / name)
    assert len(opened) == len(found)


def test_what_cannot_be_shown_is_counted(tmp_path: Path) -> None:
    text = PUBTATOR.replace("95\t99\tbraf", "94\t98\tbraf").replace("128\t132\trare", "928\t932\trare")
    (opened,) = open_predictions(written(tmp_path, text))
    assert isinstance(opened, PredictedDocuments)
    assert opened.left_out == {f"mentions: {BEYOND}": 1, f"mentions: {UNSPELLED}": 1}
    page = client(Material("x", None, (opened,))).get("/predictions").text
    assert f"Not shown: mentions: {UNSPELLED} 1, mentions: {BEYOND} 1." in page
    relation = {"id": "R0", "infons": {"type": "Bind"}, "nodes": []}
    passage = {"offset": 0, "text": "AKR binds.", "infons": {}}
    documents = [{"id": "1", "passages": [passage], "relations": [relation]}]
    (opened,) = open_predictions(written(tmp_path, json.dumps({"documents": documents}), "x.json"))
    assert isinstance(opened, PredictedDocuments)
    assert opened.left_out == {"relations: is not of two entities": 1}


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
        (
            "x.json",
            b'{"documents": [{"id": "1", "passages": [{"offset": 0, "text": null}]}]}',
            "document 1: expected a passage with text",
        ),
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
