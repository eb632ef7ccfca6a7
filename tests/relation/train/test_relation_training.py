"""What training leaves behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from relation_cases import CHEMICAL, pair
from relation_runs import record, working
from stopped_trainings import Stop, StopAt, weights
from transformers import TrainerCallback

from harmonize.errors import HarmonizeError, InputError, MalformedInput
from harmonize.pipelines.evaluate import evaluated
from harmonize.relation.labels import LabelSpace, decide
from harmonize.relation.model import device
from harmonize.relation.model.classifier import Classifier, Prompt
from harmonize.relation.model.device import precision_named
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.predictions import PREDICTION_SCHEMA, predicted_rows
from harmonize.relation.recipe import Recipe, load_recipe, stages
from harmonize.relation.run_files import TrainingRecord
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.relation.train.record import model_hashes
from harmonize.relation.train.training import train
from harmonize.relation.train.work_folder import is_done

Small = Callable[..., Recipe]


class Losses(TrainerCallback):
    """Every step's loss, which transformers sums over the steps between two lines."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        args.logging_steps = state.logging_steps = 1

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs is not None and "loss" in logs:
            self.found.append(logs["loss"])


def test_a_run_holds_what_it_says(small_run: Path, small_recipe: Small, sample_union: Path) -> None:
    names = {path.name for path in small_run.iterdir()} - {"logs"}
    assert names == {
        *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        *("prompt.json", "recipe.yaml", "training.json", "left_out.tsv", "README.md"),
    }
    assert not working(small_run).exists()
    assert load_recipe(small_run / "recipe.yaml") == small_recipe()
    assert (small_run / "left_out.tsv").read_text(
        encoding="utf-8"
    ) == "part\tdocument_id\tinstance_id\treason\n"
    found = record(small_run)
    chosen = select(sample_union, small_recipe())
    assert found["rows"] == {
        "in": chosen.rows_in,
        "train": chosen.train.num_rows,
        "development": chosen.development.num_rows,
        "left_out": {},
    }
    for part in ("train", "development"):
        kinds = found["inputs"][part]
        assert kinds["whole"] + kinds["one window"] + kinds["two windows"] == found["rows"][part]
        assert kinds["without a mention"] == 0
    assert [entry["epoch"] for entry in found["evaluations"]] == [1, 2]
    assert found["steps"] == 2 * -(-found["rows"]["train"] // 8)


def test_a_runs_weights_may_be_read_by_others(small_run: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in small_run.iterdir() if path.is_file()}
    assert modes["model.safetensors"] == modes["config.json"]


def test_the_card_says_labels_rows_and_recipe(small_run: Path, small_recipe: Small) -> None:
    card = (small_run / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: transformers\n")
    assert "None mean that there is no relation" in card
    assert "90 trained on, 15 watched, 0 left out" in card
    assert small_recipe().as_yaml().rstrip() in card


def test_labels_and_tags_are_the_rows_own(small_run: Path, sample_union: Path, small_recipe: Small) -> None:
    chosen = select(sample_union, small_recipe())
    rows = {*chosen.train["relation"].to_pylist(), *chosen.development["relation"].to_pylist()}
    classifier = Classifier.load(small_run, "cpu")
    assert set(classifier.labels) == rows
    assert classifier.labels[0] == "Positive_Correlation"
    assert classifier.labels[-1] == "None"
    assert classifier.kind == "harmonized"
    assert dict(classifier.tags) == {
        "ChemicalEntity": "C",
        "DiseaseOrPhenotypicFeature": "D",
        "GeneOrGeneProduct": "G",
        # Of corpora that it was not trained on: as the BioRED types that they stand for.
        "BC5CDR-Chem": "C",
        "BC5CDR-Disease": "D",
        "DrugProt-Chem": "C",
        **dict.fromkeys(("BertSRC-Cell", "BertSRC-Process", "BertSRC-Virus"), "D"),
        "BertSRC-Function": "G",
    }


def test_probabilities_depend_on_the_pair_alone(small_run: Path, sample_union: Path) -> None:
    classifier = Classifier.load(small_run, "cpu")
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    together = classifier.probabilities(pairs)
    assert together.shape == (len(pairs), len(classifier.labels))
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)
    alone = np.concatenate([classifier.probabilities([one]) for one in reversed(pairs)])[::-1]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together, classifier.probabilities(iter(pairs), batch_tokens=200), atol=1e-5)
    np.testing.assert_allclose(together, classifier.probabilities(pairs, ahead=3), atol=1e-5)
    for ahead in (None, 3):
        assert classifier.probabilities([], ahead=ahead).shape == (0, len(classifier.labels))


