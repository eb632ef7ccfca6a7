"""What changed between two union sets, A and B: counts, and a few ids of each kind of change.

Documents are compared by their columns, the text as a hash. Rows are read from both sets in step, those of
one document at a time, so that neither set is held in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from harmonize.check.diff_rows import row_changes, row_columns
from harmonize.check.difference import (
    Changes,
    Difference,
    Dropped,
    Names,
    Pair,
    PartDifference,
    Relabelled,
    Values,
)
from harmonize.check.manifest import flat
from harmonize.check.rows import digest
from harmonize.union.documents import read_documents
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import SplitCounts, nary_files, read_manifest, split_counts
from harmonize.union.nary import load_nary

__all__ = ["EXAMPLES", "Difference", "PartDifference", "diff"]

EXAMPLES = 5
_FILES, _MAPPINGS = "source_files", "mappings"
_PARTS = ("corpora", "files")


def diff(a: Path, b: Path, examples: int = EXAMPLES) -> Difference:
    """What changed from the set in folder `a` to the one in folder `b`.

    Args:
        examples: how many ids to name of each kind of change.

    Raises:
        UnionError: a folder is no union set, or a file of it is missing, broken or not sorted.
    """
    one, other = _read(a), _read(b)
    both = [corpus for corpus in one.corpora if corpus in other.corpora]
    splits = dict.fromkeys((*one.splits, *other.splits))
    return Difference(
        manifest=_pairs(flat(one.manifest, _PARTS), flat(other.manifest, _PARTS)),
        corpora=_names(dict.fromkeys(one.corpora), dict.fromkeys(other.corpora)),
        splits=_names(dict.fromkeys(one.splits), dict.fromkeys(other.splits)),
        columns=_names(one.columns(), other.columns()),
        facts=_differing((c, _pairs(one.facts(c), other.facts(c))) for c in both),
        source_files=_differing((c, _names(one.hashes(c), other.hashes(c))) for c in both),
        mappings=_differing((c, _names(one.hashes(c, _MAPPINGS), other.hashes(c, _MAPPINGS))) for c in both),
        parts=_differing((name, _part(one, other, name, examples)) for name in splits),
        leaks=_changes(_leaks(a), _leaks(b), examples),
    )


@dataclass(frozen=True)
class _Set:
    """A set: its folder, manifest, and documents by "corpus/split" and id."""

    folder: Path
    manifest: dict[str, Any]
    documents: Mapping[str, Mapping[str, Values]]

    @property
    def corpora(self) -> dict[str, Any]:
        corpora: dict[str, Any] = self.manifest["corpora"]
        return corpora

    @cached_property
    def splits(self) -> dict[str, SplitCounts]:
        """By "corpus/split"."""
        return {f"{part.corpus}/{part.split}": part for part in split_counts(self.manifest)}

    def facts(self, corpus: str) -> dict[str, Any]:
        """What the manifest says of a corpus, but for its files and splits."""
        return flat(self.corpora[corpus], (_FILES, _MAPPINGS, "splits"))

    def hashes(self, corpus: str, of: str = _FILES) -> dict[str, str]:
        hashes: dict[str, str] = self.corpora[corpus][of]
        return hashes

    def file(self, name: str) -> Path | None:
        """The data file of "corpus/split", None where there is none."""
        if name not in self.splits:
            return None
        part = self.splits[name]
        file = self.corpora[part.corpus]["splits"][part.split]["file"]
        return None if file is None else self.folder / file

    def contexts(self, name: str) -> dict[str, Values]:
        """The rows of n-ary relations of "corpus/split", by id; none where there is no such file."""
        corpus, _, split = name.partition("/")
        if not any((corpus, split) == part[:2] for part in nary_files(self.manifest)):
            return {}
        rows = load_nary(self.folder, corpora=[corpus], splits=[split]).to_pylist()
        return {row["instance_id"]: row for row in rows}

    def columns(self) -> dict[str, None]:
        """Of all data files."""
        files = (self.file(name) for name in self.splits)
        return dict.fromkeys(name for file in files if file is not None for name in row_columns(file))


def _read(folder: Path) -> _Set:
    manifest = read_manifest(folder)
    documents: dict[str, dict[str, Values]] = defaultdict(dict)
    for key, pmid, text, passages in read_documents(folder):
        values = {"pmid": pmid, "text": digest(text), "passages": passages}
        documents[f"{key.corpus}/{key.split}"][key.document_id] = values
    return _Set(folder, manifest, documents)


def _leaks(folder: Path) -> dict[str, Values]:
    """Pairs of documents, by both their names."""
    return {
        f"{'/'.join(repeat.document)} = {'/'.join(repeat.other)}": repeat._asdict()
        for repeat in read_repeats(folder)
    }


_T = TypeVar("_T")


def _differing(items: Iterable[tuple[str, _T]]) -> dict[str, _T]:
    return {name: value for name, value in items if value}


_K = TypeVar("_K", bound=str | tuple[str, ...])


def _pairs(a: Mapping[_K, Any], b: Mapping[_K, Any], absent: Any = None) -> dict[_K, Pair]:
    """The keys whose values differ."""
    both = {key: Pair(a.get(key, absent), b.get(key, absent)) for key in sorted({*a, *b})}
    return {key: pair for key, pair in both.items() if pair.a != pair.b}


def _names(a: Values, b: Values) -> Names:
    return Names(
        sorted(b.keys() - a.keys()),
        sorted(a.keys() - b.keys()),
        sorted(name for name in a.keys() & b.keys() if a[name] != b[name]),
    )


def _changes(a: Mapping[str, Values], b: Mapping[str, Values], examples: int) -> Changes:
    changes = Changes()
    changes.count(a, b, examples)
    return changes


def _part(one: _Set, other: _Set, name: str, examples: int) -> PartDifference:
    a, b = one.splits.get(name), other.splits.get(name)
    instances, relabelled = row_changes(one.file(name), other.file(name), examples)
    dropped = _pairs(a.dropped if a else {}, b.dropped if b else {}, 0)
    return PartDifference(
        documents=_changes(one.documents.get(name, {}), other.documents.get(name, {}), examples),
        instances=instances,
        relabelled=[Relabelled(*relations, rows) for relations, rows in sorted(relabelled.items())],
        labels=_pairs(a.labels if a else {}, b.labels if b else {}, 0),
        dropped=[Dropped(*key, pair.a, pair.b) for key, pair in dropped.items()],
        nary=_changes(one.contexts(name), other.contexts(name), examples),
    )
