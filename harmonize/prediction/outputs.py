"""Predictions -> files, streamed, each put in its place only when it is whole.

    pubtator     title, abstract and mentions as they came in, and a line for each relation: four columns, a
                 fifth with its novelty where the classifier tells it, and BioREDirect's line with its subject
    bioc-json    the same as BioC; relations tell `confidence`, `related` and the `probability` of each label
    parquet      a row for each pair, those without relation included; see `prediction_schema`

PubTator has no place for a confidence. A pair that several sentences or passages relate with one label is one
relation, with the highest confidence, and what the surest of them says of novelty and subject; in BioC it
tells `support`, where each of them begins and the label's probability there: see
harmonize.prediction.relation_support.

Relations that have names of another vocabulary than the labels' (see relation_types) bear these in documents.
BioC then tells the `label` besides, and Parquet the name in a column of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from bioc import BioCCollection, BioCDocument

from harmonize import __version__
from harmonize.errors import HarmonizeError, UnknownName
from harmonize.export.documents import escaped
from harmonize.formats import bioc, pubtator
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.model import Document, Relation, Span, Subject
from harmonize.prediction.extractor import DocumentRelations, PredictedPair, Said
from harmonize.prediction.relation_support import by_relation, passages_of, relation_key, score
from harmonize.prediction.relation_types import BIORED
from harmonize.union.ids import instance_id
from harmonize.union.rows import entity_columns
from harmonize.writing.parquet import METADATA_KEY, parquet_writer, with_metadata
from harmonize.writing.replace import begins, check_replaceable_file, new_file, new_path

__all__ = [
    "OUTPUT_FORMS",
    "PREDICTION_SCHEMA_VERSION",
    "check_earlier",
    "output_form",
    "prediction_schema",
    "write_predictions",
]

OUTPUT_FORMS = ("pubtator", "bioc-json", "parquet")
PREDICTION_SCHEMA_VERSION = "1.1"

_SUFFIXES = {".pubtator": "pubtator", ".txt": "pubtator", ".json": "bioc-json", ".parquet": "parquet"}
_ROWS_PER_GROUP = 10_000
_UNKNOWN = "-"
_TURNED: Mapping[str | None, str] = {"head": "tail", "tail": "head"}
"""Which side acts where a pair stands the other way round."""


def output_form(out: Path, form: str | None = None) -> str:
    """The format to write: `form`, or what the name of `out` ends with.

    Raises:
        UnknownName: no such format.
        HarmonizeError: the name does not tell, or tells another one.
    """
    found = _SUFFIXES.get(out.suffix.lower())
    if form is not None:
        if form not in OUTPUT_FORMS:
            raise UnknownName("output format", form, OUTPUT_FORMS)
        if found not in (form, None) and out.suffix.lower() != ".txt":  # which is text of any kind
            raise HarmonizeError(f"{out}: expected a name for --out-format {form}, got that of {found}")
        return form
    if found is None:
        raise HarmonizeError(
            f"{out}: expected a name in {', '.join(_SUFFIXES)}, or --out-format {'|'.join(OUTPUT_FORMS)}"
        )
    return found


def check_earlier(out: Path) -> None:
    """Raises HarmonizeError for a file that predictions would replace, and that holds nothing of the kind."""
    check_replaceable_file(out, "earlier predictions", _is_earlier)


def _is_earlier(path: Path) -> bool:
    """True for Parquet and BioC that tell where they are from; documents in PubTator do not."""
    if begins("PAR1")(path):
        return _is_earlier_parquet(path)
    return begins(r'[^|\s][^|\n]*\|t\||\{"bioctype": "BioCCollection", "source": "harmonize"')(path)


def _is_earlier_parquet(path: Path) -> bool:
    try:
        about = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return False
    return b"prediction_schema_version" in about.get(METADATA_KEY, b"")


def write_predictions(
    found: Iterable[DocumentRelations],
    out: Path,
    form: str,
    *,
    labels: Sequence[str],
    relation_types: str = BIORED,
    said: Sequence[str] = (),
    footer: Callable[[], Mapping[bytes, bytes]] | None = None,
) -> None:
    """Write predictions as they come.

    Memory holds one document, in Parquet some thousand rows. If anything goes wrong, `found` included, what
    stood at `out` stays.

    Args:
        form: one of OUTPUT_FORMS.
        labels: the classifier's, each once.
        relation_types: the vocabulary that the relations are named by.
        said: what the classifier tells beside the label: novelty, subject.
        footer: asked when all is written for what else a Parquet file's metadata hold.

    Raises:
        UnknownName: no such format.
    """
    about = {"package_version": __version__, "labels": list(labels)}
    if relation_types != BIORED:
        about["relation_types"] = relation_types
    if said:
        about["said"] = list(said)
    write: dict[str, Callable[[Iterable[DocumentRelations], Path, Mapping[str, Any]], None]] = {
        "pubtator": _write_pubtator,
        "bioc-json": _write_bioc,
        "parquet": partial(_write_parquet, footer=footer or dict),
    }
    if form not in write:
        raise UnknownName("output format", form, OUTPUT_FORMS)
    out.parent.mkdir(parents=True, exist_ok=True)
    write[form](found, out, about)


# PubTator and BioC JSON


def _related(found: DocumentRelations) -> dict[Relation, list[PredictedPair]]:
    """Each relation once, as documents of both formats name it, with the pairs that support it."""
    relations: dict[Relation, list[PredictedPair]] = {}
    for pairs in by_relation(found.relations).values():
        head, tail = pairs[0].head, pairs[0].tail
        relations.setdefault(Relation(escaped(head.id), escaped(tail.id), pairs[0].type), []).extend(pairs)
    return {_saying(relation, pairs): pairs for relation, pairs in relations.items()}


def _saying(relation: Relation, support: Sequence[PredictedPair]) -> Relation:
    """A relation with what the surest of its pairs says beside the label."""
    surest = max(support, key=lambda pair: pair.confidence)
    novelty, subject = (None if each is None else each.value for each in (surest.novelty, surest.subject))
    if escaped(surest.head.id) != relation.head:
        subject = _TURNED.get(subject, subject)
    return replace(relation, novelty=novelty, subject=cast("Subject | None", subject))


def _document(found: DocumentRelations, relations: Iterable[Relation]) -> Document:
    """The document with its relations, and with all ids in the mentions that the relations name.

    Ids are escaped, since "," joins them. Where mentions are related, not concepts, a related mention gets
    its own name as a further id.
    """
    relations = tuple(relations)
    document = found.document
    named = {entity for relation in relations for entity in (relation.head, relation.tail)}
    named -= {escaped(name) for mention in document.mentions for name in mention.concept_ids}
    mentions = []
    for mention in document.mentions:
        own = (mention.id,) if escaped(mention.id) in named else ()
        mentions.append(replace(mention, concept_ids=tuple(map(escaped, (*mention.concept_ids, *own)))))
    return replace(document, mentions=tuple(mentions), relations=relations)


def _write_pubtator(found: Iterable[DocumentRelations], out: Path, about: Mapping[str, Any]) -> None:
    with new_file(out) as file:
        pubtator.write(map(_pubtator_record, found), file)


def _pubtator_record(found: DocumentRelations) -> PubTatorRecord:
    document = _document(found, _related(found))
    return pubtator.from_document(replace(document, id=document.id.replace("|", "%7C")), unknown=_UNKNOWN)


def _write_bioc(found: Iterable[DocumentRelations], out: Path, about: Mapping[str, Any]) -> None:
    collection = BioCCollection()
    collection.source, collection.date, collection.key = "harmonize", "", "harmonize"
    collection.infons = {
        name: each if isinstance(each, str) else ",".join(each) for name, each in about.items()
    }
    with new_file(out) as file:
        bioc.write(collection, map(_bioc_document, found), file)


def _bioc_document(found: DocumentRelations) -> BioCDocument:
    relations = _related(found)
    record = bioc.from_document(_document(found, relations))
    record.infons["corpus"] = found.corpus
    for passage in record.passages:
        for annotation in passage.annotations:
            annotation.infons["identifier"] = annotation.infons["identifier"] or _UNKNOWN
    for relation, pairs in zip(record.relations, relations.values(), strict=True):
        relation.infons.update(_infons(pairs, found.labels))
    return record


def _infons(support: Sequence[PredictedPair], labels: Sequence[str]) -> dict[str, str]:
    """What is told of a relation: the score of the document, and else what its surest context says."""
    surest = max(support, key=lambda pair: pair.confidence)
    probabilities = zip(labels, surest.probabilities, strict=True)
    return {
        **({} if surest.name is None else {"label": surest.label}),
        "confidence": f"{score(support):.6f}",
        "related": f"{surest.related:.6f}",
        **{f"{column} confidence": f"{said.confidence:.6f}" for column, said in _further(surest).items()},
        "support": " ".join(f"{pair.instance.context.start}:{pair.confidence:.6f}" for pair in support),
        **{f"probability {label}": f"{probability:.6f}" for label, probability in probabilities},
    }


def _further(pair: PredictedPair) -> dict[str, Said]:
    """What is said of a pair beside its label."""
    found = {"novelty": pair.novelty, "subject": pair.subject}
    return {column: said for column, said in found.items() if said is not None}


# Parquet


def prediction_schema(
    labels: Sequence[str],
    metadata: Mapping[str, Any] | None = None,
    *,
    relation_types: str = BIORED,
    said: Sequence[str] = (),
) -> pa.Schema:
    """The columns of predictions in Parquet; one row is one pair in one context, in the documents' order.

    | column | type | meaning |
    | --- | --- | --- |
    | instance_id | string | unique; the union set's, where the pair stands in it |
    | corpus | string | the mapping whose rules made the pair |
    | document_id | string | as the file has it |
    | pmid | string | null where unknown |
    | context_start, context_end | int32 | the context in the document's text, in code points |
    | passage | string | what it lies in: title+abstract, paragraph, table, ...; null where that is unknown |
    | section | string | of full text, as the file has it: RESULTS, ...; else null |
    | passage_offset | int32 | of full text, where the passage begins by the file's own offsets; else null |
    | head_id, tail_id | string | concept id, or the mention's name (T0, T1, ...) |
    | head_name, tail_name | string | the first mention in the context |
    | head_type, tail_type | string | BioRED's type, or an internal one |
    | source_head_type, source_tail_type | string | as the file has it, of that first mention |
    | label | string | the most probable label, negatives included |
    | pubtator3_name | string | PubTator 3's name of the relation, null where there is none |
    | is_relation | bool | false if `label` is a negative |
    | confidence | float32 | the probability of `label` |
    | related | float32 | the probability of any relation |
    | document_score | float32 | the highest confidence of this relation of the pair in the document |
    | novelty | string | Novel or No, null of a pair that is not related |
    | novelty_confidence | float32 | its probability; null as it is |
    | subject | string | which side acts: head, tail or neither; null as novelty |
    | subject_confidence | float32 | its probability; null as it is |
    | probabilities | struct | of each label a float32, in the classifier's order |

    Args:
        labels: the classifier's, each once.
        metadata: stands under harmonize.writing.parquet.METADATA_KEY, as JSON.
        relation_types: the vocabulary of the names: "pubtator3_name" is there only with "pubtator3".
        said: what the classifier tells beside the label; the columns of others are not there.
    """
    scores = [pa.field(label, pa.float32(), nullable=False) for label in labels]
    text = [
        *("instance_id", "corpus", "document_id", "pmid"),
        *("head_id", "tail_id", "head_name", "tail_name", "head_type", "tail_type"),
        *("source_head_type", "source_tail_type", "label"),
    ]
    fields = [pa.field(name, pa.string(), nullable=name == "pmid") for name in text]
    fields[4:4] = [
        *(pa.field(name, pa.int32(), nullable=False) for name in ("context_start", "context_end")),
        *(pa.field(name, pa.string()) for name in ("passage", "section")),
        pa.field("passage_offset", pa.int32()),
    ]
    if relation_types != BIORED:
        fields.append(pa.field("pubtator3_name", pa.string()))
    fields += [
        pa.field("is_relation", pa.bool_(), nullable=False),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("related", pa.float32(), nullable=False),
        pa.field("document_score", pa.float32(), nullable=False),
        *(
            field
            for column in said
            for field in (pa.field(column, pa.string()), pa.field(f"{column}_confidence", pa.float32()))
        ),
        pa.field("probabilities", pa.struct(scores), nullable=False),
    ]
    schema = pa.schema(fields)
    return schema if metadata is None else with_metadata(schema, metadata)


def _write_parquet(
    found: Iterable[DocumentRelations],
    out: Path,
    about: Mapping[str, Any],
    footer: Callable[[], Mapping[bytes, bytes]],
) -> None:
    schema = prediction_schema(
        about["labels"],
        {"prediction_schema_version": PREDICTION_SCHEMA_VERSION, **about},
        relation_types=about.get("relation_types", BIORED),
        said=about.get("said", ()),
    )
    with new_path(out) as part, parquet_writer(part, schema) as writer:
        for rows in _groups(row for one in found for row in _rows(one)):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        writer.add_key_value_metadata(dict(footer()))


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    while group := list(islice(remaining, _ROWS_PER_GROUP)):
        yield group


def _rows(found: DocumentRelations) -> Iterator[dict[str, Any]]:
    scores = {key: score(pairs) for key, pairs in by_relation(found.pairs).items()}
    for pair in found.pairs:
        instance = pair.instance
        yield {
            "instance_id": instance_id(found.corpus, instance, found.document.repeat),
            "corpus": found.corpus,
            "document_id": found.document.id,
            "pmid": found.document.pmid,
            "context_start": instance.context.start,
            "context_end": instance.context.end,
            **_passage(instance.context, found.document),
            **entity_columns(instance),
            "label": pair.label,
            "pubtator3_name": pair.name,
            "is_relation": pair.is_relation,
            "confidence": pair.confidence,
            "related": pair.related,
            "document_score": scores[relation_key(pair)],
            **{column: said.value for column, said in _further(pair).items()},
            **{f"{column}_confidence": said.confidence for column, said in _further(pair).items()},
            "probabilities": dict(zip(found.labels, pair.probabilities, strict=True)),
        }


def _passage(context: Span, document: Document) -> dict[str, str | int | None]:
    """The columns that tell where a context stands."""
    passages = passages_of(context, document)
    if not passages:
        return {"passage": None, "section": None, "passage_offset": None}
    return {
        "passage": "+".join(dict.fromkeys(passage.kind for passage in passages)),
        "section": passages[0].section,
        "passage_offset": passages[0].offset,
    }
