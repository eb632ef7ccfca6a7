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
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.labels import NEGATIVE, is_negative
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.recipe import ALL, FOLD, OTHERS, Recipe, part, stages
from harmonize.relation.select.columns import COLUMNS
from harmonize.relation.select.pseudo import PseudoLabels, PseudoModel, PseudoUse, read_pseudo
from harmonize.union.documents import DocumentKey, StoredDocument, read_documents
from harmonize.union.folds import folds
from harmonize.union.leaks import Repeat, fingerprint, leaks_into, read_repeats
from harmonize.union.manifest import file_entry, read_manifest
from harmonize.union.nary import load_nary
from harmonize.union.reader import load_union
from harmonize.union.schema import MANIFEST, SAID, SCHEMA

__all__ = [
    "LeftOut",
    "Selection",
    "all_gold_labels",
    "gold_labels",
    "pairs_of",
    "rows_to_test",
    "select",
    "trained_on",
]

TRAIN, WATCH = "train", "development"

TESTED = "its document is tested"
LIKE_TESTED = "its document repeats one that is tested"
LIKE_WATCHED = "its document repeats one of the development part"
LEAKS = "its document stands in {}"
NOT_ASKED_FOR = "its document is not asked for"
BEYOND = "its document is none of the {} asked for"
MORE_NEGATIVES = "a pair without relation beyond {:g} for each one with"
OWN_LABEL = "the set says itself what relates the pair"
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
    parts = _parts(recipe, held)
    for corpus, _ in [*parts, part(recipe.evaluate_on)]:
        if corpus not in held:
            raise UnknownName("corpus of the set", corpus, held)
    rows = _contexts(union, parts) if recipe.head == COMBINATION else _rows(union, parts)
    places = _Places.of(union, recipe)
    found = [places.of_row(*row) for row in _keys(rows)]
    if recipe.head != COMBINATION:
        found = _with_fewer_negatives(rows, found, recipe)
    train, development = (
        rows.filter(pa.array([place == role for place in found], pa.bool_())) for role in (TRAIN, WATCH)
    )
    left_out = tuple(
        LeftOut(f"{key.corpus}/{key.split}", key.document_id, instance, place)
        for (key, _), place, instance in zip(_keys(rows), found, rows["instance_id"].to_pylist(), strict=True)
        if place not in (TRAIN, WATCH)
    )
    if not train.num_rows:
        raise HarmonizeError(
            f"train_on {', '.join(recipe.train_on)}: expected rows to train on, none is left"
        )
    if recipe.development is not None and not development.num_rows:
        raise HarmonizeError(f"development {recipe.development}: expected rows to watch, none is left")
    chosen = Selection(train, development, rows.num_rows, left_out)
    if recipe.pseudo is not None:
        chosen = _with_pseudo(chosen, union, recipe, places)
    rows_out = chosen.train.num_rows + chosen.development.num_rows + len(chosen.left_out)
    if chosen.rows_in != rows_out:
        raise AccountingError(f"{chosen.rows_in} rows in, {rows_out} out")
    return chosen


def rows_to_test(
    union: Path, evaluate_on: str, count: int | None = None, fold: int | None = None, *, nary: bool = False
) -> pa.Table:
    """The rows of a part, "biored/test"; of one of `count` folds of its documents where one is given.

    Args:
        nary: contexts of relations of any number of entities, not pairs.

    Raises:
        UnknownName: a corpus that the set does not hold.
        HarmonizeError: the part has no rows.
        UnionError: the set is not whole.
    """
    rows = (_contexts if nary else _rows)(union, [part(evaluate_on)])
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
                    row[f"{side}_id"],
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


