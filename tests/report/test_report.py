"""The page as a file: safe, deterministic, whole for any set, and one line for every fault."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from report_sets import HOSTILE, repeat, row, span, strange_rows, tokenizer_folder, write_set

import harmonize
from harmonize.errors import HarmonizeError, UnionError
from harmonize.pipelines.report import report
from harmonize.report.report import write_report
from harmonize.report.spans import ELLIPSIS


def page(folder: Path, **options: Any) -> tuple[str, Any]:
    """The report's text, and its tree."""
    out = folder / "report.html"
    write_report(folder, out, **options)
    text = out.read_text(encoding="utf-8")
    return text, html.fromstring(text)


def records(tree: Any) -> list[dict[str, Any]]:
    (data,) = tree.xpath("//script[@type='application/json']")
    found: list[dict[str, Any]] = json.loads(data.text)
    return found


def words(node: Any) -> str:
    return " ".join(node.text_content().split())


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repeats = [
        repeat(("made", "train", HOSTILE), ("made", "test", "1"), like=0.71),
        repeat(("made", "train", "1"), ("other", "dev", "1"), pmid=True, text=True),
    ]
    folder = tmp_path_factory.mktemp("strange") / "set"
    return write_set(folder, strange_rows(), repeats=repeats, home="javascript:alert(1)", source=HOSTILE)


