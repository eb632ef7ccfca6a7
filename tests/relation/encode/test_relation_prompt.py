"""The prompt of a pair, as the classifier sees it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from relation_cases import CHEMICAL, DISEASE, GENE, TAGS, pair, pairs

from harmonize.relation.encode.prompt import (
    Tag,
    context_pieces,
    context_question,
    question,
    question_pieces,
    question_words,
    spelled,
    tag,
    tag_tokens,
)
from harmonize.relation.pair import Pair


def context(made: Pair) -> str:
    return spelled(context_pieces(made, TAGS))


def test_the_question_is_the_papers() -> None:
    made = pair("Aspirin provokes asthma.", ["Aspirin"], ["asthma"])
    expected = "What is the relation in BioRED between <C>Aspirin</C> and <D>asthma</D>?"
    assert spelled(question_pieces(made, TAGS)) == expected
    assert question("BioRED", ("Aspirin", "C"), ("asthma", "D")) == expected


def test_a_vocabulary_of_the_questions_has_their_words() -> None:
    asked = question("BioRED", ("", "C"), ("", "D"))
    words = question_words("BioRED", of_context=False).split()
    assert words == re.sub("<.>|</.>", "", asked).split()
    assert words == ["What", "is", "the", "relation", "in", "BioRED", "between", "and", "?"]
    assert question_words("BioRED", of_context=True) == context_question("BioRED")


def test_internal_types_are_their_own_tags() -> None:
    assert tag("BC5CDR-Chem", TAGS) == "BC5CDR-Chem"
    assert tag(GENE, TAGS) == "G"
    assert tag_tokens(["G", "C", "G", "BC5CDR-Chem"]) == [
        *("<BC5CDR-Chem>", "</BC5CDR-Chem>"),
        *("<C>", "</C>", "<G>", "</G>"),
    ]
    made = pair("a and b", ["a"], ["b"], ("BC5CDR-Chem", "BC5CDR-Disease"), task="BC5CDR")
    assert spelled(question_pieces(made, TAGS)) == (
        "What is the relation in BC5CDR between <BC5CDR-Chem>a</BC5CDR-Chem> "
        "and <BC5CDR-Disease>b</BC5CDR-Disease>?"
    )


@pytest.mark.parametrize(
    ("text", "head", "tail", "expected"),
    [
        ("Aspirin and asthma.", ["Aspirin"], ["asthma"], "<C>Aspirin</C> and <D>asthma</D>."),
        ("asthma by aspirin", ["aspirin"], ["asthma"], "<D>asthma</D> by <C>aspirin</C>"),
        ("ab", ["a"], ["b"], "<C>a</C><D>b</D>"),
        ("ab", ["b"], ["a"], "<D>a</D><C>b</C>"),
        # Nested, at either end and in the middle.
        ("lead poisoning", ["lead"], ["lead poisoning"], "<D><C>lead</C> poisoning</D>"),
        ("acute lead", ["lead"], ["acute lead"], "<D>acute <C>lead</C></D>"),
        ("an acute lead x", ["lead"], ["acute lead x"], "an <D>acute <C>lead</C> x</D>"),
        ("lead poisoning", ["lead poisoning"], ["lead"], "<C><D>lead</D> poisoning</C>"),
        # Crossing: no nesting is possible, but no tag is lost.
        ("a b c", ["a b"], ["b c"], "<C>a <D>b</C> c</D>"),
        ("a b c", ["b c"], ["a b"], "<D>a <C>b</D> c</C>"),
        # The very same span: the head's is outside.
        ("lead", ["lead"], ["lead"], "<C><D>lead</D></C>"),
        # Discontinuous: "oral ... heparin" is a span each.
        ("oral or iv heparin, x", ["oral", "heparin"], ["x"], "<C>oral</C> or iv <C>heparin</C>, <D>x</D>"),
        # Several mentions of one entity, one inside the other, and one that comes twice.
        ("a b, x", [(0, 3), (2, 3), (0, 3)], ["x"], "<C>a <C>b</C></C>, <D>x</D>"),
        ("a <C> x </C>", ["a"], ["x"], "<C>a</C> <C> <D>x</D> </C>"),
    ],
)
def test_mentions_are_tagged_where_they_meet(
    text: str, head: list[str], tail: list[str], expected: str
) -> None:
    assert context(pair(text, head, tail)) == expected


def test_both_entities_may_have_one_type() -> None:
    made = pair("p53 binds MDM2", ["p53"], ["MDM2"], (GENE, GENE))
    pieces = context_pieces(made, TAGS)
    assert spelled(pieces) == "<G>p53</G> binds <G>MDM2</G>"
    assert [piece.side for piece in pieces if isinstance(piece, Tag)] == [0, 0, 1, 1]


def test_a_text_that_spells_a_tag_stays_text() -> None:
    pieces = context_pieces(pair("<C> x y", ["x"], ["y"]), TAGS)
    assert pieces[0] == "<C> "
    assert sum(isinstance(piece, Tag) for piece in pieces) == 4


@given(pairs())
def test_without_its_tags_a_context_is_the_text(made: Pair) -> None:
    pieces = context_pieces(made, TAGS)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == made.text
    assert "" not in pieces


@given(pairs())
def test_each_span_has_its_two_tags_where_it_begins_and_ends(made: Pair) -> None:
    done = 0
    places: Counter[tuple[int, bool, int]] = Counter()
    open_tags: list[tuple[int, object]] = []
    for piece in context_pieces(made, TAGS):
        if isinstance(piece, str):
            done += len(piece)
            continue
        places[piece.side, piece.opens, done] += 1
        key = (piece.side, piece.span)
        if piece.opens:
            open_tags.append(key)
        else:
            open_tags.remove(key)
    assert not open_tags
    expected = Counter(
        (side, opens, place)
        for side, one in enumerate((made.head, made.tail))
        for span in one.spans
        for opens, place in ((True, span.start), (False, span.end))
    )
    assert places == expected


@given(pairs())
def test_tags_of_mentions_that_do_not_cross_nest(made: Pair) -> None:
    spans = [*made.head.spans, *made.tail.spans]
    if any(a.start < b.start < a.end < b.end for a in spans for b in spans):
        return
    stack = []
    for piece in context_pieces(made, TAGS):
        if isinstance(piece, Tag):
            if piece.opens:
                stack.append((piece.side, piece.span))
            else:
                assert stack.pop() == (piece.side, piece.span)


@given(pairs())
def test_the_question_names_both_entities_once(made: Pair) -> None:
    pieces = question_pieces(made, TAGS)
    assert [piece for piece in pieces if isinstance(piece, str)] == [
        "What is the relation in BioRED between ",
        *(made.head.name, " and ", made.tail.name, "?"),
    ]
    assert re.fullmatch(r"(<[CDG]></[CDG]>){2}", spelled(p for p in pieces if isinstance(p, Tag)))


def test_the_types_of_the_examples_have_tags() -> None:
    assert {tag(kind, TAGS) for kind in (CHEMICAL, DISEASE, GENE)} == {"C", "D", "G"}
