"""Files of annotated articles, of every vintage: small ones made here, and real ones."""

from __future__ import annotations

import functools
import gc
import gzip
import io
import json
import tarfile
import tracemalloc
import types
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harmonize.errors import MalformedInput, MissingInput
from harmonize.formats.bioc_record import DISCONTINUOUS
from harmonize.formats.misfits import BEYOND, UNSPELLED
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.sources.article_files import STANDARD_INPUT, iter_articles

TITLE = "Insulin α in mice."
ABSTRACT = "Insulin & glucose helped mice."

TEXT = (
    f"90000001|t|{TITLE}\n90000001|a|{ABSTRACT}\n"
    "90000001\t0\t7\tInsulin\tGene\t3630\n"
    "90000001\t29\t36\tglucose\tChemical\tMESH:D005947\n"
    "90000001\t44\t48\tmice\tSpecies\t10090\n\n"
)


def xml_annotation(start: int, name: str, **infons: str) -> str:
    shown = "".join(f'<infon key="{key.replace("_", " ")}">{value}</infon>' for key, value in infons.items())
    return (
        f'<annotation id="{start}">{shown}<location offset="{start}" length="{len(name)}"/>'
        f"<text>{name}</text></annotation>"
    )


def xml_passage(infons: dict[str, str], offset: int, text: str, *annotations: str) -> str:
    shown = "".join(f'<infon key="{key}">{value}</infon>' for key, value in infons.items())
    escaped = text.replace("&", "&amp;")
    return f"<passage>{shown}<offset>{offset}</offset><text>{escaped}</text>{''.join(annotations)}</passage>"


def xml_file(*documents: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
        f"<collection><source>PubTator</source>{''.join(documents)}</collection>\n"
    )


def xml_document(*passages: str, identifier: str = "90000001") -> str:
    return f"<document><id>{identifier}</id>{''.join(passages)}</document>"


def abstract_only(mesh: dict[str, str], gene: dict[str, str], species: dict[str, str]) -> str:
    """The article of TEXT in BioC XML, with the infons of one vintage."""
    return xml_document(
        xml_passage({"type": "title"}, 0, TITLE, xml_annotation(0, "Insulin", type="Gene", **gene)),
        xml_passage(
            {"type": "abstract"},
            19,
            ABSTRACT,
            xml_annotation(44, "mice", type="Species", **species),
            xml_annotation(29, "glucose", type="Chemical", **mesh),
        ),
    )


IDENTIFIERS = ({"identifier": "MESH:D005947"}, {"identifier": "3630"}, {"identifier": "10090"})
KEYS = ({"MESH": "D005947"}, {"NCBI_Gene": "3630"}, {"NCBI_Species": "10090"})
UPPER_KEYS = ({"MESH": "D005947"}, {"NCBI_GENE": "3630"}, {"NCBI_SPECIES": "10090"})
TYPE_KEYS = ({"MESH": "D005947"}, {"Gene": "3630"}, {"Species": "10090"})

FULL_TEXT = xml_document(
    xml_passage(
        {
            "type": "front",
            "section_type": "TITLE",
            "article-id_pmid": "90000001",
            "article-id_pmc": "9900001",
        },
        0,
        TITLE,
        xml_annotation(0, "Insulin", type="Gene", **{"identifier": "3630", "NCBI_Homologene": "173"}),
    ),
    xml_passage({"type": "abstract_title_1", "section_type": "ABSTRACT"}, 24, "Aims"),
    xml_passage(
        {"type": "abstract", "section_type": "ABSTRACT"},
        33,
        ABSTRACT,
        xml_annotation(43, "glucose", type="Chemical", identifier="MESH:D005947"),
        xml_annotation(58, "mice", type="Species", identifier="10090"),
    ),
    xml_passage({"type": "title_1", "section_type": "INTRO"}, 64, "Introduction"),
    xml_passage(
        {"type": "paragraph", "section_type": "INTRO"},
        77,
        "Mice ate.",
        xml_annotation(77, "Mice", type="Species", identifier="10090"),
        "<annotation>of no use</annotation>",
    ),
    xml_passage({"type": "title", "section_type": "REF"}, 90, "References"),
    identifier="9900001",
)


