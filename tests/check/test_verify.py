"""verify, held against sets with one fault each: it finds that fault, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from harmonize.check.fault import Fault
from harmonize.check.verify import verify
from harmonize.errors import UnionError
from harmonize.model import Span
from harmonize.pipelines.build import build
from harmonize.pipelines.verify import as_json, report
from harmonize.registry import sample_folder
from harmonize.union.card import card
from harmonize.union.croissant import croissant
from harmonize.union.ids import pair_id
from harmonize.union.leak_table import leak_table
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import file_entry, read_manifest, write_manifest
from harmonize.union.manifest_model import LeaksEntry
from harmonize.union.schema import (
    CARD,
    CROISSANT,
    DOCUMENTS,
    DROPPED,
    LEAKS,
    LEAKS_TABLE,
    SCHEMA_VERSION,
)
from harmonize.writing.parquet import METADATA_KEY

ROWS = "data/corpus=biored/split=train/train.parquet"
OTHER_ROWS = "data/corpus=biored/split=dev/dev.parquet"
TEXTS = (LEAKS_TABLE, CARD, CROISSANT)
NAMED = (ROWS, DOCUMENTS, DROPPED, LEAKS, *TEXTS)

KEYS = """schema_version package_version sentences abbreviations pubtator licences licences.terms
    leaks leaks.pairs leaks.settings leaks.settings.threshold files files.dropped.tsv.sha256
    corpora.ddi.name corpora.ddi.licence corpora.ddi.licence.redistributable corpora.ddi.rules
    corpora.ddi.task corpora.ddi.source corpora.ddi.own_ids corpora.ddi.source_files corpora.ddi.mappings
    corpora.ddi.published corpora.ddi.citation corpora.ddi.home corpora.ddi.splits
    corpora.ddi.splits.train.file corpora.ddi.splits.train.labels corpora.ddi.splits.train.steps
    corpora.ddi.splits.train.steps.read.mentions.in"""

Row = dict[str, Any]
Change = Callable[[list[Row]], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample set of two corpora: verify looks at each by itself, and more would only take longer."""
    folder = tmp_path_factory.mktemp("sound") / "union"
    build(folder, sample_folder(), corpora=["biored", "ddi"])
    return folder


@pytest.fixture
def union(sound: Path, tmp_path: Path) -> Path:
    """A copy of the sample set to damage."""
    folder = tmp_path / "union"
    shutil.copytree(sound, folder)
    return folder


def seal(folder: Path, cards: bool = True) -> None:
    """Let the manifest, and the cards, name the files as they now are: only their contents are at fault."""
    manifest = read_manifest(folder)
    for part in (part for entry in manifest["corpora"].values() for part in entry["splits"].values()):
        if part["file"]:
            part |= file_entry(folder / part["file"])
    for name in (DROPPED, DOCUMENTS, LEAKS, LEAKS_TABLE):
        manifest["files"][name] = file_entry(folder / name)
    with contextlib.suppress(UnionError):
        if cards:
            (folder / CARD).write_text(card(manifest, read_repeats(folder)), encoding="utf-8")
            (folder / CROISSANT).write_text(croissant(manifest), encoding="utf-8")
    for name in (CARD, CROISSANT):
        manifest["files"][name] = file_entry(folder / name)
    write_manifest(folder, manifest)


def edit_manifest(folder: Path, change: Callable[[Any], object]) -> None:
    manifest = read_manifest(folder)
    change(manifest)
    write_manifest(folder, manifest)


def edit_rows(folder: Path, name: str, change: Change) -> None:
    """Change the rows of a Parquet file, and seal the set."""
    table = pq.ParquetFile(folder / name).read()
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / name)
    seal(folder)


