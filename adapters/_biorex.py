"""What EMU, PharmGKB and DisGeNET share in BioREx's release: PubTator text with predicted spans.

A variant stands for the gene it lies in, which tmVar names in the variant's id.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from harmonize.formats import pubtator
from harmonize.formats.pubtator_record import variant_genes
from harmonize.model import Document
from harmonize.sources.source import Source


def documents(source: Source, identify: Callable[[Path, str], tuple[str, str]]) -> Iterator[Document]:
    """Documents of every file; `identify` makes (document id, PMID) of file and record id."""

    def concept_ids(kind: str, raw: str | None) -> tuple[str, ...]:
        if raw is not None and raw.startswith("tmVar:"):
            return variant_genes(raw)
        return source.concept_ids(kind, raw)

    for split, path in source.paths():
        for record in pubtator.read(path, mention_columns=(6,), relation_columns=(4,)):
            source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
            document_id, pmid = identify(path, record.id)
            yield pubtator.document(
                record, split, concept_ids, document_id=document_id, pmid=pmid, source="pubtator"
            )
