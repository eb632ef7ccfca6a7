"""Shards of documents -> a folder of predictions, a part for each shard, by workers that know only their own.

    <out>/plan.json                     what is predicted, with what; written first
    <out>/data/part-00000.parquet       the pairs of the shard of that name; see `prediction_schema`
    <out>/manifest.json                 what was read and found in all; written last

A part is written elsewhere and renamed when it is whole, and tells in its metadata which plan and shard it is
of. So parts that stand are not made again, and one that is made twice is the same. What runs the workers is
an Engine: this process, or Ray (harmonize.prediction.ray_engine).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from harmonize import __version__
from harmonize.errors import AccountingError, HarmonizeError, InputError, MissingInput
from harmonize.model import Document
from harmonize.prediction.account import Account
from harmonize.prediction.asked import Asked
from harmonize.prediction.extractor import DocumentRelations, PairClassifier, RelationExtractor
from harmonize.prediction.inputs import Reading
from harmonize.prediction.outputs import PREDICTION_SCHEMA_VERSION, write_predictions
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.relation_types import BIORED, load_name_table
from harmonize.prediction.shards import Shard, ShardManifest, manifest_hash, read_shard, read_shard_manifest
from harmonize.text.sentences import RULE_BASED
from harmonize.union.manifest import file_entry
from harmonize.union.replace import new_file
from harmonize.union.schema import DATA, MANIFEST

__all__ = [
    "FORMAT_VERSION",
    "PLAN",
    "REFUSED",
    "Engine",
    "Part",
    "PartMaker",
    "Work",
    "check_read_as",
    "in_this_process",
    "predict_shards",
    "working_folder",
]

FORMAT_VERSION = "1.1"
PLAN = "plan.json"
REFUSED = "no prediction of it can be made"
_PART_KEY = b"harmonize.part"
_WORKING = ".working"
_NOT_OF_THE_MODEL = {"README.md"}  # the card, which an evaluation adds to


@dataclass(frozen=True)
class Work:
    """All that a worker needs to know; it can be pickled if the model can.

    Attributes:
        model: the classifier's folder, or a classifier, of which the plan then knows nothing.
        source: the folder of shards.
        out: the folder of predictions: a new one, or one in which the same was begun.
        asked: articles in the place of a source, which is then no folder of shards.
        as_corpus, types, extensions, splitter: see harmonize.prediction.pairs.pair_rules.
        batch_size, relation_types: see harmonize.prediction.extractor.RelationExtractor.
        device, precision: see RelationExtractor.from_pretrained.
        strict: the first document of which no prediction can be made is an error, else it is passed over.
        how: what is read of files; shards are read already.
        plan: the sha256 of the plan; `predict_shards` fills it in.
    """

    model: Path | str | PairClassifier
    source: Path
    out: Path
    as_corpus: str = "biored"
    types: Mapping[str, str | None] = field(default_factory=dict)
    asked: Asked | None = None
    extensions: tuple[Path, ...] = ()
    splitter: str = RULE_BASED
    batch_size: int = 256
    relation_types: str = BIORED
    device: str = "auto"
    precision: str = "auto"
    strict: bool = False
    how: Reading = field(default_factory=Reading)
    plan: str = ""

    def rules(self) -> PairRules:
        """How pairs are made."""
        return pair_rules(
            self.as_corpus,
            types=self.types,
            extensions=self.extensions,
            splitter=self.splitter,
        )

    def extractor(self) -> RelationExtractor:
        """The classifier, loaded, with the rules.

        Raises:
            HarmonizeError: no classifier there, or a broken one.
        """
        if isinstance(self.model, Path | str):
            return RelationExtractor.from_pretrained(
                self.model,
                self.device,
                precision=self.precision,
                rules=self.rules(),
                batch_size=self.batch_size,
                relation_types=self.relation_types,
            )
        return RelationExtractor(
            self.model,
            rules=self.rules(),
            batch_size=self.batch_size,
            relation_types=self.relation_types,
        )


@dataclass(frozen=True)
class Part:
    """A part that stands.

    Attributes:
        file: below the folder, the name of its shard.
        account: what was read and found.
        faults: what stands against each document passed over; told only by the worker that made the part.
    """

    file: str
    account: Account
    faults: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The part as JSON holds it; `from_dict` reads it back."""
        return {"file": self.file, "account": self.account.as_dict(), "faults": list(self.faults)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Part:
        return cls(content["file"], Account.from_dict(content["account"]), tuple(content["faults"]))


Engine = Callable[[Work, Sequence[Shard]], Iterator[Part]]
"""Makes the part of each shard, in any order, and hands it out when it stands; raises HarmonizeError only."""


def in_this_process(work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
    """The engine that makes one part after the other."""
    return map(PartMaker(work), shards)


class PartMaker:
    """A worker: loads the classifier once, and makes the parts of shards.

    Raises:
        HarmonizeError: no classifier there, or a broken one.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._extractor = work.extractor()

    def __call__(self, shard: Shard) -> Part:
        """Make the part of a shard, in the place of one that may stand there.

        A shard with a document of which no prediction can be made is done again, one document at a time.

        Raises:
            HarmonizeError: with the shard's name; no part was written then.
        """
        try:
            try:
                return self._made(shard, one_by_one=False)
            except HarmonizeError:
                if self._work.strict:
                    raise
                return self._made(shard, one_by_one=True)
        except (InputError, AccountingError):
            raise
        except HarmonizeError as error:
            raise HarmonizeError(f"{self._work.source / shard.file}: {error}") from None

    def _made(self, shard: Shard, *, one_by_one: bool) -> Part:
        account, faults = Account(documents_in=shard.documents), list[str]()
        documents = read_shard(self._work.source, shard)
        found = self._each(documents, account, faults) if one_by_one else self._extractor(documents)
        self._write(shard, _counted(found, account, self._work.source / shard.file), account)
        return Part(shard.file, account, tuple(faults))

    def _each(
        self, documents: Iterable[Document], account: Account, faults: list[str]
    ) -> Iterator[DocumentRelations]:
        for document in documents:
            try:
                found = list(self._extractor([document]))
            except HarmonizeError as fault:
                about = f"document {document.id}: "
                account.skipped[REFUSED] += 1
                faults.append(about + str(fault).removeprefix(about))
            else:
                yield from found

    def _write(self, shard: Shard, found: Iterator[DocumentRelations], account: Account) -> None:
        """Write a part in a folder that no other worker knows, and put it in its place."""
        target = self._work.out / shard.file

        def footer() -> dict[bytes, bytes]:
            about = {"plan": self._work.plan, "shard": shard.sha256, "account": account.as_dict()}
            return {_PART_KEY: json.dumps(about, sort_keys=True).encode()}

        working = working_folder(self._work.out)
        with tempfile.TemporaryDirectory(dir=working, ignore_cleanup_errors=True) as folder:
            part = Path(folder) / target.name
            write_predictions(
                found,
                part,
                "parquet",
                labels=self._extractor.labels,
                relation_types=self._work.relation_types,
                said=self._extractor.said,
                footer=footer,
            )
            target.parent.mkdir(exist_ok=True)
            part.replace(target)


def _counted(
    found: Iterable[DocumentRelations], account: Account, place: Path
) -> Iterator[DocumentRelations]:
    for one in found:
        account.add(one)
        yield one
    account.check(place)


def working_folder(out: Path) -> Path:
    """Where workers write what is not finished; made if it is not there, and removed with the last part."""
    folder = out / _WORKING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_read_as(folder: Path, manifest: ShardManifest, as_corpus: str) -> None:
    """Raises HarmonizeError unless shards were read by the rules of the corpus that pairs are made by."""
    if manifest.as_corpus != as_corpus:
        raise HarmonizeError(
            f"{folder}: expected documents read as {as_corpus}, these were read as {manifest.as_corpus}; "
            f"take `--as-corpus {manifest.as_corpus}`, or `harmonize shard --as-corpus {as_corpus}`"
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
    manifest = read_shard_manifest(work.source)
    check_read_as(work.source, manifest, work.as_corpus)
    plan = {
        "format_version": FORMAT_VERSION,
        "input": manifest_hash(work.source),
        "model": _model_files(work.model),
        "precision": work.precision,
        "as_corpus": work.as_corpus,
        "rules": _rules_hash(work.rules()),
        **_names(work.relation_types),
    }
    work = replace(work, plan=_hash(plan))
    is_new = not work.out.exists()
    with _alone_in(work.out):
        _begin(work.out, plan)
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
    standing = {shard.file: _standing(work, shard) for shard in shards}
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
            skip(InputError(work.source / part.file, fault))
        done += part.account.documents_in
        progress(done)
    lost = [shard.file for shard in missing if shard.file not in parts]
    if lost:
        raise AccountingError(f"{work.out}: expected a part for every shard, got none for {', '.join(lost)}")
    return parts


def _standing(work: Work, shard: Shard) -> Part | None:
    """The part that an earlier run has made of a shard by the same plan, if it may stay.

    One that passed documents over may only if this run passes them over too.
    """
    try:
        about = json.loads(pq.read_metadata(work.out / shard.file).metadata[_PART_KEY])
        account = Account.from_dict(about["account"])
        same = (about["plan"], about["shard"]) == (work.plan, shard.sha256)
    except (OSError, pa.ArrowException, AttributeError, KeyError, TypeError, ValueError):
        return None
    if not same or (account.skipped and work.strict):
        return None
    return Part(shard.file, account)


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
    with new_file(work.out / MANIFEST) as file:
        file.write(_json(content))
    shutil.rmtree(work.out / _WORKING, ignore_errors=True)
    return account


# The plan


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
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in _NOT_OF_THE_MODEL)
    return {path.name: file_entry(path)["sha256"] for path in files}


def _rules_hash(rules: PairRules) -> str:
    corpus = rules.corpus
    models = (corpus.spec, corpus.rules, corpus.target, rules.types)
    return _hash(
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
    return {"relation_types": {"vocabulary": relation_types, "table": _hash(table)}}


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _begin(out: Path, plan: Mapping[str, Any]) -> None:
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
    shutil.rmtree(out / _WORKING, ignore_errors=True)
    with new_file(path) as file:
        file.write(_json(plan))


@contextlib.contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Keep a second run of this machine out of the folder while the block runs.

    Raises:
        HarmonizeError: one is in there.
    """
    name = hashlib.sha256(str(out.absolute()).encode()).hexdigest()[:16]  # what cannot begin leaves no file
    try:
        with FileLock(Path(tempfile.gettempdir()) / f"harmonize-{name}.lock", timeout=0):
            yield
    except Timeout:
        raise HarmonizeError(f"{out}: another prediction is at work here; take another --out") from None
