"""brat's standoff: a text, NAME.txt, and beside it its annotations, NAME.ann.

    T1<TAB>Drug 0 7<TAB>Aspirin            a mention; in parts: Drug 0 7;12 17<TAB>Aspirin fever
    R1<TAB>heals Arg1:T1 Arg2:T2           a relation
    N1<TAB>Reference T1 MESH:D001241<TAB>aspirin
    E1<TAB>Binding:T3 Theme:T1 Cause:T2    an event

Attributes (A, M), notes (#) and equivalences (*) say nothing of pairs. Offsets count code points of the text,
line ends included. Format: https://brat.nlplab.org/standoff.html.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from bioc import BioCAnnotation, BioCDocument, BioCLocation, BioCNode, BioCPassage, BioCRelation

from harmonize.errors import MalformedInput
from harmonize.formats.article_forms import BRAT_ANNOTATIONS, BRAT_TEXT
from harmonize.formats.lines import no_utf_8
from harmonize.formats.pubtator_forgiving import NO_MENTION
from harmonize.ledger import Drop

__all__ = ["EVENT", "NO_RELATION", "BratDocument", "document_id", "read", "read_beside"]

EVENT = "is an event"
NO_RELATION = "a line that is no relation"

_MENTION = re.compile(r"(T\S*)\t(\S+) (\d{1,9} \d{1,9}(?:;\d{1,9} \d{1,9})*)(?:\t(.*))?", re.ASCII)
_RELATION = re.compile(r"(R\S*)\t(\S+)((?: [^\s:]+:\S+)+)", re.ASCII)
_ID = re.compile(r"N\S*\t\S+ (T\S*) (\S+)(?:\t.*)?", re.ASCII)
_SILENT = ("A", "M", "N", "#", "*")
_PARAGRAPH = re.compile(r"\S(?:.*?\S)??(?=\s*(?:\n[^\S\n]*\n|\Z))", re.DOTALL)
_LINE = re.compile(r"\S(?:.*\S)?")
_LINE_END = re.compile(r"[\r\n\t]")
_JOINER = ","
_NO_TEXT = f"expected the text of these annotations beside it, a file {BRAT_TEXT}, found none"


class BratDocument(NamedTuple):
    """A text with its annotations.

    Attributes:
        name: of the file of annotations; None where the text has none.
        record: the text's paragraphs as passages, of two lines the first as the title.
        left_out: lines that could be read as nothing, and events.
    """

    name: str | None
    record: BioCDocument
    left_out: list[Drop]


def read(
    texts: Iterable[tuple[str, bytes]], annotations: Iterable[tuple[str, bytes]]
) -> Iterator[BratDocument]:
    """The documents in order of the texts.

    Args:
        texts, annotations: (name, content) of the files .txt and .ann.

    Raises:
        MalformedInput: with the file: no UTF-8, or annotations without a text.
    """
    by_stem = {name.removesuffix(BRAT_ANNOTATIONS): (name, content) for name, content in annotations}
    for name, content in texts:
        stem = name.removesuffix(BRAT_TEXT)
        record = _text_record(PurePath(stem).name, _decoded(name, content))
        told, lines = by_stem.pop(stem, (None, b""))
        yield BratDocument(told, record, _annotate(record, _decoded(told or name, lines)))
    for name, _ in by_stem.values():
        raise MalformedInput(name, _NO_TEXT)


def read_beside(name: str, annotations: bytes) -> tuple[BioCDocument, list[Drop]]:
    """A document of which the annotations are at hand, and the text stands beside them on disk.

    Args:
        name: of the annotations' file, which may be packed.

    Raises:
        MalformedInput: no UTF-8, or no text there.
    """
    stem = _stem(name)
    text = Path(stem + BRAT_TEXT)
    if not text.is_file():
        raise MalformedInput(name, _NO_TEXT, document=document_id(name))
    [found] = read([(str(text), text.read_bytes())], [(stem + BRAT_ANNOTATIONS, annotations)])
    return found.record, found.left_out


def document_id(name: str) -> str:
    """The id of the document that a file of annotations is of."""
    return PurePath(_stem(name)).name


def _stem(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(BRAT_ANNOTATIONS)


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MalformedInput(name, no_utf_8(error), line=line) from None


def _text_record(identifier: str, text: str) -> BioCDocument:
    record = BioCDocument()
    record.id = identifier
    lines = list(_LINE.finditer(text))
    for found in lines if len(lines) == 2 else _PARAGRAPH.finditer(text):
        passage = BioCPassage()
        passage.offset, passage.text = found.start(), _LINE_END.sub(" ", found.group())
        record.add_passage(passage)
    return record


def _annotate(record: BioCDocument, told: str) -> list[Drop]:
    """Give a record the annotations and relations of its lines; what of them it could not be given."""
    ids, left_out = defaultdict[str, list[str]](list), list[Drop]()
    for line in (line.rstrip() for line in told.split("\n") if line.strip()):
        if mention := _MENTION.fullmatch(line):
            record.add_annotation(_annotation(*mention.groups(default="")))
        elif relation := _RELATION.fullmatch(line):
            record.add_relation(_relation(*relation.groups()))
        elif reference := _ID.fullmatch(line):
            ids[reference[1]].append(reference[2])
        elif line.startswith(("R", "E")):
            reason = EVENT if line[0] == "E" else NO_RELATION
            left_out.append(Drop("relations", reason, " ".join(line.split())))
        elif not line.startswith(_SILENT):
            left_out.append(Drop("mentions", NO_MENTION, " ".join(line.split())))
    for annotation in record.annotations:
        if annotation.id in ids:
            annotation.infons["identifier"] = _JOINER.join(ids[annotation.id])
    return left_out


def _annotation(name: str, kind: str, places: str, text: str) -> BioCAnnotation:
    annotation = BioCAnnotation()
    annotation.id, annotation.text, annotation.infons["type"] = name, text, kind
    for place in places.split(";"):
        start, end = map(int, place.split())
        annotation.add_location(BioCLocation(start, end - start))
    return annotation


def _relation(name: str, kind: str, arguments: str) -> BioCRelation:
    relation = BioCRelation()
    relation.id, relation.infons["type"] = name, kind
    for argument in arguments.split():
        role, _, mention = argument.partition(":")
        relation.add_node(BioCNode(mention, role))
    return relation
