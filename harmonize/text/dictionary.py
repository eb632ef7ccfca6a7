"""Dictionary match: where a text names given entities, for rules a2 and a3.

Names are matched by spaCy's PhraseMatcher on words that are runs of letters or of digits, so that "IL-6",
"IL 6" and "IL6" are one name, and every match must begin and end at the border of a whole token of the text.
Between words of a match stands nothing, one blank or one hyphen, or exactly what stands there in the name.
Greek letters match their names.

What is safe to fold and what is not (docs/dictionary.md has the measurements):

- A symbol is matched in its own case: CAT is a gene, cat is not. That is one word without four small letters
  in a row, which has a capital after its first letter, or digits and fewer than three letters (F5). All other
  names are matched in any case (Gpx1 is GPX1), and their last word with or without a plural s.
- A name has at least three letters or digits; two will do for a letter with a digit (F5).
- A symbol followed by a hyphen and a digit is another symbol: CAT in CAT-1.
- A chemical directly before a word such as receptor is part of a protein's name.
- Of overlapping matches the longest stays.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from harmonize.model import Span

__all__ = ["Dictionary", "Match", "Name", "is_symbol"]

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi",
    "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
GREEK |= {letter.upper(): name for letter, name in GREEK.items()}
BRACKETS = ("(", ")", "[", "]")
HYPHENS = "-‐‑‒–−"
PROTEIN_WORDS = frozenset(
    f"{word}{plural}"
    for plural in ("", "s")
    for word in (
        "carboxylase", "channel", "decarboxylase", "dehydrogenase", "exchanger", "hydroxylase", "kinase",
        "oxidase",
        "receptor", "reductase", "synthase", "synthetase", "symporter", "transferase", "transporter",
    )
)  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+|\d+")
_SMALL_LETTERS = re.compile(r"[a-z]{4}")
_GREEK_LETTER = re.compile(f"[{''.join(GREEK)}]")


class Name(NamedTuple):
    """One name of one entity.

    Attributes:
        entity: the concept id of what it names.
        type: of mentions by this name: a gene may be named by one of its variants.
        text: the name.
        chemical: before a word such as receptor it is part of a protein's name.
    """

    entity: str
    type: str
    text: str
    chemical: bool = False


class Match(NamedTuple):
    """Where a text names an entity, and what type of mention that makes."""

    span: Span
    entity: str
    type: str


@dataclass(frozen=True, slots=True)
class _Words:
    """A text cut into words: what each is matched as, and where it stands."""

    forms: tuple[str, ...]
    spans: tuple[Span, ...]

    def gaps(self, text: str, first: int, last: int) -> list[str]:
        """What stands between the words from `first` to `last` (inclusive)."""
        return [text[self.spans[i].end : self.spans[i + 1].start] for i in range(first, last)]


def is_symbol(name: str) -> bool:
    """True for a name that is matched in its own case, since in another it may be a word of English."""
    if any(character.isspace() for character in name) or _SMALL_LETTERS.search(name):
        return False
    digits, letters = sum(c.isdigit() for c in name), sum(c.isalpha() for c in name)
    return letters < 3 if digits else any(c.isupper() for c in name[1:])


def _words(text: str) -> _Words:
    """Runs of letters and runs of digits; a Greek letter is a word of its own."""
    forms: list[str] = []
    spans: list[Span] = []
    for run in _WORD.finditer(text):
        start = run.start()
        for letter in () if run[0].isascii() else _GREEK_LETTER.finditer(run[0]):
            if run.start() + letter.start() > start:
                forms.append(text[start : run.start() + letter.start()])
                spans.append(Span(start, run.start() + letter.start()))
            forms.append(GREEK[letter[0]])
            spans.append(Span(run.start() + letter.start(), run.start() + letter.end()))
            start = run.start() + letter.end()
        if start < run.end():
            forms.append(text[start : run.end()])
            spans.append(Span(start, run.end()))
    return _Words(tuple(forms), tuple(spans))


class Dictionary:
    """A set of names, ready to be looked for in many texts.

    Args:
        names: of all entities; one name may belong to several.
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self._vocab = Vocab()
        self._folded = PhraseMatcher(self._vocab)
        self._cased = PhraseMatcher(self._vocab)
        self._names: dict[str, list[Name]] = defaultdict(list)
        self._gaps: dict[str, list[str]] = {}
        self._edges: dict[str, tuple[str, ...]] = {}
        for name in dict.fromkeys(names):
            words = _words(name.text)
            if not _is_long_enough(words.forms):
                continue
            key = ("s:" if is_symbol(name.text) else "f:") + name.text
            if key not in self._names:
                self._gaps[key] = words.gaps(name.text, 0, len(words.forms) - 1)
                edges = name.text[: words.spans[0].start], name.text[words.spans[-1].end :]
                self._edges[key] = tuple(edge if edge in BRACKETS else "" for edge in edges)
                matcher = self._cased if key[0] == "s" else self._folded
                matcher.add(key, [self._doc(forms) for forms in _variants(words.forms, key[0] == "f")])
            self._names[key].append(name)

    def _doc(self, forms: Sequence[str]) -> Doc:
        return Doc(self._vocab, words=list(forms))

    def find(self, text: str, entities: Collection[str]) -> list[Match]:
        """Where the text names one of `entities`, in order of position.

        Of overlapping matches the longest stays; a match that names several of the entities gives one each.
        """
        words = _words(text)
        found: dict[Span, dict[str, str]] = defaultdict(dict)
        for key, first, last in self._raw(words):
            wanted = [name for name in self._names[key] if name.entity in entities]
            if not wanted or not self._fits(key, words, first, last, text):
                continue
            span = self._whole(key, Span(words.spans[first].start, words.spans[last].end), text)
            protein = _before_protein_word(words, last, text)
            for name in wanted:
                if not (name.chemical and protein):
                    # Named as a gene and as its variant, it is the gene: the order of names must not decide.
                    found[span][name.entity] = min(name.type, found[span].get(name.entity, name.type))
        return [Match(span, *pair) for span in _longest(found) for pair in sorted(found[span].items())]

    def _whole(self, key: str, span: Span, text: str) -> Span:
        """The span with the bracket that the name has at its edge: "(S)-methadone"."""
        before, after = self._edges[key]
        start, end = span.start - len(before), span.end + len(after)
        if text[start : span.start] != before or text[max(start - 1, 0) : start].isalnum():
            start = span.start
        if text[span.end : end] != after or text[end : end + 1].isalnum():
            end = span.end
        return Span(start, end)

    def _raw(self, words: _Words) -> Iterator[tuple[str, int, int]]:
        """(key, first word, last word) of every match, borders not yet looked at."""
        if not words.forms:
            return
        strings = self._vocab.strings
        for key, start, end in self._cased(self._doc(words.forms)):
            yield strings[key], start, end - 1
        for key, start, end in self._folded(self._doc([form.lower() for form in words.forms])):
            yield strings[key], start, end - 1

    def _fits(self, key: str, words: _Words, first: int, last: int, text: str) -> bool:
        """True if the match is whole tokens of the text with fitting gaps between its words."""
        start, end = words.spans[first].start, words.spans[last].end
        if start > 0 and text[start - 1].isalnum():
            return False
        if end < len(text) and text[end].isalnum():
            return False
        if key[0] == "s" and text[end : end + 1] in HYPHENS and text[end + 1 : end + 2].isdigit():
            return False
        gaps = words.gaps(text, first, last)
        return all(
            found == wanted or (_is_loose(found) and _is_loose(wanted))
            for found, wanted in zip(gaps, self._gaps[key], strict=True)
        )


