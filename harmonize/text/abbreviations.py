"""Abbreviations that a text defines, by scispaCy's detector (Schwartz and Hearst 2003) where it is there.

The extra `scispacy` brings it; without it no abbreviation is expanded, and the manifest says so.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from harmonize.model import Span

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["Abbreviation", "available", "defined"]


class Abbreviation(NamedTuple):
    """Every place of a short form, and the long form that the text gives it."""

    span: Span
    long_form: str


@cache  # to look for a package takes half a millisecond, and each text asks
def available() -> bool:
    return find_spec("scispacy") is not None


@cache
def _pipeline() -> Language:
    import scispacy.abbreviation  # noqa: F401  (registers the pipe)
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("abbreviation_detector")
    return pipeline


def defined(text: str) -> list[Abbreviation]:
    """The short forms of the text, in order of position; none where the detector is not installed."""
    if not available():
        return []
    found = _pipeline()(text)._.abbreviations
    return sorted(
        Abbreviation(Span(short.start_char, short.end_char), short._.long_form.text) for short in found
    )
