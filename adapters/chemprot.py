"""ChemProt (Krallinger et al. 2017): chemical-protein relations between mentions, in groups CPR:0 to CPR:10.

The files are DrugProt's, but for two more columns of a relation: whether the task evaluates its group, and
the type within the group. Groups not evaluated stand for no relation, which the mapping says of each.
"""

from collections.abc import Iterator
from functools import partial

from harmonize.formats import drugprot_tsv
from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biocreative

RELATION_COLUMNS = ("PMID", "group", "evaluated", "type", "Arg1", "Arg2")


def documents(source: Source) -> Iterator[Document]:
    return _biocreative.documents(source, partial(drugprot_tsv.read, relation_columns=RELATION_COLUMNS))
