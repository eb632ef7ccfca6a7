"""Running readers on damaged input: what counts as a fault, and workers that a fault cannot take along.

Input number n of a reader is made from the run's seed, the reader's name and n alone, so any can be made
again. A worker (`python fuzz_run.py`) takes a chunk of numbers as a line of JSON and answers with one; while
it works it notes the number at hand in a small shared file. The watchdog ends a worker whose number stands
still, and starts another one behind it.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

from fuzz_mutations import Files, mutated
from fuzz_targets import TARGETS, Target

from harmonize.errors import AccountingError, HarmonizeError

__all__ = [
    "CHUNK",
    "REHEARSALS",
    "Fault",
    "Fleet",
    "Tally",
    "Workspace",
    "input_of",
    "judged",
    "read_input",
    "saved",
]

SECONDS = 5.0  # of processor time that one input may take
PATIENCE = 20.0  # seconds of processor time until the watchdog believes that nothing will come
STILLNESS = 10  # times as many seconds of the wall clock, for one that waits and does nothing
MEMORY = 6 << 30  # bytes of addresses that a worker may have
GROWTH = 400 << 10  # KiB by which one input may raise the most memory that a worker has held
RETIRED = 1500 << 10  # KiB of memory at which a worker is replaced, since caches of tokens grow
CHUNK = 250

_BEAT = "qdd"  # number of the input, time of the wall clock and processor time when it began
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(frozen=True)
class Fault:
    """An input on which a reader did what none may do.

    Attributes:
        kind: the class of what was raised, or "hang", "crash", "slow", "memory", "message".
        place: where, so that one fault of the code counts once.
    """

    reader: str
    index: int
    kind: str
    place: str
    message: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return (
            self.kind,
            self.place,
            self.reader if self.kind in ("hang", "crash", "slow", "memory") else "",
        )


@dataclass
class Tally:
    """What came of the inputs of one reader.

    Attributes:
        refused: class of the error -> inputs.
        messages: hashes of the distinct messages, without digits and quoted text.
        slowest: processor seconds, and of which input.
    """

    inputs: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    messages: set[int] = field(default_factory=set)
    longest_message: int = 0
    slowest: tuple[float, int] = (0.0, -1)
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.read += other.read
        self.refused += other.refused
        self.messages |= other.messages
        self.longest_message = max(self.longest_message, other.longest_message)
        self.slowest = max(self.slowest, other.slowest)
        self.seconds += other.seconds
        self.faults += other.faults

    def packed(self) -> dict[str, Any]:
        """As JSON can hold it."""
        faults = [asdict(fault) for fault in self.faults]
        return {**vars(self), "messages": sorted(self.messages), "faults": faults}

    @classmethod
    def unpacked(cls, value: dict[str, Any]) -> Tally:
        changed = {
            "refused": Counter(value["refused"]),
            "messages": set(value["messages"]),
            "slowest": tuple(value["slowest"]),
            "faults": [Fault(**fault) for fault in value["faults"]],
        }
        return cls(**{**value, **changed})

    def shown(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "read": self.read,
            "refused": dict(sorted(self.refused.items())),
            "distinct_messages": len(self.messages),
            "longest_message": self.longest_message,
            "processor_seconds": round(self.seconds, 1),
            "slowest_ms": round(self.slowest[0] * 1000, 1),
            "slowest_input": self.slowest[1],
            "faults": len(self.faults),
        }


# One input


def input_of(target: Target, seeds: Sequence[Files], seed: int, index: int) -> Files:
    """Input number `index` of a reader: a seed with damage, or, at first, each seed as it is."""
    if index < len(seeds):
        return seeds[index]
    random = Random(f"{seed}/{target.name}/{index}")
    return mutated(random, random.choice(seeds), seeds, target.fixed)


def _memory() -> str | None:
    """A folder for temporary files that is no disk, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class Workspace:
    """A folder in memory that holds one input after the other."""

    def __init__(self, inside: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="harmonize-fuzz-", dir=inside or _memory()))
        self._root = self.folder / "input"
        self._lying: Files = {}

    def lay_out(self, files: Files) -> Path:
        """The folder with an input in it, and nothing else."""
        tops = {name.partition("/")[0] for name in files}
        if files.keys() != self._lying.keys() or tops != {path.name for path in self._root.iterdir()}:
            shutil.rmtree(self._root, ignore_errors=True)
            self._lying = {}
            for name in files:
                (self._root / name).parent.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            if self._lying.get(name) is not data:
                (self._root / name).write_bytes(data)
        self._lying = dict(files)
        return self._root

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def judged(target: Target, folder: Path, index: int = -1) -> tuple[str, str] | Fault:
    """("read", ""), or the class and message of a proper refusal, or the fault."""
    try:
        target.read(folder)
    except AccountingError as error:
        return Fault(target.name, index, "AccountingError", _place(error), str(error)[:300])
    except HarmonizeError as error:
        message = str(error)
        if len(message.splitlines()) != 1 or not message.strip() or not _is_encodable(message):
            return Fault(target.name, index, "message", _place(error), repr(message[:300]))
        return type(error).__name__, message.replace(str(folder), "")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # what is looked for
        return Fault(target.name, index, type(error).__name__, _place(error), str(error)[:300])
    return "read", ""


