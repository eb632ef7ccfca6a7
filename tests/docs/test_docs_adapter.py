"""docs/adding-a-corpus.md: its corpus is built as it stands in the page."""

from __future__ import annotations

import re
from pathlib import Path

import harmonize
from harmonize.pipelines.build import build

PAGE = Path(__file__).parents[2] / "docs/adding-a-corpus.md"


def test_the_corpus_of_the_page_is_built(tmp_path: Path) -> None:
    blocks = re.findall(r"```(?:json|yaml|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names = ("train.jsonl", "table2.yaml", "mine.yaml", "mine.py")
    for name, content in zip(names, blocks, strict=True):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(blocks[0].replace("90000001", "90000002"), encoding="utf-8")
    manifest = build(
        tmp_path / "union", tmp_path / "nowhere", corpora=["mine"], extensions=[tmp_path], warn=print
    )
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    found = [(row["split"], row["head_name"], row["relation"], row["tail_name"]) for row in rows]
    relation = ("Aspirin", "Negative_Correlation", "headache")
    assert found == [(split, *relation) for split in ("train", "test")]
    read = manifest["corpora"]["mine"]["splits"]["train"]["steps"]["read"]
    assert {unit: (count["in"], count["out"]) for unit, count in read.items()} == {
        "documents": (1, 1),
        "mentions": (2, 2),
        "relations": (1, 1),
    }
