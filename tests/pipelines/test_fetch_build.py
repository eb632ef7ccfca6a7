"""From an empty cache to a set: fetched and read in place give the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_build import NAMES, contents
from test_cli import run, run_process
from web_mirror import served

import harmonize
from harmonize.registry import sample_folder
from harmonize.union.manifest import read_manifest, write_manifest

ACCEPT = ("--accept-licence", "CC-BY-NC-4.0", "--accept-licence", "CC-BY-NC-SA-4.0")
UNHASHED = "biored,drugprot,bc5cdr,emu,pharmgkb,disgenet"  # the others' hashes are those of the real files


def test_a_sample_from_a_server_is_the_sample_of_the_folder(tmp_path: Path) -> None:
    with served(sample_folder()) as url:
        options = ("--corpora", UNHASHED, "--cache", "cache", *ACCEPT)
        run("build", "--mirror", url, "--out", "fetched", *options, cwd=tmp_path)
        run("build", "--mirror", str(sample_folder()), "--out", "in-place", *options, cwd=tmp_path)
        assert contents(tmp_path / "fetched") == contents(tmp_path / "in-place")
        shutil.rmtree(tmp_path / "fetched")
    # The server is gone; the cache is enough.
    run("build", "--mirror", url, "--out", "fetched", *options, cwd=tmp_path)
    assert contents(tmp_path / "fetched") == contents(tmp_path / "in-place")


@pytest.fixture(scope="module")
def fetched_union(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real set, fetched, by another process with other hashes, of corpora in another order."""
    folder = tmp_path_factory.mktemp("from-a-server")
    options = ("--out", "fetched", "--cache", "cache", "--corpora", ",".join(NAMES[::-1]), *ACCEPT)
    with served(mirror) as url:
        run_process("build", "--mirror", url, *options, cwd=folder, PYTHONHASHSEED="4711")
    return folder / "fetched"


@pytest.mark.slow
def test_real_builds_are_byte_identical(real_union: Path, fetched_union: Path, tmp_path: Path) -> None:
    manifest = read_manifest(real_union)
    assert manifest["licences"]["accepted"] == []
    manifest["licences"]["accepted"] = read_manifest(fetched_union)["licences"]["accepted"]
    write_manifest(tmp_path, manifest)
    assert contents(fetched_union) == contents(real_union) | contents(tmp_path)


@pytest.mark.slow
def test_the_real_corpora_from_a_server_are_those_of_the_folder(
    real_union: Path, fetched_union: Path
) -> None:
    fetched, in_place = contents(fetched_union), contents(real_union)
    assert read_manifest(fetched_union)["licences"]["accepted"] == ["CC BY-NC 4.0", "CC BY-NC-SA 4.0"]
    # real_union was built without accepting: the manifest says so, and what is made of it.
    told = {"manifest.json"}
    assert {name for name in in_place if fetched[name] != in_place[name]} <= told
    assert set(fetched) == set(in_place)


def test_what_cannot_be_fetched_says_for_each_corpus_what_to_do(tmp_path: Path) -> None:
    options = ("--source", "native", "--corpora", "pharmgkb,disgenet", "--cache", "cache")
    with served(tmp_path) as url:
        done = run("build", *options, "--mirror", url, cwd=tmp_path, code=2)
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert [line.split(": ")[1] for line in lines] == ["pharmgkb", "disgenet"]
        assert all("--accept-licence" in line for line in lines)
        done = run("build", *options, "--mirror", url, *ACCEPT, cwd=tmp_path, code=2)
        assert "var_drug_ann.tsv: expected status 200, got 404" in done.stderr
    done = run("build", *options, "--mirror", "nowhere", cwd=tmp_path, code=2)
    assert "nowhere/pharmgkb/var_drug_ann.tsv: expected the PharmGKB corpus" in done.stderr
    assert not (tmp_path / "artifacts").exists()


def test_fetch_says_what_it_brought(tmp_path: Path) -> None:
    with served(sample_folder()) as url:
        options = ("--corpora", "biored", "--mirror", url, "--cache", "cache")
        assert "biored (pubtator): 3 files fetched" in run("fetch", *options, cwd=tmp_path).stdout
        printed = run("fetch", *options, cwd=tmp_path).stdout
    assert "biored (pubtator): nothing to fetch" in printed
    root = printed.split("--mirror ")[1].strip()
    run("build", "--corpora", "biored", "--mirror", root, cwd=tmp_path)


