"""What reading has left out, as lines for a person and as a JSON report; see docs/predicting.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harmonize import __version__
from harmonize.errors import InputError
from harmonize.prediction.account import Account
from harmonize.prediction.input_forms import WHY_ENTITIES
from harmonize.prediction.tally import by_reason
from harmonize.sources.article_files import FilesInput, input_places
from harmonize.writing.json_files import replace_json
from harmonize.writing.text import counted

__all__ = ["REPORT_VERSION", "SkippedDocuments", "loss_lines", "tell_losses", "write_report"]

REPORT_VERSION = "1.0"
_MOST_TOLD = 20  # documents that are skipped, a line each; the rest is only counted
_MOST_KEPT = 1_000  # of them in a report
_MOST_TYPES = 5  # in a line


class SkippedDocuments:
    """Is told of documents that are skipped: a line on stderr for the first, kept for the report.

    Args:
        also: is told of every one, in the place of the lines.
    """

    def __init__(self, also: Callable[[InputError], None] | None = None) -> None:
        self._also = also
        self._count = 0
        self.kept: list[str] = []

    def __call__(self, fault: InputError) -> None:
        self._count += 1
        if len(self.kept) < _MOST_KEPT:
            self.kept.append(str(fault))
        if self._also is not None:
            self._also(fault)
        elif self._count <= _MOST_TOLD:
            print(f"skipped: {fault}", file=sys.stderr)
        elif self._count == _MOST_TOLD + 1:
            print("skipped: more documents, of which only the number will be told", file=sys.stderr)


def loss_lines(account: Account) -> Iterator[str]:
    """A line each for what was left out, repeated ids, and files whose offsets or ids look wrong."""
    if account.skipped:
        count = f"{account.skipped.total():,} of {account.documents_in:,} documents"
        yield f"skipped: {count}: {_counted(account.skipped)}"
    if account.left_out:
        count = f"{account.left_out.total():,} of {account.mentions_in:,} mentions"
        reasons = by_reason(account.left_out)
        parts = sorted(reasons.items(), key=lambda item: -sum(item[1].values()))
        told = (f"{reason} {sum(types.values()):,} ({_counted(types)})" for reason, types in parts)
        yield f"left out: {count}: {', '.join(told)}"
    reading = account.reading
    if reading.passages:
        yield (
            f"left out: {counted(reading.passages.total(), 'passage')} with "
            f"{counted(reading.mentions_of_passages, 'mention')} "
            f"({_counted(reading.passages)}); see --text"
        )
    if account.documents_out and not account.mentions_in:
        yield f"warning: no entity is marked in any document: {WHY_ENTITIES}"
    if account.repeated:
        yield (
            f"warning: {counted(account.repeated, 'document')} with the id of an earlier one; "
            "instance_id tells their pairs apart"
        )
    if reading.first_counted_otherwise is not None:
        others = _others(reading.files_counted_otherwise)
        yield f"warning: {reading.first_counted_otherwise}{others and f' (likewise{others})'}"
    files, first = reading.files_without_ids, reading.first_without_ids
    if files:
        others = _others(files)
        yield (
            f"warning: no concept id is known in {first}{others}; "
            "mentions of a document that read alike were taken for one entity"
        )


def tell_losses(account: Account, advice: str | None = None) -> None:
    """Print the lines of `loss_lines` on stderr, and what there is to say beside them."""
    for line in loss_lines(account):
        print(line, file=sys.stderr)
    if advice is not None:
        print(f"warning: {advice}", file=sys.stderr)


def _others(files: int) -> str:
    return f" and {files - 1:,} other files" if files > 1 else ""


def _counted(counts: Mapping[str, int]) -> str:
    """ "Gene 12, Disease 3 and 2 more types 4": the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{name or 'no type'} {count:,}" for name, count in ordered[:_MOST_TYPES])
    rest = [count for _, count in ordered[_MOST_TYPES:]]
    return f"{told} and {len(rest):,} more {sum(rest):,}" if rest else told


def write_report(
    path: Path,
    source: FilesInput,
    out: Path | None,
    account: Account,
    skipped: SkippedDocuments,
    advice: str | None = None,
) -> None:
    """Write all that an account holds as JSON.

    Args:
        out: what was written; None where nothing was.
        advice: see pipelines.predict.Summary.
    """
    reading = account.reading
    places = [str(place) for place in input_places(source)]
    content: dict[str, Any] = {
        "report_version": REPORT_VERSION,
        "package_version": __version__,
        "input": places if len(places) > 1 else places[0],
        "output": None if out is None else str(out),
        **account.as_dict(),
        "first_left_out": dict(sorted(reading.places.items())),
        "skipped_documents": skipped.kept,
        "passages_left_out": dict(sorted(reading.passages.items())),
        "mentions_of_passages_left_out": reading.mentions_of_passages,
        "counted_otherwise": {
            "files": reading.files_counted_otherwise,
            "first": reading.first_counted_otherwise,
        },
        "advice": advice,
        "without_concept_ids": {"files": reading.files_without_ids, "first": reading.first_without_ids},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, content)
