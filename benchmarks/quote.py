"""The tables of the docs that quote result files: written from benchmarks/results, or held against them.

    python benchmarks/quote.py            # write them anew
    python benchmarks/quote.py --check    # name those that differ

In a page such a table stands between `<!-- table NAME -->` and `<!-- end -->`; TABLES has what makes it.
Figures in sentences are held against the files as well, see figures.py. The exit code is 1 if something still
differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable

import figures
from biored_rows import (
    biored,
    curve,
    lead,
    left_out,
    mentions,
    mentions_header,
    novelty,
    pair_types,
    readme,
    spread,
)
from figures import ROOT, Row
from further_rows import combinations, others, reading, students
from grid_rows import bertsrc, contexts, heads

from harmonize.writing.replace import new_file

_PAGES = ("results", "results-biored", "results-further", "predicting", "comparing")
PAGES = ("README.md", *(f"docs/{page}.md" for page in _PAGES))
_TABLE = re.compile(r"(?<=^<!-- table )([a-z0-9-]+) -->\n.*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)


def bold_best(rows: Iterable[Row], columns: Iterable[int]) -> list[Row]:
    """Rows in which the highest figure of each of the columns is bold."""
    found = [list(row) for row in rows]
    for column in columns:
        best = max(found, key=lambda row: float(row[column].split()[0]) if row[column] else 0.0)
        figure, blank, rest = best[column].partition(" ")
        best[column] = f"**{figure}**{blank}{rest}"
    return [tuple(row) for row in found]


def table(header: Row, figures_from: int, rows: Iterable[Row]) -> str:
    """Markdown; columns from the given number on are set right."""
    rule = ("---",) * figures_from + ("--:",) * (len(header) - figures_from)
    lines = ("".join(f" {cell} |" if cell else " |" for cell in row) for row in (header, rule, *rows))
    return "".join(f"|{line}\n" for line in lines)


HEADS = ("input", "head", "F", "development F")
_BERTSRC = ("F with type", "− `plain`", "p, Holm", "pairs found")

TABLES: dict[str, Callable[[], str]] = {
    "lead": lambda: table(
        ("system", "trained on", "seeds", "binary", "with type", "BioREx measure", "average precision"),
        2,
        lead(),
    ),
    "others": lambda: table(
        (
            *("target", "rows", "alone", "the union", "the union, then the target"),
            *("− alone", "BioREx, as reported"),
        ),
        1,
        others(),
    ),
    "biored": lambda: table(
        (
            *("system", "trained on", "rates", "epochs"),
            *("binary", "with type", "BioREx measure", "average precision", "development"),
        ),
        3,
        bold_best(biored(), (4, 5, 6, 7)),
    ),
    "left-out": lambda: table(
        (
            *("without", "binary", "− all nine", "with type", "BioREx measure"),
            *("average precision", "− all nine", "its pairs (all nine)"),
        ),
        1,
        left_out(),
    ),
    "spread": lambda: table(
        ("head", "trained on", "trainings", "binary", "with type", "BioREx measure", "average precision"),
        2,
        spread(),
    ),
    "curve": lambda: table(
        (
            *("abstracts", "trained", "encoder", "epochs"),
            *("binary", "with type", "BioREx measure", "average precision", "the paper's, BioREx measure"),
        ),
        3,
        curve(),
    ),
    "pair-types": lambda: table(
        (
            "system",
            "trained on",
            "chemical, disease",
            "chemical, gene",
            "disease, gene",
            "gene, gene",
            "chemical, chemical",
        ),
        2,
        bold_best(pair_types(), (2, 3, 4, 5, 6)),
    ),
    "mentions": lambda: table(
        ("system", "trained on", *mentions_header()), 2, bold_best(mentions(), (2, 3, 4, 5))
    ),
    "readme": lambda: table(
        ("system", "trained on", "pairs found", "pairs with type", "BioREx measure"), 2, readme()
    ),
    "contexts": lambda: table(
        (
            "input",
            "head",
            *(f"BioRED: {column}" for column in ("F", "with type", "development F", "p, Holm")),
            *(f"AIMed: {column}" for column in ("F", "development F", "p, Holm")),
            "BC5CDR: F",
        ),
        2,
        bold_best(contexts(), (2, 3, 6)),
    ),
    "combinations": lambda: table(
        ("system", "positive, exact", "positive, partial", "any, exact", "any, partial"), 1, combinations()
    ),
    "novelty": lambda: table(
        ("right is", "minilm, `document`", "all that it finds novel", "track's best"), 1, novelty()
    ),
    "hprd50-heads": lambda: table(
        (*HEADS, "p to `prompt` `cls`, Holm"),
        2,
        bold_best(heads(["grid-hprd50"], "grid-linear-hprd50-three-of-five"), (2, 3)),
    ),
    "aimed-heads": lambda: table(
        (*HEADS, "p to [CLS], Holm"),
        2,
        bold_best(
            heads(
                ["grid-aimed-thirds", "grid-aimed-thirds-more"],
                "grid-linear-aimed-thirds",
                marked="grid-aimed-thirds",
            ),
            (2, 3),
        ),
    ),
    "bertsrc": lambda: table(
        (
            "input",
            "head",
            f"by document: {_BERTSRC[0]}",
            *_BERTSRC[1:],
            f"published: {_BERTSRC[0]}",
            *_BERTSRC[1:],
        ),
        2,
        bold_best(bertsrc(), (2, 6)),
    ),
    "students": lambda: table(("", "F with type", "− teacher", "p, Holm", "times as fast"), 1, students()),
    "reading": lambda: table(("file", "documents read", "mentions left out, of all", "pairs"), 4, reading()),
}
"""Name -> what makes the table."""


def quoted(page: str) -> str:
    """A page with its tables as the result files have them."""
    return _TABLE.sub(lambda match: f"{match[1]} -->\n{TABLES[match[1]]()}", page)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    different = []
    for name in PAGES:
        before = (ROOT / name).read_text(encoding="utf-8")
        if quoted(before) != before:
            different.append(name)
            if not check:
                with new_file(ROOT / name) as file:
                    file.write(quoted(before))
    for name in different:
        print(f"{name}: tables {'differ from' if check else 'written from'} benchmarks/results")
    missing = figures.missing()
    for page, text in missing:
        print(f"{page}: expected by benchmarks/figures.yaml: {text}")
    sys.exit(bool(missing or (check and different)))


if __name__ == "__main__":
    main()
