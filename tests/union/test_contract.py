"""The Parquet contract, held against every row of the sample set and of the real one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import harmonize
from harmonize.spec import load_catalogue
from harmonize.union.ids import instance_id
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import FILE_SCHEMA, SCHEMA
from harmonize.writing.parquet import METADATA_KEY

REAL = pytest.param("real", marks=pytest.mark.mirror)
CONTRACT = """instance_id part level document_id pmid text context_start context_end head_id tail_id
    head_name tail_name head_type tail_type source_head_type source_tail_type head_spans tail_spans sentences
    relation relations source_relations directed novelty subject task rules span_source leaks_into licence
    redistributable corpus split"""
CATALOGUE = load_catalogue()
SEPARATOR = "\x1f"


@pytest.fixture(scope="session", params=["sample", REAL])
def union(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"{request.param}_union")
    return folder


@pytest.fixture(scope="session")
def table(union: Path) -> pa.Table:
    return harmonize.load_union(union)


def distinct(table: pa.Table, columns: list[str]) -> list[dict[str, Any]]:
    """The different rows of some columns, which Arrow finds: of 174,552 there are often some dozens."""
    lists = [name for name in columns if pa.types.is_list(table.schema.field(name).type)]
    found = {name: table[name] for name in columns}
    for name, column in found.items():
        if name in lists:
            found[name] = pc.binary_join(column.cast(pa.list_(pa.string())), SEPARATOR)
        elif pa.types.is_dictionary(column.type):
            found[name] = column.cast(pa.string())
    rows = pa.table(found).group_by(columns).aggregate([]).to_pylist()
    return [row | {name: row[name].split(SEPARATOR) if row[name] else [] for name in lists} for row in rows]


def spans_of(column: pa.ChunkedArray) -> list[list[tuple[int, int]]]:
    """(start, end) of each row's spans; to make a dictionary of each span takes five times as long."""
    lists = column.combine_chunks()
    assert not lists.null_count
    spans = lists.flatten()
    pairs = list(zip(*(spans.field(name).to_pylist() for name in ("start", "end")), strict=True))
    ends = accumulate(pc.list_value_length(lists).to_pylist(), initial=0)
    return [pairs[start:end] for start, end in pairwise(ends)]


def files(union: Path) -> list[Path]:
    return sorted((union / "data").rglob("*.parquet"))


def test_columns_are_the_contract_s(table: pa.Table) -> None:
    assert table.schema.names == CONTRACT.split()
    assert table.schema == SCHEMA
    for name in table.schema.names:
        assert SCHEMA.field(name).nullable == (name in ("pmid", "sentences", "novelty", "subject"))
        assert table[name].null_count == 0 or SCHEMA.field(name).nullable, name


def test_every_file_has_the_schema_and_says_where_it_comes_from(union: Path) -> None:
    for path in files(union):
        schema = pq.read_schema(path)
        assert schema.remove_metadata() == FILE_SCHEMA
        for key in (b"schema_version", b"package_version", b"mappings", b"source_files"):
            assert key in schema.metadata[METADATA_KEY]


def test_partitions_name_the_corpus_and_split_they_hold(union: Path) -> None:
    for path in files(union):
        corpus, split = (folder.name.partition("=")[2] for folder in (path.parent.parent, path.parent))
        assert path.name == f"{split}.parquet"
        table = pq.ParquetFile(path).read(columns=["part"])
        assert set(table["part"].to_pylist()) == {f"{corpus}/{split}"}


def test_every_span_spells_its_mention(table: pa.Table) -> None:
    corpora, texts = table["corpus"].to_pylist(), table["text"].to_pylist()
    for side in ("head", "tail"):
        names, places = table[f"{side}_name"].to_pylist(), spans_of(table[f"{side}_spans"])
        for corpus, text, name, spans in zip(corpora, texts, names, places, strict=True):
            assert spans == sorted(set(spans))
            assert all(0 <= start < end <= len(text) for start, end in spans)
            spelled = [text[start:end] for start, end in spans]
            # A discontinuous mention (DDI alone has them) is spelled by its parts together.
            assert spelled[0] == name or "".join("".join(spelled).split()) == "".join(name.split())
            assert spelled[0] == name or corpus == "ddi"


