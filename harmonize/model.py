"""The data model: what an adapter yields (Document) and what the rules make of it (Instance).

Offsets are half-open counts of Unicode code points. Everything here is frozen, and a Document checks itself
when made: one with a mention that its text does not spell cannot exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from harmonize.errors import InvalidDocument, shown

__all__ = [
    "NEGATIVE",
    "NOVELTY",
    "SPLITS",
    "SUBJECTS",
    "Document",
    "EntityInContext",
    "Instance",
    "Level",
    "Mention",
    "NaryInstance",
    "NaryLabel",
    "NaryRelation",
    "Passage",
    "Relation",
    "Span",
    "SpanSource",
    "Split",
    "Subject",
    "is_negative",
]

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
Level = Literal["document", "sentence"]
SpanSource = Literal["gold", "pubtator", "dictionary"]
Subject = Literal["head", "tail", "neither"]
NOVELTY = ("Novel", "No")
"""What a relation's novelty may be, in BioRED's words: found by the article, or known before."""
SUBJECTS: tuple[Subject, ...] = ("head", "tail", "neither")
"""Which argument of a relation acts on the other; neither where a corpus that marks it marks none."""
NEGATIVE = "None"
"""The label of a pair without relation (rule c2)."""


def is_negative(label: str) -> bool:
    """True for "None" and every corpus' own "None-...": all mean that there is no relation (rule c1)."""
    return label == NEGATIVE or label.startswith(f"{NEGATIVE}-")


class Span(NamedTuple):
    """Half-open range [start, end) of Unicode code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The part of `text` that the span covers."""
        return text[self.start : self.end]

    def spells(self, name: str, text: str) -> bool:
        """True if the span lies in `text` and covers `name`."""
        return 0 <= self.start < self.end <= len(text) and self.of(text) == name

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)


def _check_span(span: Span, length: int, owner: str) -> None:
    if not (isinstance(span, Span) and hasattr(span.start, "__index__") and hasattr(span.end, "__index__")):
        raise InvalidDocument(f"{owner}: expected a Span of two whole numbers, got {shown(span)}")
    if not 0 <= span.start < span.end <= length:
        raise InvalidDocument(
            f"{owner}: expected 0 <= start < end <= {length}, got [{span.start}, {span.end})"
        )


def _check_text(value: object, owner: str, name: str) -> None:
    if not isinstance(value, str):
        raise InvalidDocument(f"{owner}: {name}: expected text, got {shown(value)}")


