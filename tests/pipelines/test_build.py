"""Builds: the same bytes whatever the circumstances, and never half a set."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import run

from harmonize.check.verify import verify
from harmonize.errors import HarmonizeError
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue
from harmonize.union import rows
from harmonize.union.documents import read_documents
from harmonize.union.manifest import read_manifest

HARMONIZE = Path(sys.executable).with_name("harmonize")
NAMES = [corpus.key for corpus in load_catalogue().select(["all"])]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_sample_builds_are_byte_identical(sample_union: Path, tmp_path: Path) -> None:
    """Whatever the order of the corpora, and by a process of other hashes."""
    command = ["build", "--mirror", str(sample_folder()), "--corpora"]
    for number, names in enumerate([["all"], [*NAMES, "all"]]):
        run(*command, ",".join(names), "--out", f"{number}", cwd=tmp_path)
    other = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    given = [*command, ",".join(NAMES[::-1]), "--out", "other"]
    subprocess.run([HARMONIZE, *given], cwd=tmp_path, check=True, capture_output=True, env=other)
    for out in ("0", "1", "other"):
        assert contents(tmp_path / out) == contents(sample_union)


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
        found = []
        for variant in variants:
            build(tmp_path / variant, sample_folder(), corpora=[corpus], sources={corpus: variant})
            found.append(harmonize.load_union(tmp_path / variant).to_pylist())
        for other in found:
            for row in other if corpus == "biored" else ():
                del row["subject"]  # which BioREDirect alone says
            assert other == found[0]


def test_a_failed_build_leaves_the_older_set_and_nothing_else(tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["aimed"])
    before = contents(tmp_path)

    def fail(corpus: str, documents: int) -> None:
        raise HarmonizeError("stop")

    with pytest.raises(HarmonizeError, match="stop"):
        build(tmp_path / "union", sample_folder(), progress=fail)
    assert contents(tmp_path) == before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are told by Linux")
def test_a_failed_build_holds_no_file_open(tmp_path: Path) -> None:
    def fail(corpus: str, documents: int) -> None:
        if documents == 2:
            raise HarmonizeError("stop")

    with pytest.raises(HarmonizeError, match="stop") as caught:
        build(tmp_path / "union", sample_folder(), corpora=["aimed"], progress=fail)
    opened = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert not [each for each in opened if str(tmp_path) in each], caught


def test_a_document_may_be_several_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import harmonize

    build(tmp_path / "one", sample_folder(), corpora=["aimed"])
    monkeypatch.setattr(rows, "_MOST_CHARACTERS", 1)
    build(tmp_path / "several", sample_folder(), corpora=["aimed"])
    assert harmonize.load_union(tmp_path / "several").equals(harmonize.load_union(tmp_path / "one"))


KILLED_AT = [1, 7, 20, 41]
"""Documents."""
KILLED = """
import os, signal, sys
from pathlib import Path
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.text.sentences import import_spacy_without_torch
import_spacy_without_torch()
def killed_at(documents):
    done = 0
    def kill(corpus, number):
        nonlocal done
        done += 1
        if done == documents:
            os.kill(os.getpid(), signal.SIGKILL)
    return kill
for documents in map(int, sys.argv[1:]):
    process = os.fork()
    if process == 0:
        build(Path(f"{documents}/union"), sample_folder(), progress=killed_at(documents))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""


