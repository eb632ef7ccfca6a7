"""PubTator 3's articles as they came, kept in a file that several processes may share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from harmonize.errors import MalformedInput

__all__ = ["ArticleCache"]

_PATIENCE = 3600.0  # seconds to wait for another process that is asking


class ArticleCache:
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
