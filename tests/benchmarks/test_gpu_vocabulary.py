"""Encoders cut down to the tokens of a set, which must say of it what they said before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
)
from vocabulary import cut_vocabulary, cut_words, used_tokens

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.documents import DocumentEncoder
from harmonize.relation.encode.encoding import PairEncoder, add_tokens
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.encode.prompt import tag
from harmonize.relation.select.rows import COLUMNS, pairs_of
from harmonize.spec import load_catalogue
from harmonize.union.reader import load_union

SHAPE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
UNUSED = [f"zzz{number}zzz" for number in range(40)]


def word_piece(rows: pa.Table, specials: dict[str, int], frame: Any) -> Any:
    """A tokenizer of the words of some texts and their pieces, with words between them that no text has."""
    words = sorted({word for text in rows["text"].to_pylist() for word in text.lower().split()})
    characters = sorted({character for word in words for character in word})
    pieces = [*characters, *(f"##{character}" for character in characters), *words[::3], "gene", "relation"]
    mixed = [token for pair in zip(pieces, [*UNUSED] * len(pieces), strict=False) for token in pair]
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys([*specials, *mixed]))}
    assert [vocabulary[token] for token in specials] == list(specials.values())
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = frame
    return backend


def bert(rows: pa.Table, folder: Path) -> None:
    specials = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    backend = word_piece(rows, specials, processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=128,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    tokenizer.save_pretrained(folder)
    BertModel(BertConfig(vocab_size=len(tokenizer), pad_token_id=0, **SHAPE)).save_pretrained(folder)


def mpnet(rows: pa.Table, folder: Path) -> None:
    """Its positions are counted from the id of padding, and it has no token types."""
    specials = {"<s>": 0, "<pad>": 1, "</s>": 2, "[UNK]": 3}
    backend = word_piece(rows, specials, processors.RobertaProcessing(("</s>", 2), ("<s>", 0)))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=128,
        model_input_names=["input_ids", "attention_mask"],
        unk_token="[UNK]",
        pad_token="<pad>",
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        mask_token="<mask>",
    )
    tokenizer.save_pretrained(folder)
    config = MPNetConfig(vocab_size=len(tokenizer), pad_token_id=1, **SHAPE)
    MPNetModel(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def rows(sample_union: Path) -> pa.Table:
    return load_union(sample_union, columns=COLUMNS)


@pytest.fixture(scope="module", params=[bert, mpnet])
def before_and_after(
    request: pytest.FixtureRequest, rows: pa.Table, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, list[int]]:
    folder = tmp_path_factory.mktemp("cut")
    whole, cut = folder / "whole", folder / "cut"
    torch.manual_seed(0)
    make: Callable[[pa.Table, Path], None] = request.param
    make(rows, whole)
    kept = used_tokens(AutoTokenizer.from_pretrained(whole), rows)
    cut_vocabulary(str(whole), kept, cut)
    return whole, cut, kept


def inputs(folder: Path, kind: str, rows: pa.Table) -> Iterator[list[str]]:
    """The tokens of all inputs of one kind, by name; those of a context for all its pairs too."""
    types = {each for side in ("head", "tail") for each in rows[f"{side}_type"].to_pylist()}
    tags = {each: tag(each, load_catalogue().target.tags) for each in types}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    add_tokens(tokenizer, INPUTS[kind].words(tags))
    for one in PairEncoder(tokenizer, tags, 128, kind)(pairs_of(rows)):
        yield tokenizer.convert_ids_to_tokens(list(one.input_ids))
    if kind in ("prompt", "tagged"):
        for context in DocumentEncoder(tokenizer, tags, 128, kind)(pairs_of(rows)):
            yield from (tokenizer.convert_ids_to_tokens(window) for window in context.input_ids)


def test_the_vocabulary_gets_smaller_and_keeps_its_order(
    before_and_after: tuple[Path, Path, list[int]],
) -> None:
    whole, cut, kept = before_and_after
    old, new = (AutoTokenizer.from_pretrained(folder) for folder in (whole, cut))
    assert not set(UNUSED) & set(new.get_vocab())
    assert len(new) == len(kept) < len(old)
    assert new.convert_ids_to_tokens(list(range(len(kept)))) == old.convert_ids_to_tokens(kept)
    assert new.all_special_tokens == old.all_special_tokens
    assert new.pad_token_id == old.pad_token_id


@pytest.mark.parametrize("kind", [name for name, kind in INPUTS.items() if not kind.describes])
def test_every_input_has_the_tokens_that_it_had(
    kind: str, before_and_after: tuple[Path, Path, list[int]], rows: pa.Table
) -> None:
    whole, cut, _ = before_and_after
    assert list(inputs(cut, kind, rows)) == list(inputs(whole, kind, rows))


def test_each_token_keeps_its_embedding_and_each_text_its_vectors(
    before_and_after: tuple[Path, Path, list[int]], rows: pa.Table
) -> None:
    whole, cut, kept = before_and_after
    old, new = (AutoModel.from_pretrained(folder).eval() for folder in (whole, cut))
    assert new.config.vocab_size == len(kept)
    torch.testing.assert_close(
        new.get_input_embeddings().weight, old.get_input_embeddings().weight[kept], rtol=0, atol=0
    )
    texts = rows["text"].to_pylist()[:4]
    vectors = [
        model(
            **AutoTokenizer.from_pretrained(folder)(texts, padding=True, truncation=True, return_tensors="pt")
        )
        for model, folder in ((old, whole), (new, cut))
    ]
    torch.testing.assert_close(vectors[0].last_hidden_state, vectors[1].last_hidden_state, rtol=0, atol=1e-6)


def test_padding_with_another_id_is_refused(
    before_and_after: tuple[Path, Path, list[int]], tmp_path: Path
) -> None:
    """Some encoders count positions from it."""
    whole, _, kept = before_and_after
    pad = AutoTokenizer.from_pretrained(whole).pad_token_id
    with pytest.raises(HarmonizeError, match="padding"):
        cut_vocabulary(str(whole), [token for token in kept if token != pad], tmp_path / "cut")


def test_a_tokenizer_that_looks_beyond_the_blank_is_refused(rows: pa.Table) -> None:
    backend = Tokenizer(models.BPE({"a": 0, "[UNK]": 1}, [], unk_token="[UNK]"))
    with pytest.raises(HarmonizeError, match="WordPiece"):
        used_tokens(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"), rows)


@given(st.text("ab -", max_size=20), st.lists(st.integers(0, 20), max_size=5))
def test_a_word_is_cut_in_each_way_that_marks_can_cut_it(text: str, cuts: list[int]) -> None:
    cuts = [cut for cut in cuts if cut <= len(text)]
    found = set(cut_words(text, cuts))
    ends = sorted({0, *cuts, len(text)})
    for place, start in enumerate(ends):
        for end in ends[place + 1 :]:
            assert found >= set(text[start:end].split(" ")) - {""}
