"""The dataset card: that programs take it, that its code runs, and that its numbers are those of the rows."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from card_cases import build_extension, described, run_python

import harmonize
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue
from harmonize.union.card import card
from harmonize.union.columns import COLUMNS, DOCUMENT_COLUMNS, LEAK_COLUMNS, PARTS
from harmonize.union.description import bibtex, licence_statement, title
from harmonize.union.documents import DocumentKey
from harmonize.union.leaks import Repeat, read_repeats
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import DOCUMENT_SCHEMA, FILE_SCHEMA, LEAK_SCHEMA, SCHEMA

CORPORA = [corpus.key for corpus in load_catalogue().select(["all"])]
REAL = pytest.param("real", marks=pytest.mark.mirror)
LOADED_AS = {"train": "train", "dev": "validation", "test": "test"}
REQUIRED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "incollection": {"author", "title", "booktitle", "year"},
}


@pytest.fixture(scope="module")
def sample_set(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return described(sample_union, tmp_path_factory.mktemp("card") / "union")


@pytest.fixture(scope="module", params=["sample", REAL])
def union(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"{request.param}_union")
    return folder


@pytest.fixture(scope="module")
def text(union: Path) -> str:
    return card(read_manifest(union), read_repeats(union))


@pytest.fixture(scope="module")
def manifest(sample_union: Path) -> dict[str, Any]:
    return read_manifest(sample_union)


def front_matter(text: str) -> dict[str, Any]:
    from huggingface_hub import DatasetCard

    data: dict[str, Any] = DatasetCard(text).data.to_dict()
    return data


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text: str) -> dict[tuple[str, ...], list[list[str]]]:
    """Header -> rows, after a check that all rows of a table have its columns."""
    found: dict[tuple[str, ...], list[list[str]]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        header, rule, *rows = [cells(line) for line in block.splitlines()]
        assert all(len(row) == len(header) for row in (rule, *rows)), header
        assert set("".join(rule)) <= set("-:"), header
        assert rows, header
        found[tuple(header)] = rows
    return found


def numbers(row: list[str]) -> list[int]:
    return [int(cell.replace(",", "")) for cell in row]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def changed(manifest: dict[str, Any], corpora: list[str], **licence: Any) -> dict[str, Any]:
    """A manifest with some corpora only, and with another licence."""
    other = copy.deepcopy(manifest)
    other["corpora"] = {key: other["corpora"][key] for key in corpora}
    for entry in other["corpora"].values():
        entry["licence"] |= licence
    return other


# What programs read of it.


def test_the_hub_s_parser_takes_it(text: str, union: Path) -> None:
    data = front_matter(text)
    rows = harmonize.load_union(union, columns=["split"]).num_rows
    low, high = {"n<1K": (0, 1_000), "100K<n<1M": (100_000, 1_000_000)}[data["size_categories"][0]]
    assert low <= rows < high
    assert data["pretty_name"] == "Biomedical relations of 9 corpora"
    assert (data["license"], data["license_name"]) == ("other", "one-per-corpus")
    assert data["license_link"] == "README.md#licences"
    assert data["language"] == ["en"]
    assert data["task_categories"] == ["text-classification"]
    assert "relation-extraction" in data["tags"]
    assert data["annotations_creators"] == ["expert-generated", "machine-generated"]
    assert data["source_datasets"] == [f"extended|other-{corpus}" for corpus in CORPORA]


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**6 - 1, "100K<n<1M"), (10**9, "n>1B")],
)
def test_size_categories(manifest: dict[str, Any], rows: int, category: str) -> None:
    one = changed(manifest, ["aimed"])
    one["corpora"]["aimed"]["splits"]["train"]["labels"] = {"Association": rows}
    text = card(one, [])
    assert front_matter(text)["size_categories"] == [category]
    assert f"| `aimed` | train | 4 | {rows:,} | {rows:,} | 0 |" in text


@pytest.mark.parametrize(
    ("corpora", "expected"),
    [
        (["drugprot"], {"license": "cc-by-4.0"}),
        (["disgenet"], {"license": "cc-by-nc-sa-4.0"}),
        (["aimed", "emu"], {"license_name": "none-stated", "license_link": "README.md#licences"}),
        (["biored"], {"license_link": "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/"}),
        (["drugprot", "ddi"], {"license_name": "one-per-corpus"}),
    ],
)
def test_the_licence_of_the_front_matter(
    manifest: dict[str, Any], corpora: list[str], expected: dict[str, str]
) -> None:
    data = front_matter(card(changed(manifest, corpora), []))
    assert data["license"] == expected.get("license", "other")
    assert expected.items() <= data.items()
    assert ("license_name" in data) == ("license_link" in data) == (data["license"] == "other")


def test_datasets_loads_every_row_under_its_split(sample_set: Path, tmp_path: Path) -> None:
    import datasets

    names = datasets.get_dataset_config_names(str(sample_set))
    assert names == ["default", *CORPORA]
    for name in names:
        loaded = datasets.load_dataset(str(sample_set), name, cache_dir=str(tmp_path))
        expected: dict[str, set[str]] = {}
        corpora = None if name == "default" else [name]
        for row in harmonize.load_union(sample_set, corpora=corpora).to_pylist():
            expected.setdefault(LOADED_AS[row["split"]], set()).add(row["instance_id"])
        assert {split: set(part["instance_id"]) for split, part in loaded.items()} == expected
        assert all(part.column_names == FILE_SCHEMA.names for part in loaded.values())
        assert sum(part.num_rows for part in loaded.values()) == sum(map(len, expected.values()))
    assert list(datasets.load_dataset(str(sample_set), cache_dir=str(tmp_path))) == [*LOADED_AS.values()]


def test_its_code_runs_as_it_stands(sample_set: Path) -> None:
    """Each block by itself, in the set's folder; afterwards what it made is counted."""
    code = blocks((sample_set / "README.md").read_text(encoding="utf-8"), "python")
    script = f"""
import json
found = {{}}
for code in {code!r}:
    names = {{}}
    exec(code, names)
    library = code.partition("\\n\\n")[0] if "import os" not in code else "import datasets"
    for name in ("frame", "train", "one_corpus"):
        if name in names:
            found[library, name] = len(names[name])
    if "everything" in names:
        found[library, "everything"] = sum(len(part) for part in names["everything"].values())
print(json.dumps(sorted((*key, count) for key, count in found.items())))
"""
    printed = run_python(script, sample_set).splitlines()
    whole = harmonize.load_union(sample_set)
    biored, train = (
        harmonize.load_union(sample_set, **kind).num_rows
        for kind in ({"corpora": ["biored"]}, {"corpora": ["biored"], "splits": ["train"]})
    )
    kept = [row for row in whole.to_pylist() if row["split"] == "train" and not row["leaks_into"]]
    assert json.loads(printed[-1]) == [
        ["import datasets", "everything", whole.num_rows],
        ["import datasets", "one_corpus", train],
        ["import harmonize", "frame", train],
        ["import pandas as pd", "frame", biored],
        ["import pandas as pd", "train", len(kept)],
        ["import polars as pl", "frame", biored],
    ]
    assert any("count_star" in line for line in printed), "duckdb's table"
    assert len(code) == 6


