"""Contexts -> token ids for a graph: as harmonize.relation.encode.documents, with the sentences' places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harmonize.model import Span
from harmonize.relation.encode.documents import DocumentEncoder, EncodedDocument, Windows, padded_documents
from harmonize.relation.encode.prompt import Piece, around, marked
from harmonize.relation.encode.windows import Range
from harmonize.relation.pair import Entity, Pair
from harmonize.text.sentences import sentence_spans

__all__ = ["EncodedGraph", "GraphEncoder", "padded_graphs"]


@dataclass(frozen=True, slots=True)
class EncodedGraph(EncodedDocument):
    """One context, its pairs and its sentences.

    Attributes:
        sentences: [sentences, 3] of int64: window, and from where to where in its input.
        sentence_of: [mentions] of int64: the sentence that each mention begins in; -1 behind the context.
    """

    sentences: NDArray[np.int64]
    sentence_of: NDArray[np.int64]


class GraphEncoder(DocumentEncoder):
    """Encodes the pairs of whole contexts with their sentences; see DocumentEncoder.

    A pair comes with the sentences of its context, as the rows of a union set have them; else the context is
    split here. Of a sentence that no window shows whole the window with most of it counts.
    """

    beside = 1
    reads_sentences = True

    def pieces(self, pair: Pair, entities: Sequence[Entity]) -> list[Piece]:
        text, spans = pair.text, pair.sentences
        if spans is None:
            spans = tuple(sentence_spans(text, [span for entity in entities for span in entity.spans]))
        sentences = Entity("", "", spans or (Span(0, len(text)),))
        # The first of two with one span is outside: a sentence holds the tags of its mentions.
        tokens = [("", ""), *(around(entity.type, self.tags) for entity in entities)]
        return [*marked(text, [sentences, *entities], tokens), *self.known_of(entities)]

    def made(
        self, document: EncodedDocument, windows: Windows, mentions: Sequence[Sequence[Range]]
    ) -> EncodedGraph:
        sentences = sorted(mentions[0])
        starts = [sentence.start for sentence in sentences]
        begun = np.array([one.start for found in mentions[self.beside :] for one in found])
        sentence_of = np.searchsorted(starts, begun, side="right") - 1
        # What is known of an entity stands behind the context, in no sentence of it.
        sentence_of[begun >= sentences[-1].end] = -1
        return EncodedGraph(
            document.input_ids,
            document.token_type_ids,
            document.mentions,
            document.pairs,
            document.places,
            np.array([_shown(sentence, windows) for sentence in sentences], dtype=np.int64),
            sentence_of,
        )


def _shown(sentence: Range, windows: Windows) -> tuple[int, int, int]:
    """What the window that has most of a sentence has of it: (window, start, end in its input)."""
    parts = [Range(max(sentence.start, each.start), min(sentence.end, each.end)) for each in windows.ranges]
    window = max(range(len(parts)), key=lambda place: parts[place].size)
    start, end = (windows.first + at - windows.ranges[window].start for at in parts[window])
    return window, start, end


def padded_graphs(items: Sequence[dict[str, Any]], padding: int, **options: Any) -> dict[str, torch.Tensor]:
    """A batch of contexts with their sentences.

    Args:
        padding, options: see `padded_documents`.

    Returns:
        What `padded_documents` gives; sentences: int64 [contexts, sentences, 2], from where to where among
        the windows' tokens, both 0 where padded; sentence_of: int64 [contexts, mentions], -1 where padded.
    """
    batch = padded_documents(items, padding, **options)
    graphs: list[EncodedGraph] = [item["document"] for item in items]
    width = batch["input_ids"].shape[2]
    sentences = np.zeros((len(graphs), max(len(graph.sentences) for graph in graphs), 2), dtype=np.int64)
    sentence_of = np.full(batch["mentions"].shape[:2], -1, dtype=np.int64)
    for row, graph in enumerate(graphs):
        sentences[row, : len(graph.sentences)] = graph.sentences[:, 1:] + width * graph.sentences[:, :1]
        sentence_of[row, : len(graph.sentence_of)] = graph.sentence_of
    arrays = {"sentences": sentences, "sentence_of": sentence_of}
    return batch | {name: torch.from_numpy(array) for name, array in arrays.items()}
