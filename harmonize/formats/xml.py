"""Streaming of XML elements, with every fault of XML turned into one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

from harmonize.errors import MalformedInput, MissingInput

__all__ = ["attribute", "elements", "file_elements"]


def file_elements(path: Path, *tags: str) -> Iterator[etree._Element]:
    """Stream the elements of some names of an XML file; see `elements`."""
    if not path.is_file():
        raise MissingInput(path, "expected a file, found none")
    with path.open("rb") as file:
        yield from elements(file, tags, path)


def elements(file: IO[bytes], tags: tuple[str, ...], name: Path | str) -> Iterator[etree._Element]:
    """Stream the elements of some names, each emptied once the caller asks for the next.

    External entities and DTDs are never loaded.

    Args:
        name: what to call the file in errors.

    Raises:
        MalformedInput: not well-formed, or without a single such element.
    """
    found = False
    parser = etree.iterparse(
        file,
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
        yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]
    if not found:
        raise MalformedInput(name, f"expected at least one <{'> or <'.join(tags)}> element, found none")


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