def json_document(**changes: Any) -> dict[str, Any]:
    document = {
        "_id": "90000001|None",
        "id": "90000001",
        "infons": {},
        "passages": [
            {
                "infons": {"type": "title", "journal": "J", "year": 2020},
                "offset": 0,
                "text": TITLE,
                "sentences": [],
                "relations": [],
                "annotations": [
                    {
                        "id": "1",
                        "infons": {
                            "identifier": "3630",
                            "type": "Gene",
                            "valid": True,
                            "normalized_id": 3630,
                        },
                        "text": "Insulin",
                        "locations": [{"offset": 0, "length": 7}],
                    }
                ],
            },
            {
                "infons": {"type": "abstract"},
                "offset": 19,
                "text": ABSTRACT,
                "annotations": [
                    {
                        "id": "2",
                        "infons": {"identifier": "MESH:D005947", "type": "Chemical"},
                        "text": "glucose",
                        "locations": [{"offset": 29, "length": 7}],
                    },
                    {
                        "id": "3",
                        "infons": {"identifier": "10090", "type": "Species"},
                        "text": "mice",
                        "locations": [{"offset": 44, "length": 4}],
                    },
                ],
            },
        ],
        "pmid": 90000001,
        "pmcid": None,
    }
    return document | changes


def as_json(value: Any, **options: Any) -> str:
    return json.dumps(value, **options) + "\n"


FILES = {
    "text": TEXT,
    "text after a mark and blank lines": "\ufeff\n\n" + TEXT,
    "text, CR LF": TEXT.replace("\n", "\r\n"),
    "text, blank that ends the title": TEXT.replace(f"{TITLE}\n", f"{TITLE} \n"),
    "xml, identifier": xml_file(abstract_only(*IDENTIFIERS)),
    "xml, id under its vocabulary": xml_file(abstract_only(*KEYS)),
    "xml, upper-case vocabulary": xml_file(abstract_only(*UPPER_KEYS)),
    "xml, id under its type": xml_file(abstract_only(*TYPE_KEYS)),
    "xml, one line without declaration": xml_file(abstract_only(*IDENTIFIERS)).partition("?>\n")[2],
    "json, documents": as_json({"source": "PubTator", "infons": {}, "documents": [json_document()]}),
    "json, PubTator3": as_json({"PubTator3": [json_document()]}, ensure_ascii=False),
    "json, indented": as_json({"documents": [json_document()], "key": 1}, indent=4),
    "json, one document": as_json(json_document()),
    "json, list": as_json([json_document()]),
}

Seen = list[tuple[str, str, int, str]]


def read(path: Path, *pmids: str) -> tuple[list[PubTatorRecord], Seen]:
    seen: Seen = []

    def misfit(article: str, mention: PubTatorMention, reason: str) -> None:
        seen.append((article, mention.text, mention.start, reason))

    return list(iter_articles(path, pmids or None, misfit=misfit)), seen


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="")
    return path


def shown(record: PubTatorRecord) -> object:
    mentions = sorted((m.start, m.end, m.text, m.type, m.id) for m in record.mentions)
    assert all(record.text[start:end] == text for start, end, text, *_ in mentions)
    return record.id, record.title, record.abstract, mentions


EXPECTED = (
    "90000001",
    TITLE,
    ABSTRACT,
    [
        (0, 7, "Insulin", "Gene", "3630"),
        (29, 36, "glucose", "Chemical", "MESH:D005947"),
        (44, 48, "mice", "Species", "10090"),
    ],
)


# Vintages