def _is_encodable(message: str) -> bool:
    try:
        message.encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(error: BaseException) -> str:
    """The innermost line of the package that the error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame for frame in frames if "/tests/" not in frame.filename and "/benchmarks/" not in frame.filename
    ]
    ours = [f for f in ours if "site-packages" not in f.filename and "/lib/python" not in f.filename] or ours
    return f"{'/'.join(Path(ours[-1].filename).parts[-2:])}:{ours[-1].name}:{ours[-1].line}" if ours else "?"


def read_input(target: Target, files: Files, index: int, space: Workspace, tally: Tally) -> None:
    """Read one input and count what came of it."""
    folder = space.lay_out(files)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    verdict = judged(target, folder, index)
    seconds = time.process_time() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    tally.inputs += 1
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, (seconds, index))
    if seconds > SECONDS:
        tally.faults.append(Fault(target.name, index, "slow", target.name, f"{seconds:.1f} s"))
    if grown > GROWTH and tally.inputs > 1:
        tally.faults.append(Fault(target.name, index, "memory", target.name, f"{grown >> 10} MiB more"))
    if isinstance(verdict, Fault):
        tally.faults.append(verdict)
    elif verdict[0] == "read":
        tally.read += 1
    else:
        tally.refused[verdict[0]] += 1
        plain = re.sub(r"\d+", "", _QUOTED.sub("''", verdict[1][:2000]))
        tally.messages.add(int.from_bytes(blake2b(plain.encode(), digest_size=7).digest(), "big"))
        tally.longest_message = max(tally.longest_message, len(verdict[1]))


def saved(fault: Fault, files: Files, folder: Path) -> Path:
    """Keep an input that shows a fault; the folder that it is in."""
    name = re.sub(r"[^\w.-]+", "-", f"{fault.kind} {fault.reader} {fault.index}")
    place = folder / name
    for file, data in files.items():
        path = place / "input" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (place / "fault.json").write_text(json.dumps(asdict(fault), indent=1) + "\n", encoding="utf-8")
    return place


# A worker


def _hang(folder: Path) -> None:
    """Works for ever where it finds something, and waits for ever where it finds nothing."""
    content = (folder / "a.txt").read_bytes()
    while content != b"good":
        if not content:
            time.sleep(0.01)


def _crash(folder: Path) -> None:
    if (folder / "a.txt").read_bytes() != b"good":
        os.abort()


def _good(mirror: Path | None) -> list[Files]:
    return [{"a.txt": b"good"}] * 3


REHEARSALS = {"a hang": Target("a hang", _good, _hang), "a crash": Target("a crash", _good, _crash)}
"""What no reader does, to test the watchdog with: of damaged input none is read."""


def _work(seed: int, mirror: Path | None, heartbeat: Path) -> None:
    """Answer chunks of numbers until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    space, seeds = Workspace(heartbeat.parent), {}
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    with heartbeat.open("r+b") as file, mmap.mmap(file.fileno(), struct.calcsize(_BEAT)) as beat:
        print("ready", file=answers, flush=True)
        for line in sys.stdin:
            name, start, stop = json.loads(line)
            target = (TARGETS | REHEARSALS)[name]
            if name not in seeds:
                seeds[name] = target.seeds(mirror)
            tally = Tally()
            for index in range(start, stop):
                files = input_of(target, seeds[name], seed, index)
                beat[:] = struct.pack(_BEAT, index, time.monotonic(), time.process_time())
                read_input(target, files, index, space, tally)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps([tally.packed(), memory]), file=answers, flush=True)
    space.close()


