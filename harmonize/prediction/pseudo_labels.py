"""Documents and a classifier -> pseudo-labels: the pairs that it is sure of, as rows to train on.

The file is that of harmonize.relation.select.pseudo. Documents in = those with a row + dropped, pairs asked
about = rows + dropped, and each that is dropped has a reason.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harmonize.errors import AccountingError, HarmonizeError
from harmonize.model import Document, Instance
from harmonize.prediction.extractor import DocumentRelations, PredictedPair
from harmonize.prediction.tally import LeftOut, by_reason
from harmonize.relation.select.pseudo import pseudo_schema
from harmonize.spec import Corpus
from harmonize.union.ids import instance_id
from harmonize.union.known_documents import KnownDocuments
from harmonize.union.leaks import fingerprint
from harmonize.union.rows import record_batch
from harmonize.writing.json_files import canonical_json
from harmonize.writing.parquet import METADATA_KEY, parquet_writer

__all__ = [
    "BEYOND",
    "EVALUATED",
    "KEPT",
    "NONE_KEPT",
    "NO_PAIR",
    "REPEATED",
    "UNSURE",
    "Keeping",
    "LabelAccount",
    "fates",
    "new_documents",
    "write_pseudo_labels",
]

KEPT, UNSURE, BEYOND = 0, 1, 2
"""The fates of a pair."""
_PAIR_REASONS = {
    UNSURE: "its label is less probable than the threshold",
    BEYOND: "a pair without relation beyond those asked for",
}
EVALUATED = "it is or repeats a document of the set that is watched or tested"
REPEATED = "it repeats another document of the input"
NO_PAIR = "no pair"
NONE_KEPT = "none of its pairs is kept"
_ROWS = 2_000  # to hold at once


@dataclass(frozen=True)
class Keeping:
    """Which pairs are kept.

    Attributes:
        threshold: the least probability of the most probable label, above 0 and at most 1.
        negatives: at most so many pairs without relation for each one with; None for all.
        seed: of drawing those.

    Raises:
        HarmonizeError: a value that cannot be.
    """

    threshold: float
    negatives: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise HarmonizeError(
                f"--threshold: expected a probability above 0 and at most 1, got {self.threshold:g}"
            )
        if self.negatives is not None and not 0 <= self.negatives < float("inf"):
            raise HarmonizeError(f"--negatives: expected a number of pairs, got {self.negatives:g}")

    def rank(self, instance: str) -> int:
        """The place of a pair in an order that the seed decides: 64 bits of a hash."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}\x1f{instance}".encode()).digest()[:8])


@dataclass
class LabelAccount:
    """What labelling took in and gave out.

    Attributes:
        documents_in, pairs_in: met in the input; asked about.
        documents_out, pairs_out: with a row; rows.
        documents_dropped, pairs_dropped: by reason. The pairs of documents that were dropped before they were
            asked about are not counted.
        left_out: mentions that are in no pair, by reason and type.
        relations: rows by label.
    """

    documents_in: int = 0
    documents_out: int = 0
    documents_dropped: Counter[str] = field(default_factory=Counter)
    pairs_in: int = 0
    pairs_out: int = 0
    pairs_dropped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)

    def check(self, place: Path) -> None:
        """Raises AccountingError, which names the file, unless in = out + dropped."""
        for what, came, went, dropped in (
            ("documents", self.documents_in, self.documents_out, self.documents_dropped.total()),
            ("pairs", self.pairs_in, self.pairs_out, self.pairs_dropped.total()),
        ):
            if came != went + dropped:
                raise AccountingError(f"{place}: {came} {what} in, {went} out, {dropped} dropped")

    def as_dict(self) -> dict[str, Any]:
        """As the file's metadata have it."""
        return {
            "documents": {
                "in": self.documents_in,
                "out": self.documents_out,
                "dropped": dict(sorted((+self.documents_dropped).items())),
            },
            "pairs": {
                "in": self.pairs_in,
                "out": self.pairs_out,
                "dropped": dict(sorted((+self.pairs_dropped).items())),
            },
            "mentions_left_out": by_reason(self.left_out),
            "relations": dict(sorted(self.relations.items())),
        }


def fates(
    confidence: NDArray[np.float64],
    negative: NDArray[np.bool_],
    ranks: NDArray[np.uint64],
    keeping: Keeping,
) -> NDArray[np.uint8]:
    """What becomes of each pair: KEPT, UNSURE or BEYOND.

    Args:
        confidence: of the most probable label, [pairs].
        negative: that label is that there is no relation, [pairs].
        ranks: of `Keeping.rank`, [pairs]; of negatives that are sure the first in this order are kept.

    Returns:
        [pairs]
    """
    found = np.where(confidence >= keeping.threshold, KEPT, UNSURE).astype(np.uint8)
    if keeping.negatives is None:
        return found
    sure = found == KEPT
    places = np.flatnonzero(sure & negative)
    in_order = places[np.argsort(ranks[places], kind="stable")]
    found[in_order[int(keeping.negatives * np.count_nonzero(sure & ~negative)) :]] = BEYOND
    return found


def new_documents(
    documents: Iterable[Document], evaluated: KnownDocuments, account: LabelAccount
) -> Iterator[Document]:
    """The documents that may be labelled; others are counted with their reason.

    Left out is what is or repeats an evaluated document (see harmonize.union.known_documents), and what has
    the id or the letters and digits of a document before it. Memory grows by some hundred bytes a document.
    """
    ids: set[str] = set()
    texts: set[bytes] = set()
    for document in documents:
        letters = fingerprint(document.text)
        if evaluated.has(document.text, document.pmid):
            account.documents_dropped[EVALUATED] += 1
        elif document.id in ids or letters in texts:
            account.documents_dropped[REPEATED] += 1
        else:
            ids.add(document.id)
            texts.add(letters)
            yield document


