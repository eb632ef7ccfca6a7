"""harmonize leaks: the comparison of a set's documents, made again over the finished set."""

from __future__ import annotations

import shutil
from pathlib import Path

from harmonize.errors import UnionError
from harmonize.spec import load_leak_settings
from harmonize.union.finish import finish
from harmonize.union.leaks import Repeat, find_repeats, leaks_into
from harmonize.union.manifest import nary_files, read_manifest
from harmonize.union.nary import rewrite_nary_leaks
from harmonize.union.partition import PartitionFile
from harmonize.union.reader import union_files
from harmonize.union.schema import DOCUMENTS, DROPPED, MANIFEST, SET_FILES
from harmonize.union.version import version_fault
from harmonize.union.writer import rewrite_leaks
from harmonize.writing.replace import new_folder

__all__ = ["compare_documents"]


def compare_documents(union: Path, settings_file: Path | None = None) -> list[Repeat]:
    """Find the repeats of a set anew, and put the set with them in the place of the older one.

    What else stands in its folder, such as a report, stays as it is.

    Args:
        settings_file: when documents repeat each other; the package's leaks.yaml unless given.

    Returns:
        The pairs of documents that repeat each other.

    Raises:
        HarmonizeError: the set is not whole, or the settings have faults; the set then stays as it was.
    """
    manifest, settings = read_manifest(union), load_leak_settings(settings_file)
    fault = version_fault(manifest, exact=True)
    if fault is not None:
        raise UnionError(f"{union / MANIFEST}: {fault}")
    repeats = find_repeats(union, settings)
    leaks = leaks_into(repeats)
    with new_folder(union) as folder:
        for name in (DOCUMENTS, DROPPED):
            shutil.copyfile(union / name, folder / name)
        for file in union_files(union, manifest, None, None):
            target = folder / file.path.relative_to(union)
            target.parent.mkdir(parents=True)
            rewrite_leaks(file, target, leaks)
        for corpus, split, part in nary_files(manifest):
            (folder / part["file"]).parent.mkdir(parents=True)
            source = PartitionFile(corpus, split, union / part["file"])
            rewrite_nary_leaks(source, folder / part["file"], leaks)
        finish(folder, manifest, repeats, settings)
        for path in union.iterdir():
            if path.name not in SET_FILES:
                _copy(path, folder / path.name)
    return repeats


def _copy(path: Path, target: Path) -> None:
    """Copy a file, a folder or a link as what it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True)
    else:
        shutil.copy2(path, target, follow_symlinks=False)
