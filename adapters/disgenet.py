"""DisGeNET (Piñero et al. 2020): gene-disease pairs, as BioREx released them: one sentence a document.

A document's id is its PMID and four digits. The whole record is the corpus' sentence, so nothing splits it at
the "viz." or "p." inside.
"""

from collections.abc import Iterator
from dataclasses import replace

from harmonize.model import Document, Span
from harmonize.sources.source import Source

from . import _biorex


def documents(source: Source) -> Iterator[Document]:
    for document in _biorex.documents(source, lambda _, record_id: (record_id, record_id[:-4])):
        yield replace(document, sentences=(Span(0, len(document.text)),))
