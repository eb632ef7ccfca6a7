"""manifest.json of a folder of shards: documents in and out, how they were read, each shard with its hash."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.errors import MalformedInput, MissingInput
from harmonize.files import sha256_of
from harmonize.formats.passages import TextChoice
from harmonize.union.manifest_model import key_messages
from harmonize.union.schema import MANIFEST

__all__ = [
    "SHARD_SCHEMA_VERSION",
    "VERSION_KEY",
    "Shard",
    "ShardManifest",
    "is_shards",
    "manifest_hash",
    "read_shard_manifest",
]

SHARD_SCHEMA_VERSION = "1.1"

VERSION_KEY = "shard_schema_version"

_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


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


def is_shards(path: Path) -> bool:
    """True for a folder with the manifest of shards, whole or not."""
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and VERSION_KEY in content


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
    if content[VERSION_KEY] != SHARD_SCHEMA_VERSION:
        raise MalformedInput(
            path, f"expected {VERSION_KEY} {SHARD_SCHEMA_VERSION!r}, got {content[VERSION_KEY]!r}"
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
    return sha256_of(folder / MANIFEST)
