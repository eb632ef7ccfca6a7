"""Recipes: how a classifier is trained, as YAML beside pipelines/, every value with a line that explains it.

default.yaml holds every value. A recipe names those that differ, the command line has the last word, and what
is then still null is the encoder's own, from encoders.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from harmonize.errors import SpecError, UnknownName
from harmonize.model import SPLITS
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.labels import LabelKind
from harmonize.relation.model.encoders import encoder_key
from harmonize.relation.model.ensemble import ENSEMBLE
from harmonize.relation.model.linear import LINEAR_HEADS
from harmonize.relation.model.threshold import DEVELOPMENT, EVEN, FARTHEST, Threshold
from harmonize.spec.reading import SettingsModel, at_commas, faults_of, read_settings, yaml_values

__all__ = [
    "ALL",
    "FOLD",
    "HEAD_NAMES",
    "INPUTS_OF_CONTEXTS",
    "INPUT_NAMES",
    "OTHERS",
    "HeadName",
    "InputName",
    "Recipe",
    "load_recipe",
    "load_values",
    "part",
    "recipe_names",
    "resolved",
    "stages",
    "trained_corpora",
]

ALL, OTHERS, FOLD = "all", "others", "fold"
_FIRST, _SECOND = "first", "second"
HeadName = Literal[
    "cls",
    "entities",
    "cls+entities",
    "mean",
    "sll_attention",
    "sll_lstm",
    "sll_bilstm",
    "document",
    "atlop",
    "graph",
    "counts",
    "combination",
    "logistic",
    "svm",
    "ensemble",
]
HEAD_NAMES: tuple[HeadName, ...] = get_args(HeadName)
InputName = Literal[
    "prompt", "described", "tagged", "plain", "markers", "masked", "two_masked", "two_entities", "typed"
]
INPUT_NAMES: tuple[InputName, ...] = get_args(InputName)
INPUTS_OF_CONTEXTS: dict[HeadName, tuple[InputName, ...]] = {
    **dict.fromkeys(("document", "atlop", "graph", "counts"), ("prompt", "described", "tagged")),
    "combination": ("prompt", "tagged"),
}
"""What each head can read that reads whole contexts; all others read one pair, in any way."""
_SAID = ("novelty", "direction")
_NOTHING_TO: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(LINEAR_HEADS, ("first", "teacher", *_SAID)),
    COMBINATION: ("teacher", "pseudo", "negatives", "corpus_tokens", "knowledge", *_SAID),
    # Of a pair it learns several labels, of which neither a distribution nor what is said beside them can be.
    "atlop": ("teacher", *_SAID),
}
"""Head -> the values that it can do nothing with."""
_RECIPES = resources.files("harmonize.pipelines") / "recipes"
_DEFAULT, _ENCODERS = "default", "encoders"


def part(name: str, default: str | None = None) -> tuple[str, str]:
    """A part of a union set, "biored/test", as (corpus, split); `default` is the split where none is named.

    Raises:
        ValueError: no such split, or none at all.
    """
    corpus, mark, split = name.partition("/")
    split = split.casefold() if mark else default or ""
    if not corpus or split not in SPLITS:
        raise ValueError(f"expected CORPUS/{'|'.join(SPLITS)}, got {name!r}")
    return corpus, split


class Recipe(SettingsModel):
    """A recipe with every value; what each means stands in pipelines/recipes/default.yaml."""

    train_on: tuple[str, ...] = Field(min_length=1)
    evaluate_on: str
    development: str | None
    folds: int | None = Field(ge=2)
    fold: int | None = Field(ge=0)
    documents: int | None = Field(ge=1)
    negatives: float | None = Field(gt=0)
    pseudo: str | None = Field(min_length=1)
    first: dict[str, Any] | None
    head: HeadName
    members: tuple[str, ...] | None
    encoder: str = Field(min_length=1)
    input: InputName
    knowledge: str | None = Field(min_length=1)
    max_length: int = Field(ge=32)
    context_words: int | None = Field(ge=0)
    candidates: int | None = Field(ge=1)
    labels: LabelKind
    heads: Literal["one", "corpus"]
    novelty: bool
    direction: bool
    epochs: float | None = Field(gt=0)
    batch_size: int | None = Field(ge=1)
    batch_tokens: int | None = Field(ge=1)
    corpus_tokens: int | Literal["all"] | None
    learning_rate: float | None = Field(gt=0)
    head_learning_rate: float | None = Field(gt=0)
    accumulate: int = Field(ge=1)
    warmup: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    max_gradient_norm: float = Field(gt=0)
    class_weights: Literal["none", "balanced"]
    frozen_layers: int = Field(ge=0)
    attention_dropout: float | None = Field(ge=0, lt=1)
    teacher: str | None
    teacher_own: float = Field(ge=0, le=1)
    teacher_temperature: float = Field(gt=0)
    threshold: Threshold
    patience: int | None = Field(ge=1)
    evaluate_every: int | None = Field(ge=1)
    precision: Literal["auto", "fp32", "bf16"]
    seed: int = Field(ge=0, lt=2**32)

    _names = field_validator("train_on", mode="before")(at_commas)

    @field_validator("train_on")
    @classmethod
    def _parts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            part(name, default="train")
        return names

    @field_validator("corpus_tokens", mode="before")
    @classmethod
    def _corpus_tokens(cls, value: Any) -> Any:
        is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if not (value is None or value == ALL or is_number):
            raise ValueError(f"expected a number from 1, {ALL} or null, got {value}")
        return value

    @field_validator("threshold", mode="before")
    @classmethod
    def _threshold(cls, value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (value in (EVEN, DEVELOPMENT) or (is_number and abs(value) <= FARTHEST)):
            raise ValueError(f"expected {EVEN}, {DEVELOPMENT} or a number up to {FARTHEST}, got {value}")
        return value

    @field_validator("evaluate_on", "development")
    @classmethod
    def _part(cls, name: str | None) -> str | None:
        if name not in (None, FOLD):
            part(name)
        return name

    @model_validator(mode="after")
    def _folds_belong_together(self) -> Recipe:
        if self.evaluate_on == FOLD:
            raise ValueError("evaluate_on: expected CORPUS/SPLIT")
        if self.fold is not None and (self.folds is None or self.fold >= self.folds):
            raise ValueError(f"fold: expected one of `folds` ({self.folds}), got {self.fold}")
        if self.development == FOLD and self.folds is None:
            raise ValueError("development: expected CORPUS/SPLIT or null where there are no `folds`")
        if self.development == self.evaluate_on and self.folds is None:
            raise ValueError(f"development: expected another part than evaluate_on ({self.evaluate_on})")
        return self

    @model_validator(mode="after")
    def _knowledge_is_told(self) -> Recipe:
        if self.input == "described" and self.knowledge is None:
            raise ValueError("knowledge: expected a table of descriptions with input described")
        if self.input != "described" and self.knowledge is not None:
            raise ValueError(f"knowledge: expected null with input {self.input}, which tells nothing of it")
        return self

    @model_validator(mode="after")
    def _ensembles_have_members(self) -> Recipe:
        if self.head == ENSEMBLE and len(self.members or ()) < 2:
            raise ValueError(f"members: expected at least two runs with head {ENSEMBLE}")
        if self.head != ENSEMBLE and self.members is not None:
            raise ValueError(f"members: expected null with head {self.head}")
        return self

    @model_validator(mode="after")
    def _says_nothing_that_its_head_leaves_out(self) -> Recipe:
        for name in _NOTHING_TO.get(self.head, ()):
            value = getattr(self, name)
            if value not in (None, False):
                raise ValueError(
                    f"{name}: expected {'false' if value is True else 'null'} with head {self.head}"
                )
        known = INPUTS_OF_CONTEXTS.get(self.head, INPUT_NAMES)
        if self.input not in known:
            expected = " or ".join(known)
            raise ValueError(f"input: expected {expected} with head {self.head}, got {self.input}")
        if self.head == COMBINATION and self.labels != "harmonized":
            raise ValueError(f"labels: expected harmonized with head {COMBINATION}")
        if self.head == "atlop" and self.class_weights != "none":
            raise ValueError("class_weights: expected none with head atlop, whose loss weighs no label")
        return self

    @model_validator(mode="after")
    def _is_what_a_teacher_can_teach(self) -> Recipe:
        if self.teacher is None:
            return self
        if self.heads != "one":
            raise ValueError("heads: expected one with a teacher, which tells the same labels of each corpus")
        for name in _SAID:
            if getattr(self, name):
                raise ValueError(f"{name}: expected false with a teacher")
        return self

    @model_validator(mode="after")
    def _a_threshold_is_found_where_something_is_watched(self) -> Recipe:
        if self.threshold == DEVELOPMENT and self.development is None:
            raise ValueError(f"threshold: expected {EVEN} or a number where development is null")
        return self

    @property
    def said(self) -> tuple[str, ...]:
        """The columns of the set that the classifier tells beside the label."""
        return tuple(
            column for column, told in (("novelty", self.novelty), ("subject", self.direction)) if told
        )

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """The recipe with some values changed.

        Raises:
            ValidationError: a value that it cannot have, or a name that it does not know.
        """
        return Recipe.model_validate({**self.model_dump(), **values})


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    names = (file.name.removesuffix(".yaml") for file in _RECIPES.iterdir() if file.name.endswith(".yaml"))
    return sorted(name for name in names if name not in (_DEFAULT, _ENCODERS))


def load_recipe(name: str | Path = "biorex", values: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe by name or file, every value filled in.

    Args:
        name: one of `recipe_names`, or a YAML file (with a "/" or a suffix in its name).
        values: what replaces the recipe's own.

    Raises:
        UnknownName: neither a recipe nor a file.
        MissingInput, MalformedInput, SpecError: the file is missing, no text, or says what it cannot.
        TypeError: values that are no mapping.
    """
    if not isinstance(values, Mapping | None):
        raise TypeError(f"values: expected names and values, got {type(values).__name__}")
    path = str(name)
    if isinstance(name, Path) or "/" in path or path.endswith((".yaml", ".yml")):
        own = read_settings(path, "recipe")
    elif path in recipe_names():
        own = _packaged(path)
    else:
        raise UnknownName("recipe", path, recipe_names())
    return resolved({**_packaged(_DEFAULT), **own, **(values or {})}, path)


