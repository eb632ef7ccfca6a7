"""A word tokenized once, wherever it stands, is what it is within its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_cases import TAGS, words_tokenizer
from transformers import AddedToken

from harmonize.relation.encode.encoding import TextEncoder, add_tokens
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.model.encoders import TINY, load_encoder
from harmonize.relation.model.heads import HEADS

KNOWN = ("aspirin causes asthma (IL-2) in mice", "β-catenin naïve café 5-HT 関連 the THE")


def bert() -> Any:
    tokenizer = load_encoder(TINY, HEADS["cls"], ["Association", "None"], {}, lambda: KNOWN).tokenizer
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    return tokenizer


@pytest.fixture(scope="module")
def by_words() -> TextEncoder:
    return TextEncoder(bert(), TAGS, 512)


@pytest.fixture(scope="module")
def by_texts() -> TextEncoder:
    encoder = TextEncoder(bert(), TAGS, 512)
    encoder.without_words()
    return encoder


texts = st.lists(
    st.one_of(
        st.sampled_from([*" ".join(KNOWN).split(), " ", "  ", "[SEP]", "<C>", "##a", "\t", "\n", "\u00a0"]),
        st.sampled_from(
            ["e\u0301", "\u0301", "İ", "ß", "Σ", "\u200b", "\x00", "\x1c", "\u2028", "👩‍🔬", "-"]
        ),
        st.text(max_size=3),
        st.just("x" * 201),
    ),
    max_size=8,
).map("".join)


@given(st.lists(texts, max_size=4))
def test_words_have_the_tokens_of_their_texts(
    by_words: TextEncoder, by_texts: TextEncoder, some: list[str]
) -> None:
    assert by_words.ids(some) == by_texts.ids(some)


def test_a_word_is_tokenized_once(by_words: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = TextEncoder(bert(), TAGS, 512)
    asked: list[list[str]] = []
    once = encoder._tokenized_words

    def counted(words: list[str]) -> list[list[int]]:
        asked.append(words)
        return once(words)

    monkeypatch.setattr(encoder, "_tokenized_words", counted)
    first = encoder.ids(["aspirin causes asthma", "asthma causes"])
    assert encoder.ids(["asthma causes aspirin"])["asthma causes aspirin"] == [
        token for word in ("asthma", "causes", "aspirin") for token in by_words.ids([word])[word]
    ]
    assert first["asthma causes"] == by_words.ids(["asthma causes"])["asthma causes"]
    assert asked == [["aspirin", "causes", "asthma"], []]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch, by_texts: TextEncoder) -> None:
    monkeypatch.setattr("harmonize.relation.encode.encoding._MOST_WORDS", 3)
    encoder = TextEncoder(bert(), TAGS, 512)
    for text in KNOWN * 2:
        assert encoder.ids([text]) == by_texts.ids([text])
        assert len(encoder._ids_of_words or {}) <= 3 + len(text.split())


@pytest.mark.parametrize("roberta", [False, True])
def test_other_tokenizers_are_given_whole_texts(roberta: bool) -> None:
    tokenizer = words_tokenizer(roberta=roberta)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    assert TextEncoder(tokenizer, TAGS, 512)._ids_of_words is None


def test_a_token_that_was_added_with_a_blank_in_it_is_still_found() -> None:
    tokenizer = bert()
    tokenizer.add_tokens([AddedToken("aspirin causes")])
    encoder = TextEncoder(tokenizer, TAGS, 512)
    assert encoder.ids(["aspirin causes"]) == {
        "aspirin causes": [tokenizer.convert_tokens_to_ids("aspirin causes")]
    }
