"""The pairs of new documents: those of the union set, and nothing of its labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from prediction_cases import PUBTATOR, SAMPLES, written

from harmonize.errors import InvalidDocument, SpecError, UnknownName
from harmonize.model import Document, Instance, Mention, Passage, Relation, Span
from harmonize.prediction import pairs
from harmonize.prediction.entity_types import load_entity_types, variant_id, with_unknown_ids
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import Candidates, pair_rules
from harmonize.registry import sample_folder
from harmonize.relation.select.rows import rows_to_test
from harmonize.spec import load_catalogue
from harmonize.text.sentences import RULE_BASED
from harmonize.union.ids import instance_id
from harmonize.union.schema import partition_file

PUBTATOR_FILES = {
    ("biored", "train"): "Train.PubTator",
    ("biored", "dev"): "Dev.PubTator",
    ("biored", "test"): "Test.PubTator",
    ("bc5cdr", "train"): "CDR_TrainingSet.PubTator.txt",
    ("bc5cdr", "dev"): "CDR_DevelopmentSet.PubTator.txt",
    ("bc5cdr", "test"): "CDR_TestSet.PubTator.txt",
}


def candidates(path: Path, as_corpus: str = "biored") -> list[Candidates]:
    rules = pair_rules(as_corpus)
    return [rules.candidates(document) for document in read_input(path, rules=rules)]


def asked(corpus: str, instance: Instance) -> tuple[object, ...]:
    """All of an instance that the classifier sees, and its name."""
    sides = [(e.id, e.name, e.type, e.source_type, e.spans) for e in (instance.head, instance.tail)]
    return (instance_id(corpus, instance), instance.text, instance.context, *sides)


def rows_of(union: Path, corpus: str, split: str) -> list[tuple[object, ...]]:
    rows = pq.ParquetFile(union / partition_file(corpus, split)).read().to_pylist()
    return [
        (
            row["instance_id"],
            row["text"],
            Span(row["context_start"], row["context_end"]),
            *(
                (
                    row[f"{side}_id"],
                    row[f"{side}_name"],
                    row[f"{side}_type"],
                    row[f"source_{side}_type"],
                    tuple(Span(span["start"], span["end"]) for span in row[f"{side}_spans"]),
                )
                for side in ("head", "tail")
            ),
        )
        for row in rows
    ]


def assert_equal_pairs(union: Path, files: Path, corpus: str, split: str) -> None:
    found = candidates(files / corpus / PUBTATOR_FILES[corpus, split], corpus)
    mine = [asked(corpus, instance) for one in found for instance in one.instances]
    assert sorted(mine, key=str) == sorted(rows_of(union, corpus, split), key=str)
    assert {one.task for one in found} == {load_catalogue()[corpus].rules.task}
    told = {row["text"]: row["sentences"] for row in rows_to_test(union, f"{corpus}/{split}").to_pylist()}
    for pair in (pair for one in found for pair in one.pairs(RULE_BASED)):
        assert pair.sentences is not None
        assert [sentence._asdict() for sentence in pair.sentences] == told[pair.text]
    assert all(pair.sentences is None for one in found for pair in one.pairs())


@pytest.mark.parametrize(("corpus", "split"), PUBTATOR_FILES, ids="/".join)
def test_the_samples_pairs_are_those_of_the_union(sample_union: Path, corpus: str, split: str) -> None:
    assert_equal_pairs(sample_union, sample_folder(), corpus, split)


@pytest.mark.parametrize(
    ("corpus", "split", "rows"), [("biored", "test", 7_597), ("bc5cdr", "test", 5_405)], ids=str
)
def test_the_real_pairs_are_those_of_the_union(
    real_union: Path, mirror: Path, corpus: str, split: str, rows: int
) -> None:
    assert_equal_pairs(real_union, mirror, corpus, split)
    assert len(rows_of(real_union, corpus, split)) == rows


def test_pubtators_types_and_ids_make_pairs(tmp_path: Path) -> None:
    one, other = candidates(written(tmp_path, PUBTATOR))
    assert {(i.head.id, i.tail.id) for i in one.instances if "MESH:D001241" in (i.head.id, i.tail.id)} == {
        ("MESH:D001241", "673"),
        ("MESH:D001241", "109880"),
        ("MESH:D001241", "rs113488022"),
        ("MESH:D001241", "MESH:D008545"),
        ("MESH:D001241", "T10"),
    }
    assert len(one.instances) == 5 + 3 + 2 * 3  # of the chemical, of genes and variant, of two diseases
    types = {(entity.type, entity.source_type) for i in one.instances for entity in (i.head, i.tail)}
    assert types == {
        ("ChemicalEntity", "Chemical"),
        ("GeneOrGeneProduct", "Gene"),
        ("GeneOrGeneProduct", "ProteinMutation"),
        ("DiseaseOrPhenotypicFeature", "Disease"),
    }
    assert one.left_out == {
        ("mention of a type that is in no pair", "Species"): 1,
        ("mention of a type that is in no pair", "CellLine"): 1,
        ("mention without a known concept id", "Disease"): 1,
    }
    assert (other.instances, other.left_out) == ((), {})


def test_a_documents_relations_say_nothing(tmp_path: Path) -> None:
    rules = pair_rules()
    (document, _) = read_input(written(tmp_path, PUBTATOR), rules=rules)
    told = replace(document, relations=(Relation("MESH:D001241", "MESH:D008545", "no type of ours"),))
    assert rules.candidates(told).instances == rules.candidates(document).instances
    assert rules.candidates(told).document is told


@pytest.mark.parametrize(
    ("as_corpus", "task", "kinds"),
    [
        ("biored", "BioRED", {"ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"}),
        ("bc5cdr", "BC5CDR", {"BC5CDR-Chem", "BC5CDR-Disease"}),
        ("drugprot", "DrugProt", {"DrugProt-Chem", "GeneOrGeneProduct"}),
        ("aimed", "AIMed", {"GeneOrGeneProduct"}),
        ("ddi", "DDI", {"ChemicalEntity"}),
        ("emu", "BioRED", {"DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"}),
    ],
)
def test_any_corpus_can_make_the_pairs(as_corpus: str, task: str, kinds: set[str]) -> None:
    found = candidates(SAMPLES["pubtator"], as_corpus)
    instances = [instance for one in found for instance in one.instances]
    assert {one.task for one in found} == {task}
    assert {entity.type for i in instances for entity in (i.head, i.tail)} == kinds
    by_sentence = load_catalogue()[as_corpus].rules.b == "b2"
    texts = {one.document.id: one.document.text for one in found}
    assert all((i.text != texts[i.document_id]) == by_sentence for i in instances)
    by_mention = load_catalogue()[as_corpus].spec.entity == "mention"
    assert all((i.head.id[0] == "T" and i.head.id[1:].isdigit()) == by_mention for i in instances)


def test_a_corpus_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownName, match="unknown corpus 'medline'"):
        pair_rules("medline")


def test_documents_made_elsewhere_are_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rules = pair_rules()
    (document, _) = read_input(written(tmp_path, PUBTATOR), rules=rules)
    odd = replace(document, mentions=(replace(document.mentions[0], type="Pill"),))
    with pytest.raises(SpecError, match="'Pill'"):
        rules.candidates(odd)
    monkeypatch.setattr(pairs, "MOST_ENTITIES", 5)
    with pytest.raises(InvalidDocument, match="document 90000101: expected at most 5 entities, got 6"):
        rules.candidates(document)


def test_ids_of_a_corpus_own_types_are_read_as_its_mapping_says() -> None:
    biored, bc5cdr = pair_rules(), pair_rules("bc5cdr")
    assert biored.concept_ids("SequenceVariant", "c|SUB|G|1691|A") == ("c|SUB|G|1691|A",)
    assert biored.concept_ids("DiseaseOrPhenotypicFeature", "D1|D2,D3") == ("D1", "D2", "D3")
    assert biored.concept_ids("GeneOrGeneProduct", "-") == ()
    assert biored.concept_ids("GeneOrGeneProduct", None) == ()
    assert biored.concept_ids("Gene", "1|2;3,-1") == ("1", "2", "3")
    assert bc5cdr.concept_ids("Chemical", "D1,2|-1") == ("D1,2",)
    assert bc5cdr.concept_ids("Chemical", "D1+D2|D3") == ("D1", "D2", "D3")
    assert biored.concept_ids("GeneOrGeneProduct", "12(Tax:9606),13") == ("12", "13")
    assert biored.concept_ids("SequenceVariant", "c|SUB|G|IVS3+1|A") == ("c|SUB|G|IVS3+1|A",)
    assert biored.concept_ids("GeneOrGeneProduct", "c|SUB|G|IVS3+1|A,12+13") == (
        "c|SUB|G|IVS3+1|A",
        "12",
        "13",
    )
    assert biored.concept_ids("SequenceVariant", "tmVar:p|SUB|V|600|E;HGVS:p.V600E") == ("p|SUB|V|600|E",)


@pytest.mark.parametrize("as_corpus", ["biored", "bc5cdr", "renet"])
@pytest.mark.parametrize("raw", ["-", "-1", "None", "null", "Unknown", "NIL", "CUI-less"])
def test_an_id_that_says_unknown_names_nothing_whatever_the_type_and_the_corpus(
    as_corpus: str, raw: str
) -> None:
    rules = pair_rules(as_corpus)
    assert {rules.concept_ids(kind, raw) for kind in rules.corpus.spec.entity_types} == {()}


def test_what_a_mapping_calls_unknown_is_so_for_the_types_of_tools() -> None:
    table = with_unknown_ids(load_entity_types(), ["n/a"])
    assert table.concept_ids("Gene", "n/a;673") == ("673",)
    assert table.concept_ids("SNP", "n/a") == ()


UNKNOWN_IDS = """\
1|t|Aspirin, gefitinib and lovastatin in asthma and cancer.
1|a|
1\t0\t7\tAspirin\tChemical\t-
1\t9\t18\tgefitinib\tChemical\t-
1\t23\t33\tlovastatin\tChemical\tD008148
1\t37\t43\tasthma\tDisease\t-
1\t48\t54\tcancer\tDisease\tD009369
"""


@pytest.mark.parametrize("as_corpus", ["biored", "bc5cdr"])
def test_mentions_of_unknown_ids_are_no_entity_together(tmp_path: Path, as_corpus: str) -> None:
    (one,) = candidates(written(tmp_path, UNKNOWN_IDS), as_corpus)
    assert [(i.head.id, i.tail.id) for i in one.instances] == [("D008148", "D009369")]
    assert one.left_out == {
        ("mention without a known concept id", "Chemical"): 2,
        ("mention without a known concept id", "Disease"): 1,
    }
    nameless = UNKNOWN_IDS.replace("D008148", "-").replace("D009369", "NIL")
    (one,) = candidates(written(tmp_path, nameless), as_corpus)
    assert {(i.head.name, i.tail.name) for i in one.instances} >= {
        ("Aspirin", "asthma"),
        ("gefitinib", "cancer"),
    }
    assert not one.left_out


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("tmVar:p|SUB|V|600|E;HGVS:p.V600E;CorrespondingGene:673;RS#:113488022;CA#:123643", "rs113488022"),
        ("tmVar:c|SUB|G|1691|A;HGVS:c.1691G>A;VariantGroup:0", "c|SUB|G|1691|A"),
        ("p.G2385R;RS#:34778348", "rs34778348"),
        ("tmVar:p|SUB|S|1841|N;HGVS:p.S1841N;RS#:80357368(Expired)", "rs80357368"),
        ("p.A,B,C5D;RS#:11|12|13", "rs11"),
        ("p|SUB|R|114|H;Gene:11277;RS#:72556554;Disease:C1,D2;VariantGroup:0", "rs72556554"),
        ("rs2234671;VariantGroup:0", "rs2234671"),
        ("|SUB|A||G;CorrespondingGene:6532;VariantGroup:1", "|SUB|A||G"),
        ("VariantGroup:1;CorrespondingGene:6532", "VariantGroup:1;CorrespondingGene:6532"),
        ("p|SUB|V|158|M", "p|SUB|V|158|M"),
        ("dbSNP:2234671", "rs2234671"),
        ("rs4680", "rs4680"),
        ("dbSNP:c|SUB|G||C,NCBI Gene:6559", "c|SUB|G||C"),
        ("NCBI Gene:23365,dbSNP:p|Allele|C|1306,dbSNP:148969251", "rs148969251"),
        (" something else ", "something else"),
        ("-", "-"),
    ],
)
def test_a_variant_has_one_id(raw: str, expected: str) -> None:
    assert variant_id(raw) == expected


# The table of types


def test_every_type_of_the_table_is_brought_to_one_of_biored() -> None:
    types, target = load_entity_types(), load_catalogue().target
    kinds = {kind for kind in types.entity_types.values() if kind is not None}
    assert kinds == set(target.entity_types.values())
    assert set(types.variants) <= set(types.entity_types)
    assert len({name.casefold() for name in types.entity_types}) == len(types.entity_types)


def test_every_type_of_the_table_comes_from_somewhere() -> None:
    types = load_entity_types()
    assert {name for names in types.origins.values() for name in names} == set(types.entity_types)


def test_the_mapping_comes_before_the_table() -> None:
    own = load_catalogue()["bc5cdr"].spec
    spec = pair_rules("bc5cdr").corpus.spec
    assert spec.entity_types.items() >= own.entity_types.items()
    assert spec.internal_types.items() >= own.internal_types.items()
    assert spec.entity_types["Gene"] is None
    assert {spec.internal_types[name] for name in ("chemical", "CHEMICAL", "ChemicalEntity")} == {
        "BC5CDR-Chem"
    }


def test_two_mentions_of_the_very_same_text_are_no_pair() -> None:
    """In a corpus that relates mentions; nobody has annotated them."""
    text = "Insulin acts."
    rules = pair_rules("drugprot")
    document = Document("1", "test", text, (Passage("title", Span(0, len(text))),))
    mentions = [
        ("T0", "Chemical", Span(0, 7)),
        ("T1", "Gene", Span(0, 7)),
        ("T2", "Gene", Span(8, 12)),
    ]
    made = tuple(Mention(name, kind, span.of(text), (span,)) for name, kind, span in mentions)
    found = rules.candidates(replace(document, mentions=made))
    assert [(i.head.id, i.tail.id) for i in found.instances] == [("T0", "T2")]
