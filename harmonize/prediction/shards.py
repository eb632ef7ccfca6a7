"""Annotated documents as shards: Parquet files of so many documents each, that many workers can share.

    <folder>/manifest.json              documents in and out, how they were read, every shard with its hash
    <folder>/data/part-00000.parquet    see `shard_schema`; the documents stand in the order of the input

A document comes back from its shard as it was, so that predicting the shards is predicting the input.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize import __version__
from harmonize.errors import AccountingError, HarmonizeError, MalformedInput, MissingInput
from harmonize.formats.passages import TextChoice
from harmonize.model import Document, Mention, Passage, Relation, Span
from harmonize.prediction.tally import Tally, by_reason
from harmonize.union.manifest import file_entry, write_manifest
from harmonize.union.manifest_model import key_messages
from harmonize.union.replace import new_folder
from harmonize.union.schema import DATA, MANIFEST, METADATA_KEY

__all__ = [
    "DOCUMENTS_PER_SHARD",
    "SHARD_SCHEMA_VERSION",
    "Shard",
    "ShardManifest",
    "is_shards",
    "manifest_hash",
    "part_name",
    "read_shard",
    "read_shard_manifest",
    "read_shards",
    "shard_schema",
    "write_shards",
]

SHARD_SCHEMA_VERSION = "1.1"
DOCUMENTS_PER_SHARD = 2_000
_VERSION_KEY = "shard_schema_version"
_DOCUMENTS_PER_GROUP = 500  # to hold as Python objects at once
_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]
_RELATION_PARTS = ("head", "tail", "type", "novelty")
"""Of a relation; documents to be predicted have none, and so nothing that says which entity acts."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Shard(_Entry):
    """A shard as the manifest names it.

    Attributes:
        file: below the folder.
        documents: in it.
        bytes, sha256: of the file.
    """

    file: Annotated[str, Field(pattern=r"^data/[^/\\]+\.parquet$")]
    documents: Annotated[int, Field(ge=1)]
    bytes: _Count
    sha256: _Hash


class DocumentCounts(_Entry):
    """Documents met in the input, those in the shards, and those that could not be read, by reason."""

    entered: _Count = Field(alias="in")
    out: _Count
    skipped: dict[str, _Count]


class ShardManifest(_Entry):
    """manifest.json of a folder of shards.

    Attributes:
        as_corpus: the mapping that said which types are known and what ids mean.
        types: the user's own types that were known beside them.
        left_out: mentions that the shards do not hold, by reason and type.
        text: what was read of full texts, one of harmonize.formats.passages.TEXT_CHOICES.
        passages_left_out: passages that the shards do not hold, by kind.
        shards: in the order of the input.
    """

    shard_schema_version: str
    package_version: str
    as_corpus: str
    types: dict[str, str | None]
    documents: DocumentCounts
    left_out: dict[str, dict[str, _Count]]
    text: TextChoice
    passages_left_out: dict[str, _Count]
    shards: list[Shard]


def shard_schema(metadata: Mapping[str, Any] | None = None) -> pa.Schema:
    """The columns of a shard; one row is one document. Spans are half-open, in code points of `text`.

    | column | type | meaning |
    | --- | --- | --- |
    | id | string | as the file has it |
    | split | string | "test" for documents to be predicted |
    | pmid | string | null where unknown |
    | text | string | all passages |
    | passages | list of {kind, start, end, section, offset} | title, abstract, ... in order |
    | mentions | list of {id, type, text, spans, concept_ids, source} | several spans if discontinuous |
    | relations | list of {head, tail, type, novelty} | none for documents to be predicted |
    | sentences | list of {start, end} | null where the file has none |
    | repeat | int32 | how many documents of this id come before it |

    Nothing else is null but `novelty`, and `section` and `offset` of passages that are not of full text.

    Args:
        metadata: stands under METADATA_KEY, as JSON.
    """
    text, span = pa.string(), [_required("start", pa.int32()), _required("end", pa.int32())]
    place = [pa.field("section", text), pa.field("offset", pa.int32())]
    mention = [
        *(_required(name, text) for name in ("id", "type", "text")),
        _required("spans", _list_of(pa.struct(span))),
        _required("concept_ids", _list_of(text)),
        _required("source", text),
    ]
    relation = [_required(name, text) for name in ("head", "tail", "type")]
    fields = [
        _required("id", text),
        _required("split", text),
        pa.field("pmid", text),
        _required("text", text),
        _required("passages", _list_of(pa.struct([_required("kind", text), *span, *place]))),
        _required("mentions", _list_of(pa.struct(mention))),
        _required("relations", _list_of(pa.struct([*relation, pa.field("novelty", text)]))),
        pa.field("sentences", _list_of(pa.struct(span))),
        _required("repeat", pa.int32()),
    ]
    about = None if metadata is None else {METADATA_KEY: json.dumps(metadata, sort_keys=True).encode()}
    return pa.schema(fields, metadata=about)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _list_of(kind: pa.DataType) -> pa.DataType:
    return pa.list_(_required("element", kind))


