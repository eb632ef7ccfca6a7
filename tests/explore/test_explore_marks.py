"""Texts cut for marking, and drawings of relations."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.explore.graph import WIDTH, drawn, sign
from harmonize.explore.marks import pieces
from harmonize.explore.view import Entity, family
from harmonize.model import Span


def entity(number: int, *spans: tuple[int, int], name: str = "x", letter: str = "C") -> Entity:
    return Entity(number, f"id{number}", "ChemicalEntity", name, letter, tuple(Span(*span) for span in spans))


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Entity], Span]:
    text = draw(st.text(st.sampled_from("ab 🧬μ."), min_size=1, max_size=60))
    places = st.integers(0, len(text) - 1)
    found = []
    for number in range(draw(st.integers(0, 4))):
        starts = draw(st.sets(places, min_size=1, max_size=3))
        found.append(
            entity(number, *((start, draw(st.integers(start + 1, len(text)))) for start in sorted(starts)))
        )
    start = draw(places)
    return text, found, Span(start, draw(st.integers(start + 1, len(text))))


@given(marked_texts())
@settings(max_examples=200)
def test_pieces_make_up_the_passage_and_cover_each_mention(made: tuple[str, list[Entity], Span]) -> None:
    text, entities, within = made
    found = pieces(text, entities, within)
    assert "".join(piece.text for piece in found) == within.of(text)
    position = within.start
    for piece in found:
        for place in range(position, position + len(piece.text)):
            inside = [one.number for one in entities if any(s.start <= place < s.end for s in one.spans)]
            assert [one.number for one in piece.entities] == inside
        position += len(piece.text)
        ends = [
            one.number
            for one in entities
            if any(
                min(s.end, within.end) == position
                for s in one.spans
                if s.start < within.end and s.end > within.start
            )
        ]
        assert sorted(one.number for one in piece.ends) == ends


def test_nested_mentions_are_told_apart() -> None:
    found = pieces("the IL-2 receptor", [entity(0, (4, 17)), entity(1, (4, 8))], Span(0, 17))
    assert [(piece.text, [one.number for one in piece.entities]) for piece in found] == [
        ("the ", []),
        ("IL-2", [0, 1]),
        (" receptor", [0]),
    ]


@given(st.integers(2, 60), st.data())
@settings(max_examples=60)
def test_no_name_covers_another_and_everything_lies_in_the_drawing(count: int, data: st.DataObject) -> None:
    letters = data.draw(st.lists(st.sampled_from("CDG "), min_size=count, max_size=count))
    entities = [entity(n, name="n" * (n + 1), letter=letter.strip()) for n, letter in enumerate(letters)]
    pairs = data.draw(st.lists(st.sampled_from(list(combinations(range(count), 2))), max_size=90))
    graph = drawn(entities, [(head, tail, "Bind", False) for head, tail in pairs])
    named = {number for pair in pairs for number in pair}
    assert len(graph.nodes) + graph.left_out == len(named)
    assert len(graph.nodes) == min(len(named), 40)
    for one, other in combinations(graph.nodes, 2):
        assert one.anchor != other.anchor or abs(one.y - other.y) >= 20
    for node in graph.nodes:
        assert 0 < node.x < WIDTH
        assert 0 < node.y < graph.height
    for edge in graph.edges:
        assert 0 < edge.x < WIDTH
        assert 0 < edge.y < graph.height
    if not graph.left_out:
        assert len(graph.edges) == len(set(pairs))


def test_each_label_has_a_sign_of_its_own() -> None:
    assert sign("Positive_Correlation") == "+"
    assert sign("mechanism") == "M"
    assert sign("") == "?"


def test_types_of_all_corpora_have_their_family() -> None:
    types = ("ChemicalEntity", "DrugProt-Chem", "BC5CDR-Disease", "GENE-Y", "SequenceVariant", "Species", "")
    assert [family(name) for name in types] == ["C", "C", "D", "G", "G", "", ""]
