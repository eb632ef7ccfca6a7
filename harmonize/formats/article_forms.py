"""What a file of annotated articles is, told by its first bytes. Imports nothing that reads one."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["ARTICLE_FORMS", "HEAD", "ArticleForm", "form_of"]

HEAD = 1 << 16
"""How many of a file's first bytes tell what it is."""
_TEXT_START = re.compile(rb"[^|\t\n]{1,99}\|(?:t|a|title|abstract)\|")
_JSON_KEYS = (b'"documents"', b'"PubTator3"', b'"passages"')

ArticleForm = Literal["pubtator", "bioc-xml", "bioc-json"]
ARTICLE_FORMS: tuple[ArticleForm, ...] = ("pubtator", "bioc-xml", "bioc-json")


def form_of(head: bytes) -> ArticleForm | None:
    """What a file is that begins so; None if it holds no annotated articles."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return "bioc-xml" if b"<collection" in start else None
    if start.startswith((b"{", b"[")):
        return "bioc-json" if any(key in start for key in _JSON_KEYS) else None
    return "pubtator" if _TEXT_START.match(start) else None
