"""A corpus in brat's standoff is the same set as in its own format."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa

import harmonize
from harmonize.check.verify import verify
from harmonize.pipelines.build import build

MAPPING = """\
name: DrugProt
like: drugprot
home: own files
licence: {name: none stated, redistributable: false}
format: brat
sources: {brat: {test: [test]}}
"""
COLUMNS = (
    *(
        "document_id",
        "pmid",
        "text",
        "head_id",
        "tail_id",
        "head_spans",
        "tail_spans",
        "head_type",
        "tail_type",
    ),
    *("relation", "source_relations", "subject", "sentences", "task", "rules"),
)


def write_as_brat(drugprot: Path, folder: Path) -> None:
    """DrugProt's development set, each abstract two files."""
    lines = defaultdict[str, list[str]](list)
    for row in (drugprot / "drugprot_development_entities.tsv").read_text(encoding="utf-8").splitlines():
        pmid, name, kind, start, end, text = row.split("\t")
        lines[pmid].append(f"{name}\t{kind} {start} {end}\t{text}")
    relations = (drugprot / "drugprot_development_relations.tsv").read_text(encoding="utf-8").splitlines()
    for number, row in enumerate(relations):
        pmid, kind, head, tail = row.split("\t")
        lines[pmid].append(f"R{number}\t{kind} {head} {tail}\t")
    folder.mkdir(parents=True)
    for row in (drugprot / "drugprot_development_abstracs.tsv").read_text(encoding="utf-8").splitlines():
        pmid, title, abstract = row.split("\t")
        (folder / f"{pmid}.txt").write_text(f"{title}\n{abstract}\n", encoding="utf-8", newline="\n")
        (folder / f"{pmid}.ann").write_text("\n".join(lines[pmid]), encoding="utf-8", newline="\n")


def told(rows: pa.Table) -> list[dict[str, Any]]:
    """What rows say; of a pair with two relations in the order of their names, which files choose."""
    rows = rows.select(COLUMNS).to_pylist()
    return [row | {"source_relations": sorted(row["source_relations"])} for row in rows]


def test_drugprot_s_development_set(mirror: Path, real_union: Path, tmp_path: Path) -> None:
    write_as_brat(mirror / "drugprot/development", tmp_path / "mine/test")
    (tmp_path / "mine/mine.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "mine/table2.yaml").write_text("mine: {like: drugprot, task: DrugProt}\n", encoding="utf-8")
    build(tmp_path / "union", tmp_path / "mirror", corpora=["mine"], extensions=[tmp_path / "mine"])
    assert not list(verify(tmp_path / "union"))
    mine = harmonize.load_union(tmp_path / "union")
    theirs = harmonize.load_union(real_union, corpora=["drugprot"], splits=["test"])
    assert told(mine) == told(theirs)
    assert len(mine) == 13_770
