"""When a text is a name in another form, and when offsets are only shifted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.formats.misfits import BEYOND, UNSPELLED, fitted
from harmonize.formats.pubtator_record import PubTatorMention
from harmonize.formats.spelling import is_form, normal_form
from harmonize.model import Span


def covers(name: str, covered: str, before: str = " ", after: str = " ") -> bool:
    text = f"{before}{covered}{after}"
    return is_form(name, Span(len(before), len(before) + len(covered)), text)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("IL-1b", "IL-1β"),
        ("IL-1beta", "IL-1β"),
        ("IL-1 beta", "IL-1ß"),
        ("TNF-α", "TNF-alpha"),
        ("µ-opioid", "mu opioid"),
        ("NF-kappaB", "NF-κB"),
        ("GOUT", "Gout"),
        ("gout  flares", "gout flares"),
        ("Sjogren''s", "Sjögren’s"),
        (' "TATA" box', "TATA box"),
        ("IL 2", "IL-2"),
        ("IL\u20112", "IL-2"),
        ("ﬁbrosis", "fibrosis"),
        ("H2O", "H\u2082O"),
        ("AT&amp;T", "AT&T"),
        ("\u03c9", "\u03a9"),
    ],
)
def test_forms_of_one_name(name: str, covered: str) -> None:
    assert covers(name, covered, "a", "b")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("heme iron", "heme and nonheme iron"),
        ("BRCA2", "BRCA1/2"),
        ("breast cancer", "breast"),
        ("type 2 diabetes", "2 diabetes"),
        ("Fas-associated death domain (FADD) protein", "Fas-associated death domain"),
    ],
)
def test_shorter_and_longer_forms_need_whole_words(name: str, covered: str) -> None:
    assert covers(name, covered)
    assert not covers(name, covered, before="x")
    assert not covers(name, covered, after="x")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("zelpar", "aspirin"),
        ("zelpar", "zelpan"),
        ("IL-1a", "IL-1β"),
        ("murine", "urine "),  # "mu" is no Greek letter where nobody writes Greek
        ("a", "all of these words in the text a"),
        ("+", "-"),
        ("", "gout"),
        ("gout", "  "),
        ("x" * 1_001, "X" * 1_001),
    ],
)
def test_other_names(name: str, covered: str) -> None:
    assert not covers(name, covered)


@given(
    st.integers(-8, 8).filter(bool), st.sampled_from(["zelpar", "knee gout", "KRT9", "IL-1β", "TNF-alpha"])
)
def test_shifted_offsets_are_no_form(by: int, name: str) -> None:
    text = f"Of all drugs {name} alone eased it soon."
    start = text.index(name) + by
    span = Span(start, start + len(name))
    assert normal_form(span.of(text)) == normal_form(name) or not is_form(name, span, text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_two_names_are_it_is_told(one: str, other: str) -> None:
    text = f" {other} "
    is_form(one, Span(1, 1 + len(other)), text)
    assert is_form(other, Span(1, 1 + len(other)), text) == bool(normal_form(other))


def mention(start: int, end: int, text: str) -> PubTatorMention:
    return PubTatorMention(start, end, text, "Gene", "1", None, 3)


@pytest.mark.parametrize(
    ("found", "strict", "forgiving"),
    [
        (mention(0, 5, "IL-1β"), "IL-1β", "IL-1β"),
        (mention(0, 5, "IL-1b"), UNSPELLED, "IL-1β"),
        (mention(0, 5, ""), UNSPELLED, "IL-1β"),
        (mention(5, 6, ""), UNSPELLED, UNSPELLED),
        (mention(0, 50, "IL-1b"), BEYOND, BEYOND),
        (mention(5, 0, "IL-1β"), UNSPELLED, UNSPELLED),
        (mention(6, 10, "IL-1β"), UNSPELLED, UNSPELLED),
    ],
)
def test_the_span_decides_where_only_the_form_differs(
    found: PubTatorMention, strict: str, forgiving: str
) -> None:
    text = "IL-1β rose."

    def outcome(fit: PubTatorMention | str) -> str:
        return fit if isinstance(fit, str) else fit.text

    assert outcome(fitted(found, text)) == strict
    assert outcome(fitted(found, text, forgiving=True)) == forgiving
