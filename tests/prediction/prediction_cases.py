"""A classifier that is none, and hand-written documents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import numpy as np
from click.testing import Result
from numpy.typing import NDArray
from typer.testing import CliRunner

from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.pair import Pair

LABELS = ("Positive_Correlation", "Negative_Correlation", "Association", "None", "None-BC5CDR")
SAMPLES = {
    "pubtator": sample_folder() / "biored" / "Train.PubTator",
    "bioc-xml": sample_folder() / "biored" / "Train.BioC.XML",
    "bioc-json": sample_folder() / "biored" / "Train.BioC.JSON",
}
# As PubTator and tmVar write it: their types, prefixes and ids; a mention without id and one with an unknown
# one; a relation that nobody may read.
PUBTATOR = """\
90000101|t|Aspirin and BRAF V600E in melanoma.
90000101|a|Mice given aspirin had less melanoma. The V600E variant of braf was in A375 cells; pain was rare.
90000101\t0\t7\tAspirin\tChemical\tMESH:D001241
90000101\t12\t16\tBRAF\tGene\t673
90000101\t17\t22\tV600E\tProteinMutation\ttmVar:p|SUB|V|600|E;HGVS:p.V600E;CorrespondingGene:673;RS#:113488022
90000101\t26\t34\tmelanoma\tDisease\tMESH:D008545
90000101\t36\t40\tMice\tSpecies\t10090
90000101\t47\t54\taspirin\tchemical\tMESH:D001241
90000101\t64\t72\tmelanoma\tDisease\tMESH:D008545
90000101\t78\t83\tV600E\tSNP\trs113488022
90000101\t95\t99\tbraf\tGene\t673;109880
90000101\t107\t111\tA375\tCellLine\tCVCL:0132
90000101\t119\t123\tpain\tDisease
90000101\t128\t132\trare\tDisease\t-
90000101\tAssociation\tMESH:D001241\tMESH:D008545

90000102|t|Nothing is named here.
90000102|a|

"""
PUBTATOR_IDS = {"MESH:D001241", "673", "109880", "rs113488022", "MESH:D008545", "T10"}


class Fake:
    """Answers by a hash of the pair, so that neither order nor batches matter."""

    def __init__(self, labels: tuple[str, ...] = LABELS) -> None:
        self.labels = labels
        self.asked: list[int] = []

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        self.asked.append(len(pairs))
        digests = [hashlib.sha256(repr(pair).encode()).digest() for pair in pairs]
        weights = np.array([[d[place] + 1.0 for place in range(len(self.labels))] for d in digests])
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def written(folder: Path, text: str | bytes, name: str = "articles.PubTator") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def article(number: int, mentions: bool = True) -> str:
    """A small article of one chemical and two diseases, which are two pairs."""
    lines = [f"{number}|t|Aspirin, fever and asthma.", f"{number}|a|No more is told."]
    if mentions:
        lines += [
            f"{number}\t0\t7\tAspirin\tChemical\tMESH:D001241",
            f"{number}\t9\t14\tfever\tDisease\tMESH:D005334",
            f"{number}\t19\t25\tasthma\tDisease\tMESH:D001249",
        ]
    return "\n".join(lines) + "\n\n"


def run(*arguments: str | Path, cwd: Path, code: int = 0) -> Result:
    """What a command says, in this process."""
    with chdir(cwd):
        done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done
