"""What a GPU machine is taken to have: a bare Python with five packages, what these need, and nothing else.

Imported with HARMONIZE_FOREIGN set, the path of a JSON list, this module makes the process such a machine:
the modules of that list are as if they were not installed. Until then it needs the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

BARE = ("torch", "transformers", "accelerate", "pyarrow", "typer")
UNSURE = frozenset({"pydantic"})
"""What only newer versions of the five need (typer), so that a machine may lack it."""
BROUGHT = ("pydantic",)
"""What training and evaluation need beside; a session's rehearsal fails where something is missing here."""
FOREIGN = "HARMONIZE_FOREIGN"


class _Without:
    """A finder of modules that does not find some.

    Args:
        finder: what finds all others.
        foreign: the names of top-level modules.
    """

    def __init__(self, finder: Any, foreign: frozenset[str]) -> None:
        self._finder, self._foreign = finder, foreign

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As sys.meta_path asks it."""
        if fullname.partition(".")[0] in self._foreign:
            return None
        found: ModuleSpec | None = self._finder.find_spec(fullname, path, target)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


def hide(foreign: frozenset[str]) -> None:
    """Make this process unable to find some top-level modules."""
    sys.meta_path[:] = [_Without(finder, foreign) for finder in sys.meta_path]


def foreign_modules() -> list[str]:
    """The top-level modules installed here that neither a bare machine nor a pack has."""
    own = {*_bare(), *brought(), "harmonize", "pip", "setuptools"}
    return sorted(
        module
        for module, names in metadata.packages_distributions().items()
        if not own.intersection(map(_normal, names))
    )


def _bare() -> set[str]:
    return with_needs(BARE, without=UNSURE)


def with_needs(packages: Iterable[str], without: frozenset[str] = frozenset()) -> set[str]:
    """Names of packages, with those of all installed packages that they need.

    Args:
        without: packages that are not looked at.
    """
    waiting, found = [_normal(name) for name in packages], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found | without and _is_installed(name):
            found.add(name)
            waiting += _needs(name)
    return found


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _needs(name: str) -> Iterator[str]:
    from packaging.requirements import Requirement

    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _normal(requirement.name)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought() -> list[str]:
    """The packages that a pack brings, with all that they need and a bare machine lacks."""
    return sorted(with_needs(BROUGHT) - _bare())


def environment(paths: Iterable[Path], foreign: Path | None = None) -> dict[str, str]:
    """The variables of a session's processes: where modules are, no network, which modules are hidden."""
    found = dict(os.environ)
    found["PYTHONPATH"] = os.pathsep.join([*map(str, paths), *filter(None, [found.get("PYTHONPATH")])])
    found["HF_HUB_OFFLINE"] = "1"
    if foreign is not None:
        found[FOREIGN] = str(foreign)
    return found


def hidden() -> frozenset[str]:
    """The top-level modules that this process is not to find."""
    if FOREIGN not in os.environ:
        return frozenset()
    return frozenset(json.loads(Path(os.environ[FOREIGN]).read_text(encoding="utf-8")))


if hidden():
    hide(hidden())
