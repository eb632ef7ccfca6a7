"""PubTator 3's annotations of articles, by PMID, asked once and kept.

    PMIDs as asked -> cache -> batches of what it lacks -> PubTator 3 -> cache -> records, as asked

Every article of an answer is kept as it came, before anything is made of it, and so is that PubTator does not
know an article. A run that is stopped therefore goes on where it was, and several processes may share a
cache: while one asks, the others wait, and then ask only for what is still missing.

API: https://www.ncbi.nlm.nih.gov/research/pubtator3/api, which asks for no more than three requests a second.
It leaves articles that it does not know out of its answer, and answers HTTP 400 where it knows none of them.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal

import requests
from lxml import etree

from harmonize.errors import DownloadError, MalformedInput
from harmonize.formats.bioc_articles import bioc_xml_record
from harmonize.formats.passages import TextChoice
from harmonize.formats.pubtator import Misfit, PubTatorMention, PubTatorRecord, read_lines
from harmonize.formats.pubtator_forgiving import read_article
from harmonize.sources.http import PassingFault, new_session, persistently, request_faults, status_fault

__all__ = ["URL", "Format", "PubTator3", "is_pmid"]

URL = "https://www.ncbi.nlm.nih.gov/research/pubtator3-api"
Format = Literal["pubtator", "biocxml"]

_MOST_AT_ONCE = 100  # PMIDs in a request, by the API's terms
_MOST_FULL_TEXTS = 10  # PMIDs in one for full texts, each of which may have some MiB; an answer is held whole
_PATIENCE = 3600.0  # seconds to wait for another process that is asking
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_TITLE = re.compile(r"([^|\t\n]+)\|t\|")
_MOST_DIGITS = 30  # of a length; Python turns no more than some thousand into a number
_KNOWS_NONE = "Could not retrieve publications"


def is_pmid(text: str) -> bool:
    """True for a number that can be a PMID."""
    return _PMID.fullmatch(text) is not None


class PubTator3:
    """A client of PubTator 3's export by PMID.

    Args:
        cache: a folder of the client's own, made if missing.
        url: the API's address.
        format: what to ask for; both give the same records, BioC XML also where the text holds tabs.
        full: ask for full texts, which some articles have; in BioC XML only.
        batch: PMIDs in a request, at most 100, of full texts 10.
        per_second: requests begun in a second, at most.
        retries: how often to ask again after an answer that is none, or not whole.
        timeout: seconds to wait for a connection, and for each part of an answer.
        misfit: is given the mentions that the text does not spell, which the records lack.
        clock, sleep: the time in seconds, and how to wait; for tests.

    Attributes:
        misfits: how many mentions were left out, by reason.
    """

    def __init__(
        self,
        cache: Path,
        *,
        url: str = URL,
        format: Format = "pubtator",  # noqa: A002
        full: bool = False,
        batch: int = _MOST_AT_ONCE,
        per_second: float = 3.0,
        retries: int = 5,
        timeout: float = 30.0,
        misfit: Misfit | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if format not in ("pubtator", "biocxml"):
            raise DownloadError(url, f"expected the format pubtator or biocxml, got {format!r}")
        if full and format != "biocxml":
            raise DownloadError(url, f"expected the format biocxml for full texts, got {format!r}")
        if not 1 <= batch <= _MOST_AT_ONCE:
            raise DownloadError(url, f"expected batches of 1 to {_MOST_AT_ONCE} articles, got {batch}")
        if per_second <= 0:
            raise DownloadError(url, f"expected requests per second above 0, got {per_second:g}")
        self._export = f"{url.rstrip('/')}/publications/export/{format}"
        self._full = "&full=true" if full else ""
        self._batch = min(batch, _MOST_FULL_TEXTS) if full else batch
        self._retries, self._timeout = retries, timeout
        self._articles, self._record, self._ends = _FORMATS[format]
        self._misfit, self.misfits = misfit, Counter[str]()
        self._clock, self._sleep = clock, sleep
        self._pause = 1.0 / per_second
        self._next_turn: float | None = None
        self._unknown: dict[str, None] = {}
        self._session = new_session()
        self._cache = _Cache(cache, f"{format} full" if full else format)

    def __enter__(self) -> PubTator3:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the cache and of connections."""
        self._session.close()
        self._cache.close()

    @property
    def unknown(self) -> list[str]:
        """The articles asked for so far that PubTator does not know, in the order asked."""
        return list(self._unknown)

    def articles(self, pmids: Iterable[str]) -> Iterator[PubTatorRecord]:
        """The annotated articles, in the order asked, each once; those not known go to `unknown`.

        Raises:
            DownloadError: not a PMID; or, after all retries, no whole answer. What came before it is kept.
        """
        return (read(self._saw_misfit) for read in self.readings(pmids))

    def readings(
        self, pmids: Iterable[str], *, forgiving: bool = False, choice: TextChoice = "abstract"
    ) -> Iterator[Callable[[Misfit], PubTatorRecord]]:
        """The same, each to be read by who wants it, with a handler of his own for misfits.

        Args:
            forgiving: read as harmonize.formats.pubtator_forgiving and harmonize.formats.bioc_articles do.
            choice: the passages of full texts to read.

        Raises:
            DownloadError: see `articles`.
        """
        waiting: list[str] = []
        missing: list[str] = []
        for pmid in dict.fromkeys(pmids):
            if not is_pmid(pmid):
                raise DownloadError(self._export, f"expected a PMID, got {pmid!r}")
            waiting.append(pmid)
            if pmid not in self._cache:
                missing.append(pmid)
            if len(missing) in (0, self._batch):
                yield from self._answered(waiting, missing, forgiving, choice)
                waiting, missing = [], []
        yield from self._answered(waiting, missing, forgiving, choice)

    def _answered(
        self, pmids: Iterable[str], missing: Collection[str], forgiving: bool, choice: TextChoice
    ) -> Iterator[Callable[[Misfit], PubTatorRecord]]:
        if missing:
            self._ask(missing)
        for pmid in pmids:
            content = self._cache.content(pmid)
            if content is None:
                self._unknown[pmid] = None
            else:
                name = f"{self._export}?pmids={pmid}{self._full}"
                yield partial(self._record, content, name, forgiving=forgiving, choice=choice)

    def _saw_misfit(self, article: str, mention: PubTatorMention, reason: str) -> None:
        self.misfits[reason] += 1
        if self._misfit is not None:
            self._misfit(article, mention, reason)

    def _ask(self, pmids: Collection[str]) -> None:
        """Ask until the cache has an answer for each article."""
        missing = list(pmids)
        is_second = False

        def ask() -> None:
            nonlocal missing, is_second
            was_second, is_second = is_second, False
            with self._cache.alone():
                missing = [pmid for pmid in missing if pmid not in self._cache]
                if not missing or self._keep_answer(missing, is_second=was_second):
                    return
            is_second = True
            raise PassingFault("expected all articles or the same answer twice, got less")

        try:
            persistently(ask, retries=self._retries, sleep=self._sleep)
        except PassingFault as fault:
            raise DownloadError(self._shown(missing), str(fault)) from None

    def _keep_answer(self, missing: list[str], *, is_second: bool) -> bool:
        """Ask once and keep what came, with articles that nobody asked for.

        That the answer lacks an article is believed if it has others and its length was announced, or if it
        is the second to lack it.

        Returns:
            False if articles are missing still.

        Raises:
            PassingFault: the answer is none, or not whole; what is whole in it is kept.
            DownloadError: the server refuses.
        """
        body, is_announced = self._get(missing)
        found, faults = set(), []
        for content in self._articles(body):
            try:
                pmid = self._record(content, "answer", _ignored).id
            except MalformedInput as error:
                faults.append(f"expected a whole article, got {error}")
            else:
                self._cache.add(pmid, content)
                found.add(pmid)
        lacking = [pmid for pmid in missing if pmid not in found]
        if faults and lacking:
            raise PassingFault(faults[0])
        if lacking and not (is_second or (is_announced and len(lacking) < len(missing))):
            return False
        for pmid in lacking:
            self._cache.add(pmid, None)
        return True

    def _get(self, pmids: list[str]) -> tuple[str, bool]:
        """The body of an answer, empty where PubTator knows no article, and if its length was announced."""
        self._wait_for_turn()
        url, shown = f"{self._export}?pmids={','.join(pmids)}{self._full}", self._shown(pmids)
        with request_faults(shown, self._timeout):
            response = self._session.get(url, timeout=self._timeout)
        if response.status_code == 400 and _KNOWS_NONE in response.text:
            return "", True
        if response.status_code != 200:
            raise status_fault(shown, response)
        return _whole_body(response, self._ends)

    def _wait_for_turn(self) -> None:
        now = self._clock()
        if self._next_turn is not None and now < self._next_turn:
            self._sleep(self._next_turn - now)
        self._next_turn = self._clock() + self._pause

    def _shown(self, pmids: list[str]) -> str:
        """The address for errors, which may show three PMIDs instead of a hundred."""
        more = f",... ({len(pmids)} articles)" if len(pmids) > 3 else ""
        return f"{self._export}?pmids={','.join(pmids[:3])}{more}{self._full}"


