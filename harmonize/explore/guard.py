"""Who may ask the page, and what its answers may do: a wall around the application.

The page is for whoever sits at this machine. Other sites' scripts must not read it by a name that they let
point to 127.0.0.1 (DNS rebinding), nor make it work. So the Host header must name it as the reader does, and
what computes something is taken from its own pages only.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard", "own_hosts"]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer. With the policy "no-referrer" browsers would send no origin with a form."""


def own_hosts(port: int) -> frozenset[str]:
    """What a reader's browser calls the page."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))


class Guard:
    """Refuses what is not asked by a reader of the page, and adds HEADERS to every answer.

    Args:
        hosts: the page's names with their port.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        fault = self._fault(scope["method"], Headers(scope=scope))
        app = self._app if fault is None else PlainTextResponse(fault, status_code=403)
        await app(scope, receive, send_with_headers)

    def _fault(self, method: str, headers: Headers) -> str | None:
        """Why a request is refused; None if it is not."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return f"expected the host {' or '.join(sorted(self._hosts))}"
        if headers.get("sec-fetch-site", "none") == "cross-site" and not _is_link(method, headers):
            return "expected a request of the page itself, got one of another site"
        if method not in ("GET", "HEAD") and headers.get("origin") != f"http://{hosts[0].lower()}":
            return "expected a form of the page itself, got one of another origin"
        return None


def _is_link(method: str, headers: Headers) -> bool:
    """Someone followed a link of another site to the page, which shows it to nobody else."""
    return method == "GET" and headers.get("sec-fetch-mode") == "navigate"
