"""A corpus of one's own, from a folder, without touching the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import harmonize
from harmonize.errors import HarmonizeError, SpecError
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue

ADAPTER = """
from harmonize.formats import pubtator

def documents(source):
    for split, path in source.paths():
        for record in pubtator.read(path):
            source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
            yield pubtator.document(record, split, source.concept_ids)
"""
TABLE = """
tenth: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e1, task: Tenth}
"""
MAPPING = """
name: The Tenth
home: https://example.org/tenth.zip
citation: Nobody 2026
licence: {name: CC0, redistributable: true}
published: {abstracts: 1, relations: 1}
sources: {pubtator: {train: [tenth.txt]}}
entity: concept
directed: true
relation_types: {treats: Negative_Correlation}
entity_types: {Drug: ChemicalEntity, Disorder: DiseaseOrPhenotypicFeature}
internal_types: {Drug: Tenth-Drug}
"""
TEXT = """\
90000001|t|Aspirin against headache, not gout.
90000001\t0\t7\tAspirin\tDrug\tD001241
90000001\t16\t24\theadache\tDisorder\tD006261
90000001\t30\t34\tgout\tDisorder\tD006073
90000001\ttreats\tD001241\tD006261

"""


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    folder = tmp_path / "extension"
    folder.mkdir()
    for name, content in {"tenth.py": ADAPTER, "table2.yaml": TABLE, "tenth.yaml": MAPPING}.items():
        (folder / name).write_text(content, encoding="utf-8")
    data = tmp_path / "mirror" / "tenth"
    data.mkdir(parents=True)
    (data / "tenth.txt").write_text(TEXT, encoding="utf-8")
    return folder


def test_it_is_built_like_any_other(extension: Path, tmp_path: Path) -> None:
    build(tmp_path / "union", tmp_path / "mirror", corpora=["tenth"], extensions=[extension])
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    assert [(row["head_name"], row["tail_name"], row["relation"], row["head_type"]) for row in rows] == [
        ("Aspirin", "headache", "Negative_Correlation", "Tenth-Drug"),
        ("Aspirin", "gout", "None-Tenth", "Tenth-Drug"),
    ]


def test_its_mappings_are_named_by_hash_and_leave_the_others_alone(extension: Path, tmp_path: Path) -> None:
    catalogue = load_catalogue([extension])
    assert set(catalogue["tenth"].hashes) == {"target.yaml", "table2.yaml", "tenth.yaml"}
    assert catalogue["tenth"].hashes["table2.yaml"] != catalogue["biored"].hashes["table2.yaml"]
    assert catalogue["biored"].hashes == load_catalogue()["biored"].hashes


def test_it_joins_the_nine(extension: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(sample_folder(), tmp_path / "mirror", dirs_exist_ok=True)
    command = [Path(sys.executable).with_name("harmonize"), "build", "--corpora", "all"]
    command += ["--mirror", tmp_path / "mirror", "--extend", extension, "--out", tmp_path / "union"]
    subprocess.run(command, check=True, capture_output=True)
    corpora = harmonize.load_union(tmp_path / "union", columns=["corpus"])["corpus"].unique().to_pylist()
    assert len(corpora) == 10
    assert corpora[-1] == "tenth"


def test_a_folder_without_an_adapter_is_told(extension: Path, tmp_path: Path) -> None:
    (extension / "tenth.py").unlink()
    with pytest.raises(HarmonizeError, match=r"tenth\.py: expected the adapter"):
        build(tmp_path / "union", tmp_path / "mirror", corpora=["tenth"], extensions=[extension])


def test_an_adapter_without_its_function_is_told(extension: Path, tmp_path: Path) -> None:
    (extension / "tenth.py").write_text("")
    with pytest.raises(SpecError, match=r"tenth\.py: documents: expected a function"):
        build(tmp_path / "union", tmp_path / "mirror", corpora=["tenth"], extensions=[extension])
