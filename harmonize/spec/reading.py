"""A YAML file of the mappings as a pydantic model: all its faults are reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from harmonize.errors import SpecError

__all__ = ["SpecModel", "checked", "faults_of", "loaded_yaml", "package_folder", "read_yaml", "validated"]


class SpecModel(BaseModel):
    """What stands in a file of mappings: frozen, and no key more than it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def package_folder() -> Path:
    return Path(str(resources.files("harmonize.mappings")))


_M = TypeVar("_M", bound=BaseModel)
_TEXT, _MERGE = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "merge"))


def validated(model: type[_M], path: Path, context: Mapping[str, Any] | None = None) -> _M:
    """A YAML file as a pydantic model.

    Args:
        context: what the model's validators know beside the file.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return checked(model, read_yaml(path), path, context)


def checked(
    model: type[_M], content: Mapping[Any, Any], name: Path | str, context: Mapping[str, Any] | None = None
) -> _M:
    """What a YAML file holds as a pydantic model; see `validated`.

    Args:
        name: what to call it in errors.
    """
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        raise SpecError(name, faults_of(error, model)) from None


def faults_of(error: ValidationError, model: type[BaseModel], whole: str = "file") -> list[tuple[str, str]]:
    """What a model has against its values, each as (key, what was expected).

    Args:
        whole: what to call that which is said of no key.
    """
    return [
        (
            ".".join(map(str, fault["loc"])) or whole,
            _no_such(fault["loc"], model)
            if fault["type"] == "extra_forbidden"
            else fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors()
    ]


def _no_such(place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """That a name is none of a model's, with the nearest that is; not for a model within the model."""
    near = get_close_matches(str(place[0]), model.model_fields, n=1) if len(place) == 1 else []
    return ", such as ".join(["expected a known name", *near])


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also collects what it would pass over: keys that come twice or are no text.

    Attributes:
        faults: (line, what was expected).
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.faults: list[tuple[str, str]] = []

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag not in (_TEXT, _MERGE):
                told = f", got {key.value}; put it in quotes" if isinstance(key, yaml.ScalarNode) else ""
                self.faults.append((f"line {line}", f"expected text for a key{told}"))
            elif key.value in lines:
                first = f"it stands in line {lines[key.value]} too"
                self.faults.append((f"line {line}", f"expected each key once, got {key.value}: {first}"))
            else:
                lines[key.value] = line
        return node


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file.

    Raises:
        SpecError: no such file, no YAML, something else than keys and values, or keys that come twice or are
            no text, all of them.
    """
    try:
        value, faults = loaded_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(path, [("file", "expected a mapping file, found none")]) from None
    except UnicodeDecodeError:
        raise SpecError(path, [("file", "expected UTF-8")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "file"
        raise SpecError(path, [(place, f"expected YAML, got: {getattr(error, 'problem', error)}")]) from None
    except OSError as error:
        raise SpecError(path, [("file", f"expected YAML, got: {error}")]) from None
    if not isinstance(value, dict):
        raise SpecError(path, [("file", f"expected keys and values, got {type(value).__name__}")])
    if faults:
        raise SpecError(path, faults)
    return value


def loaded_yaml(text: str) -> tuple[Any, list[tuple[str, str]]]:
    """What a YAML text holds, and (line, what was expected) of the keys that come twice or are no text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    loader = _Loader(text)
    try:
        return loader.get_single_data(), loader.faults
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        # What PyYAML makes of a value lets such through: `!!int x`, `2001-13-45`, `[[[[...`.
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()
