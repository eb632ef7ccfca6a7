"""Curated tables: golden cases, any bytes at all, the samples, and what the real files hold.

The golden cases stand in tests/golden/<format>/<reader>/<trap>/, those that must fail in error-<reader>:

expected.json        what comes out, without the fields that equal their default; then the rows set aside
expected_error.txt   the one-line message, each file by its name
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_golden import matches, plain

from harmonize.errors import HarmonizeError
from harmonize.formats import disgenet_tables, pharmgkb_tsv, triple_tsv
from harmonize.formats.curated_row import CuratedRow
from harmonize.formats.tables import SetAside, unheard
from harmonize.registry import sample_folder

GOLDEN = Path(__file__).parent.parent / "golden"
FORMATS = ("pharmgkb_tsv", "disgenet_tables", "triple_tsv")
CURATED_SOURCES = {"CLINGEN", "CTD_human", "GENOMICS_ENGLAND", "ORPHANET", "PSYGENET", "UNIPROT"}
"""The expert-curated sources of version 7 in the sample; CGI is one too, but none of its rows has a PMID."""

brief = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def only_file(folder: Path) -> Path:
    return next(path for path in folder.iterdir() if path.name.startswith("input"))


def annotated(path: Path) -> Iterator[Any]:
    """The rows, each followed by what it relates."""
    for row in pharmgkb_tsv.annotations(path):
        yield row
        yield from pharmgkb_tsv.curated_rows(row)


FILE_READERS: dict[str, Callable[[Path, SetAside], Any]] = {
    "pharmgkb_tsv/annotations": lambda path, _: annotated(path),
    "pharmgkb_tsv/relationships": pharmgkb_tsv.relationships,
    "pharmgkb_tsv/chemicals": lambda path, _: pharmgkb_tsv.chemicals(path).items(),
    "disgenet_tables/associations": disgenet_tables.associations,
    "disgenet_tables/gene_symbols": lambda path, aside: disgenet_tables.gene_symbols(path, aside).items(),
    "disgenet_tables/gene_names": lambda path, _: disgenet_tables.gene_names(path).items(),
    "disgenet_tables/disease_mesh": lambda path, _: disgenet_tables.disease_mesh(path).items(),
    "disgenet_tables/disease_synonyms": lambda path, _: disgenet_tables.disease_synonyms(path).items(),
    "triple_tsv/read": lambda path, _: triple_tsv.read(path),
}
FOLDER_READERS: dict[str, Callable[[Path, SetAside], Any]] = {
    "disgenet_tables/network": disgenet_tables.network,
}


def reader_of(case: Path) -> str:
    return f"{case.parent.parent.name}/{case.parent.name.removeprefix('error-')}"


def read_case(case: Path) -> list[Any]:
    aside: list[Any] = []

    def set_aside(reason: str, item: str) -> None:
        aside.append({"set aside": reason, "item": item})

    reader = reader_of(case)
    if reader in FOLDER_READERS:
        found = list(FOLDER_READERS[reader](case, set_aside))
    else:
        found = list(FILE_READERS[reader](only_file(case), set_aside))
    return [*plain(found), *aside]


def cases(formats: tuple[str, ...], file: str) -> list[Any]:
    found = sorted(path for kind in formats for path in GOLDEN.glob(f"{kind}/*/*/{file}"))
    return [pytest.param(path.parent, id=path.parent.relative_to(GOLDEN).as_posix()) for path in found]


def check_case(case: Path, read: Callable[[Path], list[Any]]) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    assert read(case) == expected


def check_error_case(case: Path, read: Callable[[Path], list[Any]]) -> None:
    expected = (case / "expected_error.txt").read_text(encoding="utf-8").rstrip("\n")
    with pytest.raises(HarmonizeError) as caught:
        read(case)
    message = str(caught.value).replace(f"{case}/", "").replace(str(case), "FOLDER")
    assert matches(message, expected), f"expected {expected}, got {message[:300]}"
    assert "\n" not in message


@pytest.mark.parametrize("case", cases(FORMATS, "expected.json"))
def test_reading_gives_what_the_case_expects(case: Path) -> None:
    check_case(case, read_case)


@pytest.mark.parametrize("case", cases(FORMATS, "expected_error.txt"))
def test_reading_fails_in_one_line_that_names_the_place(case: Path) -> None:
    check_error_case(case, read_case)


def test_every_reader_has_cases_of_both_kinds() -> None:
    for reader in {**FILE_READERS, **FOLDER_READERS}:
        kind, name = reader.split("/")
        assert any((GOLDEN / kind / name).glob("*/expected.json")), reader
        assert any((GOLDEN / kind / f"error-{name}").glob("*/expected_error.txt")), reader


# Reading anything at all: a HarmonizeError or rows, and nothing else.


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def read_bytes(folder: Path, reader: str, content: bytes, suffix: str = "") -> None:
    path = folder / f"input.tsv{suffix}"
    path.write_bytes(content)
    with suppress(HarmonizeError):
        list(FILE_READERS[reader](path, unheard))


@pytest.mark.parametrize("reader", FILE_READERS)
@brief
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(folder: Path, reader: str, content: bytes) -> None:
    read_bytes(folder, reader, content)


GOOD = {
    reader: only_file(GOLDEN / reader / trap).read_bytes()
    for reader, trap in {
        "pharmgkb_tsv/annotations": "lists-give-every-pair",
        "pharmgkb_tsv/relationships": "both-ways-round",
        "pharmgkb_tsv/chemicals": "plain-and-quoted-lists",
        "disgenet_tables/associations": "quotes-are-text",
        "disgenet_tables/gene_symbols": "symbol-of-two-genes",
        "disgenet_tables/gene_names": "quotes-and-commas-are-text",
        "disgenet_tables/disease_mesh": "several-ids-and-none",
        "disgenet_tables/disease_synonyms": "names-of-all-vocabularies",
        "triple_tsv/read": "with-ids",
    }.items()
}
PIECES = [
    b"",
    b"\t",
    b"\n",
    b"\r",
    b"\xff",
    b"\x81",
    b"9",
    b"9" * 5000,
    b";",
    b",",
    b'"',
    b'""',
    b"(PA",
    b"\0",
]
edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=3
)


def damaged(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, piece in changes:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


@pytest.mark.parametrize("reader", FILE_READERS)
@brief
@given(changes=edits)
def test_a_damaged_file_is_read_or_refused(
    folder: Path, reader: str, changes: list[tuple[float, int, bytes]]
) -> None:
    read_bytes(folder, reader, damaged(GOOD[reader], changes))


@brief
@given(changes=edits)
def test_a_damaged_gzip_is_read_or_refused(folder: Path, changes: list[tuple[float, int, bytes]]) -> None:
    packed = gzip.compress(GOOD["disgenet_tables/associations"], mtime=0)
    read_bytes(folder, "disgenet_tables/associations", damaged(packed, changes), ".gz")


NETWORK_TABLES = ("geneDiseaseNetwork.csv", "geneAttributes.csv", "diseaseAttributes.csv")
GOOD_NETWORK = {
    name: (GOLDEN / "disgenet_tables/network/commas-and-quotes-in-a-sentence" / name).read_bytes()
    for name in NETWORK_TABLES
}


@pytest.mark.parametrize("name", NETWORK_TABLES)
@brief
@given(content=edits.map(lambda changes: (changes, b"")) | st.binary(max_size=60).map(lambda raw: ([], raw)))
def test_damaged_network_tables_are_read_or_refused(
    folder: Path, name: str, content: tuple[list[tuple[float, int, bytes]], bytes]
) -> None:
    changes, raw = content
    for other, good in GOOD_NETWORK.items():
        (folder / other).write_bytes(good)
    (folder / name).write_bytes(damaged(GOOD_NETWORK[name], changes) if changes else raw)
    with suppress(HarmonizeError):
        list(disgenet_tables.network(folder))


# The samples and the real files.

Triples = dict[tuple[str, str, str], set[str]]


def triples(rows: Iterator[CuratedRow], evidence: str) -> Triples:
    """(second, first, PMID) -> the values of one piece of evidence."""
    found: Triples = defaultdict(set)
    for row in rows:
        found[row.second.id, row.first.id, row.pmid].add(row.evidence[evidence])
    return found


def significance(path: Path) -> Triples:
    rows = (made for row in pharmgkb_tsv.annotations(path) for made in pharmgkb_tsv.curated_rows(row))
    return triples(rows, "significance")


def test_the_sample_of_pharmgkb_holds_its_traps() -> None:
    sample = sample_folder() / "pharmgkb"
    rows = list(pharmgkb_tsv.annotations(sample / "var_drug_ann.tsv"))
    found = significance(sample / "var_drug_ann.tsv")
    chemicals = pharmgkb_tsv.chemicals(sample / "chemicals" / "chemicals.tsv")
    drugs = pharmgkb_tsv.chemicals(sample / "drugs" / "drugs.tsv")
    assert Counter(tuple(sorted(values)) for values in found.values()) == {
        ("yes",): 7,
        ("no", "yes"): 1,
        ("no",): 1,
    }
    assert [row.line for row in rows if not row.genes] == [7]
    assert {chemical for _, chemical, _ in found} <= chemicals.keys()
    assert [entry.name for entry in chemicals.values() if not entry.mesh] == [
        "angiotensin II antagonists, plain",
        '5"-hydroxy omeprazole',
    ]
    assert drugs.items() <= chemicals.items()


def test_the_symbols_of_the_samples_are_genes_of_the_sample() -> None:
    sample = sample_folder()
    symbols = disgenet_tables.gene_symbols(sample / "disgenet" / "geneAttributes.tsv")
    named = {
        gene.name
        for row in pharmgkb_tsv.annotations(sample / "pharmgkb" / "var_drug_ann.tsv")
        for gene in row.genes
    }
    assert named <= symbols.keys()
    rows = disgenet_tables.network(sample / "disgenet" / "v7_sample")
    assert {row.second.id for row in rows} <= set(symbols.values())


def test_the_sample_of_disgenet_holds_its_traps() -> None:
    sample = sample_folder() / "disgenet"
    aside: list[str] = []
    rows = list(disgenet_tables.network(sample / "v7_sample", lambda reason, _: aside.append(reason)))
    mesh = disgenet_tables.disease_mesh(sample / "disease_mappings.tsv")
    assert aside == ["no PMID", "geneNID is not in geneAttributes.csv"]
    assert any("Ménière" in (row.sentence or "") for row in rows)
    unmapped = [row.first.name for row in rows if row.first.id not in mesh]
    assert unmapped == ["Otosclerosis of the stapes, invented"]
    assert Counter(row.evidence["source"] in CURATED_SOURCES for row in rows) == {True: 5, False: 1}


def test_the_sample_of_emu_has_four_rows() -> None:
    rows = list(triple_tsv.read(sample_folder() / "emu" / "emu_triples.tsv"))
    assert [(row.second.name, row.evidence["mutation"]) for row in rows] == [
        ("BRCA2", "N372H"),
        ("ATM", "V2424G"),
        ("CHEK2", "1100delC"),
        ("AR", "T878A"),
    ]


def test_counts_of_the_real_annotations(mirror: Path) -> None:
    path = mirror / "pharmgkb" / "var_drug_ann.tsv"
    rows = list(pharmgkb_tsv.annotations(path))
    assert (len(rows), sum(not row.genes for row in rows), sum(not row.chemicals for row in rows)) == (
        8382,
        233,
        1,
    )
    found = significance(path)
    assert len(found) == 6392
    assert Counter(tuple(sorted(values)) for values in found.values()) == {
        ("yes",): 3152,
        ("no", "yes"): 586,
        ("not stated", "yes"): 30,
        ("no", "not stated", "yes"): 9,
        ("no",): 2144,
        ("no", "not stated"): 6,
        ("not stated",): 465,
    }


def test_counts_of_the_real_chemicals(mirror: Path) -> None:
    chemicals = pharmgkb_tsv.chemicals(mirror / "pharmgkb" / "chemicals" / "chemicals.tsv")
    drugs = pharmgkb_tsv.chemicals(mirror / "pharmgkb" / "drugs" / "drugs.tsv")
    assert (len(chemicals), len(drugs)) == (5210, 3794)
    assert drugs.items() <= chemicals.items()
    assert sum(bool(entry.mesh) for entry in chemicals.values()) == 1285
    found = significance(mirror / "pharmgkb" / "var_drug_ann.tsv")
    named = {chemical for _, chemical, _ in found}
    assert (len(named), len(named & chemicals.keys())) == (533, 532)
    assert sum(bool(chemicals[key].mesh) for _, key, _ in found if key in chemicals) == 5039


def test_counts_of_the_real_network(mirror: Path) -> None:
    aside: Counter[str] = Counter()
    sample = mirror / "disgenet" / "v7_sample"
    rows = list(disgenet_tables.network(sample, lambda reason, _: aside.update([reason])))
    found = triples(iter(rows), "source")
    curated = {triple for triple, sources in found.items() if sources & CURATED_SOURCES}
    mesh = disgenet_tables.disease_mesh(mirror / "disgenet" / "disease_mappings.tsv")
    assert aside == {"no PMID": 10894}
    assert sum(row.sentence is not None for row in rows) == len(rows) == 19106
    assert len({row.pmid for row in rows}) == 13478
    assert (len(found), len(curated)) == (19009, 7118)
    assert sum(disease in mesh for _, disease, _ in curated) == 5273


def test_counts_of_the_real_gene_and_disease_tables(mirror: Path) -> None:
    aside: list[str] = []
    genes = mirror / "disgenet" / "geneAttributes.tsv"
    symbols = disgenet_tables.gene_symbols(genes, lambda _, item: aside.append(item.split()[0]))
    assert sorted(aside) == ["DEL11P13", "HBD", "MEMO1", "RNR1", "TEC"]
    assert (len(symbols), len(disgenet_tables.gene_names(genes))) == (26127, 26137)
    mappings = mirror / "disgenet" / "disease_mappings.tsv"
    assert len(disgenet_tables.disease_mesh(mappings)) == 9013
    assert len(disgenet_tables.disease_synonyms(mappings)) == 18897
