"""Distillation: a smaller encoder learns what a trained run says of the rows, beside their labels.

The target of a row is a distribution over the labels: a share of it is the row's own label, the rest what the
teacher says, flattened by a temperature (Hinton, Vinyals and Dean 2015, section 2; there both are losses of
their own, and the student's scores are flattened as well). A teacher of several corpora may know more labels
than its student; what it says of these is left out of the distribution.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.load import load_classifier
from harmonize.relation.predictions import predicted_rows

__all__ = ["soft_targets"]


def soft_targets(
    teacher: Path,
    rows: pa.Table,
    labels: NDArray[np.int64],
    space: LabelSpace,
    *,
    own: float,
    temperature: float,
    device: str = "auto",
) -> NDArray[np.float32]:
    """What a student is to say of each row.

    Args:
        teacher: a run of any head.
        labels: of the rows, as their place in the space.
        own: the share of the row's own label, from 0 to 1.
        temperature: 1 leaves the teacher's probabilities as they are, more flattens them.

    Returns:
        [rows, labels], rows sum to 1.

    Raises:
        HarmonizeError: no such run, or one that lacks a label.
    """
    classifier = load_classifier(teacher, device)
    if lacking := [label for label in space.names if label not in classifier.labels]:
        raise HarmonizeError(
            f"teacher {teacher}: expected a run of the student's labels ({', '.join(space.names)}), "
            f"it lacks {', '.join(lacking)}"
        )
    order = [classifier.labels.index(label) for label in space.names]
    said = np.array(predicted_rows(classifier, rows)["probabilities"].to_pylist(), dtype=np.float64)
    flat = np.power(said.reshape(len(labels), -1)[:, order], 1 / temperature)
    truth = np.eye(len(space.names))[labels]
    total = flat.sum(axis=1, keepdims=True)
    # A teacher that is sure of a label that its student lacks says nothing here.
    told = np.divide(flat, total, out=truth.copy(), where=total > 0)
    return np.asarray(own * truth + (1 - own) * told, dtype=np.float32)
