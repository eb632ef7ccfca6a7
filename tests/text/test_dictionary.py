"""Dictionary match: each rule by example and counter-example, and what holds of any text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harmonize.text.dictionary import Dictionary, Match, Name, is_symbol

thorough = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def found(name: str, text: str, *, chemical: bool = False) -> list[str]:
    """What a text says where it names an entity of one name."""
    matches = Dictionary([Name("X", "Gene", name, chemical)]).find(text, {"X"})
    return [match.span.of(text) for match in matches]


def found_of(text: str, **names: str | Sequence[str]) -> list[tuple[str, str]]:
    """(what the text says, entity) for entities with one or several names each."""
    listed = {entity: [forms] if isinstance(forms, str) else forms for entity, forms in names.items()}
    dictionary = Dictionary(Name(entity, "Gene", name) for entity, forms in listed.items() for name in forms)
    return [(match.span.of(text), match.entity) for match in dictionary.find(text, set(names))]


# The case of symbols


@pytest.mark.parametrize("name", ["CAT", "TNF", "mTOR", "AhR", "IL-2", "F5", "H2", "MAX", "eNOS", "5-FU"])
def test_a_symbol_is_one_word_with_a_late_capital_or_with_digits_and_few_letters(name: str) -> None:
    assert is_symbol(name)


@pytest.mark.parametrize(
    "name", ["warfarin", "Cat", "GPX1", "Gpx1", "CYP2C9", "TNF alpha", "TNF-alpha", "Tegretol"]
)
def test_other_names_are_no_symbols(name: str) -> None:
    assert not is_symbol(name)


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        ("CAT", "CAT", "cat"),
        ("CAT", "CAT", "Cat"),
        ("MAX", "MAX", "max"),
        ("SET", "SET", "set"),
        ("F5", "F5", "f5"),
        ("IL-2", "IL-2", "il-2"),
        ("eNOS", "eNOS", "ENOS"),
        ("mTOR", "mTOR", "MTOR"),
    ],
)
def test_a_symbol_is_matched_in_its_own_case(name: str, same: str, other: str) -> None:
    assert found(name, f"the {same} here") == [same]
    assert found(name, f"the {other} here") == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("GPX1", "Gpx1"),
        ("Gpx1", "gpx1"),
        ("CYP2C9", "cyp2c9"),
        ("warfarin", "Warfarin"),
        ("Tegretol", "TEGRETOL"),
        ("Cat", "cat"),
        ("TNF-alpha", "Tnf-Alpha"),
    ],
)
def test_any_other_name_is_matched_in_any_case(name: str, other: str) -> None:
    assert found(name, f"the {name} and {other}") == [name, other]


# Words and what stands between them


@pytest.mark.parametrize("name", ["CYP-2C9", "CYP 2C9", "CYP2C9", "CYP2-C9", "CYP2C-9"])
def test_between_words_stands_a_hyphen_a_blank_or_nothing(name: str) -> None:
    text = "of CYP-2C9, CYP 2C9, CYP2C9, CYP2C-9."
    assert found(name, text) == ["CYP-2C9", "CYP 2C9", "CYP2C9", "CYP2C-9"]


@pytest.mark.parametrize("hyphen", "-‐‑‒–−")
def test_any_hyphen_is_a_hyphen(hyphen: str) -> None:
    assert found("IL-6", f"of IL{hyphen}6 here") == [f"IL{hyphen}6"]


@pytest.mark.parametrize("between", ["  ", "--", " - ", "/", ".", ",", ", ", "*", "_", ":", ")", "—"])
def test_nothing_else_stands_between_words(between: str) -> None:
    assert found("CYP-2C9", f"of CYP{between}2C9 here") == []


def test_words_are_runs_of_letters_or_of_digits_and_not_parts_of_them() -> None:
    assert found("angiotensin converting enzyme", "an angiotensin-converting enzyme") == [
        "angiotensin-converting enzyme"
    ]
    assert found("angiotensin converting enzyme", "an angiotensinconverting enzyme") == []
    assert found("rs123", "of rs1234, rs12 and rs0123") == []


@pytest.mark.parametrize(
    ("name", "same", "others"),
    [
        (
            "HLA-B*57:01",
            ["HLA-B*57:01", "HLA B*57:01", "HLA–B*57:01"],
            ["HLA-B5701", "HLA-B*5701", "HLA-B*57-01"],
        ),
        ("CYP2C9*3", ["CYP2C9*3", "CYP 2C9*3"], ["CYP2C93", "CYP2C9-3", "CYP2C9 *3", "CYP2C9:3"]),
        ("NAD(P)H", ["NAD(P)H"], ["NADPH", "NAD P H", "NAD-P-H", "NAD(P) H", "nad(p)h"]),
        ("Fc (gamma) RIIa", ["Fc (gamma) RIIa", "Fc (γ) RIIa"], ["Fc gamma RIIa", "Fc(gamma)RIIa"]),
        ("c.35delG", ["c.35delG"], ["c35delG", "c 35delG"]),
        ("St. John's wort", ["St. John's wort", "ST. JOHN'S WORTS"], ["St John's wort", "St. Johns wort"]),
    ],
)
def test_any_other_gap_is_literal(name: str, same: list[str], others: list[str]) -> None:
    for text in same:
        assert found(name, f"of {text}, again") == [text]
    for text in others:
        assert found(name, f"of {text}, again") == []


def test_brackets_around_a_name_are_no_part_of_it() -> None:
    assert found("CAT", "catalase (CAT), [CAT] and 'CAT'") == ["CAT", "CAT", "CAT"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("(S)-methadone", "of (S)-methadone", "(S)-methadone"),
        ("glycoprotein (MUP)", "of glycoprotein (MUP).", "glycoprotein (MUP)"),
        ("glycoprotein (MUP)", "of glycoprotein (MUP]", "glycoprotein (MUP"),
        ("glycoprotein [MUP]", "of [glycoprotein [MUP]]", "glycoprotein [MUP]"),
    ],
)
def test_a_bracket_at_the_edge_of_a_name_is_part_of_it(name: str, text: str, words: str) -> None:
    assert found(name, text) == [words]


def test_a_bracket_is_part_of_a_match_only_at_a_border_of_tokens() -> None:
    assert found("(S)-methadone", "of x(S)-methadone") in ([], ["S)-methadone"])


def test_a_line_end_is_no_blank() -> None:
    assert found("CYP 2C9", "of CYP\n2C9") == []


# Greek letters


@pytest.mark.parametrize("name", ["TNF-alpha", "TNF-α", "TNFα", "TNF alpha"])
def test_a_greek_letter_matches_its_name(name: str) -> None:
    assert found(name, "of TNF-α, TNFα and TNF-alpha") == ["TNF-α", "TNFα", "TNF-alpha"]


def test_greek_letters_match_in_either_case_and_both_signs_of_mu() -> None:
    assert found("beta-blocker", "a Β-blocker, a β blocker") == ["Β-blocker", "β blocker"]
    assert found("µ-opioid receptor", "the μ-opioid and the mu opioid receptor") == ["mu opioid receptor"]
    assert found("mu-opioid", "the μ-opioid and the µ opioid") == ["μ-opioid", "µ opioid"]


def test_a_letter_that_grows_in_lower_case_moves_nothing() -> None:
    assert found("alpha", "İİİα") == []
    assert found("alpha-1", "the İİα 1 and α1") == ["α1"]


def test_another_greek_letter_is_another_name() -> None:
    assert found("PPAR-gamma", "of PPAR-α and PPAR-delta") == []


# Plurals


@pytest.mark.parametrize(
    ("name", "text"), [("statin", "statins"), ("statins", "statin"), ("beta-blocker", "β-blockers")]
)
def test_the_last_word_stands_with_or_without_a_plural_s(name: str, text: str) -> None:
    assert found(name, f"the {text} here") == [text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CAT", "CATs"),
        ("antidepressant drug", "antidepressants drug"),
        ("abscess", "absces"),
        ("GPX1", "GPX1s"),
        ("statin", "statines"),
    ],
)
def test_no_plural_of_symbols_and_of_words_that_are_not_the_last(name: str, text: str) -> None:
    assert found(name, f"the {text} here") == []


# Borders


@pytest.mark.parametrize(
    "text", ["CATALASE", "aCAT", "CAT1", "1CAT", "CATα", "αCAT", "éCAT", "CATé", "CAT²", "WILDCAT"]
)
def test_a_match_is_whole_tokens(text: str) -> None:
    assert found("CAT", f"the {text} here") == []


@pytest.mark.parametrize(
    "text", ["CAT", "(CAT)", "CAT/SOD", "SOD-CAT", "CAT-like", "CAT's", "CAT.", "CAT+", "anti-CAT"]
)
def test_punctuation_borders_a_match(text: str) -> None:
    assert found("CAT", text) == ["CAT"]


@pytest.mark.parametrize("text", ["CYP2C9A", "CYP2C91", "ACYP2C9", "1CYP2C9"])
def test_a_name_of_letters_and_digits_is_a_whole_token(text: str) -> None:
    assert found("CYP2C9", f"the {text} here") == []


@pytest.mark.parametrize("hyphen", "-‐–")
def test_a_symbol_before_a_hyphen_and_a_digit_is_another_symbol(hyphen: str) -> None:
    assert found("CAT", f"CAT{hyphen}1 and CAT{hyphen}like") == ["CAT"]
    assert found("F5", f"F5{hyphen}2") == []
    assert found("CAT", f"CAT {hyphen} 1, CAT 1 and CAT{hyphen}") == ["CAT"] * 3


def test_a_name_that_is_no_symbol_may_stand_before_a_hyphen_and_a_digit() -> None:
    assert found("CYP2C9", "CYP2C9-3") == ["CYP2C9"]


# Names too short


@pytest.mark.parametrize("name", ["TS", "a", "5", "55", "5F", "123", "", "()", "-", "A-", "A B"])
def test_a_short_name_is_not_looked_for(name: str) -> None:
    assert found(name, f"the {name} here and A B") == []


@pytest.mark.parametrize("name", ["F5", "TS1", "TNF", "5-HT", "A1B"])
def test_three_characters_or_a_letter_and_a_digit_are_enough(name: str) -> None:
    assert found(name, f"the {name} here") == [name]


# Chemicals before words of proteins


@pytest.mark.parametrize(
    "text",
    [
        "dopamine receptor",
        "dopamine receptors",
        "Dopamine transporter",
        "dopamine-transporter",
        "Dopamine Receptor",
    ],
)
def test_a_chemical_before_a_word_of_proteins_is_part_of_its_name(text: str) -> None:
    assert found("dopamine", f"the {text} here", chemical=True) == []
    assert found("dopamine", f"the {text} here") != []


@pytest.mark.parametrize(
    "text", ["dopamine", "dopamine levels", "dopamine, receptor", "receptor dopamine", "dopamine. Receptor"]
)
def test_a_chemical_elsewhere_is_a_chemical(text: str) -> None:
    assert found("dopamine", f"the {text} here", chemical=True) == ["dopamine"]


def test_a_protein_that_begins_with_a_chemical_is_found_whole() -> None:
    text = "the dopamine transporter takes up dopamine"
    dictionary = Dictionary(
        [Name("C", "Chemical", "dopamine", chemical=True), Name("G", "Gene", "dopamine transporter")]
    )
    assert [(m.span.of(text), m.entity) for m in dictionary.find(text, {"C", "G"})] == [
        ("dopamine transporter", "G"),
        ("dopamine", "C"),
    ]
    assert [m.entity for m in dictionary.find(text, {"C"})] == ["C"]


# Several names, several entities


def test_of_overlapping_matches_the_longest_stays() -> None:
    text = "angiotensin converting enzyme inhibitors and angiotensin"
    assert found_of(text, A="angiotensin", E="angiotensin converting enzyme", B="enzyme inhibitor") == [
        ("angiotensin converting enzyme", "E"),
        ("angiotensin", "A"),
    ]


def test_of_equally_long_overlapping_matches_the_first_stays() -> None:
    assert found_of("abcd efgh ijkl", B="efgh ijkl", A="abcd efgh") == [("abcd efgh", "A")]


def test_a_name_of_two_entities_gives_both() -> None:
    text = "of COX-2 here"
    dictionary = Dictionary([Name("2", "Gene", "COX2"), Name("1", "Gene", "COX-2")])
    matches = dictionary.find(text, {"1", "2"})
    assert [match.entity for match in matches] == ["1", "2"]
    assert {match.span.of(text) for match in matches} == {"COX-2"}


def test_two_names_of_one_entity_at_one_place_give_one_match() -> None:
    assert found_of("of IL-6 here", X=["IL6", "IL-6", "IL 6"]) == [("IL-6", "X")]


def test_a_gene_named_as_gene_and_as_variant_is_one_match_whatever_the_order() -> None:
    names = [Name("X", "Gene", "FXIII"), Name("X", "Variant", "FXIII")]
    forward, backward = (Dictionary(order).find("of FXIII", {"X"}) for order in (names, names[::-1]))
    assert len(forward) == 1
    assert forward == backward


def test_only_the_asked_entities_are_found() -> None:
    dictionary = Dictionary([Name("A", "Gene", "CAT"), Name("B", "Gene", "SOD1"), Name("C", "Gene", "CAT")])
    text = "CAT and SOD1"
    assert [match.entity for match in dictionary.find(text, {"B"})] == ["B"]
    assert [match.entity for match in dictionary.find(text, {"C", "B"})] == ["C", "B"]
    assert dictionary.find(text, set()) == []
    assert dictionary.find(text, {"D"}) == []


def test_a_match_has_the_type_of_its_name() -> None:
    dictionary = Dictionary([Name("X", "Gene", "CYP2C9"), Name("X", "Variant", "rs1057910")])
    assert [match.type for match in dictionary.find("rs1057910 of CYP2C9", {"X"})] == ["Variant", "Gene"]


def test_an_empty_dictionary_and_an_empty_text_give_nothing() -> None:
    assert Dictionary([]).find("CAT", {"X"}) == []
    assert found("CAT", "") == []
    assert found("CAT", " ()") == []


# Any text

ALPHABET = "aabBCc12αβΓµσ -‐()*:,.éß²İŉ\n"
texts = st.text(ALPHABET, max_size=40) | st.text(max_size=20)
names = st.builds(
    Name,
    entity=st.sampled_from("WXYZ"),
    type=st.sampled_from(["Gene", "Variant"]),
    text=st.text(ALPHABET, max_size=8) | st.sampled_from(["a1", "CAB", "aab", "B-1", "ab a", "beta"]),
    chemical=st.booleans(),
)
dictionaries = st.lists(names, max_size=8)
everyone = frozenset("WXYZ")
BRACKETS = "()[]"


def matched(listed: Sequence[Name], text: str) -> list[Match]:
    return Dictionary(listed).find(text, everyone)


@thorough
@given(dictionaries, texts)
def test_every_match_lies_in_the_text_between_borders_of_tokens(listed: list[Name], text: str) -> None:
    for match in matched(listed, text):
        start, end = match.span
        assert 0 <= start < end <= len(text)
        assert text[start].isalnum() or text[start] in BRACKETS
        assert text[end - 1].isalnum() or text[end - 1] in BRACKETS
        assert not text[:start][-1:].isalnum()
        assert not text[end:][:1].isalnum()


@thorough
@given(dictionaries, texts)
def test_matches_stand_in_order_and_overlap_only_where_they_are_equal(listed: list[Name], text: str) -> None:
    matches = matched(listed, text)
    assert len({(match.span, match.entity) for match in matches}) == len(matches)
    for before, after in pairwise(matches):
        assert before.span == after.span or before.span.end <= after.span.start


@thorough
@given(dictionaries, texts, st.randoms(use_true_random=False))
def test_the_order_of_names_does_not_matter(listed: list[Name], text: str, random) -> None:
    shuffled = random.sample(listed, len(listed))
    assert matched(shuffled, text) == matched(listed, text)


@thorough
@given(
    texts,
    texts,
    st.from_regex(r"[A-Za-z]{3,6}([- ]?[A-Za-z0-9]{1,4}){0,2}", fullmatch=True)
    | st.just("NAD(P)H")
    | st.just("IFN-γ"),
)
def test_a_name_between_blanks_is_found(before: str, after: str, name: str) -> None:
    assume(any(character.isalpha() for character in name))
    place = range(len(before) + 1, len(before) + 1 + len(name))
    matches = Dictionary([Name("X", "Gene", name)]).find(f"{before} {name} {after}", {"X"})
    assert any(match.span.start < place.stop and place.start < match.span.end for match in matches)


@thorough
@given(dictionaries, texts, st.sets(st.sampled_from("WXYZ")))
def test_no_entity_is_found_that_was_not_asked_for(listed: list[Name], text: str, asked: set[str]) -> None:
    assert {match.entity for match in Dictionary(listed).find(text, asked)} <= asked
