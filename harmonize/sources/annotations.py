"""Articles that PubTator has annotated, from files at hand: its bulk downloads and saved exports.

What a file is, its content says, since the names of these files say little:

    PubTator text    90000001|t|Title ...         dumps with offsets, exports
    BioC XML         <collection> ... <document>  PubTator Central and PubTator 3, full text or not
    BioC JSON        {"documents": [...]}, {"PubTator3": [...]}, or one document after the other

each also compressed with gzip, or many of them in a tar archive. All are streamed: memory holds one article.
Formats: https://www.ncbi.nlm.nih.gov/research/pubtator3/tutorial and https://bioc.sourceforge.net.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from harmonize.errors import MalformedInput, MissingInput
from harmonize.formats.pubtator import Misfit, PubTatorMention, PubTatorRecord, misfit_reason, read_lines
from harmonize.formats.xml import elements
from harmonize.model import Span

__all__ = ["DISCONTINUOUS", "bioc_xml_record", "iter_articles"]

DISCONTINUOUS = "in several parts"
"""Why a BioC annotation is a misfit that the text may well spell: PubTator's mentions are of one part."""

_HEAD = 1 << 16  # bytes that tell what a file is
_TEXT_START = re.compile(rb"[^|\t\n]{1,99}\|[ta]\|")
_JSON_KEYS = (b'"documents"', b'"PubTator3"', b'"passages"')
_LARGEST = 1 << 26  # characters of one article in JSON
_SURROGATE = re.compile("[\ud800-\udfff]")

# Infons that hold an id, the surest first, and what PubTator text writes before the id.
_ID_INFONS = {
    "identifier": "",
    "mesh": "MESH:",
    "omim": "OMIM:",
    "cvcl": "CVCL:",
    "chebi": "CHEBI:",
    "ncbi gene": "",
    "entrez gene": "",
    "gene": "",
    "ncbi species": "",
    "ncbi taxonomy": "",
    "taxonomy": "",
    "species": "",
    "tmvar": "",
    "dbsnp": "",
    "cellosaurus": "",
}

_Read = Callable[[io.BufferedReader, str, Collection[str] | None, Misfit | None], Iterator[PubTatorRecord]]


def iter_articles(
    path: Path,
    pmids: Collection[str] | None = None,
    *,
    misfit: Misfit | None = None,
    foreign: Callable[[str], None] | None = None,
) -> Iterator[PubTatorRecord]:
    """Stream annotated articles; one that several files hold comes several times, in order of file name.

    Of full text only title and abstract are read, of BioC no relations. A record's id is the PMID where the
    file tells it, and "PMC..." for an article of which only that is told; its `line` is 0 in JSON.

    Args:
        path: a file, or a folder with files at any depth.
        pmids: the articles to yield; all if None.
        misfit: is given the mentions that the text does not spell, which the record then lacks, and makes
            articles without text welcome; see `pubtator.read`. Without it both are errors.
        foreign: is given the names of files that hold no annotated articles; without it they are errors.

    Raises:
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: with the file and, where known, line or document.
    """
    wanted = None if pmids is None else frozenset(pmids)
    for file in _files(path):
        with _whole(file):
            for name, stream in _streams(file):
                read = _reader_of(stream.peek(_HEAD))
                if read is not None:
                    yield from read(stream, name, wanted, misfit)
                elif foreign is not None:
                    foreign(name)
                else:
                    raise MalformedInput(name, "expected PubTator text, BioC XML or BioC JSON, got neither")


# Files


def _files(path: Path) -> list[Path]:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise MissingInput(path, "expected a file or a folder with files, found none")
    return files


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Turn the faults of a cut or changed archive into one line."""
    try:
        yield
    except (gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise MalformedInput(path, f"expected a whole archive, got: {error}") from None


def _streams(path: Path) -> Iterator[tuple[str, io.BufferedReader]]:
    """The file's content, or that of each file in a tar archive, uncompressed: (name for errors, stream)."""
    with _buffered(path.open("rb", buffering=0)) as file:
        is_compressed = file.peek(2).startswith(b"\x1f\x8b")
        stream = _buffered(gzip.GzipFile(fileobj=file)) if is_compressed else file
        if stream.peek(_HEAD)[257:262] != b"ustar":
            yield str(path), stream
            return
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while (member := archive.next()) is not None:
                content = archive.extractfile(member)
                if content is not None:
                    yield f"{path}!/{member.name}", _buffered(content)
                archive.members.clear()  # type: ignore[attr-defined]  # else it remembers every member


