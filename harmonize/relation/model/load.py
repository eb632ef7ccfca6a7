"""A run of any kind, loaded to answer."""

from __future__ import annotations

from pathlib import Path

from harmonize.errors import HarmonizeError
from harmonize.given import given_path
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.model.classifier import Classifier, Prompt
from harmonize.relation.model.device import check_device
from harmonize.relation.model.ensemble import Ensemble
from harmonize.relation.model.linear import LinearClassifier
from harmonize.relation.model.mean import MeanClassifier
from harmonize.relation.run_files import ENSEMBLE_FILE, LINEAR_FILE

__all__ = ["AnyClassifier", "load_classifier"]

AnyClassifier = Classifier | LinearClassifier | MeanClassifier


def load_classifier(folder: Path | str, device: str = "auto", precision: str = "auto") -> AnyClassifier:
    """A run of `harmonize train` or `harmonize ensemble`.

    Args:
        device, precision: see harmonize.relation.model.device; a linear baseline has one of each, also
            as the member of an ensemble.

    Raises:
        MissingInput, MalformedInput, HarmonizeError: no such run, a broken one, no such device or precision.
        TypeError: something else than a path.
    """
    folder = given_path(folder, "folder")
    if (folder / ENSEMBLE_FILE).is_file():
        return _ensemble(folder, device, precision)
    if (folder / LINEAR_FILE).is_file():
        check_device(device)
        if precision not in ("auto", "fp32"):
            raise HarmonizeError(f"precision: expected auto or fp32 for a linear baseline, got {precision!r}")
        return LinearClassifier.load(folder)
    if Prompt.read(folder).head == COMBINATION:
        raise HarmonizeError(
            f"{folder}: expected a run that classifies pairs, got one of sets of entities; "
            "`harmonize evaluate` writes what it finds"
        )
    return Classifier.load(folder, device, precision)


def _ensemble(folder: Path, device: str, precision: str) -> MeanClassifier:
    ensemble = Ensemble.read(folder)
    members = [
        load_classifier(member, device, "auto" if (member / LINEAR_FILE).is_file() else precision)
        for member in ensemble.folders(folder)
    ]
    return MeanClassifier(members, str(folder), ensemble.shift)
