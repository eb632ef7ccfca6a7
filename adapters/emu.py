"""EMU (Doughty et al. 2010): disease-mutation pairs of breast and prostate cancer, as BioREx released them.

One article is in both files, with other relations; a document's id therefore starts with its file's disease.
"""

from collections.abc import Iterator
from pathlib import Path

from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biorex


def documents(source: Source) -> Iterator[Document]:
    return _biorex.documents(source, _identify)


def _identify(path: Path, record_id: str) -> tuple[str, str]:
    return f"{path.name.split('_')[0]}-{record_id}", record_id
