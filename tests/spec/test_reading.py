"""Files of mappings: what YAML would pass over in silence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.errors import SpecError
from harmonize.spec.reading import read_yaml


def file_of(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: expected each key once, got a: it stands in line 1 too"),
        (
            'types:\n  Pill: C\n  "Pill": D\n',
            "line 3: expected each key once, got Pill: it stands in line 2 too",
        ),
        ("{a: 1, a: 2}\n", "line 1: expected each key once, got a: it stands in line 1 too"),
        ("no: C\n", "line 1: expected text for a key, got no; put it in quotes"),
        ("a:\n  1: C\n", "line 2: expected text for a key, got 1; put it in quotes"),
        (
            "1.5: C\n~: D\nb: 1\nb: 2\n",
            "line 1: expected text for a key, got 1.5; put it in quotes; "
            "line 2: expected text for a key, got ~; put it in quotes; "
            "line 4: expected each key once, got b: it stands in line 3 too",
        ),
    ],
)
def test_keys_that_come_twice_or_are_no_text_are_told_with_their_lines(
    tmp_path: Path, text: str, faults: str
) -> None:
    path = file_of(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        read_yaml(path)
    assert str(caught.value) == f"{path}: {faults}"


def test_a_key_in_quotes_is_text_and_a_merged_one_may_be_replaced(tmp_path: Path) -> None:
    path = file_of(tmp_path, 'a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n"no": 4\n"1": 5\n')
    assert read_yaml(path) == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "no": 4, "1": 5}
