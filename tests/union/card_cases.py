"""What the tests of the card and of Croissant share: sets of every kind, and sets with both texts in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harmonize.pipelines.build import build
from harmonize.union.card import card
from harmonize.union.croissant import croissant
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import CARD, CROISSANT

EXTENSION = {
    "table2.yaml": (
        "extra: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e1, task: Extra}\n"
        "empty: {level: document, pairs: [C-D], a: a1, b: b1, c: c2, d: d1, e: e1, task: Empty}\n"
    ),
    "extra.py": (
        "from harmonize.formats import pubtator\n"
        "\n"
        "def documents(source):\n"
        "    for split, path in source.paths():\n"
        "        for record in pubtator.read(path):\n"
        "            source.saw(split, mentions=len(record.mentions), relations=len(record.relations))\n"
        "            yield pubtator.document(record, split, source.concept_ids)\n"
    ),
    "extra.yaml": (
        'name: "Extra | corpus"\n'
        "home: on a shelf | third from left\n"
        "citation: Nobody 2026\n"
        "licence: {name: CC0, redistributable: true}\n"
        "published: {abstracts: 2, relations: 2}\n"
        "sources: {pubtator: {train: [extra.txt]}}\n"
        "entity: concept\n"
        "relation_types: {treats: Negative_Correlation}\n"
        "entity_types: {Drug: ChemicalEntity, Disorder: DiseaseOrPhenotypicFeature}\n"
        "internal_types: {Drug: Extra-Drug}\n"
    ),
}
TEXT = {
    "extra": (
        "90000001|t|Aspirin against headache.\n"
        "90000001\t0\t7\tAspirin\tDrug\tD001241\n"
        "90000001\t16\t24\theadache\tDisorder\tD006261\n"
        "\n"
    ),
    "empty": "90000002|t|Aspirin.\n90000002\t0\t7\tAspirin\tDrug\tD001241\n\n",
}


def build_extension(folder: Path, corpora: list[str]) -> Path:
    """A set of two corpora of one's own: `extra` has one row, `empty` none. Neither has BibTeX or a URL."""
    extension, mirror = folder / "extension", folder / "mirror"
    extension.mkdir()
    for name, content in EXTENSION.items():
        (extension / name).write_text(content, encoding="utf-8")
        if name.startswith("extra."):
            (extension / name.replace("extra", "empty")).write_text(content.replace("extra", "empty"))
    for name, content in TEXT.items():
        (mirror / name).mkdir(parents=True)
        (mirror / name / f"{name}.txt").write_text(content, encoding="utf-8")
    build(folder / "union", mirror, corpora=corpora, extensions=[extension])
    return folder / "union"


def described(union: Path, target: Path) -> Path:
    """A copy of a set with its card and its Croissant metadata."""
    shutil.copytree(union, target)
    manifest = read_manifest(union)
    (target / CARD).write_text(card(manifest, read_repeats(union)), encoding="utf-8")
    (target / CROISSANT).write_text(croissant(manifest), encoding="utf-8")
    return target


def run_python(script: str, folder: Path, **environment: str) -> str:
    """What a script prints that runs in `folder` without a network."""
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "hub"), **environment}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | offline,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