def _buffered(stream: Any) -> io.BufferedReader:
    return io.BufferedReader(stream, _HEAD)


def _reader_of(head: bytes) -> _Read | None:
    """The reader for a file that begins so; None if it holds no annotated articles."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _xml_articles if b"<collection" in start else None
    if start.startswith((b"{", b"[")):
        return _json_articles if any(key in start for key in _JSON_KEYS) else None
    return _text_articles if _TEXT_START.match(start) else None


# PubTator text


def _text_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    return read_lines(name, _numbered(stream, name), misfit=misfit, ids=pmids)


def _numbered(stream: io.BufferedReader, name: str) -> Iterator[tuple[int, str]]:
    """Like `lines.numbered_lines`, of an open file."""
    for number, raw in enumerate(stream, 1):
        if not raw.endswith(b"\n"):
            raise MalformedInput(name, "expected a line end, the file is cut here", line=number)
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise MalformedInput(
                name, f"expected UTF-8, got byte 0x{error.object[error.start]:02x}", line=number
            ) from None
        yield number, line.removesuffix("\n").removesuffix("\r")


# BioC: what XML and JSON have in common


@dataclass(frozen=True, slots=True)
class _Annotation:
    """An annotation; its parts count from the start of the document, in code points."""

    infons: Mapping[str, str]
    text: str
    parts: tuple[Span, ...]
    line: int


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of title or abstract; `offset` counts from the start of the document."""

    role: str
    offset: int
    text: str
    annotations: tuple[_Annotation, ...]


@dataclass(frozen=True, slots=True)
class _Article:
    id: str
    passages: tuple[_Passage, ...]
    line: int


def _role(infons: Mapping[str, str]) -> Literal["title", "abstract"] | None:
    """What a passage is: the section says so in full text, where "title" is also the type of headings."""
    kind = (infons.get("section_type") or infons.get("type") or "").casefold()
    return "title" if kind == "title" else "abstract" if kind == "abstract" else None


def _pmid(identifier: str, infons: Iterable[Mapping[str, str]]) -> str:
    """The PMID; documents of full text are named by their PMC number and tell the PMID in an infon."""
    told: dict[str, str] = {}
    for infon in infons:
        told = dict(infon) | told
    if told.get("article-id_pmid"):
        return told["article-id_pmid"]
    number = identifier.removeprefix("PMC")
    if number and told.get("article-id_pmc", "").removeprefix("PMC") == number:
        return f"PMC{number}"
    return identifier


def _identifier(infons: Mapping[str, str]) -> str | None:
    """The id as PubTator text writes it; None where no infon holds one."""
    by_key = {key.casefold(): value.strip() for key, value in infons.items()}
    for key, prefix in _ID_INFONS.items():
        value = by_key.get(key, "")
        if value and value != "Unknown":
            return prefix + value.removeprefix(prefix)
    return None


def _record(article: _Article, name: str, misfit: Misfit | None) -> PubTatorRecord:
    """One blank joins passages; what the offsets of BioC leave between them differs from file to file."""
    title = _joined(article, "title")
    abstract = _joined(article, "abstract")
    mentions = []
    for passage, start in _places(article, len(title) + 1):
        for annotation in passage.annotations:
            mention = _mention(annotation, start - passage.offset)
            reason = _reason(annotation, passage)
            if reason is None:
                mentions.append(mention)
            elif misfit is not None:
                misfit(article.id, mention, reason)
            else:
                raise _unspelled(name, article, mention, reason)
    record = PubTatorRecord(article.id, title, abstract or None, tuple(mentions), (), article.line)
    if not record.text and misfit is None:
        raise _fault(name, article, "expected a title or an abstract, got neither")
    return record


def _joined(article: _Article, role: str) -> str:
    return " ".join(passage.text for passage in article.passages if passage.role == role and passage.text)


