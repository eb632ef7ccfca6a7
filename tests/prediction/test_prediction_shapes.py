"""Structures that files of new documents have, in small, each with its right outcome; and real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prediction_cases import written

from harmonize.formats.passages import TEXT_CHOICES
from harmonize.model import Document
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.prediction.tally import Tally, by_reason

RULES = pair_rules()
MENTIONS = [("Ombrel", ("D800001",)), ("colic", ("D003085",))]

SENTENCES = """\
<?xml version="1.0"?><!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>tool</source><date/><key/><document><id>8001</id><passage><infon key="type">title</infon>
<offset>0</offset><sentence><offset>0</offset><text>Ombrel soothes colic</text>
<annotation id="0"><infon key="type">Chemical</infon><infon key="identifier">D800001</infon>
<location offset="0" length="6"/><text>Ombrel</text></annotation></sentence></passage>
<annotation id="1"><infon key="type">Disease</infon><infon key="identifier">D003085</infon>
<location offset="15" length="5"/><text>colic</text></annotation></document></collection>
"""
UNIFIED_PPI = """\
<?xml version="1.0"?><corpus source="tool"><document id="8001"><sentence id="8001.s0" text="KRA holds TPB.">
<entity id="8001.s0.e0" charOffset="0-2" type="protein" text="KRA"/>
<entity id="8001.s0.e1" charOffset="10-12" type="protein" text="TPB"/>
<pair id="8001.s0.p0" e1="8001.s0.e0" e2="8001.s0.e1" interaction="True"/></sentence></document></corpus>
"""


def bioc(
    id_infon: str = "identifier", kinds: tuple[str, str] = ("title", "abstract"), mouse: str = ""
) -> str:
    """Two passages; with a mouse, offsets that count UTF-16 units."""
    title = f"Ombrel {mouse}soothes colic"
    places = {"Ombrel": 0, "colic": len(title[: title.index("colic")].encode("utf-16-le")) // 2}
    ids = {"Ombrel": ("Chemical", "D800001"), "colic": ("Disease", "D003085")}
    annotations = [
        {
            "id": name,
            "infons": {"type": ids[name][0], id_infon: ids[name][1]},
            "text": name,
            "locations": [{"offset": place, "length": len(name)}],
        }
        for name, place in places.items()
    ]
    one, other = ({"infons": {"type": kind} if kind else {}} for kind in kinds)
    passages = [
        {**one, "offset": 0, "text": title, "annotations": annotations},
        {**other, "offset": 40, "text": "In rats it did.", "annotations": []},
    ]
    return json.dumps({"source": "tool", "documents": [{"id": "8001", "passages": passages}]})


def read(folder: Path, content: str, **how: str) -> tuple[Document, Tally]:
    tally = Tally()
    (document,) = read_input(
        written(folder, content, "input"),
        rules=RULES,
        tally=tally,
        how=Reading.named(how.get("text", "abstract"), how.get("offsets", "codepoints")),
    )
    return document, tally


def told(document: Document) -> list[tuple[str, tuple[str, ...]]]:
    return [(mention.text, mention.concept_ids) for mention in document.mentions]


@pytest.mark.parametrize(
    "content",
    [
        SENTENCES,
        bioc("concept_id"),
        bioc("NCBI Gene identifier"),
        bioc(kinds=("paragraph", "paragraph")),
        bioc(kinds=("front", "paragraph")),
        bioc(kinds=("", "")),
        f"[{bioc()}]",
    ],
    ids=["sentences", "concept_id", "nlm_gene", "paragraphs", "front", "untyped", "pmc_list"],
)
def test_shapes_that_are_read_as_they_are(tmp_path: Path, content: str) -> None:
    document, tally = read(tmp_path, content)
    assert (told(document), document.passages[0].kind) == (MENTIONS, "title")
    assert {passage.kind for passage in document.passages} <= {"title", "abstract"}
    assert (tally.skipped, tally.left_out, tally.passages, tally.files_without_ids) == ({}, {}, {}, 0)


def test_a_file_in_which_no_infon_holds_an_id_says_so(tmp_path: Path) -> None:
    document, tally = read(tmp_path, bioc("score"))
    assert told(document) == [("Ombrel", ("T0",)), ("colic", ("T1",))]
    assert (tally.files_without_ids, tally.first_without_ids) == (1, str(tmp_path / "input"))


def test_unified_ppi_xml_is_read_as_such(tmp_path: Path) -> None:
    document, tally = read(tmp_path, UNIFIED_PPI)
    assert told(document) == [("KRA", ("T0",)), ("TPB", ("T1",))]
    assert [span.of(document.text) for span in document.sentences or ()] == ["KRA holds TPB."]
    assert tally.left_out == {}
    assert len(RULES.candidates(document).instances) == 1
    by_sentence = pair_rules("aimed")
    (document,) = read_input(tmp_path / "input", rules=by_sentence)
    (instance,) = by_sentence.candidates(document).instances
    assert (instance.head.type, instance.text) == ("GeneOrGeneProduct", "KRA holds TPB.")


def test_utf16_offsets_are_named_with_the_option_that_reads_them(tmp_path: Path) -> None:
    content = bioc(mouse="\N{MOUSE FACE} ")
    document, tally = read(tmp_path, content)
    assert told(document) == MENTIONS[:1]
    assert "`--offsets utf16` reads them so" in (tally.first_counted_otherwise or "")
    document, tally = read(tmp_path, content, offsets="utf16")
    assert (told(document), tally.left_out, tally.first_counted_otherwise) == (MENTIONS, {}, None)


# Real files: documents read and met; mentions, and those of them that are left out by reason

REAL: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "aimed/AIMed-train.xml": (180, 180, 3407, {}),
    "bc5cdr/CDR_TestSet.BioC.xml": (500, 500, 9928, {"in several parts": 37}),
    "biored/Dev.BioC.JSON": (100, 100, 3533, {}),
    "biored/Dev.BioC.XML": (100, 100, 3533, {}),
    "ddi/DDICorpus-2013.zip": (1017, 1017, 18491, {"in several parts": 49}),
    "hprd50/HPRD50-train.xml": (34, 34, 320, {}),
    "pubtator/greenelab/batch_0.xml": (100, 100, 1403, {}),
    "pubtator/greenelab/batch_1.xml": (32, 32, 478, {}),
    "pubtator/samples/bioconcepts2pubtator_offsets.sample": (651, 651, 7539, {"beyond the text": 2}),
}


@pytest.mark.parametrize("name", REAL)
def test_every_document_of_real_files_is_read(mirror: Path, name: str) -> None:
    tally = Tally()
    count = sum(1 for _ in read_input(mirror / name, rules=RULES, tally=tally))
    left_out = {reason: sum(types.values()) for reason, types in by_reason(tally.left_out).items()}
    assert (count, tally.documents, tally.mentions, left_out) == REAL[name]
    assert tally.first_counted_otherwise is None


def test_full_texts_of_real_files_are_read_or_counted(mirror: Path) -> None:
    met = {}
    for text in TEXT_CHOICES:
        tally = Tally()
        path = mirror / "pubtator/greenelab/batch_1.xml"
        documents = list(read_input(path, rules=RULES, tally=tally, how=Reading(text)))
        passages = sum(len(document.passages) for document in documents)
        met[text] = (tally.mentions, tally.mentions_of_passages, passages, tally.passages.total())
        assert len(documents) == tally.documents == 32
    assert met == {
        "abstract": (478, 6306, 63, 2789),
        "paragraphs": (4936, 1848, 1105, 1747),
        "all": (6784, 0, 2838, 0),
    }