def test_sentences_part_a_context_and_no_mention(table: pa.Table) -> None:
    """Between two sentences there are blanks alone; a context that is a sentence is one."""
    mentions: dict[tuple[Any, ...], set[tuple[int, int]]] = defaultdict(set)
    columns = table["level"].to_pylist(), table["text"].to_pylist()
    places = (spans_of(table[name]) for name in ("sentences", "head_spans", "tail_spans"))
    for level, text, sentences, head, tail in zip(*columns, *places, strict=True):
        mentions[level, text, tuple(sentences)].update(
            head, tail
        )  # most rows share their context with others
    for (level, text, sentences), spans in mentions.items():
        for first, last in spans:
            assert sum(start <= first and last <= end for start, end in sentences) == 1
        if level == "sentence":
            assert sentences == ((0, len(text)),)
        ends = [0, *(end for _, end in sentences)]
        starts = [*(start for start, _ in sentences), len(text)]
        assert not "".join(text[end:start] for end, start in zip(ends, starts, strict=True)).strip()


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("corpus", "shared"),
    [
        ("biored", [(3_615, 4_179), (958, 1_161), (954, 1_164)]),
        ("bc5cdr", [(761, 1_038), (771, 1_012), (749, 1_066)]),
    ],
)
def test_most_relations_of_abstracts_stand_in_one_sentence(
    real_union: Path, corpus: str, shared: list[tuple[int, int]]
) -> None:
    """(Relations with both entities in one sentence, relations) of train, dev and test."""
    found = []
    columns = ["relation", "sentences", "head_spans", "tail_spans"]
    for split in ("train", "dev", "test"):
        counts = Counter(
            any(
                all(
                    any(s["start"] <= m["start"] and m["end"] <= s["end"] for m in row[f"{side}_spans"])
                    for side in ("head", "tail")
                )
                for s in row["sentences"]
            )
            for row in harmonize.load_union(
                real_union, corpora=[corpus], splits=[split], columns=columns
            ).to_pylist()
            if not row["relation"].startswith("None")
        )
        found.append((counts[True], counts.total()))
    assert found == shared


def test_contexts_are_where_they_say_and_as_long_as_they_say(table: pa.Table) -> None:
    lengths = pc.subtract(table["context_end"], table["context_start"])
    assert lengths.equals(pc.utf8_length(table["text"]))


def test_labels_follow_rule_c(table: pa.Table) -> None:
    labels = {*CATALOGUE.target.labels}
    columns = ["corpus", "relation", "relations", "source_relations", "rules", "task"]
    for row in distinct(table, columns):
        rule = row["rules"][2]
        negative = {"c1": f"None-{row['task']}", "c2": "None", "c3": None}[rule]
        assert row["relation"] == row["relations"][0]
        assert row["relation"] in labels or row["relation"] == negative
        assert bool(row["source_relations"]) == (row["relation"] != negative)


def test_types_follow_rule_e(table: pa.Table) -> None:
    columns = ["corpus", "head_type", "tail_type", "source_head_type", "source_tail_type"]
    for row in distinct(table, columns):
        corpus, head, tail, source_head, source_tail = (row[name] for name in columns)
        spec = CATALOGUE[corpus].spec
        for kind, source in ((head, source_head), (tail, source_tail)):
            assert kind == spec.internal_types.get(source, spec.entity_types[source])


def test_rows_say_their_rules_level_and_task(table: pa.Table) -> None:
    columns = ["corpus", "rules", "level", "task", "directed", "redistributable", "licence"]
    for row in distinct(table, columns):
        corpus = CATALOGUE[row["corpus"]]
        assert tuple(row["rules"]) == corpus.rules.names
        assert row["level"] == {"b1": "document", "b2": "sentence"}[corpus.rules.b]
        assert row["task"] == corpus.rules.task
        assert row["directed"] == corpus.spec.directed
        assert row["licence"] == corpus.spec.licence.name
        assert row["redistributable"] == corpus.spec.licence.redistributable


