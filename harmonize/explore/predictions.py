"""Files of predictions: those of `harmonize predict` in any format, and what `harmonize evaluate` keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from bioc import BioCDocument

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.explore.query import Filters
from harmonize.explore.view import DocumentView, Prediction, view_of_document, view_of_predictions
from harmonize.files import user_files
from harmonize.formats import bioc, pubtator
from harmonize.formats.article_forms import HEAD, form_of
from harmonize.formats.bioc_gold import GoldReading, gold_document
from harmonize.formats.pubtator_articles import read_forgivingly
from harmonize.formats.pubtator_record import split_ids
from harmonize.model import Document, Relation
from harmonize.prediction.sharded import is_predicted, prediction_parts
from harmonize.relation.labels import is_negative
from harmonize.relation.run_files import TRAINING

__all__ = [
    "MOST_DOCUMENTS",
    "PredictedDocuments",
    "PredictionTable",
    "Predictions",
    "is_run",
    "open_predictions",
    "predictions_of_run",
]

MOST_DOCUMENTS = 20_000
"""Of a PubTator or BioC file that are shown: they stand in memory."""


_NEEDED = ("instance_id", "label", "confidence", "related")
_SIDES = ("head", "tail")
_TOLD = ("corpus", "document_id", *(f"{side}_{part}" for side in _SIDES for part in ("id", "name", "type")))
_JOINER = ","  # of the ids of a mention, as predict writes them
_EVALUATIONS = "evaluation/*/predictions.parquet"


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """Predictions in Parquet, one row a pair.

    Attributes:
        name: what to call them.
        table: instance_id, label, confidence and related; where the file tells them also corpus, document_id
            and id, name and type of head and tail.
    """

    name: str
    table: pa.Table

    @property
    def tells_pairs(self) -> bool:
        """The file says which pairs it speaks of, and so can be read without the set."""
        return set(_TOLD) <= set(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def labels(self) -> list[tuple[str, int]]:
        """The labels with their number of rows, relations first."""
        counts = [
            (item["values"], item["counts"]) for item in pc.value_counts(self.table["label"]).to_pylist()
        ]
        return sorted(counts, key=lambda item: (is_negative(item[0]), item[0]))

    def of_instances(self, instance_ids: Sequence[str]) -> dict[str, Prediction]:
        """What is predicted of some instances; those without prediction are left out."""
        wanted = pa.array(list(instance_ids), pa.string())
        found = self.table.filter(pc.is_in(self.table["instance_id"], value_set=wanted))
        columns = (found[name].to_pylist() for name in ("instance_id", "label", "confidence"))
        return {name: Prediction(label, confidence) for name, label, confidence in zip(*columns, strict=True)}

    def matching(self, filters: Filters) -> Sequence[int]:
        """The rows with a label, or else those of relations, that hold a text in a name or an id."""
        label = self.table["label"]
        if filters.label:
            mask = pc.equal(label, filters.label)
        else:
            mask = pc.invert(pc.or_(pc.equal(label, "None"), pc.starts_with(label, "None-")))
        if filters.q:
            held = [
                pc.match_substring(self.table[name], filters.q, ignore_case=True) for name in self._texts()
            ]
            mask = pc.and_(mask, pc.fill_null(_any(held), False))
        places: list[int] = np.flatnonzero(mask.to_numpy(zero_copy_only=False)).tolist()
        return places

    def _texts(self) -> list[str]:
        return [name for name in (*_TOLD, "instance_id") if name in self.table.column_names]

    def rows(self, places: Sequence[int]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table.take(pa.array(places, pa.int64())).to_pylist()
        return rows

    def document(self, document_id: str) -> DocumentView | None:
        """The pairs of a document; None if the file has none of it."""
        if not self.tells_pairs:
            return None
        rows = self.table.filter(pc.equal(self.table["document_id"], document_id)).to_pylist()
        return view_of_predictions(document_id, rows) if rows else None


@dataclass(frozen=True, eq=False)
class PredictedDocuments:
    """Documents of a PubTator or BioC file, with the relations that it holds.

    Attributes:
        confidences: of the relations of each document, as far as the file tells them.
        is_cut: the file holds more documents than are shown.
        left_out: how many mentions and relations are not shown, by reason.
    """

    name: str
    documents: tuple[Document, ...]
    confidences: tuple[Mapping[Relation, float], ...]
    is_cut: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.documents)

    def matching(self, filters: Filters) -> list[int]:
        """The documents that hold a relation with the label, and the text."""
        q = filters.q.casefold()
        return [
            place
            for place, document in enumerate(self.documents)
            if (not filters.label or any(relation.type == filters.label for relation in document.relations))
            and (not q or q in document.id.casefold() or q in document.text.casefold())
        ]

    def labels(self) -> list[tuple[str, int]]:
        """The labels with their number of relations."""
        counts: dict[str, int] = {}
        for relation in (relation for document in self.documents for relation in document.relations):
            counts[relation.type] = counts.get(relation.type, 0) + 1
        return sorted(counts.items())

    def document(self, document_id: str) -> DocumentView | None:
        """The first document of an id; None if the file has none."""
        for document, confidences in zip(self.documents, self.confidences, strict=True):
            if document.id == document_id:
                return view_of_document(document, confidences)
        return None


Predictions = PredictionTable | PredictedDocuments


def is_run(path: Path) -> bool:
    """True for the folder of a trained run."""
    return (path / TRAINING).is_file()


def predictions_of_run(run: Path) -> list[Predictions]:
    """What `harmonize evaluate` has kept of a run, for each part of the set a table."""
    return [_table(f"{run.name} on {file.parent.name}", [file]) for file in sorted(run.glob(_EVALUATIONS))]


def open_predictions(path: Path) -> list[Predictions]:
    """The predictions of a file, of a folder of parts, or of a run that was evaluated.

    Raises:
        MissingInput: nothing there, a run without evaluation, or a folder whose prediction is not finished.
        MalformedInput: something else than predictions.
    """
    if not path.exists():
        raise MissingInput(path, "expected a union set, a file of predictions or a run, found nothing there")
    if is_run(path):
        found = predictions_of_run(path)
        if not found:
            raise MissingInput(
                path, "expected predictions of the run, found none; `harmonize evaluate` makes them"
            )
        return found
    if path.is_dir():
        files = prediction_parts(path) if is_predicted(path) else user_files(path, "*.parquet")
        if not files:
            raise MissingInput(
                path, "expected a union set, a folder of predictions or a run, found none of them"
            )
        return [_table(path.name, files)]
    if path.suffix.lower() == ".parquet":
        return [_table(path.name, [path])]
    return [_documents(path)]


def _table(name: str, files: Iterable[Path]) -> PredictionTable:
    return PredictionTable(name, pa.concat_tables([_read(file) for file in files]))


def _read(file: Path) -> pa.Table:
    try:
        with pq.ParquetFile(file) as parquet:
            held = parquet.schema_arrow.names
            missing = [name for name in _NEEDED if name not in held]
            if missing:
                raise MalformedInput(file, f"expected predictions, got no column {', '.join(missing)}")
            wanted = [*_NEEDED, *(_TOLD if set(_TOLD) <= set(held) else ())]
            fields = [(name, pa.float64() if name in _NEEDED[2:] else pa.string()) for name in wanted]
            return parquet.read(columns=wanted).select(wanted).cast(pa.schema(fields))
    except (pa.ArrowException, OSError) as error:
        raise MalformedInput(file, f"expected predictions in Parquet, got: {error}") from None


def _any(masks: Sequence[Any]) -> Any:
    found = masks[0]
    for mask in masks[1:]:
        found = pc.or_kleene(found, mask)
    return found


# PubTator and BioC


class _Parsed(NamedTuple):
    """A document of a file, the confidences of its relations, and what it lacks of the file's, by reason."""

    document: Document
    confidences: dict[Relation, float]
    left_out: Counter[str]


