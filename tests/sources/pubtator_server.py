"""A PubTator 3 of one's own: answers in the real formats, and misbehaves when told to."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

MOST_REQUESTS = 60


def pmids(count: int, first: int = 90000001) -> list[str]:
    return [str(first + number) for number in range(count)]


def text_article(pmid: str) -> str:
    title = f"Insulin in trial {pmid}."
    abstract = "Insulin < 5 mU|t|made no difference in diabetes."
    start = len(title) + 1 + abstract.index("diabetes")
    return (
        f"{pmid}|t|{title}\n{pmid}|a|{abstract}\n"
        f"{pmid}\t0\t7\tInsulin\tGene\t3630\n"
        f"{pmid}\t{start}\t{start + 8}\tdiabetes\tDisease\tMESH:D003920\n"
        f"{pmid}\tAssociation\tGene|3630\tDisease|MESH:D003920\n\n"
    )


def xml_article(pmid: str) -> str:
    title = f"Insulin in trial {pmid}."
    abstract = "Insulin < 5 mU|t|made no difference in diabetes."
    start = len(title) + 1 + abstract.index("diabetes")
    return (
        f"<document><id>{pmid}</id>"
        f'<passage><infon key="type">title</infon><offset>0</offset><text>{title}</text>'
        '<annotation id="1"><infon key="identifier">3630</infon><infon key="type">Gene</infon>'
        '<location offset="0" length="7"/><text>Insulin</text></annotation></passage>'
        f'<passage><infon key="type">abstract</infon><offset>{len(title) + 1}</offset>'
        f"<text>{escape(abstract)}</text>"
        '<annotation id="2"><infon key="identifier">MESH:D003920</infon><infon key="type">Disease</infon>'
        f'<location offset="{start}" length="8"/><text>diabetes</text></annotation></passage></document>'
    )


def full_article(pmid: str) -> str:
    """An article of PMC with a paragraph of its body, which names it by its PMC number."""
    title, abstract = f"Insulin in trial {pmid}.", "Nothing is named."
    body = "Insulin treats diabetes."
    start = len(title) + len(abstract) + 2

    def annotation(name: str, offset: int, identifier: str, kind: str) -> str:
        return (
            f'<annotation id="{offset}"><infon key="identifier">{identifier}</infon>'
            f'<infon key="type">{kind}</infon><location offset="{offset}" length="{len(name)}"/>'
            f"<text>{name}</text></annotation>"
        )

    def passage(section: str, kind: str, offset: int, text: str, *annotations: str) -> str:
        infons = f'<infon key="section_type">{section}</infon><infon key="type">{kind}</infon>'
        return (
            f"<passage>{infons}<offset>{offset}</offset><text>{text}</text>{''.join(annotations)}</passage>"
        )

    found = [annotation("Insulin", start, "3630", "Gene")]
    found.append(annotation("diabetes", start + body.index("diabetes"), "MESH:D003920", "Disease"))
    first = passage("TITLE", "front", 0, title, annotation("Insulin", 0, "3630", "Gene"))
    first = first.replace("<passage>", f'<passage><infon key="article-id_pmid">{pmid}</infon>')
    return (
        f"<document><id>PMC{int(pmid) // 7}</id>{first}"
        f"{passage('ABSTRACT', 'abstract', len(title) + 1, abstract)}"
        f"{passage('RESULTS', 'paragraph', start, body, *found)}</document>"
    )


def body_of(kind: str, articles: Iterable[str], *, full: bool = False) -> bytes:
    if kind == "pubtator":
        return "".join(map(text_article, articles)).encode()
    documents = "".join(map(full_article if full else xml_article, articles))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE collection SYSTEM "BioC.dtd">'
        f"<collection><source>PubTator</source>{documents}</collection>"
    ).encode()


class Request:
    """A request to answer; `kind` is the format asked for, `full` whether full texts are.

    Attributes:
        known: those of the PMIDs asked for that the server knows, in the order asked.
    """

    def __init__(self, server: Server, handler: BaseHTTPRequestHandler) -> None:
        self.server, self._handler = server, handler
        address = urlsplit(handler.path)
        self.path, self.kind = address.path, address.path.rpartition("/")[2]
        query = parse_qs(address.query)
        self.pmids, self.full = query["pmids"][0].split(","), query.get("full") == ["true"]
        self.known = [pmid for pmid in self.pmids if pmid in server.known]

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer with the length announced, unless headers say another or "none"."""
        names = {"Content-Length": str(len(body))}
        names |= {key.replace("_", "-"): value for key, value in headers.items()}
        self._handler.send_response(status)
        for name, value in names.items():
            if value != "none":
                self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def send_articles(self, articles: Iterable[str], **headers: str) -> None:
        self.server.answered.update(self.pmids)
        self.send(body_of(self.kind, articles, full=self.full), **headers)

    def answer(self) -> None:
        """As PubTator 3 does."""
        if self.known:
            self.send_articles(self.known)
        else:
            self.server.answered.update(self.pmids)
            self.send(json.dumps({"detail": "Could not retrieve publications"}).encode(), 400)


class Server:
    """Serves until `close`; behaves as the next of `misbehave` says, and well when none is left.

    Attributes:
        requests: the PMIDs of each request.
        answered: how often each PMID was in a request that got a whole answer.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.known = frozenset(known)
        self.misbehave: deque[Callable[[Request], None]] = deque()
        self.requests: list[list[str]] = []
        self.paths: list[str] = []
        self.answered: Counter[str] = Counter()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._handle(Request(outer, self))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/research/pubtator3-api"

    def _handle(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request.pmids)
            self.paths.append(request.path)
            behave = self.misbehave.popleft() if self.misbehave else Request.answer
        if len(self.requests) > MOST_REQUESTS:
            request.send(b"too many requests for a test", 410)
        else:
            behave(request)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