def _before_protein_word(words: _Words, last: int, text: str) -> bool:
    """True if the word after `last` makes a protein's name of what stands before it."""
    if last + 1 == len(words.forms) or words.forms[last + 1].lower() not in PROTEIN_WORDS:
        return False
    return _is_loose(words.gaps(text, last, last + 1)[0])


def _is_loose(gap: str) -> bool:
    return gap in ("", " ") or (len(gap) == 1 and gap in HYPHENS)


def _is_long_enough(forms: Sequence[str]) -> bool:
    characters = "".join(forms)
    if len(characters) == 2:
        return characters[0].isalpha() and characters[1].isdigit()
    return len(characters) > 2 and any(c.isalpha() for c in characters)


def _variants(forms: Sequence[str], folded: bool) -> Iterator[list[str]]:
    """The word forms that count as a name: itself, and with or without a plural s at its end."""
    if not folded:
        yield list(forms)
        return
    lower = [form.lower() for form in forms]
    yield lower
    last = lower[-1]
    if len(last) > 3 and last.isalpha():
        yield [*lower[:-1], last[:-1] if last.endswith("s") and not last.endswith("ss") else f"{last}s"]


def _longest(found: Mapping[Span, Collection[str]]) -> list[Span]:
    """The spans that no longer one overlaps, in order of position; spans that name nothing are left out."""
    kept: list[Span] = []  # in order of position, so that only two neighbours can overlap a span
    for span in sorted((s for s in found if found[s]), key=lambda s: (s.start - s.end, s.start)):
        at = bisect(kept, span)
        before, after = kept[at - 1 : at], kept[at : at + 1]
        if all(other.end <= span.start for other in before) and all(span.end <= o.start for o in after):
            kept.insert(at, span)
    return kept
