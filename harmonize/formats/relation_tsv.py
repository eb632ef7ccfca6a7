"""Tables of relations: what a system says of documents, without their text.

    90000001<TAB>Association<TAB>D001241<TAB>D005221[<TAB>Novel]

which is PubTator's relation lines alone; or, with a line of names first, columns of any order:

    document_id<TAB>head_id<TAB>tail_id[<TAB>relation[<TAB>novelty]]

under these names or those of _NAMES. Other columns are ignored.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from harmonize.formats.lines import decoded, is_offset, raw_lines
from harmonize.formats.pubtator_record import PubTatorRecord, PubTatorRelation

__all__ = ["is_relation_table", "relation_records"]

_NAMES = {
    "document": ("document_id", "doc_id", "docid", "document", "pmid", "article_id", "article"),
    "head": ("head_id", "head", "id1", "entity1_id", "entity1", "entity_1", "e1", "arg1", "subject"),
    "tail": ("tail_id", "tail", "id2", "entity2_id", "entity2", "entity_2", "e2", "arg2", "object"),
    "type": ("relation", "relation_type", "type", "label", "predicate"),
    "novelty": ("novelty", "novel"),
}
_PLACES = {"document": 0, "type": 1, "head": 2, "tail": 3, "novelty": 4}
_LEAST_COLUMNS = 4


def is_relation_table(head: bytes) -> bool:
    """True for a file whose first line is that of a table of relations."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").partition(b"\n")[0]
    columns = first.decode(errors="replace").split("\t")
    return len(columns) >= _LEAST_COLUMNS or _named(columns) is not None


def relation_records(stream: io.BufferedReader, name: str) -> Iterator[PubTatorRecord]:
    """The documents of a table in order of their first lines, each with its relations and nothing else.

    A line that does not tell two entities is a relation without; lines of mentions are passed over.

    Raises:
        MalformedInput: not UTF-8.
    """
    documents: dict[str, list[PubTatorRelation]] = {}
    places: Mapping[str, int] | None = None
    for number, raw in raw_lines(stream, name, open_end=True):
        line = decoded(number, raw, name)
        columns = [column.strip() for column in line.split("\t")]
        if not line.strip() or line.startswith("#"):
            continue
        if places is None:
            places = _named(columns)
            if places is not None:
                continue
            places = _PLACES
        if places is not _PLACES or not _is_mention(columns):
            relation = _relation(columns, places, number)
            documents.setdefault(_at(columns, places, "document"), []).append(relation)
    for identifier, relations in documents.items():
        yield PubTatorRecord(identifier, "", None, (), tuple(relations), relations[0].line)


def _named(columns: list[str]) -> dict[str, int] | None:
    """The places of the columns that a first line names; None if it names no document and two entities."""
    names = [column.strip().casefold() for column in columns]
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
