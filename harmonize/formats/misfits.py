"""Do the mentions of an article fit its text? Decided here alone; every reader of mentions asks here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harmonize.formats.offsets import COUNTED_IN, Offsets
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.formats.spelling import is_form
from harmonize.model import Span

__all__ = [
    "BEYOND",
    "NO_PLACE",
    "NO_TYPE",
    "UNSPELLED",
    "Misfit",
    "fitted",
    "fitted_parts",
    "fitting",
    "misfit_reason",
]

BEYOND = "beyond the text"
UNSPELLED = "the text reads otherwise"
NO_PLACE = "no place in the text"
NO_TYPE = "no entity type"

Misfit = Callable[[str, PubTatorMention, str], None]
"""Takes a mention that its text does not spell: (article id, mention, reason such as BEYOND)."""


def misfit_reason(mention: PubTatorMention, text: str) -> str | None:
    """Why the text does not spell a mention; None if it does."""
    found = fitted(mention, text)
    return found if isinstance(found, str) else None


def fitted(mention: PubTatorMention, text: str, *, forgiving: bool = False) -> PubTatorMention | str:
    """A mention as it fits its text, or the reason why it does not: BEYOND or UNSPELLED.

    Args:
        forgiving: a mention that the text spells in another form (see `spelling.is_form`), or that brings no
            text of its own, is what the text has at its span.
    """
    start, end = mention.start, mention.end
    if 0 <= start < end <= len(text) and text[start:end] == mention.text:  # nearly all: no call for these
        return mention
    span = Span(start, end)
    if end > len(text):
        return BEYOND
    if forgiving and _is_meant(mention.text, span, text):
        return replace(mention, text=span.of(text))
    return UNSPELLED


def fitted_parts(name: str, parts: Sequence[Span], text: str, *, forgiving: bool = False) -> str:
    """What a mention is called that stands in these parts of the text; "" if it does not.

    Args:
        name: what the file calls it: with one blank between the parts, or all that stands between them.
        parts: in order; one or more.
        forgiving: see `fitted`.
    """
    bounds = [0, *(position for span in parts for position in span), len(text)]
    if bounds != sorted(bounds) or any(span.start == span.end for span in parts):
        return ""
    whole, covered = Span(parts[0].start, parts[-1].end), " ".join(span.of(text) for span in parts)
    if len(parts) > 1 and "".join(name.split()) == "".join(covered.split()):
        return name
    if whole.spells(name, text):
        return covered
    place, around = (whole, text) if len(parts) == 1 else (Span(0, len(covered)), covered)
    return covered if forgiving and _is_meant(name, place, around) else ""


def _is_meant(name: str, span: Span, text: str) -> bool:
    return is_form(name, span, text) or not (name.strip() or not span.of(text).strip())


def fitting(
    record: PubTatorRecord, misfit: Misfit, *, forgiving: bool = False, offsets: Offsets | None = None
) -> PubTatorRecord:
    """The record without the mentions that do not fit its text, which go to the handler.

    Args:
        forgiving: see `fitted`.
        offsets: what offsets count, and learns what they seem to; code points unless given.
    """
    offsets = offsets or Offsets()
    raw = record.mentions
    readings = _readings(_in_code_points(record, offsets), forgiving)
    record = readings[0] if len(readings) == 1 else max(readings, key=_spelled)
    text, kept = record.text, []
    for told, mention in zip(raw, record.mentions, strict=True):
        found = fitted(mention, text, forgiving=forgiving)
        if isinstance(found, PubTatorMention):
            kept.append(found)
        else:
            unit = offsets.other_unit(Span(told.start, told.end), told.text, text)
            misfit(record.id, mention, found if unit is None else COUNTED_IN[unit])
    return replace(record, mentions=tuple(kept))


def _in_code_points(record: PubTatorRecord, offsets: Offsets) -> PubTatorRecord:
    """The record with its offsets in code points, but for those inside a character, which stay."""
    text = record.text
    if text.isascii():
        return record
    placed = [(m, offsets.placed(Span(m.start, m.end), m.text, text)) for m in record.mentions]
    moved = (m if span is None else replace(m, start=span.start, end=span.end) for m, span in placed)
    return record if offsets.unit == "codepoints" else replace(record, mentions=tuple(moved))


def _readings(record: PubTatorRecord, forgiving: bool) -> list[PubTatorRecord]:
    """The record as it stands and, if its title ends in a blank, with that blank before the abstract.

    Forgivingly read, also without the blanks around title or abstract, which not every tool counts.
    """
    title, abstract = record.title, record.abstract
    texts = [(title, abstract)]
    if abstract and title.endswith(" "):
        texts.append((title[:-1], abstract))
    if forgiving and (title[:1].isspace() or title[-1:].isspace() or (abstract and abstract[0].isspace())):
        bare = None if abstract is None else abstract.lstrip()
        texts += [(title.strip(), abstract), (title, bare), (title.strip(), bare)]
    return [record, *(replace(record, title=one, abstract=other) for one, other in dict.fromkeys(texts[1:]))]


def _spelled(record: PubTatorRecord) -> int:
    text = record.text
    return sum(misfit_reason(mention, text) is None for mention in record.mentions)
