"""JSON as this package writes it: one blank of indent, keys as they come, a line end at the end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from harmonize.writing.replace import new_file
from harmonize.writing.text import write_text

__all__ = ["canonical_json", "json_hash", "json_text", "replace_json", "write_json"]


def json_text(content: Any, *, escaped: bool = False, finite: bool = False) -> str:
    """Content as JSON for people. Halves of surrogate pairs, which names of files may hold, are \\u escapes.

    Args:
        escaped: characters beyond ASCII are written as \\u escapes.
        finite: NaN and infinities, which are no JSON, are an error.

    Raises:
        ValueError: a number that is not finite, where they have to be.
    """
    text = json.dumps(content, indent=1, ensure_ascii=escaped, allow_nan=not finite) + "\n"
    return text.encode(errors="backslashreplace").decode()


def write_json(path: Path, content: Any, *, escaped: bool = False, finite: bool = False) -> None:
    """Write a JSON file; see `json_text`."""
    write_text(path, json_text(content, escaped=escaped, finite=finite))


def replace_json(path: Path, content: Any, *, escaped: bool = False, finite: bool = False) -> None:
    """Write a JSON file beside `path` and put it in its place; see `json_text`."""
    with new_file(path) as file:
        file.write(json_text(content, escaped=escaped, finite=finite))


def canonical_json(content: Any) -> str:
    """Content as JSON on one line with sorted keys: the same for equal content."""
    return json.dumps(content, sort_keys=True)


def json_hash(content: Any) -> str:
    """The sha256 of content as canonical JSON."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
