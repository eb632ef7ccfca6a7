"""Grids: recipes that differ in a few values, every combination of them, from one YAML file.

recipe: folds-aimed                       # a recipe's name, or a file
values: {encoder: minilm, epochs: 5}      # the same for all
vary:                                     # every combination is a system; of a list, those of each entry
  input: [prompt, markers]
  head: [cls, mean]
where:                                    # values for the systems that have others, later ones win
  - {head: cls, then: {learning_rate: 5.0e-5}}
folds: [0, 1]                             # of a recipe with folds; all of them unless given
seeds: [0, 1, 2]                          # 0 unless given
against: {input: prompt, head: cls}       # the system that all are tested against; the first unless given
rank_by: pairs                            # or types: F of the pairs found, or of those found with their type
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from harmonize.errors import SpecError
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.spec.reading import SpecModel, checked, read_settings

__all__ = ["Cell", "Grid", "load_grid"]


_SHARED = ("evaluate_on", "folds", "labels")
_Product = Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]


def _each_once(numbers: list[int]) -> list[int]:
    if len(set(numbers)) != len(numbers):
        raise ValueError("expected each number once")
    return numbers


_Numbers = Annotated[
    list[Annotated[int, Field(ge=0, lt=2**32)]], Field(min_length=1), AfterValidator(_each_once)
]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class _File(SpecModel):
    """A grid as it is written."""

    recipe: str
    values: dict[str, Any] = Field(default_factory=dict)
    vary: Annotated[list[_Product], Field(min_length=1), BeforeValidator(_listed)]
    where: list[dict[str, Any]] = Field(default_factory=list)
    folds: _Numbers | None = None
    seeds: _Numbers = Field(default_factory=lambda: [0])
    against: dict[str, Any] | None = None
    rank_by: Literal["pairs", "types"] = "pairs"


@dataclass(frozen=True, slots=True)
class Cell:
    """One training.

    Attributes:
        system: the name of the values that make it differ, "prompt cls".
        seed, fold: fold is None where the recipe has none.
    """

    system: str
    seed: int
    fold: int | None
    recipe: Recipe

    @property
    def folder(self) -> str:
        """Where it stands among the runs."""
        folder = f"{_folder(self.system)}/seed-{self.seed}"
        return folder if self.fold is None else f"{folder}/fold-{self.fold}"


def _folder(system: str) -> str:
    return system.replace("/", "_").replace(" ", "-")


@dataclass(frozen=True)
class Grid:
    """All trainings of a grid.

    Attributes:
        systems: their names, in order.
        against: the one that all are tested against.
        rank_by: which F they are ranked and tested by.
        cells: the first fold of all systems, then the next, and so on; seed after seed.
    """

    systems: tuple[str, ...]
    against: str
    rank_by: Literal["pairs", "types"]
    cells: tuple[Cell, ...]

    def of(self, system: str) -> dict[int, list[Cell]]:
        """A system's trainings, by seed."""
        found: dict[int, list[Cell]] = {}
        for cell in self.cells:
            if cell.system == system:
                found.setdefault(cell.seed, []).append(cell)
        return found


def load_grid(path: Path) -> Grid:
    """The grid of a file.

    Raises:
        MissingInput, MalformedInput, SpecError: no such file, no YAML, or one that says what it cannot.
    """
    return _grid(path, checked(_File, read_settings(path, "grid"), path, whole="grid"))


def _grid(path: Path, file: _File) -> Grid:
    chosen = [
        dict(zip(product, values, strict=True))
        for product in file.vary
        for values in itertools.product(*product.values())
    ]
    _check_names(path, file, chosen)
    systems = {_name(values): _recipe(path, file, values) for values in chosen}
    if len(systems) != len(chosen):
        raise SpecError(path, [("vary", "expected each combination once")])
    folders: dict[str, str] = {}
    for system in systems:
        if (other := folders.setdefault(_folder(system), system)) != system:
            raise SpecError(
                path, [("vary", f"expected systems with folders of their own, got {other} and {system}")]
            )
    for name in _SHARED:
        if len({getattr(recipe, name) for recipe in systems.values()}) > 1:
            raise SpecError(
                path, [(name, "expected the same in all systems, to score them on the same rows")]
            )
    if any(recipe.head == COMBINATION for recipe in systems.values()):
        raise SpecError(path, [("head", f"expected heads that classify pairs, not {COMBINATION}")])
    against = _name(chosen[0])
    if file.against is not None:
        found = [_name(values) for values in chosen if values.items() >= file.against.items()]
        if len(found) != 1:
            raise SpecError(path, [("against", f"expected the values of one system, {len(found)} have them")])
        against = found[0]
    cells = [
        Cell(system, seed, fold, recipe.with_values({"seed": seed, "fold": fold}))
        for seed in file.seeds
        for system, recipe in systems.items()
        for fold in _folds(path, file, recipe)
    ]
    cells.sort(key=lambda cell: (file.seeds.index(cell.seed), cell.fold or 0))
    return Grid(tuple(systems), against, file.rank_by, tuple(cells))


def _check_names(path: Path, file: _File, chosen: Sequence[Mapping[str, Any]]) -> None:
    """What a grid says of seeds, folds and rules has an effect."""
    named = {*file.values, *(name for values in chosen for name in values)}
    faults: list[tuple[str, str]] = [
        (name, f"expected `{name}s` of the grid instead of a value of the recipe")
        for name in ("seed", "fold")
        if name in named
    ]
    for place, rule in enumerate(file.where):
        if not isinstance(rule.get("then"), dict):
            faults.append((f"where.{place}.then", "expected names and values"))
    if faults:
        raise SpecError(path, faults)
    held = {place for values in chosen for place in _ruled(file, values)[1]}
    if idle := [place for place in range(len(file.where)) if place not in held]:
        raise SpecError(
            path,
            [(f"where.{place}", "expected a system with these in its `values` or `vary`") for place in idle],
        )


def _ruled(file: _File, varied: Mapping[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """A system's values after the rules, and which of these held."""
    values, held = {**file.values, **varied}, []
    for place, rule in enumerate(file.where):
        if all(values.get(name) == value for name, value in rule.items() if name != "then"):
            values |= rule["then"]
            held.append(place)
    return values, held


def _recipe(path: Path, file: _File, varied: Mapping[str, Any]) -> Recipe:
    values, _ = _ruled(file, varied)
    try:
        return load_recipe(file.recipe, values)
    except SpecError as error:
        # The values are this file's, whatever recipe they change.
        faults = [(f"recipe {file.recipe} with {_name(varied)}, {key}", fault) for key, fault in error.faults]
        raise SpecError(path, faults) from None


def _folds(path: Path, file: _File, recipe: Recipe) -> list[int] | list[None]:
    if recipe.folds is None:
        if file.folds is not None:
            raise SpecError(path, [("folds", "expected a recipe with folds, this one has none")])
        return [None]
    folds = list(range(recipe.folds)) if file.folds is None else file.folds
    if not all(0 <= fold < recipe.folds for fold in folds):
        raise SpecError(path, [("folds", f"expected numbers from 0 to {recipe.folds - 1}")])
    return folds


def _name(values: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in values.values())
