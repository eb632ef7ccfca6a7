"""The sentence guard: no boundary inside a mention, nothing lost, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError
from harmonize.model import Document, Mention, Passage, Span
from harmonize.text.sentences import guarded, sentences_within, with_sentences

thorough = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def document(*passages: str, mentions: tuple[str, ...] = ()) -> Document:
    """Passages with one blank between; each mention at its first place in the text."""
    text = " ".join(passages)
    spans, start = [], 0
    for part in passages:
        spans.append(Passage("part", Span(start, start + len(part))))
        start += len(part) + 1
    found = [Span(text.index(name), text.index(name) + len(name)) for name in mentions]
    return Document(
        "90000001",
        "train",
        text,
        tuple(spans),
        tuple(Mention(f"T{i}", "x", span.of(text), (span,)) for i, span in enumerate(found)),
    )


def sentences(made: Document) -> list[str]:
    return [span.of(made.text) for span in with_sentences(made).sentences or ()]


def test_rule_based_sentences_have_no_blanks_at_their_edges() -> None:
    assert sentences(document("One ends.  Two ends. Three")) == ["One ends.", "Two ends.", "Three"]


ROUTES = ("i.m.", "i.p.", "s.c.", "i.v.", "p.o.", "i.c.v.")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "text",
    [
        "Naloxone (3 mg/kg, {}), attenuated it.",
        "Rimcazole (3 mg/kg, {}) inhibited it.",
        "It rose after {} mCPP, a serotonin agonist.",
        "We gave it {} 30 min before, and {} once more.",
        "A dose [10 mg/kg {}]; saline in others.",
    ],
)
def test_a_route_of_administration_ends_no_sentence_that_goes_on(text: str, route: str) -> None:
    written = text.format(*[route] * text.count("{}"))
    assert sentences(document(written)) == [written]


@pytest.mark.parametrize("route", ROUTES)
def test_a_sentence_may_end_with_a_route_of_administration(route: str) -> None:
    parts = [f"Rats were given saline {route}", f"Mice had aspirin (3 mg/kg, {route}).", "It helped."]
    assert sentences(document(" ".join(parts))) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Steroids no. 4, no. 6 and No. 10 bound it.",
        "The fungus Microsporum sp., to attenuate it, was grown.",
        "Some drugs, e.g. aspirin, i.e. acetylsalicylic acid, are old.",
    ],
)
def test_other_abbreviations_after_which_a_sentence_goes_on(text: str) -> None:
    assert sentences(document(text)) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is it so? no. 3 rats died.", ["Is it so?", "no. 3 rats died."]),
        ("We saw no. It was late.", ["We saw no.", "It was late."]),
        ("It was so in casino. 3 rats died.", ["It was so in casino.", "3 rats died."]),
        ("Loss of p53. p21 rose.", ["Loss of p53.", "p21 rose."]),
    ],
)
def test_what_looks_alike_and_still_ends_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(document(text)) == expected


def test_a_title_without_full_stop_stays_apart_from_the_abstract() -> None:
    assert sentences(document("A title", "An abstract.")) == ["A title", "An abstract."]


def test_a_boundary_inside_a_mention_is_no_boundary() -> None:
    text = "We gave Redu. Forte daily. It helped."
    assert sentences(document(text)) == ["We gave Redu.", "Forte daily.", "It helped."]
    guarded_text = sentences(document(text, mentions=("Redu. Forte",)))
    assert guarded_text == ["We gave Redu. Forte daily.", "It helped."]


def test_overlapping_mentions_hold_a_sentence_together_to_the_furthest_end() -> None:
    text = "With one. two. three. And four."
    assert len(sentences(document(text))) == 4
    made = document(text, mentions=("one. two. three", "two."))
    assert sentences(made) == ["With one. two. three.", "And four."]


def test_a_mention_across_title_and_abstract_joins_them() -> None:
    made = document("Effect of vitamin", "C was seen. More.", mentions=("vitamin C",))
    assert sentences(made) == ["Effect of vitamin C was seen.", "More."]


def test_a_discontinuous_mention_is_not_cut_between_its_parts() -> None:
    text = "Alpha vs. beta tubulin. End."
    spans = (Span(0, 5), Span(15, 22))
    made = Document(
        "d", "train", text, (Passage("t", Span(0, len(text))),), (Mention("T0", "x", "Alpha tubulin", spans),)
    )
    assert sentences(made)[0] == "Alpha vs. beta tubulin."


def test_a_blank_at_an_edge_stays_where_it_is_a_mention_s() -> None:
    made = document("One ends. Two ends. Three")
    spans = (Span(9, 10), Span(20, 25), Span(10, 13))
    mentions = tuple(Mention(f"T{i}", "x", s.of(made.text), (s,)) for i, s in enumerate(spans))
    assert sentences(replace(made, mentions=mentions)) == ["One ends. ", "Two ends.", "Three"]


def test_sentences_of_the_corpus_are_kept_as_they_are() -> None:
    text = " One. Two. "
    own = (Span(0, len(text)),)
    made = Document("d", "train", text, (Passage("t", Span(0, len(text))),), sentences=own)
    assert with_sentences(made).sentences == own


def test_a_document_without_text_has_no_sentences() -> None:
    assert with_sentences(Document("d", "train", "", ())).sentences == ()


def test_an_unknown_splitter_is_named_in_one_line() -> None:
    with pytest.raises(HarmonizeError, match="'no_such_pipeline'") as caught:
        with_sentences(document("One."), "no_such_pipeline")
    assert "\n" not in str(caught.value)


def test_guarded_keeps_the_first_start_even_inside_a_mention() -> None:
    assert guarded([3, 6], 10, [Span(0, 5)]) == [Span(3, 6), Span(6, 10)]


def test_guarded_boundary_may_touch_a_mention() -> None:
    assert guarded([0, 4, 8], 12, [Span(0, 4), Span(8, 12)]) == [Span(0, 4), Span(4, 8), Span(8, 12)]


spans_in_text = st.tuples(st.integers(0, 59), st.integers(1, 20)).map(lambda p: Span(p[0], min(60, sum(p))))


@thorough
@given(
    starts=st.lists(st.integers(0, 59), min_size=1, unique=True).map(sorted),
    extents=st.lists(spans_in_text, max_size=8),
)
def test_guarded_cuts_no_mention_and_covers_the_text(starts: list[int], extents: list[Span]) -> None:
    found = guarded(starts, 60, extents)
    assert found[0].start == starts[0]
    assert found[-1].end == 60
    assert all(before.end == after.start for before, after in pairwise(found))
    inner = [sentence.start for sentence in found[1:]]
    assert not [(at, extent) for at in inner for extent in extents if extent.start < at < extent.end]
    # No boundary is given up without a mention across it.
    for start in set(starts) - {sentence.start for sentence in found}:
        assert any(extent.start < start < extent.end for extent in extents)
    assert guarded(starts, 60, extents[::-1]) == found


words = st.sampled_from(
    ["We", "gave", "St.", "John", "i.e.", "0.5", "IL-2.", "End.", "Why?", " ", "\n", "α-actin", "𝛼.", "!", ""]
)
parts = st.lists(words, max_size=12).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    texts = draw(st.lists(parts, min_size=1, max_size=3))
    text = " ".join(texts)
    passages, start = [], 0
    for number, part in enumerate(texts):
        if part:
            passages.append(Passage(f"part {number}", Span(start, start + len(part))))
        start += len(part) + 1
    mentions = []
    for serial in range(draw(st.integers(0, 5)) if text else 0):
        begin = draw(st.integers(0, len(text) - 1))
        span = Span(begin, draw(st.integers(begin + 1, min(len(text), begin + 20))))
        mentions.append(Mention(f"T{serial}", "x", span.of(text), (span,)))
    return Document("90000001", "train", text, tuple(passages), tuple(mentions))


def overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


@thorough
@given(made=documents())
def test_each_mention_lies_in_exactly_one_sentence(made: Document) -> None:
    found = with_sentences(made).sentences or ()
    assert all(before.end <= after.start for before, after in pairwise(found))
    for mention in made.mentions:
        if any(passage.span.covers(mention.extent) for passage in made.passages):
            assert len([s for s in found if s.covers(mention.extent)]) == 1, mention
            assert len([s for s in found if overlaps(s, mention.extent)]) == 1, mention


@thorough
@given(made=documents())
def test_a_sentence_crosses_passages_only_where_a_mention_does(made: Document) -> None:
    for sentence in with_sentences(made).sentences or ():
        touched = [passage for passage in made.passages if overlaps(passage.span, sentence)]
        for _, after in pairwise(touched):
            start = after.span.start
            assert any(m.extent.start < start < m.extent.end for m in made.mentions)


@thorough
@given(made=documents())
def test_only_blanks_are_outside_of_sentences(made: Document) -> None:
    left = list(made.text)
    for sentence in with_sentences(made).sentences or ():
        left[sentence.start : sentence.end] = [" "] * (sentence.end - sentence.start)
    assert not "".join(left).strip()


@thorough
@given(made=documents())
def test_splitting_again_changes_nothing(made: Document) -> None:
    once = with_sentences(made)
    assert with_sentences(once) == once
    assert with_sentences(made) == once


@thorough
@given(made=documents(), data=st.data())
def test_a_context_has_what_lies_in_it_of_each_sentence(made: Document, data: st.DataObject) -> None:
    ends = st.integers(0, len(made.text))
    context = Span(*sorted((data.draw(ends), data.draw(ends))))
    whole = with_sentences(made).sentences or ()
    parts = sentences_within(whole, context)
    inside = context.of(made.text)
    covered = [place for sentence in whole for place in range(*sentence) if place in range(*context)]
    assert [context.start + place for part in parts for place in range(*part)] == covered
    assert all(0 <= part.start < part.end <= len(inside) for part in parts)


def test_an_installed_pipeline_splits_when_asked_for(tmp_path: Path) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer", config={"punct_chars": [";"]})
    pipeline.to_disk(tmp_path / "semicolons")
    made = with_sentences(document("One. Two; three."), str(tmp_path / "semicolons"))
    assert [span.of(made.text) for span in made.sentences or ()] == ["One. Two;", "three."]


def test_a_pipeline_without_sentence_boundaries_is_refused(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "bare")
    with pytest.raises(HarmonizeError, match="to set sentence boundaries"):
        with_sentences(document("One. Two."), str(tmp_path / "bare"))
