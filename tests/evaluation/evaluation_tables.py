"""Small gold and prediction tables for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

C, D, G = "ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"
VARIANT = "SequenceVariant"
POSITIVE, NEGATIVE, ASSOCIATION, NONE = "Positive_Correlation", "Negative_Correlation", "Association", "None"
LABELS = (NONE, POSITIVE, NEGATIVE, ASSOCIATION)

Table = pa.Table


def gold_table(
    relations: Sequence[str],
    documents: Sequence[Any] | None = None,
    *,
    corpus: str = "biored",
    **columns: Sequence[Any],
) -> pa.Table:
    """A row for each relation; by default five to a document, of a chemical and a disease."""
    n = len(relations)
    values: dict[str, Sequence[Any]] = {
        "instance_id": [f"i{number}" for number in range(n)],
        "corpus": [corpus] * n,
        "split": ["test"] * n,
        "document_id": [str(number // 5) for number in range(n)]
        if documents is None
        else list(map(str, documents)),
        "head_type": [C] * n,
        "tail_type": [D] * n,
        "source_head_type": [C] * n,
        "source_tail_type": [D] * n,
        "relation": list(relations),
        "source_relations": [[] if name.startswith(NONE) else [f"own {name}"] for name in relations],
        **columns,
    }
    kinds: Mapping[str, pa.DataType] = {"source_relations": pa.list_(pa.string())}
    table = pa.table({name: pa.array(list(of), kinds.get(name)) for name, of in values.items()})
    # As the union set has it.
    for name in ("corpus", "split"):
        table = table.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    return table


def prediction_table(
    gold: pa.Table,
    labels: Sequence[str],
    related: Sequence[float] | None = None,
    confidence: Sequence[float] | None = None,
) -> pa.Table:
    """A prediction for each gold row; by default sure of itself."""
    sure = [0.0 if label.startswith(NONE) else 1.0 for label in labels]
    return pa.table(
        {
            "instance_id": gold["instance_id"],
            "label": pa.array(list(labels), pa.string()),
            "related": pa.array(sure if related is None else list(related), pa.float64()),
            "confidence": pa.array(
                [1.0] * len(labels) if confidence is None else list(confidence), pa.float64()
            ),
        }
    )


def random_labels(generator: np.random.Generator, count: int, positive: float = 0.3) -> list[str]:
    """Labels with a given share of relations."""
    rest = positive / (len(LABELS) - 1)
    return [str(label) for label in generator.choice(LABELS, count, p=(1 - positive, rest, rest, rest))]


def noisy(generator: np.random.Generator, labels: Sequence[str], errors: float) -> list[str]:
    """Labels of which a share is drawn anew."""
    other = random_labels(generator, len(labels))
    return [new if generator.random() < errors else old for old, new in zip(labels, other, strict=True)]
