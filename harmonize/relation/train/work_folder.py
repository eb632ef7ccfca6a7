"""The folder beside RUN in which it is made: begun with a recipe and a set, gone on from, put in place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.knowledge import KNOWLEDGE_FILE, knowledge_hash
from harmonize.relation.model.device import device_named
from harmonize.relation.recipe import Recipe, load_recipe, stages
from harmonize.relation.run_files import FIRST, RECIPE, TRAINING, TrainingRecord
from harmonize.relation.select.pseudo import pseudo_hash
from harmonize.relation.train.record import model_hashes
from harmonize.union.manifest import manifest_hash
from harmonize.writing.alone import alone_in
from harmonize.writing.replace import holds_something, put

__all__ = [
    "CHECKPOINTS",
    "SCRATCH",
    "being_made",
    "copy_stage",
    "has_begun",
    "is_done",
    "is_first_process",
    "last_checkpoint",
    "made_from",
]

CHECKPOINTS = "checkpoints"
_SET, _PSEUDO, _KNOWLEDGE, _MODELS = "set.sha256", "pseudo.sha256", "knowledge.sha256", "models.sha256"

_NOT_WRITTEN = ("PytorchStreamWriter", "inline_container", "iostream")
"""What torch speaks of where it cannot write."""

SCRATCH = (_SET, _PSEUDO, _KNOWLEDGE, _MODELS)
"""Files that only making a run needs."""


def last_checkpoint(checkpoints: Path) -> Path | None:
    """The last checkpoint; one that was cut off while it was written lacks its state, which comes last."""
    whole = [path.parent for path in checkpoints.glob(f"checkpoint-*/{TRAINER_STATE_NAME}") if _is_json(path)]
    return max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def is_done(out: Path, union: Path, recipe: Recipe) -> bool:
    """True if a run is of this very recipe and set, and of what the recipe names: pseudo-labels, encoder.

    A folder of an encoder or teacher that is gone, or that an older run does not tell of, is as it was.

    Raises:
        MissingInput: there are no such pseudo-labels.
    """
    if _kept_recipe(out) != recipe:
        return False
    if TrainingRecord.read(out).union.manifest_sha256 != manifest_hash(union):
        return False
    if any(
        knowledge_hash(path) != knowledge_hash(folder / KNOWLEDGE_FILE)
        for folder, path in zip((out / FIRST, out)[-len(stages(recipe)) :], _knowledge(recipe), strict=True)
        if path is not None
    ):
        return False
    records = [TrainingRecord.read(folder) for folder in (out / FIRST, out)[-len(stages(recipe)) :]]
    for record, models in zip(records, map(model_hashes, stages(recipe)), strict=True):
        if any(record.models.get(what, wanted) != wanted for what, wanted in models.items()):
            return False
    pseudo = [record.pseudo and record.pseudo.sha256 for record in records]
    return pseudo == _pseudo_hashes(recipe)


def _kept_recipe(out: Path) -> Recipe | None:
    """The recipe of a run, values that are newer than it filled in; None where none can be read."""
    try:
        return load_recipe(out / RECIPE)
    except HarmonizeError:
        return None


def _pseudo_hashes(recipe: Recipe) -> list[str | None]:
    """The hash of the pseudo-labels of each stage, None for one without."""
    return [None if stage.pseudo is None else pseudo_hash(Path(stage.pseudo)) for stage in stages(recipe)]


def _knowledge(recipe: Recipe) -> list[Path | None]:
    """The table of descriptions of each stage, None for one without."""
    return [None if stage.knowledge is None else Path(stage.knowledge) for stage in stages(recipe)]


def made_from(union: Path, recipe: Recipe) -> dict[str, tuple[str, str]]:
    """What a run is made from, as `being_made` wants it.

    Raises:
        MissingInput: there are no such pseudo-labels.
    """
    wanted = {
        RECIPE: (recipe.as_yaml(), "of another recipe"),
        _SET: (manifest_hash(union) + "\n", "on another set"),
    }
    hashes = _pseudo_hashes(recipe)
    if any(hashes):
        wanted[_PSEUDO] = ("".join(f"{each}\n" for each in hashes), "on other pseudo-labels")
    known = [knowledge_hash(path) for path in _knowledge(recipe) if path is not None]
    if known:
        wanted[_KNOWLEDGE] = ("".join(f"{each}\n" for each in known), "with other knowledge")
    models = [hashed for stage in stages(recipe) for hashed in model_hashes(stage).values()]
    if models:
        wanted[_MODELS] = ("".join(f"{each}\n" for each in models), "from another encoder or teacher")
    return wanted


@contextlib.contextmanager
def being_made(
    out: Path,
    wanted: Mapping[str, tuple[str, str]],
    *,
    device: str,
    fresh: bool,
    replace: bool = False,
    scratch: Collection[str],
) -> Iterator[Path]:
    """The folder to work in, begun anew or gone on from; at the end of the block it is put in `out`'s place.

    If the block raises a HarmonizeError before its first checkpoint, nothing is left that would stand in the
    way of the mended command.

    Args:
        wanted: file -> (its text, what a training is whose file reads otherwise, for the error).
        device: on which to train.
        fresh: begin anew, whatever is there.
        replace: what is finished and stands at `out` is to be replaced at the end, as with `fresh`.
        scratch: files that are not put in place.

    Raises:
        AtWork: another training is in there.
        HarmonizeError: something else was begun, or is finished there; or no such device.
    """
    work = out.with_name(f".{out.name}.training")
    if holds_something(out) and not (fresh or replace or has_begun(work)):
        raise HarmonizeError(
            f"{out}: another one is finished here, of other settings or inputs; take another --out, or "
            "--fresh to replace it"
        )
    with alone_in(work, "training") if is_first_process() else contextlib.nullcontext():
        is_new = not work.parent.exists()
        if fresh:
            _begin_anew(work, device_named(device))
        _begin(work, wanted)
        try:
            with _full_disk_told(work):
                yield work
        except HarmonizeError:
            if is_first_process() and not has_begun(work):
                shutil.rmtree(work, ignore_errors=True)
                if is_new:
                    with contextlib.suppress(OSError):  # another is at work beside
                        work.parent.rmdir()
            raise
        _finish(work, out, scratch)


@contextlib.contextmanager
def _full_disk_told(work: Path) -> Iterator[None]:
    """One line for what safetensors and torch say where they cannot write: no OSError, as all others do."""
    try:
        yield
    except (SafetensorError, RuntimeError) as error:
        said = next(iter(str(error).splitlines()), "")
        if not isinstance(error, SafetensorError) and not any(sign in said for sign in _NOT_WRITTEN):
            raise
        raise HarmonizeError(f"{work}: expected room to write checkpoints: {said}") from None


def _begin_anew(work: Path, device: torch.device) -> None:
    """Remove what earlier trainings left in the folder; every process then finds it gone.

    Args:
        device: on which the processes train.
    """
    # They meet as transformers lets them meet to train.
    processes = TrainingArguments(output_dir=str(work), use_cpu=device.type == "cpu", report_to="none")
    with processes.main_process_first(local=False):
        if is_first_process():
            shutil.rmtree(work, ignore_errors=True)


def _begin(work: Path, wanted: Mapping[str, tuple[str, str]]) -> None:
    others = [what for name, (text, what) in wanted.items() if not _reads(work / name, text)]
    if others and has_begun(work):
        raise HarmonizeError(
            f"{work}: a training {others[0]} was stopped here; take the same, or another --out, or --fresh"
        )
    if others and is_first_process():
        # What was prepared for another training is of no use.
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name, (text, _) in wanted.items():
            part = work / f"{name}.part"
            part.write_text(text, encoding="utf-8")
            part.replace(work / name)


def _reads(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def copy_stage(run: Path, first: Path) -> None:
    """Put a copy of a finished run where a first stage is trained, in the place of what was begun there."""
    if not is_first_process():
        return
    part = first.with_name(f"{first.name}.part")
    for folder in (part, first):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run, part)
    part.replace(first)


def has_begun(work: Path) -> bool:
    """True if something in a folder to work in is worth going on from."""
    return any(work.rglob(f"{CHECKPOINTS}/checkpoint-*")) or (work / FIRST / TRAINING).is_file()


def _finish(work: Path, out: Path, scratch: Collection[str]) -> None:
    """Put the finished run in its place, without its checkpoints and the files that only making it needs."""
    if not is_first_process():
        return
    for checkpoints in [*work.rglob(CHECKPOINTS)]:
        shutil.rmtree(checkpoints)
    for name in scratch:
        (work / name).unlink(missing_ok=True)
    put(work, out)
    # An older run that stood at `out` is there now.
    shutil.rmtree(work, ignore_errors=True)


def is_first_process() -> bool:
    """True but in the further processes that torchrun or accelerate start."""
    return int(os.environ.get("RANK", "0")) == 0
