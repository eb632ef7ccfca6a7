"""Drug combinations (Tiktinsky et al. 2022): which drugs of a sentence are given together, and does it help?

A document is the paragraph of one sentence, which alone is annotated.
"""

from collections.abc import Iterator

from harmonize.formats import combination_jsonl
from harmonize.model import Document, NaryRelation
from harmonize.sources.source import Source

REPEATED = "repeats another relation of the sentence"


def documents(source: Source) -> Iterator[Document]:
    for split, path in source.paths():
        for record in combination_jsonl.read(path, source.corrections()):
            distinct: dict[tuple[tuple[str, ...], str], NaryRelation] = {}
            repeated = []
            for each in record.combinations:
                if distinct.setdefault((each.arguments, each.type), each) is not each:
                    repeated.append(" ".join(each.arguments))
            source.saw(split, mentions=len(record.mentions), relations=len(record.combinations))
            source.set_aside(split, record.id, "relations", REPEATED, repeated)
            yield combination_jsonl.document(record, split, tuple(distinct.values()))