@pytest.mark.parametrize("name", FILES)
def test_every_vintage_gives_the_same_article_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    records, misfits = read(write(tmp_path / "file.sample", FILES[name]))
    assert [shown(record) for record in records] == [EXPECTED]
    assert misfits == []


@pytest.mark.parametrize("name", FILES)
def test_compressed_files_are_read_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(FILES[name].encode()))
    assert [shown(record) for record in read(path)[0]] == [EXPECTED]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archives_are_read_file_by_file(tmp_path: Path, mode: Any) -> None:
    with tarfile.open(tmp_path / "file", mode) as archive:
        for number, content in enumerate(FILES.values()):
            entry = tarfile.TarInfo(f"out/{number}.XML")
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            other = tarfile.TarInfo("out/other.XML")
            other.type, other.linkname = kind, "out/0.XML"
            archive.addfile(other)
    records = list(iter_articles(tmp_path / "file", misfit=lambda *_: None))
    assert [shown(record) for record in records] == [EXPECTED] * len(FILES)


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_zip_is_read_file_by_file_whatever_is_packed_in_it(tmp_path: Path) -> None:
    packed = {"a.xml.gz": gzip.compress(FILES["xml, identifier"].encode()), "b.zip": zipped(b=TEXT)}
    content = zipped(
        **{name: text for name, text in FILES.items() if not name.startswith("text")},
        **packed,
        **{"folder/": "", ".hidden": "-", "__MACOSX/._a.xml": "-", "deep/._b": "-"},
    )
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "file.gz").write_bytes(gzip.compress(content))
    count = len(packed) + sum(not name.startswith("text") for name in FILES)
    for name in ("file", "file.gz"):
        assert [shown(record) for record in read(tmp_path / name)[0]] == [EXPECTED] * count


def test_a_member_without_name_is_read_like_any_other(tmp_path: Path) -> None:
    content = bytearray(zipped(a=TEXT))
    for place in (30, content.index(b"PK\x01\x02") + 46):
        content[place] = 0
    (tmp_path / "file").write_bytes(content)
    assert [shown(record) for record in read(tmp_path / "file")[0]] == [EXPECTED]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped(a=data)])
def test_standard_input_is_read_however_it_comes(
    monkeypatch: pytest.MonkeyPatch, name: str, pack: Callable[[bytes], bytes]
) -> None:
    class Pipe(io.RawIOBase):
        """Gives a few bytes at a time, as a slow writer would."""

        def __init__(self, data: bytes) -> None:
            self._rest = data

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            part, self._rest = self._rest[: min(size, 7)], self._rest[min(size, 7) :]
            return part

    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=Pipe(pack(FILES[name].encode()))))
    assert [shown(record) for record in read(STANDARD_INPUT)[0]] == [EXPECTED]


def test_faults_of_standard_input_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for content, message in (
        (TEXT.replace("\tGene\t3630", "").encode(), "standard input:3: "),
        (gzip.compress(TEXT.encode())[:-9], "standard input: expected a whole archive"),
        (b"", "standard input: expected PubTator text"),
    ):
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
        with pytest.raises(MalformedInput) as caught:
            list(iter_articles(STANDARD_INPUT))
        assert str(caught.value).startswith(message)


def test_standard_input_that_is_closed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(MissingInput, match=r"^standard input: expected something to read, .* is closed$"):
        list(iter_articles(STANDARD_INPUT))


def test_hidden_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    for name in ("a.txt", ".DS_Store", ".cache/b.txt"):
        write(tmp_path / name, TEXT if name == "a.txt" else "-")
    assert [shown(record) for record in read(tmp_path)[0]] == [EXPECTED]
    assert [shown(record) for record in read(write(tmp_path / ".a", TEXT))[0]] == [EXPECTED]


def encrypted(data: bytes) -> bytes:
    """The zip with the mark of a password on its first member."""
    places = (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8)
    changed = bytearray(data)
    for place in places:
        changed[place] |= 1
    return bytes(changed)


