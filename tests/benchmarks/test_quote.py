"""What docs quote is what the result files say, and the repository holds no other results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
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
    assert quote.probability(p) == written