# Answers


def _whole_body(response: requests.Response, ends: tuple[str, ...]) -> tuple[str, bool]:
    """The body as text, and if its length was announced, so that it cannot have been cut.

    Args:
        ends: what whole articles end in.

    Raises:
        PassingFault: shorter than announced; not announced and not at an article's end; or not UTF-8.
    """
    length = response.headers.get("Content-Length", "")[:_MOST_DIGITS]
    came = response.raw.tell()
    if length.isdecimal() and came != int(length):
        raise PassingFault(f"expected {length} bytes, got {came}")
    try:
        body = response.content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PassingFault(f"expected UTF-8, got byte 0x{error.object[error.start]:02x}") from None
    is_announced = length.isdecimal() or "chunked" in response.headers.get("Transfer-Encoding", "")
    if not is_announced and body.strip() and not body.endswith(ends):
        raise PassingFault("expected a whole answer, it is cut inside an article")
    return body, is_announced


def _ignored(article: str, mention: PubTatorMention, reason: str) -> None:
    """A handler for misfits of articles that are only checked."""


def _text_articles(body: str) -> Iterator[str]:
    """The lines of each article in PubTator text.

    Raises:
        PassingFault: something else than articles.
    """
    blocks: list[list[str]] = []
    for line in body.split("\n"):
        if _TITLE.match(line):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
        elif line.strip():
            raise PassingFault(f"expected PubTator text, got {line[:60]!r}")
    return ("\n".join(block).rstrip("\n") for block in blocks)


