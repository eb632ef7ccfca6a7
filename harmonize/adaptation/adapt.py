"""Adaptation: an encoder reads more text, masked word by masked word (Su and Vijay-Shanker 2022).

    DIR/config.json, model.safetensors, tokenizer*   what `harmonize train --encoder DIR` takes
    DIR/adaptation.json                              texts in and out, perplexities, settings, versions

Everything is made in a folder beside DIR, `.DIR.training`, with the checkpoints; the same command goes on
from the last of them, to the same weights as if it had never been stopped.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerState, set_seed

from harmonize import __version__
from harmonize.adaptation.choice import HELD_OUT, TRAINED, Choice, choose
from harmonize.adaptation.fitting import fit
from harmonize.adaptation.kinds import Named, names_of_file, names_of_union
from harmonize.adaptation.masking import MaskedRows, Masking
from harmonize.adaptation.model import Masked, load_masked, perplexity, write_encoder
from harmonize.adaptation.packing import open_rows, pack
from harmonize.adaptation.settings import Settings
from harmonize.adaptation.text import read_texts, text_files
from harmonize.errors import HarmonizeError
from harmonize.relation.model.device import described, device_named, precision_named
from harmonize.relation.model.encoders import ADAPTATION
from harmonize.relation.train.record import Timer
from harmonize.relation.train.work_folder import CHECKPOINTS, being_made
from harmonize.union.known_documents import KnownDocuments, evaluated_documents
from harmonize.union.manifest import file_entry, manifest_hash
from harmonize.writing.json_files import json_text, replace_json
from harmonize.writing.replace import holds_something

__all__ = ["ADAPTATION", "Sources", "adapt"]

_SETTINGS, _INPUTS = "settings.yaml", "inputs.json"
_START, _HEAD, _PREPARED, _MEASURED = "start", "head", "prepared.json", "perplexity.json"
_LOSSES = "losses.json"
_FATES = {TRAINED: "trained", HELD_OUT: "held_out"}
_ROWS = {fate: f"{name}.rows" for fate, name in _FATES.items()}
_BEFORE, _HEAD_ALONE, _AFTER = "before", "head alone", "after"
_MEASURING_SEED = 0
"""Of the masks that are measured with, whatever the adaptation's own: two adaptations are measured alike."""
_PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "numpy")


@dataclass(frozen=True)
class Sources:
    """Where the text is, and what says which of it to take.

    Attributes:
        texts: files, or folders of them; see harmonize.adaptation.text.
        names: a table of kinds and names; see `names_of_file`.
        names_from: a union set whose names to look for.
        leave_out: a union set whose tested documents not to read.
    """

    texts: tuple[Path, ...]
    names: Path | None = None
    names_from: Path | None = None
    leave_out: Path | None = None

    def files(self) -> list[Path]:
        return text_files(self.texts)

    def as_json(self) -> str:
        """What was read, by its content, as a later call compares it."""
        content: dict[str, Any] = {
            "texts": [{"file": file.name, **file_entry(file)} for file in self.files()],
            "names": None if self.names is None else file_entry(self.names),
            "names_from": None if self.names_from is None else manifest_hash(self.names_from),
            "leave_out": None if self.leave_out is None else manifest_hash(self.leave_out),
        }
        return json_text(content, escaped=True)


