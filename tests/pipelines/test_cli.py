"""The command line as a user meets it."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from harmonize import pipelines
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder

COMMAND = Path(sys.executable).with_name("harmonize")


class Done(NamedTuple):
    stdout: str
    stderr: str


def run(*arguments: str | Path, cwd: Path | None = None, code: int = 0, **env: str) -> Done:
    """What a command prints. It runs in this process: a new one would import for seconds every time."""
    given = {"HARMONIZE_MIRROR": None, "COLUMNS": "140", **env}
    with chdir(cwd or Path()):
        done = CliRunner().invoke(
            app, [str(each) for each in arguments], env=given, catch_exceptions=False, terminal_width=140
        )
    assert done.exit_code == code, done.stderr
    assert "Traceback" not in done.stderr
    return Done(done.stdout, done.stderr)


def run_process(
    *arguments: str | Path, cwd: Path | None = None, code: int = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own, as a user starts it."""
    inherited = {key: value for key, value in os.environ.items() if key != "HARMONIZE_MIRROR"}
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env={**inherited, "COLUMNS": "140", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_examples_of_every_help_work_as_they_stand(
    quick_run: Path, undrawn_figures: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would serve until it is interrupted.
    monkeypatch.setattr("harmonize.pipelines.cli_page.serve", lambda *_, **__: None)
    listed = re.findall(r"^  ([\w-]+) ", run("--help").stdout.split("Commands:")[1], re.MULTILINE)
    assert {"corpora", "fetch", "build"} <= set(listed)
    shutil.copytree(sample_folder(), tmp_path / "adapters/samples")
    shutil.copytree(Path(pipelines.__file__).parent / "grids", tmp_path / "pipelines/grids")
    # The first example of `train` finds it done. The second one, with another seed, trains.
    shutil.copytree(quick_run, tmp_path / "artifacts/run")
    for command in listed:
        examples = re.findall(r"Example: harmonize (.*)", run(command, "--help").stdout)
        assert examples, command
        for example in examples:
            run(*shlex.split(example), cwd=tmp_path)


def test_build_says_where_the_set_is_and_how_to_load_it(tmp_path: Path) -> None:
    printed = run_process("build", "--sample", cwd=tmp_path).stdout
    assert "instances of 9 corpora in artifacts/union" in printed
    loading = re.search(r"python -c \"(.*)\"", printed)
    assert loading
    subprocess.run([sys.executable, "-c", loading[1]], cwd=tmp_path, check=True, capture_output=True)


def test_the_commands_that_build_prints_work_where_a_path_has_blanks(tmp_path: Path) -> None:
    printed = run("build", "--sample", "--corpora", "aimed", "--out", "my set", cwd=tmp_path).stdout
    assert "Look at them: harmonize stats 'my set'; harmonize show 'my set'\n" in printed
    assert "load_nary" not in printed


def test_a_set_of_n_ary_relations_alone_says_how_it_is_read(tmp_path: Path) -> None:
    printed = run("build", "--sample", "--corpora", "drugcombo", "--out", "set", cwd=tmp_path).stdout
    assert "harmonize.load_nary('set')" in printed
    assert "load_union" not in printed
    assert printed.endswith("Look at them: harmonize stats set\n")
    hint = "found none; harmonize.load_nary reads its relations of any number of entities\n"
    assert run("show", "set", cwd=tmp_path, code=2).stderr.endswith(hint)
    assert run("export", "set", "--out", "out", cwd=tmp_path, code=2).stderr.endswith(hint)


def test_the_mirror_may_come_from_the_environment(tmp_path: Path) -> None:
    run("build", "--corpora", "aimed", cwd=tmp_path, HARMONIZE_MIRROR=str(sample_folder()))
    assert (tmp_path / "artifacts/union/manifest.json").is_file()


def test_a_mirror_of_the_environment_does_not_keep_the_sample_from_being_built(tmp_path: Path) -> None:
    run("build", "--sample", "--corpora", "aimed", cwd=tmp_path, HARMONIZE_MIRROR="nowhere")
    assert (tmp_path / "artifacts/union/manifest.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch", "--mirror", "nowhere"], "nowhere: expected an http(s) address"),
        (["fetch", "--corpora", "ddi", "--cache", "cache"], "ddi: DDI 2013 is under CC BY-NC 4.0"),
        (["folds", "--corpus", "aimed"], "artifacts/union/manifest.json: expected a union set"),
        (["leaks", "nowhere"], "nowhere/leaks.parquet: expected a file of the union set"),
        (["diff", "nowhere", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["export", "nowhere", "--out", "x"], "nowhere/manifest.json: expected a union set"),
        (["report", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["build", "--sample", "--corpora", "biored,nine"], "unknown corpus 'nine'"),
        (["build", "--sample", "--source", "biored=html"], "unknown source of biored 'html'"),
        (
            ["build", "--sample", "--corpora", "biored", "--source", "ddi=zip"],
            "unknown corpus in --source 'ddi'",
        ),
        (["build", "--sample", "--corpora", ""], "corpora: expected all, or names such as biored, got none"),
        (["build", "--sample", "--mirror", "nowhere"], "--sample: expected no --mirror beside it"),
        (["build", "--sample", "--cache", "nowhere"], "--sample: expected no --cache beside it"),
        (["build", "--mirror", "nowhere"], "nowhere/biored/Train.PubTator: expected the BioRED corpus"),
        (["build", "--sample", "--corpora", "drugprot", "--sentences", "no_such_model"], "no_such_model"),
        (["build", "--sample", "--extend", "nowhere"], "nowhere/table2.yaml"),
        (["stats", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (
            ["new-corpus", "ddi", "x", "--format", "brat"],
            "ddi: expected a new name, this one is the package's",
        ),
        (["types", "--types", "."], ".: file: expected YAML, got: Is a directory"),
        (["show", "nowhere"], "nowhere/manifest.json: expected a union set"),
    ],
)
def test_faults_are_one_line_and_leave_with_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(*arguments, cwd=tmp_path, code=2)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not (tmp_path / "artifacts").exists() or not any((tmp_path / "artifacts").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["build", "--sample", "--corpora", "biored", "--corpora", "aimed"],
            "--corpora: expected one value, got 2; join them by commas",
        ),
        (
            ["export", "--splits", "train", "--splits", "dev", "--splits", "test", "--out", "x"],
            "--splits: expected one value, got 3; join them by commas",
        ),
        (
            ["predict", "--pmids", "1", "--pmids=2", "--model", "x", "--out", "x"],
            "--pmids: expected one value, got 2; join them by commas",
        ),
        (
            ["evaluate", "--model", "x", "--on", "biored/dev", "--on", "biored/test"],
            "--on: expected one value, got 2",
        ),
        (["show", "-n", "1", "--count", "2"], "--count: expected one value, got 2"),
        (
            ["train", "--out", "x", "--set", "epochs=1", "--set", "epochs=2"],
            "--set epochs: expected one value, got several",
        ),
        (
            ["build", "--sample", "--source", "biored=pubtator", "--source", "BioRED=bioc-xml"],
            "--source: expected one for biored, got pubtator and bioc-xml",
        ),
        (
            ["build", "--sample", "--source", "native,biorex"],
            "--source: expected one for every corpus, got native and biorex",
        ),
        (["train", "--recipe", "quick"], "--out: expected the run's folder, got none"),
    ],
)
def test_an_option_of_one_value_that_is_given_twice_or_missing_is_refused(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert run(*arguments, cwd=tmp_path, code=2).stderr == f"error: {message}\n"
    assert not list(tmp_path.iterdir())


def test_an_export_is_in_the_format_that_its_name_tells(sample_union: Path, tmp_path: Path) -> None:
    options = ("--corpora", "hprd50", "--out")
    run("export", sample_union, *options, "set.tsv", cwd=tmp_path)
    assert (tmp_path / "set.tsv").read_text(encoding="utf-8").count("\t") > 0
    run("export", sample_union, *options, "folder.d", cwd=tmp_path)
    assert list((tmp_path / "folder.d").rglob("*.PubTator"))
    run("export", sample_union, *options, "json.tsv", "--format", "bioc-json", cwd=tmp_path)
    assert list((tmp_path / "json.tsv").rglob("*.json"))
    done = run("export", sample_union, *options, "-", cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: --out -: expected a folder, or a file for tsv")
    assert not (tmp_path / "-").exists()


def test_corpora_go_by_the_names_that_people_write(tmp_path: Path) -> None:
    choices = ("--corpora", "HPRD50,DDI 2013", "--source", "DDI 2013=unpacked", "--whole-documents", "Hprd50")
    run("build", "--sample", *choices, cwd=tmp_path)
    assert "ddi/train" in run("show", "--corpus", "DDI 2013", cwd=tmp_path).stdout
    folds = [run("folds", "--corpus", name, "-k", "2", cwd=tmp_path).stdout for name in ("HPRD50", "hprd50")]
    assert folds[0] == folds[1]
    run("export", "--corpora", "hprd50,DDI 2013", "--splits", "train", "--out", "out", cwd=tmp_path)


def test_options_of_several_values_and_flags_may_be_repeated(tmp_path: Path) -> None:
    sources = ("--source", "biored=pubtator", "--source", "aimed=unified")
    run("build", "--sample", "--sample", "--corpora", "biored,aimed", *sources, cwd=tmp_path)


def test_a_fault_of_the_process_is_one_line_as_well(tmp_path: Path) -> None:
    done = run_process("stats", "nowhere", cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: nowhere/manifest.json: expected a union set")
    assert done.stderr.count("\n") == 1


def test_stats_counts_compares_and_explains(sample_union: Path) -> None:
    printed = run("stats", sample_union).stdout
    for expected in ("None-AIMed", "Measured beside Table 2", "6,503", "relates an entity to itself"):
        assert expected in printed
    rows = json.loads(run("stats", sample_union, "--json").stdout)
    assert {row["corpus"] for row in rows} >= {"biored", "disgenet"}
    assert all(row["instances"] == sum(row["labels"].values()) for row in rows)


def test_the_sample_is_not_held_against_the_paper(tmp_path: Path) -> None:
    run("build", "--sample", "--corpora", "biored", "--out", tmp_path / "set")
    printed = run("stats", tmp_path / "set").stdout
    assert "paper" not in printed
    assert "Dropped, by reason" in printed


def test_show_has_prompt_context_labels_and_rules(sample_union: Path) -> None:
    printed = run("show", sample_union, "--corpus", "bc5cdr", "--relation", "Positive_Correlation").stdout
    assert re.search(r"What is the relation in BC5CDR between <BC5CDR-Chem>\w+", printed)
    for expected in ("Positive_Correlation", "source: CID", "a1 b1 c1 d1 e1"):
        assert expected in printed


def test_a_label_that_is_mistyped_is_told_with_the_nearest(sample_union: Path) -> None:
    told = run("show", sample_union, "--relation", "bind", code=2).stderr
    assert told.startswith("error: unknown relation 'bind': expected one of Association, Bind, ")
    assert told.endswith("; did you mean Bind?\n")
    told = run("show", sample_union, "--corpus", "ddi", "--relation", "Bind", code=2).stderr
    assert "expected an instance of that corpus, split, relation and id, found none" in told


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        (["stats", "SET"], ["stats", "--union", "SET"]),
        (["verify", "SET"], ["verify", "--union=SET"]),
        (["show", "SET", "--corpora", "ddi"], ["show", "--corpus", "ddi", "--union", "SET"]),
        (["show", "SET", "--splits", "test"], ["show", "SET", "--split", "test"]),
        (["fetch", "--list", "--corpora", "ddi"], ["fetch", "--list", "--corpus", "ddi"]),
        (
            ["fetch", "--list", "--licence", "noncommercial"],
            ["fetch", "--list", "--license", "noncommercial"],
        ),
        (
            ["train", "--show", "--recipe", "quick", "--set", "batch_size=3", "--set", "max_length=99"],
            ["train", "--show", "--recipe", "quick", "--batch-size", "3", "--max-length", "99"],
        ),
    ],
)
def test_an_option_may_have_the_name_that_other_commands_give_it(
    sample_union: Path, usual: list[str], other: list[str]
) -> None:
    printed = [run(*(each.replace("SET", str(sample_union)) for each in given)) for given in (usual, other)]
    assert printed[0] == printed[1]
    assert printed[0].stdout


def test_a_set_is_given_once(sample_union: Path) -> None:
    assert "no further argument" in run("stats", sample_union, "--union", sample_union, code=2).stderr
    assert run("stats", "--union", code=2).stderr == "error: --union: expected a set's folder, got none\n"


def test_instances_of_several_corpora_are_shown(sample_union: Path) -> None:
    printed = run("show", sample_union, "--corpora", "aimed,ddi", "-n", "500").stdout
    assert set(re.findall(r"─ (\w+)/", printed)) == {"aimed", "ddi"}


def test_show_colours_both_entities(sample_union: Path) -> None:
    printed = run("show", sample_union, "--corpus", "bc5cdr", FORCE_COLOR="1").stdout
    assert printed.count("\x1b[1;30;106m") >= 2
    assert printed.count("\x1b[1;30;103m") >= 2


def test_show_takes_an_id_as_printed(sample_union: Path) -> None:
    first = run("show", sample_union, "-n", "1").stdout
    identifier = re.findall(r"[0-9a-f]{20}", first)[-1]
    assert run("show", sample_union, "--instance", identifier).stdout == first


def test_show_without_a_match_says_so(sample_union: Path) -> None:
    assert "found none" in run("show", sample_union, "--document", "none", code=2).stderr


def test_verify_leaves_with_2_and_names_the_fault(sample_union: Path, tmp_path: Path) -> None:
    assert "is whole" in run("verify", sample_union).stdout
    assert json.loads(run("verify", sample_union, "--json").stdout) == []
    shutil.copytree(sample_union, tmp_path / "union")
    with (tmp_path / "union" / "dropped.tsv").open("a") as file:
        file.write("one more\n")
    assert "dropped.tsv" in run("verify", "union", cwd=tmp_path, code=2).stdout
    faults = json.loads(run("verify", "union", "--json", cwd=tmp_path, code=2).stdout)
    assert {fault["file"] for fault in faults} == {"dropped.tsv"}
    assert "nowhere: expected the folder" in run("verify", "nowhere", cwd=tmp_path, code=2).stderr


def test_diff_leaves_with_1_if_anything_differs(sample_union: Path, tmp_path: Path) -> None:
    assert "The sets are the same." in run("diff", sample_union, sample_union).stdout
    run("build", "--sample", "--corpora", "aimed", "--out", "aimed", cwd=tmp_path)
    assert "biored" in run("diff", sample_union, "aimed", cwd=tmp_path, code=1).stdout
    difference = json.loads(run("diff", sample_union, "aimed", "--json", cwd=tmp_path, code=1).stdout)
    assert "biored" in str(difference["corpora"])


def test_export_and_report_say_what_they_wrote(sample_union: Path, tmp_path: Path) -> None:
    options = ("--format", "pubtator", "--corpora", "biored", "--out", "out")
    assert "documents" in run("export", sample_union, *options, cwd=tmp_path).stdout
    assert list((tmp_path / "out").glob("biored.*.PubTator"))
    printed = run("report", sample_union, "--tokenizer", "none", "--out", "page.html", cwd=tmp_path).stdout
    assert "page.html" in printed
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    done = run("report", sample_union, "--tokenizer", "nowhere/vocabulary", cwd=tmp_path, code=2)
    assert "nowhere/vocabulary" in done.stderr


def test_corpora_lists_all_with_licence_and_presence(tmp_path: Path) -> None:
    printed = run("corpora", "--mirror", tmp_path).stdout
    for expected in ("biored", "disgenet", "CC BY-NC 4.0", "present", "missing"):
        assert expected in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "set", "--out", "set/export"],
        ["export", "set", "--out", "set", "--format", "tsv"],
        ["export", "set", "--out", "set/documents.parquet", "--format", "tsv"],
        ["export", "set", "--out", "link", "--format", "tsv"],
        ["report", "set", "--tokenizer", "none", "--out", "set/manifest.json"],
        ["report", "set", "--tokenizer", "none", "--out", "link"],
        ["folds", "set", "--corpus", "aimed", "-k", "2", "--out", "set/folds.tsv"],
    ],
)
def test_nothing_is_written_into_the_set_that_is_read(
    sample_union: Path, tmp_path: Path, arguments: list[str]
) -> None:
    shutil.copytree(sample_union, tmp_path / "set")
    (tmp_path / "link").symlink_to("set/manifest.json")
    done = run(*arguments, cwd=tmp_path, code=2)
    assert re.fullmatch(r"error: \S+: expected a (file|place) outside the input\n", done.stderr)
    assert "is whole" in run("verify", "set", cwd=tmp_path).stdout


