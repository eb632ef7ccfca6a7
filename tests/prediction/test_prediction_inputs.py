"""Reading new documents: every format, every fault."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prediction_cases import PUBTATOR, SAMPLES, article, written

from harmonize.errors import HarmonizeError, InputError, MalformedInput, MissingInput, UnknownName
from harmonize.formats.bioc_record import MALFORMED_MENTION
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.pubtator_forgiving import ELSEWHERE, NO_MENTION
from harmonize.model import Document
from harmonize.prediction import pairs
from harmonize.prediction.inputs import (
    MALFORMED,
    NO_DOCUMENT,
    NO_TEXT,
    TOO_MANY,
    UNKNOWN_FORM,
    UNKNOWN_TYPE,
    read_input,
)
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.tally import Tally

RULES = pair_rules()
GOOD = article(1)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what is passed over


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def plain(documents: Iterable[Document]) -> list[Document]:
    """Documents as they are whatever comes before them."""
    return [replace(document, repeat=0) for document in documents]


def bioc_json(*documents: object) -> str:
    return json.dumps({"source": "", "date": "", "key": "", "infons": {}, "documents": documents})


def bioc(
    identifier: str = "1", text: str = "Aspirin helps.", annotations: tuple[object, ...] = ()
) -> dict[str, object]:
    passage = {"infons": {"type": "title"}, "offset": 0, "text": text, "annotations": annotations}
    return {"id": identifier, "passages": [passage]}


def annotation(text: str, *places: tuple[int, int], **infons: str) -> dict[str, object]:
    locations = [{"offset": offset, "length": length} for offset, length in places]
    return {"id": "0", "infons": {"type": "Chemical"} | infons, "text": text, "locations": locations}


def test_every_format_gives_the_same_documents() -> None:
    documents = {form: list(read_input(path, rules=RULES)) for form, path in SAMPLES.items()}
    assert documents["pubtator"] == documents["bioc-xml"] == documents["bioc-json"]
    assert len(documents["pubtator"]) >= 2
    assert not any(document.relations for document in documents["pubtator"])
    assert {document.pmid for document in documents["pubtator"]} == set(ids(documents["pubtator"]))


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("name", ["input", "input.txt", "input.json", "input.XML"])
def test_the_beginning_tells_the_format_whatever_the_name(tmp_path: Path, form: str, name: str) -> None:
    path = written(tmp_path, SAMPLES[form].read_bytes(), name)
    assert list(read_input(path, rules=RULES)) == list(read_input(SAMPLES[form], rules=RULES))


@pytest.mark.parametrize("form", SAMPLES)
def test_gzip_tar_and_folders_are_read(tmp_path: Path, form: str) -> None:
    expected = list(read_input(SAMPLES[form], rules=RULES))
    packed = written(tmp_path, gzip.compress(SAMPLES[form].read_bytes(), mtime=0), "input.gz")
    assert list(read_input(packed, rules=RULES)) == expected
    with tarfile.open(tmp_path / "input.tar.gz", "w:gz") as archive:
        archive.add(SAMPLES[form], "one")
        archive.add(SAMPLES[form], "two")
    assert plain(read_input(tmp_path / "input.tar.gz", rules=RULES)) == expected * 2
    assert plain(read_input(tmp_path, rules=RULES)) == expected * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.PubTator", r"a\.PubTator:1: expected a title line"),
        ("a.pubtator.gz", "expected a title line"),
        ("a.txt", r"a\.txt:1: expected a title line"),
        ("a.xml", "expected well-formed XML"),
        ("a.BioC.JSON", "expected JSON"),
        ("a.pdf", "got none of these"),
    ],
)
def test_where_the_beginning_tells_nothing_the_name_does(tmp_path: Path, name: str, message: str) -> None:
    content = b"nothing\t1\t2\tof\tthe\tkind\n"
    path = written(tmp_path, gzip.compress(content, mtime=0) if name.endswith("gz") else content, name)
    with pytest.raises(MalformedInput, match=message):
        list(read_input(path, rules=RULES, strict=True))


@pytest.mark.parametrize("name", ["a.txt", "a", "a.pdf", "a.txt.gz"])
@pytest.mark.parametrize(
    "text",
    [
        "Aspirin cures fever.",
        "\ufeffα-Synuclein.\r\nIn mice.\r\n",
        "One line\n\n" + "and more of them: p53|MDM2, 5\t6\n" * 3_000,
        "pmid\ttitle\n12\tAspirin in fever\n",
        "é" * 70_000,
    ],
    ids=["a sentence", "lines with a mark", "longer than is looked at", "a table", "cut in a character"],
)
def test_text_without_annotation_is_one_line_that_says_what_to_do(
    tmp_path: Path, name: str, text: str
) -> None:
    content = text.encode()
    path = written(tmp_path, gzip.compress(content, mtime=0) if name.endswith("gz") else content, name)
    with pytest.raises(MalformedInput) as error:
        list(read_input(path, rules=RULES))
    assert str(error.value).startswith(f"{path}: expected annotated documents")
    for told in ("got text without annotation", "between entities", "--pmids", "PubTator 3 or GNorm2"):
        assert told in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv.gz", "pmid,text\n1,Aspirin\n", "got a table with commas: relations are predicted between "),
    ],
)
def test_other_text_is_called_what_its_name_says(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(MalformedInput, match=message):
        list(read_input(written(tmp_path, text, name), rules=RULES))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html><body>Aspirin</body></html>", "got HTML: relations are predicted between entities"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n<p>Aspirin", "got HTML"),
        (b'<?xml version="1.0"?>\n<PubmedArticleSet><PubmedArticle>', "got PubMed's XML: .* --pmids"),
        (b"<MedlineCitationSet><MedlineCitation Owner=", "got PubMed's XML"),
        (b'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS">\n<article xmlns', "got an article in JATS"),
        (b"<pmc-articleset><article>", "got an article in JATS"),
        (b"BZh91AY&SY", "got a file packed by bzip2: gzip, zip and tar are unpacked here"),
        (b"\xfd7zXZ\x00\x00", "got a file packed by xz"),
        (b"\x28\xb5\x2f\xfd\x04", "got a file packed by Zstandard"),
        (b"<articles>no article</articles>", "got none of these"),
        (b'{"text": "Aspirin"}', "got none of these"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "got PDF"),
        (b"PK\x03\x04 aspirin", "expected a whole archive"),
        (b"", "got none of these"),
        (b"A line before\n1|t|Aspirin.\n\n", "got none of these"),
    ],
)
def test_what_is_of_another_kind_is_called_by_its_name(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(MalformedInput, match=message):
        list(read_input(written(tmp_path, content, "a.bin"), rules=RULES))


OTHERS = {
    "articles.xml": b"<PubmedArticleSet><PubmedArticle><PMID>1</PMID></PubmedArticle></PubmedArticleSet>",
    "empty.txt": b"",
    "utf_16.PubTator": GOOD.encode("utf-16"),
    "blank.xml": b"<collection></collection>",
    "blank.json": b'{"documents": []}',
}


def test_files_of_a_folder_that_give_no_document_are_counted_and_told(tmp_path: Path) -> None:
    """Among them a table, which is a zip archive of XML files."""
    for name, content in (OTHERS | {"good.PubTator": GOOD.encode()}).items():
        written(tmp_path, content, name)
    for name in ("table.xlsx", "text.docx"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
    tally, told = Tally(), list[str]()
    found = list(read_input(tmp_path, rules=RULES, tally=tally, skip=lambda fault: told.append(str(fault))))
    assert tally.documents == len(found) + len(OTHERS) + 2
    assert tally.skipped == {UNKNOWN_FORM: 4, NO_DOCUMENT: 3}
    assert sorted(Path(line.partition(":")[0]).name for line in told) == sorted(
        [*OTHERS, "table.xlsx", "text.docx"]
    )
    assert sum("got a file of Excel, Word or the like" in line for line in told) == 2


def test_a_path_may_be_text_and_what_is_passed_over_is_warned_of(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "2|t|\n\n")
    with pytest.warns(UserWarning, match=r"document 2: expected a title or an abstract, got neither"):
        found = list(read_input(str(path), rules=RULES))
    assert [document.id for document in found] == ["1"]


def test_a_text_of_brat_is_told_where_its_annotations_are(tmp_path: Path) -> None:
    written(tmp_path, "", "1.ann")
    with pytest.raises(MalformedInput, match=r"the text of brat's annotations: give .*1\.ann, or the folder"):
        list(read_input(written(tmp_path, "Aspirin cures fever.\n", "1.txt"), rules=RULES))


@pytest.mark.parametrize("is_packed", [False, True])
def test_what_is_no_article_beside_some_is_passed_over(tmp_path: Path, is_packed: bool) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    written(folder, "Articles of mine.\n", "README.md")
    written(folder, b"%PDF-1.4\n%\xe2\xe3\n", "z.pdf")
    if is_packed:
        with tarfile.open(tmp_path / "in.tar", "w") as archive:
            archive.add(folder, "in")
    path = tmp_path / "in.tar" if is_packed else folder
    faults: list[Exception] = []
    with pytest.raises(MalformedInput, match=r"README\.md: expected annotated documents"):
        list(read_input(path, rules=RULES, skip=faults.append))
    assert faults == []
    written(folder, PUBTATOR)
    if is_packed:
        with tarfile.open(path, "a") as archive:
            archive.add(folder / "articles.PubTator", "in/articles.PubTator")
    tally = Tally()
    assert len(list(read_input(path, rules=RULES, tally=tally, skip=faults.append))) == 2
    assert (tally.documents, tally.skipped) == (4, {UNKNOWN_FORM: 2})
    assert [name in str(fault) for name, fault in zip(("README", "z.pdf"), faults, strict=True)] == [True] * 2
    with pytest.raises(MalformedInput, match="expected"):
        list(read_input(path, rules=RULES, strict=True))


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    path = written(tmp_path, "nothing of the kind\n", "a.json")
    with pytest.raises(MalformedInput, match="expected a text line"):
        list(read_input(path, "pubtator", rules=RULES, strict=True))
    with pytest.raises(UnknownName, match="unknown input format 'pdf'"):
        list(read_input(path, "pdf"))


def test_missing_inputs_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="expected a file or a folder"):
        list(read_input(tmp_path / "none"))
    with pytest.raises(MissingInput, match="expected a file or a folder"):
        list(read_input(tmp_path))


def test_what_pubtator_writes_is_understood(tmp_path: Path) -> None:
    one, other = read_input(written(tmp_path, PUBTATOR))
    assert [(m.text, m.type, m.concept_ids) for m in one.mentions] == [
        ("Aspirin", "Chemical", ("MESH:D001241",)),
        ("BRAF", "Gene", ("673",)),
        ("V600E", "ProteinMutation", ("rs113488022",)),
        ("melanoma", "Disease", ("MESH:D008545",)),
        ("Mice", "Species", ("10090",)),
        ("aspirin", "chemical", ("MESH:D001241",)),
        ("melanoma", "Disease", ("MESH:D008545",)),
        ("V600E", "SNP", ("rs113488022",)),
        ("braf", "Gene", ("673", "109880")),
        ("A375", "CellLine", ("CVCL:0132",)),
        ("pain", "Disease", ("T10",)),
        ("rare", "Disease", ()),
    ]
    assert one.relations == ()
    assert (other.text, other.mentions) == ("Nothing is named here.", ())


def test_a_mention_without_id_field_gets_a_name_that_no_concept_has(tmp_path: Path) -> None:
    lines = "1|t|Aspirin fever\n1\t0\t7\tAspirin\tChemical\t\n1\t8\t13\tfever\tDisease\tT0\n\n"
    (document,) = read_input(written(tmp_path, lines), rules=RULES)
    assert [mention.concept_ids for mention in document.mentions] == [("T0'",), ("T0",)]


def test_an_id_that_is_no_pmid_is_no_pmid(tmp_path: Path) -> None:
    (document,) = read_input(written(tmp_path, "PMC1|t|Aspirin\n\n"), rules=RULES)
    assert (document.id, document.pmid) == ("PMC1", None)


def test_a_title_that_ends_in_a_blank_may_stand_right_before_the_abstract(tmp_path: Path) -> None:
    lines = "1|t|Aspirin \n1|a|and fever\n1\t12\t17\tfever\tDisease\tMESH:D005334\n\n"
    (document,) = read_input(written(tmp_path, lines), rules=RULES)
    assert (document.text, document.mentions[0].text) == ("Aspirin and fever", "fever")


def test_mentions_in_several_parts_are_left_out_and_counted(tmp_path: Path) -> None:
    split = annotation("Aspirin helps", (0, 7), (8, 5), identifier="1")
    path = written(tmp_path, bioc_json(bioc(annotations=(split,))), "a.json")
    tally = Tally()
    (document,) = read_input(path, rules=RULES, tally=tally)
    assert (document.mentions, tally.left_out) == ((), {("in several parts", "Chemical"): 1})


def test_passages_without_type_are_title_and_abstract(tmp_path: Path) -> None:
    one, two = {"offset": 0, "text": "Title."}, {"offset": 7, "text": "Abstract."}
    path = written(tmp_path, bioc_json({"id": "1", "passages": [one, two]}), "a.json")
    (document,) = read_input(path, rules=RULES)
    assert [passage.kind for passage in document.passages] == ["title", "abstract"]
    assert document.text == "Title. Abstract."


BAD_ARTICLES = {
    "no title": ("2\t0\t7\tAspirin\tChemical\tC\n\n", r":7: expected a title line 2\|t\|", MALFORMED),
    "two abstracts": ("2|t|A\n2|a|B\n2|a|C\n\n", ":9: expected one abstract", MALFORMED),
    "another's abstract": (
        "2|t|A\n3|a|B\n\n",
        ":8: expected a line of document 2, got one of '3'",
        MALFORMED,
    ),
    "text of no place": ("2|t|A\nB\n\n", ":8: expected a text line", MALFORMED),
    "no text": ("2|t|\n\n", ":7: document 2: expected a title or an abstract, got neither", NO_TEXT),
}
BAD_MENTIONS = {
    "no text": ("2\t0\t7", ":8: expected 5 or 6 or 7 columns in a mention line, got 3", NO_MENTION, ""),
    "no type": ("2\t0\t7\tAspirin", ":8: expected 5 or 6 or 7 columns", NO_TYPE, ""),
    "an empty type": ("2\t0\t7\tAspirin\t \tC", ":8: .*expected a known entity type", NO_TYPE, ""),
    "blanks for tabs": ("2 0 7 Aspirin Chemical C", ":8: expected a text line", NO_MENTION, ""),
    "half a place": ("2\t0\tx\tAspirin\tDrug\tC", ":8: expected two offsets", NO_PLACE, "Drug"),
    "a place before the text": ("2\t-1\t7\tAspirin\tDrug\tC", ":8: expected 4 or 5", NO_PLACE, "Drug"),
    "another's line": ("3\t0\t7\tAspirin\tDrug\tC", ":8: expected a line of document 2", ELSEWHERE, "Drug"),
    "misspelt": (
        "2\t1\t7\tAspirin\tDrug\tC",
        ":8: document 2: expected 'Aspirin' at 1-7: the text reads otherwise",
        UNSPELLED,
        "Drug",
    ),
    "beyond": (
        "2\t1\t70\tAspirin\tDrug\tC",
        ":8: document 2: expected 'Aspirin' at 1-70: beyond the text",
        BEYOND,
        "Drug",
    ),
    "type": (
        "2\t0\t7\tAspirin\tPill\tC",
        ":8: document 2: expected a known entity type .*, got 'Pill'",
        UNKNOWN_TYPE,
        "Pill",
    ),
}


@pytest.mark.parametrize("case", BAD_ARTICLES)
def test_a_bad_article_is_passed_over_or_one_line(tmp_path: Path, case: str) -> None:
    text, message, reason = BAD_ARTICLES[case]
    path = written(tmp_path, article(1) + text + article(3))
    documents = read_input(path, rules=RULES, strict=True)
    assert next(documents).id == "1"
    with pytest.raises(MalformedInput, match=message):
        next(documents)
    faults: list[InputError] = []
    tally = Tally()
    assert ids(list(read_input(path, rules=RULES, tally=tally, skip=faults.append))) == ["1", "3"]
    assert (tally.documents, tally.skipped, tally.left_out) == (3, {reason: 1}, {})
    assert re.search(r"articles\.PubTator:\d+: ", str(faults[0]))
    assert "\n" not in str(faults[0])


@pytest.mark.parametrize("case", BAD_MENTIONS)
def test_a_bad_mention_is_left_out_or_one_line(tmp_path: Path, case: str) -> None:
    line, message, reason, kind = BAD_MENTIONS[case]
    good = "2\t8\t13\tfever\tDisease\tD1"
    path = written(tmp_path, f"{article(1)}2|t|Aspirin fever\n{line}\n{good}\n\n{article(3)}")
    documents = read_input(path, rules=RULES, strict=True)
    assert next(documents).id == "1"
    with pytest.raises(MalformedInput, match=message):
        next(documents)
    tally = Tally()
    one, two, three = read_input(path, rules=RULES, tally=tally)
    assert [mention.text for mention in two.mentions] == ["fever"]
    assert plain([one, three]) == plain(read_input(written(tmp_path, article(1) + article(3), "sound")))
    assert (tally.documents, tally.skipped, tally.left_out) == (3, {}, {(reason, kind): 1})
    assert tally.places == {reason: f"{path}:8"}
    assert tally.mentions == len(one.mentions) + len(two.mentions) + len(three.mentions) + 1


def test_bytes_that_are_no_text_cost_one_article(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.encode() + b"2|t|Aspirin \xff\n2|a|Fever\n\n" + article(3).encode())
    with pytest.raises(MalformedInput, match=":7: expected UTF-8, got byte 0xff; of Windows-1252, `iconv"):
        list(read_input(path, rules=RULES, strict=True))
    tally = Tally()
    found = list(read_input(path, rules=RULES, tally=tally))
    assert (ids(found), tally.documents, tally.skipped) == (["1", "3"], 3, {MALFORMED: 1})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("name", "form"), [("a.txt", None), ("a", "pubtator"), ("a", None)])
def test_utf_16_is_named_as_such_and_not_taken_for_a_cut(
    tmp_path: Path, encoding: str, name: str, form: str | None
) -> None:
    path = written(tmp_path, GOOD.encode(encoding), name)
    with pytest.raises(
        MalformedInput, match=r"a(\.txt)?(:1)?: expected UTF-8, got UTF-16; `iconv -f UTF-16 "
    ):
        list(read_input(path, form, rules=RULES))


@pytest.mark.parametrize("name", ["a.txt", "a"])
def test_an_id_may_be_long(tmp_path: Path, name: str) -> None:
    long = "https://example.org/articles/" + "9" * 600
    path = written(tmp_path, GOOD.replace("1|", f"{long}|").replace("1\t", f"{long}\t"), name)
    (document,) = read_input(path, rules=RULES)
    assert (document.id, len(document.mentions)) == (long, 3)


def test_articles_need_no_blank_line_between_them(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + (GOOD + article(2) + article(3)).replace("\n\n", "\n"))
    assert ids(list(read_input(path, rules=RULES))) == ["1", "2", "3"]


BAD_BIOC = {
    "no id": ({"passages": []}, "document number 2: expected a BioC document, got no 'id'", MALFORMED),
    "an empty id": (bioc(""), "document number 2: expected a BioC document, got one without id", MALFORMED),
    "a blank id": (bioc(" "), "document number 2: expected a BioC document, got one without id", MALFORMED),
    "null for an id": (
        bioc("2") | {"id": None},
        "document number 2: expected a BioC document, got one without id",
        MALFORMED,
    ),
    "no document": (7, "document number 2: expected a BioC document", MALFORMED),
    "tab in id": (bioc("2\t"), "expected an id without tabs", MALFORMED),
    "no text": (bioc("2", ""), "document 2: expected a title or an abstract", NO_TEXT),
}


@pytest.mark.parametrize("case", BAD_BIOC)
def test_a_bad_bioc_document_is_passed_over_or_one_line(tmp_path: Path, case: str) -> None:
    bad, message, reason = BAD_BIOC[case]
    path = written(tmp_path, bioc_json(bioc("1"), bad, bioc("3")), "a.json")
    with pytest.raises(MalformedInput, match=rf"a\.json: .*{message}"):
        list(read_input(path, rules=RULES, strict=True))
    tally = Tally()
    assert ids(list(read_input(path, rules=RULES, tally=tally))) == ["1", "3"]
    assert (tally.documents, tally.skipped) == (3, {reason: 1})


@pytest.mark.parametrize(
    ("bad", "message", "reason"),
    [
        (annotation("spirin", (0, 6)), "'spirin' at 0-6", (UNSPELLED, "Chemical")),
        (annotation("Aspirin", (0, 70)), "'Aspirin' at 0-70", (BEYOND, "Chemical")),
        (annotation("Aspirin", (0, 7), type="Pill"), "entity type .*, got 'Pill'", (UNKNOWN_TYPE, "Pill")),
        (annotation("Aspirin", (-1, 7)), "'Aspirin' at 0-0: no place", (NO_PLACE, "Chemical")),
        (annotation("Aspirin"), "'Aspirin' at 0-0: no place", (NO_PLACE, "Chemical")),
        (annotation("Aspirin", (0, 7), type=""), "'Aspirin' at 0-7: no entity type", (NO_TYPE, "")),
        (7, "'' at 0-0: not as the format says", (MALFORMED_MENTION, "")),
    ],
)
def test_a_bad_bioc_annotation_is_left_out_or_one_line(
    tmp_path: Path, bad: object, message: str, reason: tuple[str, str]
) -> None:
    good = annotation("helps", (8, 5), type="Gene", identifier="1")
    path = written(tmp_path, bioc_json(bioc("2", annotations=(bad, good))), "a.json")
    with pytest.raises(MalformedInput, match=rf"a\.json: document 2: .*{message}"):
        list(read_input(path, rules=RULES, strict=True))
    tally = Tally()
    (document,) = read_input(path, rules=RULES, tally=tally)
    assert [mention.text for mention in document.mentions] == ["helps"]
    assert (tally.skipped, tally.left_out, tally.mentions) == ({}, {reason: 1}, 2)


def test_a_bad_document_in_xml_is_passed_over(tmp_path: Path) -> None:
    def document(identifier: str, offset: str) -> str:
        return (
            f"<document><id>{identifier}</id><passage><infon key='type'>title</infon>"
            f"<offset>{offset}</offset><text>Aspirin</text></passage></document>\n"
        )

    text = f"<collection>\n{document('1', '0')}{document('2', 'x')}{document('3', '0')}</collection>"
    path = written(tmp_path, text, "a.xml")
    with pytest.raises(MalformedInput, match=r"a\.xml:3: document 2: expected a BioC document"):
        list(read_input(path, rules=RULES, strict=True))
    assert ids(list(read_input(path, rules=RULES))) == ["1", "3"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", bioc_json(bioc("1"))[:-10].encode()),
        ("a.xml", b"<collection><document><id>1</id>"),
        ("a.gz", gzip.compress(GOOD.encode() * 9, mtime=0)[:-12]),
    ],
)
def test_faults_without_a_next_document_are_raised_even_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = written(tmp_path, content, name)
    with pytest.raises(MalformedInput, match=re.escape(name)):
        list(read_input(path, rules=RULES))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.PubTator", b""),
        ("a.PubTator", b"\n \n"),
        ("a.json", b'{"documents": []}'),
        ("a.xml", b"<collection></collection>"),
    ],
)
def test_a_file_without_documents_is_an_error_in_strict_reading(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = written(tmp_path, content, name)
    assert list(read_input(path, rules=RULES)) == []
    with pytest.raises(MalformedInput, match=f"{re.escape(name)}: expected at least one document"):
        list(read_input(path, rules=RULES, strict=True))


def test_a_line_too_long_for_memory_is_raised_even_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harmonize.formats.lines._LONGEST", 100)
    path = written(tmp_path, GOOD + "2|t|" + "a" * 200 + "\n\n" + article(3))
    with pytest.raises(MalformedInput, match=":7: expected a line end within 100 bytes"):
        list(read_input(path, rules=RULES))


def test_a_document_of_too_many_entities_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_ENTITIES", 2)
    tally = Tally()
    path = written(tmp_path, GOOD + article(2, mentions=False))
    found = list(read_input(path, rules=RULES, tally=tally))
    assert (ids(found), tally.skipped) == (["2"], {TOO_MANY: 1})


# Conservation: whatever happens to a file, every document met is read or skipped.

brief = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
fields = st.text("\t|-129aT \u2028é", max_size=12)


@brief
@given(damage=st.lists(st.none() | st.tuples(st.integers(0, 4), fields), min_size=1, max_size=8))
@example(damage=[(1, "\u2028")])  # a line that is blank, though no blank of ASCII is in it
@example(damage=[None, None, (0, "2\t")])  # an abstract whose title is lost
def test_damage_costs_what_it_is_in(tmp_path: Path, damage: list[tuple[int, str] | None]) -> None:
    articles = []
    for number, change in enumerate(damage, 1):
        lines = article(number).splitlines()
        if change is not None:
            lines[change[0] : change[0] + 1] = [change[1]]
        articles.append("\n".join(lines))
    path = written(tmp_path, "\n\n".join(articles) + "\n")
    faults: list[InputError] = []
    tally = Tally()
    found = list(read_input(path, "pubtator", rules=RULES, tally=tally, skip=faults.append))
    assert tally.documents == len(found) + len(faults) == len(found) + tally.skipped.total()
    assert tally.mentions == sum(len(document.mentions) for document in found) + tally.left_out.total()
    sound = {str(n): article(n) for n, change in enumerate(damage, 1) if change is None}
    assert sound.keys() <= set(ids(found))
    assert all(len(document.mentions) == 3 for document in found if document.id in sound)
    assert [d for d in ids(found) if d.isdecimal()] == sorted(filter(str.isdecimal, ids(found)), key=int)


@brief
@given(data=st.data(), form=st.sampled_from(sorted(SAMPLES)))
def test_any_damage_is_read_or_one_line(tmp_path: Path, data: st.DataObject, form: str) -> None:
    content = SAMPLES[form].read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    end = start + data.draw(st.integers(0, 40))
    damaged = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    path = written(tmp_path, damaged, "input")
    tally = Tally()
    count, fault = 0, None
    try:
        for _ in read_input(path, form, rules=RULES, tally=tally):
            count += 1
    except HarmonizeError as error:
        fault = error
    assert tally.documents == count + tally.skipped.total()
    assert fault is None or (fault.exit_code == 2 and "\n" not in str(fault))


@pytest.mark.parametrize("form", SAMPLES)
def test_memory_does_not_grow_with_the_documents(tmp_path: Path, form: str) -> None:
    """The most that reading holds, of a file of 200 documents and of one of 1,200."""
    peaks = []
    for count in (200, 1_200):
        path = tmp_path / f"{count}"
        with path.open("w") as file:
            if form == "pubtator":
                file.writelines(article(number) for number in range(count))
            elif form == "bioc-json":
                file.write('{"documents": [')
                file.write(",".join(json.dumps(bioc(str(number))) for number in range(count)) + "]}")
            else:
                passage = "<passage><infon key='type'>title</infon><offset>0</offset><text>Aspirin</text>"
                one = f"<document><id>1</id>{passage}</passage></document>"
                file.write(f"<collection>{one * count}</collection>")
        tracemalloc.start()
        assert sum(1 for _ in read_input(path, form, rules=RULES)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000


def test_a_text_of_a_long_name_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    """No file system would have a file of that name."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x" * 300 + ".txt", "A text.\n")
        archive.writestr("good.PubTator", GOOD)
    tally = Tally()
    assert len(list(read_input(tmp_path / "a.zip", rules=RULES, tally=tally))) == 1
    assert tally.skipped == {UNKNOWN_FORM: 1}
