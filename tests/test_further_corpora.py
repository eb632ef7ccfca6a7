"""ChemProt, BertSRC and DrugCombo, which Table 2 lacks: built by name, and what the real files hold."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import harmonize
from harmonize.check.verify import verify
from harmonize.export.export import export
from harmonize.ledger import Ledger
from harmonize.model import Document
from harmonize.pipelines.build import build
from harmonize.registry import adapter, sample_folder
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import gold_labels, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue
from harmonize.union.manifest import SplitCounts, read_manifest, split_counts

CATALOGUE = load_catalogue()
SPLITS = ("train", "dev", "test")


def rows_of(union: Path, corpus: str) -> list[dict[str, Any]]:
    return harmonize.load_union(union, corpora=[corpus]).to_pylist()


# The sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("further") / "union"
    build(out, sample_folder(), corpora=["drugprot", "chemprot", "bertsrc"])
    return out


@pytest.fixture(scope="module")
def pooled_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pooled") / "union"
    build(out, sample_folder(), corpora=["bertsrc"], sources={"bertsrc": "pooled"})
    return out


def test_all_goes_on_to_mean_the_nine(sample_union: Path) -> None:
    assert len(read_manifest(sample_union)["corpora"]) == 9


def test_a_set_of_further_corpora_is_whole(sample: Path, pooled_sample: Path) -> None:
    assert not list(verify(sample))
    assert not list(verify(pooled_sample))


def test_a_chemprot_article_that_is_drugprot_s_too_leaks(sample: Path) -> None:
    rows = harmonize.load_union(sample, corpora=["drugprot"]).to_pylist()
    assert {tuple(row["leaks_into"]) for row in rows if row["pmid"] == "90000035"} == {("chemprot/test",)}


def test_groups_that_are_not_evaluated_are_rows_without_relation_that_name_them(sample: Path) -> None:
    found = {(row["head_name"], row["tail_name"], *row["source_relations"]): row["relation"]
             for row in rows_of(sample, "chemprot") if row["source_relations"]}  # fmt: skip
    assert found["Leucine", "insulin", "CPR:2"] == "None-ChemProt"
    assert found["Aspirin", "carbonic anhydrase II", "CPR:10"] == "None-ChemProt"
    assert found["Celecoxib", "COX-2", "CPR:4", "CPR:2"] == "Negative_Correlation"


def test_bertsrc_has_the_pairs_that_it_lists_and_no_other(sample: Path) -> None:
    rows = rows_of(sample, "bertsrc")
    assert all(row["source_relations"] for row in rows)
    undirected = [row for row in rows if set(row["source_relations"]) == {"Undirected Link"}]
    assert {row["relation"] for row in undirected} == {"None-BertSRC"}
    assert all(row in undirected for row in rows if row["relation"] == "None-BertSRC")


def test_own_types_as_labels_are_none_where_they_stand_for_no_relation(sample: Path) -> None:
    table = harmonize.load_union(sample, corpora=["chemprot", "bertsrc"])
    found = set(gold_labels(table, "source"))
    assert found == {"None"} | {
        kind
        for key in ("chemprot", "bertsrc")
        for kind, label in CATALOGUE[key].spec.relation_types.items()
        if label is not None
    }


def test_an_export_has_no_relation_where_there_is_none(sample: Path, tmp_path: Path) -> None:
    export(sample, tmp_path / "out", "pubtator", corpora=["chemprot", "bertsrc"])
    text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "out").glob("*.PubTator"))
    assert "Positive_Correlation" in text
    assert "None" not in text


def test_sources_of_bertsrc_hold_the_same_sentences_and_pairs() -> None:
    def facts(variant: str) -> Counter[tuple[str, ...]]:
        source = Source(CATALOGUE["bertsrc"], variant, sample_folder() / "bertsrc", Ledger())
        return Counter(
            fact for document in adapter("bertsrc", CATALOGUE)(source) for fact in _facts(document)
        )

    assert facts("published") == facts("pooled")


def _facts(document: Document) -> list[tuple[str, ...]]:
    mentions = {mention.id: mention for mention in document.mentions}
    sentences = {
        mention.id: sentence.of(document.text)
        for mention in document.mentions
        for sentence in document.sentences or ()
        if sentence.covers(mention.extent)
    }
    return [
        (document.pmid or "", sentences[r.head], mentions[r.head].text, mentions[r.tail].text, r.type)
        for r in document.relations
    ]


def test_pooled_rows_are_trained_on_by_folds_of_documents(pooled_sample: Path) -> None:
    tested: list[str] = []
    for fold in range(3):
        values = {"train_on": "bertsrc", "evaluate_on": "bertsrc/train", "development": None}
        recipe = load_recipe("biorex", {**values, "folds": 3, "fold": fold})
        held_out = set(rows_to_test(pooled_sample, "bertsrc/train", 3, fold)["document_id"].to_pylist())
        trained = set(select(pooled_sample, recipe).train["document_id"].to_pylist())
        assert not held_out & trained
        tested += held_out
    assert sorted(tested) == sorted({row["document_id"] for row in rows_of(pooled_sample, "bertsrc")})


def test_an_extension_makes_the_coarsest_level_bertsrc_s_labels(tmp_path: Path) -> None:
    extension = tmp_path / "coarsest"
    extension.mkdir()
    mappings = CATALOGUE["bertsrc"].path.parent
    row = next(line for line in (mappings / "further.yaml").read_text().splitlines() if "bertsrc:" in line)
    (extension / "table2.yaml").write_text(row.replace("d: d1", "d: d2"), encoding="utf-8")
    (extension / "bertsrc.yaml").write_bytes((mappings / "bertsrc.yaml").read_bytes())
    build(tmp_path / "union", sample_folder(), corpora=["bertsrc"], extensions=[extension])
    assert {row["relation"] for row in rows_of(tmp_path / "union", "bertsrc")} == {
        "Association",
        "None-BertSRC",
    }


# The real files


@pytest.fixture(scope="session")
def real_further(mirror: Path, known_sentences: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real-further") / "union"
    build(out, mirror, corpora=["chemprot", "bertsrc"])
    return out


@pytest.fixture(scope="session")
def counts(real_further: Path) -> dict[tuple[str, str], SplitCounts]:
    return {(part.corpus, part.split): part for part in split_counts(read_manifest(real_further))}


# documents, mentions, relations; instances, of them related
COUNTS = {
    ("chemprot", "train"): (1_020, 25_752, 6_437, 18_488, 4_141),
    ("chemprot", "dev"): (612, 15_567, 3_558, 11_509, 2_412),
    ("chemprot", "test"): (800, 20_828, 5_744, 16_029, 3_444),
    ("bertsrc", "train"): (1_082, 4_803, 3_018, 3_001, 2_147),
    ("bertsrc", "dev"): (602, 1_858, 1_006, 1_005, 739),
    ("bertsrc", "test"): (601, 1_877, 1_007, 1_006, 731),
}
REPEATS = "b2", "relations", "repeats another relation of the pair"
APART = "b2", "relations", "the entities never share a sentence"
UNLISTED = "c3", "instances", "unannotated pair of a corpus without negatives"


def test_counts(counts: dict[tuple[str, str], SplitCounts]) -> None:
    found = {
        key: (part.documents, part.mentions, part.relations, part.instances, part.positive)
        for key, part in counts.items()
    }
    assert found == COUNTS


def test_what_is_dropped_of_relations(counts: dict[tuple[str, str], SplitCounts]) -> None:
    """Of ChemProt's 15, 11 and 11 are one group by two types, the others one group not evaluated."""
    assert [counts["chemprot", split].dropped[REPEATS] for split in SPLITS] == [21, 12, 14]
    assert [counts["chemprot", split].dropped[APART] for split in SPLITS] == [6, 0, 1]
    assert [counts["bertsrc", split].dropped[REPEATS] for split in SPLITS] == [15, 1, 1]
    assert [counts["bertsrc", split].dropped[UNLISTED] for split in SPLITS] == [1_545, 299, 280]


