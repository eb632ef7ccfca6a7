"""harmonize: nine biomedical relation corpora, one training set.

    import harmonize
    table = harmonize.load_union("artifacts/union", corpora=["biored"], splits=["train"])
    extractor = harmonize.RelationExtractor.from_pretrained("artifacts/run")

Documents to predict from are read by `harmonize.prediction.inputs.read_input`.

Importing this package imports nothing heavy; what stands below is loaded when it is first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize.clone import find_parts
from harmonize.errors import HarmonizeError

if TYPE_CHECKING:
    from harmonize.prediction.extractor import RelationExtractor
    from harmonize.union.nary import load_nary
    from harmonize.union.reader import load_union

__all__ = ["HarmonizeError", "RelationExtractor", "__version__", "load_nary", "load_union"]

__version__ = "0.1.0"

find_parts(Path(__file__).parent)


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name == "load_union":
        from harmonize.union.reader import load_union

        return load_union
    if name == "load_nary":
        from harmonize.union.nary import load_nary

        return load_nary
    if name == "RelationExtractor":
        from harmonize.prediction.extractor import RelationExtractor

        return RelationExtractor
    raise AttributeError(f"module 'harmonize' has no attribute {name!r}")
