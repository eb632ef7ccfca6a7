"""PubTator's own output, read with a handler for what its text does not spell."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.errors import MalformedInput
from harmonize.formats.misfits import BEYOND, UNSPELLED, misfit_reason
from harmonize.formats.pubtator import read, read_lines
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord

Misfits = list[tuple[str, str, int, str]]


def lenient(folder: Path, text: str) -> tuple[list[PubTatorRecord], Misfits]:
    path = folder / "input.PubTator"
    path.write_text(text, encoding="utf-8", newline="\n")
    misfits: Misfits = []

    def seen(article: str, mention: PubTatorMention, reason: str) -> None:
        misfits.append((article, mention.text, mention.start, reason))

    return list(read(path, misfit=seen)), misfits


def spelled(record: PubTatorRecord) -> list[str]:
    names = [record.text[mention.start : mention.end] for mention in record.mentions]
    assert names == [mention.text for mention in record.mentions]
    return names


FULL_TEXT = (
    "90000001|t|Insulin in mice.\n"
    "90000001|a|Insulin helped mice.\n"
    "90000001\t0\t7\tInsulin\tGene\t3630\n"
    "90000001\t9017\t9024\tinsulin\tGene\t3630\n"
    "90000001\t32\t36\tmice\tSpecies\t10090\n"
    "90000001\t34\t38\trats\tSpecies\t10116\n"
    "90000001\t17\t24\tINSULIN\tGene\t3630\n\n"
)


def test_mentions_of_a_full_text_go_to_the_handler(tmp_path: Path) -> None:
    (record,), misfits = lenient(tmp_path, FULL_TEXT)
    assert spelled(record) == ["Insulin", "mice"]
    assert misfits == [
        ("90000001", "insulin", 9017, BEYOND),
        ("90000001", "rats", 34, BEYOND),
        ("90000001", "INSULIN", 17, UNSPELLED),
    ]


def test_without_a_handler_they_are_errors(tmp_path: Path) -> None:
    lenient(tmp_path, FULL_TEXT)
    with pytest.raises(MalformedInput, match=":4: expected 'insulin' at 9017-9024 of document 90000001"):
        list(read(tmp_path / "input.PubTator"))


def test_a_blank_that_ends_the_title_may_be_the_one_before_the_abstract(tmp_path: Path) -> None:
    (record,), misfits = lenient(
        tmp_path,
        "90000001|t|Insulin in mice. \n90000001|a|Insulin helped mice.\n"
        "90000001\t0\t7\tInsulin\tGene\t3630\n90000001\t17\t24\tInsulin\tGene\t3630\n\n",
    )
    assert (record.title, spelled(record), misfits) == ("Insulin in mice.", ["Insulin", "Insulin"], [])


def test_a_blank_that_ends_the_title_may_belong_to_it(tmp_path: Path) -> None:
    (record,), misfits = lenient(
        tmp_path,
        "90000001|t|Insulin in mice. \n90000001|a|Insulin helped mice.\n"
        "90000001\t18\t25\tInsulin\tGene\t3630\n\n",
    )
    assert (record.title, spelled(record), misfits) == ("Insulin in mice. ", ["Insulin"], [])


@pytest.mark.parametrize("abstract", ["90000001|a|\n", ""])
def test_a_title_alone_keeps_its_blank(tmp_path: Path, abstract: str) -> None:
    (record,), misfits = lenient(
        tmp_path, f"90000001|t|Insulin in mice. \n{abstract}90000001\t17\t24\tInsulin\tGene\t3630\n\n"
    )
    assert (record.title, record.mentions) == ("Insulin in mice. ", ())
    assert [reason for *_, reason in misfits] == [BEYOND]


def test_an_article_may_have_no_text(tmp_path: Path) -> None:
    (record,), misfits = lenient(
        tmp_path, "90000001|t|\n90000001|a|\n90000001\t0\t7\tInsulin\tGene\t3630\n\n"
    )
    assert (record.text, record.mentions) == ("", ())
    assert misfits == [("90000001", "Insulin", 0, BEYOND)]


def test_a_mention_that_ends_before_it_begins_is_a_misfit() -> None:
    mention = PubTatorMention(7, 0, "Insulin", "Gene", "3630", None, 3)
    assert misfit_reason(mention, "Insulin in mice.") == UNSPELLED


@pytest.mark.parametrize(
    ("columns", "identifier", "extra"),
    [("", None, None), ("\t3630", "3630", None), ("\t", "", None), ("\t3630\tinsulins", "3630", "insulins")],
)
def test_every_number_of_columns_is_read(
    tmp_path: Path, columns: str, identifier: str | None, extra: str | None
) -> None:
    (record,), _ = lenient(tmp_path, f"90000001|t|Insulin.\n90000001\t0\t7\tInsulin\tGene{columns}\n\n")
    assert [(m.id, m.extra) for m in record.mentions] == [(identifier, extra)]


# Some articles of a file

MANY = "".join(
    f"{pmid}|t|Insulin {pmid}.\n{pmid}|a|None.\n{pmid}\t0\t7\tInsulin\tGene\t3630\n{end}"
    for pmid, end in [("90000001", "\n"), ("90000002", ""), ("90000003", ""), ("90000004", "\n")]
)


@pytest.mark.parametrize(
    "wanted", [["90000001"], ["90000002"], ["90000003", "90000002"], ["90000004", "90000001"], []]
)
def test_only_wanted_articles_are_read(wanted: list[str]) -> None:
    lines = list(enumerate(MANY.removesuffix("\n").split("\n"), 1))
    records = list(read_lines("many", lines, ids=set(wanted)))
    assert records == [record for record in read_lines("many", lines) if record.id in wanted]
    assert [record.id for record in records] == sorted(wanted)


def test_what_is_wrong_with_others_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "input.PubTator"
    path.write_text(MANY.replace("90000003\t0\t7", "90000003\t0\tseven"), encoding="utf-8")
    assert [record.id for record in read(path, ids={"90000002", "90000004"})] == ["90000002", "90000004"]
    with pytest.raises(MalformedInput, match="expected two offsets"):
        list(read(path, ids={"90000003"}))


def test_a_line_of_another_article_inside_a_wanted_one_is_an_error() -> None:
    lines = enumerate(["90000001|t|Insulin.", "90000002\t0\t7\tInsulin\tGene\t3630", ""], 1)
    with pytest.raises(MalformedInput, match="in hand:2: expected a line of document 90000001"):
        list(read_lines("in hand", lines, ids={"90000001"}))


def test_no_lines_are_one_error() -> None:
    with pytest.raises(MalformedInput, match="in hand:1: expected at least one document"):
        list(read_lines("in hand", []))