def part_name(number: int) -> str:
    """The file of a shard, or of what is predicted of it, below its folder."""
    return f"{DATA}/part-{number:05}.parquet"


# Writing


def write_shards(
    documents: Iterable[Document],
    out: Path,
    *,
    as_corpus: str,
    tally: Tally,
    types: Mapping[str, str | None] | None = None,
    text: TextChoice = "abstract",
    documents_per_shard: int = DOCUMENTS_PER_SHARD,
) -> ShardManifest:
    """Write documents as shards, beside `out`, whose place they take when all are written.

    Memory does not grow with the number of documents, nor with that of a shard.

    Args:
        as_corpus: the mapping whose rules have read the documents.
        tally: of the reading; by the end of `documents` it has counted them all.
        types: the user's own types that they were read with.
        text: what was read of full texts.

    Raises:
        ValueError: fewer than one document a shard.
        AccountingError: documents were lost between reading and writing.
    """
    if documents_per_shard < 1:
        raise ValueError(f"expected at least 1 document a shard, got {documents_per_shard}")
    with new_folder(out) as folder:
        (folder / DATA).mkdir()
        shards = [
            _write_shard(folder, part_name(number), chunk)
            for number, chunk in enumerate(_chunks(documents, documents_per_shard))
        ]
        written = sum(shard.documents for shard in shards)
        if tally.documents != written + tally.skipped.total():
            raise AccountingError(
                f"{out}: {tally.documents} documents in, {written} out, {tally.skipped.total()} skipped"
            )
        content = {
            _VERSION_KEY: SHARD_SCHEMA_VERSION,
            "package_version": __version__,
            "as_corpus": as_corpus,
            "types": dict(types or {}),
            "documents": {
                "in": tally.documents,
                "out": written,
                "skipped": dict(sorted(tally.skipped.items())),
            },
            "left_out": by_reason(tally.left_out),
            "text": text,
            "passages_left_out": dict(sorted(tally.passages.items())),
            "shards": [shard.model_dump() for shard in shards],
        }
        write_manifest(folder, content)
    return ShardManifest.model_validate(content)


def _chunks(documents: Iterable[Document], size: int) -> Iterator[Iterator[Document]]:
    """Runs of so many documents; each must be taken to its end before the next is asked for."""
    rest = iter(documents)
    for first in rest:
        yield chain((first,), islice(rest, size - 1))


def _write_shard(folder: Path, name: str, documents: Iterator[Document]) -> Shard:
    path, count = folder / name, 0
    about = {_VERSION_KEY: SHARD_SCHEMA_VERSION, "package_version": __version__}
    schema = shard_schema(about)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _chunks(documents, _DOCUMENTS_PER_GROUP):
            rows = [_row(document) for document in group]
            writer.write_table(_table(rows, schema))
            count += len(rows)
    return Shard(file=name, documents=count, **file_entry(path))


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    try:
        return pa.Table.from_pylist(rows, schema=schema)
    except UnicodeEncodeError as error:
        raise HarmonizeError(f"expected characters in documents, got: {error}") from None


def _row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "split": document.split,
        "pmid": document.pmid,
        "text": document.text,
        "passages": [_passage_row(passage) for passage in document.passages],
        "mentions": [_mention_row(mention) for mention in document.mentions],
        "relations": [
            {name: getattr(relation, name) for name in _RELATION_PARTS} for relation in document.relations
        ],
        "sentences": None if document.sentences is None else [one._asdict() for one in document.sentences],
        "repeat": document.repeat,
    }