def _places(article: _Article, abstract: int) -> Iterator[tuple[_Passage, int]]:
    """Each passage and where it starts in the record's text, given where the abstract does."""
    starts = {"title": 0, "abstract": abstract}
    for passage in article.passages:
        yield passage, starts[passage.role]
        if passage.text:
            starts[passage.role] += len(passage.text) + 1


def _reason(annotation: _Annotation, passage: _Passage) -> str | None:
    if len(annotation.parts) > 1:
        return DISCONTINUOUS
    return misfit_reason(_mention(annotation, -passage.offset), passage.text)


def _mention(annotation: _Annotation, by: int) -> PubTatorMention:
    """The annotation, shifted; from the first part's start to the last one's end."""
    start, end = (
        (annotation.parts[0].start + by, annotation.parts[-1].end + by) if annotation.parts else (0, 0)
    )
    infons = annotation.infons
    return PubTatorMention(
        start, end, annotation.text, infons["type"], _identifier(infons), None, annotation.line
    )


def _fault(name: str, article: _Article, message: str) -> MalformedInput:
    return MalformedInput(name, message, line=article.line or None, document=article.id)


def _unspelled(name: str, article: _Article, mention: PubTatorMention, reason: str) -> MalformedInput:
    return _fault(
        name, article, f"expected {mention.text!r} at {mention.start}-{mention.end}, got a mention {reason}"
    )


