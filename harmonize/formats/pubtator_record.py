"""One article as PubTator text has it, and what stands in the fields of its annotations.

Other formats of annotated articles make such records too, and fill in what PubTator text has no place for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from harmonize.model import Passage, Span

__all__ = [
    "VARIANT_DESCRIPTION",
    "BodyPassage",
    "PubTatorMention",
    "PubTatorRecord",
    "PubTatorRelation",
    "split_ids",
    "title_and_abstract",
    "variant_genes",
]


@dataclass(frozen=True, slots=True)
class PubTatorMention:
    """A mention line. `id` is None where the column is missing, `extra` where there is no seventh column.

    `name` is what relations call the mention in formats in which they do, and `parts` where the parts of a
    discontinuous one stand, from `start` to `end`, where a reader keeps such; PubTator text has neither.
    """

    start: int
    end: int
    text: str
    type: str
    id: str | None
    extra: str | None
    line: int
    name: str | None = None
    parts: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class PubTatorRelation:
    """A relation line. `novelty` is None where the line has four columns, `subject` where none is marked.

    `head` and `tail` are ids, or with `by_name` names of mentions; empty where the file does not tell them.
    """

    type: str
    head: str
    tail: str
    novelty: str | None
    line: int
    by_name: bool = False
    subject: str | None = None


class BodyPassage(NamedTuple):
    """A passage of an article's full text; see harmonize.model.Passage."""

    kind: str
    text: str
    section: str | None
    offset: int | None


@dataclass(frozen=True, slots=True)
class PubTatorRecord:
    """One article, as PubTator text has it; other formats know more of one.

    Attributes:
        abstract: None where it has no |a| line, which an empty one is not.
        body: what follows the abstract; none in PubTator text.
        sentences: None where the format does not tell them, as PubTator text.
        left_out: kind and number of annotations of each passage that was not read; none in PubTator text.
        pmid: where it is not the id.
    """

    id: str
    title: str
    abstract: str | None
    mentions: tuple[PubTatorMention, ...]
    relations: tuple[PubTatorRelation, ...]
    line: int
    body: tuple[BodyPassage, ...] = ()
    sentences: tuple[Span, ...] | None = None
    left_out: tuple[tuple[str, int], ...] = ()
    pmid: str | None = None

    @property
    def text(self) -> str:
        """Title, abstract and body with one blank between: what the offsets count in."""
        return self.laid_out()[0]

    def laid_out(self) -> tuple[str, tuple[Passage, ...]]:
        """The text and its passages; see `title_and_abstract`."""
        text, passages = title_and_abstract(self.title, self.abstract)
        parts, found, end = [text] if text else [], list(passages), len(text)
        for kind, part, section, offset in self.body:
            start = end + 1 if parts else 0
            end = start + len(part)
            parts.append(part)
            found.append(Passage(kind, Span(start, end), section, offset))
        return " ".join(parts), tuple(found)


def title_and_abstract(title: str, abstract: str | None) -> tuple[str, tuple[Passage, ...]]:
    """The text of an article and its passages.

    Empty parts get no passage, and an empty abstract adds nothing to the text.
    """
    text = f"{title} {abstract}" if abstract else title
    passages = [Passage("title", Span(0, len(title)))] if title else []
    if abstract:
        passages.append(Passage("abstract", Span(len(title) + 1, len(text))))
    return text, tuple(passages)


def split_ids(
    raw: str | None, separators: str, unknown: Collection[str] = ("", "-", "-1")
) -> tuple[str, ...]:
    """The concept ids in one id field, each once, in order.

    Args:
        raw: the field, e.g. "D014786|D006311" or " CVCL_1452".
        separators: the characters that join ids here; others belong to an id ("c|SUB|G|35|A").
        unknown: ids that stand for "not known".
    """
    if raw is None:
        return ()
    parts = re.split(f"[{re.escape(separators)}]", raw) if separators else [raw]
    ids = dict.fromkeys(part.strip() for part in parts)
    return tuple(identifier for identifier in ids if identifier not in unknown)


VARIANT_DESCRIPTION = re.compile(r"(?:(?:tmVar|dbSNP|HGVS):)?([cgmnpr](?:[.|]).+)", re.IGNORECASE)
"""A variant's id that tells what changes: "tmVar:c|SUB|G|35|A", "p.V600E"."""


def variant_genes(raw: str) -> tuple[str, ...]:
    """NCBI Gene ids in a tmVar id: "tmVar:p|SUB|V|600|E;HGVS:p.V600E;CorrespondingGene:673" -> ("673",).

    Empty where tmVar found no gene.
    """
    fields = dict(part.partition(":")[::2] for part in raw.split(";"))
    return split_ids(fields.get("CorrespondingGene"), ",", unknown=("", "-", "None"))
