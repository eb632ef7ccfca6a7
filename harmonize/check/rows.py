"""What verify asks of a data file: every row by itself, beside its neighbours, and beside the manifest.

Rows are read a few thousand at a time. Held over all files are the ids of the rows, and of each context its
place and a hash of its text, since the documents that it was cut from stand in another file.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from harmonize.check.fault import Fault
from harmonize.check.schema import (
    Row,
    is_readable,
    loosened,
    metadata_faults,
    null_faults,
    numbered_rows,
    schema_faults,
)
from harmonize.errors import shown
from harmonize.model import NOVELTY, SUBJECTS, Span, Split
from harmonize.spec import Target
from harmonize.union.documents import DocumentKey
from harmonize.union.ids import pair_id
from harmonize.union.manifest_model import CorpusEntry, Manifest, SplitEntry
from harmonize.union.schema import FILE_SCHEMA, LEAKS, SAID, part_name
from harmonize.union.writer import Leaks

__all__ = ["Context", "DataFile", "Seen", "data_faults", "digest", "leak_faults", "spans_of", "value_faults"]

_UNSORTED = "expected rows by document id, context and position, got one that belongs before the last"

_Range = tuple[int, int]
_Position = tuple[Any, ...]


class Context(NamedTuple):
    """What a row says of its document: its PMID, and the text of a part of it, as a hash."""

    pmid: str | None
    span: Span
    digest: bytes


@dataclass
class Seen:
    """What was met so far, over all data files.

    Attributes:
        ids: instance id -> the file that it was met in.
        contexts: document -> context -> (file, place) of the first row that has it.
    """

    ids: dict[str, str] = field(default_factory=dict)
    contexts: dict[DocumentKey, dict[Context, tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, data: DataFile, row: Row, span: Span, place: str) -> None:
        self.ids[row["instance_id"]] = data.name
        context = Context(row["pmid"], span, digest(row["text"]))
        self.contexts[data.document(row)].setdefault(context, (data.name, place))


@dataclass(frozen=True)
class DataFile:
    """A data file, and what the manifest and leaks.parquet say of it.

    Attributes:
        name: below the set's folder.
        leaks: None where leaks.parquet cannot be read.
    """

    corpus: str
    split: Split
    name: str
    manifest: Manifest
    target: Target
    leaks: Leaks | None

    @cached_property
    def entry(self) -> CorpusEntry:
        return self.manifest.corpora[self.corpus]

    @cached_property
    def part(self) -> SplitEntry:
        return self.entry.splits[self.split]

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What the file itself says of where it comes from."""
        return {
            "schema_version": self.manifest.schema_version,
            "package_version": self.manifest.package_version,
            "mappings": self.entry.mappings,
            "source_files": self.entry.source_files,
        }

    @cached_property
    def values(self) -> dict[str, Any]:
        """Column -> its value in every row."""
        return {
            "part": part_name(self.corpus, self.split),
            "level": "document" if "b1" in self.entry.rules else "sentence",
            "task": self.entry.task,
            "rules": self.entry.rules,
            "licence": self.entry.licence.name,
            "redistributable": self.entry.licence.redistributable,
        }

    @cached_property
    def negative(self) -> str | None:
        """The label of a pair without relation; None if the corpus' rows are all related."""
        rule, negative = self.entry.rules[2], self.target.negative
        if rule == "c2":
            return negative
        return f"{negative}-{self.entry.task}" if rule == "c1" or self.entry.unrelated else None

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that a row may have."""
        return (*self.target.labels, *([self.negative] if self.negative else []))

    def document(self, row: Row) -> DocumentKey:
        return DocumentKey(self.corpus, self.split, row["document_id"])


def data_faults(path: Path, data: DataFile, seen: Seen) -> Iterator[Fault]:
    """All that is wrong in the file at `path`.

    Args:
        seen: of the files before; this one's ids and contexts are added.

    Raises:
        UNREADABLE: the file is no Parquet.
    """
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        yield from schema_faults(data.name, schema, FILE_SCHEMA)
        yield from metadata_faults(data.name, schema, data.metadata)
        if rows != data.part.rows:
            yield Fault(data.name, "", f"expected {data.part.rows} rows, got {rows}")
        if is_readable(schema, FILE_SCHEMA):
            yield from _rows_faults(file, data, seen)


def _rows_faults(file: pq.ParquetFile, data: DataFile, seen: Seen) -> Iterator[Fault]:
    labels: Counter[str] = Counter()
    said: dict[str, Counter[str]] = {column: Counter() for column in SAID}
    values, required = dict(data.values), loosened(file.schema_arrow, FILE_SCHEMA)
    previous: _Position | None = None
    for number, row in numbered_rows(file):
        place = f"row {number}, instance {row['instance_id']}"
        labels[row["relation"]] += 1
        for column in SAID:
            if row[column] is not None:
                said[column][row[column]] += 1
        messages = null_faults(row, required)
        if not messages:  # what a null means for the other columns would be a guess
            values.setdefault("directed", row["directed"])
            context = Span(row["context_start"], row["context_end"])
            spans = spans_of(row["head_spans"]), spans_of(row["tail_spans"])
            wrong_spans = [*_span_faults(row, "head", spans[0]), *_span_faults(row, "tail", spans[1])]
            messages = [
                *value_faults(row, values),
                *_id_faults(row, data, context, seen),
                *_context_faults(row, context),
                *wrong_spans,
                *_sentence_faults(row, () if wrong_spans else (*spans[0], *spans[1])),
                *_label_faults(row, data),
                *_said_faults(row, data),
                *leak_faults(row, data),
            ]
            if not wrong_spans:  # else its position is as wrong as they are
                first = (spans[0][0], spans[1][0])
                position = (row["document_id"], context, first, row["head_id"], row["tail_id"])
                if previous and position < previous:
                    messages.append(_UNSORTED)
                previous = position
            seen.add(data, row, context, place)
        for message in messages:
            yield Fault(data.name, place, message)
    yield from _count_faults("label", labels, data.part.labels, data)
    for column in SAID:
        yield from _count_faults(column, said[column], getattr(data.part, column), data)


def _count_faults(
    what: str, found: Counter[str], expected: Mapping[str, int], data: DataFile
) -> Iterator[Fault]:
    for value in sorted({*found, *expected}, key=str):
        count = expected.get(value, 0)
        if found[value] != count:
            yield Fault(data.name, f"{what} {value}", f"expected {count} rows, got {found[value]}")


def spans_of(column: Iterable[Mapping[str, int]]) -> list[_Range]:
    """(start, end) of each entry of a column of spans."""
    return [(span["start"], span["end"]) for span in column]


def value_faults(row: Row, values: Mapping[str, Any]) -> Iterator[str]:
    """Where a row has another value than every row of its file."""
    for name, value in values.items():
        if row[name] != value:
            yield f"expected {name} {shown(value)}, got {shown(row[name])}"


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _id_faults(row: Row, data: DataFile, context: Span, seen: Seen) -> Iterator[str]:
    found = row["instance_id"]
    expected = pair_id(data.corpus, row["document_id"], context, row["head_id"], row["tail_id"])
    if found != expected:
        yield f"expected instance_id {expected}, the hash of corpus, document, context and ids, got {found}"
    if found in seen.ids:
        yield f"expected an instance_id of its own, got one that stands in {seen.ids[found]} before"


def _context_faults(row: Row, context: Span) -> Iterator[str]:
    length = len(row["text"])
    if context.end - context.start != length:
        yield f"expected a context of {length} characters, as its text, got {context.start} to {context.end}"


def _span_faults(row: Row, side: str, spans: list[_Range]) -> Iterator[str]:
    text, name = row["text"], row[f"{side}_name"]
    outside = [(start, end) for start, end in spans if not 0 <= start < end <= len(text)]
    if not spans:
        yield f"expected {side}_spans, got none"
    elif outside:
        yield f"expected {side}_spans inside the {len(text)} characters of the text, got {shown(outside)}"
    elif spans != sorted(set(spans)):
        yield f"expected {side}_spans in order and each once, got {shown(spans)}"
    elif not _spelled(name, text, spans):
        got = shown(text[slice(*spans[0])])
        yield f"expected the first of {side}_spans to spell {side}_name {shown(name)}, got {got}"


def _sentence_faults(row: Row, mentions: Iterable[_Range]) -> Iterator[str]:
    if row["sentences"] is None:
        return
    sentences, length = spans_of(row["sentences"]), len(row["text"])
    outside = [(start, end) for start, end in sentences if not 0 <= start < end <= length]
    if outside:
        yield f"expected sentences inside the {length} characters of the text, got {shown(outside)}"
    elif any(one[1] > other[0] for one, other in pairwise(sentences)):
        yield f"expected sentences in order and apart from each other, got {shown(sentences)}"
    else:
        begins = [first for first, _ in sentences]
        for start, end in sorted(set(mentions)):
            before = bisect_right(begins, start)
            if not before or end > sentences[before - 1][1]:
                yield f"expected a sentence with all of the mention from {start} to {end}, found none"


def _spelled(name: str, text: str, spans: Sequence[_Range]) -> bool:
    """True if the mention that begins first is the name.

    The parts of a discontinuous mention are compared without blanks, as in Mention.is_spelled_by; parts of
    other mentions may stand between them.
    """
    first = [(start, end) for start, end in spans if start == spans[0][0]]
    if name in [text[start:end] for start, end in first]:
        return True
    whole = _without_blanks(name)
    begun = {len(part) for part in _parts(text, first) if whole.startswith(part)}
    reached: set[int] = set()
    for part in _parts(text, spans[len(first) :]):
        reached |= {end + len(part) for end in begun | reached if whole.startswith(part, end)}
    return len(whole) in reached


def _parts(text: str, spans: Sequence[_Range]) -> list[str]:
    return [_without_blanks(text[start:end]) for start, end in spans]


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def _label_faults(row: Row, data: DataFile) -> Iterator[str]:
    labels, relation, types = row["relations"], row["relation"], row["source_relations"]
    annotated = not set(types) <= set(data.entry.unrelated)
    if labels[:1] != [relation]:
        yield f"expected relation to be the first of relations, {shown(labels)}, got {relation!r}"
    for label in labels:
        if label not in data.labels:
            yield f"expected relations of {', '.join(data.labels)}, got {label!r}"
    if annotated == (relation == data.negative):
        expected, got = ("none", shown(types)) if annotated else ("one", shown(types) if types else "none")
        yield f"expected {expected} of source_relations, as relation is {relation!r}, got {got}"
    if not types and data.entry.rules[2] == "c3" and relation == data.negative:
        yield "expected one of source_relations, as rule c3 leaves out pairs nobody annotated, got none"


def _said_faults(row: Row, data: DataFile) -> Iterator[str]:
    for column, words in zip(SAID, (NOVELTY, SUBJECTS), strict=True):
        if row[column] is None:
            continue
        if row[column] not in words:
            yield f"expected {column} of {', '.join(words)} or null, got {shown(row[column])}"
        elif row["relation"] == data.negative:
            yield f"expected no {column} of a pair without relation, got {row[column]}"


def leak_faults(row: Row, data: DataFile) -> Iterator[str]:
    """Where a row's `leaks_into` is not what leaks.parquet says."""
    if data.leaks is None:
        return
    expected = list(data.leaks.get(data.document(row), ()))
    if row["leaks_into"] != expected:
        yield f"expected leaks_into {expected}, as of {LEAKS}, got {shown(row['leaks_into'])}"
