"""Pages of hand-written sets and of the sample, asked without a network or a browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from prediction_cases import Fake
from report_sets import strange_rows, write_set
from starlette.testclient import TestClient

from harmonize.explore.application import application
from harmonize.explore.instances import UnionRows
from harmonize.explore.material import Material
from harmonize.explore.pasted import Predictor
from harmonize.explore.predictions import PredictionTable, open_predictions
from harmonize.prediction.extractor import RelationExtractor
from harmonize.union.schema import DOCUMENT_SCHEMA, DOCUMENTS

HOST = "127.0.0.1:8017"
ORIGIN = f"http://{HOST}"
DOCUMENT = "/document?corpus=biored&split=test&id=90000004"


def client(material: Material) -> TestClient:
    """Asks the page as its reader's browser does."""
    return TestClient(
        application(material, [HOST]),
        base_url=ORIGIN,
        headers={"Origin": ORIGIN},
        raise_server_exceptions=True,
        follow_redirects=False,
    )


def material(folder: Path, *predictions: Path, predictor: Predictor | None = None) -> Material:
    opened = [one for path in predictions for one in open_predictions(path)]
    return Material("a set", UnionRows.opened(folder), tuple(opened), predictor)


def fake_predictor(cache: Path, **others: Any) -> Predictor:
    """Predicts by the hash of a pair, with a run that is none."""
    return Predictor(Path("run"), cache, load=lambda _: RelationExtractor(Fake()), **others)


def strange_set(folder: Path) -> Path:
    """The set of rows that no corpus has, with the texts of its documents."""
    rows = strange_rows()
    write_set(folder, rows)
    texts: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["corpus"], row["split"], row["document_id"])
        passage = {"kind": "text", "start": 0, "end": len(row["text"])}
        texts.setdefault(
            key,
            dict(zip(DOCUMENT_SCHEMA.names, (*key, row["pmid"], row["text"], [passage]), strict=True)),
        )
    table = pa.Table.from_pylist(list(texts.values()), schema=DOCUMENT_SCHEMA)
    pq.write_table(table, folder / DOCUMENTS)
    return folder


def predictions_of(
    union: UnionRows, said: Iterable[tuple[int, str, float]], name: str = "said"
) -> PredictionTable:
    """Predictions of some rows of a set: (row, label, confidence)."""
    ids = union.table["instance_id"].cast(pa.string()).to_pylist()
    rows = [
        {"instance_id": ids[row], "label": label, "confidence": sure, "related": sure}
        for row, label, sure in said
    ]
    return PredictionTable(name, pa.Table.from_pylist(rows))


class _Reader(HTMLParser):
    """What stands in a page: tags with their attributes, and text outside of scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def links(page: str) -> list[str]:
    return [str(attributes["href"]) for tag, attributes in read(page).tags if tag == "a"]
