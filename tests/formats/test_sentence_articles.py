"""Unified PPI XML and the DDI corpus' as new documents: entities are mentions, sentences stay."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import MalformedInput
from harmonize.formats.article_forms import form_of
from harmonize.formats.bioc_record import DISCONTINUOUS
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.offsets import OFFSET_UNITS, Offsets, OffsetUnit
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.formats.sentence_articles import sentence_article, sentence_articles
from harmonize.registry import sample_folder

Seen = list[tuple[str, str]]


def entity(text: str, offsets: str, kind: str = "protein") -> str:
    return f'<entity id="e" charOffset="{offsets}" type="{kind}" text="{text}"/>'


def sentence(text: str, *entities: str) -> str:
    return f'<sentence id="s" text="{text}">{"".join(entities)}</sentence>'


def document(*sentences: str, identifier: str = "D.d0") -> str:
    return f'<document id="{identifier}">{"".join(sentences)}</document>'


def corpus(*documents: str) -> str:
    return f'<?xml version="1.0"?>\n<corpus source="D">{"".join(documents)}</corpus>'


def read(content: str | bytes, **options: Any) -> tuple[list[PubTatorRecord], Seen]:
    data = content.encode() if isinstance(content, str) else content
    assert form_of(data) == "ppi-xml"
    seen: Seen = []
    return [
        sentence_article(
            element, "a", ends, lambda _, mention, reason: seen.append((mention.text, reason)), **options
        )
        for element, ends in sentence_articles(io.BufferedReader(io.BytesIO(data)), "a")
    ], seen


def told(record: PubTatorRecord) -> list[tuple[int, str, str, str | None]]:
    for mention in record.mentions:
        assert record.text[mention.start : mention.end] == mention.text
    return [(m.start, m.text, m.type, m.id) for m in record.mentions]


@pytest.mark.parametrize("beyond", [0, 1])
def test_entities_are_mentions_whether_ends_are_inclusive_or_not(beyond: int) -> None:
    content = corpus(
        document(
            sentence("AKR binds BTR.", entity("AKR", f"0-{3 - beyond}"), entity("BTR", f"10-{13 - beyond}")),
            sentence(" "),
            sentence("So does C.", entity("C", f"8-{9 - beyond}")),
        )
    )
    (record,), seen = read(content)
    assert record.text == "AKR binds BTR.   So does C."
    assert told(record) == [
        (0, "AKR", "protein", None),
        (10, "BTR", "protein", None),
        (25, "C", "protein", None),
    ]
    assert [span.of(record.text) for span in record.sentences or ()] == ["AKR binds BTR.", "So does C."]
    assert [(p.kind, p.span) for p in record.laid_out()[1]] == [("text", (0, 27))]
    assert seen == []


def test_the_ends_that_one_mention_shows_are_those_of_the_file() -> None:
    first = document(sentence("AKR.", entity("AKR", "0-2")), identifier="1")
    doubtful = document(sentence("AA.", entity("A", "0-1"), entity("AA", "0-1")), identifier="2")
    (_, record), seen = read(corpus(first, doubtful))
    assert (told(record), seen) == ([(0, "AA", "protein", None)], [("A", UNSPELLED)])


def test_what_does_not_fit_is_left_out_by_reason() -> None:
    odd = [
        entity("AKR", "0-3"),
        entity("AKR", "1-4"),
        entity("BTR", "10-99"),
        entity("AKR BTR", "0-3,10-13"),
        entity("AKR", ""),
        entity("AKR", "0-3", ""),
        "<entity/>",
    ]
    (record,), seen = read(corpus(document(sentence("AKR binds BTR.", *odd))))
    assert told(record) == [(0, "AKR", "protein", None)]
    assert seen == [
        ("AKR", UNSPELLED),
        ("BTR", BEYOND),
        ("AKR BTR", DISCONTINUOUS),
        ("AKR", NO_PLACE),
        ("AKR", NO_TYPE),
        ("", NO_PLACE),
    ]


def test_an_entity_without_type_is_a_protein_as_in_iepa() -> None:
    (record,), seen = read(corpus(document(sentence("AKR", '<entity text="AKR" charOffset="0-3"/>'))))
    assert (told(record), seen) == ([(0, "AKR", "protein", None)], [])


def test_the_span_decides_where_only_the_form_differs() -> None:
    content = corpus(document(sentence("IL-1β rose.", entity("IL-1b", "0-5"))))
    assert read(content)[1] == [("IL-1b", UNSPELLED)]
    (record,), seen = read(content, forgiving=True)
    assert (told(record), seen) == ([(0, "IL-1β", "protein", None)], [])


def test_the_ddi_corpus_files_are_read_too() -> None:
    content = document(
        sentence("Zelpar and ombrel.", entity("Zelpar", "0-5", "drug"), entity("Zel rel", "0-2;14-16"))
    )
    (record,), seen = read(content)
    assert (told(record), seen) == ([(0, "Zelpar", "drug", None)], [("Zel rel", DISCONTINUOUS)])


def test_hprds_ids_are_ids_of_proteins() -> None:
    (record,), _ = read(corpus(document(sentence("Jak", entity("Jak", "0-3", "pm0100001||pm0100002")))))
    assert told(record) == [(0, "Jak", "protein", "pm0100001|pm0100002")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<corpus><document><sentence/></document></corpus>", "a:1: expected attribute 'id' in <document>"),
        (
            '<corpus><document id=" "><sentence/></document></corpus>',
            "a:1: expected an id in <document>, got none",
        ),
        (
            corpus(document("<sentence/>")),
            "a:2: document D.d0: expected attribute 'text' in <sentence>",
        ),
    ],
)
def test_a_document_that_is_none_is_one_line(content: str, message: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        read(content)
    assert str(caught.value) == message


def test_without_a_handler_a_misfit_is_one_line() -> None:
    content = corpus(document(sentence("AKR", entity("BTR", "0-3"))))
    element, ends = next(sentence_articles(io.BufferedReader(io.BytesIO(content.encode())), "a"))
    with pytest.raises(MalformedInput, match=r"a:2: document D\.d0: expected 'BTR' at 0-3 of the sentence"):
        sentence_article(element, "a", ends)


@given(
    words=st.lists(st.text("aβ🐭", min_size=1, max_size=3), min_size=1, max_size=5),
    unit=st.sampled_from(OFFSET_UNITS),
)
def test_every_unit_of_offsets_gives_the_same_mentions(words: list[str], unit: OffsetUnit) -> None:
    encoding, size = {"codepoints": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "bytes": ("utf-8", 1)}[unit]
    entities, start = [], 0
    for word in words:
        end = start + len(word.encode(encoding)) // size
        entities.append(entity(word, f"{start}-{end}"))
        start = end + 1
    (record,), seen = read(corpus(document(sentence(" ".join(words), *entities))), offsets=Offsets(unit))
    assert ([m.text for m in record.mentions], seen) == (words, [])


@pytest.mark.parametrize("name", ["aimed/AIMed-train.xml", "hprd50/HPRD50-train.xml"])
def test_the_sample_corpora_are_read(name: str) -> None:
    records, seen = read((sample_folder() / name).read_bytes())
    assert records
    assert all(told(record) for record in records)
    assert {reason for _, reason in seen} <= {DISCONTINUOUS}


def test_every_real_file_is_read(mirror: Path) -> None:
    for name, documents, mentions in (
        ("aimed/AIMed-train.xml", 180, 3407),
        ("aimed/AIMed-test.xml", 44, 795),
        ("hprd50/HPRD50-train.xml", 34, 320),
        ("hprd50/HPRD50-test.xml", 9, 85),
    ):
        records, seen = read((mirror / name).read_bytes())
        assert (len(records), sum(len(told(record)) for record in records)) == (documents, mentions), name
        assert seen == []


def test_with_relations_come_pairs_and_entities_in_several_parts() -> None:
    pairs = (
        '<interaction e1="a" e2="b" type="Complex"/><pair e1="a" e2="c" interaction="True"/>'
        '<pair e1="b" e2="c" interaction="False"/><pair e1="b" e2="c" ddi="true"/>'
    )
    entities = (
        '<entity id="a" charOffset="0-3" text="AKR"/>'
        '<entity id="b" charOffset="10-13,19-20" text="BTR 2" type="protein"/>'
        '<entity id="c" charOffset="10-13,18-19" text="BTR 2" type="protein"/>'
    )
    content = corpus(document(sentence("First."), sentence("AKR binds BTR 1 or 2.", entities, pairs)))
    (record,), seen = read(content, relations=True)
    assert [(m.name, m.type, m.parts) for m in record.mentions] == [
        ("a", "protein", ()),
        ("b", "protein", ((17, 20), (26, 27))),
    ]
    assert record.text[17:27] == record.mentions[1].text == "BTR 1 or 2"
    assert seen == [("BTR 2", UNSPELLED)]
    assert [(r.type, r.head, r.tail, r.by_name) for r in record.relations] == [
        ("Complex", "a", "b", True),
        ("PPI", "a", "c", True),
        ("true", "b", "c", True),
    ]
    (record,), seen = read(content)
    assert record.relations == ()
    assert [reason for _, reason in seen] == [DISCONTINUOUS] * 2


@pytest.mark.parametrize(
    ("told", "pmid"), [("PMID='12'", "12"), ("origID='13'", "13"), ("origId='A1'", None), ("", None)]
)
def test_the_pmid_stands_in_one_of_several_attributes(told: str, pmid: str | None) -> None:
    content = corpus(document(sentence("AKR."))).replace("<document ", f"<document {told} ")
    (record,), _ = read(content)
    assert (record.id, record.pmid) == ("D.d0", pmid)
