"""Rows of a union set -> Documents again, with the harmonized types and labels.

A row shows a pair in a context; a document's rows together give back its mentions and relations, and
documents.parquet its whole text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from harmonize.errors import InvalidDocument, UnionError
from harmonize.model import Document, Mention, Relation, Span
from harmonize.relation.labels import is_negative
from harmonize.union.documents import StoredDocument
from harmonize.union.partition import PartitionFile, row_batches

__all__ = ["RowDocument", "escaped", "row_documents"]

_SIDES = ("head", "tail")
_LEAST_CERTAIN_FIRST = ("dictionary", "pubtator", "gold")
_RESERVED = str.maketrans({character: f"%{ord(character):02X}" for character in "%,;\t\n\r"})
# The text of a context is left out: documents.parquet has it.
_COLUMNS = [
    *("document_id", "context_start", "relations", "source_relations", "novelty", "subject", "span_source"),
    *("rules", "leaks_into", "licence"),
    *(f"{side}_{part}" for side in _SIDES for part in ("id", "name", "type", "spans")),
]

Row = Mapping[str, Any]


class RowDocument(NamedTuple):
    """What the rows of a document say.

    Attributes:
        document: its mentions have harmonized types, and entity ids as concept ids; its relations harmonized
            labels. Ids are `escaped`.
        infons: of the document.
        relation_infons: of each of the document's relations.
    """

    document: Document
    infons: dict[str, str]
    relation_infons: tuple[dict[str, str], ...]


def escaped(identifier: str) -> str:
    """An id that can be joined with others by "," and stand in a column.

    Per cent, comma, semicolon, tab and line ends are written as in a URL, which urllib.parse.unquote undoes.
    """
    return identifier.translate(_RESERVED)


def row_documents(file: PartitionFile, texts: Mapping[str, StoredDocument]) -> Iterator[RowDocument]:
    """The documents of a data file, in its order: by id.

    Args:
        texts: the documents of the file's corpus and split, by id.

    Raises:
        UnionError: the file is missing or broken, or does not fit the texts.
    """
    rows = (row for batch in row_batches(file, _COLUMNS) for row in batch.to_pylist())
    for document_id, group in groupby(rows, key=lambda row: str(row["document_id"])):
        if document_id not in texts:
            raise UnionError(
                f"{file.path}: expected the text of document {document_id} beside it, found none"
            )
        try:
            yield _row_document(texts[document_id], list(group))
        except InvalidDocument as error:
            raise UnionError(f"{file.path}: {error}") from None


def _row_document(stored: StoredDocument, rows: Sequence[Row]) -> RowDocument:
    relations = _relations(rows)
    document = Document(
        id=stored.key.document_id,
        split=stored.key.split,  # type: ignore[arg-type]  # a set's splits are no others
        text=stored.text,
        passages=stored.passages,
        mentions=_mentions(rows, stored.text),
        relations=tuple(relations),
        pmid=stored.pmid,
    )
    first = rows[0]
    infons = {
        "corpus": stored.key.corpus,
        "split": stored.key.split,
        "rules": " ".join(first["rules"]),
        "leaks_into": ",".join(first["leaks_into"]),
        "licence": first["licence"],
    }
    if stored.pmid is not None:
        infons["pmid"] = stored.pmid
    return RowDocument(document, infons, tuple(relations.values()))


def _mentions(rows: Iterable[Row], text: str) -> tuple[Mention, ...]:
    """Every mention of the rows, once, in order of position; of several entities where they share it."""
    shown: dict[tuple[int, str, str], Row] = {}
    for row in rows:
        for side in _SIDES:
            key = (row["context_start"], row[f"{side}_type"], row[f"{side}_id"])
            if key not in shown:
                shown[key] = {part: row[f"{side}_{part}"] for part in ("name", "spans")}
    places: dict[tuple[tuple[Span, ...], str], dict[str, str]] = defaultdict(dict)
    for (start, kind, identifier), entity in shown.items():
        for spans in _places(entity, start, text):
            name = spans[0].of(text) if len(spans) == 1 else entity["name"]
            places[spans, kind][escaped(identifier)] = name
    return tuple(
        Mention(f"T{number}", kind, next(iter(names.values())), spans, tuple(sorted(names)))
        for number, ((spans, kind), names) in enumerate(sorted(places.items(), key=lambda item: item[0]))
    )


def _places(entity: Row, start: int, text: str) -> list[tuple[Span, ...]]:
    """Where the mentions of an entity stand in the document.

    Rows list the parts of a discontinuous mention like mentions. They are one mention where they spell the
    entity's name together, which several mentions cannot, as the first of them spells it alone.
    """
    spans = tuple(Span(span["start"], span["end"]).shifted(start) for span in entity["spans"])
    if len(spans) > 1 and _letters("".join(span.of(text) for span in spans)) == _letters(entity["name"]):
        return [spans]
    return [(span,) for span in spans]


def _letters(text: str) -> str:
    return "".join(text.split())


def _relations(rows: Iterable[Row]) -> dict[Relation, dict[str, str]]:
    """Each label of a pair once, with what its rows say of it."""
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for label in row["relations"]:
            if not is_negative(label):
                found[escaped(row["head_id"]), escaped(row["tail_id"]), label].append(row)
    return {
        Relation(*key, _first(group, "novelty"), _first(group, "subject")): _relation_infons(group)
        for key, group in found.items()
    }


def _first(rows: Iterable[Row], column: str) -> Any:
    """The first value of a column; rows of one pair in one document have no two."""
    return next((row[column] for row in rows if row[column] is not None), None)


def _relation_infons(rows: Sequence[Row]) -> dict[str, str]:
    types = dict.fromkeys(kind for row in rows for kind in row["source_relations"])
    sources = {row["span_source"] for row in rows}
    return {
        "source_relations": ",".join(types),
        "span_source": next(source for source in _LEAST_CERTAIN_FIRST if source in sources),
    }
