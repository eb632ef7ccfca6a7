"""Which split a file of a corpus belongs to, and which part of one it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.files import user_files
from harmonize.formats.article_forms import HEAD, form_of
from harmonize.formats.lines import numbered_lines, unpacked
from harmonize.model import SPLITS, Split
from harmonize.sources.article_files import GZIP, TAR, ZIP, input_files
from harmonize.spec import Format

__all__ = ["CorpusFiles", "corpus_files"]

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


class CorpusFiles(NamedTuple):
    """The files of a corpus.

    Attributes:
        by_split: in order.
        passed_over: files of folders that are not in the format, a README for example.
    """

    by_split: dict[Split, list[Path]]
    passed_over: list[Path]


def corpus_files(arguments: Iterable[str], form: Format) -> CorpusFiles:
    """The files of each split, in order.

    Args:
        arguments: files, or folders, which stand for their files of the format at any depth, each SPLIT=FILE
            or told by its name ("CDR_TestSet.txt"); else a file is of train. Of brat folders, whose files
            are of one split, or which stand for folders of such.

    Raises:
        HarmonizeError: no file, or one without a name, or of drugprot-tsv a split without its three.
        MissingInput, MalformedInput: a file of a folder or one of these three cannot be read, or a folder has
            no file, or none in the format.
    """
    found, passed_over = dict[Split, list[Path]](), list[Path]()
    for argument in arguments:
        name, mark, rest = argument.partition("=")
        told = next((split for split in SPLITS if mark and split == name), None)
        if not (argument if told is None else rest):
            raise HarmonizeError(f"{argument or 'files'}: expected a file or folder, got no name")
        path = Path(argument if told is None else rest)
        files = [path]
        if form == "brat":
            files = _brat_folders(path)
        elif path.is_dir():
            there = input_files(path)
            files = [file for file in there if _is_of(form, file)]
            if not files:
                archives = [file for file in there if _is_archive(file)]
                hint = f"; {archives[0].name} is an archive: unpack it" if archives else ""
                raise MissingInput(path, f"expected files in the format {form}, found none{hint}")
            passed_over += [file for file in there if file not in files]
        elif path.is_file() and _is_archive(path):
            raise MalformedInput(path, f"expected a file in the format {form}, got an archive: unpack it")
        for file in files:
            found.setdefault(told or _split_of(file), []).append(file)
    if not found:
        raise HarmonizeError("expected the files of the corpus, got none")
    ordered = {split: found[split] for split in SPLITS if split in found}
    if form == "drugprot-tsv":
        ordered = {split: _in_roles(split, of) for split, of in ordered.items()}
    return CorpusFiles(ordered, passed_over)


def _brat_folders(path: Path) -> list[Path]:
    """The folder, or if only folders within it hold annotations, these."""
    if not path.is_dir():
        raise MissingInput(path, "expected a folder of .txt and .ann files, found none")
    found = {file.relative_to(path).parts for file in user_files(path, "**/*.ann")}
    if not found:
        raise MissingInput(path, "expected a folder of .txt and .ann files, found no .ann in it")
    if any(len(parts) == 1 for parts in found):
        return [path]
    return [path / name for name in sorted({parts[0] for parts in found})]


def _is_of(form: Format, path: Path) -> bool:
    """True for a file that begins as files of the format do."""
    with unpacked(path) as file:
        head = file.read(HEAD)
    told = form_of(head)
    if form in ("pubtator", "drugprot-tsv") and told is None:
        return b"\0" not in head and b"\t" in head.lstrip().partition(b"\n")[0]
    return told == form


def _is_archive(path: Path) -> bool:
    """True for a zip or tar, packed again or not."""
    with unpacked(path) as file:
        head = file.read(HEAD)
    return head.startswith((ZIP, GZIP)) or head[257:262] == TAR


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
