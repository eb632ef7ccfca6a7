"""Tables of relations: what a system says of documents, without their text.

    90000001<TAB>Association<TAB>D001241<TAB>D005221[<TAB>Novel]

which is PubTator's relation lines alone; or, with a line of names first, columns of any order:

    document_id<TAB>head_id<TAB>tail_id[<TAB>relation[<TAB>novelty]]

under these names or those of _NAMES, in any case and with blanks for "_". Other columns are ignored. A line
that begins with "#" is passed over, unless it is the one of names.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from harmonize.errors import MalformedInput
from harmonize.formats.lines import decoded, is_offset, raw_lines
from harmonize.formats.pubtator_record import PubTatorRecord, PubTatorRelation

__all__ = ["COLUMNS", "is_relation_table", "relation_records"]

_NAMES = {
    "document": ("document_id", "doc_id", "docid", "document", "pmid", "article_id", "article"),
    "head": ("head_id", "head", "id1", "entity1_id", "entity1", "entity_1", "e1", "arg1", "subject"),
    "tail": ("tail_id", "tail", "id2", "entity2_id", "entity2", "entity_2", "e2", "arg2", "object"),
    "type": ("relation", "relation_type", "type", "label", "predicate"),
    "novelty": ("novelty", "novel"),
}
COLUMNS = "; ".join(f"{what}: {', '.join(names)}" for what, names in _NAMES.items())
"""The known names of columns, as a message lists them."""
_DOCUMENT = frozenset(_NAMES["document"])
_NO_DOCUMENTS = {*_DOCUMENT, "id", "doc", "pubmed_id", "pubmedid", "pmcid", "abstract_id"}
_PLACES = {"document": 0, "type": 1, "head": 2, "tail": 3, "novelty": 4}
_LEAST_COLUMNS = 4


def is_relation_table(head: bytes) -> bool:
    """True for a file whose first line is that of a table of relations."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").partition(b"\n")[0]
    columns = _columns(first.decode(errors="replace"))
    return len(columns) >= _LEAST_COLUMNS or _is_header(columns)


def relation_records(stream: io.BufferedReader, name: str) -> Iterator[PubTatorRecord]:
    """The documents of a table in order of their first lines, each with its relations and nothing else.

    A line that does not tell two entities is a relation without; lines of mentions are passed over.

    Raises:
        MalformedInput: not UTF-8, or the names of columns do not tell the document and two entities.
    """
    documents: dict[str, list[PubTatorRelation]] = {}
    places: Mapping[str, int] | None = None
    for number, raw in raw_lines(stream, name, open_end=True):
        line = decoded(number, raw, name)
        columns = _columns(line)
        if places is None and _is_header(columns):
            places = _named(columns)
            if places is None:
                expected = "the names of columns for document, head and tail"
                got = ", ".join(columns)
                raise MalformedInput(name, f"expected {expected} ({COLUMNS}), got {got}", line=number)
            continue
        if not line.strip() or line.startswith("#"):
            continue
        places = places or _PLACES
        if places is not _PLACES or not _is_mention(columns):
            relation = _relation(columns, places, number)
            documents.setdefault(_at(columns, places, "document"), []).append(relation)
    for identifier, relations in documents.items():
        yield PubTatorRecord(identifier, "", None, (), tuple(relations), relations[0].line)


def _columns(line: str) -> list[str]:
    """The columns of a line without blanks around them, and without the quotes that R writes around text."""
    return [_unquoted(column.strip()) for column in line.split("\t")]


def _unquoted(column: str) -> str:
    return column[1:-1] if len(column) > 1 and column[0] == column[-1] == '"' else column


def _folded(columns: list[str]) -> list[str]:
    names = [column.casefold().replace(" ", "_") for column in columns]
    return [names[0].lstrip("#_"), *names[1:]]


def _is_header(columns: list[str]) -> bool:
    """True for a line that names columns, known or not: it has what no document is called."""
    names = _folded(columns)
    return len(names) > 1 and (names[0] in _NO_DOCUMENTS or not _DOCUMENT.isdisjoint(names))


def _named(columns: list[str]) -> dict[str, int] | None:
    """The places of the columns that a first line names; None if it names no document and two entities."""
    names = _folded(columns)
    places = {
        what: names.index(known[0])
        for what, all_known in _NAMES.items()
        if (known := [each for each in all_known if each in names])
    }
    return places if {"document", "head", "tail"} <= places.keys() else None


def _is_mention(columns: list[str]) -> bool:
    return len(columns) > _LEAST_COLUMNS and is_offset(columns[1]) and is_offset(columns[2])


def _relation(columns: list[str], places: Mapping[str, int], line: int) -> PubTatorRelation:
    head, tail, kind = (_at(columns, places, what) for what in ("head", "tail", "type"))
    return PubTatorRelation(kind, head, tail, _at(columns, places, "novelty") or None, line)


def _at(columns: list[str], places: Mapping[str, int], what: str) -> str:
    place = places.get(what, len(columns))
    return columns[place] if place < len(columns) else ""
