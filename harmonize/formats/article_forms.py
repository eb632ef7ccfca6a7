"""What a file of annotated articles is, told by its first bytes. Imports nothing that reads one."""

from __future__ import annotations

import codecs
import re
from typing import Literal

__all__ = [
    "ARTICLE_FORMS",
    "BRAT",
    "BRAT_ANNOTATIONS",
    "BRAT_TEXT",
    "DOCUMENT_FORMS",
    "HEAD",
    "ArticleForm",
    "form_of",
    "is_plain_text",
    "is_utf_16",
]

HEAD = 1 << 16
"""How many of a file's first bytes tell what it is."""
_LONGEST_ID = 999
_TEXT_START = re.compile(rb"[^|\t\n]{1,%d}\|(?:t|a|title|abstract)\|" % _LONGEST_ID)
_ANNOTATED = re.compile(
    rf"^[^\S\n]*[^|\s][^|,\t\n]{{0,{_LONGEST_ID - 1}}}(?:\|\w+\||\t[0-9]+\t[0-9]+\t)", re.MULTILINE
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_JSON_KEYS = (b'"documents"', b'"PubTator3"', b'"passages"')

ArticleForm = Literal["pubtator", "bioc-xml", "bioc-json", "ppi-xml"]
ARTICLE_FORMS: tuple[ArticleForm, ...] = ("pubtator", "bioc-xml", "bioc-json", "ppi-xml")

BRAT = "brat"
DOCUMENT_FORMS = (*ARTICLE_FORMS, BRAT)
"""What annotated documents come in; brat's standoff is no form of PubTator's dumps, and its name tells it."""
BRAT_TEXT, BRAT_ANNOTATIONS = ".txt", ".ann"
"""How the names of its two files end."""


def form_of(head: bytes) -> ArticleForm | None:
    """What a file is that begins so; None if it holds no annotated articles."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        if b"<collection" in start:
            return "bioc-xml"
        return "ppi-xml" if b"<document" in start and b"<sentence" in start else None
    if start.startswith((b"{", b"[")):
        return "bioc-json" if any(key in start for key in _JSON_KEYS) else None
    return "pubtator" if _TEXT_START.match(start) else None


def is_utf_16(head: bytes) -> bool:
    """True for text in UTF-16: its byte order mark comes first, or every other byte is zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    first = head[:4]
    return b"\0\0" in (first[::2], first[1::2]) and first.count(0) == 2


def is_plain_text(head: bytes) -> bool:
    """True for a file that begins as text without a line of PubTator's, and is no markup, JSON or binary."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head).strip()
    except UnicodeDecodeError:
        return False
    if not text or text.startswith(("<", "{", "[")):
        return False
    return not (_CONTROL.search(text) or _ANNOTATED.search(text))
