"""Which characters in the id fields of a corpus join ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.drafting.draft import new_corpus
from harmonize.errors import MalformedInput


@pytest.mark.parametrize(
    ("ids", "joiners"),
    [
        (["D001241", "D001241|D003520"], ("|", "")),
        (["D001241", "D003520|D000082"], ("|", "")),
        (["MESH:D001241", "MESH:D003520;MESH:D000082"], (";", "")),
        (["MESH:D001241", "D003520;D000082"], ("", ";")),
        (["3553", "7442,1956|673"], (",|", "")),
        (["3553", "7442;"], (";", "")),
        (["rs12", "c|SUB|G|35|A"], ("", "|")),
        (["rs12", "p.V600E;rs14"], ("", ";")),
        (["c|SUB|G|35|A"], ("", "|")),
        (["35", "c|SUB|G|35|A", "207,672"], (",", "|")),
        (["35", "c|SUB|G|35|A", "35|672"], ("|", "")),
        (["D001241"], None),
    ],
)
def test_joiners(tmp_path: Path, ids: list[str], joiners: tuple[str, str] | None) -> None:
    lines = "".join(f"1\t{n}\t{n + 1}\tA\tDrug\t{identifier}\n" for n, identifier in enumerate(ids))
    (tmp_path / "a.txt").write_text(f"1|t|{'A' * len(ids)}\n{lines}\n", encoding="utf-8")
    found = new_corpus("mine", "pubtator", [str(tmp_path / "a.txt")], tmp_path / "mine").found
    assert found.joiners.get("Drug") == joiners


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_one_line_that_says_so(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeff1|t|A\n".encode(encoding))
    with pytest.raises(MalformedInput) as error:
        new_corpus("mine", "pubtator", [str(tmp_path / "a.txt")], tmp_path / "mine")
    said = "expected UTF-8, got UTF-16; `iconv -f UTF-16 -t UTF-8` makes it"
    assert str(error.value) == f"{tmp_path / 'a.txt'}:1: {said}"
    assert not (tmp_path / "mine").exists()
