"""brat's standoff is read where documents are: as the same documents in another format."""

from __future__ import annotations

import gzip
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harmonize.errors import MalformedInput
from harmonize.formats.brat import EVENT, NO_RELATION
from harmonize.formats.pubtator_forgiving import NO_MENTION
from harmonize.model import Document
from harmonize.pipelines.cli import app
from harmonize.prediction.inputs import MALFORMED, UNKNOWN_FORM, read_input
from harmonize.prediction.reading import Reading
from harmonize.prediction.tally import LeftOut, Tally

PUBTATOR = """\
8001|t|Ombrel soothes colic
8001|a|In rats ombrel raised IL-1β.
8001\t0\t6\tOmbrel\tChemical\tD800001
8001\t15\t20\tcolic\tDisease\tD003085
8001\t43\t48\tIL-1β\tGene\t3553
8001\tNegative_Correlation\tD800001\tD003085

"""
TEXT = "Ombrel soothes colic\nIn rats ombrel raised IL-1β.\n"
LINES = """\
T1\tChemical 0 6\tOmbrel
T2\tDisease 15 20\tcolic
T3\tGene 43 48\tIL-1b
N1\tReference T1 D800001\tombrel
N2\tReference T2 D003085\tcolic
N3\tReference T3 3553\tIL1B
R1\tNegative_Correlation Arg1:T1 Arg2:T2
"""


def laid_down(folder: Path, lines: str = LINES) -> Path:
    (folder / "brat/deep").mkdir(parents=True)
    (folder / "brat/deep/8001.txt").write_text(TEXT, encoding="utf-8")
    (folder / "brat/deep/8001.ann").write_text(lines, encoding="utf-8")
    return folder / "brat"


def read(path: Path, *, relations: bool = False, form: str | None = None) -> tuple[list[Document], Tally]:
    tally = Tally()
    return list(read_input(path, form, tally=tally, how=Reading(relations=relations))), tally


@pytest.mark.parametrize("relations", [False, True])
@pytest.mark.parametrize("form", [None, "brat"])
def test_it_is_the_document_that_pubtator_text_tells(
    tmp_path: Path, relations: bool, form: str | None
) -> None:
    (tmp_path / "a.txt").write_text(PUBTATOR, encoding="utf-8")
    (expected,), _ = read(tmp_path / "a.txt", relations=relations)
    folder = laid_down(tmp_path)
    (found,), tally = read(folder, relations=relations, form=form)
    assert (found, tally.left_out, tally.skipped) == (expected, {}, {})
    assert read(folder / "deep/8001.ann", relations=relations)[0] == [expected]
    assert len(found.relations) == relations


def test_annotations_may_be_packed(tmp_path: Path) -> None:
    folder = laid_down(tmp_path)
    (expected,), _ = read(folder)
    (folder / "deep/8001.ann").unlink()
    (folder / "deep/8001.ann.gz").write_bytes(gzip.compress(LINES.encode()))
    assert read(folder / "deep/8001.ann.gz")[0] == [expected]


@pytest.mark.parametrize("relations", [False, True])
def test_odd_lines_are_counted(tmp_path: Path, relations: bool) -> None:
    odd = "T9 Gene 0 6 Ombrel\nE1\tBinding:T1 Theme:T2\nR9\tBind T1 T2\n"
    (document,), tally = read(laid_down(tmp_path, LINES + odd), relations=relations)
    assert len(document.mentions) == 3
    of_relations = {LeftOut(EVENT, ""): 1, LeftOut(NO_RELATION, ""): 1} if relations else {}
    assert tally.left_out == {LeftOut(NO_MENTION, ""): 1} | of_relations


def test_annotations_without_text_and_text_without_annotations_are_skipped(tmp_path: Path) -> None:
    folder = laid_down(tmp_path)
    (folder / "8002.ann").write_text(LINES)
    (folder / "README.txt").write_text("A folder of mine.\n")
    documents, tally = read(folder)
    assert [document.id for document in documents] == ["8001"]
    assert tally.skipped == {MALFORMED: 1, UNKNOWN_FORM: 1}
    with pytest.raises(MalformedInput, match=r"8002\.ann: document 8002: expected the text of these"):
        list(read_input(folder / "8002.ann", strict=True))


def test_an_empty_file_of_annotations_is_a_document_without_mentions(tmp_path: Path) -> None:
    (document,), tally = read(laid_down(tmp_path, ""))
    assert (document.mentions, tally.skipped) == ((), {})


def test_it_may_be_what_predictions_are_scored_against(tmp_path: Path) -> None:
    (tmp_path / "found.txt").write_text(PUBTATOR, encoding="utf-8")
    laid_down(tmp_path)
    with chdir(tmp_path):
        done = CliRunner().invoke(app, ["score", "found.txt", "--gold", "brat"])
    assert done.exit_code == 0, done.output
    assert "100.0" in done.output
