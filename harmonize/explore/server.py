"""The page at 127.0.0.1: a socket, a server, and a browser."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from harmonize.errors import HarmonizeError, install

if TYPE_CHECKING:
    import uvicorn

    from harmonize.explore.material import Material

__all__ = ["HOST", "PORT", "check_extra", "listening", "serve", "server"]

HOST, PORT = "127.0.0.1", 8017
_BACKLOG = 64
_MOST_AT_ONCE = 64  # requests; a browser asks for six


def check_extra() -> None:
    """Raises HarmonizeError, with what to do, where the extra is not installed."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise HarmonizeError(
            "explore: expected Starlette and uvicorn, found none; install them with " + install("explore")
        ) from None


def serve(material: Material, port: int, *, browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until it is interrupted.

    Args:
        port: of 127.0.0.1; 0 for any that is free.
        browser: open the page in a browser, where there is a screen.
        tell: is told the address, once it can be asked.

    Raises:
        HarmonizeError: the port is taken, or may not be used.
    """
    with listening(port) as opened:
        address = f"http://{HOST}:{opened.getsockname()[1]}/"
        running = server(material, opened)
        tell(address)
        if browser and _has_screen():
            webbrowser.open(address)
        try:
            running.run(sockets=[opened])
        except KeyboardInterrupt:
            return


def server(material: Material, opened: socket.socket) -> uvicorn.Server:
    """The server of the page for a socket that listens; to be run with it."""
    import uvicorn

    from harmonize.explore.application import application
    from harmonize.explore.guard import own_hosts

    config = uvicorn.Config(
        application(material, own_hosts(opened.getsockname()[1])),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def listening(port: int) -> socket.socket:
    """A socket of this machine that listens.

    Raises:
        HarmonizeError: the port is taken, or may not be used.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise HarmonizeError(
            f"--port: expected a free port of {HOST}, got {port}: {error.strerror}; 0 takes any that is free"
        ) from None
    return opened


def _has_screen() -> bool:
    """A browser would have a window of its own; one of a terminal would take that over."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