def test_equal_sets_give_equal_bytes(sample_union: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report(sample_union, tmp_path / name, tokenizer=str(tokenizer_folder(tmp_path / "tiny")))
    content = (tmp_path / "a.html").read_bytes()
    assert content == (tmp_path / "b.html").read_bytes()
    assert str(tmp_path).encode() not in content
    assert str(sample_union).encode() not in content
    write_report(sample_union, tmp_path / "b.html", seed=1)
    assert content != (tmp_path / "b.html").read_bytes()


def test_nothing_on_the_page_is_loaded_from_elsewhere(strange: Path) -> None:
    text, tree = page(strange)
    assert not tree.xpath(
        "//@src | //@srcset | //@action | //@background | //iframe | //object | //embed | //base"
    )
    assert tree.xpath("//link/@href") == ["data:,"]
    assert not re.search(r"url\(|@import", text)
    assert {
        address.partition(":")[0] for address in tree.xpath("//a/@href") if not address.startswith("#")
    } == {"https"}


def test_only_the_page_s_own_script_may_run(strange: Path) -> None:
    _, tree = page(strange)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (script,) = tree.xpath("//script[not(@type)]")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_names_with_markup_stay_text(strange: Path) -> None:
    text, tree = page(strange)
    assert len(tree.xpath("//script")) == 2
    assert not tree.xpath("//b")
    assert "<script>alert" not in text
    assert "\u2028" not in tree.xpath("//script[@type='application/json']")[0].text
    hostile = next(article for article in tree.xpath("//article") if "before" in article.text_content())
    assert hostile.xpath("string(.//*[@class='context'])") == f"before {HOSTILE} after the <gene> & end"
    assert HOSTILE in tree.xpath("//select[@name='relation']/option/@value")
    number = tree.xpath("//article").index(hostile)
    assert records(tree)[number]["relation"] == HOSTILE
    assert HOSTILE in records(tree)[number]["words"]


def test_the_marks_of_each_example_are_its_spans(strange: Path) -> None:
    _, tree = page(strange)
    found = records(tree)
    assert len(found) == len(tree.xpath("//article")) == 8
    for article, record in zip(tree.xpath("//article"), found, strict=True):
        (context,) = article.xpath(".//*[@class='context']")
        for side in ("head", "tail"):
            covered, position = set(), len(context.text or "")
            for mark in context.xpath("./mark"):
                if side in mark.get("class").split():
                    covered |= {*range(position, position + len(mark.text))}
                position += len(mark.text) + len(mark.tail or "")
            assert covered == {place for start, end in record[side] for place in range(start, end)}


def test_each_mark_ends_in_its_side_and_the_first_names_the_type(strange: Path) -> None:
    _, tree = page(strange)
    article = next(a for a in tree.xpath("//article") if "oral" in a.text_content())
    assert article.xpath(".//p/mark/@data-label") == ["H ChemicalEntity", "H", "T GeneOrGeneProduct"]
    crossing = next(a for a in tree.xpath("//article") if "None-Made" in a.text_content())
    assert [(mark.text, mark.get("class")) for mark in crossing.xpath(".//p/mark")] == [
        ("alpha ", "head"),
        ("beta", "head tail"),
        (" gamma", "tail"),
    ]


def test_an_example_says_where_it_comes_from_and_what_it_leaks_into(strange: Path) -> None:
    _, tree = page(strange)
    article = next(a for a in tree.xpath("//article") if "NF-κB" in a.text_content())
    facts = dict(zip(map(words, article.xpath(".//dt")), map(words, article.xpath(".//dd")), strict=True))
    assert facts["in the source"] == "not annotated"
    assert facts["document"].startswith("D" * 300 + ", sentence at 0–")
    assert facts["leaks into"] == "made/test, other/dev"
    assert facts["licence"] == "none stated; copies only if the authors agree"
    assert facts["tail"].endswith("T1 GeneOrGeneProduct in the source gene")


def test_near_duplicates_are_listed_by_id(strange: Path) -> None:
    _, tree = page(strange)
    (table,) = tree.xpath("//table[caption[@id='near-caption']]")
    assert [cell.text_content() for cell in table.xpath(".//td")] == [
        f"made/train {HOSTILE}",
        "made/test 1",
        "0.71",
    ]


def test_a_quotation_is_all_that_the_page_has_of_a_long_context(tmp_path: Path) -> None:
    text = (
        "The secret start. "
        + "Filler of no interest. " * 40
        + "Aspirin blocks COX-2 here. "
        + "The secret end. " * 9
    )
    folder = write_set(tmp_path / "set", [row(text, [span(text, "Aspirin")], [span(text, "COX-2")])])
    whole, _ = page(folder)
    assert "secret start" in whole
    quoted, tree = page(folder, quote=60)
    assert "secret start" not in quoted
    (context,) = tree.xpath("//*[@class='context']")
    assert len(context.text_content().replace(ELLIPSIS, "").strip()) <= 60
    assert [mark.text for mark in context.xpath("mark")] == ["Aspirin", "COX-2"]
    assert "at most 60 characters" in words(tree.xpath("//section[@id='instances-section']/p")[0])


def test_a_set_of_one_corpus(sample_union: Path, tmp_path: Path) -> None:
    rows = harmonize.load_union(sample_union, corpora=["hprd50"]).to_pylist()
    _, tree = page(write_set(tmp_path / "set", rows))
    assert words(tree.find(".//h1")) == f"{len(rows)} instances of 1 biomedical relation corpus"
    assert len(tree.xpath("//figure")) == 1
    assert "No two documents of the set repeat each other." in tree.text_content()


def test_a_corpus_without_negatives_says_so(sample_union: Path, tmp_path: Path) -> None:
    write_report(sample_union, tmp_path / "report.html")
    tree = html.fromstring((tmp_path / "report.html").read_text(encoding="utf-8"))
    lines = tree.xpath("//table[caption[@id='positives-caption']]/tbody/tr")
    said = {words(line[0]): words(line[-1]) for line in lines}
    assert (said["biored train"], said["ddi test"], said["emu train"]) == ("None", "None-DDI", "left out")


def test_a_corpus_without_rows_is_in_the_tables(tmp_path: Path) -> None:
    _, tree = page(
        write_set(tmp_path / "set", strange_rows()[:2], empty=[("void", "train"), ("made", "dev")])
    )
    (table,) = tree.xpath("//table[caption[@id='positives-caption']]")
    lines = [[words(cell) for cell in line.xpath("th|td")] for line in table.xpath("tbody/tr")]
    assert ["void train", "0", "0", "–", "", "–"] in lines
    assert ["made dev", "0", "0", "–", "", "–"] in lines
    assert [words(caption) for caption in tree.xpath("//figcaption")] == ["made 2 contexts"]


def test_a_set_without_rows_is_a_page_as_well(tmp_path: Path) -> None:
    _, tree = page(write_set(tmp_path / "set", [], empty=[("void", "train")]))
    assert words(tree.find(".//h1")).startswith("0 instances of")
    assert not tree.xpath("//article")
    assert not tree.xpath("//form")


def test_a_sample_of_none_shows_none(strange: Path) -> None:
    _, tree = page(strange, sample=0)
    assert not tree.xpath("//article")
    assert records(tree) == []


def test_a_huge_text_is_shown_and_measured(tmp_path: Path) -> None:
    text = "gene and " + "word " * 200_000 + "drug"
    folder = write_set(tmp_path / "set", [row(text, [span(text, "gene")], [span(text, "drug")])])
    content, tree = page(folder, quote=200)
    assert len(content) < 100_000
    assert "200,003" in words(tree.xpath("//section[@id='lengths']")[0])
    assert (
        words(tree.xpath("//*[@class='context']")[0])
        == f"gene and {'word ' * 18}{ELLIPSIS} {'word ' * 19}drug"
    )


def test_words_are_said_to_be_words(strange: Path, tmp_path: Path) -> None:
    _, tree = page(strange)
    (section,) = tree.xpath("//section[@id='lengths']")
    assert "no tokenizer was given" in words(section)
    assert "above 512" not in words(section)
    assert not section.xpath(".//*[@class='limit']")
    _, tree = page(strange, tokenizer=str(tokenizer_folder(tmp_path / "tiny")))
    (section,) = tree.xpath("//section[@id='lengths']")
    assert "no tokenizer was given" not in words(section)
    assert words(section).count("above 512") == len(section.xpath(".//*[@class='limit']")) == 2


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "–"),
        (0, 5, "0.0 %"),
        (1, 3, "33.3 %"),
        (1, 10_000, "<0.1 %"),
        (9_999, 10_000, ">99.9 %"),
        (7, 7, "100.0 %"),
    ],
)
def test_shares_never_round_something_to_nothing_or_to_all(part: int, whole: int, expected: str) -> None:
    from harmonize.report.markup import percent

    assert percent(part, whole).replace("\u00a0", " ") == expected


