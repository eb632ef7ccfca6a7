"""The course of a session: control, pace, queue. This process starts, watches and ends those of the entries.

They are forked from one that has loaded torch and has not touched the device, so that they begin at once.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import job as jobs
from entries import Entry, read_queue
from gpu_common import commit, hardware, versions
from job import Job
from outcome import LEFT, Outcome, done_before
from pace import GO, MOST, READY, begin_phases, chosen

from harmonize.errors import HarmonizeError
from harmonize.union.manifest import read_manifest

_TO_SCORE = 10.0
"""Seconds before the end by which entries are to be done."""
_TO_WRITE = 4.0
"""Seconds before the end at which they are ended."""
_WORTH_BEGINNING = 0.5
"""Of the minutes that an entry takes."""
_POLL = 0.1
_TOY = {"epochs": 0.1, "batch_size": 8, "max_length": 96, "evaluate_every": None}


@dataclass(eq=False)
class Running:
    """A process at work."""

    job: Job
    process: Any
    begun: float = field(default_factory=time.time)
    noted: float = 0.0

    @property
    def is_alive(self) -> bool:
        return bool(self.process.is_alive())


@dataclass
class Session:
    """One session.

    Attributes:
        pack: what pack.py wrote.
        out: the folder of the results.
        work: for scratch.
        device: "cuda" or "cpu".
        deadline: when it ends, as time.time() counts.
        toy: every entry at toy size.
    """

    pack: Path
    out: Path
    work: Path
    device: str
    deadline: float
    toy: bool = False

    def run(self, have: Path) -> int:
        """The whole course.

        Args:
            have: a folder of earlier sessions' results; what they have done is left out.

        Returns:
            The exit code.
        """
        try:
            self._prepare()
            queue, done = read_queue(self._corpora), done_before(have)
            entries = [entry for entry in queue.entries if entry.name not in done]
            if self.toy:
                entries = [entry for entry in entries if entry.seed == 0]
            if "control" not in done:
                self._control(queue.arms)
            self._queue(entries, self._pace(entries))
        except HarmonizeError as error:
            print(f"session: {error}", file=sys.stderr)
            return error.exit_code
        print(self._outcome.told())
        return 0

    @cached_property
    def _outcome(self) -> Outcome:
        about = self.pack / "pack.json"
        if not about.is_file():
            raise HarmonizeError(f"{about}: expected what benchmarks/gpu/pack.py writes, found none")
        packed = json.loads(about.read_text(encoding="utf-8"))
        return Outcome(
            self.out,
            {
                "benchmark": "gpu/session",
                "command": " ".join(["python", "benchmarks/gpu/session.py", *sys.argv[1:]]),
                "commit": commit() or packed["commit"],
                "date": time.strftime("%Y-%m-%d"),
                "hardware": hardware(),
                "versions": versions("torch", "transformers", "accelerate", "pyarrow"),
                "union": packed["union"],
                "encoders": packed["encoders"],
            },
        )

    @cached_property
    def _corpora(self) -> list[str]:
        return list(read_manifest(self.work / "union")["corpora"])

    @cached_property
    def _context(self) -> Any:
        context = multiprocessing.get_context("forkserver")
        # In this order: the first hides what a bare machine does not have, where that is asked for.
        preloaded = ["bare", "other_jobs", "fine_tuning", "control", "phases"]
        context.set_forkserver_preload([*preloaded, "transformers.models.bert.modeling_bert"])
        return context

    @property
    def _left(self) -> float:
        """Seconds."""
        return self.deadline - time.time()

    # --- processes

    def _start(
        self, entry: Entry, work: str, until: float, others: Iterable[str] = (), **more: Any
    ) -> Running:
        job = Job(
            entry=entry,
            union=self.work / "union",
            encoder=self.work / "encoders" / entry.encoder / entry.stored,
            folder=self.work / "entries" / entry.name,
            device=self.device,
            until=until,
            others=tuple(others),
            toy=_TOY if self.toy else None,
        )
        job.folder.mkdir(parents=True)
        process = self._context.Process(target=jobs.run, args=(job, work), kwargs=more, daemon=True)
        process.start()
        return Running(job, process)

    def _wait(self, running: Sequence[Running], until: float) -> None:
        """Until all have ended, which they are made to when the time is over."""
        while any(each.is_alive for each in running) and time.time() < until:
            time.sleep(_POLL)
        for each in running:
            if each.is_alive:
                each.process.kill()
            each.process.join()
            self._outcome.keep(each.job)

    def _prepare(self) -> None:
        self._outcome.write()
        (self.work / "union").symlink_to((self.pack / "union").absolute())
        more = {"pack": self.pack, "encoders": self.work / "encoders"}
        running = self._start(Entry("prepare", "command", ""), "other_jobs.prepared", self.deadline, **more)
        self._wait([running], self.deadline - _TO_WRITE)
        found = running.job.result()
        if running.process.exitcode != 0:
            raise HarmonizeError(found.get("error", f"the encoders of {self.pack} could not be made ready"))
        self._outcome.record["hardware"] |= found["hardware"]

    # --- the course

    def _control(self, arms: Sequence[Entry]) -> None:
        """All arms side by side, as the trainings were whose cause is sought."""
        seconds = min(60 * arms[0].minutes, self._left / 3)
        until = time.time() + seconds
        running = [self._start(arm, "control.watched", until) for arm in arms]
        self._wait(running, until + max(20.0, seconds / 4))
        for each in running:
            self._outcome.note("control", each.job, each.process.exitcode, time.time() - each.begun)

    def _pace(self, entries: Sequence[Entry]) -> int:
        """How many trainings to run side by side, by a trial of the first entry's."""
        first = next((entry for entry in entries if entry.kind == "train"), None)
        if first is None:
            return 1
        seconds = 0.3 if self.toy else 6.0
        patience = time.time() + min(90.0, self._left / 4)
        until = patience + MOST * seconds + 5
        running = []
        for number in range(MOST):
            name, values = f"pace-{number}", first.values
            entry = Entry(name, "pace", "", encoder=first.encoder, recipe=first.recipe, values=values)
            running.append(self._start(entry, "phases.paced", until, number=number))
        while time.time() < patience and all(each.is_alive for each in running):
            if all((each.job.folder / READY).is_file() for each in running):
                begin_phases(self.work / "entries", seconds, MOST)
                break
            time.sleep(_POLL)
        self._wait(running, until + 5)
        steps: dict[int, float] = {}  # none where not all were ready in time
        if (self.work / "entries" / GO).is_file():
            counted = [each.job.result().get("steps", {}) for each in running]
            for count in range(1, MOST + 1):
                steps[count] = sum(found.get(str(count), 0) for found in counted) / seconds
        self._outcome.record["pace"] = {
            "entry": first.name,
            "seconds": seconds,
            "steps_per_second": {str(count): round(value, 2) for count, value in steps.items()},
            "side_by_side": chosen(steps),
        }
        self._outcome.write()
        return chosen(steps)

    def _queue(self, entries: Sequence[Entry], width: int) -> None:
        """Entries as they are worth, `width` at a time, until the time is over."""
        pending = [entry for entry in entries if (self.work / "encoders" / entry.encoder).is_dir()]
        for entry in entries:
            why = {} if entry in pending else {"why": f"the pack has no encoder {entry.encoder}"}
            self._outcome.entries[entry.name] = {"state": LEFT, "shows": entry.shows, **why}
        running: list[Running] = []
        while self._left > _TO_WRITE and (running or self._next(pending, running, width)):
            running = self._noted(running)
            while entry := self._next(pending, running, width):
                pending.remove(entry)
                running.append(self._begun(entry, entries))
            time.sleep(_POLL)
        self._wait(running, 0.0)
        self._noted(running)

    def _next(self, pending: Sequence[Entry], running: Sequence[Running], width: int) -> Entry | None:
        """What to begin now; None to wait, or where nothing is left that there is time for."""
        if len(running) >= width or any(each.job.entry.alone for each in running):
            return None
        left = self._left - _TO_SCORE
        fitting = (entry for entry in pending if self.toy or left > 60 * entry.minutes * _WORTH_BEGINNING)
        entry = next(fitting, None)
        return None if entry is not None and entry.alone and running else entry

    def _begun(self, entry: Entry, entries: Iterable[Entry]) -> Running:
        others = {entry.against} | {each.name for each in entries if each.against == entry.name}
        work = "other_jobs.commanded" if entry.command else "fine_tuning.trained"
        return self._start(entry, work, self.deadline - _TO_SCORE, sorted(filter(None, others)))

    def _noted(self, running: Sequence[Running]) -> list[Running]:
        """Those that are still at work; what all have to say is noted."""
        ended = [each for each in running if not each.is_alive]
        self._wait(ended, 0.0)
        for each in running:
            written = each.job.written()
            if written > each.noted or each in ended:
                each.noted = written
                code = each.process.exitcode if each in ended else None
                self._outcome.note("entries", each.job, code, time.time() - each.begun)
        return [each for each in running if each not in ended]
