"""Exports, read back and held against the rows, which are read here by pandas and pyarrow alone."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bioc import BioCCollection, biocjson
from bioc import validate as bioc_validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_manifest import made_manifest

import harmonize
from harmonize.errors import HarmonizeError, UnionError, UnknownName
from harmonize.export.export import Exported, export
from harmonize.export.tsv import lines
from harmonize.formats import bioc, pubtator
from harmonize.model import Document, Passage, Relation, Span
from harmonize.pipelines.build import build
from harmonize.pipelines.export import exported as exported_line
from harmonize.spec import load_catalogue
from harmonize.union.documents import DocumentsWriter
from harmonize.union.schema import FILE_SCHEMA, SCHEMA, partition_file

REAL = pytest.param("real", marks=pytest.mark.mirror)
CATALOGUE = load_catalogue()
BLANKED = str.maketrans("\t\n\r", "   ")
TSV_HEADER = """instance_id corpus split document_id pmid relation relations source_relations
    head_id head_name head_type head_spans tail_id tail_name tail_type tail_spans
    part level context_start context_end source_head_type source_tail_type sentences directed novelty
    subject task rules span_source leaks_into licence redistributable text"""

Key = tuple[str, str, str]
Collections = list[tuple[str, str, BioCCollection]]
Place = tuple[str, str, tuple[tuple[int, int], ...]]
"""Entity id, type and spans of a mention."""


class Content(NamedTuple):
    """What rows, or a file, say: by (corpus, split, document id)."""

    texts: dict[Key, str]
    mentions: dict[Key, set[Place]]
    relations: dict[Key, dict[tuple[str, str, str], str | None]]  # (head, tail, label) -> novelty


@pytest.fixture(scope="session", params=["sample", REAL])
def union(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"{request.param}_union")
    return folder


@pytest.fixture(scope="session")
def rows(union: Path) -> pd.DataFrame:
    return read_rows(union)


def read_rows(union: Path) -> pd.DataFrame:
    frame = pd.read_parquet(union / "data", columns=[n for n in SCHEMA.names if n != "text"])
    # Rows of Python's own strings are gone through in a third of the time.
    strings = frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]]
    return frame.astype({"corpus": str, "split": str}).astype(dict.fromkeys(strings, object))


@pytest.fixture(scope="session")
def content(union: Path, rows: pd.DataFrame) -> Content:
    return content_of_rows(union, rows)


def content_of_rows(union: Path, rows: pd.DataFrame) -> Content:
    key = ["corpus", "split", "document_id"]
    kept = set(map(tuple, rows[key].drop_duplicates().itertuples(index=False)))
    stored = pq.read_table(union / "documents.parquet").to_pandas()
    texts = {
        k: text for *k_, text in stored[[*key, "text"]].itertuples(index=False) if (k := tuple(k_)) in kept
    }
    mentions: dict[Key, set[Place]] = defaultdict(set)
    of_mentions = {corpus for corpus in rows.corpus.unique() if CATALOGUE[corpus].spec.entity == "mention"}
    for side in ("head", "tail"):
        columns = [*key, "context_start", f"{side}_id", f"{side}_type", f"{side}_spans"]
        for *k, start, identifier, kind, spans in rows[columns].itertuples(index=False):
            places = tuple([(start + span["start"], start + span["end"]) for span in spans])
            for place in [places] if k[0] in of_mentions else [(span,) for span in places]:
                mentions[tuple(k)].add((identifier, kind, place))
    positive = rows[rows.source_relations.map(len) > 0].explode("relations")
    triples = positive[[*key, "head_id", "tail_id", "relations", "novelty"]].drop_duplicates()
    relations: dict[Key, dict[tuple[str, str, str], str | None]] = {k: {} for k in kept}
    for *k, head, tail, label, novelty in triples.itertuples(index=False):
        assert (head, tail, label) not in relations[tuple(k)]
        relations[tuple(k)][head, tail, label] = novelty if isinstance(novelty, str) else None
    return Content(texts, dict(mentions), relations)


def in_parts(mentions: dict[Key, set[Place]]) -> dict[Key, set[Place]]:
    """Each part of a discontinuous mention by itself, as PubTator has them."""
    return {k: {(i, kind, (span,)) for i, kind, spans in m for span in spans} for k, m in mentions.items()}


# PubTator


@pytest.fixture(scope="session")
def as_pubtator(union: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(union, tmp_path_factory.mktemp("pubtator") / "out", "pubtator")


def pubtator_content(written: Exported) -> Content:
    found = Content({}, {}, {})
    for name in written.files:
        corpus, split, suffix = name.split(".")
        assert suffix == "PubTator"
        for record in pubtator.read(written.out / name, mention_columns=(6,)):
            key = (corpus, split, unquote(record.id))
            assert key not in found.texts
            found.texts[key] = record.text
            places = [
                (unquote(identifier), m.type, ((m.start, m.end),))
                for m in record.mentions
                for identifier in str(m.id).split(",")
            ]
            found.mentions[key] = set(places)
            assert len(found.mentions[key]) == len(places)
            triples = [((unquote(r.head), unquote(r.tail), r.type), r.novelty) for r in record.relations]
            found.relations[key] = dict(triples)
            assert len(found.relations[key]) == len(triples)
    return found


@pytest.fixture(scope="session")
def pubtator_read(as_pubtator: Exported) -> Content:
    return pubtator_content(as_pubtator)


def test_pubtator_holds_what_the_rows_say(content: Content, pubtator_read: Content) -> None:
    found = pubtator_read
    assert found.relations == content.relations
    assert found.mentions == in_parts(content.mentions)
    assert found.texts == {key: text.translate(BLANKED) for key, text in content.texts.items()}


def test_pubtator_counts_what_it_could_not_hold(content: Content, as_pubtator: Exported) -> None:
    total = as_pubtator.total
    assert total["replaced characters"] == sum(len(re.findall("[\t\n\r]", t)) for t in content.texts.values())
    spans = {(key, kind, spans) for key, places in content.mentions.items() for _, kind, spans in places}
    assert total["discontinuous mentions"] == sum(len(places) > 1 for _, _, places in spans)


def test_counts_are_those_of_the_rows(union: Path, content: Content, as_pubtator: Exported) -> None:
    total = as_pubtator.total
    assert total["documents"] == len(content.texts)
    assert total["relations"] == sum(map(len, content.relations.values()))
    shared = Counter((key, *place[1:]) for key, places in content.mentions.items() for place in places)
    assert total["mentions"] == len(shared)
    assert total["composite mentions"] == sum(count > 1 for count in shared.values())
    assert total["documents left out"] == len(pq.read_table(union / "documents.parquet")) - len(content.texts)


def test_documents_stand_in_order_of_id(as_pubtator: Exported, pubtator_read: Content) -> None:
    """A file after the other, each in its order."""
    for name in as_pubtator.files:
        ids = [i for corpus, split, i in pubtator_read.texts if name == f"{corpus}.{split}.PubTator"]
        assert ids
        assert ids == sorted(ids)


def test_export_json_says_licence_counts_and_hashes(union: Path, as_pubtator: Exported) -> None:
    manifest = json.loads((union / "manifest.json").read_text(encoding="utf-8"))
    contents = json.loads((as_pubtator.out / "export.json").read_text(encoding="utf-8"))
    assert {path.name for path in as_pubtator.out.iterdir()} == {"export.json", *contents["files"]}
    for name, entry in contents["files"].items():
        assert name == f"{entry['corpus']}.{entry['split']}.PubTator"
        assert entry["licence"] == manifest["corpora"][entry["corpus"]]["licence"]
        assert entry["counts"] == as_pubtator.files[name]
        assert entry["bytes"] == (as_pubtator.out / name).stat().st_size


def test_a_set_built_from_exported_biored_has_the_same_rows(
    rows: pd.DataFrame, as_pubtator: Exported, tmp_path: Path
) -> None:
    (tmp_path / "biored").mkdir()
    for split in ("train", "dev", "test"):
        shutil.copy(
            as_pubtator.out / f"biored.{split}.PubTator", tmp_path / f"biored/{split.title()}.PubTator"
        )
    build(tmp_path / "again", tmp_path, corpora=["biored"])
    assert pairs(read_rows(tmp_path / "again")) == pairs(rows[rows.corpus == "biored"])


def pairs(rows: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    """Rows with their two entities unordered: those of one composite mention may stand either way."""
    sides = [
        [
            (identifier, kind, *[(span["start"], span["end"]) for span in spans])
            for identifier, kind, spans in zip(
                *(rows[f"{side}_{of}"] for of in ("id", "type", "spans")), strict=True
            )
        ]
        for side in ("head", "tail")
    ]
    facts = rows[["split", "document_id", "relation"]].itertuples(index=False)
    novelty = rows.novelty.fillna("")
    return Counter(
        (*fact, new, frozenset(pair)) for fact, new, *pair in zip(facts, novelty, *sides, strict=True)
    )


# BioC JSON


@pytest.fixture(scope="session")
def as_bioc(union: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(union, tmp_path_factory.mktemp("bioc") / "out", "bioc-json")


def collections(written: Exported) -> Collections:
    """(corpus, split, the file as the bioc library reads it)"""
    found = []
    for name in written.files:
        corpus, split, *suffix = name.split(".")
        assert suffix == ["BioC", "JSON"]
        with (written.out / name).open(encoding="utf-8") as file:
            found.append((corpus, split, biocjson.load(file)))
    return found


@pytest.fixture(scope="session")
def bioc_read(as_bioc: Exported) -> Collections:
    return collections(as_bioc)


def test_bioc_json_holds_what_the_rows_say(content: Content, bioc_read: Collections) -> None:
    found = Content({}, {}, {})
    for corpus, split, collection in bioc_read:
        for record in collection.documents:
            key = (corpus, split, record.id)
            assert (record.infons["corpus"], record.infons["split"]) == (corpus, split)
            found.texts[key] = ""
            places, triples = [], []
            for passage in record.passages:
                found.texts[key] = found.texts[key].ljust(passage.offset) + passage.text
                for a in passage.annotations:
                    spans = tuple((place.offset, place.end) for place in a.locations)
                    places += [(i, a.infons["type"], spans) for i in a.infons["identifier"].split(",")]
            for r in record.relations:
                triple = (r.infons["entity1"], r.infons["entity2"], r.infons["type"])
                triples.append((triple, r.infons.get("novel")))
            found.mentions[key], found.relations[key] = set(places), dict(triples)
            assert (len(found.mentions[key]), len(found.relations[key])) == (len(places), len(triples))
    assert found == content


def test_bioc_json_says_which_entity_acts_and_pubtator_does_not(
    as_bioc: Exported, as_pubtator: Exported, union: Path
) -> None:
    frame = harmonize.load_union(union, columns=["corpus", "subject"]).to_pandas()
    saying = set(frame.corpus[frame.subject.notna()])
    for name in as_bioc.files:
        content = json.loads((as_bioc.out / name).read_text(encoding="utf-8"))
        for relation in (r for document in content["documents"] for r in document["relations"]):
            expected = "head" if content["infons"]["corpus"] in saying else None
            assert relation["infons"].get("subject") == expected
    assert not any("Subject:" in (as_pubtator.out / name).read_text() for name in as_pubtator.files)


def test_bioc_json_counts_like_pubtator(as_bioc: Exported, as_pubtator: Exported) -> None:
    assert as_bioc.total == as_pubtator.total - Counter(
        {"replaced characters": as_pubtator.total["replaced characters"]}
    )


def test_bioc_infons_are_the_rows_columns(rows: pd.DataFrame, bioc_read: Collections) -> None:
    key = ["corpus", "split", "document_id"]
    columns = [*key, "pmid", "rules", "leaks_into", "licence"]
    documents = {
        tuple(k): rest for *k, rest in zip(*(rows[c] for c in key), rows[columns[3:]].values, strict=True)
    }
    sources: dict[tuple[str, ...], set[str]] = defaultdict(set)
    types: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    pairs_ = [*key, "head_id", "tail_id", "relations", "span_source", "source_relations"]
    for *pair_, labels, source, own in rows.loc[rows.source_relations.map(len) > 0, pairs_].itertuples(
        index=False
    ):
        for label in labels:
            sources[*pair_, label].add(source)
            types[*pair_, label].update(dict.fromkeys(own))
    for corpus, split, collection in bioc_read:
        for record in collection.documents:
            pmid, rules, leaks_into, licence = documents[corpus, split, record.id]
            assert record.infons == {
                **({"pmid": pmid} if isinstance(pmid, str) else {}),
                "corpus": corpus,
                "split": split,
                "rules": " ".join(rules),
                "leaks_into": ",".join(leaks_into),
                "licence": licence,
            }
            for r in record.relations:
                entities = (r.infons["entity1"], r.infons["entity2"], r.infons["type"])
                place = (corpus, split, record.id, *entities)
                assert r.infons["source_relations"] == ",".join(types[place])
                least = next(s for s in ("dictionary", "pubtator", "gold") if s in sources[place])
                assert r.infons["span_source"] == least


def test_bioc_files_name_their_licence(rows: pd.DataFrame, as_bioc: Exported) -> None:
    licences = dict(rows[["corpus", "licence"]].drop_duplicates().itertuples(index=False))
    for name in as_bioc.files:
        with (as_bioc.out / name).open(encoding="utf-8") as file:
            head = json.loads(file.readline() + "]}")
        assert [*name.split(".")[:2]] == [head["infons"]["corpus"], head["infons"]["split"]]
        assert head["infons"]["licence"] == licences[head["infons"]["corpus"]]
        assert head["date"] == ""


def test_bioc_passes_the_library_s_check_but_for_discontinuous_mentions(
    as_bioc: Exported, bioc_read: Collections
) -> None:
    faults: list[str] = []
    for *_, collection in bioc_read:
        bioc_validate(collection, lambda fault, _: faults.append(fault))
    assert len(faults) == as_bioc.total["discontinuous mentions"]


def test_the_package_reads_its_own_bioc(content: Content, as_bioc: Exported) -> None:
    read = left = 0
    for name in as_bioc.files:
        path, (corpus, split, *_) = as_bioc.out / name, name.split(".")
        for record in bioc.read(path):
            if any(len(a.locations) > 1 for passage in record.passages for a in passage.annotations):
                left += 1
                continue
            document = bioc.document(
                record,
                path,
                "train",
                lambda a: (a.infons["type"], tuple(a.infons["identifier"].split(","))),
                lambda r: Relation(r.infons["entity1"], r.infons["entity2"], r.infons["type"]),
            )
            key = (corpus, split, document.id)
            assert document.text == content.texts[key]
            assert {
                (i, m.type, m.spans) for m in document.mentions for i in m.concept_ids
            } == content.mentions[key]
            read += 1
    assert read + left == len(content.texts)
    assert left <= as_bioc.total["discontinuous mentions"]


# TSV


@pytest.fixture(scope="session")
def as_tsv(union: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(union, tmp_path_factory.mktemp("tsv") / "rows.tsv", "tsv")


MEANT = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r", "\\;": ";"}


def unescaped(field: str) -> str:
    return re.sub(r"\\.", lambda found: MEANT[found[0]], field) if "\\" in field else field


def names(field: str) -> list[str]:
    return [unescaped(name) for name in re.findall(r"(?:\\.|[^;\\])+", field)] if field else []


def spans(field: str) -> list[dict[str, int]]:
    pairs = [part.split("-") for part in field.split(";") if part]
    return [{"start": int(start), "end": int(end)} for start, end in pairs]


def reader_of(name: str) -> Callable[[str], Any]:
    """What a field of a column says, by the documentation alone."""
    kind = SCHEMA.field(name).type
    if pa.types.is_list(kind):
        return spans if pa.types.is_struct(kind.value_type) else names
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}.__getitem__
    if pa.types.is_integer(kind):
        return int
    return (lambda field: unescaped(field) or None) if SCHEMA.field(name).nullable else unescaped


READERS = {name: reader_of(name) for name in TSV_HEADER.split()}


def read_line(line: dict[str, str]) -> dict[str, Any]:
    return {name: READERS[name](field) for name, field in line.items()}


def tsv_rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        assert reader.fieldnames == TSV_HEADER.split()
        yield from reader


def parquet_batches(union: Path) -> Iterator[tuple[str, str, pa.RecordBatch]]:
    """(corpus, split, some of its rows)"""
    manifest = json.loads((union / "manifest.json").read_text(encoding="utf-8"))
    for corpus, entry in manifest["corpora"].items():
        for split, part in entry["splits"].items():
            for batch in pq.ParquetFile(union / part["file"]).iter_batches(5_000) if part["file"] else ():
                yield corpus, split, batch


def parquet_rows(union: Path) -> Iterator[dict[str, Any]]:
    for corpus, split, batch in parquet_batches(union):
        yield from (row | {"corpus": corpus, "split": split} for row in batch.to_pylist())


def test_tsv_rows_are_the_rows(union: Path, as_tsv: Exported) -> None:
    """Column by column, each different field read once: most rows say much the same as others."""
    names, count = TSV_HEADER.split(), 0
    assert set(names) == set(SCHEMA.names)
    with as_tsv.out.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        assert next(reader) == names
        for corpus, split, batch in parquet_batches(union):
            said = zip(*islice(reader, batch.num_rows), strict=True)
            meant = dict(zip(batch.schema.names, batch.columns, strict=True))
            meant |= {
                name: pa.repeat(of, batch.num_rows) for name, of in (("corpus", corpus), ("split", split))
            }
            assert set(meant) == set(names)
            for name, column in zip(names, said, strict=True):
                fields = pa.array(column).dictionary_encode()
                read = pa.array(map(READERS[name], fields.dictionary.to_pylist()), meant[name].type)
                assert read.take(fields.indices).equals(meant[name]), name
            count += batch.num_rows
        assert next(reader, None) is None
    assert as_tsv.total["rows"] == count


def test_tsv_read_by_pandas_as_documented(rows: pd.DataFrame, as_tsv: Exported) -> None:
    columns = ["instance_id", "document_id", "relation", "head_id", "tail_id", "licence"]
    frame = pd.read_csv(
        as_tsv.out, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False, dtype=str, usecols=columns
    )
    by_id = rows.sort_values("instance_id")
    for column in columns:
        assert frame.sort_values("instance_id")[column].tolist() == by_id[column].tolist()


def test_tsv_without_negatives(sample_union: Path, tmp_path: Path) -> None:
    written = export(sample_union, tmp_path / "rows.tsv", "tsv", negatives=False)
    wanted = [row["instance_id"] for row in parquet_rows(sample_union) if row["source_relations"]]
    assert [line["instance_id"] for line in tsv_rows(written.out)] == wanted
    assert written.files["rows.tsv"] == {"rows": len(wanted), "rows with a relation": len(wanted)}
    for form in ("pubtator", "bioc-json"):
        with pytest.raises(HarmonizeError, match=f"negatives: expected format tsv, {form} never has pairs"):
            export(sample_union, tmp_path / "folder", form, negatives=False)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.tsv"]


any_text = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\\t\n\r;\"',"), max_size=12)
brief = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@brief
@given(
    text=any_text,
    name=any_text,
    types=st.lists(any_text.filter(bool), max_size=3),
    places=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3),
    novelty=st.sampled_from([None, "No"]),
)
def test_any_field_comes_back_from_tsv(
    text: str, name: str, types: list[str], places: list[tuple[int, int]], novelty: str | None
) -> None:
    row = made_row(
        text=text,
        head_name=name,
        source_relations=types,
        head_spans=[{"start": start, "end": end} for start, end in places],
        novelty=novelty,
    )
    batch = pa.RecordBatch.from_pylist([made_row(), row], SCHEMA).slice(1)
    (line,) = lines(batch)
    assert not {"\n", "\r"} & set(line)
    fields = dict(zip(TSV_HEADER.split(), line.split("\t"), strict=True))
    assert read_line(fields) == row


# Sets made by hand


def made_row(**columns: Any) -> dict[str, Any]:
    fitting = {
        pa.types.is_boolean: True,
        pa.types.is_integer: 0,
        pa.types.is_list: [],
    }
    row = {
        field.name: next((value for fits, value in fitting.items() if fits(field.type)), field.name)
        for field in SCHEMA
    }
    return (
        row
        | {
            "corpus": "made",
            "split": "train",
            "pmid": None,
            "novelty": None,
            "subject": None,
            "span_source": "gold",
        }
        | columns
    )


class Entity(NamedTuple):
    id: str
    type: str
    spans: list[tuple[int, int]]


def pair(
    text: str, head: Entity, tail: Entity, *labels: str, start: int = 0, **columns: Any
) -> dict[str, Any]:
    """A row of document d1 whose context is `text`, from `start` on; spans are the document's."""
    sides: dict[str, Any] = {}
    for side, entity in (("head", head), ("tail", tail)):
        first, last = entity.spans[0]
        sides |= {
            f"{side}_id": entity.id,
            f"{side}_type": entity.type,
            f"{side}_name": text[first - start : last - start],
            f"{side}_spans": [{"start": a - start, "end": b - start} for a, b in entity.spans],
        }
    given_ = {"relations": list(labels) or ["None"], "source_relations": [f"own {label}" for label in labels]}
    return made_row(document_id="d1", text=text, context_start=start, **(sides | given_ | columns))


