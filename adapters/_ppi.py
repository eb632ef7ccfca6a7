"""What AIMed and HPRD50 share: unified PPI XML, sentence by sentence, only positive pairs listed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from harmonize.formats import ppi_xml
from harmonize.formats.sentences import SentenceRecord, joined
from harmonize.model import Document, Relation
from harmonize.sources.source import Source


def documents(
    source: Source, arrange: Callable[[SentenceRecord, Path], SentenceRecord]
) -> Iterator[Document]:
    """Documents of every file, each record first put in order by `arrange(record, file)`."""
    for split, path in source.paths():
        for record in (arrange(read, path) for read in ppi_xml.read(path)):
            text, passages, sentences, mentions = joined(record.sentences)
            pairs = [pair for sentence in record.sentences for pair in sentence.pairs if pair.positive]
            source.saw(split, mentions=len(mentions), relations=len(pairs))
            yield Document(
                id=record.id,
                split=split,
                text=text,
                passages=passages,
                mentions=mentions,
                relations=tuple(Relation(pair.head, pair.tail, pair.type) for pair in pairs),
                pmid=record.orig_id,
                sentences=sentences,
            )