def test_ids_are_unique_and_no_pair_stands_twice_in_a_context(table: pa.Table) -> None:
    ids = table["instance_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    columns = ["corpus", "document_id", "context_start", "context_end", "head_id", "tail_id"]
    pairs = [
        (*place, frozenset((head, tail)))
        for *place, head, tail in zip(*(table[name].to_pylist() for name in columns), strict=True)
    ]
    assert len(set(pairs)) == len(pairs)
    assert all(len(pair[-1]) == 2 for pair in pairs)


def test_rows_are_sorted_by_document_and_position(union: Path) -> None:
    plain = ["document_id", "context_start", "context_end", "head_id", "tail_id"]
    for path in files(union):
        rows = pq.ParquetFile(path).read(columns=[*plain, "head_spans", "tail_spans"])
        document, start, end, head, tail = (rows[name].to_pylist() for name in plain)
        first_head, first_tail = (
            [spans[0] for spans in spans_of(rows[name])] for name in ("head_spans", "tail_spans")
        )
        keys = list(zip(document, start, end, first_head, first_tail, head, tail, strict=True))
        assert keys == sorted(keys), path


def test_directed_pairs_have_their_first_argument_as_head(table: pa.Table) -> None:
    columns = ["corpus", "directed", "source_head_type", "source_tail_type"]
    kinds = [row for row in distinct(table, columns) if row["directed"]]
    assert {(row["corpus"], row["source_head_type"]) for row in kinds} == {
        ("drugprot", "CHEMICAL"),
        ("bc5cdr", "Chemical"),
    }


def test_in_equals_out_plus_dropped_for_every_corpus_split_and_rule(union: Path) -> None:
    for corpus, entry in read_manifest(union)["corpora"].items():
        rules = CATALOGUE[corpus].rules
        for split, part in entry["splits"].items():
            steps = part["steps"]
            assert set(steps) == {"read", *rules.names}
            for step, units in steps.items():
                for unit, account in units.items():
                    dropped = sum(account["dropped"].values())
                    assert account["in"] == account["out"] + dropped, (corpus, split, step, unit)
            # What one step lets out the next takes in.
            assert steps["read"]["relations"]["out"] == steps[rules.a]["relations"]["in"]
            assert steps[rules.a]["relations"]["out"] == steps[rules.b]["relations"]["in"]
            assert steps["read"]["documents"]["out"] == steps[rules.b]["documents"]["in"]
            assert steps["read"]["mentions"]["out"] == steps[rules.b]["mentions"]["in"]
            assert steps[rules.d]["instances"]["out"] == steps[rules.c]["instances"]["in"]
            assert steps[rules.c]["instances"]["out"] == steps[rules.e]["instances"]["in"]
            assert steps[rules.e]["instances"]["out"] == part.get("rows", 0) == sum(part["labels"].values())


def test_every_dropped_item_is_listed_and_counted(union: Path) -> None:
    lines = (union / "dropped.tsv").read_text(encoding="utf-8").split("\n")
    assert lines[0].split("\t") == ["corpus", "split", "step", "unit", "reason", "document_id", "item"]
    listed = Counter(tuple(line.split("\t")[:5]) for line in lines[1:-1])
    counted = {
        (corpus, split, step, unit, reason): count
        for corpus, entry in read_manifest(union)["corpora"].items()
        for split, part in entry["splits"].items()
        for step, units in part["steps"].items()
        for unit, account in units.items()
        for reason, count in account["dropped"].items()
    }
    assert listed == counted
    assert all(len(line.split("\t")) == 7 for line in lines[1:-1])


def test_the_manifest_describes_its_files(union: Path) -> None:
    import hashlib

    manifest = read_manifest(union)
    described = {}
    for entry in manifest["corpora"].values():
        assert entry["source_files"]
        assert all(len(digest) == 64 for digest in entry["source_files"].values())
        described |= {part["file"]: part for part in entry["splits"].values() if part["file"]}
    assert set(described) == {path.relative_to(union).as_posix() for path in files(union)}
    for name, part in described.items():
        content = (union / name).read_bytes()
        assert part["bytes"] == len(content)
        assert part["sha256"] == hashlib.sha256(content).hexdigest()
        assert part["rows"] == pq.ParquetFile(union / name).metadata.num_rows


def test_leaks_name_other_documents_only(table: pa.Table) -> None:
    columns = ["corpus", "split", "document_id", "pmid", "leaks_into"]
    rows = distinct(table, columns)
    by_pmid: dict[str, set[tuple[str, str, str]]] = {}
    for row in rows:
        by_pmid.setdefault(row["pmid"], set()).add((row["corpus"], row["split"], row["document_id"]))
    for row in rows:
        expected = {
            f"{corpus}/{split}"
            for corpus, split, document in by_pmid[row["pmid"]]
            if row["pmid"] and split != "train" and (corpus, document) != (row["corpus"], row["document_id"])
        }
        assert expected <= set(row["leaks_into"])
        assert row["leaks_into"] == sorted(set(row["leaks_into"]))


def test_instance_ids_are_stable() -> None:
    """Downstream projects keep these ids: this value may not change without a new schema version."""
    from harmonize.model import EntityInContext, Instance, Span

    def entity(identifier: str, span: Span) -> EntityInContext:
        return EntityInContext(identifier, "x", "T", "t", (span,), frozenset({"gold"}))

    instance = Instance("90000001", Span(0, 5), "a b c", entity("D1", Span(0, 1)), entity("D2", Span(2, 3)))
    assert instance_id("biored", instance) == "7b08347852063e8c2050"
