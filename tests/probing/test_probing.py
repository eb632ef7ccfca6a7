"""Probes see the right vectors, find what is planted in them, and say the same each time."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from offset_encoders import offset_encoder
from typer.testing import CliRunner, Result

from harmonize.errors import SpecError
from harmonize.model import Span
from harmonize.pipelines.cli import app
from harmonize.probing.edge_probe import Probe, ProbeSettings, chosen_settings, expected_layer, probed
from harmonize.probing.probe import EncoderInput, ProbedRows, probe
from harmonize.probing.vectors import Vectors, write_vectors
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.encoders import Encoder, load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

TAGS = {"ChemicalEntity": "C", "DiseaseOrPhenotypicFeature": "D", "GeneOrGeneProduct": "G"}
WORDS = INPUTS["prompt"].words(TAGS)
SPACE = LabelSpace(("Association", "None"))
FEW = ProbeSettings(hidden=32, epochs=6, batch_size=16, repeats=1, learning_rate=5e-3)


@pytest.fixture(scope="module")
def pairs(sample_union: Path) -> list[Pair]:
    return list(pairs_of(rows_to_test(sample_union, "biored/dev")))


@pytest.fixture(scope="module")
def encoder(pairs: list[Pair]) -> Encoder:
    torch.manual_seed(0)
    return load_encoder("tiny", HEADS["cls"], SPACE.names, WORDS, lambda: [pair.text for pair in pairs])


def test_vectors_are_those_of_every_layer(encoder: Encoder, pairs: list[Pair], tmp_path: Path) -> None:
    model = encoder.model().base_model.eval()
    mentions = PairEncoder(encoder.tokenizer, TAGS, 128)
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
    places = [one.head_place, one.tail_place]
    for layer, state in enumerate(states):
        np.testing.assert_allclose(vectors[3, layer], state[0, places].numpy(), atol=4e-3)


def test_of_an_encoder_without_token_types_too(pairs: list[Pair], tmp_path: Path) -> None:
    """Beside longer ones, whose padding must not shift places, a pair has the vectors that it has alone."""
    folder = offset_encoder(tmp_path / "mpnet", "mpnet")
    made = load_encoder(str(folder), HEADS["cls"], SPACE.names, WORDS, list)
    model = made.model().base_model.eval()
    mentions = PairEncoder(made.tokenizer, TAGS, 128)
    vectors = write_vectors(model, mentions, pairs, tmp_path / "v.npy")
    encoded = list(mentions(pairs))
    shortest = min(range(len(pairs)), key=lambda place: len(encoded[place].input_ids))
    one = encoded[shortest]
    with torch.inference_mode():
        states = model(input_ids=torch.tensor([one.input_ids]), output_hidden_states=True).hidden_states
    assert vectors.shape[1] == len(states) == 3
    for layer, state in enumerate(states):
        alone = state[0, [one.head_place, one.tail_place]].numpy()
        np.testing.assert_allclose(vectors[shortest, layer], alone, atol=4e-3)


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
    known = load_encoder("tiny", HEADS["cls"], SPACE.names, WORDS, lambda: texts * 2)
    model = known.model().base_model.eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.3)
    labels = np.arange(120) % 2
    mentions = PairEncoder(known.tokenizer, TAGS, 64)
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
    with pytest.raises(SpecError, match=r"probe: epochs: .*; nope: expected a known name"):
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
        (["--set", "nope=1"], "probe: nope: expected a known name"),
        (["--max-length", "40"], "leaves too little of 40 for the context"),
        (["--out", "."], "expected a new folder or one of `harmonize probe`, found something else"),
    ],
)
def test_faults_are_one_line_and_leave_nothing(
    sample_union: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "mine.txt").touch()
    given = {"--union": str(sample_union), "--encoder": "tiny", "--corpus": "biored", "--out": "probe"}
    given |= {"--device": "cpu"} | dict(zip(arguments[::2], arguments[1::2], strict=True))
    done = run(*(each for pair in given.items() for each in pair), cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("head", "kind"), [("mean", "markers"), ("document", "prompt")])
def test_a_run_is_read_as_it_was_trained(tmp_path: Path, sample_union: Path, head: str, kind: str) -> None:
    values = {"encoder": "tiny", "head": head, "input": kind, "epochs": 0.1, "max_length": 128}
    recipe = load_recipe("original", {**values, "development": None})
    made = train(sample_union, recipe, tmp_path / "run", device="cpu")
    record = probe(
        sample_union,
        ProbedRows("BioRED"),
        EncoderInput(str(made), max_length=128),
        tmp_path / "probe",
        FEW,
        device="cpu",
    )
    assert record["input"] == kind
    assert len(record["layers"]) == 3
