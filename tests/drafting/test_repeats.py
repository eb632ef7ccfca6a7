"""A corpus of one's own in which several documents have one id: none is lost, and a build is possible."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from strangers import STRANGERS, lay_down

import harmonize
from harmonize.drafting.draft import new_corpus
from harmonize.errors import InvalidDocument, MalformedInput
from harmonize.ledger import Ledger
from harmonize.model import Document
from harmonize.pipelines.build import build
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue
from harmonize.union.schema import DOCUMENTS

TWICE = (
    "1|t|Ombrel soothes colic.\n1\t0\t6\tOmbrel\tChemical\tD1\n1\t15\t20\tcolic\tDisease\tD2\n\n"
    "2|t|Nor here.\n\n"
    "1|t|Ombrel caused gout.\n1\t0\t6\tOmbrel\tChemical\tD1\n1\t14\t18\tgout\tDisease\tD3\n1\tCID\tD1\tD3\n\n"
)
MAPPING = """\
name: Mine
home: own files
licence: {name: none stated, redistributable: false}
format: pubtator
sources: {files: {train: [all.txt]}}
entity: concept
relation_types: {CID: Positive_Correlation}
entity_types: {Chemical: ChemicalEntity, Disease: DiseaseOrPhenotypicFeature}
"""
ROW = "mine: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e2, task: Mine}\n"


def twice_in(folder: Path, key: str = "") -> Path:
    (folder / "all.txt").write_text(TWICE)
    (folder / "mine.yaml").write_text(MAPPING + key)
    (folder / "table2.yaml").write_text(ROW)
    return folder


@pytest.mark.parametrize("form", STRANGERS)
def test_a_document_of_two_splits_is_in_both(form: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in lay_down(form, tmp_path)]
    for train in (path for file in files for path in (file, *file.rglob("*")) if "train" in str(path)):
        if train.is_file():
            Path(str(train).replace("train", "test")).write_bytes(train.read_bytes())
    found = new_corpus("mine", form, list(map(str, files)), tmp_path / "mine").found
    for unit in ("documents", "mentions", "relations"):
        assert found.totals[unit, "test"] >= found.totals[unit, "train"] > 0
    count = found.totals["documents", "train"]
    (told,) = found.told
    assert told.startswith(
        f"an id that stands before: {count:,} documents; a number was put behind it, as in "
    )
    assert told.endswith("#2")


def test_each_is_built_under_an_id_of_its_own_and_keeps_its_pmid(tmp_path: Path) -> None:
    folder, warnings = twice_in(tmp_path), list[str]()
    build(tmp_path / "union", tmp_path, corpora=["mine"], extensions=[folder], warn=warnings.append)
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    assert [(row["document_id"], row["pmid"], row["relation"]) for row in rows] == [
        ("1", "1", "None-Mine"),
        ("1#2", "1", "Positive_Correlation"),
    ]
    documents = pq.read_table(tmp_path / "union" / DOCUMENTS)["document_id"].to_pylist()
    assert documents == ["1", "2", "1#2"]
    said = "mine: an id that stands before: 1 document; a number was put behind it, as in 1#2"
    assert warnings.count(said) == 1


def test_read_strictly_it_is_an_error(tmp_path: Path) -> None:
    folder = twice_in(tmp_path, "strict: true\n")
    (folder / "all.txt").write_text(TWICE.replace("Nor here.\n", "Nor here.\n2|a|\n"))
    with pytest.raises((InvalidDocument, MalformedInput), match="document 1: expected an id of its own"):
        build(tmp_path / "union", tmp_path, corpora=["mine"], extensions=[folder])
    assert not (tmp_path / "union").exists()


def test_an_id_that_ends_like_a_number_put_behind_is_not_taken_twice(tmp_path: Path) -> None:
    corpus = load_catalogue([twice_in(tmp_path)])["mine"]
    source = Source(corpus, "files", tmp_path, Ledger())
    ids = ("1", "1#2", "1", "1", "1#2", "1#3")
    named = [source.with_own_id(Document(id=each, split="train", text="", passages=())).id for each in ids]
    assert named[:2] == ["1", "1#2"]
    assert set(Counter(named).values()) == {1}
    assert len(source.renamed) == 4
