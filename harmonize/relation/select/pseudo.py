"""Pseudo-labels: rows that a model has labelled, in a Parquet file that a recipe can train on as well.

Self-training (Scudder 1965; for neural networks Lee 2013, "Pseudo-Label"): what a model is sure of in
documents that nobody has annotated becomes training material. `harmonize pseudo-label` writes the file,
`pseudo: FILE` in a recipe reads it. Its metadata say which models made it, so that no student is tested on
what they learnt.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.errors import MalformedInput, MissingInput
from harmonize.expected import expected
from harmonize.relation.recipe import Recipe, load_values
from harmonize.relation.select.rows import COLUMNS
from harmonize.union.schema import SCHEMA
from harmonize.writing.parquet import METADATA_KEY

__all__ = [
    "PSEUDO_SCHEMA_VERSION",
    "PseudoAbout",
    "PseudoLabels",
    "PseudoModel",
    "PseudoUse",
    "is_pseudo",
    "pseudo_hash",
    "pseudo_schema",
    "read_pseudo",
]

PSEUDO_SCHEMA_VERSION = "1.0"
_MADE_BY = "expected a file of `harmonize pseudo-label`"


class PseudoModel(BaseModel):
    """A model that has labelled, or that has labelled what such a model was trained on.

    Attributes:
        recipe: its values.
        manifest_sha256: of the union set that it was trained on.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    recipe: dict[str, Any]
    manifest_sha256: str

    def as_recipe(self, origin: Path | str) -> Recipe:
        """The recipe, values that are newer than it filled in.

        Raises:
            SpecError: it has values that no recipe can have.
        """
        return load_values(self.recipe, str(origin))


class PseudoAbout(BaseModel):
    """What a file of pseudo-labels says of itself, as JSON in its metadata.

    Attributes:
        model: the run's folder, or that of its folds.
        models: those whose mean has labelled, then those whose pseudo-labels they were trained on.
        labels: whose relation types the labels are.
        threshold: the least probability of a label that is kept.
        negatives: at most so many pairs without relation for each one with, drawn with the seed; None for
            all.
        documents, pairs: "in", "out" and "dropped" by reason.
        relations: kept pairs by label.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    pseudo_schema_version: Literal["1.0"]
    package_version: str
    model: str
    models: tuple[PseudoModel, ...] = Field(min_length=1)
    labels: Literal["harmonized", "source"]
    as_corpus: str
    threshold: float
    negatives: float | None
    seed: int
    documents: dict[str, Any]
    pairs: dict[str, Any]
    relations: dict[str, int]


@dataclass(frozen=True)
class PseudoLabels:
    """A file of pseudo-labels, read.

    Attributes:
        rows: with the columns of `pseudo_schema`.
        sha256: of the file's bytes.
    """

    path: Path
    rows: pa.Table
    about: PseudoAbout
    sha256: str


@dataclass(frozen=True)
class PseudoUse:
    """What a training has made of a file of pseudo-labels.

    Attributes:
        rows, trained_on: in the file, and of those the ones trained on.
        models: see PseudoAbout.
    """

    file: str
    sha256: str
    rows: int
    trained_on: int
    models: tuple[PseudoModel, ...]

    def as_dict(self) -> dict[str, Any]:
        """As training.json has it."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "rows": self.rows,
            "trained_on": self.trained_on,
            "models": [model.model_dump(mode="json") for model in self.models],
        }


def pseudo_schema() -> pa.Schema:
    """The columns of pseudo-labels; one row is one pair in one context.

    Those of harmonize.relation.select.rows, as the union set has them, with the split "train", no
    `leaks_into`, and the model's label as `relation` (of a model of a corpus' own types also as
    `source_relations`); then

    | column | type | meaning |
    | --- | --- | --- |
    | pmid | string | the document's, null where unknown |
    | fingerprint | string | of the letters and digits of the whole document's text, in hexadecimal digits |
    | confidence | float64 | the probability of the label, the mean over the models |

    The file's metadata are a PseudoAbout as JSON, under METADATA_KEY.
    """
    fields = [
        *(SCHEMA.field(name) for name in COLUMNS),
        pa.field("pmid", pa.string()),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
    ]
    return pa.schema(fields)


def is_pseudo(path: Path) -> bool:
    """True for a Parquet file with the columns of pseudo-labels."""
    try:
        return bool(pq.read_schema(path).equals(pseudo_schema()))
    except (pa.ArrowException, OSError):
        return False


def pseudo_hash(path: Path) -> str:
    """The sha256 of a file of pseudo-labels.

    Raises:
        MissingInput: there is none.
    """
    return hashlib.sha256(_bytes(path)).hexdigest()


def read_pseudo(path: Path) -> PseudoLabels:
    """Read a file of pseudo-labels.

    Raises:
        MissingInput: there is none.
        MalformedInput: it is none of `harmonize pseudo-label`, or a broken one.
    """
    content = _bytes(path)
    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            found = file.schema_arrow
            if not found.equals(pseudo_schema()):
                raise MalformedInput(path, f"{_MADE_BY}, got a table with other columns")
            said = (file.metadata.metadata or {}).get(METADATA_KEY, b"")
            rows = file.read()
            rows.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise MalformedInput(path, f"{_MADE_BY}, got: {error}") from None
    try:
        about = PseudoAbout.model_validate_json(said)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "metadata"
        raise MalformedInput(path, f"{_MADE_BY}, its metadata are not: {place}: {expected(fault)}") from None
    if about.pairs.get("out") != rows.num_rows:
        raise MalformedInput(
            path, f"{_MADE_BY} with {about.pairs.get('out')} rows, as its metadata say, got {rows.num_rows}"
        )
    return PseudoLabels(path, rows.replace_schema_metadata(None), about, hashlib.sha256(content).hexdigest())


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise MissingInput(path, f"{_MADE_BY}, found no file")
    return path.read_bytes()
