"""What a corpus of one's own may look like, and what is said of one that does not work."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

import harmonize
from harmonize.drafting.draft import new_corpus
from harmonize.errors import HarmonizeError, InvalidDocument, SpecError
from harmonize.pipelines.build import build
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.union.manifest import papers, read_manifest

ROW = "mine: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e2, task: Mine}\n"
MAPPING = """
name: Mine
home: own files
licence: {name: none stated, redistributable: false}
sources: {text: {train: [a.txt]}}
entity: concept
relation_types: {heals: Negative_Correlation}
entity_types: {Drug: ChemicalEntity, Disorder: DiseaseOrPhenotypicFeature}
"""
TEXT = """\
90000001|t|Aspirin against headache, not gout.
90000001\t0\t7\tAspirin\tDrug\tD001241
90000001\t16\t24\theadache\tDisorder\tD006261
90000001\t30\t34\tgout\tDisorder\tD006073
90000001\theals\tD001241\tD006261

"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extension with its data beside the mapping, read by its format."""
    content = {"table2.yaml": ROW, "mine.yaml": MAPPING + "format: pubtator\n", "a.txt": TEXT}
    extension = tmp_path / "extension"
    extension.mkdir()
    for name, text in content.items():
        (extension / name).write_text(text, encoding="utf-8")
    return extension


def built(folder: Path, root: Path | None = None) -> Path:
    out = folder.parent / "union"
    build(out, root or folder.parent / "nowhere", corpora=["mine"], extensions=[folder])
    return out


def told(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    with chdir(cwd):
        done = CliRunner().invoke(app, [str(each) for each in arguments], env={"HARMONIZE_MIRROR": None})
    assert done.exit_code == code, done.output
    return done.output


def test_data_may_lie_beside_the_mapping(folder: Path) -> None:
    rows = harmonize.load_union(built(folder)).to_pylist()
    assert [(row["tail_name"], row["relation"]) for row in rows] == [
        ("headache", "Negative_Correlation"),
        ("gout", "None-Mine"),
    ]


def test_its_types_are_listed(folder: Path, tmp_path: Path) -> None:
    listed = told("types", "--as-corpus", "mine", "--extend", folder, cwd=tmp_path).splitlines()
    assert "Disorder DiseaseOrPhenotypicFeature Mine" in [" ".join(line.split()) for line in listed]
    assert "expected one of" in told("types", "--as-corpus", "mine", cwd=tmp_path, code=2)


def test_several_folders_may_be_joined_by_commas(folder: Path, tmp_path: Path) -> None:
    commas = tmp_path / "a,b"
    shutil.copytree(folder, commas)
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    for name in ("table2.yaml", "mine.yaml"):
        text = (other / name).read_text(encoding="utf-8").replace("Mine", "Theirs")
        (other / name).write_text(text.replace("mine:", "theirs:"), encoding="utf-8")
    (other / "mine.yaml").rename(other / "theirs.yaml")
    listed = told("corpora", "--extend", f"{folder}, {other}", cwd=tmp_path)
    assert "Mine" in listed
    assert "Theirs" in listed
    assert "Mine" in told("corpora", "--extend", commas, cwd=tmp_path)
    assert "nowhere/table2.yaml: file: expected" in told(
        "types", "--extend", f"{folder},nowhere", cwd=tmp_path, code=2
    )


def test_a_mirror_that_has_the_files_comes_first(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mirror/mine").mkdir(parents=True)
    (tmp_path / "mirror/mine/a.txt").write_text(TEXT.replace("Aspirin", "Paspirn"))
    rows = harmonize.load_union(built(folder, tmp_path / "mirror")).to_pylist()
    assert {row["head_name"] for row in rows} == {"Paspirn"}


def test_files_that_are_nowhere_are_told(folder: Path) -> None:
    (folder / "a.txt").unlink()
    with pytest.raises(HarmonizeError, match=r"a\.txt: expected the Mine corpus \(own files\)"):
        built(folder)


def test_nothing_is_fetched_for_it(folder: Path, tmp_path: Path) -> None:
    printed = told("build", "--corpora", "mine", "--extend", folder, "--out", "u", cwd=tmp_path)
    assert "2 instances of 1 corpus" in printed


def test_without_a_paper_nothing_is_held_against_one(folder: Path, tmp_path: Path) -> None:
    out = built(folder)
    assert not any(papers(read_manifest(out)))
    assert "Table 2" not in told("stats", out, cwd=tmp_path)
    assert "Beside the paper" not in (out / "README.md").read_text(encoding="utf-8")
    told("report", out, "--out", tmp_path / "r.html", "--tokenizer", "none", cwd=tmp_path)
    assert "Beside the paper" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("more", ["", "\t0.9\tcurated\tx"])
def test_relation_lines_may_stand_in_a_packed_file_of_their_own(folder: Path, more: str) -> None:
    import gzip

    *articles, line, _ = TEXT.splitlines(keepends=True)
    (folder / "a.txt").write_text("".join(articles), encoding="utf-8")
    (folder / "r.tsv.gz").write_bytes(gzip.compress(line.replace("\n", f"{more}\n").encode()))
    mapping = (folder / "mine.yaml").read_text().replace("[a.txt]", "[a.txt, r.tsv]")
    (folder / "mine.yaml").write_text(mapping)
    rows = harmonize.load_union(built(folder)).to_pylist()
    assert [row["source_relations"] for row in rows] == [["heals"], []]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("90000009\theals\tD001241\tD006261\n", r"r\.tsv:1: expected a document of the files of articles"),
        ("90000001\theals\tD001241\n", r"r\.tsv:1: expected 4 or 5 columns in a relation line, got 3"),
    ],
)
def test_relation_lines_that_make_no_sense_are_told(folder: Path, lines: str, message: str) -> None:
    (folder / "r.tsv").write_text(lines)
    mapping = (folder / "mine.yaml").read_text().replace("[a.txt]", "[a.txt, r.tsv]")
    (folder / "mine.yaml").write_text(mapping)
    with pytest.raises(HarmonizeError, match=message):
        built(folder)