def made_set(folder: Path, text: str, *rows: dict[str, Any], document_id: str = "d1") -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    file = partition_file("made", "train")
    (folder / file).parent.mkdir(parents=True)
    rows = tuple(row | {"document_id": document_id} for row in rows)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=FILE_SCHEMA), folder / file)
    manifest = made_manifest({"made": {"train": file, "test": None}})
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    writer = DocumentsWriter(folder)
    writer.add("made", Document(document_id, "train", text, (Passage("text", Span(0, len(text))),)))
    writer.close()
    return folder


def pubtator_lines(union: Path) -> list[str]:
    out = union.with_name("out")
    shutil.rmtree(out, ignore_errors=True)
    export(union, out, "pubtator")
    return (out / "made.train.PubTator").read_bytes().decode("utf-8").split("\n")[2:-2]


TEXT = "aspirin, warfarin and heparin"
ASPIRIN, WARFARIN, HEPARIN = (
    Entity(name, "C", [(a, b)]) for name, a, b in [("A", 0, 7), ("W", 9, 17), ("H", 22, 29)]
)


def test_every_label_of_a_pair_is_a_relation_the_most_specific_first(tmp_path: Path) -> None:
    rows = [pair(TEXT, WARFARIN, ASPIRIN, "Bind", "Association"), pair(TEXT, ASPIRIN, HEPARIN)]
    assert pubtator_lines(made_set(tmp_path / "set", TEXT, *rows)) == [
        "d1\t0\t7\taspirin\tC\tA",
        "d1\t9\t17\twarfarin\tC\tW",
        "d1\t22\t29\theparin\tC\tH",
        "d1\tBind\tW\tA",
        "d1\tAssociation\tW\tA",
    ]


