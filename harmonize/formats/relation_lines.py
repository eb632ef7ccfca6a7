"""Relation lines in files of their own, beside the articles: ChemDisGene's way with PubTator.

    90000001<TAB>chem_disease:therapeutic<TAB>MESH:D001241<TAB>MESH:D006261[<TAB>Novel]

Format: https://github.com/chanzuckerberg/ChemDisGene, README.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harmonize.errors import MalformedInput
from harmonize.formats.lines import numbered_lines
from harmonize.formats.pubtator import TEXT_LINE
from harmonize.formats.pubtator_record import PubTatorRelation

__all__ = ["RelationLine", "by_document", "check_all_found", "holds_articles"]

_LEAST_COLUMNS, _MOST_COLUMNS = 4, 5


class RelationLine(NamedTuple):
    """A relation with the file that it stands in."""

    path: Path
    relation: PubTatorRelation


def holds_articles(path: Path) -> bool:
    """False for a file of relation lines alone; its first line tells.

    Raises:
        MissingInput, MalformedInput: see harmonize.formats.lines.numbered_lines.
    """
    first = next((line for _, line in numbered_lines(path) if line.strip()), "")
    return TEXT_LINE.fullmatch(first) is not None or "\t" not in first


def by_document(paths: Iterable[Path], *, strict: bool = True) -> dict[str, list[RelationLine]]:
    """The lines of all files by document id, in order.

    Args:
        strict: a line has four or five columns; else it may have more, which are not read.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a line of another number of columns.
    """
    found: dict[str, list[RelationLine]] = defaultdict(list)
    for path in paths:
        for number, line in numbered_lines(path):
            if line.strip():
                columns = line.split("\t")
                if len(columns) < _LEAST_COLUMNS or (strict and len(columns) > _MOST_COLUMNS):
                    message = f"expected 4 or 5 columns in a relation line, got {len(columns)}"
                    raise MalformedInput(path, message, line=number)
                document, kind, head, tail, novelty = [*columns, None][:5]
                relation = PubTatorRelation(str(kind), str(head), str(tail), novelty, number)
                found[str(document)].append(RelationLine(path, relation))
    return found


def check_all_found(left: Mapping[str, Sequence[RelationLine]]) -> None:
    """Raises MalformedInput for the first line that is of none of the articles."""
    for document, lines in left.items():
        path, relation = lines[0]
        message = f"expected a document of the files of articles, got {document!r}"
        raise MalformedInput(path, message, line=relation.line)
