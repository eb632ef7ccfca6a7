"""Documents that have the id of an earlier one, in whatever split: a build takes each id once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.files import user_files
from harmonize.formats import bioc, relation_lines
from harmonize.formats.lines import numbered_lines
from harmonize.formats.pubtator_articles import read_forgivingly
from harmonize.formats.xml import attribute, file_elements
from harmonize.sources.source import Source
from harmonize.spec import Format

__all__ = ["check_each_once"]

_Places = Iterator[tuple[str, Path, int | None]]
"""(document id, file, 1-based line where the format has lines)."""


def check_each_once(source: Source) -> None:
    """Raises MalformedInput, with file and line, for the first document whose id an earlier one has.

    Args:
        source: files of a known format, which can be read.
    """
    form = source.corpus.spec.format_of(source.variant)
    assert form is not None
    seen: dict[str, str] = {}
    for split in source.splits():
        for identifier, path, line in _READERS[form](source.files(split)):
            place = str(path) if line is None else f"{path}:{line}"
            if (first := seen.setdefault(identifier, place)) is not place:
                raise MalformedInput(
                    path, f"expected each document once, got {identifier} again (first in {first})", line=line
                )


def _of_pubtator(paths: Sequence[Path]) -> _Places:
    for path in filter(relation_lines.holds_articles, paths):
        for record in read_forgivingly(path, lambda *misfit: None):
            yield record.id, path, record.line


def _of_bioc_xml(paths: Sequence[Path]) -> _Places:
    for path in paths:
        for element in file_elements(path, "document"):
            yield element.findtext("id") or "", path, element.sourceline


def _of_bioc_json(paths: Sequence[Path]) -> _Places:
    for path in paths:
        for record in bioc.read(path, json_form=True):
            yield record.id, path, None


def _of_ppi_xml(paths: Sequence[Path]) -> _Places:
    for path in paths:
        for element in file_elements(path, "document"):
            yield attribute(element, "id", path), path, element.sourceline


def _of_drugprot_tsv(paths: Sequence[Path]) -> _Places:
    abstracts = paths[0]
    for line, text in numbered_lines(abstracts):
        yield text.partition("\t")[0], abstracts, line


def _of_brat(paths: Sequence[Path]) -> _Places:
    for path in paths:
        for text in user_files(path, "**/*.txt"):
            yield text.stem, text, None


_READERS: Mapping[Format, Callable[[Sequence[Path]], _Places]] = {
    "pubtator": _of_pubtator,
    "bioc-xml": _of_bioc_xml,
    "bioc-json": _of_bioc_json,
    "ppi-xml": _of_ppi_xml,
    "drugprot-tsv": _of_drugprot_tsv,
    "brat": _of_brat,
}
