"""HPRD50 (Fundel et al. 2007): protein-protein interactions in sentences of 43 abstracts, in unified PPI XML.

Sentences stand in string order of their number ("2.10" before "2.5") and are put in the order of the text;
an entity's type attribute holds its HPRD ids, joined by "||".
"""

from collections.abc import Iterator
from dataclasses import replace

from harmonize.formats.pubtator import split_ids
from harmonize.formats.sentences import AnnotatedSentence, SentenceRecord
from harmonize.model import Document
from harmonize.sources.source import Source

from . import _ppi


def documents(source: Source) -> Iterator[Document]:
    return _ppi.documents(source, arrange=_in_text_order)


def _in_text_order(record: SentenceRecord) -> SentenceRecord:
    ordered = sorted(record.sentences, key=_number)
    return replace(record, sentences=tuple(_with_hprd_ids(sentence) for sentence in ordered))


def _number(sentence: AnnotatedSentence) -> list[int]:
    return [int(part) for part in (sentence.orig_id or "").split(".") if part.isdecimal()]


def _with_hprd_ids(sentence: AnnotatedSentence) -> AnnotatedSentence:
    mentions = tuple(
        replace(m, concept_ids=split_ids(m.type.replace("||", "|"), "|")) for m in sentence.mentions
    )
    return replace(sentence, mentions=mentions)
