"""Tiny documents written by hand, and the corpora of the real mappings with a rule or two changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from harmonize.ledger import Ledger
from harmonize.model import Document, Instance, Mention, Passage, Relation, Span
from harmonize.rules.adjust import adjust
from harmonize.spec import Corpus, load_catalogue

CATALOGUE = load_catalogue()


def corpus(key: str, *, spec: Mapping[str, Any] | None = None, **rules: Any) -> Corpus:
    """A corpus of the catalogue, with cells of its Table 2 row or keys of its mapping replaced."""
    found = CATALOGUE[key]
    return replace(
        found,
        spec=found.spec.model_copy(update=dict(spec or {})),
        rules=found.rules.model_copy(update=rules),
    )


def mention(text: str, identifier: str, words: str, kind: str, *concept_ids: str, nth: int = 0) -> Mention:
    """The nth place where the text reads `words`; parts of a discontinuous mention are joined by "...".

    A part is looked for behind the one before.
    """
    spans: list[Span] = []
    for part in words.split("..."):
        start = text.index(part, spans[-1].end if spans else 0)
        for _ in range(nth if not spans else 0):
            start = text.index(part, start + 1)
        spans.append(Span(start, start + len(part)))
    spelled = " ".join(span.of(text) for span in spans)
    return Mention(identifier, kind, spelled, tuple(spans), concept_ids)


def document(
    text: str,
    mentions: Iterable[Mention],
    relations: Iterable[tuple[str, ...]] = (),
    *,
    sentences: Iterable[str] | None = None,
    title: str | None = None,
) -> Document:
    """A document of one passage, or of a title and the rest.

    Args:
        relations: (head, type, tail) or (head, type, tail, novelty).
        sentences: the corpus's own, as they read in the text.
    """
    whole = Span(0, len(text))
    passages = [Passage("abstract", whole)]
    if title is not None:
        cut = len(title)
        passages = [Passage("title", Span(0, cut)), Passage("abstract", Span(cut + 1, len(text)))]
    own = None
    if sentences is not None:
        own = tuple(Span(text.index(part), text.index(part) + len(part)) for part in sentences)
    return Document(
        id="90000001",
        split="train",
        text=text,
        passages=tuple(passages),
        mentions=tuple(mentions),
        relations=tuple(Relation(head, tail, kind, *more) for head, kind, tail, *more in relations),
        sentences=own,
    )


def adjusted(subject: Document, of: Corpus) -> list[Instance]:
    """The instances of a document, after checking that the accounts balance."""
    ledger = Ledger()
    instances = adjust(subject, of, ledger)
    ledger.check()
    return instances


def dropped(subject: Document, of: Corpus, step: str, unit: str) -> dict[str, int]:
    """Reason -> how many items a step dropped."""
    ledger = Ledger()
    adjust(subject, of, ledger)
    ledger.check()
    reasons = ledger.as_dict(subject.split)[step][unit]["dropped"]
    assert isinstance(reasons, dict)
    return reasons


def pairs(instances: Iterable[Instance]) -> set[tuple[str, str]]:
    return {(instance.head.id, instance.tail.id) for instance in instances}


def only(instances: list[Instance]) -> Instance:
    (instance,) = instances
    return instance
