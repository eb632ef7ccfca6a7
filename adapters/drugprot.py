"""DrugProt (Miranda et al. 2021): chemical-protein relations of thirteen types between mentions.

The development set is the test split: the gold of the official test set is not public.
"""

from collections.abc import Iterator

from harmonize.formats import drugprot_tsv
from harmonize.model import Document
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    for split in source.splits():
        for record in drugprot_tsv.read(*source.files(split, expected=3)):
            source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
            yield Document(
                id=record.pmid,
                split=split,
                text=record.text,
                passages=record.passages,
                mentions=record.mentions,
                relations=record.relations,
                pmid=record.pmid,
            )
