"""Gold files of each format as rows, and relations that no row can show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from gold_cases import BIOC_XML, FORMS, MENTIONS, PPI, PUBTATOR, RELATIONS, TEXT, written

from harmonize.errors import HarmonizeError, NothingRead, SpecError
from harmonize.gold.documents import GoldDocuments, read_gold
from harmonize.gold.relation_types import check_types, load_relation_types, type_map
from harmonize.gold.rows import IN_SKIPPED, NO_ARGUMENTS, UNKNOWN_TYPE, GoldRows, gold_rows
from harmonize.prediction.inputs import NO_TEXT
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.relation.labels import is_negative
from harmonize.rules.contexts import NAMES_CONCEPTS, SELF_RELATION, WRONG_KINDS
from harmonize.rules.spans import FIRST_NOT_FOUND, NEITHER_FOUND, NOT_IN_ONE_SENTENCE, SECOND_NOT_FOUND


def gold_of(
    folder: Path, content: str, name: str = "a.pubtator", as_corpus: str = "biored", **types: str | None
) -> tuple[GoldDocuments, GoldRows]:
    rules = pair_rules(as_corpus)
    gold = read_gold([written(folder, name, content)], None, rules, Reading())
    known = type_map(rules.corpus, types)
    return gold, gold_rows(gold.documents, gold.skipped, rules, known, name)


def labels(rows: GoldRows) -> dict[tuple[str, str], str]:
    """Head and tail -> label of the rows with a relation."""
    found = rows.pairs.to_pylist()
    return {
        (row["head_name"], row["tail_name"]): row["relation"]
        for row in found
        if not is_negative(row["relation"])
    }


@pytest.mark.parametrize("name", FORMS)
def test_each_format_gives_the_rows_of_the_same_relations(tmp_path: Path, name: str) -> None:
    gold, rows = gold_of(tmp_path, FORMS[name], name)
    assert labels(rows) == {("Brolin", "AKR"): "Negative_Correlation", ("Brolin", "gout"): "Association"}
    # Brolin, AKR, gout and ache: six pairs, of which BioRED has no two diseases
    assert rows.pairs.num_rows == 5
    assert (rows.account.relations_in, rows.account.shown, gold.relations) == (2, 2, 2)
    assert not rows.lost


def test_what_nobody_predicts_as_gold_is_not_read_for_prediction(tmp_path: Path) -> None:
    from harmonize.prediction.inputs import read_input

    for name, content in FORMS.items():
        (document,) = read_input(written(tmp_path, name, content))
        assert document.relations == ()


def test_pairs_of_unified_xml_are_of_mentions_and_their_pmid_is_kept(tmp_path: Path) -> None:
    gold, rows = gold_of(tmp_path, PPI, "a.xml", "aimed")
    assert gold.documents[0].pmid == "7002"
    assert labels(rows) == {("AKR", "BTR"): "Association"}
    assert rows.pairs.num_rows == 3
    assert rows.pairs["task"].to_pylist() == ["AIMed"] * 3


def test_an_entity_in_several_parts_is_a_pair_s_side_as_in_a_set(tmp_path: Path) -> None:
    content = PPI.replace('charOffset="10-12" text="BTR"', 'charOffset="10-12,15-17" text="BTR not"')
    _, rows = gold_of(tmp_path, content, "a.xml", "aimed")
    assert labels(rows) == {("AKR", "BTR not"): "Association"}
    (row,) = (row for row in rows.pairs.to_pylist() if row["relation"] == "Association")
    assert row["tail_spans"] == [{"start": 10, "end": 13}, {"start": 15, "end": 18}]


LOST = {
    "its first argument has no mention": ("Association\tD999999\t501\tNo", FIRST_NOT_FOUND),
    "its second argument has no mention": ("Association\t501\tD999999\tNo", SECOND_NOT_FOUND),
    "neither has one": ("Association\t-\tD999999\tNo", NEITHER_FOUND),
    "an entity with itself": ("Association\t501\t501\tNo", SELF_RELATION),
    "two diseases, which are no pair": ("Association\tD200001\tD200002\tNo", WRONG_KINDS),
    "no second argument": ("Association\t501\t\tNo", NO_ARGUMENTS),
}


@pytest.mark.parametrize(("line", "reason"), LOST.values(), ids=LOST)
def test_a_relation_that_no_pair_shows_is_a_row_that_is_missed(
    tmp_path: Path, line: str, reason: str
) -> None:
    _, rows = gold_of(tmp_path, f"{PUBTATOR.rstrip()}\n7001\t{line}\n\n")
    assert rows.account.lost == {reason: 1}
    assert rows.account.relations_in == 3
    scored = rows.to_score("a").to_pylist()
    assert len(scored) == rows.pairs.num_rows + 1
    assert scored[-1]["relation"] == "Association"
    assert scored[-1]["instance_id"] not in rows.pairs["instance_id"].to_pylist()


def test_a_lost_relation_has_the_pair_type_of_what_is_known_of_it(tmp_path: Path) -> None:
    more = "7001\tAssociation\tD200001\tD200002\tNo\n7001\tBind\t501\tD999999\tNo\n\n"
    _, rows = gold_of(tmp_path, PUBTATOR.rstrip() + "\n" + more)
    found = [(row["head_type"], row["tail_type"]) for row in rows.to_score("a").to_pylist()[-2:]]
    disease = "DiseaseOrPhenotypicFeature"
    assert sorted(found) == [(disease, disease), ("GeneOrGeneProduct", UNKNOWN_TYPE)]


def test_a_sentence_corpus_loses_what_is_in_no_one_sentence(tmp_path: Path) -> None:
    chemprot = TEXT + (
        "7001\t0\t6\tBrolin\tCHEMICAL\tT1\n7001\t45\t48\tAKR\tGENE\tT2\n7001\tINHIBITOR\tT1\tT2\n\n"
    )
    _, rows = gold_of(tmp_path, chemprot, as_corpus="drugprot")
    assert rows.account.lost == {NOT_IN_ONE_SENTENCE: 1}
    assert rows.lost[0].label == "Negative_Correlation"


def test_concepts_of_several_mentions_relate_no_mention(tmp_path: Path) -> None:
    """Where each mention is an entity, an id that two have does not say which of them is meant."""
    _, rows = gold_of(
        tmp_path,
        TEXT
        + "7001\t31\t37\tBrolin\tCHEMICAL\tC1\n7001\t18\t21\tAKR\tGENE\tG1\n7001\t45\t48\tAKR\tGENE\tG1\n"
        + "7001\tINHIBITOR\tC1\tG1\n\n",
        as_corpus="drugprot",
    )
    assert rows.account.lost == {NAMES_CONCEPTS: 1}


def test_relations_of_a_skipped_document_are_missed(tmp_path: Path) -> None:
    gold, rows = gold_of(tmp_path, f"7009|t|\n7009|a|\n7009\tBind\t1\t2\tNo\n\n{PUBTATOR}")
    assert gold.account.skipped == {NO_TEXT: 1}
    assert rows.account.lost == {IN_SKIPPED.format(NO_TEXT): 1}
    assert (rows.account.relations_in, rows.account.shown) == (3, 2)


def test_each_lost_relation_is_a_row_of_its_own(tmp_path: Path) -> None:
    """One relation is lost thrice: in two documents of one id without text, and in one with text."""
    empty = "7001|t|\n7001|a|\n7001\tBind\t1\t2\tNo\n\n"
    gold, rows = gold_of(tmp_path, f"{empty}{empty}{PUBTATOR.rstrip()}\n7001\tBind\t1\t2\tNo\n\n")
    assert [each.document_id for each in gold.skipped] == ["7001", "7001#2"]
    assert [each.id for each in gold.documents] == ["7001#3"]
    assert rows.account.lost == {IN_SKIPPED.format(NO_TEXT): 2, NEITHER_FOUND: 1}
    ids = rows.to_score("a")["instance_id"].to_pylist()
    assert len(set(ids)) == len(ids)


def test_a_composite_relates_each_of_its_concepts(tmp_path: Path) -> None:
    both = TEXT + MENTIONS + "7001\tAssociation\tD200001,D200002\tD100001\tNo\n\n"
    _, rows = gold_of(tmp_path, both)
    assert labels(rows) == {("Brolin", "gout"): "Association", ("Brolin", "Gout and ache"): "Association"}
    assert (rows.account.relations_in, rows.account.shown) == (1, 1)


def test_an_id_may_stand_without_its_vocabulary_in_relations(tmp_path: Path) -> None:
    content = PUBTATOR.replace("Feature\tD200001\n", "Feature\tMESH:D200001\n")
    _, rows = gold_of(tmp_path, content.replace("D200001,D200002", "MESH:D200001"))
    assert labels(rows)["Brolin", "gout"] == "Association"


def test_a_composite_of_a_vocabulary_is_not_what_its_last_id_names(tmp_path: Path) -> None:
    content = PUBTATOR.replace("D200001,D200002", "MESH:D200001,MESH:D200002")
    _, rows = gold_of(tmp_path, content.replace("\tD200001\tD100001", "\tD200002\tD100001"))
    assert labels(rows)["Brolin", "Gout and ache"] == "Association"
    assert ("Brolin", "gout") not in labels(rows)


def test_an_unknown_id_relates_nothing_by_any_corpus(tmp_path: Path) -> None:
    content = (
        "7001|t|Brolin and AKR in gout.\n7001|a|\n"
        "7001\t0\t6\tBrolin\tChemical\t-\n"
        "7001\t11\t14\tAKR\tChemical\tD100002\n"
        "7001\t18\t22\tgout\tDisease\t-\n"
        "7001\tCID\t-\t-\n\n"
    )
    gold, rows = gold_of(tmp_path, content, as_corpus="bc5cdr")
    assert [mention.concept_ids for mention in gold.documents[0].mentions] == [(), ("D100002",), ()]
    assert (rows.pairs.num_rows, rows.account.lost) == (0, {NEITHER_FOUND: 1})


def test_repeated_relations_and_types_that_are_none_are_counted(tmp_path: Path) -> None:
    more = "7001\tNegative_Correlation\t501\tD100001\tNovel\n7001\tNot\tD200001\t501\tNo\n\n"
    _, rows = gold_of(tmp_path, PUBTATOR.rstrip() + "\n" + more, Not=None)
    assert rows.account.as_dict() == {
        "in": 4,
        "shown": 2,
        "lost": {},
        "repeated": 1,
        "unrelated": 1,
        "pairs_of_several_types": 0,
    }


def test_several_types_of_a_pair_are_one_row_with_the_most_specific(tmp_path: Path) -> None:
    _, rows = gold_of(tmp_path, PUBTATOR.rstrip() + "\n7001\tAssociation\tD100001\t501\tNo\n\n")
    assert labels(rows)["Brolin", "AKR"] == "Negative_Correlation"
    assert rows.account.several_types == 1


def test_a_repeated_id_is_a_document_of_its_own(tmp_path: Path) -> None:
    gold, rows = gold_of(tmp_path, PUBTATOR + PUBTATOR)
    assert [document.id for document in gold.documents] == ["7001", "7001#2"]
    assert len(set(rows.pairs["instance_id"].to_pylist())) == 10


def test_a_corpus_without_negatives_has_none_as_gold(tmp_path: Path) -> None:
    _, rows = gold_of(tmp_path, PUBTATOR, as_corpus="emu")
    assert rows.pairs.num_rows == 0
    assert rows.account.lost == {WRONG_KINDS: 2}


def test_all_types_that_nobody_knows_are_told_at_once(tmp_path: Path) -> None:
    content = PUBTATOR.replace("Negative_Correlation", "binds").replace("\tAssociation", "\ttreats")
    rules = pair_rules()
    gold = read_gold([written(tmp_path, "a.pubtator", content)], None, rules, Reading())
    assert gold.types() == Counter(binds=1, treats=1)
    with pytest.raises(HarmonizeError, match=r"^a: expected .* of biored, got 'binds' 1, 'treats' 1; name"):
        check_types(gold.types(), type_map(rules.corpus, {}), rules.corpus, "a")
    own = load_relation_types(
        written(tmp_path, "own.yaml", "binds: Bind\ntreats: null\n"), rules.corpus.target
    )
    check_types(gold.types(), type_map(rules.corpus, own), rules.corpus, "a")
    rows = gold_rows(gold.documents, gold.skipped, rules, type_map(rules.corpus, own), "a")
    assert labels(rows) == {("Brolin", "AKR"): "Bind"}
    assert rows.account.unrelated == 1


def test_types_that_a_mapping_does_not_list_are_known_if_it_says_what_they_are(
    tmp_path: Path,
) -> None:
    rules = pair_rules("lll")
    path = written(tmp_path, "a.xml", PPI.replace("<pair ", '<pair type="binds" '))
    gold, known = read_gold([path], None, rules, Reading()), type_map(rules.corpus, {})
    check_types(gold.types(), known, rules.corpus, "a")
    rows = gold_rows(gold.documents, gold.skipped, rules, known, "a")
    assert labels(rows) == {("AKR", "BTR"): "Association"}


def test_a_users_file_tells_all_its_faults(tmp_path: Path) -> None:
    path = written(tmp_path, "own.yaml", "binds: Binding\ntreats: 3\nis: Bind\n")
    with pytest.raises(SpecError) as caught:
        load_relation_types(path, pair_rules().corpus.target)
    assert [key for key, _ in caught.value.faults] == ["binds", "treats"]


def test_a_file_without_a_document_is_no_gold(tmp_path: Path) -> None:
    with pytest.raises(NothingRead, match="nothing was read"):
        read_gold([written(tmp_path, "a.xml", "<collection></collection>")], None, pair_rules(), Reading())


def test_nodes_are_annotations_even_where_a_concept_has_their_number(tmp_path: Path) -> None:
    """Gene 4 and annotation 4 are two things."""
    content = BIOC_XML.replace(">501<", ">2<")
    _, rows = gold_of(tmp_path, content, "a.xml")
    assert labels(rows) == {("Brolin", "AKR"): "Negative_Correlation", ("Brolin", "gout"): "Association"}


def test_a_number_that_annotations_of_two_entities_have_names_neither(tmp_path: Path) -> None:
    """As where each passage counts its annotations anew."""
    content = BIOC_XML.replace('annotation id="3"', 'annotation id="0"').replace('refid="3"', 'refid="0"')
    _, rows = gold_of(tmp_path, content, "a.xml")
    assert labels(rows) == {("Brolin", "AKR"): "Negative_Correlation", ("Brolin", "gout"): "Association"}
    _, rows = gold_of(tmp_path, content.replace('annotation id="4"', 'annotation id="0"'), "a.xml")
    assert labels(rows) == {}
    assert rows.account.lost.total() == 2


def test_relations_without_mentions_of_their_own_count_as_well(tmp_path: Path) -> None:
    _, rows = gold_of(tmp_path, TEXT + RELATIONS + "\n")
    assert rows.account.lost == {NEITHER_FOUND: 2}
    assert rows.pairs.num_rows == 0
    assert len(rows.to_score("a")) == 2
