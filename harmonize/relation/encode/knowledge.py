"""What is known of entities beside the text: a table of the user's own, as extra text of an input.

    id        name      description
    672       BRCA1     BRCA1 DNA repair associated
    D001943             Breast Neoplasms, a kind of cancer

A TSV with a header. An entity is looked up by its concept id, and where the table has none for it, by the
very name of its first mention. `harmonize describe` makes such a table of the curated corpora's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.files import sha256_of
from harmonize.formats.lines import numbered_lines
from harmonize.formats.tables import filled, named_columns
from harmonize.relation.pair import Entity, Pair

__all__ = ["KNOWLEDGE_COLUMNS", "KNOWLEDGE_FILE", "Knowledge", "knowledge_hash", "read_knowledge"]

KNOWLEDGE_FILE = "knowledge.tsv"
"""What a run calls its copy."""
KNOWLEDGE_COLUMNS = ("id", "name", "description")
_MOST_WORDS = 20
_MESH = "MESH:"
"""Before an id in PubTator's files, not in the tables."""


@dataclass(frozen=True)
class Knowledge:
    """Descriptions of entities.

    Attributes:
        sha256: of the file.
        by_id, by_name: -> description, of at most twenty words.
    """

    sha256: str
    by_id: Mapping[str, str]
    by_name: Mapping[str, str]

    def of(self, entity: Entity) -> str:
        """The description of an entity, "" where there is none."""
        return self.by_id.get(entity.id.removeprefix(_MESH)) or self.by_name.get(entity.name, "")

    def described(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The pairs, each entity with its description."""
        for pair in pairs:
            head, tail = (replace(each, description=self.of(each)) for each in (pair.head, pair.tail))
            yield replace(pair, head=head, tail=tail)

    def copy(self, path: Path, folder: Path) -> None:
        """Put a copy of the file into a run, which cannot answer without.

        Raises:
            HarmonizeError: the file has changed since it was read.
        """
        if knowledge_hash(path) != self.sha256:
            raise HarmonizeError(f"knowledge {path}: expected the table as it was read, it has changed")
        shutil.copyfile(path, folder / KNOWLEDGE_FILE)


def read_knowledge(path: Path) -> Knowledge:
    """A table of descriptions.

    Raises:
        MissingInput, MalformedInput: with file and line; among them an id or a name with two descriptions,
            and a row without either.
    """
    by_id: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for line, row in named_columns(path, numbered_lines(path), KNOWLEDGE_COLUMNS):
        description = " ".join(filled(row, "description", path, line).split()[:_MOST_WORDS])
        if not (row["id"] or row["name"]):
            raise MalformedInput(path, "expected an id or a name, got neither", line=line)
        for key, known in ((row["id"], by_id), (row["name"], by_name)):
            if key and known.setdefault(key, description) != description:
                raise MalformedInput(path, f"expected one description of {key[:40]!r}, got two", line=line)
    return Knowledge(knowledge_hash(path), by_id, by_name)


def knowledge_hash(path: Path) -> str:
    """The sha256 of a table.

    Raises:
        HarmonizeError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as error:
        raise HarmonizeError(f"knowledge {path}: {error.strerror}") from None
