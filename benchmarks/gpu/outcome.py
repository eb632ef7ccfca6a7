"""What a session leaves: session.json, the predictions, and what was printed."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_common import write
from job import LOG, PREDICTIONS, Job

from harmonize.writing.replace import new_path

SESSION, ALL_PREDICTIONS, LOGS = "session.json", "predictions.zip", "log.txt"
BEGUN, DONE, CUT, FAILED, ENDED, LEFT = "begun", "done", "cut short", "failed", "ended", "not begun"
"""How far an entry came. CUT: its time was up, what it had is scored. ENDED: what it had written stands."""


@dataclass
class Outcome:
    """The results of a session, written whenever there is more of them.

    Attributes:
        out: their folder.
        record: what session.json says.
    """

    out: Path
    record: dict[str, Any]

    @property
    def entries(self) -> dict[str, Any]:
        entries: dict[str, Any] = self.record.setdefault("entries", {})
        return entries

    def write(self) -> None:
        write(self.record, self.out / SESSION)

    def note(self, where: str, job: Job, code: int | None, seconds: float) -> None:
        """Keep what an entry has written so far.

        Args:
            where: "entries" or "control".
            code: its process' exit code; None while it is at work.
        """
        found = job.result()
        entry = job.entry
        about = {
            "state": _state(code, found),
            "shows": entry.shows,
            "encoder": entry.encoder,
            "seed": entry.seed,
        }
        self.record.setdefault(where, {})[entry.name] = {**about, "seconds": round(seconds, 1), **found}
        self.write()

    def keep(self, job: Job) -> None:
        """Keep what an entry that has ended printed, and its predictions."""
        self.out.mkdir(parents=True, exist_ok=True)
        log = job.folder / LOG
        printed = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        with (self.out / LOGS).open("a", encoding="utf-8") as file:
            file.write(f"== {job.entry.name}\n{printed}")
        predictions = job.folder / PREDICTIONS
        if predictions.is_file():
            self._add(f"{job.entry.name}.parquet", predictions.read_bytes())

    def _add(self, name: str, content: bytes) -> None:
        target = self.out / ALL_PREDICTIONS
        kept = {name: content}
        if target.is_file():
            with zipfile.ZipFile(target) as archive:
                kept = {**{each: archive.read(each) for each in archive.namelist()}, **kept}
        with new_path(target) as part, zipfile.ZipFile(part, "w") as archive:
            for each, its_content in kept.items():
                archive.writestr(each, its_content)

    def told(self) -> str:
        """A line for each entry."""
        lines = [f"{self.record.get('pace', {}).get('side_by_side', 1)} side by side"]
        for name, found in {**self.record.get("control", {}), **self.entries}.items():
            score = (found.get("biorex") or found.get("binary") or {}).get("f1")
            said = [found["state"], *([] if score is None else [f"F {100 * score:.1f}"])]
            said += [str(found[key]) for key in ("first_not_finite", "error", "why") if key in found]
            lines.append(f"{name}: {', '.join(said)}")
        return "\n".join(lines)


def _state(code: int | None, found: dict[str, Any]) -> str:
    if code is None:
        return BEGUN
    if code < 0:
        return ENDED
    if code > 0:
        return FAILED
    return CUT if found.get("cut") else DONE


def done_before(folder: Path) -> set[str]:
    """What earlier sessions have done: names of entries, and "control"."""
    done: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        earlier = json.loads(path.read_text(encoding="utf-8"))
        done |= {name for name, found in earlier.get("entries", {}).items() if found["state"] == DONE}
        if {found["state"] for found in earlier.get("control", {}).values()} == {DONE}:
            done.add("control")
    return done
