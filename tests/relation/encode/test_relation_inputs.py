"""The kinds of input: their strings, where their entities stand, and that no other text is lost."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_cases import CHEMICAL, GENE, TAGS, pair, pairs, words_tokenizer

from harmonize.errors import HarmonizeError, UnknownName
from harmonize.relation.encode.encoding import Encoded, PairEncoder, add_tokens
from harmonize.relation.encode.inputs import INPUTS, MASK, InputKind, input_named
from harmonize.relation.encode.knowledge import Knowledge
from harmonize.relation.encode.prompt import Tag, spelled
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import InputName

KINDS = list(INPUTS.values())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def encoder(kind: str, longest: int = 512) -> PairEncoder:
    tokenizer = words_tokenizer()
    tokenizer.add_special_tokens({"mask_token": MASK})
    add_tokens(tokenizer, INPUTS[kind].words(TAGS))
    known = Knowledge("", {}, {"aspirin": "an analgesic"}) if INPUTS[kind].describes else None
    return PairEncoder(tokenizer, TAGS, longest, kind, known)


ENCODERS = {kind.name: encoder(kind.name) for kind in KINDS}


def tokens(made: PairEncoder, found: Encoded) -> list[str]:
    return list(made.tokenizer.convert_ids_to_tokens(found.input_ids))


def strings(kind: InputKind, made: Pair) -> list[str]:
    return [spelled(part) for part in kind.of(made, TAGS).parts]


@each_kind
def test_the_docstring_shows_the_string(kind: InputKind) -> None:
    assert " ".join((kind.of.__doc__ or "").split()) == kind.example(TAGS)


def test_a_recipe_knows_every_kind() -> None:
    assert get_args(InputName) == tuple(INPUTS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", ["acute lead poisoning"]),
        ("markers", ["acute [E2][E1]lead[/E1] poisoning[/E2]"]),
        # Of nested mentions each has its token, the outer one's first; what they cover is gone.
        ("masked", ["acute [MASK][MASK]"]),
        ("typed", ["acute @DISEASE$@CHEMICAL$"]),
        ("two_masked", ["acute [MASK] poisoning", "acute [MASK]"]),
        ("two_entities", ["acute [E1] poisoning", "acute [E2]"]),
    ],
)
def test_a_mention_inside_the_other(name: str, expected: list[str]) -> None:
    assert strings(INPUTS[name], pair("acute lead poisoning", ["lead"], ["lead poisoning"])) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("masked", ["[MASK] x [MASK], [MASK] y"]),
        ("two_masked", ["[MASK] x b, [MASK] y", "a x [MASK], c y"]),
    ],
)
def test_every_mention_of_an_entity_is_replaced(name: str, expected: list[str]) -> None:
    assert strings(INPUTS[name], pair("a x b, c y", ["a", "c"], ["b"])) == expected


def test_mentions_that_cross_are_replaced_once_each() -> None:
    assert strings(INPUTS["masked"], pair("a b c", ["a b"], ["b c"])) == ["[MASK][MASK]"]


def test_types_are_spelled_by_their_first_word() -> None:
    made = pair("x y", ["x"], ["y"], (GENE, "BC5CDR-Chem"))
    assert strings(INPUTS["typed"], made) == ["@GENE$ @BC5CDR-CHEM$"]
    words = INPUTS["typed"].words({GENE: "G", "BC5CDR-Chem": "BC5CDR-Chem"})
    assert words == {"@GENE$": "@ gene or gene product $", "@BC5CDR-CHEM$": "@ bc5cdr chem $"}


@given(pairs())
def test_what_is_no_mention_stays(made: Pair) -> None:
    gone = [span for side in (made.head, made.tail) for span in side.spans]
    outside = "".join(
        letter for at, letter in enumerate(made.text) if not any(span.start <= at < span.end for span in gone)
    )
    for kind in KINDS:
        *_, context = kind.of(made, TAGS).contexts
        text = "".join(piece for piece in context if isinstance(piece, str))
        if kind.name in ("masked", "typed"):
            assert text == outside
        elif not kind.name.startswith("two_"):
            assert text == made.text
        opened = [piece for piece in context if isinstance(piece, Tag) and piece.opens]
        assert len(opened) == len(set(made.head.spans)) + len(set(made.tail.spans))


@given(pairs(), st.sampled_from(sorted(INPUTS)))
def test_places_are_of_the_tokens_that_stand_for_the_entities(made: Pair, name: str) -> None:
    kind, encoded = INPUTS[name], ENCODERS[name]
    (found,) = encoded([made])
    at = [tokens(encoded, found)[place] for place in (found.head_place, found.tail_place)]
    expected = {
        "prompt": [f"<{TAGS[side.type]}>" for side in (made.head, made.tail)],
        "markers": ["[E1]", "[E2]"],
        "masked": [MASK, MASK],
        "two_entities": ["[E1]", "[E2]"],
        "two_masked": [MASK, MASK],
        "typed": [f"@{TAGS_SPELLED[side.type]}$" for side in (made.head, made.tail)],
    }
    if name in expected:
        assert at == expected[name]
    if kind.segments == 2:
        assert found.token_type_ids[found.tail_place] == 1
        assert found.token_type_ids[found.head_place] == (name in ("prompt", "described"))


TAGS_SPELLED = {CHEMICAL: "CHEMICAL", GENE: "GENE", "DiseaseOrPhenotypicFeature": "DISEASE"}


@given(st.integers(0, 150), st.integers(0, 150), st.integers(0, 150), st.sampled_from(sorted(INPUTS)))
def test_a_long_context_keeps_both_entities(before: int, between: int, after: int, name: str) -> None:
    text = f"{'a' * before} x {'b' * between} y {'c' * after}"
    short = SHORT[name]
    (found,) = short([pair(text, ["x"], ["y"])])
    assert len(found.input_ids) <= short.max_length
    assert found.lost == 0
    assert found.head_place > 0
    assert found.tail_place > 0
    read = tokens(short, found)
    if name == "plain":
        assert [read[found.head_place], read[found.tail_place]] == ["x", "y"]


SHORT = {kind.name: encoder(kind.name, 100) for kind in KINDS}


def test_a_context_read_twice_has_half_the_room_each_time() -> None:
    text = "a" * 200 + " x " + "b" * 200 + " y " + "c" * 200
    short = SHORT["two_masked"]
    (found,) = short([pair(text, ["x"], ["y"])])
    read = "".join(tokens(short, found))
    assert read.startswith("[CLS]a")
    first, second, rest = read.removeprefix("[CLS]").split("[SEP]")
    assert rest == ""
    for part, kept in ((first, "y"), (second, "x")):
        assert part.count(MASK) == 1
        assert part.count(kept) == 1
        assert len(part.replace(MASK, ".")) == (100 - 3) // 2


def test_an_entity_without_a_token_of_its_own_stands_with_the_other() -> None:
    """The tokenizer makes nothing of blanks."""
    made = ENCODERS["plain"]
    (found,) = made([pair("a   b", [(1, 3)], ["b"])])
    assert tokens(made, found)[found.head_place] == "b"
    (found,) = made([pair("a    ", [(1, 3)], [(2, 4)])])
    assert (found.head_place, found.tail_place) == (1, 1)


def test_a_tokenizer_without_a_mask_is_one_line() -> None:
    with pytest.raises(HarmonizeError, match="input masked: expected a tokenizer with a mask"):
        PairEncoder(words_tokenizer(), TAGS, 512, "masked")


def test_an_unknown_kind_is_one_line() -> None:
    with pytest.raises(
        UnknownName, match="unknown input 'bold': expected one of prompt, described, tagged, "
    ):
        input_named("bold")


def test_new_tokens_begin_as_the_mean_of_their_words(any_vocabulary: Any) -> None:
    import torch

    from harmonize.relation.model.encoders import name_tokens

    tokenizer, model = any_vocabulary
    words = INPUTS["markers"].words(TAGS)
    add_tokens(tokenizer, words)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    name_tokens(model, tokenizer, words)
    weight = model.get_input_embeddings().weight
    own = tokenizer.convert_tokens_to_ids("[/E2]")
    spelled_out = tokenizer("[ / entity 2 ]", add_special_tokens=False)["input_ids"]
    torch.testing.assert_close(weight[own], weight[spelled_out].mean(dim=0))


@pytest.fixture
def any_vocabulary() -> tuple[Any, Any]:
    from transformers import BertConfig, BertModel

    tokenizer = words_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    return tokenizer, BertModel(config)
