"""ATLOP's parts: the adaptive threshold, localized context pooling, and several labels of one pair."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, EvalPrediction

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.documents import IGNORED
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.atlop_model import AtlopConfig, entity_attention, localized
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.model.objective import AdaptiveThreshold, label_weights, watched_scores
from harmonize.relation.recipe import Recipe
from harmonize.relation.said import Outputs
from harmonize.relation.train.task import _learnt

Small = Callable[..., Recipe]
BIORED = LabelSpace(("Association", "Bind", "Positive_Correlation", "None"))


def loss_of(space: LabelSpace, logits: list[list[float]], labels: Any) -> float:
    """Of one context's pairs."""
    outputs = {"logits": torch.tensor([logits])}
    return float(AdaptiveThreshold(space)(outputs, torch.tensor([labels])))


def as_written(logits: list[float], positive: list[int], threshold: int) -> float:
    """Zhou et al. 2021, equations for L1 and L2, word by word."""
    powers = torch.tensor(logits).exp()
    others = [at for at in range(len(logits)) if at not in (*positive, threshold)]
    first = -sum((powers[at] / powers[[*positive, threshold]].sum()).log() for at in positive)
    second = -(powers[threshold] / powers[[*others, threshold]].sum()).log()
    return float(first + second)


@pytest.mark.parametrize(
    ("labels", "positive"), [([0, IGNORED], [0]), ([2, 0], [0, 2]), ([3, IGNORED], []), ([1, 0], [1, 0])]
)
def test_with_one_threshold_class_the_loss_is_the_papers(labels: list[int], positive: list[int]) -> None:
    logits = [0.3, -1.2, 2.0, 0.7]
    assert loss_of(BIORED, [logits], [labels]) == pytest.approx(as_written(logits, positive, 3), rel=1e-5)


def test_padding_is_no_pair_and_one_label_needs_no_list() -> None:
    pairs = [[0.3, -1.2, 2.0, 0.7], [1.0, 0.0, 0.0, 0.5]]
    padded = loss_of(BIORED, [*pairs, [9.0, 9.0, 9.0, 9.0]], [[2, 0], [3, IGNORED], [IGNORED, IGNORED]])
    assert padded == pytest.approx(
        (as_written(pairs[0], [0, 2], 3) + as_written(pairs[1], [], 3)) / 2, rel=1e-5
    )
    one = loss_of(BIORED, pairs, [2, 3])
    assert one == pytest.approx(loss_of(BIORED, pairs, [[2], [3]]))


def test_the_negatives_of_several_corpora_are_the_threshold_together() -> None:
    space = LabelSpace(("Association", "Bind", "None", "None-DDI"))
    logits = [0.3, -1.2, 2.0, 0.7]
    joined = [*logits[:2], float(torch.tensor(logits[2:]).logsumexp(0))]
    assert loss_of(space, [logits], [0]) == pytest.approx(as_written(joined, [0], 2), rel=1e-5)
    assert loss_of(space, [logits], [3]) == pytest.approx(as_written(logits, [], 3), rel=1e-5)


def test_a_corpus_looks_at_its_own_labels() -> None:
    space = LabelSpace(("biored/Bind", "biored/None", "ddi/effect", "ddi/None"), by_corpus=True)
    logits = [0.3, -1.2, 2.0, 0.7]
    assert loss_of(space, [logits], [0]) == pytest.approx(as_written(logits[:2], [0], 1), rel=1e-5)
    assert loss_of(space, [logits], [3]) == pytest.approx(as_written(logits[2:], [], 1), rel=1e-5)


def test_the_gradient_moves_labels_and_threshold_apart() -> None:
    logits = torch.zeros(1, 1, 4, requires_grad=True)
    AdaptiveThreshold(BIORED)({"logits": logits}, torch.tensor([[[2, IGNORED]]])).backward()
    assert logits.grad is not None
    assert (logits.grad[0, 0] > 0).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    "space",
    [
        LabelSpace(("Association", "Bind")),
        LabelSpace(("biored/Bind", "biored/None", "emu/Association"), by_corpus=True),
    ],
)
def test_without_unrelated_pairs_there_is_no_threshold(space: LabelSpace) -> None:
    with pytest.raises(HarmonizeError, match="head atlop: expected pairs without relation"):
        AdaptiveThreshold(space)
    with pytest.raises(HarmonizeError, match="class_weights: expected none with head atlop"):
        AdaptiveThreshold(BIORED, label_weights(torch.tensor([0, 1, 3]).numpy(), 4))


