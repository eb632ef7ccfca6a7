"""Gold files -> Documents with their relations, read as prediction reads documents: forgivingly, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harmonize.errors import InputError
from harmonize.model import Document
from harmonize.names import OwnIds
from harmonize.prediction.account import Account
from harmonize.prediction.inputs import Rejected, Skip, read_input
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.reading import Reading
from harmonize.prediction.tally import Tally

__all__ = ["GoldDocuments", "SkippedRelation", "read_gold"]


@dataclass(frozen=True)
class SkippedRelation:
    """A relation of a document that could not be taken.

    Attributes:
        reason: why the document could not.
    """

    document_id: str
    head: str
    tail: str
    type: str
    reason: str


@dataclass
class GoldDocuments:
    """What gold files hold.

    Attributes:
        documents: each id once: one that an earlier document has gets its number, "90000001#2".
        skipped: the relations of documents that could be read and not be taken, which are numbered too. Those
            of documents that could not be read are not known.
        account: documents and mentions, in and out.
    """

    documents: list[Document] = field(default_factory=list)
    skipped: list[SkippedRelation] = field(default_factory=list)
    account: Account = field(default_factory=Account)

    @property
    def relations(self) -> int:
        """All that are known."""
        return sum(len(document.relations) for document in self.documents) + len(self.skipped)

    def types(self) -> Counter[str]:
        """How many relations have each type."""
        found = Counter(relation.type for document in self.documents for relation in document.relations)
        found.update(relation.type for relation in self.skipped)
        return found


def read_gold(
    paths: Sequence[Path],
    form: str | None,
    rules: PairRules,
    how: Reading,
    *,
    strict: bool = False,
    skip: Skip = lambda fault: None,
) -> GoldDocuments:
    """Read gold files whole.

    Args:
        form, strict, skip: see harmonize.prediction.inputs.read_input.
        how: but for `relations`, which are read in any case.

    Raises:
        UnknownName, MissingInput, MalformedInput: as `read_input`.
        NothingRead: a file holds no document, or none that can be read.
    """
    gold, numbered = GoldDocuments(), OwnIds()

    def on_skip(fault: InputError) -> None:
        if isinstance(fault, Rejected):
            gold.skipped += _skipped(fault, numbered(fault.record.id))
        skip(fault)

    how = replace(how, relations=True)
    for path in paths:
        tally = Tally()
        for document in read_input(
            path, form, rules=rules, tally=tally, strict=strict, skip=on_skip, how=how
        ):
            gold.documents.append(replace(document, id=numbered(document.id)))
        account = Account.of_reading(tally)
        account.check(path)
        account.check_read(path)
        gold.account.update(account)
        gold.account.reading = tally
    return gold


def _skipped(fault: Rejected, name: str) -> list[SkippedRelation]:
    return [
        SkippedRelation(name, told.head.strip(), told.tail.strip(), told.type.strip(), fault.reason)
        for told in fault.record.relations
    ]
