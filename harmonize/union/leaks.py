"""Which documents of a set repeat each other, by PMID, by text, or nearly so.

    documents.parquet -> repeats -> leaks.parquet, leaks.md, and `leaks_into` of every row

Nothing is deleted: a row says in `leaks_into` where its document is evaluated elsewhere, and training leaves
out by target. What counts as a repeat stands in mappings/leaks.yaml.

Near duplicates: MinHash (Broder 1997) with locality-sensitive hashing, from datasketch, proposes pairs; the
exact Jaccard similarity of their word shingles decides.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.model import SPLITS
from harmonize.spec import LeakSettings
from harmonize.union.documents import DocumentKey, StoredDocument, read_documents
from harmonize.union.parquet import check_columns, parquet_faults
from harmonize.union.schema import LEAK_SCHEMA, LEAKS, part_name
from harmonize.writing.parquet import write_parquet

__all__ = ["Repeat", "find_repeats", "fingerprint", "leaks_into", "read_repeats", "write_repeats"]

_EVALUATED = ("dev", "test")
_WORD = re.compile(r"\w+")
_FEW_MISSES = (0.1, 0.9)  # datasketch weighs pairs proposed in vain against pairs missed


class Repeat(NamedTuple):
    """Two documents that repeat each other.

    Attributes:
        document, other: `other` is the evaluated one, where one is: its split is as late in train, dev, test.
        same_pmid: both have the same PMID.
        same_text: both have the same letters and digits.
        similarity: Jaccard similarity of their word shingles, 0 to 1.
    """

    document: DocumentKey
    pmid: str | None
    other: DocumentKey
    other_pmid: str | None
    same_pmid: bool
    same_text: bool
    similarity: float


class _Seen(NamedTuple):
    key: DocumentKey
    pmid: str | None
    fingerprint: bytes


def find_repeats(folder: Path, settings: LeakSettings) -> list[Repeat]:
    """Every pair of documents of the set at `folder` that repeat each other, each pair once, in order.

    Texts are read twice and never held all at once; memory grows by some kilobytes a document.

    Raises:
        UnionError: the set's documents are missing or broken.
    """
    seen, pairs = _proposed(read_documents(folder), settings)
    involved = {number for pair in pairs for number in pair}
    shingles = {
        number: _shingles(_words(document.text), settings.shingle_words)
        for number, document in enumerate(read_documents(folder))
        if number in involved
    }
    repeats = []
    for one, other in sorted(pairs):
        repeat = _repeat(seen[one], seen[other], _jaccard(shingles[one], shingles[other]))
        if repeat.same_pmid or repeat.same_text or repeat.similarity >= settings.threshold:
            repeats.append(repeat)
    return repeats


def _proposed(
    documents: Iterable[StoredDocument], settings: LeakSettings
) -> tuple[list[_Seen], set[tuple[int, int]]]:
    """The documents by number, and the pairs of numbers to compare, the one to train on first."""
    from datasketch import MinHash, MinHashLSH  # takes longer to import than most commands to run

    seen: list[_Seen] = []
    groups: dict[str, list[int]] = defaultdict(list)
    pairs: set[tuple[int, int]] = set()
    empty = MinHash(settings.permutations, hashfunc=zlib.crc32)
    bands = _bands(settings.propose, settings.permutations)
    index = MinHashLSH(num_perm=settings.permutations, params=bands)
    for number, document in enumerate(documents):
        words = _words(document.text)
        seen.append(_Seen(document.key, document.pmid, _fingerprint(words)))
        groups[f"text {seen[-1].fingerprint.hex()}"].append(number)
        if document.pmid is not None:
            groups[f"pmid {document.pmid}"].append(number)
        sketch = empty.copy()
        sketch.update_batch(_shingles(words, settings.shingle_words))
        pairs.update((earlier, number) for earlier in index.query(sketch))
        index.insert(number, sketch)
    for group in groups.values():
        pairs.update(combinations(group, 2))
    return seen, {_trained_first(seen, pair) for pair in pairs}


@cache
def _bands(propose: float, permutations: int) -> tuple[int, int]:
    """How many bands a sketch has, and of how many numbers; documents that are alike in one are proposed.

    datasketch tries out all that there can be, which takes longer than to build a small set.
    """
    from datasketch import MinHashLSH

    index = MinHashLSH(propose, permutations, weights=_FEW_MISSES)
    return index.b, index.r


def _trained_first(seen: list[_Seen], pair: tuple[int, int]) -> tuple[int, int]:
    one, other = sorted(pair, key=lambda number: (SPLITS.index(seen[number].key.split), number))
    return one, other


def _repeat(one: _Seen, other: _Seen, similarity: float) -> Repeat:
    same_pmid = one.pmid is not None and one.pmid == other.pmid
    same_text = one.fingerprint == other.fingerprint
    return Repeat(one.key, one.pmid, other.key, other.pmid, same_pmid, same_text, similarity)


def fingerprint(text: str) -> bytes:
    """A hash of the letters and digits of a text, without case: blanks and punctuation differ by edition."""
    return _fingerprint(_words(text))


def _words(text: str) -> list[str]:
    """Every run of letters, digits and underscores, without case."""
    return _WORD.findall(text.casefold())


def _fingerprint(words: list[str]) -> bytes:
    kept = "".join(words).replace("_", "")
    return hashlib.blake2b(kept.encode(), digest_size=16).digest()


def _shingles(words: list[str], length: int) -> frozenset[bytes]:
    """Every run of so many words; a shorter text is one run."""
    if len(words) <= length:
        return frozenset([" ".join(words).encode()])
    runs = zip(*(words[start:] for start in range(length)), strict=False)
    return frozenset(" ".join(run).encode() for run in runs)


def _jaccard(one: frozenset[bytes], other: frozenset[bytes]) -> float:
    return len(one & other) / len(one | other)


def leaks_into(repeats: Iterable[Repeat]) -> dict[DocumentKey, list[str]]:
    """Document -> "corpus/split" of every dev or test document, other than itself, that it repeats."""
    targets: dict[DocumentKey, set[str]] = defaultdict(set)
    for repeat in repeats:
        for key, other in ((repeat.document, repeat.other), (repeat.other, repeat.document)):
            if other.split in _EVALUATED:
                targets[key].add(part_name(other.corpus, other.split))
    return {key: sorted(names) for key, names in targets.items()}


def write_repeats(folder: Path, repeats: Iterable[Repeat]) -> None:
    """Write leaks.parquet below `folder`."""
    rows = [
        (*r.document, r.pmid, *r.other, r.other_pmid, r.same_pmid, r.same_text, r.similarity) for r in repeats
    ]
    columns = [[row[number] for row in rows] for number in range(len(LEAK_SCHEMA))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, LEAK_SCHEMA, strict=True)]
    write_parquet(pa.Table.from_arrays(arrays, schema=LEAK_SCHEMA), folder / LEAKS)


def read_repeats(folder: Path) -> list[Repeat]:
    """The repeats that the set at `folder` names.

    Raises:
        UnionError: the file is missing or broken.
    """
    path = folder / LEAKS
    with parquet_faults(path):
        table = pq.ParquetFile(path).read()
        check_columns(path, table.schema, LEAK_SCHEMA)
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [Repeat(DocumentKey(*row[:3]), row[3], DocumentKey(*row[4:7]), *row[7:]) for row in rows]
