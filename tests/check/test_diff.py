"""diff, held against pairs of sets whose difference is known because the test made it."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import harmonize
from harmonize.check.diff import EXAMPLES, diff
from harmonize.check.difference import Changes, Difference, Dropped, Names, Pair, PartDifference, Relabelled
from harmonize.errors import UnionError
from harmonize.pipelines.build import build
from harmonize.pipelines.diff import as_json, report
from harmonize.registry import sample_folder
from harmonize.union.manifest import read_manifest, write_manifest

ROWS = "data/corpus=biored/split=train/train.parquet"
CORPORA = ("biored", "hprd50", "bc5cdr")

ADDED = """90000009|t|Gliclazide and mild hypoglycaemia in HepG2 cells.
90000009|a|It was seen once.
90000009	0	10	Gliclazide	ChemicalEntity	D005907
90000009	20	33	hypoglycaemia	DiseaseOrPhenotypicFeature	D007003
90000009	37	42	HepG2	CellLine	CVCL_0027
90000009	Positive_Correlation	D005907	D007003	Novel

"""

Row = dict[str, Any]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("before") / "union"
    build(out, sample_folder(), corpora=CORPORA)
    return out


def rebuilt(folder: Path, file: str, change: Callable[[str], str]) -> Path:
    """A set of the same corpora with one source file changed."""
    root = folder / "mirror"
    for corpus in CORPORA:
        shutil.copytree(sample_folder() / corpus, root / corpus)
    text = (root / file).read_text(encoding="utf-8")
    assert change(text) != text
    (root / file).write_text(change(text), encoding="utf-8", newline="")
    build(folder / "union", root, corpora=CORPORA)
    return folder / "union"


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set with a relation of another type, a text of another word, and one more document."""

    def change(text: str) -> str:
        text = text.replace("90000002\tBind\t2885\t1956", "90000002\tAssociation\t2885\t1956")
        return text.replace("Sixty patients", "Fifty patients") + ADDED

    return rebuilt(tmp_path_factory.mktemp("after"), "biored/Train.PubTator", change)


@pytest.fixture
def copied(before: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "union"
    shutil.copytree(before, folder)
    return folder


def edit_rows(folder: Path, change: Callable[[list[Row]], object]) -> None:
    table = pq.ParquetFile(folder / ROWS).read()
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / ROWS)


def rows_of(folder: Path, **values: Any) -> list[Row]:
    rows = harmonize.load_union(folder).to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def mirrored(difference: Difference) -> Difference:
    """What B -> A should be."""

    def pairs(values: dict[Any, Pair]) -> dict[Any, Pair]:
        return {key: Pair(pair.b, pair.a) for key, pair in values.items()}

    def names(of: Names) -> Names:
        return Names(of.removed, of.added, of.changed)

    def changes(of: Changes) -> Changes:
        return Changes(of.removed, of.added, of.changed, of.columns, names(of.examples))

    def part(of: PartDifference) -> PartDifference:
        return PartDifference(
            changes(of.documents),
            changes(of.instances),
            sorted((Relabelled(r.b, r.a, r.rows) for r in of.relabelled), key=lambda r: (r.a, r.b)),
            pairs(of.labels),
            [Dropped(d.step, d.unit, d.reason, d.b, d.a) for d in of.dropped],
        )

    return Difference(
        pairs(difference.manifest),
        names(difference.corpora),
        names(difference.splits),
        names(difference.columns),
        {corpus: pairs(facts) for corpus, facts in difference.facts.items()},
        {corpus: names(files) for corpus, files in difference.source_files.items()},
        {corpus: names(files) for corpus, files in difference.mappings.items()},
        {name: part(of) for name, of in difference.parts.items()},
        changes(difference.leaks),
    )


NOTHING = Difference({}, Names(), Names(), Names(), {}, {}, {}, {}, Changes())


def test_a_set_is_the_same_as_itself(sample_union: Path, tmp_path: Path) -> None:
    assert diff(sample_union, sample_union) == NOTHING
    shutil.copytree(sample_union, tmp_path / "copy")
    again = diff(sample_union, tmp_path / "copy")
    assert again == NOTHING
    assert again.same
    assert again.as_dict()["same"] is True


def test_the_real_set_is_the_same_as_itself(real_union: Path, mirror: Path) -> None:
    assert diff(real_union, real_union).same


def test_rows_in_other_bytes_are_the_same(before: Path, copied: Path) -> None:
    table = pq.ParquetFile(copied / ROWS).read()
    pq.write_table(table, copied / ROWS, compression="none", row_group_size=7)
    assert diff(before, copied).same


