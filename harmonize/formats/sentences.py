"""Records shared by the two XML formats that annotate sentence by sentence (DDI and unified PPI)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.model import Document, Mention, Passage, Relation, Span, Split

__all__ = ["AnnotatedSentence", "Pair", "SentenceRecord", "check_pairs", "document", "joined"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of mention ids that the corpus lists, as a positive or as a negative."""

    head: str
    tail: str
    type: str
    positive: bool


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """One sentence; the spans of its mentions are relative to `text`."""

    id: str
    orig_id: str | None
    text: str
    mentions: tuple[Mention, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class SentenceRecord:
    """One document. `orig_id` is the source's own number, `pmid` what a reader knows to be one."""

    id: str
    orig_id: str | None
    sentences: tuple[AnnotatedSentence, ...]
    pmid: str | None = None


def check_pairs(
    pairs: Iterable[Pair], known: Container[str], path: Path | str, line: int | None, document: str
) -> None:
    """Raises MalformedInput where a pair names a mention that its sentence lacks."""
    for pair in pairs:
        for identifier in (pair.head, pair.tail):
            if identifier not in known:
                raise MalformedInput(
                    path,
                    f"expected an entity of the sentence, got {identifier!r}",
                    line=line,
                    document=document,
                )


def joined(
    sentences: Iterable[AnnotatedSentence],
) -> tuple[str, tuple[Passage, ...], tuple[Span, ...], tuple[Mention, ...]]:
    """Document text, passages, sentence spans and mentions of sentences that have no common offsets.

    The text is the sentences, unstripped, with one blank between; the whole is one passage. Sentences of
    blanks only keep their place in the text but are no sentence of the result.
    """
    parts: list[str] = []
    spans: list[Span] = []
    mentions: list[Mention] = []
    start = 0
    for sentence in sentences:
        if sentence.text.strip():
            spans.append(Span(start, start + len(sentence.text)))
        for mention in sentence.mentions:
            moved = tuple(span.shifted(start) for span in mention.spans)
            mentions.append(
                Mention(mention.id, mention.type, mention.text, moved, mention.concept_ids, mention.source)
            )
        parts.append(sentence.text)
        start += len(sentence.text) + 1
    text = " ".join(parts)
    passages = (Passage("text", Span(0, len(text))),) if text else ()
    return text, passages, tuple(spans), tuple(mentions)


def document(record: SentenceRecord, split: Split, pmid: str | None) -> Document:
    """A Document with the record's own sentences; its positive pairs are the relations."""
    text, passages, sentences, mentions = joined(record.sentences)
    pairs = (pair for sentence in record.sentences for pair in sentence.pairs if pair.positive)
    return Document(
        id=record.id,
        split=split,
        text=text,
        passages=passages,
        mentions=mentions,
        relations=tuple(Relation(pair.head, pair.tail, pair.type) for pair in pairs),
        pmid=pmid,
        sentences=sentences,
    )