def test_fetch_list_names_address_licence_citation_and_size(tmp_path: Path) -> None:
    printed = run("fetch", "--list", cwd=tmp_path).stdout
    for expected in (
        "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/BIORED.zip",
        "(1,545,162 bytes)",
        "CC BY-NC-SA 4.0, to be accepted with --accept-licence",
        "Miranda et al. 2021",
    ):
        assert expected in printed
    native = run("fetch", "--list", "--corpora", "disgenet", "--source", "native", cwd=tmp_path).stdout
    assert "by hand: register at https://disgenet.com" in native
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ("any", "biored aimed drugprot ddi hprd50 bc5cdr emu pharmgkb disgenet"),
        ("noncommercial", "drugprot ddi bc5cdr pharmgkb disgenet"),
        ("redistributable", "drugprot bc5cdr pharmgkb"),
    ],
)
def test_licence_terms_leave_out_corpora(tmp_path: Path, terms: str, kept: str) -> None:
    done = run("build", "--sample", "--licence", terms, cwd=tmp_path)
    union = tmp_path / "artifacts/union"
    manifest = read_manifest(union)
    assert list(manifest["corpora"]) == kept.split()
    told = done.stdout.partition(f"left out, since their licence does not allow {terms}: ")[2].partition(
        "\n"
    )[0]
    every = ["biored", "aimed", "drugprot", "ddi", "hprd50", "bc5cdr", "emu", "pharmgkb", "disgenet"]
    assert told == ", ".join(each for each in every if each not in kept.split())
    assert manifest["licences"]["terms"] == terms
    table = harmonize.load_union(union, columns=["corpus", "redistributable", "licence"])
    rows = {tuple(row.values()) for row in table.to_pylist()}
    given_on = {corpus for corpus, redistributable, _ in rows if redistributable}
    assert given_on == set(kept.split()) & {"drugprot", "ddi", "bc5cdr", "pharmgkb", "disgenet"}
    if terms == "redistributable":
        assert not any("NC" in licence.split()[1] for _, _, licence in rows if licence.startswith("CC"))


def test_terms_that_leave_nothing_are_told(tmp_path: Path) -> None:
    done = run(
        "build", "--sample", "--licence", "redistributable", "--corpora", "aimed,ddi", cwd=tmp_path, code=2
    )
    assert "aimed is under none stated, ddi is under CC BY-NC 4.0" in done.stderr
    done = run("build", "--sample", "--licence", "free", cwd=tmp_path, code=2)
    assert "unknown licence terms 'free': expected one of redistributable, noncommercial, any" in done.stderr


def test_comparing_a_finished_set_again_changes_no_byte(sample_union: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_union, tmp_path / "union")
    run("leaks", "union", "--again", cwd=tmp_path)
    assert contents(tmp_path / "union") == contents(sample_union)


def test_what_else_stands_in_a_set_is_kept_when_it_is_compared_again(
    sample_union: Path, tmp_path: Path
) -> None:
    union = tmp_path / "union"
    shutil.copytree(sample_union, union)
    (union / "report.html").write_text("page")
    (union / "notes").mkdir()
    (union / "notes" / "a.txt").write_text("mine")
    (union / "link").symlink_to("notes")
    before = contents(union)
    done = run("leaks", "union", "--again", cwd=tmp_path)
    assert contents(union) == before
    assert (union / "link").is_symlink()
    assert "warning: union/report.html may tell of the repeats before" in done.stderr


def test_another_threshold_changes_what_repeats(sample_union: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_union, tmp_path / "union")
    loose = "{shingle_words: 1, threshold: 0.05, propose: 0.05, permutations: 64}"
    (tmp_path / "loose.yaml").write_text(loose)
    run("leaks", "union", "--again", "--leak-settings", "loose.yaml", cwd=tmp_path)
    manifest = read_manifest(tmp_path / "union")
    assert manifest["leaks"]["pairs"] > read_manifest(sample_union)["leaks"]["pairs"]
    assert manifest["leaks"]["settings"]["threshold"] == 0.05
    columns = ["instance_id", "leaks_into"]
    before, after = (
        dict(zip(*(harmonize.load_union(union)[name].to_pylist() for name in columns), strict=True))
        for union in (sample_union, tmp_path / "union")
    )
    assert before.keys() == after.keys()
    assert all(set(before[key]) <= set(after[key]) for key in before)
    options = ("--mirror", sample_folder(), "--leak-settings", "loose.yaml")
    run("build", *options, "--out", "built", cwd=tmp_path)
    assert contents(tmp_path / "built") == contents(tmp_path / "union")
    done = run("leaks", "union", "--leak-settings", "loose.yaml", cwd=tmp_path, code=2)
    assert "expected --again" in done.stderr
