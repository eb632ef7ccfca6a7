"""PharmGKB (Thorn et al. 2013): gene-drug pairs, as BioREx released them with PubTator spans."""

from collections.abc import Iterator

from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biorex


def documents(source: Source) -> Iterator[Document]:
    return _biorex.documents(source, lambda _, record_id: (record_id, record_id))
