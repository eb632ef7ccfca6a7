"""Articles that PubTator has annotated, from files at hand: its bulk downloads and saved exports.

What a file is, its content says, since the names of these files say little:

    PubTator text    90000001|t|Title ...         dumps with offsets, exports
    BioC XML         <collection> ... <document>  PubTator Central and PubTator 3, full text or not
    BioC JSON        {"documents": [...]}, {"PubTator3": [...]}, or one document after the other

each also packed with gzip, many of them in a zip or tar archive, or one in the other; or from standard input.
All are streamed: memory holds one article.
Formats: https://www.ncbi.nlm.nih.gov/research/pubtator3/tutorial and https://bioc.sourceforge.net.
"""

from __future__ import annotations

import gzip
import io
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from harmonize.errors import MalformedInput, MissingInput
from harmonize.files import is_hidden, tells_of_an_export, user_files
from harmonize.formats.article_forms import (
    ARTICLE_FORMS,
    BRAT_ANNOTATIONS,
    BRAT_TEXT,
    HEAD,
    ArticleForm,
    form_of,
)
from harmonize.formats.bioc_articles import json_articles, xml_articles
from harmonize.formats.lines import numbered
from harmonize.formats.misfits import Misfit
from harmonize.formats.pubtator import read_lines
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.sources.archive import BROKEN_ZIP, IN_ARCHIVE

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "ARTICLE_FORMS",
    "GZIP",
    "HEAD",
    "STANDARD_INPUT",
    "TAR",
    "ZIP",
    "ArticleForm",
    "FilesInput",
    "Several",
    "form_of",
    "input_files",
    "input_name",
    "input_places",
    "iter_articles",
    "one_input",
    "standard_input",
    "streams",
    "whole",
]

STANDARD_INPUT = Path("-")
GZIP, ZIP, TAR = b"\x1f\x8b", b"PK\x03\x04", b"ustar"
_MOST_PACKINGS = 4  # of a file, one in the other: an archive may hold itself
_OFFICE = "[Content_Types].xml"
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_Read = Callable[[io.BufferedReader, str, Collection[str] | None, Misfit | None], Iterator[PubTatorRecord]]


def iter_articles(
    path: Path,
    pmids: Collection[str] | None = None,
    *,
    misfit: Misfit | None = None,
) -> Iterator[PubTatorRecord]:
    """Stream annotated articles; one that several files hold comes several times, in order of file name.

    Of full text only title and abstract are read, of BioC no relations. A record's id is the PMID where the
    file tells it, and "PMC..." for an article of which only that is told; its `line` is 0 in JSON.

    Args:
        path: a file, or a folder with files at any depth.
        pmids: the articles to yield; all if None.
        misfit: is given the mentions that the text does not spell, which the record then lacks, and makes
            articles without text welcome; see `pubtator.read`. Without it both are errors.

    Raises:
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: with the file and, where known, line or document; a file that holds no annotated
            articles.
    """
    wanted = None if pmids is None else frozenset(pmids)
    for file in input_files(path):
        with whole(file):
            for name, stream in streams(file):
                form = form_of(stream.peek(HEAD))
                if form not in _READERS:
                    raise MalformedInput(name, "expected PubTator text, BioC XML or BioC JSON, got neither")
                yield from _READERS[form](stream, name, wanted, misfit)


# Files


