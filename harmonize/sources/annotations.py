"""Articles that PubTator has annotated, from files at hand: its bulk downloads and saved exports.

What a file is, its content says, since the names of these files say little:

    PubTator text    90000001|t|Title ...         dumps with offsets, exports
    BioC XML         <collection> ... <document>  PubTator Central and PubTator 3, full text or not
    BioC JSON        {"documents": [...]}, {"PubTator3": [...]}, or one document after the other

each also compressed with gzip, or many of them in a tar archive. All are streamed: memory holds one article.
Formats: https://www.ncbi.nlm.nih.gov/research/pubtator3/tutorial and https://bioc.sourceforge.net.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harmonize.errors import MalformedInput, MissingInput
from harmonize.formats.article_forms import ARTICLE_FORMS, HEAD, ArticleForm, form_of
from harmonize.formats.bioc_articles import json_articles, xml_articles
from harmonize.formats.lines import numbered
from harmonize.formats.pubtator import Misfit, PubTatorRecord, read_lines

__all__ = [
    "ARTICLE_FORMS",
    "HEAD",
    "ArticleForm",
    "form_of",
    "input_files",
    "iter_articles",
    "streams",
    "whole",
]

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
    for file in input_files(path):
        with whole(file):
            for name, stream in streams(file):
                form = form_of(stream.peek(HEAD))
                if form is not None:
                    yield from _READERS[form](stream, name, wanted, misfit)
                elif foreign is not None:
                    foreign(name)
                else:
                    raise MalformedInput(name, "expected PubTator text, BioC XML or BioC JSON, got neither")


# Files


def input_files(path: Path) -> list[Path]:
    """The file, or the files of a folder at any depth, in order of name.

    Raises:
        MissingInput: no such file or folder, or an empty folder.
    """
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise MissingInput(path, "expected a file or a folder with files, found none")
    return files


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn the faults of a cut or changed archive, read in the block, into one line."""
    try:
        yield
    except (gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise MalformedInput(path, f"expected a whole archive, got: {error}") from None


def streams(path: Path) -> Iterator[tuple[str, io.BufferedReader]]:
    """The file's content, or that of each file in a tar archive, uncompressed: (name for errors, stream)."""
    with _buffered(path.open("rb", buffering=0)) as file:
        is_compressed = file.peek(2).startswith(b"\x1f\x8b")
        stream = _buffered(gzip.GzipFile(fileobj=file)) if is_compressed else file
        if stream.peek(HEAD)[257:262] != b"ustar":
            yield str(path), stream
            return
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while (member := archive.next()) is not None:
                content = archive.extractfile(member)
                if content is not None:
                    name = member.name.encode(errors="backslashreplace").decode()  # it may be no UTF-8
                    yield f"{path}!/{name}", _buffered(content)
                archive.members.clear()  # type: ignore[attr-defined]  # else it remembers every member


def _buffered(stream: Any) -> io.BufferedReader:
    return io.BufferedReader(stream, HEAD)


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
