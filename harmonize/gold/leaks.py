"""Gold documents that a run was trained on, known by PMID or by text, whatever format they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from harmonize.model import Document
from harmonize.relation.recipe import load_recipe
from harmonize.relation.run_files import RECIPE, TrainingRecord
from harmonize.relation.train.seen import pseudo_documents, sources, trained_documents
from harmonize.union.documents import DocumentKey, read_documents
from harmonize.union.known_documents import KnownDocuments
from harmonize.union.manifest import manifest_hash

__all__ = ["Leak", "TrainingSet", "find_leaks", "training_set"]


class Leak(NamedTuple):
    """A gold document that was trained on.

    Attributes:
        by: what it is known by.
        known: the document of the training set that it is or repeats.
    """

    document_id: str
    by: Literal["PMID", "text"]
    known: DocumentKey

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return {"document": self.document_id, "by": self.by, "known": "/".join(self.known)}


class TrainingSet(NamedTuple):
    """What runs were trained on.

    Attributes:
        same_set: the union set at hand is that of their training; of another one all documents of the parts
            that they name count, since what they held out cannot be known.
    """

    documents: KnownDocuments
    same_set: bool


def training_set(runs: Sequence[Path], union: Path) -> TrainingSet:
    """The documents that runs were trained on, those of pseudo-labels among them.

    Raises:
        UnionError: no union set there.
        MissingInput, MalformedInput: a run, or a file of pseudo-labels, is missing or broken.
    """
    keys: set[DocumentKey] = set()
    pseudo: list[Path] = []
    same_set = True
    for source in (source for run in runs for source in sources(run)):
        recipe, sha256 = load_recipe(source / RECIPE), TrainingRecord.read(source).union.manifest_sha256
        keys |= trained_documents(source, recipe, union)
        same_set = same_set and sha256 == manifest_hash(union)
        if recipe.pseudo is not None:
            pseudo.append(Path(recipe.pseudo))
    stored = (document for document in read_documents(union) if document.key in keys)
    return TrainingSet(KnownDocuments([*stored, *pseudo_documents(pseudo)]), same_set)


def find_leaks(documents: Iterable[Document], known: KnownDocuments) -> list[Leak]:
    """The documents that are known, in order."""
    leaks = []
    for document in documents:
        if (key := known.with_pmid(document.pmid)) is not None:
            leaks.append(Leak(document.id, "PMID", key))
        elif (key := known.with_text(document.text)) is not None:
            leaks.append(Leak(document.id, "text", key))
    return leaks
