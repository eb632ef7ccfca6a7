"""Shards of documents -> a folder of predictions, a part for each shard, by workers that know only their own.

    <out>/plan.json                     what is predicted, with what; written first
    <out>/data/part-00000.parquet       the pairs of the shard of that name; see `prediction_schema`
    <out>/manifest.json                 what was read and found in all; written last

A part is written elsewhere and renamed when it is whole, and tells in its metadata which plan and shard it is
of. So parts that stand are not made again, and one that is made twice is the same. What runs the workers is
an Engine: this process, or Ray (harmonize.prediction.ray_engine).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harmonize import __version__
from harmonize.errors import AccountingError, HarmonizeError, InputError, MalformedInput, MissingInput
from harmonize.prediction.account import Account
from harmonize.prediction.outputs import PREDICTION_SCHEMA_VERSION
from harmonize.prediction.plan import PLAN, begin_plan, plan_of
from harmonize.prediction.shard_manifest import Shard, ShardManifest, read_shard_manifest
from harmonize.prediction.shard_worker import Part, PartMaker, Work, remove_working_folder, standing_part
from harmonize.union.schema import DATA, MANIFEST
from harmonize.writing.alone import alone_in
from harmonize.writing.json_files import json_hash, replace_json

__all__ = [
    "Engine",
    "check_read_as",
    "in_this_process",
    "is_predicted",
    "predict_shards",
    "prediction_parts",
]


Engine = Callable[[Work, Sequence[Shard]], Iterator[Part]]
"""Makes the part of each shard, in any order, and hands it out when it stands; raises HarmonizeError only."""


def in_this_process(work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
    """The engine that makes one part after the other."""
    return map(PartMaker(work), shards)


def check_read_as(
    folder: Path, manifest: ShardManifest, as_corpus: str, extensions: Sequence[Path] = ()
) -> None:
    """Raises HarmonizeError unless shards were read by the rules of the corpus that pairs are made by."""
    if manifest.as_corpus != as_corpus:
        wanted = " ".join([f"--as-corpus {as_corpus}", *(f"--extend {each}" for each in extensions)])
        raise HarmonizeError(
            f"{folder}: expected documents read as {as_corpus}, these were read as {manifest.as_corpus}; "
            f"take `--as-corpus {manifest.as_corpus}`, or `harmonize shard {wanted}`"
        )


def predict_shards(
    work: Work,
    engine: Engine = in_this_process,
    *,
    skip: Callable[[InputError], None] = lambda fault: None,
    progress: Callable[[int], None] = lambda documents: None,
) -> Account:
    """Predict every shard of a folder, but for those whose parts stand already.

    Args:
        engine: what runs the workers.
        skip: is told of each document passed over, but not of those in parts that stood already.
        progress: is told how many documents are done, those in parts that stood already included.

    Raises:
        HarmonizeError: see harmonize.errors; parts that were finished stay, and there is no manifest.
    """
    manifest = read_shard_manifest(work.folder)
    check_read_as(work.folder, manifest, work.as_corpus, work.extensions)
    plan = plan_of(work)
    work = replace(work, plan=json_hash(plan))
    is_new = not work.out.exists()
    with alone_in(work.out, "prediction"):
        begin_plan(work.out, plan)
        try:
            parts = _parts(work, manifest.shards, engine, skip, progress)
        except HarmonizeError:
            # What cannot even begin leaves nothing.
            if is_new and not any((work.out / DATA).glob("*.parquet")):
                shutil.rmtree(work.out, ignore_errors=True)
            raise
        return _finish(work, plan, [parts[shard.file] for shard in manifest.shards])


def _parts(
    work: Work,
    shards: Sequence[Shard],
    engine: Engine,
    skip: Callable[[InputError], None],
    progress: Callable[[int], None],
) -> dict[str, Part]:
    """The part of each shard by its name, those that stood and those that the engine makes."""
    standing = {shard.file: standing_part(work, shard) for shard in shards}
    parts = {name: part for name, part in standing.items() if part is not None}
    missing = [shard for shard in shards if shard.file not in parts]
    done = sum(part.account.documents_in for part in parts.values())
    if parts:
        progress(done)
    if not missing:
        return parts
    (work.out / MANIFEST).unlink(missing_ok=True)
    for part in engine(work, missing):
        parts[part.file] = part
        for fault in part.faults:
            skip(InputError(work.folder / part.file, fault))
        done += part.account.documents_in
        progress(done)
    lost = [shard.file for shard in missing if shard.file not in parts]
    if lost:
        raise AccountingError(f"{work.out}: expected a part for every shard, got none for {', '.join(lost)}")
    return parts


def _finish(work: Work, plan: Mapping[str, Any], parts: Sequence[Part]) -> Account:
    """Strike the balance, and write the manifest."""
    account = Account()
    for part in parts:
        account.update(part.account)
    account.check(work.out)
    content = {
        "prediction_schema_version": PREDICTION_SCHEMA_VERSION,
        "package_version": __version__,
        **plan,
        **account.as_dict(),
        "parts": [
            {
                "file": part.file,
                "documents": part.account.documents_out,
                "rows": part.account.pairs,
                "bytes": (work.out / part.file).stat().st_size,
            }
            for part in parts
        ],
    }
    replace_json(work.out / MANIFEST, content)
    remove_working_folder(work.out)
    return account


def is_predicted(folder: Path) -> bool:
    """True for a folder that `predict_shards` has written, finished or not."""
    return (folder / PLAN).is_file()


def prediction_parts(folder: Path) -> list[Path]:
    """The files of a folder that `predict_shards` has written, in the order of the shards.

    Raises:
        MissingInput: it is not finished.
        MalformedInput: its manifest is broken.
    """
    path = folder / MANIFEST
    try:
        return [folder / part["file"] for part in json.loads(path.read_text(encoding="utf-8"))["parts"]]
    except FileNotFoundError:
        raise MissingInput(
            folder,
            f"expected a finished prediction, found no {MANIFEST}; `harmonize predict` goes on with it",
        ) from None
    except (KeyError, TypeError, ValueError, RecursionError):
        raise MalformedInput(
            path, "expected the manifest of predictions, with the file of each part"
        ) from None