def edit_table(folder: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a Parquet file as a table, and seal the set."""
    pq.write_table(change(pq.ParquetFile(folder / name).read()), folder / name)
    seal(folder)


def identified(row: Row) -> Row:
    """The row with the id of its columns."""
    context = Span(row["context_start"], row["context_end"])
    corpus = row["part"].partition("/")[0]
    row["instance_id"] = pair_id(corpus, row["document_id"], context, row["head_id"], row["tail_id"])
    return row


def faults(folder: Path) -> list[tuple[str, str, str]]:
    return [tuple(fault) for fault in verify(folder)]


@pytest.fixture
def repeating(sample_union: Path, tmp_path: Path) -> Path:
    """A copy of the sample set of all corpora, to damage: some of its documents repeat each other."""
    folder = tmp_path / "union"
    shutil.copytree(sample_union, folder)
    return folder


def test_a_sound_set_has_no_fault(union: Path, sample_union: Path) -> None:
    assert verify(sample_union) == []
    assert verify(union) == []


def test_the_real_set_has_no_fault(real_union: Path, mirror: Path) -> None:
    assert verify(real_union) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnionError, match="nowhere: expected the folder of a union set, found none"):
        verify(tmp_path / "nowhere")


# The manifest.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a union set, found no manifest; build one with `harmonize build`"),
        ("{", "expected JSON, got: Expecting property name"),
        ("[]", "expected a manifest with 'corpora'"),
    ],
)
def test_a_manifest_that_is_none(union: Path, content: str | None, message: str) -> None:
    path = union / "manifest.json"
    path.unlink() if content is None else path.write_text(content)
    [fault] = verify(union)
    assert (fault.file, fault.place) == ("manifest.json", "")
    assert fault.message.startswith(message)


@pytest.mark.parametrize(
    "key",
    KEYS.split(),
)
def test_a_manifest_without_a_key(union: Path, key: str) -> None:
    *way, last = key.replace("dropped.tsv", "dropped tsv").split(".")

    def remove(manifest: Any) -> None:
        for step in way:
            manifest = manifest[step.replace(" ", ".")]
        del manifest[last]

    edit_manifest(union, remove)
    assert faults(union) == [("manifest.json", key, "expected a value, got no such key")]


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (
            "schema_version",
            lambda m: m.update(schema_version="9.0"),
            f"expected schema_version {SCHEMA_VERSION}, got 9.0: install the version of harmonize that built",
        ),
        ("leaks.pairs", lambda m: m["leaks"].update(pairs="2"), "expected a whole number, got '2'"),
        ("corpora.ddi", lambda m: m["corpora"].update(ddi=[]), "expected names and values, got []"),
        (
            "corpora.ddi.rules",
            lambda m: m["corpora"]["ddi"].update(rules=["a1"]),
            "expected one rule of each column, a to e, got ['a1']",
        ),
        (
            "files",
            lambda m: m["files"].pop(LEAKS),
            "expected dropped.tsv, documents.parquet, leaks.parquet, leaks.md, README.md, croissant.json, "
            "got no leaks.parquet",
        ),
        (
            "corpora.ddi.splits.test",
            lambda m: m["corpora"]["ddi"]["splits"]["test"].pop("sha256"),
            "expected rows, bytes and sha256 of a file, got no sha256",
        ),
        (
            "corpora.ddi.splits.test.steps",
            lambda m: m["corpora"]["ddi"]["splits"]["test"]["steps"].pop("read"),
            "expected documents, mentions, relations of the step read, got none",
        ),
    ],
)
def test_a_manifest_with_another_value(
    union: Path, place: str, change: Callable[[Any], object], message: str
) -> None:
    edit_manifest(union, change)
    [fault] = verify(union)
    assert (fault.file, fault.place) == ("manifest.json", place)
    assert fault.message.startswith(message)


def add(part: Any, step: str, unit: str, **counts: int) -> None:
    for name, count in counts.items():
        part["steps"][step][unit][name.rstrip("_")] += count


@pytest.mark.parametrize(
    ("step", "unit", "counts", "expected"),
    [
        (
            "read",
            "documents",
            ("in",),
            {"step read, documents": "expected in = out + dropped, got {more} != {n} + 0"},
        ),
        (
            "read",
            "mentions",
            ("in", "out"),
            {"step b1, mentions": "expected {more} in, as read lets out, got {n}"},
        ),
        (
            "a1",
            "relations",
            ("in", "out"),
            {
                "step a1, relations": "expected {n} in, as read lets out, got {more}",
                "step b1, relations": "expected {more} in, as a1 lets out, got {n}",
            },
        ),
        (
            "c2",
            "instances",
            ("in", "out"),
            {
                "step c2, instances": "expected {n} in, as d1 lets out, got {more}",
                "step e2, instances": "expected {more} in, as c2 lets out, got {n}",
            },
        ),
        (
            "e2",
            "instances",
            ("in", "out"),
            {
                "step e2, instances": "expected {n} in, as c2 lets out, got {more}",
                "rows": "expected {more}, as step e2 lets out, got {n}",
            },
        ),
    ],
)
def test_accounts_that_do_not_add_up(
    union: Path, step: str, unit: str, counts: tuple[str, ...], expected: dict[str, str]
) -> None:
    manifest = read_manifest(union)
    account = manifest["corpora"]["biored"]["splits"]["train"]["steps"][step][unit]
    n = account["out"]
    for count in counts:
        account[count] = n + 1
    write_manifest(union, manifest)
    assert faults(union) == [
        ("manifest.json", f"biored/train, {place}", message.format(n=n, more=n + 1))
        for place, message in expected.items()
    ]


def test_a_step_that_is_none(union: Path) -> None:
    edit_manifest(union, lambda m: m["corpora"]["biored"]["splits"]["train"]["steps"].update(f1={}))
    expected = "expected the steps read, a1, b1, c2, d1, e2, got this one"
    assert faults(union) == [("manifest.json", "biored/train, step f1", expected)]


def test_labels_and_rows_that_the_manifest_miscounts(union: Path) -> None:
    part = read_manifest(union)["corpora"]["biored"]["splits"]["train"]
    rows, none = part["rows"], part["labels"]["None"]
    edit_manifest(
        union, lambda m: m["corpora"]["biored"]["splits"]["train"]["labels"].update({"None": none + 1})
    )
    assert faults(union) == [
        ("manifest.json", "biored/train, labels", f"expected {rows} rows together, got {rows + 1}"),
        (ROWS, "label None", f"expected {none + 1} rows, got {none}"),
    ]


def test_a_data_file_in_another_place(union: Path) -> None:
    (union / "data/rows.parquet").write_bytes((union / ROWS).read_bytes())
    (union / ROWS).unlink()
    edit_manifest(union, lambda m: m["corpora"]["biored"]["splits"]["train"].update(file="data/rows.parquet"))
    assert faults(union) == [
        ("manifest.json", "biored/train, file", f"expected {ROWS}, got data/rows.parquet")
    ]


# The bytes of the files.


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_is_missing(union: Path, name: str) -> None:
    (union / name).unlink()
    assert faults(union) == [(name, "", "expected a file of the set, got none")]


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_is_cut_short(union: Path, name: str) -> None:
    content = (union / name).read_bytes()
    (union / name).write_bytes(content[: len(content) // 2])
    first, *more = faults(union)
    assert first == (name, "", f"expected {len(content)} bytes, got {len(content) // 2}")
    # What is text is also held against what it says; half a Parquet file says nothing.
    assert {file for file, _, _ in more} == ({name} if name in (DROPPED, *TEXTS) else set())


def _upper(match: re.Match[bytes]) -> bytes:
    return match[0].upper()


@pytest.mark.parametrize("name", NAMED)
def test_a_file_with_other_bytes(union: Path, name: str) -> None:
    before = (union / name).read_bytes()
    end = before[:-3] + b"." + before[-2:]
    after = (
        end if name == DROPPED else re.sub(rb'parquet-cpp|# Docu|pretty|"@context', _upper, before, count=1)
    )
    (union / name).write_bytes(after)
    first, *more = faults(union)
    got = file_entry(union / name)["sha256"]
    assert first[:2] == (name, "")
    assert first[2].startswith("expected sha256 ")
    assert first[2].endswith(f", got {got}")
    assert len(before) == len(after)
    assert len(more) == (name in TEXTS)  # which are also held against what they are made of


def test_a_manifest_without_a_corpus(union: Path) -> None:
    edit_manifest(union, lambda m: m["corpora"].clear())
    expected = "expected at least one corpus, got none"
    assert faults(union) == [("manifest.json", "corpora", expected)]
    with pytest.raises(UnionError, match=f"corpora: {expected}"):
        read_manifest(union)


def test_a_folder_whose_name_is_no_utf_8_has_faults(union: Path) -> None:
    moved = union.rename(union.with_name(os.fsdecode(b"\xff")))
    assert {(fault.file, fault.message.partition(":")[0]) for fault in verify(moved)} == {
        (path.relative_to(moved).as_posix(), "expected Parquet, got") for path in moved.rglob("*.parquet")
    }


def test_a_parquet_file_that_is_none(union: Path) -> None:
    (union / ROWS).write_text("rows")
    seal(union)
    [fault] = verify(union)
    assert (fault.file, fault.place) == (ROWS, "")
    assert fault.message.startswith("expected Parquet, got: ")


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "data/corpus=biored/split=train/part-1.parquet"])
def test_a_file_that_the_manifest_does_not_name(union: Path, name: str) -> None:
    (union / name).write_text("")
    (union / "report.html").write_text("")
    for litter in (".DS_Store", "data/.DS_Store", "._README.md"):
        (union / litter).write_bytes(b"\0")
    assert faults(union) == [(name, "", "expected only files that the manifest names, got this one")]


# The files that say in words what others hold.


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_describes_something_else(union: Path, name: str) -> None:
    lines = (union / name).read_text(encoding="utf-8").split("\n")
    was, lines[4] = lines[4], "else"
    (union / name).write_text("\n".join(lines), encoding="utf-8")
    seal(union, cards=name == LEAKS_TABLE)
    [fault] = verify(union)
    assert (fault.file, fault.place) == (name, "line 5")
    assert fault.message.endswith(", got 'else'")
    assert was[:20] in fault.message


def test_a_text_that_ends_too_early(union: Path) -> None:
    text = (union / CROISSANT).read_text(encoding="utf-8")
    (union / CROISSANT).write_text(text.removesuffix("\n"), encoding="utf-8")
    seal(union, cards=False)
    assert faults(union) == [(CROISSANT, f"line {text.count(chr(10)) + 1}", "expected '', got None")]


def test_dropped_items_that_are_not_listed(union: Path) -> None:
    lines = (union / DROPPED).read_text(encoding="utf-8").split("\n")
    gone = lines.pop(1).split("\t")
    same = sum(line.split("\t")[:5] == gone[:5] for line in lines)
    (union / DROPPED).write_text("\n".join(lines), encoding="utf-8")
    seal(union)
    assert faults(union) == [(DROPPED, ", ".join(gone[:5]), f"expected {same + 1} lines, got {same}")]


@pytest.mark.parametrize(
    ("number", "line", "message"),
    [
        (1, "corpus\tsplit", "expected corpus split step unit reason document_id item, got "),
        (2, "a\tb", "expected 7 fields, got 'a\\tb\\n'"),
    ],
)
def test_a_listing_of_drops_with_a_line_that_is_none(
    union: Path, number: int, line: str, message: str
) -> None:
    lines = (union / DROPPED).read_text(encoding="utf-8").split("\n")
    lines.insert(number - 1, line)
    if number == 1:
        del lines[1]
    (union / DROPPED).write_text("\n".join(lines), encoding="utf-8")
    seal(union)
    [fault] = verify(union)
    assert (fault.file, fault.place) == (DROPPED, f"line {number}")
    assert fault.message.startswith(message)


# leaks.parquet.


def test_leaks_that_rows_do_not_know(repeating: Path) -> None:
    """A repeat that leaks.parquet and leaks.md name, and the rows do not."""

    def evaluate(rows: list[Row]) -> None:
        rows[0] |= {"other_corpus": "biored", "other_split": "dev", "other_document_id": document}

    document = pq.ParquetFile(repeating / OTHER_ROWS).read()["document_id"][0].as_py()
    edit_rows(repeating, LEAKS, evaluate)
    repeats, settings = (
        read_repeats(repeating),
        LeaksEntry.model_validate(read_manifest(repeating)["leaks"]).settings,
    )
    (repeating / LEAKS_TABLE).write_text(leak_table(repeats, settings), encoding="utf-8")
    seal(repeating)
    trained = repeats[0].document
    [fault] = {(file, message) for file, _, message in faults(repeating)}
    assert fault[0] == f"data/corpus={trained.corpus}/split={trained.split}/{trained.split}.parquet"
    assert fault[1] == "expected leaks_into ['biored/dev'], as of leaks.parquet, got []"


def test_leaks_that_are_fewer_than_the_manifest_says(repeating: Path) -> None:
    edit_rows(repeating, LEAKS, lambda rows: rows.pop())
    found = faults(repeating)
    assert found[0][0] == LEAKS_TABLE
    assert found[1:] == [(LEAKS, "", "expected 2 rows, got 1")]


def test_leaks_of_documents_that_are_not_there(repeating: Path) -> None:
    edit_rows(repeating, LEAKS, lambda rows: rows[0].update(document_id="nine"))
    [row] = [fault for fault in faults(repeating) if fault[0] == LEAKS]
    assert row[1] == "row 0"
    assert row[2].startswith("expected a document of documents.parquet, got ")
    assert row[2].endswith("/train/nine")


# What is said of relations beside their type.


def test_rows_that_say_of_relations_what_they_may_not(union: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        unrelated = next(row for row in rows if row["relation"] == "None")
        first, second, *_ = (row for row in rows if row["novelty"] == "No")
        unrelated["novelty"], first["novelty"], second["subject"] = "Novel", "maybe", "first"

    edit_rows(union, ROWS, change)
    assert sorted(message for file, _, message in faults(union) if file == ROWS) == [
        "expected 0 rows, got 1",
        "expected 0 rows, got 1",
        "expected 6 rows, got 7",
        "expected 8 rows, got 7",
        "expected no novelty of a pair without relation, got Novel",
        "expected novelty of Novel, No or null, got 'maybe'",
        "expected subject of head, tail, neither or null, got 'first'",
    ]


# The schemas.


def test_columns_of_another_kind(union: Path) -> None:
    def change(table: pa.Table) -> pa.Table:
        numbers = table.schema.names.index("context_start"), table.schema.names.index("directed")
        table = table.set_column(numbers[0], "context_start", table["context_start"].cast(pa.int64()))
        return table.drop_columns(["novelty"]).append_column("more", table["directed"])

    edit_table(union, ROWS, change)
    assert faults(union) == [
        (ROWS, "column context_start", "expected int32 not null, got int64"),
        (ROWS, "column novelty", "expected string, got no such column"),
        (ROWS, "column more", "expected no such column, got bool"),
    ]


@pytest.mark.parametrize("name", [ROWS, DOCUMENTS, LEAKS])
def test_columns_in_another_order(union: Path, name: str) -> None:
    edit_table(union, name, lambda table: table.select(table.schema.names[::-1]))
    [fault] = verify(union)
    assert (fault.file, fault.place) == (name, "")
    assert fault.message.startswith("expected the columns ")


def loose(table: pa.Table, name: str) -> pa.Table:
    number = table.schema.names.index(name)
    return table.cast(table.schema.set(number, table.schema.field(name).with_nullable(True)))


@pytest.mark.parametrize(
    ("name", "column"), [(ROWS, "head_name"), (DOCUMENTS, "text"), (LEAKS, "similarity")]
)
def test_columns_that_may_hold_nulls_and_should_not(union: Path, name: str, column: str) -> None:
    edit_table(union, name, lambda table: loose(table, column))
    kind = "double" if column == "similarity" else "string"
    assert faults(union) == [(name, f"column {column}", f"expected {kind} not null, got {kind}")]


@pytest.mark.parametrize("column", ["head_name", "text", "head_spans", "rules"])
def test_nulls_where_none_may_be(union: Path, column: str) -> None:
    edit_table(union, ROWS, lambda table: loose(table, column))
    edit_rows(union, ROWS, lambda rows: rows[3].update({column: None}))
    schema, null = verify(union)
    assert schema.place == f"column {column}"
    assert null.place.startswith("row 3, instance ")
    assert null.message == f"expected a value of {column}, got null"


def test_a_document_without_text(union: Path) -> None:
    edit_table(union, DOCUMENTS, lambda table: loose(table, "text"))
    edit_rows(union, DOCUMENTS, lambda rows: rows[0].update(text=None))
    schema, null = verify(union)
    assert schema.place == "column text"
    assert null[1:] == ("row 0, biored/train/90000001", "expected a value of text, got null")


@pytest.mark.parametrize(
    ("metadata", "place", "message"),
    [
        (None, "metadata", "expected the key harmonize, got none"),
        (b"{", "metadata", "expected a JSON object under harmonize, got none"),
        (b"[]", "metadata", "expected a JSON object under harmonize, got none"),
        ({"package_version": "9.0"}, "metadata, package_version", r"expected 0\.1\.0, got 9\.0"),
        ({"schema_version": "0.9"}, "metadata, schema_version", r"expected [0-9.]+, got 0\.9"),
        ({"mappings": "biored.yaml"}, "metadata, mappings.biored.yaml", r"expected [0-9a-f]{64}, got none"),
        (
            {"source_files": "Dev.PubTator"},
            "metadata, source_files.Dev.PubTator",
            r"expected [0-9a-f]{64}, got none",
        ),
        ({"time": "now"}, "metadata, time", "expected none, got now"),
    ],
)
def test_a_file_that_comes_from_elsewhere(union: Path, metadata: Any, place: str, message: str) -> None:
    content: Any = {} if metadata is None else {METADATA_KEY: metadata}
    if isinstance(metadata, dict):
        [(key, value)] = metadata.items()
        described = json.loads(pq.read_schema(union / ROWS).metadata[METADATA_KEY])
        if isinstance(described.get(key), dict):
            del described[key][value]
        else:
            described[key] = value
        content = {METADATA_KEY: json.dumps(described)}
    edit_table(union, ROWS, lambda table: table.replace_schema_metadata(content))
    [fault] = verify(union)
    assert (fault.file, fault.place) == (ROWS, place)
    assert re.fullmatch(message, fault.message)


# The rows.


def spans(*ranges: tuple[int, int]) -> list[dict[str, int]]:
    return [{"start": start, "end": end} for start, end in ranges]


def set_to(**values: Any) -> Callable[[Row], object]:
    return lambda row: row.update(values)


def longer_context(row: Row) -> None:
    row["context_end"] += 1
    identified(row)


def past_the_end(row: Row) -> None:
    row["tail_spans"] = spans((0, len(row["text"]) + 1))


def ended_in_the_head(row: Row) -> None:
    cut = row["head_spans"][0]["start"] + 1
    row["sentences"] = spans((0, cut), (cut, len(row["text"])))


def another_text(row: Row) -> None:
    row["text"] = row["text"][:-1] + "!"


def another_document(row: Row) -> None:
    row["document_id"] = "nine"
    identified(row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_to(part="ddi/train"), "expected part 'biored/train', got 'ddi/train'"),
        (set_to(part="biored/dev"), "expected part 'biored/train', got 'biored/dev'"),
        (set_to(level="sentence"), "expected level 'document', got 'sentence'"),
        (set_to(task="DDI"), "expected task 'BioRED', got 'DDI'"),
        (set_to(rules=["a1"]), "expected rules ['a1', 'b1', 'c2', 'd1', 'e2'], got ['a1']"),
        (set_to(licence="free"), "expected licence 'none stated (freely available)', got 'free'"),
        (set_to(redistributable=True), "expected redistributable False, got True"),
        (set_to(directed=True), "expected directed False, got True"),
        (
            set_to(instance_id="f" * 20),
            "expected instance_id {id}, the hash of corpus, document, context and ids, got " + "f" * 20,
        ),
        (
            set_to(tail_id="None"),
            "expected instance_id {new}, the hash of corpus, document, context and ids, got {id}",
        ),
        (set_to(pmid=None), "expected pmid '{pmid}', as its document, got None"),
        (set_to(pmid="1"), "expected pmid '{pmid}', as its document, got '1'"),
        (another_text, "expected characters 0 to {length} of its document, got another text"),
        (another_document, "expected a document of documents.parquet, got 'nine'"),
        (longer_context, "expected a context of {length} characters, as its text, got 0 to {more}"),
        (set_to(head_spans=[]), "expected head_spans, got none"),
        (
            set_to(tail_spans=spans((-1, 3))),
            "expected tail_spans inside the {length} characters of the text, got [(-1, 3)]",
        ),
        (
            set_to(tail_spans=spans((7, 7))),
            "expected tail_spans inside the {length} characters of the text, got [(7, 7)]",
        ),
        (
            set_to(tail_spans=spans((1000, 1003), (2, 3))),
            "expected tail_spans inside the {length} characters of the text, got [(1000, 1003)]",
        ),
        (
            past_the_end,
            "expected tail_spans inside the {length} characters of the text, got [(0, {more})]",
        ),
        (
            set_to(tail_spans=spans((3, 5), (1, 2))),
            "expected tail_spans in order and each once, got [(3, 5), (1, 2)]",
        ),
        (
            set_to(tail_spans=spans((1, 2), (1, 2))),
            "expected tail_spans in order and each once, got [(1, 2), (1, 2)]",
        ),
        (
            set_to(sentences=spans((-1, 3))),
            "expected sentences inside the {length} characters of the text, got [(-1, 3)]",
        ),
        (
            set_to(sentences=spans((0, 5), (4, 9))),
            "expected sentences in order and apart from each other, got [(0, 5), (4, 9)]",
        ),
        (
            ended_in_the_head,
            "expected a sentence with all of the mention from {first} to {last}, found none",
        ),
        (set_to(head_name="X"), "expected the first of head_spans to spell head_name 'X', got '{head}'"),
        (set_to(tail_name="Y"), "expected the first of tail_spans to spell tail_name 'Y', got '{tail}'"),
        (
            set_to(relations=["Bind", "None"]),
            "expected relation to be the first of relations, ['Bind', 'None'], got 'None'",
        ),
        (set_to(relations=[]), "expected relation to be the first of relations, [], got 'None'"),
        (
            set_to(relations=["None", "None-BioRED"]),
            "expected relations of Positive_Correlation, Negative_Correlation, Bind, Drug_Interaction, "
            "Cotreatment, Comparison, Conversion, Association, None, got 'None-BioRED'",
        ),
        (
            set_to(source_relations=["Bind"]),
            "expected none of source_relations, as relation is 'None', got ['Bind']",
        ),
        (set_to(leaks_into=["ddi/test"]), "expected leaks_into [], as of leaks.parquet, got ['ddi/test']"),
    ],
)
def test_a_row_with_another_value(union: Path, change: Callable[[Row], object], message: str) -> None:
    """The last row of a file, so that no other row comes too early after it."""
    row = pq.ParquetFile(union / ROWS).read().to_pylist()[-1]
    number = read_manifest(union)["corpora"]["biored"]["splits"]["train"]["rows"] - 1
    length = len(row["text"])
    known = {"id": row["instance_id"], "pmid": row["pmid"], "length": length, "more": length + 1}
    known |= {"head": row["head_name"], "tail": row["tail_name"]}
    known |= {"first": row["head_spans"][0]["start"], "last": row["head_spans"][0]["end"]}
    edit_rows(union, ROWS, lambda rows: change(rows[-1]))
    changed = pq.ParquetFile(union / ROWS).read().to_pylist()[-1]
    new = identified(dict(changed))["instance_id"]
    place = f"row {number}, instance {changed['instance_id']}"
    assert faults(union) == [(ROWS, place, message.format(**known, new=new))]


def test_a_relation_without_a_source(union: Path) -> None:
    def change(rows: list[Row]) -> None:
        next(row for row in rows if row["relation"] == "Bind").update(source_relations=[])

    edit_rows(union, ROWS, change)
    [fault] = verify(union)
    assert fault.message == "expected one of source_relations, as relation is 'Bind', got none"


def test_labels_that_the_manifest_counts_otherwise(union: Path) -> None:
    def change(rows: list[Row]) -> None:
        next(row for row in rows if row["relation"] == "Bind").update(
            relation="Comparison", relations=["Comparison"]
        )

    labels = read_manifest(union)["corpora"]["biored"]["splits"]["train"]["labels"]
    edit_rows(union, ROWS, change)
    assert faults(union) == [
        (ROWS, "label Bind", f"expected {labels['Bind']} rows, got {labels['Bind'] - 1}"),
        (ROWS, "label Comparison", f"expected {labels['Comparison']} rows, got {labels['Comparison'] + 1}"),
    ]


def test_rows_that_are_not_sorted(union: Path) -> None:
    def swap(rows: list[Row]) -> None:
        rows[4], rows[5] = rows[5], rows[4]

    edit_rows(union, ROWS, swap)
    [fault] = verify(union)
    assert fault.place.startswith("row 5, instance ")
    assert fault.message == (
        "expected rows by document id, context and position, got one that belongs before the last"
    )


def test_a_row_that_stands_twice(union: Path) -> None:
    part = read_manifest(union)["corpora"]["biored"]["splits"]["train"]
    edit_rows(union, ROWS, lambda rows: rows.append(rows[-1]))
    rows, none = part["rows"], part["labels"]["None"]
    [*first, last] = faults(union)
    assert first == [(ROWS, "", f"expected {rows} rows, got {rows + 1}"), last_twice(ROWS, first, rows)]
    assert last == (ROWS, "label None", f"expected {none} rows, got {none + 1}")


def last_twice(file: str, found: list[tuple[str, str, str]], number: int) -> tuple[str, str, str]:
    place = next(place for _, place, _ in found if place.startswith(f"row {number}, "))
    return (file, place, f"expected an instance_id of its own, got one that stands in {ROWS} before")


def test_a_row_that_stands_in_two_files(union: Path) -> None:
    copied = pq.ParquetFile(union / ROWS).read().to_pylist()[-1]
    edit_rows(union, OTHER_ROWS, lambda rows: rows.append(copied | {"split": "dev"}))
    found = [(file, message) for file, place, message in faults(union) if copied["instance_id"] in place]
    assert (
        ROWS,
        "expected an instance_id of its own, got one that stands in " + OTHER_ROWS + " before",
    ) not in found
    assert (OTHER_ROWS, f"expected an instance_id of its own, got one that stands in {ROWS} before") in found


@pytest.mark.parametrize(
    ("name", "ranges", "spelled"),
    [
        ("Aluminium hydroxides", [(0, 9), (24, 34)], True),
        ("Aluminiumhydroxides", [(0, 9), (24, 34)], True),
        ("Aluminium hydroxides", [(0, 9), (14, 23), (24, 34)], True),  # a part of another mention between
        (
            "Aluminium hydroxides",
            [(0, 3), (0, 9), (24, 34)],
            True,
        ),  # another mention begins where this one does
        ("Aluminium hydroxides alter", [(0, 9), (24, 34), (43, 48)], True),
        ("Aluminium", [(0, 9), (24, 34)], True),
        ("Aluminium hydroxides and more", [(0, 9), (24, 34)], False),
        ("Aluminium hydroxide", [(0, 9), (24, 34)], False),
        ("hydroxides", [(0, 9), (24, 34)], False),
        ("Aluminium hydroxides", [(0, 9), (14, 23)], False),
        ("Alu minium", [(0, 9)], False),
        ("magnesium hydroxides", [(0, 9), (14, 23), (24, 34)], False),
    ],
)
def test_a_mention_in_parts(union: Path, name: str, ranges: list[tuple[int, int]], spelled: bool) -> None:
    file = "data/corpus=ddi/split=train/train.parquet"

    def change(rows: list[Row]) -> None:
        [row] = [row for row in rows if row["text"].startswith("Aluminium and magnesium hydroxides")][:1]
        assert row["head_name"] == "Aluminium hydroxides"
        row |= {"head_name": name, "head_spans": spans(*ranges)}

    edit_rows(union, file, change)
    found = [message for _, _, message in faults(union) if "belongs before" not in message]
    if spelled:
        assert found == []
    else:
        assert found == [
            f"expected the first of head_spans to spell head_name {name!r}, "
            f"got {'Aluminium'[slice(*ranges[0])]!r}"
        ]


# documents.parquet.


def test_a_document_that_is_missing(union: Path) -> None:
    count = read_manifest(union)["corpora"]["biored"]["splits"]["train"]["steps"]["read"]["documents"]["out"]
    edit_rows(union, DOCUMENTS, lambda rows: rows.pop(0))
    first, second = verify(union)
    assert first.file == ROWS
    assert first.place.startswith("row 0, instance ")
    assert first.message == "expected a document of documents.parquet, got '90000001'"
    assert second == (DOCUMENTS, "biored/train", f"expected {count} documents, got {count - 1}")


def test_a_document_too_many(union: Path) -> None:
    count = read_manifest(union)["corpora"]["biored"]["splits"]["train"]["steps"]["read"]["documents"]["out"]
    edit_rows(union, DOCUMENTS, lambda rows: rows.append(rows[0] | {"document_id": "nine"}))
    assert faults(union) == [(DOCUMENTS, "biored/train", f"expected {count} documents, got {count + 1}")]


def test_a_document_that_stands_twice(union: Path) -> None:
    edit_rows(union, DOCUMENTS, lambda rows: rows.insert(1, rows[0]))
    expected = "expected a document of its own, got one that stands before"
    assert faults(union) == [(DOCUMENTS, "row 1, biored/train/90000001", expected)]


def test_a_passage_outside_of_the_text(union: Path) -> None:
    edit_rows(union, DOCUMENTS, lambda rows: rows[0]["passages"][0].update(start=-1))
    [fault] = verify(union)
    assert (fault.file, fault.place) == (DOCUMENTS, "row 0, biored/train/90000001")
    assert fault.message.startswith("expected passages inside the ")


def test_a_document_with_another_text(union: Path) -> None:
    """Of one line for each context, by the first row that has it."""

    def change(rows: list[Row]) -> None:
        rows[0]["text"] = rows[0]["text"].upper()
        rows[0]["pmid"] = "1"

    edit_rows(union, DOCUMENTS, change)
    one, other = verify(union)
    assert one.file == other.file == ROWS
    assert one.place == other.place
    assert one.message == "expected pmid '1', as its document, got '90000001'"
    assert other.message.endswith(" of its document, got another text")


# All of it.


def test_a_wholly_wrong_file_is_named_a_few_times(union: Path) -> None:
    edit_rows(union, ROWS, lambda rows: [row.update(task="X") for row in rows])
    rows = read_manifest(union)["corpora"]["biored"]["splits"]["train"]["rows"]
    listed = verify(union)
    assert len(listed) == 21
    assert {fault.message for fault in listed[:20]} == {"expected task 'BioRED', got 'X'"}
    assert listed[20] == (ROWS, "", f"expected no fault after these, got {rows - 20} more")
    assert len(verify(union, per_file=3)) == 4


def test_the_limit_holds_by_file(union: Path) -> None:
    for name in (ROWS, OTHER_ROWS):
        edit_rows(union, name, lambda rows: [row.update(task="X") for row in rows])
    assert [fault.file for fault in verify(union, per_file=2)] == [OTHER_ROWS] * 3 + [ROWS] * 3


def test_damage_to_a_file_is_a_fault_and_never_an_exception(union: Path) -> None:
    """Bytes turned over anywhere in the Parquet files; the manifest is made to agree."""
    random = Random(7)
    for name in (ROWS, DOCUMENTS, LEAKS):
        sound = (union / name).read_bytes()
        for _ in range(3):
            content = bytearray(sound)
            for place in (random.randrange(len(content)) for _ in range(3)):
                content[place] ^= random.randrange(1, 256)
            (union / name).write_bytes(content)
            assert name in {fault.file for fault in verify(union)}
            seal(union)
            verify(union)
        (union / name).write_bytes(sound)
        seal(union)


def test_a_fault_is_one_line() -> None:
    assert str(Fault("a.md", "row 1", "expected x,\n got y")) == "a.md: row 1: expected x, got y"
    assert str(Fault("a.md", "", "expected x, got y")) == "a.md: expected x, got y"


def printed(union: Path) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    for part in report(union, verify(union)):
        console.print(part)
    return console.export_text()


def test_the_report_of_a_sound_set_is_a_line(union: Path) -> None:
    assert printed(union) == f"{union} is whole: every file and row is as its manifest says.\n"


def test_the_report_names_file_place_and_what_was_expected(union: Path) -> None:
    edit_rows(union, ROWS, lambda rows: rows[-1].update(task="[red]X[/red]"))
    text = printed(union)
    assert "expected task 'BioRED', got '[red]X[/red]'" in text
    assert ROWS in text
    assert "is not whole" in text


def test_json_has_the_faults_as_objects(union: Path) -> None:
    (union / LEAKS_TABLE).unlink()
    assert json.loads(as_json(verify(union))) == [
        {"file": LEAKS_TABLE, "place": "", "message": "expected a file of the set, got none"}
    ]
    assert as_json([]) == "[]"