def test_a_pair_in_several_sentences_is_one_relation_with_all_its_mentions(tmp_path: Path) -> None:
    text = "aspirin binds warfarin. aspirin again binds warfarin."
    here = pair(text[:23], Entity("A", "C", [(0, 7)]), Entity("W", "C", [(14, 22)]), "Bind")
    there = pair(
        text[24:],
        Entity("A", "C", [(24, 31)]),
        Entity("W", "C", [(44, 52)]),
        "Bind",
        start=24,
        novelty="Novel",
        span_source="dictionary",
    )
    union = made_set(tmp_path / "set", text, here, there)
    assert pubtator_lines(union)[-1] == "d1\tBind\tA\tW\tNovel"
    assert [line.split("\t")[1] for line in pubtator_lines(union)] == ["0", "14", "24", "44", "Bind"]
    written = export(union, tmp_path / "bioc", "bioc-json")
    ((*_, collection),) = collections(written)
    (relation,) = collection.documents[0].relations
    assert relation.infons["span_source"] == "dictionary"
    assert [(node.refid, node.role) for node in relation.nodes] == [
        *(("T0", "head"), ("T2", "head")),
        *(("T1", "tail"), ("T3", "tail")),
    ]


def test_entities_of_one_mention_share_its_line(tmp_path: Path) -> None:
    other = Entity("A2", "C", ASPIRIN.spans)
    gene = Entity("A3", "G", ASPIRIN.spans)
    rows = [pair(TEXT, other, ASPIRIN), pair(TEXT, gene, WARFARIN)]
    union = made_set(tmp_path / "set", TEXT, *rows)
    assert pubtator_lines(union)[:2] == ["d1\t0\t7\taspirin\tC\tA,A2", "d1\t0\t7\taspirin\tG\tA3"]
    assert export(union, tmp_path / "o", "pubtator").total["composite mentions"] == 1


