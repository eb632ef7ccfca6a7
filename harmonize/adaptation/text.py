"""Texts from files, one at a time: a line of a plain file, or an article (title and abstract) of PubTator.

Both may be packed with gzip or xz. What a file is, its first bytes say.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from harmonize.errors import MalformedInput, MissingInput
from harmonize.files import user_files
from harmonize.formats.article_forms import HEAD, form_of
from harmonize.formats.lines import decoded, numbered
from harmonize.formats.pubtator import read_lines
from harmonize.formats.pubtator_record import PubTatorMention

__all__ = ["Text", "read_texts", "text_files"]

_ENDINGS = (".txt", ".pubtator")
_PACKED = ("", ".gz", ".xz")
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_LONGEST = (
    1 << 24
)  # bytes of a line: no abstract is as long, and what is packed may hold one that fills memory


class Text(NamedTuple):
    """A text, and where it stands.

    Attributes:
        text: None where the line is not UTF-8.
        pmid: of an article; None for a line.
        mentions: (type, text) of each annotated mention; None for a line, which is not annotated.
    """

    file: Path
    line: int
    text: str | None
    pmid: str | None = None
    mentions: tuple[tuple[str, str], ...] | None = None


def text_files(paths: Iterable[Path]) -> list[Path]:
    """The files, those of a folder in order of name: .txt and .pubtator, also with .gz or .xz after it.

    Raises:
        MissingInput: no such file, or a folder without one.
    """
    endings = tuple(ending + packed for ending in _ENDINGS for packed in _PACKED)
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            within = [file for file in user_files(path) if file.name.lower().endswith(endings)]
            if not within:
                raise MissingInput(path, f"expected files that end in {', '.join(endings)}, found none")
            files += within
        elif path.is_file():
            files.append(path)
        else:
            raise MissingInput(path, "expected a file or a folder with texts, found none")
    return list(dict.fromkeys(files))


def read_texts(files: Iterable[Path]) -> Iterator[Text]:
    """The texts of files, in order; memory holds one.

    Raises:
        MissingInput: a file is not there.
        MalformedInput: with file and line: a cut archive, a broken PubTator file, another form.
    """
    for file in files:
        with _opened(file) as stream:
            form = form_of(stream.peek(HEAD)[:HEAD])
            if form == "pubtator":
                yield from _articles(file, stream)
            elif form is None:
                yield from _lines(file, stream)
            else:
                raise MalformedInput(
                    file, f"expected plain text or PubTator, got {form}; `harmonize export` converts"
                )


@contextmanager
def _opened(file: Path) -> Iterator[io.BufferedReader]:
    """The file's content, unpacked; faults of a packed one, in the block too, are one line."""
    try:
        with file.open("rb") as packed, _unpacked(packed) as stream:
            yield io.BufferedReader(stream, HEAD)
    except FileNotFoundError:
        raise MissingInput(file, "expected a file with texts, found none") from None
    except (gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError) as error:
        raise MalformedInput(file, f"expected a whole archive, got: {error}") from None


def _unpacked(packed: io.BufferedReader) -> Any:
    start = packed.peek(len(_XZ))
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=packed)
    return lzma.LZMAFile(packed) if start.startswith(_XZ) else packed


def _lines(file: Path, stream: IO[bytes]) -> Iterator[Text]:
    """A text of every line; the last one may lack its end."""
    for number, raw in enumerate(iter(partial(stream.readline, _LONGEST), b""), 1):
        if len(raw) == _LONGEST and not raw.endswith(b"\n"):
            raise MalformedInput(file, f"expected a line end within {_LONGEST} bytes, got none", line=number)
        try:
            yield Text(file, number, decoded(number, raw, file))
        except MalformedInput:
            yield Text(file, number, None)


def _articles(file: Path, stream: IO[bytes]) -> Iterator[Text]:
    """A text of every article; mentions that it does not spell say nothing of it."""

    def unspelled(_article: str, _mention: PubTatorMention, _reason: str) -> None:
        return

    for record in read_lines(file, numbered(stream, file), misfit=unspelled):
        mentions = tuple((mention.type, mention.text) for mention in record.mentions)
        pmid = record.id if record.id.isdecimal() else None
        yield Text(file, record.line, record.text, pmid, mentions)
