"""What pydantic finds, in the words of this package."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.expected import expected


class Inner(BaseModel):
    x: int = 0


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    above: float = Field(default=1.0, gt=0)
    least: int = Field(default=1, ge=1)
    below: float = Field(default=0.5, lt=1.5)
    most: int = Field(default=1, le=65535)
    flag: bool = False
    word: str = Field(default="a", min_length=2, max_length=3)
    code: str = Field(default="a", pattern="^[a-f]+$")
    one_of: Literal["a", "b", "c"] = "a"
    names: tuple[str, ...] = Field(default=("a",), min_length=1, max_length=2)
    table: dict[str, int] = Field(default_factory=dict)
    inner: Inner = Field(default_factory=Inner)
    needed: str = "a"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("above", 0, "expected a number above 0, got 0"),
        ("above", "-1", "expected a number above 0, got -1"),
        ("above", "fast", "expected a number, got 'fast'"),
        ("above", float("nan"), "expected a finite number, got nan"),
        ("least", 0, "expected a number of at least 1, got 0"),
        ("least", 1.5, "expected a whole number, got 1.5"),
        ("least", "x", "expected a whole number, got 'x'"),
        ("least", None, "expected a whole number, got null"),
        ("below", 2, "expected a number below 1.5, got 2"),
        ("most", 99999999, "expected a number of at most 65535, got 99999999"),
        ("flag", "maybe", "expected true or false, got 'maybe'"),
        ("flag", [], "expected true or false, got []"),
        ("word", "a", "expected at least 2 characters, got 'a'"),
        ("word", "abcd", "expected at most 3 characters, got 'abcd'"),
        ("word", True, "expected text, got true"),
        ("code", "xyz", "expected text like ^[a-f]+$, got 'xyz'"),
        ("one_of", "d", "expected 'a', 'b' or 'c', got 'd'"),
        ("names", [], "expected at least 1 entry, got []"),
        ("names", ["a", "b", "c"], "expected at most 2 entries, got ['a', 'b', 'c']"),
        ("names", 3, "expected a list, got 3"),
        ("table", 3, "expected names and values, got 3"),
        ("inner", [1], "expected names and values, got [1]"),
        ("other", 3, "expected a known name"),
    ],
)
def test_a_fault_says_what_was_expected_and_what_was_given(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({name: value})
    (fault,) = caught.value.errors()
    assert expected(fault) == message


def test_what_is_missing_and_what_is_no_json_is_told() -> None:
    with pytest.raises(ValidationError) as caught:
        _Needy.model_validate({})
    assert expected(caught.value.errors()[0]) == "expected a value, got no such key"
    with pytest.raises(ValidationError) as caught:
        _Needy.model_validate_json("{")
    assert expected(caught.value.errors()[0]).startswith("Invalid JSON: ")


class _Needy(BaseModel):
    value: int
