"""How often an id has come before, in memory that does not grow with the number of ids."""

from __future__ import annotations

import sqlite3

from harmonize.errors import HarmonizeError

__all__ = ["Repeats"]


class Repeats:
    """Counts ids; they lie in an unnamed file on disk that goes with the object."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for line in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self._database.execute(f"PRAGMA {line}")
        self._database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def before(self, identifier: str) -> int:
        """How often the id has come before; 0 for a new one.

        Raises:
            HarmonizeError: no room on the disk.
        """
        run = self._database.execute
        try:
            if run("INSERT OR IGNORE INTO seen VALUES (?, 1)", (identifier,)).rowcount:
                return 0
            (times,) = run("SELECT times FROM seen WHERE id = ?", (identifier,)).fetchone()
            run("UPDATE seen SET times = times + 1 WHERE id = ?", (identifier,))
        except sqlite3.Error as error:  # a full disk
            raise HarmonizeError(f"expected room for ids in the temporary folder: {error}") from None
        return int(times)