def test_leaving_out_what_leaks(
    manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of the card, on rows of which some leak."""
    import pandas as pd

    key, other = DocumentKey("biored", "train", "x"), DocumentKey("bc5cdr", "test", "y")
    code = blocks(card(manifest, [Repeat(key, None, other, None, False, True, 1.0)]), "python")[-1]
    assert '"bc5cdr/test" not in' in code, "the part that most training documents repeat"
    frame = pd.DataFrame(
        {
            "split": ["train", "train", "test", "train"],
            "leaks_into": [[], ["bc5cdr/test"], [], ["bc5cdr/dev", "biored/test"]],
            "instance_id": ["a", "b", "c", "d"],
        }
    )
    frame.to_parquet(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    assert [*names["train"]["instance_id"]] == ["a", "d"]


# What it says.


def test_its_counts_are_those_of_the_rows(text: str, union: Path) -> None:
    found = tables(text)
    names = ["corpus", "split", "relation"]
    groups = harmonize.load_union(union, columns=names).group_by(names).aggregate([([], "count_all")])
    counted: dict[tuple[str, str], list[int]] = {}
    labels: Counter[str] = Counter()
    for row in groups.to_pylist():
        entry = counted.setdefault((f"`{row['corpus']}`", row["split"]), [0, 0, 0])
        entry[0] += row["count_all"]
        entry[2 if row["relation"].startswith("None") else 1] += row["count_all"]
        labels[f"`{row['relation']}`"] += row["count_all"]
    *rows, total = found["corpus", "split", "documents", "rows", "with a relation", "without"]
    assert {(row[0], row[1]): numbers(row[3:]) for row in rows} == counted
    assert numbers(total[3:]) == [sum(column) for column in zip(*counted.values(), strict=True)]
    assert {row[0]: numbers(row[1:2])[0] for row in found["relation", "rows", "corpora"]} == labels
    documents = pq.read_table(union / "documents.parquet", columns=["corpus", "split"]).to_pylist()
    read = Counter((f"`{row['corpus']}`", row["split"]) for row in documents)
    assert {(row[0], row[1]): numbers(row[2:3])[0] for row in rows} == read
    assert f"{labels.total():,} rows" in text


def test_its_drops_are_those_of_the_list(text: str, union: Path) -> None:
    lines = (union / "dropped.tsv").read_text(encoding="utf-8").splitlines()[1:]
    listed = Counter(tuple(line.split("\t")[3:5]) for line in lines)
    rows = tables(text)["what", "reason", "count", "corpora"]
    assert {(row[0], row[1]): numbers(row[2:3])[0] for row in rows} == listed


def test_its_overlaps_are_what_the_rows_leak_into(text: str, union: Path) -> None:
    columns = ["corpus", "split", "document_id", "leaks_into"]
    table = harmonize.load_union(union, columns=columns)
    leaking = {
        (f"{row['corpus']}/{row['split']}", row["document_id"], target)
        for row in table.filter(pc.greater(pc.list_value_length(table["leaks_into"]), 0)).to_pylist()
        for target in row["leaks_into"]
    }
    of_rows = Counter((part, target) for part, _, target in leaking)
    found = [(header, rows) for header, rows in tables(text).items() if header[0] == "documents of"]
    shown = {
        (row[0], target): int(number)
        for header, rows in found
        for row in rows
        for target, number in zip(header[1:], row[1:], strict=True)
        if number
    }
    assert shown.keys() >= of_rows.keys()
    # Documents without rows leak too, and only the documents know.
    assert all(count >= of_rows[place] for place, count in shown.items())
    assert sum(shown.values()) - of_rows.total() < 20
    assert bool(found) == any(r.other.split != "train" for r in read_repeats(union))


def test_overlaps_count_documents_in_both_directions(manifest: dict[str, Any]) -> None:
    train, dev, test = (
        DocumentKey("biored", split, name) for split, name in (("train", "1"), ("dev", "2"), ("test", "3"))
    )
    pairs = [(train, test), (dev, test), (train, DocumentKey("ddi", "test", "4"))]
    text = card(manifest, [Repeat(a, None, b, None, True, False, 0.2) for a, b in pairs])
    assert (
        tables(text)["documents of", "biored/dev", "biored/test", "ddi/test"]
        == [
            ["biored/train", "", "1", "1"],
            ["biored/dev", "", "1", ""],
            ["biored/test", "1", "", ""],
            ["ddi/test", "", "", ""],
        ][:3]
    )
    assert "This set\nhas 3 such pairs" in text


def test_beside_the_paper(manifest: dict[str, Any]) -> None:
    one = changed(manifest, ["biored", "bc5cdr", "ddi"])
    for key, why in (("biored", None), ("bc5cdr", "a | b\nc"), ("ddi", None)):
        splits = one["corpora"][key]["splits"].values()
        measured = {
            name: sum(part["steps"]["read"][unit]["out"] for part in splits)
            for name, unit in (("abstracts", "documents"), ("relations", "relations"))
        }
        one["corpora"][key]["published"] = measured | {"why": why}
    one["corpora"]["bc5cdr"]["published"]["abstracts"] += 1_000
    one["corpora"]["ddi"]["published"]["relations"] += 1
    header = ("corpus", "documents", "in the paper", "relations", "in the paper", "why they differ")
    rows = tables(card(one, []))[header]
    assert [row[-1] for row in rows] == ["", "a \\| b c", "not known"]
    assert numbers(rows[1][2:3])[0] - numbers(rows[1][1:2])[0] == 1_000
    assert header not in tables(card(one | {"sample": True}, []))


def test_a_sample_says_that_it_is_one(manifest: dict[str, Any]) -> None:
    assert "written by hand" in card(manifest | {"sample": True}, [])
    assert title(manifest | {"sample": True}) == "Biomedical relations of 9 corpora (sample)"
    assert "written by hand" not in card(manifest | {"sample": False}, [])


@pytest.mark.parametrize(
    ("corpora", "licence", "expected"),
    [
        (["biored"], {}, "Copies of this set may not be redistributed: no licence allows it for BioRED."),
        (["drugprot"], {}, "Copies of this set may be redistributed, under the licences of its corpora."),
        (
            ["drugprot", "ddi"],
            {},
            "This set may be used and redistributed for noncommercial purposes only, because of DDI 2013.",
        ),
        (
            ["biored", "aimed", "drugprot"],
            {},
            "Copies of this set may not be redistributed: no licence allows it for BioRED and AIMed. "
            "Copies of the rows whose `redistributable` is true may.",
        ),
        (
            ["biored", "drugprot", "ddi"],
            {},
            "Copies of this set may not be redistributed: no licence allows it for BioRED. "
            "Copies of the rows whose `redistributable` is true may. DDI 2013 may be used and redistributed "
            "for noncommercial purposes only.",
        ),
        (
            ["pharmgkb"],
            {},
            "Copies of this set may be redistributed, under the licences of its corpora. What is made from "
            "PharmGKB and redistributed has to carry the same licence.",
        ),
        (
            ["pharmgkb", "disgenet"],
            {},
            "This set may be used and redistributed for noncommercial purposes only, because of DisGeNET. "
            "What is made from PharmGKB and DisGeNET and redistributed has to carry the same licence. "
            "As these licences differ, what is made from all of them cannot meet each.",
        ),
        (
            ["drugprot"],
            {"redistributable": False, "noncommercial": True},
            "Copies of this set may not be redistributed: no licence allows it for DrugProt.",
        ),
    ],
)
def test_what_the_licences_mean_for_the_set(
    manifest: dict[str, Any], corpora: list[str], licence: dict[str, Any], expected: str
) -> None:
    one = changed(manifest, corpora, **licence)
    assert licence_statement(one) == expected
    assert card(one, []).count(expected) == 2


def test_the_licence_of_each_corpus(text: str, union: Path) -> None:
    header = ("corpus", "licence", "may copies be redistributed?", "to be accepted before download")
    rows = {row[0]: row[1:] for row in tables(text)[header]}
    assert rows["DDI 2013"] == [
        "[CC BY-NC 4.0](https://creativecommons.org/licenses/by-nc/4.0/)",
        "noncommercially",
        "yes",
    ]
    assert rows["AIMed"] == ["none stated", "no", "no"]
    assert rows["DrugProt"][1:] == ["yes", "no"]
    assert len(rows) == len(CORPORA)


def test_every_source_file_is_named_with_its_hash(text: str, union: Path) -> None:
    rows = tables(text)["corpus", "home", "source", "files, with the first digits of their sha256"]
    for row, entry in zip(rows, read_manifest(union)["corpora"].values(), strict=True):
        assert row[:3] == [entry["name"], f"<{entry['home']}>", f"`{entry['source']}`"]
        for name, digest in entry["source_files"].items():
            assert f"`{name}` {digest[:12]}" in row[3]
            assert digest not in row[3]


def test_many_source_files_are_cut_short(manifest: dict[str, Any]) -> None:
    one = changed(manifest, ["aimed"])
    one["corpora"]["aimed"]["source_files"] = {f"{number}.xml": "0" * 64 for number in range(1_500)}
    assert "`7.xml` 000000000000; and 1,492 more" in card(one, [])


def test_what_no_relation_means_follows_the_rules(manifest: dict[str, Any]) -> None:
    meanings = {
        "biored": "- `None`: the annotators of BioRED",
        "ddi": "- `None-DDI`: the corpus looked for some kinds",
        "emu": "- Left out, in EMU:",
    }
    for corpus in meanings:
        text = card(changed(manifest, [corpus]), [])
        assert [key for key, meaning in meanings.items() if meaning in text] == [corpus]


def test_limitations_follow_the_rules(manifest: dict[str, Any]) -> None:
    biored, emu = (card(changed(manifest, [corpus]), []) for corpus in ("biored", "emu"))
    for said in ("contexts are single sentences", "every relation is `Association`", "found by software"):
        assert said not in biored
        assert f"- EMU: {said}" in emu or ("- EMU: the corpus says" in emu and said in emu)
    assert front_matter(biored)["annotations_creators"] == ["expert-generated"]


def test_how_it_was_made(manifest: dict[str, Any]) -> None:
    assert "spaCy's rules" in card(manifest, [])
    assert "the spaCy pipeline `en_core_sci_sm`" in card(manifest | {"sentences": "en_core_sci_sm"}, [])
    dump = {"files": {"a.gz": "0" * 64, "b.gz": "1" * 64}, "articles": 2_001, "misfits": {}}
    assert "2,001 articles of the files a.gz and b.gz" in card(manifest | {"pubtator": dump}, [])
    service = {"service": "https://example.org/api", "articles": 3, "unknown": 0, "misfits": {}}
    assert "3 articles of <https://example.org/api>" in card(manifest | {"pubtator": service}, [])
    terms = {"terms": "noncommercial", "accepted": []}
    assert "for noncommercial purposes were left out" in card(manifest | {"licences": terms}, [])


def test_every_entry_of_its_bibtex_is_whole(text: str, union: Path) -> None:
    (block,) = blocks(text, "bibtex")
    entries = re.split(r"\n\n(?=@)", block.strip())
    assert len(entries) == len(CORPORA) + 1
    assert "lai2023biorex" in entries[0]
    keys = [checked_key(entry) for entry in entries]
    assert len(set(keys)) == len(keys)


def checked_key(entry: str) -> str:
    """The key of a BibTeX entry that has its fields and closes its braces."""
    match = re.fullmatch(r"@(\w+)\{([\w:-]+),\n(.*)\n\}", entry, flags=re.DOTALL)
    assert match, entry
    kind, key, body = match.groups()
    depth = 0
    for character in body:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0, entry
    assert depth == 0, entry
    fields = dict(re.findall(r"(\w+) = \{((?:[^{}]|\{[^{}]*\})*)\}", body))
    assert REQUIRED[kind] <= fields.keys(), entry
    assert all(fields.values()), entry
    assert re.fullmatch(r"\d{4}", fields["year"]), entry
    return key


def test_corpora_that_share_a_paper_are_cited_once(manifest: dict[str, Any]) -> None:
    one = changed(manifest, ["aimed", "emu"])
    one["corpora"]["aimed"]["bibtex"] = one["corpora"]["emu"]["bibtex"]
    assert bibtex(one).count("@article{doughty2011emu") == 1


def test_its_links_lead_somewhere(text: str) -> None:
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line[:2] == "##"}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == {"licences", "rows"}
    assert {"licences", "rows"} <= headings


# Sets of every kind.


@pytest.mark.parametrize("corpora", [[corpus] for corpus in CORPORA] + [["ddi", "biored"]])
def test_every_subset_has_a_card(manifest: dict[str, Any], corpora: list[str]) -> None:
    text = card(changed(manifest, corpora), [])
    names = [config["config_name"] for config in front_matter(text)["configs"]]
    assert sorted(names) == sorted(["default", *corpora])
    assert tables(text)
    others = {manifest["corpora"][key]["name"] for key in CORPORA if key not in corpora} - {"BioRED"}
    assert not [name for name in others if name in text]


def test_a_native_set_has_a_card(tmp_path: Path) -> None:
    native = ["emu", "pharmgkb", "disgenet"]
    build(tmp_path / "union", sample_folder(), corpora=native, sources=dict.fromkeys(native, "native"))
    text = card(read_manifest(tmp_path / "union"), read_repeats(tmp_path / "union"))
    assert "| PharmGKB | <https://www.clinpgx.org/downloads> | `native` |" in text
    assert tables(text)
    # Nothing is evaluated, so there is nothing to leave out.
    assert len(blocks(text, "python")) == 5
    splits = [file["split"] for file in front_matter(text)["configs"][0]["data_files"]]
    assert splits == ["train"]


def test_corpora_of_one_s_own_and_without_rows(tmp_path: Path) -> None:
    import datasets

    union = build_extension(tmp_path, ["extra", "empty"])
    folder = described(union, tmp_path / "described")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert [config["config_name"] for config in front_matter(text)["configs"]] == ["default", "extra"]
    assert front_matter(text)["license"] == "cc0-1.0"
    found = tables(text)
    assert ["`empty`", "train", "1", "0", "0", "0"] in next(iter(found.values()))
    assert "| Extra \\| corpus | on a shelf \\| third from left | `pubtator` |" in text
    assert text.count("Nobody 2026") == 2
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: part.num_rows for split, part in loaded.items()} == {"train": 1}


def test_a_set_without_rows(tmp_path: Path) -> None:
    union = build_extension(tmp_path, ["empty"])
    text = card(read_manifest(union), [])
    assert front_matter(text)["configs"] == []
    assert "The set has no rows." in text
    assert blocks(text, "python") == []
    assert tables(text)


def test_it_is_the_same_for_the_same_set(sample_set: Path) -> None:
    manifest, repeats = read_manifest(sample_set), read_repeats(sample_set)
    written = (sample_set / "README.md").read_text(encoding="utf-8")
    before = copy.deepcopy(manifest)
    assert card(manifest, repeats) == written
    assert manifest == before
    assert str(sample_set.parent) not in written
    script = """
import pathlib
from harmonize.union.card import card
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import read_manifest
here = pathlib.Path()
print(card(read_manifest(here), read_repeats(here)), end="")
"""
    assert run_python(script, sample_set, PYTHONHASHSEED="1") == written


def test_every_column_is_described() -> None:
    assert list(COLUMNS) == SCHEMA.names
    assert list(DOCUMENT_COLUMNS) == DOCUMENT_SCHEMA.names
    assert list(LEAK_COLUMNS) == LEAK_SCHEMA.names
    lists = [
        field.type.value_type for field in (*SCHEMA, *DOCUMENT_SCHEMA) if hasattr(field.type, "value_field")
    ]
    assert set(PARTS) == {part.name for kind in lists if hasattr(kind, "fields") for part in kind.fields}
    texts = [*COLUMNS.values(), *DOCUMENT_COLUMNS.values(), *LEAK_COLUMNS.values(), *PARTS.values()]
    assert all(text and "\n" not in text for text in texts)


def test_the_columns_table_names_their_types(text: str) -> None:
    kinds = {row[0].strip("`"): row[1] for row in tables(text)["column", "type", "meaning"]}
    assert list(kinds) == SCHEMA.names
    assert kinds["corpus"] == "string"
    assert kinds["context_start"] == "int32"
    assert kinds["head_spans"] == "list of {start, end}"
    assert kinds["rules"] == "list of string"
    assert kinds["directed"] == "bool"
