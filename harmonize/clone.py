"""Where a clone of the repository keeps harmonize.adapters, harmonize.mappings and harmonize.pipelines.

They stand beside this package there, and inside of it once it is installed. A Python started in a clone finds
the folder `harmonize/` before any installed package, whose three parts would then be out of its sight.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

__all__ = ["CloneFinder", "find_parts"]

_PARTS = ("adapters", "mappings", "pipelines")


class CloneFinder:
    """Finds the three parts, and nothing else, at the top of a clone.

    Args:
        root: the clone.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As sys.meta_path asks it."""
        package, _, name = fullname.rpartition(".")
        if package != __package__ or name not in _PARTS:
            return None
        return PathFinder.find_spec(fullname, [self._root], target)


def find_parts(package: Path) -> None:
    """Let the three parts be found beside the package's folder, if they stand there and not in it.

    An installed package has them in its folder; what stands beside that is none of ours, whatever its name.
    """
    root = package.parent
    if any((package / name).exists() for name in _PARTS):
        return
    if all((root / name / "__init__.py").is_file() for name in _PARTS):
        # Last: an editable install has a finder of its own.
        sys.meta_path.append(CloneFinder(root))
