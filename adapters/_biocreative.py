"""What DrugProt and ChemProt share: three TSVs a split, relations between mentions of an abstract."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harmonize.formats.drugprot_tsv import DrugProtRecord
from harmonize.model import Document, Split
from harmonize.sources.source import Source


def documents(
    source: Source, read: Callable[[Path, Path, Path], Iterator[DrugProtRecord]]
) -> Iterator[Document]:
    """Documents of every split; `read(abstracts, entities, relations)` gives a split's records."""
    for split in source.splits():
        yield from documents_of(source, split, read(*source.files(split, expected=3)))


def documents_of(source: Source, split: Split, records: Iterable[DrugProtRecord]) -> Iterator[Document]:
    for record in records:
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
