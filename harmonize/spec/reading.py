"""YAML files, and values by name, as pydantic models: all their faults are reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from harmonize.errors import MalformedInput, MissingInput, SpecError
from harmonize.expected import expected

__all__ = [
    "SettingsModel",
    "SpecModel",
    "at_commas",
    "checked",
    "faults_of",
    "loaded_yaml",
    "package_folder",
    "read_settings",
    "read_yaml",
    "validated",
    "yaml_values",
]


class SpecModel(BaseModel):
    """What stands in a file of mappings: frozen, and no key more than it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SettingsModel(SpecModel):
    """How something is trained: numbers are finite, and all values can be kept as YAML."""

    model_config = ConfigDict(allow_inf_nan=False)

    def as_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def at_commas(names: Any) -> Any:
    """A list of names that the command line gives as one text; anything else stays what it is."""
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else names


def package_folder() -> Path:
    return Path(str(resources.files("harmonize.mappings")))


_M = TypeVar("_M", bound=BaseModel)
_TEXT, _MERGE = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "merge"))
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Takes a fifteenth of the time where PyYAML was built with libyaml, as its wheels are."""


def validated(model: type[_M], path: Path, context: Mapping[str, Any] | None = None) -> _M:
    """A YAML file as a pydantic model.

    Args:
        context: what the model's validators know beside the file.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return checked(model, read_yaml(path), path, context)


def checked(
    model: type[_M],
    content: Mapping[Any, Any],
    name: Path | str,
    context: Mapping[str, Any] | None = None,
    *,
    whole: str = "file",
) -> _M:
    """Values by name, such as those of a YAML file, as a pydantic model; see `validated`.

    Args:
        name: what to call their origin in errors.
        whole: see `faults_of`.
    """
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        raise SpecError(name, faults_of(error, model, whole)) from None


def faults_of(error: ValidationError, model: type[BaseModel], whole: str = "file") -> list[tuple[str, str]]:
    """What a model has against its values, each as (key, what was expected).

    Args:
        whole: what to call that which is said of no key.
    """
    return [
        (
            ".".join(map(str, fault["loc"])) or whole,
            expected(fault) + (_nearest(fault["loc"], model) if fault["type"] == "extra_forbidden" else ""),
        )
        for fault in error.errors()
    ]


def _nearest(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The nearest name of a model to one that is none of them; not for a model within the model."""
    near = get_close_matches(str(place[0]), model.model_fields, n=1) if len(place) == 1 else []
    return f", such as {near[0]}" if near else ""


def read_yaml(path: Path) -> dict[str, Any]:
    """The names and values of a YAML file.

    Raises:
        SpecError: no such file, or see `yaml_values`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(path, [("file", "expected a mapping file, found none")]) from None
    except UnicodeDecodeError:
        raise SpecError(path, [("file", "expected UTF-8")]) from None
    except OSError as error:
        raise SpecError(path, [("file", f"expected YAML, got: {error.strerror or error}")]) from None
    return yaml_values(text, path)


def read_settings(name: Path | str, kind: str) -> dict[str, Any]:
    """The names and values of a user's own file of settings.

    Args:
        name: where it is, which errors say as it is written here.
        kind: what the file is, in errors: "recipe".

    Raises:
        MissingInput, MalformedInput, SpecError: no such file, no UTF-8, or see `yaml_values`.
    """
    path = Path(name)
    if not path.is_file():
        raise MissingInput(name, f"expected a {kind} in YAML, found no file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MalformedInput(name, f"expected a {kind} in UTF-8: {error.reason}") from None
    return yaml_values(text, name, kind)


def yaml_values(text: str, name: Path | str, whole: str = "file") -> dict[str, Any]:
    """The names and values that a YAML text holds.

    Args:
        name: what to call its origin in errors.
        whole: what to call that which is said of no line.

    Raises:
        SpecError: no YAML, something else than names and values, or names that come twice or are no text, all
            of them.
    """
    try:
        values, faults = loaded_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else whole
        raise SpecError(name, [(place, f"expected YAML, got: {getattr(error, 'problem', error)}")]) from None
    if not isinstance(values, dict):
        got = "nothing" if values is None else type(values).__name__
        raise SpecError(name, [(whole, f"expected names and values, got {got}")])
    if faults:
        raise SpecError(name, faults)
    return values


def loaded_yaml(text: str) -> tuple[Any, list[tuple[str, str]]]:
    """What a YAML text holds, and (line, what was expected) of the keys that come twice or are no text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    try:
        return _loaded(text, _FAST_LOADER)
    except yaml.YAMLError:
        return _loaded(text, yaml.SafeLoader)  # says more of what is wrong


def _loaded(text: str, loader_type: type[yaml.SafeLoader]) -> tuple[Any, list[tuple[str, str]]]:
    loader = loader_type(text)
    faults: list[tuple[str, str]] = []
    try:
        node = loader.get_single_node()
        if node is None:
            return None, faults
        _check_keys(node, faults, set())
        return loader.construct_document(node), faults
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        # What PyYAML makes of a value lets such through: `!!int x`, `2001-13-45`, `[[[[...`.
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()


def _check_keys(node: yaml.Node, faults: list[tuple[str, str]], seen: set[int]) -> None:
    """Append what is wrong with the keys in a node, those of the innermost mappings first."""
    if isinstance(node, yaml.ScalarNode) or id(node) in seen:  # an alias is the node that it stands for
        return
    seen.add(id(node))
    if not isinstance(node, yaml.MappingNode):
        for part in node.value:
            _check_keys(part, faults, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        _check_keys(key, faults, seen)
        _check_keys(value, faults, seen)
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag not in (_TEXT, _MERGE):
            told = f", got {key.value}; put it in quotes" if isinstance(key, yaml.ScalarNode) else ""
            faults.append((f"line {line}", f"expected text for a key{told}"))
        elif key.value in lines:
            first = f"it stands in line {lines[key.value]} too"
            faults.append((f"line {line}", f"expected each key once, got {key.value}: {first}"))
        else:
            lines[key.value] = line
