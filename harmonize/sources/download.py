"""A file from a server, whole or not there.

    the rest of the file is asked for -> <name>.part -> its length and hash are as expected -> <name>

Beside the part, `<name>.part.json` says what it is a part of, so that a later call goes on where this one
stopped, if the server's file is still the same. One process at a time may download to a target.

Source: RFC 9110, sections 8.8 (validators), 13.1.5 (If-Range) and 14 (ranges).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import requests
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from harmonize.errors import DownloadError
from harmonize.sources.disk import check_space, sync
from harmonize.sources.http import (
    PassingFault,
    Patience,
    http_date,
    new_session,
    persistently,
    request_faults,
    status_fault,
)

__all__ = ["Fetched", "Progress", "download"]

Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 18  # bytes
_STRONG_ETAG = re.compile(r'"[!#-~]*"')
_LENGTH = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


class Fetched(NamedTuple):
    """What was downloaded.

    Attributes:
        sha256: in hexadecimal, lower case.
        size: bytes.
        url: the address after redirects.
        etag, last_modified: the server's headers, as they came.
    """

    sha256: str
    size: int
    url: str
    etag: str | None
    last_modified: str | None


def _unheard(done: int, total: int | None) -> None:
    """Progress that nobody follows."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    session: requests.Session | None = None,
    patience: Patience | None = None,
    progress: Progress = _unheard,
) -> Fetched:
    """Download a file; it replaces `target` once it is whole and as expected, and not before.

    What came is kept when this gives up, and a later call asks for the rest only, if the server says that its
    file is still the same. Without `sha256` and `size`, a file is whole if it has the length that the server
    announced; a server that announces none may cut it without anyone knowing.

    Args:
        target: its folder is made if missing.
        sha256: what to expect, in hexadecimal.
        size: what to expect, in bytes.
        session: for requests; else one of its own.
        patience: that of Patience unless given.
        progress: is given the bytes so far, and of the whole file where known.

    Raises:
        DownloadError: the server refuses, or gives another file than expected; too little space on the disk;
            or, after all retries, no whole file.
        OSError: the file cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    expected = None if sha256 is None else sha256.lower()
    with new_session() if session is None else nullcontext(session) as opened:
        one = _Download(url, target, size, opened, patience or Patience(), progress)
        fetched = one.whole()
        if one.is_pieced and expected not in (None, fetched.sha256):
            # The pieces may be of different files, whatever the server said.
            one.discard()
            fetched = one.whole()
    if expected not in (None, fetched.sha256):
        one.discard()
        raise DownloadError(url, f"expected SHA-256 {expected}, got {fetched.sha256}")
    one.settle()
    return fetched


class _Origin(BaseModel):
    """The file that a part is a part of.

    Attributes:
        url: as asked for; after redirects it may be another each time.
        validator: what If-Range may hold; None if the server gave nothing by which to know its file again.
        total: bytes of the whole file, where announced.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: str
    etag: str | None
    last_modified: str | None
    validator: str | None
    total: NonNegativeInt | None


class _Kept(NamedTuple):
    """A part that can be gone on with: what it is a part of, and how many bytes of it to keep, above 0."""

    origin: _Origin
    validator: str
    length: int


class _Rest(NamedTuple):
    """An answer that goes on with a part: the file as it says, and where in it the answer ends."""

    origin: _Origin
    end: int


