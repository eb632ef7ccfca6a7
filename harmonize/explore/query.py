"""What a reader asks for: the filters of a list, as they stand in an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

__all__ = ["PAGE_SIZE", "Filters", "Page", "address"]

PAGE_SIZE = 25
"""Lines of a list at once."""

_LONGEST = 200  # characters of a value; what is longer is cut, and finds nothing
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Filters:
    """What is wanted of instances; an empty value wants all.

    Attributes:
        type: head or tail has it.
        rule: one of a1 to e2.
        document: the document's id.
        q: stands in the text, a name or an id, whatever the case.
        page: counted from 1.
    """

    corpus: str = ""
    split: str = ""
    label: str = ""
    type: str = ""
    rule: str = ""
    document: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Filters:
        """The filters in an address; other names are passed over, and a page that is none is 1."""
        texts = {name: values.get(name, "").strip()[:_LONGEST] for name in cls._names()}
        return cls(**texts, page=_page(values.get("page", "")))

    @staticmethod
    def _names() -> tuple[str, ...]:
        return ("corpus", "split", "label", "type", "rule", "document", "q")

    @property
    def active(self) -> dict[str, str]:
        """The filters that want something, by name."""
        return {name: getattr(self, name) for name in self._names() if getattr(self, name)}

    def address(self, path: str, **changes: str | int) -> str:
        """The address of a list with these filters, some of them changed; a change leads to page 1."""
        values: dict[str, str | int] = {**self.active, **changes}
        return address(path, **{name: value for name, value in values.items() if value not in ("", 1)})


@dataclass(frozen=True)
class Page:
    """Which lines of a list are shown.

    Attributes:
        number: of the page, from 1; the last one where more is asked for.
        total: lines in all.
    """

    number: int
    total: int

    @classmethod
    def of(cls, number: int, total: int) -> Page:
        return cls(max(1, min(number, -(-total // PAGE_SIZE))), total)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def start(self) -> int:
        return (self.number - 1) * PAGE_SIZE

    @property
    def end(self) -> int:
        return min(self.start + PAGE_SIZE, self.total)


def address(path: str, **values: object) -> str:
    """A path with a query."""
    return f"{path}?{urlencode(values)}" if values else path


def _page(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return max(1, int(text)) if is_number else 1
