"""Files of pseudo-labels, made without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harmonize.model import Document
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.pseudo_labels import Keeping, LabelAccount, write_pseudo_labels
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import Recipe
from harmonize.spec import load_catalogue
from harmonize.union.manifest import manifest_hash


class Sure:
    """Is sure of one of two labels, by a hash of the pair's names."""

    kind = "harmonized"
    labels = ("Association", "None")

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        names = [f"{pair.head.name} {pair.tail.name} {pair.text}" for pair in pairs]
        is_related = [hashlib.sha256(name.encode()).digest()[0] % 2 == 0 for name in names]
        return np.array([[0.95, 0.05] if each else [0.05, 0.95] for each in is_related]).reshape(-1, 2)


def article(number: int, told: str = "No more is told.") -> str:
    """An article of one chemical and two diseases, which are two pairs."""
    return "\n".join(
        [
            f"{number}|t|Aspirin, fever and asthma.",
            f"{number}|a|{told}",
            f"{number}\t0\t7\tAspirin\tChemical\tMESH:D001241",
            f"{number}\t9\t14\tfever\tDisease\tMESH:D005334",
            f"{number}\t19\t25\tasthma\tDisease\tMESH:D001249",
            "\n",
        ]
    )


def articles(numbers: Iterable[int]) -> str:
    """Articles that differ."""
    return "".join(article(number, f"Nobody tells more of case {number}.") for number in numbers)


def pseudo_file(
    path: Path,
    union: Path,
    source: Path | Iterable[Document],
    teacher: Recipe,
    *,
    manifest: str | None = None,
    **about: Any,
) -> pa.Table:
    """Write what `Sure` says of documents, as if a model of a recipe had said it, and return the rows."""
    rules = pair_rules()
    documents = read_input(source, rules=rules, strict=True) if isinstance(source, Path) else source
    account = LabelAccount()
    said = {
        "pseudo_schema_version": "1.0",
        "package_version": "0",
        "model": "teacher",
        "models": [
            {
                "recipe": teacher.model_dump(mode="json"),
                "manifest_sha256": manifest or manifest_hash(union),
            }
        ],
        "labels": "harmonized",
        "as_corpus": "biored",
        "threshold": 0.9,
        "negatives": None,
        "seed": 0,
        **about,
    }
    write_pseudo_labels(
        RelationExtractor(Sure(), rules=rules)(documents),
        path,
        load_catalogue()["biored"],
        "harmonized",
        Keeping(0.9),
        account,
        lambda: {**said, **account.as_dict(), **about},
    )
    return pq.read_table(path)
