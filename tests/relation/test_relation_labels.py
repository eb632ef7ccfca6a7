"""Labels, decisions, batches and what training minimizes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import EvalPrediction

from harmonize.relation.batches import EncodedPairs, LikeLengths, LongestFirst, padded, token_batches
from harmonize.relation.encoding import Encoded
from harmonize.relation.labels import LabelSpace, decide, is_negative, related
from harmonize.relation.objective import Loss, label_weights, watched_scores

ORDER = ["Positive_Correlation", "Negative_Correlation", "Bind", "Association"]
ROWS = [
    ("ddi", "None-DDI"),
    ("biored", "None"),
    ("biored", "Association"),
    ("ddi", "Association"),
    ("biored", "Positive_Correlation"),
    ("biored", "unlisted"),
    ("bc5cdr", "Positive_Correlation"),
    ("bc5cdr", "None-BC5CDR"),
]


def test_labels_stand_in_the_targets_order_and_negatives_last() -> None:
    space = LabelSpace.of(ROWS, ORDER)
    assert space.names == (
        *("Positive_Correlation", "Association", "unlisted"),
        *("None", "None-BC5CDR", "None-DDI"),
    )
    assert space.plain == space.names
    assert space.corpora == ()
    assert LabelSpace.of(reversed(ROWS), ORDER) == space
    assert [space.index("any", name) for name in space.names] == [0, 1, 2, 3, 4, 5]
    assert space.index("ddi", "Bind") == -1
    assert space.own("any").all()


def test_with_a_head_for_each_corpus_labels_are_its_own() -> None:
    space = LabelSpace.of(ROWS, ORDER, by_corpus=True)
    assert space.names == (
        *("bc5cdr/Positive_Correlation", "bc5cdr/None-BC5CDR"),
        *("biored/Positive_Correlation", "biored/Association", "biored/unlisted", "biored/None"),
        *("ddi/Association", "ddi/None-DDI"),
    )
    assert space.corpora == ("bc5cdr", "biored", "ddi")
    assert space.plain[:2] == ("Positive_Correlation", "None-BC5CDR")
    assert space.own("ddi").tolist() == [False] * 6 + [True] * 2
    assert not space.own("emu").any()
    assert (space.index("ddi", "Association"), space.index("ddi", "None")) == (6, -1)


def test_a_label_with_a_slash_belongs_to_its_corpus() -> None:
    space = LabelSpace.of([("ddi", "a/b"), ("ddi", "None")], ORDER, by_corpus=True)
    assert space.names == ("ddi/a/b", "ddi/None")
    assert space.plain == ("a/b", "None")
    assert space.index("ddi", "a/b") == 0


@pytest.mark.parametrize(
    ("label", "negative"),
    [
        *(("None", True), ("None-DDI", True), ("None-", True)),
        *(("Nonesuch", False), ("none", False), ("Association", False), ("", False)),
    ],
)
def test_every_none_is_negative(label: str, negative: bool) -> None:
    assert is_negative(label) is negative


def test_the_most_probable_label_is_chosen_and_the_first_of_equals() -> None:
    assert decide(np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.0, 0.0, 1.0]])).tolist() == [1, 0, 2]
    assert decide(np.empty((0, 3))).shape == (0,)


@given(st.lists(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), max_size=5))
def test_related_is_a_probability(rows: list[list[float]]) -> None:
    labels = ("Bind", "None", "Association", "None-DDI")
    found = related(np.array(rows, dtype=np.float32).reshape(-1, 4), labels)
    assert found.dtype == np.float64
    assert ((found >= 0) & (found <= 1)).all()
    for row, value in zip(rows, found, strict=True):
        assert value == pytest.approx(min(1.0, row[0] + row[2]))


def encoded(lengths: list[int]) -> list[Encoded]:
    return [
        Encoded([place + 5] * length, [0] * (length // 2) + [1] * (length - length // 2), 1, False, 0, 1, 2)
        for place, length in enumerate(lengths)
    ]


def test_encoded_pairs_give_back_what_went_in() -> None:
    inputs = encoded([3, 1, 4])
    held = EncodedPairs(inputs, [2, -1, 0])
    assert len(held) == 3
    assert held.lengths.tolist() == [3, 1, 4]
    for place, one in enumerate(inputs):
        assert held[place]["input_ids"].tolist() == one.input_ids
        assert held[place]["token_type_ids"].tolist() == one.token_type_ids
        assert held[place]["labels"] == [2, -1, 0][place]
    assert len(EncodedPairs([], [])) == 0
    with pytest.raises(ValueError, match="3 inputs, 2 labels"):
        EncodedPairs(inputs, [0, 0])


def test_a_batch_is_padded_and_masked() -> None:
    held = EncodedPairs(encoded([3, 9]), [0, 1])
    batch = padded([held[0], held[1]], 7)
    assert {name: tuple(tensor.shape) for name, tensor in batch.items()} == {
        "input_ids": (2, 16),
        "attention_mask": (2, 16),
        "token_type_ids": (2, 16),
        "labels": (2,),
    }
    assert batch["input_ids"].tolist()[0] == [5, 5, 5] + [7] * 13
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 9]
    assert batch["attention_mask"].tolist()[1] == [1] * 9 + [0] * 7
    assert batch["token_type_ids"].tolist()[0] == [0, 1, 1] + [0] * 13
    assert all(tensor.dtype == torch.int64 for tensor in batch.values())
    assert set(padded([held[0]], 7, types_too=False)) == {"input_ids", "attention_mask", "labels"}
    assert padded([held[0]], 7, multiple=1)["input_ids"].shape == (1, 3)


lengths_of_pairs = st.lists(st.integers(1, 30), max_size=300).map(
    lambda found: np.array(found, dtype=np.int64)
)


@given(lengths_of_pairs, st.integers(1, 9), st.integers(0, 3), st.integers(0, 3))
def test_an_epoch_is_a_permutation_by_seed_and_epoch(
    lengths: np.ndarray, batch: int, seed: int, epoch: int
) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = LikeLengths(lengths, batch, seed)
        sampler.set_epoch(epoch)
        assert len(sampler) == len(lengths)
        return list(sampler)

    assert sorted(order(seed, epoch)) == list(range(len(lengths)))
    assert order(seed, epoch) == order(seed, epoch)
    if len(lengths) > 100:
        assert len({tuple(order(seed, epoch + more)) for more in range(3)}) == 3
        assert order(seed, epoch) != order(seed + 1, epoch)


def test_batches_hold_inputs_of_like_length() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 500, 4000)
    order = list(LikeLengths(lengths, 16, 0))
    spread = [np.ptp(lengths[order[at : at + 16]]) for at in range(0, 4000, 16)]
    assert np.mean(spread) < 20


@given(lengths_of_pairs, st.integers(1, 200))
def test_batches_of_tokens_hold_everything_longest_first(lengths: np.ndarray, tokens: int) -> None:
    batches = list(token_batches(lengths, tokens))
    assert [place for batch in batches for place in batch] == np.argsort(-lengths, kind="stable").tolist()
    for batch, following in pairwise([*batches, np.array([], dtype=np.int64)]):
        padded_size = len(batch) * lengths[batch].max()
        assert padded_size <= tokens or len(batch) == 1
        if len(following):
            assert (len(batch) + 1) * lengths[batch].max() > tokens, "one more would have fitted"


@given(lengths_of_pairs)
def test_an_evaluation_reads_everything_longest_first(lengths: np.ndarray) -> None:
    sampler = LongestFirst(lengths)
    assert len(sampler) == len(lengths)
    assert sorted(sampler) == list(range(len(lengths)))
    assert (np.diff(lengths[list(sampler)]) <= 0).all()


def test_only_the_last_batch_is_short() -> None:
    """A short one within would shift the inputs of unlike length into the batches after it."""
    lengths = np.arange(1, 1006, dtype=np.int64)
    order = list(LikeLengths(lengths, 10, 1))
    spread = [np.ptp(lengths[order[at : at + 10]]) for at in range(0, 1000, 10)]
    assert max(spread) < 100


def test_the_loss_is_the_cross_entropy_of_all_rows() -> None:
    space = LabelSpace.of(ROWS, ORDER)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, len(space.names), generator=generator)
    labels = torch.tensor([space.index(*row) for row in ROWS])
    loss = Loss(space, None)
    expected = torch.nn.functional.cross_entropy(logits, labels)
    torch.testing.assert_close(loss({"logits": logits}, labels), expected)
    # Batches that one step sums weigh as their rows do.
    halves = sum(loss({"logits": logits[part]}, labels[part], 8) for part in (slice(0, 3), slice(3, 8)))
    torch.testing.assert_close(halves, expected)


def test_a_head_is_trained_on_its_own_corpus_alone() -> None:
    space = LabelSpace.of(ROWS, ORDER, by_corpus=True)
    logits = torch.zeros(1, len(space.names), requires_grad=True)
    loss = Loss(space, None)({"logits": logits}, torch.tensor([space.index("ddi", "None-DDI")]))
    assert loss.item() == pytest.approx(np.log(2))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].nonzero().flatten().tolist() == np.flatnonzero(space.own("ddi")).tolist()


def test_weights_are_one_in_the_mean_and_larger_for_rare_labels() -> None:
    labels = np.array([0] * 90 + [1] * 9 + [2])
    weights = label_weights(labels, 4).numpy()
    assert weights[labels].mean() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx((90 / 9) ** 0.5)
    assert weights[0] < weights[1] < weights[2]
    assert np.isfinite(weights).all()
    space = LabelSpace(("a", "b", "c", "None"))
    logits = torch.zeros(2, 4)
    weighted = Loss(space, torch.tensor(weights))({"logits": logits}, torch.tensor([0, 2]))
    assert weighted.item() == pytest.approx(np.log(4) * (weights[0] + weights[2]) / 2)


def test_what_training_watches_counts_pairs_and_types() -> None:
    space = LabelSpace(("A", "B", "None", "None-DDI"))
    gold = np.array([0, 0, 1, 2, 3, 2])
    found = np.array([0, 1, 2, 0, 2, 3])  # right, wrong type, missed, invented; negatives are all alike
    scores = watched_scores(EvalPrediction(np.eye(4)[found], gold), space)
    assert scores == {"pair_f": pytest.approx(2 * 2 / (3 + 3)), "typed_f": pytest.approx(2 * 1 / (3 + 3))}
    nothing = watched_scores(EvalPrediction(np.eye(4)[[2, 3]], np.array([3, 2])), space)
    assert nothing == {"pair_f": 0.0, "typed_f": 0.0}


def test_what_training_watches_stays_within_a_corpus_head() -> None:
    space = LabelSpace(("a/X", "a/None", "b/Y", "b/None"), by_corpus=True)
    logits = np.array([[0.1, 0.0, 9.0, 0.0], [9.0, 0.0, 0.0, 0.1]])
    assert watched_scores(EvalPrediction(logits, np.array([0, 3])), space) == {"pair_f": 1.0, "typed_f": 1.0}
