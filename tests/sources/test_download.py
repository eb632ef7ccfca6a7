"""Downloads from a server on this machine; time is the tests' own, but for time-outs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import file_server as at
import pytest
import requests
from file_server import FileServer
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.errors import DownloadError
from harmonize.sources.download import Fetched, download
from harmonize.sources.http import Patience

BODY = bytes(range(256)) * 40  # 10,240 bytes
SHA = hashlib.sha256(BODY).hexdigest()
CHANGED = BODY[::-1]

thorough = settings(max_examples=60)


@pytest.fixture(autouse=True, scope="module")
def _no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(f=BODY, empty=b"") as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.bin"


@pytest.fixture
def slept() -> list[float]:
    return []


Get = Callable[..., Fetched]


@pytest.fixture
def get(server: FileServer, target: Path, slept: list[float]) -> Get:
    """Downloads f, without waiting."""

    def get(path: str = "f", **options: Any) -> Fetched:
        given = {name: options.pop(name) for name in ("retries", "timeout") if name in options}
        patience = Patience(**{"sleep": slept.append, "timeout": 5.0} | given)
        return download(f"{server.url}/{path}", target, patience=patience, **options)

    return get


def misbehave(server: FileServer, *behaviours: at.Behaviour, path: str = "/f") -> None:
    server.misbehave[path].extend(behaviours)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def is_alone(target: Path) -> bool:
    return names(target.parent) == [target.name]


def error_of(get: Get, **options: Any) -> str:
    """The error's text without the URL."""
    with pytest.raises(DownloadError) as caught:
        get(**options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{caught.value.url}: expected ")
    return line.removeprefix(f"{caught.value.url}: ")


# A whole file


@pytest.mark.parametrize("expected", [{}, {"sha256": SHA, "size": len(BODY)}, {"sha256": SHA.upper()}])
def test_a_file_arrives(server: FileServer, get: Get, target: Path, expected: dict[str, Any]) -> None:
    fetched = get(**expected)
    etag = at.strong_etag(BODY)["ETag"]
    assert fetched == Fetched(SHA, len(BODY), f"{server.url}/f", etag, None)
    assert target.read_bytes() == BODY
    assert is_alone(target)
    (seen,) = server.requests
    assert seen.headers["Accept-Encoding"] == "identity"
    assert seen.headers["User-Agent"] == "harmonize"
    assert seen.range is None


def test_an_empty_file_arrives(get: Get, target: Path) -> None:
    assert get("empty", size=0).size == 0
    assert target.read_bytes() == b""
    assert is_alone(target)


def test_it_replaces_what_was_there(get: Get, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    get()
    assert target.read_bytes() == BODY


def test_a_failure_leaves_what_was_there(get: Get, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    error_of(get, sha256="0" * 64)
    assert target.read_bytes() == b"older"
    assert is_alone(target)


def test_a_session_is_used_and_stays_open(server: FileServer, get: Get) -> None:
    with requests.Session() as session:
        session.headers["User-Agent"] = "mine"
        get(session=session)
        get(session=session)
    assert [seen.headers["User-Agent"] for seen in server.requests] == ["mine", "mine"]


def test_progress_counts_bytes(server: FileServer, get: Get) -> None:
    told: list[tuple[int, int | None]] = []
    misbehave(server, at.cut(4000))
    get(progress=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {len(BODY)}
    counts = [done for done, _ in told]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert 4000 in counts
    assert counts[-1] == len(BODY)


def test_progress_has_no_total_where_none_is_known(server: FileServer, get: Get) -> None:
    told: list[int | None] = []
    misbehave(server, at.unannounced(), at.unannounced())
    get(progress=lambda done, total: told.append(total))
    assert set(told) == {None}
    told.clear()
    get(progress=lambda done, total: told.append(total), size=len(BODY))
    assert set(told) == {len(BODY)}


@pytest.mark.parametrize(
    "answer", [at.drip(20), at.unannounced(), at.chunked(BODY[:7], BODY[7:]), at.without_ranges]
)
def test_a_file_arrives_however_it_is_sent(
    server: FileServer, get: Get, target: Path, answer: at.Behaviour
) -> None:
    misbehave(server, answer)
    assert get().sha256 == SHA
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1


def test_a_redirect_is_followed(server: FileServer, get: Get, target: Path) -> None:
    misbehave(server, at.redirect("/f"), path="/elsewhere")
    assert get("elsewhere").url == f"{server.url}/f"
    assert target.read_bytes() == BODY


def test_a_rest_is_asked_for_through_a_redirect(server: FileServer, get: Get, target: Path) -> None:
    server.always["/elsewhere"] = at.redirect("/f")
    misbehave(server, at.cut(4000))
    assert get("elsewhere").sha256 == SHA
    assert server.ranges == [None, None, "bytes=4000-", "bytes=4000-"]
    assert server.sent == len(BODY)


# Faults that pass


def test_a_cut_body_is_gone_on_with(server: FileServer, get: Get, target: Path, slept: list[float]) -> None:
    misbehave(server, at.cut(4000), at.cut(2240))
    assert get(sha256=SHA).size == len(BODY)
    assert target.read_bytes() == BODY
    assert is_alone(target)
    assert server.ranges == [None, "bytes=4000-", "bytes=6240-"]
    assert server.requests[1].if_range == at.strong_etag(BODY)["ETag"]
    assert server.sent == len(BODY)
    assert slept == [1.0, 2.0]


PASSING = {
    "408": at.status(408),
    "429": at.status(429),
    "500": at.status(500),
    "502": at.status(502),
    "503": at.status(503),
    "504": at.status(504),
    "hangs up": at.hang_up,
    "cut": at.cut(3000),
    "cut at once": at.cut(0),
    "cut in a chunk": at.chunked(BODY[:4000], is_whole=False),
    "announces two lengths": lambda request: request.answer(Content_Length=f"{len(BODY)}, 9"),
    "announces more": lambda request: request.answer(Content_Length=str(len(BODY) + 5)),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_costs_one_more_request(
    server: FileServer, get: Get, target: Path, slept: list[float], name: str
) -> None:
    misbehave(server, PASSING[name])
    get()
    assert target.read_bytes() == BODY
    assert is_alone(target)
    assert slept == [1.0]


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_is_one_line_and_a_later_call_finishes(
    server: FileServer, get: Get, target: Path, slept: list[float], name: str
) -> None:
    server.always["/f"] = PASSING[name]
    error_of(get, retries=2)
    assert not target.exists()
    assert slept == [1.0, 2.0]
    server.forget()
    get()
    assert target.read_bytes() == BODY
    assert is_alone(target)


def test_a_later_call_asks_for_the_rest_only(server: FileServer, get: Get, target: Path) -> None:
    misbehave(server, at.cut(4000))
    assert error_of(get, retries=0) == (
        "expected the whole file, got: Connection broken: IncompleteRead(4000 bytes read, 6240 more expected)"
    )
    assert names(target.parent) == ["file.bin.part", "file.bin.part.json"]
    assert (target.parent / "file.bin.part").read_bytes() == BODY[:4000]
    assert json.loads((target.parent / "file.bin.part.json").read_text()) == {
        "url": f"{server.url}/f",
        "etag": at.strong_etag(BODY)["ETag"],
        "last_modified": None,
        "validator": at.strong_etag(BODY)["ETag"],
        "total": len(BODY),
    }
    server.forget()
    assert get(sha256=SHA, size=len(BODY)) == Fetched(
        SHA, len(BODY), f"{server.url}/f", at.strong_etag(BODY)["ETag"], None
    )
    assert target.read_bytes() == BODY
    assert is_alone(target)
    assert server.ranges == ["bytes=4000-"]
    assert server.sent == len(BODY) - 4000


@pytest.mark.parametrize("keeps", [0, 4000])
def test_a_stalled_body_is_gone_on_with(server: FileServer, get: Get, target: Path, keeps: int) -> None:
    misbehave(server, at.stall(keeps))
    assert get(timeout=0.3).sha256 == SHA
    assert server.ranges == [None, f"bytes={keeps}-" if keeps else None]
    assert is_alone(target)


def test_a_server_that_does_not_answer_in_time(server: FileServer, get: Get, slept: list[float]) -> None:
    server.always["/f"] = lambda request: request.server.release.wait(60) and None
    assert error_of(get, timeout=0.1, retries=1) == "expected an answer within 0.1 s, got none"
    assert slept == [1.0]


def test_no_server_is_one_line(target: Path, slept: list[float]) -> None:
    with FileServer() as server:
        url = f"{server.url}/f"

    def get() -> Fetched:
        return download(url, target, patience=Patience(sleep=slept.append))

    assert error_of(get).startswith("expected an answer, the host cannot be reached; without network take ")
    assert slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "Sun, 01 Mar 2026 10:00:40 GMT", "Date": "Sun, 01 Mar 2026 10:00:00 GMT"}, 40.0),
        ({"Retry_After": "Sun, 01 Mar 1998 10:00:40 GMT"}, 0.0),
        ({"Retry_After": "soon"}, 1.0),
        ({"Retry_After": "Sun, 01 Mar 2026 10:00:40 +99999999999999999999"}, 1.0),
    ],
)
def test_the_server_says_how_long_to_wait(
    server: FileServer, get: Get, slept: list[float], headers: dict[str, str], wait: float
) -> None:
    misbehave(server, at.status(429, **headers))
    get()
    assert slept == [wait]


def test_a_wait_of_hours_is_an_error(server: FileServer, get: Get, slept: list[float]) -> None:
    misbehave(server, at.status(503, Retry_After="7200"))
    assert error_of(get) == "expected status 200, got 503 and to wait for 7200 s"
    assert slept == []


def test_waits_stop_growing(server: FileServer, get: Get, slept: list[float]) -> None:
    server.always["/f"] = at.status(500)
    error_of(get, retries=12)
    assert slept == [*(2.0**attempt for attempt in range(10)), 900.0, 900.0]


# Faults that stay


@pytest.mark.parametrize("code", [204, 206, 304, 400, 401, 403, 404, 410, 416, 501])
def test_a_refusal_is_not_repeated(server: FileServer, get: Get, target: Path, code: int) -> None:
    server.always["/f"] = at.status(code)
    assert error_of(get) == f"expected status 200, got {code}"
    assert len(server.requests) == 1
    assert names(target.parent) == []


def test_a_refused_rest_keeps_the_part(server: FileServer, get: Get, target: Path) -> None:
    misbehave(server, at.cut(4000), at.status(404))
    assert error_of(get) == "expected status 200, got 404"
    server.forget()
    assert get().sha256 == SHA
    assert server.ranges == ["bytes=4000-"]


def test_redirects_in_a_circle_are_one_line(server: FileServer, get: Get, slept: list[float]) -> None:
    server.always["/f"] = at.redirect("/f")
    assert error_of(get) == "expected at most 30 redirects, got more"
    assert slept == []


@pytest.mark.parametrize("url", ["nowhere", "http://", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://["])
def test_an_address_that_is_none_is_one_line(target: Path, slept: list[float], url: str) -> None:
    def get() -> Fetched:
        return download(url, target, patience=Patience(sleep=slept.append))

    assert error_of(get).startswith("expected a URL, got: ")
    assert slept == []


def test_a_redirect_to_no_address_is_one_line(server: FileServer, get: Get) -> None:
    misbehave(server, at.redirect("file:///etc/passwd"))
    assert error_of(get).startswith("expected a URL, got: ")


def test_a_compressed_answer_that_nobody_asked_for_is_refused(
    server: FileServer, get: Get, target: Path
) -> None:
    misbehave(server, at.cut(4000), at.gzipped)
    assert error_of(get) == "expected no Content-Encoding, got 'gzip'"
    server.forget()
    assert get().sha256 == SHA
    assert server.ranges == ["bytes=4000-"]


def test_another_hash_removes_the_part(server: FileServer, get: Get, target: Path) -> None:
    assert error_of(get, sha256="0" * 64) == f"expected SHA-256 {'0' * 64}, got {SHA}"
    assert names(target.parent) == []
    assert len(server.requests) == 1


def test_another_announced_size_is_not_downloaded(server: FileServer, get: Get, target: Path) -> None:
    assert error_of(get, size=9) == f"expected 9 bytes, got {len(BODY)}"
    assert names(target.parent) == []
    assert len(server.requests) == 1


def test_a_length_beside_chunks_does_not_matter(server: FileServer, get: Get) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    misbehave(
        server, lambda request: request.answer(body=body, Content_Length="9", Transfer_Encoding="chunked")
    )
    assert get().sha256 == SHA
    assert len(server.requests) == 1


def test_a_length_that_is_none_does_not_matter(server: FileServer, get: Get) -> None:
    misbehave(server, lambda request: request.answer(Content_Length="9" * 5000))
    assert get().sha256 == SHA


def test_a_page_instead_of_the_file_is_told_by_size_or_hash(
    server: FileServer, get: Get, target: Path
) -> None:
    page = b"<html>please log in</html>"
    server.always["/f"] = lambda request: request.send(page)
    assert error_of(get, size=len(BODY)) == f"expected {len(BODY)} bytes, got {len(page)}"
    assert error_of(get, sha256=SHA).startswith(f"expected SHA-256 {SHA}, got ")
    assert not target.exists()
    server.forget()
    assert get(size=len(BODY), sha256=SHA).sha256 == SHA


def test_a_length_announced_too_short_is_told_by_size_or_hash(
    server: FileServer, get: Get, target: Path
) -> None:
    server.always["/f"] = at.announced(5000)
    assert error_of(get, size=len(BODY)) == f"expected {len(BODY)} bytes, got 5000"
    got = hashlib.sha256(BODY[:5000]).hexdigest()
    assert error_of(get, sha256=SHA) == f"expected SHA-256 {SHA}, got {got}"
    assert names(target.parent) == []
    server.forget()
    assert get(size=len(BODY), sha256=SHA).sha256 == SHA


@pytest.mark.parametrize("answer", [at.unannounced(), at.chunked(BODY)])
def test_a_body_longer_than_expected_is_stopped(
    server: FileServer, get: Get, target: Path, answer: at.Behaviour
) -> None:
    server.always["/f"] = answer
    assert error_of(get, size=9, retries=1) == "expected 9 bytes, got more"
    assert names(target.parent) == []


@pytest.mark.parametrize("answer", [at.unannounced(4000), at.chunked(BODY[:4000])])
def test_a_body_shorter_than_expected_is_gone_on_with(
    server: FileServer, get: Get, target: Path, answer: at.Behaviour
) -> None:
    misbehave(server, answer)
    assert error_of(get, size=len(BODY), retries=0) == f"expected {len(BODY)} bytes, got 4000"
    server.forget()
    assert get(size=len(BODY)).sha256 == SHA
    assert server.ranges == ["bytes=4000-"]


# What a part is good for


def leave_part(server: FileServer, get: Get, length: int = 4000) -> None:
    """Have a first call stop after some bytes."""
    misbehave(server, at.cut(length))
    error_of(get, retries=0)
    server.requests.clear()
    server.bodies.clear()


def test_a_file_that_changed_is_begun_anew(server: FileServer, get: Get, target: Path) -> None:
    leave_part(server, get)
    server.files["/f"] = CHANGED
    assert get().etag == at.strong_etag(CHANGED)["ETag"]
    assert target.read_bytes() == CHANGED
    assert server.ranges == ["bytes=4000-"]


def test_a_file_that_changed_and_is_cut_again_is_one_file(server: FileServer, get: Get, target: Path) -> None:
    leave_part(server, get)
    server.files["/f"] = CHANGED
    misbehave(server, at.cut(3000))
    get()
    assert target.read_bytes() == CHANGED
    assert server.ranges == ["bytes=4000-", "bytes=3000-"]


def test_a_server_without_ranges_sends_all_again(server: FileServer, get: Get, target: Path) -> None:
    leave_part(server, get)
    server.always["/f"] = at.without_ranges
    assert get().sha256 == SHA
    assert target.read_bytes() == BODY
    assert server.sent == len(BODY)


def test_a_date_of_change_will_do(server: FileServer, get: Get, target: Path) -> None:
    server.validators = at.last_modified
    leave_part(server, get)
    assert get().last_modified == at.LAST_MODIFIED
    assert server.requests[0].if_range == at.LAST_MODIFIED
    assert server.ranges == ["bytes=4000-"]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "validators",
    [
        at.no_validator,
        at.weak_etag,
        lambda content: at.weak_etag(content) | at.last_modified(content),
        lambda content: {"ETag": "unquoted"},
        lambda content: {"Last-Modified": "lately"},
        lambda content: {
            "Last-Modified": "Sun, 01 Mar 2026 10:00:00 GMT",
            "Date": "Sun, 01 Mar 2026 10:00:00 GMT",
        },
    ],
)
def test_without_a_strong_validator_all_is_asked_for_again(
    server: FileServer, get: Get, target: Path, validators: Callable[[bytes], dict[str, str]]
) -> None:
    server.validators = validators
    misbehave(server, at.cut(4000))
    assert get().sha256 == SHA
    assert server.ranges == [None, None]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "value",
    [
        f"bytes 3999-{len(BODY) - 1}/{len(BODY)}",
        f"bytes 4000-{len(BODY) - 1}/{len(BODY) + 1}",
        f"bytes 4000-{len(BODY)}/{len(BODY)}",
        f"bytes 4000-3999/{len(BODY)}",
        f"bytes 4000-{len(BODY) - 1}/*",
        f"lines 4000-{len(BODY) - 1}/{len(BODY)}",
        "none",
    ],
)
def test_another_range_than_asked_for_is_begun_anew(
    server: FileServer, get: Get, target: Path, slept: list[float], value: str
) -> None:
    leave_part(server, get)
    slept.clear()
    misbehave(server, at.content_range(value))
    assert get(retries=0).sha256 == SHA
    assert server.ranges == ["bytes=4000-", None]
    assert target.read_bytes() == BODY
    assert slept == []


def test_a_rest_of_another_file_is_begun_anew(server: FileServer, get: Get, target: Path) -> None:
    """A server that does not know If-Range, and a file that changed without changing its length."""
    leave_part(server, get)
    server.files["/f"] = CHANGED
    length = len(BODY)
    misbehave(
        server,
        lambda request: request.send(
            CHANGED[4000:],
            206,
            Content_Range=f"bytes 4000-{length - 1}/{length}",
            ETag=request.validators["ETag"],
        ),
    )
    get()
    assert target.read_bytes() == CHANGED
    assert server.ranges == ["bytes=4000-", None]


def test_a_rest_that_comes_in_several_answers_is_put_together(
    server: FileServer, get: Get, target: Path
) -> None:
    leave_part(server, get)
    misbehave(
        server,
        lambda request: request.send(
            BODY[4000:5000], 206, Content_Range=f"bytes 4000-4999/{len(BODY)}", **request.validators
        ),
    )
    assert get().sha256 == SHA
    assert server.ranges == ["bytes=4000-", "bytes=5000-"]
    assert target.read_bytes() == BODY


def test_a_rest_longer_than_it_says_is_thrown_away(server: FileServer, get: Get, target: Path) -> None:
    leave_part(server, get)
    rest = BODY[4000:]
    misbehave(server, lambda request: request.answer(body=rest + b"!", Content_Length=str(len(rest) + 1)))
    assert get().sha256 == SHA
    assert server.ranges == ["bytes=4000-", None]


def test_a_range_that_cannot_be_is_begun_anew(
    server: FileServer, get: Get, target: Path, slept: list[float]
) -> None:
    leave_part(server, get)
    slept.clear()
    misbehave(server, at.status(416, Content_Range=f"bytes */{len(BODY)}"))
    assert get(retries=0).sha256 == SHA
    assert server.ranges == ["bytes=4000-", None]
    assert slept == []


def test_a_rest_of_a_file_of_unknown_length_has_one(server: FileServer, get: Get, target: Path) -> None:
    misbehave(server, at.chunked(BODY[:4000], is_whole=False), at.cut(1000))
    told: list[tuple[int, int | None]] = []
    assert get(progress=lambda done, total: told.append((done, total))).sha256 == SHA
    assert server.ranges == [None, "bytes=4000-", "bytes=5000-"]
    assert (4000, None) in told
    assert (4000, len(BODY)) in told


def test_a_whole_part_is_confirmed_by_its_last_byte(server: FileServer, get: Get, target: Path) -> None:
    leave_part(server, get)
    (target.parent / "file.bin.part").write_bytes(BODY)
    assert get(sha256=SHA).size == len(BODY)
    assert server.ranges == [f"bytes={len(BODY) - 1}-"]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("spoil", ["longer", "empty", "other url", "no json", "other json", "no sidecar"])
def test_a_part_that_is_of_no_use_is_begun_anew(
    server: FileServer, get: Get, target: Path, spoil: str
) -> None:
    leave_part(server, get)
    part, sidecar = target.parent / "file.bin.part", target.parent / "file.bin.part.json"
    known = json.loads(sidecar.read_text())
    if spoil == "longer":
        part.write_bytes(BODY + b"!")
    elif spoil == "empty":
        part.write_bytes(b"")
    elif spoil == "other url":
        sidecar.write_text(json.dumps(known | {"url": f"{server.url}/g"}))
    elif spoil == "no json":
        sidecar.write_bytes(sidecar.read_bytes()[:20])
    elif spoil == "other json":
        sidecar.write_text(json.dumps(known | {"total": "many"}))
    else:
        sidecar.unlink()
    assert get().sha256 == SHA
    assert server.ranges == [None]
    assert is_alone(target)


def test_a_part_of_another_size_than_expected_is_begun_anew(
    server: FileServer, get: Get, target: Path
) -> None:
    leave_part(server, get)
    server.files["/f"] = BODY[:5000]
    assert get(size=5000).size == 5000
    assert server.ranges == [None]


def test_pieces_that_do_not_belong_together_are_begun_anew_once(
    server: FileServer, get: Get, target: Path
) -> None:
    leave_part(server, get)
    part = target.parent / "file.bin.part"
    part.write_bytes(b"x" * 4000)
    assert get(sha256=SHA).sha256 == SHA
    assert server.ranges == ["bytes=4000-", None]
    leave_part(server, get)
    part.write_bytes(b"x" * 4000)
    assert error_of(get, sha256="0" * 64) == f"expected SHA-256 {'0' * 64}, got {SHA}"
    assert server.ranges == ["bytes=4000-", None]
    assert is_alone(target)


def test_another_hash_of_one_piece_is_not_asked_for_again(server: FileServer, get: Get, target: Path) -> None:
    misbehave(server, at.cut(4000), at.cut(1000), at.without_ranges)
    assert error_of(get, sha256="0" * 64) == f"expected SHA-256 {'0' * 64}, got {SHA}"
    assert server.ranges == [None, "bytes=4000-", "bytes=5000-"]


def test_a_rest_that_tells_another_size_than_expected_removes_the_part(
    server: FileServer, get: Get, target: Path
) -> None:
    misbehave(server, at.chunked(BODY[:4000], is_whole=False))
    error_of(get, retries=0)
    assert error_of(get, size=5000) == f"expected 5000 bytes, got {len(BODY)}"
    assert names(target.parent) == []


def test_the_disk_is_asked_before_it_is_written(
    server: FileServer, get: Get, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(6239))
    line = f"expected {len(BODY)} bytes free in {target.parent}, got 6239"
    assert error_of(get) == line
    assert names(target.parent) == []
    monkeypatch.undo()
    leave_part(server, get)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(6239))
    assert error_of(get) == f"expected 6240 bytes free in {target.parent}, got 6239"
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(6240))
    assert get().sha256 == SHA


