"""Encoders without token types that count positions from behind the padding's id: every head and input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from offset_encoders import LONGEST, offset_encoder
from relation_cases import CHEMICAL, DISEASE, TAGS, pair, words_tokenizer
from relation_runs import HALF, OF_CONTEXTS, SYSTEMS, stopped_and_resumed
from stopped_trainings import StopAt, weights
from torch import nn
from typer.testing import CliRunner

from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.encode.documents import IGNORED
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.encoders import Encoder, load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
KINDS = ("mpnet", "roberta")
LABELS = ("Association", "Positive_Correlation", "None")
READ_ONCE = tuple((head, "prompt") for head in OF_CONTEXTS)
OF_PAIRS = SYSTEMS[: sum(not head.of_contexts for head in HEADS.values())]
"""Each other head, with one kind of input."""
pytestmark = pytest.mark.xdist_group("offset encoders")  # they share their runs
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("offset")
    return {kind: offset_encoder(folder / kind, kind) for kind in KINDS}


def loaded(folder: Path, head: str, kind: str = "prompt", dropout: float | None = None) -> Encoder:
    torch.manual_seed(0)
    return load_encoder(str(folder), HEADS[head], LABELS, INPUTS[kind].words(TAGS), list, dropout)


def of_lengths(*repeats: int) -> list[Pair]:
    """Pairs in contexts of several lengths, each with words of its own between the two."""
    texts = [f"Aspirin{' was given' * repeat} with x{repeat} asthma." for repeat in repeats]
    return [pair(text, ["Aspirin"], ["asthma"]) for text in texts]


def logits(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """[pairs, labels]"""
    known = batch["labels"] != IGNORED
    with torch.inference_mode():
        found: torch.Tensor = model(**{name: each for name, each in batch.items() if name != "labels"}).logits
    return found[known]


# Positions


@each_kind
@pytest.mark.parametrize("head", ["cls", "document"])
def test_as_many_tokens_are_read_as_there_are_positions_for(
    encoders: dict[str, Path], kind: str, head: str
) -> None:
    """The tables hold two places more, of which no token may have the first, and one longer has none."""
    encoder = loaded(encoders[kind], head)
    assert encoder.max_length == LONGEST
    bare = encoder.model().eval().base_model
    with torch.inference_mode():
        found = bare(input_ids=torch.full((1, LONGEST), 5)).last_hidden_state
        with pytest.raises((IndexError, RuntimeError)):
            bare(input_ids=torch.full((1, LONGEST + 1), 5))
    assert found.shape == (1, LONGEST, 32)


@each_kind
def test_an_input_that_fills_an_encoder_is_read(encoders: dict[str, Path], kind: str) -> None:
    for head in ("cls", "document"):
        encoder = loaded(encoders[kind], head)
        pairs = HEADS[head].encoder(encoder.tokenizer, TAGS, encoder.max_length, "prompt")
        inputs = [HEADS[head].inputs(pairs(of_lengths(words)), [0])[0] for words in range(80)]
        batches = [HEADS[head].padded([one], pairs.padding, types_too=pairs.knows_types) for one in inputs]
        full = [batch for batch in batches if int(batch["attention_mask"].sum(dim=-1).max()) == LONGEST]
        assert full, "a window of a document may be shorter than it could be, but not all are"
        assert {batch["input_ids"].shape[-1] for batch in full} == {LONGEST}
        assert all(logits(encoder.model().eval(), batch).isfinite().all() for batch in full[:3])


def test_others_keep_their_length(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    made = BertModel(
        BertConfig(
            vocab_size=70, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
        )
    )
    made.save_pretrained(tmp_path)
    words_tokenizer(longest=10_000).save_pretrained(tmp_path)
    assert loaded(tmp_path, "cls").max_length == 512


# Inputs


@each_kind
@pytest.mark.parametrize(("head", "input_"), [*SYSTEMS, *READ_ONCE, ("document", "tagged")])
def test_padding_is_never_looked_at(encoders: dict[str, Path], kind: str, head: str, input_: str) -> None:
    encoder = loaded(encoders[kind], head, input_)
    pairs = HEADS[head].encoder(encoder.tokenizer, TAGS, encoder.max_length, input_)
    asked = of_lengths(0, 9, 3)
    inputs = HEADS[head].inputs(pairs(asked), [0] * len(asked))
    items = [inputs[place] for place in range(len(inputs))]
    together = HEADS[head].padded(items, pairs.padding, types_too=pairs.knows_types)
    assert "token_type_ids" not in together
    assert (together["input_ids"] == 1).equal(together["attention_mask"] == 0)
    assert (together["attention_mask"] == 0).any()
    model = encoder.model().eval()
    alone = [HEADS[head].padded([one], pairs.padding, types_too=False, multiple=1) for one in items]
    assert all(batch["attention_mask"].all() for batch in alone)
    found = torch.cat([logits(model, batch) for batch in alone])
    torch.testing.assert_close(logits(model, together), found, rtol=1e-4, atol=1e-5)
    assert found.std(dim=0).max() > 1e-3  # the model tells the pairs apart


def test_an_input_has_the_tokenizers_frame_and_text_stays_text(encoders: dict[str, Path]) -> None:
    encoder = loaded(encoders["mpnet"], "cls")
    text = "a <s></s><pad><mask> b"
    found = HEADS["cls"].encoder(encoder.tokenizer, TAGS, 128, "prompt")
    (one,) = found([pair(text, [(0, 1)], [(21, 22)], (CHEMICAL, DISEASE))])
    tokens = encoder.tokenizer.convert_ids_to_tokens(list(one.input_ids))
    assert tokens[0] == "<s>"
    assert tokens.count("</s>") == 3
    assert not {"<pad>", "<mask>"} & set(tokens)
    assert set(one.token_type_ids) == {0}
    assert (tokens[one.head_place], tokens[one.tail_place]) == ("<C>", "<D>")


@each_kind
def test_a_tag_begins_as_the_mean_of_its_words(encoders: dict[str, Path], kind: str) -> None:
    encoder = loaded(encoders[kind], "document")
    weight = encoder.model().get_input_embeddings().weight
    own = loaded(encoders[kind], "cls", "plain").model().get_input_embeddings().weight
    for token, words in INPUTS["prompt"].words(TAGS).items():
        pieces = encoder.tokenizer(words, add_special_tokens=False)["input_ids"]
        place = encoder.tokenizer.convert_tokens_to_ids(token)
        assert place >= len(own)
        torch.testing.assert_close(weight[place], own[pieces].mean(dim=0))
    assert torch.equal(weight[: len(own)], own)


@each_kind
@pytest.mark.parametrize("head", ["cls", "entities", "document"])
def test_attention_has_the_dropout_that_is_asked_for(encoders: dict[str, Path], kind: str, head: str) -> None:
    def of_attention(model: Any) -> Iterator[float]:
        for name, module in model.base_model.named_modules():
            if name.endswith((".attn.dropout", ".attention.self.dropout")):
                yield module.p

    for asked, expected in ((None, 0.1), (0.0, 0.0), (0.25, 0.25)):
        model = loaded(encoders[kind], head, dropout=asked).model()
        assert list(of_attention(model)) == [expected] * 2
        layers = [module.p for module in model.base_model.modules() if isinstance(module, nn.Dropout)]
        assert layers.count(0.1) >= 5


# Runs


def small_values(folder: Path, head: str, input_: str) -> dict[str, Any]:
    size = {"batch_size": 1, "epochs": 3} if HEADS[head].of_contexts else {}
    return {"encoder": str(folder), "head": head, "input": input_, "attention_dropout": 0.0, **HALF, **size}


EACH_HEAD = (*OF_PAIRS, *READ_ONCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "head", "input_"),
    [
        *(("mpnet", head, input_) for head, input_ in EACH_HEAD),
        ("roberta", "cls", "prompt"),
        ("roberta", "document", "prompt"),
    ],
)
def test_it_trains_resumes_evaluates_and_predicts(
    encoders: dict[str, Path],
    sample_union: Path,
    small_recipe: Small,
    tmp_path: Path,
    kind: str,
    head: str,
    input_: str,
) -> None:
    recipe = small_recipe(**small_values(encoders[kind], head, input_))
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    run, steps = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(4))
    assert steps[0] == 4
    assert weights(run) == weights(whole)
    classifier = Classifier.load(run, "cpu")
    assert classifier.encoder.max_length == 128
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    found = classifier.probabilities(pairs)
    np.testing.assert_allclose(found, classifier.probabilities(pairs, batch_tokens=1), atol=1e-5)
    np.testing.assert_allclose(found, Classifier.load(run, "cpu", "int8").probabilities(pairs), atol=0.15)
    text = sample_folder() / "biored/Test.PubTator"
    with chdir(tmp_path):
        for arguments in (
            ("evaluate", "--model", run, "--union", sample_union, "--on", "biored/test", "--device", "cpu"),
            ("predict", text, "--model", run, "--out", "out.parquet", "--device", "cpu"),
        ):
            done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
            assert done.exit_code == 0, done.output
    assert (run / "evaluation/biored-test/predictions.parquet").is_file()


def test_several_corpora_a_first_stage_and_a_teacher(
    encoders: dict[str, Path], sample_union: Path, small_run: Path, small_recipe: Small, tmp_path: Path
) -> None:
    few = {"encoder": str(encoders["mpnet"]), "epochs": 0.1}
    for name, values in (
        ("multi-task", {}),
        ("transfer", {"head": "document", "batch_size": 2}),
        ("original", {"teacher": str(small_run)}),
    ):
        run = train(sample_union, small_recipe(name, **few, **values), tmp_path / name, device="cpu")
        classifier = Classifier.load(run, "cpu")
        rows = rows_to_test(sample_union, "biored/dev")
        assert np.isfinite(classifier.probabilities(pairs_of(rows))).all()
    student = small_recipe(teacher=str(tmp_path / "original"), epochs=0.1)
    assert train(sample_union, student, tmp_path / "student", device="cpu").is_dir()
