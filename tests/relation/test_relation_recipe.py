"""Recipes: how a classifier is trained, as YAML."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from harmonize.errors import HarmonizeError, InputError, MalformedInput, SpecError, UnknownName
from harmonize.pipelines.train import chosen_recipe, fold_folder, values_set
from harmonize.relation.model.encoders import ADAPTATION, PUBMEDBERT, encoder_key
from harmonize.relation.model.known_encoders import known_encoders
from harmonize.relation.recipe import Recipe, load_recipe, load_values, part, recipe_names, stages

RECIPES = resources.files("harmonize.pipelines") / "recipes"


def packaged(name: str) -> str:
    return (RECIPES / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", recipe_names())
def test_every_packaged_recipe_is_whole_and_says_what_it_is_for(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert {key for key, value in recipe.model_dump().items() if value is None} <= {
        *("development", "folds", "fold", "documents", "negatives", "first", "patience", "evaluate_every"),
        *(
            "attention_dropout",
            "knowledge",
            "pseudo",
            "members",
            "teacher",
            "batch_tokens",
            "corpus_tokens",
            "head_learning_rate",
        ),
        *("context_words", "candidates"),
    }
    assert packaged(name).startswith("# ")
    path = tmp_path / "again.yaml"
    path.write_text(recipe.as_yaml(), encoding="utf-8")
    assert load_recipe(path) == recipe
    assert load_recipe(path).as_yaml() == recipe.as_yaml()


def test_the_recipes_are_those_of_the_paper() -> None:
    assert recipe_names() == [
        *("biorex", "drug-combinations", "folds-aimed", "folds-bertsrc", "folds-hprd50", "fraction"),
        *("multi-task", "original", "quick", "renet", "transfer", "union-first"),
    ]
    assert load_recipe() == load_recipe("biorex")
    assert load_recipe("multi-task").heads == "corpus"
    assert load_recipe("transfer").first == {"train_on": ["others"]}
    assert load_recipe("fraction").documents == 100
    assert load_recipe("folds-aimed").folds == load_recipe("folds-hprd50").folds == 10


@pytest.mark.parametrize(
    ("encoder", "on_union", "second"),
    [
        ("minilm", {}, {"learning_rate": 5e-5, "head_learning_rate": 1e-4}),
        (
            "mpnet",
            {"epochs": 1, "corpus_tokens": "all"},
            {"learning_rate": 2.5e-5, "head_learning_rate": 1e-4},
        ),
    ],
)
def test_the_union_first_is_both_commands_of_an_encoder(
    encoder: str, on_union: dict[str, object], second: dict[str, object]
) -> None:
    values = {"encoder": encoder}
    stage, last = stages(load_recipe("union-first", values))
    assert stage == load_recipe("biorex", {**values, **on_union})
    assert last == load_recipe("original", {**values, "input": "prompt"}).with_values(
        {"epochs": 3, "first": last.first, **second}
    )


@pytest.mark.parametrize("head", ["document", "graph", "counts"])
@pytest.mark.parametrize(("encoder", "rate"), [("minilm", 5e-5), ("mpnet", 2.5e-5)])
def test_a_second_stage_has_lower_rates_with_every_such_head(encoder: str, rate: float, head: str) -> None:
    stage, last = stages(load_recipe("union-first", {"encoder": encoder, "head": head}))
    assert (last.epochs, last.learning_rate, last.head_learning_rate) == (3, rate, 1e-4)
    assert (stage.learning_rate, stage.head_learning_rate) == (2 * rate, 3e-4)


def test_a_first_stage_has_what_is_told_and_its_own_of_what_is_left_open() -> None:
    stage, last = stages(load_recipe("transfer", {"encoder": "minilm", "seed": 5, "batch_tokens": 512}))
    assert (stage.seed, stage.batch_tokens) == (last.seed, last.batch_tokens) == (5, 512)
    assert (stage.epochs, stage.learning_rate) == (4, 1e-4)
    assert (last.epochs, last.learning_rate) == (3, 5e-5)
    stage, last = stages(load_recipe("transfer", {"encoder": "minilm", "epochs": 0.5}))
    assert stage.epochs == last.epochs == 0.5
    stage, last = stages(load_recipe("union-first", {"encoder": "minilm", "epochs": 0.5}))
    assert (stage.epochs, last.epochs) == (2, 0.5)
    # RENET has no development part to find a threshold on, but its first stage has one.
    stage, last = stages(load_recipe("renet", {"encoder": "minilm", "head": "document"}))
    assert (stage.threshold, last.threshold) == ("development", "even")


@pytest.mark.parametrize("encoder", ["minilm", "mpnet", "tiny", PUBMEDBERT])
@pytest.mark.parametrize("name", ["transfer", "renet", "union-first"])
def test_a_run_keeps_both_stages_as_they_were_trained(name: str, encoder: str) -> None:
    recipe = load_recipe(name, {"encoder": encoder})
    kept = load_values(yaml.safe_load(recipe.as_yaml()))
    assert kept == recipe
    first, last = stages(kept)
    assert [load_values(yaml.safe_load(each.as_yaml())) for each in (first, last)] == [first, last]


def test_the_default_names_every_value_once_in_the_models_order() -> None:
    assert list(yaml.safe_load(packaged("default"))) == list(Recipe.model_fields)


def test_the_default_explains_every_value() -> None:
    """In a comment right above it, or above the values that it stands with."""
    explained = False
    for line in packaged("default").splitlines():
        if line.startswith("#"):
            explained = not line.startswith("# ---") or "encoder" in line
        elif line.strip():
            name = line.partition(":")[0]
            # These say all themselves, or stand below the comment of their group.
            assert explained or name in ("weight_decay", "max_gradient_norm", "seed"), name
        else:
            explained = False


@pytest.mark.parametrize(
    ("encoder", "rate"),
    [
        *(("tiny", 1e-3), ("mpnet", 5e-5)),
        *(("path/to/folder", 5e-5), ("microsoft/BiomedNLP", 5e-5), (PUBMEDBERT, 5e-5)),
    ],
)
def test_what_is_left_open_is_the_encoders_own(encoder: str, rate: float) -> None:
    of_encoder = {"encoder": encoder, "head": "cls"}
    recipe = load_recipe("original", of_encoder)
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (10, 16, rate)
    assert load_recipe("original", {**of_encoder, "learning_rate": 0.5}).learning_rate == 0.5


def test_every_known_encoder_has_settings() -> None:
    settings = yaml.safe_load(packaged("encoders"))
    assert set(settings) == {encoder_key(name) for name in (*known_encoders(), "path/to/folder")}


def test_a_head_has_settings_of_its_own() -> None:
    recipe = load_recipe("original", {"encoder": "path/to/folder", "head": "document"})
    assert (recipe.epochs, recipe.batch_size, recipe.attention_dropout) == (30, 4, 0)
    assert (recipe.batch_tokens, recipe.head_learning_rate, recipe.threshold) == (None, None, "even")
    recipe = load_recipe("original", {"encoder": "minilm", "head": "document"})
    assert (recipe.epochs, recipe.batch_tokens, recipe.threshold) == (10, 2048, "development")
    recipe = load_recipe("original", {"encoder": "minilm"})
    assert (recipe.head, recipe.epochs, recipe.batch_tokens) == ("counts", 4, 1024)
    assert (recipe.head_learning_rate, recipe.corpus_tokens) == (3e-4, 30_000)
    larger = load_recipe("original", {"encoder": "mpnet"})
    assert larger == recipe.with_values({"encoder": "mpnet", "learning_rate": 5e-5})
    assert load_recipe("original", {"encoder": "minilm", "head": "mean"}).attention_dropout is None
    assert load_recipe("original", {"encoder": "minilm", "head": "cls"}).learning_rate == 5e-5


def test_a_head_has_settings_of_its_own_for_all_corpora() -> None:
    def budget(name: str, **values: object) -> tuple[float | None, int | str | None]:
        recipe = load_recipe(name, {"encoder": "minilm", **values})
        # What a run keeps is what it was trained with.
        assert load_values(yaml.safe_load(recipe.as_yaml())) == recipe
        return recipe.epochs, recipe.corpus_tokens

    alone, union = budget("original"), budget("biorex")
    assert (alone, union) == ((4, 30_000), (2, None))
    for names in ("all", ["all"], ("all", "biored/dev"), "biored/dev,all"):
        assert budget("original", train_on=names) == union
    for names in ("biored", ["others"], "biored,bc5cdr"):
        assert budget("biorex", train_on=names) == alone
    assert budget("biorex", corpus_tokens=10_000) == (4, 10_000)
    assert budget("biorex", corpus_tokens="all") == (4, "all")
    assert budget("biorex", epochs=3) == (3, None)
    assert budget("biorex", head="graph") == alone
    with pytest.raises(SpecError, match="train_on"):
        load_recipe("biorex", {"encoder": "minilm", "train_on": 7})


@pytest.mark.parametrize("value", ["soon", True, [1], "1e-1", 1e39])
def test_a_threshold_is_one_of_two_words_or_a_number(value: object) -> None:
    assert load_recipe("original", {"threshold": -1}).threshold == -1.0
    with pytest.raises(SpecError, match=r"threshold: expected even, development or a number up to 100, got "):
        load_recipe("original", {"threshold": value})


def adapted(folder: Path, record: str) -> str:
    """An adapted encoder's folder, as far as settings look at it."""
    folder.mkdir()
    (folder / ADAPTATION).write_text(record, encoding="utf-8")
    return str(folder)


