"""What one worker does: a shard of documents -> a part of predictions, made elsewhere and put in its place.

A part tells in its metadata which plan and shard it is of, so that one that stands is not made again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.errors import AccountingError, HarmonizeError, InputError
from harmonize.model import Document
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.account import Account
from harmonize.prediction.extractor import DocumentRelations, PairClassifier, RelationExtractor
from harmonize.prediction.outputs import write_predictions
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.pmid_input import Input
from harmonize.prediction.reading import Reading
from harmonize.prediction.relation_types import BIORED
from harmonize.prediction.shard_manifest import Shard
from harmonize.prediction.shards import read_shard
from harmonize.text.sentences import RULE_BASED
from harmonize.writing.json_files import canonical_json

__all__ = ["REFUSED", "Part", "PartMaker", "Work", "remove_working_folder", "standing_part", "working_folder"]

REFUSED = "no prediction of it can be made"
_PART_KEY = b"harmonize.part"
_WORKING = ".working"


@dataclass(frozen=True)
class Work:
    """All that a worker needs to know; it can be pickled if the model can.

    Attributes:
        model: the classifier's folder, or a classifier, of which the plan then knows nothing.
        source: what is read: the folder of shards, if workers read it.
        out: the file or folder of predictions: a new folder, or one in which the same was begun.
        as_corpus, types, extensions, splitter: see harmonize.prediction.pairs.pair_rules.
        batch_size, relation_types: see harmonize.prediction.extractor.RelationExtractor.
        device, precision: see RelationExtractor.from_pretrained.
        strict: the first document of which no prediction can be made is an error, else it is passed over.
        how: what is read of files; shards are read already.
        plan: the sha256 of the plan; `predict_shards` fills it in.
    """

    model: Path | str | PairClassifier
    source: Input
    out: Path
    as_corpus: str = USUAL_CORPUS
    types: Mapping[str, str | None] = field(default_factory=dict)
    extensions: tuple[Path, ...] = ()
    splitter: str = RULE_BASED
    batch_size: int = 256
    relation_types: str = BIORED
    device: str = "auto"
    precision: str = "auto"
    strict: bool = False
    how: Reading = field(default_factory=Reading)
    plan: str = ""

    @property
    def folder(self) -> Path:
        """The folder of shards, or of a union set, where that is what is read."""
        assert isinstance(self.source, Path)
        return self.source

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
            raise HarmonizeError(f"{self._work.folder / shard.file}: {error}") from None

    def _made(self, shard: Shard, *, one_by_one: bool) -> Part:
        account, faults = Account(documents_in=shard.documents), list[str]()
        documents = read_shard(self._work.folder, shard)
        found = self._each(documents, account, faults) if one_by_one else self._extractor(documents)
        self._write(shard, _counted(found, account, self._work.folder / shard.file), account)
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
            return {_PART_KEY: canonical_json(about).encode()}

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


def remove_working_folder(out: Path) -> None:
    """Remove what workers have not finished."""
    shutil.rmtree(out / _WORKING, ignore_errors=True)


def standing_part(work: Work, shard: Shard) -> Part | None:
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
