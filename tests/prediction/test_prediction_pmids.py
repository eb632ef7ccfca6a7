"""Lists of PMIDs: what is one, and every fault with its place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.prediction.pmids import PmidList, read_pmids

PMIDS = st.lists(st.integers(1, 999_999_999).map(str), min_size=1, max_size=20)
NO_PMIDS = ["0", "012", "-5", "1234567890", "1.5", "abc", "PMID:12", "12 x", "٣", "1e3", "\x00", "12;13"]


def listed(folder: Path, content: str | bytes) -> Path:
    path = folder / "list.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fault_of(choice: Path | str) -> str:
    with pytest.raises(MalformedInput) as caught:
        read_pmids(str(choice))
    return str(caught.value)


@given(PMIDS, st.sampled_from([",", ", ", " ", "\n", ",,", " , "]))
def test_numbers_on_the_command_line(pmids: list[str], between: str) -> None:
    asked = read_pmids(between.join(pmids))
    assert asked.pmids == tuple(dict.fromkeys(pmids))
    assert asked.repeated == tuple(dict.fromkeys(pmid for pmid in pmids if pmids.count(pmid) > 1))
    assert asked.file is None


@given(PMIDS, st.sampled_from(["\n", "\r\n", "\n\n", "  # a comment\n", "\n# 5\n", "\t\n"]), st.booleans())
def test_a_file_of_one_a_line(
    tmp_path_factory: pytest.TempPathFactory, pmids: list[str], end: str, has_mark: bool
) -> None:
    text = end.join(pmids)
    path = listed(tmp_path_factory.getbasetemp(), ("\ufeff" if has_mark else "") + text)
    asked = read_pmids(str(path))
    assert asked.pmids == tuple(dict.fromkeys(pmids))
    assert (set(asked.repeated), asked.file) == ({p for p in pmids if pmids.count(p) > 1}, path)


@given(PMIDS, st.sampled_from([",", ", ", " ", "\t", ",\n", " , "]))
def test_a_file_of_several_a_line(
    tmp_path_factory: pytest.TempPathFactory, pmids: list[str], between: str
) -> None:
    asked = read_pmids(str(listed(tmp_path_factory.getbasetemp(), between.join(pmids) + "\n7 # 8, 9\n")))
    assert asked.pmids == tuple(dict.fromkeys([*pmids, "7"]))


def test_a_line_that_is_too_long_is_no_list(tmp_path: Path) -> None:
    path = listed(tmp_path, "123456789,\n" + ",".join(["123456789"] * 200_000))
    assert fault_of(path).startswith(f"{path}:2: expected PMIDs")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"12\n13\n12\n")))
    assert read_pmids("-") == PmidList(("12", "13"), ("12",))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(MissingInput, match=r"^--pmids -: expected something to read, .* is closed$"):
        read_pmids("-")


def test_the_first_fault_of_a_file_is_told_with_its_line_and_how_many_there_are(tmp_path: Path) -> None:
    path = listed(tmp_path, "19394258\n\nabc\n# none\n10788334\n0123\nPMC7696669 # full text\n")
    expected = "expected PMIDs, numbers of up to nine digits"
    assert fault_of(path) == f"{path}:3: {expected}, got 'abc', and 2 more lines that are none"
    path = listed(tmp_path, "pmid,title\n19394258,A title\n")
    assert fault_of(path) == f"{path}:1: {expected}, got 'pmid,title', and 1 more line that is none"
    path = listed(tmp_path, "12,13 x\n14\n")
    assert fault_of(path) == f"{path}:1: {expected}, got 'x'"
    path = listed(tmp_path, "12\nPMC7696669 # full text\n")
    assert fault_of(path) == (
        f"{path}:2: expected a PMID, got the PMCID PMC7696669: annotation is asked for by PMID only, which "
        "https://www.ncbi.nlm.nih.gov/pmc/pmctopmid tells"
    )


def test_the_first_fault_of_a_command_line_is_told_and_how_many_there_are() -> None:
    expected = "--pmids: expected a PMID, a number of up to nine digits, got"
    assert fault_of("12,abc,13,0,pmc12") == f"{expected} 'abc', and 2 more entries that are none"
    assert fault_of("12,abc,13") == f"{expected} 'abc'"
    assert fault_of("9" * 3_000 + ",x").endswith(", and 1 more entry that is none")
    assert fault_of("12,pmc12").startswith("--pmids: expected a PMID, got the PMCID pmc12: ")


@pytest.mark.parametrize("entry", NO_PMIDS)
def test_what_is_no_pmid(tmp_path: Path, entry: str) -> None:
    fault = fault_of(listed(tmp_path, f"12\n{entry}\n13\n"))
    assert fault.startswith(f"{tmp_path / 'list.txt'}:2: expected PMIDs")
    assert "\n" not in fault


@pytest.mark.parametrize("content", ["", "\n\n", "# none\n", " \t\n"])
def test_an_empty_file_is_one_line(tmp_path: Path, content: str) -> None:
    path = listed(tmp_path, content)
    with pytest.raises(HarmonizeError, match=r"list\.txt: expected at least one PMID, found none"):
        read_pmids(str(path))


@pytest.mark.parametrize("choice", ["", ",", " , "])
def test_an_empty_list_is_one_line(choice: str) -> None:
    with pytest.raises(HarmonizeError, match="--pmids: expected at least one PMID, found none"):
        read_pmids(choice)


@pytest.mark.parametrize("name", ["none.txt", "", "x" * 5_000])
def test_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingInput, match="expected a file of PMIDs, or PMIDs joined by commas, found no"):
        read_pmids(str(tmp_path / name))


@pytest.mark.parametrize("content", [b"\xff\xfe1\x002\x00\n\x00", b"\x89PNG\r\n\x1a\n", b"\x80" * 20_000])
def test_bytes_that_are_no_text_are_told_as_such(tmp_path: Path, content: bytes) -> None:
    fault = fault_of(listed(tmp_path, content))
    assert "\n" not in fault
    assert len(fault) < 300


def test_a_file_of_something_else_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert fault_of(listed(tmp_path, "1|t|A title\n" * 5_000)).endswith(
        "got '1|t|A title', and at least 99 more lines that are none"
    )