def _check_tuple(values: object, of: type, owner: str, name: str) -> None:
    """Raises InvalidDocument for what is taken apart in silence otherwise: a text, or a lone Span."""
    if not isinstance(values, tuple) or isinstance(values, of):
        raise InvalidDocument(f"{owner}: {name}: expected a tuple of {of.__name__}, got {shown(values)}")
    for each in values:
        if not isinstance(each, of):
            message = f"expected a tuple of {of.__name__}, got one with {shown(each)}"
            raise InvalidDocument(f"{owner}: {name}: {message}")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in the text that names an entity.

    Attributes:
        id: unique in its document.
        type: the corpus's own entity type.
        text: the mention as the corpus spells it.
        spans: one span, or several in order for a discontinuous mention.
        concept_ids: what the mention means; none where the corpus does not say, several for a composite.
        source: who found it.
    """

    id: str
    type: str
    text: str
    spans: tuple[Span, ...]
    concept_ids: tuple[str, ...] = ()
    source: SpanSource = "gold"

    @property
    def extent(self) -> Span:
        """From the first character of the first part to the last of the last."""
        return Span(self.spans[0].start, self.spans[-1].end)

    def is_spelled_by(self, text: str) -> bool:
        """True if the spans cover the mention's text.

        The parts of a discontinuous mention are compared without blanks, because corpora differ in what
        they put between parts.
        """
        if len(self.spans) == 1:
            return self.spans[0].spells(self.text, text)
        bounds = [0, *(position for span in self.spans for position in span), len(text)]
        covered = "".join(span.of(text) for span in self.spans)
        return bounds == sorted(bounds) and "".join(covered.split()) == "".join(self.text.split())


@dataclass(frozen=True, slots=True)
class Relation:
    """An annotated pair of entities.

    Attributes:
        head, tail: concept ids, or mention ids where the corpus relates mentions. In a corpus whose mapping
            says `directed`, head is the first argument.
        type: the corpus's own relation type, as written.
        novelty: BioRED's "Novel" or "No".
        subject: which of the two acts; None where the corpus does not say.
    """

    head: str
    tail: str
    type: str
    novelty: str | None = None
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class NaryRelation:
    """An annotated relation of two or more entities, in no order of their own.

    Attributes:
        arguments: mention ids, in order of position.
        type: the corpus's own relation type, as written.
        needs_context: more than the sentence is needed to see its type; None where the corpus does not say.
    """

    arguments: tuple[str, ...]
    type: str
    needs_context: bool | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A title, an abstract, or another part of the text that no sentence crosses.

    Attributes:
        kind: "title", "abstract", "paragraph", "text", or what the file calls it.
        section: of full text, the part of the article that it stands in, as the file has it ("RESULTS").
        offset: of full text, where the file says that it begins, in whatever the file counts.
    """

    kind: str
    span: Span
    section: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One annotated text of one corpus.

    Raises:
        InvalidDocument: a part is of another type than here, most often a text where a tuple is expected; the
            split is none; passages overlap or are not in order; two mentions have one id; a span is not in
            the text, or the text does not spell its mention.

    Attributes:
        id: unique in its corpus.
        split: where the corpus puts it; "train" for corpora without splits.
        pmid: PubMed id, None where unknown.
        text: all passages; offsets count from its start.
        passages: in order, not overlapping.
        sentences: the corpus's own sentence boundaries; None where it has none.
        repeat: how many documents of this id come before it, in an input that is no corpus.
        nary: the relations of a corpus that relates any number of entities.
    """

    id: str
    split: Split
    text: str
    passages: tuple[Passage, ...]
    mentions: tuple[Mention, ...] = ()
    relations: tuple[Relation, ...] = ()
    pmid: str | None = None
    sentences: tuple[Span, ...] | None = None
    repeat: int = 0
    nary: tuple[NaryRelation, ...] = ()

    def __post_init__(self) -> None:
        self._check_fields()
        length = len(self.text)
        end = 0
        for passage in self.passages:
            owner = f"document {self.id}: {passage.kind}"
            _check_span(passage.span, length, owner)
            if passage.span.start < end:
                raise InvalidDocument(f"{owner}: expected start >= {end}, got {passage.span.start}")
            end = passage.span.end
        for sentence in self.sentences or ():
            _check_span(sentence, length, f"document {self.id}: sentence")
        seen: set[str] = set()
        for mention in self.mentions:
            owner = f"document {self.id}: mention {mention.id}"
            for name in ("id", "type", "text"):
                _check_text(getattr(mention, name), owner, name)
            if mention.id in seen:
                raise InvalidDocument(f"{owner}: expected a new id, got one used before")
            seen.add(mention.id)
            _check_tuple(mention.spans, Span, owner, "spans")
            _check_tuple(mention.concept_ids, str, owner, "concept_ids")
            if not mention.spans:
                raise InvalidDocument(f"{owner}: expected at least one span")
            for span in mention.spans:
                _check_span(span, length, owner)
            if not mention.is_spelled_by(self.text):
                raise InvalidDocument(
                    f"{owner}: expected {mention.text!r} at {_ranges(mention.spans)}, "
                    f"the text reads {' '.join(span.of(self.text) for span in mention.spans)!r}"
                )

    def _check_fields(self) -> None:
        owner = f"document {self.id}"
        _check_text(self.id, owner, "id")
        _check_text(self.text, owner, "text")
        if self.split not in SPLITS:
            raise InvalidDocument(
                f"{owner}: split: expected one of {', '.join(SPLITS)}, got {shown(self.split)}"
            )
        if self.pmid is not None:
            _check_text(self.pmid, owner, "pmid")
        _check_tuple(self.passages, Passage, owner, "passages")
        _check_tuple(self.mentions, Mention, owner, "mentions")
        _check_tuple(self.relations, Relation, owner, "relations")
        _check_tuple(self.nary, NaryRelation, owner, "nary")
        if self.sentences is not None:
            _check_tuple(self.sentences, Span, owner, "sentences")
        for number, relation in enumerate(self.relations, 1):
            place = f"{owner}: relation {number}"
            for name in ("head", "tail", "type"):
                _check_text(getattr(relation, name), place, name)
        for number, several in enumerate(self.nary, 1):
            _check_tuple(several.arguments, str, f"{owner}: n-ary relation {number}", "arguments")


def _ranges(spans: tuple[Span, ...]) -> str:
    return ";".join(f"{span.start}-{span.end}" for span in spans)


@dataclass(frozen=True, slots=True)
class EntityInContext:
    """One side of a pair, as the context shows it.

    Attributes:
        id: concept id, or mention id.
        name: text of the first mention in the context.
        type: entity type after rule e; before it, the BioRED type the corpus's own type stands for.
        source_type: the corpus's own type, of the first mention in the context.
        spans: of every mention in the context, relative to the context, in order.
        sources: who found those mentions.
    """

    id: str
    name: str
    type: str
    source_type: str
    spans: tuple[Span, ...]
    sources: frozenset[SpanSource]


@dataclass(frozen=True, slots=True)
class Instance:
    """One entity pair in one context: a row of the union set.

    Attributes:
        document_id: the document it was cut from.
        context: where the context lies in the document.
        text: the context.
        head, tail: the pair.
        source_relations: the corpus's own types of the pair, each once, those that stand for no relation
            last; empty for an unannotated pair.
        labels: harmonized labels, most specific first; filled by rules d and c.
        novelty: BioRED's, where the pair is annotated.
        subject: which side acts, where the pair is annotated and the corpus says so.
    """

    document_id: str
    context: Span
    text: str
    head: EntityInContext
    tail: EntityInContext
    source_relations: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(default=())
    novelty: str | None = None
    subject: Subject | None = None

    @property
    def span_source(self) -> SpanSource:
        """The least certain source among the pair's mentions."""
        sources = self.head.sources | self.tail.sources
        return next(source for source in ("dictionary", "pubtator", "gold") if source in sources)


@dataclass(frozen=True, slots=True)
class NaryLabel:
    """A relation of two or more of a context's entities.

    Attributes:
        relation: the harmonized label.
        source_relation: the corpus's own type.
        arguments: ids of the entities, in order of position.
        needs_context: see NaryRelation.
    """

    relation: str
    source_relation: str
    arguments: tuple[str, ...]
    needs_context: bool | None = None


@dataclass(frozen=True, slots=True)
class NaryInstance:
    """All entities of one context and what relates them: a row of the n-ary table.

    Attributes:
        document_id: the document that it was cut from.
        context: where the context lies in the document.
        text: the context.
        entities: two or more, each one mention, in order of position.
        relations: none where the corpus found nothing to relate.
    """

    document_id: str
    context: Span
    text: str
    entities: tuple[EntityInContext, ...]
    relations: tuple[NaryLabel, ...] = ()
