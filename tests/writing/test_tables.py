"""Tables of Markdown and of tabs."""

from __future__ import annotations

import os
from pathlib import Path

from harmonize.writing.markdown import LEFT, RIGHT, markdown_table
from harmonize.writing.text import counted, one_line, tab_line, write_text


def test_a_table_has_a_mark_for_each_column() -> None:
    table = markdown_table(("name", "rows"), [("a", "1"), ("", "2")], (LEFT, RIGHT))
    assert table == "| name | rows |\n| --- | --: |\n| a | 1 |\n|  | 2 |"


def test_columns_are_set_left_unless_marked() -> None:
    assert markdown_table(("a", "b"), []) == "| a | b |\n| --- | --- |"


def test_a_bar_in_a_cell_is_text() -> None:
    assert markdown_table(("a|b",), [("c|d",)]).splitlines()[::2] == ["| a\\|b |", "| c\\|d |"]


def test_fields_are_parted_by_tabs() -> None:
    assert tab_line("a", "", "b c") == "a\t\tb c\n"


def test_white_space_of_any_kind_is_one_blank_of_a_line() -> None:
    assert one_line(" a\tb\r\n\u2029 c ") == "a b c"


def test_text_is_utf_8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "μ\r\n\n")
    assert (tmp_path / "a").read_bytes() == b"\xce\xbc\r\n\n"


def test_a_name_that_is_no_utf_8_is_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    write_text(tmp_path / "a", f"| {name} |")
    assert (tmp_path / "a").read_bytes() == b"| \\udcff.txt |"


def test_what_is_counted_has_its_singular() -> None:
    assert [counted(count, "document") for count in (0, 1, 2_000)] == [
        *("0 documents", "1 document", "2,000 documents")
    ]
    assert [counted(count, "corpus", "corpora") for count in (1, 9)] == ["1 corpus", "9 corpora"]
