"""Documents of a set that a run must not be judged by: it was trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harmonize.relation.recipe import load_recipe, part
from harmonize.relation.select.pseudo import PseudoModel
from harmonize.relation.select.pseudo_rows import trained_on
from harmonize.relation.train.run import read_record
from harmonize.relation.train.work_folder import RECIPE
from harmonize.union.documents import DocumentKey
from harmonize.union.leaks import read_repeats

__all__ = ["seen_documents"]


def seen_documents(runs: Sequence[Path], union: Path, on: str) -> dict[str, DocumentKey]:
    """The documents of a part that a run was trained on, or that repeat one that it was trained on.

    None of the part that a run's recipe evaluates on: its training left them out.

    Args:
        union: the set of the part; of a run on another set all documents count of the parts that its recipe
            names, since what it held out cannot be known.
        on: the part, "bc5cdr/test".

    Returns:
        The documents' ids, sorted -> the one that was trained on.
    """
    tested = part(on)
    found: dict[str, DocumentKey] = {}
    for run in runs:
        recipe = load_recipe(run / RECIPE)
        if part(recipe.evaluate_on) == tested:
            continue
        sha256 = str(read_record(run)["union"]["manifest_sha256"])
        model = PseudoModel(recipe=recipe.model_dump(mode="json"), manifest_sha256=sha256)
        keys = trained_on(model, union, run / RECIPE)
        found.update({key.document_id: key for key in keys if (key.corpus, key.split) == tested})
        for repeat in read_repeats(union):
            for one, other in ((repeat.document, repeat.other), (repeat.other, repeat.document)):
                if other in keys and (one.corpus, one.split) == tested:
                    found.setdefault(one.document_id, other)
    return dict(sorted(found.items()))
