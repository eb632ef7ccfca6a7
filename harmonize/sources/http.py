"""Asking a server again: which faults may be gone next time, and how long to wait until then.

Source: RFC 9110, sections 10.2.3 (Retry-After) and 15.5, 15.6 (statuses that a server means for now only).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests
from urllib3.exceptions import NewConnectionError

from harmonize.errors import DownloadError

__all__ = [
    "LONGEST_WAIT",
    "PassingFault",
    "Patience",
    "http_date",
    "new_session",
    "persistently",
    "request_faults",
    "status_fault",
]

LONGEST_WAIT = 900.0
"""Seconds to wait for a server, at most."""

_UNREACHED = (
    "expected an answer, the host cannot be reached; without network take files: --mirror DIR for corpora, "
    "--pubtator FILE for articles"
)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_T = TypeVar("_T")


class PassingFault(Exception):
    """A fault that may be gone next time.

    Attributes:
        wait: seconds to wait, where the server says so.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message)


@dataclass(frozen=True)
class Patience:
    """How long a server is given.

    Attributes:
        retries: how often to ask again after an answer that is none, or not whole.
        timeout: seconds to wait for a connection, and for each part of an answer.
        sleep: waits for some seconds; another one for tests.
    """

    retries: int = 5
    timeout: float = 30.0
    sleep: Callable[[float], None] = time.sleep


def persistently(ask: Callable[[], _T], patience: Patience) -> _T:
    """What `ask` gives, asked again after 1, 2, 4, ... seconds, or when the server says, while faults pass.

    Raises:
        PassingFault: the last one, after all retries; what else `ask` raises is not repeated.
    """
    for attempt in range(patience.retries):
        try:
            return ask()
        except PassingFault as fault:
            wait = float(min(2**attempt, LONGEST_WAIT)) if fault.wait is None else fault.wait
        patience.sleep(wait)
    return ask()


@contextmanager
def request_faults(url: str, timeout: float) -> Iterator[None]:
    """Tell the faults of `requests` that may pass from those that stay.

    Args:
        url: the address for errors.
        timeout: seconds that the request is given, for errors.

    Raises:
        PassingFault: no answer, or none in time.
        DownloadError: the address is none.
    """
    try:
        yield
    except requests.Timeout:
        raise PassingFault(f"expected an answer within {timeout:g} s, got none") from None
    except requests.exceptions.InvalidHeader as error:  # a ValueError, but the server's
        raise PassingFault(f"expected an answer, got: {error}") from None
    except ValueError as error:  # an address that is none
        raise DownloadError(url, f"expected a URL, got: {error}") from None
    except requests.RequestException as error:
        if isinstance(getattr(next(iter(error.args), None), "reason", None), NewConnectionError):
            raise PassingFault(_UNREACHED) from None
        raise PassingFault(f"expected an answer, got {type(error).__name__}: {error}") from None


def status_fault(url: str, response: requests.Response) -> PassingFault | DownloadError:
    """What a status other than 200 amounts to: a fault that passes, or a refusal.

    Args:
        url: the address for errors.

    Returns:
        A DownloadError also where the server asks for a longer wait than LONGEST_WAIT.
    """
    message = f"expected status 200, got {response.status_code}"
    if response.status_code not in _PASSING:
        return DownloadError(url, message)
    wait = _retry_after(response)
    if wait is not None and wait > LONGEST_WAIT:
        return DownloadError(url, f"{message} and to wait for {wait:.0f} s")
    return PassingFault(message, wait)


def http_date(value: str) -> datetime | None:
    """The moment that a header names, in UTC if it names no zone; None where it is no date."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def new_session() -> requests.Session:
    """A session that tells servers who asks."""
    session = requests.Session()
    session.headers["User-Agent"] = "harmonize"
    return session


def _retry_after(response: requests.Response) -> float | None:
    """Seconds to wait by the header Retry-After, which holds seconds or a date.

    A date is compared to the server's own clock, where the answer tells it.
    """
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    moment = http_date(value)
    if moment is None:
        return None
    now = http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())
