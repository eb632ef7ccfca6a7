"""The three header-less TSVs of DrugProt and ChemProt: abstracts, entities, relations.

    abstracts  PMID, title, abstract
    entities   PMID, entity id, type, start, end, text
    relations  PMID, type, "Arg1:" + entity id, "Arg2:" + entity id; ChemProt has more columns before the ids

Offsets count code points over title, one character, abstract. Format: DrugProt's README.pdf.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset, numbered_lines, tab_columns
from harmonize.formats.misfits import Misfit, fitted
from harmonize.formats.pubtator_record import PubTatorMention, title_and_abstract
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
    misfit: Misfit | None = None,
) -> Iterator[DrugProtRecord]:
    """Yield the abstracts in file order, with their entities by position.

    The entity and relation files are not in the order of the abstracts, so their rows are held in memory.

    Args:
        relation_columns: what the columns of the relation file are called, in errors; the second is the type,
            the last two are the arguments.
        misfit: is given the entities that the text does not spell, forgivingly read, which the record then
            lacks, though relations may name them; without it they are errors.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a row of an abstract or entity that does
            not exist.
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
        mentions: dict[str, Mention | None] = {}
        for entity_line, columns in entity_rows.pop(pmid, ()):
            identifier = columns[1]
            if identifier in mentions:
                raise MalformedInput(
                    entities, f"expected a new entity id, got {identifier} again", line=entity_line
                )
            mentions[identifier] = _mention(columns, text, entities, entity_line, misfit)
        related = tuple(
            _relation(columns, mentions, relations, relation_line)
            for relation_line, columns in relation_rows.pop(pmid, ())
        )
        kept = (mention for mention in mentions.values() if mention is not None)
        ordered = tuple(sorted(kept, key=lambda m: (m.extent, m.type, m.id)))
        yield DrugProtRecord(pmid, text, passages, ordered, related)
    for path, rest in ((entities, entity_rows), (relations, relation_rows)):
        for pmid, rows in rest.items():
            raise MalformedInput(path, f"expected a PMID of {abstracts.name}, got {pmid!r}", line=rows[0][0])


def read_any(
    abstracts: Path, entities: Path, relations: Path, *, misfit: Misfit | None = None
) -> Iterator[DrugProtRecord]:
    """The same of a file of relations with any columns between type and arguments, as its first line has."""
    _, first = next(numbered_lines(relations))
    between = tuple(f"column {number}" for number in range(3, first.count("\t")))
    return read(abstracts, entities, relations, ("PMID", "type", *between, "Arg1", "Arg2"), misfit)


def _by_pmid(path: Path, names: tuple[str, ...]) -> dict[str, list[tuple[int, list[str]]]]:
    rows: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for line, columns in tab_columns(path, names):
        rows[columns[0]].append((line, columns))
    return rows


def _mention(columns: list[str], text: str, path: Path, line: int, misfit: Misfit | None) -> Mention | None:
    """The entity in a row; None for one that the handler was given."""
    pmid, identifier, kind, start, end, name = columns
    if not (is_offset(start) and is_offset(end)):
        raise MalformedInput(path, f"expected offsets, got {start!r} and {end!r}", line=line)
    told = PubTatorMention(int(start), int(end), name, kind, None, None, line)
    found = fitted(told, text, forgiving=misfit is not None)
    if isinstance(found, PubTatorMention):
        return Mention(identifier, kind, found.text, (Span(found.start, found.end),))
    if misfit is None:
        read = text[told.start : told.end]
        raise MalformedInput(path, f"expected {name!r} at {start}-{end}, the text reads {read!r}", line=line)
    misfit(pmid, told, found)
    return None


def _relation(columns: list[str], mentions: Container[str], path: Path, line: int) -> Relation:
    arguments = []
    for name, column in zip(("Arg1:", "Arg2:"), columns[-2:], strict=True):
        identifier = column.removeprefix(name)
        if not column.startswith(name) or identifier not in mentions:
            raise MalformedInput(
                path, f"expected {name} and an entity id of the abstract, got {column!r}", line=line
            )
        arguments.append(identifier)
    return Relation(arguments[0], arguments[1], columns[1])