def test_an_adapted_encoder_has_the_settings_of_the_one_it_began_as(tmp_path: Path) -> None:
    once = adapted(tmp_path / "once", '{"settings": {"encoder": "minilm"}}')
    twice = adapted(tmp_path / "twice", json.dumps({"settings": {"encoder": once}}))
    assert [encoder_key(name) for name in (once, twice)] == ["minilm", "minilm"]
    values = load_recipe("biorex", {"encoder": twice}).model_dump()
    assert values == {**load_recipe("biorex", {"encoder": "minilm"}).model_dump(), "encoder": twice}
    of_hub = adapted(tmp_path / "hub", json.dumps({"settings": {"encoder": PUBMEDBERT}}))
    assert encoder_key(of_hub) == "default"


def test_a_run_s_encoder_has_the_settings_of_the_one_it_began_as(tmp_path: Path) -> None:
    adapted_one = adapted(tmp_path / "adapted", '{"settings": {"encoder": "minilm"}}')
    run = tmp_path / "run"
    run.mkdir()
    (run / "prompt.json").touch()
    assert encoder_key(str(run)) == "default"  # the first stage of an older run has no recipe
    (run / "recipe.yaml").write_text(load_recipe("original", {"encoder": adapted_one}).as_yaml())
    assert encoder_key(str(run)) == "minilm"
    again = load_recipe("original", {"encoder": str(run)})
    assert again == load_recipe("original", {"encoder": "minilm"}).with_values({"encoder": str(run)})
    (run / "recipe.yaml").write_text("encoder: [")
    with pytest.raises(SpecError, match=r"recipe\.yaml: "):
        load_recipe("original", {"encoder": str(run)})


