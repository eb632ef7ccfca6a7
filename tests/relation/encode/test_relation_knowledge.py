"""What is known of entities beside the text: the table, where it is told, and runs that need it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_cases import CHEMICAL, DISEASE, TAGS, entity, words_tokenizer
from relation_runs import HALF, OF_CONTEXTS, stopped_and_resumed
from stopped_trainings import Stop, StopAt, weights
from typer.testing import CliRunner

from harmonize.curated.descriptions import chemical_descriptions, disease_descriptions, gene_descriptions
from harmonize.errors import HarmonizeError, InputError
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.encode.cache import Cache
from harmonize.relation.encode.documents import DocumentEncoder
from harmonize.relation.encode.encoding import PairEncoder, add_tokens
from harmonize.relation.encode.graphs import EncodedGraph, GraphEncoder
from harmonize.relation.encode.knowledge import KNOWLEDGE_FILE, Knowledge, read_knowledge
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("knowledge")  # they share their run
TEXT = "Aspirin and heparin cause asthma."
ASPIRIN = replace(entity(TEXT, CHEMICAL, "Aspirin"), id="D001241")
HEPARIN = replace(entity(TEXT, CHEMICAL, "heparin"), id="D006493")
ASTHMA = replace(entity(TEXT, DISEASE, "asthma"), id="D001249")
PAIRS = [Pair("biored", "BioRED", TEXT, head, ASTHMA) for head in (ASPIRIN, HEPARIN)]
KNOWN = Knowledge("0", {"D001241": "an analgesic"}, {"asthma": "narrow airways", "Aspirin": "never told"})
HEADER = "id\tname\tdescription\n"


def encoder(kind: type[PairEncoder | DocumentEncoder], longest: int = 512) -> Any:
    tokenizer = words_tokenizer(longest=longest)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    return kind(tokenizer, TAGS, longest, "described", KNOWN)


def spelled(made: Any, ids: list[int]) -> str:
    return "".join(made.tokenizer.convert_ids_to_tokens(list(ids))).replace("[UNK]", ".")


# The table


def test_an_id_comes_before_a_name_and_words_are_few(tmp_path: Path) -> None:
    path = tmp_path / "known.tsv"
    long = " ".join(f"w{number}" for number in range(30))
    path.write_text(f"{HEADER}D001241\tAspirin\tan  analgesic\n\tasthma\t{long}\n", encoding="utf-8")
    known = read_knowledge(path)
    assert known.of(ASPIRIN) == "an analgesic"
    assert known.of(replace(ASPIRIN, id="MESH:D001241")) == "an analgesic"
    assert known.of(replace(ASPIRIN, id="")) == "an analgesic"
    assert known.of(ASTHMA).split() == long.split()[:20]
    assert known.of(HEPARIN) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected at least one document, the file is empty"),
        ("id\tdescription\n", "1: expected the columns id, name, description, found no name"),
        (f"{HEADER}1\ta\t\n", "2: expected a value of description, found none"),
        (f"{HEADER}\t\tb\n", "2: expected an id or a name, got neither"),
        (f"{HEADER}1\ta\tb\n1\t\tc\n", "3: expected one description of '1', got two"),
        (f"{HEADER}1\ta\n", "2: expected 3 columns as in the header, got 2"),
        (f"{HEADER}1\ta\tb", "2: expected a line end, the file is cut here"),
    ],
)
def test_a_fault_of_the_table_is_one_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "known.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_knowledge(path)
    assert str(error.value) == f"{path}:{fault}" if fault[0].isdigit() else f"{path}: {fault}"


# What is read


def test_a_pair_is_asked_about_with_what_is_known() -> None:
    made = encoder(PairEncoder)
    one, other = (spelled(made, each.input_ids) for each in made(PAIRS))
    assert "</D>?Aspirin.ananalgesic.asthma.narrowairways.[SEP]" in one
    assert "</D>?asthma.narrowairways.[SEP]" in other


def test_a_context_ends_with_what_is_known_and_each_name_is_a_mention() -> None:
    (one,) = (made := encoder(DocumentEncoder))(PAIRS)
    shown = spelled(made, one.input_ids[0])
    assert shown.endswith("<C>Aspirin</C>.ananalgesic.<D>asthma</D>.narrowairways.[SEP]")
    assert one.mentions[:, 0].tolist() == [0, 0, 1, 1, 2]


def test_what_is_known_stands_in_no_sentence() -> None:
    (one,) = encoder(GraphEncoder)(PAIRS)
    assert isinstance(one, EncodedGraph)
    assert one.mentions[:, 0].tolist() == [0, 0, 1, 1, 2]
    assert one.sentence_of.tolist() == [0, -1, 0, -1, 0]
    assert len(one.sentences) == 1


@given(st.integers(60, 90))
def test_windows_hold_what_is_known_too(longest: int) -> None:
    (one,) = (made := encoder(DocumentEncoder, longest))(PAIRS)
    assert all(len(ids) <= longest for ids in one.input_ids)
    tags = {made.tokenizer.convert_tokens_to_ids(f"<{name}>") for name in TAGS.values()}
    assert all(one.input_ids[window][place] in tags for _, window, place in one.mentions)


def test_entities_of_the_same_mentions_stay_one() -> None:
    assert replace(ASPIRIN, id="other", description="something") == ASPIRIN
    assert hash(replace(ASPIRIN, id="other")) == hash(ASPIRIN)


def test_rows_kept_encoded_are_of_one_table(tmp_path: Path) -> None:
    keys = set()
    for known in (KNOWN, replace(KNOWN, sha256="1")):
        made = encoder(PairEncoder)
        made.knowledge = known
        keys.add(Cache(tmp_path, "set").key(["a"], made))
    assert len(keys) == 2


# Runs


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("known") / "known.tsv"
    path.write_text(f"{HEADER}D020246\t\tblood clots in veins\n672\tBRCA1\ta gene\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(
    table: Path, sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("described") / "run"
    return train(sample_union, described(small_recipe, table), out, device="cpu")


def described(small: Small, table: Path, head: str = "entities") -> Recipe:
    return small(head=head, input="described", knowledge=str(table), **HALF)


def test_a_run_holds_its_table_and_answers_by_it(run: Path, table: Path, sample_union: Path) -> None:
    assert (run / KNOWLEDGE_FILE).read_bytes() == table.read_bytes()
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/test")))
    found = Classifier.load(run, "cpu")
    probabilities = found.probabilities(pairs)
    found.encoder.knowledge = Knowledge("", {}, {})
    assert np.abs(found.probabilities(pairs) - probabilities).max() > 0


def test_stopped_and_resumed_it_has_the_same_weights(
    run: Path, table: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = described(small_recipe, table)
    again, _ = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(4))
    assert weights(again) == weights(run)


@pytest.mark.parametrize("head", OF_CONTEXTS)
def test_contexts_are_described_too(
    table: Path, sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    made = train(sample_union, described(small_recipe, table, head), tmp_path / "run", device="cpu")
    assert np.isfinite(
        Classifier.load(made, "cpu").probabilities(pairs_of(rows_to_test(sample_union, "biored/dev")))
    ).all()


def test_another_table_does_not_go_on_nor_pass_for_a_finished_run(
    sample_union: Path, small_recipe: Small, table: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.tsv"
    own.write_bytes(table.read_bytes())
    recipe = described(small_recipe, own)
    with pytest.raises(Stop):
        train(sample_union, recipe, tmp_path / "run", device="cpu", callbacks=[StopAt(4)])
    own.write_text(f"{HEADER}672\tBRCA1\tanother gene\n", encoding="utf-8")
    with pytest.raises(HarmonizeError, match="a training with other knowledge was stopped here"):
        train(sample_union, recipe, tmp_path / "run", device="cpu")
    made = train(sample_union, recipe, tmp_path / "run", device="cpu", fresh=True)
    again = StopAt()
    train(sample_union, recipe, made, device="cpu", callbacks=[again])
    assert again.done == 0
    own.write_bytes(table.read_bytes())
    with pytest.raises(HarmonizeError, match="another one is finished here"):
        train(sample_union, recipe, made, device="cpu")
    train(sample_union, recipe, made, device="cpu", fresh=True, callbacks=[again])
    assert again.done > 0
    assert (made / KNOWLEDGE_FILE).read_bytes() == table.read_bytes()


def test_a_missing_table_is_one_line_and_leaves_nothing(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    with pytest.raises(HarmonizeError, match=r"known\.tsv: No such file") as error:
        train(sample_union, described(small_recipe, tmp_path / "known.tsv"), tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_run_without_its_table_is_one_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(run)
    table = (run / KNOWLEDGE_FILE).read_bytes()
    (run / KNOWLEDGE_FILE).unlink()
    try:
        with pytest.raises(InputError, match=r"knowledge\.tsv: expected a file, found none"):
            Classifier.load(run, "cpu")
    finally:
        (run / KNOWLEDGE_FILE).write_bytes(table)


# From tables to a table


def test_the_samples_tables_describe(tmp_path: Path) -> None:
    sample = sample_folder()
    genes = {each.id: each for each in gene_descriptions(sample / "disgenet/geneAttributes.tsv")}
    diseases = {each.id: each for each in disease_descriptions(sample / "disgenet/disease_mappings.tsv")}
    chemicals = {each.id for each in chemical_descriptions([sample / "pharmgkb/chemicals/chemicals.tsv"])}
    assert genes
    assert diseases
    assert chemicals
    assert all(each.text.strip() for each in (*genes.values(), *diseases.values()))
    with chdir(tmp_path):
        arguments = ["describe", "--out", "known.tsv", "--genes", str(sample / "disgenet/geneAttributes.tsv")]
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert f"{len(genes):,} genes described" in done.output
    known = read_knowledge(tmp_path / "known.tsv")
    assert set(known.by_id) == set(genes)


def test_describe_without_a_table_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["describe", "--out", str(tmp_path / "known.tsv")])
    assert done.exit_code == 2
    assert "expected a table of genes, diseases or chemicals, got none" in done.output
    assert not list(tmp_path.iterdir())


def test_names_are_told_once_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "disease_mappings.tsv"
    path.write_text(
        "diseaseId\tname\tvocabulary\tcode\tvocabularyName\n"
        "C1\tAsthma\tMSH\tD001249\tasthma\n"
        "C1\tAsthma\tDO\t2841\tBronchial  asthma\n"
        "C1\tAsthma\tHPO\tHP:1\tWheeze\n"
        "C1\tAsthma\tNCI\tC2\tA fourth\n",
        encoding="utf-8",
    )
    assert [each.text for each in disease_descriptions(path)] == ["Asthma, also Bronchial asthma, Wheeze"]


def test_ids_without_a_name_are_counted(tmp_path: Path) -> None:
    (tmp_path / "disease_mappings.tsv").write_text(
        "diseaseId\tname\tvocabulary\tcode\tvocabularyName\n"
        "C1\t\tMSH\tD1\t\nC2\t \tMSH\tD2\t\u00a0\nC3\tAsthma\tMSH\tD1\t\n",
        encoding="utf-8",
    )
    with chdir(tmp_path):
        arguments = ["describe", "--out", "known.tsv", "--diseases", "disease_mappings.tsv"]
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.output == "1 diseases described, 2 without a description; in known.tsv\n"
    assert list(read_knowledge(tmp_path / "known.tsv").by_id) == ["D1"]
