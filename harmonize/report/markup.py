"""Values as HTML has them: what templates of this package write texts and numbers with."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

__all__ = ["html_templates", "number", "percent", "web"]


def html_templates(package: str) -> Environment:
    """The templates of a package, which escape everything, and the filters of this file."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=exact,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "web": web}
    return environment


def exact(value: Any) -> Any:
    """A text as the data has it: a browser takes a carriage return for a line feed and leaves out a NUL."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(str(escape(value)).replace("\r", "&#13;").replace("\0", "\ufffd"))


def number(value: int) -> str:
    return f"{value:,}"


def percent(part: int, whole: int) -> str:
    """A share to read, such as "20.3 %"; a dash for a share of nothing."""
    if not whole:
        return "–"
    if 0 < part < 0.0005 * whole:
        return "<0.1\u00a0%"
    if part < whole and part > 0.9995 * whole:
        return ">99.9\u00a0%"
    return f"{part / whole:.1%}".replace("%", "\u00a0%")


def web(address: str | None) -> str | None:
    """An address that a link may lead to; None for none, or for one that is no web page."""
    return address if address and address.startswith(("https://", "http://")) else None
