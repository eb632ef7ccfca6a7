"""Pairs as the encoder's input."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from relation_cases import CHEMICAL, DISEASE, GENE, TAGS, pair, pairs, words_tokenizer

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.encoding import Encoded, PairEncoder, add_tokens
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.select.rows import pairs_of, rows_to_test

TEXT = "Aspirin may cause asthma."
TOKENS = tag_tokens(TAGS.values())


def encoder(tokenizer: Any, longest: int = 512, *, kind: str = "prompt") -> PairEncoder:
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    return PairEncoder(tokenizer, TAGS, longest, kind)


@pytest.fixture(scope="module")
def letters() -> PairEncoder:
    return encoder(words_tokenizer())


@pytest.fixture(scope="module")
def pubmedbert(mirror: Path) -> PairEncoder:
    """With the vocabulary of the paper's encoder, which stands beside the corpora."""
    from transformers import AutoTokenizer

    folder = Path(os.environ.get("HARMONIZE_TOKENIZER") or mirror.parent / "encoders/biomedbert-tokenizer")
    if not folder.is_dir():
        pytest.skip(f"PubMedBERT's vocabulary is needed at {folder}")
    return encoder(AutoTokenizer.from_pretrained(str(folder)))


def one(encoder: PairEncoder, made: Any) -> Encoded:
    (found,) = encoder([made])
    return found


def tokens(encoder: PairEncoder, found: Encoded) -> list[str]:
    return list(encoder.tokenizer.convert_ids_to_tokens(found.input_ids))


def test_pubmedbert_sees_two_segments_with_tags(pubmedbert: PairEncoder) -> None:
    found = one(pubmedbert, pair(TEXT, ["Aspirin"], ["asthma"]))
    assert " ".join(tokens(pubmedbert, found)) == (
        "[CLS] what is the relation in biore ##d between <C> aspirin </C> and <D> asthma </D> ? [SEP] "
        "<C> aspirin </C> may cause <D> asthma </D> . [SEP]"
    )
    assert pubmedbert.tokenizer.decode(found.input_ids) == (
        "[CLS] what is the relation in biored between <C> aspirin </C> and <D> asthma </D>? [SEP] "
        "<C> aspirin </C> may cause <D> asthma </D>. [SEP]"
    )
    # The vocabulary has 30,522 tokens; the tags stand behind it.
    assert found.input_ids == [
        *(2, 4663, 1977, 1920, 6147, 1922, 18857, 1007, 2192),
        *(30522, 12396, 30523, 1930, 30524, 6678, 30525, 35, 3),
        *(30522, 12396, 30523, 2278, 3936, 30524, 6678, 30525, 18, 3),
    ]
    assert found.token_type_ids == [0] * 18 + [1] * 10
    assert (found.windows, found.cut, found.lost) == (1, False, 0)


@pytest.mark.parametrize("token", TOKENS)
def test_each_tag_is_one_token(pubmedbert: PairEncoder, token: str) -> None:
    tokenizer = pubmedbert.tokenizer
    (identifier,) = tokenizer(token, add_special_tokens=False)["input_ids"]
    assert identifier >= 30522
    assert tokenizer.tokenize(f"a{token}B") == ["a", token, "b"]


def test_a_text_that_spells_a_tag_or_special_token_stays_text(pubmedbert: PairEncoder) -> None:
    text = "<G> [SEP] </D> [CLS][PAD] [MASK] aspirin <C>asthma</C>"
    found = one(pubmedbert, pair(text, ["aspirin"], ["asthma"]))
    counts = Counter(tokens(pubmedbert, found))
    assert {token: counts[token] for token in [*TOKENS, "[SEP]", "[CLS]", "[PAD]", "[MASK]"]} == {
        **{"<C>": 2, "</C>": 2, "<D>": 2, "</D>": 2, "<G>": 0, "</G>": 0},
        **{"[SEP]": 2, "[CLS]": 1, "[PAD]": 0, "[MASK]": 0},
    }
    assert "< g > [ sep ] < / d > [ cls ] [ pad ] [ mask ]" in " ".join(tokens(pubmedbert, found))


def test_greek_letters_emoji_and_combining_characters(pubmedbert: PairEncoder) -> None:
    text = "β-catenin 🧬 cafe\u0301 \u200d κB-α"
    found = one(pubmedbert, pair(text, ["β-catenin"], ["κB-α"], (GENE, GENE)))
    context = tokens(pubmedbert, found)[found.token_type_ids.index(1) : -1]
    assert context[:5] == ["<G>", "β", "-", "catenin", "</G>"]
    assert context[-5:] == ["<G>", "κb", "-", "α", "</G>"]
    assert "[UNK]" in context


