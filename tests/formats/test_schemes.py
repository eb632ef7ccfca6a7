"""Relations that write ids with or without their scheme, where the mentions write them the other way."""

from __future__ import annotations

import pytest

from harmonize.formats.schemes import with_ids_of_mentions
from harmonize.model import Document, Mention, Passage, Relation, Span

TEXT = "ombrel colic"


def with_ids(first: tuple[str, ...], second: tuple[str, ...], *relations: Relation) -> Document:
    return Document(
        id="1",
        split="train",
        text=TEXT,
        passages=(Passage("title", Span(0, len(TEXT))),),
        mentions=(
            Mention("T0", "Drug", "ombrel", (Span(0, 6),), first),
            Mention("T1", "Disorder", "colic", (Span(7, 12),), second),
        ),
        relations=relations,
    )


def read(first: tuple[str, ...], second: tuple[str, ...], head: str, tail: str = "D2") -> str:
    """The head of a relation whose tail needs no reading."""
    subject = with_ids(first, second, Relation(head, tail, "heals"))
    (relation,) = with_ids_of_mentions(subject, "|", ("-",)).relations
    assert relation.tail == tail
    return relation.head


@pytest.mark.parametrize(
    ("mentioned", "written", "known"),
    [
        (("MESH:D1",), "D1", "MESH:D1"),
        (("D1",), "MESH:D1", "D1"),
        (("MESH:D1",), "mesh:D1", "MESH:D1"),
        (("MESH:D1", "MESH:D3"), "D1|D3", "MESH:D1|MESH:D3"),
        (("MESH:D1|MESH:D3",), "D1|D3", "MESH:D1|MESH:D3"),
        (("D1",), "D1", "D1"),
        (("MESH:D1", "D1"), "D1", "D1"),
    ],
)
def test_an_id_is_that_of_the_mention_with_or_without_scheme(
    mentioned: tuple[str, ...], written: str, known: str
) -> None:
    assert read(mentioned, ("D2",), written) == known


@pytest.mark.parametrize(
    ("mentioned", "written"),
    [
        (("OMIM:D1",), "MESH:D1"),
        (("MESH:D1", "OMIM:D1"), "D1"),
        (("MESH:-",), "-"),
        (("MESH:D1",), "D9"),
        (("MESH:D1",), "D8 | D9"),
        (("MESH:T1",), "T1"),
    ],
)
def test_any_other_id_stays_as_it_is(mentioned: tuple[str, ...], written: str) -> None:
    assert read(mentioned, ("D2",), written) == written


def test_relations_stand_in_order_of_the_ids_that_they_get() -> None:
    subject = with_ids(("MESH:D1",), ("D2",), Relation("D1", "D2", "heals"), Relation("D2", "D1", "heals"))
    read = with_ids_of_mentions(subject, "", ())
    assert [relation.head for relation in read.relations] == ["D2", "MESH:D1"]
