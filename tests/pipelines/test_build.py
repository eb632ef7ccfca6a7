"""Builds: the same bytes whatever the circumstances, and never half a set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harmonize.check.verify import verify
from harmonize.errors import HarmonizeError
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue
from harmonize.union.documents import read_documents
from harmonize.union.manifest import read_manifest

HARMONIZE = Path(sys.executable).with_name("harmonize")
NAMES = [corpus.key for corpus in load_catalogue().select(["all"])]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run_build(out: Path, root: Path, names: list[str], hash_seed: str) -> None:
    subprocess.run(
        [HARMONIZE, "build", "--mirror", str(root), "--out", str(out), "--corpora", ",".join(names)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )


def test_sample_builds_are_byte_identical(sample_union: Path, tmp_path: Path) -> None:
    for number, (names, seed) in enumerate([(NAMES[::-1], "1"), (["all"], "2"), ([*NAMES, "all"], "3")]):
        out = tmp_path / str(number)
        run_build(out, sample_folder(), names, seed)
        assert contents(out) == contents(sample_union)


def test_a_corpus_has_the_same_instances_alone(sample_union: Path, tmp_path: Path) -> None:
    import harmonize

    build(tmp_path / "alone", sample_folder(), corpora=["bc5cdr"])
    columns = [name for name in harmonize.load_union(sample_union).schema.names if name != "leaks_into"]
    alone = harmonize.load_union(tmp_path / "alone", columns=columns)
    assert (
        alone.to_pylist()
        == harmonize.load_union(sample_union, corpora=["bc5cdr"], columns=columns).to_pylist()
    )


def test_the_formats_of_a_corpus_give_the_same_rows(tmp_path: Path) -> None:
    import harmonize

    for corpus, variants in {
        "biored": ["pubtator", "bioc-xml", "bioc-json", "bioredirect"],
        "bc5cdr": ["pubtator", "bioc-xml"],
    }.items():
        rows = []
        for variant in variants:
            build(tmp_path / variant, sample_folder(), corpora=[corpus], sources={corpus: variant})
            rows.append(harmonize.load_union(tmp_path / variant).to_pylist())
        for other in rows:
            for row in other if corpus == "biored" else ():
                del row["subject"]  # which BioREDirect alone says
            assert other == rows[0]


def test_a_failed_build_leaves_the_older_set_and_nothing_else(tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["aimed"])
    before = contents(tmp_path)

    def fail(corpus: str, documents: int) -> None:
        raise HarmonizeError("stop")

    with pytest.raises(HarmonizeError, match="stop"):
        build(tmp_path / "union", sample_folder(), progress=fail)
    assert contents(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("documents", [1, 7, 20, 41])
def test_a_killed_build_leaves_the_older_set(tmp_path: Path, documents: int) -> None:
    out = tmp_path / "union"
    build(out, sample_folder(), corpora=["aimed"])
    before = contents(out)
    script = f"""
import os, signal, sys
from pathlib import Path
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
done = 0
def kill(corpus, documents):
    global done
    done += 1
    if done == {documents}:
        os.kill(os.getpid(), signal.SIGKILL)
build(Path(sys.argv[1]), sample_folder(), progress=kill)
"""
    killed = subprocess.run([sys.executable, "-c", script, str(out)], check=False)
    assert killed.returncode == -9
    assert contents(out) == before
    build(out, sample_folder(), corpora=["aimed"])
    assert contents(out) == before


def test_unreadable_output_places_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        build(tmp_path / "file" / "union", sample_folder(), corpora=["aimed"])


def test_a_copy_of_an_abstract_is_dropped_with_its_mentions(tmp_path: Path) -> None:
    """AIMed's fuller edition repeats abstract d31 as d78."""
    folder = tmp_path / "mirror" / "aimed"
    folder.mkdir(parents=True)
    part = '<document id="AIMed.{n}" origId="9000000{n}"><sentence id="AIMed.{n}.s0" text="RAF binds RAS.">'
    part += '<entity id="AIMed.{n}.s0.e0" charOffset="0-3" text="RAF" type="protein"/>'
    part += '<entity id="AIMed.{n}.s0.e1" charOffset="10-13" text="RAS" type="protein"/>'
    part += '<interaction id="i" e1="AIMed.{n}.s0.e0" e2="AIMed.{n}.s0.e1" type="PPI"/></sentence></document>'
    (folder / "AIMed-train.xml").write_text(
        "<corpus>" + part.format(n="d31") + part.format(n="d78") + "</corpus>"
    )
    (folder / "AIMed-test.xml").write_text("<corpus>" + part.format(n="d1") + "</corpus>")
    manifest = build(tmp_path / "union", tmp_path / "mirror", corpora=["aimed"])
    read = manifest["corpora"]["aimed"]["splits"]["train"]["steps"]["read"]
    assert read["documents"] == {"in": 3, "out": 2, "dropped": {"repeats another document": 1}}
    assert read["mentions"] == {"in": 6, "out": 4, "dropped": {"in a document that repeats another": 2}}
    assert read["relations"] == {"in": 3, "out": 2, "dropped": {"in a document that repeats another": 1}}


def test_whole_documents_in_the_place_of_sentences(tmp_path: Path) -> None:
    import harmonize

    chosen = ["emu", "pharmgkb", "hprd50", "drugprot"]
    build(tmp_path / "union", sample_folder(), corpora=chosen, whole_documents=["emu", "pharmgkb"])
    assert verify(tmp_path / "union") == []
    rules = {key: entry["rules"] for key, entry in read_manifest(tmp_path / "union")["corpora"].items()}
    assert rules["emu"][:2] == rules["pharmgkb"][:2] == ["a2", "b1"]
    assert rules["hprd50"][1] == rules["drugprot"][1] == "b2"
    texts = {each.key: each.text for each in read_documents(tmp_path / "union")}
    for row in harmonize.load_union(tmp_path / "union", corpora=["emu", "pharmgkb"]).to_pylist():
        assert row["level"] == "document"
        assert row["text"] == texts[row["corpus"], row["split"], row["document_id"]]
    pairs = harmonize.load_union(tmp_path / "union", columns=["corpus", "document_id", "head_id", "tail_id"])
    of_emu = [tuple(row.values()) for row in pairs.to_pylist() if row["corpus"] == "emu"]
    assert len(of_emu) == len(set(of_emu)) > 0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["biored"], "expected a corpus of sentences, biored has whole documents"),
        (["ddi"], "corpus of --whole-documents 'ddi': expected one of biored, emu"),
    ],
)
def test_whole_documents_of_what_has_no_sentences(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(HarmonizeError, match=message):
        build(tmp_path / "union", sample_folder(), corpora=["biored", "emu"], whole_documents=names)
    assert not (tmp_path / "union").exists()
