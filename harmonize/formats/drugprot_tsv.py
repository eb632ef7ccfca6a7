"""The three header-less TSVs of DrugProt and ChemProt: abstracts, entities, relations.

    abstracts  PMID, title, abstract
    entities   PMID, entity id, type, start, end, text
    relations  PMID, type, "Arg1:" + entity id, "Arg2:" + entity id; ChemProt has more columns before the ids

Offsets count code points over title, one character, abstract. Format: DrugProt's README.pdf.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset, numbered_lines, tab_columns
from harmonize.formats.pubtator_record import title_and_abstract
from harmonize.model import Mention, Passage, Relation, Span

__all__ = ["DrugProtRecord", "read", "read_any"]

_ABSTRACT_COLUMNS = ("PMID", "title", "abstract")
_ENTITY_COLUMNS = ("PMID", "entity id", "type", "start", "end", "text")
_RELATION_COLUMNS = ("PMID", "type", "Arg1", "Arg2")


@dataclass(frozen=True, slots=True)
class DrugProtRecord:
    """One abstract with its annotations; arguments of relations are mention ids."""

    pmid: str
    text: str
    passages: tuple[Passage, ...]
    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...]


def read(
    abstracts: Path,
    entities: Path,
    relations: Path,
    relation_columns: tuple[str, ...] = _RELATION_COLUMNS,
) -> Iterator[DrugProtRecord]:
    """Yield the abstracts in file order, with their entities by position.

    The entity and relation files are not in the order of the abstracts, so their rows are held in memory.

    Args:
        relation_columns: what the columns of the relation file are called, in errors; the second is the type,
            the last two are the arguments.

    Raises:
        MissingInput, MalformedInput: with file and line; among them an entity that the text does not spell
            and a row of an abstract or entity that does not exist.
    """
    entity_rows, relation_rows = _by_pmid(entities, _ENTITY_COLUMNS), _by_pmid(relations, relation_columns)
    seen: set[str] = set()
    for line, (pmid, title, abstract) in tab_columns(abstracts, _ABSTRACT_COLUMNS):
        if pmid in seen:
            raise MalformedInput(abstracts, f"expected each PMID once, got {pmid} again", line=line)
        seen.add(pmid)
        text, passages = title_and_abstract(title, abstract)
        if not passages:
            raise MalformedInput(abstracts, "expected a title or an abstract, got neither", line=line)
        mentions: dict[str, Mention] = {}
        for entity_line, columns in entity_rows.pop(pmid, ()):
            mention = _mention(columns, text, entities, entity_line)
            if mention.id in mentions:
                raise MalformedInput(
                    entities, f"expected a new entity id, got {mention.id} again", line=entity_line
                )
            mentions[mention.id] = mention
        related = tuple(
            _relation(columns, mentions, relations, relation_line)
            for relation_line, columns in relation_rows.pop(pmid, ())
        )
        ordered = tuple(sorted(mentions.values(), key=lambda m: (m.extent, m.type, m.id)))
        yield DrugProtRecord(pmid, text, passages, ordered, related)
    for path, rest in ((entities, entity_rows), (relations, relation_rows)):
        for pmid, rows in rest.items():
            raise MalformedInput(path, f"expected a PMID of {abstracts.name}, got {pmid!r}", line=rows[0][0])


def read_any(abstracts: Path, entities: Path, relations: Path) -> Iterator[DrugProtRecord]:
    """The same of a file of relations with any columns between type and arguments, as its first line has."""
    _, first = next(numbered_lines(relations))
    between = tuple(f"column {number}" for number in range(3, first.count("\t")))
    return read(abstracts, entities, relations, ("PMID", "type", *between, "Arg1", "Arg2"))


def _by_pmid(path: Path, names: tuple[str, ...]) -> dict[str, list[tuple[int, list[str]]]]:
    rows: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for line, columns in tab_columns(path, names):
        rows[columns[0]].append((line, columns))
    return rows


def _mention(columns: list[str], text: str, path: Path, line: int) -> Mention:
    _, identifier, kind, start, end, name = columns
    if not (is_offset(start) and is_offset(end)):
        raise MalformedInput(path, f"expected offsets, got {start!r} and {end!r}", line=line)
    span = Span(int(start), int(end))
    if not span.spells(name, text):
        raise MalformedInput(
            path, f"expected {name!r} at {start}-{end}, the text reads {span.of(text)!r}", line=line
        )
    return Mention(identifier, kind, name, (span,))


def _relation(columns: list[str], mentions: dict[str, Mention], path: Path, line: int) -> Relation:
    arguments = []
    for name, column in zip(("Arg1:", "Arg2:"), columns[-2:], strict=True):
        identifier = column.removeprefix(name)
        if not column.startswith(name) or identifier not in mentions:
            raise MalformedInput(
                path, f"expected {name} and an entity id of the abstract, got {column!r}", line=line
            )
        arguments.append(identifier)
    return Relation(arguments[0], arguments[1], columns[1])
