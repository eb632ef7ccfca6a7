"""Whether a name that a file gives to a part of its text is that part, written in another way.

Annotation tools read another form of a text than they hand on: Greek letters spelled out, quotes doubled,
blanks put around brackets, a name in its normal form. The offsets tell then what was meant, and the name has
to agree with it so far that offsets which are shifted do not pass.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

from harmonize.model import Span

__all__ = ["is_form", "normal_form"]

_LONGEST = 1_000  # characters of a name, beyond which only the very same is the same
_MOST = 4  # times as long as the other may a shortened name, or what it is short for, be
# Greek letters, and how they are written without them.
_GREEK = {
    "α": ("alpha", "a"),
    "β": ("beta", "b"),
    "γ": ("gamma", "g"),
    "δ": ("delta", "d"),
    "ε": ("epsilon", "e"),
    "ζ": ("zeta", "z"),
    "η": ("eta", "h", "e"),
    "θ": ("theta", "th", "t"),
    "ι": ("iota", "i"),
    "κ": ("kappa", "k"),
    "λ": ("lambda", "l"),
    "μ": ("mu", "m", "u"),
    "ν": ("nu", "n"),
    "ξ": ("xi", "x"),
    "ο": ("omicron", "o"),
    "π": ("pi", "p"),
    "ρ": ("rho", "r"),
    "σ": ("sigma", "s"),
    "τ": ("tau", "t"),
    "υ": ("upsilon", "u"),
    "φ": ("phi", "f"),
    "χ": ("chi", "c", "x"),
    "ψ": ("psi",),
    "ω": ("omega", "o", "w"),
}
_LOOKALIKES = str.maketrans({"ß": "β", "ɑ": "α", "∆": "δ", "ɣ": "γ"})
_BETWEEN = re.compile(r"[\W_]+")


def normal_form(name: str) -> str:
    """The letters and digits of a name, without case and accents; names of one normal form are one name."""
    plain = unicodedata.normalize("NFKD", html.unescape(name).translate(_LOOKALIKES)).casefold()
    return "".join(character for character in plain if character.isalnum())


def is_form(name: str, span: Span, text: str) -> bool:
    """True if what the span covers is the name in another form.

    Forms of one name have the same letters and digits, whatever their case and accents, the way in which
    Greek letters are written, and what stands between. A name may also be a shorter or longer form of what
    the span covers: "heme iron" of "heme and nonheme iron" begins and ends as that does and has its letters
    in the same order; "breast cancer" of "breast" (in "breast and ovarian cancer") has all its words. Then
    the span begins and ends where words do, and neither is more than four times as long as the other.
    """
    if not 0 <= span.start < span.end <= len(text) or max(len(name), span.end - span.start) > _LONGEST:
        return False
    covered = span.of(text)
    mine, theirs = normal_form(name), normal_form(covered)
    if not (mine and theirs):
        return False
    if mine == theirs or _is_same_in_greek(mine, theirs):
        return True
    return (
        len(name) != len(covered)  # else the offsets are more likely shifted
        and max(len(mine), len(theirs)) <= _MOST * min(len(mine), len(theirs))
        and _has_whole_words(span, text)
        and (_is_shortened(mine, theirs) or _is_within(_words(covered), _words(name)))
    )


def _is_same_in_greek(one: str, other: str) -> bool:
    pairs = ((one, other), (other, one))
    return any(re.fullmatch(_with_names_for_greek(a), b) for a, b in pairs if not a.isascii())


def _with_names_for_greek(form: str) -> str:
    """A pattern of the form, in which each Greek letter may be its name, or a Latin letter."""
    return "".join(f"(?:{'|'.join((each, *_GREEK[each]))})" if each in _GREEK else each for each in form)


def _has_whole_words(span: Span, text: str) -> bool:
    before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
    return not (before.isalnum() or after.isalnum())


def _is_shortened(short: str, whole: str) -> bool:
    return (short[0], short[-1]) == (whole[0], whole[-1]) and _is_within(short, whole)


def _is_within(parts: Iterable[str], whole: Iterable[str]) -> bool:
    """True if the parts stand in the whole, in their order."""
    rest = iter(whole)
    return all(part in rest for part in parts)


def _words(name: str) -> list[str]:
    return [normal_form(word) for word in _BETWEEN.split(name) if word]
