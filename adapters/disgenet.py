"""DisGeNET (Piñero et al. 2020): gene-disease pairs, as BioREx released them: one sentence a document.

A document's id is its PMID and four digits.
"""

from collections.abc import Iterator

from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biorex


def documents(source: Source) -> Iterator[Document]:
    return _biorex.documents(source, lambda _, record_id: (record_id, record_id[:-4]))
