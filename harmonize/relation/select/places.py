"""What becomes of each document under a recipe: trained on, watched, or left out for a reason."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.relation.labels import is_negative
from harmonize.relation.recipe import ALL, FOLD, OTHERS, Recipe, part, resolved, stages
from harmonize.union.documents import DocumentKey, read_documents
from harmonize.union.folds import folds
from harmonize.union.leaks import Repeat, read_repeats
from harmonize.union.manifest import corpus_held, read_manifest

__all__ = [
    "TRAIN",
    "WATCH",
    "Places",
    "part_held",
    "parts_of",
    "parts_to_train_on",
    "recipe_held",
    "with_fewer_negatives",
]

TRAIN, WATCH = "train", "development"

TESTED = "its document is tested"
LIKE_TESTED = "its document repeats one that is tested"
LIKE_WATCHED = "its document repeats one of the development part"
LEAKS = "its document stands in {}"
NOT_ASKED_FOR = "its document is not asked for"
BEYOND = "its document is none of the {} asked for"
_NAMING = {"train_on", "evaluate_on", "development"}
"""The values of a recipe that name parts of a set."""
MORE_NEGATIVES = "a pair without relation beyond {:g} for each one with"


def part_held(manifest: Mapping[str, Any], name: str, named_in: str | None = None) -> str:
    """A part, "BioRED/test", or a corpus, by the corpus' key in the set: "biored/test".

    Args:
        manifest: of the set.
        named_in: the value of a recipe that names it, for the error.

    Raises:
        UnknownName: the set does not hold the corpus.
    """
    corpus, mark, split = name.partition("/")
    return corpus_held(manifest, corpus, named_in) + mark + split.casefold()


def recipe_held(union: Path, recipe: Recipe) -> Recipe:
    """The recipe with all corpora by their keys in the set, whatever they are named by; see `corpus_held`.

    Raises:
        UnknownName: a corpus that the set does not hold.
        SpecError: two values that must differ name one part.
        UnionError: the set is not whole.
    """
    manifest = read_manifest(union)
    values = _held(manifest, recipe, _NAMING)
    if recipe.first is not None:
        before, _ = stages(recipe)
        values["first"] = {**recipe.first, **_held(manifest, before, recipe.first.keys() & _NAMING)}
    return resolved({**recipe.model_dump(), **values})


def _held(manifest: Mapping[str, Any], recipe: Recipe, names: Collection[str]) -> dict[str, Any]:
    """Values of a recipe that name parts, by the keys of the set."""

    def held(value: Any, key: str) -> Any:
        if isinstance(value, str):
            return value if value in (ALL, OTHERS, FOLD) else part_held(manifest, value, key)
        return value if value is None else [held(each, key) for each in value]

    return {key: held(value, key) for key, value in recipe.model_dump(include=set(names)).items()}


def parts_of(recipe: Recipe, held: Iterable[str]) -> list[tuple[str, str]]:
    """The parts of the set that a recipe reads, each once: those to train on, then the one to watch."""
    parts = parts_to_train_on(recipe, held)
    if recipe.development is not None:
        parts.append(part(recipe.evaluate_on if recipe.development == FOLD else recipe.development))
    return list(dict.fromkeys(parts))


def parts_to_train_on(recipe: Recipe, held: Iterable[str]) -> list[tuple[str, str]]:
    """The parts of the set that a recipe names to train on, each once; held out documents are in them yet.

    Args:
        held: the corpora of the set.
    """
    target, _ = part(recipe.evaluate_on)
    parts: list[tuple[str, str]] = []
    for name in recipe.train_on:
        if name == ALL:
            parts += [(corpus, "train") for corpus in held]
        elif name == OTHERS:
            parts += [(corpus, "train") for corpus in held if corpus != target]
        else:
            parts.append(part(name, default="train"))
    return list(dict.fromkeys(parts))


@dataclass(frozen=True, slots=True)
class Places:
    """What becomes of each document.

    Attributes:
        tested, watched: documents of the test and of the development part or fold.
        like_tested, like_watched: documents that repeat one of those.
        evaluated: the evaluated corpus' dev and test part, unless trained on: no training row may leak into
            them.
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
    def of(cls, union: Path, recipe: Recipe) -> Places:
        target = part(recipe.evaluate_on)
        documents = [document.key for document in read_documents(union)]
        tested, watched = _held_out(union, recipe, documents)
        repeats = read_repeats(union)
        trained = parts_to_train_on(recipe, read_manifest(union)["corpora"])
        drawn = None
        if recipe.documents is not None:
            own = [key for key in documents if key.corpus == target[0] and (key.corpus, key.split) in trained]
            drawn = _drawn([key.document_id for key in own if key not in tested | watched], recipe)
        return cls(
            tested=tested,
            watched=watched,
            like_tested=_repeating(tested, repeats),
            like_watched=_repeating(watched, repeats),
            evaluated=frozenset(
                f"{target[0]}/{split}"
                for split in ("dev", "test")
                if split == target[1] or (target[0], split) not in trained
            ),
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

    def why_held_out(self, key: DocumentKey) -> str | None:
        """Why nothing that repeats a document may be trained on; None where it may."""
        if key in self.tested or key in self.like_tested:
            return LIKE_TESTED
        if key in self.watched or key in self.like_watched:
            return LIKE_WATCHED
        name = f"{key.corpus}/{key.split}"
        return LEAKS.format(name) if name in self.evaluated else None


def with_fewer_negatives(rows: pa.Table, places: list[str], recipe: Recipe) -> list[str]:
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
        if recipe.folds is not None:
            raise HarmonizeError("folds: expected a fold's number as well")
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


def _drawn(documents: list[str], recipe: Recipe) -> frozenset[str]:
    """Some documents by a seeded hash, so that a larger draw holds every smaller one."""
    if recipe.documents is None or recipe.documents > len(documents):
        raise HarmonizeError(f"documents: expected at most {len(documents)}, got {recipe.documents}")
    return frozenset(sorted(documents, key=lambda document: _rank(recipe.seed, document))[: recipe.documents])


def _rank(seed: int, identifier: str) -> str:
    """The place of something in an order that the seed decides."""
    return hashlib.sha256(f"{seed}\x1f{identifier}".encode()).hexdigest()
