"""What the report counts, held against the manifest and the rows themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from report_sets import HOSTILE, repeat, row, span, strange_rows, write_set

import harmonize
from harmonize.report import counts
from harmonize.report.overlap import Cell, overlap, overlap_list
from harmonize.report.pairs import pairs
from harmonize.report.sample import examples, facets
from harmonize.union.manifest import SplitCounts, published_counts, read_manifest, split_counts


@pytest.fixture(scope="module")
def manifest(sample_union: Path) -> dict[str, Any]:
    return read_manifest(sample_union)


@pytest.fixture(scope="module")
def parts(manifest: dict[str, Any]) -> list[SplitCounts]:
    return list(split_counts(manifest))


def filled(folder: Path) -> list[tuple[str, str]]:
    return [(part.corpus, part.split) for part in split_counts(read_manifest(folder)) if part.instances]


def test_labels_and_totals_are_the_rows(
    sample_union: Path, manifest: dict[str, Any], parts: list[SplitCounts]
) -> None:
    columns = ["corpus", "split", "relation"]
    held = Counter(tuple(r.values()) for r in harmonize.load_union(sample_union, columns=columns).to_pylist())
    names = counts.label_names(parts)
    shown = {
        (line.corpus, line.split, name): cell.instances
        for line in counts.label_rows(parts)
        for name, cell in zip(names, line.labels, strict=True)
        if cell.instances
    }
    assert shown == {key: count for key, count in held.items() if not key[2].startswith("None")}
    totals = counts.totals(manifest, parts)
    assert totals.instances == held.total() == sum(line.instances for line in counts.label_rows(parts))
    assert totals.positive == sum(shown.values())


def test_label_bars_are_logarithmic_and_the_fullest_is_full() -> None:
    def part(split: str, **labels: int) -> SplitCounts:
        return SplitCounts(
            "x", split, 1, 1, 1, sum(labels.values()), sum(labels.values()), labels, {}, Counter()
        )

    lines = counts.label_rows([part("train", Bind=99, Association=9), part("test", Association=0)])
    assert [[round(cell.logarithm, 3) for cell in line.labels] for line in lines] == [[1.0, 0.5], [0.0, 0.0]]


def test_the_funnel_balances_and_ends_in_the_set(manifest: dict[str, Any], parts: list[SplitCounts]) -> None:
    units = counts.units(manifest)
    assert units == ["documents", "mentions", "relations", "instances"]
    for line in counts.funnel_rows(manifest, parts):
        accounts = dict(zip(units, line.accounts, strict=True))
        for account in accounts.values():
            assert account is not None
            assert account.taken_in == account.dropped + account.given_out
        instances = accounts["instances"]
        assert instances is not None
        assert instances.given_out == sum(p.instances for p in parts if p.corpus == line.corpus)


def test_a_unit_that_a_corpus_does_not_count_is_not_counted(manifest: dict[str, Any]) -> None:
    other = {"corpora": {**manifest["corpora"], "table": {"splits": {"train": {"steps": {"read": {}}}}}}}
    other["corpora"]["table"]["splits"]["train"]["steps"]["read"]["rows"] = {
        "in": 5,
        "out": 3,
        "dropped": {"x": 2},
    }
    lines = counts.funnel_rows(other, [])
    assert counts.units(other)[0] == "rows"
    assert lines[0].accounts[0] is None
    assert lines[-1].accounts == ((5, 2, 3), None, None, None, None)


def test_every_drop_of_the_manifest_is_shown_once(manifest: dict[str, Any]) -> None:
    listed: Counter[tuple[str, ...]] = Counter()
    taken_in: Counter[tuple[str, ...]] = Counter()
    for corpus, entry in manifest["corpora"].items():
        for part in entry["splits"].values():
            for step, units in part["steps"].items():
                for unit, account in units.items():
                    taken_in[corpus, step, unit] += account["in"]
                    for reason, number in account["dropped"].items():
                        listed[corpus, step, unit, reason] += number
    lines = counts.drop_rows(manifest)
    assert {line[:4]: line.dropped for line in lines} == listed
    assert len(lines) == len(listed)
    assert [line.taken_in for line in lines] == [taken_in[line[:3]] for line in lines]
    assert all(counts.step_name(line.step) for line in lines)


def test_equal_counts_need_no_reason_and_others_have_one() -> None:
    def published(documents: int, relations: int, why: str | None) -> str:
        entry = {"published": {"abstracts": documents, "relations": relations, "why": why}}
        part = SplitCounts("x", "train", 3, 1, 4, 1, 1, {}, {}, Counter())
        return published_counts({"corpora": {"x": entry}}, [part])[0].why

    assert published(3, 4, None) == ""
    assert published(3, 4, "the sum is the same") == ""
    assert published(3, 5, "because") == "because"
    assert published(2, 4, None) == "not known"


def test_licences_are_grouped_by_what_they_allow(manifest: dict[str, Any], parts: list[SplitCounts]) -> None:
    groups = counts.licence_totals(manifest, parts)
    assert [given_on for given_on, _, _ in groups] == [
        "for any purpose",
        "for noncommercial purposes",
        "only if the authors agree",
    ]
    assert [corpus for _, corpora, _ in groups for corpus in sorted(corpora)].count("ddi") == 1
    assert "ddi" in groups[1][1]
    assert "biored" in groups[2][1]
    assert sum(instances for _, _, instances in groups) == counts.totals(manifest, parts).instances


def test_pairs_are_counted_by_type_and_by_the_distance_of_their_nearest_mentions(tmp_path: Path) -> None:
    def apart(number: int, **others: Any) -> dict[str, Any]:
        text = f"x{' ' * number}y"
        return row(text, [span(text, "x")], [span(text, "y")], **others)

    rows = [apart(n) for n in (0, 1, 10, 11, 25, 26, 100, 101, 250, 251, 500, 501)]
    rows += [
        apart(5, relation="None-Made", head_type="A"),
        apart(5, level="document", relation="None", head_type="A"),
    ]
    folder = write_set(tmp_path / "set", [*rows, strange_rows()[7] | {"corpus": "made"}])
    found = pairs(folder, filled(folder))
    assert found.columns == (
        ("sentence", "related"),
        ("sentence", "unrelated"),
        ("document", "related"),
        ("document", "unrelated"),
    )
    assert [line.instances for line in found.distances] == [
        (1, 0, 0, 0),
        (3, 1, 0, 1),
        (2, 0, 0, 0),
        (1, 0, 0, 0),
        (1, 0, 0, 0),
        (2, 0, 0, 0),
        (2, 0, 0, 0),
        (1, 0, 0, 0),
    ]
    assert [line.name for line in found.distances][1:] == [
        *("1–10", "11–25", "26–50", "51–100", "101–250", "251–500", "501 and more")
    ]
    assert found.sums == (13, 1, 0, 1)
    assert found.types == (("ChemicalEntity", "GeneOrGeneProduct", 13, 13), ("A", "GeneOrGeneProduct", 2, 0))


def test_the_overlap_counts_documents_of_the_row_by_what_they_share() -> None:
    repeats = [
        repeat(("a", "train", "1"), ("b", "test", "1"), pmid=True, text=True),
        repeat(("a", "train", "1"), ("b", "test", "2"), pmid=True),
        repeat(("a", "train", "2"), ("b", "test", "1"), text=True),
        repeat(("b", "test", "3"), ("b", "test", "4")),
    ]
    found = overlap(["a/train", "b/test", "c/train"], repeats)
    documents = [[[cell.documents for cell in cells] for cells in line] for line in found.rows]
    assert documents == [
        [[0, 0, 0, 0], [2, 1, 2, 0], [0, 0, 0, 0]],
        [[2, 2, 1, 0], [2, 0, 0, 2], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
    ]
    assert overlap_list(repeats) == [
        ("a/train", "b/test", 2, 3, 2, 2, 0),
        ("b/test", "b/test", 1, 1, 0, 0, 1),
    ]


def test_more_shared_documents_have_a_darker_shade() -> None:
    repeats = [repeat(("a", "train", str(n)), ("b", "test", str(n)), text=True) for n in range(50)]
    repeats.append(repeat(("a", "train", "1"), ("c", "test", "1"), text=True))
    found = overlap(["a/train", "b/test", "c/test"], repeats)
    assert found.rows[0][0][0] == Cell(0, 0)
    assert found.rows[0][1][0] == Cell(50, 5)
    assert found.rows[0][2][0] == Cell(1, 1)


def test_the_sample_has_every_corpus_split_and_label_and_depends_on_the_seed_alone(
    sample_union: Path,
) -> None:
    whole = harmonize.load_union(sample_union, columns=["corpus", "split", "relation"]).to_pylist()
    strata = {tuple(values.values()) for values in whole}

    def drawn(count: int, seed: int = 0) -> list[str]:
        return [e.row["instance_id"] for e in examples(sample_union, filled(sample_union), count, seed, None)]

    shown = examples(sample_union, filled(sample_union), 200, 0, None)
    assert {(e.row["corpus"], e.row["split"], e.row["relation"]) for e in shown} == strata
    first = drawn(200)
    assert first == [example.row["instance_id"] for example in shown]
    assert len(set(first)) == 200
    assert drawn(60, seed=1) != drawn(60)
    assert drawn(60) == first[:60]
    assert len(drawn(10**6)) == len(whole)
    assert drawn(0) == []
    # One of each corpus before the second of any, and one of each label before the second of any.
    assert len({example.row["corpus"] for example in shown[:9]}) == 9
    labels = [(e.row["corpus"], e.row["split"], e.row["relation"]) for e in shown[: len(strata)]]
    assert set(labels) == strata


def test_an_example_is_its_row(sample_union: Path) -> None:
    rows = {r["instance_id"]: r for r in harmonize.load_union(sample_union).to_pylist()}
    for example in examples(sample_union, filled(sample_union), 10**6, 0, None):
        values = rows[example.row["instance_id"]]
        assert example.context.text == values["text"] == "".join(piece.text for piece in example.pieces)
        for side in ("head", "tail"):
            assert [{"start": s, "end": e} for s, e in example.record[side]] == values[f"{side}_spans"]
        assert {**values, **example.row} == values


def test_facets_name_every_value_of_the_examples_and_count_it(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", strange_rows())
    shown = examples(folder, filled(folder), 100, 0, None)
    found = facets(shown)
    assert dict(found["corpus"]) == {"made": 5, "other": 3}
    assert dict(found["split"]) == {"train": 6, "test": 1, "dev": 1}
    assert dict(found["relation"])[HOSTILE] == 1
    assert dict(found["type"]) == {"GeneOrGeneProduct": 8, "ChemicalEntity": 7, HOSTILE: 1}
