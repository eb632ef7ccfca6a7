"""Documents to look texts up in: does a text hold one on which a classifier is tested, or was trained?

A document is known by its PMID, or by its words: runs of eight of them, letters and digits alone, without
case, so that editions that differ in blanks and punctuation are one. A text repeats a document if half of the
runs of the shorter one stand in the other: an abstract without its title, a paragraph that holds a sentence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from harmonize.union.documents import DocumentKey, StoredDocument, read_documents
from harmonize.union.manifest import read_manifest

__all__ = ["KnownDocuments", "evaluated_documents"]

_RUN = 8
_SHARE = 0.5
_WORD = re.compile(r"[^\W_]+")


def evaluated_documents(union: Path) -> list[StoredDocument]:
    """The documents of a set that a classifier is watched or tested on.

    Those of dev and test, and of a corpus without test split all, since each fold is tested once.

    Raises:
        UnionError: the set is not whole.
    """
    corpora = read_manifest(union)["corpora"]
    by_folds = {name for name, entry in corpora.items() if "test" not in entry["splits"]}
    return [
        document
        for document in read_documents(union)
        if document.key.split != "train" or document.key.corpus in by_folds
    ]


class KnownDocuments:
    """Documents, to look texts up in; memory grows by some hundred bytes for each word of them."""

    def __init__(self, documents: Iterable[StoredDocument]) -> None:
        self._pmids: dict[str, int] = {}
        self._keys: list[DocumentKey] = []
        self._holders: dict[int, tuple[int, ...]] = defaultdict(tuple)
        self._runs: list[int] = []
        for number, document in enumerate(documents):
            self._keys.append(document.key)
            if document.pmid is not None:
                self._pmids.setdefault(document.pmid, number)
            runs = _runs(document.text)
            self._runs.append(len(runs))
            for run in runs:
                self._holders[run] += (number,)

    def __len__(self) -> int:
        return len(self._runs)

    def has(self, text: str, pmid: str | None) -> bool:
        """True if a text is one of the documents, or repeats one."""
        return self.with_pmid(pmid) is not None or self.with_text(text) is not None

    def with_pmid(self, pmid: str | None) -> DocumentKey | None:
        """The first document of a PMID, None if none has it."""
        number = None if pmid is None else self._pmids.get(pmid)
        return None if number is None else self._keys[number]

    def with_text(self, text: str) -> DocumentKey | None:
        """The document that a text repeats most of, None if it repeats none."""
        runs = _runs(text)
        shared = Counter(number for run in runs & self._holders.keys() for number in self._holders[run])
        for number, count in shared.most_common():
            if count >= _SHARE * min(len(runs), self._runs[number]):
                return self._keys[number]
        return None


def _runs(text: str) -> set[int]:
    """Every run of so many words, as its hash in this process; a shorter text is one run."""
    words = _WORD.findall(text.casefold())
    if not words:
        return set()
    return set(map(hash, zip(*(words[start:] for start in range(min(_RUN, len(words)))), strict=False)))
