"""BioC as the format allows it, in XML and JSON: sentences, annotations of a document, any passages."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_articles import bioc_json_record, bioc_xml_record
from harmonize.formats.bioc_infons import concept_id, mention_type
from harmonize.formats.bioc_record import DISCONTINUOUS, MALFORMED_MENTION
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.offsets import OFFSET_UNITS, Offsets, OffsetUnit
from harmonize.formats.passages import TEXT_CHOICES, PassageKind, TextChoice, is_read, passage_kinds
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.formats.xml import elements

TITLE = "Ombrel soothes colic"
ABSTRACT = "In rats ombrel raised TRPV1. Colic pain fell."
FORMS = ("xml", "json")
Seen = list[tuple[str, str]]


def annotation(text: str, *places: tuple[int, int], **infons: str) -> dict[str, Any]:
    locations = [{"offset": offset, "length": length} for offset, length in places]
    return {
        "id": "1",
        "infons": {"type": "Chemical", "identifier": "D800001"} | infons,
        "text": text,
        "locations": locations,
    }


def at(offset: int, text: str, **infons: str) -> dict[str, Any]:
    return annotation(text, (offset, len(text)), **infons)


def passage(offset: int, text: str, *annotations: Any, **infons: str) -> dict[str, Any]:
    return {"infons": infons, "offset": offset, "text": text, "annotations": list(annotations)}


def of_sentences(offset: int, *sentences: dict[str, Any], **infons: str) -> dict[str, Any]:
    return {"infons": infons, "offset": offset, "sentences": list(sentences)}


def document(*passages: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"id": "8001", "infons": {}, "passages": list(passages), **parts}


def as_xml(value: Mapping[str, Any]) -> str:
    """A document of BioC JSON as BioC XML."""
    passages = "".join(_part("passage", each) for each in value["passages"])
    rest = "".join(map(_annotation, value.get("annotations", ())))
    return f"<collection><document><id>{value['id']}</id>{passages}{rest}</document></collection>"


def _part(name: str, value: Mapping[str, Any]) -> str:
    text = f"<text>{escape(value['text'])}</text>" if value.get("text") else ""
    inner = "".join(map(_annotation, value.get("annotations", ())))
    inner += "".join(_part("sentence", each) for each in value.get("sentences", ()))
    return f"<{name}>{_infons(value)}<offset>{value['offset']}</offset>{text}{inner}</{name}>"


def _annotation(value: Mapping[str, Any]) -> str:
    places = "".join(
        f'<location offset="{each["offset"]}" length="{each["length"]}"/>' for each in value["locations"]
    )
    return f'<annotation id="1">{_infons(value)}{places}<text>{escape(value["text"])}</text></annotation>'


def _infons(value: Mapping[str, Any]) -> str:
    infons = value.get("infons", {}).items()
    return "".join(f"<infon key={quoteattr(key)}>{escape(text)}</infon>" for key, text in infons)


def read(
    value: Mapping[str, Any],
    form: str = "json",
    choice: TextChoice = "abstract",
    offsets: Offsets | None = None,
) -> tuple[PubTatorRecord, Seen]:
    seen: Seen = []

    def misfit(article: str, mention: Any, reason: str) -> None:
        assert article == "8001"
        seen.append((mention.text, reason))

    if form == "json":
        return bioc_json_record(value, "a", misfit, choice=choice, offsets=offsets), seen
    element = next(elements(io.BytesIO(as_xml(value).encode()), ("document",), "a"))
    return bioc_xml_record(element, "a", misfit, choice=choice, offsets=offsets), seen


def told(record: PubTatorRecord) -> list[tuple[int, str, str, str | None]]:
    text = record.text
    for mention in record.mentions:
        assert text[mention.start : mention.end] == mention.text
    return sorted((m.start, m.text, m.type, m.id) for m in record.mentions)


def shown(record: PubTatorRecord) -> object:
    """All but the lines that the parts stand in."""
    return record.id, record.laid_out(), told(record), record.left_out


MENTIONS = [
    (0, "Ombrel", "Chemical", "D800001"),
    (15, "colic", "Disease", "D003085"),
    (29, "ombrel", "Chemical", "D800001"),
    (43, "TRPV1", "Gene", "7442"),
]
GENE = {"type": "Gene", "identifier": "7442"}
COLIC = {"type": "Disease", "identifier": "D003085"}
IN_TITLE = (at(0, "Ombrel"), at(15, "colic", **COLIC))
IN_ABSTRACT = (at(29, "ombrel"), at(43, "TRPV1", **GENE))
SOUND = document(
    passage(0, TITLE, *IN_TITLE, type="title"), passage(21, ABSTRACT, *IN_ABSTRACT, type="abstract")
)
VARIANTS = {
    "plain": SOUND,
    "sentences": document(
        of_sentences(0, passage(0, TITLE, *IN_TITLE), type="title"),
        of_sentences(
            21, passage(21, ABSTRACT[:28], *IN_ABSTRACT), passage(50, ABSTRACT[29:]), type="abstract"
        ),
    ),
    "sentences under a passage with text": document(
        passage(0, TITLE, type="title") | {"sentences": [passage(0, "", *IN_TITLE)]},
        passage(21, ABSTRACT, type="abstract") | {"sentences": [passage(21, ABSTRACT[:28], *IN_ABSTRACT)]},
    ),
    "annotations of passages of sentences": document(
        of_sentences(0, passage(0, TITLE), type="title") | {"annotations": list(IN_TITLE)},
        of_sentences(21, passage(21, ABSTRACT[:28]), passage(50, ABSTRACT[29:]), type="abstract")
        | {"annotations": list(IN_ABSTRACT)},
    ),
    "annotations of the document": document(
        passage(0, TITLE, type="title"),
        passage(21, ABSTRACT, type="abstract"),
        annotations=[*IN_ABSTRACT, *IN_TITLE],
    ),
    "gap": document(
        passage(0, TITLE, *IN_TITLE, type="title"),
        passage(121, ABSTRACT, at(129, "ombrel"), at(143, "TRPV1", **GENE), type="abstract"),
    ),
    "overlap": document(
        passage(0, TITLE, *IN_TITLE, type="title"),
        passage(0, ABSTRACT, at(8, "ombrel"), at(22, "TRPV1", **GENE), type="abstract"),
    ),
    "passages split at a blank": document(
        passage(0, TITLE, *IN_TITLE, type="title"),
        passage(21, ABSTRACT[:28], *IN_ABSTRACT, type="abstract"),
        passage(50, ABSTRACT[29:], type="abstract"),
    ),
    "sentences without blank between": document(
        passage(0, TITLE, *IN_TITLE, type="title"),
        of_sentences(
            21, passage(21, ABSTRACT[:28], *IN_ABSTRACT), passage(21, ABSTRACT[29:]), type="abstract"
        ),
    ),
    "no types": document(passage(0, TITLE, *IN_TITLE), passage(21, ABSTRACT, *IN_ABSTRACT)),
    "all paragraphs": document(
        passage(0, TITLE, *IN_TITLE, type="paragraph"), passage(21, ABSTRACT, *IN_ABSTRACT, type="paragraph")
    ),
    "front and paragraph": document(
        passage(0, TITLE, *IN_TITLE, type="front"), passage(21, ABSTRACT, *IN_ABSTRACT, type="paragraph")
    ),
    "front and abstract": document(
        passage(0, TITLE, *IN_TITLE, type="front"), passage(21, ABSTRACT, *IN_ABSTRACT, type="abstract")
    ),
    "sections": document(
        passage(0, TITLE, *IN_TITLE, type="front", section_type="TITLE"),
        passage(21, ABSTRACT, *IN_ABSTRACT, type="abstract", section_type="ABSTRACT"),
    ),
    "concept_id": json.loads(json.dumps(SOUND).replace('"identifier"', '"concept_id"')),
    "Identifier": json.loads(json.dumps(SOUND).replace('"identifier"', '"Identifier"')),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", VARIANTS)
def test_every_way_to_say_it_is_the_same_article(name: str, form: str) -> None:
    record, seen = read(VARIANTS[name], form)
    assert (record.title, record.abstract, record.body) == (TITLE, ABSTRACT, ())
    assert (told(record), seen) == (MENTIONS, [])


@pytest.mark.parametrize("form", FORMS)
def test_an_annotation_of_the_document_goes_with_its_passage(form: str) -> None:
    value = document(
        passage(0, TITLE, type="title"),
        passage(21, ABSTRACT, type="abstract"),
        passage(70, "Ombrel again.", type="paragraph"),
        annotations=[at(70, "Ombrel"), at(0, "Ombrel"), at(900, "Ombrel"), at(67, "lost")],
    )
    record, seen = read(value, form)
    assert told(record) == MENTIONS[:1]
    assert (seen, record.left_out) == ([("lost", BEYOND)], (("paragraph", 2),))
    record, seen = read(value, form, "paragraphs")
    assert [mention.start for mention in record.mentions] == [0, 67]
    assert (seen, record.left_out) == ([("lost", BEYOND), ("Ombrel", BEYOND)], ())


@pytest.mark.parametrize("form", FORMS)
def test_what_is_odd_about_an_annotation_costs_that_annotation(form: str) -> None:
    value = document(
        passage(
            *(0, TITLE, *IN_TITLE),
            annotation("Ombrel colic", (0, 6), (15, 5)),
            annotation("Ombrel"),
            annotation("Ombrel", (-1, 6)),
            at(1, "Ombrel"),
            at(18, "colic"),
            at(0, "Ombrel", type=""),
            type="title",
        )
    )
    record, seen = read(value, form)
    assert told(record) == MENTIONS[:2]
    assert seen == [
        ("Ombrel colic", DISCONTINUOUS),
        ("Ombrel", NO_PLACE),
        ("Ombrel", NO_PLACE),
        ("Ombrel", UNSPELLED),
        ("colic", BEYOND),
        ("Ombrel", NO_TYPE),
    ]


@pytest.mark.parametrize("odd", [7, None, [], {"locations": [3]}, {"infons": 1}, {"text": 3}])
def test_an_annotation_that_is_none_costs_no_document(odd: object) -> None:
    record, seen = read(document(passage(0, TITLE, *IN_TITLE, odd, type="title")))
    assert (told(record), seen) == (MENTIONS[:2], [("", MALFORMED_MENTION)])


def test_without_a_handler_an_odd_annotation_is_one_line() -> None:
    value = document(passage(0, TITLE, at(15, "cholic"), type="title"))
    with pytest.raises(MalformedInput, match=r"^a: document 8001: expected 'cholic' at 15-21, got a mention"):
        bioc_json_record(value, "a")


# Sentences and passages: however a text is split, the article is the same.

words = st.text("ab🐭β.", min_size=1, max_size=6)


@st.composite
def articles(draw: st.DrawFn) -> tuple[list[str], list[bool], list[int]]:
    """Words, whether a new sentence begins with each, and which are annotated."""
    found = draw(st.lists(words, min_size=1, max_size=8))
    starts = [draw(st.booleans()) for _ in found]
    return found, starts, draw(st.lists(st.integers(0, len(found) - 1), unique=True))


def length(text: str, unit: OffsetUnit) -> int:
    encodings = {"codepoints": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "bytes": ("utf-8", 1)}
    encoding, size = encodings[unit]
    return len(text.encode(encoding)) // size


def in_sentences(article: tuple[list[str], list[bool], list[int]], unit: OffsetUnit) -> list[dict[str, Any]]:
    found, starts, annotated = article
    sentences: list[dict[str, Any]] = []
    offset = 0
    for number, word in enumerate(found):
        if not sentences or starts[number]:
            sentences.append(passage(offset, ""))
        else:
            sentences[-1]["text"] += " "
        sentences[-1]["text"] += word
        if number in annotated:
            size = length(word, unit)
            sentences[-1]["annotations"].append(annotation(word, (offset, size), identifier=str(number)))
        offset += length(word, unit) + 1
    return sentences


@given(article=articles(), unit=st.sampled_from(OFFSET_UNITS), form=st.sampled_from(FORMS))
def test_sentences_passages_and_annotations_of_the_document_give_one_article(
    article: tuple[list[str], list[bool], list[int]], unit: OffsetUnit, form: str
) -> None:
    sentences = in_sentences(article, unit)
    found = [each for sentence in sentences for each in sentence["annotations"]]
    bare = [each | {"annotations": []} for each in sentences]
    whole = passage(0, " ".join(article[0]), *found, type="abstract")
    variants = [
        document(whole),
        document(of_sentences(0, *sentences, type="abstract")),
        document(of_sentences(0, *bare, type="abstract") | {"annotations": found}),
        document(*(each | {"infons": {"type": "abstract"}} for each in sentences)),
        document(of_sentences(0, *bare, type="abstract"), annotations=found),
    ]
    records = [read(value, form, offsets=Offsets(unit)) for value in variants]
    assert [seen for _, seen in records] == [[]] * len(variants)
    assert len({repr(shown(record)) for record, _ in records}) == 1
    assert len(records[0][0].mentions) == len(article[2])


# What passages are


def kinds(*infons: dict[str, str]) -> list[str]:
    return [kind.role for kind in passage_kinds(infons)]


FULL_TEXT = [
    {"section_type": "TITLE", "type": "front"},
    {"section_type": "ABSTRACT", "type": "abstract_title_1"},
    {"section_type": "ABSTRACT", "type": "abstract"},
    {"section_type": "INTRO", "type": "title_1"},
    {"section_type": "INTRO", "type": "paragraph"},
    {"section_type": "RESULTS", "type": "paragraph"},
    {"section_type": "FIG", "type": "fig_caption"},
    {"section_type": "RESULTS", "type": "table_caption"},
    {"section_type": "TABLE", "type": "table"},
    {"section_type": "COMP_INT", "type": "paragraph"},
    {"section_type": "REF", "type": "title"},
    {"section_type": "REF", "type": "ref"},
]


def test_the_section_says_what_a_passage_of_full_text_is() -> None:
    found = passage_kinds(FULL_TEXT)
    assert [kind.role for kind in found] == [
        *("title", "abstract", "abstract", "other", "paragraph", "paragraph"),
        *["other"] * 6,
    ]
    assert [kind.kind for kind in found] == [
        *("title", "abstract", "abstract", "title_1", "paragraph", "paragraph"),
        *("fig_caption", "table_caption", "table", "comp_int", "title", "ref"),
    ]
    assert found[5] == PassageKind("paragraph", "paragraph", "RESULTS")


def test_without_sections_the_type_says_it_as_far_as_it_does() -> None:
    assert kinds({}, {}, {}) == ["title", "abstract", "abstract"]
    assert kinds({"type": "Title"}, {"type": "ABSTRACT"}) == ["title", "abstract"]
    body = [{"type": "title"}, {"type": "abstract"}, {"type": "title"}, {"type": "paragraph"}]
    assert kinds(*body) == ["title", "abstract", "other", "paragraph"]
    assert kinds({"type": "title"}, {"type": "title"}, {"type": "abstract"}) == ["title", "title", "abstract"]
    assert kinds({"type": "paragraph"}) == ["title"]
    assert kinds({"type": "title"}, {"type": "table"}, {"type": "p"}) == ["title", "other", "text"]
    assert kinds() == []


@given(
    infons=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["", *(str(i["type"]) for i in FULL_TEXT), "x"]),
                "section_type": st.sampled_from(["", *(str(i["section_type"]) for i in FULL_TEXT), "X"]),
            },
        )
    )
)
def test_more_text_takes_in_all_that_less_does(infons: list[dict[str, str]]) -> None:
    read_of = [
        {number for number, kind in enumerate(passage_kinds(infons)) if is_read(kind, choice)}
        for choice in TEXT_CHOICES
    ]
    assert read_of[0] <= read_of[1] <= read_of[2] == set(range(len(infons)))


# Infons


@pytest.mark.parametrize(
    ("infons", "expected"),
    [
        ({"concept_id": "D1"}, "D1"),
        ({"NCBI Gene": "7442"}, "7442"),
        ({"NCBI_GENE": "7442"}, "7442"),
        ({"NCBI Gene identifier": "7442"}, "7442"),
        ({"MESH": "D1"}, "MESH:D1"),
        ({"MESH": "D1|D2"}, "MESH:D1|MESH:D2"),
        ({"MESH": "D1,D2"}, "MESH:D1,MESH:D2"),
        ({"MESH": "D1|-1"}, "MESH:D1|-1"),
        ({"CUI": "C1"}, "C1"),
        ({"id": "D1", "NCBI Homologene": "2"}, "D1"),
        ({"identifier": "-", "NCBI Gene": "7442"}, "7442"),
        ({"identifier": "-", "NCBI Gene": ""}, "-"),
        ({"identifier": "", "MESH": "Unknown"}, None),
        ({"MESH": "-"}, "-"),
        ({"NCBI Homologene": "2", "annotator": "x", "score": "1"}, None),
    ],
)
def test_the_surest_infon_with_a_known_id_tells_it(infons: dict[str, str], expected: str | None) -> None:
    assert concept_id({"type": "Gene", **infons}) == expected


def test_a_type_may_stand_under_another_name() -> None:
    assert mention_type({"type": "Gene", "label": "Disease"}) == "Gene"
    assert mention_type({"Type": "Gene"}) == mention_type({"label": "Gene"}) == "Gene"
    assert mention_type({"entity_type": "Gene", "type": ""}) == "Gene"
    assert mention_type({"identifier": "1"}) is None


# Files


@pytest.mark.parametrize(
    "content",
    [
        '[{"source": "PMC", "documents": [%s, %s]}]',
        '[{"documents": [%s]}, {"documents": [%s]}]',
        '[%s, {"documents": [%s]}]',
        "[%s, %s]",
        '{"documents": [%s, %s], "key": [1]}',
        "%s\n%s\n",
    ],
)
def test_json_may_be_a_list_of_collections_or_of_documents(content: str) -> None:
    one = json.dumps(SOUND)
    stream = io.BufferedReader(io.BytesIO((content % (one, one)).encode()))
    assert list(JsonStream(stream, "a").documents()) == [SOUND, SOUND]
