"""Union sets written by hand: rows that no corpus has, such as names with markup and mentions that cross."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from made_manifest import NO_BYTES, made_corpus, made_manifest

from harmonize.union.documents import DocumentKey
from harmonize.union.leaks import Repeat, write_repeats
from harmonize.union.schema import FILE_SCHEMA, partition_file

HOSTILE = (
    """</script><script>alert(1)</script> & "double" 'single' <b>\u2028 \u2029 {{ 7 * 7 }} {% raw %}\r\n"""
)
"""Everything that could break out of a text, an attribute, a script or a template."""


def span(text: str, part: str, after: int = 0) -> dict[str, int]:
    """Where `part` stands in `text`."""
    start = text.index(part, after)
    return {"start": start, "end": start + len(part)}


def row(
    text: str, head: Sequence[dict[str, int]], tail: Sequence[dict[str, int]], **others: Any
) -> dict[str, Any]:
    """A row of a set; head and tail are spans."""
    values: dict[str, Any] = {
        "corpus": "made",
        "split": "train",
        "level": "sentence",
        "document_id": "1",
        "pmid": None,
        "text": text,
        "context_start": 0,
        "context_end": len(text),
        "head_id": "H1",
        "tail_id": "T1",
        "head_name": text[head[0]["start"] : head[0]["end"]],
        "tail_name": text[tail[0]["start"] : tail[0]["end"]],
        "head_type": "ChemicalEntity",
        "tail_type": "GeneOrGeneProduct",
        "source_head_type": "drug",
        "source_tail_type": "gene",
        "head_spans": list(head),
        "tail_spans": list(tail),
        "relation": "Association",
        "source_relations": ["x"],
        "directed": False,
        "novelty": None,
        "task": "Made",
        "rules": ["a1", "b2", "c1", "d1", "e2"],
        "span_source": "gold",
        "leaks_into": [],
        "licence": "none stated",
        "redistributable": False,
        **others,
    }
    return {"relations": [values["relation"]], **values}


def account(taken_in: int, **dropped: int) -> dict[str, Any]:
    return {"in": taken_in, "out": taken_in - sum(dropped.values()), "dropped": dropped}


def write_set(
    folder: Path,
    rows: Iterable[dict[str, Any]],
    *,
    repeats: Sequence[Repeat] = (),
    empty: Iterable[tuple[str, str]] = (),
    **entry: Any,
) -> Path:
    """Write a set of these rows, which get ids by number.

    Args:
        empty: (corpus, split) without rows.
        entry: changes of every corpus' entry in the manifest.
    """
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {part: [] for part in empty}
    for number, values in enumerate(rows):
        part = f"{values['corpus']}/{values['split']}"
        filled = {"instance_id": f"{number:020x}", "part": part, **values}
        parts.setdefault((values["corpus"], values["split"]), []).append(filled)
    corpora: dict[str, Any] = {}
    for (corpus, split), values in parts.items():
        held = corpora.setdefault(corpus, {**_entry(corpus), **entry, "splits": {}})
        held["splits"][split] = _split(folder, corpus, split, values)
    folder.mkdir(exist_ok=True)
    write_repeats(folder, repeats)
    manifest = made_manifest({}) | {"corpora": corpora}
    manifest["leaks"]["pairs"] = len(repeats)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _entry(corpus: str) -> dict[str, Any]:
    return made_corpus(corpus, {}) | {
        "name": corpus.upper(),
        "home": "https://example.org/",
        "rules": ["a1", "b2", "c1", "d1", "e2"],
        "source": "made",
        "published": {"abstracts": 1, "relations": 1, "why": None},
    }


def _split(folder: Path, corpus: str, split: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    labels = dict(sorted(Counter(values["relation"] for values in rows).items()))
    documents = len({values["document_id"] for values in rows})
    steps = {
        "read": {"documents": account(documents + 1, none=1), "mentions": account(2 * len(rows))},
        "b2": {"documents": account(documents), "relations": account(len(rows))},
        "c1": {"instances": account(len(rows))},
    }
    steps["read"]["relations"] = account(len(rows) + 3, lost=2, twice=1)
    file = None
    if rows:
        file = partition_file(corpus, split)
        (folder / file).parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=FILE_SCHEMA), folder / file)
    return {"file": file and file.as_posix(), "rows": len(rows), **NO_BYTES, "labels": labels, "steps": steps}


def repeat(
    one: tuple[str, str, str],
    other: tuple[str, str, str],
    *,
    pmid: bool = False,
    text: bool = False,
    like: float = 0.7,
) -> Repeat:
    number = "5" if pmid else None
    return Repeat(DocumentKey(*one), number, DocumentKey(*other), number, pmid, text, like)


def strange_rows() -> list[dict[str, Any]]:
    """Mentions nested, crossing, equal, discontinuous and repeated; markup, emoji and long words."""
    nested = "the interleukin 2 receptor binds interleukin 2 tightly"
    crossing = "alpha beta gamma delta"
    split = "oral or intravenous heparin and aspirin"
    hostile = f"before {HOSTILE} after the <gene> & end"
    emoji = "🧬 p53 and 🧪 MDM2 in μ-cells"
    long = f"the {'A' * 400} with {'word ' * 30}and NF-κB"
    return [
        row(nested, [span(nested, "interleukin 2 receptor")], [span(nested, "interleukin 2")]),
        row(crossing, [span(crossing, "alpha beta")], [span(crossing, "beta gamma")], relation="None-Made"),
        row(crossing, [span(crossing, "beta")], [span(crossing, "beta")], relation="Bind", split="test"),
        row(
            split,
            [span(split, "oral"), span(split, "heparin")],
            [span(split, "aspirin")],
            head_name="oral heparin",
        ),
        row(
            hostile,
            [span(hostile, HOSTILE)],
            [span(hostile, "<gene>")],
            document_id=HOSTILE,
            pmid=HOSTILE,
            head_id=HOSTILE,
            head_type=HOSTILE,
            source_tail_type=HOSTILE,
            relation=HOSTILE,
            source_relations=[HOSTILE],
            novelty=HOSTILE,
            leaks_into=[HOSTILE],
            licence=HOSTILE,
        ),
        row(
            emoji,
            [span(emoji, "p53")],
            [span(emoji, "MDM2")],
            corpus="other",
            split="dev",
            pmid="123",
            directed=True,
        ),
        row(
            long,
            [span(long, "A" * 400)],
            [span(long, "NF-κB")],
            corpus="other",
            document_id="D" * 300,
            head_id="",
            source_relations=[],
            relation="None",
            leaks_into=["made/test", "other/dev"],
        ),
        row(
            "p53 p53 p53",
            [{"start": 0, "end": 3}, {"start": 8, "end": 11}],
            [{"start": 4, "end": 7}],
            corpus="other",
        ),
    ]


def tokenizer_folder(folder: Path) -> Path:
    """The real vocabulary where there is one, else a tiny one written to `folder`."""
    given = os.environ.get("HARMONIZE_TOKENIZER")
    if given:
        return Path(given)
    mirror = os.environ.get("HARMONIZE_MIRROR")
    beside = Path(mirror).parent / "encoders" / "biomedbert-tokenizer" if mirror else None
    if beside is not None and beside.is_dir():
        return beside
    return tiny_tokenizer(folder)


def tiny_tokenizer(folder: Path) -> Path:
    """A BERT vocabulary of a few words and all small letters."""
    folder.mkdir(exist_ok=True)
    letters = [mark + chr(number) for mark in ("", "##") for number in range(ord("a"), ord("z") + 1)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "interleukin", "receptor", *letters]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}), encoding="utf-8")
    return folder
