"""Tables of relations, with and without names of columns."""

from __future__ import annotations

import io

import pytest

from harmonize.errors import MalformedInput
from harmonize.formats.article_forms import form_of
from harmonize.formats.relation_tsv import is_relation_table, relation_records

LINES = "7001\tBind\t501\tD1\tNovel\n7002\tBind\t502\tD2\tNo\n7001\tAssociation\t501\tD2\tNo\n"
EXPECTED = {
    "7001": [("Bind", "501", "D1", "Novel"), ("Association", "501", "D2", "No")],
    "7002": [("Bind", "502", "D2", "No")],
}


def read(content: str | bytes) -> dict[str, list[tuple[str, str, str, str | None]]]:
    data = content.encode() if isinstance(content, str) else content
    return {
        record.id: [(r.type, r.head, r.tail, r.novelty) for r in record.relations]
        for record in relation_records(io.BufferedReader(io.BytesIO(data)), "a")
    }


def test_lines_are_those_of_pubtator_and_documents_may_be_in_pieces() -> None:
    assert is_relation_table(LINES.encode())
    assert form_of(LINES.encode()) is None
    assert read(LINES) == EXPECTED
    assert read(LINES.replace("\n", "\r\n").rstrip()) == EXPECTED
    assert read("\ufeff# made by hand\n\n" + LINES) == EXPECTED


@pytest.mark.parametrize(
    "names",
    [
        "PMID\tid2\tID1\tlabel\tnovel",
        "doc_id\tentity2\tentity1\trelation\tnovelty\tscore",
        "# Document ID\tEntity 2\tEntity 1\tRelation type\tNovelty\tScore",
    ],
)
def test_columns_may_be_named_and_of_any_order(names: str) -> None:
    rows = [line.split("\t") for line in LINES.splitlines()]
    table = "\n".join("\t".join((row[0], row[3], row[2], row[1], row[4], "0.5")) for row in rows)
    assert is_relation_table(names.encode())
    assert read(f"{names}\n{table}\n") == EXPECTED


def test_text_may_stand_in_quotes() -> None:
    quoted = "\n".join("\t".join(f'"{column}"' for column in line.split("\t")) for line in LINES.splitlines())
    names = '"document"\t"type"\t"head"\t"tail"\t"novelty"\n'
    for table in (quoted + "\n", names + quoted.replace('"7001"', "7001") + "\n"):
        assert is_relation_table(table.encode())
        assert read(table) == EXPECTED


def test_type_and_novelty_may_be_missing() -> None:
    assert read("pmid\thead\ttail\n7001\t501\tD1\n") == {"7001": [("", "501", "D1", None)]}
    assert read("7001\tBind\t501\tD1\n") == {"7001": [("Bind", "501", "D1", None)]}


def test_mentions_between_are_passed_over_and_short_lines_are_relations_without_entities() -> None:
    assert read("7001\t0\t3\tAKR\tGene\t501\n7001\tBind\t501\n") == {"7001": [("Bind", "501", "", None)]}


@pytest.mark.parametrize("head", [b"", b"7001|t|A title.\n", b"a sentence\n", b"a\tb\tc\n", b"{}"])
def test_what_is_no_table(head: bytes) -> None:
    assert not is_relation_table(head)


@pytest.mark.parametrize(
    "names",
    [
        "pmid\tchemical_id\tdisease_id\trelation",
        "PMID\tChemical\tDisease\tLabel",
        "#pmid\tchemical\tdisease",
        "\ufeffid\tdrug\teffect\tkind",
        "relation\tdrug\teffect\tpmid",
    ],
)
def test_names_of_columns_that_are_not_known_are_no_relation(names: str) -> None:
    assert is_relation_table(names.encode())
    with pytest.raises(MalformedInput, match=r"^a:1: expected the names of columns .*head: head_id, .* got "):
        read(f"{names}\n7001\tD1\tD2\tBind\n")


def test_other_encodings_are_an_error() -> None:
    with pytest.raises(MalformedInput, match=r"^a:1: expected UTF-8"):
        read("7001\tBind\té\tD1\n".encode("latin-1"))
