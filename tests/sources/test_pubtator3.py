"""The client against a server on this machine; time is the tests' own, but for one time-out."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pubtator_server import Request, Server, body_of, pmids, text_article

from harmonize.errors import DownloadError, MalformedInput
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.sources.http import Patience
from harmonize.sources.pubtator3 import Pace, PubTator3

KNOWN = pmids(12)
_GROUPED = (("batch", "per_second", "clock"), ("retries", "timeout", "sleep"))


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(KNOWN)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: Server, clock: Clock, tmp_path: Path) -> Iterator[Callable[..., PubTator3]]:
    """Makes clients of the server that share a cache."""
    made: list[PubTator3] = []

    def make(**options: Any) -> PubTator3:
        given = [{name: options.pop(name) for name in names if name in options} for names in _GROUPED]
        pace = Pace(**{"batch": 4, "clock": clock} | given[0])
        patience = Patience(**{"sleep": clock.sleep} | given[1])
        options = {"url": server.url} | options
        made.append(PubTator3(tmp_path / "cache", pace=pace, patience=patience, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[..., PubTator3]


def ids(records: Iterable[PubTatorRecord]) -> list[str]:
    return [record.id for record in records]


def asked_once(server: Server, asked: Iterable[str]) -> bool:
    return server.answered == Counter(asked)


# What is asked and what comes


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_articles_come_as_asked_in_batches(server: Server, client: Make, kind: str) -> None:
    asked = KNOWN[::-1]
    records = list(client(format=kind).articles([*asked, asked[3]]))
    assert ids(records) == asked
    assert server.requests == [asked[0:4], asked[4:8], asked[8:12]]
    assert set(server.paths) == {f"/research/pubtator3-api/publications/export/{kind}"}
    for record in records:
        assert [(m.text, m.type, m.id) for m in record.mentions] == [
            ("Insulin", "Gene", "3630"),
            ("diabetes", "Disease", "MESH:D003920"),
        ]
        assert all(record.text[m.start : m.end] == m.text for m in record.mentions)


def test_both_formats_give_the_same_titles_abstracts_and_mentions(client: Make) -> None:
    def seen(record: PubTatorRecord) -> object:
        places = [(m.start, m.end, m.text, m.type, m.id) for m in record.mentions]
        return record.id, record.title, record.abstract, places

    text = client(format="pubtator").articles(KNOWN)
    assert list(map(seen, text)) == list(map(seen, client(format="biocxml").articles(KNOWN)))


def test_text_holds_relations(client: Make) -> None:
    (record,) = client().articles(KNOWN[:1])
    assert [(r.type, r.head, r.tail) for r in record.relations] == [
        ("Association", "Gene|3630", "Disease|MESH:D003920")
    ]


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_order_duplicates_and_other_articles_in_an_answer_do_not_matter(
    server: Server, client: Make, kind: str
) -> None:
    def jumbled(request: Request) -> None:
        request.send_articles([*reversed(request.known), *KNOWN[6:8], request.known[0]])

    server.misbehave.append(jumbled)
    assert ids(client(format=kind).articles(KNOWN)) == KNOWN
    # The two that nobody had asked for were kept, and are not asked for now.
    assert server.requests == [KNOWN[0:4], [*KNOWN[4:6], *KNOWN[8:10]], KNOWN[10:12]]


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_articles_may_be_read_later_with_a_handler_for_each(server: Server, client: Make, kind: str) -> None:
    one, seen = client(format=kind), list[str]()
    readings = list(one.readings([*KNOWN[:2], *pmids(1, first=91000001), KNOWN[0]]))
    assert one.unknown == pmids(1, first=91000001)
    assert ids(read(lambda pmid, mention, reason: seen.append(pmid)) for read in readings) == KNOWN[:2]
    assert (seen, one.misfits) == ([], {})


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_unknown_articles_are_listed_and_not_asked_again(server: Server, client: Make, kind: str) -> None:
    strangers = pmids(2, first=91000001)
    asked = [strangers[0], *KNOWN[:3], strangers[1]]
    first = client(format=kind)
    assert ids(first.articles(asked)) == KNOWN[:3]
    assert first.unknown == strangers
    before = len(server.requests)
    again = client(format=kind)
    assert ids(again.articles(reversed(asked))) == KNOWN[:3][::-1]
    assert again.unknown == strangers[::-1]
    assert len(server.requests) == before


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_full_texts_are_asked_for_a_few_at_once_and_kept_apart(
    server: Server, client: Make, kind: str
) -> None:
    if kind == "pubtator":
        with pytest.raises(DownloadError, match="expected the format biocxml for full texts, got 'pubtator'"):
            client(format=kind, full=True)
        return
    abstracts = list(client(format=kind).articles(KNOWN))
    one = client(format=kind, full=True, batch=100)
    records = [read(lambda *_: None) for read in one.readings(KNOWN, choice="paragraphs")]
    assert server.requests[3:] == [KNOWN[:10], KNOWN[10:]]
    assert ids(records) == ids(abstracts) == KNOWN
    assert [len(record.mentions) for record in records] == [3] * len(KNOWN)
    assert [len(record.mentions) for record in one.articles(KNOWN)] == [1] * len(KNOWN)
    assert len(server.requests) == 5


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
def test_that_it_knows_none_is_believed_the_second_time(server: Server, client: Make, kind: str) -> None:
    """One lost answer of 400 must not make a hundred articles unknown for good."""
    server.misbehave.append(
        lambda request: request.send(b'{"detail":"Could not retrieve publications"}', 400)
    )
    one = client(format=kind)
    assert ids(one.articles(KNOWN[:4])) == KNOWN[:4]
    assert one.unknown == []
    strangers = pmids(3, first=91000001)
    assert ids(one.articles(strangers)) == []
    assert one.unknown == strangers
    assert server.requests[2:] == [strangers, strangers]


def test_an_article_that_turns_up_later_is_no_longer_unknown(server: Server, client: Make) -> None:
    server.misbehave.append(lambda request: request.send_articles(request.known[1:]))
    assert ids(client().articles(KNOWN[:4])) == KNOWN[1:4]
    server.misbehave.append(lambda request: request.send_articles(KNOWN[:8]))
    assert ids(client().articles(KNOWN[4:8])) == KNOWN[4:8]
    assert ids(client().articles(KNOWN[:1])) == KNOWN[:1]
    assert set(server.answered.values()) == {1}


def test_formats_are_kept_apart(server: Server, client: Make) -> None:
    list(client(format="pubtator").articles(KNOWN[:2]))
    list(client(format="biocxml").articles(KNOWN[:2]))
    assert len(server.requests) == 2


def test_mentions_that_the_text_does_not_spell_are_counted_and_left_out(server: Server, client: Make) -> None:
    article = text_article(KNOWN[0]).rstrip("\n") + f"\n{KNOWN[0]}\t5000\t5007\tinsulin\tGene\t3630\n\n"
    server.misbehave.append(lambda request: request.send(article.encode()))
    seen: list[tuple[str, int, str]] = []
    one = client(misfit=lambda pmid, mention, reason: seen.append((pmid, mention.start, reason)))
    (record,) = one.articles(KNOWN[:1])
    assert len(record.mentions) == 2
    assert seen == [(KNOWN[0], 5000, "beyond the text")]
    assert one.misfits == {"beyond the text": 1}


def test_an_article_without_text_is_an_article(server: Server, client: Make) -> None:
    server.misbehave.append(lambda request: request.send(f"{KNOWN[0]}|t|\n{KNOWN[0]}|a|\n\n".encode()))
    one = client()
    assert [record.text for record in one.articles(KNOWN[:1])] == [""]
    assert one.unknown == []


def test_answers_may_be_compressed(server: Server, client: Make) -> None:
    server.misbehave.append(
        lambda request: request.send(
            gzip.compress(body_of(request.kind, request.known)), Content_Encoding="gzip"
        )
    )
    assert ids(client().articles(KNOWN[:4])) == KNOWN[:4]
    assert len(server.requests) == 1


# Faults that pass


def status(code: int, **headers: str) -> Callable[[Request], None]:
    return lambda request: request.send(b"<html>busy</html>", code, **headers)


def body(change: Callable[[bytes], bytes], **headers: str) -> Callable[[Request], None]:
    return lambda request: request.send(change(body_of(request.kind, request.known)), **headers)


def cut_while_sending(request: Request) -> None:
    whole = body_of(request.kind, request.known)
    request.send(whole[: len(whole) // 2], Content_Length=str(len(whole)))


def cut_between_articles(request: Request) -> None:
    """A whole first article, then the connection ends; the server had announced nothing."""
    request.send(body_of("pubtator", request.known[:1]), Content_Length="none")


def cut_between_chunks(request: Request) -> None:
    part = body_of(request.kind, request.known[:1])
    chunk = b"%x\r\n%b\r\n" % (len(part), part)
    request.send(chunk, Content_Length="none", Transfer_Encoding="chunked")


def hangs_up(request: Request) -> None:
    request._handler.connection.close()


PASSING = {
    "status 429": status(429),
    "status 500": status(500),
    "status 502": status(502),
    "status 503": status(503),
    "cut, length announced": cut_while_sending,
    "cut between chunks": cut_between_chunks,
    "cut, no length announced": body(lambda whole: whole[: len(whole) * 5 // 8], Content_Length="none"),
    "one byte lost at the end": body(lambda whole: whole[:-1], Content_Length="none"),
    "hangs up": hangs_up,
    "web page": body(lambda whole: b"<!DOCTYPE html><html><body>Maintenance</body></html>"),
    "plain words": body(lambda whole: b"Service unavailable\n"),
    "json": body(lambda whole: b'{"detail": "try later"}'),
    "not UTF-8": body(lambda whole: whole.replace(b"diabetes", b"diab\xe8tes", 1)),
    "broken gzip": body(lambda whole: whole, Content_Encoding="gzip"),
    "nothing": body(lambda whole: b""),
}


@pytest.mark.parametrize("kind", ["pubtator", "biocxml"])
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_costs_one_more_request(
    server: Server, client: Make, clock: Clock, name: str, kind: str
) -> None:
    if kind == "biocxml" and name == "one byte lost at the end":
        server.misbehave.append(body(lambda whole: whole[:-1]))
    else:
        server.misbehave.append(PASSING[name])
    one = client(format=kind)
    assert ids(one.articles(KNOWN[:4])) == KNOWN[:4]
    assert one.unknown == []
    assert len(server.requests) == 2
    assert clock.slept == [1.0]
    assert asked_once(server, KNOWN[:4])


def test_articles_before_an_unannounced_cut_are_kept(server: Server, client: Make) -> None:
    server.misbehave.append(cut_between_articles)
    assert ids(client().articles(KNOWN[:4])) == KNOWN[:4]
    assert server.requests == [KNOWN[:4], KNOWN[1:4]]


def test_a_broken_article_does_not_cost_the_others(server: Server, client: Make) -> None:
    broken = body(lambda whole: whole.replace(b"\t0\t7\tInsulin", b"\t0\tInsulin", 1))
    server.misbehave.extend([broken] * 3)
    one = client(retries=2)
    with pytest.raises(DownloadError) as caught:
        list(one.articles(KNOWN[:4]))
    export = f"{server.url}/publications/export/pubtator"
    assert str(caught.value) == (
        f"{export}?pmids={KNOWN[0]}: expected a whole article, got answer:3: "
        "expected two offsets, got '0' and 'Insulin'"
    )
    assert server.requests == [KNOWN[:4], KNOWN[:1], KNOWN[:1]]
    assert ids(one.articles(KNOWN[1:4])) == KNOWN[1:4]
    assert len(server.requests) == 3


def test_a_slow_answer_is_asked_for_again(server: Server, client: Make) -> None:
    release = threading.Event()
    server.misbehave.append(lambda request: release.wait(30) and None)
    try:
        assert ids(client(timeout=0.2).articles(KNOWN[:4])) == KNOWN[:4]
    finally:
        release.set()
    assert len(server.requests) == 2


def test_waits_double(server: Server, client: Make, clock: Clock) -> None:
    server.misbehave.extend([status(500)] * 5)
    assert ids(client().articles(KNOWN[:2])) == KNOWN[:2]
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        (
            {"Retry_After": "Sun, 01 Mar 2026 10:00:40 GMT", "Date": "Sun, 01 Mar 2026 10:00:00 GMT"},
            40.0,
        ),
        ({"Retry_After": "Sun, 01 Mar 1998 10:00:40 GMT"}, 0.0),
        ({"Retry_After": "soon"}, 1.0),
    ],
)
@pytest.mark.parametrize("code", [429, 503])
def test_the_server_says_how_long_to_wait(
    server: Server, client: Make, clock: Clock, code: int, headers: dict[str, str], wait: float
) -> None:
    def answer(request: Request) -> None:
        sent = {"Date": "none"} | headers
        request._handler.date_time_string = lambda timestamp=None: sent["Date"]  # type: ignore[method-assign]
        request.send(b"", code, Retry_After=headers["Retry_After"])

    server.misbehave.append(answer)
    assert ids(client(per_second=100.0).articles(KNOWN[:2])) == KNOWN[:2]
    assert clock.slept[0] == pytest.approx(wait) or (wait == 0.0 and clock.slept[0] <= 0.01)


# Faults that stay


def test_a_server_that_stays_down_is_one_line(server: Server, client: Make, clock: Clock) -> None:
    server.misbehave.extend([status(500)] * 6)
    with pytest.raises(DownloadError) as caught:
        list(client().articles(KNOWN))
    assert str(caught.value) == (
        f"{server.url}/publications/export/pubtator?pmids={','.join(KNOWN[:3])},... (4 articles): "
        "expected status 200, got 500"
    )
    assert len(server.requests) == 6
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize("code", [400, 403, 404, 414])
def test_a_refusal_is_not_repeated(server: Server, client: Make, code: int) -> None:
    server.misbehave.append(status(code))
    with pytest.raises(DownloadError, match=f"expected status 200, got {code}"):
        list(client().articles(KNOWN[:2]))
    assert len(server.requests) == 1


def test_a_wait_of_hours_is_an_error(server: Server, client: Make, clock: Clock) -> None:
    server.misbehave.append(status(429, Retry_After="7200"))
    with pytest.raises(DownloadError, match="got 429 and to wait for 7200 s"):
        list(client().articles(KNOWN[:2]))
    assert clock.slept == []


def test_no_server_is_one_line(tmp_path: Path, clock: Clock) -> None:
    server = Server([])
    server.close()
    with (
        PubTator3(
            tmp_path, url=server.url, pace=Pace(clock=clock), patience=Patience(sleep=clock.sleep)
        ) as one,
        pytest.raises(DownloadError, match=r"the host cannot be reached; .* --pubtator FILE") as caught,
    ):
        list(one.articles(KNOWN))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["nowhere", "http://", "ftp://127.0.0.1/x"])
def test_an_address_that_is_none_is_one_line(tmp_path: Path, clock: Clock, url: str) -> None:
    with (
        PubTator3(tmp_path, url=url, patience=Patience(sleep=clock.sleep)) as one,
        pytest.raises(DownloadError, match="URL"),
    ):
        list(one.articles(KNOWN))
    assert clock.slept == []


@pytest.mark.parametrize("pmid", ["", "PMC90000001", "090000001", "9000,1", "90000001 ", "٣"])
def test_what_is_no_pmid_is_refused(server: Server, client: Make, pmid: str) -> None:
    with pytest.raises(DownloadError, match="expected a PMID, got"):
        list(client().articles([pmid]))
    assert not server.requests


@pytest.mark.parametrize("options", [{"batch": 0}, {"batch": 101}, {"format": "csv"}, {"per_second": 0.0}])
def test_options_are_checked(client: Make, options: dict[str, Any]) -> None:
    with pytest.raises(DownloadError, match="expected"):
        client(**options)


# The rate


def test_no_more_than_three_requests_begin_in_a_second(server: Server, client: Make, clock: Clock) -> None:
    moments: list[float] = []

    def noted(request: Request) -> None:
        moments.append(clock.now)
        request.answer()

    server.misbehave.extend([noted, noted, status(500), noted, status(429), *[noted] * 10])
    assert ids(client(batch=1).articles(KNOWN)) == KNOWN
    assert len(moments) == len(KNOWN)
    assert all(late - early >= 1.0 - 1e-9 for early, late in zip(moments, moments[3:], strict=False))


def test_a_request_after_a_pause_does_not_wait(server: Server, client: Make, clock: Clock) -> None:
    one = client(batch=1)
    list(one.articles(KNOWN[:1]))
    clock.now += 10
    list(one.articles(KNOWN[1:2]))
    assert clock.slept == []


# Stopping and going on


def test_a_run_that_is_stopped_goes_on_where_it_was(server: Server, client: Make) -> None:
    records = client().articles(KNOWN)
    assert ids(next(records) for _ in range(5)) == KNOWN[:5]
    records.close()
    assert ids(client().articles(KNOWN)) == KNOWN
    assert asked_once(server, KNOWN)


def test_a_run_that_fails_goes_on_where_it_was(server: Server, client: Make) -> None:
    server.misbehave.extend([Request.answer, status(404)])
    with pytest.raises(DownloadError):
        list(client().articles(KNOWN))
    assert ids(client().articles(KNOWN)) == KNOWN
    assert asked_once(server, KNOWN)


RUN = """
import os, signal, sys
from pathlib import Path
from harmonize.sources.http import Patience
from harmonize.sources.pubtator3 import Pace, PubTator3
url, cache, last, *pmids = sys.argv[1:]
client = PubTator3(Path(cache), url=url, pace=Pace(4, 1000.0))
for record in client.articles(pmids):
    print(record.id, flush=True)
    if record.id == last:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def run(server: Server, cache: Path, last: str = "-") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, server.url, str(cache), last, *KNOWN]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


