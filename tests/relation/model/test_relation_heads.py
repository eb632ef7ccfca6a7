"""The heads that look at more than the first vector: what they see, and whole runs of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from relation_cases import words_tokenizer
from relation_runs import HALF, SYSTEMS, stopped_and_resumed
from stopped_trainings import StopAt, weights
from transformers import AutoModelForSequenceClassification, BertConfig, GPT2Config, GPT2Model

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.batches import padded
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.model.classifier import Classifier, Prompt
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.ensemble import ENSEMBLE
from harmonize.relation.model.heads import HEADS
from harmonize.relation.model.linear import LINEAR_HEADS
from harmonize.relation.model.pair_model import POOLINGS, PairConfig, PairModel
from harmonize.relation.recipe import INPUTS_OF_CONTEXTS, HeadName, Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("heads")  # they share their runs
each_pooling = pytest.mark.parametrize("pooling", POOLINGS)


def test_a_recipe_knows_every_head() -> None:
    assert get_args(HeadName) == (*HEADS, *LINEAR_HEADS, ENSEMBLE)
    assert list(INPUTS_OF_CONTEXTS) == [name for name, head in HEADS.items() if head.of_contexts]


def items(*lengths: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    return [
        {
            "input_ids": random.integers(5, 50, length),
            "token_type_ids": np.zeros(length, dtype=np.int8),
            "places": np.array([1, length - 2]),
            "labels": 0,
        }
        for length in lengths
    ]


def model(pooling: str) -> PairModel:
    torch.manual_seed(0)
    encoder = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        initializer_range=0.5,
    )
    return PairModel(PairConfig(encoder=encoder.to_dict(), pooling=pooling, num_labels=3)).eval()


def logits(of: PairModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = of(**{name: each for name, each in batch.items() if name != "labels"}).logits
    return found


@each_pooling
def test_padding_is_never_looked_at(pooling: str) -> None:
    made, of = items(5, 23, 9), model(pooling)
    together = logits(of, padded(made, 0, places_too=True, multiple=32))
    assert together.shape == (3, 3)
    alone = torch.cat([logits(of, padded([one], 0, places_too=True, multiple=1)) for one in made])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "seen"),
    [
        ("entities", {1, 7}),
        ("cls+entities", {0, 1, 7}),
        ("mean", set(range(9))),
        ("sll_attention", set(range(8))),
        ("sll_lstm", set(range(8))),
        ("sll_bilstm", set(range(8))),
    ],
)
def test_each_looks_at_its_own_vectors(pooling: str, seen: set[int]) -> None:
    """Nine tokens of which the last is the special one, and three of padding."""
    of = model(pooling)
    tokens = torch.randn(1, 12, 16, requires_grad=True)
    mask = torch.tensor([[1] * 9 + [0] * 3])
    of._pooled(tokens, mask, torch.tensor([[1, 7]])).sum().backward()
    assert tokens.grad is not None
    assert set(tokens.grad[0].abs().sum(dim=-1).nonzero().flatten().tolist()) == seen


def test_attention_is_a_weighted_sum() -> None:
    of = model("sll_attention")
    tokens = torch.randn(1, 6, 16)
    mask = torch.tensor([[1, 1, 1, 1, 1, 0]])
    with torch.no_grad():
        of.attention.weight.zero_()
        found = of._pooled(tokens, mask, torch.tensor([[1, 2]]))
    torch.testing.assert_close(found[0], torch.cat((tokens[0, 0], tokens[0, 1:4].mean(dim=0))))


def test_an_unknown_pooling_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="pooling: expected one of entities, "):
        model("median")


def test_an_encoder_whose_classifier_is_elsewhere_is_one_line(tmp_path: Path) -> None:
    tokenizer = words_tokenizer(longest=64)
    tokenizer.save_pretrained(tmp_path)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=1, n_head=2)
    GPT2Model(config).save_pretrained(tmp_path)
    encoder = load_encoder(str(tmp_path), HEADS["cls"], ["None", "Bind", "Association"], {}, list)
    with pytest.raises(HarmonizeError, match="a gpt2 has no classifier that head cls could train") as error:
        encoder.model()
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def runs(
    sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("heads")
    return {
        f"{head} {kind}": train(
            sample_union,
            small_recipe(head=head, input=kind, **HALF),
            folder / f"{head}-{kind}",
            device="cpu",
        )
        for head, kind in SYSTEMS
    }


def test_every_head_and_input_trains_and_answers(runs: dict[str, Path], sample_union: Path) -> None:
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    for name, run in runs.items():
        head, kind = name.split()
        prompt = Prompt.read(run)
        assert (prompt.head, prompt.input) == (head, kind)
        assert INPUTS[kind].example(prompt.tags) in (run / "README.md").read_text(encoding="utf-8")
        loaded = AutoModelForSequenceClassification.from_pretrained(run)
        assert isinstance(loaded, PairModel) == (head != "cls")
        classifier = Classifier.load(run, "cpu")
        found = classifier.probabilities(pairs)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(found, classifier.probabilities(pairs, batch_tokens=1), atol=1e-5)
        eight_bits = Classifier.load(run, "cpu", "int8").probabilities(pairs)
        np.testing.assert_allclose(found, eight_bits, atol=0.1)


@pytest.mark.parametrize(("head", "kind"), SYSTEMS)
def test_stopped_and_resumed_each_has_the_same_weights(
    runs: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path, head: str, kind: str
) -> None:
    recipe = small_recipe(head=head, input=kind, **HALF)
    run, steps = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(5))
    assert steps == [5, 3]
    assert weights(run) == weights(runs[f"{head} {kind}"])


def test_a_head_goes_on_from_its_own_kind_and_no_other(
    runs: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    run = runs["mean markers"]
    values = {"encoder": str(run), "epochs": 0.1, "input": "markers"}
    recipe = small_recipe(head="mean", **values, learning_rate=1e-9)
    again = train(sample_union, recipe, tmp_path / "again", device="cpu")
    for name, found in weights(again).items():
        before, after = (np.frombuffer(each, dtype=np.float32) for each in (weights(run)[name], found))
        np.testing.assert_allclose(before, after, atol=1e-6)
    for other in ("entities", "cls", "document", "atlop", "graph", "counts"):
        recipe = small_recipe(head=other, **{**values, "input": "prompt"})
        with pytest.raises(HarmonizeError, match="expected an encoder or a run of the same head"):
            train(sample_union, recipe, tmp_path / other, device="cpu")
        assert not (tmp_path / other).exists()
