"""AIMed (Bunescu et al. 2005): protein-protein interactions in 224 abstracts, in unified PPI XML."""

from collections.abc import Iterator

from harmonize.model import Document
from harmonize.sources.source import Source

from . import _ppi


def documents(source: Source) -> Iterator[Document]:
    return _ppi.documents(source, arrange=lambda record, _: record)