def test_files_of_one_size_and_time_are_compared_all_the_same(copied: Path, tmp_path: Path) -> None:
    table = pq.ParquetFile(copied / ROWS).read()
    shutil.copytree(copied, tmp_path / "other")
    for folder, name in ((copied, "task"), (tmp_path / "other", "TASK")):
        rows = [row | {"task": name} for row in table.to_pylist()]
        written = pa.Table.from_pylist(rows, schema=table.schema)
        pq.write_table(written, folder / ROWS, compression="none")
        os.utime(folder / ROWS, (0, 0))
    assert (copied / ROWS).stat().st_size == (tmp_path / "other" / ROWS).stat().st_size
    assert diff(copied, tmp_path / "other").parts["biored/train"].instances.columns == {"task": len(table)}


def test_documents_are_compared_by_every_column(before: Path, copied: Path) -> None:
    table = pq.ParquetFile(copied / "documents.parquet").read()
    rows = table.to_pylist()
    rows[0]["pmid"] = None
    rows[1]["passages"].pop()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), copied / "documents.parquet")
    [part] = diff(before, copied).parts.values()
    assert part.documents.columns == {"pmid": 1, "passages": 1}
    assert part.documents.examples.changed == ["90000001", "90000002"]
    assert not part.instances


def test_an_edited_source_file_changes_what_it_holds_and_nothing_else(before: Path, after: Path) -> None:
    part = read_manifest(before)["corpora"]["biored"]["splits"]["train"]
    labels = part["labels"]
    rewritten = sorted(row["instance_id"] for row in rows_of(before, document_id="90000001"))
    [relabelled] = (
        row["instance_id"]
        for row in rows_of(before, document_id="90000002", relation="Bind")
        if {row["head_id"], row["tail_id"]} == {"2885", "1956"}
    )
    [new] = (row["instance_id"] for row in rows_of(after, document_id="90000009"))
    outside = {"unit": "mentions", "reason": "mention of a type that is in no pair"}
    count = part["steps"]["b1"]["mentions"]["dropped"][outside["reason"]]
    assert diff(before, after, examples=100) == Difference(
        manifest={},
        corpora=Names(),
        splits=Names(),
        columns=Names(),
        facts={},
        source_files={"biored": Names(changed=["Train.PubTator"])},
        mappings={},
        parts={
            "biored/train": PartDifference(
                documents=Changes(1, 0, 1, {"text": 1}, Names(["90000009"], [], ["90000001"])),
                instances=Changes(
                    1,
                    0,
                    len(rewritten) + 1,
                    {"text": len(rewritten), "relation": 1, "relations": 1, "source_relations": 1},
                    Names([new], [], [*rewritten, relabelled]),
                ),
                relabelled=[Relabelled("Bind", "Association", 1)],
                labels={
                    "Association": Pair(labels["Association"], labels["Association"] + 1),
                    "Bind": Pair(labels["Bind"], labels["Bind"] - 1),
                    "Positive_Correlation": Pair(
                        labels["Positive_Correlation"], labels["Positive_Correlation"] + 1
                    ),
                },
                dropped=[Dropped("b1", **outside, a=count, b=count + 1)],
            )
        },
        leaks=Changes(),
    )


def test_a_label_that_only_one_set_has_counts_as_none_in_the_other(before: Path, after: Path) -> None:
    labels = diff(before, after).parts["biored/train"].labels
    had = read_manifest(before)["corpora"]["biored"]["splits"]["train"]["labels"]["Bind"]
    assert labels["Bind"] == Pair(had, had - 1)
    assert had == 1  # so that B has no such key


def test_a_set_without_a_corpus(before: Path, tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["biored", "bc5cdr"])
    found = diff(before, tmp_path / "union")
    [(name, part)] = found.parts.items()
    entry = read_manifest(before)["corpora"]["hprd50"]["splits"]["train"]
    assert name == "hprd50/train"
    assert found.corpora == Names(removed=["hprd50"])
    assert found.splits == Names(removed=["hprd50/train"])
    assert not found.source_files
    assert not found.mappings
    assert (part.documents.added, part.documents.removed, part.documents.changed) == (
        0,
        entry["steps"]["read"]["documents"]["out"],
        0,
    )
    assert (part.instances.added, part.instances.removed, part.instances.changed) == (0, entry["rows"], 0)
    assert part.labels == {label: Pair(count, 0) for label, count in entry["labels"].items()}
    assert len(part.instances.examples.removed) == EXAMPLES
    assert not found.manifest
    assert not found.same


