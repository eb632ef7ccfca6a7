"""Probing: a union set, an encoder and a part to test in, what each layer knows out.

DIR/probe.json   scores of each layer, rows, settings, versions
DIR/probe.md     the same as a table
DIR/probe.svg    and as a figure
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from transformers import set_seed

from harmonize import __version__
from harmonize.errors import HarmonizeError
from harmonize.probing.edge_probe import Probed, ProbeSettings, probed
from harmonize.probing.figure import probe_figure, save
from harmonize.probing.vectors import write_vectors
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.inputs import input_named
from harmonize.relation.encode.prompt import question_words, tag
from harmonize.relation.labels import LabelSpace, is_negative
from harmonize.relation.model.classifier import Prompt
from harmonize.relation.model.device import described, device_named
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import load_recipe
from harmonize.relation.run_files import PROMPT_FILE
from harmonize.relation.select.rows import gold_labels, pairs_of, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.relation.train.record import Timer
from harmonize.spec import load_catalogue
from harmonize.union.manifest import corpus_held, manifest_hash, read_manifest
from harmonize.writing.json_files import write_json
from harmonize.writing.markdown import LEFT, RIGHT, markdown_table
from harmonize.writing.replace import holds_something, new_folder
from harmonize.writing.text import write_text

__all__ = ["PROBE", "PROBE_FIGURE", "PROBE_TABLE", "EncoderInput", "ProbedRows", "probe", "probe_markdown"]

PROBE, PROBE_TABLE, PROBE_FIGURE = "probe.json", "probe.md", "probe.svg"
_PACKAGES = ("torch", "transformers", "numpy")
_SIDES = ("train", "test")
_COLUMNS = ("layers", "F of pairs found", "deviation", "gain", "F with label", "weight in the last probe")


@dataclass(frozen=True)
class ProbedRows:
    """The rows that a probe is tested on: CORPUS/test or, with folds, one of CORPUS/train's.

    Attributes:
        folds, fold: how many folds, and which of them from 0; both or neither.
    """

    corpus: str
    folds: int | None = None
    fold: int | None = None

    def rows(self, union: Path) -> tuple[pa.Table, pa.Table]:
        """The rows to train and to test on; what repeats a tested document is not trained on.

        Raises:
            HarmonizeError: the number of folds without a fold, or the other way round.
        """
        if (self.folds is None) != (self.fold is None):
            raise HarmonizeError(
                "--folds and --fold: expected both, the number of folds and one of them from 0"
            )
        evaluate_on = f"{self.corpus}/{'test' if self.folds is None else 'train'}"
        values = {"train_on": [self.corpus], "evaluate_on": evaluate_on, "development": None}
        recipe = load_recipe("original", {**values, "folds": self.folds, "fold": self.fold})
        return select(union, recipe).train, rows_to_test(union, evaluate_on, self.folds, self.fold)


@dataclass(frozen=True)
class EncoderInput:
    """An encoder, and what it reads of a pair.

    Attributes:
        encoder: a name or folder (see harmonize.relation.model.encoders) or a run whose head is not linear.
        kind: see harmonize.relation.encode.inputs; a run's own, or "prompt", unless given.
        max_length: of an input, in tokens.
    """

    encoder: str
    kind: str | None = None
    max_length: int = 256


def probe(
    union: Path,
    tested: ProbedRows,
    probed_input: EncoderInput,
    out: Path,
    settings: ProbeSettings,
    device: str = "auto",
) -> dict[str, Any]:
    """Probe every layer of an encoder, and write what is found.

    Args:
        out: the folder to write, new or one of these.

    Returns:
        What probe.json says.

    Raises:
        HarmonizeError: an encoder or device that is not to be had, rows of one label, other files at `out`.
        UnknownName: the set does not hold the corpus.
        UnionError: the set is not whole.
    """
    _check_out(out)
    timer = Timer()
    place = device_named(device)
    tested = replace(tested, corpus=corpus_held(read_manifest(union), tested.corpus))
    labelled = _Labelled.of(union, tested)
    set_seed(settings.seed)
    model, pairs = _loaded(probed_input, labelled)
    model = model.to(place).eval()
    timer.lap("preparing")
    with new_folder(out) as folder:
        vectors = [
            write_vectors(model, pairs, pairs_of(rows), folder / f"{name}.npy")
            for name, rows in zip(_SIDES, labelled.rows, strict=True)
        ]
        timer.lap("vectors")
        train, test = zip(vectors, labelled.places(), strict=True)
        found = probed(*train, *test, labelled.space, settings)
        timer.lap("probes")
        record = {
            "harmonize": __version__,
            "encoder": probed_input.encoder,
            "union": {"manifest_sha256": manifest_hash(union)},
            **asdict(tested),
            "input": pairs.kind.name,
            "max_length": pairs.max_length,
            **labelled.counts(),
            "settings": settings.model_dump(mode="json"),
            **asdict(found),
            "seconds": timer.laps,
            "device": described(place),
            "versions": _versions(),
        }
        _write(folder, record, found)
        del vectors, train, test  # which hold the files open
        for path in folder.glob("*.npy"):
            path.unlink()
    return record


@dataclass(frozen=True)
class _Labelled:
    """The rows to train and to test on, with their labels.

    Attributes:
        rows, labels: of both sides, as in _SIDES.
    """

    corpus: str
    rows: tuple[pa.Table, pa.Table]
    labels: tuple[list[str], list[str]]
    space: LabelSpace

    @classmethod
    def of(cls, union: Path, tested: ProbedRows) -> _Labelled:
        """Raises HarmonizeError for rows to train on that all have one label."""
        train, test = tested.rows(union)
        labels = gold_labels(train, "harmonized"), gold_labels(test, "harmonized")
        named = ((tested.corpus, label) for each in labels for label in each)
        space = LabelSpace.of(named, load_catalogue().target.labels)
        if len(set(labels[0])) < 2:
            raise HarmonizeError(
                f"{tested.corpus}: expected rows of two labels or more, all are {labels[0][0]}"
            )
        return cls(tested.corpus, (train, test), labels, space)

    def places(self) -> list[NDArray[np.int64]]:
        """The label of each row of both sides, as its place in the space."""
        spaced = ([self.space.index(self.corpus, label) for label in each] for each in self.labels)
        return [np.array(each, dtype=np.int64) for each in spaced]

    def counts(self) -> dict[str, Any]:
        """What the record says of the rows."""
        sides = list(zip(_SIDES, self.rows, self.labels, strict=True))
        return {
            "rows": {name: rows.num_rows for name, rows, _ in sides},
            "related": {name: sum(not is_negative(one) for one in labels) for name, _, labels in sides},
            "labels": list(self.space.names),
        }


def _check_out(out: Path) -> None:
    if holds_something(out) and not (out / PROBE).is_file():
        raise HarmonizeError(
            f"{out}: expected a new folder or one of `harmonize probe`, found something else"
        )


def _loaded(chosen: EncoderInput, labelled: _Labelled) -> tuple[Any, PairEncoder]:
    """The encoder's layers, and what makes its inputs."""
    train, folder = labelled.rows[0], Path(chosen.encoder)
    run = Prompt.read(folder) if (folder / PROMPT_FILE).is_file() else None
    kind = input_named(chosen.kind or (run.input if run else "prompt"))
    tags = _tags(labelled.rows) | (run.tags if run else {})
    head = HEADS[run.head if run else "cls"]
    loaded = load_encoder(chosen.encoder, head, labelled.space.names, kind.words(tags), lambda: _texts(train))
    length = min(chosen.max_length, loaded.max_length)
    return loaded.model().base_model, PairEncoder(loaded.tokenizer, tags, length, kind.name)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}