@pytest.mark.parametrize("of_mentions", [True, False])
def test_relations_may_write_ids_with_or_without_the_scheme_of_mentions(
    folder: Path, of_mentions: bool
) -> None:
    *mentions, line, blank = (folder / "a.txt").read_text().splitlines(keepends=True)
    prefixed = [each.replace("\tD0", "\tMESH:D0") for each in (mentions if of_mentions else [line])]
    lines = (*prefixed, line, blank) if of_mentions else (*mentions, *prefixed, blank)
    (folder / "a.txt").write_text("".join(lines))
    rows = harmonize.load_union(built(folder)).to_pylist()
    assert [row["relation"] for row in rows] == ["Negative_Correlation", "None-Mine"]
    drafted = new_corpus("drafted", "pubtator", [str(folder / "a.txt")], folder.parent / "drafted")
    mapping = (drafted.folder / "drafted.yaml").read_text()
    assert "entity: concept  # or mention / concept: 1 relations name concept ids, 0 mentions\n" in mapping


def test_relations_of_unknown_ids_are_told(folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_text(TEXT.replace("heals\tD001241", "heals\tD999999"))
    with chdir(tmp_path):
        arguments = ["build", "--corpora", "mine", "--extend", str(folder), "--out", "u"]
        done = CliRunner().invoke(app, arguments, env={"HARMONIZE_MIRROR": None})
    told = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert told == [
        "warning: mine: 1 of 1 relations are lost, because no mention of their document has the id of one "
        "entity or both; dropped.tsv lists them"
    ]


def test_warnings_stand_on_the_error_stream(folder: Path, tmp_path: Path) -> None:
    mapping = (folder / "mine.yaml").read_text().replace("entity: concept", "entity: mention")
    (folder / "mine.yaml").write_text(mapping)
    with chdir(tmp_path):
        arguments = ["build", "--corpora", "mine", "--extend", str(folder), "--out", "u"]
        done = CliRunner().invoke(app, arguments, env={"HARMONIZE_MIRROR": None})
    assert "warning: mine: entity: mention, but 1 of 1 relations name concept ids" in done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_of_that_name\n", r"mine\.py: line 1: .*ModuleNotFoundError"),
        ("def documents(source:\n", r"mine\.py: line 1: .*SyntaxError"),
        ("x = 1\ny = {}['a']\n", r"mine\.py: line 2: .*KeyError: 'a'"),
        (
            "def documents(source):\n    return None\n",
            r"mine\.py: documents: expected Documents, got TypeError",
        ),
        ("def documents(source):\n    yield from ()\n", r"expected at least one Document, got none"),
        ("def documents(source):\n    yield {'id': '1'}\n", r"expected Documents, got \{'id': '1'\}"),
        ("def documents(source):\n    yield from ()\n    int('x')\n", r"mine\.py: line 3: .*ValueError"),
        (
            "import csv\ndef documents(source):\n    yield from csv.reader(['a\\rb'])\n",
            r"mine\.py: line 3: .*got Error: new-line",
        ),
        ("class Mine(Exception): pass\nraise Mine('so it is')\n", r"mine\.py: line 2: .*Mine: so it is"),
    ],
)
def test_an_adapter_s_faults_are_one_line(folder: Path, code: str, message: str) -> None:
    (folder / "mine.yaml").write_text(MAPPING)
    (folder / "mine.py").write_text(code)
    with pytest.raises(SpecError, match=message) as caught:
        built(folder)
    assert "\n" not in str(caught.value)
    assert not (folder.parent / "union").exists()
    assert "harmonize_extension_mine" not in sys.modules or "documents" in code


