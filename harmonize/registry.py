"""Adapters by name.

The core reaches an adapter only here: by the literal table in harmonize.adapters, by the `format` that a
mapping tells, or, for a corpus of an extension folder, by the file `<corpus>.py` in it. An adapter is one
function

    documents(source: Source) -> Iterator[Document]
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from harmonize.errors import HarmonizeError, MissingInput, SpecError, shown
from harmonize.model import Document
from harmonize.sources.source import Source
from harmonize.spec import Catalogue

__all__ = ["Adapter", "adapter", "sample_folder"]

Adapter = Callable[[Source], Iterator[Document]]

_KNOWN_FORMATS = "known_formats"


def adapter(key: str, catalogue: Catalogue) -> Adapter:
    """The adapter of a corpus.

    Raises:
        MissingInput, SpecError: an extension folder names a corpus and has no adapter for it, or one that
            cannot be imported. What it yields is checked as it comes: nothing, or what is no Document, is a
            SpecError as well, and so is what it raises on its own.
    """
    table: dict[str, str] = importlib.import_module("harmonize.adapters").ADAPTERS
    if catalogue[key].spec.format is not None:
        return _function(importlib.import_module(f"harmonize.adapters.{_KNOWN_FORMATS}"))
    if key in table:
        return _function(importlib.import_module(f"harmonize.adapters.{table[key]}"))
    path = catalogue[key].path.with_suffix(".py")
    return _guarded(path, _function(_from_file(path)))


def _function(module: ModuleType) -> Adapter:
    function = getattr(module, "documents", None)
    if not callable(function):
        raise SpecError(f"{module.__file__}", [("documents", "expected a function documents(source)")])
    return cast(Adapter, function)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        message = "expected the adapter of an extension corpus, found none; or `format:` in its mapping"
        raise MissingInput(path, message)
    spec = importlib.util.spec_from_file_location(f"harmonize_extension_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise MissingInput(path, "expected a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as an import does: dataclasses and pickle look there
    try:
        with _one_line(path, "expected a module that can be imported"):
            spec.loader.exec_module(module)
    except HarmonizeError:
        del sys.modules[spec.name]
        raise
    return module


def _guarded(path: Path, documents: Callable[[Source], Any]) -> Adapter:
    """An adapter of somebody else's, whose faults are one line that names its file."""

    def guarded(source: Source) -> Iterator[Document]:
        is_empty = True
        with _one_line(path, "expected Documents"):
            for document in documents(source):
                is_empty = False
                if not isinstance(document, Document):
                    raise SpecError(path, [("documents", f"expected Documents, got {shown(document)}")])
                yield document
        if is_empty:
            raise SpecError(path, [("documents", "expected at least one Document, got none")])

    return guarded


@contextmanager
def _one_line(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever somebody else's code raises into one line; HarmonizeErrors are for the user already."""
    try:
        yield
    except HarmonizeError:
        raise
    except Exception as error:
        raise _fault(path, expected, error) from error


def _fault(path: Path, expected: str, error: Exception) -> SpecError:
    """What an adapter's code raised, with the last line of its file that was at work."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    place = f"line {lines[-1]}" if lines and lines[-1] else "documents"
    return SpecError(path, [(place, f"{expected}, got {type(error).__name__}: {error}")])


def sample_folder() -> Path:
    """The hand-written corpora that come with the package, laid out as a mirror."""
    package = importlib.import_module("harmonize.adapters")
    return Path(str(package.__file__)).parent / "samples"