class _Download:
    """A file on its way to its target. All of its state is on the disk, but for `is_pieced`.

    Attributes:
        is_pieced: the file comes from several answers.
    """

    def __init__(
        self,
        url: str,
        target: Path,
        size: int | None,
        session: requests.Session,
        patience: Patience,
        progress: Progress,
    ) -> None:
        self._url, self._target, self._size = url, target, size
        self._session, self._patience, self._progress = session, patience, progress
        self._part = target.with_name(f"{target.name}.part")
        self._sidecar = target.with_name(f"{target.name}.part.json")
        self.is_pieced = False

    def whole(self) -> Fetched:
        """Ask until the part is the whole file."""
        try:
            return persistently(self._ask, self._patience)
        except PassingFault as fault:
            raise DownloadError(self._url, str(fault)) from None

    def discard(self) -> None:
        """Remove the part, before what says what it is a part of."""
        self._part.unlink(missing_ok=True)
        self._sidecar.unlink(missing_ok=True)

    def settle(self) -> None:
        """Put the part in its place, last of all: nobody would tidy up beside a file that is there."""
        self._sidecar.unlink(missing_ok=True)
        self._part.replace(self._target)

    def _ask(self) -> Fetched:
        """Ask once for what is missing, or for all if the part is of no use.

        Raises:
            PassingFault: no answer, or not a whole one; what came is kept.
            DownloadError: the server refuses, or has another file than expected.
        """
        kept = self._kept()
        with self._get(kept) as response:
            if response.status_code == 200:
                origin = _origin(self._url, response)
                return self._receive(response, origin, start=0, end=origin.total)
            if kept is None or response.status_code not in (206, 416):
                raise status_fault(self._url, response)
            rest = _rest(response, kept)
            if rest is not None:
                return self._receive(response, rest.origin, start=kept.length, end=rest.end)
        self.discard()
        return self._ask()

    def _kept(self) -> _Kept | None:
        try:
            origin = _Origin.model_validate_json(self._sidecar.read_bytes())
            length = self._part.stat().st_size
        except (FileNotFoundError, ValidationError):
            return None
        if origin.url != self._url or origin.validator is None:
            return None
        if origin.total is not None:
            if length > origin.total or self._size not in (None, origin.total):
                return None
            # Of a whole part, the last byte is asked for again: no answer is right for a range of nothing.
            length = min(length, origin.total - 1)
        return _Kept(origin, origin.validator, length) if length > 0 else None

    def _get(self, kept: _Kept | None) -> requests.Response:
        headers = {"Accept-Encoding": "identity"}
        if kept is not None:
            headers |= {"Range": f"bytes={kept.length}-", "If-Range": kept.validator}
        timeout = self._patience.timeout
        with request_faults(self._url, timeout):
            try:
                return self._session.get(self._url, headers=headers, timeout=timeout, stream=True)
            except requests.TooManyRedirects:
                most = self._session.max_redirects
                raise DownloadError(self._url, f"expected at most {most} redirects, got more") from None

    def _receive(
        self, response: requests.Response, origin: _Origin, *, start: int, end: int | None
    ) -> Fetched:
        """Write an answer to the part.

        Args:
            start: where in the file it begins; at 0 the part is begun anew.
            end: where it ends, if it says so.
        """
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise DownloadError(self._url, f"expected no Content-Encoding, got {encoding!r}")
        if start == 0:
            self.discard()
        total = self._size if origin.total is None else origin.total
        if self._size not in (None, total):
            self.discard()
            raise DownloadError(self._url, f"expected {self._size} bytes, got {total}")
        check_space(self._url, self._target.parent, 0 if total is None else total - start)
        self.is_pieced = start > 0
        if start == 0:
            self._sidecar.write_text(origin.model_dump_json(), encoding="utf-8")
        end = total if end is None else end
        sha256, done = self._append(_chunks(response), start, end, total)
        if end is not None and done > end:
            self.discard()
            raise PassingFault(f"expected {end} bytes, got more")
        if total is not None and done < total:
            raise PassingFault(f"expected {total} bytes, got {done}")
        return Fetched(sha256, done, response.url, origin.etag, origin.last_modified)

    def _append(
        self, chunks: Iterator[bytes], start: int, end: int | None, total: int | None
    ) -> tuple[str, int]:
        """Write after `start`, and stop after the first chunk beyond `end`.

        Returns:
            (SHA-256 of the part, its bytes); the last chunk is not in it where it is too long.
        """
        with self._part.open("r+b" if start else "x+b") as file:
            file.truncate(start)
            digest, done = hashlib.file_digest(file, "sha256"), start
            self._progress(done, total)
            for chunk in chunks:
                done += len(chunk)
                if end is not None and done > end:
                    break
                file.write(chunk)
                digest.update(chunk)
                self._progress(done, total)
            sync(file)
        return digest.hexdigest(), done


def _origin(url: str, response: requests.Response) -> _Origin:
    headers = response.headers
    length = headers.get("Content-Length", "")
    is_announced = _LENGTH.fullmatch(length) and "Transfer-Encoding" not in headers
    return _Origin(
        url=url,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
        validator=_validator(headers),
        total=int(length) if is_announced else None,
    )


def _validator(headers: Mapping[str, str]) -> str | None:
    """The entity tag or, where there is none, the date of the last change, if it is strong.

    A date is strong if it was over when the answer was sent: else the file may change within that second.
    """
    etag = headers.get("ETag")
    if etag is not None:
        return etag if _STRONG_ETAG.fullmatch(etag) else None
    value = headers.get("Last-Modified", "")
    modified, sent = http_date(value), http_date(headers.get("Date", ""))
    if modified is None or sent is None or sent - modified < timedelta(seconds=1):
        return None
    return value if value.isprintable() else None


def _rest(response: requests.Response, kept: _Kept) -> _Rest | None:
    """What an answer with status 206 holds; None if it is not what the part lacks."""
    origin = kept.origin
    header, known = ("Last-Modified", origin.last_modified) if origin.etag is None else ("ETag", origin.etag)
    if response.headers.get(header, known) != known:
        return None
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != kept.length:
        return None
    end, total = int(match[2]) + 1, int(match[3])
    if origin.total not in (None, total) or not kept.length < end <= total:
        return None
    return _Rest(origin.model_copy(update={"total": total}), end)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes in, so that nothing is lost of what came before a fault.

    Raises:
        PassingFault: the connection ends or stalls before the body is whole.
    """
    body: HTTPResponse = response.raw
    try:
        while chunk := body.read1(_CHUNK, decode_content=False):
            yield chunk
    except HTTPError as error:
        reason = next(iter(error.args), type(error).__name__)
        raise PassingFault(f"expected the whole file, got: {reason}") from None