def test_a_report_may_stand_in_its_set(sample_union: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_union, tmp_path / "set")
    (tmp_path / "link").symlink_to("set/report.html")
    for out in ([], ["--out", "set/report.html"], ["--out", "link"]):
        run("report", "set", "--tokenizer", "none", *out, cwd=tmp_path)
        assert "is whole" in run("verify", "set", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("Read out of bounds\nat 3"), "Read out of bounds at 3"),
        (OSError(errno.EACCES, "Permission denied", "a.tsv"), "a.tsv: Permission denied"),
        (OSError(errno.EACCES, "Permission denied", ".a.part", None, "a.tsv"), "a.tsv: Permission denied"),
    ],
)
def test_what_the_system_says_is_told_with_the_file_where_it_names_one(
    monkeypatch: pytest.MonkeyPatch, fault: OSError, line: str
) -> None:
    def fail(folder: Path) -> None:
        raise fault

    monkeypatch.setattr("harmonize.pipelines.cli_sets.verify_union", fail)
    assert run("verify", "set", code=2).stderr == f"error: {line}\n"


def test_a_report_names_files_that_are_no_utf_8(tmp_path: Path) -> None:
    name, report = os.fsdecode(b"\xff.PubTator"), os.fsdecode(b"\xff.json")
    shutil.copy(sample_folder() / "biored" / "Train.PubTator", tmp_path / name)
    run("shard", name, "--out", "shards", "--report", report, cwd=tmp_path)
    assert json.loads((tmp_path / report).read_text(encoding="utf-8"))["input"] == name