def test_an_adapter_may_have_dataclasses(folder: Path) -> None:
    (folder / "mine.yaml").write_text(MAPPING)
    (folder / "mine.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from harmonize.formats import pubtator\n"
        "@dataclass\n"
        "class Place:\n"
        "    split: str\n"
        "def documents(source):\n"
        "    for split, path in source.paths():\n"
        "        for record in pubtator.read(path):\n"
        "            source.saw(split, mentions=3, relations=1)\n"
        "            yield pubtator.document(record, Place(split).split, source.concept_ids)\n"
    )
    assert harmonize.load_union(built(folder)).num_rows == 2


def test_all_unmapped_types_are_told_and_nothing_is_written(folder: Path) -> None:
    text = TEXT + TEXT.replace("90000001", "90000002").replace("heals", "eases").replace(
        "Disorder", "Illness"
    )
    (folder / "a.txt").write_text(text)
    with pytest.raises(SpecError, match=r"'Illness' \(2, first in document 90000002\).*'eases' \(1, first"):
        built(folder)
    assert not (folder.parent / "union").exists()


def test_types_that_are_not_listed_may_stand_for_no_relation(folder: Path, tmp_path: Path) -> None:
    more = "90000001\teases\tD001241\tD006073\n\n"
    (folder / "a.txt").write_text(TEXT.rstrip("\n") + "\n" + more, encoding="utf-8")
    mapping = MAPPING.replace("{heals:", '{"*": null, heals:') + "format: pubtator\n"
    (folder / "mine.yaml").write_text(mapping, encoding="utf-8")
    union = built(folder)
    rows = [(row["relation"], row["source_relations"]) for row in harmonize.load_union(union).to_pylist()]
    assert rows == [("Negative_Correlation", ["heals"]), ("None-Mine", ["eases"])]
    assert read_manifest(union)["corpora"]["mine"]["unrelated"] == ["eases"]
    told("verify", union, cwd=tmp_path)


def test_predict_takes_the_extension(folder: Path, tmp_path: Path) -> None:
    predict = ("predict", folder / "a.txt", "--out", "found.pubtator", "--model")
    unknown = told(*predict, "nowhere", "--as-corpus", "mine", cwd=tmp_path, code=2)
    assert "unknown corpus 'mine'" in unknown
    known = told(*predict, "nowhere", "--as-corpus", "mine", "--extend", folder, cwd=tmp_path, code=2)
    assert "unknown corpus" not in known


def test_shards_are_made_by_the_extension(folder: Path, tmp_path: Path) -> None:
    by_it = ("--as-corpus", "mine", "--extend", folder)
    printed = told("shard", folder / "a.txt", "--out", "own", *by_it, cwd=tmp_path)
    assert "1 document in 1 shard" in printed
    told("shard", folder / "a.txt", "--out", "others", cwd=tmp_path)
    wrong = told("predict", "others", "--model", "x", "--out", "found", *by_it, cwd=tmp_path, code=2)
    assert f"or `harmonize shard --as-corpus mine --extend {folder}`" in wrong
    label = ("pseudo-label", folder / "a.txt", "--model", "nowhere", "--out", "sure.parquet")
    assert "unknown corpus 'mine'" in told(*label, "--as-corpus", "mine", cwd=tmp_path, code=2)
    assert "unknown corpus" not in told(*label, *by_it, cwd=tmp_path, code=2)


@pytest.mark.parametrize(
    ("corpus", "rows", "positive"),
    [("iepa", 11, 5), ("lll", 7, 4), ("bioinfer", 9, 4), ("chemdisgene", 13, 6), ("bc8biored", 16, 4)],
)
def test_the_further_corpora_are_built_from_their_samples(
    corpus: str, rows: int, positive: int, tmp_path: Path
) -> None:
    manifest = build(tmp_path / "union", sample_folder(), corpora=[corpus])
    (part,) = manifest["corpora"][corpus]["splits"].values()
    related = sum(count for label, count in part["labels"].items() if not label.startswith("None"))
    assert (part["rows"], related) == (rows, positive)


