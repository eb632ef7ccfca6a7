"""BertSRC (Lee et al. 2022): relations of eight types, in three levels, between twelve kinds of entities.

published  the split that its authors give, by row: an abstract, and even a sentence, stands in several parts,
           so a document is what one part has of an abstract, and its id starts with the part
pooled     all rows in one split, a document being an abstract; folds by document are cut from it
"""

from collections.abc import Iterator
from dataclasses import replace

from harmonize.formats import bertsrc_csv, sentences
from harmonize.model import Document
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    several = len(source.splits()) > 1
    for split in source.splits():
        for record in bertsrc_csv.read(source.files(split)):
            named = replace(record, id=f"{split}-{record.id}") if several else record
            document = sentences.document(named, split, record.orig_id)
            source.saw(split, mentions=len(document.mentions), relations=len(document.relations))
            yield document