def _columns(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.mark.parametrize(
    ("part", "gold", "rows"),
    [("training", 4_157, 4_172), ("development", 2_416, 2_427), ("test_gs", 3_458, 3_469)],
)
def test_chemprot_s_gold_standard_is_what_the_mapping_calls_a_relation(
    mirror: Path, part: str, gold: int, rows: int
) -> None:
    folder = mirror / "chemprot" / f"chemprot_{part}"
    relations = _columns(folder / f"chemprot_{part}_relations.tsv")
    standard = [tuple(row) for row in _columns(folder / f"chemprot_{part}_gold_standard.tsv")]
    evaluated = [(row[0], row[1], *row[4:]) for row in relations if row[2] == "Y "]
    assert (len(standard), len(set(standard)), len(evaluated)) == (gold, gold, rows)
    assert set(evaluated) == set(standard)
    types = CATALOGUE["chemprot"].spec.relation_types
    assert {(row[2], types[row[1]] is None) for row in relations} == {("Y ", False), ("N ", True)}


def test_chemprot_s_own_labels_are_the_task_s(real_further: Path) -> None:
    test = harmonize.load_union(real_further, corpora=["chemprot"], splits=["test"])
    found = Counter(gold_labels(test, "source"))
    assert found == {"None": 12_585, "CPR:4": 1_661, "CPR:3": 665, "CPR:9": 643, "CPR:6": 281, "CPR:5": 194}


def test_every_chemprot_abstract_is_drugprot_s(mirror: Path) -> None:
    def pmids(corpus: str) -> set[str]:
        return {row[0] for path in (mirror / corpus).glob("*/*abstrac*.tsv") for row in _columns(path)}

    assert len(pmids("chemprot")) == 2_432
    assert pmids("chemprot") <= pmids("drugprot")


@pytest.fixture(scope="session")
def table(mirror: Path) -> dict[str, list[list[str]]]:
    """BertSRC's rows, read by csv alone."""
    found = {}
    for part in ("train", "validation", "test"):
        with (mirror / "bertsrc" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
            found[part] = list(csv.reader(file, strict=True))[1:]
    return found


def test_bertsrc_s_entities_stand_once_in_their_sentences(table: dict[str, list[list[str]]]) -> None:
    rows = [row for part in table.values() for row in part]
    assert len(rows) == 5_031
    assert {row[14].count(row[column]) for row in rows for column in (3, 8)} == {1}
    # In small letters 91 stand there again: "Oxidative stress ... oxidative stress".
    assert sum(row[14].lower().count(row[c].lower()) > 1 for row in rows for c in (3, 8)) == 91


def test_bertsrc_s_coarsest_level_is_whether_there_is_a_relation(table: dict[str, list[list[str]]]) -> None:
    types = CATALOGUE["bertsrc"].spec.relation_types
    levels = Counter((row[15], types[row[16]]) for part in table.values() for row in part)
    assert levels == {
        ("Undirected Link", None): 1_396,
        ("Directed Link", "Association"): 833,
        ("Directed Link", "Positive_Correlation"): 1_087 + 273 + 364,
        ("Directed Link", "Negative_Correlation"): 700 + 133 + 245,
    }


def test_bertsrc_s_published_split_leaks_sentences_and_documents(table: dict[str, list[list[str]]]) -> None:
    sentences = {part: {row[14] for row in rows} for part, rows in table.items()}
    documents = {part: {row[0] for row in rows} for part, rows in table.items()}
    assert [len(sentences[part]) for part in table] == [1_885, 830, 845]
    assert len(sentences["test"] & sentences["train"]) == 436
    assert len(sentences["test"] & (sentences["train"] | sentences["validation"])) == 507
    assert len(documents["test"] & documents["train"]) == 448
    assert len(set().union(*documents.values())) == 1_343
    # The first entity of a directed link may stand second in the text, of an undirected one hardly ever: to
    # keep that order would tell the label.
    order = Counter(
        (row[15], row[14].index(row[3]) < row[14].index(row[8])) for part in table.values() for row in part
    )
    assert (order["Directed Link", False], order["Undirected Link", False]) == (613, 17)


def test_what_a_recipe_leaves_of_bertsrc_s_published_split(real_further: Path) -> None:
    values = {"train_on": "bertsrc", "evaluate_on": "bertsrc/test", "development": "bertsrc/dev"}
    selection = select(real_further, load_recipe("biorex", values))
    assert (selection.train.num_rows, selection.development.num_rows, selection.rows_in) == (700, 358, 4_006)


def test_bertsrc_s_pooled_rows_by_folds(mirror: Path, tmp_path: Path) -> None:
    union = tmp_path / "union"
    build(union, mirror, corpora=["bertsrc"], sources={"bertsrc": "pooled"})
    (part,) = split_counts(read_manifest(union))
    assert (part.documents, part.mentions, part.relations) == (1_343, 7_167, 5_031)
    assert (part.instances, part.positive, part.dropped[REPEATS]) == (4_995, 3_603, 32)
    sizes = [rows_to_test(union, "bertsrc/train", 5, fold).num_rows for fold in range(5)]
    assert sizes == [910, 1_106, 898, 1_056, 1_025]


# label: relations; how many drugs: relations; contexts
COMBINATIONS = {
    "train": (
        {"Other_Combination": 235 + 116, "Positive_Combination": 688},
        {2: 745, 3: 191, 4: 57, 5: 22, 6: 14, 7: 7, 8: 1, 11: 2},
        1_362,
    ),
    "test": (
        {"Other_Combination": 43 + 16, "Positive_Combination": 150},
        {2: 155, 3: 35, 4: 12, 5: 4, 6: 3},
        272,
    ),
}


@pytest.fixture(scope="session")
def combinations(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real-drugcombo") / "union"
    build(out, mirror, corpora=["drugcombo"])
    return out


def test_drugcombo_s_sentences_and_relations_are_all_there(combinations: Path) -> None:
    assert verify(combinations) == []
    for part in split_counts(read_manifest(combinations)):
        labels, arguments, contexts = COMBINATIONS[part.split]
        rows = harmonize.load_nary(combinations, splits=[part.split]).to_pylist()
        relations = [relation for row in rows for relation in row["relations"]]
        assert Counter(relation["relation"] for relation in relations) == labels
        assert Counter(len(relation["arguments"]) for relation in relations) == arguments
        assert (len(rows), part.documents, part.relations) == (contexts, contexts, sum(labels.values()))
        assert not part.dropped


def test_drugcombo_s_own_types_and_what_needs_context(combinations: Path) -> None:
    relations = [
        relation for row in harmonize.load_nary(combinations).to_pylist() for relation in row["relations"]
    ]
    types = Counter(relation["source_relation"] for relation in relations)
    assert types == {"POS": 688 + 150, "COMB": 235 + 43, "NEG": 116 + 16}
    assert sum(relation["needs_context"] for relation in relations) == 702 + 133


def test_two_of_drugcombo_s_training_sentences_are_of_tested_articles(combinations: Path) -> None:
    rows = harmonize.load_nary(combinations, splits=["train"]).to_pylist()
    assert [row["leaks_into"] for row in rows if row["leaks_into"]] == [["drugcombo/test"]] * 2
