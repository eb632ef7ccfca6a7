"""A classifier's predictions for rows of the union set."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.errors import MalformedInput
from harmonize.relation.labels import decide, related
from harmonize.relation.pair import Pair, PairClassifier
from harmonize.relation.selection import pairs_of

__all__ = ["PREDICTION_SCHEMA", "predicted_rows", "read_predictions"]

_CHUNK = 4096

PREDICTION_SCHEMA = pa.schema(
    [
        pa.field("instance_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("related", pa.float64(), nullable=False),
        pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
    ]
)
"""One row is one prediction: the label, how probable it is, how probable any relation is, and the probability
of each label in the order that the schema's metadata ("labels") has them, joined by tabs."""


def predicted_rows(classifier: PairClassifier, rows: pa.Table) -> pa.Table:
    """Predict each row.

    Args:
        rows: of the union set, with the columns of harmonize.relation.selection, each document's together.

    Returns:
        PREDICTION_SCHEMA, in the order of the rows.
    """
    schema = PREDICTION_SCHEMA.with_metadata({"labels": "\t".join(classifier.labels)})
    pairs = pairs_of(rows)
    tables = [
        _table(classifier, list(islice(pairs, part.num_rows)), part, schema)
        for part in _parts(rows.select(["instance_id", "document_id"]))
    ]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def read_predictions(path: Path) -> pa.Table:
    """What `predicted_rows` found, from the Parquet file that it was written to.

    Returns:
        PREDICTION_SCHEMA.

    Raises:
        MalformedInput: no Parquet, cut off, or with other columns.
    """
    try:
        with pq.ParquetFile(path) as file:
            found = file.read()
            found.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise MalformedInput(path, f"expected predictions in Parquet, got: {error}") from None
    if not found.schema.equals(PREDICTION_SCHEMA):
        raise MalformedInput(path, f"expected the columns {', '.join(PREDICTION_SCHEMA.names)}")
    return found


def _parts(rows: pa.Table) -> Iterable[pa.Table]:
    """Some thousand rows each, and of whole documents."""
    documents = rows["document_id"].to_pylist()
    start = 0
    while start < len(documents):
        end = min(start + _CHUNK, len(documents))
        while end < len(documents) and documents[end] == documents[end - 1]:
            end += 1
        yield rows.slice(start, end - start)
        start = end


def _table(classifier: PairClassifier, pairs: list[Pair], rows: pa.Table, schema: pa.Schema) -> pa.Table:
    probabilities = classifier.probabilities(pairs)
    chosen = decide(probabilities)
    confidence = probabilities[np.arange(len(chosen)), chosen].astype(np.float64)
    columns = [
        rows["instance_id"],
        rows["document_id"],
        pa.array([classifier.labels[place] for place in chosen], pa.string()),
        pa.array(np.minimum(confidence, 1.0)),
        pa.array(related(probabilities, classifier.labels)),
        pa.array(probabilities.tolist(), schema.field("probabilities").type),
    ]
    return pa.table(columns, schema=schema)
