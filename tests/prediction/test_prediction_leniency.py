"""What people have: odd mentions and documents, dialects, cut files; each costs no more than itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prediction_cases import written

from harmonize.errors import MalformedInput
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.pubtator_forgiving import ELSEWHERE, NO_MENTION
from harmonize.model import Document
from harmonize.prediction.inputs import MALFORMED, UNKNOWN_TYPE, read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.tally import OTHER_TYPES, LeftOut, Tally

RULES = pair_rules()
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what is passed over
SOUND = """\
8001|t|Ombrel soothes colic
8001|a|In rats ombrel raised IL-1β and TRPV1.
8001\t0\t6\tOmbrel\tChemical\tD800001
8001\t15\t20\tcolic\tDisease\tD003085
8001\t43\t48\tIL-1β\tGene\t3553
8001\t53\t58\tTRPV1\tGene\t7442

"""
LINES = SOUND.splitlines()
Told = tuple[int, int, str, str, tuple[str, ...]]


def told(document: Document) -> list[Told]:
    return [
        (*mention.extent, mention.text, mention.type, mention.concept_ids) for mention in document.mentions
    ]


def read(folder: Path, text: str, **options: bool) -> tuple[list[Document], Tally]:
    tally = Tally()
    path = written(folder, text, "input.pubtator")
    documents = list(read_input(path, rules=RULES, tally=tally, **options))
    assert tally.documents == len(documents) + tally.skipped.total()
    assert tally.mentions == sum(len(d.mentions) for d in documents) + tally.left_out.total()
    return documents, tally


@pytest.fixture
def sound(tmp_path: Path) -> list[Told]:
    (document,), tally = read(tmp_path, SOUND)
    assert (tally.skipped, tally.left_out, len(document.mentions)) == ({}, {}, 4)
    return told(document)


# The kinds of files that users have


@pytest.mark.parametrize(
    "text",
    [
        SOUND.rstrip("\n"),
        SOUND.replace("|t|", "|title|").replace("|a|", "|abstract|"),
        "\n \n" + SOUND.replace("8001\t15", "  8001\t15"),
        SOUND.replace("8001\t0", "\n8001\t0"),
        SOUND.replace("\n", "\r\n"),
        "\ufeff" + SOUND,
        "\ufeff" + SOUND.replace("8001\t0", "\n8001\t0"),
        "\ufeff\n" + SOUND,
        SOUND.replace(
            "\n\n", "\n8001\tAssociation\tD800001\tD003085\t0.87\tyes\n8001\tBind\t3553\t7442\t\t\n"
        ),
        SOUND.replace("\tIL-1β", "\tIL-1b").replace("\tcolic", "\tColic"),
        SOUND.replace("\tIL-1β", "\tIL-1beta"),
        SOUND.replace("\tD800001", "\tD800001\t\t"),
    ],
    ids=[
        *("no_final_newline", "word_tags", "blanks_around", "blank_inside", "carriage_returns"),
        *(
            "byte_order_mark",
            "mark_and_blank_inside",
            "mark_alone_in_its_line",
            "wide_relations",
            "normalised_text",
            "greek_spelled_out",
            "empty_columns",
        ),
    ],
)
def test_dialects_are_read_as_the_plain_file(tmp_path: Path, sound: list[Told], text: str) -> None:
    (document,), tally = read(tmp_path, text)
    assert (told(document), tally.skipped, tally.left_out) == (sound, {}, {})


def test_an_unknown_type_costs_its_mention(tmp_path: Path, sound: list[Told]) -> None:
    odd = "8001\t24\t28\trats\tLabAnimal\t-\n8001\t24\t28\trats\tLabAnimal\t-\n"
    (document,), tally = read(tmp_path, SOUND.replace("8001\t0", odd + "8001\t0"))
    assert (told(document), tally.left_out) == (sound, {(UNKNOWN_TYPE, "LabAnimal"): 2})


def test_a_name_that_is_not_in_the_text_costs_its_mention(tmp_path: Path, sound: list[Told]) -> None:
    (document,), tally = read(tmp_path, SOUND.replace("\tTRPV1\t", "\tcapsaicin receptor\t"))
    assert (told(document), tally.left_out) == (sound[:3], {(UNSPELLED, "Gene"): 1})


def test_strict_reading_stops_at_the_first(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match=r"input\.pubtator:3: .* got 'Pill'"):
        read(tmp_path, SOUND.replace("Chemical", "Pill"), strict=True)
    with pytest.raises(MalformedInput, match=r"input\.pubtator:5: .* the text reads otherwise"):
        read(tmp_path, SOUND.replace("\tIL-1β", "\tIL-1b"), strict=True)
    (document,), _ = read(tmp_path, SOUND, strict=True)
    assert len(document.mentions) == 4


def test_an_id_that_comes_again_is_counted_and_told_apart(tmp_path: Path) -> None:
    documents, tally = read(tmp_path, SOUND + SOUND.replace("8001", "8002") + SOUND * 2)
    assert [(document.id, document.repeat) for document in documents] == [
        ("8001", 0),
        ("8002", 0),
        ("8001", 1),
        ("8001", 2),
    ]
    assert tally.repeated == 2


def test_joined_ids_are_split(tmp_path: Path) -> None:
    text = SOUND.replace("D003085", "D003085+D010146|D015746;D1,D2").replace(
        "3553", "3553(Tax:9606)+16176(Tax:10090)"
    )
    (document,), _ = read(tmp_path, text.replace("7442", "7442 (Tax:9606)"))
    assert [mention.concept_ids for mention in document.mentions] == [
        ("D800001",),
        ("D003085", "D010146", "D015746", "D1", "D2"),
        ("3553", "16176"),
        ("7442",),
    ]


# Ids that nobody knows

NAMELESS = """\
8001|t|Ombrel and OMBREL in colic
8001|a|Ombrel again. Colic too.
8001\t0\t6\tOmbrel\tChemical{0}
8001\t11\t17\tOMBREL\tDrug{0}
8001\t21\t26\tcolic\tDisease{0}
8001\t27\t33\tOmbrel\tGene{0}
8001\t41\t46\tColic\tDisease{0}

