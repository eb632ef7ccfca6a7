"""What the PharmGKB adapter works with, for benchmarks that look at it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from harmonize.adapters import pharmgkb
from harmonize.curated.documents import Curation
from harmonize.ledger import Ledger
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue


def pharmgkb_curation(mirror: Path) -> Curation:
    """The triples and names that the adapter of native PharmGKB works with, before it looks at any text."""
    source = Source(load_catalogue()["pharmgkb"], "native", mirror / "pharmgkb", Ledger())
    with patch.object(pharmgkb, "curated_documents", lambda *handed: iter([handed])):
        [(_, _, curation, _)] = pharmgkb.documents(source)
    return curation