def changed(data: bytes) -> bytes:
    """The zip with another content than it was made of."""
    place = data.index(b"PK\x01\x02") - 9
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


def bzipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", TEXT)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(a=TEXT)[:-30], "expected a whole archive, got: File is not a zip file"),
        (changed(zipped(a=TEXT)), "expected a whole archive"),
        (encrypted(zipped(a=TEXT)), "!/a: expected a zip without password, stored or deflated"),
        (bzipped(), "!/a: expected a zip without password, stored or deflated"),
        (functools.reduce(lambda data, _: gzip.compress(data), range(6), b""), "expected at most 4 archives"),
        (functools.reduce(lambda data, _: zipped(a=data), range(6), b""), "expected at most 4 archives"),
    ],
)
def test_an_archive_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(MalformedInput) as caught:
        list(iter_articles(path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_of_full_text_title_and_abstract_are_read(tmp_path: Path) -> None:
    (record,), misfits = read(write(tmp_path / "a", xml_file(FULL_TEXT)))
    assert shown(record) == (
        "90000001",
        TITLE,
        f"Aims {ABSTRACT}",
        [
            (0, 7, "Insulin", "Gene", "3630"),
            (34, 41, "glucose", "Chemical", "MESH:D005947"),
            (49, 53, "mice", "Species", "10090"),
        ],
    )
    assert misfits == []


@pytest.mark.parametrize(
    ("infons", "expected"),
    [
        ({"article-id_pmid": "90000001", "article-id_pmc": "9900001"}, "90000001"),
        ({"article-id_pmc": "9900001"}, "PMC9900001"),
        ({"article-id_pmc": "PMC9900001"}, "PMC9900001"),
        ({}, "9900001"),
    ],
)
def test_a_pmc_number_is_not_taken_for_a_pmid(tmp_path: Path, infons: dict[str, str], expected: str) -> None:
    passage = xml_passage({"section_type": "TITLE"} | infons, 0, TITLE)
    (record,), _ = read(write(tmp_path / "a", xml_file(xml_document(passage, identifier="9900001"))))
    assert record.id == expected
    document = json_document(
        id="9900001",
        pmid=None,
        passages=[{"infons": {"type": "title"} | infons, "offset": 0, "text": TITLE}],
    )
    (record,), _ = read(write(tmp_path / "b", as_json(document)))
    assert record.id == expected


@pytest.mark.parametrize(
    ("infons", "expected"),
    [
        ({"MESH": "Unknown"}, None),
        ({}, None),
        ({"OMIM": "100100"}, "OMIM:100100"),
        ({"MESH": "MESH:D000001"}, "MESH:D000001"),
        ({"CVCL": "0030"}, "CVCL:0030"),
        ({"tmVar": "c|SUB|A|1|G"}, "c|SUB|A|1|G"),
        ({"identifier": "-"}, "-"),
        ({"Gene": "9", "identifier": "3630"}, "3630"),
    ],
)
def test_the_id_comes_from_the_infon_that_holds_it(
    tmp_path: Path, infons: dict[str, str], expected: str | None
) -> None:
    passage = xml_passage({"type": "title"}, 0, TITLE, xml_annotation(0, "Insulin", type="Gene", **infons))
    (record,), _ = read(write(tmp_path / "a", xml_file(xml_document(passage))))
    assert [mention.id for mention in record.mentions] == [expected]


def test_article_files_that_the_text_does_not_spell_go_to_the_handler(tmp_path: Path) -> None:
    parts = (
        '<annotation><infon key="type">Gene</infon><location offset="0" length="2"/>'
        '<location offset="5" length="2"/><text>In in</text></annotation>'
    )
    document = xml_document(
        xml_passage(
            {"type": "title"}, 0, TITLE, xml_annotation(1, "Insulin", type="Gene", identifier="3630"), parts
        ),
        xml_passage(
            {"type": "abstract"},
            19,
            "",
            xml_annotation(9019, "mice", type="Species", identifier="10090"),
            xml_annotation(19, "Insulin", type="Gene", identifier="3630"),
        ),
    )
    path = write(tmp_path / "a", xml_file(document))
    (record,), misfits = read(path)
    assert (record.text, record.mentions) == (TITLE, ())
    assert misfits == [
        ("90000001", "Insulin", 1, UNSPELLED),
        ("90000001", "In in", 0, DISCONTINUOUS),
        ("90000001", "mice", 9019, BEYOND),
        ("90000001", "Insulin", 19, BEYOND),
    ]
    with pytest.raises(MalformedInput) as caught:
        list(iter_articles(path))
    assert str(caught.value).startswith(
        f"{path}:3: document 90000001: expected 'Insulin' at 1-8, got a mention"
    )


# Which files and articles


def test_a_folder_is_read_in_order_of_name_and_only_what_is_wanted_comes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "b.xml", TEXT.replace("90000001", "90000002") + TEXT)
    write(tmp_path / "deep" / "c.txt", FILES["json, PubTator3"])
    write(tmp_path / "a.json", FILES["xml, identifier"].replace("90000001", "90000003"))
    assert [record.id for record in read(tmp_path)[0]] == ["90000003", "90000002", "90000001", "90000001"]
    assert [record.id for record in read(tmp_path, "90000001", "7")[0]] == ["90000001", "90000001"]
    assert [record.id for record in read(tmp_path, "90000003")[0]] == ["90000003"]
    assert list(iter_articles(tmp_path, [])) == []


def test_misfits_of_articles_that_nobody_wants_are_not_counted(tmp_path: Path) -> None:
    shifted = TEXT.replace("90000001", "90000002").replace("\t29\t36", "\t30\t37")
    path = write(tmp_path / "a", TEXT + shifted)
    assert read(path, "90000001")[1] == []
    assert len(read(path)[1]) == 1
    assert len(list(iter_articles(path, ["90000001"]))) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# Notes\n",
        "pubmed_id\ttype\tidentifier\toffset\tend\n90000001\tGene\t3630\t0\t7\n",
        "<html><body/></html>",
        '{"files": 3}',
        "\x00\x01\x02",
    ],
)
def test_files_of_something_else_are_errors(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "a", content)
    with pytest.raises(MalformedInput, match="expected PubTator text, BioC XML or BioC JSON, got neither"):
        list(iter_articles(path))


