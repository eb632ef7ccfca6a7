"""JSON files of any size, one document at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from typing import IO

from harmonize.errors import MalformedInput
from harmonize.formats.lines import no_utf_8

__all__ = ["JsonStream"]

_WINDOW = 1 << 16  # bytes to read at once
_LARGEST = 1 << 26  # characters of one document


class JsonStream:
    """The documents in a JSON file of any size: decodes one value at a time from a growing window."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        # Not io.TextIOWrapper, which asks a file in a tar stream to seek.
        self._file, self._name = codecs.getreader("utf-8-sig")(stream), name
        self._text, self._at = "", 0
        self._line = 1  # that the text begins in
        self._decoder = json.JSONDecoder()

    def documents(self) -> Iterator[object]:
        """Those in a list of documents or collections, or of the top level, one after the other.

        Raises:
            MalformedInput: with file and line, where the JSON or the encoding breaks off.
        """
        while self._next():
            if self._next() == "[":
                yield from self._array(self._object_or_value)
            else:
                yield from self._object()

    def _object_or_value(self) -> Iterator[object]:
        if self._next() == "{":
            yield from self._object()
        else:
            yield self._value()

    def _object(self) -> Iterator[object]:
        """The documents in a collection, or the object itself if it is one."""
        values: dict[object, object] = {}
        is_collection = False
        self._take("{")
        while self._next() != "}":
            if values:
                self._take(",")
            if self._next() != '"':
                raise self._fault(f"a key in quotes, got {self._next()!r}")
            key = self._value()
            self._take(":")
            if key in ("documents", "PubTator3") and self._next() == "[":
                is_collection = True
                yield from self._array(lambda: iter((self._value(),)))
                values[key] = None
            else:
                values[key] = self._value()
        self._take("}")
        if "passages" in values or not is_collection:
            yield values

    def _array(self, element: Callable[[], Iterator[object]]) -> Iterator[object]:
        self._take("[")
        while self._next() != "]":
            yield from element()
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
                place = error.pos - self._at  # what stands before is dropped by reading on
                if len(self._text) > _LARGEST or not self._fill():
                    raise self._fault(f"a value, got: {error.msg}", self._at + place) from None
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
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :], 0
        try:
            more = self._file.read(max(_WINDOW, len(self._text)))
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n") + error.object.count(b"\n", 0, error.start)
            raise MalformedInput(self._name, no_utf_8(error), line=line) from None
        self._text += more
        return bool(more)

    def _fault(self, expected: str, at: int | None = None) -> MalformedInput:
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        return MalformedInput(self._name, f"expected JSON with {expected}", line=line)