def load_values(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """A recipe that was kept as its values, those that are newer than it filled in.

    Raises:
        SpecError: with every fault at once.
    """
    return resolved({**_packaged(_DEFAULT), **values}, origin)


def stages(recipe: Recipe) -> tuple[Recipe, ...]:
    """What is trained one after the other: the `first` stage, where there is one, and the recipe."""
    if recipe.first is None:
        return (recipe,)
    return _before(recipe.model_dump(), recipe.first, "first"), recipe


def trained_corpora(recipe: Recipe) -> tuple[str, ...]:
    """The corpora that a recipe names to train on in its last stage; ALL and OTHERS stand for themselves."""
    return tuple(dict.fromkeys(part(name, default="train")[0] for name in recipe.train_on))


def resolved(values: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """Values as a recipe, those left to the encoder filled in, of both stages where there are two.

    Raises:
        SpecError: with every fault at once.
    """
    if values.get("first") is None:
        return _validated(_filled(values), origin)
    recipe = _validated(_filled(values, _SECOND), origin)
    differing = recipe.first or {}
    if differing.get("first") is not None:
        raise SpecError(origin, [("first.first", "expected null: a recipe has two stages at most")])
    second = recipe.model_dump(mode="json")
    # What the recipe leaves to the encoder its first stage leaves to it too.
    left = {name: None for name in second if values.get(name) is None}
    # Its faults are told now, not after an hour of preparing.
    first = _before({**second, **left}, differing, origin, "first.").model_dump(mode="json")
    differing = {name: first[name] for name in first if first[name] != second[name] and name != "first"}
    return recipe.with_values({"first": differing})


def _before(values: Mapping[str, Any], first: Mapping[str, Any], origin: str, within: str = "") -> Recipe:
    """The first stage of values: they, but for those that it says otherwise."""
    return _validated(_filled({**values, "first": None, **first}, _FIRST), origin, within)


def _filled(values: Mapping[str, Any], stage: str | None = None) -> dict[str, Any]:
    """Values, those that are null taken from the encoder's own for the head and for the stage."""
    own = _packaged(_ENCODERS)[encoder_key(str(values.get("encoder")))]
    head = values.get("head") or own["head"]
    of_head = own.get(head, {}) if head in HEAD_NAMES else {}
    own = {key: value for key, value in own.items() if key not in HEAD_NAMES} | of_head
    of_stage = {name: own.pop(name, {}) for name in (_FIRST, _SECOND)}
    own |= of_stage.get(stage or "", {})
    of_all = own.pop(ALL, {})
    names = at_commas(values.get("train_on"))
    # Its epochs go with its tokens: with a part of the corpora they would be too few.
    if isinstance(names, list | tuple) and ALL in names and values.get("corpus_tokens") is None:
        own |= of_all
    if values.get("development") is None:
        own["threshold"] = "even"
    if values.get("batch_size") is not None:
        own.pop("batch_tokens", None)
    return {**values, **{key: value for key, value in own.items() if values.get(key) is None}}


def _validated(values: Mapping[str, Any], origin: str, within: str = "") -> Recipe:
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        faults = []
        for key, fault in faults_of(error, Recipe, ""):
            # What is said of several values together begins with one of them.
            name, _, rest = (key, "", fault) if key else fault.partition(": ")
            faults.append((within + name, rest))
        raise SpecError(origin, faults) from None


def _packaged(name: str) -> dict[str, Any]:
    return yaml_values((_RECIPES / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml", "recipe")