def test_predictions_are_rows_of_the_schema(small_run: Path, sample_union: Path) -> None:
    classifier = Classifier.load(small_run, "cpu")
    rows = rows_to_test(sample_union, "biored/dev")
    found = predicted_rows(classifier, rows)
    assert found.schema.equals(PREDICTION_SCHEMA)
    assert found.schema.metadata[b"labels"].decode().split("\t") == list(classifier.labels)
    assert found["instance_id"].to_pylist() == rows["instance_id"].to_pylist()
    probabilities = np.array(found["probabilities"].to_pylist())
    assert found["label"].to_pylist() == [classifier.labels[place] for place in decide(probabilities)]
    assert found["confidence"].to_pylist() == pytest.approx(probabilities.max(axis=1).tolist())
    related = np.array(found["related"].to_pylist())
    assert ((related >= 0) & (related <= 1)).all()
    assert predicted_rows(classifier, rows.slice(0, 0)).num_rows == 0


def test_a_type_or_corpus_that_is_not_known_is_one_line(small_run: Path) -> None:
    classifier = Classifier.load(small_run, "cpu")
    with pytest.raises(HarmonizeError, match="entity type 'Gene': expected one the model knows"):
        classifier.probabilities([pair("x y", ["x"], ["y"], (CHEMICAL, "Gene"))])


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, small_run: Path) -> None:
    with pytest.raises(InputError, match=r"expected a run of `harmonize train`, found no prompt\.json"):
        Classifier.load(tmp_path)
    (tmp_path / "prompt.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="expected what `harmonize train` writes"):
        Classifier.load(tmp_path)
    (tmp_path / "prompt.json").write_text('{"tags": {}}', encoding="utf-8")
    with pytest.raises(InputError, match="expected what `harmonize train` writes"):
        Classifier.load(tmp_path)
    Prompt.read(small_run).write(tmp_path)
    with pytest.raises(InputError, match="expected a model and its tokenizer") as error:
        Classifier.load(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_file_of_a_run_is_one_line(tmp_path: Path, small_run: Path, name: str) -> None:
    for path in small_run.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes()[: None if path.name != name else 100])
    with pytest.raises(InputError, match="expected a model and its tokenizer") as error:
        Classifier.load(tmp_path, "cpu")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("device", "message"),
    [("gpu", "device: expected auto, cpu or cuda, got 'gpu'"), ("cuda", "device: expected a GPU for cuda")],
)
def test_a_device_that_is_none_is_one_line(
    small_run: Path, device: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(HarmonizeError, match=message):
        Classifier.load(small_run, device)
    assert Classifier.load(small_run, "auto").device.type == "cpu"


@pytest.mark.parametrize(
    ("file", "values", "said"),
    [
        ("prompt.json", {"max_length": "512"}, "max_length: expected a whole number, got '512'"),
        ("prompt.json", {"tags": ["C"]}, "tags: expected names and values, got ['C']"),
        ("prompt.json", {"labels": "foo"}, "labels: expected 'harmonized' or 'source', got 'foo'"),
        ("prompt.json", {"said": ["mood"]}, "said: expected some of novelty, subject, got ['mood']"),
        ("prompt.json", {"newer": 1}, "newer: expected a known name"),
        ("training.json", {"union": {}}, "union.manifest_sha256: expected a value, got no such key"),
        ("training.json", {"rows": 3}, "rows: expected names and values, got 3"),
        ("training.json", {"best": None}, "best: expected names and values, got null"),
    ],
)
def test_a_run_that_somebody_has_changed_is_one_line(
    small_run: Path, sample_union: Path, tmp_path: Path, file: str, values: dict[str, object], said: str
) -> None:
    changed = Path(shutil.copytree(small_run, tmp_path / "run"))
    kept = json.loads((changed / file).read_text(encoding="utf-8"))
    (changed / file).write_text(json.dumps({**kept, **values}), encoding="utf-8")
    with pytest.raises(MalformedInput) as error:
        evaluated(changed, sample_union, "biored/test", None, "all", "cpu")
    assert str(error.value) == f"{changed / file}: expected what `harmonize train` writes: {said}"
    assert not (changed / "evaluation").exists()


def test_what_a_newer_run_says_besides_is_passed_over(small_run: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(small_run, tmp_path / "run"))
    kept = json.loads((changed / "training.json").read_text(encoding="utf-8"))
    (changed / "training.json").write_text(json.dumps({**kept, "newer": 1}), encoding="utf-8")
    assert TrainingRecord.read(changed) == TrainingRecord.read(small_run)


def test_the_same_command_trains_no_second_time(
    small_run: Path, small_recipe: Small, sample_union: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in small_run.rglob("*")}
    noted = StopAt()
    assert train(sample_union, small_recipe(), small_run, device="cpu", callbacks=[noted]) == small_run
    assert noted.done == 0
    assert {path: path.stat().st_mtime_ns for path in small_run.rglob("*")} == before


def test_a_run_of_an_older_recipe_is_what_it_says_today(
    small_run: Path, small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    """Without the values that came since."""
    older = Path(shutil.copytree(small_run, tmp_path / "older"))
    kept = (older / "recipe.yaml").read_text(encoding="utf-8")
    assert kept.count("corpus_tokens: null\n") == 1
    (older / "recipe.yaml").write_text(kept.replace("corpus_tokens: null\n", ""), encoding="utf-8")
    assert is_done(older, sample_union, small_recipe())
    (older / "recipe.yaml").write_text(kept.replace("seed: 0", "seed: 1"), encoding="utf-8")
    assert not is_done(older, sample_union, small_recipe())
    (older / "recipe.yaml").write_text("seed: [", encoding="utf-8")
    assert not is_done(older, sample_union, small_recipe())


def test_an_encoder_that_was_trained_anew_is_another(
    small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    encoder = Path(shutil.copytree(small_run, tmp_path / "encoder"))
    recipe = small_recipe(encoder=str(encoder), epochs=0.1, development=None)
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    with pytest.raises(Stop):
        train(sample_union, recipe, tmp_path / "stopped", device="cpu", callbacks=[StopAt(saved=2)])
    assert is_done(run, sample_union, recipe)
    with (encoder / "training.json").open("a", encoding="utf-8") as training:
        training.write("\n")
    assert not is_done(run, sample_union, recipe)
    with pytest.raises(HarmonizeError, match="a training from another encoder or teacher was stopped here"):
        train(sample_union, recipe, tmp_path / "stopped", device="cpu")
    shutil.rmtree(encoder)
    assert is_done(run, sample_union, recipe)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_any_file_of_an_encoder_makes_it_another(small_recipe: Small, tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").touch()
    recipe = small_recipe(encoder=str(tmp_path))
    before = model_hashes(recipe)
    (tmp_path / "README.md").write_text("An encoder.")
    assert model_hashes(recipe) == before
    (tmp_path / name).write_text("{}")
    assert model_hashes(recipe) != before
    assert model_hashes(small_recipe()) == {}


def test_one_seed_has_the_same_weights_and_another_others(
    small_run: Path, small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    runs = [
        train(sample_union, small_recipe(seed=seed, epochs=0.1), tmp_path / name, device="cpu")
        for name, seed in (("one", 0), ("again", 0), ("other", 1))
    ]
    one, again, other = map(weights, runs)
    assert one == again
    assert one.keys() == other.keys()
    assert one != other
    assert (runs[0] / "tokenizer.json").read_bytes() == (small_run / "tokenizer.json").read_bytes()


def test_the_first_losses_are_as_they_were(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    """What changes the prompt, the order, the loss or the weights at the beginning changes these."""
    noted = Losses()
    recipe = small_recipe(epochs=0.25, development=None)
    train(sample_union, recipe, tmp_path / "run", device="cpu", callbacks=[noted])
    assert noted.found[:3] == pytest.approx([2.09072, 2.09401, 2.02124], rel=1e-3)


def test_the_best_evaluation_is_kept(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    """With steps so large that the score goes up and down."""
    recipe = small_recipe(epochs=6, learning_rate=1e-2, patience=2, class_weights="balanced")
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    found = record(run)
    scores = [entry["pair_f"] for entry in found["evaluations"]]
    best = scores.index(max(scores))
    assert found["best"] == {
        "step": found["evaluations"][best]["step"],
        "development_pair_f": scores[best],
    }
    assert len(scores) == min(6, best + 1 + 2)
    # The weights are those of that evaluation.
    rows = rows_to_test(sample_union, "biored/dev")
    predicted = predicted_rows(Classifier.load(run, "cpu"), rows)["label"].to_pylist()
    is_found = np.array([label != "None" for label in predicted])
    is_gold = np.array([label != "None" for label in rows["relation"].to_pylist()])
    f1 = 2 * (is_found & is_gold).sum() / max(1, is_found.sum() + is_gold.sum())
    assert f1 == pytest.approx(scores[best])


def test_transfer_goes_on_from_its_first_stage(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    recipe = small_recipe(
        "transfer", epochs=0.2, first={"train_on": ["others"], "epochs": 0.1, "development": None}
    )
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    # It is a run of its own, which can be scored, and which another training can begin with.
    assert {path.name for path in (run / "first").iterdir()} == {path.name for path in run.iterdir()} - {
        "first"
    }
    assert load_recipe(run / "first/recipe.yaml") == stages(recipe)[0]
    assert not list(run.rglob("checkpoint-*"))
    before, after = (Classifier.load(folder, "cpu") for folder in (run / "first", run))
    # The first stage's vocabulary and tags stay; its labels are those of other corpora.
    assert after.encoder.tokenizer.get_vocab() == before.encoder.tokenizer.get_vocab()
    assert "None-DDI" in before.labels
    assert "None-DDI" not in after.labels
    assert record(run)["rows"]["train"] == 90
    first, second = weights(run / "first"), weights(run)
    name = "bert.embeddings.word_embeddings.weight"
    one, other = (np.frombuffer(of[name], dtype=np.float32) for of in (first, second))
    assert 0 < np.abs(one - other).mean() < 1e-2


def test_multi_task_has_a_head_for_each_corpus(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    run = train(sample_union, small_recipe("multi-task", epochs=0.2), tmp_path / "run", device="cpu")
    classifier = Classifier.load(run, "cpu")
    assert classifier.space.corpora == ("aimed", "bc5cdr", "biored", "ddi", "drugprot", "hprd50")
    assert classifier.kind == "source"
    rows = pa.concat_tables([rows_to_test(sample_union, name) for name in ("ddi/test", "biored/dev")])
    probabilities = classifier.probabilities(pairs_of(rows))
    for corpus, found in zip(rows["corpus"].to_pylist(), probabilities, strict=True):
        own = classifier.space.own(corpus)
        assert found[own].sum() == pytest.approx(1, abs=1e-5)
        assert not found[~own].any()
    labels = set(predicted_rows(classifier, rows)["label"].to_pylist())
    assert not any("/" in label for label in labels)
    rows = rows_to_test(sample_union, "emu/train")
    with pytest.raises(HarmonizeError, match="corpus emu: expected one that the model has a head for"):
        predicted_rows(classifier, rows)
    assert LabelSpace(classifier.space.names, True).plain == classifier.labels


def test_balanced_weights_change_what_is_learnt(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    runs = [
        train(
            sample_union,
            small_recipe(epochs=0.2, development=None, class_weights=kind),
            tmp_path / kind,
            device="cpu",
        )
        for kind in ("none", "balanced")
    ]
    assert weights(runs[0]) != weights(runs[1])
    assert record(runs[0])["best"]["development_pair_f"] is None
    assert "No development part" in (runs[0] / "README.md").read_text(encoding="utf-8")


def test_one_label_alone_is_not_learnt(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    recipe = small_recipe(train_on=["emu"], development=None)
    with pytest.raises(HarmonizeError, match=r"expected rows of two labels or more .* all are Association"):
        train(sample_union, recipe, tmp_path / "run", device="cpu")
    assert not list(tmp_path.iterdir())


def test_as_many_other_labels_are_not_the_same_ones(small_run: Path) -> None:
    """A head is kept for the labels that it was trained for, and made anew for others of the same number."""
    labels = Classifier.load(small_run, "cpu").space.names
    others = [f"{label}-too" for label in labels]
    tags = {"GeneOrGeneProduct": "G"}
    trained, kept, anew = (
        load_encoder(str(small_run), HEADS["cls"], names, tags, list)
        .model()
        .classifier.weight.detach()
        .numpy()
        for names in (labels, labels, others)
    )
    np.testing.assert_array_equal(trained, kept)
    assert not np.allclose(trained, anew)


def test_eight_bits_say_nearly_the_same(small_run: Path, sample_union: Path) -> None:
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    whole, coarse = (Classifier.load(small_run, "cpu", precision) for precision in ("fp32", "int8"))
    kinds = {type(module).__name__ for module in coarse.model.modules() if hasattr(module, "scale")}
    assert kinds == {"Linear"}
    found = coarse.probabilities(pairs)
    assert not np.array_equal(found, whole.probabilities(pairs))
    np.testing.assert_allclose(found, whole.probabilities(pairs), atol=0.02)


@pytest.mark.parametrize(
    ("name", "device", "fault"),
    [("int4", "cpu", "expected one of auto, fp32, bf16, int8, got 'int4'"), ("int8", "cuda", "for a CPU")],
)
def test_a_precision_that_cannot_be_is_one_line(name: str, device: str, fault: str) -> None:
    assert precision_named("auto", torch.device("cpu")) == "fp32"
    with pytest.raises(HarmonizeError, match=f"precision: .*{fault}"):
        precision_named(name, torch.device(device))


def test_what_a_gpu_only_emulates_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert precision_named("auto", torch.device("cuda")) == "fp32"


@pytest.mark.parametrize(
    ("told", "name", "warned"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, "bf16", True),
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": True}, "bf16", False),
        ({"neon": True, "bf16": True}, "bf16", False),
        ({"architecture": "one that torch knows nothing of"}, "bf16", False),
        ({"avx2": True, "avx512_bf16": False}, "auto", False),
    ],
)
def test_a_process_is_told_once_that_its_processor_has_no_bf16(
    told: dict[str, object], name: str, warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    device._warn_of_emulation.cache_clear()  # another test may have been told
    for _ in range(2):
        precision_named(name, torch.device("cpu"))
    line = "warning: this processor does not multiply in bf16; fp32 is several times as fast\n"
    assert capsys.readouterr().err == line * warned
