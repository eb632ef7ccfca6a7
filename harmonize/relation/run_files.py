"""The files that tell of a finished run. Nothing here imports torch, so that to look at a run is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.errors import MalformedInput, MissingInput
from harmonize.spec.reading import faults_of
from harmonize.writing.json_files import write_json

__all__ = [
    "ENSEMBLE_FILE",
    "FIRST",
    "LEFT_OUT",
    "LINEAR_FILE",
    "MODEL_CARD",
    "PROMPT_FILE",
    "RECIPE",
    "TRAINING",
    "RunFile",
    "TrainingRecord",
    "check_is_run",
    "holds_run",
]

RECIPE, TRAINING, LEFT_OUT = "recipe.yaml", "training.json", "left_out.tsv"
MODEL_CARD = "README.md"
PROMPT_FILE, LINEAR_FILE, ENSEMBLE_FILE = "prompt.json", "linear.json", "ensemble.json"
"""Which of them a run has tells of what kind it is."""
FIRST = "first"
"""The folder in a run with what it was after the first of two stages, a run of its own."""


def holds_run(folder: Path) -> bool:
    """True for the folder of a run of some kind, broken perhaps."""
    return any((folder / name).is_file() for name in (PROMPT_FILE, LINEAR_FILE, ENSEMBLE_FILE))


def check_is_run(folder: Path) -> None:
    """A run of some kind lies there, broken perhaps.

    Raises:
        MissingInput: none does.
    """
    if not holds_run(folder):
        raise MissingInput(folder, f"expected a run of `harmonize train`, found no {PROMPT_FILE}")


class RunFile(BaseModel):
    """A JSON file of a run.

    Attributes:
        file_name: in the run's folder.
        writer: the command that makes it.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    file_name: ClassVar[str]
    writer: ClassVar[str] = "harmonize train"

    @classmethod
    def read(cls, run: Path) -> Self:
        """The file of a run.

        Raises:
            MissingInput, MalformedInput: the folder has none, or a broken one.
        """
        path = run / cls.file_name
        if not path.is_file():
            raise MissingInput(run, f"expected a run of `harmonize train`, found no {path.name}")
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            key, fault = faults_of(error, cls, "")[0]
            said = f"{key}: {fault}" if key else fault
            raise MalformedInput(path, f"expected what `{cls.writer}` writes: {said}") from None

    def write(self, run: Path) -> None:
        write_json(run / self.file_name, self.model_dump(mode="json"), escaped=True)


class _Part(BaseModel):
    """A part of training.json, which may say more than is read again."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class TrainedSet(_Part):
    """The set that a run was trained on."""

    manifest_sha256: str


class RowCounts(_Part):
    """Rows that came in, and what has become of them.

    Attributes:
        left_out: corpus -> reason -> rows.
    """

    entered: int = Field(alias="in")
    train: int
    development: int
    left_out: dict[str, dict[str, int]]


class PseudoFile(_Part):
    """The pseudo-labels among the rows.

    Attributes:
        trained_on: rows.
        models: that gave them, see harmonize.relation.select.pseudo.PseudoModel.
    """

    sha256: str
    trained_on: int
    models: tuple[dict[str, Any], ...] = ()


class Best(_Part):
    """The evaluation of the development part that did best.

    Attributes:
        step: the training step before it; None of runs that are not trained by steps.
        development_pair_f: None where there is no such part.
    """

    step: int | None = None
    development_pair_f: float | None


class Member(_Part):
    """A run that an ensemble is the mean of.

    Attributes:
        sha256: of its training.json.
        rows: that it was trained on.
    """

    run: str
    sha256: str
    rows: int
    development_pair_f: float | None


class TrainingRecord(RunFile):
    """training.json: how a run was made. What nobody reads again (losses, seconds, ...) is not in here.

    Attributes:
        harmonize: the version that made it.
        labels: the classifier's, in order.
        evaluations: of the development part, in order, by the names that `steps_learnt` gives.
        members: of an ensemble.
        models: what the recipe names ("encoder", "teacher") -> the sha256 of its folder.
        versions: package -> its version.
    """

    model_config = ConfigDict(extra="ignore")
    file_name: ClassVar[str] = TRAINING

    harmonize: str
    union: TrainedSet
    rows: RowCounts
    labels: tuple[str, ...]
    best: Best
    evaluations: tuple[dict[str, Any], ...] = ()
    members: tuple[Member, ...] = ()
    pseudo: PseudoFile | None = None
    models: dict[str, str] = {}
    device: str
    versions: dict[str, str]
