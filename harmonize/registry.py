"""Adapters by name.

The core reaches an adapter only here: by the literal table in harmonize.adapters, or, for a corpus of an
extension folder, by the file `<corpus>.py` in it. An adapter is one function

    documents(source: Source) -> Iterator[Document]
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

from harmonize.errors import MissingInput, SpecError
from harmonize.model import Document
from harmonize.sources.source import Source
from harmonize.spec import Catalogue

__all__ = ["Adapter", "adapter", "sample_folder"]

Adapter = Callable[[Source], Iterator[Document]]


def adapter(key: str, catalogue: Catalogue) -> Adapter:
    """The adapter of a corpus.

    Raises:
        MissingInput, SpecError: an extension folder names a corpus and has no adapter for it.
    """
    table: dict[str, str] = importlib.import_module("harmonize.adapters").ADAPTERS
    if key in table:
        module = importlib.import_module(f"harmonize.adapters.{table[key]}")
    else:
        module = _from_file(catalogue[key].path.with_suffix(".py"))
    function = getattr(module, "documents", None)
    if not callable(function):
        raise SpecError(f"{module.__file__}", [("documents", "expected a function documents(source)")])
    return cast(Adapter, function)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise MissingInput(path, "expected the adapter of an extension corpus, found none")
    spec = importlib.util.spec_from_file_location(f"harmonize_extension_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise MissingInput(path, "expected a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_folder() -> Path:
    """The hand-written corpora that come with the package, laid out as a mirror."""
    package = importlib.import_module("harmonize.adapters")
    return Path(str(package.__file__)).parent / "samples"
