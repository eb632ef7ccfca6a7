"""BertSRC's CSV: a row is a sentence with one annotated pair; the header numbers the columns from 0 to 16.

     0, 1         PMID; the sentence's number in the abstract, 0 being the title
     3, 4         the first entity and its type; 2 and 5 are words before and behind it
     8, 9         the second entity and its type; 7 and 10 are words before and behind it
    14            the sentence
    15, 16        the relation's coarsest type (Directed or Undirected Link) and its finest
     6, 11 to 13  other entities, polarity, voice and verb

There are no offsets. Every entity stands exactly once in its sentence, which is checked. A sentence stands in
as many rows as it has pairs. Worked out from the files and the paper (Lee et al. 2022).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset, numbered_lines
from harmonize.formats.sentences import AnnotatedSentence, Pair, SentenceRecord
from harmonize.formats.tables import checked_pmid, csv_rows
from harmonize.model import Mention, Span

__all__ = ["read"]

_HEADER = [str(number) for number in range(17)]
_PMID, _NUMBER, _SENTENCE, _RELATION = 0, 1, 14, 16
_ENTITIES = ((3, 4), (8, 9))


class _Entity(NamedTuple):
    """A mention of a sentence; in order of position."""

    span: Span
    type: str


@dataclass(slots=True)
class _Sentence:
    """What the rows of one sentence say: its entities, and its pairs in order of the rows."""

    number: int
    text: str
    entities: set[_Entity] = field(default_factory=set)
    pairs: list[tuple[_Entity, _Entity, str]] = field(default_factory=list)


def read(paths: Iterable[Path]) -> Iterator[SentenceRecord]:
    """Yield the abstracts of all files together, each once, in order of first appearance.

    A record has those sentences of its abstract that have a row, in order of number; two texts that share a
    number are two sentences. Mentions are named by sentence and position ("s0.e1"): one that stands in
    several rows is one mention. Every row is a pair, whatever its type.

    Raises:
        MissingInput, MalformedInput: with file and line; among them an entity that its sentence does not hold
            exactly once.
    """
    abstracts: dict[str, dict[tuple[int, str], _Sentence]] = {}
    for path in paths:
        for line, row in _rows(path):
            sentences = abstracts.setdefault(checked_pmid(row[_PMID], path, line), {})
            number, text = _number(row, path, line), row[_SENTENCE]
            sentence = sentences.setdefault((number, text), _Sentence(number, text))
            first, second = (_entity(row, *columns, path, line) for columns in _ENTITIES)
            sentence.entities |= {first, second}
            sentence.pairs.append((first, second, row[_RELATION]))
    for pmid, sentences in abstracts.items():
        yield _record(pmid, sentences)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, fields) of the rows below the header."""
    expected = f"expected {len(_HEADER)} columns, headed 0 to {len(_HEADER) - 1}"
    for place, (line, row) in enumerate(csv_rows(path, numbered_lines(path))):
        if len(row) != len(_HEADER):
            raise MalformedInput(path, f"{expected}, got {len(row)}", line=line)
        if place > 0:
            yield line, row
        elif row != _HEADER:
            raise MalformedInput(path, f"{expected}, got {','.join(row)[:80]!r}", line=line)


def _number(row: list[str], path: Path, line: int) -> int:
    if not is_offset(row[_NUMBER]):
        raise MalformedInput(path, f"expected a sentence's number, got {row[_NUMBER][:40]!r}", line=line)
    return int(row[_NUMBER])


def _entity(row: list[str], name: int, kind: int, path: Path, line: int) -> _Entity:
    text, sentence = row[name], row[_SENTENCE]
    start = sentence.find(text)
    if not text.strip() or start < 0 or sentence.find(text, start + 1) >= 0:
        found = "none" if not text.strip() or start < 0 else "several"
        raise MalformedInput(
            path, f"expected the entity {text[:80]!r} once in its sentence, found {found}", line=line
        )
    return _Entity(Span(start, start + len(text)), row[kind])


def _record(pmid: str, sentences: Mapping[tuple[int, str], _Sentence]) -> SentenceRecord:
    ordered = sorted(sentences.values(), key=lambda sentence: sentence.number)
    return SentenceRecord(
        pmid, pmid, tuple(_annotated(sentence, f"s{place}") for place, sentence in enumerate(ordered))
    )


def _annotated(sentence: _Sentence, name: str) -> AnnotatedSentence:
    ids = {entity: f"{name}.e{place}" for place, entity in enumerate(sorted(sentence.entities))}
    mentions = tuple(
        Mention(identifier, entity.type, entity.span.of(sentence.text), (entity.span,))
        for entity, identifier in ids.items()
    )
    pairs = tuple(Pair(ids[first], ids[second], kind, True) for first, second, kind in sentence.pairs)
    return AnnotatedSentence(name, str(sentence.number), sentence.text, mentions, pairs)