def test_adapted_encoders_that_name_each_other_have_an_end(tmp_path: Path) -> None:
    one = adapted(tmp_path / "one", json.dumps({"settings": {"encoder": str(tmp_path / "other")}}))
    adapted(tmp_path / "other", json.dumps({"settings": {"encoder": one}}))
    assert encoder_key(one) == "default"


@pytest.mark.parametrize("record", ["{", "[]", "{}", '{"settings": 1}'])
def test_a_damaged_record_of_an_adaptation_is_one_line(record: str, tmp_path: Path) -> None:
    folder = adapted(tmp_path / "adapted", record)
    with pytest.raises(MalformedInput, match=r"adaptation\.json: expected the record of an adaptation"):
        load_recipe("original", {"encoder": folder})


def test_what_was_said_is_not_the_encoders_own() -> None:
    """Its batches of tokens do not stand in for a given size, nor its threshold for a development part."""
    document = {"encoder": "minilm", "head": "document"}
    sized = load_recipe("original", {**document, "batch_size": 8})
    assert (sized.batch_size, sized.batch_tokens) == (8, None)
    assert load_recipe("original", {**document, "threshold": "even"}).threshold == "even"
    assert load_recipe("original", {**document, "development": None}).threshold == "even"
    again = load_values(load_recipe("original", document).model_dump())
    assert again.batch_tokens == 2048


@pytest.mark.parametrize(
    ("encoder", "values", "expected"),
    [
        ("minilm", {}, ("counts", "prompt")),
        ("minilm", {"head": "entities"}, ("entities", "markers")),
        ("mpnet", {}, ("counts", "prompt")),
        ("minilm", {"head": "document"}, ("document", "prompt")),
        ("minilm", {"head": "mean", "input": "typed"}, ("mean", "typed")),
        ("tiny", {"input": "plain"}, ("cls", "plain")),
        ("path/to/folder", {}, ("cls", "prompt")),
    ],
)
def test_head_and_input_that_are_left_open_are_the_encoders_own(
    encoder: str, values: dict[str, str], expected: tuple[str, str]
) -> None:
    recipe = load_recipe("folds-aimed", {"encoder": encoder, **values})
    assert (recipe.head, recipe.input) == expected


@pytest.mark.parametrize("name", ["biorex", "transfer", "fraction"])
def test_rows_of_several_corpora_are_asked_by_the_corpus_name(name: str) -> None:
    assert load_recipe(name, {"encoder": "minilm"}).input == "prompt"


