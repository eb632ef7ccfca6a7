"""What the modules of this folder share: the repository's place, and what all benchmarks share."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

__all__ = ["PATHS", "ROOT", "commit", "hardware", "versions", "write"]

ROOT = Path(__file__).absolute().parent.parent.parent
PATHS = (ROOT, Path(__file__).absolute().parent, Path(__file__).absolute().parent.parent)
"""Where a process of a session finds the package and the benchmarks."""

sys.path += [str(path) for path in PATHS if str(path) not in sys.path]
_common = import_module("common")
commit, hardware, versions, write = (
    getattr(_common, name) for name in ("commit", "hardware", "versions", "write")
)
