"""HPRD50 (Fundel et al. 2007): protein-protein interactions in sentences of 43 abstracts, in unified PPI XML.

Sentences stand in string order of their number ("2.10" before "2.5") and are put in the order of the text;
an entity's type attribute holds its HPRD ids, joined by "||"; one without it has no ids.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset
from harmonize.formats.ppi_xml import PROTEIN
from harmonize.formats.pubtator_record import split_ids
from harmonize.formats.sentences import AnnotatedSentence, SentenceRecord
from harmonize.model import Document
from harmonize.sources.source import Source

from . import _ppi


def documents(source: Source) -> Iterator[Document]:
    return _ppi.documents(source, arrange=_in_text_order)


def _in_text_order(record: SentenceRecord, path: Path) -> SentenceRecord:
    ordered = sorted(record.sentences, key=lambda sentence: _number(sentence, record, path))
    return replace(record, sentences=tuple(_with_hprd_ids(sentence) for sentence in ordered))


def _number(sentence: AnnotatedSentence, record: SentenceRecord, path: Path) -> list[int]:
    parts = (sentence.orig_id or "").split(".")
    if not all(is_offset(part) for part in parts):
        message = f"expected a sentence number like 90000010.2.5 as origId, got {sentence.orig_id!r}"
        raise MalformedInput(path, message, document=record.id)
    return [int(part) for part in parts]


def _with_hprd_ids(sentence: AnnotatedSentence) -> AnnotatedSentence:
    mentions = (
        replace(
            mention, type=PROTEIN, concept_ids=split_ids(mention.type.replace("||", "|"), "|", (PROTEIN,))
        )
        for mention in sentence.mentions
    )
    return replace(sentence, mentions=tuple(mentions))
