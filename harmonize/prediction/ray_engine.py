"""The engine that runs workers on Ray: on the cores or GPUs of this machine, or of a cluster.

Every worker is an actor of a pool of Ray Data, which hands it one shard after the other; it loads the
classifier once, at its first shard. Ray starts a worker that was killed anew, and gives its shard to one
again: parts are put in their places whole, and the same shard gives the same part.

Nothing here imports Ray before it is used.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harmonize.errors import HarmonizeError, InputError, install
from harmonize.prediction.shard_manifest import Shard
from harmonize.prediction.shard_worker import Part, PartMaker, Work, working_folder

__all__ = ["RayEngine"]

_TRIES = 4
"""How often a shard is begun whose worker is killed each time, one that does not fit into memory, say. Ray
itself would begin it for ever."""
_MUTE = logging.CRITICAL + 1


@dataclass(frozen=True)
class RayEngine:
    """Makes parts with a pool of workers.

    A Ray that this process is connected to is taken; else the one that RAY_ADDRESS names or that runs on this
    machine; else one is started for as long as it is needed.

    Args:
        workers: how many; unless given, one for each core, or as many as the GPUs hold.
        gpus_per_worker: may be a fraction, for several workers on one GPU; unless given, 1 if there are GPUs
            and `device` is not "cpu", else 0.

    Raises:
        HarmonizeError: less than one worker, or a share of a GPU that cannot be.
    """

    workers: int | None = None
    gpus_per_worker: float | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise HarmonizeError(f"--workers: expected at least 1, got {self.workers}")
        share = self.gpus_per_worker
        if share is not None and not (0 <= share <= 1 or (share > 1 and share.is_integer())):
            raise HarmonizeError(
                f"--gpus-per-worker: expected a number between 0 and 1, or a whole one, got {share}"
            )

    def __call__(self, work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
        """The parts of shards, as they are finished.

        Raises:
            HarmonizeError: what a worker met, no Ray, or what Ray met.
        """
        ray = _imported()
        with _connected(ray), _faults_in_one_line(), _silent(ray):
            reports = self._reports(ray, _with_whole_paths(work), shards)
            with contextlib.closing(reports):
                yield from map(_part, reports)

    def _reports(self, ray: Any, work: Work, shards: Sequence[Shard]) -> Generator[str, None, None]:
        workers, gpus = self.pool(ray.cluster_resources(), work.device)
        if not gpus and work.device == "auto":
            work = replace(work, device="cpu")
        rows = [{"shard": shard.model_dump_json()} for shard in shards]
        # A block for each shard, and one at a time: a worker that is killed takes no other shard with it.
        # Ray Data starts killed actors anew, and gives them their shards again, unless it is told otherwise.
        answers = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _Worker,
            fn_constructor_args=(work,),
            compute=ray.data.ActorPoolStrategy(
                size=min(workers, len(shards)), max_tasks_in_flight_per_actor=1
            ),
            num_cpus=1,
            num_gpus=gpus,
        )
        for row in answers.iter_rows():
            yield row["report"]

    def pool(self, resources: Mapping[str, float], device: str) -> tuple[int, float]:
        """How many workers, and each one's share of a GPU.

        Raises:
            HarmonizeError: a worker would wait for a GPU for ever.
        """
        cores, gpus = resources.get("CPU", 1.0), resources.get("GPU", 0.0)
        share = self.gpus_per_worker
        if share is None:
            share = 1.0 if gpus and device != "cpu" else 0.0
        if share > gpus:
            raise HarmonizeError(
                f"--gpus-per-worker: expected at most the {gpus:g} GPUs that Ray knows of, got {share:g}"
            )
        workers = self.workers or max(1, int(min(cores, gpus / share) if share else cores))
        return workers, share


class _Worker:
    """What runs in an actor. Faults are told, not raised: Ray would make tracebacks of them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._maker: PartMaker | None = None

    def __call__(self, row: Mapping[str, str]) -> dict[str, str]:
        return {"report": json.dumps(self._report(Shard.model_validate_json(row["shard"])))}

    def _report(self, shard: Shard) -> dict[str, Any]:
        place = self._work.folder / shard.file
        try:
            with _begun(self._work.out, shard) as tries:
                if tries > _TRIES:
                    raise InputError(
                        place,
                        f"expected a shard that a worker can hold, {_TRIES} were killed at it, for want of "
                        f"memory perhaps; take a smaller --batch-size or fewer workers",
                    )
                self._maker = self._maker or PartMaker(self._work)
                return {"part": self._maker(shard).as_dict()}
        except HarmonizeError as error:
            return {"error": str(error)}
        except Exception as error:  # noqa: BLE001  (whatever it is, the user gets it in one line)
            return {"error": f"{place}: {type(error).__name__}: {_first_line(error)}"}


@contextlib.contextmanager
def _begun(out: Path, shard: Shard) -> Iterator[int]:
    """How often a shard was begun, this time included; forgotten at the end of a block that is not killed."""
    path = working_folder(out) / f"{Path(shard.file).name}.tries"
    with path.open("ab") as file:
        file.write(b".")
        tries = file.tell()
    try:
        yield tries
    finally:
        path.unlink(missing_ok=True)


def _part(report: str) -> Part:
    content = json.loads(report)
    if "error" in content:
        raise HarmonizeError(content["error"])
    return Part.from_dict(content["part"])


def _with_whole_paths(work: Work) -> Work:
    """The work as a process in another folder understands it."""
    model = Path(work.model) if isinstance(work.model, str) else work.model
    return replace(
        work,
        source=work.folder.absolute(),
        out=work.out.absolute(),
        model=model.absolute() if isinstance(model, Path) else model,
        extensions=tuple(folder.absolute() for folder in work.extensions),
    )


# Ray


def _imported() -> Any:
    try:
        importlib.import_module("ray.data")
    except ImportError:
        raise HarmonizeError(
            f"--engine ray: expected Ray, found none; install it with {install('ray')}"
        ) from None
    return importlib.import_module("ray")


@contextlib.contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """A Ray for the block; one that was there before is left as it is."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error")
    except Exception as error:
        address = os.environ.get("RAY_ADDRESS", "no RAY_ADDRESS")
        raise HarmonizeError(f"--engine ray: expected a Ray ({address}): {_first_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _faults_in_one_line() -> Iterator[None]:
    """Make a HarmonizeError of what Ray raises in the block."""
    try:
        yield
    except HarmonizeError:
        raise
    except Exception as error:
        about = f"{type(error).__name__}: {_first_line(error)}"
        raise HarmonizeError(
            f"--engine ray: {about}; finished parts stay, and the same command goes on from them"
        ) from error


@contextlib.contextmanager
def _silent(ray: Any) -> Iterator[None]:
    """Keep what Ray Data tells of its progress and faults from standing between our lines."""
    context = ray.data.DataContext.get_current()
    wanted = {"enable_progress_bars": False, "print_on_execution_start": False}
    before = {name: getattr(context, name) for name in wanted if hasattr(context, name)}
    consoles = [
        each for each in logging.getLogger("ray.data").handlers if isinstance(each, logging.StreamHandler)
    ]
    levels = [handler.level for handler in consoles]
    for name in before:
        setattr(context, name, wanted[name])
    for handler in consoles:
        handler.setLevel(_MUTE)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)
        for handler, level in zip(consoles, levels, strict=True):
            handler.setLevel(level)


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "no reason given")
