"""Text and PMIDs that someone puts into a page, predicted with a run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from harmonize.errors import DownloadError, HarmonizeError, NothingRead
from harmonize.explore.view import DocumentView, view_of_answers
from harmonize.model import Document
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input, read_records
from harmonize.prediction.tally import Tally
from harmonize.sources.http import Patience
from harmonize.sources.pubtator3 import URL, PubTator3, is_pmid
from harmonize.writing.text import counted

__all__ = ["MOST_CHARACTERS", "MOST_DOCUMENTS", "MOST_PAIRS", "Answer", "Predictor"]

MOST_CHARACTERS = 256 * 1024
"""Of a text that is pasted."""
MOST_DOCUMENTS = 20
"""Documents, or PMIDs, at once."""
MOST_PAIRS = 5_000
"""Pairs of entities at once: some minutes of a CPU."""

_PASTED = "pasted text"
_PATIENCE = Patience(retries=1, timeout=15.0)  # someone waits for the page


@dataclass(frozen=True)
class Answer:
    """What was predicted, and what was left out on the way, in a line each."""

    documents: tuple[DocumentView, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Predictor:
    """Predicts with a run, which is loaded when it is first asked; one question at a time.

    Attributes:
        cache: PubTator 3's answers are kept in this folder.
        url: its service.
        load: makes an extractor of the run.
        advice: said first of documents that are asked by rules that the run was not trained on.
    """

    model: Path
    cache: Path
    url: str = URL
    load: Callable[[Path], RelationExtractor] = RelationExtractor.from_pretrained
    advice: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _extractor: RelationExtractor | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The run's name; one of a file may hold half a surrogate pair, which no page can."""
        return str(self.model).encode(errors="backslashreplace").decode()

    def of_text(self, text: str) -> Answer:
        """The relations of annotated documents, PubTator or BioC.

        Raises:
            HarmonizeError: nothing to read, too much of it, or not as its format says.
        """
        if not text.strip():
            raise NothingRead(f"{_PASTED}: expected PubTator or BioC, got nothing")
        if len(text) > MOST_CHARACTERS:
            raise HarmonizeError(
                f"{_PASTED}: expected at most {MOST_CHARACTERS:,} characters, got {len(text):,}"
            )
        with TemporaryDirectory() as folder, _named_pasted(folder), self._lock:
            path = Path(folder) / _PASTED
            path.write_text(text, encoding="utf-8", errors="replace", newline="")
            notes, tally = list[str](), Tally()
            rules = self._loaded().rules
            found = read_input(path, rules=rules, tally=tally, skip=lambda fault: notes.append(str(fault)))
            answer = self._answer(found, notes, tally)
            if not answer.documents and not answer.notes:
                raise NothingRead(f"{_PASTED}: expected annotated documents, found none")
        return Answer(answer.documents, tuple(note.replace(f"{folder}/", "") for note in answer.notes))

    def of_pmids(self, text: str) -> Answer:
        """The relations of articles that PubTator 3 has annotated.

        Raises:
            HarmonizeError: something else than PMIDs, too many, or the service cannot be had.
        """
        articles = _pmids(text)
        notes, tally = list[str](), Tally()
        with self._lock, self._service() as service:
            found = read_records(
                service.readings(articles, forgiving=True),
                self.url,
                rules=self._loaded().rules,
                tally=tally,
                strict=False,
                skip=lambda fault: notes.append(str(fault)),
            )
            try:
                answer = self._answer(found, notes, tally)
            except DownloadError as error:
                raise HarmonizeError(f"PubTator 3 cannot be had: {error}") from None
            unknown = tuple(f"PubTator 3 does not know the article {pmid}." for pmid in service.unknown)
        return Answer(answer.documents, answer.notes + unknown)

    def _service(self) -> PubTator3:
        return PubTator3(self.cache, url=self.url, patience=_PATIENCE)

    def _loaded(self) -> RelationExtractor:
        if self._extractor is None:
            self._extractor = self.load(self.model)
        return self._extractor

    def _answer(self, documents: Iterable[Document], notes: list[str], tally: Tally) -> Answer:
        extractor = self._loaded()
        read = list(islice(documents, MOST_DOCUMENTS + 1))
        if len(read) > MOST_DOCUMENTS:
            raise HarmonizeError(f"{_PASTED}: expected at most {MOST_DOCUMENTS} documents, got more")
        candidates = [extractor.rules.candidates(document) for document in read]
        pairs = sum(len(one.instances) for one in candidates)
        if pairs > MOST_PAIRS:
            raise HarmonizeError(
                f"{_PASTED}: expected at most {MOST_PAIRS:,} pairs of entities, got {pairs:,}"
            )
        found = list(extractor.answered(candidates))
        left_out = Counter[str]()
        for (reason, *_), count in tally.left_out.items():
            left_out[reason] += count
        notes += [f"{counted(count, 'mention')} left out: {reason}" for reason, count in left_out.items()]
        advice = (self.advice,) if self.advice is not None and found else ()
        return Answer(tuple(map(view_of_answers, found)), (*advice, *notes))


def _pmids(text: str) -> list[str]:
    entries = list(dict.fromkeys(text.replace(",", " ").split()))
    if not entries:
        raise NothingRead("PMIDs: expected at least one, got none")
    if len(entries) > MOST_DOCUMENTS:
        raise HarmonizeError(f"PMIDs: expected at most {MOST_DOCUMENTS}, got {len(entries)}")
    for entry in entries:
        if not is_pmid(entry):
            raise HarmonizeError(f"PMIDs: expected numbers of up to nine digits, got {entry[:40]!r}")
    return entries


@contextmanager
def _named_pasted(folder: str) -> Iterator[None]:
    """Call the file in `folder` by its last name in errors: nobody knows of a folder."""
    try:
        yield
    except HarmonizeError as error:
        raise HarmonizeError(str(error).replace(f"{folder}/", "")) from None
