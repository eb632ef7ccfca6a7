"""What is looked at: a set, predictions, and a run to predict with."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from harmonize.explore.compare import Comparison, compared
from harmonize.explore.instances import UnionRows
from harmonize.explore.pasted import Predictor
from harmonize.explore.predictions import Predictions, PredictionTable

__all__ = ["Material"]


class _Tab(NamedTuple):
    """A page that the header links to."""

    path: str
    name: str


@dataclass(eq=False)
class Material:
    """What is looked at.

    Attributes:
        name: what to call it.
        union: a set; None without one.
        predictions: any number of them.
        predictor: None without a run to predict with.
    """

    name: str
    union: UnionRows | None = None
    predictions: tuple[Predictions, ...] = ()
    predictor: Predictor | None = None
    _comparisons: dict[int, Comparison] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tables(self) -> list[tuple[int, PredictionTable]]:
        """The predictions that can be compared with a set, by their number."""
        numbered = enumerate(self.predictions)
        return [(place, each) for place, each in numbered if isinstance(each, PredictionTable)]

    def tabs(self) -> list[_Tab]:
        """The pages that there is something for."""
        found = []
        if self.union is not None:
            found += [_Tab("/", "Overview"), _Tab("/instances", "Instances"), _Tab("/documents", "Documents")]
        if self.predictions:
            found.append(_Tab("/predictions", "Predictions"))
        if self.union is not None and self.tables():
            found.append(_Tab("/compare", "Errors"))
        return [*found, _Tab("/rules", "Rules"), _Tab("/predict", "Predict")]

    def comparison(self, number: int) -> Comparison:
        """Gold beside the predictions of a number, made when it is first asked for.

        Raises:
            HarmonizeError: they belong to another set.
        """
        table = self.predictions[number]
        assert self.union is not None
        assert isinstance(table, PredictionTable)
        with self._lock:
            if number not in self._comparisons:
                self._comparisons[number] = compared(self.union, table)
            return self._comparisons[number]