def test_a_full_disk_is_told_from_a_fault_of_the_server(
    server: FileServer, get: Get, target: Path, slept: list[float]
) -> None:
    def full(done: int, total: int | None) -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        get(progress=full)
    assert slept == []
    assert get().sha256 == SHA


# Killed at any moment

RUN = """
import os, signal, sys
from pathlib import Path
from harmonize.sources import download
url, target, moment = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def die_after(action):
    def act(*values, **named):
        action(*values, **named)
        die()
    return act
def progress(done, total):
    if moment == "half" and done > 20000:
        die()
if moment == "sidecar":
    Path.write_text = die_after(Path.write_text)
elif moment == "sync":
    os.fsync = die
elif moment == "before rename":
    Path.replace = die
elif moment == "after rename":
    Path.replace = die_after(Path.replace)
download.download(url, Path(target), progress=progress)
"""


@pytest.mark.parametrize("moment", ["sidecar", "half", "sync", "before rename", "after rename"])
def test_a_killed_download_leaves_nothing_or_all_and_is_finished(
    server: FileServer, get: Get, target: Path, moment: str
) -> None:
    body = os.urandom(1 << 16)
    server.files["/f"] = body
    server.always["/f"] = at.drip(8192)
    command = [sys.executable, "-c", RUN, f"{server.url}/f", str(target), moment]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert target.exists() == (moment == "after rename")
    if target.exists():
        assert target.read_bytes() == body
        assert is_alone(target)
    server.forget()
    get(sha256=hashlib.sha256(body).hexdigest())
    assert target.read_bytes() == body
    assert is_alone(target)
    (asked,) = server.ranges
    assert (asked is None) == (moment not in ("half", "sync"))
    assert asked is None or server.sent < len(body)


# Cut anywhere


@pytest.fixture(scope="module")
def shared() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@thorough
@given(
    body=st.binary(max_size=400),
    cuts=st.lists(st.integers(0, 200), max_size=8),
    retries=st.integers(0, 4),
    validators=st.sampled_from([at.strong_etag, at.last_modified, at.weak_etag]),
)
def test_wherever_it_is_cut_the_file_is_the_same(
    shared: FileServer,
    body: bytes,
    cuts: list[int],
    retries: int,
    validators: Callable[[bytes], dict[str, str]],
) -> None:
    shared.forget()
    shared.files["/f"], shared.validators = body, validators
    misbehave(shared, *map(at.cut, cuts))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "file"
        calls = 0
        while not target.exists():
            calls += 1
            assert calls <= len(cuts) + 1
            try:
                fetched = download(
                    f"{shared.url}/f", target, patience=Patience(retries, 10.0, lambda seconds: None)
                )
            except DownloadError:
                assert not target.exists()
        assert target.read_bytes() == body
        assert fetched.sha256 == hashlib.sha256(body).hexdigest()
        assert is_alone(target)
    if validators is not at.weak_etag:
        assert shared.sent == len(body)
