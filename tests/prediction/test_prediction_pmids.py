"""Lists of PMIDs: what is one, and every fault with its place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError, MissingInput, SeveralErrors
from harmonize.prediction.pmids import PmidList, read_pmids

PMIDS = st.lists(st.integers(1, 999_999_999).map(str), min_size=1, max_size=20)
NO_PMIDS = ["0", "012", "-5", "1234567890", "1.5", "abc", "PMID:12", "12 13", "٣", "1e3", "\x00", "12;13"]


def listed(folder: Path, content: str | bytes) -> Path:
    path = folder / "list.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def faults_of(choice: Path | str) -> list[str]:
    with pytest.raises(SeveralErrors) as caught:
        read_pmids(str(choice))
    return [str(error) for error in caught.value.errors]


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


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"12\n13\n12\n")))
    assert read_pmids("-") == PmidList(("12", "13"), ("12",))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(MissingInput, match=r"^--pmids -: expected something to read, .* is closed$"):
        read_pmids("-")


def test_every_fault_of_a_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = listed(tmp_path, "19394258\n\nabc\n# none\n10788334\n0123\nPMC7696669 # full text\n")
    assert faults_of(path) == [
        f"{path}:3: expected a PMID, a number of up to nine digits, got 'abc'",
        f"{path}:6: expected a PMID, a number of up to nine digits, got '0123'",
        f"{path}:7: expected a PMID, got the PMCID PMC7696669: annotation is asked for by PMID only, which "
        "https://www.ncbi.nlm.nih.gov/pmc/pmctopmid tells",
    ]


def test_every_fault_of_a_command_line_is_told_at_once() -> None:
    assert faults_of("12,abc,13,0,pmc12") == [
        "--pmids: expected a PMID, a number of up to nine digits, got 'abc'",
        "--pmids: expected a PMID, a number of up to nine digits, got '0'",
        "--pmids: expected a PMID, got the PMCID pmc12: annotation is asked for by PMID only, which "
        "https://www.ncbi.nlm.nih.gov/pmc/pmctopmid tells",
    ]
    assert len(faults_of("9" * 3_000 + ",x")) == 2


@pytest.mark.parametrize("entry", NO_PMIDS)
def test_what_is_no_pmid(tmp_path: Path, entry: str) -> None:
    (fault,) = faults_of(listed(tmp_path, f"12\n{entry}\n13\n"))
    assert fault.startswith(f"{tmp_path / 'list.txt'}:2: expected a PMID")
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
    for fault in faults_of(listed(tmp_path, content)):
        assert "\n" not in fault
        assert len(fault) < 300


def test_a_file_of_something_else_is_not_read_to_its_end(tmp_path: Path) -> None:
    faults = faults_of(listed(tmp_path, "1|t|A title\n" * 5_000))
    assert len(faults) == 101
    assert faults[-1] == f"{tmp_path / 'list.txt'}: after 100 faults the rest is not read"