def test_parts_that_spell_the_name_together_are_one_mention(tmp_path: Path) -> None:
    text = "ganglionic or adrenergic blockers"
    row = pair(
        text,
        Entity("e0", "C", [(0, 10), (25, 33)]),
        Entity("e1", "C", [(14, 33)]),
        "Association",
        head_name="ganglionic blockers",
    )
    union = made_set(tmp_path / "set", text, row)
    written = export(union, tmp_path / "bioc", "bioc-json")
    ((*_, collection),) = collections(written)
    annotations = collection.documents[0].passages[0].annotations
    assert [(a.text, len(a.locations)) for a in annotations] == [
        ("ganglionic blockers", 2),
        ("adrenergic blockers", 1),
    ]
    assert written.total["discontinuous mentions"] == 1
    assert pubtator_lines(union)[:3] == [
        "d1\t0\t10\tganglionic\tC\te0",
        "d1\t14\t33\tadrenergic blockers\tC\te1",
        "d1\t25\t33\tblockers\tC\te0",
    ]


def test_ids_that_a_column_cannot_hold_are_escaped_and_counted(tmp_path: Path) -> None:
    odd = Entity("1,2;3%\t", "C", [(0, 7)])
    union = made_set(tmp_path / "set", TEXT, pair(TEXT, odd, WARFARIN, "Bind"), document_id="d|1")
    assert pubtator_lines(union)[0] == "d%7C1\t0\t7\taspirin\tC\t1%2C2%3B3%25%09"
    assert pubtator_lines(union)[-1] == "d%7C1\tBind\t1%2C2%3B3%25%09\tW"
    written = export(union, tmp_path / "out", "pubtator")
    assert written.total["escaped ids"] == 1
    ((_, read),) = pubtator_content(written).relations.items()
    assert list(read) == [(odd.id, "W", "Bind")]


