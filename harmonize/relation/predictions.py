"""A classifier's predictions for rows of the union set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harmonize.errors import MalformedInput
from harmonize.relation.labels import decide, is_negative, related
from harmonize.relation.pair import Pair, PairClassifier
from harmonize.relation.said import VALUES, answers_of
from harmonize.relation.select.rows import pairs_of
from harmonize.union.schema import SAID

__all__ = ["PREDICTION_SCHEMA", "predicted_rows", "read_predictions"]

_CHUNK = 1024  # rows

PREDICTION_SCHEMA = pa.schema(
    [
        pa.field("instance_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("related", pa.float64(), nullable=False),
        pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
        *(pa.field(column, pa.string()) for column in SAID),
    ]
)
"""One row is one prediction: the label, how probable it is, how probable any relation is, and the probability
of each label in the order that the schema's metadata ("labels") has them, joined by tabs. `novelty` and
`subject` are null of pairs without relation, and where the classifier does not tell them."""


def predicted_rows(
    classifier: PairClassifier, rows: pa.Table, progress: Callable[[int], None] = lambda documents: None
) -> pa.Table:
    """Predict each row.

    Args:
        rows: of the union set, with harmonize.relation.select.rows, each document's together.
        progress: is told how many documents are done.

    Returns:
        PREDICTION_SCHEMA, in the order of the rows.
    """
    schema = PREDICTION_SCHEMA.with_metadata({"labels": "\t".join(classifier.labels)})
    pairs = pairs_of(rows)
    tables, documents = [], 0
    for part in _parts(rows.select(["instance_id", "document_id"])):
        tables.append(_table(classifier, list(islice(pairs, part.num_rows)), part, schema))
        documents += pc.count_distinct(part["document_id"]).as_py()
        progress(documents)
    return pa.concat_tables(tables) if tables else schema.empty_table()


def read_predictions(path: Path) -> pa.Table:
    """What `predicted_rows` found, from the Parquet file that it was written to.

    Returns:
        PREDICTION_SCHEMA; columns that the file is too old to have are null.

    Raises:
        MalformedInput: no Parquet, cut off, or with other columns.
    """
    try:
        with pq.ParquetFile(path) as file:
            found = file.read()
            found.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise MalformedInput(path, f"expected predictions in Parquet, got: {error}") from None
    for field in PREDICTION_SCHEMA:
        if field.nullable and field.name not in found.column_names:
            found = found.append_column(field, pa.nulls(found.num_rows, field.type))
    if not found.schema.equals(PREDICTION_SCHEMA):
        raise MalformedInput(path, f"expected the columns {', '.join(PREDICTION_SCHEMA.names)}")
    return found


def _parts(rows: pa.Table) -> Iterable[pa.Table]:
    """Some rows each, and of whole documents."""
    documents = rows["document_id"].to_pylist()
    start = 0
    while start < len(documents):
        end = min(start + _CHUNK, len(documents))
        while end < len(documents) and documents[end] == documents[end - 1]:
            end += 1
        yield rows.slice(start, end - start)
        start = end


def _table(classifier: PairClassifier, pairs: list[Pair], rows: pa.Table, schema: pa.Schema) -> pa.Table:
    probabilities, said = answers_of(classifier, pairs)
    chosen = decide(probabilities)
    labels = [classifier.labels[place] for place in chosen]
    confidence = probabilities[np.arange(len(chosen)), chosen].astype(np.float64)
    columns = [
        rows["instance_id"],
        rows["document_id"],
        pa.array(labels, pa.string()),
        pa.array(np.minimum(confidence, 1.0)),
        pa.array(related(probabilities, classifier.labels)),
        pa.array(probabilities.tolist(), schema.field("probabilities").type),
        *(_values(column, said, labels) for column in SAID),
    ]
    return pa.table(columns, schema=schema)


def _values(column: str, said: Mapping[str, NDArray[np.floating[Any]]], labels: Sequence[str]) -> pa.Array:
    """The likeliest value of each related pair."""
    if column not in said:
        return pa.nulls(len(labels), pa.string())
    places = decide(said[column])
    values = [
        None if is_negative(label) else VALUES[column][place]
        for label, place in zip(labels, places, strict=True)
    ]
    return pa.array(values, pa.string())
