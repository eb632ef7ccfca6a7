"""What every adapter promises, checked on every source: of the sample corpora, and of the real ones at hand.

The checks read Documents only; none uses the code that made them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from adapter_readings import MIRROR, Reading, of_the_mirror, reading_of
from adapter_variants import CATALOGUE, TABLES, VARIANTS, lay_out, locations

from harmonize.ledger import READ, Ledger
from harmonize.model import Document, Relation
from harmonize.rules.spans import FIRST_NOT_FOUND, NEITHER_FOUND, SECOND_NOT_FOUND, a2, a3
from harmonize.sources.source import Source
from harmonize.spec import Corpus

NOT_FOUND = {FIRST_NOT_FOUND, SECOND_NOT_FOUND, NEITHER_FOUND}
# The training part of BioRED's JSON is not distributed; DDI is distributed as a zip, which is read as it is.
# BioREDirect, the curated tables and the corpora of known formats are read by their documented columns alone.
NOT_IN_THE_MIRROR = {
    ("biored", "bioc-json"),
    ("biored", "bioredirect"),
    ("ddi", "unpacked"),
    ("emu", "native"),
    ("pharmgkb", "relationships"),
    ("disgenet", "export"),
    ("renet", "renet"),
    ("renet", "renet2"),
    *((key, variant) for key, variant in VARIANTS if CATALOGUE[key].spec.format is not None),
}


@pytest.fixture(scope="session")
def sample_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("samples")
    for key, variant in VARIANTS:
        lay_out(key, variant, root)
    return root


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param(("samples", *pair), id="-".join(pair)) for pair in VARIANTS),
        *(
            pytest.param(
                ("mirror", *pair),
                id="-".join(("real", *pair)),
                marks=of_the_mirror(*pair),
            )
            for pair in VARIANTS
            if pair not in NOT_IN_THE_MIRROR
        ),
    ],
)
def reading(request: pytest.FixtureRequest, sample_mirror: Path) -> Reading:
    where, key, variant = request.param
    if where == "samples":
        return reading_of(key, variant, sample_mirror)
    request.getfixturevalue("known_sentences")
    return reading_of(key, variant, Path(str(MIRROR)))


def test_yields_documents(reading: Reading) -> None:
    assert reading.documents


def test_document_ids_are_unique(reading: Reading) -> None:
    ids = [document.id for document in reading.documents]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_split_is_one_of_the_source(reading: Reading) -> None:
    assert {document.split for document in reading.documents} == set(reading.source.splits())


def test_pmid_is_digits_or_unknown(reading: Reading) -> None:
    for document in reading.documents:
        assert document.pmid is None or re.fullmatch(r"[1-9][0-9]*", document.pmid), document.id


def test_passages_are_ordered_disjoint_and_hold_every_mention(reading: Reading) -> None:
    for document in reading.documents:
        spans = [passage.span for passage in document.passages]
        assert all(before.end <= after.start for before, after in pairwise(spans)), document.id
        assert all(0 <= span.start < span.end <= len(document.text) for span in spans), document.id
        for mention in document.mentions:
            assert any(
                span.start <= mention.spans[0].start and mention.spans[-1].end <= span.end for span in spans
            ), (document.id, mention)


def test_mentions_are_spelled_by_their_spans(reading: Reading) -> None:
    for document in reading.documents:
        for mention in document.mentions:
            parts = [document.text[start:end] for start, end in mention.spans]
            assert all(part.strip() for part in parts), (document.id, mention)
            if len(parts) == 1:
                assert parts[0] == mention.text, (document.id, mention)
            else:
                assert "".join("".join(parts).split()) == "".join(mention.text.split()), (
                    document.id,
                    mention,
                )


def test_spans_of_a_mention_are_ordered_and_disjoint(reading: Reading) -> None:
    for document in reading.documents:
        for mention in document.mentions:
            assert all(before.end <= after.start for before, after in pairwise(mention.spans)), (
                document.id,
                mention,
            )


def test_mention_ids_are_unique_in_their_document(reading: Reading) -> None:
    for document in reading.documents:
        ids = [mention.id for mention in document.mentions]
        assert all(ids), document.id
        assert len(set(ids)) == len(ids), document.id


def test_concept_ids_are_known_trimmed_and_given_once(reading: Reading) -> None:
    unknown = {"", "-", "-1", *reading.corpus.spec.unknown_ids}
    for document in reading.documents:
        for mention in document.mentions:
            for identifier in mention.concept_ids:
                assert identifier == identifier.strip(), (document.id, mention)
                assert identifier not in unknown, (document.id, mention)
            assert len(set(mention.concept_ids)) == len(mention.concept_ids), (document.id, mention)


def test_entity_types_are_mapped(reading: Reading) -> None:
    found = {mention.type for document in reading.documents for mention in document.mentions}
    assert all(map(reading.corpus.knows, found))


def test_relation_types_are_mapped(reading: Reading) -> None:
    found = {
        relation.type for document in reading.documents for relation in (*document.relations, *document.nary)
    }
    assert found
    assert all(map(reading.corpus.knows_relation, found))


def test_relation_arguments_are_mentions_or_concepts_of_the_document(reading: Reading) -> None:
    """Relations from a database may name others: exactly those that rule a2 or a3 then drops for it."""
    unknown = [
        relation for document in reading.documents for relation in _of_unknown(document, reading.corpus)
    ]
    rule = {"a2": a2, "a3": a3}.get(reading.corpus.rules.a)
    if rule is None:
        assert not unknown
    else:
        drops = [drop for document in reading.split for drop in rule(document, reading.corpus)[1]]
        assert len(unknown) == sum(drop.reason in NOT_FOUND for drop in drops)


def test_n_ary_relations_are_of_two_or_more_mentions_in_order_of_position(reading: Reading) -> None:
    assert any(document.nary for document in reading.documents) == reading.corpus.spec.nary
    for document in reading.documents:
        order = {mention.id: mention.spans for mention in document.mentions}
        for relation in document.nary:
            places = [order[argument] for argument in relation.arguments]
            assert len(places) > 1, document.id
            assert places == sorted(places), document.id
            assert len(set(relation.arguments)) == len(relation.arguments), document.id


def _of_unknown(document: Document, corpus: Corpus) -> list[Relation]:
    """The relations with an argument that is neither an id of the document nor such ids joined."""
    known = {mention.id for mention in document.mentions}
    known |= {identifier for mention in document.mentions for identifier in mention.concept_ids}
    separators = corpus.spec.id_separators.any

    def named(argument: str) -> bool:
        parts = re.split(f"[{re.escape(separators)}]", argument) if separators else [argument]
        return argument in known or known.issuperset(parts)

    return [r for r in document.relations if not (named(r.head) and named(r.tail))]


def test_sentences_of_the_corpus_are_ordered_disjoint_and_hold_every_mention(reading: Reading) -> None:
    annotated = [document for document in reading.documents if document.sentences is not None]
    assert len(annotated) in (0, len(reading.documents))
    for document in annotated:
        _check_sentences(document)


def test_sentences_that_the_rules_use_are_ordered_disjoint_and_hold_every_mention(reading: Reading) -> None:
    for document in reading.split:
        _check_sentences(document)


def _check_sentences(document: Document) -> None:
    sentences = document.sentences
    assert sentences is not None
    assert all(before.end <= after.start for before, after in pairwise(sentences)), document.id
    assert all(document.text[start:end].strip() for start, end in sentences), document.id
    for mention in document.mentions:
        first, last = mention.spans[0].start, mention.spans[-1].end
        assert any(start <= first and last <= end for start, end in sentences), (document.id, mention)


def test_mentions_of_a_curated_table_are_of_its_entities_and_say_who_found_them(reading: Reading) -> None:
    if reading.variant not in TABLES:
        return
    for document in reading.documents:
        related = {side for relation in document.relations for side in (relation.head, relation.tail)}
        assert document.relations, document.id
        for mention in document.mentions:
            assert mention.source == "dictionary", (document.id, mention)
            assert len(mention.concept_ids) == 1, (document.id, mention)
            assert related.issuperset(mention.concept_ids), (document.id, mention)


@pytest.mark.parametrize(("key", "variant"), VARIANTS)
def test_reading_twice_gives_equal_documents(key: str, variant: str, sample_mirror: Path) -> None:
    """Of the real corpora whole sets, made by two processes, are held against each other."""
    reading = reading_of(key, variant, sample_mirror)
    assert reading.again() == reading.documents


def test_everything_seen_is_yielded_or_set_aside(reading: Reading) -> None:
    for split in reading.source.splits():
        documents = [document for document in reading.documents if document.split == split]
        yielded = {
            "documents": len(documents),
            "mentions": sum(len(document.mentions) for document in documents),
            "relations": sum(len(document.relations) + len(document.nary) for document in documents),
        }
        accounts = reading.ledger.as_dict(split)[READ]
        for unit, account in accounts.items():
            dropped = account["dropped"]
            assert isinstance(dropped, dict)
            left = account["out"] if unit == "rows" else yielded[unit]
            assert account["in"] == left + sum(dropped.values()), (split, unit)
        assert set(accounts) == {*yielded, *(("rows",) if reading.variant in TABLES else ())}


@pytest.mark.parametrize(
    ("key", "variants"),
    [
        (key, list(corpus.spec.sources))
        for key, corpus in CATALOGUE.corpora.items()
        # Sources that read the very same files are no formats of a corpus but ways to divide it.
        # RENET's are other articles.
        if len({frozenset(locations(key, variant)) for variant in corpus.spec.sources}) > 1
        and not TABLES.intersection(corpus.spec.sources)
        and key != "renet"
    ],
)
def test_sources_of_a_corpus_give_equal_documents(key: str, variants: list[str], sample_mirror: Path) -> None:
    first, *others = (
        {each.id: _without_subjects(each) for each in reading_of(key, variant, sample_mirror).documents}
        for variant in variants
    )
    for other in others:
        assert other == first


def _without_subjects(document: Document) -> Document:
    """BioREDirect alone says which entity acts."""
    return replace(document, relations=tuple(replace(each, subject=None) for each in document.relations))


def test_every_corpus_of_the_catalogue_is_read() -> None:
    assert {key for key, _ in VARIANTS} == set(CATALOGUE.corpora)


def test_a_source_knows_its_splits_in_order() -> None:
    for key, variant in VARIANTS:
        splits = Source(CATALOGUE[key], variant, Path(), Ledger()).splits()
        assert splits == [split for split in ("train", "dev", "test") if split in splits]
        assert splits[0] == ("test" if key == "bc8biored" else "train")
