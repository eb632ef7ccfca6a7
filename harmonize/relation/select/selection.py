"""Which rows of a union set a recipe trains on, watches and tests; each row left out has a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from harmonize.errors import AccountingError, HarmonizeError, UnknownName
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.recipe import Recipe, part
from harmonize.relation.select.places import TRAIN, WATCH, Places, parts_of, with_fewer_negatives
from harmonize.relation.select.pseudo import PseudoUse
from harmonize.relation.select.pseudo_rows import pseudo_rows
from harmonize.relation.select.rows import nary_rows_of, rows_of
from harmonize.union.documents import DocumentKey
from harmonize.union.manifest import read_manifest

__all__ = ["LeftOut", "Selection", "select"]

PSEUDO = "pseudo"
"""What stands for the part of the set in LeftOut of a pseudo-labelled row."""


class LeftOut(NamedTuple):
    """A row that is not trained on, and why."""

    part: str
    document_id: str
    instance_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a recipe, with the columns that training and evaluation need.

    Attributes:
        train, development: development has no row where the recipe has no such part.
        rows_in: rows of the parts that the recipe trains on and watches, and of its file of pseudo-labels;
            = train + development + left out.
        left_out: in the order of the set, then of the file.
        pseudo: what has become of the file; the rows of `train` that are from it stand last.
    """

    train: pa.Table
    development: pa.Table
    rows_in: int
    left_out: tuple[LeftOut, ...]
    pseudo: PseudoUse | None = None

    def reasons(self) -> dict[str, dict[str, int]]:
        """Part -> reason -> rows."""
        counts = Counter((row.part, row.reason) for row in self.left_out)
        return {
            part: {reason: counts[key, reason] for key, reason in sorted(counts) if key == part}
            for part in sorted({part for part, _ in counts})
        }


def select(union: Path, recipe: Recipe) -> Selection:
    """The rows to train on and to watch.

    Raises:
        UnknownName: a corpus that the set does not hold.
        HarmonizeError: nothing is left to train on, or to watch; or pseudo-labels of other relation types, or
            by a model that was trained on what this recipe tests.
        MissingInput, MalformedInput: the file of pseudo-labels is missing, or none.
        UnionError: the set is not whole.
    """
    held = list(read_manifest(union)["corpora"])
    parts = parts_of(recipe, held)
    if not parts:
        raise HarmonizeError(
            f"train_on {', '.join(recipe.train_on)}: expected rows to train on, the set has no other corpus"
        )
    for corpus, _ in [*parts, part(recipe.evaluate_on)]:
        if corpus not in held:
            raise UnknownName("corpus of the set", corpus, held)
    rows = nary_rows_of(union, parts) if recipe.head == COMBINATION else rows_of(union, parts)
    places = Places.of(union, recipe)
    found = [places.of_row(*row) for row in _keys(rows)]
    if recipe.head != COMBINATION:
        found = with_fewer_negatives(rows, found, recipe)
    train, development = (
        rows.filter(pa.array([place == role for place in found], pa.bool_())) for role in (TRAIN, WATCH)
    )
    left_out = tuple(
        LeftOut(f"{key.corpus}/{key.split}", key.document_id, instance, place)
        for (key, _), place, instance in zip(_keys(rows), found, rows["instance_id"].to_pylist(), strict=True)
        if place not in (TRAIN, WATCH)
    )
    if not train.num_rows:
        lost = [row for row in left_out if row.part != recipe.development]
        names = ", ".join(recipe.train_on)
        raise HarmonizeError(f"train_on {names}: expected rows to train on, none is left{_of(lost)}")
    if recipe.development is not None and not development.num_rows:
        lost = [row for row in left_out if row.part == recipe.development]
        name = recipe.development
        raise HarmonizeError(f"development {name}: expected rows to watch, none is left{_of(lost)}")
    chosen = Selection(train, development, rows.num_rows, left_out)
    if recipe.pseudo is not None:
        chosen = _with_pseudo(chosen, union, recipe, places)
    rows_out = chosen.train.num_rows + chosen.development.num_rows + len(chosen.left_out)
    if chosen.rows_in != rows_out:
        raise AccountingError(f"{chosen.rows_in} rows in, {rows_out} out")
    return chosen


def _of(left_out: Sequence[LeftOut]) -> str:
    """How many rows were left out and why, as the end of a message; nothing if there was no row."""
    counts = Counter(row.reason for row in left_out).most_common()
    told = ", ".join(f"{reason} {count:,}" for reason, count in counts)
    return f" of {len(left_out):,}: {told}" if counts else ""


def _with_pseudo(chosen: Selection, union: Path, recipe: Recipe, places: Places) -> Selection:
    """A selection with the pseudo-labelled rows of a recipe among those to train on."""
    known = {
        *(name for rows in (chosen.train, chosen.development) for name in rows["instance_id"].to_pylist()),
        *(row.instance_id for row in chosen.left_out),
    }
    more = pseudo_rows(union, recipe, places, known)
    return Selection(
        train=pa.concat_tables([chosen.train, more.kept]).unify_dictionaries(),
        development=chosen.development,
        rows_in=chosen.rows_in + more.kept.num_rows + len(more.left_out),
        left_out=chosen.left_out + tuple(LeftOut(PSEUDO, *row) for row in more.left_out),
        pseudo=more.use,
    )


def _keys(rows: pa.Table) -> Iterator[tuple[DocumentKey, list[str]]]:
    """(document, leaks_into) of each row."""
    columns = (rows[name].to_pylist() for name in ("corpus", "split", "document_id", "leaks_into"))
    for corpus, split, document_id, leaks in zip(*columns, strict=True):
        yield DocumentKey(corpus, split, document_id), leaks