def test_nothing_there_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(MissingInput, match="expected a file or a folder with files, found none"):
            list(iter_articles(path))


# Faults

DOCUMENT = json_document()
NO_OFFSET = json_document(passages=[{"infons": {"type": "title"}, "text": TITLE}])
SURROGATE = json_document(passages=[{"infons": {"type": "title"}, "offset": 0, "text": "\ud800"}])
BROKEN = {
    "text, no line end": (TEXT.rstrip("\n"), ":5: expected a line end"),
    "text, columns": (TEXT.replace("\tGene\t3630", ""), ":3: expected 5 or 6 or 7 columns"),
    "xml, cut": (FILES["xml, identifier"][:-40], "expected well-formed XML"),
    "xml, no document": (xml_file(), "expected at least one <document> element"),
    "xml, no id": (
        xml_file("<document><passage/></document>"),
        ":3: expected a BioC document, got one without",
    ),
    "xml, offset": (
        FILES["xml, identifier"].replace('offset="29"', 'offset="x"'),
        ":3: document 90000001: expected a BioC document, got the offset or length 'x'",
    ),
    "xml, no type": (
        FILES["xml, identifier"].replace('<infon key="type">Gene</infon>', ""),
        "got the annotation 'Insulin', no entity type",
    ),
    "xml, sentence": (
        xml_file(xml_document("<passage><offset>0</offset><sentence/></passage>")),
        "expected a BioC document, got the offset or length None",
    ),
    "xml, no place": (
        FILES["xml, identifier"].replace('<location offset="29" length="7"/>', ""),
        "expected a BioC document, got the annotation 'glucose', no place in the text",
    ),
    "xml, no text": (xml_file(xml_document()), "expected a title or an abstract, got neither"),
    "json, cut": (FILES["json, PubTator3"][:-20], "expected JSON with a value, got"),
    "json, cut list": (FILES["json, PubTator3"][:-3], "expected JSON with ',', it is cut here"),
    "json, no comma": (as_json({"a": 1, "documents": []}).replace(", ", " "), "expected JSON with ',', got"),
    "json, words": (FILES["json, one document"] + "and so on", "expected JSON with '{', got 'a'"),
    "json, nested too deep": ('{"documents": [' + "[" * 100_000, "expected JSON with a value"),
    "json, no offset": (as_json(NO_OFFSET), "document 90000001: expected a BioC document, got no 'offset'"),
    "json, no passages": (as_json({"documents": [{"id": "90000001"}]}), "got no 'passages'"),
    "json, document is a word": (as_json({"documents": ["passages"]}), "expected a BioC document, got"),
    "json, half a character": (as_json(SURROGATE), "got the text"),
    "json, half a character in an id": (
        as_json(json_document(id="7\ud800", pmid=None)),
        r"document 7\ud800: expected a BioC document, got the text",
    ),
    "json, half a character in an infon": (as_json(json_document(infons={"a": "\ud800"})), "got the text"),
    "json, key is a list": ('{"documents": [], [1]: 2}', "expected JSON with a key in quotes, got '['"),
    "json, negative offset": (FILES["json, list"].replace(": 29", ": -29"), "got the offset or length -29"),
    "json, offset is true": (FILES["json, list"].replace(": 29", ": true"), "got the offset or length True"),
    "json, sentence": (
        as_json(json_document(passages=[{"infons": {"type": "title"}, "offset": 0, "sentences": [{}]}])),
        "expected a BioC document, got no 'offset'",
    ),
    "json, annotation of the document": (
        as_json(json_document(annotations=[{}])),
        "expected a BioC document, got the annotation '', no entity type",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_one_line_that_names_the_file(tmp_path: Path, name: str) -> None:
    content, expected = BROKEN[name]
    path = write(tmp_path / "a", content)
    with pytest.raises(MalformedInput) as caught:
        list(iter_articles(path))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["text", "xml, identifier", "json, PubTator3"])
def test_another_encoding_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(FILES[name].replace("α", "é").encode("latin-1"))
    with pytest.raises(MalformedInput, match=r"expected (UTF-8|well-formed XML)"):
        list(iter_articles(path))


@pytest.mark.parametrize("name", ["text", "xml, identifier", "json, PubTator3"])
@pytest.mark.parametrize("change", ["cut", "changed"])
def test_a_damaged_archive_is_one_line(tmp_path: Path, name: str, change: str) -> None:
    whole = gzip.compress(FILES[name].encode())
    path = tmp_path / "a"
    path.write_bytes(whole[:-12] if change == "cut" else whole[:-6] + b"\x00\x01" + whole[-4:])
    with pytest.raises(MalformedInput, match="expected a whole archive, got"):
        list(iter_articles(path))


def test_a_tar_member_whose_name_is_no_utf_8_is_named_all_the_same(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("\udcff.txt"), io.BytesIO())
    with pytest.raises(MalformedInput) as caught:
        list(iter_articles(tmp_path / "a.tar"))
    assert str(caught.value).encode().startswith(rb"%b!/\udcff.txt: expected" % bytes(tmp_path / "a.tar"))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_cut_tar_is_one_line(tmp_path: Path, mode: Any) -> None:
    content = TEXT.encode() * 100
    with tarfile.open(tmp_path / "whole", mode) as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MalformedInput) as caught:
        list(iter_articles(tmp_path / "cut"))
    assert str(caught.value).startswith(str(tmp_path / "cut"))


