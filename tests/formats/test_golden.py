"""Golden cases: tests/golden/<format>/<trap>/, one small file per trap and what reading it must give.

expected.json        what comes out, without the fields that equal their default
expected_error.txt   the one-line message with the file as FILE (of several, by name); "…" is any text
corpus.txt           the corpus whose adapter reads the file, giving Documents; without it the format's reader
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harmonize.errors import HarmonizeError
from harmonize.formats import (
    bertsrc_csv,
    bioc,
    combination_jsonl,
    ddi_xml,
    drugprot_tsv,
    ppi_xml,
    pubtator,
    renet_tables,
)
from harmonize.ledger import READ, Ledger
from harmonize.registry import adapter
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue

GOLDEN = Path(__file__).parent.parent / "golden"
CATALOGUE = load_catalogue()

INPUTS = {
    "pubtator": ("input.PubTator",),
    "bioc_xml": ("input.xml",),
    "bioc_json": ("input.json",),
    "ddi_xml": ("input.xml",),
    "ppi_xml": ("input.xml",),
    "drugprot_tsv": ("abstracts.tsv", "entities.tsv", "relations.tsv"),
    "bertsrc_csv": ("input.csv",),
    "renet_tables": ("docs.txt", "anns.txt", "labels.txt"),
    "combination_jsonl": ("input.jsonl",),
}
READERS: dict[str, Callable[..., Any]] = {
    "pubtator": pubtator.read,
    "bioc_xml": bioc.read,
    "bioc_json": bioc.read,
    "ddi_xml": lambda path: [ddi_xml.read(path.read_bytes(), str(path))],
    "ppi_xml": ppi_xml.read,
    "drugprot_tsv": drugprot_tsv.read,
    "bertsrc_csv": lambda path: bertsrc_csv.read([path]),
    "renet_tables": renet_tables.read,
    "combination_jsonl": combination_jsonl.read,
}
SOURCES = {"pubtator": "pubtator", "bioc_xml": "bioc-xml", "bioc_json": "bioc-json"}


def cases(file: str) -> list[Any]:
    found = sorted(GOLDEN.glob(f"*/*/{file}"))
    return [pytest.param(path.parent, id=f"{path.parent.parent.name}/{path.parent.name}") for path in found]


def read_case(folder: Path, ledger: Ledger | None = None) -> Iterator[Any]:
    kind = folder.parent.name
    named = folder / "corpus.txt"
    if not named.exists():
        return iter(READERS[kind](*(folder / name for name in INPUTS[kind])))
    key = named.read_text().strip()
    return adapter(key, CATALOGUE)(case_source(folder, kind, key, ledger or Ledger()))


def case_source(folder: Path, kind: str, key: str, ledger: Ledger) -> Source:
    corpus = CATALOGUE[key]
    files = (".",) if kind == "ddi_xml" else INPUTS[kind]
    variant = SOURCES.get(kind, "golden")
    if variant not in corpus.spec.sources:
        variant = next(iter(corpus.spec.sources))
    spec = corpus.spec.model_copy(update={"sources": {variant: {"train": files}}})
    return Source(replace(corpus, spec=spec), variant, folder, ledger)


def plain(value: Any) -> Any:
    """Dataclasses as dicts without the fields that equal their default, spans as lists."""
    if is_dataclass(value):
        shown = ((field, getattr(value, field.name)) for field in fields(value))
        return {f.name: plain(v) for f, v in shown if f.default is MISSING or v != f.default}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def shown_error(error: HarmonizeError, folder: Path) -> str:
    message = str(error)
    files = [folder / name for name in INPUTS[folder.parent.name]]
    for path in files:
        message = message.replace(str(path), "FILE" if len(files) == 1 else path.name)
    return message


def matches(message: str, expected: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), message) is not None


@pytest.mark.parametrize("folder", cases("expected.json"))
def test_reading_gives_what_the_case_expects(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert plain(list(read_case(folder))) == expected


@pytest.mark.parametrize("folder", cases("expected_error.txt"))
def test_reading_fails_in_one_line_that_names_the_place(folder: Path) -> None:
    expected = (folder / "expected_error.txt").read_text(encoding="utf-8").rstrip("\n")
    with pytest.raises(HarmonizeError) as caught:
        list(read_case(folder))
    message = shown_error(caught.value, folder)
    assert matches(message, expected), f"expected {expected}, got {message[:300]}"
    assert "\n" not in message


def test_no_error_shows_text_of_an_external_entity() -> None:
    for folder in GOLDEN.glob("*/*external-entity*"):
        secret = (folder / "outside.txt").read_text()
        with pytest.raises(HarmonizeError) as caught:
            list(read_case(folder))
        assert secret not in str(caught.value)


def test_every_case_is_an_expectation_and_its_input() -> None:
    for folder in GOLDEN.glob("*/*"):
        names = {path.name for path in folder.rglob("*") if path.is_file()}
        assert len(names & {"expected.json", "expected_error.txt"}) == 1, folder
        assert names - {"expected.json", "expected_error.txt", "corpus.txt"}, folder
        assert ("expected_error.txt" in names) == folder.name.startswith("error-"), folder


@pytest.mark.parametrize(
    ("case", "unit", "entered", "dropped"),
    [
        ("bioc_xml/composite-and-individual-mentions", "mentions", 4, {"part of a composite mention": 2}),
        ("bioc_xml/individual-mention-of-two-parts", "mentions", 3, {"part of a composite mention": 2}),
        ("ddi_xml/part-without-relations-is-set-aside", "documents", 2, {"no relation annotation": 1}),
        ("pubtator/seventh-column-does-not-drop-the-mention", "mentions", 2, {}),
        ("ppi_xml/sentences-in-string-order", "relations", 1, {}),
        (
            "combination_jsonl/repeated-relation-is-set-aside",
            "relations",
            3,
            {"repeats another relation of the sentence": 1},
        ),
    ],
)
def test_what_an_adapter_sets_aside_is_counted(
    case: str, unit: str, entered: int, dropped: dict[str, int]
) -> None:
    ledger = Ledger()
    list(read_case(GOLDEN / case, ledger))
    account = ledger.as_dict("train")[READ][unit]
    assert (account["in"], account["dropped"]) == (entered, dropped)
