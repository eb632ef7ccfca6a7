"""Writing predictions, and reading back what was written."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from bioc import biocjson
from prediction_cases import LABELS, PUBTATOR, SAMPLES, Fake, article, written

from harmonize.errors import HarmonizeError, UnknownName
from harmonize.formats import pubtator
from harmonize.model import Document, Relation
from harmonize.prediction.extractor import DocumentRelations, RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.outputs import OUTPUT_FORMS, output_form, prediction_schema, write_predictions
from harmonize.prediction.pairs import pair_rules
from harmonize.union.ids import instance_id

NAMES = {"pubtator": "out.PubTator", "bioc-json": "out.BioC.JSON", "parquet": "out.parquet"}


def predicted(path: Path, as_corpus: str = "biored") -> list[DocumentRelations]:
    rules = pair_rules(as_corpus)
    return list(RelationExtractor(Fake(), rules=rules)(read_input(path, rules=rules)))


def write(found: list[DocumentRelations], folder: Path, form: str) -> Path:
    out = folder / NAMES[form]
    write_predictions(found, out, form, labels=LABELS)
    return out


def relations_of(found: DocumentRelations) -> set[Relation]:
    return {Relation(pair.head.id, pair.tail.id, pair.label) for pair in found.relations}


def bare(document: Document) -> tuple[object, ...]:
    """All of a document but its relations."""
    return (document.id, document.text, document.passages, document.mentions)


def test_the_name_tells_the_format() -> None:
    assert {form: output_form(Path(name)) for form, name in NAMES.items()} == {
        form: form for form in OUTPUT_FORMS
    }
    assert output_form(Path("a.txt")) == "pubtator"
    assert output_form(Path("a.txt"), "parquet") == "parquet"
    with pytest.raises(HarmonizeError, match=r"a\.csv: expected a name in \.pubtator, .*"):
        output_form(Path("a.csv"))
    with pytest.raises(UnknownName, match="unknown output format 'csv'"):
        output_form(Path("a.txt"), "csv")
    with pytest.raises(UnknownName, match="unknown output format 'csv'"):
        write_predictions([], Path("a.csv"), "csv", labels=LABELS)


@pytest.mark.parametrize("source", SAMPLES)
@pytest.mark.parametrize("form", ["pubtator", "bioc-json"])
def test_documents_come_back_as_they_were(tmp_path: Path, source: str, form: str) -> None:
    found = predicted(SAMPLES[source])
    out = write(found, tmp_path, form)
    again = list(read_input(out))
    assert [bare(document) for document in again] == [bare(one.document) for one in found]
    assert predicted(out) == found


@pytest.mark.parametrize("as_corpus", ["biored", "bc5cdr", "drugprot", "emu"])
def test_pubtators_relations_name_its_mentions(tmp_path: Path, as_corpus: str) -> None:
    found = predicted(written(tmp_path, PUBTATOR), as_corpus)
    assert any(one.relations for one in found)
    for record, one in zip(pubtator.read(write(found, tmp_path, "pubtator")), found, strict=True):
        lines = [Relation(r.head, r.tail, r.type, r.novelty) for r in record.relations]
        assert set(lines) == relations_of(one)
        assert len(set(lines)) == len(lines)
        ids = {part for mention in record.mentions for part in (mention.id or "").split(",")}
        assert {entity for line in lines for entity in (line.head, line.tail)} <= ids


def test_pubtators_file_is_the_input_and_four_columns_a_relation(tmp_path: Path) -> None:
    path = written(tmp_path, article(1))
    out = write(predicted(path), tmp_path, "pubtator")
    lines = out.read_text().splitlines()
    assert lines[:5] == path.read_text().splitlines()[:5]
    assert all(len(line.split("\t")) == 4 for line in lines[5:-1])


def test_bioc_tells_confidence_and_probabilities(tmp_path: Path) -> None:
    found = predicted(written(tmp_path, PUBTATOR))
    collection = biocjson.loads(write(found, tmp_path, "bioc-json").read_text())
    assert collection.infons["labels"].split(",") == list(LABELS)
    for record, one in zip(collection.documents, found, strict=True):
        assert len(record.relations) == len(one.relations)
        annotations = {a.id: a.infons["identifier"] for p in record.passages for a in p.annotations}
        assert "" not in annotations.values()
        for relation, pair in zip(record.relations, one.relations, strict=True):
            infons = relation.infons
            assert (infons["entity1"], infons["entity2"]) == (pair.head.id, pair.tail.id)
            assert (infons["type"], infons["confidence"]) == (pair.label, f"{pair.confidence:.6f}")
            assert infons["related"] == f"{pair.related:.6f}"
            scores = [float(infons[f"probability {label}"]) for label in LABELS]
            assert scores == pytest.approx(pair.probabilities, abs=1e-6)
            for node in relation.nodes:
                entity = pair.head.id if node.role == "head" else pair.tail.id
                assert entity in annotations[node.refid].split(",")
            assert {node.role for node in relation.nodes} == {"head", "tail"}


@pytest.mark.parametrize("as_corpus", ["biored", "drugprot"])
def test_parquet_has_a_row_for_each_pair(tmp_path: Path, as_corpus: str) -> None:
    found = predicted(SAMPLES["pubtator"], as_corpus)
    file = pq.ParquetFile(write(found, tmp_path, "parquet"))
    assert file.schema_arrow.equals(prediction_schema(LABELS))
    assert json.loads(file.schema_arrow.metadata[b"harmonize"])["labels"] == list(LABELS)
    rows = iter(file.read().to_pylist())
    for one in found:
        for pair in one.pairs:
            row, instance = next(rows), pair.instance
            assert row["instance_id"] == instance_id(as_corpus, instance)
            assert (row["corpus"], row["document_id"]) == (as_corpus, one.document.id)
            assert (row["pmid"], row["context_start"], row["context_end"]) == (
                one.document.pmid,
                *instance.context,
            )
            for side, entity in (("head", pair.head), ("tail", pair.tail)):
                names = [row[f"{side}_{part}"] for part in ("id", "name", "type")]
                assert names == [entity.id, entity.name, entity.type]
                assert row[f"source_{side}_type"] == entity.source_type
            assert (row["label"], row["is_relation"]) == (pair.label, pair.is_relation)
            assert (row["confidence"], row["related"]) == pytest.approx((pair.confidence, pair.related))
            assert list(row["probabilities"]) == list(LABELS)
            assert list(row["probabilities"].values()) == pytest.approx(pair.probabilities)
    assert next(rows, None) is None


def test_parquet_without_a_pair_is_a_table(tmp_path: Path) -> None:
    found = predicted(written(tmp_path, article(1, mentions=False)))
    assert pq.read_table(write(found, tmp_path, "parquet")).num_rows == 0
    assert pq.read_table(write([], tmp_path, "parquet")).num_rows == 0


def test_parquet_groups_of_rows_lose_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harmonize.prediction.outputs._ROWS_PER_GROUP", 3)
    found = predicted(SAMPLES["pubtator"])
    file = pq.ParquetFile(write(found, tmp_path, "parquet"))
    rows = sum(len(one.pairs) for one in found)
    assert (file.metadata.num_rows, file.num_row_groups) == (rows, -(-rows // 3))


def test_a_pair_of_several_sentences_is_one_relation_with_the_highest_confidence(tmp_path: Path) -> None:
    lines = "1|t|Aspirin and fever. Aspirin cures fever. Fever after aspirin.\n"
    for start, end, text, kind, name in [
        (0, 7, "Aspirin", "Gene", "1"),
        (12, 17, "fever", "Disease", "2"),
        (19, 26, "Aspirin", "Gene", "1"),
        (33, 38, "fever", "Disease", "2"),
    ]:
        lines += f"1\t{start}\t{end}\t{text}\t{kind}\t{name}\n"
    (one,) = predicted(written(tmp_path, lines + "\n"), "emu")
    assert len(one.pairs) == 2
    pairs = tuple(
        replace(pair, label="Association", confidence=0.4 + n / 10) for n, pair in enumerate(one.pairs)
    )
    found = [replace(one, pairs=pairs)]
    (record,) = pubtator.read(write(found, tmp_path, "pubtator"))
    assert len(record.relations) == 1
    (document,) = biocjson.loads(write(found, tmp_path, "bioc-json").read_text()).documents
    assert [relation.infons["confidence"] for relation in document.relations] == ["0.500000"]
    assert pq.read_table(write(found, tmp_path, "parquet")).num_rows == 2


def test_ids_that_a_format_cannot_hold_are_escaped(tmp_path: Path) -> None:
    (one,) = predicted(written(tmp_path, article(1)))
    odd = {"MESH:D001241": "a,b;c\t%", "MESH:D005334": "d\ne", "MESH:D001249": "f"}
    document = replace(
        one.document,
        id="1|2",
        mentions=tuple(replace(m, concept_ids=(odd[m.concept_ids[0]],)) for m in one.document.mentions),
    )
    rules = pair_rules()
    found = list(RelationExtractor(Fake(("Association",)), rules=rules)([document]))
    out = tmp_path / "out.PubTator"
    write_predictions(found, out, "pubtator", labels=("Association",))
    (record,) = pubtator.read(out)
    assert record.id == "1%7C2"
    assert {unquote(mention.id or "") for mention in record.mentions} == set(odd.values())
    named = {unquote(entity) for relation in record.relations for entity in (relation.head, relation.tail)}
    assert named == set(odd.values())


@pytest.mark.parametrize("form", OUTPUT_FORMS)
@pytest.mark.parametrize("older", [None, b"older"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, form: str, older: bytes | None) -> None:
    found = predicted(SAMPLES["pubtator"])
    out = tmp_path / "folder" / NAMES[form]
    out.parent.mkdir()
    if older is not None:
        out.write_bytes(older)

    def failing() -> Iterator[DocumentRelations]:
        yield found[0]
        raise HarmonizeError("in the middle")

    with pytest.raises(HarmonizeError, match="in the middle"):
        write_predictions(failing(), out, form, labels=LABELS)
    assert [path.name for path in out.parent.iterdir()] == ([] if older is None else [out.name])
    assert older is None or out.read_bytes() == older


@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_equal_predictions_give_equal_bytes(tmp_path: Path, form: str) -> None:
    found = predicted(SAMPLES["pubtator"])
    first = write(found, tmp_path, form).read_bytes()
    assert write(predicted(SAMPLES["bioc-xml"]), tmp_path, form).read_bytes() == first


@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_memory_does_not_grow_with_the_documents(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harmonize.prediction.outputs._ROWS_PER_GROUP", 100)
    (one,) = predicted(written(tmp_path, article(1)))
    peaks = []
    for count in (200, 1_500):
        found = (replace(one, document=replace(one.document, id=str(number))) for number in range(count))
        tracemalloc.start()
        write_predictions(found, tmp_path / NAMES[form], form, labels=LABELS)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000
