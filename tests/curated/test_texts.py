"""The texts that triples speak of, and what becomes of articles without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from harmonize.curated.documents import CuratedText
from harmonize.curated.texts import article_texts
from harmonize.errors import MissingInput
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.ledger import READ, Ledger
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue

CORPUS = load_catalogue()["pharmgkb"]


def article(pmid: str, title: str, abstract: str | None) -> str:
    section = "" if abstract is None else f"<Abstract><AbstractText>{abstract}</AbstractText></Abstract>"
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article>"
        f"<ArticleTitle>{title}</ArticleTitle>{section}</Article></MedlineCitation></PubmedArticle>"
    )


def record(pmid: str, title: str, abstract: str | None) -> PubTatorRecord:
    return PubTatorRecord(pmid, title, abstract, (), (), 1)


def read(
    folder: Path, articles: list[str], records: list[PubTatorRecord]
) -> tuple[list[CuratedText], Mapping[str, int]]:
    """The texts, and reason -> number of articles that gave none."""
    (folder / "articles.xml").write_text(f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>")
    ledger = Ledger()
    source = Source(CORPUS, "native", folder, ledger)
    texts = list(article_texts(source, "train", folder, {record.id: record for record in records}))
    accounts = ledger.as_dict("train").get(READ, {}).get("documents", {"dropped": {}})
    return texts, accounts["dropped"]  # type: ignore[return-value]


def test_an_article_is_its_title_and_abstract(tmp_path: Path) -> None:
    (text,), lost = read(tmp_path, [article("90000001", "A title.", "An <i>abstract</i>.")], [])
    assert (text.key, text.id, text.pmid) == ("90000001",) * 3
    assert text.text == "A title. An abstract."
    assert [(p.kind, p.span.of(text.text)) for p in text.passages] == [
        ("title", "A title."),
        ("abstract", "An abstract."),
    ]
    assert text.sentences is None
    assert lost == {}


def test_the_wording_of_pubtator_wins(tmp_path: Path) -> None:
    articles = [article("90000001", "A title.", "Mine."), article("90000002", "B title.", "Mine.")]
    texts, _ = read(tmp_path, articles, [record("90000002", "B title", "Theirs.")])
    assert [text.text for text in texts] == ["A title. Mine.", "B title Theirs."]


def test_articles_that_only_pubtator_has_come_last(tmp_path: Path) -> None:
    records = [record("90000003", "Only there.", "Text."), record("90000001", "A title.", "Theirs.")]
    texts, _ = read(tmp_path, [article("90000001", "A title.", "Mine.")], records)
    assert [(text.pmid, text.text) for text in texts] == [
        ("90000001", "A title. Theirs."),
        ("90000003", "Only there. Text."),
    ]


@pytest.mark.parametrize("abstract", [None, "", " "])
def test_an_article_without_abstract_gives_no_text_and_is_counted(
    tmp_path: Path, abstract: str | None
) -> None:
    texts, lost = read(tmp_path, [article("90000001", "A title.", abstract)], [])
    assert texts == []
    assert lost == {"no abstract": 1}


@pytest.mark.parametrize("abstract", [None, ""])
def test_nor_does_one_that_only_pubtator_has(tmp_path: Path, abstract: str | None) -> None:
    articles = [article("90000001", "A title.", "Mine.")]
    texts, lost = read(tmp_path, articles, [record("90000002", "Only there.", abstract)])
    assert [text.pmid for text in texts] == ["90000001"]
    assert lost == {"no abstract": 1}


def test_pubtator_gives_the_abstract_that_the_article_lacks(tmp_path: Path) -> None:
    articles = [article("90000001", "A title.", None)]
    (text,), lost = read(tmp_path, articles, [record("90000001", "A title.", "Theirs.")])
    assert text.text == "A title. Theirs."
    assert lost == {}


def test_each_article_once(tmp_path: Path) -> None:
    articles = [article("90000001", "A title.", "First."), article("90000001", "A title.", "Second.")]
    texts, lost = read(tmp_path, articles, [])
    assert [text.text for text in texts] == ["A title. First."]
    assert lost == {"PMID seen before": 1}


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    source = Source(CORPUS, "native", tmp_path, Ledger())
    with pytest.raises(MissingInput):
        list(article_texts(source, "train", tmp_path / "absent", {}))
