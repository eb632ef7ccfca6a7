"""harmonize explore: a set, predictions and a run as a page on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harmonize.errors import HarmonizeError, MissingInput
from harmonize.explore.server import check_extra
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.sharded import is_predicted
from harmonize.prediction.union_input import is_union

from .predicted import not_trained_on
from .pubtator import answers_folder

if TYPE_CHECKING:
    from harmonize.explore.material import Material
    from harmonize.explore.pasted import Predictor

__all__ = ["material"]


def material(
    paths: Sequence[Path],
    model: Path | None,
    cache: Path | None,
    *,
    as_corpus: str | None = None,
    extensions: Sequence[Path] = (),
) -> Material:
    """What the page shows.

    Args:
        paths: at most one union set, and any number of files and folders of predictions and evaluated runs.
        model: a run to predict with; what is kept of its evaluations stands beside the set.
        cache: where PubTator 3's answers are kept.
        as_corpus: the mapping whose rules make pairs of what is pasted, BioRED's unless given.
        extensions: folders with the mappings of further corpora.

    Raises:
        UnknownName: no such corpus.
        HarmonizeError: the extra is not installed, nothing to show, two sets, something broken, or a corpus
            without a run to ask.
    """
    check_extra()
    from harmonize.explore.instances import UnionRows
    from harmonize.explore.material import Material
    from harmonize.explore.predictions import is_run, open_predictions, predictions_of_run

    if model is not None and not is_run(model):
        raise MissingInput(model, "expected the folder of a run of `harmonize train`, found none")
    if model is None and as_corpus is not None:
        raise HarmonizeError("--as-corpus: expected --model too, whose run is asked")
    sets = [path for path in paths if is_union(path) and not is_predicted(path)]
    if len(sets) > 1:
        raise HarmonizeError(f"{sets[1]}: expected one union set, got {sets[0]} besides")
    union = UnionRows.opened(sets[0]) if sets else None
    opened = [one for path in paths if path not in sets for one in open_predictions(path)]
    if union is not None and model is not None and model not in paths:
        opened += predictions_of_run(model)
    names = [_shown(path) for path in (*paths, *((model,) if model is not None else ()))]
    predictor = None if model is None else _predictor(model, cache, as_corpus, extensions)
    return Material(", ".join(names), union, tuple(opened), predictor)


def _predictor(
    model: Path, cache: Path | None, as_corpus: str | None, extensions: Sequence[Path]
) -> Predictor:
    """What predicts with a run. Where no corpus is named, it advises if the run never saw BioRED."""
    from harmonize.explore.pasted import Predictor

    rules = pair_rules(as_corpus or USUAL_CORPUS, extensions=tuple(extensions))
    return Predictor(
        model,
        answers_folder(cache),
        load=partial(RelationExtractor.from_pretrained, rules=rules),
        advice=not_trained_on(model, rules.corpus.key, named=as_corpus is not None),
    )


def _shown(path: Path) -> str:
    """A name of a file may hold half a surrogate pair, which no page can."""
    return str(path).encode(errors="backslashreplace").decode()