def all_gold_labels(rows: pa.Table, labels: str) -> list[list[str]]:
    """All labels of each row, first what `gold_labels` gives.

    Args:
        labels: see `gold_labels`. Of a corpus' own types those that stand for no relation are among them.
    """
    first = gold_labels(rows, labels)
    column = "relations" if labels == "harmonized" else "source_relations"
    return [
        [label, *(other for other in others if other != label and not is_negative(label))]
        for label, others in zip(first, rows[column].to_pylist(), strict=True)
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
    columns = (*COLUMNS, *SAID)
    tables = [load_union(union, corpora=[corpus], splits=[split], columns=columns) for corpus, split in parts]
    return pa.concat_tables(tables).unify_dictionaries()


def _contexts(union: Path, parts: Iterable[tuple[str, str]]) -> pa.Table:
    tables = [load_nary(union, corpora=[corpus], splits=[split]) for corpus, split in parts]
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

    def why_held_out(self, key: DocumentKey) -> str | None:
        """Why nothing that repeats a document may be trained on; None where it may."""
        if key in self.tested or key in self.like_tested:
            return LIKE_TESTED
        if key in self.watched or key in self.like_watched:
            return LIKE_WATCHED
        name = f"{key.corpus}/{key.split}"
        return LEAKS.format(name) if name in self.evaluated else None


def _with_pseudo(chosen: Selection, union: Path, recipe: Recipe, places: _Places) -> Selection:
    """A selection with the pseudo-labelled rows of a recipe among those to train on."""
    labels = read_pseudo(Path(recipe.pseudo or ""))
    _check_labels(labels, recipe)
    _check_models(labels, union, places)
    held_out = _HeldOut.of(read_documents(union), places)
    known = {
        *(identifier for rows in (chosen.train, chosen.development) for identifier in _ids(rows)),
        *(row.instance_id for row in chosen.left_out),
    }
    found = [
        OWN_LABEL if instance in known else reason
        for instance, reason in zip(_ids(labels.rows), held_out.reasons(labels.rows), strict=True)
    ]
    rows = labels.rows.select(COLUMNS).cast(pa.schema([SCHEMA.field(name) for name in COLUMNS]))
    for column in SAID:  # a model's label says nothing beside the type
        rows = rows.append_column(SCHEMA.field(column), pa.nulls(rows.num_rows, pa.string()))
    kept = rows.filter(pa.array([reason is None for reason in found], pa.bool_()))
    left_out = tuple(
        LeftOut(PSEUDO, document, instance, reason)
        for document, instance, reason in zip(rows["document_id"].to_pylist(), _ids(rows), found, strict=True)
        if reason is not None
    )
    use = PseudoUse(str(labels.path), labels.sha256, len(found), kept.num_rows, labels.about.models)
    return Selection(
        train=pa.concat_tables([chosen.train, kept]).unify_dictionaries(),
        development=chosen.development,
        rows_in=chosen.rows_in + len(found),
        left_out=chosen.left_out + left_out,
        pseudo=use,
    )


def _ids(rows: pa.Table) -> list[str]:
    return list(rows["instance_id"].to_pylist())


def _check_labels(labels: PseudoLabels, recipe: Recipe) -> None:
    """Raises HarmonizeError for labels of another kind than the recipe's."""
    if labels.about.labels != recipe.labels:
        raise HarmonizeError(
            f"pseudo {labels.path}: expected labels of the recipe's kind ({recipe.labels}), "
            f"got those of a model that was trained with labels: {labels.about.labels}"
        )


def _check_models(labels: PseudoLabels, union: Path, places: _Places) -> None:
    """Raises HarmonizeError for labels of a model that was trained on what is tested here."""
    for model in labels.about.models:
        known = places.tested & trained_on(model, union, labels.path)
        if known:
            raise HarmonizeError(
                f"pseudo {labels.path}: expected labels of models that never saw what is tested here, one of "
                f"{labels.about.model} was trained on {len(known):,} such documents; label with the run of "
                f"this very fold, or with one trained without them"
            )


def trained_on(model: PseudoModel, union: Path, origin: Path) -> frozenset[DocumentKey]:
    """The documents of a set that a model was trained on, as far as its recipe tells.

    Of a model that was trained on another set all of the parts that its recipe names, since what it held out
    cannot be known.
    """
    documents = [document.key for document in read_documents(union)]
    held = list(read_manifest(union)["corpora"])
    same_set = file_entry(union / MANIFEST)["sha256"] == model.manifest_sha256
    leaks = leaks_into(read_repeats(union)) if same_set else {}
    found: set[DocumentKey] = set()
    for stage in stages(model.as_recipe(origin)):
        if same_set:
            places = _Places.of(union, stage)
            found |= {key for key in documents if places.of_row(key, leaks.get(key, ())) == TRAIN}
        else:
            parts = _parts(stage.with_values({"development": None}), held)
            found |= {key for key in documents if (key.corpus, key.split) in parts}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Documents that may not be trained on, known by id (of the evaluated corpus), PMID, letters and digits.

    Attributes:
        by_id, by_pmid, by_text: -> why.
    """

    by_id: dict[str, str]
    by_pmid: dict[str | None, str]
    by_text: dict[str, str]

    @classmethod
    def of(cls, documents: Iterable[StoredDocument], places: _Places) -> _HeldOut:
        found = cls({}, {}, {})
        for document in documents:
            reason = places.why_held_out(document.key)
            if reason is None:
                continue
            if document.key.corpus == places.target:
                found.by_id[document.key.document_id] = reason
            if document.pmid is not None:
                found.by_pmid[document.pmid] = reason
            found.by_text[fingerprint(document.text).hex()] = reason
        return found

    def reasons(self, rows: pa.Table) -> Iterator[str | None]:
        """Why each pseudo-labelled row is left out; None where nothing speaks against it."""
        of_text = {text: fingerprint(text).hex() for text in rows["text"].unique().to_pylist()}
        columns = (rows[name].to_pylist() for name in ("document_id", "pmid", "fingerprint", "text"))
        for document_id, pmid, whole, text in zip(*columns, strict=True):
            yield (
                self.by_id.get(document_id)
                or self.by_pmid.get(pmid)
                or self.by_text.get(whole)
                or self.by_text.get(of_text[text])
            )


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