def _tags(tables: Iterable[pa.Table]) -> dict[str, str]:
    """BioRED's tag of each entity type."""
    names = load_catalogue().target.tags
    types = {
        kind
        for rows in tables
        for side in ("head", "tail")
        for kind in rows[f"{side}_type"].unique().to_pylist()
    }
    return {kind: tag(kind, names) for kind in sorted(types)}


def _texts(rows: pa.Table) -> Iterable[str]:
    yield from dict.fromkeys(rows["text"].to_pylist())
    yield from (question_words(task, of_context=False) for task in rows["task"].unique().to_pylist())


def _write(folder: Path, record: dict[str, Any], found: Probed) -> None:
    write_json(folder / PROBE, record, escaped=True, finite=True)
    write_text(folder / PROBE_TABLE, probe_markdown(record, found))
    save(probe_figure(found), folder / PROBE_FIGURE)


def probe_markdown(record: dict[str, Any], found: Probed) -> str:
    """What was found, as a table: F and gains in points."""
    tested = f"{record['corpus']}/test"
    if record["folds"] is not None:
        tested = f"fold {record['fold']} of {record['folds']} of {record['corpus']}"
    middle = "none" if found.expected_layer is None else f"{found.expected_layer:.2f}"
    lines = [
        f"`{record['encoder']}`, tested on {tested}: {record['rows']['test']:,} pairs, "
        f"{record['related']['test']:,} related; trained on {record['rows']['train']:,}. "
        f"Means of {record['settings']['repeats']} probes a layer.",
        "",
        markdown_table(_COLUMNS, _layer_rows(found), (LEFT, *[RIGHT] * (len(_COLUMNS) - 1))),
        "",
        f"Expected layer {middle}, centre of gravity {found.centre_of_gravity:.2f}.",
    ]
    return "\n".join(lines) + "\n"


def _layer_rows(found: Probed) -> Iterator[tuple[str, ...]]:
    for score, weight in zip(found.layers, found.layers[-1].mix, strict=True):
        gain = "" if score.gain is None else f"{100 * score.gain:+.1f}"
        numbers = (score.pair_f, score.deviation, score.typed_f)
        pair, deviation, typed = (f"{100 * number:.1f}" for number in numbers)
        yield f"0 to {score.layer}", pair, deviation, gain, typed, f"{weight:.3f}"
