"""What AIMed and HPRD50 share: unified PPI XML, sentence by sentence, only positive pairs listed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from harmonize.formats import ppi_xml, sentences
from harmonize.formats.sentences import SentenceRecord
from harmonize.model import Document
from harmonize.sources.source import Source


def documents(
    source: Source, arrange: Callable[[SentenceRecord, Path], SentenceRecord]
) -> Iterator[Document]:
    """Documents of every file, each record first put in order by `arrange(record, file)`."""
    for split, path in source.paths():
        for record in (arrange(read, path) for read in ppi_xml.read(path)):
            document = sentences.document(record, split, record.pmid)
            source.saw(split, mentions=len(document.mentions), relations=len(document.relations))
            yield document
