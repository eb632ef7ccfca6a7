"""Documents that a run must not be judged by: it was trained on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harmonize.relation.model.ensemble import ENSEMBLE, Ensemble
from harmonize.relation.recipe import Recipe, load_recipe, part
from harmonize.relation.run_files import RECIPE, TRAINING, TrainingRecord
from harmonize.relation.select.pseudo import PseudoModel, read_pseudo
from harmonize.relation.select.pseudo_rows import trained_on
from harmonize.relation.select.selection import PSEUDO
from harmonize.union.documents import DocumentKey, StoredDocument, read_documents
from harmonize.union.known_documents import KnownDocuments
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import manifest_hash

__all__ = ["pseudo_documents", "seen_documents", "sources", "trained_documents"]


def seen_documents(run: Path, union: Path, on: str) -> dict[str, DocumentKey]:
    """The documents of a part that a run was trained on, or that repeat one that it was trained on.

    Of the part that its recipe evaluates on (of the fold, where it has one) there are none in the set of its
    training, which left them out.

    Args:
        union: the set of the part; of a run on another set all documents count of the parts that its recipe
            names, since what it held out cannot be known.
        on: the part, "bc5cdr/test".

    Returns:
        The documents' ids -> the one that was trained on.
    """
    tested = part(on)
    here = manifest_hash(union)
    found: dict[str, DocumentKey] = {}
    for source in sources(run):
        recipe = load_recipe(source / RECIPE)
        if source == run and part(recipe.evaluate_on) == tested and _set_of(source) == here:
            continue
        keys = trained_documents(source, recipe, union)
        found.update({key.document_id: key for key in keys if (key.corpus, key.split) == tested})
        for repeat in read_repeats(union):
            for one, other in ((repeat.document, repeat.other), (repeat.other, repeat.document)):
                if other in keys and (one.corpus, one.split) == tested:
                    found.setdefault(one.document_id, other)
        if recipe.pseudo is not None:
            known = KnownDocuments(pseudo_documents([Path(recipe.pseudo)]))
            for document in read_documents(union):
                if (document.key.corpus, document.key.split) == tested:
                    key = known.with_pmid(document.pmid) or known.with_text(document.text)
                    if key is not None:
                        found.setdefault(document.key.document_id, key)
    return found


def sources(run: Path) -> Iterator[Path]:
    """The runs whose weights a run has: itself, or an ensemble's members; and those that they began as."""
    waiting, known = [run], set()
    while waiting:
        each = waiting.pop(0)
        if each.resolve() in known:
            continue
        known.add(each.resolve())
        recipe = load_recipe(each / RECIPE)
        if recipe.head == ENSEMBLE:
            waiting += Ensemble.read(each).folders(each)
            continue
        yield each
        if (Path(recipe.encoder) / TRAINING).is_file():
            waiting.append(Path(recipe.encoder))


def trained_documents(run: Path, recipe: Recipe, union: Path) -> frozenset[DocumentKey]:
    """The documents of a set that a run was trained on; see `pseudo_rows.trained_on`."""
    model = PseudoModel(recipe=recipe.model_dump(mode="json"), manifest_sha256=_set_of(run))
    return trained_on(model, union, run / RECIPE)


def pseudo_documents(files: Iterable[Path]) -> Iterator[StoredDocument]:
    """The contexts that pseudo-labels were given in, each once.

    Raises:
        MissingInput, MalformedInput: a file that is none.
    """
    for file in dict.fromkeys(files):
        rows = read_pseudo(file).rows
        names, texts = rows["document_id"].to_pylist(), rows["text"].to_pylist()
        for name, text in dict.fromkeys(zip(names, texts, strict=True)):
            pmid = name if name.isascii() and name.isdecimal() else None
            yield StoredDocument(DocumentKey(PSEUDO, "train", name), pmid, text, ())


def _set_of(run: Path) -> str:
    """The sha256 of the manifest of the set that a run was trained on."""
    return TrainingRecord.read(run).union.manifest_sha256
