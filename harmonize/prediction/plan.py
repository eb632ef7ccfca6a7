"""The plan of a folder of predictions: what is predicted, with what. Parts of another may not join it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harmonize.errors import HarmonizeError, MissingInput
from harmonize.files import user_files
from harmonize.prediction.extractor import PairClassifier
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.relation_types import BIORED, load_name_table
from harmonize.prediction.shard_manifest import manifest_hash
from harmonize.prediction.shard_worker import Work, remove_working_folder
from harmonize.union.manifest import file_entry
from harmonize.union.schema import DATA
from harmonize.writing.json_files import json_hash, replace_json

__all__ = ["FORMAT_VERSION", "PLAN", "begin_plan", "plan_of"]

FORMAT_VERSION = "1.1"
PLAN = "plan.json"

_NOT_OF_THE_MODEL = {"README.md"}  # the card, which an evaluation adds to


def plan_of(work: Work) -> dict[str, Any]:
    """What the parts of some work are made of; the same for the same shards, model and rules.

    Raises:
        MissingInput: no shards, or no classifier.
    """
    return {
        "format_version": FORMAT_VERSION,
        "input": manifest_hash(work.folder),
        "model": _model_files(work.model),
        "precision": work.precision,
        "as_corpus": work.as_corpus,
        "rules": _rules_hash(work.rules()),
        **_names(work.relation_types),
    }


def _model_files(model: Path | str | PairClassifier) -> dict[str, str]:
    """The sha256 of each of a classifier's files, but for its card; none of a classifier in memory.

    Raises:
        MissingInput: no such folder.
    """
    if not isinstance(model, Path | str):
        return {}
    folder = Path(model)
    if not folder.is_dir():
        raise MissingInput(folder, "expected a run of `harmonize train`, found none")
    files = [path for path in user_files(folder, "*") if path.name not in _NOT_OF_THE_MODEL]
    return {path.name: file_entry(path)["sha256"] for path in files}


def _rules_hash(rules: PairRules) -> str:
    corpus = rules.corpus
    models = (corpus.spec, corpus.rules, corpus.target, rules.types)
    return json_hash(
        {
            "mappings": [model.model_dump(mode="json") for model in models],
            "own_types": sorted(rules.own_types),
            "splitter": rules.splitter,
        }
    )


def _names(relation_types: str) -> dict[str, Any]:
    """What a plan says of other names than the labels; of these nothing, as plans did before."""
    if relation_types == BIORED:
        return {}
    table = load_name_table().model_dump(mode="json")
    return {"relation_types": {"vocabulary": relation_types, "table": json_hash(table)}}


def begin_plan(out: Path, plan: Mapping[str, Any]) -> None:
    """Make the folder and write the plan, unless another plan has parts there.

    Raises:
        HarmonizeError: a folder of something else, or of another plan.
    """
    path = out / PLAN
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if found != plan and any((out / DATA).glob("*.parquet")):
            known = found if isinstance(found, dict) else {}
            others = ", ".join(key for key in {**plan, **known} if known.get(key) != plan.get(key))
            raise HarmonizeError(
                f"{out}: parts of another plan stand here (other {others}); take another --out, "
                f"or remove the folder"
            )
    elif out.exists() and any(not each.name.startswith(".") for each in out.iterdir()):
        raise HarmonizeError(f"{out}: expected a new folder, or one with a {PLAN} to go on with")
    out.mkdir(parents=True, exist_ok=True)
    remove_working_folder(out)
    replace_json(path, plan)
