"""What leaks.yaml says: when two documents repeat each other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from harmonize.spec.reading import SpecModel, package_folder, validated

__all__ = ["LeakSettings", "load_leak_settings"]


class LeakSettings(SpecModel):
    """leaks.yaml: when two documents repeat each other.

    Attributes:
        shingle_words: texts are compared by their runs of so many words.
        threshold: the Jaccard similarity from which they repeat each other.
        propose: the similarity from which MinHash looks for pairs to compare.
        permutations: of a MinHash; more find pairs more surely, in more time.
    """

    shingle_words: int = Field(ge=1)
    threshold: float = Field(gt=0.0, le=1.0)
    propose: float = Field(gt=0.0, le=1.0)
    permutations: int = Field(ge=16, le=1024)

    @model_validator(mode="after")
    def _propose_enough(self) -> LeakSettings:
        if self.propose > self.threshold:
            raise ValueError(f"propose: expected at most threshold ({self.threshold}), got {self.propose}")
        return self


def load_leak_settings(path: Path | None = None) -> LeakSettings:
    """Read leaks.yaml; the package's own unless `path` names another.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return _packaged() if path is None else validated(LeakSettings, path)


@cache
def _packaged() -> LeakSettings:
    return validated(LeakSettings, package_folder() / "leaks.yaml")
