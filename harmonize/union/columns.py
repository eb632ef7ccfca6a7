"""What the columns of a set's files mean, in a line each; the dataset card and Croissant both say it so."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["COLUMNS", "DOCUMENT_COLUMNS", "LEAK_COLUMNS", "PARTS", "type_name"]

COLUMNS = {
    "instance_id": "hash of corpus, document, context, head and tail; the same in every build",
    "part": "corpus/split, which `leaks_into` of other rows names",
    "level": "what the context is: document or sentence",
    "document_id": "the document's id in its corpus",
    "pmid": "PubMed id; null where unknown",
    "text": "the context: title and abstract, or one sentence",
    "context_start": "where the context begins in the document, in code points",
    "context_end": "where the context ends in the document, in code points, exclusive",
    "head_id": "concept id of the first entity, or its mention id where the corpus relates mentions",
    "tail_id": "concept id of the second entity, or its mention id where the corpus relates mentions",
    "head_name": "the head's first mention in the context",
    "tail_name": "the tail's first mention in the context",
    "head_type": "the head's type: BioRED's, or one of its corpus' own where the two define it differently",
    "tail_type": "the tail's type: BioRED's, or one of its corpus' own where the two define it differently",
    "source_head_type": "the corpus' own type of the head's first mention",
    "source_tail_type": "the corpus' own type of the tail's first mention",
    "head_spans": "every mention of the head in the context; a mention in parts has an entry for each",
    "tail_spans": "every mention of the tail in the context; a mention in parts has an entry for each",
    "sentences": "the sentences of the context, none of which ends inside a mention",
    "relation": "the label to learn: the most specific of `relations`",
    "relations": "all labels of the pair, most specific first",
    "source_relations": "the corpus' own relation types of the pair; empty if nobody annotated it",
    "directed": "the corpus orders its pairs: the head is the first argument",
    "novelty": "Novel or No, as BioRED says of its relations; null elsewhere",
    "subject": "which side of a relation acts: head, tail or neither; null where the corpus does not say",
    "task": "the corpus' name in the prompt of BioREx",
    "rules": "the adjustment rules that were applied, a to e",
    "span_source": "the least certain source of the pair's mentions: gold, pubtator or dictionary",
    "leaks_into": "corpus/split of every dev or test document that the row's document repeats",
    "licence": "the corpus' licence",
    "redistributable": "copies of the row may be redistributed, as far as the corpus' licence goes",
    "corpus": "the corpus that the row comes from; off the folder's name",
    "split": "train, dev or test; off the folder's name",
}
"""Of the rows: schema.SCHEMA."""

DOCUMENT_COLUMNS = {
    "corpus": "the corpus that the document comes from",
    "split": "train, dev or test",
    "document_id": "the document's id in its corpus",
    "pmid": "PubMed id; null where unknown",
    "text": "the whole text, which context_start and context_end of a row count in",
    "passages": "title, abstract and other parts of the text, in order",
}
"""Of the documents: schema.DOCUMENT_SCHEMA."""

LEAK_COLUMNS = {
    "corpus": "corpus of the first document",
    "split": "split of the first document",
    "document_id": "id of the first document in its corpus",
    "pmid": "PubMed id of the first document; null where unknown",
    "other_corpus": "corpus of the second document, which is the evaluated one where one is",
    "other_split": "split of the second document",
    "other_document_id": "id of the second document in its corpus",
    "other_pmid": "PubMed id of the second document; null where unknown",
    "same_pmid": "both have the same PubMed id",
    "same_text": "both have the same letters and digits",
    "similarity": "Jaccard similarity of their runs of words, 0 to 1",
}
"""Of the pairs of documents that repeat each other: schema.LEAK_SCHEMA."""

PARTS = {
    "kind": "what the passage is, such as title or abstract",
    "start": "first position, in code points",
    "end": "position after the last, in code points",
}
"""Of what stands in a list: spans and passages."""


def type_name(kind: pa.DataType) -> str:
    """A column's type as a person calls it: string, list of int32, list of {start, end}."""
    if pa.types.is_dictionary(kind):
        return type_name(kind.value_type)
    if pa.types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(field.name for field in kind) + "}"
    return str(kind)