def test_names_that_are_no_utf_8_are_printed_with_escapes(sample_union: Path, tmp_path: Path) -> None:
    options = ("--corpus", "aimed", "-k", "2", "--out", os.fsdecode(b"\xff.tsv"))
    printed = run_process("folds", sample_union, *options, cwd=tmp_path, PYTHONIOENCODING="utf-8:strict")
    assert printed.stdout.endswith(r" in 2 folds: \udcff.tsv" + "\n")


def test_a_set_whose_name_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    done = run("build", "--sample", "--out", os.fsdecode(b"\xff"), cwd=tmp_path, code=2)
    assert done.stderr.startswith(r"error: \udcff: expected a name in UTF-8")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["stats", "SET"], ["folds", "SET", "--corpus", "biored", "-k", "3"], ["-h"]]
)
def test_a_pipe_that_nobody_reads_on_ends_a_command_quietly(sample_union: Path, arguments: list[str]) -> None:
    given = [str(sample_union) if each == "SET" else each for each in arguments]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, *given], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_an_interruption_while_the_commands_are_imported_is_quiet() -> None:
    code = (
        "import os, signal, sys\n"
        "class Importing:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'pydantic':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Importing())\n"
        # The tests may be a job in the background, which ignores interrupts, and so would this one.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['harmonize', '--version']\n"
        "from harmonize.pipelines.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interruption_of_a_command_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(union: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harmonize.pipelines.cli_sets.verify_union", interrupted)
    assert run("verify", "nowhere", code=130) == Done("", "")
