"""Full text: which passages are read, pairs in each of them, and what they say of a relation in all."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from bioc import biocjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from prediction_cases import LABELS, Fake, written
from typer.testing import CliRunner

from harmonize.errors import HarmonizeError, MalformedInput, UnknownName
from harmonize.formats.offsets import COUNTED_IN
from harmonize.formats.passages import TEXT_CHOICES, TextChoice
from harmonize.model import Document
from harmonize.pipelines.cli import app
from harmonize.pipelines.predict import predict
from harmonize.pipelines.shard import shard
from harmonize.prediction import full_text, pairs
from harmonize.prediction.extractor import DocumentRelations, RelationExtractor
from harmonize.prediction.full_text import IN_A_CROWD
from harmonize.prediction.inputs import TOO_MANY, read_input
from harmonize.prediction.outputs import write_predictions
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.prediction.shard_manifest import read_shard_manifest
from harmonize.prediction.tally import Tally
from harmonize.relation.pair import Pair

RULES = pair_rules()
ENTITIES = {
    "Ombrel": ("Chemical", "D800001"),
    "colic": ("Disease", "D003085"),
    "TRPV1": ("Gene", "7442"),
    "IL6": ("Gene", "3569"),
}
Part = tuple[str, str, str]
"""Section, type, and a text in which the names of ENTITIES are annotated."""
FULL_TEXT: list[Part] = [
    ("TITLE", "front", "Ombrel soothes colic"),
    ("ABSTRACT", "abstract", "In rats Ombrel raised TRPV1."),
    ("INTRO", "title_1", "What colic is"),
    ("INTRO", "paragraph", "TRPV1 binds Ombrel, unlike IL6."),
    ("RESULTS", "paragraph", "Ombrel lowered IL6 and colic."),
    ("RESULTS", "paragraph", "Nothing of the kind."),
    ("TABLE", "table", "Ombrel\tTRPV1\tcolic"),
    ("COMP_INT", "paragraph", "The makers of Ombrel paid for this study of colic."),
    ("REF", "ref", "Ombrel and IL6. J Colic 1998."),
]


def annotated(offset: int, text: str) -> list[dict[str, Any]]:
    found = []
    for name, (kind, identifier) in ENTITIES.items():
        if (start := text.find(name)) >= 0:
            infons = {"type": kind, "identifier": identifier}
            place = {"offset": offset + start, "length": len(name)}
            found.append({"id": name, "infons": infons, "text": name, "locations": [place]})
    return found


def bioc(*parts: Part, identifier: str = "8001") -> dict[str, Any]:
    passages, offset = [], 0
    for section, kind, text in parts:
        infons = {key: value for key, value in (("section_type", section), ("type", kind)) if value}
        passages.append(
            {"infons": infons, "offset": offset, "text": text, "annotations": annotated(offset, text)}
        )
        offset += len(text) + 7
    return {"id": identifier, "infons": {}, "passages": passages}


def file_of(folder: Path, *documents: object, name: str = "a.json") -> Path:
    return written(folder, json.dumps({"documents": documents}), name)


def read(path: Path, text: TextChoice = "abstract", **options: Any) -> tuple[list[Document], Tally]:
    tally = Tally()
    documents = list(read_input(path, rules=RULES, tally=tally, how=Reading(text), **options))
    assert tally.documents == len(documents) + tally.skipped.total()
    assert tally.mentions == sum(len(d.mentions) for d in documents) + tally.left_out.total()
    return documents, tally


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return file_of(tmp_path, bioc(*FULL_TEXT))


def pairs_of(document: Document) -> list[tuple[str, str, str]]:
    return [(i.head.name, i.tail.name, i.text) for i in RULES.candidates(document).instances]


# What is read


def test_title_and_abstract_are_read_and_the_rest_is_counted(path: Path) -> None:
    (document,), tally = read(path)
    assert [(p.kind, p.span.of(document.text)) for p in document.passages] == [
        ("title", "Ombrel soothes colic"),
        ("abstract", "In rats Ombrel raised TRPV1."),
    ]
    assert tally.passages == {"title_1": 1, "paragraph": 3, "table": 1, "comp_int": 1, "ref": 1}
    assert (tally.mentions, tally.mentions_of_passages) == (4, 14)


def test_paragraphs_are_those_of_the_body(path: Path) -> None:
    (document,), tally = read(path, "paragraphs")
    assert [(p.kind, p.section, p.offset, p.span.of(document.text)) for p in document.passages[2:]] == [
        ("paragraph", "INTRO", 82, "TRPV1 binds Ombrel, unlike IL6."),
        ("paragraph", "RESULTS", 120, "Ombrel lowered IL6 and colic."),
        ("paragraph", "RESULTS", 156, "Nothing of the kind."),
    ]
    assert tally.passages == {"title_1": 1, "table": 1, "comp_int": 1, "ref": 1}
    assert (tally.mentions, tally.mentions_of_passages) == (10, 8)


def test_all_is_all(path: Path) -> None:
    (document,), tally = read(path, "all")
    assert [passage.span.of(document.text) for passage in document.passages] == [p[2] for p in FULL_TEXT]
    assert (tally.passages, tally.mentions, tally.mentions_of_passages) == ({}, 18, 0)


def test_a_document_that_tells_no_body_has_a_title_and_text(tmp_path: Path) -> None:
    parts = [("", "paragraph", part[2]) for part in FULL_TEXT[:4]]
    path = file_of(tmp_path, bioc(*parts))
    (document,), tally = read(path)
    assert [passage.kind for passage in document.passages] == ["title", "abstract"]
    (document,), _ = read(path, "paragraphs")
    assert [passage.kind for passage in document.passages] == ["title", *["paragraph"] * 3]
    assert tally.passages == {}


@pytest.mark.parametrize("form", ["pubtator", "ppi-xml"])
@pytest.mark.parametrize("text", ["paragraphs", "all"])
def test_passages_are_not_asked_for_of_a_file_that_tells_none(
    tmp_path: Path, form: str, text: TextChoice
) -> None:
    path = written(tmp_path, counted("codepoints", form), "a")
    assert read(path)
    with pytest.raises(MalformedInput, match=f"a: expected BioC for --text {text}; {form} tells no passages"):
        read(path, text)


sections = st.sampled_from(["", *(part[0] for part in FULL_TEXT)])
kinds = st.sampled_from(["", *(part[1] for part in FULL_TEXT)])
words = st.lists(st.sampled_from([*ENTITIES, "and"]), min_size=1, max_size=4, unique=True).map(" ".join)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(parts=st.lists(st.tuples(sections, kinds, words), min_size=1, max_size=7), form=st.booleans())
def test_what_is_read_and_what_is_left_out_are_all(tmp_path: Path, parts: list[Part], form: bool) -> None:
    path = file_of(tmp_path, bioc(*parts), name="a.json")
    if form:
        path.write_bytes(gzip.compress(path.read_bytes()))
    met = []
    for choice in TEXT_CHOICES:
        documents, tally = read(path, choice)
        passages = sum(len(bioc(*parts)["passages"]) for _ in range(tally.documents))
        texts = " ".join(document.text for document in documents).split()
        assert Counter(texts) <= Counter(word for part in parts for word in part[2].split())
        met.append((tally.mentions + tally.mentions_of_passages, tally.passages.total() <= passages))
        if documents:
            assert len(documents[0].mentions) + tally.mentions_of_passages == sum(
                len(passage["annotations"]) for passage in bioc(*parts)["passages"]
            )
        if choice == "all":
            assert tally.passages == {}
    assert len({mentions for mentions, _ in met if mentions}) <= 1


# Pairs


def test_a_paragraph_is_a_context_without_the_title(path: Path) -> None:
    (document,), _ = read(path, "paragraphs")
    together = "Ombrel soothes colic In rats Ombrel raised TRPV1."
    intro, results = FULL_TEXT[3][2], FULL_TEXT[4][2]
    assert pairs_of(document) == [
        ("Ombrel", "colic", together),
        ("Ombrel", "TRPV1", together),
        ("colic", "TRPV1", together),
        ("TRPV1", "IL6", intro),
        ("Ombrel", "TRPV1", intro),
        ("Ombrel", "IL6", intro),
        ("Ombrel", "IL6", results),
        ("Ombrel", "colic", results),
        ("colic", "IL6", results),
    ]


def test_a_rule_by_sentence_makes_pairs_in_the_sentences_of_all_passages(path: Path) -> None:
    rules = pair_rules("drugprot")
    (document,) = read_input(path, rules=rules, how=Reading("paragraphs"))
    found = [(i.head.name, i.tail.name, i.text) for i in rules.candidates(document).instances]
    assert found == [
        ("Ombrel", "TRPV1", "In rats Ombrel raised TRPV1."),
        ("Ombrel", "TRPV1", FULL_TEXT[3][2]),
        ("Ombrel", "IL6", FULL_TEXT[3][2]),
        ("Ombrel", "IL6", FULL_TEXT[4][2]),
    ]


def test_a_crowded_passage_costs_its_mentions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_text, "MOST_IN_A_PASSAGE", 2)
    (document,), tally = read(path, "all")
    assert {reason for reason, _ in tally.left_out} == {IN_A_CROWD}
    assert tally.left_out.total() == 9  # title and abstract keep theirs
    assert [context for *_, context in pairs_of(document)][3:] == [
        "The makers of Ombrel paid for this study of colic.",
        "Ombrel and IL6. J Colic 1998.",
    ]


def test_a_document_of_too_many_pairs_is_skipped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_ENTITIES", 4)  # six pairs
    assert len(read(path)[0]) == 1
    documents, tally = read(path, "paragraphs")
    assert (documents, tally.skipped) == ([], {TOO_MANY: 1})
    with pytest.raises(HarmonizeError, match="expected at most 6 pairs of entities, got 9"):
        read(path, "paragraphs", strict=True)


# What the document says in all


class Told:
    """Answers by what the context says: the first word of these that is in it tells label and probability."""

    labels = LABELS

    def __init__(self, **told: tuple[str, float]) -> None:
        self._told = told

    def probabilities(self, asked: Sequence[Pair]) -> NDArray[np.float32]:
        rows = np.full((len(asked), len(LABELS)), 0.0, dtype=np.float32)
        for row, pair in zip(rows, asked, strict=True):
            found = (answer for word, answer in self._told.items() if word in pair.text)
            label, probability = next(found, ("None", 0.9))
            row[:] = (1 - probability) / (len(LABELS) - 1)
            row[LABELS.index(label)] = probability
        return rows


NEGATIVE = "Negative_Correlation"
ANSWERS = Told(soothes=("Association", 0.6), binds=("Association", 0.8), lowered=(NEGATIVE, 0.7))


def predicted(path: Path, text: TextChoice = "paragraphs") -> list[DocumentRelations]:
    return list(RelationExtractor(ANSWERS, rules=RULES)(read(path, text)[0]))


def test_a_relation_of_bioc_tells_the_passages_that_support_it(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    write_predictions(predicted(path), out, "bioc-json", labels=LABELS)
    (record,) = biocjson.loads(out.read_text()).documents
    starts = {record.passages[number].offset: number for number in range(len(record.passages))}
    assert [passage.infons for passage in record.passages] == [
        {"type": "title"},
        {"type": "abstract"},
        {"type": "paragraph", "section_type": "INTRO"},
        {"type": "paragraph", "section_type": "RESULTS"},
        {"type": "paragraph", "section_type": "RESULTS"},
    ]
    told = {}
    for relation in record.relations:
        infons = relation.infons
        support = [part.split(":") for part in infons["support"].split()]
        told[infons["entity1"], infons["entity2"], infons["type"]] = (
            float(infons["confidence"]),
            [(starts[int(offset)], float(score)) for offset, score in support],
        )
    assert told == {
        ("D800001", "D003085", "Association"): (0.6, [(0, 0.6)]),
        ("D800001", "7442", "Association"): (0.8, [(0, 0.6), (2, 0.8)]),
        ("D003085", "7442", "Association"): (0.6, [(0, 0.6)]),
        ("7442", "3569", "Association"): (0.8, [(2, 0.8)]),
        ("D800001", "3569", "Association"): (0.8, [(2, 0.8)]),
        ("D800001", "3569", NEGATIVE): (0.7, [(3, 0.7)]),
        ("D800001", "D003085", NEGATIVE): (0.7, [(3, 0.7)]),
        ("D003085", "3569", NEGATIVE): (0.7, [(3, 0.7)]),
    }


def test_a_row_of_parquet_tells_its_passage_and_the_documents_score(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    write_predictions(predicted(path), out, "parquet", labels=LABELS)
    rows = pq.read_table(out).to_pylist()
    assert len({row["instance_id"] for row in rows}) == len(rows) == 9
    of_pair = [row for row in rows if (row["head_id"], row["tail_id"]) == ("D800001", "7442")]
    assert [(r["passage"], r["section"], r["passage_offset"], r["label"]) for r in of_pair] == [
        ("title+abstract", None, None, "Association"),
        ("paragraph", "INTRO", 82, "Association"),
    ]
    assert [row["confidence"] for row in of_pair] == pytest.approx([0.6, 0.8])
    assert [row["document_score"] for row in of_pair] == pytest.approx([0.8, 0.8])
    best = [row for row in rows if row["is_relation"] and row["confidence"] == row["document_score"]]
    assert len(best) == len({(row["head_id"], row["tail_id"], row["label"]) for row in best}) == 8


def test_which_entity_comes_first_does_not_make_two_relations(tmp_path: Path) -> None:
    there, back = ("INTRO", "paragraph", "TRPV1 binds IL6."), ("INTRO", "paragraph", "IL6 binds TRPV1.")
    parts = [*FULL_TEXT[:2], there, back]
    found = predicted(file_of(tmp_path, bioc(*parts)))
    write_predictions(found, tmp_path / "a.json", "bioc-json", labels=LABELS)
    write_predictions(found, tmp_path / "a.PubTator", "pubtator", labels=LABELS)
    (record,) = biocjson.loads((tmp_path / "a.json").read_text()).documents
    (infons,) = [r.infons for r in record.relations if "3569" in (r.infons["entity1"], r.infons["entity2"])]
    assert (infons["entity1"], infons["entity2"], len(infons["support"].split())) == ("7442", "3569", 2)
    lines = [line for line in (tmp_path / "a.PubTator").read_text().splitlines() if "Association" in line]
    assert [line for line in lines if "3569" in line] == ["8001\tAssociation\t7442\t3569"]


@pytest.mark.parametrize("text", TEXT_CHOICES)
def test_what_bioc_says_is_read_back(path: Path, tmp_path: Path, text: TextChoice) -> None:
    out = tmp_path / "out.json"
    documents, _ = read(path, text)
    write_predictions(predicted(path, text), out, "bioc-json", labels=LABELS)
    again, tally = read(out, text)
    assert [(d.text, d.mentions) for d in again] == [(d.text, d.mentions) for d in documents]
    assert [[(p.kind, p.span, p.section) for p in d.passages] for d in again] == [
        [(p.kind, p.span, p.section) for p in d.passages] for d in documents
    ]
    assert tally.passages == {}


# Commands


def test_the_command_reads_full_text_and_tells_what_it_leaves_out(path: Path, tmp_path: Path) -> None:
    counts = {}
    for text in TEXT_CHOICES:
        out = tmp_path / f"{text}.parquet"
        summary = predict(Fake(), path, out, how=Reading(text), report=tmp_path / "report.json")
        report = json.loads((tmp_path / "report.json").read_text())
        counts[text] = (pq.read_metadata(out).num_rows, sum(report["passages_left_out"].values()))
        assert report["passages_left_out"] == summary.reading.passages
    assert counts == {"abstract": (3, 7), "paragraphs": (9, 4), "all": (14, 0)}


def test_shards_hold_what_was_read(path: Path, tmp_path: Path) -> None:
    shard(path, tmp_path / "shards", how=Reading("paragraphs"))
    manifest = read_shard_manifest(tmp_path / "shards")
    assert (manifest.text, manifest.passages_left_out) == (
        "paragraphs",
        {"comp_int": 1, "ref": 1, "table": 1, "title_1": 1},
    )
    predict(ANSWERS, tmp_path / "shards", tmp_path / "sharded.parquet")
    predict(ANSWERS, path, tmp_path / "whole.parquet", how=Reading("paragraphs"))
    assert pq.read_table(tmp_path / "sharded.parquet") == pq.read_table(tmp_path / "whole.parquet")
    with pytest.raises(HarmonizeError, match="expected files to read; --text and --offsets"):
        predict(ANSWERS, tmp_path / "shards", tmp_path / "a.parquet", how=Reading("all"))


def test_the_options_of_the_command(path: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "shards")]
    run = CliRunner().invoke(app, ["shard", str(path), *out, "--text", "paragraphs", "--offsets", "utf16"])
    assert run.exit_code == 0, run.output
    assert "left out: 4 passages with 8 mentions (comp_int 1, ref 1, table 1, title_1 1)" in run.output
    for option in ("--text", "--offsets"):
        run = CliRunner().invoke(app, ["shard", str(path), *out, option, "body"])
        assert (run.exit_code, "'body'" in run.output) == (2, True)
    with pytest.raises(UnknownName, match="unknown unit of offsets 'miles'"):
        Reading.named("all", "miles")


def test_the_command_reads_standard_input(path: Path, tmp_path: Path) -> None:
    arguments = ["shard", "-", "--out", str(tmp_path / "shards")]
    run = CliRunner().invoke(app, arguments, input=gzip.compress(path.read_bytes()))
    assert run.exit_code == 0, run.output
    assert read_shard_manifest(tmp_path / "shards").documents.out == 1
    run = CliRunner().invoke(app, arguments, input=counted("utf16", "bioc-json"))
    assert "warning: standard input: 1 mentions fit only if offsets count UTF-16 units" in run.output
    run = CliRunner().invoke(app, arguments, input=b'{"documents": [')
    assert (run.exit_code, "error: standard input:1: expected JSON" in run.output) == (2, True)


# Offsets of another unit, in every format

WIDE = "Ombrel \N{MOUSE FACE} soothes β colic"


def counted(unit: str, form: str) -> str:
    """A file of one document whose offsets count in a unit."""
    encoding, size = {"utf16": ("utf-16-le", 2), "bytes": ("utf-8", 1), "codepoints": ("utf-32-le", 4)}[unit]

    def place(name: str) -> tuple[int, int]:
        start = len(WIDE[: WIDE.index(name)].encode(encoding)) // size
        return start, len(name.encode(encoding)) // size

    found = {name: (*place(name), *ENTITIES[name]) for name in ("Ombrel", "colic")}
    if form == "pubtator":
        mentions = [f"8001\t{s}\t{s + n}\t{name}\t{kind}\t{id_}" for name, (s, n, kind, id_) in found.items()]
        return "\n".join([f"8001|t|{WIDE}", *mentions, "", ""])
    if form == "ppi-xml":
        entities = (
            f'<entity charOffset="{s}-{s + n}" type="{kind}" text="{name}"/>'
            for name, (s, n, kind, _) in found.items()
        )
        text = f'<sentence text="{WIDE}">{"".join(entities)}</sentence>'
        return f'<corpus><document id="8001">{text}</document></corpus>'
    annotations = [
        {
            "infons": {"type": kind, "identifier": identifier},
            "text": name,
            "locations": [{"offset": start, "length": size_}],
        }
        for name, (start, size_, kind, identifier) in found.items()
    ]
    passage = {"infons": {"type": "title"}, "offset": 0, "text": WIDE, "annotations": annotations}
    return json.dumps({"documents": [{"id": "8001", "passages": [passage]}]})


@pytest.mark.parametrize("form", ["pubtator", "bioc-json", "ppi-xml"])
@pytest.mark.parametrize("unit", ["utf16", "bytes"])
def test_offsets_of_another_unit_are_found_named_and_read(tmp_path: Path, unit: str, form: str) -> None:
    path = written(tmp_path, counted(unit, form), "a")
    (document,), tally = read(path)
    assert [mention.text for mention in document.mentions] == ["Ombrel"]
    assert tally.left_out == {(COUNTED_IN[unit], "Disease"): 1}  # type: ignore[index]
    assert (tally.files_counted_otherwise, tally.first_counted_otherwise) == (
        1,
        f"{path}: 1 mentions fit only if offsets count {'UTF-16 units' if unit == 'utf16' else 'bytes'}, "
        f"0 only if they count code points; `--offsets {unit}` reads them so",
    )
    with pytest.raises(HarmonizeError, match=f"offsets that count .*--offsets {unit}"):
        read(path, strict=True)
    tally = Tally()
    (document,) = read_input(path, rules=RULES, tally=tally, how=Reading.named("abstract", unit))
    assert [mention.text for mention in document.mentions] == ["Ombrel", "colic"]
    assert (tally.left_out, tally.files_counted_otherwise) == ({}, 0)
    (plain,), _ = read(written(tmp_path, counted("codepoints", form), "b"))
    assert plain == document


# Memory


def test_memory_does_not_grow_with_the_documents(tmp_path: Path) -> None:
    peaks = []
    for count in (30, 300):
        path = file_of(tmp_path, *(bioc(*FULL_TEXT * 2, identifier=str(n)) for n in range(count)))
        tracemalloc.start()
        found = RelationExtractor(Fake(), rules=RULES, batch_size=64)(
            read_input(path, rules=RULES, how=Reading("all"))
        )
        write_predictions(found, tmp_path / "out.json", "bioc-json", labels=LABELS)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 400_000
