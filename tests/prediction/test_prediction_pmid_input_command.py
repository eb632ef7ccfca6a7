"""`harmonize predict --pmids` as a user meets it; a classifier that is none answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result
from prediction_cases import Fake, article, written
from pubtator_server import Server, pmids
from typer.testing import CliRunner

from harmonize.formats import pubtator
from harmonize.pipelines import cli_model_use
from harmonize.pipelines import pubtator as pubtator_options
from harmonize.pipelines.cli import app
from harmonize.pipelines.predict import predict
from harmonize.prediction.pmid_input import AskedArticles

KNOWN = pmids(3)
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `harmonize predict` in a folder of the test's own, whatever the classifier's folder."""
    monkeypatch.setattr(
        cli_model_use, "predict_documents", lambda model, *rest, **options: predict(Fake(), *rest, **options)
    )

    def run(*arguments: str | Path, code: int = 0, content: bytes | None = None) -> Result:
        whole = ["predict", *map(str, arguments), "--model", "run", "--out", "out.PubTator"]
        with chdir(tmp_path):
            done = CliRunner().invoke(app, whole, content, env={"COLUMNS": "140"}, catch_exceptions=False)
        assert done.exit_code == code, done.output
        assert (tmp_path / "out.PubTator").exists() == (code == 0)
        return done

    return run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server in the place of PubTator's."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(KNOWN)
    monkeypatch.setattr(pubtator_options, "AskedArticles", partial(AskedArticles, url=server.url))
    yield server
    server.close()


def errors(done: Result) -> list[str]:
    return [line.removeprefix("error: ") for line in done.stderr.splitlines()]


def test_a_dump_is_looked_into_and_what_it_lacks_is_named(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1) + article(2), "dump.txt")
    done = run("--pmids", "2,77,1,2,78", "--pubtator", "dump.txt")
    assert done.stdout.startswith("2 documents, 4 pairs: ")
    assert done.stderr.splitlines() == [
        "articles given several times, asked for once (1): 2",
        "skipped: dump.txt: article 77: PubTator's annotation of it is not there",
        "skipped: dump.txt: article 78: PubTator's annotation of it is not there",
        "skipped: 2 of 4 documents: PubTator's annotation of it is not there 2",
    ]


def test_many_that_are_given_twice_are_counted_and_the_first_named(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1), "dump.txt")
    written(tmp_path, "".join(f"{number}\n" for number in range(1, 1_500)) * 2, "list.txt")
    first, *rest = run("--pmids", "list.txt", "--pubtator", "dump.txt").stderr.splitlines()
    assert first.startswith("articles given several times, asked for once (1,499): 1, 2, 3, 4, ")
    assert first.endswith(", 20, ... (1,479 more)")
    assert rest[-1] == "skipped: 1,498 of 1,499 documents: PubTator's annotation of it is not there 1,498"


def test_if_none_is_found_it_leaves_with_three(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1), "dump.txt")
    assert errors(run("--pmids", "7", "--pubtator", "dump.txt", code=3))[-1].startswith(
        "dump.txt: nothing was read, all 1 documents were skipped"
    )


@pytest.mark.parametrize("choice", [[], ["--pubtator", "api"]])
def test_the_service_is_asked_unless_a_dump_is_named(
    run: Run, server: Server, tmp_path: Path, choice: list[str]
) -> None:
    run("--pmids", ",".join(KNOWN[::-1]), *choice, "--cache", "kept", "--relation-types", "pubtator3")
    assert server.requests == [KNOWN[::-1]]
    assert (tmp_path / "kept/pubtator3").is_dir()
    records = list(pubtator.read(tmp_path / "out.PubTator"))
    assert [record.id for record in records] == KNOWN[::-1]
    assert {r.type for record in records for r in record.relations} <= {"ASSOCIATE", "STIMULATE", "INHIBIT"}


def test_an_input_and_pmids_exclude_each_other_and_one_is_needed(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1), "dump.txt")
    assert errors(run("dump.txt", "--pmids", "1", code=2)) == ["expected INPUT or --pmids, got both"]
    assert errors(run(code=2)) == ["expected INPUT or --pmids, got neither"]
    assert errors(run("dump.txt", "--pubtator", "dump.txt", code=2)) == [
        "--pubtator: expected --pmids, the articles to look for"
    ]
    assert errors(run("--pmids", "1", "--pubtator", "", code=2)) == [
        "--pubtator: expected a file, a folder or api, got nothing"
    ]
    assert errors(run("--pmids", "-", "--pubtator", "-", code=2)) == [
        "--pmids - and --pubtator -: expected standard input to hold one of them, got both"
    ]


def test_a_cache_is_for_answers_of_the_service_alone(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1), "dump.txt")
    for source in (("dump.txt",), ("--pmids", "1", "--pubtator", "dump.txt")):
        assert errors(run(*source, "--cache", "kept", code=2)) == [
            "--cache: expected --pmids without a dump; it keeps what the service of PubTator 3 answers"
        ]


def test_list_and_dump_may_each_come_by_standard_input(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1) + article(2), "dump.txt")
    for content, arguments in (
        (b"2\n1\n", ("--pmids", "-", "--pubtator", "dump.txt")),
        ((article(1) + article(2)).encode(), ("--pmids", "2,1", "--pubtator", "-")),
    ):
        run(*arguments, content=content)
        assert [record.id for record in pubtator.read(tmp_path / "out.PubTator")] == ["2", "1"]


def test_bad_numbers_are_one_line(run: Run, tmp_path: Path) -> None:
    written(tmp_path, "1\nabc\n2\nPMC7\n", "list.txt")
    (told,) = errors(run("--pmids", "list.txt", "--pubtator", "dump.txt", code=2))
    assert told.startswith("list.txt:2: expected PMIDs")
    assert told.endswith(", and 1 more line that is none")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("", "--pmids: expected at least one PMID, found none"),
        ("none.txt", "none.txt: expected a file of PMIDs, or PMIDs joined by commas, found no such file"),
        ("12,x", "--pmids: expected a PMID, a number of up to nine digits, got 'x'"),
        ("empty.txt", "empty.txt: expected at least one PMID, found none"),
        (".", ".: expected a file of PMIDs, or PMIDs joined by commas, found no such file"),
    ],
)
def test_lists_that_are_none_are_one_line(run: Run, tmp_path: Path, choice: str, message: str) -> None:
    written(tmp_path, "# nothing\n\n", "empty.txt")
    assert errors(run("--pmids", choice, code=2)) == [message]


def test_plain_text_is_one_line(run: Run, tmp_path: Path) -> None:
    written(tmp_path, "Aspirin cures fever.\n", "text.txt")
    (line,) = errors(run("text.txt", code=2))
    assert line.startswith("text.txt: expected annotated documents")
    assert "--pmids" in line


def test_a_vocabulary_that_is_none_is_one_line(run: Run, tmp_path: Path) -> None:
    written(tmp_path, article(1), "dump.txt")
    assert errors(run("dump.txt", "--relation-types", "semmed", code=2)) == [
        "unknown relation types 'semmed': expected one of biored, pubtator3"
    ]