"""


@pytest.mark.parametrize("column", ["", "\t", "\t-", "\t-1", "\tNone"])
def test_without_ids_mentions_that_read_alike_are_one_entity(tmp_path: Path, column: str) -> None:
    (document,), tally = read(tmp_path, NAMELESS.format(column))
    assert [mention.concept_ids for mention in document.mentions] == [
        ("T0",),
        ("T0",),
        ("T2",),
        ("T3",),
        ("T2",),
    ]
    assert len(RULES.candidates(document).instances) == 3  # the chemical, the disease and the gene
    assert (tally.nameable, tally.named, tally.files_without_ids) == (5, 0, 1)
    assert tally.first_without_ids == str(tmp_path / "input.pubtator")


def test_a_mention_without_id_is_what_one_with_an_id_is_that_reads_alike(tmp_path: Path) -> None:
    text = NAMELESS.format("").replace("OMBREL\tDrug", "OMBREL\tDrug\tD800001")
    (document,), tally = read(tmp_path, text)
    assert [mention.concept_ids for mention in document.mentions] == [
        ("D800001",),
        ("D800001",),
        ("T2",),
        ("T3",),
        ("T2",),
    ]
    assert (tally.named, tally.files_without_ids) == (1, 0)


def test_an_id_that_says_unknown_names_nothing_where_others_are_known(tmp_path: Path) -> None:
    text = NAMELESS.format("\t-").replace("OMBREL\tDrug\t-", "OMBREL\tDrug\tD800001")
    (document,), _ = read(tmp_path, text)
    assert [mention.concept_ids for mention in document.mentions] == [(), ("D800001",), (), (), ()]


def test_ids_of_types_in_no_pair_name_no_entity(tmp_path: Path) -> None:
    species = "8001\t27\t33\tOmbrel\tSpecies\t10116\n"
    (document,), tally = read(tmp_path, NAMELESS.format("\t-").replace("8001\t41", species + "8001\t41"))
    assert document.mentions[0].concept_ids == ("T0",)
    assert tally.files_without_ids == 1


def test_a_file_without_a_mention_in_a_pair_is_no_file_without_ids(tmp_path: Path) -> None:
    _, tally = read(tmp_path, "8001|t|Rats\n8001\t0\t4\tRats\tSpecies\t-\n\n8002|t|Mice\n\n")
    assert (tally.nameable, tally.files_without_ids) == (0, 0)


# Odd lines in sound files

ODD: dict[str, LeftOut] = {
    "{}\t0\t6": LeftOut(NO_MENTION, ""),
    "{}\t0\t6\tOmbrel": LeftOut(NO_TYPE, ""),
    "{}\t0\tsix\tOmbrel\tDrug\tD1": LeftOut(NO_PLACE, "Drug"),
    "{}\t3\t9\tOmbrel\tDrug\tD1": LeftOut(UNSPELLED, "Drug"),
    "{}\t500\t506\tOmbrel\tDrug\tD1": LeftOut(BEYOND, "Drug"),
    "{}\t0\t6\tOmbrel\tPill\tD1": LeftOut(UNKNOWN_TYPE, "Pill"),
    "{} 0 6 Ombrel Drug D1": LeftOut(NO_MENTION, ""),
    "x{}\t0\t6\tOmbrel\tDrug\tD1": LeftOut(ELSEWHERE, "Drug"),
}
ODD_DOCUMENTS = [
    "{}|a|No title.\n\n",
    "{0}|t|A\n{0}|a|B\n{0}|a|C\n\n",
    "nothing\n\n",
    "{0}\t0\t6\tx\tGene\t1\n\n",
]
brief = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@brief
@given(
    st.lists(
        st.lists(st.tuples(st.integers(2, 6), st.sampled_from(sorted(ODD))), max_size=4)
        | st.sampled_from(ODD_DOCUMENTS),
        min_size=1,
        max_size=6,
    )
)
def test_oddities_never_change_what_is_sound(
    tmp_path: Path, sound: list[Told], plan: list[list[tuple[int, str]] | str]
) -> None:
    text, odd, lost = "", list[LeftOut](), 0
    for number, oddities in enumerate(plan, 9001):
        if isinstance(oddities, str):
            text += oddities.format(number)
            lost += 1
            continue
        lines = [line.replace("8001", str(number)) for line in LINES[:-1]]
        for place, line in sorted(oddities, reverse=True):
            lines.insert(place, line.format(number))
            odd.append(ODD[line])
        text += "\n".join(lines) + "\n\n"
    documents, tally = read(tmp_path, text)
    assert all(told(document) == sound for document in documents)
    assert [d.id for d in documents] == [
        str(n) for n, oddities in enumerate(plan, 9001) if not isinstance(oddities, str)
    ]
    assert sorted(tally.left_out.elements()) == sorted(odd)
    assert tally.skipped == ({MALFORMED: lost} if lost else {})


def test_types_without_number_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harmonize.prediction.tally._MOST_TYPES", 3)
    tally = Tally()
    for number in range(9):
        tally.leave_out(UNKNOWN_TYPE, f"type {number % 5}")
    assert tally.left_out.total() == 9
    assert tally.left_out[LeftOut(UNKNOWN_TYPE, OTHER_TYPES)] == 3


# Cut files

TWO = (SOUND + SOUND.replace("8001", "8002")).rstrip("\n")


def ends_open(cut: str) -> bool:
    """What of a cut nobody can see: at the end of a line, inside the last id, or after a sentence."""
    last = cut[cut.rindex("\n") + 1 :]
    columns = last.split("\t")
    return not last.strip() or (len(columns) == 6 and columns[5] != "") or last.endswith("TRPV1.")


@pytest.mark.parametrize("strict", [False, True])
def test_a_cut_is_found_wherever_it_can_be_seen(tmp_path: Path, strict: bool) -> None:
    blind = 0
    for size in range(len(SOUND) + 8, len(TWO) + 1):
        cut = TWO[:size]
        if ends_open(cut):
            read(tmp_path, cut, strict=strict)
            blind += 1
        else:
            with pytest.raises(MalformedInput, match=rf":{cut.count(chr(10)) + 1}: the file is cut here"):
                read(tmp_path, cut, strict=strict)
    assert blind < 40


def test_a_cut_inside_a_character_is_found(tmp_path: Path) -> None:
    cut = SOUND.encode()[: SOUND.encode().index("β".encode()) + 1]
    with pytest.raises(MalformedInput, match=r"input\.pubtator:2: the file is cut here"):
        list(read_input(written(tmp_path, cut, "input.pubtator"), rules=RULES))


def test_a_cut_is_found_in_an_article_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match=r"input\.pubtator:3: the file is cut here"):
        read(tmp_path, "8001|t|A\nwho knows where this belongs\n8001\t0\t1")


# The files that public tools and corpora give


def test_every_public_file_is_read(mirror: Path) -> None:
    wild = mirror.parent / "wild"
    if not wild.is_dir():
        pytest.skip(f"{wild} is not there: the public files are needed here")
    for path in sorted(wild.iterdir()):
        tally = Tally()
        read_to_end = sum(1 for _ in read_input(path, rules=RULES, tally=tally))
        assert read_to_end >= 0.99 * tally.documents > 0, f"{path.name}: {tally.skipped}"
        assert tally.left_out.total() <= 0.01 * tally.mentions, f"{path.name}: {tally.left_out}"
