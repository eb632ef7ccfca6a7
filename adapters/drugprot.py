"""DrugProt (Miranda et al. 2021): chemical-protein relations of thirteen types between mentions.

The development set is the test split: the gold of the official test set is not public.
"""

from collections.abc import Iterator

from harmonize.formats import drugprot_tsv
from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biocreative


def documents(source: Source) -> Iterator[Document]:
    return _biocreative.documents(source, drugprot_tsv.read)