def test_a_repeat_that_one_set_has(before: Path, tmp_path: Path) -> None:
    """A training text that also stands in the test set, under another PMID."""
    lines = (
        (sample_folder() / "bc5cdr/CDR_TrainingSet.PubTator.txt").read_text(encoding="utf-8").split("\n\n")
    )
    again = lines[0].replace("90000021", "90000029") + "\n\n"
    found = diff(before, rebuilt(tmp_path, "bc5cdr/CDR_TestSet.PubTator.txt", lambda text: again + text))
    assert found.leaks == Changes(
        1, 0, 0, {}, Names(["bc5cdr/train/90000021 = bc5cdr/test/90000029"], [], [])
    )
    assert found.manifest == {"leaks.pairs": Pair(0, 1)}
    trained = found.parts["bc5cdr/train"].instances
    assert trained.columns == {"leaks_into": len(rows_of(before, document_id="90000021"))}
    assert trained.changed == trained.columns["leaks_into"]
    assert not found.parts["bc5cdr/train"].documents
    assert found.parts["bc5cdr/test"].documents.added == 1


def test_a_repeat_that_is_another(before: Path, tmp_path: Path) -> None:
    lines = (
        (sample_folder() / "bc5cdr/CDR_TrainingSet.PubTator.txt").read_text(encoding="utf-8").split("\n\n")
    )
    again = lines[0].replace("90000021", "90000029") + "\n\n"
    for name, copy in (
        ("one", again),
        ("other", again.replace("dry", "wet")),
    ):
        (tmp_path / name).mkdir()
        rebuilt(tmp_path / name, "bc5cdr/CDR_TestSet.PubTator.txt", lambda text, copy=copy: copy + text)
    found = diff(tmp_path / "one/union", tmp_path / "other/union")
    assert (found.leaks.added, found.leaks.removed, found.leaks.changed) == (0, 0, 1)
    assert found.leaks.columns == {"same_text": 1, "similarity": 1}


def test_the_difference_mirrors(before: Path, after: Path, sample_union: Path) -> None:
    for a, b in ((before, after), (before, sample_union), (after, sample_union)):
        there, back = diff(a, b), diff(b, a)
        assert not there.same
        assert mirrored(there) == back
        assert mirrored(back) == there


@pytest.mark.parametrize("seed", range(6))
def test_any_edit_of_the_rows_is_counted(before: Path, copied: Path, seed: int) -> None:
    """Rows removed, put back as others, and changed at random: the counts are those of what was done."""
    random = Random(seed)
    done: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    relabelled: Counter[tuple[str, str]] = Counter()

    def change(rows: list[Row]) -> None:
        kept = []
        for row in rows:
            action = random.choice(["keep", "keep", "removed", "added", "changed"])
            done[action] += 1
            if action == "changed":
                for name in random.sample(
                    ["relation", "task", "head_spans", "leaks_into"], random.randint(1, 3)
                ):
                    columns[name] += 1
                    if name == "relation":
                        relabelled[row["relation"], f"{row['relation']}!"] += 1
                    row[name] = [] if isinstance(row[name], list) else f"{row[name]}!"
                    if name == "leaks_into":
                        row[name] = ["x"]
            if action != "removed":
                kept.append(row)
            if action == "added":
                kept.append(row | {"instance_id": row["instance_id"][::-1]})
        rows[:] = kept

    edit_rows(copied, change)
    [part] = diff(before, copied).parts.values()
    counts = (part.instances.added, part.instances.removed, part.instances.changed)
    assert counts == (done["added"], done["removed"], done["changed"])
    assert part.instances.columns == columns
    assert {(each.a, each.b): each.rows for each in part.relabelled} == relabelled
    assert not part.documents


def test_examples_are_as_many_as_asked_for(before: Path, copied: Path) -> None:
    edit_rows(copied, lambda rows: [row.update(task="X") for row in rows])
    for examples in (0, 2, EXAMPLES):
        instances = diff(before, copied, examples).parts["biored/train"].instances
        assert instances.changed > EXAMPLES
        assert len(instances.examples.changed) == examples


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m.update(package_version="9.0"), {"manifest": {"package_version": Pair("0.1.0", "9.0")}}),
        (
            lambda m: m["leaks"]["settings"].update(threshold=0.75),
            {"manifest": {"leaks.settings.threshold": Pair(0.5, 0.75)}},
        ),
        (lambda m: m.update(pubtator={"release": "x"}), {"manifest": {"pubtator.release": Pair(None, "x")}}),
        (
            lambda m: m["corpora"]["biored"]["licence"].update(name="free"),
            {"facts": {"biored": {"licence.name": Pair("none stated (freely available)", "free")}}},
        ),
        (
            lambda m: m["corpora"]["biored"].update(source="bioc-xml"),
            {"facts": {"biored": {"source": Pair("pubtator", "bioc-xml")}}},
        ),
        (
            lambda m: m["corpora"]["biored"]["mappings"].update({"table2.yaml": "0"}),
            {"mappings": {"biored": Names(changed=["table2.yaml"])}},
        ),
        (
            lambda m: m["corpora"]["biored"]["source_files"].update({"New": "0"}),
            {"source_files": {"biored": Names(added=["New"])}},
        ),
        (
            lambda m: m["corpora"]["biored"]["source_files"].pop("Dev.PubTator"),
            {"source_files": {"biored": Names(removed=["Dev.PubTator"])}},
        ),
    ],
)
def test_what_the_manifests_say_otherwise(
    before: Path, copied: Path, change: Callable[[Any], object], expected: dict[str, Any]
) -> None:
    manifest = read_manifest(copied)
    change(manifest)
    write_manifest(copied, manifest)
    found = diff(before, copied)
    assert {name: value for name, value in vars(found).items() if value} == expected
    assert not found.same


