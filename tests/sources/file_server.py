"""A file server of one's own: knows ranges and validators, and misbehaves when told to."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple

LAST_MODIFIED = "Wed, 01 Jan 2020 10:00:00 GMT"
MOST_REQUESTS = 2000


class Seen(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")

    @property
    def if_range(self) -> str | None:
        return self.headers.get("If-Range")


class Request:
    """A request to answer.

    Attributes:
        content: the file's bytes.
        validators: headers that tell one content of the file from another.
        rest: where the part asked for begins, if the file is still the same; else None.
    """

    def __init__(self, server: FileServer, handler: BaseHTTPRequestHandler, seen: Seen) -> None:
        self.server, self.seen, self._handler = server, seen, handler
        self._bodies = server.bodies
        self.content = server.files.get(seen.path, b"")
        self.validators = dict(server.validators(self.content))

    @property
    def rest(self) -> int | None:
        match = re.fullmatch(r"bytes=([0-9]+)-", self.seen.range or "")
        is_same = self.seen.if_range in (None, *self.validators.values())
        return int(match[1]) if match and is_same else None

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Status and headers; those named "none" are left out."""
        if headers.get("Date"):
            date = headers.pop("Date")
            self._handler.date_time_string = lambda timestamp=None: date  # type: ignore[method-assign]
        self._handler.send_response(status)
        for name, value in headers.items():
            if value != "none":
                self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, body: bytes) -> None:
        self._bodies.append(len(body))  # first: the client may look as soon as it has the last byte
        with contextlib.suppress(ConnectionError):  # the client has left
            self._handler.wfile.write(body)

    def send(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Answer with the length announced, unless headers say another or "none"."""
        names = {"Content-Length": str(len(body))}
        names |= {key.replace("_", "-"): value for key, value in headers.items()}
        self.head(status, names)
        self.write(body)

    def answer(self, *, body: bytes | None = None, **headers: str) -> None:
        """As a good server does, but for the headers and the body given."""
        start, total = self.rest, len(self.content)
        whole = {key.replace("-", "_"): value for key, value in self.validators.items()}
        if start is not None and start >= total:
            self.send(status=416, Content_Range=f"bytes */{total}")
            return
        status = 200 if start is None else 206
        part = self.content[start or 0 :]
        whole["Content_Length"] = str(len(part))
        if start is not None:
            whole["Content_Range"] = f"bytes {start}-{total - 1}/{total}"
        self.send(part if body is None else body, status, **(whole | headers))

    @property
    def part(self) -> bytes:
        """The bytes that a good answer holds."""
        return self.content[self.rest or 0 :]


Behaviour = Callable[[Request], None]


class FileServer:
    """Serves `files`; behaves as the next of `misbehave[path]` says, and well when none is left.

    Attributes:
        files: path -> content; a path that is not in it is answered with 404.
        requests: as they came, redirected ones too.
        bodies: the lengths of bodies and parts of bodies so far.
        validators: the headers that tell a file's contents apart.
    """

    def __init__(self, **files: bytes) -> None:
        self.files = {f"/{name}": content for name, content in files.items()}
        self.misbehave: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self.always: dict[str, Behaviour] = {}
        self.requests: list[Seen] = []
        self.bodies: list[int] = []
        self.validators: Callable[[bytes], dict[str, str]] = strong_etag
        self.release = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._handle(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> FileServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Forget the requests so far, and behave well."""
        self.requests.clear()
        self.misbehave.clear()
        self.always.clear()
        self.bodies = []  # a new list: an answer that drips on, to a client that has left, adds to the old

    @property
    def sent(self) -> int:
        """Bytes of bodies so far."""
        return sum(self.bodies)

    @property
    def ranges(self) -> list[str | None]:
        return [seen.range for seen in self.requests]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        seen = Seen(handler.path, dict(handler.headers.items()))
        with self._lock:
            self.requests.append(seen)
            waiting = self.misbehave[seen.path]
            behave = waiting.popleft() if waiting else self.always.get(seen.path)
        request = Request(self, handler, seen)
        if len(self.requests) > MOST_REQUESTS:
            request.send(b"too many requests for a test", 410)
        elif behave is not None:
            behave(request)
        elif seen.path not in self.files:
            request.send(b"<html>not found</html>", 404)
        else:
            request.answer()


# What tells contents apart


def strong_etag(content: bytes) -> dict[str, str]:
    return {"ETag": f'"{hashlib.md5(content).hexdigest()}"'}


def weak_etag(content: bytes) -> dict[str, str]:
    return {"ETag": f'W/"{hashlib.md5(content).hexdigest()}"'}


def last_modified(content: bytes) -> dict[str, str]:
    return {"Last-Modified": LAST_MODIFIED}


def no_validator(content: bytes) -> dict[str, str]:
    return {}


# Misbehaviour


def status(code: int, **headers: str) -> Behaviour:
    return lambda request: request.send(b"<html>busy</html>", code, **headers)


def cut(count: int) -> Behaviour:
    """A good answer that ends after some bytes of its body."""
    return lambda request: request.answer(body=request.part[:count])


def announced(length: int) -> Behaviour:
    """A good answer, but for its Content-Length."""
    return lambda request: request.answer(body=request.part[:length], Content_Length=str(length))


def without_ranges(request: Request) -> None:
    """Answers a range with the whole file."""
    request.send(request.content, **{key.replace("-", "_"): it for key, it in request.validators.items()})


def content_range(value: str) -> Behaviour:
    """A good answer to a range, but for its Content-Range."""
    return lambda request: request.answer(Content_Range=value)


def gzipped(request: Request) -> None:
    body = gzip.compress(request.part)
    request.answer(body=body, Content_Length=str(len(body)), Content_Encoding="gzip")


def unannounced(count: int | None = None) -> Behaviour:
    """A good answer that ends with the connection, perhaps too early."""
    return lambda request: request.answer(body=request.part[:count], Content_Length="none")


def chunked(*pieces: bytes, is_whole: bool = True) -> Behaviour:
    def answer(request: Request) -> None:
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        end = b"0\r\n\r\n" if is_whole else b""
        request.answer(body=body + end, Content_Length="none", Transfer_Encoding="chunked")

    return answer


def drip(size: int) -> Behaviour:
    """A good answer in pieces of some bytes."""

    def answer(request: Request) -> None:
        body = request.part
        request.answer(body=b"")
        for start in range(0, len(body), size):
            request.write(body[start : start + size])
            time.sleep(0.001)

    return answer


def stall(count: int) -> Behaviour:
    """A good answer that stops after some bytes, with the connection open."""

    def answer(request: Request) -> None:
        request.answer(body=request.part[:count])
        request.server.release.wait(60)

    return answer


def redirect(to: str) -> Behaviour:
    return lambda request: request.send(status=302, Location=to)


def hang_up(request: Request) -> None:
    request._handler.connection.close()
