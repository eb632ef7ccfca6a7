"""Candidates -> token ids: a context once, all its entities tagged, with the sets that are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harmonize.relation.combinations import Candidate, CombinationContext
from harmonize.relation.encode.documents import IGNORED, DocumentEncoder, EncodedDocument, padded_documents
from harmonize.relation.encode.prompt import context_question, tagged

__all__ = ["CombinationEncoder", "EncodedCombinations", "padded_combinations"]

_MOST_SETS = 1024


@dataclass(frozen=True, slots=True)
class EncodedCombinations(EncodedDocument):
    """One context: all pairs of its entities, and sets of them.

    Attributes:
        sets: [sets, entities] of bool; `places` are of these.
    """

    sets: NDArray[np.bool_]


class CombinationEncoder(DocumentEncoder):
    """Encodes the candidates of whole contexts; see DocumentEncoder."""

    def __call__(self, candidates: Iterable[Any]) -> Iterator[EncodedCombinations]:
        """The contexts in the order of their first candidates; one of very many comes several times.

        Raises:
            HarmonizeError: an entity type without a tag, or a length that leaves no room for a context.
        """
        groups: dict[CombinationContext, list[tuple[int, Candidate]]] = {}
        for place, candidate in enumerate(candidates):
            groups.setdefault(candidate.context, []).append((place, candidate))
        for context, asked in groups.items():
            yield from self._of_context(context, asked)

    def _of_context(
        self, context: CombinationContext, asked: Sequence[tuple[int, Candidate]]
    ) -> Iterator[EncodedCombinations]:
        self.check(context.entities)
        question = context_question(context.task) if self.asks else ""
        pieces = tagged(context.text, list(context.entities), self.tags)
        ids = self.ids([question, *pieces])
        tokens, mentions = self.tokens(pieces, ids, len(context.entities))
        read = self._read(ids[question], tokens, mentions)
        pairs = np.array(list(combinations(range(len(context.entities)), 2)), dtype=np.int64)
        for start in range(0, len(asked), _MOST_SETS):
            part = asked[start : start + _MOST_SETS]
            sets = np.zeros((len(part), len(context.entities)), dtype=bool)
            for row, (_, candidate) in enumerate(part):
                sets[row, list(candidate.members)] = True
            places = np.array([place for place, _ in part], dtype=np.int64)
            yield EncodedCombinations(read.input_ids, read.token_type_ids, read.mentions, pairs, places, sets)


def padded_combinations(
    items: Sequence[dict[str, Any]], padding: int, *, types_too: bool = True, multiple: int = 8
) -> dict[str, torch.Tensor]:
    """A batch of contexts; see padded_documents.

    Returns:
        What padded_documents gives; sets: bool [contexts, sets, entities], empty where padded; labels: int64
        [contexts, sets], IGNORED where padded.
    """
    documents: list[EncodedCombinations] = [item["document"] for item in items]
    of_pairs = [{**item, "labels": np.zeros(len(item["document"].pairs), np.int64)} for item in items]
    batch = padded_documents(of_pairs, padding, types_too=types_too, multiple=multiple)
    most = [max(document.sets.shape[axis] for document in documents) for axis in (0, 1)]
    sets = np.zeros((len(items), *most), dtype=bool)
    labels = np.full(sets.shape[:2], IGNORED, dtype=np.int64)
    for row, (item, document) in enumerate(zip(items, documents, strict=True)):
        count, entities = document.sets.shape
        sets[row, :count, :entities] = document.sets
        labels[row, :count] = item["labels"]
    return {**batch, "sets": torch.from_numpy(sets), "labels": torch.from_numpy(labels)}
