"""Pseudo-labelled rows among those to train on: none that leaks, none of a model that knows the test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.relation.recipe import Recipe, stages
from harmonize.relation.select.places import TRAIN, Places, parts_to_train_on
from harmonize.relation.select.pseudo import PseudoLabels, PseudoModel, PseudoUse, read_pseudo
from harmonize.relation.select.rows import COLUMNS, SENTENCES
from harmonize.union.documents import DocumentKey, StoredDocument, read_documents
from harmonize.union.leaks import fingerprint, leaks_into, read_repeats
from harmonize.union.manifest import manifest_hash, read_manifest
from harmonize.union.schema import SAID, SCHEMA

__all__ = ["PseudoRows", "pseudo_rows", "trained_on"]

OWN_LABEL = "the set says itself what relates the pair"


class PseudoRows(NamedTuple):
    """The rows of a recipe's file of pseudo-labels, which are `kept` and `left_out` together.

    Attributes:
        kept: with the columns of the set's rows.
        left_out: (document_id, instance_id, reason) of each other, in the file's order.
        use: what has become of the file.
    """

    kept: pa.Table
    left_out: list[tuple[str, str, str]]
    use: PseudoUse


def pseudo_rows(union: Path, recipe: Recipe, places: Places, known: Collection[str]) -> PseudoRows:
    """The pseudo-labelled rows that a recipe may train on.

    Args:
        known: the ids of the rows that the set itself says something of.

    Raises:
        HarmonizeError: labels of other relation types, or by a model that was trained on what is tested.
        MissingInput, MalformedInput: the file is missing, or none.
    """
    labels = read_pseudo(Path(recipe.pseudo or ""))
    _check_labels(labels, recipe)
    _check_models(labels, union, places)
    rows = labels.rows.select(COLUMNS).cast(pa.schema([SCHEMA.field(name) for name in COLUMNS]))
    for column in SAID:  # a model's label says nothing beside the type
        rows = rows.append_column(SCHEMA.field(column), pa.nulls(rows.num_rows, pa.string()))
    sentences = SCHEMA.field(SENTENCES)  # told by whoever reads them
    rows = rows.append_column(sentences, pa.nulls(rows.num_rows, sentences.type))
    documents, instances = (rows[name].to_pylist() for name in ("document_id", "instance_id"))
    reasons = [
        OWN_LABEL if instance in known else reason
        for instance, reason in zip(
            instances, _HeldOut.of(read_documents(union), places).reasons(labels.rows), strict=True
        )
    ]
    kept = rows.filter(pa.array([reason is None for reason in reasons], pa.bool_()))
    left_out = [
        (document, instance, reason)
        for document, instance, reason in zip(documents, instances, reasons, strict=True)
        if reason is not None
    ]
    use = PseudoUse(str(labels.path), labels.sha256, rows.num_rows, kept.num_rows, labels.about.models)
    return PseudoRows(kept, left_out, use)


def trained_on(model: PseudoModel, union: Path, origin: Path) -> frozenset[DocumentKey]:
    """The documents of a set that a model was trained on, as far as its recipe tells.

    Of a model that was trained on another set all of the parts that its recipe names, since what it held out
    cannot be known.
    """
    documents = [document.key for document in read_documents(union)]
    held = list(read_manifest(union)["corpora"])
    same_set = manifest_hash(union) == model.manifest_sha256
    leaks = leaks_into(read_repeats(union)) if same_set else {}
    found: set[DocumentKey] = set()
    for stage in stages(model.as_recipe(origin)):
        if same_set:
            places = Places.of(union, stage)
            found |= {key for key in documents if places.of_row(key, leaks.get(key, ())) == TRAIN}
        else:
            parts = parts_to_train_on(stage, held)
            found |= {key for key in documents if (key.corpus, key.split) in parts}
    return frozenset(found)


def _check_labels(labels: PseudoLabels, recipe: Recipe) -> None:
    """Raises HarmonizeError for labels of another kind than the recipe's."""
    if labels.about.labels != recipe.labels:
        raise HarmonizeError(
            f"pseudo {labels.path}: expected labels of the recipe's kind ({recipe.labels}), "
            f"got those of a model that was trained with labels: {labels.about.labels}"
        )


def _check_models(labels: PseudoLabels, union: Path, places: Places) -> None:
    """Raises HarmonizeError for labels of a model that was trained on what is tested here."""
    for model in labels.about.models:
        known = places.tested & trained_on(model, union, labels.path)
        if known:
            raise HarmonizeError(
                f"pseudo {labels.path}: expected labels of models that never saw what is tested here, one of "
                f"{labels.about.model} was trained on {len(known):,} such documents; label with the run of "
                f"this very fold, or with one trained without them"
            )


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
    def of(cls, documents: Iterable[StoredDocument], places: Places) -> _HeldOut:
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