def test_a_killed_process_leaves_what_it_had(server: Server, client: Make, tmp_path: Path) -> None:
    process = run(server, tmp_path / "cache", last=KNOWN[5])
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert printed.split() == KNOWN[:6]
    assert ids(client().articles(KNOWN)) == KNOWN
    assert asked_once(server, KNOWN)


def test_a_process_killed_while_it_asks_blocks_nobody(server: Server, client: Make, tmp_path: Path) -> None:
    reached, release = threading.Event(), threading.Event()

    def hang(request: Request) -> None:
        reached.set()
        release.wait(60)

    server.misbehave.extend([Request.answer, hang])
    process = run(server, tmp_path / "cache")
    assert reached.wait(60)
    process.kill()
    process.communicate(timeout=60)
    release.set()
    assert ids(client().articles(KNOWN)) == KNOWN
    assert asked_once(server, KNOWN)


def test_processes_that_run_together_ask_once(server: Server, tmp_path: Path) -> None:
    processes = [run(server, tmp_path / "cache") for _ in range(3)]
    for process in processes:
        printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert printed.split() == KNOWN
    assert asked_once(server, KNOWN)


def test_a_file_that_is_no_cache_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pubtator3.sqlite").write_bytes(b"something else, of some length" * 50)
    with pytest.raises(MalformedInput, match="expected a cache of PubTator articles, got"):
        PubTator3(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MalformedInput, match="expected a cache of PubTator articles, got"):
        PubTator3(tmp_path / "file" / "cache")