def test_no_external_entity_is_read(tmp_path: Path) -> None:
    write(tmp_path / "outside.txt", "confidential")
    entity = f'<!DOCTYPE collection [<!ENTITY x SYSTEM "{(tmp_path / "outside.txt").as_uri()}">]>'
    content = FILES["xml, identifier"].replace('<!DOCTYPE collection SYSTEM "BioC.dtd">', entity)
    path = write(tmp_path / "a", content.replace("in mice", "&x; mice", 1))
    texts: list[str] = []
    try:
        texts += [record.text for record in iter_articles(path, misfit=lambda *_: None)]
    except MalformedInput as error:
        texts.append(str(error))
    assert "confidential" not in "".join(texts)


# Size


def dump_text(articles: int) -> Iterator[str]:
    for number in range(articles):
        yield TEXT.replace("90000001", str(90000001 + number))


def dump_xml(articles: int) -> Iterator[str]:
    yield "<collection>"
    for number in range(articles):
        yield abstract_only(*IDENTIFIERS).replace("90000001", str(90000001 + number))
    yield "</collection>"


def dump_json(articles: int) -> Iterator[str]:
    yield '{"PubTator3": ['
    for number in range(articles):
        yield "," * (number > 0) + json.dumps(json_document(id=str(90000001 + number), pmid=None))
    yield "]}"