def _text_record(
    content: str, name: str, misfit: Misfit, *, forgiving: bool = False, choice: TextChoice = "abstract"
) -> PubTatorRecord:
    """The record of an article in PubTator text, which has no more than title and abstract to choose from."""
    lines = enumerate(content.split("\n"), 1)
    if forgiving:
        return read_article(name, ((number, line) for number, line in lines if line.strip()), misfit)
    return next(read_lines(name, lines, misfit=misfit))


def _xml_articles(body: str) -> Iterator[str]:
    """Each <document> in BioC XML.

    Raises:
        PassingFault: something else than articles.
    """
    if not body.strip():
        return iter(())
    try:
        collection = _xml(body)
    except etree.XMLSyntaxError as error:
        raise PassingFault(f"expected BioC XML, got: {error.msg}") from None
    if collection.tag != "collection":
        raise PassingFault(f"expected BioC XML, got <{collection.tag!s}>")
    documents = collection.iterfind("document")
    return (etree.tostring(document, encoding="unicode", with_tail=False) for document in documents)


def _xml_record(
    content: str, name: str, misfit: Misfit, *, forgiving: bool = False, choice: TextChoice = "abstract"
) -> PubTatorRecord:
    try:
        element = _xml(content)
    except etree.XMLSyntaxError as error:  # one that names an entity which its answer defined, say
        raise MalformedInput(name, f"expected well-formed XML, got: {error.msg}") from None
    return bioc_xml_record(element, name, misfit, forgiving=forgiving, choice=choice)


def _xml(text: str) -> etree._Element:
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(text.encode("utf-8"), parser)


_FORMATS = {
    "pubtator": (_text_articles, _text_record, ("\n\n",)),
    "biocxml": (_xml_articles, _xml_record, (">", ">\n")),
}


# The cache


class _Cache:
    """Articles by PMID, of one kind of answer, in an SQLite file that several processes may share.

    Args:
        folder: made if missing.
        kind: stands in the column that was made for formats.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._path, self._format = folder / "pubtator3.sqlite", kind
        with self._faults():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
            self._execute(
                "CREATE TABLE IF NOT EXISTS article "
                "(format TEXT, pmid TEXT, content TEXT, PRIMARY KEY (format, pmid)) WITHOUT ROWID"
            )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise MalformedInput(self._path, f"expected a cache of PubTator articles, got: {error}") from None

    def _execute(self, statement: str, *values: str | None) -> tuple[str | None] | None:
        """Run a statement; the first row of its result."""
        with self._faults(), closing(self._connection.execute(statement, values)) as cursor:
            row: tuple[str | None] | None = cursor.fetchone()
            return row

    def __contains__(self, pmid: str) -> bool:
        return self._row(pmid) is not None

    def _row(self, pmid: str) -> tuple[str | None] | None:
        return self._execute("SELECT content FROM article WHERE format = ? AND pmid = ?", self._format, pmid)

    def content(self, pmid: str) -> str | None:
        """The article as it came; None if PubTator does not know it."""
        row = self._row(pmid)
        return None if row is None else row[0]

    def add(self, pmid: str, content: str | None) -> None:
        """Keep an article, or that it is not known; an article that is kept already stays."""
        self._execute(
            "INSERT INTO article VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET content = excluded.content WHERE content IS NULL",
            self._format,
            pmid,
            content,
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from adding; what is added inside lasts, unless the process is killed."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