@brief
@given(
    text=st.text(
        st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t\n\r |"), min_size=4, max_size=30
    ),
    ids=st.lists(st.text("AB1,;|%\t\r -", min_size=1, max_size=4), min_size=2, max_size=4, unique=True),
    data=st.data(),
)
def test_any_set_is_held_by_pubtator(text: str, ids: list[str], data: st.DataObject) -> None:
    entities = []
    for identifier in ids:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=4)))
        entities.append(Entity(identifier, "C", list(pairwise(cuts))[::2]))
    labels = st.lists(st.sampled_from(["Bind", "Association"]), unique=True, max_size=2)
    rows = [pair(text, entities[0], tail, *data.draw(labels)) for tail in entities[1:]]
    with tempfile.TemporaryDirectory() as name:
        union = made_set(Path(name) / "set", text, *rows)
        found = pubtator_content(export(union, Path(name) / "out", "pubtator"))
    assert list(found.relations["made", "train", "d1"]) == [
        (row["head_id"], row["tail_id"], label)
        for row in rows
        if row["source_relations"]
        for label in row["relations"]
    ]
    assert found.mentions == {
        ("made", "train", "d1"): {(e.id, "C", (span,)) for e in entities for span in e.spans}
    }


# Determinism, choice, errors


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_exports_do_not_depend_on_the_order_of_hashes(sample_union: Path, tmp_path: Path) -> None:
    forms = ("pubtator", "bioc-json", "tsv")
    script = (
        "import sys; from pathlib import Path; from harmonize.export.export import export\n"
        "for form in sys.argv[3:]: export(Path(sys.argv[1]), Path(sys.argv[2]) / form, form)"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", script, str(sample_union), str(tmp_path / seed), *forms],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
    for form in forms:
        one, other = ((tmp_path / seed / form) for seed in ("1", "2"))
        assert one.read_bytes() == other.read_bytes() if form == "tsv" else tree(one) == tree(other)


def test_chosen_corpora_and_splits_only(sample_union: Path, tmp_path: Path) -> None:
    written = export(
        sample_union, tmp_path / "out", "pubtator", corpora=["bc5cdr", "biored"], splits=["test"]
    )
    assert list(written.files) == ["biored.test.PubTator", "bc5cdr.test.PubTator"]
    whole = export(sample_union, tmp_path / "whole", "pubtator")
    for name in written.files:
        assert (written.out / name).read_bytes() == (whole.out / name).read_bytes()
    rows = export(sample_union, tmp_path / "rows.tsv", "tsv", corpora=["ddi"], splits=["train"])
    assert {(line["corpus"], line["split"]) for line in tsv_rows(rows.out)} == {("ddi", "train")}


def test_an_earlier_export_is_replaced_whole(sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(sample_union, out, "bioc-json")
    export(sample_union, out, "pubtator", corpora=["ddi"], splits=["train"])
    assert sorted(path.name for path in out.iterdir()) == ["ddi.train.PubTator", "export.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_people_s_files_are_never_replaced(sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(sample_union, out, "pubtator", corpora=["ddi"])
    (out / "notes.txt").write_text("mine")
    before = tree(out)
    with pytest.raises(
        HarmonizeError, match=r"out: expected a new folder or an earlier export, found notes\.txt"
    ):
        export(sample_union, out, "pubtator")
    assert tree(out) == before
    with pytest.raises(HarmonizeError, match="expected a new folder or an earlier export"):
        export(sample_union, sample_union, "pubtator")


@pytest.mark.parametrize("content_", ["", "[]", "{", '{"files": 3}'])
def test_a_broken_export_json_is_none(sample_union: Path, tmp_path: Path, content_: str) -> None:
    (tmp_path / "export.json").write_text(content_)
    with pytest.raises(HarmonizeError, match=r"found export\.json"):
        export(sample_union, tmp_path, "pubtator")


def test_files_and_folders_are_not_mistaken(sample_union: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(HarmonizeError, match="file: expected a folder"):
        export(sample_union, tmp_path / "file", "pubtator")
    with pytest.raises(HarmonizeError, match="expected a file, got a folder"):
        export(sample_union, tmp_path, "tsv")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"form": "brat"}, "unknown export format 'brat': expected one of bioc-json, pubtator, tsv"),
        ({"corpora": ["chemprot"]}, "unknown corpus of the set 'chemprot'"),
        ({"splits": ["eval"]}, "unknown split 'eval'"),
    ],
)
def test_unknown_names(sample_union: Path, tmp_path: Path, choice: dict[str, Any], error: str) -> None:
    with pytest.raises(UnknownName, match=error):
        export(sample_union, tmp_path / "out", **({"form": "tsv"} | choice))