def test_values_replace_the_recipes_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("encoder: tiny\nepochs: 3\n", encoding="utf-8")
    recipe = load_recipe(path, {"epochs": 4, "train_on": "biored, bc5cdr/dev"})
    assert (recipe.encoder, recipe.epochs, recipe.train_on) == ("tiny", 4, ("biored", "bc5cdr/dev"))
    assert recipe.evaluate_on == "biored/test"
    assert load_recipe(str(path)).epochs == 3
    assert recipe.with_values({"seed": 5}).seed == 5


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "recipe: expected names and values, got nothing"),
        ("[1]", "recipe: expected names and values, got list"),
        ("a: [", "line 1: expected YAML"),
        ("seed: 1\na: b: c", "line 2: expected YAML"),
        ("seed: 2001-13-45", "recipe: expected YAML"),
        ("nope: 1", "nope: expected a known name"),
        ("epoch: 1", "epoch: expected a known name, such as epochs"),
        ("1: 2", "line 1: expected text for a key, got 1; put it in quotes"),
        ("train_on: []", "train_on: expected at least 1 entry, got []"),
        ("train_on: ''", "train_on: expected CORPUS/train|dev|test, got ''"),
        ("train_on: [biored/tset]", "train_on: expected CORPUS/train|dev|test, got 'biored/tset'"),
        ("train_on: [all, 3]", "train_on.1: expected text, got 3"),
        ("evaluate_on: biored", "evaluate_on: expected CORPUS/train|dev|test, got 'biored'"),
        ("evaluate_on: null", "evaluate_on: expected text, got null"),
        ("evaluate_on: fold", "evaluate_on: expected CORPUS/SPLIT"),
        ("development: biored/test", "development: expected another part than evaluate_on (biored/test)"),
        ("folds: 1", "folds: expected a number of at least 2, got "),
        ("fold: 3", "fold: expected one of `folds` (None), got 3"),
        ("folds: 5\nfold: 5", "fold: expected one of `folds` (5), got 5"),
        ("first: 3", "first: expected names and values, got "),
        ("first: {trainn_on: [others]}", "first.trainn_on: expected a known name, such as train_on"),
        ("first: {epochs: 0}", "first.epochs: expected a number above 0, got "),
        ("first: {first: {epochs: 1}}", "first.first: expected null: a recipe has two stages at most"),
        ("encoder: ''", "encoder: expected at least 1 character, got ''"),
        ("encoder: null", "encoder: expected text, got "),
        ("question: true", "question: expected a known name"),
        ("input: masks", "input: expected 'prompt', 'described', 'tagged'"),
        ("input: described", "knowledge: expected a table of descriptions with input described"),
        ("knowledge: a.tsv", "knowledge: expected null with input prompt"),
        ("head: svm\nfirst: {train_on: [others]}", "first: expected null with head svm"),
        ("head: svm\nteacher: RUN", "teacher: expected null with head svm"),
        ("head: logistic\nnovelty: true", "novelty: expected false with head logistic"),
        ("head: atlop\ndirection: true", "direction: expected false with head atlop"),
        ("head: atlop\nclass_weights: balanced", "class_weights: expected none with head atlop"),
        ("head: combination\nnegatives: 2", "negatives: expected null with head combination"),
        ("head: combination\nlabels: source", "labels: expected harmonized with head combination"),
        (
            "head: combination\ninput: markers",
            "input: expected prompt or tagged with head combination, got markers",
        ),
        (
            "head: graph\ninput: masked",
            "input: expected prompt or described or tagged with head graph, got masked",
        ),
        (
            "head: atlop\nteacher: RUN",
            "teacher: expected null with head atlop",
        ),
        ("teacher: RUN\nnovelty: true", "novelty: expected false with a teacher"),
        (
            "teacher: RUN\nheads: corpus",
            "heads: expected one with a teacher, which tells the same labels of each corpus",
        ),
        (
            "threshold: development\ndevelopment: null",
            "threshold: expected even or a number where development is null",
        ),
        (
            "threshold: development\nfirst: {development: null}",
            "first.threshold: expected even or a number where development is null",
        ),
        ("development: fold", "development: expected CORPUS/SPLIT or null where there are no `folds`"),
        ("max_length: 16", "max_length: expected a number of at least 32, got "),
        ("labels: both", "labels: expected 'harmonized' or 'source', got 'both'"),
        ("heads: two", "heads: expected 'one' or 'corpus'"),
        ("documents: 0", "documents: expected a number of at least 1, got 0"),
        ("epochs: 0", "epochs: expected a number above 0, got "),
        ("corpus_tokens: 0", "corpus_tokens: expected a number from 1, all or null, got 0"),
        ("corpus_tokens: most", "corpus_tokens: expected a number from 1, all or null, got most"),
        ("epochs: .nan", "epochs: expected a finite number, got "),
        ("epochs: .inf", "epochs: expected a finite number, got "),
        ("batch_size: 1.5", "batch_size: expected a whole number, got 1.5"),
        ("learning_rate: fast", "learning_rate: expected a number, got 'fast'"),
        ("accumulate: 0", "accumulate: expected a number of at least 1, got "),
        ("warmup: 1", "warmup: expected a number below 1, got 1"),
        ("weight_decay: -1", "weight_decay: expected a number of at least 0, got "),
        ("max_gradient_norm: 0", "max_gradient_norm: expected a number above 0, got "),
        ("class_weights: some", "class_weights: expected 'none' or 'balanced'"),
        ("patience: 0", "patience: expected a number of at least 1, got "),
        ("evaluate_every: 0", "evaluate_every: expected a number of at least 1, got "),
        ("precision: fp16", "precision: expected 'auto', 'fp32' or 'bf16'"),
        ("seed: -1", "seed: expected a number of at least 0, got "),
        ("seed: 4294967296", "seed: expected a number below 4294967296, got 4294967296"),
    ],
)
def test_a_fault_names_file_and_key_in_one_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load_recipe(path)
    assert str(error.value).startswith(f"{path}: ")
    assert fault in str(error.value)
    assert "\n" not in str(error.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: -1\nheads: two\nnope: 1\n", encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load_recipe(path)
    assert [key for key, _ in error.value.faults] == ["heads", "seed", "nope"]


@pytest.mark.parametrize("name", ["nowhere", "default", "encoders", "", "Biorex"])
def test_an_unknown_recipe_is_told_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownName, match="expected one of biorex, drug-combinations"):
        load_recipe(name)


