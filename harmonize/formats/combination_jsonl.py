"""JSON lines of drug combinations: a line is a sentence, its drugs, and which of them are given together.

    doc_id      names the sentence
    sentence    with blanks around every token
    spans       the drugs: span_id, text, start, end (code points of the sentence; token_start and token_end
                count its tokens)
    rels        combinations: class, spans (ids of two drugs or more), is_context_needed
    paragraph   holds the sentence once
    source      the article's address at PubMed, or null; the test file that is asked about has none

Worked out from the authors' README and the files (Tiktinsky et al. 2022). Other keys are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmonize.errors import MalformedInput
from harmonize.expected import expected
from harmonize.formats.lines import numbered_lines
from harmonize.model import Document, Mention, NaryRelation, Passage, Span, Split

__all__ = ["DRUG", "CombinationRecord", "document", "read"]

DRUG = "Drug"
"""The type of every mention: the format has no other."""

_PUBMED = re.compile(
    r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/([1-9]\d{0,8})/?"
)

Corrections = Mapping[str, Sequence[tuple[int, int]]]
"""Sentence's id, a full stop, drug's id -> where in the sentence the drug stands."""


@dataclass(frozen=True, slots=True)
class CombinationRecord:
    """One line.

    Attributes:
        text: the paragraph.
        sentence: where in it the sentence stands.
        mentions: the drugs, in order of position in the paragraph.
        combinations: as listed, a repeated one too.
        pmid: None where the line does not say.
    """

    id: str
    text: str
    sentence: Span
    mentions: tuple[Mention, ...]
    combinations: tuple[NaryRelation, ...]
    pmid: str | None


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _Drug(_Model):
    span_id: int
    text: str = Field(min_length=1)
    start: int
    end: int


class _Combination(_Model):
    kind: str = Field(alias="class", min_length=1)
    spans: list[int] = Field(min_length=2)
    is_context_needed: bool | None = None


class _Line(_Model):
    doc_id: str = Field(min_length=1)
    sentence: str = Field(min_length=1)
    spans: list[_Drug]
    rels: list[_Combination]
    paragraph: str
    source: str | None = None


def read(path: Path, corrections: Corrections | None = None) -> Iterator[CombinationRecord]:
    """Yield the sentences of a file, in order.

    Args:
        corrections: drugs whose place or spelling in the file is known to be wrong.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a drug that the sentence does not spell,
            a combination of unknown drugs, and a sentence that its paragraph does not hold once.
    """
    for number, text in numbered_lines(path):
        line = _line(text, path, number)
        try:
            yield _record(line, corrections or {})
        except ValueError as fault:
            raise MalformedInput(path, str(fault), line=number, document=line.doc_id) from None


def document(record: CombinationRecord, split: Split, combinations: tuple[NaryRelation, ...]) -> Document:
    """A Document whose one sentence is the annotated one; the paragraph is its text."""
    return Document(
        id=record.id,
        split=split,
        text=record.text,
        passages=(Passage("paragraph", Span(0, len(record.text))),),
        mentions=record.mentions,
        pmid=record.pmid,
        sentences=(record.sentence,),
        nary=combinations,
    )


def _line(text: str, path: Path, number: int) -> _Line:
    try:
        content = json.loads(text)
        # JSON can escape half of a surrogate pair, which UTF-8 cannot hold.
        json.dumps(content, ensure_ascii=False).encode()
        return _Line.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"])) or "line"
        raise MalformedInput(path, f"{key}: {expected(fault)}", line=number) from None
    except UnicodeEncodeError:
        message = "expected characters, got one half of a surrogate pair"
        raise MalformedInput(path, message, line=number) from None
    except (ValueError, RecursionError) as error:
        raise MalformedInput(path, f"expected JSON, got: {error}", line=number) from None


def _record(line: _Line, corrections: Corrections) -> CombinationRecord:
    """Raises ValueError with what was expected of the line."""
    start = line.paragraph.find(line.sentence)
    if start < 0 or line.paragraph.find(line.sentence, start + 1) >= 0:
        raise ValueError(
            f"expected the sentence once in its paragraph, found {'none' if start < 0 else 'several'}"
        )
    sentence = Span(start, start + len(line.sentence))
    mentions = sorted(
        (_mention(drug, line, sentence, corrections) for drug in line.spans),
        key=lambda mention: (mention.spans, mention.id),
    )
    order = {mention.id: place for place, mention in enumerate(mentions)}
    if len(order) < len(mentions):
        raise ValueError("spans: expected a span_id of its own for every drug")
    combinations = tuple(_combination(each, order) for each in line.rels)
    pubmed = _PUBMED.fullmatch(line.source or "")
    return CombinationRecord(
        line.doc_id, line.paragraph, sentence, tuple(mentions), combinations, pubmed[1] if pubmed else None
    )


def _mention(drug: _Drug, line: _Line, sentence: Span, corrections: Corrections) -> Mention:
    span, name = Span(drug.start, drug.end), drug.text
    corrected = corrections.get(f"{line.doc_id}.{drug.span_id}")
    if corrected is not None:
        ((start, end),) = corrected
        span, name = Span(start, end), line.sentence[start:end]
    if not span.spells(name, line.sentence):
        raise ValueError(
            f"expected {name[:80]!r} at {span.start}-{span.end} of the sentence, "
            f"the text reads {line.sentence[max(span.start, 0) : max(span.end, 0)][:80]!r}"
        )
    return Mention(str(drug.span_id), DRUG, name, (span.shifted(sentence.start),))


def _combination(found: _Combination, order: Mapping[str, int]) -> NaryRelation:
    arguments = [str(number) for number in found.spans]
    for argument in arguments:
        if argument not in order:
            raise ValueError(f"rels: expected a drug of the sentence, got {argument}")
    if len(set(arguments)) < len(arguments):
        raise ValueError(f"rels: expected each drug once, got {', '.join(arguments)}")
    ordered = tuple(sorted(arguments, key=order.__getitem__))
    return NaryRelation(ordered, found.kind, found.is_context_needed)