def test_a_column_that_one_set_has(before: Path, copied: Path) -> None:
    """The rows are compared by the columns that both have."""
    table = pq.ParquetFile(copied / ROWS).read()
    more = pa.array(["x"] * table.num_rows)
    pq.write_table(table.drop_columns(["novelty"]).append_column("more", more), copied / ROWS)
    found = diff(before, copied)
    assert found.columns == Names(added=["more"])  # other files have novelty still
    assert not found.parts
    assert diff(copied, before).columns == Names(removed=["more"])


def unsorted(rows: list[Row]) -> None:
    rows.append(rows[0] | {"document_id": "1", "instance_id": "x"})


def twice(rows: list[Row]) -> None:
    rows.append(rows[-1])


@pytest.mark.parametrize(("change", "document"), [(unsorted, "1"), (twice, "90000002")])
def test_rows_that_cannot_be_joined_are_an_error(
    before: Path, copied: Path, change: Callable[[list[Row]], object], document: str
) -> None:
    edit_rows(copied, change)
    expected = f"expected rows in order of document id, .*, got others at document {document}$"
    with pytest.raises(UnionError, match=expected):
        diff(before, copied)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "manifest.json: expected a union set"),
        (
            lambda folder: (folder / "manifest.json").write_text('{"corpora": {}}'),
            "manifest.json: schema_version",
        ),
        (lambda folder: (folder / "documents.parquet").unlink(), "documents.parquet: expected a file"),
        (lambda folder: (folder / "leaks.parquet").unlink(), "leaks.parquet: expected a file"),
        (lambda folder: (folder / ROWS).unlink(), "train.parquet: expected a file"),
        (lambda folder: (folder / ROWS).write_text("rows"), "train.parquet: expected Parquet"),
        (
            lambda folder: pq.write_table(pa.table({"text": ["x"]}), folder / ROWS),
            "train.parquet: expected the columns .*, got no instance_id, document_id, relation",
        ),
    ],
)
def test_a_set_that_is_not_whole_is_an_error(
    before: Path, copied: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(copied)
    for a, b in ((before, copied), (copied, before)):
        with pytest.raises(UnionError, match=message):
            diff(a, b)


def printed(difference: Difference) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    for part in report(difference):
        console.print(part)
    return console.export_text()


def test_the_report_of_two_equal_sets_is_a_line(before: Path) -> None:
    assert printed(diff(before, before)) == "The sets are the same.\n"


def test_the_report_has_tables_of_what_differs_only(before: Path, after: Path) -> None:
    text = printed(diff(before, after))
    for expected in (
        "Train.PubTator",
        "90000009",
        "Relations of changed instances",
        "relation 1",
        "mention of a type that is in no pair",
    ):
        assert expected in text
    for other in ("The sets as a whole", "Repeats", "bc5cdr", "hprd50"):
        assert other not in text


def test_the_report_names_corpora_of_one_set(before: Path, sample_union: Path) -> None:
    text = printed(diff(before, sample_union))
    assert "corpora of one set only" in text
    assert "emu/train/BCa-90000061 = emu/train/PCa-90000061" in text


def test_json_is_the_difference_and_always_the_same(before: Path, after: Path) -> None:
    texts = {as_json(diff(before, after)) for _ in range(2)}
    [text] = texts
    found = json.loads(text)
    assert found["same"] is False
    assert found["parts"]["biored/train"]["relabelled"] == [{"a": "Bind", "b": "Association", "rows": 1}]
    assert found == json.loads(json.dumps(diff(before, after).as_dict()))
    assert json.loads(as_json(diff(before, before))) == {
        **{name: {} for name in ("manifest", "facts", "source_files", "mappings", "parts")},
        **{name: {"added": [], "removed": [], "changed": []} for name in ("corpora", "splits", "columns")},
        "leaks": json.loads(json.dumps(NOTHING.as_dict()["leaks"])),
        "same": True,
    }