def test_the_command_writes_into_the_set_unless_told_otherwise(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", strange_rows())
    assert report(folder, tokenizer="none") == folder / "report.html"
    out = tmp_path / "other.html"
    assert report(folder, out, tokenizer=str(tokenizer_folder(tmp_path / "tiny")), sample=3, quote=40) == out
    tree = html.fromstring(out.read_text(encoding="utf-8"))
    assert len(tree.xpath("//article")) == 3
    assert "no tokenizer was given" in (folder / "report.html").read_text(encoding="utf-8")
    assert "no tokenizer was given" not in out.read_text(encoding="utf-8")


def test_faults_are_one_line(strange: Path, tmp_path: Path) -> None:
    with pytest.raises(UnionError, match="expected a union set, found no manifest"):
        write_report(tmp_path, tmp_path / "report.html")
    for out, got in (
        (tmp_path, "expected a file, got a folder"),
        (tmp_path / "no" / "report.html", "expected a file that can be written, got: "),
    ):
        with pytest.raises(HarmonizeError, match=f"^{re.escape(str(out))}: {got}"):
            write_report(strange, out)
    with pytest.raises(HarmonizeError, match="--tokenizer none for words"):
        write_report(strange, tmp_path / "report.html", tokenizer=str(tmp_path / "none"))
    assert not (tmp_path / "report.html").exists()


def test_a_broken_set_is_a_line(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", strange_rows())
    (folder / "data/corpus=made/split=test/test.parquet").write_bytes(b"nothing")
    with pytest.raises(UnionError, match=r"test\.parquet: expected Parquet"):
        write_report(folder, tmp_path / "report.html")
    (folder / "leaks.parquet").unlink()
    with pytest.raises(UnionError, match=r"leaks\.parquet: expected a file of the union set, found none"):
        write_report(folder, tmp_path / "report.html")


def test_the_real_set_in_tokens(real_union: Path, tmp_path: Path) -> None:
    write_report(real_union, tmp_path / "report.html", tokenizer=str(tokenizer_folder(tmp_path / "tiny")))
    assert (tmp_path / "report.html").stat().st_size < 1_500_000
    tree = html.fromstring((tmp_path / "report.html").read_text(encoding="utf-8"))
    rows = harmonize.load_union(real_union, columns=["corpus", "split", "relation", "text"]).to_pandas()
    assert words(tree.find(".//h1")) == f"{len(rows):,} instances of 9 biomedical relation corpora"
    distinct = rows.groupby("corpus", observed=True).text.nunique()
    assert {words(caption) for caption in tree.xpath("//figcaption")} == {
        f"{corpus} {number:,} contexts" for corpus, number in distinct.items()
    }
    shown = {(record["corpus"], record["split"], record["relation"]) for record in records(tree)}
    assert shown == set(rows[["corpus", "split", "relation"]].itertuples(index=False, name=None))
    assert len(records(tree)) == 200
