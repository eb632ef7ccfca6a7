"""The entries of a session, from entries.yaml: what may be run, what it is worth, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.errors import HarmonizeError

QUEUE = Path(__file__).parent / "entries.yaml"
Loaded = Literal["as stored", "single"]


@dataclass(frozen=True)
class Entry:
    """Something that one process does.

    Attributes:
        kind: "train", "command", "arm" of the control, or "pace", the trial of processes side by side.
        values: of the recipe, beside encoder and seed.
        toy: values for a rehearsal, beside those that all have.
        command: a script of benchmarks/ and its arguments.
        minutes: about; a fraction of it is worth beginning with.
        against: the entry to be compared with, which has the same seed.
        stored, loaded: of an arm; see entries.yaml.
        steps: of an arm, at most.
    """

    name: str
    kind: Literal["train", "command", "arm", "pace"]
    shows: str
    worth: float = 0.0
    minutes: float = 0.0
    encoder: str = "minilm"
    recipe: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    toy: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    command: tuple[str, ...] = ()
    against: str | None = None
    alone: bool = False
    stored: Literal["half", "single"] = "single"
    loaded: Loaded = "single"
    steps: int | None = None


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Arm(_Written):
    stored: Literal["half", "single"]
    loaded: Loaded
    values: dict[str, Any] = {}


class _Control(_Written):
    recipe: str
    encoder: str = "minilm"
    values: dict[str, Any]
    toy: dict[str, Any] = {}
    minutes: float = Field(gt=0)
    steps: int = Field(ge=1)
    arms: dict[str, _Arm]


class _Entry(_Written):
    name: str
    shows: str
    recipe: str = ""
    encoder: str = "minilm"
    values: dict[str, Any] = {}
    toy: dict[str, Any] = {}
    command: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    worth: list[float] = Field(min_length=1)
    minutes: float = Field(gt=0)
    against: str | None = None
    alone: bool = False


class _Queue(_Written):
    control: _Control
    entries: list[_Entry]


@dataclass(frozen=True)
class Queue:
    """What a session runs.

    Attributes:
        arms: of the control, side by side.
        entries: those of most worth first.
    """

    arms: tuple[Entry, ...]
    entries: tuple[Entry, ...]


def read_queue(corpora: Iterable[str], path: Path = QUEUE) -> Queue:
    """The entries for a set.

    Args:
        corpora: that the set holds.

    Raises:
        HarmonizeError: the file says what it may not, or two entries have one name.
    """
    try:
        written = _Queue.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise HarmonizeError(f"{path}: expected the entries of a session: {error}") from None
    held = list(corpora)
    found = [entry for each in written.entries for entry in _entries(each, held)]
    names = [entry.name for entry in found]
    if len(set(names)) != len(names):
        raise HarmonizeError(f"{path}: expected every entry to have a name of its own")
    return Queue(tuple(_arms(written.control)), tuple(sorted(found, key=lambda entry: -entry.worth)))


def _arms(control: _Control) -> Iterator[Entry]:
    for name, arm in control.arms.items():
        yield Entry(
            name,
            "arm",
            "when a training becomes unsound",
            minutes=control.minutes,
            encoder=control.encoder,
            recipe=control.recipe,
            values={**control.values, **arm.values},
            toy=control.toy,
            stored=arm.stored,
            loaded=arm.loaded,
            steps=control.steps,
        )


def _entries(written: _Entry, held: list[str]) -> Iterator[Entry]:
    """One for each seed, and for each corpus that is left out."""
    for seed, worth in enumerate(written.worth):
        entry = Entry(
            f"{written.name}-{seed}",
            "command" if written.command else "train",
            written.shows,
            worth=worth,
            minutes=written.minutes,
            encoder=written.encoder,
            recipe=written.recipe,
            values=written.values,
            toy=written.toy,
            seed=seed,
            command=written.command,
            against=written.against and f"{written.against}-{seed}",
            alone=written.alone,
        )
        if not written.without:
            yield entry
        for corpus in (corpus for corpus in written.without if corpus in held):
            others = [name for name in held if name != corpus]
            yield replace(
                entry,
                name=f"{written.name}-without-{corpus}-{seed}",
                values={**written.values, "train_on": others},
            )
