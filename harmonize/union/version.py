"""Which sets this package reads: all of its schema's major version, whatever the minor.

A minor version adds columns that may be null, so that an older set has nulls there and a newer one has
columns that are passed over. A major version changes what stands in a set; such a set is built anew, which
takes a minute, rather than brought over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harmonize.errors import UnionError, shown
from harmonize.union.schema import SCHEMA_VERSION

__all__ = ["check_version", "version_fault"]

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_OWN = tuple(map(int, SCHEMA_VERSION.split(".")))


def check_version(path: Path, manifest: Mapping[str, Any]) -> None:
    """Raises UnionError, with what to do, unless a set of the manifest at `path` can be read."""
    fault = version_fault(manifest)
    if fault is not None:
        raise UnionError(f"{path}: {fault}")


def version_fault(manifest: Mapping[str, Any], *, exact: bool = False) -> str | None:
    """What keeps a set from being read, with what to do about it; None if nothing does.

    Args:
        exact: ask for this minor version too, as what checks or writes the whole of a set has to.
    """
    if "schema_version" not in manifest:
        return None  # Manifest says so, with all else that is missing
    version, length = manifest["schema_version"], 2 if exact else 1
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        return f"expected a schema_version such as {SCHEMA_VERSION}, got {shown(version)}"
    found = (int(match[1]), int(match[2]))
    if found[:length] == _OWN[:length]:
        return None
    wanted = SCHEMA_VERSION if exact else f"{_OWN[0]}.x"
    if found < _OWN:
        return f"expected schema_version {wanted}, got {version}: build the set anew with `harmonize build`"
    builder = shown(manifest.get("package_version"))
    return (
        f"expected schema_version {wanted}, got {version}: install the version of harmonize that built the "
        f"set, {builder}, or a later one"
    )
