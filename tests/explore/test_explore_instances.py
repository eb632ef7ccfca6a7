"""Filters, rows and documents of a set: what is found is what a look at every row finds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from explore_cases import strange_set
from hypothesis import given, settings
from hypothesis import strategies as st
from report_sets import HOSTILE

from harmonize.errors import UnionError
from harmonize.explore.documents import texts_of
from harmonize.explore.instances import UnionRows
from harmonize.explore.query import Filters, Page
from harmonize.union.reader import load_union
from harmonize.union.schema import partition_file

SEARCHED = ("text", "document_id", "pmid", "head_id", "tail_id", "head_name", "tail_name")


@cache
def every_row(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load_union(folder).to_pylist()
    return rows


def wanted(row: dict[str, Any], filters: Filters) -> bool:
    return (
        filters.corpus in ("", row["corpus"])
        and filters.split in ("", row["split"])
        and filters.label in ("", row["relation"])
        and filters.document in ("", row["document_id"])
        and (not filters.type or filters.type in (row["head_type"], row["tail_type"]))
        and (not filters.rule or filters.rule in row["rules"])
        and any(filters.q.lower() in (row[name] or "").lower() for name in SEARCHED)
    )


FILTERS = st.builds(
    Filters,
    corpus=st.sampled_from(["", "biored", "ddi", "nothing"]),
    split=st.sampled_from(["", "train", "test"]),
    label=st.sampled_from(["", "None", "None-DDI", "Association"]),
    type=st.sampled_from(["", "ChemicalEntity", "GeneOrGeneProduct", "BC5CDR-Chem"]),
    rule=st.sampled_from(["", "a1", "b2", "c3", "x9"]),
    document=st.sampled_from(["", "90000004"]),
    q=st.sampled_from(["", "THE ", "warfarin", "D0", "90000004", "(", "%", "\\"]),
)


@given(FILTERS)
@settings(max_examples=60)
def test_filters_find_what_a_look_at_every_row_finds(
    sample_rows: UnionRows, sample_union: Path, filters: Filters
) -> None:
    rows = every_row(sample_union)
    expected = [place for place, row in enumerate(rows) if wanted(row, filters)]
    assert sample_rows.matching(filters).tolist() == expected


def test_rows_come_whole_and_in_the_order_asked(sample_rows: UnionRows, sample_union: Path) -> None:
    rows = every_row(sample_union)
    places = [344, 0, 17, 200, 0]
    assert sample_rows.rows(places) == [rows[place] for place in places]
    assert sample_rows.rows([]) == []


def test_documents_are_counted_with_their_related_pairs(sample_rows: UnionRows, sample_union: Path) -> None:
    rows = every_row(sample_union)
    found = sample_rows.documents(np.arange(len(rows)))
    assert sum(one.rows for one in found) == len(rows)
    assert sum(one.related for one in found) == sum(not row["relation"].startswith("None") for row in rows)
    keys = [(row["corpus"], row["split"], row["document_id"]) for row in rows]
    assert [one.key for one in found] == list(dict.fromkeys(keys))
    assert sample_rows.documents(np.arange(0)) == []


def test_a_document_and_its_text(sample_rows: UnionRows, sample_union: Path) -> None:
    key = ("biored", "test", "90000004")
    places = sample_rows.of_document(*key)
    assert {row["document_id"] for row in sample_rows.rows(places.tolist())} == {"90000004"}
    stored = texts_of(sample_union, [key, ("biored", "train", "90000004")])
    assert list(stored) == [key]
    assert stored[key].text.startswith("Factor V Leiden")
    assert sample_rows.rows_of_documents(places[:1]).tolist() == places.tolist()


def test_facets_count_every_row(sample_rows: UnionRows) -> None:
    facets = sample_rows.facets()
    for name in ("corpus", "split", "label"):
        assert sum(facet.count for facet in facets[name]) == len(sample_rows)
    for facet in facets["label"]:
        assert len(sample_rows.matching(Filters(label=facet.value))) == facet.count
    assert next(facet.count for facet in facets["rule"] if facet.value == "a1") == len(
        sample_rows.matching(Filters(rule="a1"))
    )


def test_hostile_values_are_found_as_they_are(strange_union: Path) -> None:
    rows = UnionRows.opened(strange_union)
    hostile = HOSTILE.strip()
    assert len(rows.matching(Filters(label=HOSTILE))) == 1
    assert len(rows.matching(Filters(q=hostile[:40]))) == 1


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.large_string()])
def test_categories_may_be_strings_or_dictionaries(tmp_path: Path, kind: pa.DataType) -> None:
    folder = strange_set(tmp_path / "set")
    for corpus, split in (("made", "train"), ("made", "test"), ("other", "dev"), ("other", "train")):
        file = folder / partition_file(corpus, split)
        table = pq.ParquetFile(file).read()
        for name in ("part", "level"):
            place = table.column_names.index(name)
            table = table.set_column(place, pa.field(name, kind, nullable=False), table[name].cast(kind))
        pq.write_table(table.append_column("further", pa.array(["x"] * len(table))), file)
    rows = UnionRows.opened(folder)
    found = rows.matching(Filters(corpus="other", split="dev"))
    assert [row["corpus"] for row in rows.rows(found.tolist())] == ["other"]
    assert rows.rows([0])[0]["further"] == "x"


def test_a_set_without_rows(tmp_path: Path) -> None:
    from report_sets import write_set

    rows = UnionRows.opened(write_set(tmp_path / "set", [], empty=[("made", "train")]))
    assert len(rows) == 0
    assert rows.matching(Filters(corpus="made", q="x")).tolist() == []
    assert rows.documents(rows.matching(Filters())) == []


def test_a_file_that_is_gone_is_one_line(tmp_path: Path) -> None:
    folder = strange_set(tmp_path / "set")
    rows = UnionRows.opened(folder)
    (folder / partition_file("other", "dev")).unlink()
    place = rows.matching(Filters(corpus="other", split="dev")).tolist()
    with pytest.raises(UnionError, match=r"dev\.parquet: expected a file of the union set, found none$"):
        rows.rows(place)


@given(st.integers(-3, 10**12), st.integers(0, 10_000))
def test_a_page_lies_in_the_list(number: int, total: int) -> None:
    page = Page.of(number, total)
    assert 1 <= page.number <= page.last
    assert 0 <= page.start <= page.end <= total
    assert (page.end > page.start) == (total > 0)


@pytest.mark.parametrize("given_page", ["", "0", "-1", "x", "1.5", "٣", "9" * 30])
def test_a_page_that_is_none_is_the_first(given_page: str) -> None:
    assert Filters.of({"page": given_page}).page == 1


def test_an_address_holds_what_is_wanted() -> None:
    filters = Filters.of({"corpus": "biored", "q": "a & b=%#ü", "page": "3", "other": "x"})
    assert filters.address("/instances", page=4) == "/instances?corpus=biored&q=a+%26+b%3D%25%23%C3%BC&page=4"
    assert filters.address("/documents") == "/documents?corpus=biored&q=a+%26+b%3D%25%23%C3%BC"
