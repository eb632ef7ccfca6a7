"""Triples and texts -> Documents, with a counted reason for every triple that gets none."""

from __future__ import annotations

import pytest
from curated_cases import (
    CORPUS,
    ENTRIES,
    annotated,
    article,
    curated,
    row,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harmonize.curated.documents import CuratedEntry, Triple, grouped
from harmonize.rules.adjust import adjust
from harmonize.text.dictionary import Name

TITLE, ABSTRACT = "Warfarin in an imagined clinic.", "CYP2C9 and VKORC1 change the dose of warfarin."
TEXT = article(TITLE, ABSTRACT)

NO_TEXT = {"the article has no text": 1}
UNMAPPED = {"id unmapped: PharmGKB gene id without counterpart": 1}


# Triples


def test_rows_of_one_triple_are_grouped_in_order() -> None:
    rows = [
        row("PA1", "PA11", kind="b"),
        row("PA1", "PA12"),
        row("PA1", "PA11", kind="a"),
        row("PA1", "PA11", kind="b"),
    ]
    (triples,) = grouped(rows, key=lambda r: r.pmid).values()
    assert [(triple.first, triple.second, len(triple.rows)) for triple in triples] == [
        ("PA1", "PA11", 3),
        ("PA1", "PA12", 1),
    ]
    assert triples[0].types == ("b", "a")


def test_a_triple_is_of_one_text() -> None:
    rows = [row("PA1", "PA11"), row("PA1", "PA11", pmid="90000002")]
    assert {key: len(triples) for key, triples in grouped(rows, key=lambda r: r.pmid).items()} == {
        "90000001": 1,
        "90000002": 1,
    }


# What comes out


def test_a_triple_becomes_a_relation_between_concepts_of_a_document() -> None:
    (document,) = curated([row("PA1", "PA11")], [TEXT]).documents
    assert (document.id, document.pmid, document.split) == ("90000001", "90000001", "train")
    assert (document.text, document.passages) == (TEXT.text, TEXT.passages)
    assert [(r.head, r.type, r.tail) for r in document.relations] == [("D014859", "Association", "1559")]


def test_only_the_entities_of_the_triples_are_looked_for() -> None:
    assert curated([row("PA1", "PA11")], [TEXT]).found() == [
        ("Warfarin", "D014859", "dictionary"),
        ("CYP2C9", "1559", "dictionary"),
        ("warfarin", "D014859", "dictionary"),
    ]


def test_mentions_are_numbered_in_order_of_position() -> None:
    mentions = curated([row("PA1", "PA11"), row("PA1", "PA12")], [TEXT]).mentions()
    assert [mention.id for mention in mentions] == [f"T{number}" for number in range(len(mentions))]
    assert mentions == sorted(mentions, key=lambda mention: mention.spans)


def test_a_variant_stands_for_its_gene() -> None:
    (first, *_) = curated([row("PA1", "PA11")], [article("On rs1057910.", "No more.")]).mentions()
    assert (first.text, first.type, first.concept_ids) == ("rs1057910", "Variant", ("1559",))


def test_an_entity_that_is_not_found_is_left_to_the_rules() -> None:
    (document,) = curated([row("PA2", "PA11")], [TEXT]).documents
    assert [r.head for r in document.relations] == ["D001241"]
    assert {mention.concept_ids for mention in document.mentions} == {("1559",)}


def test_no_mention_runs_from_the_title_into_the_abstract() -> None:
    outcome = curated([row("PA1", "PA11")], [article("A warfarin study of CYP", "2C9 patients came.")])
    assert [words for words, *_ in outcome.found()] == ["warfarin"]


# The funnel


@pytest.mark.parametrize("pmid", ["90000002", "90000003"])
def test_a_triple_of_an_article_without_text_is_counted(pmid: str) -> None:
    outcome = curated([row("PA1", "PA11", pmid=pmid)], [])
    assert outcome.dropped() == NO_TEXT
    assert outcome.documents == []


@pytest.mark.parametrize("verdicts", [["no"], ["not stated"], ["not stated", "no", "no"]])
def test_a_triple_that_the_evidence_rule_sets_aside_is_counted(verdicts: list[str]) -> None:
    outcome = curated([row("PA1", "PA11", verdict) for verdict in verdicts], [TEXT])
    assert outcome.dropped() == {f"evidence rule: significance {', '.join(sorted(set(verdicts)))}": 1}
    assert outcome.documents == []


@pytest.mark.parametrize("verdicts", [["yes"], ["no", "yes"], ["yes", "not stated"]])
def test_one_row_that_is_accepted_is_enough(verdicts: list[str]) -> None:
    outcome = curated([row("PA1", "PA11", verdict) for verdict in verdicts], [TEXT])
    assert outcome.dropped() == {}
    assert len(outcome.documents) == 1


def test_a_triple_with_an_id_without_counterpart_is_counted() -> None:
    outcome = curated([row("PA1", "PA19"), row("PA1", "PA11")], [TEXT])
    assert outcome.dropped() == UNMAPPED
    assert [len(document.relations) for document in outcome.documents] == [1]


def test_an_unmapped_first_entity_is_counted_by_its_own_namespace() -> None:
    entries = ENTRIES | {"PA3": CuratedEntry(None, "PharmGKB chemical", ())}
    outcome = curated([row("PA3", "PA19")], [TEXT], entries=entries)
    assert outcome.dropped() == {"id unmapped: PharmGKB chemical id without counterpart": 1}


def test_the_reasons_stand_in_order() -> None:
    assert curated([row("PA1", "PA19", "no")], []).dropped() == NO_TEXT
    assert curated([row("PA1", "PA19", "no")], [TEXT]).dropped() == {"evidence rule: significance no": 1}
    assert curated([row("PA1", "PA19")], [TEXT]).dropped() == UNMAPPED


def test_a_text_without_a_triple_left_is_a_counted_document() -> None:
    unasked = article("Unasked.", "For.", pmid="90000009")
    outcome = curated([row("PA1", "PA11", "no")], [TEXT, unasked])
    assert outcome.dropped("documents") == {"no triple left to look for": 2}


def test_each_dropped_triple_is_named_with_its_text() -> None:
    outcome = curated([row("PA1", "PA11", "no"), row("PA1", "PA12", pmid="90000002")], [TEXT])
    triples = [(item.document_id, item.drop.item) for item in outcome.items if item.drop.unit == "relations"]
    assert triples == [("90000001", "PA1 PA11"), ("90000002", "PA1 PA12")]


# PubTator first


def test_pubtator_comes_first_and_the_dictionary_looks_for_what_it_misses() -> None:
    record = annotated(TITLE, ABSTRACT, ("warfarin", "Chemical", "MESH:D014859"))
    assert curated([row("PA1", "PA11")], [TEXT], [record]).found() == [
        ("CYP2C9", "1559", "dictionary"),
        ("warfarin", "D014859", "pubtator"),
    ]


def test_the_source_of_an_instance_is_the_least_certain_of_its_mentions() -> None:
    chemical, gene = ("warfarin", "Chemical", "MESH:D014859"), ("CYP2C9", "Gene", "1559")
    for mentions, source in [((), "dictionary"), ((chemical,), "dictionary"), ((chemical, gene), "pubtator")]:
        outcome = curated([row("PA1", "PA11")], [TEXT], [annotated(TITLE, ABSTRACT, *mentions)])
        (document,) = outcome.documents
        assert {i.span_source for i in adjust(document, CORPUS, outcome.ledger)} == {source}


def test_mentions_of_other_entities_are_left_out() -> None:
    record = annotated(TITLE, ABSTRACT, ("VKORC1", "Gene", "79001"), ("clinic", "Disease", "MESH:D000001"))
    assert {concept for _, concept, _ in curated([row("PA1", "PA11")], [TEXT], [record]).found()} == {
        "D014859",
        "1559",
    }


def test_pubtators_variant_stands_for_its_gene() -> None:
    title, abstract = "Warfarin.", "Its dose went with I359L."
    record = annotated(
        title,
        abstract,
        ("I359L", "ProteinMutation", "tmVar:p|SUB|I|359|L;HGVS:p.I359L;CorrespondingGene:1559"),
    )
    outcome = curated([row("PA1", "PA11")], [article(title, abstract)], [record])
    assert outcome.found()[1] == ("I359L", "1559", "pubtator")
    assert outcome.mentions()[1].type == "Variant"


@pytest.mark.parametrize("ids", ["1559;79001", "79001,1559", "1559|79001"])
def test_a_mention_of_several_genes_is_one_of_each(ids: str) -> None:
    record = annotated(TITLE, ABSTRACT, ("CYP2C9 and VKORC1", "Gene", ids))
    outcome = curated([row("PA1", "PA11"), row("PA1", "PA12")], [TEXT], [record])
    assert [concept for _, concept, source in outcome.found() if source == "pubtator"] == ["1559", "79001"]


@pytest.mark.parametrize("kind", ["Species", "CellLine", "FamilyName", "Chromosome"])
def test_the_id_of_something_else_is_never_taken_for_a_gene(kind: str) -> None:
    """Taxa are numbers, as genes are."""
    record = annotated(TITLE, ABSTRACT, ("clinic", kind, "1559"))
    outcome = curated([row("PA1", "PA11")], [TEXT], [record])
    assert ("clinic", "1559", "pubtator") not in outcome.found()
    assert ("CYP2C9", "1559", "dictionary") in outcome.found()
    assert {mention.type for mention in outcome.mentions()} <= set(CORPUS.spec.entity_types)


@pytest.mark.parametrize("identifier", ["", "-", "-1", None])
def test_an_unknown_id_is_nothing(identifier: str | None) -> None:
    record = annotated(TITLE, ABSTRACT, ("CYP2C9", "Gene", identifier))  # type: ignore[arg-type]
    outcome = curated([row("PA1", "PA11")], [TEXT], [record])
    assert {source for _, _, source in outcome.found()} == {"dictionary"}


def test_the_annotation_of_another_wording_is_not_used() -> None:
    record = annotated(f"{TITLE} ", ABSTRACT, ("CYP2C9", "Gene", "1559"))
    assert {source for *_, source in curated([row("PA1", "PA11")], [TEXT], [record]).found()} == {
        "dictionary"
    }


# In = out + dropped, whatever the tables hold

PMIDS = ["90000001", "90000002", "90000003"]
WORDS = ["warfarin", "Aspirin", "CYP2C9", "VKORC1", "rs1057910", "met.", "and", "never."]
rows = st.builds(
    row,
    st.sampled_from(["PA1", "PA2"]),
    st.sampled_from(["PA11", "PA12", "PA19"]),
    st.sampled_from(["yes", "no", "not stated"]),
    pmid=st.sampled_from(PMIDS),
)
passages = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
articles = st.dictionaries(st.sampled_from([*PMIDS, "90000009"]), st.tuples(passages, passages))
known = {
    "warfarin": ("Chemical", "MESH:D014859"),
    "CYP2C9": ("Gene", "1559"),
    "VKORC1": ("Gene", "79001;1559"),
}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows, max_size=12), articles, st.sets(st.sampled_from(PMIDS)))
def test_every_triple_comes_out_or_is_counted(table, written, with_annotation) -> None:
    texts = [article(title, abstract, pmid) for pmid, (title, abstract) in written.items()]
    records = [
        annotated(
            title,
            abstract,
            *((word, *known[word]) for word in known if word in f"{title} {abstract}"),
            pmid=pmid,
        )
        for pmid, (title, abstract) in written.items()
        if pmid in with_annotation
    ]
    outcome = curated(table, texts, records)
    triples = {(r.pmid, r.first.id, r.second.id) for r in table}
    kept = sum(len(document.relations) for document in outcome.documents)
    assert kept + sum(outcome.dropped().values()) == len(triples)
    assert len(outcome.documents) + sum(outcome.dropped("documents").values()) == len(texts)
    for document in outcome.documents:
        assert document.relations
        assert all(mention.is_spelled_by(document.text) for mention in document.mentions)
        for instance in adjust(document, CORPUS, outcome.ledger):
            assert instance.source_relations == ("Association",)
    outcome.ledger.check()


@given(st.lists(rows, max_size=12))
def test_grouping_loses_no_row(table) -> None:
    triples: list[Triple] = [t for found in grouped(table, key=lambda r: r.pmid).values() for t in found]
    assert sorted(map(repr, table)) == sorted(repr(r) for triple in triples for r in triple.rows)
    assert all(len({(r.pmid, r.first, r.second) for r in triple.rows}) == 1 for triple in triples)


def test_an_entity_of_two_names_at_one_place_is_one_mention() -> None:
    names = (Name("1559", "Gene", "CYP2C9"), Name("1559", "Gene", "cyp-2C9"))
    entries = ENTRIES | {"PA11": CuratedEntry("1559", "PharmGKB gene", names)}
    outcome = curated([row("PA1", "PA11")], [TEXT], entries=entries)
    assert [words for words, concept, _ in outcome.found() if concept == "1559"] == ["CYP2C9"]
