"""DDI 2013 (Herrero-Zazo et al. 2013): drug-drug interactions in DrugBank texts and MedLine abstracts.

The corpus has sentence offsets only; the document text is its sentences with one blank between. MedLine file
names are PMIDs. The "DrugNER" half of the test set has no relation annotation and is set aside.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from harmonize.formats import ddi_xml, sentences
from harmonize.model import Document
from harmonize.sources.source import Source

WITHOUT_RELATIONS = "Test for DrugNER task"


def documents(source: Source) -> Iterator[Document]:
    corrections = source.corrections()
    for split in source.splits():
        for name, content in source.files_below(split, ".xml"):
            path = PurePosixPath(name.replace("\\", "/"))
            if WITHOUT_RELATIONS in path.parts:
                source.saw(split)
                source.set_aside(split, path.stem, "documents", "no relation annotation", [WITHOUT_RELATIONS])
                continue
            record = ddi_xml.read(content, name, corrections)
            pmid = path.stem if path.parent.name == "MedLine" else None
            document = sentences.document(record, split, pmid)
            source.saw(split, mentions=len(document.mentions), relations=len(document.relations))
            yield document