def _number(value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if type(value) is int and value >= 0:
        return value
    raise ValueError(f"the offset or length {value!r}")


def _annotation(
    infons: Mapping[str, str], text: str, locations: Iterable[tuple[object, object]], line: int = 0
) -> _Annotation:
    if "type" not in infons:
        raise ValueError(f"the annotation {text!r} without type")
    spans = []
    for offset, length in locations:
        start = _number(offset)
        spans.append(Span(start, start + _number(length)))
    return _Annotation(infons, text, tuple(sorted(spans)), line)


# BioC XML


def _xml_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    for element in elements(stream, ("document",), name):
        if pmids is None or _xml_pmid(element) in pmids:
            yield bioc_xml_record(element, name, misfit)


def bioc_xml_record(element: etree._Element, name: str, misfit: Misfit | None = None) -> PubTatorRecord:
    """Title, abstract and their annotations of a BioC <document>; see `iter_articles`.

    Raises:
        MalformedInput: not such a document, or, without a handler, a mention that the text does not spell.
    """
    try:
        article = _xml_article(element)
    except ValueError as error:
        raise MalformedInput(
            name,
            f"expected a BioC document, got {error}",
            line=element.sourceline,
            document=element.findtext("id"),
        ) from None
    return _record(article, name, misfit)


def _xml_pmid(element: etree._Element) -> str:
    parts = (element, *element.iterfind("passage"))
    return _pmid((element.findtext("id") or "").strip(), map(_xml_infons, parts))


def _xml_article(element: etree._Element) -> _Article:
    identifier = _xml_pmid(element)
    if not identifier:
        raise ValueError("one without id")
    if element.find("annotation") is not None:
        raise ValueError("annotations outside its passages")
    passages = ((passage, _role(_xml_infons(passage))) for passage in element.iterfind("passage"))
    return _Article(
        identifier,
        tuple(_xml_passage(passage, role) for passage, role in passages if role),
        element.sourceline or 0,
    )


def _xml_passage(element: etree._Element, role: str) -> _Passage:
    if element.find("sentence") is not None:
        raise ValueError("a passage of sentences")
    return _Passage(
        role,
        _number(element.findtext("offset")),
        element.findtext("text") or "",
        tuple(_xml_annotation(annotation) for annotation in element.iterfind("annotation")),
    )


def _xml_annotation(element: etree._Element) -> _Annotation:
    locations = ((place.get("offset"), place.get("length")) for place in element.iterfind("location"))
    return _annotation(
        _xml_infons(element), element.findtext("text") or "", locations, element.sourceline or 0
    )


def _xml_infons(element: etree._Element) -> dict[str, str]:
    return {infon.get("key") or "": infon.text or "" for infon in element.iterfind("infon")}


# BioC JSON


def _json_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    for document in _JsonStream(stream, name).documents():
        try:
            article = _json_article(document)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedInput(
                name, f"expected a BioC document, got {_json_fault(error)}", document=_json_name(document)
            ) from None
        if pmids is None or article.id in pmids:
            yield _record(article, name, misfit)


def _json_fault(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _json_name(document: Any) -> str | None:
    return str(document["id"]) if isinstance(document, dict) and "id" in document else None


def _json_article(document: Any) -> _Article:
    if document.get("annotations"):
        raise ValueError("annotations outside its passages")
    told = {"article-id_pmid": str(document["pmid"])} if document.get("pmid") else {}
    infons = [_json_infons(part) for part in (document, *document["passages"])]
    roles = ((passage, _role(_json_infons(passage))) for passage in document["passages"])
    return _Article(
        _pmid(str(document["id"]), [*infons, told]),
        tuple(_json_passage(passage, role) for passage, role in roles if role),
        line=0,
    )


def _json_passage(passage: Any, role: str) -> _Passage:
    if passage.get("sentences"):
        raise ValueError("a passage of sentences")
    annotations = passage.get("annotations") or ()
    return _Passage(
        role, _number(passage["offset"]), _json_text(passage), tuple(map(_json_annotation, annotations))
    )


def _json_annotation(annotation: Any) -> _Annotation:
    places = annotation.get("locations") or ()
    locations = ((place["offset"], place["length"]) for place in places)
    return _annotation(_json_infons(annotation), _json_text(annotation), locations)


def _json_text(part: Any) -> str:
    text = part.get("text") or ""
    if not isinstance(text, str) or _SURROGATE.search(text):
        raise ValueError(f"the text {text!r}")
    return text


def _json_infons(part: Any) -> dict[str, str]:
    infons = part.get("infons") or {}
    return {key: str(value) for key, value in infons.items() if value is not None}


class _JsonStream:
    """The documents in a JSON file of any size: decodes one value at a time from a growing window."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        # Not io.TextIOWrapper, which asks a file in a tar stream to seek.
        self._file, self._name = codecs.getreader("utf-8-sig")(stream), name
        self._text, self._at = "", 0
        self._decoder = json.JSONDecoder()

    def documents(self) -> Iterator[object]:
        """Those in a list of documents, or of the top level, one after the other."""
        while self._next():
            yield from self._array() if self._next() == "[" else self._object()

    def _object(self) -> Iterator[object]:
        """The documents in a collection, or the object itself if it is one."""
        values: dict[object, object] = {}
        self._take("{")
        while self._next() != "}":
            if values:
                self._take(",")
            key = self._value()
            self._take(":")
            if key in ("documents", "PubTator3") and self._next() == "[":
                yield from self._array()
                values[key] = None
            else:
                values[key] = self._value()
        self._take("}")
        if "passages" in values:
            yield values

    def _array(self) -> Iterator[object]:
        self._take("[")
        while self._next() != "]":
            yield self._value()
            if self._next() != "]":
                self._take(",")
        self._take("]")

    def _next(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            rest = self._text[self._at : self._at + 1]
            if rest and not rest.isspace():
                return rest
            if rest:
                self._at += 1
            elif not self._fill():
                return ""

    def _take(self, character: str) -> None:
        if (found := self._next()) != character:
            raise self._fault(f"{character!r}, got {found!r}" if found else f"{character!r}, it is cut here")
        self._at += 1

    def _value(self) -> object:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) > _LARGEST or not self._fill():
                    raise self._fault(f"a value, got: {error.msg}") from None
                continue
            except (RecursionError, ValueError) as error:
                raise self._fault(f"a value, got: {error}") from None
            if end < len(self._text):
                self._at = end
                return value
            length = end - self._at
            if not self._fill():  # else decode again: a number may go on in what was read now
                self._at = length
                return value

    def _fill(self) -> bool:
        """Drop what is decoded and read as much again as is left; False at the end."""
        self._text, self._at = self._text[self._at :], 0
        try:
            more = self._file.read(max(_HEAD, len(self._text)))
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise MalformedInput(self._name, f"expected UTF-8, got byte 0x{byte:02x}") from None
        self._text += more
        return bool(more)

    def _fault(self, expected: str) -> MalformedInput:
        return MalformedInput(self._name, f"expected JSON with {expected}")
