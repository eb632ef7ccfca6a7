"""Probing: a union set, an encoder and a part to test in, what each layer knows out.

DIR/probe.json   scores of each layer, rows, settings, versions
DIR/probe.md     the same as a table
DIR/probe.svg    and as a figure
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from transformers import set_seed

from harmonize import __version__
from harmonize.errors import HarmonizeError
from harmonize.probing.figure import probe_figure, save
from harmonize.probing.probe import Probed, ProbeSettings, probed
from harmonize.probing.vectors import Vectors, write_vectors
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.inputs import input_named
from harmonize.relation.encode.prompt import tag
from harmonize.relation.labels import LabelSpace, is_negative
from harmonize.relation.model.classifier import PROMPT_FILE, Prompt, device_named
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import gold_labels, pairs_of, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.relation.train.run import Timer, described, manifest_hash
from harmonize.spec import load_catalogue
from harmonize.union.replace import new_folder

__all__ = ["PROBE", "PROBE_FIGURE", "PROBE_TABLE", "probe", "probe_markdown"]

PROBE, PROBE_TABLE, PROBE_FIGURE = "probe.json", "probe.md", "probe.svg"
_PACKAGES = ("torch", "transformers", "numpy")


def probe(
    union: Path,
    encoder: str,
    corpus: str,
    out: Path,
    settings: ProbeSettings,
    *,
    folds: int | None = None,
    fold: int | None = None,
    input_kind: str | None = None,
    max_length: int = 256,
    device: str = "auto",
) -> dict[str, Any]:
    """Probe every layer of an encoder, and write what is found.

    Trained on CORPUS/train and tested on CORPUS/test; with folds, tested on one of CORPUS/train's and trained
    on the others. What repeats a tested document is not trained on.

    Args:
        encoder: a name or folder (see harmonize.relation.model.encoders) or a run whose head is not linear.
        out: the folder to write, new or one of these.
        input_kind: see harmonize.relation.encode.inputs; a run's own, or "prompt", unless given.
        max_length: of an input, in tokens.

    Returns:
        What probe.json says.

    Raises:
        HarmonizeError: an encoder or device that is not to be had, rows of one label, other files at `out`.
        UnknownName: the set does not hold the corpus.
        UnionError: the set is not whole.
    """
    if out.exists() and not (out / PROBE).is_file():
        raise HarmonizeError(
            f"{out}: expected a new folder or one of `harmonize probe`, found something else"
        )
    timer = Timer()
    place = device_named(device)
    train, test = _rows(union, corpus, folds, fold)
    target = load_catalogue().target
    labels = [gold_labels(rows, "harmonized") for rows in (train, test)]
    space = LabelSpace.of(((corpus, label) for each in labels for label in each), target.labels)
    if len(set(labels[0])) < 2:
        raise HarmonizeError(f"{corpus}: expected rows of two labels or more, all are {labels[0][0]}")
    set_seed(settings.seed)
    run = Prompt.read(Path(encoder)) if (Path(encoder) / PROMPT_FILE).is_file() else None
    kind = input_named(input_kind or (run.input if run else "prompt"))
    tags = _tags([train, test]) | (run.tags if run else {})
    head = HEADS[run.head if run else "cls"]
    loaded = load_encoder(encoder, head, space.names, kind.words(tags), lambda: _texts(train))
    pairs = PairEncoder(loaded.tokenizer, tags, min(max_length, loaded.max_length), kind.name)
    model = loaded.model().base_model.to(place).eval()
    timer.lap("preparing")
    with new_folder(out) as folder:
        vectors: list[Vectors] = []
        for name, rows in (("train", train), ("test", test)):
            vectors.append(write_vectors(model, pairs, pairs_of(rows), folder / f"{name}.npy"))
        timer.lap("vectors")
        places = [np.array([space.index(corpus, label) for label in each], dtype=np.int64) for each in labels]
        found = probed(vectors[0], places[0], vectors[1], places[1], space, settings)
        timer.lap("probes")
        record = {
            "harmonize": __version__,
            "encoder": encoder,
            "union": {"manifest_sha256": manifest_hash(union)},
            "corpus": corpus,
            "folds": folds,
            "fold": fold,
            "input": kind.name,
            "max_length": pairs.max_length,
            "rows": {"train": train.num_rows, "test": test.num_rows},
            "related": {
                name: sum(not is_negative(label) for label in each)
                for name, each in zip(("train", "test"), labels, strict=True)
            },
            "labels": list(space.names),
            "settings": settings.model_dump(mode="json"),
            **asdict(found),
            "seconds": timer.laps,
            "device": described(place),
            "versions": {
                "python": platform.python_version(),
                **{name: metadata.version(name) for name in _PACKAGES},
            },
        }
        _write(folder, record, found)
        del vectors
        for path in folder.glob("*.npy"):
            path.unlink()
    return record


def _rows(union: Path, corpus: str, folds: int | None, fold: int | None) -> tuple[pa.Table, pa.Table]:
    """The rows to train and to test on."""
    if (folds is None) != (fold is None):
        raise HarmonizeError("--folds and --fold: expected both, the number of folds and one of them from 0")
    evaluate_on = f"{corpus}/{'test' if folds is None else 'train'}"
    recipe = load_recipe(
        "original",
        {
            "train_on": [corpus],
            "evaluate_on": evaluate_on,
            "development": None,
            "folds": folds,
            "fold": fold,
        },
    )
    train = select(union, recipe).train
    return train, rows_to_test(union, evaluate_on, folds, fold)


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
    yield from (f"What is the relation in {task} between and ?" for task in rows["task"].unique().to_pylist())


def _write(folder: Path, record: dict[str, Any], found: Probed) -> None:
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    (folder / PROBE).write_text(text, encoding="utf-8", newline="\n")
    (folder / PROBE_TABLE).write_text(probe_markdown(record, found), encoding="utf-8", newline="\n")
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
        "| layers | F of pairs found | deviation | gain | F with label | weight in the last probe |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for score, weight in zip(found.layers, found.layers[-1].mix, strict=True):
        gain = "" if score.gain is None else f"{100 * score.gain:+.1f}"
        lines.append(
            f"| 0 to {score.layer} | {100 * score.pair_f:.1f} | {100 * score.deviation:.1f} | {gain} "
            f"| {100 * score.typed_f:.1f} | {weight:.3f} |"
        )
    lines += ["", f"Expected layer {middle}, centre of gravity {found.centre_of_gravity:.2f}."]
    return "\n".join(lines) + "\n"