def test_iepa_s_pmid_is_kept_and_bioinfer_s_parts(tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["iepa", "bioinfer"])
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    pmids = {row["pmid"] for row in rows if row["corpus"] == "iepa"}
    assert pmids == {"90000101", "90000102", "90000103"}
    parts = {row["head_name"]: len(row["head_spans"]) for row in rows if row["corpus"] == "bioinfer"}
    assert parts["Nonmuscle myosin II"] == 2


def test_chemdisgene_s_heads_are_its_subjects(tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["chemdisgene"])
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    assert {row["span_source"] for row in rows} == {"pubtator"}
    (row,) = (row for row in rows if row["source_relations"] == ["gene_disease:marker/mechanism"])
    assert (row["head_id"], row["tail_id"], row["directed"]) == ("154", "MESH:D001249", True)


ADAPTER = """\
from harmonize.model import Document, Mention, Passage, Relation, Span

TEXT = "Aspirin against headache."


def documents(source):
    for number in ("1", "2"):
        SAY
        yield Document(
            id=number,
            split="train",
            text=TEXT,
            passages=(Passage("title", Span(0, len(TEXT))),),
            mentions=(
                Mention("T0", "Drug", "Aspirin", (Span(0, 7),), ("D001241",)),
                Mention("T1", "Disorder", "headache", (Span(16, 24),), ("D006261",)),
            ),
            relations=(Relation("D001241", "D006261", "heals"),),
        )
"""
COUNTED = "source.saw('train', mentions=2, relations=1)"


def with_adapter(folder: Path, code: str) -> Path:
    (folder / "mine.yaml").write_text(MAPPING)
    (folder / "mine.py").write_text(code)
    return folder


@pytest.mark.parametrize(
    ("say", "counts"),
    [
        ("pass", [(2, 2), (4, 4), (2, 2)]),
        (COUNTED, [(2, 2), (4, 4), (2, 2)]),
        ("source.set_aside('train', number, 'relations', 'of three', ['R9'])", [(2, 2), (4, 4), (4, 2)]),
        ("source.lost_document('train', 'no text', number + '0')", [(4, 2), (4, 4), (2, 2)]),
    ],
)
def test_what_an_adapter_yields_is_counted_if_it_does_not_itself(
    folder: Path, say: str, counts: list[tuple[int, int]]
) -> None:
    out = built(with_adapter(folder, ADAPTER.replace("SAY", say)))
    steps = read_manifest(out)["corpora"]["mine"]["splits"]["train"]["steps"]
    read = [steps["read"][unit] for unit in ("documents", "mentions", "relations")]
    assert [(count["in"], count["out"]) for count in read] == counts


def test_an_adapter_that_counts_otherwise_than_it_yields_is_told(folder: Path) -> None:
    code = ADAPTER.replace("SAY", COUNTED.replace("mentions=2", "mentions=3"))
    message = r"mine\.py: source\.saw: .*, got train, step read: 6 mentions in, 4 out, 0 dropped$"
    with pytest.raises(SpecError, match=message):
        built(with_adapter(folder, code))
    assert not (folder.parent / "union").exists()


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('("D001241",)', '"D001241"', "mention T0: concept_ids: expected a tuple of str, got 'D001241'"),
        ('("D001241",)', "(1241,)", "mention T0: concept_ids: expected a tuple of str, got one with 1241"),
        (
            "(Span(0, 7),)",
            "Span(0, 7)",
            "mention T0: spans: expected a tuple of Span, got Span(start=0, end=7)",
        ),
        ("(Span(0, 7),)", "((0, 7),)", "mention T0: spans: expected a tuple of Span, got one with (0, 7)"),
        ('Relation("D001241"', "Relation(1241", "relation 1: head: expected text, got 1241"),
        ('"heals"),)', '"heals"))', "relations: expected a tuple of Relation, got Relation("),
        ("id=number", "id=int(number)", "id: expected text, got 1"),
    ],
)
def test_a_part_of_another_type_is_told_with_adapter_document_and_field(
    folder: Path, right: str, wrong: str, message: str
) -> None:
    code = ADAPTER.replace("SAY", "pass").replace(right, wrong)
    with pytest.raises(InvalidDocument, match=rf"mine\.py: document 1: {re.escape(message)}"):
        built(with_adapter(folder, code))
    assert not (folder.parent / "union").exists()