@dataclass(frozen=True)
class Several:
    """Files and folders that are one input, as if one folder held them; the name tells the first."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        first, *others = self.paths
        return f"{first} and {len(others):,} more"


FilesInput = Path | Several


def one_input(paths: Sequence[Path]) -> FilesInput:
    """The path, or several as one input."""
    return paths[0] if len(paths) == 1 else Several(tuple(paths))


def input_places(source: FilesInput) -> tuple[Path, ...]:
    """The paths that the input was told by."""
    return source.paths if isinstance(source, Several) else (source,)


def input_files(source: FilesInput) -> list[Path]:
    """The file, standard input ("-"), or the files of a folder at any depth, in order of name.

    Of several in their order, each file once. Files in a folder whose name begins with a dot are the
    system's, and passed over. So are texts of brat's standoff, which are read with the annotations beside
    them, and what an export says of its files.

    Raises:
        MissingInput: no such file or folder, an empty folder, or standard input that is closed.
    """
    files = {file.absolute(): file for place in input_places(source) for file in _files_of(place)}
    if len(files) == 1:
        return list(files.values())
    return [file for file in files.values() if _annotations_of(file) not in files]


def _files_of(place: Path) -> list[Path]:
    if place == STANDARD_INPUT:
        standard_input(input_name(place))
        return [place]
    files = [place]
    if place.is_dir():
        files = [file for file in user_files(place) if not tells_of_an_export(file)]
    if not files or not files[0].is_file():
        raise MissingInput(place, "expected a file or a folder with files, found none")
    return files


def _annotations_of(file: Path) -> Path | None:
    """Where the annotations of a text of brat's standoff would stand; None for another file."""
    return file.with_suffix(BRAT_ANNOTATIONS).absolute() if file.suffix == BRAT_TEXT else None


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn the faults of a cut or changed archive, read in the block, into one line."""
    try:
        yield
    except (gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise MalformedInput(input_name(path), f"expected a whole archive, got: {error}") from None


def input_name(source: FilesInput) -> str:
    """What to call an input, or a file of `input_files`, in what is said of it."""
    return "standard input" if source == STANDARD_INPUT else str(source)


def standard_input(name: str) -> BinaryIO:
    """The bytes of standard input.

    Args:
        name: what to call it in errors.

    Raises:
        MissingInput: it is closed.
    """
    if sys.stdin is None:
        raise MissingInput(name, "expected something to read, standard input is closed")
    return sys.stdin.buffer


def streams(path: Path) -> Iterator[tuple[str, io.BufferedReader]]:
    """The file's content, or that of each file in an archive, unpacked: (name for errors, stream).

    What is packed how, its bytes tell.

    Raises:
        MalformedInput: packed in a way that is not known, or too often.
    """
    if path == STANDARD_INPUT:
        yield from _unpacked(input_name(path), _buffered(standard_input(input_name(path))), _MOST_PACKINGS)
        return
    with path.open("rb", buffering=0) as file:
        stream = _buffered(file)
        if stream.peek(HEAD).startswith(ZIP) and not _is_of_an_office(file):
            yield from _each_unpacked(_zip_members(input_name(path), file), _MOST_PACKINGS - 1)
        elif stream.peek(HEAD).startswith(ZIP):
            yield input_name(path), stream
        else:
            yield from _unpacked(input_name(path), stream, _MOST_PACKINGS)


def _is_of_an_office(file: BinaryIO) -> bool:
    """True for a file of Excel, Word and the like, which are zip archives of many parts."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _OFFICE in archive.namelist()
    except BROKEN_ZIP:
        return False
    finally:
        file.seek(0)


def _unpacked(name: str, stream: io.BufferedReader, packings: int) -> Iterator[tuple[str, io.BufferedReader]]:
    head = stream.peek(HEAD)
    if packings == 0 and head.startswith((GZIP, ZIP)):
        raise MalformedInput(name, f"expected at most {_MOST_PACKINGS} archives, one in the other")
    if head.startswith(GZIP):
        yield from _unpacked(name, _buffered(gzip.GzipFile(fileobj=stream)), packings - 1)
    elif head.startswith(ZIP):
        # A zip's list of members stands at its end.
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            yield from _each_unpacked(_zip_members(name, file), packings - 1)
    elif head[257:262] == TAR and packings > 0:
        yield from _each_unpacked(_tar_members(name, stream), packings - 1)
    else:
        yield name, stream


def _each_unpacked(
    members: Iterable[tuple[str, IO[bytes]]], packings: int
) -> Iterator[tuple[str, io.BufferedReader]]:
    for name, content in members:
        yield from _unpacked(name, _buffered(content), packings)


def _tar_members(name: str, stream: io.BufferedReader) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        while (member := archive.next()) is not None:
            if member.isfile() and not is_hidden(PurePosixPath(member.name)):
                shown = member.name.encode(errors="backslashreplace").decode()  # it may be no UTF-8
                yield f"{name}{IN_ARCHIVE}{shown}", cast(IO[bytes], archive.extractfile(member))
            archive.members.clear()  # type: ignore[attr-defined]  # else it remembers every member


def _zip_members(name: str, file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    with _zip_faults():
        archive = zipfile.ZipFile(file)
    with archive:
        for member in archive.infolist():
            if member.filename.endswith("/") or is_hidden(PurePosixPath(member.filename)):
                continue
            shown = f"{name}{IN_ARCHIVE}{member.filename.encode(errors='backslashreplace').decode()}"
            if member.flag_bits & 1 or member.compress_type not in _ZIP_METHODS:
                raise MalformedInput(shown, "expected a zip without password, stored or deflated")
            with _zip_faults():
                content = archive.open(member)
            with content:
                yield shown, _ZipMember(content)


@contextmanager
def _zip_faults() -> Iterator[None]:
    """One kind of fault for all that zipfile lets through when bytes are changed or cut off."""
    try:
        yield
    except BROKEN_ZIP as error:
        raise zipfile.BadZipFile(str(error)) from None


class _ZipMember:
    """A member of a zip, open to be read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content

    def read(self, size: int) -> bytes:
        with _zip_faults():
            return self._content.read(size)


class _Filling(io.RawIOBase):
    """A source that gives what was asked for until its end, as pipes and gzip do not."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        filled = 0
        while filled < len(view) and (part := self._source.read(len(view) - filled)):
            view[filled : filled + len(part)] = part
            filled += len(part)
        return filled


def _buffered(source: Any) -> io.BufferedReader:
    return io.BufferedReader(_Filling(source), HEAD)


# PubTator text


def _text_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    return read_lines(name, numbered(stream, name), misfit=misfit, ids=pmids)


_READERS: dict[ArticleForm, _Read] = {
    "pubtator": _text_articles,
    "bioc-xml": xml_articles,
    "bioc-json": json_articles,
}
