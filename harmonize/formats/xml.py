"""Streaming of XML elements, with every fault of XML turned into one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.lines import unpacked

__all__ = ["attribute", "elements", "file_elements"]

_LARGEST = 1 << 26  # bytes up to the end of the next element: all that is read until then is held


def file_elements(path: Path, *tags: str) -> Iterator[etree._Element]:
    """Stream the elements of some names of an XML file, which may be gzipped (.gz); see `elements`."""
    with unpacked(path) as file:
        yield from elements(file, tags, path)


def elements(
    file: IO[bytes], tags: tuple[str, ...], name: Path | str, *, required: bool = True
) -> Iterator[etree._Element]:
    """Stream the elements of some names, each emptied once the caller asks for the next.

    External entities and DTDs are never loaded.

    Args:
        name: what to call the file in errors.
        required: a file without a single such element is an error.

    Raises:
        MalformedInput: not well-formed, without such an element, or with one too large for memory.
    """
    found = False
    metered = _Metered(file, name)
    parser = etree.iterparse(
        metered,
        events=("end",),
        tag=tags,
        resolve_entities="internal",  # type: ignore[call-overload]  # lxml 5 takes it, its stubs do not
        no_network=True,
        load_dtd=False,
    )
    while True:
        try:
            event = next(parser, None)
        except etree.XMLSyntaxError as error:
            raise MalformedInput(
                name, f"expected well-formed XML, got: {error.msg}", line=error.lineno or None
            ) from None
        if event is None:
            break
        found = True
        element = event[1]
        metered.count = 0
        yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]
    if required and not found:
        raise MalformedInput(name, f"expected at least one <{'> or <'.join(tags)}> element, found none")


class _Metered:
    """A file that gives no more than _LARGEST bytes unless `count` is set back."""

    def __init__(self, file: IO[bytes], name: Path | str) -> None:
        self._file, self._name = file, name
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        if self.count > _LARGEST:
            raise MalformedInput(self._name, f"expected the end of an element within {_LARGEST} bytes")
        return data


def attribute(element: etree._Element, name: str, file: Path | str, document: str | None = None) -> str:
    """An attribute that must be there.

    Raises:
        MalformedInput: it is not.
    """
    value = element.get(name)
    if value is None:
        raise MalformedInput(
            file,
            f"expected attribute {name!r} in <{element.tag}>",  # type: ignore[str-bytes-safe]
            line=element.sourceline,
            document=document,
        )
    return value
