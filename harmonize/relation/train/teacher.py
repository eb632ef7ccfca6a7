"""Distillation: a smaller encoder learns what a trained run says of the rows, beside their labels.

The target of a row is a distribution over the labels: a share of it is the row's own label, the rest what the
teacher says, flattened by a temperature (Hinton, Vinyals and Dean 2015, section 2; there both are losses of
their own, and the student's scores are flattened as well).
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
        HarmonizeError: no such run, or one that tells other labels apart.
    """
    classifier = load_classifier(teacher, device)
    if set(classifier.labels) != set(space.names):
        raise HarmonizeError(
            f"teacher {teacher}: expected a run of the same labels ({', '.join(space.names)}), "
            f"it has {', '.join(classifier.labels)}"
        )
    said = np.array(predicted_rows(classifier, rows)["probabilities"].to_pylist(), dtype=np.float64)
    flat = np.power(said.reshape(len(labels), -1), 1 / temperature)
    flat /= flat.sum(axis=1, keepdims=True)
    order = [classifier.labels.index(label) for label in space.names]
    truth = np.eye(len(space.names))[labels]
    return np.asarray(own * truth + (1 - own) * flat[:, order], dtype=np.float32)
