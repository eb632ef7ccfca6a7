"""Labels, decisions, batches and what training minimizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import EvalPrediction

from harmonize.relation.encode.batches import EncodedPairs, padded
from harmonize.relation.encode.encoding import Encoded
from harmonize.relation.labels import LabelSpace, decide, is_negative, related
from harmonize.relation.model.objective import Loss, label_weights, raise_negatives, watched_scores
from harmonize.relation.model.threshold import DEVELOPMENT, best_shift

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


margins = st.lists(st.tuples(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0]), st.booleans()), min_size=1)


@given(margins)
def test_no_shift_scores_better_than_the_best(made: list[tuple[float, bool]]) -> None:
    values, related = (np.array(each) for each in zip(*made, strict=True))

    def f(shift: float) -> float:
        found = values > shift
        return 2 * (found & related).sum() / max(1, found.sum() + related.sum())

    best = best_shift(values, related)
    assert f(best) == max(f(shift) for shift in (-9.0, -1.0, -0.2, 0.1, 0.5, 2.0, 9.0))
    assert best not in values or not related.any(), "no pair stands on the edge"


@pytest.mark.parametrize(
    ("margins", "shift"),
    [([np.inf, np.inf], 0.0), ([np.inf, 1.0, -1.0, -np.inf], 0.0), ([2.0, -np.inf], 0.5)],
)
def test_pairs_of_a_corpus_without_negatives_do_not_make_the_threshold_infinite(
    margins: list[float], shift: float
) -> None:
    """With a head for each corpus, nothing is to be weighed where its labels are all of one kind."""
    related = np.array([True, True, False, False])[: len(margins)]
    assert best_shift(np.array(margins), related) == shift


def test_a_threshold_of_the_development_part_is_found_and_kept() -> None:
    """Two pairs of three related, of which the likeliest label is found for one only."""
    space = LabelSpace(("A", "B", "None", "None-DDI"))
    logits = np.array([[2.0, 0, 1, 0], [0, 1.0, 1.5, 0], [0, 0, 0, 3.0]], dtype=np.float32)
    gold = np.array([0, 1, 3])
    even = watched_scores(EvalPrediction(logits, gold), space)
    assert even == {"pair_f": pytest.approx(2 / 3), "typed_f": pytest.approx(2 / 3)}
    scores = watched_scores(EvalPrediction(logits, gold), space, DEVELOPMENT)
    assert (scores["pair_f"], scores["typed_f"]) == (1.0, 1.0)
    assert -3 < scores["shift"] < -0.5
    model = torch.nn.Module()
    model.classifier = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout())
    with torch.no_grad():
        model.classifier[0].weight.copy_(torch.eye(4))
        model.classifier[0].bias.zero_()
    raise_negatives(model, space, scores["shift"])
    shifted = model.classifier.eval()(torch.from_numpy(logits)).detach().numpy()
    assert watched_scores(EvalPrediction(shifted, gold), space)["pair_f"] == 1.0
    np.testing.assert_allclose(shifted[:, :2], logits[:, :2])
