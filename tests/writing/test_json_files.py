"""JSON files: the bytes that people have, and that hashes are made of."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.writing.json_files import canonical_json, json_hash, json_text, replace_json, write_json

CONTENT = {"b": ["μg", 1], "a": {}}
SCALARS = st.none() | st.booleans() | st.integers() | st.text()
CONTENTS = st.dictionaries(st.text(), SCALARS | st.lists(SCALARS) | st.dictionaries(st.text(), SCALARS))
Write = Callable[..., None]


@pytest.mark.parametrize("write", [write_json, replace_json])
def test_a_file_has_one_blank_of_indent_and_keys_as_they_come(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.json", CONTENT)
    expected = '{\n "b": [\n  "μg",\n  1\n ],\n "a": {}\n}\n'
    assert (tmp_path / "a.json").read_bytes() == expected.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_characters_can_be_escaped() -> None:
    assert json_text(["μ"], escaped=True) == '[\n "\\u03bc"\n]\n'


@pytest.mark.parametrize("write", [write_json, replace_json])
def test_what_is_no_json_is_refused_where_it_has_to_be_finite(tmp_path: Path, write: Write) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path / "a.json", [math.nan], finite=True)
    assert not list(tmp_path.iterdir())


def test_a_file_stays_if_its_successor_cannot_be_written(tmp_path: Path) -> None:
    replace_json(tmp_path / "a.json", CONTENT)
    with pytest.raises(TypeError):
        replace_json(tmp_path / "a.json", {"a": object()})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == CONTENT


@given(CONTENTS)
def test_what_is_written_is_read_back(content: object) -> None:
    assert json.loads(json_text(content)) == json.loads(json_text(content, escaped=True)) == content


@given(st.dictionaries(st.text(), SCALARS))
def test_equal_content_is_one_canonical_text(content: dict[str, object]) -> None:
    turned = dict(reversed(content.items()))
    assert canonical_json(turned) == canonical_json(content)
    assert json_hash(turned) == json_hash(content)


def test_a_hash_is_that_of_the_canonical_text() -> None:
    assert canonical_json({"b": 1, "a": "μ"}) == '{"a": "\\u03bc", "b": 1}'
    assert json_hash({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("write", [write_json, replace_json])
def test_a_name_that_is_no_utf_8_is_escaped_and_read_back(tmp_path: Path, write: Write) -> None:
    name = os.fsdecode(b"\xff.txt")
    write(tmp_path / "a.json", {name: [name]})
    assert (tmp_path / "a.json").read_bytes().count(b"\\udcff.txt") == 2
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {name: [name]}
