"""Scores of small files, worked out by hand: each case has its arithmetic beside it.

What is right, wrong and missed of the four measures stands in the order pair, + type, + novelty, + both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gold_cases import BIOC_JSON, BIOC_XML, FORMS, PPI, PUBTATOR, run, written

from harmonize.evaluation.scores import Score
from harmonize.gold.score import FileScore
from harmonize.pipelines.predict import predict
from harmonize.pipelines.score import score_file
from harmonize.registry import sample_folder
from harmonize.relation.pair import Pair

Counts = list[tuple[int, int, int]]


def document(number: int, *relations: str, mentions: bool = True) -> str:
    """A document with a chemical C1, a gene 501, two diseases D1 and D2, their composite, and a variant."""
    words = (
        ("Brolin", "ChemicalEntity", "C1"),
        ("AKR", "GeneOrGeneProduct", "501"),
        ("gout", "DiseaseOrPhenotypicFeature", "D1"),
        ("ache", "DiseaseOrPhenotypicFeature", "D2"),
        ("gout/ache", "DiseaseOrPhenotypicFeature", "D1,D2"),
        ("V5E", "SequenceVariant", "p|SUB|V|5|E"),
        ("dust", "ChemicalEntity", "-"),
    )
    lines, start = [f"{number}|t|{' '.join(word for word, _, _ in words)}", f"{number}|a|"], 0
    for word, kind, identifier in words:
        if mentions:
            lines.append(f"{number}\t{start}\t{start + len(word)}\t{word}\t{kind}\t{identifier}")
        start += len(word) + 1
    lines += [f"{number}\t{relation}".replace(" ", "\t") for relation in relations]
    return "\n".join(lines) + "\n\n"


def scored(folder: Path, gold: str, other: str, **options: object) -> FileScore:
    paths = [written(folder, name, content) for name, content in (("other", other), ("gold", gold))]
    return score_file(*paths, bootstrap=0, **options).score  # type: ignore[arg-type]


def counts(measures: dict[str, Score]) -> Counts:
    return [(each.tp, each.fp, each.fn) for each in measures.values()]


CASES: dict[str, tuple[str, str, Counts]] = {
    # The same pair, the other way round: one is right, by each measure.
    "direction does not matter": (
        document(1, "Bind C1 501 Novel"),
        document(1, "Bind 501 C1 Novel"),
        [(1, 0, 0)] * 4,
    ),
    # Three lines say one thing: P = 1/1, R = 1/1.
    "what is said thrice counts once": (
        document(1, "Bind C1 501 No"),
        document(1, "Bind C1 501 No", "Bind C1 501 No", "Bind 501 C1 No"),
        [(1, 0, 0)] * 4,
    ),
    # The pair is found. (C1-501, Bind) is wrong and (C1-501, Association) missed; novelty is right, so that
    # pair + novelty is, and all together is not.
    "a wrong type": (
        document(1, "Association C1 501 Novel"),
        document(1, "Bind C1 501 Novel"),
        [(1, 0, 0), (0, 1, 1), (1, 0, 0), (0, 1, 1)],
    ),
    # Likewise: type is right, novelty is not.
    "a wrong novelty": (
        document(1, "Bind C1 501 Novel"),
        document(1, "Bind C1 501 No"),
        [(1, 0, 0), (1, 0, 0), (0, 1, 1), (0, 1, 1)],
    ),
    # One pair; of its two types one is right: P = 1/2, R = 1/1. Both lines say Novel: one pair + novelty.
    "two types of a pair": (
        document(1, "Bind C1 501 Novel"),
        document(1, "Bind C1 501 Novel", "Association C1 501 Novel"),
        [(1, 0, 0), (1, 1, 0), (1, 0, 0), (1, 1, 0)],
    ),
    # Gold has two types, and two novelties: one pair, two of each else, of which one is said.
    "two types of a pair in gold": (
        document(1, "Bind C1 501 Novel", "Association C1 501 No"),
        document(1, "Bind C1 501 Novel"),
        [(1, 0, 0), (1, 0, 1), (1, 0, 1), (1, 0, 1)],
    ),
    # Gold relates C1 to D1 and to D2 in one line: two pairs. The other file says one: R = 1/2.
    "a composite is each of its concepts": (
        document(1, "Association D1,D2 C1 No"),
        document(1, "Association C1 D2 No"),
        [(1, 0, 1)] * 4,
    ),
    # Document 2 is only in gold, with two relations: missed. R = 1/3.
    "a document that the other file lacks is missed": (
        document(1, "Bind C1 501 No") + document(2, "Bind C1 501 No", "Association C1 D1 No"),
        document(1, "Bind C1 501 No"),
        [(1, 0, 2)] * 4,
    ),
    # Document 3 is not in gold: what is said of it is neither right nor wrong. P = 1/1.
    "a document that gold lacks does not count": (
        document(1, "Bind C1 501 No"),
        document(1, "Bind C1 501 No") + document(3, "Bind C1 501 No"),
        [(1, 0, 0)] * 4,
    ),
    # "-" names nothing of gold's, nor does X9: two pairs are wrong, and gold's is missed.
    "unknown entities are wrong": (
        document(1, "Bind C1 501 No"),
        document(1, "Bind - 501 No", "Bind X9 501 No"),
        [(0, 2, 1)] * 4,
    ),
    # A relation of gold without a second entity stays in the denominator: R = 1/2.
    "gold that tells one entity is missed": (
        document(1, "Bind C1 501 No", "Bind C1  No"),
        document(1, "Bind C1 501 No", "Bind C1  No"),
        [(1, 1, 1)] * 4,
    ),
    # No fifth column: novelty is never right, however good the pairs are.
    "no novelty is told": (
        document(1, "Bind C1 501 No", "Association C1 D1 Novel"),
        document(1, "Bind C1 501", "Association C1 D1"),
        [(2, 0, 0), (2, 0, 0), (0, 2, 2), (0, 2, 2)],
    ),
    # Over three documents: pairs said 1-501, 1-D1, 2-D1; gold 1-501, 2-D1, 2-D2, 3-501: right 2, wrong 1,
    # missed 2. With types 2-D1 is wrong: 1, 2, 3. With novelty 1-501 is wrong: 1, 2, 3. All: 0, 3, 4.
    "documents are summed up": (
        document(1, "Bind C1 501 Novel")
        + document(2, "Association C1 D1 No", "Association C1 D2 No")
        + document(3, "Bind C1 501 No"),
        document(1, "Bind C1 501 No", "Association C1 D1 No")
        + document(2, "Negative_Correlation C1 D1 No")
        + document(3),
        [(2, 1, 2), (1, 2, 3), (1, 2, 3), (0, 3, 4)],
    ),
}


@pytest.mark.parametrize(("gold", "other", "expected"), CASES.values(), ids=CASES)
def test_hand_worked_cases(tmp_path: Path, gold: str, other: str, expected: Counts) -> None:
    assert counts(scored(tmp_path, gold, other).all.measures) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_file_against_itself_is_right_in_all(tmp_path: Path, name: str) -> None:
    gold = CASES[name][0]
    found = scored(tmp_path, gold, gold).all.measures
    lacks_an_entity = "one entity" in name
    for score in found.values():
        assert (score.fp, score.fn) == (lacks_an_entity, lacks_an_entity)


def test_precision_recall_and_f_of_counts(tmp_path: Path) -> None:
    gold, other, _ = CASES["documents are summed up"]
    pair = scored(tmp_path, gold, other).all.measures["pair"]
    # P = 2/3, R = 2/4, F = 2 * (2/3) * (1/2) / (2/3 + 1/2) = (2/3) / (7/6) = 4/7
    assert pair.precision.value == pytest.approx(2 / 3)
    assert pair.recall.value == pytest.approx(1 / 2)
    assert pair.f1.value == pytest.approx(4 / 7)


def test_pair_types_and_variants_are_gold_s(tmp_path: Path) -> None:
    gold = document(1, "Bind C1 501 No", "Association D1 p|SUB|V|5|E No", "Association D1 D2 No")
    other = document(1, "Bind C1 501 No", "Association p|SUB|V|5|E D1 No", "Bind C1 X9 No", mentions=False)
    found = scored(tmp_path, gold, other)
    pairs = {name: counts(part.measures)[0] for name, part in found.by_pair_type.items()}
    # A variant is a gene, as rule e has it; X9 is annotated nowhere.
    assert pairs == {"C-G": (1, 0, 0), "D-D": (0, 0, 1), "D-G": (1, 0, 0), "C / unknown": (0, 1, 0)}
    assert found.variants_only is not None
    assert found.without_variants is not None
    assert counts(found.variants_only.measures)[0] == (1, 0, 0)
    assert counts(found.without_variants.measures)[0] == (1, 1, 1)


def test_types_of_relations_have_scores_of_their_own(tmp_path: Path) -> None:
    found = scored(
        tmp_path,
        document(1, "Bind C1 501 No", "Association C1 D1 No"),
        document(1, "Bind C1 501 No", "Thing C1 D1 Maybe"),
    )
    assert {name: counts({"": each})[0] for name, each in found.by_type.items()} == {
        "Association": (0, 0, 1),
        "Bind": (1, 0, 0),
        "Thing": (0, 1, 0),
    }
    assert found.unknown_types == {"Thing": 1}
    assert found.unknown_novelty == 1


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("gold_name", FORMS)
def test_formats_may_differ(tmp_path: Path, name: str, gold_name: str) -> None:
    other, gold = (tmp_path / "other", tmp_path / "gold")
    other.mkdir()
    gold.mkdir()
    found = score_file(
        written(other, name, FORMS[name]), written(gold, gold_name, FORMS[gold_name]), bootstrap=0
    ).score
    assert counts(found.all.measures) == [(2, 0, 0)] * 4


def test_a_table_is_read_with_gold_s_mentions(tmp_path: Path) -> None:
    table = "pmid\tid1\tid2\trelation\n7001\t501\tD100001\tNegative_Correlation\n"
    found = scored(tmp_path, BIOC_JSON, table)
    assert counts(found.all.measures)[:2] == [(1, 0, 1)] * 2
    found = scored(tmp_path, BIOC_XML.replace(">D100001<", ">MESH:D100001<"), table)
    assert counts(found.all.measures)[:2] == [(1, 0, 1)] * 2


def test_files_of_a_folder_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    gold, folder, told = written(tmp_path, "gold", PUBTATOR), tmp_path / "other", list[str]()
    folder.mkdir()
    written(folder, "a.PubTator", PUBTATOR)
    written(folder, "README.md", "What our system said.\n")
    found = score_file(folder, gold, bootstrap=0, skip=lambda fault: told.append(str(fault)))
    assert counts(found.score.all.measures) == [(2, 0, 0)] * 4
    assert len(told) == 1
    assert told[0].startswith(f"{folder / 'README.md'}: expected")


def test_a_file_needs_no_text_of_its_own(tmp_path: Path) -> None:
    """A system may put out relations with titles and mentions that no text spells."""
    other = PUBTATOR.replace("Brolin and kinase AKR in gout.", "").replace("Brolin lowers AKR. Gout", "")
    assert counts(scored(tmp_path, PUBTATOR, other).all.measures) == [(2, 0, 0)] * 4


def test_mentions_without_ids_are_the_same_where_they_stand_at_the_same_place(tmp_path: Path) -> None:
    predicted = (
        "Small.d0|t|AKR binds BTR, not CUL.\nSmall.d0|a|\n"
        "Small.d0\t10\t13\tBTR\tGene\tb\nSmall.d0\t0\t3\tAKR\tGene\ta\nSmall.d0\t19\t22\tCUL\tGene\tc\n"
        "Small.d0\tAssociation\ta\tb\nSmall.d0\tAssociation\tb\tc\n\n"
    )
    found = scored(tmp_path, PPI, predicted, as_corpus="aimed")
    assert counts(found.all.measures) == [(1, 1, 0)] * 2  # PPI is an Association to AIMed's mapping


def test_a_users_types_stand_for_labels_in_both_files(tmp_path: Path) -> None:
    own = written(tmp_path, "own.yaml", "binds: Bind\nnothing: null\n")
    gold = document(1, "binds C1 501 No", "nothing C1 D1 No")
    found = scored(tmp_path, gold, document(1, "Bind C1 501 No"), relations=own)
    assert counts(found.all.measures) == [(1, 0, 0)] * 4


def test_types_that_nobody_lists_stand_for_what_the_mapping_or_the_user_says_of_them(tmp_path: Path) -> None:
    predicted = "Small.d0\tAssociation\tSmall.d0.s0.e0\tSmall.d0.s0.e1\n"
    predicted += "Small.d0\tNone-LLL\tSmall.d0.s0.e0\tSmall.d0.s0.e2\n"
    gold = PPI.replace("<pair ", '<pair type="binds" ')
    assert counts(scored(tmp_path, gold, predicted, as_corpus="lll").all.measures) == [(1, 0, 0)] * 2
    own = written(tmp_path, "own.yaml", '"*": null\nbinds: Bind\n')
    gold = document(1, "binds C1 501 No", "nothing C1 D1 No")
    assert counts(scored(tmp_path, gold, gold, relations=own).all.measures) == [(1, 0, 0)] * 4


def test_intervals_are_of_documents(tmp_path: Path) -> None:
    gold = "".join(document(number, "Bind C1 501 No") for number in range(1, 9))
    other = "".join(document(number, "Bind C1 501 No") for number in range(1, 5))
    paths = [written(tmp_path, name, content) for name, content in (("other", other), ("gold", gold))]
    one, same, another = (score_file(*paths, seed=seed).score for seed in (0, 0, 1))
    recall = one.all.measures["pair"].recall
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low < 0.5 < recall.high
    assert one == same != another


class Guessing:
    """A classifier that answers by a hash, with novelty."""

    labels = ("Bind", "Association", "None")

    def probabilities(self, pairs: Sequence[Pair]) -> np.ndarray:
        digests = [hashlib.sha256(repr(pair).encode()).digest() for pair in pairs]
        weights = np.array([[digest[place] + 1.0 for place in range(3)] for digest in digests])
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("sample", ["biored/Test.PubTator", "bc5cdr/CDR_TestSet.PubTator.txt"])
def test_parquet_of_predictions_says_what_pubtator_text_does(tmp_path: Path, sample: str) -> None:
    gold, as_corpus = sample_folder() / sample, sample.partition("/")[0]
    scores = []
    for name in ("said.PubTator", "said.parquet"):
        predict(Guessing(), gold, tmp_path / name, as_corpus=as_corpus)
        found = score_file(tmp_path / name, gold, as_corpus=as_corpus, bootstrap=0).score
        scores.append((counts(found.all.measures), found.by_type))
    assert scores[0] == scores[1]
    assert scores[0][0][0][0] > 0


def test_novelty_of_parquet_is_the_surest_row_s(tmp_path: Path) -> None:
    columns = {
        "document_id": ["7001"] * 4,
        "head_id": ["D100001", "501", "D200001", "501"],
        "tail_id": ["501", "D100001", "D100001", "D200001"],
        "label": ["Negative_Correlation", "Negative_Correlation", "Association", "None"],
        "is_relation": [True, True, True, False],
        "confidence": [0.5, 0.8, 0.9, 0.9],
        "novelty": ["No", "Novel", "No", None],
    }
    gold, other = written(tmp_path, "gold", PUBTATOR), tmp_path / "other"
    pq.write_table(pa.table(columns), other)
    assert counts(score_file(other, gold, bootstrap=0).score.all.measures) == [(2, 0, 0)] * 4


# The command


def test_an_id_that_stands_twice_is_told_as_a_build_tells_it(tmp_path: Path) -> None:
    once, twice = document(7001, "Bind C1 501"), document(7001, "Bind C1 501") * 2
    gold = written(tmp_path, "gold.pubtator", twice + document("7001#2", "Bind C1 501"))
    other = written(tmp_path, "other.pubtator", once)
    assert "missed: 7001#2, 7001#2#2\n" in run("score", other, "--gold", gold).stdout


def test_without_resamples_no_interval_is_told(tmp_path: Path) -> None:
    gold = written(tmp_path, "gold.pubtator", document(1, "Bind C1 501"))
    assert "95 %" in run("score", gold, "--gold", gold).stdout
    assert "95 %" not in run("score", gold, "--gold", gold, "--bootstrap", "0").stdout


def test_the_command_tells_what_it_found(tmp_path: Path) -> None:
    gold = written(tmp_path, "gold.pubtator", document(1, "Bind C1 501 No") + document(2, "Bind C1 D1 No"))
    other = written(tmp_path, "other.tsv", "1\tBind\t501\tC1\tNo\n3\tBind\t501\tC1\tNo\n")
    report = tmp_path / "found" / "report.json"
    done = run("score", other, "--gold", gold, "--report", report, "--bootstrap", "0")
    assert "| all, pair | 1 | 0 | 1 | 100.0 | 50.0 | 66.7 |" in done.stdout
    assert "- 1 document only in gold, whose relations are missed: 2\n" in done.stdout
    assert "- 1 document not in gold, of which nothing is scored: 3\n" in done.stdout
    content = json.loads(report.read_text(encoding="utf-8"))
    assert content["score"]["all"]["measures"]["pair + type"]["tp"] == 1
    assert content["score"]["only_in_gold"] == ["2"]
    assert content["read"]["predictions"] == {
        "documents": 2,
        "skipped": 0,
        "relations": 2,
        "repeated": 0,
        "unrelated": 0,
        "without_entities": 0,
        "unknown_entities": 1,
    }


def test_the_command_says_where_novelty_is_not_scored(tmp_path: Path) -> None:
    gold = written(tmp_path, "gold.pubtator", document(1, "Bind C1 501"))
    done = run("score", gold, "--gold", gold)
    assert "- gold tells no novelty: it is not scored\n" in done.stdout
    assert "pair + novelty" not in done.stdout


PAIRS = ("document_id", "head_id", "tail_id", "label")
BAD = {
    "no such gold": (("a.pubtator", "--gold", "nothing"), "nothing: expected a file", 2),
    "no such predictions": (("nothing", "--gold", "a.pubtator"), "nothing: expected a file", 2),
    "text alone": (("a.txt", "--gold", "a.pubtator"), "a.txt: expected annotated documents", 2),
    "a table with commas": (
        ("a.csv", "--gold", "a.pubtator"),
        "a.csv: expected annotated documents (PubTator, BioC XML or JSON, unified PPI XML or brat's .ann) or "
        "relations in a table, got a table with commas: a table of relations needs tabs between its columns "
        "(document: ",
        2,
    ),
    "no such format": (
        ("a.pubtator", "--gold", "a.pubtator", "--gold-format", "doc"),
        "unknown input format 'doc'",
        2,
    ),
    "both from standard input": (("-", "--gold", "-"), "expected one of the two files from standard", 2),
    "a report in the place of gold": (
        ("a.pubtator", "--gold", "b.pubtator", "--report", "b.pubtator"),
        "b.pubtator: expected another file than the input",
        2,
    ),
    "Parquet of something else": (
        ("a.parquet", "--gold", "a.pubtator"),
        "a.parquet: expected Parquet of `harmonize predict`, found no column confidence, is_relation",
        2,
    ),
    "Parquet where entities are mentions": (
        ("a.parquet", "--gold", "a.pubtator", "--as-corpus", "aimed"),
        "a.parquet: expected PubTator or BioC of `harmonize predict`: each mention is an entity here",
        2,
    ),
    "Parquet that is cut": (
        ("cut", "--gold", "a.pubtator"),
        "cut: expected Parquet of `harmonize predict`, got: ",
        2,
    ),
    "nothing in it": (("a.xml", "--gold", "a.pubtator"), "a.xml: nothing was read", 3),
}


@pytest.mark.parametrize(("arguments", "message", "code"), BAD.values(), ids=BAD)
def test_faults_are_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str, code: int) -> None:
    for name in ("a.pubtator", "b.pubtator"):
        written(tmp_path, name, PUBTATOR)
    written(tmp_path, "a.txt", "Brolin lowers AKR.\n")
    written(tmp_path, "a.xml", "<collection></collection>\n")
    written(tmp_path, "a.csv", "pmid,id1,id2,relation\n7001,501,p|SUB|V|600|E,Bind\n")
    written(tmp_path, "cut", "PAR1 and no more")
    pq.write_table(pa.table({name: ["7001"] for name in PAIRS}), tmp_path / "a.parquet")
    done = run("score", *arguments, cwd=tmp_path, code=code)
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_holds_no_files_of_a_system_is_told_as_what_it_is(
    sample_union: Path, linear_run: Path, tmp_path: Path
) -> None:
    gold = written(tmp_path, "gold.pubtator", PUBTATOR)
    for folder, what in ((sample_union, "a union set's folder"), (linear_run, "a run's folder")):
        done = run("score", folder, "--gold", gold, code=2)
        expected = (
            f"error: {folder}: expected a system's output as a file, or a folder of files, got {what}; "
        )
        assert done.stderr.startswith(expected)
        assert done.stderr.count("\n") == 1
        done = run("score", gold, "--gold", folder, code=2)
        assert done.stderr.startswith(f"error: {folder}: expected a gold standard as a file, or a folder")
        done = run("evaluate", "--model", linear_run, "--gold", folder, code=2)
        assert done.stderr.startswith(f"error: {folder}: expected a gold standard as a file, or a folder")
