"""A command line that cannot be is told in one line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from harmonize.pipelines.cli import app


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict"], "--model: expected a value, got none; see `harmonize predict --help`"),
        (["predict", "--model"], "--model: expected a value, got none; see `harmonize predict --help`"),
        (["score"], "PREDICTIONS: expected a value, got none; see `harmonize score --help`"),
        (
            ["build", "--sampel"],
            "--sampel: expected an option that `harmonize build --help` lists; did you mean --sample?",
        ),
        (
            ["predict", "--foo"],
            "--foo: expected an option that `harmonize predict --help` lists; "
            "did you mean --format or --out?",
        ),
        (["--foo"], "--foo: expected an option that `harmonize --help` lists"),
        (["show", "--batch-size=3"], "--batch-size: expected an option that `harmonize show --help` lists"),
        (["buid"], "buid: expected a command that `harmonize --help` lists; did you mean build?"),
        (["qqq"], "qqq: expected a command that `harmonize --help` lists"),
        (
            ["encoders", "gt"],
            "gt: expected a command that `harmonize encoders --help` lists; did you mean get?",
        ),
        (["encoders", "get"], "NAME: expected a value, got none; see `harmonize encoders get --help`"),
        (["train", "--fresh=3"], "--fresh: expected no value, it is a switch; see `harmonize train --help`"),
        (["build", "extra"], "extra: expected no further argument; see `harmonize build --help`"),
        (["build", "a", "b"], "a b: expected no further argument; see `harmonize build --help`"),
    ],
)
def test_what_the_command_line_cannot_be_is_one_line(arguments: list[str], message: str) -> None:
    assert told(*arguments) == f"error: {message}\n"


@pytest.mark.parametrize(
    ("value", "message"), [("0", "a number of at least 1, got 0"), ("x", "a whole number, got 'x'")]
)
def test_a_value_that_an_option_cannot_have_is_told_with_what_it_may_be(value: str, message: str) -> None:
    arguments = ("predict", "a", "--model", "m", "--out", "o", "--batch-size", value)
    assert told(*arguments) == f"error: --batch-size: expected {message}\n"


def test_no_command_is_answered_by_the_help() -> None:
    done = CliRunner().invoke(app, [], prog_name="harmonize")
    assert "Usage: harmonize [OPTIONS] COMMAND" in done.output
    assert "error" not in done.output.split("Commands:")[0]


def told(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), prog_name="harmonize", catch_exceptions=False)
    assert done.exit_code == 2
    assert done.stdout == ""
    return done.stderr