class _Worker:
    """A worker process and the chunk that it has."""

    def __init__(self, seed: int, mirror: Path | None, folder: Path) -> None:
        handle, name = tempfile.mkstemp(dir=folder)
        os.write(handle, bytes(struct.calcsize(_BEAT)))
        os.close(handle)
        self._heartbeat = Path(name)
        self._log = self._heartbeat.with_suffix(".err").open("w+b")
        command = [sys.executable, __file__, str(seed), str(mirror or ""), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=_environment()
        )
        if self._answered() != b"ready\n":
            raise RuntimeError(f"expected a worker, got: {self.last_words()}")
        self.chunk: tuple[str, int, int] | None = None

    def _answered(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def fileno(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def give(self, chunk: tuple[str, int, int]) -> None:
        assert self._process.stdin is not None
        self.chunk = chunk
        with self._heartbeat.open("r+b") as file:  # never cut: the worker has it in memory
            file.write(struct.pack(_BEAT, chunk[1], time.monotonic(), self._processor_time()))
        self._process.stdin.write(json.dumps(chunk).encode() + b"\n")
        self._process.stdin.flush()

    def _processor_time(self) -> float:
        """Seconds that the process has worked so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def at(self) -> int:
        """The number of the input at hand."""
        return int(struct.unpack(_BEAT, self._heartbeat.read_bytes())[0])

    def is_stuck(self, patience: float) -> bool:
        """True if the input at hand has taken so much processor time, or far more of the wall clock."""
        _, since, worked = struct.unpack(_BEAT, self._heartbeat.read_bytes())
        waited = time.monotonic() - since
        return waited > patience and (
            waited > STILLNESS * patience or self._processor_time() - worked > patience
        )

    def answer(self) -> tuple[Tally, int] | None:
        """What came of the chunk and how much memory the worker has held; None if it died."""
        line = self._answered()
        if not line.endswith(b"\n"):
            return None
        value, memory = json.loads(line)
        self.chunk = None
        return Tally.unpacked(value), memory

    def last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        code = self._process.poll()
        return " ".join([f"exit {code}", *(lines[:1]), *lines[-1:]])[:300]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._log.close()


def _environment() -> dict[str, str]:
    """One thread a worker: pyarrow and numpy would start one a core."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PYTHONFAULTHANDLER": "1",
    }


class Fleet:
    """Workers that share the chunks of a run.

    Args:
        patience: seconds of processor time until an input counts as one that never ends.
    """

    def __init__(
        self, seed: int, workers: int, mirror: Path | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._seed, self._mirror, self._patience = seed, mirror, patience
        self._folder = Path(tempfile.mkdtemp(prefix="harmonize-fuzz-", dir=_memory()))
        self._workers = [self._started() for _ in range(workers)]

    def _started(self) -> _Worker:
        return _Worker(self._seed, self._mirror, self._folder)

    def run(self, chunks: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, Tally]]:
        """(reader, what came of some of its inputs), as it comes, until all chunks are done."""
        waiting = list(chunks)[::-1]
        idle, busy = list(self._workers), []
        while waiting or busy:
            while waiting and idle:
                worker = idle.pop()
                worker.give(waiting.pop())
                busy.append(worker)
            for worker in select.select(busy, [], [], 0.5)[0]:
                busy.remove(worker)
                name = worker.chunk[0]
                answer = worker.answer()
                if answer is None:
                    yield name, self._lost(worker, "crash", waiting)
                    idle.append(self._workers[-1])
                else:
                    yield name, answer[0]
                    idle.append(worker if answer[1] < RETIRED else self._replaced(worker))
            for worker in [w for w in busy if w.is_stuck(self._patience)]:
                busy.remove(worker)
                name = worker.chunk[0]
                yield name, self._lost(worker, "hang", waiting)
                idle.append(self._workers[-1])

    def _lost(self, worker: _Worker, kind: str, waiting: list[tuple[str, int, int]]) -> Tally:
        """The tally of the input that took a worker along; the rest of its chunk waits again."""
        name, start, stop = worker.chunk
        index = worker.at()
        if kind == "hang":
            os.kill(worker._process.pid, signal.SIGABRT)
            worker._process.wait(10)
        words = worker.last_words()
        waiting += [(name, *part) for part in ((index + 1, stop), (start, index)) if part[0] < part[1]]
        self._replaced(worker)
        return Tally(inputs=1, faults=[Fault(name, index, kind, name, words)])

    def _replaced(self, worker: _Worker) -> _Worker:
        worker.end()
        self._workers.remove(worker)
        self._workers.append(self._started())
        return self._workers[-1]

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        shutil.rmtree(self._folder, ignore_errors=True)


if __name__ == "__main__":
    _work(int(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, Path(sys.argv[3]))
