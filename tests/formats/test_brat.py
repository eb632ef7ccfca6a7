"""brat's standoff: texts and annotations beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_gold import GoldDocument, GoldReading, gold_document
from harmonize.formats.brat import EVENT, NO_RELATION, read
from harmonize.formats.misfits import UNSPELLED
from harmonize.formats.pubtator_forgiving import NO_MENTION
from harmonize.model import Span

TEXT = "Aspirin and fever.\nIt relieves fever well.\n"
LINES = """\
T1\tDrug 0 7\tAspirin
T2\tDisorder 12 17\tfever
T3\tDisorder 31 36\tfever
R1\theals Arg1:T1 Arg2:T2\t
N1\tReference T1 MESH:D001241\taspirin
N2\tReference T2 MESH:D005334\tFever
N3\tReference T2 OMIM:1\t
#1\tAnnotatorNotes T1\twhat a drug
A1\tNegated T1
*\tEquiv T2 T3
"""


def document(text: str = TEXT, lines: str = LINES, *, of_mentions: bool = True) -> GoldDocument:
    ((name, record, left_out),) = read([("a/1.txt", text.encode())], [("a/1.ann", lines.encode())])
    assert name == "a/1.ann"
    how = GoldReading(lambda _, raw: tuple((raw or "").split(",")) if raw else (), of_mentions, ",")
    found = gold_document(record, Path(name), "train", how)
    return GoldDocument(found.document, [*left_out, *found.left_out])


def test_mentions_ids_and_relations_are_read() -> None:
    found = document()
    assert found.left_out == []
    assert [(m.id, m.type, m.text, m.concept_ids) for m in found.document.mentions] == [
        ("T1", "Drug", "Aspirin", ("MESH:D001241",)),
        ("T2", "Disorder", "fever", ("MESH:D005334", "OMIM:1")),
        ("T3", "Disorder", "fever", ()),
    ]
    (relation,) = found.document.relations
    assert (relation.head, relation.tail, relation.type) == ("T1", "T2", "heals")
    (relation,) = document(of_mentions=False).document.relations
    assert (relation.head, relation.tail) == ("MESH:D001241", "MESH:D005334,OMIM:1")


def test_the_order_of_lines_does_not_matter() -> None:
    lines = LINES.splitlines()
    assert document(lines="\n".join((*lines[3:], *lines[:3]))).document == document().document


def test_parts_of_a_mention() -> None:
    found = document(lines="T1\tDrug 0 7;12 17\tAspirin fever\n")
    assert found.document.mentions[0].spans == (Span(0, 7), Span(12, 17))
    assert found.document.mentions[0].text == "Aspirin fever"


def test_a_mention_over_a_line_end_has_a_blank_there() -> None:
    found = document("Scarlet\nfever is rare.", "T1\tDisorder 0 13\tScarlet fever\n")
    assert found.document.mentions[0].text == "Scarlet fever"


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("One line.", ["One line."]),
        ("A title\nand all that follows it.\n", ["A title", "and all that follows it."]),
        ("A title\r\nwith two. Characters\r\n", ["A title", "with two. Characters"]),
        ("Lines that\nsomebody has\nwrapped.", ["Lines that somebody has wrapped."]),
        ("A paragraph\nof two.\n\n\nAnother.\n \t\nA last.", ["A paragraph of two.", "Another.", "A last."]),
        ("\tA tab\tand a\u2028separator.", ["A tab and a\u2028separator."]),
    ],
    ids=["one_line", "two_lines", "carriage_returns", "wrapped", "paragraphs", "tabs"],
)  # fmt: skip
def test_passages_are_paragraphs_and_of_two_lines_the_first_is_the_title(
    text: str, passages: list[str]
) -> None:
    found = document(text, "")
    assert [passage.span.of(found.document.text) for passage in found.document.passages] == passages
    for passage in found.document.passages:
        assert passage.span.of(text).split() == passage.span.of(found.document.text).split()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("T9 Drug 0 7 Aspirin", NO_MENTION),
        ("T9\tDrug 0\tAspirin", NO_MENTION),
        ("T9\tDrug -1 7\tAspirin", NO_MENTION),
        ("T9\tDrug 0 7\tIbuprofen", UNSPELLED),
        ("R9\theals T1 T2", NO_RELATION),
        ("R9\theals Arg1:T1", "is not of two entities"),
        ("R9\theals Arg1:T1 Arg2:T8", "names an annotation that is not there"),
        ("E1\tBinding:T2 Theme:T1", EVENT),
        ("who knows", NO_MENTION),
    ],
)
def test_an_odd_line_costs_itself(line: str, reason: str) -> None:
    found = document(lines=f"{line}\n{LINES}")
    assert [drop.reason for drop in found.left_out] == [reason]
    assert found.document == document().document


def test_texts_without_annotations_and_annotations_without_text() -> None:
    (found,) = read([("a/README.txt", b"Read me.")], [])
    assert (found.name, found.record.id) == (None, "README")
    with pytest.raises(MalformedInput, match=r"a/2\.ann: expected the text of these annotations beside it"):
        list(read([("a/1.txt", b"A")], [("a/1.ann", b""), ("a/2.ann", b"")]))


@pytest.mark.parametrize(
    ("text", "lines", "place"), [(b"A\n\xe9", b"", "1.txt:2"), (b"A", b"\xff", "1.ann:1")]
)
def test_what_is_no_utf_8_is_told(text: bytes, lines: bytes, place: str) -> None:
    with pytest.raises(MalformedInput, match=f"{place}: expected UTF-8, got byte 0x.*iconv -f WINDOWS-1252"):
        list(read([("1.txt", text)], [("1.ann", lines)]))


@given(
    text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(str.strip),
    places=st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=5),
)
def test_what_the_text_has_at_its_place_is_read(text: str, places: list[tuple[int, int]]) -> None:
    """Mentions that brat would write: neither empty nor beyond the text, line ends as blanks."""
    spans = {Span(start, start + length) for start, length in places if start + length <= len(text)}
    spans = {span for span in spans if span.of(text).strip()}
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    spans = {span for span in spans if begin <= span.start and span.end <= end}
    names = [
        (span, "".join(" " if each in "\r\n\t" else each for each in span.of(text))) for span in sorted(spans)
    ]
    lines = [f"T{n}\tDrug {span.start} {span.end}\t{name}" for n, (span, name) in enumerate(names)]
    found = document(text, "\n".join(lines))
    assert [(mention.spans[0]) for mention in found.document.mentions] == sorted(spans)
