"""What the files of a corpus hold, before anybody has said what it means: types, ids, places of relations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harmonize.formats.pubtator_record import VARIANT_DESCRIPTION
from harmonize.ledger import Ledger
from harmonize.model import Document, Mention, Split
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.rules.findings import left_out_in_reading, names_concepts
from harmonize.sources.source import Source
from harmonize.spec import OTHER, Catalogue, Corpus, CorpusSpec, Format, RuleChoice, checked
from harmonize.text.sentences import with_sentences

__all__ = ["Survey", "corpus_of", "row_count", "survey"]

_JOINERS = ",;|"
_WITHIN_VARIANTS = "|"
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")


@dataclass
class Survey:
    """The counts of a corpus.

    Attributes:
        totals: (unit, split) -> count of documents, mentions and relations.
        entity_types, relation_types: type -> count.
        related: (head's type, tail's type) -> count of relations.
        concepts, mentions: relations whose arguments are concept ids, and mention ids.
        joined: relations with an argument that is one of several ids in a field.
        in_one_sentence: relations between mentions of one sentence.
        told: what the reading left out or renamed, in words.
        joiners: entity type -> the characters in its id fields that join ids, since a part stands alone
            with another mention of the type, or all look like ids that do, and those that do not.
    """

    totals: Counter[tuple[str, Split]] = field(default_factory=Counter)
    entity_types: Counter[str] = field(default_factory=Counter)
    relation_types: Counter[str] = field(default_factory=Counter)
    related: Counter[tuple[str, str]] = field(default_factory=Counter)
    concepts: int = 0
    mentions: int = 0
    joined: int = 0
    in_one_sentence: int = 0
    told: list[str] = field(default_factory=list)
    joiners: dict[str, tuple[str, str]] = field(default_factory=dict)

    def total(self, unit: str) -> int:
        return sum(count for (of_unit, _), count in self.totals.items() if of_unit == unit)


def corpus_of(
    catalogue: Catalogue,
    key: str,
    form: Format,
    files: Mapping[Split, Sequence[Path]],
    mapping: Mapping[str, Any] | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Corpus:
    """A corpus of files, as a mapping would say it; of what is not given every type is in pairs.

    Raises:
        SpecError: the mapping or the rules have faults.
    """
    every = "-".join("G" * 2)
    content: dict[str, Any] = {
        "name": key,
        "home": "",
        "licence": {"name": "", "redistributable": False},
        "format": form,
        "sources": {form: {split: [str(path) for path in paths] for split, paths in files.items()}},
        "entity": "mention",
        "relation_types": {OTHER: catalogue.target.association},
        "entity_types": {OTHER: catalogue.target.entity_types["G"]},
    }
    row = {"level": "document", "pairs": [every], "a": "a1", "b": "b1", "c": "c1", "d": "d1", "e": "e2"}
    path = Path(f"{key}.yaml")
    spec = checked(CorpusSpec, content | dict(mapping or {}), path)
    choice = checked(RuleChoice, {**row, "task": key, **(rules or {})}, path)
    return Corpus(key, spec, choice, catalogue.target, path, {})


def _source(corpus: Corpus, ledger: Ledger) -> Source:
    return Source(corpus, next(iter(corpus.spec.sources)), Path(), ledger)


def _documents(source: Source) -> Iterable[Document]:
    corpus = source.corpus
    return adapter(corpus.key, Catalogue(corpus.target, {corpus.key: corpus}))(source)


def survey(corpus: Corpus) -> Survey:
    """Look at every document of a corpus that `corpus_of` made without a mapping.

    Raises:
        HarmonizeError: a file is missing or breaks its format.
    """
    found, ids, ledger = Survey(), _Ids(), Ledger()
    source = _source(corpus, ledger)
    for document in _documents(source):
        _count(document, found)
        ids.look_at(document.mentions)
    found.told = [*left_out_in_reading(ledger), *source.renaming()]
    found.joiners = ids.joiners()
    return found


def _count(document: Document, found: Survey) -> None:
    counts = {"documents": 1, "mentions": len(document.mentions), "relations": len(document.relations)}
    found.totals.update({(unit, document.split): count for unit, count in counts.items()})
    found.entity_types.update(mention.type for mention in document.mentions)
    found.relation_types.update(relation.type for relation in document.relations)
    concepts, mentions = names_concepts(document)
    found.concepts, found.mentions = found.concepts + concepts, found.mentions + mentions
    by_concept: dict[str, list[Mention]] = defaultdict(list)
    for mention in document.mentions:
        for identifier in mention.concept_ids:
            by_concept[identifier].append(mention)
    by_name = {mention.id: [mention] for mention in document.mentions} | by_concept
    if concepts < len(document.relations):
        known = {part for identifier in by_concept for part in (identifier, *_parts(identifier))}
        within = sum(relation.head in known and relation.tail in known for relation in document.relations)
        found.joined += within - concepts
    ends = [(by_name.get(r.head, []), by_name.get(r.tail, [])) for r in document.relations]
    found.related.update((heads[0].type, tails[0].type) for heads, tails in ends if heads and tails)
    if mentions:
        sentences = with_sentences(document).sentences or ()
        found.in_one_sentence += sum(
            any(s.covers(head.extent) and s.covers(tail.extent) for s in sentences)
            for heads, tails in ends
            for head, tail in zip(heads[:1], tails[:1], strict=False)
        )


def _parts(raw: str) -> list[str]:
    """The ids that an id field may join."""
    joiners = _JOINERS.replace(_WITHIN_VARIANTS, "") if VARIANT_DESCRIPTION.fullmatch(raw) else _JOINERS
    return [part.strip() for part in re.split(f"[{joiners}]", raw)]


class _Ids:
    """The id fields of mentions by type, to tell characters that join ids from those within one."""

    def __init__(self) -> None:
        self._alone: dict[str, set[str]] = defaultdict(set)
        self._joined: dict[str, set[str]] = defaultdict(set)

    def look_at(self, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            for raw in mention.concept_ids:
                if set(_JOINERS).isdisjoint(raw):
                    self._alone[mention.type].add(raw)
                else:
                    self._joined[mention.type].add(raw)

    def joiners(self) -> dict[str, tuple[str, str]]:
        found = {}
        for kind, fields in self._joined.items():
            met = [joiner for joiner in _JOINERS if any(joiner in raw for raw in fields)]
            joining = [joiner for joiner in met if _joins(joiner, met, fields, self._alone[kind])]
            found[kind] = ("".join(joining), "".join(each for each in met if each not in joining))
        return found


def _joins(joiner: str, met: Iterable[str], fields: Iterable[str], alone: Collection[str]) -> bool:
    """True if a character joins ids: see `Survey.joiners`; the fields may have other such characters too."""
    having = [raw for raw in fields if joiner in raw]
    if joiner == _WITHIN_VARIANTS:
        having = [raw for raw in having if not VARIANT_DESCRIPTION.fullmatch(raw)]
    if not having:
        return False
    if any(part.strip() in alone for raw in having for part in raw.split(joiner)):
        return True
    parts = {part.strip() for raw in having for part in re.split(f"[{''.join(met)}]", raw)} - {""}
    return set(map(_form, parts)) <= set(map(_form, alone))


def _form(identifier: str) -> str:
    """What an id looks like, whatever its letters and digits: "a9" of "D001241"."""
    return _DIGITS.sub("9", _LETTERS.sub("a", identifier))


def row_count(corpus: Corpus) -> int:
    """How many rows a build makes of a corpus.

    Raises:
        HarmonizeError: see `survey`.
    """
    ledger = Ledger()
    return sum(len(adjust(document, corpus, ledger)) for document in _documents(_source(corpus, ledger)))
