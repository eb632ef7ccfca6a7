"""RENET and RENET2 (Wu et al. 2019, Su et al. 2021): which genes an abstract ties to which diseases.

renet    RENET's own abstracts, labelled from DisGeNET, with its abstracts for testing
renet2   RENET2's two rounds of annotated abstracts, the second for testing; both can be ambiguous

Genes and diseases were found by PubTator.
"""

from collections.abc import Iterator
from functools import partial

from harmonize.formats import pubtator, renet_tables
from harmonize.model import Document, Split
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    for split in source.splits():
        articles, mentions, labels = source.files(split, expected=3)
        set_aside = partial(_set_aside, source, split)
        for record in renet_tables.read(articles, mentions, labels, set_aside):
            source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
            yield pubtator.document(record, split, source.concept_ids, source="pubtator")


def _set_aside(source: Source, split: Split, reason: str, place: str) -> None:
    """Count a label whose article the files do not hold."""
    source.saw(split, documents=0, relations=1)
    source.set_aside(split, "", "relations", reason, [place])
