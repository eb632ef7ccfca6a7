"""Which of an input's files are in a known form, and what becomes of those that are not."""

from __future__ import annotations

import io
from collections.abc import Callable

from harmonize.errors import MalformedInput
from harmonize.sources.article_files import HEAD

__all__ = ["FileForms"]


class FileForms:
    """What form each file of an input has; those in no known form are kept to be told of.

    Args:
        tell: the form of a file, by its first bytes and its name.
        form: that of all, if it is named.
        alone: what a file is called that is itself the input, and so may not be passed over.
        strict: nor may any other.
    """

    def __init__(
        self, tell: Callable[[bytes, str], str], form: str | None, *, alone: str, strict: bool = False
    ) -> None:
        self._tell, self._form, self._alone, self._strict = tell, form, alone, strict
        self._is_any_known = False
        self._unknown: list[MalformedInput] = []
        self.empty: list[MalformedInput] = []

    def told(self, stream: io.BufferedReader, name: str) -> str | None:
        """A file's form; None if it is to be passed over.

        Raises:
            MalformedInput: in no known form, and not to be passed over.
        """
        try:
            found = self._form or self._tell(stream.peek(HEAD), name)
        except MalformedInput as fault:
            if self._strict or name == self._alone:
                raise
            self._unknown.append(fault)
            return None
        self._is_any_known = True
        return found

    def saw_empty(self, fault: MalformedInput) -> None:
        """A file without a document, which is passed over unless it is itself the input.

        Raises:
            MalformedInput: it is not to be passed over.
        """
        if self._strict:
            raise fault
        if str(fault.path) != self._alone:
            self.empty.append(fault)

    def unknown(self) -> list[MalformedInput]:
        """What is wrong with each file that was passed over.

        Raises:
            MalformedInput: no file was in a known form.
        """
        if self._unknown and not self._is_any_known:
            raise self._unknown[0]
        return self._unknown