def test_the_first_label_is_watched() -> None:
    labels = torch.tensor([[[2, 0], [3, IGNORED]], [[0, IGNORED], [IGNORED, IGNORED]]]).numpy()
    logits = torch.zeros(2, 2, 4)
    logits[0, 0, 2] = logits[0, 1, 3] = logits[1, 0, 1] = 1
    found = watched_scores(EvalPrediction(logits.numpy(), labels), BIORED)
    assert found == {"pair_f": 1.0, "typed_f": 0.5}


def test_every_label_of_a_pair_is_learnt(small_recipe: Small) -> None:
    rows = pa.table(
        {
            "corpus": ["drugprot"] * 4,
            "relation": ["Positive_Correlation", "None-DrugProt", "Association", "Bind"],
            "relations": [
                ["Positive_Correlation", "Association"],
                ["None-DrugProt"],
                ["Association"],
                ["Bind"],
            ],
            "source_relations": [["AGONIST", "PART-OF"], ["UNDEFINED"], ["PART-OF"], ["BINDS", "UNDEFINED"]],
        }
    )
    recipe = small_recipe(head="atlop")
    space = LabelSpace(("Association", "Bind", "Positive_Correlation", "None-DrugProt"))
    found = _learnt(HEADS["atlop"], space, Outputs(space.names), rows, recipe).tolist()
    assert found == [[2, 0], [3, IGNORED], [0, IGNORED], [1, IGNORED]]
    assert _learnt(HEADS["document"], space, Outputs(space.names), rows, recipe).tolist() == [2, 3, 0, 1]
    own = recipe.with_values({"labels": "source"})
    space = LabelSpace(("AGONIST", "BINDS", "PART-OF", "None"))  # UNDEFINED stands for no relation
    found = _learnt(HEADS["atlop"], space, Outputs(space.names), rows, own).tolist()
    assert found == [[0, 2], [3, IGNORED], [2, IGNORED], [1, IGNORED]]


def test_an_entity_attends_as_its_mentions_do_in_the_mean() -> None:
    """One context of two windows of three tokens; the first entity has a mention in each."""
    attention = torch.rand(1, 2, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    mentions = torch.tensor([[[0, 1], [0, 5], [1, 3], [-1, 0]]])
    found = entity_attention(attention, mentions)
    assert found.shape == (1, 2, 2, 6)
    torch.testing.assert_close(found[0, 0, :, :3], attention[0, 0, :, 1] / 2)
    torch.testing.assert_close(found[0, 0, :, 3:], attention[0, 1, :, 2] / 2)
    torch.testing.assert_close(found[0, 1, :, 3:], attention[0, 1, :, 0])
    assert found[0, 1, :, :3].sum() == 0


def test_an_encoder_that_tells_nothing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_encoder("tiny", HEADS["atlop"], ("Bind", "None"), {}, lambda: ["aspirin"]).model()
    silent = SimpleNamespace(last_hidden_state=torch.zeros(1, 4, 64), attentions=None)
    monkeypatch.setattr(made.encoder, "forward", lambda **_: silent)
    ids = torch.ones(1, 1, 4, dtype=torch.int64)
    with pytest.raises(HarmonizeError, match="head atlop: expected an encoder that tells its attention"):
        made(ids, ids, torch.tensor([[[0, 1], [1, 2]]]), torch.tensor([[[0, 1]]]))


def weights(*heads: list[float]) -> Tensor:
    return torch.tensor([[list(heads)]])


def test_what_both_attend_to_is_seen() -> None:
    head = weights([0.5, 0.5, 0.0], [0.1, 0.1, 0.8])
    tail = weights([0.0, 0.4, 0.6], [0.5, 0.5, 0.0])
    expected = torch.tensor([0.05, 0.25, 0.0])
    torch.testing.assert_close(localized(head, tail)[0, 0], expected / expected.sum())


def test_entities_of_two_windows_see_what_either_attends_to() -> None:
    found = localized(weights([0.5, 0.5, 0.0, 0.0]), weights([0.0, 0.0, 0.75, 0.25]))
    torch.testing.assert_close(found[0, 0], torch.tensor([0.25, 0.25, 0.375, 0.125]))


def test_an_encoder_is_asked_for_its_weights_in_blocks_that_fit() -> None:
    made = load_encoder("tiny", HEADS["atlop"], ("Bind", "None"), {}, lambda: ["aspirin"]).model()
    assert made.encoder.config._attn_implementation == "eager"
    assert made.config.block == 64
    assert AtlopConfig(encoder=BertConfig(hidden_size=96).to_dict()).block == 32
