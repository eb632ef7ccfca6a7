"""PubMed XML: golden cases, any bytes at all, the sample, and what the real files hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_curated_tables import GOLDEN, brief, cases, check_case, check_error_case, damaged
from test_golden import plain

from harmonize.errors import HarmonizeError
from harmonize.formats import pubmed_xml
from harmonize.formats.xml import file_elements
from harmonize.registry import sample_folder

FORMATS = ("pubmed_xml",)


def read_case(case: Path) -> list[Any]:
    aside: list[Any] = []
    found = list(
        pubmed_xml.read_folder(case, lambda reason, item: aside.append({"set aside": reason, "item": item}))
    )
    return [*plain(found), *aside]


@pytest.mark.parametrize("case", cases(FORMATS, "expected.json"))
def test_reading_gives_what_the_case_expects(case: Path) -> None:
    check_case(case, read_case)


@pytest.mark.parametrize("case", cases(FORMATS, "expected_error.txt"))
def test_reading_fails_in_one_line_that_names_the_place(case: Path) -> None:
    check_error_case(case, read_case)


def test_no_error_shows_text_of_an_external_entity() -> None:
    case = GOLDEN / "pubmed_xml" / "error-read_folder" / "external-entity"
    with pytest.raises(HarmonizeError) as caught:
        read_case(case)
    assert (case / "outside.txt").read_text().strip() not in str(caught.value)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def read_bytes(folder: Path, content: bytes) -> None:
    (folder / "input.xml").write_bytes(content)
    with suppress(HarmonizeError):
        list(pubmed_xml.read_folder(folder))


@brief
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(folder: Path, content: bytes) -> None:
    read_bytes(folder, content)


TAGS = [b"<PubmedArticle>", b"</PubmedArticle>", b"<PMID/>", b"<ERROR/>", b"<Abstract>", b"<AbstractText/>"]
PIECES = [*TAGS, b"", b"<", b">", b"&x;", b"&lt;", b"\xff", b"\0", b'"', b"9" * 50, b"<!---->", b"<?pi?>"]
GOOD = (GOLDEN / "pubmed_xml" / "read_folder" / "book-chapter-among-articles" / "input.xml").read_bytes()


@brief
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 20), st.sampled_from(PIECES)), min_size=1, max_size=3
    )
)
def test_a_damaged_file_is_read_or_refused(folder: Path, changes: list[tuple[float, int, bytes]]) -> None:
    read_bytes(folder, damaged(GOOD, changes))


def test_records_are_let_go_while_streaming(folder: Path) -> None:
    """The parser takes in a block at a time, so some records stand ahead; those behind must be gone."""
    one = GOOD.decode().split("<PubmedArticleSet>\n")[1].split("</PubmedArticle>\n")[0] + "</PubmedArticle>\n"
    path = folder / "large.xml"
    path.write_text(f"<PubmedArticleSet>\n{one * 5000}</PubmedArticleSet>\n")
    records = file_elements(path, "PubmedArticle")
    for element in records:
        parent = element.getparent()
        assert parent is not None
        assert len(parent) < 1000
    path.unlink()


def test_what_the_system_hides_in_a_folder_is_passed_over(folder: Path) -> None:
    path = folder / "abstracts"
    path.mkdir()
    (path / "a.xml").write_bytes(GOOD)
    count = len(list(pubmed_xml.read_folder(path)))
    (path / "._a.xml").write_bytes(b"\0\5\x16\7")
    assert len(list(pubmed_xml.read_folder(path))) == count > 0


def test_the_sample_has_three_abstracts_and_a_title_without_one() -> None:
    articles = list(pubmed_xml.read_folder(sample_folder() / "pharmgkb" / "abstracts_xml"))
    assert [(article.pmid, article.abstract is not None) for article in articles] == [
        ("90000091", True),
        ("90000092", True),
        ("90000093", True),
        ("90000094", False),
    ]


def test_counts_of_the_real_abstracts(mirror: Path) -> None:
    aside: list[tuple[str, str]] = []
    abstracts = mirror / "pharmgkb" / "abstracts_xml"
    articles = list(pubmed_xml.read_folder(abstracts, lambda reason, item: aside.append((reason, item))))
    assert (len(articles), sum(article.abstract is None for article in articles)) == (2037, 36)
    assert aside == [("error answer without articles", "all_abstracts_102.xml:4")]
    for article in articles:
        for text in (article.title, article.abstract or "x"):
            assert text == " ".join(text.split()) != ""
            assert not {"<i>", "<sub>", "<sup>", "Copyright ©"} & set(text.split())
