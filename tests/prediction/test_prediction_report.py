"""What a prediction says of what it read: lines, exit codes, a report; nothing is lost in silence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from prediction_cases import PUBTATOR, Fake, article, run, written

from harmonize.errors import AccountingError, HarmonizeError, NothingRead
from harmonize.formats.misfits import BEYOND
from harmonize.pipelines.predict import predict
from harmonize.pipelines.reading_losses import SkippedDocuments, loss_lines, write_report
from harmonize.pipelines.shard import shard
from harmonize.prediction.account import Account
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import MALFORMED, NO_TEXT, UNKNOWN_TYPE, read_input
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.shard_worker import REFUSED
from harmonize.prediction.tally import LeftOut, Tally
from harmonize.relation.pair import PairClassifier

OUTSIDE = "mention of a type that is in no pair"
UNNAMED = "mention without a known concept id"
MIXED = (
    article(1)
    + article(1)
    + "2|t|Aspirin\n2\t0\t7\tAspirin\tPill\tD1\n2\t0\t7\tAspirin\tPowder\tD1\n2\t0\t70\tAspirin\tDrug\tD1\n\n"
    + "3|a|No title.\n\n4|t|\n\n"
    + PUBTATOR
)


class Failing(Fake):
    def probabilities(self, pairs: object) -> Any:
        raise HarmonizeError("no answer")


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """--model is not looked at."""

    def from_pretrained(path: Path, *_: object, rules: PairRules, **options: Any) -> RelationExtractor:
        classifier: PairClassifier = Fake()
        return RelationExtractor(classifier, rules=rules, batch_size=options["batch_size"])

    monkeypatch.setattr(RelationExtractor, "from_pretrained", from_pretrained)


def test_the_command_tells_all_in_five_lines(tmp_path: Path, fake_model: None) -> None:
    written(tmp_path, MIXED)
    done = run(
        *("predict", "articles.PubTator", "--model", "m", "--out", "out.parquet", "--report", "r.json"),
        cwd=tmp_path,
    )
    assert done.stdout.startswith("5 documents, 18 pairs: ")
    assert done.stderr.splitlines() == [
        "skipped: articles.PubTator:18: expected a title line 3|t|... first",
        "skipped: articles.PubTator:20: document 4: expected a title or an abstract, got neither",
        f"skipped: 2 of 7 documents: {NO_TEXT} 1, {MALFORMED} 1",
        f"left out: 6 of 21 mentions: {UNKNOWN_TYPE} 2 (Pill 1, Powder 1), "
        f"{OUTSIDE} 2 (CellLine 1, Species 1), {BEYOND} 1 (Drug 1), {UNNAMED} 1 (Disease 1)",
        "warning: 1 document with the id of an earlier one; instance_id tells their pairs apart",
    ]
    report = json.loads((tmp_path / "r.json").read_text())
    assert {key: value for key, value in report.items() if key not in ("relations", "package_version")} == {
        "report_version": "1.0",
        "input": "articles.PubTator",
        "output": "out.parquet",
        "documents": {"in": 7, "out": 5, "skipped": {MALFORMED: 1, NO_TEXT: 1}, "repeated": 1},
        "mentions": {"in": 21, "out": 15},
        "left_out": {
            BEYOND: {"Drug": 1},
            UNKNOWN_TYPE: {"Pill": 1, "Powder": 1},
            OUTSIDE: {"CellLine": 1, "Species": 1},
            UNNAMED: {"Disease": 1},
        },
        "pairs": 18,
        "first_left_out": {UNKNOWN_TYPE: "articles.PubTator:14", BEYOND: "articles.PubTator:16"},
        "skipped_documents": [
            "articles.PubTator:18: expected a title line 3|t|... first",
            "articles.PubTator:20: document 4: expected a title or an abstract, got neither",
        ],
        "passages_left_out": {},
        "mentions_of_passages_left_out": 0,
        "counted_otherwise": {"files": 0, "first": None},
        "advice": None,
        "without_concept_ids": {"files": 0, "first": None},
    }
    assert sum(report["relations"].values()) > 0


@pytest.mark.parametrize(
    ("recipe", "options", "corpora"),
    [
        ("train_on: [mine]\n", (), "mine"),
        ("train_on: [drugprot, mine/dev]\nfirst: {train_on: [ddi]}\n", (), "drugprot or mine"),
        ("train_on: [mine]\n", ("--as-corpus", "biored"), None),
        ("train_on: [mine, biored/dev]\n", (), None),
        ("train_on: [all]\n", (), None),
        ("train_on: [mine]\nno_such_value: 1\n", (), None),
    ],
)
def test_a_run_that_is_asked_as_it_was_not_trained_is_told(
    tmp_path: Path, fake_model: None, recipe: str, options: tuple[str, ...], corpora: str | None
) -> None:
    written(tmp_path, article(1))
    (tmp_path / "m").mkdir()
    written(tmp_path / "m", recipe, "recipe.yaml")
    command = ("predict", "articles.PubTator", "--model", "m", "--out", "out.json", "--report", "r.json")
    advice = (
        None
        if corpora is None
        else "asked as biored, on which the run was not trained; "
        f"--as-corpus {corpora} asks as it was trained"
    )
    assert run(*command, *options, cwd=tmp_path).stderr == (f"warning: {advice}\n" if advice else "")
    assert json.loads((tmp_path / "r.json").read_text())["advice"] == advice


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_that_has_forgotten_what_it_is_asked_as_is_told(
    tmp_path: Path, fake_model: None, kept: bool
) -> None:
    written(tmp_path, article(1))
    first = tmp_path / "m" / "first"
    first.mkdir(parents=True)
    written(tmp_path / "m", "train_on: [biored]\nfirst: {train_on: [all]}\n", "recipe.yaml")
    if kept:
        written(first, "{}", "prompt.json")
    command = ("predict", "articles.PubTator", "--model", "m", "--out", "out.json")
    assert run(*command, "--as-corpus", "bc5cdr", cwd=tmp_path).stderr == (
        "warning: asked as bc5cdr, which the run read in the first of its two stages, and has mostly "
        f"forgotten in the second, on biored alone{'; m/first answers as bc5cdr' if kept else ''}\n"
    )
    assert run(*command, "--as-corpus", "biored", cwd=tmp_path).stderr == ""


def test_an_ensemble_tells_how_many_of_its_members_have_forgotten(tmp_path: Path, fake_model: None) -> None:
    """Of a member that is an ensemble, its own are counted."""
    written(tmp_path, article(1))
    recipes = {
        "members/1": "train_on: [all]\n",
        "members/2": "train_on: [biored]\nfirst: {train_on: [all]}\n",
        "members/3/members/1": "train_on: [biored]\nfirst: {train_on: [all]}\n",
        "members/3/members/2": "train_on: [biored]\n",
    }
    for name, recipe in recipes.items():
        (tmp_path / "m" / name).mkdir(parents=True)
        written(tmp_path / "m" / name, recipe, "recipe.yaml")
    for name, members in (("", 3), ("members/3", 2)):
        written(tmp_path / "m" / name, json.dumps({"members": members, "shift": 0.0}), "ensemble.json")
    command = ("predict", "articles.PubTator", "--model", "m", "--out", "out.json")
    assert run(*command, "--as-corpus", "bc5cdr", cwd=tmp_path).stderr == (
        "warning: asked as bc5cdr, which 2 of its 4 members read in the first of two stages, and have mostly "
        "forgotten in the second\n"
    )
    assert run(*command, "--as-corpus", "biored", cwd=tmp_path).stderr == ""


def test_strict_stops_at_the_first_and_keep_going_is_what_is_done_anyway(
    tmp_path: Path, fake_model: None
) -> None:
    written(tmp_path, MIXED)
    command = ("predict", "articles.PubTator", "--model", "m", "--out", "out.json", "--report", "r.json")
    done = run(*command, "--strict", cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: articles.PubTator:16: document 2: expected 'Aspirin' at 0-70")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["articles.PubTator"]
    assert run(*command, "--keep-going", cwd=tmp_path).stderr == run(*command, cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no document in it"),
        ("\n \n", "no document in it"),
        ("1|t|\n\n2|a|A\n\n3|t|\n\n", f"all 3 documents were skipped: {NO_TEXT} 2, {MALFORMED} 1"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "shard"])
def test_where_nothing_is_read_it_leaves_with_3(
    tmp_path: Path, fake_model: None, text: str, message: str, command: str
) -> None:
    path = written(tmp_path, text)
    model = ["--model", "m"] if command == "predict" else []
    out = "out.json" if command == "predict" else "out"
    done = run(command, path.name, *model, "--out", out, "--report", "r.json", cwd=tmp_path, code=3)
    assert done.stderr.splitlines()[-1] == f"error: articles.PubTator: nothing was read, {message}"
    assert not (tmp_path / out).exists()
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["output"], report["documents"]["out"]) == (None, 0)
    assert len(report["skipped_documents"]) == report["documents"]["in"] == text.count("|") // 2


def test_where_no_prediction_can_be_made_it_leaves_with_3(tmp_path: Path) -> None:
    shard(written(tmp_path, article(1)), tmp_path / "shards")
    with pytest.raises(NothingRead, match=f"all 1 documents were skipped: {REFUSED} 1"):
        predict(Failing(), tmp_path / "shards", tmp_path / "parts", skip=lambda fault: None)


def test_an_empty_file_among_others_is_no_fault(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    written(folder, "", "a.pubtator")
    written(folder, article(1), "b.pubtator")
    assert predict(Fake(), folder, tmp_path / "out.json").documents_out == 1


def test_a_file_without_ids_is_told(tmp_path: Path, fake_model: None) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    nameless = "1|t|Aspirin, fever\n1\t0\t7\tAspirin\tDrug\n1\t9\t14\tfever\tDisease\n\n"
    written(folder, article(1), "a.pubtator")
    for name in ("b", "c"):
        written(folder, nameless, f"{name}.pubtator")
    done = run("predict", "in", "--model", "m", "--out", "out.json", cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == (
        "warning: no concept id is known in in/b.pubtator and 1 other files; "
        "mentions of a document that read alike were taken for one entity"
    )


def test_pairs_of_repeated_ids_have_ids_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, article(1) * 3 + article(2))
    shard(path, tmp_path / "shards", documents_per_shard=2)
    tables = []
    for source in (path, tmp_path / "shards"):
        predict(Fake(), source, tmp_path / "out.parquet")
        tables.append(pq.read_table(tmp_path / "out.parquet"))
    assert tables[0].equals(tables[1])
    assert len(set(tables[0]["instance_id"].to_pylist())) == tables[0].num_rows == 8
    assert tables[0]["document_id"].to_pylist() == ["1"] * 6 + ["2"] * 2
    single = predict(Fake(), written(tmp_path, article(1), "one"), tmp_path / "one.parquet")
    first = pq.read_table(tmp_path / "one.parquet")["instance_id"].to_pylist()
    assert (single.repeated, first) == (0, tables[0]["instance_id"].to_pylist()[:2])


def test_a_report_stands_in_nobodys_place(tmp_path: Path) -> None:
    path = written(tmp_path, article(1))
    for report in (path, tmp_path / "out.json"):
        with pytest.raises(HarmonizeError, match="expected another file than the"):
            predict(Fake(), path, tmp_path / "out.json", report=report)
    with pytest.raises(HarmonizeError, match="expected another file than the"):
        shard(path, tmp_path / "shards", report=path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_report_that_cannot_be_written_is_told_before_anything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, article(1))
    for report in (path / "r.json", path / "below" / "r.json"):
        with pytest.raises(HarmonizeError, match=r"r\.json: expected a folder to write it in, .* is a file"):
            predict(Fake(), path, tmp_path / "out.json", report=report)
        with pytest.raises(HarmonizeError, match=r"r\.json: expected a folder to write it in, .* is a file"):
            shard(path, tmp_path / "shards", report=report)
    monkeypatch.setattr(os, "access", lambda folder, _: folder != tmp_path)
    with pytest.raises(HarmonizeError, match=r"r\.json: expected a folder that can be written to, .* cannot"):
        predict(Fake(), path, tmp_path / "out.json", report=tmp_path / "new" / "r.json")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_many_skipped_documents_are_told_by_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = article(1) + "".join(f"{number}|t|\n\n" for number in range(2, 40))
    summary = predict(Fake(), written(tmp_path, text), tmp_path / "out.json", report=tmp_path / "r.json")
    assert summary.skipped == {NO_TEXT: 38}
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "skipped: more documents, of which only the number will be told"
    assert len(json.loads((tmp_path / "r.json").read_text())["skipped_documents"]) == 38


def test_many_types_are_told_by_number() -> None:
    account = Account(mentions_in=40)
    account.left_out.update({LeftOut(UNKNOWN_TYPE, f"T{number}"): number for number in range(1, 9)})
    (line,) = loss_lines(account)
    assert line == (
        f"left out: 36 of 40 mentions: {UNKNOWN_TYPE} 36 (T8 8, T7 7, T6 6, T5 5, T4 4 and 3 more 6)"
    )
    assert list(loss_lines(Account(documents_in=3, documents_out=3, mentions_in=1, mentions_out=1))) == []


def test_documents_without_an_entity_are_told_what_they_lack() -> None:
    (line,) = loss_lines(Account(documents_in=3, documents_out=3))
    assert line.startswith("warning: no entity is marked in any document: relations are predicted between")
    assert "--pmids" in line
    assert list(loss_lines(Account())) == []


def test_an_account_that_loses_mentions_is_noticed() -> None:
    account = Account(mentions_in=3, mentions_out=1)
    account.left_out[LeftOut(BEYOND, "Gene")] = 1
    with pytest.raises(AccountingError, match="x: 3 mentions in, 1 out, 1 left out"):
        account.check(Path("x"))


def test_what_was_read_is_counted_without_a_prediction(tmp_path: Path) -> None:
    tally = Tally()
    documents = list(read_input(written(tmp_path, MIXED), tally=tally))
    account = Account.of_reading(tally)
    account.check(tmp_path)
    assert account.documents_out == len(documents) == 5
    assert account.mentions_out == sum(len(document.mentions) for document in documents)
    assert Account.from_dict(account.as_dict()) == Account(
        **{**vars(account), "reading": Tally()}  # which no manifest holds
    )
    write_report(tmp_path / "new/r.json", tmp_path, None, account, SkippedDocuments())
    assert (tmp_path / "new/r.json").read_text().endswith("}\n")