@pytest.mark.parametrize("name", ["none.yaml", "./none", "none.yml"])
def test_a_missing_file_is_one_line(name: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"{name}: expected a recipe in YAML, found no file")):
        load_recipe(name)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="expected a recipe in UTF-8"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("documents=200", {"documents": 200}),
        ("documents=null", {"documents": None}),
        ("development=", {"development": None}),
        ("train_on=[biored, ddi]", {"train_on": ["biored", "ddi"]}),
        ("first={train_on: [others]}", {"first": {"train_on": ["others"]}}),
        ("encoder=a=b", {"encoder": "a=b"}),
        (" seed =3", {"seed": 3}),
        ("learning_rate=5.0e-5", {"learning_rate": 5e-5}),
        ("input=masked", {"input": "masked"}),
    ],
)
def test_settings_are_yaml(setting: str, value: dict[str, Any]) -> None:
    assert values_set([setting]) == value


def test_each_setting_is_given_once_and_none_are_fine() -> None:
    assert values_set(["seed=1", "fold=2"]) == {"seed": 1, "fold": 2}
    with pytest.raises(HarmonizeError, match=r"^--set seed: expected one value, got several$"):
        values_set(["seed=1", "seed =2"])
    assert values_set(None) == values_set([]) == {}


@pytest.mark.parametrize(
    "setting",
    [
        "seed",
        "=3",
        "",
        "first={",
        "epochs=2001-13-45",
        "epochs=!!int x",
        pytest.param(f"epochs={'[' * 5_000}", id="deep"),
        "a={b: 1, b: 2}",
    ],
)
def test_a_setting_that_is_none_is_one_line(setting: str) -> None:
    with pytest.raises(HarmonizeError, match=r"^--set.*: expected") as error:
        values_set([setting])
    assert "\n" not in str(error.value)


def test_the_command_line_has_the_last_word() -> None:
    options = {"encoder": "tiny", "epochs": 2, "seed": None, "train_on": "biored"}
    recipe = chosen_recipe("biorex", options, ["epochs=7", "learning_rate=5e-4"])
    assert (recipe.encoder, recipe.epochs, recipe.seed, recipe.train_on) == ("tiny", 7, 0, ("biored",))
    assert recipe.learning_rate == 5e-4  # which YAML takes for a string
    with pytest.raises(SpecError, match="biorex: nope: expected a known name"):
        chosen_recipe("biorex", {}, ["nope=1"])


def test_parts_and_folders() -> None:
    assert part("biored/test") == ("biored", "test")
    assert part("BioRED/Test") == ("BioRED", "test")
    assert part("biored", default="train") == ("biored", "train")
    for wrong in ("biored", "/test", "biored/", "biored/test/x", ""):
        with pytest.raises(ValueError, match="expected CORPUS/"):
            part(wrong)
    assert fold_folder(Path("run"), 3) == Path("run/fold-3")
