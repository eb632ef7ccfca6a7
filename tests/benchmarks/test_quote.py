"""What docs quote is what the result files say, and the repository holds no other results."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import figures
import pytest
import quote

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", quote.PAGES)
def test_tables_are_as_the_result_files_have_them(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert quote.quoted(text) == text, "python benchmarks/quote.py writes it anew"


def test_every_table_stands_in_a_page() -> None:
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in quote.PAGES)
    assert sorted(quote._TABLE.findall(pages)) == sorted(quote.TABLES)


def test_a_figure_that_differs_is_noticed() -> None:
    text = (ROOT / "docs/results-biored.md").read_text(encoding="utf-8")
    changed = text.replace("| 58.6 (54.0 to 63.3) |", "| 59.6 (54.0 to 63.3) |")
    assert changed != text
    assert quote.quoted(changed) == text


def test_the_command_checks() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/quote.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_results_are_json_alone() -> None:
    others = [path for path in (ROOT / "benchmarks/results").rglob("*") if path.is_file()]
    assert {path.suffix for path in others} == {".json"}
    assert max(path.stat().st_size for path in others) < 64_000


@pytest.mark.parametrize(
    ("p", "written"),
    [(0.9979, "1.00"), (0.1035, "0.10"), (0.0353, "0.035"), (0.0044, "0.0044"), (0.00070, "0.0007")],
)
def test_probabilities_have_two_digits(p: float, written: str) -> None:
    assert figures.probability(p) == written


def test_sentences_quote_what_the_result_files_say() -> None:
    assert figures.missing() == []


def test_a_sentence_that_differs_is_noticed() -> None:
    for page, text in figures.quotations():
        content = (ROOT / page).read_text(encoding="utf-8")
        figure = re.findall(r"\d+\.\d+|\d+", text)[-1]
        other = text[::-1].replace(figure[::-1], "77777", 1)[::-1]
        assert figures.holds(content, text), text
        assert not figures.holds(content, other), other


@pytest.mark.parametrize(
    ("spec", "written"),
    [
        ("[f1]:score", "58.6 (54.0 to 63.3)"),
        ("[f1]:span", "54.0 to 63.3"),
        ("[f1]:%", "58.6"),
        ("[f1]:signed", "+58.6"),
        ("[f1][value]:3", "0.586"),
        ("[rows]", "7,597"),
        ("[systems][svm][p]:p", "0.0031"),
        ("[systems][0][p]:p2", "0.00"),
        ("[epochs]:each f", "10.0, 3.1"),
        ("[epochs]:cells f", "10.0 | 3.1"),
    ],
)
def test_a_reference_says_where_a_value_stands_and_how_it_is_written(spec: str, written: str) -> None:
    content = {
        "f1": {"value": 0.58612, "low": 0.54, "high": 0.633},
        "rows": 7597,
        "systems": [{"name": "svm", "p": 0.00312}],
        "epochs": [{"f": 0.1}, {"f": 0.0305}],
    }
    assert f"{{run{spec}}}".format(run=figures.Figure(content)) == written