def test_a_character_of_several_code_points_does_not_shift_a_mention(pubmedbert: PairEncoder) -> None:
    text = "👩‍🔬👩‍🔬 aspirin e\u0301e\u0301 asthma"
    found = tokens(pubmedbert, one(pubmedbert, pair(text, ["aspirin"], ["asthma"])))
    for name, letter in (("aspirin", "C"), ("asthma", "D")):
        places = [place for place, token in enumerate(found) if token == name]
        assert len(places) == 2
        assert all((found[at - 1], found[at + 1]) == (f"<{letter}>", f"</{letter}>") for at in places)


@given(pairs())
def test_tags_and_special_tokens_come_from_pieces_alone(letters: PairEncoder, made: Any) -> None:
    found = one(letters, made)
    assert len(found.input_ids) == len(found.token_type_ids) <= 512
    assert not found.cut
    counts = Counter(tokens(letters, found))
    assert (counts["[CLS]"], counts["[SEP]"], counts["[PAD]"]) == (1, 2, 0)
    expected = Counter[str]()
    for side in (made.head, made.tail):
        for token in tag_tokens([TAGS[side.type]]):
            expected[token] += len(side.spans) + 1
    assert {token: counts[token] for token in TOKENS} == {token: expected[token] for token in TOKENS}


def test_letters_of_each_segment_in_berts_frame(letters: PairEncoder) -> None:
    found = one(letters, pair("x y", ["x"], ["y"]))
    assert "".join(tokens(letters, found)) == (
        "[CLS]WhatistherelationinBioREDbetween<C>x</C>and<D>y</D>?[SEP]<C>x</C><D>y</D>[SEP]"
    )
    assert found.token_type_ids.index(1) == tokens(letters, found).index("[SEP]") + 1
    assert found.token_type_ids[-7:] == [1] * 7
    assert letters.knows_types


def test_robertas_frame_has_two_marks_between_and_no_types() -> None:
    roberta = encoder(words_tokenizer(roberta=True))
    found = one(roberta, pair("x y", ["x"], ["y"]))
    assert "".join(tokens(roberta, found)) == (
        "<s>WhatistherelationinBioREDbetween<C>x</C>and<D>y</D>?</s></s><C>x</C><D>y</D></s>"
    )
    assert set(found.token_type_ids) == {0}
    assert not roberta.knows_types


@pytest.mark.parametrize("roberta", [False, True])
def test_without_a_question_the_context_is_all(roberta: bool) -> None:
    plain = encoder(words_tokenizer(roberta=roberta), kind="tagged")
    found = one(plain, pair("x y", ["x"], ["y"]))
    first, last = ("<s>", "</s>") if roberta else ("[CLS]", "[SEP]")
    assert "".join(tokens(plain, found)) == f"{first}<C>x</C><D>y</D>{last}"
    assert set(found.token_type_ids) == {0}


def test_a_long_context_is_cut_around_the_nearest_mentions() -> None:
    short = encoder(words_tokenizer(), 80)
    text = "a" * 60 + " x b y " + "c" * 60
    found = one(short, pair(text, ["x"], ["y"]))
    assert (len(found.input_ids), found.windows, found.cut, found.lost) == (80, 1, True, 0)
    context = "".join(tokens(short, found)).split("[SEP]")[1]
    assert context.strip("ac") == "<C>x</C>b<D>y</D>"


def test_entities_far_apart_keep_a_window_each() -> None:
    short = encoder(words_tokenizer(), 80)
    found = one(short, pair("x " + "a" * 200 + " y", ["x"], ["y"]))
    assert (len(found.input_ids), found.windows, found.cut, found.lost) == (80, 2, True, 0)


def test_a_question_too_long_is_one_line() -> None:
    with pytest.raises(HarmonizeError, match=r"a question of .* tokens leaves too little of 80") as error:
        one(encoder(words_tokenizer(), 80), pair("x" * 60 + " y", ["x" * 60], ["y"]))
    assert "\n" not in str(error.value)


def test_an_unknown_entity_type_is_one_line(letters: PairEncoder) -> None:
    known = ", ".join(sorted(TAGS))
    with pytest.raises(HarmonizeError) as error:
        one(letters, pair("x y", ["x"], ["y"], (CHEMICAL, "Gene")))
    assert str(error.value) == f"entity type 'Gene': expected one the model knows ({known})"


def test_many_pairs_come_in_order(letters: PairEncoder) -> None:
    made = [pair(f"x {'a' * (n % 7)} y", ["x"], ["y"], (CHEMICAL, DISEASE)) for n in range(1100)]
    assert [found.input_ids for found in letters(iter(made))] == [
        one(letters, each).input_ids for each in made
    ]
    assert list(letters([])) == []


def test_biored_keeps_a_mention_of_both_entities(pubmedbert: PairEncoder, real_union: Path) -> None:
    """What is cut on the right elsewhere: 43 gold relations then lose every mention of one entity."""
    rows = rows_to_test(real_union, "biored/test")
    kinds = Counter(
        ("whole" if not found.cut else f"{found.windows} of it", found.lost, len(found.input_ids) <= 512)
        for found in pubmedbert(pairs_of(rows))
    )
    assert kinds == {("whole", 0, True): 5656, ("1 of it", 0, True): 1941}
