"""Small curations written by hand, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harmonize.curated.documents import (
    CuratedEntry,
    CuratedText,
    Curation,
    Triple,
    curated_documents,
    grouped,
)
from harmonize.formats.curated_row import CuratedEntity, CuratedRow
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, title_and_abstract
from harmonize.ledger import READ, DroppedItem, Ledger
from harmonize.model import Document, Mention
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue
from harmonize.text.dictionary import Name

CORPUS = load_catalogue()["pharmgkb"]

WARFARIN = CuratedEntry("D014859", "PharmGKB chemical", (Name("D014859", "Chemical", "warfarin", True),))
ASPIRIN = CuratedEntry("D001241", "PharmGKB chemical", (Name("D001241", "Chemical", "aspirin", True),))
CYP2C9 = CuratedEntry(
    "1559", "PharmGKB gene", (Name("1559", "Gene", "CYP2C9"), Name("1559", "Variant", "rs1057910"))
)
VKORC1 = CuratedEntry("79001", "PharmGKB gene", (Name("79001", "Gene", "VKORC1"),))
UNKNOWN = CuratedEntry(None, "PharmGKB gene", ())
ENTRIES = {"PA1": WARFARIN, "PA2": ASPIRIN, "PA11": CYP2C9, "PA12": VKORC1, "PA19": UNKNOWN}


def row(
    first: str, second: str, verdict: str = "yes", *, pmid: str = "90000001", kind: str = "x"
) -> CuratedRow:
    return CuratedRow(
        pmid, CuratedEntity(first, first), CuratedEntity(second, second), kind, {"significance": verdict}
    )


def article(title: str, abstract: str, pmid: str = "90000001") -> CuratedText:
    text, passages = title_and_abstract(title, abstract)
    return CuratedText(pmid, pmid, pmid, text, passages)


def annotated(
    title: str, abstract: str, *mentions: tuple[str, str, str], pmid: str = "90000001"
) -> PubTatorRecord:
    """PubTator's article; a mention is (words, type, id), at its first place in the text."""
    text, _ = title_and_abstract(title, abstract)
    found = tuple(
        PubTatorMention(text.index(words), text.index(words) + len(words), words, kind, identifier, None, 1)
        for words, kind, identifier in mentions
    )
    return PubTatorRecord(pmid, title, abstract, found, (), 1)


def objection(triple: Triple) -> str | None:
    verdicts = {row.evidence["significance"] for row in triple.rows}
    return None if "yes" in verdicts else f"significance {', '.join(sorted(verdicts))}"


@dataclass
class Outcome:
    """The Documents of a curation, and what was counted on the way."""

    documents: list[Document] = field(default_factory=list)
    items: list[DroppedItem] = field(default_factory=list)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.items.append)

    def dropped(self, unit: str = "relations") -> Mapping[str, int]:
        account = self.ledger.as_dict("train").get(READ, {}).get(unit, {"dropped": {}})
        return account["dropped"]  # type: ignore[return-value]

    def mentions(self) -> list[Mention]:
        return [mention for document in self.documents for mention in document.mentions]

    def found(self) -> list[tuple[str, str, str]]:
        """(words, concept id, who found it) of every mention."""
        return [(mention.text, mention.concept_ids[0], mention.source) for mention in self.mentions()]


def curated(
    rows: Iterable[CuratedRow],
    texts: Iterable[CuratedText],
    annotations: Iterable[PubTatorRecord] = (),
    *,
    entries: Mapping[str, CuratedEntry] = ENTRIES,
    evidence: Callable[[Triple], str | None] = objection,
) -> Outcome:
    """The outcome, after checking that all accounts balance."""
    outcome = Outcome()
    source = Source(CORPUS, "native", Path(), outcome.ledger)
    curation = Curation(
        triples=grouped(rows, key=lambda row: row.pmid),
        entries=entries,
        objection=evidence,
        annotations={record.id: record for record in annotations},
    )
    for document in curated_documents(source, "train", curation, texts):
        outcome.documents.append(document)
        outcome.ledger.leave("train", READ, "documents")
        outcome.ledger.leave("train", READ, "mentions", len(document.mentions))
        outcome.ledger.leave("train", READ, "relations", len(document.relations))
    outcome.ledger.check()
    return outcome