def _documents(path: Path) -> PredictedDocuments:
    with path.open("rb") as file:
        form = form_of(file.read(HEAD))
    read: dict[str | None, Callable[[Path], Iterator[_Parsed]]] = {
        "pubtator": _pubtator,
        "bioc-xml": partial(_bioc, json_form=False),
        "bioc-json": partial(_bioc, json_form=True),
    }
    if form not in read:
        raise MalformedInput(path, "expected predictions (Parquet, PubTator or BioC), got neither")
    try:
        found = list(islice(read[form](path), MOST_DOCUMENTS + 1))
    except HarmonizeError:
        raise
    except UnicodeDecodeError:
        raise MalformedInput(path, "expected UTF-8") from None
    shown = found[:MOST_DOCUMENTS]
    return PredictedDocuments(
        path.name,
        tuple(each.document for each in shown),
        tuple(each.confidences for each in shown),
        len(found) > len(shown),
        sum((each.left_out for each in shown), Counter()),
    )


def _pubtator(path: Path) -> Iterator[_Parsed]:
    misfits = Counter[str]()
    for record in read_forgivingly(path, lambda _, mention, reason: misfits.update((f"mentions: {reason}",))):
        yield _Parsed(pubtator.document(record, "test", _ids), {}, misfits.copy())
        misfits.clear()


def _bioc(path: Path, *, json_form: bool) -> Iterator[_Parsed]:
    for record in bioc.read(path, json_form=json_form):
        document, left_out = gold_document(record, path, "test", _READING)
        told = _confidences(record)
        pairs = ((relation, (relation.head, relation.tail, relation.type)) for relation in document.relations)
        confidences = {relation: told[pair] for relation, pair in pairs if pair in told}
        yield _Parsed(document, confidences, Counter(f"{drop.unit}: {drop.reason}" for drop in left_out))


def _ids(mention_type: str, raw: str | None) -> tuple[str, ...]:
    return split_ids(raw, _JOINER)


_READING = GoldReading(_ids, of_mentions=False, joiner=_JOINER)


def _confidences(record: BioCDocument) -> dict[tuple[str, ...], float]:
    """(head, tail, type) -> confidence of the relations that tell one."""
    infons = [each.infons for each in record.relations if isinstance(each.infons, dict)]
    return {
        tuple(str(each.get(name, "")) for name in ("entity1", "entity2", "type")): _number(each["confidence"])
        for each in infons
        if "confidence" in each
    }


def _number(confidence: Any) -> float:
    try:
        return float(confidence)
    except (TypeError, ValueError):
        return 0.0
