"""PubTator's annotation as the command line names it: a dump on disk, or the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.files import cache_folder, sha256_of
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.prediction.pmid_input import AskedArticles, Input
from harmonize.prediction.pmids import STDIN, read_pmids
from harmonize.sources.article_files import input_files, iter_articles, one_input
from harmonize.sources.pubtator3 import URL, PubTator3

__all__ = ["SERVICE", "PubTatorDump", "PubTatorService", "answers_folder", "chosen_source", "given"]

SERVICE = "api"


class PubTatorDump:
    """The annotated articles of a file or folder.

    Attributes:
        misfits: how many mentions did not fit their text and were left out, by reason.

    Raises:
        MissingInput: no such file or folder, or an empty folder.
    """

    def __init__(self, path: Path) -> None:
        input_files(path)
        self.path = path
        self.misfits: Counter[str] = Counter()
        self._articles: set[str] = set()

    def __call__(self, pmids: Collection[str]) -> Iterator[PubTatorRecord]:
        for article in iter_articles(self.path, pmids, misfit=self._saw_misfit):
            self._articles.add(article.id)
            yield article

    def _saw_misfit(self, article: str, mention: PubTatorMention, reason: str) -> None:
        self.misfits[reason] += 1

    def described(self) -> dict[str, Any]:
        """What the manifest says of it."""
        root = self.path if self.path.is_dir() else self.path.parent
        files = input_files(self.path)
        return {
            "files": {file.relative_to(root).as_posix(): sha256_of(file) for file in files},
            "articles": len(self._articles),
            "misfits": dict(sorted(self.misfits.items())),
        }


class PubTatorService:
    """PubTator 3, asked for each article once; answers are kept in `cache`."""

    def __init__(self, cache: Path) -> None:
        self._client = PubTator3(cache)
        self._articles: set[str] = set()

    def __call__(self, pmids: Collection[str]) -> Iterator[PubTatorRecord]:
        for article in self._client.articles(pmids):
            self._articles.add(article.id)
            yield article

    def described(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "service": URL,
            "articles": len(self._articles),
            "unknown": len(self._client.unknown),
            "misfits": dict(sorted(self._client.misfits.items())),
        }


def given(choice: str | None, cache: Path | None) -> PubTatorDump | PubTatorService | None:
    """What `--pubtator` names: nothing, a file or folder, or SERVICE.

    Args:
        cache: for the service's answers; the user's cache folder unless given.

    Raises:
        HarmonizeError: nothing is named, or standard input, which several corpora cannot read.
        MissingInput: no such file or folder, or an empty folder.
    """
    if choice is None:
        return None
    if choice in ("", STDIN):
        raise HarmonizeError(f"--pubtator: expected a file, a folder or {SERVICE}, got {choice or 'nothing'}")
    if choice == SERVICE:
        return PubTatorService(answers_folder(cache))
    return PubTatorDump(Path(choice))


def chosen_source(
    sources: Sequence[Path], pmids: str | None, choice: str | None, cache: Path | None
) -> Input:
    """What to predict: files or folders, or articles by PMID from what `--pubtator` names.

    Raises:
        HarmonizeError: both or neither; or options of the one beside the other.
        MalformedInput, MissingInput: see `read_pmids`.
    """
    if bool(sources) == (pmids is not None):
        got = "both" if sources else "neither"
        raise HarmonizeError(f"expected INPUT or --pmids, got {got}")
    if choice is not None and pmids is None:
        raise HarmonizeError("--pubtator: expected --pmids, the articles to look for")
    if cache is not None and (pmids is None or choice not in (None, SERVICE)):
        raise HarmonizeError(
            "--cache: expected --pmids without a dump; it keeps what the service of PubTator 3 answers"
        )
    if choice == "":
        raise HarmonizeError(f"--pubtator: expected a file, a folder or {SERVICE}, got nothing")
    if pmids == choice == STDIN:
        raise HarmonizeError(
            "--pmids - and --pubtator -: expected standard input to hold one of them, got both"
        )
    if pmids is not None:
        dump = None if choice in (None, SERVICE) else Path(str(choice))
        return AskedArticles(read_pmids(pmids), dump, answers_folder(cache))
    return one_input(sources)


def answers_folder(cache: Path | None) -> Path:
    """Where the service's answers are kept."""
    return cache_folder(cache) / "pubtator3"