@pytest.fixture(scope="module")
def killed_builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A folder with an older set for each number of documents at which a build in its place was killed.

    And what the set held. The processes that are killed are forked from one, which imports for seconds.
    """
    folder = tmp_path_factory.mktemp("killed")
    first, *others = (folder / f"{documents}" / "union" for documents in KILLED_AT)
    build(first, sample_folder(), corpora=["aimed"])
    for other in others:
        shutil.copytree(first, other)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, KILLED_AT)],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["-9"] * len(KILLED_AT)
    return folder, contents(first)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("documents", KILLED_AT)
def test_a_killed_build_leaves_the_older_set(
    killed_builds: tuple[Path, dict[str, bytes]], documents: int
) -> None:
    folder, before = killed_builds
    out = folder / f"{documents}" / "union"
    assert contents(out) == before
    build(out, sample_folder(), corpora=["aimed"])
    assert contents(out) == before


def unread(corpus: str, documents: int) -> None:
    raise AssertionError(f"{corpus} was read")


def test_somebody_s_files_are_not_replaced_and_no_corpus_is_read_for_it(tmp_path: Path) -> None:
    mine, shards = tmp_path / "mine", tmp_path / "shards"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    (shards / "data").mkdir(parents=True)
    (shards / "manifest.json").write_text("{}")
    before = contents(tmp_path)
    for out, found in ((mine, "notes.txt"), (shards, "data")):
        with pytest.raises(
            HarmonizeError, match=f"{out.name}: expected a new folder or an earlier union set, found {found}$"
        ):
            build(out, sample_folder(), corpora=["aimed"], progress=unread)
    with pytest.raises(HarmonizeError, match=r"notes\.txt: expected a folder, got a file"):
        build(mine / "notes.txt", sample_folder(), corpora=["aimed"], progress=unread)
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "shards"]


def test_an_older_set_is_replaced_but_not_with_somebody_s_files_in_it(tmp_path: Path) -> None:
    out = tmp_path / "union"
    out.mkdir()
    build(out, sample_folder(), corpora=["aimed"])
    before = contents(out)
    (out / "report.html").write_text("")
    build(out, sample_folder(), corpora=["aimed"])
    assert contents(out) == before
    (out / "notes.txt").write_text("mine")
    with pytest.raises(HarmonizeError, match=r"union: expected .* an earlier union set, found notes\.txt$"):
        build(out, sample_folder(), corpora=["aimed"], progress=unread)
    assert contents(out) == before | {"notes.txt": b"mine"}


@pytest.mark.parametrize("out", ["mirror", "mirror/aimed", "."])
def test_a_mirror_is_never_replaced_by_its_set(tmp_path: Path, out: str) -> None:
    shutil.copytree(sample_folder() / "aimed", tmp_path / "mirror" / "aimed")
    before = contents(tmp_path)
    with pytest.raises(HarmonizeError, match=r"expected a (folder apart from the mirror|new folder)"):
        build(tmp_path / out, tmp_path / "mirror", corpora=["aimed"], progress=unread)
    assert contents(tmp_path) == before


def test_a_mirror_in_a_set_s_own_folder_is_not_replaced(tmp_path: Path) -> None:
    build(tmp_path / "union", sample_folder(), corpora=["aimed"])
    shutil.copytree(sample_folder(), tmp_path / "union" / "data" / "mirror")
    with pytest.raises(HarmonizeError, match=r"union: expected a folder apart from the mirror, .*/mirror$"):
        build(tmp_path / "union", tmp_path / "union/data/mirror", corpora=["aimed"], progress=unread)


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk" / "set").mkdir(parents=True)
    (tmp_path / "union").symlink_to("disk/set")
    build(tmp_path / "union", sample_folder(), corpora=["aimed"])
    build(tmp_path / "union", sample_folder(), corpora=["hprd50"])
    assert (tmp_path / "union").is_symlink()
    assert list(read_manifest(tmp_path / "disk" / "set")["corpora"]) == ["hprd50"]
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["set"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a file's size are POSIX")
def test_a_set_without_room_is_told_by_its_name(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        done = run("build", "--sample", "--corpora", "aimed", "--out", "union", cwd=tmp_path, code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert re.search(r"^error: union: .*File too large$", done.stderr, re.MULTILINE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--accept-licence", "MIT,MTI"), "unknown licence 'MTI': expected one of"),
        (("--accept-licence", "MTI"), "unknown licence 'MTI': expected one of"),
        (("--pubtator", "nowhere"), "nowhere: expected a file or a folder with files, found none"),
        (("--pubtator", ""), "--pubtator: expected a file, a folder or api, got nothing"),
        (("--pubtator", "-"), "--pubtator: expected a file, a folder or api, got -"),
    ],
)
def test_what_is_asked_for_is_checked_before_a_corpus_is_read(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    corpora = ("--mirror", str(tmp_path), "--corpora", "aimed")  # none is there, which reading would tell
    done = run("build", *corpora, *options, cwd=tmp_path, code=2)
    assert f"error: {message}" in done.stderr


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
