"""Which split a file of a corpus belongs to, and which part of one it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harmonize.errors import HarmonizeError
from harmonize.formats.lines import numbered_lines
from harmonize.model import SPLITS, Split
from harmonize.sources.article_files import input_files
from harmonize.spec import Format

__all__ = ["files_by_split"]

_NAMES: tuple[tuple[Split, str], ...] = (
    ("train", r"train"),
    ("dev", r"dev|valid|(?<![a-z])val(?![a-z])|tun(e|ing)"),
    ("test", r"test|eval|gold"),
)
_FOLDERS: dict[str, Split] = {
    "dev": "dev",
    "development": "dev",
    "validation": "dev",
    "test": "test",
}
_ROLES = ("abstracts", "entities", "relations")


def files_by_split(arguments: Iterable[str], form: Format) -> dict[Split, list[Path]]:
    """The files of each split, in order.

    Args:
        arguments: files, or folders, which stand for their files at any depth, each SPLIT=FILE or told by
            its name ("CDR_TestSet.txt"); else a file is of train.

    Raises:
        HarmonizeError: no file, or of drugprot-tsv a split without its three.
        MissingInput, MalformedInput: one of these three cannot be read, or a folder is empty.
    """
    found: dict[Split, list[Path]] = {}
    for argument in arguments:
        name, mark, rest = argument.partition("=")
        told = next((split for split in SPLITS if mark and split == name), None)
        path = Path(argument if told is None else rest)
        for file in input_files(path) if path.is_dir() else [path]:
            found.setdefault(told or _split_of(file), []).append(file)
    if not found:
        raise HarmonizeError("expected the files of the corpus, got none")
    ordered = {split: found[split] for split in SPLITS if split in found}
    return (
        {split: _in_roles(split, of) for split, of in ordered.items()} if form == "drugprot-tsv" else ordered
    )


def _split_of(path: Path) -> Split:
    """The split that the file's name tells, or its folder's; train where neither does."""
    for split, pattern in _NAMES:
        if re.search(pattern, path.name, re.IGNORECASE):
            return split
    return _FOLDERS.get(path.parent.name.casefold(), "train")


def _in_roles(split: Split, files: Sequence[Path]) -> list[Path]:
    roles = {_role(path): path for path in files}
    if len(files) != len(_ROLES) or set(roles) != set(_ROLES):
        got = ", ".join(f"{path} ({_role(path)})" for path in files)
        raise HarmonizeError(f"{split}: expected a file of {', of '.join(_ROLES)}, got {got}")
    return [roles[role] for role in _ROLES]


def _role(path: Path) -> str:
    columns = next(numbered_lines(path))[1].split("\t")
    if any(column.startswith("Arg1:") for column in columns):
        return "relations"
    return "abstracts" if len(columns) <= len(_ROLES) else "entities"
