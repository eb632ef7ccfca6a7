"""Articles asked for by PMID -> Documents, in the order asked, with PubTator's annotation of them.

The annotation is PubTator 3's, as its service gives it (see harmonize.sources.pubtator3, which asks politely
and for each article once), or that of a dump: a file or folder of any format that prediction reads.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from harmonize.errors import HarmonizeError, MissingInput
from harmonize.formats.pubtator_articles import Wanted
from harmonize.model import Document
from harmonize.prediction.inputs import Skip, read_input, read_records
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.pmids import PmidList
from harmonize.prediction.reading import Reading
from harmonize.prediction.tally import Tally
from harmonize.sources.article_files import FilesInput, input_name
from harmonize.sources.pubtator3 import URL, PubTator3

__all__ = ["NOT_FOUND", "AskedArticles", "Input", "place_of", "read_asked"]

NOT_FOUND = "PubTator's annotation of it is not there"


@dataclass(frozen=True)
class AskedArticles:
    """The articles that are asked for, and where their annotation is had.

    Attributes:
        articles: their PMIDs.
        dump: annotated articles in a file or folder; None asks the service.
        cache: the service's answers are kept in this folder.
        url: the service.
    """

    articles: PmidList
    dump: Path | None = None
    cache: Path = Path()
    url: str = URL

    def service(self, how: Reading | None) -> PubTator3:
        """The service; it is asked for full texts if more than their abstracts is read."""
        if how is None or how.text == "abstract":
            return PubTator3(self.cache, url=self.url)
        return PubTator3(self.cache, url=self.url, format="biocxml", full=True)


Input = FilesInput | AskedArticles
"""What a prediction reads: files, or a folder of shards or of a union set; or articles by PMID."""


def place_of(source: Input) -> FilesInput:
    """Where an input is had; of PubTator's service, what to call it."""
    if isinstance(source, AskedArticles):
        return source.dump or Path("PubTator 3")
    return source


def read_asked(
    asked: AskedArticles,
    form: str | None,
    *,
    rules: PairRules,
    tally: Tally,
    strict: bool,
    skip: Skip,
    how: Reading | None = None,
) -> Iterator[Document]:
    """Stream the documents of the articles asked for, in the order asked.

    Memory holds their PMIDs and some documents. A dump is read as far as it must be.

    Args:
        form, rules, strict, how: see `read_input`; the form is a dump's, as is the unit of offsets.
        tally: counts every article asked for; one that is not found is skipped.
        skip: is told of each that is skipped, of those that are not found last and in the order asked.

    Raises:
        DownloadError: the service gives no whole answer; what it gave is kept.
        MissingInput, MalformedInput: see `read_input`, of a dump.
    """
    pmids = asked.articles.pmids
    if asked.dump is None:
        with asked.service(how) as service:
            choice = "abstract" if how is None else how.text
            readings = service.readings(pmids, forgiving=not strict, choice=choice)
            yield from read_records(readings, asked.url, rules=rules, tally=tally, strict=strict, skip=skip)
            missing = service.unknown
    else:
        remaining = dict.fromkeys(pmids)
        found = read_input(
            asked.dump,
            form,
            rules=rules,
            tally=tally,
            strict=strict,
            skip=skip,
            how=replace(how or Reading(), wanted=_first_of(remaining)),
        )
        yield from _in_order(_until_all(found, remaining), pmids)
        missing = list(remaining)
    for pmid in missing:
        tally.documents += 1
        tally.skipped[NOT_FOUND] += 1
        skip(MissingInput(input_name(place_of(asked)), f"article {pmid}: {NOT_FOUND}"))


def _first_of(remaining: dict[str, None]) -> Wanted:
    """Chooses the articles that remain, each the first time that it is met, and takes it out."""

    def is_wanted(pmid: str) -> bool:
        remains = pmid in remaining
        remaining.pop(pmid, None)
        return remains

    return is_wanted


def _until_all(documents: Iterable[Document], remaining: Collection[str]) -> Iterator[Document]:
    for document in documents:
        yield document
        if not remaining:
            return


def _in_order(documents: Iterable[Document], pmids: Iterable[str]) -> Iterator[Document]:
    """Documents in the order of these PMIDs; laid down meanwhile in a file without a name, not in memory."""
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as database:
            database.execute("CREATE TABLE document (pmid TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID")
            for document in documents:
                held = (document.pmid or document.id, pickle.dumps(document))
                database.execute("INSERT INTO document VALUES (?, ?)", held)
            for pmid in pmids:
                row = database.execute("SELECT content FROM document WHERE pmid = ?", (pmid,)).fetchone()
                if row is not None:
                    yield pickle.loads(row[0])
    except sqlite3.Error as error:
        raise HarmonizeError(f"temporary folder: expected room for the articles, got: {error}") from None
