"""An ensemble: several runs that answer as one, by the mean of their probabilities.

RUN/ensemble.json      the members' folders, and by how much the negatives are raised
RUN/members/1, 2, ...  the members, complete runs of any head
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from harmonize.errors import MalformedInput
from harmonize.relation.run_files import ENSEMBLE_FILE, FIRST
from harmonize.writing.json_files import write_json

__all__ = ["ENSEMBLE", "Ensemble"]

ENSEMBLE = "ensemble"
_MEMBERS = "members"
_NOT_COPIED = shutil.ignore_patterns("evaluation", "logs", FIRST)


@dataclass(frozen=True)
class Ensemble:
    """ensemble.json.

    Attributes:
        members: how many.
        shift: what the logarithms of the negatives' mean probabilities are raised by, so that a pair is
            related above the threshold that was best on the development rows.
    """

    members: int
    shift: float

    def folders(self, run: Path) -> list[Path]:
        """The members' folders below the ensemble's, in order."""
        return [run / _MEMBERS / str(number) for number in range(1, self.members + 1)]

    def write(self, run: Path, members: Sequence[Path]) -> None:
        """ensemble.json and a copy of each member, as far as it answers."""
        shutil.rmtree(run / _MEMBERS, ignore_errors=True)
        for member, copy in zip(members, self.folders(run), strict=True):
            shutil.copytree(member, copy, ignore=_NOT_COPIED)
        write_json(run / ENSEMBLE_FILE, asdict(self), escaped=True)

    @classmethod
    def read(cls, run: Path) -> Ensemble:
        """The ensemble of a run.

        Raises:
            MalformedInput: the file is broken.
        """
        path = run / ENSEMBLE_FILE
        try:
            found = cls(**json.loads(path.read_text(encoding="utf-8")))
            whole = int(found.members) > 0 and bool(np.isfinite(found.shift))
        except (ValueError, TypeError) as error:
            raise MalformedInput(path, f"expected what `harmonize ensemble` writes: {error}") from None
        if not whole:
            raise MalformedInput(path, "expected at least one member, and a finite shift")
        return found