@pytest.mark.parametrize("form", ["pubtator", "bioc-json", "tsv"])
def test_nothing_wanted_is_an_error(sample_union: Path, tmp_path: Path, form: str) -> None:
    with pytest.raises(UnionError, match="expected rows of the wanted corpora and splits, found none"):
        export(sample_union, tmp_path / "out", form, corpora=["emu"], splits=["test"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["pubtator", "bioc-json", "tsv"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other columns"])
def test_a_broken_set_leaves_an_earlier_export_as_it_was(
    sample_union: Path, tmp_path: Path, form: str, damage: str
) -> None:
    copy = shutil.copytree(sample_union, tmp_path / "union")
    out = tmp_path / "exports" / "out"
    export(copy, out, form)
    before = out.read_bytes() if form == "tsv" else tree(out)
    victim = copy / partition_file("hprd50", "train")
    if damage == "gone":
        victim.unlink()
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-100])
    else:
        pq.write_table(pa.table({"x": [1]}), victim)
    with pytest.raises(UnionError, match=re.escape(str(victim))):
        export(copy, out, form)
    assert before == (out.read_bytes() if form == "tsv" else tree(out))
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("kept", "error"),
    [
        (
            lambda corpus, document_id: False,
            r"documents\.parquet: expected the documents of biored, found none",
        ),
        (
            lambda corpus, document_id: document_id != "90000021",
            r"train\.parquet: expected the text of document 90000021 beside it",
        ),
    ],
)
def test_texts_that_are_missing(sample_union: Path, tmp_path: Path, kept: Any, error: str) -> None:
    copy = shutil.copytree(sample_union, tmp_path / "union")
    table = pq.read_table(copy / "documents.parquet")
    keep = [
        kept(c, d) for c, d in zip(*(table[n].to_pylist() for n in ("corpus", "document_id")), strict=True)
    ]
    pq.write_table(table.filter(pa.array(keep)), copy / "documents.parquet")
    with pytest.raises(UnionError, match=error):
        export(copy, tmp_path / "out", "pubtator")


