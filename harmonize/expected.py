"""What pydantic has against a value, as all errors of this package say it: expected ..., got ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harmonize.errors import shown

__all__ = ["expected"]

_BOUNDS = {
    "greater_than": ("gt", "a number above"),
    "greater_than_equal": ("ge", "a number of at least"),
    "less_than": ("lt", "a number below"),
    "less_than_equal": ("le", "a number of at most"),
}
_KINDS = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "names and values",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "int_type": "a whole number",
    "list_type": "a list",
    "mapping_type": "names and values",
    "model_type": "names and values",
    "model_attributes_type": "names and values",
    "string_type": "text",
    "tuple_type": "a list",
}
_LENGTHS = {
    "string_too_short": ("min_length", "at least", ("character", "characters")),
    "string_too_long": ("max_length", "at most", ("character", "characters")),
    "too_short": ("min_length", "at least", ("entry", "entries")),
    "too_long": ("max_length", "at most", ("entry", "entries")),
}
_YAML = {None: "null", True: "true", False: "false"}


def expected(fault: Mapping[str, Any]) -> str:
    """One of the faults in `ValidationError.errors()`; what our own validators say stays as it is."""
    kind, value = fault["type"], fault["input"]
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return "expected a value, got no such key"
    if kind == "extra_forbidden":
        return "expected a known name"
    what = _what(kind, fault.get("ctx", {})) or str(fault["msg"])
    if what.startswith("Input should be "):
        what = what.removeprefix("Input should be ")
    elif what == fault["msg"]:  # such as "Invalid JSON: ..."
        return what
    return f"expected {what}, got {_given(value, kind)}"


def _what(kind: str, context: Mapping[str, Any]) -> str | None:
    if kind in _BOUNDS:
        key, what = _BOUNDS[kind]
        bound = context[key]
        return f"{what} {int(bound) if bound == int(bound) else bound}"
    if kind in _LENGTHS:
        key, which, (one, several) = _LENGTHS[kind]
        number = context[key]
        return f"{which} {number} {one if number == 1 else several}"
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "string_pattern_mismatch":
        return f"text like {context['pattern']}"
    return _KINDS.get(kind)


def _given(value: object, kind: str) -> str:
    """As YAML has it, and a number without quotes also where it was given as text."""
    if value is None or isinstance(value, bool):
        return _YAML[value]
    return str(value) if kind in _BOUNDS and isinstance(value, str) else shown(value)