def adapt(
    sources: Sources,
    settings: Settings,
    out: Path,
    *,
    device: str = "auto",
    fresh: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Path:
    """Adapt an encoder; where an earlier call with the same settings and texts was stopped, go on from there.

    Args:
        out: the folder to be made; must not exist, or be one of these.
        fresh: begin anew, whatever an earlier call left.
        callbacks: more of transformers' callbacks.

    Returns:
        `out`.

    Raises:
        InputError: a text or table that is missing or broken, with file and line.
        HarmonizeError: an encoder or device that is not to be had, no text left, another folder at `out`, or
            a stopped training with other settings.
        UnionError: a set is not whole.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise HarmonizeError("adapt works in one process; start it without torchrun or accelerate")
    if holds_something(out) and not (out / ADAPTATION).is_file():
        raise HarmonizeError(f"{out}: expected a new folder or an adapted encoder, found something else")
    inputs = sources.as_json()
    if not fresh and _is_done(out, inputs, settings):
        return out
    wanted = {_SETTINGS: (settings.as_yaml(), "with other settings"), _INPUTS: (inputs, "on other texts")}
    scratch = (*wanted, _MEASURED, *_ROWS.values())
    with being_made(out, wanted, device=device, fresh=fresh, scratch=scratch) as work:
        _Adaptation(sources, settings, work, device_named(device)).run(callbacks)
        _sweep(work)
    return out


def _is_done(out: Path, inputs: str, settings: Settings) -> bool:
    """True if a folder was made from these very texts with these settings."""
    if not (out / ADAPTATION).is_file():
        return False
    try:
        record = json.loads((out / ADAPTATION).read_text(encoding="utf-8"))
    except ValueError:
        return False
    return bool(
        record.get("inputs") == json.loads(inputs)
        and record.get("settings") == settings.model_dump(mode="json")
    )


class _Adaptation:
    """One adaptation, made in `work` step by step; a step that an earlier call has done is not done again."""

    def __init__(self, sources: Sources, settings: Settings, work: Path, device: torch.device) -> None:
        self.sources, self.settings, self.work, self.device = sources, settings, work, device
        self.bf16 = precision_named(settings.precision, device) == "bf16"
        self.timer = Timer()

    def run(self, callbacks: Sequence[TrainerCallback]) -> None:
        if not (self.work / _PREPARED).is_file():
            self._prepare()
        # Read back as they were written, so that a call that goes on begins with the very same.
        masked = self._loaded(_START)
        self.timer.lap("preparing")
        self._measure(_BEFORE, masked)
        losses: dict[str, list[list[float]]] = {}
        if self.settings.head_steps:
            masked, losses["head"] = self._with_head(masked, callbacks)
            self._measure(_HEAD_ALONE, masked)
            self.timer.lap("head")
        state = self._fit(masked, self.work / CHECKPOINTS, self.settings, callbacks)
        losses["all"] = _losses(state)
        self.timer.lap("training")
        self._measure(_AFTER, masked)
        self.timer.lap("measuring")
        write_encoder(self.work, masked)
        self._write_record(state.global_step, losses)

    def _prepare(self) -> None:
        """Choose the texts, write the encoder to begin with, and pack the texts for its tokenizer."""
        choice = self._choice()
        set_seed(self.settings.seed)
        masked = load_masked(self.settings.encoder, partial(self._chosen, choice, TRAINED))
        length = self.settings.max_length
        if length > masked.max_length:
            raise HarmonizeError(
                f"--max-length: expected at most {masked.max_length}, which is as much as encoder "
                f"{self.settings.encoder} reads, got {length}"
            )
        (self.work / _START).mkdir(exist_ok=True)
        write_encoder(self.work / _START, masked)
        packed = {
            fate: pack(self._chosen(choice, fate), masked.tokenizer, length, self.work / _ROWS[fate])
            for fate in _FATES
        }
        replace_json(
            self.work / _PREPARED,
            {
                "texts": choice.account(),
                **{
                    what: {_FATES[fate]: getattr(packed[fate], what) for fate in _FATES}
                    for what in ("tokens", "rows")
                },
                "output": "made here" if masked.made else "the encoder's own",
            },
        )

    def _choice(self) -> Choice:
        tested = None
        if self.sources.leave_out is not None:
            tested = KnownDocuments(evaluated_documents(self.sources.leave_out))
        named = None
        if self.settings.about:
            names = [] if self.sources.names is None else [*names_of_file(self.sources.names)]
            names += [] if self.sources.names_from is None else names_of_union(self.sources.names_from)
            named = Named(names, self.settings.about)
        texts = read_texts(self.sources.files())
        return choose(texts, self.settings, tested, named)

    def _chosen(self, choice: Choice, fate: int) -> Iterator[str]:
        """The texts of a fate, in another reading than that which decided it."""
        texts = zip(read_texts(self.sources.files()), choice.fates, strict=True)
        try:
            yield from (text.text or "" for text, own in texts if own == fate)
        except ValueError:
            raise HarmonizeError("--text: the files changed while they were read; start again") from None

    def _loaded(self, name: str) -> Masked:
        masked = load_masked(str(self.work / name), tuple)
        return masked._replace(model=masked.model.to(self.device))

    def _rows(self, masked: Masked, fate: int, seed: int) -> MaskedRows:
        rows = open_rows(self.work / _ROWS[fate], self.settings.max_length)
        return MaskedRows(rows, Masking(masked.tokenizer, self.settings.masked), seed)

    def _measure(self, when: str, masked: Masked) -> None:
        """Note the perplexity on the held-out rows, unless it stands there already."""
        measured = self._measured()
        if when not in measured:
            rows = self._rows(masked, HELD_OUT, _MEASURING_SEED)
            batch = 2 * self.settings.batch_size
            measured[when] = perplexity(masked.model, rows, batch, masked.padding, self.bf16)
            replace_json(self.work / _MEASURED, measured)
            print(f"held-out perplexity {when}: {measured[when]:.2f}", file=sys.stderr)

    def _measured(self) -> dict[str, float]:
        path = self.work / _MEASURED
        return dict(_read_json(path)) if path.is_file() else {}

    def _with_head(
        self, masked: Masked, callbacks: Sequence[TrainerCallback]
    ) -> tuple[Masked, list[list[float]]]:
        """The encoder as it was, with an output that has learned alone; and the losses meanwhile."""
        folder = self.work / _HEAD
        if not (folder / _LOSSES).is_file():
            masked.model.base_model.requires_grad_(False)
            alone = self.settings.model_copy(update={"max_steps": self.settings.head_steps})
            state = self._fit(masked, folder / CHECKPOINTS, alone, callbacks)
            write_encoder(folder, masked)
            replace_json(folder / _LOSSES, _losses(state))
        return self._loaded(_HEAD), _read_json(folder / _LOSSES)

    def _fit(
        self, masked: Masked, checkpoints: Path, settings: Settings, callbacks: Sequence[TrainerCallback]
    ) -> TrainerState:
        rows = self._rows(masked, TRAINED, settings.seed)
        return fit(masked, rows, settings, checkpoints, self.device, self.bf16, callbacks)

    def _write_record(self, steps: int, losses: dict[str, list[list[float]]]) -> None:
        replace_json(
            self.work / ADAPTATION,
            {
                "harmonize": __version__,
                "settings": self.settings.model_dump(mode="json"),
                "inputs": _read_json(self.work / _INPUTS),
                **_read_json(self.work / _PREPARED),
                "steps": {"head": self.settings.head_steps, "all": steps},
                "perplexity": self._measured(),
                "losses": losses,
                "seconds": self.timer.laps,
                "device": described(self.device),
                "versions": {
                    "python": platform.python_version(),
                    **{name: metadata.version(name) for name in _PACKAGES},
                },
            },
        )


def _sweep(work: Path) -> None:
    """Remove what only making needs; first what says that it is there, should the process end here."""
    (work / _PREPARED).unlink()
    for name in (_START, _HEAD):
        shutil.rmtree(work / name, ignore_errors=True)


def _losses(state: TrainerState) -> list[list[float]]:
    """[step, mean loss since the last] of each report."""
    return [[entry["step"], entry["loss"]] for entry in state.log_history if "loss" in entry]


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