def test_documents_in_another_order_of_corpora_give_the_same_export(
    sample_union: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sample_union, tmp_path / "union")
    table = pq.read_table(copy / "documents.parquet")
    pq.write_table(table.sort_by([("corpus", "descending")]), copy / "documents.parquet")
    one, other = (
        export(sample_union, tmp_path / "one", "pubtator"),
        export(copy, tmp_path / "other", "pubtator"),
    )
    assert tree(one.out) == tree(other.out)
    assert list(one.files) == list(other.files)


def test_rows_that_the_text_does_not_hold(tmp_path: Path) -> None:
    union = made_set(tmp_path / "set", "short", pair(TEXT, ASPIRIN, WARFARIN))
    with pytest.raises(
        UnionError, match=r"train\.parquet: document d1: mention T0: expected 0 <= start < end"
    ):
        export(union, tmp_path / "out", "pubtator")


def test_a_type_that_pubtator_cannot_hold_is_one_line(tmp_path: Path) -> None:
    union = made_set(tmp_path / "set", TEXT, pair(TEXT, ASPIRIN._replace(type="a\tb"), WARFARIN))
    with pytest.raises(UnionError, match=r"train\.parquet: document d1: PubTator cannot hold a tab"):
        export(union, tmp_path / "out", "pubtator")


def test_the_command_s_line(sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.tsv"
    rows = [row for row in parquet_rows(sample_union) if row["corpus"] in ("ddi", "emu")]
    related = sum(bool(row["source_relations"]) for row in rows)
    assert (
        exported_line(sample_union, "tsv", out, " ddi, emu", None)
        == f"{len(rows):,} rows, {related:,} rows with a relation in {out}"
    )
