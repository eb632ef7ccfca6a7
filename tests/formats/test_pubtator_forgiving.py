"""PubTator text as people have it: what is read, what it costs, and where a file was cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import MalformedInput
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.pubtator_forgiving import (
    ELSEWHERE,
    NO_MENTION,
    Columns,
    read_article,
)
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord

TEXT = ["8001|t|Ombrel soothes colic", "8001|a|In rats ombrel raised IL-1β and TRPV1."]
MENTIONS = [
    "8001\t0\t6\tOmbrel\tChemical\tD800001",
    "8001\t15\t20\tcolic\tDisease\tD003085",
    "8001\t43\t48\tIL-1β\tGene\t3553",
]


def read(*lines: str) -> tuple[PubTatorRecord, list[tuple[str, str, int]]]:
    left_out: list[tuple[str, str, int]] = []

    def misfit(article: str, mention: PubTatorMention, reason: str) -> None:
        assert article == "8001"
        left_out.append((reason, mention.type, mention.line))

    return read_article("a.txt", enumerate(lines, 1), misfit), left_out


SOUND, _ = read(*TEXT, *MENTIONS)


def test_a_sound_article_loses_nothing() -> None:
    record, left_out = read(*TEXT, *MENTIONS, "8001\tAssociation\tD800001\tD003085")
    assert (record.text, left_out) == ("Ombrel soothes colic In rats ombrel raised IL-1β and TRPV1.", [])
    assert [mention.text for mention in record.mentions] == ["Ombrel", "colic", "IL-1β"]
    assert all(record.text[m.start : m.end] == m.text for m in record.mentions)


@pytest.mark.parametrize(
    "lines",
    [
        [TEXT[0].replace("|t|", "|title|"), TEXT[1].replace("|a|", "|abstract|"), *MENTIONS],
        [f"  {line}" for line in (*TEXT, *MENTIONS)],
        [*TEXT, *(line.replace("8001", " 8001 ").replace("\tD", "\t D") for line in MENTIONS)],
        [*TEXT, *(f"{line}  " for line in MENTIONS)],
        [*TEXT, *(f"{line}\t" for line in MENTIONS)],
        [*TEXT, *(f"{line}\tsome\tmore\t\tcolumns" for line in MENTIONS)],
        [TEXT[0], *MENTIONS, TEXT[1]],
        [*TEXT, *MENTIONS, "8001\tAssociation\tD800001\tD003085\t0.93\tyes", "8001\tBind\ta\tb\t\t"],
        [*TEXT, *(line.replace("\tIL-1β", "\tIL-1b").replace("\tcolic", "\tCOLIC") for line in MENTIONS)],
        [*TEXT, *(line.replace("\tDisease", "\t Disease ") for line in MENTIONS)],
    ],
)
def test_what_people_write_otherwise_is_read_as_the_same(lines: list[str]) -> None:
    record, left_out = read(*lines)
    assert ((record.id, record.text, left_out)) == (SOUND.id, SOUND.text, [])
    assert [(m.start, m.end, m.text, m.type) for m in record.mentions] == [
        (m.start, m.end, m.text, m.type) for m in SOUND.mentions
    ]
    assert [(m.id or "").strip() for m in record.mentions] == [m.id for m in SOUND.mentions]


ODD = {
    "8001\t0\t6": (NO_MENTION, ""),
    "8001\t0\t6\tOmbrel": (NO_TYPE, ""),
    "8001\t0\t6\tOmbrel\t": (NO_TYPE, ""),
    "8001\t0\tsix\tOmbrel\tDrug\tD1": (NO_PLACE, "Drug"),
    "8001\t-1\t6\tOmbrel\tDrug\tD1": (NO_PLACE, "Drug"),
    "8001\t0.0\t6.0\tOmbrel\tDrug\tD1": (NO_PLACE, "Drug"),
    "8001\t0\t99999999999\tOmbrel\tDrug\tD1": (NO_PLACE, "Drug"),
    "8001\t1\t7\tOmbrel\tDrug\tD1": (UNSPELLED, "Drug"),
    "8001\t6\t0\tOmbrel\tDrug\tD1": (UNSPELLED, "Drug"),
    "8001\t900\t906\tOmbrel\tDrug\tD1": (BEYOND, "Drug"),
    "8001 0 6 Ombrel Drug D1": (NO_MENTION, ""),
    "8001\tno relation": (NO_MENTION, ""),
    "8002\t0\t6\tOmbrel\tDrug\tD1": (ELSEWHERE, "Drug"),
}


@pytest.mark.parametrize("line", ODD)
def test_an_odd_line_costs_itself(line: str) -> None:
    reason, kind = ODD[line]
    record, left_out = read(*TEXT, *MENTIONS[:1], line, *MENTIONS[1:])
    assert [m.text for m in record.mentions] == [m.text for m in SOUND.mentions]
    assert left_out == [(reason, kind, 4)]


@given(st.lists(st.tuples(st.integers(2, 5), st.sampled_from(sorted(ODD))), max_size=6))
def test_odd_lines_never_change_the_sound_ones(odd: list[tuple[int, str]]) -> None:
    lines = [*TEXT, *MENTIONS]
    for place, line in sorted(odd, reverse=True):
        lines.insert(place, line)
    record, left_out = read(*lines)
    assert [(m.start, m.text, m.type, m.id) for m in record.mentions] == [
        (m.start, m.text, m.type, m.id) for m in SOUND.mentions
    ]
    assert sorted((reason, kind) for reason, kind, _ in left_out) == sorted(ODD[line] for _, line in odd)


@pytest.mark.parametrize(
    ("title", "abstract", "start"),
    [
        ("Ombrel soothes colic", "In rats it did.", 24),
        (" Ombrel soothes colic", "In rats it did.", 24),
        (" Ombrel soothes colic", "In rats it did.", 25),
        ("Ombrel soothes colic ", "In rats it did.", 24),
        ("Ombrel soothes colic ", "In rats it did.", 25),
        ("Ombrel soothes colic", " In rats it did.", 24),
        ("Ombrel soothes colic", " In rats it did.", 25),
        (" Ombrel soothes colic ", " In rats it did.", 24),
        (" Ombrel soothes colic ", " In rats it did.", 27),
    ],
)
def test_blanks_around_the_text_count_or_not_as_the_mentions_say(
    title: str, abstract: str, start: int
) -> None:
    mention = f"8001\t{start}\t{start + 4}\trats\tSpecies\t10116"
    record, left_out = read(f"8001|t|{title}", f"8001|a|{abstract}", mention)
    assert (record.text[start : start + 4], len(record.mentions), left_out) == ("rats", 1, [])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "expected a title line"),
        (MENTIONS, "a.txt:1: expected a title line"),
        ([TEXT[1]], r"a.txt:1: expected a title line 8001\|t\|"),
        ([*TEXT, TEXT[1]], "a.txt:3: expected one title and one abstract"),
        ([*TEXT, TEXT[0]], "a.txt:3: expected one title and one abstract"),
        ([TEXT[0], "8002|a|Else."], r"a.txt:2: expected a title line 8002\|t\|"),
        ([*TEXT, "the rest of an abstract"], "a.txt:3: expected a text line"),
        ([*TEXT, "80011 rats more"], "a.txt:3: expected a text line"),
    ],
)
def test_text_of_no_place_costs_the_article(lines: list[str], message: str) -> None:
    with pytest.raises(MalformedInput, match=message):
        read(*lines)


def test_an_article_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harmonize.formats.pubtator_forgiving.MOST_ANNOTATIONS", 2)
    with pytest.raises(MalformedInput, match=r"a\.txt:5: expected at most 2 annotations"):
        read(*TEXT, *MENTIONS)


# The last line


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("8001|t|Ombrel soothes colic", False),
        ("8001|t|Ombrel soothes colic.", True),
        ("8001|a|In rats it did not. ", True),
        ('8001|a|They called it "soothing."', True),
        ("8001|a|In ra", False),
        ("8001", False),
        ("8001\t0\t6\tOmbrel", False),
        ("8001\t0\t6\tOmbrel\tChemical", False),
        ("8001\t0\t6\tOmbrel\tChemical\t", False),
        ("8001\t0\t6\tOmbrel\tChemical\tD8", True),
        ("8001\tAssociation\tD1", False),
        ("8001\tAssociation\tD1\tD2", True),
    ],
)
def test_a_last_line_is_whole_if_it_says_what_the_others_say(line: str, whole: bool) -> None:
    columns = Columns()
    columns.see(SOUND)
    assert columns.make_whole(line) == whole


def test_a_line_without_an_id_is_whole_where_no_other_has_one() -> None:
    record, _ = read(*TEXT, "8001\t0\t6\tOmbrel\tChemical")
    columns = Columns()
    for _ in range(2):
        assert columns.make_whole("8001\t15\t20\tcolic\tDisease")
        columns.see(record)


def test_a_relation_needs_its_novelty_where_others_have_theirs() -> None:
    record, _ = read(*TEXT, "8001\tBind\tD1\tD2\tNovel")
    columns = Columns()
    columns.see(record)
    assert not columns.make_whole("8001\tBind\tD1\tD3")
    assert columns.make_whole("8001\tBind\tD1\tD3\tNo")
