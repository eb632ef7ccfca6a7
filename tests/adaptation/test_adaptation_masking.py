"""Rows hold every token, and whole words are masked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from adaptation_cases import GENES, lines
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForMaskedLM,
    BertConfig,
    DistilBertConfig,
    MPNetConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)

from harmonize.adaptation.masking import IGNORED, MaskedRows, Masking, Shuffled, batch_of
from harmonize.adaptation.model import masked_loss, perplexity
from harmonize.adaptation.packing import Frame, Packed, Rows, open_rows, pack
from harmonize.errors import HarmonizeError
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """Of few words, so that others are taken apart."""
    made = load_encoder("tiny", HEADS["cls"], ("a", "b"), {}, lambda: lines(3)).tokenizer
    assert isinstance(made, PreTrainedTokenizerFast)
    return made


def packed(texts: list[str], max_length: int) -> tuple[Packed, Rows]:
    with TemporaryDirectory() as folder:
        counts = pack(texts, tokenizer(), max_length, Path(folder) / "rows")
        return counts, np.array(open_rows(Path(folder) / "rows", max_length))


def ids(row: Any) -> Any:
    return np.where(row < 0, ~row, row)


texts_drawn = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(["gene", "aspirin", "unheardof", "[SEP]", "[MASK]", "IL-6", "ä", "𝛼"])).map(
            " ".join
        ),
    ),
    max_size=12,
)


@given(texts_drawn, st.integers(8, 40))
@settings(max_examples=30)
def test_packing_keeps_every_token_in_order(texts: list[str], max_length: int) -> None:
    frame = Frame.of(tokenizer())
    wanted = [
        tokenizer()(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] for text in texts
    ]
    counts, rows = packed(texts, max_length)
    assert rows.shape == (counts.rows, max_length)
    found = [token for row in ids(rows).tolist() for token in row if token not in frame]
    assert found == [token for text in wanted for token in text]
    assert (counts.texts, counts.tokens) == (len(texts), len(found))
    assert (rows[:, 0] == frame.first).all()
    for place, row in enumerate(rows):
        filled = row[row != frame.padding]
        assert filled[-1] == frame.between
        assert frame.between not in (filled[1], filled[-2])
        # Only the last row is not full, but for one place where a [SEP] alone would have fitted.
        assert len(filled) >= max_length - 1 or place == len(rows) - 1
    separators = int((rows == frame.between).sum()) - len(rows)
    assert separators <= max(0, sum(map(bool, wanted)) - 1)


def test_a_row_says_which_tokens_go_on_with_a_word() -> None:
    _, rows = packed(["aspirin unheardof IL-6"], 40)
    tokens = tokenizer().convert_ids_to_tokens(ids(rows[0]).tolist())
    for token, raw in zip(tokens, rows[0].tolist(), strict=True):
        assert token.startswith("##") == (raw < 0)
    assert tokens[:4] == ["[CLS]", "aspirin", "u", "##n"]


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.5))
@settings(max_examples=30)
def test_whole_words_are_masked_and_as_many_as_asked_for(seed: int, share: float) -> None:
    _, rows = packed([f"the unheardof {gene} inhibitor aspirin was given in cells" for gene in GENES], 64)
    masking = Masking(tokenizer(), share)
    special = set(tokenizer().all_special_ids)
    for row in rows:
        masked, labels = masking(row, np.random.default_rng(seed))
        told = labels != IGNORED
        original = ids(row)
        assert (labels[told] == original[told]).all()
        assert (masked[~told] == original[~told]).all()
        assert not special & set(labels[told].tolist())
        plain = [place for place, token in enumerate(original.tolist()) if token not in special]
        for place in plain[1:]:
            if row[place] < 0:
                assert told[place] == told[place - 1]
                assert (masked[place] == masking.mask) == (masked[place - 1] == masking.mask)
        assert 1 <= told.sum() <= max(round(share * len(plain)), 10)


def test_of_ten_chosen_words_eight_are_masked_and_one_stays() -> None:
    _, rows = packed(["aspirin gene cells mouse study " * 400], 500)
    masking = Masking(tokenizer(), 0.15)
    kinds = {"mask": 0, "stays": 0, "random": 0}
    for place, row in enumerate(rows):
        masked, labels = masking(row, np.random.default_rng(place))
        told = labels != IGNORED
        kinds["mask"] += int((masked[told] == masking.mask).sum())
        kinds["stays"] += int((masked[told] == labels[told]).sum())
        kinds["random"] += int(((masked[told] != masking.mask) & (masked[told] != labels[told])).sum())
    total = sum(kinds.values())
    assert total == sum(round(0.15 * count) for count in [498] * (len(rows) - 1) + [2000 % 498])
    assert 0.72 < kinds["mask"] / total < 0.88
    assert 0.05 < kinds["stays"] / total < 0.16


def test_masks_and_order_are_functions_of_seed_epoch_and_row() -> None:
    _, rows = packed(lines(30), 32)
    one, again = (MaskedRows(rows, Masking(tokenizer(), 0.15), 3) for _ in range(2))
    other = MaskedRows(rows, Masking(tokenizer(), 0.15), 4)
    count = len(one)

    def masks(dataset: MaskedRows, item: int) -> bytes:
        return bytes(dataset[item]["labels"].tobytes())

    assert [masks(one, item) for item in range(count)] == [
        masks(again, item) for item in reversed(range(count))
    ][::-1]
    assert [masks(one, item) for item in range(count)] != [masks(one, count + item) for item in range(count)]
    assert [masks(one, item) for item in range(count)] != [masks(other, item) for item in range(count)]
    order = Shuffled(count, 3)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    assert sorted(first) == list(range(count))
    assert sorted(second) == list(range(count, 2 * count))
    assert [item - count for item in second] != first


@pytest.mark.parametrize(
    "config",
    [
        BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16),
        RobertaConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16),
        MPNetConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16),
        DistilBertConfig(dim=16, n_layers=1, n_heads=2, hidden_dim=16),
    ],
    ids=lambda config: config.model_type,
)
def test_the_loss_is_that_of_the_model_however_it_is_made(config: Any) -> None:
    config.vocab_size = len(tokenizer())
    config.pad_token_id = tokenizer().pad_token_id
    model = AutoModelForMaskedLM.from_config(config).eval()
    _, rows = packed(lines(10), 32)
    dataset = MaskedRows(rows, Masking(tokenizer(), 0.15), 0)
    padding = int(tokenizer().pad_token_id)
    batch = batch_of([dataset[place] for place in range(len(dataset))], padding)
    assert batch["attention_mask"].sum() == (rows != padding).sum()
    with torch.inference_mode():
        total, count = masked_loss(model, batch, bf16=False)
        whole = model(**batch).loss
    assert count == int((batch["labels"] != IGNORED).sum())
    assert float(total) / count == pytest.approx(float(whole), rel=1e-5)
    assert perplexity(model, dataset, 3, padding, False) == pytest.approx(float(whole.exp()), rel=1e-4)


def test_a_tokenizer_that_masks_nothing_is_one_line() -> None:
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer().backend_tokenizer, pad_token="[PAD]")
    with pytest.raises(HarmonizeError, match="tokens for the beginning, the end, padding and masks"):
        Frame.of(bare)
