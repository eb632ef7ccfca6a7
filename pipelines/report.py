"""harmonize report: a union set as one page of HTML."""

from __future__ import annotations

from pathlib import Path

from harmonize.report.report import write_report
from harmonize.union.schema import REPORT
from harmonize.writing.replace import begins, check_replaceable_file, followed

from .inputs import check_apart

__all__ = ["NO_TOKENIZER", "PUBMEDBERT", "report"]

PUBMEDBERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
"""PubMedBERT's name on the Hugging Face hub since it was renamed."""

NO_TOKENIZER = "none"


_IS_REPORT = begins("<!doctype html>.*<title>Report of a union")


def report(
    union: Path,
    out: Path | None = None,
    *,
    tokenizer: str = PUBMEDBERT,
    sample: int = 200,
    seed: int = 0,
    quote: int | None = None,
) -> Path:
    """Write the report of the set at `union` and return its path.

    Args:
        out: the set's report.html unless given; no other place in the set.
        tokenizer: a folder, a name on the hub, or "none" for lengths in words.
        sample, seed, quote: see write_report.

    Raises:
        HarmonizeError: see write_report.
    """
    target = union / REPORT if out is None else out
    if followed(target) != followed(union) / REPORT:
        check_apart(union, target)
    check_replaceable_file(target, "an earlier report", _IS_REPORT)
    wanted = None if tokenizer == NO_TOKENIZER else tokenizer
    write_report(union, target, tokenizer=wanted, sample=sample, seed=seed, quote=quote)
    return target
