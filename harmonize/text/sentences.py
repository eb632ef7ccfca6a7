"""Sentence boundaries that never cut a mention.

spaCy's rule-based sentencizer is the default, without its boundaries after an abbreviation's period where the
sentence goes on ("(3 mg/kg, i.m.), attenuated"; "given i.v. before"); any installed spaCy pipeline that sets
sentence boundaries (scispacy's en_core_sci_sm, say) can be asked for by name. Every passage is split on its
own, so no sentence runs from a title into an abstract.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harmonize.errors import HarmonizeError
from harmonize.model import Document, Span

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = [
    "RULE_BASED",
    "goes_on",
    "guarded",
    "import_spacy_without_torch",
    "sentence_spans",
    "sentences_within",
    "with_sentences",
]

# Tokenizing takes time in the square of a run without blanks; the longest of the texts has 164 characters.
_LONG_RUN = re.compile(r"\S{400,}")

# What the text before a boundary ends with, if the period there ends no sentence.
_COMMA = re.compile(r"\.[)\]}]*[,;:]$")
_LETTERS = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}[)\]}]*$")  # i.v., (i.c.v.), e.g.
_NUMBER = re.compile(r"(?<![^\W_])[Nn]o\.$")
_OPENING = "([{\"'"
_LOOKED_AT = 40  # characters before a boundary, more than any abbreviation has

RULE_BASED = "rules"
"""The name of the default splitter."""


def import_spacy_without_torch() -> None:
    """Import spaCy for this process, and keep it from importing torch where that is installed.

    Its rule-based parts have no use for torch, which costs two seconds and 200 MB. spaCy's pipelines of torch
    then do not work in this process, so this is for programs to call, never for the library.
    """
    if "spacy" in sys.modules or "torch" in sys.modules:
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        import spacy  # noqa: F401
    finally:
        del sys.modules["torch"]


@cache
def _pipeline(name: str) -> Language:
    import spacy
    from spacy.attrs import IS_PUNCT, IS_SPACE, NORM

    if name == RULE_BASED:
        pipeline = spacy.blank("en")
        pipeline.add_pipe("sentencizer")
        # Each new word gets twenty attributes, which takes time; the sentencizer looks at these.
        vocabulary: Any = pipeline.vocab
        for attribute in set(vocabulary.lex_attr_getters) - {IS_PUNCT, IS_SPACE, NORM}:
            del vocabulary.lex_attr_getters[attribute]
        # How 10,000 words are taken apart is remembered by default; the nine corpora have 131,000.
        tokenizer: Any = pipeline.tokenizer
        tokenizer.max_cache_size = 200_000
        pipeline.max_length = sys.maxsize  # the default guards the memory of parsers, of which this has none
        return pipeline
    try:
        pipeline = spacy.load(name, exclude=["ner", "lemmatizer"])
    except OSError:
        raise HarmonizeError(
            f"expected an installed spaCy pipeline {name!r} to split sentences, found none: "
            f"install it, or leave the default ({RULE_BASED})"
        ) from None
    if not {"parser", "senter", "sentencizer"} & set(pipeline.pipe_names):
        raise HarmonizeError(
            f"expected spaCy pipeline {name!r} to set sentence boundaries, it has no such part"
        )
    return pipeline


def with_sentences(document: Document, splitter: str = RULE_BASED) -> Document:
    """The document with sentences: its own where the corpus gives them, else the splitter's.

    Args:
        splitter: RULE_BASED or the name of an installed spaCy pipeline.

    Raises:
        HarmonizeError: no such pipeline, or one without sentence boundaries.
    """
    if document.sentences is not None:
        return document
    starts = [
        passage.span.start + start
        for passage in document.passages
        for start in _starts(passage.span.of(document.text), splitter)
    ]
    extents = [mention.extent for mention in document.mentions]
    whole = guarded(starts, len(document.text), extents)
    extents.sort()
    trimmed = (_trimmed(sentence, document.text, extents) for sentence in whole)
    return replace(
        document, sentences=tuple(sentence for sentence in trimmed if sentence.start < sentence.end)
    )


def sentence_spans(text: str, extents: Iterable[Span], splitter: str = RULE_BASED) -> list[Span]:
    """The sentences of a text, none of which ends inside a mention; blanks between two belong to the first.

    Args:
        extents: of the mentions, in any order.
        splitter: see `with_sentences`.
    """
    return guarded(_starts(text, splitter), len(text), extents)


def sentences_within(sentences: Iterable[Span], context: Span) -> tuple[Span, ...]:
    """What a context has of a document's sentences, in their order, relative to the context."""
    parts = (Span(max(s.start, context.start), min(s.end, context.end)) for s in sentences)
    return tuple(part.shifted(-context.start) for part in parts if part.start < part.end)


def _starts(text: str, splitter: str) -> list[int]:
    parsed = _pipeline(splitter)(_LONG_RUN.sub(_as_one_word, text))
    starts = [sentence.start_char for sentence in parsed.sents]
    if splitter != RULE_BASED:
        return starts
    return starts[:1] + [start for start in starts[1:] if not goes_on(text, start)]


def goes_on(text: str, start: int) -> bool:
    """True if a sentence that a period seems to end before `start` goes on there.

    It does behind a comma; behind letters with a period each (i.v., p.o., e.g.) unless a capital follows,
    with which the next sentence may begin; and between "no." and its number.
    """
    before = text[max(start - _LOOKED_AT, 0) : start].rstrip()
    following = text[start : start + 2].lstrip(_OPENING)[:1]
    if _COMMA.search(before):
        return True
    if _LETTERS.search(before):
        return not following.isupper()
    return bool(_NUMBER.search(before)) and following.isdigit()


def _as_one_word(run: re.Match[str]) -> str:
    return "x" * len(run[0])


def guarded(starts: Sequence[int], length: int, extents: Iterable[Span]) -> list[Span]:
    """Sentences from one start to the next, without the starts that lie inside a mention.

    Args:
        starts: of the sentences, ascending.
        length: of the text, where the last sentence ends.
        extents: of the mentions, in any order.
    """
    pending = sorted(extents, reverse=True)
    kept: list[int] = []
    reach = 0  # the furthest end of all mentions that begin before the start at hand
    for start in starts:
        while pending and pending[-1].start < start:
            reach = max(reach, pending.pop().end)
        if reach <= start or not kept:
            kept.append(start)
    return [Span(start, end) for start, end in pairwise([*kept, length]) if start < end]


def _trimmed(sentence: Span, text: str, extents: Sequence[Span]) -> Span:
    """The sentence without blanks at its edges, but with every mention that is in it.

    Args:
        extents: of the mentions, ascending.
    """
    part = sentence.of(text)
    start = sentence.start + len(part) - len(part.lstrip())
    end = sentence.end - len(part) + len(part.rstrip())
    first, behind = (bisect_left(extents, Span(place, 0)) for place in sentence)
    inside = [extent for extent in extents[first:behind] if extent.end <= sentence.end]
    return Span(min([start, *(e.start for e in inside)]), max([end, *(e.end for e in inside)]))
