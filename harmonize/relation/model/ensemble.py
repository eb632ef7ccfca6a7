"""An ensemble: several runs that answer as one, by the mean of their probabilities.

RUN/ensemble.json      the members' folders, and by how much the negatives are raised
RUN/members/1, 2, ...  the members, complete runs of any head
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from harmonize.relation.run_files import ENSEMBLE_FILE, FIRST, RunFile

__all__ = ["ENSEMBLE", "Ensemble"]

ENSEMBLE = "ensemble"
_MEMBERS = "members"
_NOT_COPIED = shutil.ignore_patterns("evaluation", "logs", FIRST)


class Ensemble(RunFile):
    """ensemble.json.

    Attributes:
        members: how many.
        shift: what the logarithms of the negatives' mean probabilities are raised by, so that a pair is
            related above the threshold that was best on the development rows.
    """

    file_name: ClassVar[str] = ENSEMBLE_FILE
    writer: ClassVar[str] = "harmonize ensemble"

    members: int = Field(ge=1)
    shift: float = Field(allow_inf_nan=False)

    def folders(self, run: Path) -> list[Path]:
        """The members' folders below the ensemble's, in order."""
        return [run / _MEMBERS / str(number) for number in range(1, self.members + 1)]

    def copy_members(self, run: Path, members: Sequence[Path]) -> None:
        """Copy each member, as far as it answers, to its folder below the ensemble's."""
        shutil.rmtree(run / _MEMBERS, ignore_errors=True)
        for member, copy in zip(members, self.folders(run), strict=True):
            shutil.copytree(member, copy, ignore=_NOT_COPIED)