def write_pseudo_labels(
    found: Iterable[DocumentRelations],
    path: Path,
    corpus: Corpus,
    kind: str,
    keeping: Keeping,
    account: LabelAccount,
    about: Callable[[], Mapping[str, Any]],
) -> None:
    """Write the pairs that are kept; memory grows by 17 bytes a pair.

    What is sure is laid down in an unnamed file first, since how many negatives are kept only the end tells.

    Args:
        found: the documents that were asked about, each id once.
        path: where to write; if anything goes wrong half a file may stand there.
        corpus: the mapping whose rules made the pairs, as the package has it.
        kind: of the labels, "harmonized" or "source".
        account: gets the pairs, and what becomes of these documents.
        about: asked for the metadata when all is counted.
    """
    makes = _RowMaker(corpus, kind)
    confidence, negative, ranks = array("d"), array("B"), array("Q")

    def sure_rows() -> Iterator[pa.Table]:
        for one in found:
            account.left_out.update(one.left_out)
            if not one.pairs:
                account.documents_dropped[NO_PAIR] += 1
            sure = [pair for pair in one.pairs if pair.confidence >= keeping.threshold]
            for pair in one.pairs:
                is_sure = pair.confidence >= keeping.threshold
                confidence.append(pair.confidence)
                negative.append(not pair.is_relation)
                ranks.append(keeping.rank(instance_id(corpus.key, pair.instance)) if is_sure else 0)
            account.documents_dropped[NONE_KEPT] += bool(one.pairs)  # until it has a row
            yield makes.table(one, sure)

    with tempfile.TemporaryFile(dir=path.parent) as scratch:
        _write(sure_rows(), scratch)
        decided = fates(
            np.array(confidence), np.array(negative, dtype=bool), np.array(ranks, dtype=np.uint64), keeping
        )
        account.pairs_in = len(decided)
        for fate, reason in _PAIR_REASONS.items():
            account.pairs_dropped[reason] = int(np.count_nonzero(decided == fate))
        scratch.seek(0)
        _write(_counted(_chosen(scratch, decided[decided != UNSURE] == KEPT), account), path, about)


def _write(
    tables: Iterable[pa.Table], sink: Path | IO[bytes], about: Callable[[], Mapping[str, Any]] | None = None
) -> None:
    """Write tables, some thousand rows together, then the metadata."""
    waiting: list[pa.Table] = []
    count = 0
    with parquet_writer(sink, pseudo_schema()) as writer:
        for table in filter(len, tables):
            waiting.append(table)
            count += table.num_rows
            if count >= _ROWS:
                writer.write_table(pa.concat_tables(waiting).unify_dictionaries())
                waiting, count = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting).unify_dictionaries())
        if about is not None:
            writer.add_key_value_metadata({METADATA_KEY: canonical_json(about())})


def _chosen(file: IO[bytes], kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """The rows of a file that a mask of all its rows keeps."""
    done = 0
    for batch in pq.ParquetFile(file).iter_batches(_ROWS):
        mask = kept[done : done + batch.num_rows]
        done += batch.num_rows
        yield pa.Table.from_batches([batch]).cast(pseudo_schema()).filter(pa.array(mask, pa.bool_()))


def _counted(tables: Iterable[pa.Table], account: LabelAccount) -> Iterator[pa.Table]:
    """Count rows, and documents as their first row goes by: those of one document stand together."""
    last = None
    for table in tables:
        account.pairs_out += table.num_rows
        account.relations.update(table["relation"].to_pylist())
        for document in table["document_id"].to_pylist():
            if document != last:
                account.documents_out += 1
                account.documents_dropped[NONE_KEPT] -= 1
            last = document
        yield table


class _RowMaker:
    """Rows of pseudo-labels from a classifier's answers."""

    def __init__(self, corpus: Corpus, kind: str) -> None:
        self._corpus, self._kind = corpus, kind
        negative, rules = corpus.target.negative, corpus.rules
        # What rule c calls a pair of this corpus without relation, whichever negative the classifier chose.
        is_shared = rules.c == "c2" or kind == "source"
        self._negative = negative if is_shared else f"{negative}-{rules.task}"

    def table(self, one: DocumentRelations, pairs: Sequence[PredictedPair]) -> pa.Table:
        """Pairs of a document with the columns of `pseudo_schema`."""
        made = record_batch(self._corpus.key, one.document, [self._labelled(pair) for pair in pairs])
        whole: dict[str, Any] = {
            "corpus": self._corpus.key,
            "split": "train",
            "task": self._corpus.rules.task,
            "leaks_into": [],
            "fingerprint": fingerprint(one.document.text).hex(),
        }
        columns = {name: [value] * len(pairs) for name, value in whole.items()}
        columns["confidence"] = [min(pair.confidence, 1.0) for pair in pairs]
        arrays = [
            made[each.name] if each.name in made.schema.names else pa.array(columns[each.name], each.type)
            for each in pseudo_schema()
        ]
        return pa.Table.from_arrays(arrays, schema=pseudo_schema())

    def _labelled(self, pair: PredictedPair) -> Instance:
        label = pair.label if pair.is_relation else self._negative
        own = (label,) if pair.is_relation and self._kind == "source" else ()
        return replace(pair.instance, labels=(label,), source_relations=own, novelty=None)
