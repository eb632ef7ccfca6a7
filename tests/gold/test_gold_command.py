"""harmonize evaluate --gold as a user meets it."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from gold_cases import FORMS, PPI, PUBTATOR, run, written

from harmonize.registry import sample_folder

TEST = sample_folder() / "biored" / "Test.PubTator"
TRAIN = sample_folder() / "biored" / "Train.PubTator"


@pytest.fixture
def own_run(linear_run: Path, tmp_path: Path) -> Path:
    """A copy of the shared run, to be written into."""
    return Path(shutil.copytree(linear_run, tmp_path / "run"))


def metrics(folder: Path) -> dict[str, object]:
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if name not in ("corpora", "splits")}


@pytest.mark.parametrize("name", ["Test.PubTator", "Test.BioC.XML", "Test.BioC.JSON"])
def test_a_corpus_own_file_scores_as_its_part_of_the_set(
    own_run: Path, sample_union: Path, name: str
) -> None:
    run("evaluate", "--model", own_run, "--union", sample_union, "--on", "biored/test")
    gold = sample_folder() / "biored" / name
    done = run("evaluate", "--model", own_run, "--union", sample_union, "--gold", gold)
    found = own_run / "evaluation" / "gold-Test"
    assert metrics(found) == metrics(own_run / "evaluation" / "biored-test")
    assert "7 relations: 7 in rows, 0 that no pair can show" in done.stdout
    assert "0 documents in the run's training set" in done.stdout
    assert "gold-Test" in (own_run / "README.md").read_text(encoding="utf-8")


def test_lost_relations_are_misses_and_said_by_reason(
    own_run: Path, sample_union: Path, tmp_path: Path
) -> None:
    gold = written(tmp_path, "more.pubtator", f"{PUBTATOR.rstrip()}\n7001\tBind\t501\tD9\tNo\n\n")
    done = run("evaluate", "--model", own_run, "--union", sample_union, "--gold", gold)
    about = json.loads((own_run / "evaluation" / "gold-more" / "gold.json").read_text(encoding="utf-8"))
    found = metrics(own_run / "evaluation" / "gold-more")
    assert about["relations"]["lost"] == {"entity 2 has no mention in the text": 1}
    assert about["lost"][0]["document"] == "7001"
    assert found["all"]["overall"]["positive"] == 3  # type: ignore[index]
    assert found["by_label"]["Bind"]["fn"] == 1  # type: ignore[index]
    assert found["by_mentions"]["0"]["positive"] == 1  # type: ignore[index]
    assert "    - entity 2 has no mention in the text: 1" in done.stdout


def test_a_run_that_is_asked_as_it_was_not_trained_is_told(
    own_run: Path, sample_union: Path, tmp_path: Path
) -> None:
    command = ("evaluate", "--model", own_run, "--union", sample_union, "--gold")
    advice = "warning: asked as hprd50, on which the run was not trained; --as-corpus biored asks as it was"
    assert advice in run(*command, written(tmp_path, "ppi.xml", PPI), "--as-corpus", "HPRD50").stderr
    gold = written(tmp_path, "a.pubtator", PUBTATOR)
    assert "warning: asked" not in run(*command, gold, "--as-corpus", "BioRED").stderr


def test_leaks_are_named_and_left_out_if_wanted(own_run: Path, sample_union: Path, tmp_path: Path) -> None:
    gold = written(tmp_path, "both.pubtator", TRAIN.read_text("utf-8") + PUBTATOR)
    documents = TRAIN.read_text("utf-8").count("|t|") + 1
    done = run("evaluate", "--model", own_run, "--union", sample_union, "--gold", gold)
    assert f"- {documents - 1} documents in the run's training set ({documents - 1} by PMID" in done.stdout
    assert "90000001" in done.stdout
    assert f"- {documents} documents, " in done.stdout
    done = run("evaluate", "--model", own_run, "--union", sample_union, "--gold", gold, "--leave-out-leaks")
    assert "- 1 document, 5 rows, 2 with a relation" in done.stdout
    assert (own_run / "evaluation" / "gold-both-without-leaks" / "metrics.json").is_file()


def test_gold_files_of_one_name_keep_their_scores_apart(own_run: Path, tmp_path: Path) -> None:
    """The same standard takes its own place again."""
    one = written(tmp_path, "a.test.pubtator", PUBTATOR)
    other = written(tmp_path, "a.train.pubtator", PUBTATOR.replace("7001", "7002"))
    for gold in (one, other, one):
        run("evaluate", "--model", own_run, "--gold", gold)
    run("evaluate", "--model", own_run, "--gold", one, "--corpus", "bc5cdr")
    kept = {
        folder.name: json.loads((folder / "gold.json").read_text("utf-8"))
        for folder in (own_run / "evaluation").iterdir()
    }
    assert {name: (found["files"], found["as_corpus"]) for name, found in kept.items()} == {
        "gold-a": ([str(one)], "biored"),
        "gold-a-2": ([str(other)], "biored"),
        "gold-a-3": ([str(one)], "bc5cdr"),
    }


def test_without_the_set_nothing_is_known_of_leaks(own_run: Path, tmp_path: Path) -> None:
    gold = written(tmp_path, "a.pubtator", PUBTATOR)
    done = run("evaluate", "--model", own_run, "--gold", gold, cwd=tmp_path)
    assert "leaks were not looked for" in done.stdout
    nowhere = tmp_path / "nowhere"
    for options in (("--union", nowhere), ("--leave-out-leaks",)):
        done = run("evaluate", "--model", own_run, "--gold", gold, *options, cwd=tmp_path, code=2)
        folder = nowhere if "--union" in options else "artifacts/union"
        assert done.stderr.startswith(f"error: {folder}: expected the union set")
        assert done.stderr.count("\n") == 1


def test_several_files_packed_ones_and_unified_xml(own_run: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.pubtator.gz"
    packed.write_bytes(gzip.compress(PUBTATOR.encode()))
    other = written(tmp_path, "b.json", FORMS["a.json"].replace("7001", "7003"))
    done = run("evaluate", "--model", own_run, "--gold", packed, "--gold", other)
    assert "# Evaluation: a+b (gold)" in done.stdout
    assert "- 2 documents, 10 rows, 4 with a relation" in done.stdout
    ppi = written(tmp_path, "ppi.xml", PPI)
    done = run("evaluate", "--model", own_run, "--gold", ppi, "--corpus", "aimed")
    assert "- 1 document, 3 rows, 1 with a relation" in done.stdout


def test_a_run_may_be_compared_with_another_one(own_run: Path, linear_run: Path) -> None:
    done = run("evaluate", "--model", own_run, "--gold", TEST, "--against", linear_run)
    assert "# Comparison: Test (gold)" in done.stdout


BAD = {
    "no such file": (("--gold", "nothing.pubtator"), "nothing.pubtator: expected a file"),
    "neither": ((), "expected --on CORPUS/SPLIT or --gold FILE"),
    "both": (("--gold", TEST, "--on", "biored/test"), "expected --on CORPUS/SPLIT or --gold FILE"),
    "no such corpus": (("--gold", TEST, "--corpus", "nothing"), "unknown corpus 'nothing'"),
    "no such measure": (("--gold", TEST, "--measure", "nothing"), "unknown measure 'nothing'"),
    "no such format": (("--gold", TEST, "--format", "doc"), "unknown input format 'doc'"),
    "types of another corpus": (
        ("--gold", "ppi.xml"),
        "ppi.xml: expected relation types of biored, got 'PPI' 1",
    ),
    "how to read what is no file": (("--on", "biored/test", "--strict"), "expected --gold FILE beside"),
    "a file of types with faults": (
        ("--gold", TEST, "--relations", "bad.yaml"),
        "bad.yaml: x: expected null or",
    ),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_faults_are_one_line(
    own_run: Path, tmp_path: Path, options: tuple[str | Path, ...], message: str
) -> None:
    written(tmp_path, "ppi.xml", PPI)
    written(tmp_path, "bad.yaml", "x: Binding\n")
    done = run("evaluate", "--model", own_run, *options, cwd=tmp_path, code=2)
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert not (own_run / "evaluation").exists()
