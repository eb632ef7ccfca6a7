"""Properties that hold for any input, with hypothesis."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError
from harmonize.formats import bioc, ddi_xml, drugprot_tsv, ppi_xml, pubtator
from harmonize.formats.annotation_order import numbered_mentions
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, PubTatorRelation, split_ids
from harmonize.formats.sentences import AnnotatedSentence, joined
from harmonize.model import Document, Mention, Relation, Span

GOLDEN = Path(__file__).parent.parent / "golden"
brief = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])

# Any character but tab, line ends and halves of surrogate pairs, which the format cannot express.
any_text = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), max_size=40)
labels = st.text("ABCxyz-_.;:,|#α ", min_size=1, max_size=8)
identifiers = st.from_regex(r"[1-9][0-9]{0,8}", fullmatch=True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def cut(draw: st.DrawFn, text: str) -> Span:
    start = draw(st.integers(0, len(text) - 1))
    return Span(start, draw(st.integers(start + 1, len(text))))


@st.composite
def records(draw: st.DrawFn) -> PubTatorRecord:
    title, abstract = draw(st.tuples(any_text, st.none() | any_text).filter(any))
    bare = PubTatorRecord(draw(identifiers), title, abstract, (), (), 0)
    mentions = []
    for _ in range(draw(st.integers(0, 4))):
        span = cut(draw, bare.text)
        identifier = draw(st.none() | labels)
        extra = None if identifier is None else draw(st.none() | st.just("") | labels)
        mentions.append(PubTatorMention(*span, span.of(bare.text), draw(labels), identifier, extra, 0))
    relation = st.builds(
        PubTatorRelation, labels, labels, labels, st.sampled_from([None, "No", "Novel"]), st.just(0)
    )
    return replace(bare, mentions=tuple(mentions), relations=tuple(draw(st.lists(relation, max_size=3))))


def without_lines(record: PubTatorRecord) -> PubTatorRecord:
    return replace(
        record,
        line=0,
        mentions=tuple(replace(mention, line=0) for mention in record.mentions),
        relations=tuple(replace(relation, line=0) for relation in record.relations),
    )


@brief
@given(written=st.lists(records(), min_size=1, max_size=3))
def test_pubtator_reads_what_it_wrote(folder: Path, written: list[PubTatorRecord]) -> None:
    path = folder / "written.PubTator"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        pubtator.write(written, file)
    assert [without_lines(record) for record in pubtator.read(path)] == written


@brief
@given(record=records())
def test_pubtator_document_spells_every_mention(record: PubTatorRecord) -> None:
    made = pubtator.document(record, "train", lambda _, raw: split_ids(raw, ",;"))
    assert sorted(m.text for m in made.mentions) == sorted(m.text for m in record.mentions)
    assert [p.span.of(made.text) for p in made.passages] == [
        part for part in (record.title, record.abstract) if part
    ]


@pytest.mark.parametrize("character", ["\t", "\n"])
def test_pubtator_refuses_to_write_what_it_cannot_hold(folder: Path, character: str) -> None:
    mention = PubTatorMention(0, 3, "a b".replace(" ", character), "T", None, None, 0)
    record = PubTatorRecord("90000001", "a b", None, (mention,), (), 0)
    with (folder / "refused").open("w") as file, pytest.raises(ValueError, match="PubTator cannot hold"):
        pubtator.write([record], file)


# Reading anything at all: a HarmonizeError or records, and nothing else.


def read_pubtator(path: Path) -> None:
    for record in pubtator.read(path):
        pubtator.document(record, "train", lambda _, raw: split_ids(raw, ",;|"))


def read_bioc(path: Path) -> None:
    for record in bioc.read(path):

        def mention(annotation: Any, document: str = record.id) -> tuple[str, tuple[str, ...]]:
            return bioc.infon(annotation, "type", path, document), ()

        def relation(annotated: Any, document: str = record.id) -> Relation:
            return Relation("a", "b", bioc.infon(annotated, "type", path, document))

        bioc.annotation_count(record)
        bioc.document(record, path, "train", mention, relation)


def read_ddi(path: Path) -> None:
    joined(ddi_xml.read(path.read_bytes(), str(path)).sentences)


def read_ppi(path: Path) -> None:
    for record in ppi_xml.read(path):
        joined(record.sentences)


def read_drugprot(path: Path) -> None:
    list(drugprot_tsv.read(path, path, path))


READERS = {
    "pubtator": ("a.PubTator", read_pubtator),
    "bioc_xml": ("a.xml", read_bioc),
    "bioc_json": ("a.json", read_bioc),
    "ddi_xml": ("b.xml", read_ddi),
    "ppi_xml": ("c.xml", read_ppi),
    "drugprot_tsv": ("d.tsv", read_drugprot),
}


def read_bytes(folder: Path, kind: str, content: bytes) -> None:
    name, reader = READERS[kind]
    (folder / name).write_bytes(content)
    with suppress(HarmonizeError):
        reader(folder / name)


@pytest.mark.parametrize("kind", READERS)
@brief
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(folder: Path, kind: str, content: bytes) -> None:
    read_bytes(folder, kind, content)


GOOD = {
    kind: b"".join(path.read_bytes() for path in sorted(GOLDEN.glob(pattern)))
    for kind, pattern in {
        "pubtator": "pubtator/seventh-column/input.PubTator",
        "bioc_xml": "bioc_xml/doctype-is-not-fetched/input.xml",
        "bioc_json": "bioc_json/infons-in-any-order/input.json",
        "ddi_xml": "ddi_xml/discontinuous-mention/input.xml",
        "ppi_xml": "ppi_xml/nested-mentions/input.xml",
        "drugprot_tsv": "drugprot_tsv/rows-in-other-order/entities.tsv",
    }.items()
}
PIECES = [
    b"",
    b"\t",
    b"\n",
    b"\r",
    b"\xff",
    b"-",
    b"9",
    b"9" * 5000,
    b";",
    b"|",
    b'"',
    b"<",
    b"&x;",
    b"null",
    b"\0",
]


@pytest.mark.parametrize("kind", READERS)
@brief
@given(
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=3
    )
)
def test_a_damaged_file_is_read_or_refused(
    folder: Path, kind: str, edits: list[tuple[float, int, bytes]]
) -> None:
    content = GOOD[kind]
    for place, length, piece in edits:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    read_bytes(folder, kind, content)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.floats()
    | st.sampled_from(["", "type", "Title", "9"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "x"]), inner),
    max_leaves=4,
)


@st.composite
def bioc_like(draw: st.DrawFn) -> Any:
    """A good BioC JSON file in which one value, anywhere, is something else."""
    value = json.loads(GOOD["bioc_json"])
    container, key = draw(st.sampled_from(list(places(value))))
    container[key] = draw(json_values)
    return value


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything in a JSON value."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@settings(brief, max_examples=200)
@given(value=bioc_like())
def test_bioc_json_of_any_shape_is_read_or_refused(folder: Path, value: Any) -> None:
    read_bytes(folder, "bioc_json", json.dumps(value).encode())


def test_deeply_nested_json_is_refused(folder: Path) -> None:
    (folder / "deep.json").write_bytes(b"[" * 100_000)
    with pytest.raises(HarmonizeError):
        list(bioc.read(folder / "deep.json"))


# Mentions and ids.


@st.composite
def found_mentions(draw: st.DrawFn) -> tuple[str, list[tuple[Span, str, tuple[str, ...]]]]:
    text = draw(any_text.filter(bool))
    ids = st.lists(st.sampled_from(["1", "2", "10"]), max_size=2).map(tuple)
    found = [
        (cut(draw, text), draw(st.sampled_from("AB")), draw(ids)) for _ in range(draw(st.integers(0, 6)))
    ]
    return text, found


@brief
@given(case=found_mentions(), seed=st.integers(0, 9))
def test_numbered_mentions_do_not_depend_on_the_order_found(
    case: tuple[str, list[tuple[Span, str, tuple[str, ...]]]], seed: int
) -> None:
    text, found = case
    shuffled = random.Random(seed).sample(found, len(found))
    mentions = numbered_mentions(text, found)
    assert numbered_mentions(text, shuffled) == mentions
    assert [mention.id for mention in mentions] == [f"T{number}" for number in range(len(found))]
    assert [mention.extent for mention in mentions] == sorted(span for span, _, _ in found)
    assert all(mention.is_spelled_by(text) for mention in mentions)


@settings(brief, max_examples=200)
@given(raw=st.none() | st.text("12D-,;| ^]\\", max_size=12), separators=st.text(",;|^]\\", max_size=3))
def test_split_ids_are_known_stripped_and_distinct(raw: str | None, separators: str) -> None:
    ids = split_ids(raw, separators)
    assert len(set(ids)) == len(ids)
    for identifier in ids:
        assert identifier == identifier.strip()
        assert identifier not in ("", "-", "-1")
        assert not set(identifier) & set(separators)
        assert identifier in (raw or "")
    places = [f"{raw}".find(identifier) for identifier in ids]
    assert all(place >= 0 for place in places)


@brief
@given(
    ids=st.lists(st.sampled_from(["D1", "D2", "c|SUB|G|35|A", "CVCL_1"]), unique=True), blank=st.booleans()
)
def test_split_ids_takes_joined_ids_apart(ids: list[str], blank: bool) -> None:
    joiner = " ; " if blank else ";"
    assert split_ids(joiner.join(ids), ",;") == tuple(ids)
    assert split_ids(joiner.join([*ids, *ids, "-"]), ",;") == tuple(ids)


@st.composite
def annotated_sentences(draw: st.DrawFn) -> list[AnnotatedSentence]:
    sentences = []
    for number, text in enumerate(
        draw(st.lists(any_text | st.sampled_from(["", " ", "a\r\nb "]), max_size=4))
    ):
        mentions = []
        for serial in range(draw(st.integers(0, 3)) if text.strip() else 0):
            first = cut(draw, text)
            spans = [first]
            if first.end + 1 < len(text) and draw(st.booleans()):
                second = cut(draw, text[first.end + 1 :])
                spans.append(second.shifted(first.end + 1))
            spelled = first.of(text) if len(spans) == 1 else " ".join(span.of(text) for span in spans)
            mentions.append(Mention(f"s{number}.e{serial}", "drug", spelled, tuple(spans)))
        sentences.append(AnnotatedSentence(f"s{number}", None, text, tuple(mentions), ()))
    return sentences


@settings(brief, max_examples=200)
@given(sentences=annotated_sentences())
def test_joined_keeps_every_mention_spelled_and_in_its_sentence(sentences: list[AnnotatedSentence]) -> None:
    text, passages, spans, mentions = joined(sentences)
    made = Document("d", "train", text, passages, mentions, sentences=spans)
    assert [m.id for m in made.mentions] == [m.id for sentence in sentences for m in sentence.mentions]
    full = [sentence for sentence in sentences if sentence.text.strip()]
    assert [span.of(text) for span in spans] == [sentence.text for sentence in full]
    for mention in mentions:
        home = next(i for i, sentence in enumerate(full) if mention.id.startswith(f"{sentence.id}."))
        assert [i for i, span in enumerate(spans) if span.covers(mention.extent)] == [home]
