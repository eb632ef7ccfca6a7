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
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal

from harmonize.errors import DownloadError, MalformedInput
from harmonize.formats.misfits import Misfit
from harmonize.formats.passages import TextChoice
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.sources.http import (
    PassingFault,
    Patience,
    new_session,
    persistently,
    request_faults,
    status_fault,
)
from harmonize.sources.pubtator3_answers import ANSWERS, ignored, whole_body
from harmonize.sources.pubtator3_cache import ArticleCache

__all__ = ["URL", "Format", "Pace", "PubTator3", "is_pmid"]

URL = "https://www.ncbi.nlm.nih.gov/research/pubtator3-api"
Format = Literal["pubtator", "biocxml"]

_MOST_AT_ONCE = 100  # PMIDs in a request, by the API's terms
_MOST_FULL_TEXTS = 10  # PMIDs in one for full texts, each of which may have some MiB; an answer is held whole
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_KNOWS_NONE = "Could not retrieve publications"


def is_pmid(text: str) -> bool:
    """True for a number that can be a PMID."""
    return _PMID.fullmatch(text) is not None


@dataclass(frozen=True)
class Pace:
    """How much is asked for, and how often.

    Attributes:
        batch: PMIDs in a request, at most 100, of full texts 10.
        per_second: requests begun in a second, at most.
        clock: the time in seconds; another one for tests.
    """

    batch: int = _MOST_AT_ONCE
    per_second: float = 3.0
    clock: Callable[[], float] = time.monotonic


class PubTator3:
    """A client of PubTator 3's export by PMID.

    Args:
        cache: a folder of the client's own, made if missing.
        url: the API's address.
        format: what to ask for; both give the same records, BioC XML also where the text holds tabs.
        full: ask for full texts, which some articles have; in BioC XML only.
        pace, patience: those of Pace and Patience unless given.
        misfit: is given the mentions that the text does not spell, which the records lack.

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
        pace: Pace | None = None,
        patience: Patience | None = None,
        misfit: Misfit | None = None,
    ) -> None:
        pace = pace or Pace()
        if format not in ("pubtator", "biocxml"):
            raise DownloadError(url, f"expected the format pubtator or biocxml, got {format!r}")
        if full and format != "biocxml":
            raise DownloadError(url, f"expected the format biocxml for full texts, got {format!r}")
        if not 1 <= pace.batch <= _MOST_AT_ONCE:
            raise DownloadError(url, f"expected batches of 1 to {_MOST_AT_ONCE} articles, got {pace.batch}")
        if pace.per_second <= 0:
            raise DownloadError(url, f"expected requests per second above 0, got {pace.per_second:g}")
        self._export = f"{url.rstrip('/')}/publications/export/{format}"
        self._full = "&full=true" if full else ""
        self._batch = min(pace.batch, _MOST_FULL_TEXTS) if full else pace.batch
        self._pace, self._patience = pace, patience or Patience()
        self._articles, self._record, self._ends = ANSWERS[format]
        self._misfit, self.misfits = misfit, Counter[str]()
        self._next_turn: float | None = None
        self._unknown: dict[str, None] = {}
        self._session = new_session()
        self._cache = ArticleCache(cache, f"{format} full" if full else format)

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
            persistently(ask, self._patience)
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
                pmid = self._record(content, "answer", ignored).id
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
        with request_faults(shown, self._patience.timeout):
            response = self._session.get(url, timeout=self._patience.timeout)
        if response.status_code == 400 and _KNOWS_NONE in response.text:
            return "", True
        if response.status_code != 200:
            raise status_fault(shown, response)
        return whole_body(response, self._ends)

    def _wait_for_turn(self) -> None:
        now = self._pace.clock()
        if self._next_turn is not None and now < self._next_turn:
            self._patience.sleep(self._next_turn - now)
        self._next_turn = self._pace.clock() + 1.0 / self._pace.per_second

    def _shown(self, pmids: list[str]) -> str:
        """The address for errors, which may show three PMIDs instead of a hundred."""
        more = f",... ({len(pmids)} articles)" if len(pmids) > 3 else ""
        return f"{self._export}?pmids={','.join(pmids[:3])}{more}{self._full}"
