"""The rows of a union set as pairs to ask about: made by the rules already, gold labels left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from harmonize.errors import UnionError
from harmonize.export.documents import row_documents
from harmonize.formats.pubtator import UNHOLDABLE
from harmonize.model import Document, EntityInContext, Instance, Span
from harmonize.prediction.pairs import Candidates
from harmonize.prediction.tally import Tally
from harmonize.union.documents import read_documents
from harmonize.union.manifest import read_manifest
from harmonize.union.partition import PartitionFile, row_batches
from harmonize.union.reader import union_files
from harmonize.union.schema import MANIFEST

__all__ = ["NO_PAIR", "is_union", "read_union", "union_corpora"]

NO_PAIR = "no pair in the union set"
_SIDES = ("head", "tail")
_ENTITY = ("id", "name", "type", "spans")
_COLUMNS = [
    *("document_id", "text", "context_start", "context_end", "sentences", "task", "span_source"),
    *(f"{side}_{part}" for side in _SIDES for part in _ENTITY),
    *(f"source_{side}_type" for side in _SIDES),
]
_ROWS = 1_000  # to hold as Python objects at once


def is_union(path: Path) -> bool:
    """True for a folder with a manifest."""
    return (path / MANIFEST).is_file()


def union_corpora(folder: Path, corpora: Iterable[str] | None, splits: Iterable[str] | None) -> list[str]:
    """The corpora of the set that have rows of the wanted corpora and splits.

    Raises:
        UnionError, UnknownName: see harmonize.union.reader.
    """
    manifest = read_manifest(folder)
    return list(dict.fromkeys(file.corpus for file in union_files(folder, manifest, corpora, splits)))


def read_union(
    folder: Path,
    *,
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
    tally: Tally | None = None,
) -> Iterator[Candidates]:
    """Stream the documents of a union set with their pairs, as they stand in its rows.

    A document has the mentions that its rows show, and no relations. Memory holds the texts of one corpus
    and split.

    Args:
        corpora, splits: all unless given.
        tally: counts documents in; those without a row are skipped.

    Raises:
        UnionError: no union set there, or a file of it is missing or broken.
        UnknownName: a corpus that the set does not hold, or a split that does not exist.
    """
    tally = tally or Tally()
    for file in union_files(folder, read_manifest(folder), corpora, splits):
        yield from _part(folder, file, tally)


def _part(folder: Path, file: PartitionFile, tally: Tally) -> Iterator[Candidates]:
    texts = {s.key.document_id: s for s in read_documents(folder, file.corpus, file.split)}
    tally.documents += len(texts)
    shown = 0
    groups = groupby(_rows(file), key=lambda row: str(row["document_id"]))
    for found, (_, group) in zip(row_documents(file, texts), groups, strict=True):
        shown += 1
        yield _candidates(found.document, file, list(group))
    if shown < len(texts):
        tally.skipped[NO_PAIR] += len(texts) - shown


def _rows(file: PartitionFile) -> Iterator[dict[str, Any]]:
    for batch in row_batches(file, _COLUMNS):
        for start in range(0, batch.num_rows, _ROWS):
            yield from batch.slice(start, _ROWS).to_pylist()


def _candidates(document: Document, file: PartitionFile, rows: list[dict[str, Any]]) -> Candidates:
    if UNHOLDABLE.search(document.id):
        raise UnionError(f"{file.path}: expected ids without tabs and line ends, got {document.id!r}")
    mentions = tuple(
        replace(mention, concept_ids=tuple(map(unquote, mention.concept_ids)))
        for mention in document.mentions
    )
    unrelated = replace(document, mentions=mentions, relations=(), sentences=_sentences(rows))
    instances = tuple(map(_instance, rows))
    return Candidates(unrelated, file.corpus, rows[0]["task"], instances, len(mentions))


def _sentences(rows: Iterable[Mapping[str, Any]]) -> tuple[Span, ...] | None:
    """The sentences of the contexts of a document's rows; None where a row has none."""
    found: set[Span] = set()
    for row in rows:
        if row["sentences"] is None:
            return None
        found |= {Span(s["start"], s["end"]).shifted(row["context_start"]) for s in row["sentences"]}
    return tuple(sorted(found))


def _instance(row: Mapping[str, Any]) -> Instance:
    return Instance(
        document_id=row["document_id"],
        context=Span(row["context_start"], row["context_end"]),
        text=row["text"],
        head=_entity(row, "head"),
        tail=_entity(row, "tail"),
    )


def _entity(row: Mapping[str, Any], side: str) -> EntityInContext:
    return EntityInContext(
        id=row[f"{side}_id"],
        name=row[f"{side}_name"],
        type=row[f"{side}_type"],
        source_type=row[f"source_{side}_type"],
        spans=tuple(Span(span["start"], span["end"]) for span in row[f"{side}_spans"]),
        sources=frozenset({row["span_source"]}),
    )