@pytest.mark.parametrize("dump", [dump_text, dump_xml, dump_json])
def test_memory_does_not_grow_with_the_dump(tmp_path: Path, dump: Callable[[int], Iterator[str]]) -> None:
    def peak(articles: int) -> int:
        path = tmp_path / str(articles)
        with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
            file.writelines(dump(articles))
        gc.collect()
        tracemalloc.start()
        try:
            assert sum(1 for _ in iter_articles(path)) == articles
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(2000) < 2 * peak(200)


# Real files

REAL = {
    "greenelab/1-sample-annotations.txt": (132, 1756, {BEYOND: 7622, UNSPELLED: 126}),
    "greenelab/2-sample-docs.xml": (132, 1756, {BEYOND: 7623, UNSPELLED: 125}),
    "greenelab/batch_0.xml": (100, 1403, {}),
    "greenelab/batch_1.xml": (32, 478, {}),
    "samples/bioconcepts2pubtator_offsets.sample": (651, 7537, {BEYOND: 2}),
    "tmvar3/goldstandard_tmvar_v3.txt": (500, 7837, {}),
    "tmvar3/pubtator_tmvar_v3.txt": (500, 10032, {}),
    "tmvar3/tmVar3Corpus.Gene.txt": (500, 5940, {UNSPELLED: 6, BEYOND: 1}),
}
FOREIGN = ["greenelab/3-sample-tags.tsv"]


def test_every_real_file_is_read(mirror: Path) -> None:
    root = mirror / "pubtator"
    found: dict[str, tuple[int, int, dict[str, int]]] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        reasons: Counter[str] = Counter()
        counted = iter_articles(path, misfit=lambda article, mention, reason, to=reasons: to.update([reason]))
        if name in FOREIGN:
            with pytest.raises(MalformedInput, match="got neither"):
                list(counted)
            continue
        records = list(counted)
        for record in records:
            shown(record)
        found[name] = (len(records), sum(len(record.mentions) for record in records), dict(reasons))
    assert found == REAL


def test_text_and_xml_of_the_same_real_articles_agree(mirror: Path) -> None:
    folder = mirror / "pubtator/greenelab"
    text, xml = (
        {record.id: record for record in read(folder / name)[0]}
        for name in ("1-sample-annotations.txt", "2-sample-docs.xml")
    )
    assert list(text) == list(xml)
    for pmid, record in text.items():
        places = [(m.text, m.type, (m.id or "") or None) for m in record.mentions]
        assert sorted(places, key=str) == sorted(
            [(m.text, m.type, m.id) for m in xml[pmid].mentions], key=str
        )
