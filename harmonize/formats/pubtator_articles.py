"""The articles of PubTator text as people have it, one after the other, each with what stands in its lines.

An article ends with a blank line or with the title of the next one. But for strict reading, lines after a
blank one that have the article's id still belong to it.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import cast

from harmonize.errors import MalformedInput
from harmonize.formats.article_forms import is_utf_16
from harmonize.formats.lines import NO_UTF_16, decoded, raw_lines, unpacked
from harmonize.formats.misfits import Misfit
from harmonize.formats.offsets import Offsets, OffsetUnit
from harmonize.formats.pubtator import read_lines
from harmonize.formats.pubtator_forgiving import Columns, read_article
from harmonize.formats.pubtator_record import PubTatorRecord

__all__ = ["CutInput", "Wanted", "pubtator_records", "read_forgivingly"]

_TEXT_LINE = re.compile(rb"([^|\t]+)\|(t|title|a|abstract)\|")

Wanted = Callable[[str], bool]
"""Is asked of each document that is met, by its PMID or else its id, whether it is to be read."""

_Line = tuple[int, bytes]


class CutInput(MalformedInput):
    """A file ends inside a line: it is not all there, however much of it can be read."""


def read_forgivingly(
    path: Path, misfit: Misfit, offsets: OffsetUnit = "codepoints"
) -> Iterator[PubTatorRecord]:
    """Stream the articles of a plain or gzipped file; see harmonize.formats.pubtator_forgiving.

    Args:
        misfit: is given the mentions that are left out.
        offsets: what offsets count.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    article = None
    with unpacked(path) as file:
        stream = cast(io.BufferedReader, file)  # or gzip's reader, which also lets one look ahead
        for parse in pubtator_records(stream, str(path), strict=False, offsets=Offsets(offsets)):
            article = parse(misfit)
            yield article
    if article is None:
        raise MalformedInput(path, "expected at least one document, found none", line=1)


def pubtator_records(
    stream: io.BufferedReader,
    name: str,
    *,
    strict: bool,
    offsets: Offsets | None = None,
    wanted: Wanted | None = None,
) -> Iterator[Callable[[Misfit], PubTatorRecord]]:
    """The articles, still to be taken apart; each must be before the next is asked for.

    Args:
        offsets: what offsets count, and learns what they seem to; code points unless given.
        wanted: chooses articles; others are passed over.

    Raises:
        MalformedInput: it is in UTF-16.
        CutInput: the file ends inside an article that is passed over. Those that are wanted may stand in the
            part that is not there.
    """
    if is_utf_16(stream.peek(4)):
        raise MalformedInput(name, NO_UTF_16, line=1)
    lines, columns = _without_mark(raw_lines(stream, name, open_end=True)), Columns()
    for _, group in groupby(lines, key=_Articles(strict)):
        said = (line for line in group if line[1].strip())
        first = next(said, None)
        if first is None:
            continue
        if wanted is None or wanted(_id(first[1])):
            yield partial(_record, _Ending(chain((first,), said), name, columns), strict, offsets)
        else:
            _pass_over([first, *said], name, columns)


def _without_mark(lines: Iterable[_Line]) -> Iterator[_Line]:
    """The lines, the first without the byte order mark that it may begin with."""
    for number, content in lines:
        yield number, content.removeprefix(codecs.BOM_UTF8) if number == 1 else content


def _id(line: bytes) -> str:
    """What a line begins with: of a title or a mention, the article's id."""
    identifier = line.partition(b"|")[0].partition(b"\t")[0]
    return identifier.strip().decode(errors="replace")


def _pass_over(lines: list[_Line], name: str, columns: Columns) -> None:
    if lines[-1][1].endswith(b"\n"):
        return
    try:
        _record(_Ending(iter(lines), name, columns), False, None, lambda *misfit: None)
    except CutInput:
        raise
    except MalformedInput:
        pass  # nobody asks what is wrong with it


class _Articles:
    """Numbers the articles: which one a line is of, given the lines before it."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._number, self._id = 0, b""
        self._is_after_blank = self._has_blank = False

    def __call__(self, line: _Line) -> int:
        content = line[1]
        text = _TEXT_LINE.match(content)
        if text and (text[2].startswith(b"t") or (self._has_blank and text[1].strip() != self._id)):
            # An abstract that has lost its title is not of the article before the blank line.
            self._number += 1
            self._id, self._is_after_blank, self._has_blank = text[1].strip(), False, False
        elif not content.strip():
            self._is_after_blank = self._has_blank = True
        elif self._is_after_blank:
            self._is_after_blank = False
            if self._strict or not self._goes_on(content.lstrip()):
                self._number += 1
                self._id = b""
        return self._number

    def _goes_on(self, content: bytes) -> bool:
        return bool(self._id) and content.startswith((self._id + b"\t", self._id + b"|"))


class _Ending:
    """The lines of an article, of which the last is remembered.

    Args:
        columns: what earlier articles have had.
    """

    def __init__(self, lines: Iterator[_Line], name: str, columns: Columns) -> None:
        self._lines, self.name, self._columns = lines, name, columns
        self._last: _Line = (0, b"\n")

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for line in self._lines:
            self._last = line
            yield line[0], decoded(*line, self.name)

    def check(self, article: PubTatorRecord | None) -> None:
        """Go on to the last line, and raise CutInput if it is cut.

        Args:
            article: that the lines are; None where it could not be read, and so perhaps not to the end.
        """
        if article is not None:
            self._columns.see(article)
        for line in self._lines:
            self._last = line
        number, content = self._last
        if not content.endswith(b"\n") and not self._is_whole(content):
            advice = "if it is not, end the line, and it is read as it stands"
            raise CutInput(self.name, f"the file is cut here; {advice}", line=number) from None

    def _is_whole(self, content: bytes) -> bool:
        try:
            return self._columns.make_whole(content.decode().removesuffix("\r"))
        except UnicodeDecodeError:  # cut inside a character, perhaps
            return False


def _record(lines: _Ending, strict: bool, offsets: Offsets | None, misfit: Misfit) -> PubTatorRecord:
    record = None
    try:
        if strict:
            [record] = read_lines(lines.name, lines, misfit=misfit, offsets=offsets)
        else:
            record = read_article(lines.name, lines, misfit, offsets)
    finally:
        lines.check(record)
    return record
