"""Which rows of a union set a recipe trains on, watches and tests; each row left out has a reason."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from harmonize.errors import AccountingError, HarmonizeError, UnknownName
from harmonize.model import Span
from harmonize.relation.labels import NEGATIVE, is_negative
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.recipe import ALL, FOLD, OTHERS, Recipe, part
from harmonize.union.documents import DocumentKey, read_documents
from harmonize.union.folds import folds
from harmonize.union.leaks import Repeat, read_repeats
from harmonize.union.manifest import read_manifest
from harmonize.union.reader import load_union

__all__ = ["LeftOut", "Selection", "gold_labels", "pairs_of", "rows_to_test", "select"]

COLUMNS = (
    "instance_id",
    "corpus",
    "split",
    "document_id",
    "text",
    "head_id",
    "tail_id",
    *(f"{side}_{what}" for side in ("head", "tail") for what in ("name", "type", "spans")),
    "source_head_type",
    "source_tail_type",
    "relation",
    "relations",
    "source_relations",
    "task",
    "leaks_into",
)

TRAIN, WATCH = "train", "development"

TESTED = "its document is tested"
LIKE_TESTED = "its document repeats one that is tested"
LIKE_WATCHED = "its document repeats one of the development part"
LEAKS = "its document stands in {}"
NOT_ASKED_FOR = "its document is not asked for"
BEYOND = "its document is none of the {} asked for"
MORE_NEGATIVES = "a pair without relation beyond {:g} for each one with"


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
        rows_in: rows of the parts that the recipe trains on and watches; = train + development + left out.
        left_out: in the order of the set.
    """

    train: pa.Table
    development: pa.Table
    rows_in: int
    left_out: tuple[LeftOut, ...]

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
        HarmonizeError: nothing is left to train on, or to watch.
        UnionError: the set is not whole.
    """
    held = list(read_manifest(union)["corpora"])
    parts = _parts(recipe, held)
    for corpus, _ in [*parts, part(recipe.evaluate_on)]:
        if corpus not in held:
            raise UnknownName("corpus of the set", corpus, held)
    rows = _rows(union, parts)
    places = _Places.of(union, recipe)
    found = _with_fewer_negatives(rows, [places.of_row(*row) for row in _keys(rows)], recipe)
    train, development = (
        rows.filter(pa.array([place == role for place in found])) for role in (TRAIN, WATCH)
    )
    left_out = tuple(
        LeftOut(f"{key.corpus}/{key.split}", key.document_id, instance, place)
        for (key, _), place, instance in zip(_keys(rows), found, rows["instance_id"].to_pylist(), strict=True)
        if place not in (TRAIN, WATCH)
    )
    if rows.num_rows != train.num_rows + development.num_rows + len(left_out):
        raise AccountingError(
            f"{rows.num_rows} rows in, {train.num_rows} + {development.num_rows} + {len(left_out)} out"
        )
    if not train.num_rows:
        raise HarmonizeError(
            f"train_on {', '.join(recipe.train_on)}: expected rows to train on, none is left"
        )
    if recipe.development is not None and not development.num_rows:
        raise HarmonizeError(f"development {recipe.development}: expected rows to watch, none is left")
    return Selection(train, development, rows.num_rows, left_out)


def rows_to_test(
    union: Path, evaluate_on: str, count: int | None = None, fold: int | None = None
) -> pa.Table:
    """The rows of a part, "biored/test"; of one of `count` folds of its documents where one is given.

    Raises:
        UnknownName: a corpus that the set does not hold.
        HarmonizeError: the part has no rows.
        UnionError: the set is not whole.
    """
    rows = _rows(union, [part(evaluate_on)])
    if not rows.num_rows:
        raise HarmonizeError(f"{evaluate_on}: expected rows to test, the set has none")
    if count is None or fold is None:
        return rows
    fold_of = folds(union, part(evaluate_on)[0], count)
    return rows.filter(
        pa.array([fold_of[identifier] == fold for identifier in rows["document_id"].to_pylist()])
    )


def pairs_of(rows: pa.Table) -> Iterator[Pair]:
    """The pairs of rows of the union set, in order."""
    for batch in rows.select(
        [
            name
            for name in COLUMNS
            if name.startswith(("head_", "tail_")) or name in ("corpus", "task", "text")
        ]
    ).to_batches(max_chunksize=2048):
        for row in batch.to_pylist():
            head, tail = (
                Entity(
                    row[f"{side}_name"],
                    row[f"{side}_type"],
                    tuple(Span(span["start"], span["end"]) for span in row[f"{side}_spans"]),
                )
                for side in ("head", "tail")
            )
            yield Pair(row["corpus"], row["task"], row["text"], head, tail)


def gold_labels(rows: pa.Table, labels: str) -> list[str]:
    """The label of each row.

    Args:
        labels: "harmonized", the row's `relation`; or "source", the first of its `source_relations`, "None"
            where `relation` is that there is none.
    """
    harmonized = list(rows["relation"].to_pylist())
    if labels == "harmonized":
        return harmonized
    own = rows["source_relations"].to_pylist()
    return [
        types[0] if types and not is_negative(label) else NEGATIVE
        for label, types in zip(harmonized, own, strict=True)
    ]


def _parts(recipe: Recipe, held: Iterable[str]) -> list[tuple[str, str]]:
    """The parts of the set that a recipe reads, each once: those to train on, then the one to watch."""
    target, _ = part(recipe.evaluate_on)
    parts: list[tuple[str, str]] = []
    for name in recipe.train_on:
        if name == ALL:
            parts += [(corpus, "train") for corpus in held]
        elif name == OTHERS:
            parts += [(corpus, "train") for corpus in held if corpus != target]
        else:
            parts.append(part(name, default="train"))
    if recipe.development is not None:
        parts.append(part(recipe.evaluate_on if recipe.development == FOLD else recipe.development))
    return list(dict.fromkeys(parts))


def _rows(union: Path, parts: Iterable[tuple[str, str]]) -> pa.Table:
    tables = [load_union(union, corpora=[corpus], splits=[split], columns=COLUMNS) for corpus, split in parts]
    return pa.concat_tables(tables).unify_dictionaries()


def _keys(rows: pa.Table) -> Iterator[tuple[DocumentKey, list[str]]]:
    """(document, leaks_into) of each row."""
    columns = (rows[name].to_pylist() for name in ("corpus", "split", "document_id", "leaks_into"))
    for corpus, split, document_id, leaks in zip(*columns, strict=True):
        yield DocumentKey(corpus, split, document_id), leaks


@dataclass(frozen=True, slots=True)
class _Places:
    """What becomes of each document.

    Attributes:
        tested, watched: documents of the test and of the development part or fold.
        like_tested, like_watched: documents that repeat one of those.
        evaluated: the evaluated corpus' parts that no training row may leak into.
        trained: the parts to train on.
        drawn: the evaluated corpus' documents to train on; None for all.
    """

    tested: frozenset[DocumentKey]
    watched: frozenset[DocumentKey]
    like_tested: frozenset[DocumentKey]
    like_watched: frozenset[DocumentKey]
    evaluated: frozenset[str]
    trained: frozenset[tuple[str, str]]
    target: str
    drawn: frozenset[str] | None

    @classmethod
    def of(cls, union: Path, recipe: Recipe) -> _Places:
        target = part(recipe.evaluate_on)
        documents = [document.key for document in read_documents(union)]
        tested, watched = _held_out(union, recipe, documents)
        repeats = read_repeats(union)
        trained = _parts(recipe.with_values({"development": None}), read_manifest(union)["corpora"])
        drawn = None
        if recipe.documents is not None:
            own = [key for key in documents if key.corpus == target[0] and (key.corpus, key.split) in trained]
            drawn = _drawn([key.document_id for key in own if key not in tested | watched], recipe)
        return cls(
            tested=tested,
            watched=watched,
            like_tested=_repeating(tested, repeats),
            like_watched=_repeating(watched, repeats),
            evaluated=frozenset(f"{target[0]}/{split}" for split in ("dev", "test")),
            trained=frozenset(trained),
            target=target[0],
            drawn=drawn,
        )

    def of_row(self, key: DocumentKey, leaks_into: Iterable[str]) -> str:
        """TRAIN, WATCH, or why a row of a document is left out."""
        if key in self.tested:
            return TESTED
        if key in self.watched:
            return LIKE_TESTED if key in self.like_tested else WATCH
        leaks = self.evaluated.intersection(leaks_into)
        if leaks:
            return LEAKS.format(" and ".join(sorted(leaks)))
        if key in self.like_tested:
            return LIKE_TESTED
        if key in self.like_watched:
            return LIKE_WATCHED
        if (key.corpus, key.split) not in self.trained:
            return NOT_ASKED_FOR
        if self.drawn is not None and key.corpus == self.target and key.document_id not in self.drawn:
            return BEYOND.format(len(self.drawn))
        return TRAIN


def _held_out(
    union: Path, recipe: Recipe, documents: Sequence[DocumentKey]
) -> tuple[frozenset[DocumentKey], frozenset[DocumentKey]]:
    """The documents of the test and of the development part, or of their folds."""

    def of(name: str | None, fold: int | None = None) -> frozenset[DocumentKey]:
        wanted = None if name is None else part(name)
        return frozenset(
            key
            for key in documents
            if (key.corpus, key.split) == wanted and (fold is None or fold_of[key.document_id] == fold)
        )

    if recipe.folds is None or recipe.fold is None:
        if recipe.development == FOLD or recipe.folds is not None:
            raise HarmonizeError("development: fold, and folds: expected a fold's number as well")
        return of(recipe.evaluate_on), of(recipe.development)
    fold_of = folds(union, part(recipe.evaluate_on)[0], recipe.folds)
    tested = of(recipe.evaluate_on, recipe.fold)
    if recipe.development == FOLD:
        return tested, of(recipe.evaluate_on, (recipe.fold + 1) % recipe.folds)
    return tested, of(recipe.development)


def _repeating(documents: frozenset[DocumentKey], repeats: Iterable[Repeat]) -> frozenset[DocumentKey]:
    """The documents that repeat one of these, without these."""
    found = set()
    for repeat in repeats:
        for one, other in ((repeat.document, repeat.other), (repeat.other, repeat.document)):
            if other in documents:
                found.add(one)
    return frozenset(found) - documents


def _with_fewer_negatives(rows: pa.Table, places: list[str], recipe: Recipe) -> list[str]:
    """The places of rows, with a reason for the training rows without relation that are too many."""
    if recipe.negatives is None:
        return places
    columns = (rows[name].to_pylist() for name in ("corpus", "instance_id", "relation"))
    positives: Counter[str] = Counter()
    negatives: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row, (corpus, instance, label) in enumerate(zip(*columns, strict=True)):
        if places[row] == TRAIN and is_negative(label):
            negatives[corpus].append((_rank(recipe.seed, instance), row))
        elif places[row] == TRAIN:
            positives[corpus] += 1
    places = list(places)
    for corpus, ranked in negatives.items():
        for _, row in sorted(ranked)[round(recipe.negatives * positives[corpus]) :]:
            places[row] = MORE_NEGATIVES.format(recipe.negatives)
    return places


def _drawn(documents: list[str], recipe: Recipe) -> frozenset[str]:
    """Some documents by a seeded hash, so that a larger draw holds every smaller one."""
    if recipe.documents is None or recipe.documents > len(documents):
        raise HarmonizeError(f"documents: expected at most {len(documents)}, got {recipe.documents}")
    return frozenset(sorted(documents, key=lambda document: _rank(recipe.seed, document))[: recipe.documents])


def _rank(seed: int, identifier: str) -> str:
    """The place of something in an order that the seed decides."""
    return hashlib.sha256(f"{seed}\x1f{identifier}".encode()).hexdigest()
