"""Probes see the right vectors, find what is planted in them, and say the same each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from harmonize.errors import HarmonizeError, SpecError
from harmonize.model import Span
from harmonize.pipelines.cli import app
from harmonize.probing.probe import Probe, ProbeSettings, chosen_settings, expected_layer, probed
from harmonize.probing.vectors import MentionEncoder, Vectors, write_vectors
from harmonize.relation.encoders import Encoder, load_encoder
from harmonize.relation.encoding import PairEncoder
from harmonize.relation.heads import HEADS
from harmonize.relation.labels import LabelSpace
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.selection import pairs_of, rows_to_test

TAGS = {"ChemicalEntity": "C", "DiseaseOrPhenotypicFeature": "D", "GeneOrGeneProduct": "G"}
SPACE = LabelSpace(("Association", "None"))
FEW = ProbeSettings(hidden=32, epochs=6, batch_size=16, repeats=1, learning_rate=5e-3)


@pytest.fixture(scope="module")
def pairs(sample_union: Path) -> list[Pair]:
    return list(pairs_of(rows_to_test(sample_union, "biored/dev")))


@pytest.fixture(scope="module")
def encoder(pairs: list[Pair]) -> Encoder:
    torch.manual_seed(0)
    return load_encoder("tiny", HEADS["cls"], SPACE.names, TAGS, lambda: [pair.text for pair in pairs])


@pytest.mark.parametrize("max_length", [512, 64])
def test_the_input_is_the_classifiers_and_the_places_are_its_tags(
    encoder: Encoder, pairs: list[Pair], max_length: int
) -> None:
    found = list(MentionEncoder(encoder.tokenizer, TAGS, max_length)(pairs))
    wanted = list(PairEncoder(encoder.tokenizer, TAGS, max_length)(pairs))
    assert any(one.cut for one in wanted) == (max_length == 64)
    for pair, one, other in zip(pairs, found, wanted, strict=True):
        assert one.input_ids == list(other.input_ids)
        assert one.token_type_ids == list(other.token_type_ids)
        tokens = encoder.tokenizer.convert_ids_to_tokens(one.input_ids)
        for entity, place in zip((pair.head, pair.tail), one.places, strict=True):
            assert one.token_type_ids[place] == 1
            assert tokens[place] == f"<{TAGS[entity.type]}>"
            name = encoder.tokenizer.tokenize(entity.spans[0].of(pair.text))
            if max_length == 512:
                assert tokens[place + 1 : place + 1 + len(name)] == name or "<" in tokens[place + 1]


def test_two_entities_of_one_type_keep_their_own_places(encoder: Encoder) -> None:
    text = "bb and aa and bb"
    head = Entity("aa", "GeneOrGeneProduct", (Span(7, 9),))
    tail = Entity("bb", "GeneOrGeneProduct", (Span(0, 2), Span(14, 16)))
    (one,) = MentionEncoder(encoder.tokenizer, TAGS, 64)([Pair("aimed", "AIMed", text, head, tail)])
    tokens = encoder.tokenizer.convert_ids_to_tokens(one.input_ids)
    first, second = one.places
    assert tokens[first : first + 3] == ["<G>", "a", "##a"]
    assert tokens[second : second + 3] == ["<G>", "b", "##b"]
    assert second < first


def test_vectors_are_those_of_every_layer(encoder: Encoder, pairs: list[Pair], tmp_path: Path) -> None:
    model = encoder.model().base_model.eval()
    mentions = MentionEncoder(encoder.tokenizer, TAGS, 128)
    vectors = write_vectors(model, mentions, pairs, tmp_path / "v.npy")
    assert vectors.shape == (len(pairs), 3, 2, 64)
    assert np.array_equal(np.load(tmp_path / "v.npy"), vectors)
    one = next(mentions(pairs[3:4]))
    with torch.inference_mode():
        states = model(
            input_ids=torch.tensor([one.input_ids]),
            token_type_ids=torch.tensor([one.token_type_ids]),
            output_hidden_states=True,
        ).hidden_states
    for layer, state in enumerate(states):
        np.testing.assert_allclose(
            vectors[3, layer], state[0, list(one.places)].numpy(), atol=4e-3, err_msg=str(layer)
        )


def planted(layer: int, rows: int = 200) -> tuple[Vectors, Any]:
    """Noise in four layers, and the label in one of them."""
    random = np.random.default_rng(layer)
    labels = random.integers(0, 2, rows)
    vectors = random.normal(size=(rows, 4, 2, 16)).astype(np.float16)
    vectors[:, layer, :, :4] = (8 * labels - 4)[:, None, None]
    return vectors, labels.astype(np.int64)


@pytest.mark.parametrize("layer", [1, 3])
def test_what_is_planted_in_a_layer_is_found_there(layer: int) -> None:
    vectors, labels = planted(layer)
    found = probed(vectors[:150], labels[:150], vectors[150:], labels[150:], SPACE, FEW)
    scores = [score.pair_f for score in found.layers]
    assert max(scores[:layer]) < 0.8
    assert min(scores[layer:]) > 0.95
    gains = [score.gain for score in found.layers if score.gain is not None]
    assert gains == pytest.approx(np.diff(scores).tolist())
    assert int(np.argmax(gains)) + 1 == layer
    assert [len(score.mix) for score in found.layers] == [1, 2, 3, 4]
    assert int(np.argmax(found.layers[-1].mix)) == layer
    assert sum(found.layers[-1].mix) == pytest.approx(1)
    assert found.centre_of_gravity == pytest.approx(np.dot(range(4), found.layers[-1].mix))
    assert found.expected_layer == pytest.approx(np.dot([1, 2, 3], gains) / sum(gains))
    assert probed(vectors[:150], labels[:150], vectors[150:], labels[150:], SPACE, FEW) == found


def test_without_any_gain_there_is_no_expected_layer() -> None:
    vectors, labels = planted(0)
    found = probed(vectors[:150], labels[:150], vectors[150:], labels[150:], SPACE, FEW)
    assert expected_layer(found.layers[:1]) is None
    assert found.layers[0].gain is None


def test_a_word_that_decides_is_found_once_layers_have_read_it(encoder: Encoder, tmp_path: Path) -> None:
    """The two mentions and their tags are always the same, and so the embeddings know nothing."""
    texts = ["aa inhibits bb", "aa resembles bb"]
    pairs = [
        Pair(
            "aimed",
            "AIMed",
            text,
            Entity("aa", "GeneOrGeneProduct", (Span(0, 2),)),
            Entity("bb", "GeneOrGeneProduct", (Span(text.index("bb"), len(text)),)),
        )
        for text in texts
    ]
    torch.manual_seed(0)
    known = load_encoder("tiny", HEADS["cls"], SPACE.names, TAGS, lambda: texts * 2)
    model = known.model().base_model.eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.3)
    labels = np.arange(120) % 2
    mentions = MentionEncoder(known.tokenizer, TAGS, 64)
    vectors = write_vectors(model, mentions, [pairs[label] for label in labels], tmp_path / "v.npy")
    found = probed(vectors[:80], labels[:80], vectors[80:], labels[80:], SPACE, FEW)
    assert found.layers[0].pair_f < 0.7
    assert found.layers[2].pair_f == 1
    assert found.expected_layer is not None


def test_a_probe_mixes_by_weights_that_sum_to_one() -> None:
    probe = Probe(3, 4, 2, FEW).eval()
    assert probe.weights.tolist() == pytest.approx([1 / 3] * 3)
    assert probe(torch.zeros(5, 3, 2, 4)).shape == (5, 2)
    names = {name for name, _ in probe.named_parameters()}
    assert {"mix", "gamma", "classifier.1.weight", "classifier.4.bias"} <= names


def test_faults_of_settings_are_told_at_once() -> None:
    with pytest.raises(SpecError, match=r"probe: epochs: .*; nope: Extra inputs"):
        chosen_settings({"epochs": 0, "nope": 1})


def run(*arguments: str | Path, cwd: Path, code: int = 0) -> Result:
    with chdir(cwd):
        done = CliRunner().invoke(
            app, ["probe", *map(str, arguments)], env={"COLUMNS": "140"}, catch_exceptions=False
        )
    assert done.exit_code == code, done.output
    return done


FAST = ("--encoder", "tiny", "--set", "hidden=16", "--set", "epochs=2", "--repeats", "2", "--device", "cpu")


def test_the_command_writes_a_table_json_and_a_figure(sample_union: Path, tmp_path: Path) -> None:
    arguments = (*FAST, "--union", sample_union, "--corpus", "hprd50", "--folds", "3", "--fold", "1")
    done = run(*arguments, "--out", "probe", cwd=tmp_path)
    folder = tmp_path / "probe"
    assert {path.name for path in folder.iterdir()} == {"probe.json", "probe.md", "probe.svg"}
    assert done.stdout == (folder / "probe.md").read_text(encoding="utf-8")
    found = json.loads((folder / "probe.json").read_text(encoding="utf-8"))
    rows = rows_to_test(sample_union, "hprd50/train", 3, 1)
    assert found["rows"]["test"] == rows.num_rows
    assert [score["layer"] for score in found["layers"]] == [0, 1, 2]
    assert (folder / "probe.svg").read_text(encoding="utf-8").count("<svg") == 1
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run(*arguments, "--out", "probe", cwd=tmp_path)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after["probe.md"] == before["probe.md"]
    assert after["probe.svg"] == before["probe.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "nine"], "unknown corpus of the set 'nine'"),
        (["--corpus", "aimed"], "aimed/test: expected rows to test, the set has none"),
        (["--folds", "3"], "--folds and --fold: expected both"),
        (["--folds", "3", "--fold", "3"], "fold: expected one of `folds` (3), got 3"),
        (["--union", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["--encoder", "./nowhere"], "encoder ./nowhere: "),
        (["--device", "gpu"], "device: expected auto, cpu or cuda, got 'gpu'"),
        (["--set", "nope=1"], "probe: nope: Extra inputs are not permitted"),
        (["--max-length", "40"], "leaves too little of 40 for the context"),
        (["--out", "."], "expected a new folder or one of `harmonize probe`, found something else"),
    ],
)
def test_faults_are_one_line_and_leave_nothing(
    sample_union: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = {"--union": str(sample_union), "--encoder": "tiny", "--corpus": "biored", "--out": "probe"}
    given |= {"--device": "cpu"} | dict(zip(arguments[::2], arguments[1::2], strict=True))
    done = run(*(each for pair in given.items() for each in pair), cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_run_of_another_head_is_one_line(encoder: Encoder, tmp_path: Path, sample_union: Path) -> None:
    load: Callable[..., Encoder] = load_encoder
    made = load("tiny", HEADS["document"], SPACE.names, TAGS, lambda: ["a text"])
    made.model().save_pretrained(tmp_path / "run")
    made.tokenizer.save_pretrained(tmp_path / "run")
    with pytest.raises(HarmonizeError, match="expected an encoder or a run of head cls"):
        load(str(tmp_path / "run"), HEADS["cls"], SPACE.names, TAGS, list).model()
