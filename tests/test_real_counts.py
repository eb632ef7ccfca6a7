"""What the real files hold and what the rules make of it, as counted by hand or by others' readers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pytest

import harmonize
from harmonize.ledger import Ledger
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.rules.statements import NOT_SHOWN
from harmonize.sources.source import Source
from harmonize.spec import Separators, load_catalogue
from harmonize.union.manifest import SplitCounts, read_manifest, split_counts

# corpus, split: documents, mentions, relations
READ = {
    ("biored", "train"): (400, 13_351, 4_178),
    ("biored", "dev"): (100, 3_533, 1_162),
    ("biored", "test"): (100, 3_535, 1_163),
    ("bc5cdr", "train"): (500, 9_385, 1_038),
    ("bc5cdr", "dev"): (500, 9_591, 1_012),
    ("bc5cdr", "test"): (500, 9_809, 1_066),
    ("drugprot", "train"): (3_500, 89_529, 17_288),
    ("drugprot", "test"): (750, 18_858, 3_765),
    ("ddi", "train"): (714, 14_765, 4_021),
    ("ddi", "test"): (191, 3_040, 979),
    ("aimed", "train"): (224, 4_202, 991),
    ("hprd50", "train"): (43, 405, 163),
    ("emu", "train"): (58 + 25, 820 + 409, 84 + 31),
    ("disgenet", "train"): (859, 1_984, 859),
    ("pharmgkb", "train"): (115, 1_698, 157),
}
# corpus, split: candidate pairs, of them annotated
PAIRS = {
    # The reference code counts 22,896 (4,175) and 7,591 (1,163). Three train mentions and one test mention
    # name two diseases, and four and one relations relate them; it keeps "D1|D2" as one entity, here each
    # disease is one. That makes 10 pairs (4 of them annotated) and 6 pairs (1 annotated) more.
    ("biored", "train"): (22_896 + 10, 4_175 + 4),
    ("biored", "dev"): (6_659, 1_161),
    ("biored", "test"): (7_591 + 6, 1_163 + 1),
    ("bc5cdr", "train"): (5_432, 1_038),
    ("bc5cdr", "dev"): (5_261, 1_012),
    ("bc5cdr", "test"): (5_405, 1_066),
    ("drugprot", "train"): (66_395, 17_073 - 14),
    ("drugprot", "test"): (13_770, 3_731 - 1),
    ("ddi", "train"): (27_792, 4_021),
    ("ddi", "test"): (5_716, 979),
    ("aimed", "train"): (5_775, 991),
    ("hprd50", "train"): (433, 163),
    ("disgenet", "train"): (859, 859),
}


@pytest.fixture(scope="session")
def counts(real_union: Path) -> dict[tuple[str, str], SplitCounts]:
    return {(part.corpus, part.split): part for part in split_counts(read_manifest(real_union))}


@pytest.mark.parametrize("key", READ, ids="-".join)
def test_documents_mentions_and_relations(
    counts: dict[tuple[str, str], SplitCounts], real_union: Path, key: tuple[str, str]
) -> None:
    part = counts[key]
    assert (part.documents, part.mentions, part.relations) == READ[key]


@pytest.mark.parametrize("key", PAIRS, ids="-".join)
def test_candidate_pairs(
    counts: dict[tuple[str, str], SplitCounts], real_union: Path, key: tuple[str, str]
) -> None:
    assert (counts[key].instances, counts[key].positive) == PAIRS[key]


def test_no_other_corpus_or_split(counts: dict[tuple[str, str], SplitCounts], real_union: Path) -> None:
    assert set(counts) == set(READ)


def test_the_composite_diseases_explain_biored_s_difference(mirror: Path) -> None:
    """With "D1|D2" as one id, the pairs are those that the reference code enumerates."""
    catalogue = load_catalogue()
    corpus = catalogue["biored"]
    spec = corpus.spec.model_copy(update={"id_separators": Separators(default=",;")})
    joined, ledger = replace(corpus, spec=spec), Ledger()
    pairs: Counter[str] = Counter()
    annotated: Counter[str] = Counter()
    for document in adapter("biored", catalogue)(Source(joined, "pubtator", mirror / "biored", ledger)):
        instances = adjust(document, joined, ledger)
        pairs[document.split] += len(instances)
        annotated[document.split] += sum(bool(instance.source_relations) for instance in instances)
    assert pairs == {"train": 22_896, "dev": 6_659, "test": 7_591}
    assert annotated == {"train": 4_175, "dev": 1_161, "test": 1_163}


def test_ddi_sets_aside_the_documents_without_relation_annotation(
    counts: dict[tuple[str, str], SplitCounts], real_union: Path
) -> None:
    assert counts["ddi", "test"].dropped["read", "documents", "no relation annotation"] == 112


def test_drugprot_loses_at_most_0_1_percent_of_its_pairs_to_sentences_and_says_which(
    real_union: Path,
) -> None:
    lines = (real_union / "dropped.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines if line.startswith("drugprot\t")]
    lost = {
        split: {
            (document, *item.split(" ")[1:])
            for _, of, _, unit, reason, document, item in rows
            if of == split and unit == "relations" and reason == "the entities never share a sentence"
        }
        for split in ("train", "test")
    }
    assert (len(lost["train"]), len(lost["test"])) == (14, 1)
    assert len(lost["train"]) / 17_073 < 0.001
    assert len(lost["test"]) / 3_731 < 0.001


def test_drugprot_s_duplicate_lines_and_pairs_with_several_types(
    counts: dict[tuple[str, str], SplitCounts], real_union: Path
) -> None:
    repeated = "b2", "relations", "repeats another relation of the pair"
    assert counts["drugprot", "train"].dropped[repeated] == 14
    assert counts["drugprot", "test"].dropped[repeated] == 4
    table = harmonize.load_union(real_union, corpora=["drugprot"], columns=["split", "source_relations"])
    several = table.filter(pc.greater(pc.list_value_length(table["source_relations"]), 1))
    # 201 and 30 pairs have several types; a pair that no sentence shows is no row.
    assert 190 <= several["split"].to_pylist().count("train") <= 201
    assert 25 <= several["split"].to_pylist().count("test") <= 30


def test_self_relations_of_biored_are_the_only_ones_lost(
    counts: dict[tuple[str, str], SplitCounts], real_union: Path
) -> None:
    dropped = {
        split: {key: n for key, n in counts["biored", split].dropped.items() if key[1] == "relations"}
        for split in ("train", "dev", "test")
    }
    reason = ("b1", "relations", "relates an entity to itself")
    assert dropped == {"train": {reason: 3}, "dev": {reason: 1}, "test": {}}


def test_novelty_is_as_biored_s_files_have_it(
    counts: dict[tuple[str, str], SplitCounts], mirror: Path, real_union: Path
) -> None:
    """Counted from the lines of the raw files; that of a composite mention is a row for each of its parts."""
    table = harmonize.load_union(real_union, corpora=["biored"], columns=["split", "relation", "novelty"])
    for split, name in (("train", "Train"), ("dev", "Dev"), ("test", "Test")):
        lines = (mirror / f"biored/{name}.PubTator").read_text(encoding="utf-8").splitlines()
        columns = (line.split("\t") for line in lines)
        cut = [line for line in columns if len(line) == 5 and not line[1].isdigit()]
        raw = Counter(line[4] for line in cut if line[2] != line[3])
        extra = Counter(
            line[4] for line in cut for side in line[2:4] if "|" in side and "D0" in side.split("|")[1]
        )
        own = table.filter(pc.equal(table["split"], split))
        assert Counter(own["novelty"].drop_null().to_pylist()) == raw + extra
        assert counts["biored", split].said["novelty"] == raw + extra
        assert all((row["novelty"] is None) == (row["relation"] == "None") for row in own.to_pylist())
        assert not any(unit == "statements" for _, unit, _ in counts["biored", split].dropped)


def test_the_chemical_acts_in_every_relation_of_drugprot_and_bc5cdr_and_nowhere_else(
    real_union: Path,
) -> None:
    table = harmonize.load_union(real_union, columns=["corpus", "relation", "subject"]).to_pandas()
    related = ~table.relation.str.startswith("None") & table.corpus.isin(["drugprot", "bc5cdr"])
    assert set(table.subject[related]) == {"head"}
    assert table.subject[~related].isna().all()
    # Of DrugProt's pairs 14 and 1 stand in no sentence: what is said of them is dropped.
    for split, (entered, left) in {"train": (17_073, 17_059), "test": (3_731, 3_730)}.items():
        steps = read_manifest(real_union)["corpora"]["drugprot"]["splits"][split]["steps"]
        account = steps["b2"]["statements"]
        assert (account["in"], account["out"], account["dropped"]) == (
            entered,
            left,
            {NOT_SHOWN: entered - left},
        )


def test_repositories_have_no_negatives(real_union: Path) -> None:
    table = harmonize.load_union(real_union, corpora=["emu", "pharmgkb", "disgenet"], columns=["relation"])
    assert set(table["relation"].to_pylist()) == {"Association"}
