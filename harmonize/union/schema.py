"""The contract with downstream projects: the columns of the union set, and where its files stand.

    <set>/manifest.json                                   counts, hashes, sources
    <set>/dropped.tsv                                     every item that was dropped, with its reason
    <set>/documents.parquet                               the text of every document
    <set>/leaks.parquet, leaks.md                         pairs of documents that repeat each other
    <set>/README.md, croissant.json                       the dataset card, for people and for machines
    <set>/data/corpus=<name>/split=<split>/<split>.parquet
    <set>/nary/corpus=<name>/split=<split>/<split>.parquet the same of relations of any number of entities
    <set>/report.html                                     the report, once it was asked for

Adding a column that may be null, or a file, raises the minor number of SCHEMA_VERSION, changing or removing
one the major number. Sets of all minor versions are read, see harmonize.union.version.

`corpus` and `split` stand in the names of the folders alone. In the files as well they could not be read:
pyarrow.dataset takes them off the folders as strings, pandas and pyarrow.parquet as dictionaries, and each
refuses a file that has the other. `part` says both in the file, for who reads a file by itself.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

__all__ = [
    "CARD",
    "CROISSANT",
    "DATA",
    "DOCUMENTS",
    "DOCUMENT_SCHEMA",
    "DROPPED",
    "DROPPED_COLUMNS",
    "FILE_SCHEMA",
    "LEAKS",
    "LEAKS_TABLE",
    "LEAK_SCHEMA",
    "MANIFEST",
    "NARY",
    "NARY_FILE_SCHEMA",
    "NARY_SCHEMA",
    "PARTITION_COLUMNS",
    "REPORT",
    "ROW_SCHEMA",
    "SAID",
    "SCHEMA",
    "SCHEMA_VERSION",
    "SET_FILES",
    "nary_file",
    "part_name",
    "partition_file",
]

SCHEMA_VERSION = "2.2"
NARY = "nary"
DATA, MANIFEST, DROPPED, DOCUMENTS = "data", "manifest.json", "dropped.tsv", "documents.parquet"
DROPPED_COLUMNS = ("corpus", "split", "step", "unit", "reason", "document_id", "item")
LEAKS, LEAKS_TABLE, CARD, CROISSANT = "leaks.parquet", "leaks.md", "README.md", "croissant.json"
REPORT = "report.html"
SET_FILES = (MANIFEST, DROPPED, DOCUMENTS, LEAKS, LEAKS_TABLE, CARD, CROISSANT, DATA, NARY)
"""What building writes at the top level of a set."""

_TEXT = pa.string()
_NAMES = pa.list_(pa.field("element", _TEXT, nullable=False))
_SPAN = pa.struct(
    [pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)]
)
_PASSAGE = pa.struct([pa.field("kind", _TEXT, nullable=False), *_SPAN])
_SPANS = pa.list_(pa.field("element", _SPAN, nullable=False))
_CATEGORY = pa.dictionary(pa.int32(), _TEXT)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


FILE_SCHEMA = pa.schema(
    [
        _required("instance_id", _TEXT),
        _required("part", _TEXT),
        _required("level", _TEXT),
        _required("document_id", _TEXT),
        pa.field("pmid", _TEXT),
        _required("text", _TEXT),
        _required("context_start", pa.int32()),
        _required("context_end", pa.int32()),
        _required("head_id", _TEXT),
        _required("tail_id", _TEXT),
        _required("head_name", _TEXT),
        _required("tail_name", _TEXT),
        _required("head_type", _TEXT),
        _required("tail_type", _TEXT),
        _required("source_head_type", _TEXT),
        _required("source_tail_type", _TEXT),
        _required("head_spans", _SPANS),
        _required("tail_spans", _SPANS),
        pa.field("sentences", _SPANS),
        _required("relation", _TEXT),
        _required("relations", _NAMES),
        _required("source_relations", _NAMES),
        _required("directed", pa.bool_()),
        pa.field("novelty", _TEXT),
        pa.field("subject", _TEXT),
        _required("task", _TEXT),
        _required("rules", _NAMES),
        _required("span_source", _TEXT),
        _required("leaks_into", _NAMES),
        _required("licence", _TEXT),
        _required("redistributable", pa.bool_()),
    ]
)
"""What stands in a data file. One row is one instance: an entity pair in one context."""

SCHEMA = pa.schema([*FILE_SCHEMA, _required("corpus", _CATEGORY), _required("split", _CATEGORY)])
"""What is read: with the columns that the folders name, in the order in which other readers add them."""

_ENTITY = pa.struct(
    [*(_required(name, _TEXT) for name in ("id", "name", "type", "source_type")), _required("spans", _SPANS)]
)
_NARY_RELATION = pa.struct(
    [
        _required("relation", _TEXT),
        _required("source_relation", _TEXT),
        _required("arguments", _NAMES),
        pa.field("needs_context", pa.bool_()),
    ]
)
NARY_FILE_SCHEMA = pa.schema(
    [
        *(
            FILE_SCHEMA.field(name)
            for name in ("instance_id", "part", "level", "document_id", "pmid", "text")
        ),
        *(FILE_SCHEMA.field(name) for name in ("context_start", "context_end")),
        _required("entities", pa.list_(pa.field("element", _ENTITY, nullable=False))),
        _required("relations", pa.list_(pa.field("element", _NARY_RELATION, nullable=False))),
        *(
            FILE_SCHEMA.field(name)
            for name in ("task", "rules", "span_source", "leaks_into", "licence", "redistributable")
        ),
    ]
)
"""One row is one context with all its entities and the relations among them; no relation is a row too."""

NARY_SCHEMA = pa.schema([*NARY_FILE_SCHEMA, *(SCHEMA.field(name) for name in ("corpus", "split"))])
"""What is read of it: with the columns that the folders name."""

SAID = ("novelty", "subject")
"""The columns that say more of a relation than its type, where its corpus does; the manifest counts them."""

PARTITION_COLUMNS = ("part", "level", "directed", "task", "rules", "licence", "redistributable")
"""Columns with one value for a whole file."""

ROW_SCHEMA = pa.schema([f for f in FILE_SCHEMA if f.name not in (*PARTITION_COLUMNS, "leaks_into")])
"""The columns that an instance decides by itself; `leaks_into` needs the whole set."""

DOCUMENT_SCHEMA = pa.schema(
    [
        _required("corpus", _TEXT),
        _required("split", _TEXT),
        _required("document_id", _TEXT),
        pa.field("pmid", _TEXT),
        _required("text", _TEXT),
        _required("passages", pa.list_(pa.field("element", _PASSAGE, nullable=False))),
    ]
)
"""One row is one document; `passages` are its title, abstract or other parts, as ranges of `text`."""

LEAK_SCHEMA = pa.schema(
    [
        _required("corpus", _TEXT),
        _required("split", _TEXT),
        _required("document_id", _TEXT),
        pa.field("pmid", _TEXT),
        _required("other_corpus", _TEXT),
        _required("other_split", _TEXT),
        _required("other_document_id", _TEXT),
        pa.field("other_pmid", _TEXT),
        _required("same_pmid", pa.bool_()),
        _required("same_text", pa.bool_()),
        _required("similarity", pa.float64()),
    ]
)
"""One row is two documents that repeat each other, each pair once. The other document is the one that is
evaluated, where one is: its split stands as late as the first one's, or later, in train, dev, test."""


def part_name(corpus: str, split: str) -> str:
    """The column `part` of a corpus and split, which `leaks_into` names them by too."""
    return f"{corpus}/{split}"


def partition_file(corpus: str, split: str) -> Path:
    """A partition's file, below the set's folder.

    `datasets` reads no folder names, but finds the splits by names of files that begin so.
    """
    return Path(DATA) / f"corpus={corpus}" / f"split={split}" / f"{split}.parquet"


def nary_file(corpus: str, split: str) -> Path:
    """A file of n-ary relations, below the set's folder; named as a partition's."""
    return Path(NARY) / partition_file(corpus, split).relative_to(DATA)
