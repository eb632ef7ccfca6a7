"""Which documents of the set repeat a dev or test document of it, by PMID or by text.

Nothing is deleted: a row says in `leaks_into` where its document is evaluated elsewhere, and training leaves
out by target.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

from harmonize.model import Document

__all__ = ["LeakIndex"]

_EVALUATED = ("dev", "test")


class LeakIndex:
    """Documents by PMID and by normalized text. Memory: a few hundred bytes a document."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], tuple[str, ...]] = {}
        self._evaluated: dict[str, set[tuple[str, str, str]]] = defaultdict(set)

    def add(self, corpus: str, document: Document) -> None:
        """Take in a document; all must be in before the first question."""
        keys = [f"text:{_fingerprint(document.text)}"]
        if document.pmid is not None:
            keys.append(f"pmid:{document.pmid}")
        self._keys[corpus, document.id] = tuple(keys)
        if document.split in _EVALUATED:
            for key in keys:
                self._evaluated[key].add((corpus, document.split, document.id))

    def leaks_into(self, corpus: str, document_id: str) -> list[str]:
        """ "corpus/split" of every dev or test document, other than itself, that the document repeats."""
        return sorted(
            {
                f"{other_corpus}/{split}"
                for key in self._keys[corpus, document_id]
                for other_corpus, split, other_id in self._evaluated.get(key, ())
                if (other_corpus, other_id) != (corpus, document_id)
            }
        )


def _fingerprint(text: str) -> str:
    """A hash of the letters and digits of a text, without case: blanks and punctuation differ by edition."""
    kept = "".join(character for character in text.casefold() if character.isalnum())
    return hashlib.blake2b(kept.encode(), digest_size=16).hexdigest()
