"""The encoders that have a name: known_encoders.yaml, and what of their files is here.

minilm    in an installed package
mpnet     <the user's cache>/encoders/mpnet, where `harmonize encoders get mpnet` puts it
tiny      nowhere, it is made for each training
PubMedBERT and any other name of a model hub, in the hub's own cache
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, model_validator

from harmonize.errors import install
from harmonize.files import cache_folder, sha256_of
from harmonize.spec.reading import SpecModel, validated

__all__ = [
    "Cost",
    "Download",
    "KnownEncoder",
    "KnownFile",
    "KnownZip",
    "Package",
    "cost",
    "encoders_cache",
    "folder_of",
    "how_to_get",
    "is_whole",
    "known_encoders",
]

_CONFIG, _WEIGHTS = "config.json", "model.safetensors"


class KnownFile(SpecModel):
    """A file by its content.

    Attributes:
        size: bytes.
        sha256: in hexadecimal, lower case.
    """

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class KnownZip(KnownFile):
    """A zip, and the folder in it that holds an encoder."""

    folder: str


class Package(SpecModel):
    """An installed package that holds an encoder's files.

    Attributes:
        extra: ours, that installs it.
    """

    module: str
    folder: str
    extra: str


class Download(SpecModel):
    """Packages of an index that hold the parts of a zip.

    Attributes:
        version: of every package.
        parts: package -> its part, as its path in the package ends; in the order of the parts.
        files: name in the zip's folder -> what it must be.
    """

    version: str
    parts: dict[str, str] = Field(min_length=1)
    zip: KnownZip
    files: dict[str, KnownFile] = Field(min_length=1)


class KnownEncoder(SpecModel):
    """An entry of known_encoders.yaml, which explains each value."""

    title: str
    licence: str | None = None
    cite: str | None = None
    parameters: int | None = None
    layers: int | None = None
    width: int | None = None
    hub: bool = False
    package: Package | None = None
    download: Download | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> KnownEncoder:
        if self.hub + (self.package is not None) + (self.download is not None) > 1:
            raise ValueError("expected one of hub, package and download")
        return self

    @property
    def is_local(self) -> bool:
        """True for one whose files stand in a folder of ours: no hub's, nor made for each training."""
        return self.package is not None or self.download is not None


class _Table(SpecModel):
    encoders: dict[str, KnownEncoder]

    @model_validator(mode="before")
    @classmethod
    def _all_are_encoders(cls, entries: object) -> object:
        return {"encoders": entries}


@cache
def known_encoders() -> Mapping[str, KnownEncoder]:
    """The encoders that have a name, by it."""
    path = resources.files("harmonize.relation.model") / "known_encoders.yaml"
    return validated(_Table, Path(str(path))).encoders


def encoders_cache() -> Path:
    """Where downloaded encoders stand: a folder each, by name."""
    return cache_folder() / "encoders"


def folder_of(name: str) -> Path | None:
    """The folder of a known encoder's files; None where they are not here, or none are needed."""
    known = known_encoders()[name]
    if known.download is not None:
        folder = encoders_cache() / name
        there = all(_size(folder / file) == what.size for file, what in known.download.files.items())
        return folder if there else None
    if known.package is not None:
        # It is looked for, and not imported.
        spec = importlib.util.find_spec(known.package.module)
        return (
            None if spec is None or spec.origin is None else Path(spec.origin).parent / known.package.folder
        )
    return _of_hub(name) if known.hub else None


def _of_hub(name: str) -> Path | None:
    """Where the hub's client keeps the files of an encoder that it has downloaded."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, _CONFIG)
    return Path(found).parent if isinstance(found, str) else None


def how_to_get(name: str) -> str:
    """What to do to have a known encoder."""
    known = known_encoders()[name]
    if known.package is not None:
        return f"install its package with {install(known.package.extra)}"
    if known.download is not None:
        return f"get its files with `harmonize encoders get {name}`"
    return "downloaded on first use" if known.hub else "made for each training"


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def is_whole(folder: Path, files: Mapping[str, KnownFile]) -> bool:
    """True if the files of a folder are, byte for byte, what they should be."""
    return all(
        _size(folder / name) == file.size and sha256_of(folder / name) == file.sha256
        for name, file in files.items()
    )


class Cost(NamedTuple):
    """What an encoder takes.

    Attributes:
        parameters: numbers that are learnt.
        size: bytes of its weights, on the disk or to be downloaded.
    """

    parameters: int | None
    layers: int | None
    width: int | None
    size: int | None


def cost(name: str) -> Cost:
    """What a known encoder takes: counted in its files if they are here, else as the table says."""
    known, folder = known_encoders()[name], folder_of(name)
    if folder is None:
        size = known.download.zip.size if known.download is not None else None
        return Cost(known.parameters, known.layers, known.width, size)
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    weights = folder / _WEIGHTS
    return Cost(
        _parameters(weights) if weights.is_file() else known.parameters,
        config.get("num_hidden_layers", known.layers),
        config.get("hidden_size", known.width),
        _size(weights),
    )


def _parameters(weights: Path) -> int:
    """How many numbers a file of weights holds; whole ones are positions, and not learnt."""
    from safetensors import safe_open

    with safe_open(weights, framework="numpy") as file:
        tensors = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118  (it is no mapping)
        return sum(math.prod(one.get_shape()) for one in tensors if "F" in one.get_dtype())