def _passage_row(passage: Passage) -> dict[str, Any]:
    return {
        "kind": passage.kind,
        **passage.span._asdict(),
        "section": passage.section,
        "offset": passage.offset,
    }


def _mention_row(mention: Mention) -> dict[str, Any]:
    return {
        "id": mention.id,
        "type": mention.type,
        "text": mention.text,
        "spans": [span._asdict() for span in mention.spans],
        "concept_ids": list(mention.concept_ids),
        "source": mention.source,
    }


# Reading


def is_shards(path: Path) -> bool:
    """True for a folder with the manifest of shards, whole or not."""
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and _VERSION_KEY in content


def read_shard_manifest(folder: Path) -> ShardManifest:
    """The manifest of a folder of shards.

    Raises:
        MissingInput: there is none.
        MalformedInput: a broken one, or one of another version.
    """
    path = folder / MANIFEST
    if not is_shards(folder):
        raise MissingInput(folder, f"expected the folder of `harmonize shard`, found no {MANIFEST} of one")
    content = json.loads(path.read_text(encoding="utf-8"))
    if content[_VERSION_KEY] != SHARD_SCHEMA_VERSION:
        raise MalformedInput(
            path, f"expected {_VERSION_KEY} {SHARD_SCHEMA_VERSION!r}, got {content[_VERSION_KEY]!r}"
        )
    try:
        manifest = ShardManifest.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{key}: {message}" for key, message in islice(key_messages(error), 5))
        raise MalformedInput(path, faults) from None
    if sum(shard.documents for shard in manifest.shards) != manifest.documents.out:
        raise MalformedInput(path, f"expected shards of {manifest.documents.out} documents in all")
    return manifest


def manifest_hash(folder: Path) -> str:
    """The sha256 of a folder's manifest, which holds those of all its shards."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def read_shards(folder: Path, manifest: ShardManifest) -> Iterator[Document]:
    """The documents of all shards, in the order of the input; memory as in reading one.

    Raises:
        MissingInput, MalformedInput: see `read_shard`.
    """
    for shard in manifest.shards:
        yield from read_shard(folder, shard)


def read_shard(folder: Path, shard: Shard) -> Iterator[Document]:
    """The documents of a shard; memory is bounded by some hundreds of them.

    Raises:
        MissingInput: its file is not there.
        MalformedInput: the file is not as the manifest says.
    """
    path = folder / shard.file
    with _shard_faults(path):
        if file_entry(path)["sha256"] != shard.sha256:
            raise MalformedInput(path, f"expected the file that {MANIFEST} names, got another")
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(shard_schema()):
                names = ", ".join(shard_schema().names)
                raise MalformedInput(path, f"expected the columns {names}, with their types")
            for batch in file.iter_batches(_DOCUMENTS_PER_GROUP):
                for row in batch.to_pylist():
                    yield _document(row)


@contextmanager
def _shard_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise MissingInput(path, "expected a shard, found none") from None
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise MalformedInput(path, f"expected a shard, got: {error}") from None


def _document(row: Mapping[str, Any]) -> Document:
    sentences = row["sentences"]
    return Document(
        id=row["id"],
        split=row["split"],
        text=row["text"],
        passages=tuple(
            Passage(one["kind"], _span(one), one["section"], one["offset"]) for one in row["passages"]
        ),
        mentions=tuple(_mention(one) for one in row["mentions"]),
        relations=tuple(Relation(**one) for one in row["relations"]),
        pmid=row["pmid"],
        sentences=None if sentences is None else tuple(map(_span, sentences)),
        repeat=row["repeat"],
    )


def _mention(row: Mapping[str, Any]) -> Mention:
    return Mention(
        id=row["id"],
        type=row["type"],
        text=row["text"],
        spans=tuple(map(_span, row["spans"])),
        concept_ids=tuple(row["concept_ids"]),
        source=row["source"],
    )


def _span(row: Mapping[str, Any]) -> Span:
    return Span(row["start"], row["end"])
