"""Lines, elements and articles that are too long for memory, as small packed files can hold them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from harmonize.errors import MalformedInput
from harmonize.formats import disgenet_tables, lines, pubmed_xml, pubtator, triple_tsv, xml
from harmonize.sources.article_files import iter_articles

HEADER = "geneId\tgeneSymbol\tdiseaseId\tdiseaseName\tscore\tEI\tpmid\tsource\n"
READERS: dict[str, Callable[[Path], object]] = {
    "plain": lambda path: list(triple_tsv.read(path)),
    "table": lambda path: list(disgenet_tables.associations(path)),
    "dump": lambda path: list(iter_articles(path)),
}


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("plain", "a.tsv", "PMID\tgene\tmutation\tdisease\n" + "1" * 200),
        ("table", "a.tsv.gz", HEADER + "1" * 200),
        ("dump", "a.gz", "90000001|t|Title\n90000001|a|" + "a" * 200),
    ],
)
def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, content: str
) -> None:
    monkeypatch.setattr(lines, "_LONGEST", 100)
    data = content.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(MalformedInput, match=":2: expected a line end within 100 bytes, got none"):
        READERS[kind](tmp_path / name)


def test_a_line_of_the_most_bytes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_LONGEST", 10)
    (tmp_path / "a").write_bytes(b"a" * 9 + b"\n" + b"b\n")
    assert list(lines.numbered_lines(tmp_path / "a")) == [(1, "a" * 9), (2, "b")]


@pytest.mark.parametrize(
    "content", ["<x/>" * 20_000, "<PubmedArticle>" + "<x/>" * 20_000, "<x>" + "a" * 80_000]
)
def test_xml_without_an_end_of_an_element_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(xml, "_LARGEST", 70_000)
    (tmp_path / "a.xml").write_text(f"<a>{content}")
    with pytest.raises(MalformedInput, match=r"a\.xml: expected the end of an element within 70000 bytes"):
        list(pubmed_xml.read_folder(tmp_path))


def test_xml_of_many_elements_may_be_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "_LARGEST", 70_000)
    with gzip.open(tmp_path / "a.gz", "wt") as file:
        passage = (
            f'<passage><infon key="type">title</infon><offset>0</offset><text>{"a" * 999}</text></passage>'
        )
        documents = (f"<document><id>{number}</id>{passage}</document>" for number in range(1, 301))
        file.write(f"<collection>{''.join(documents)}</collection>")
    assert len(list(iter_articles(tmp_path / "a.gz"))) == 300


def test_an_article_of_ever_more_annotations_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubtator, "MOST_ANNOTATIONS", 3)
    article = "7|t|Aspirin\n" + "7\t0\t7\tAspirin\tChemical\tD001241\n" * 3 + "\n"
    (tmp_path / "a").write_text(article * 2)
    assert [len(record.mentions) for record in pubtator.read(tmp_path / "a")] == [3, 3]
    (tmp_path / "a").write_text(article.replace("\n\n", "\n7\tCID\tD001241\tD001241\n\n"))
    with pytest.raises(MalformedInput, match=r":5: expected at most 3 annotations of one document"):
        list(pubtator.read(tmp_path / "a"))
