"""Entity types: those that are known, and a user's own beside and before them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from prediction_cases import Fake, run, written

from harmonize.errors import HarmonizeError, SpecError
from harmonize.pipelines.inputs import user_types
from harmonize.pipelines.predict import predict
from harmonize.pipelines.shard import shard
from harmonize.pipelines.types import known_types
from harmonize.prediction.entity_types import load_entity_types
from harmonize.prediction.inputs import UNKNOWN_TYPE
from harmonize.prediction.pairs import pair_rules

ARTICLE = """\
8001|t|Ombrel soothes colic in rats
8001|a|
8001\t0\t6\tOmbrel\tRemedy\tD800001
8001\t15\t20\tcolic\tComplaint\tD003085
8001\t24\t28\trats\tLabAnimal\t10116

"""
OWN = "Remedy: Chemical\nComplaint: DiseaseOrPhenotypicFeature\nLabAnimal: null\n"


def test_the_types_of_public_tools_are_known() -> None:
    known = pair_rules().corpus.spec.entity_types
    for name in (
        *("SpecificDisease", "DiseaseClass", "CompositeMention", "Modifier", "FamilyName", "DomainMotif"),
        *("DNAMutation", "ProteinMutation", "SNP", "DNAAllele", "ProteinAllele", "AcidChange"),
        *("OtherMutation", "Species", "CellLine", "Cell_Line", "Strain", "Genus", "OTHER"),
        *("NonStandardRef", "drug", "brand", "group", "drug_n", "GENE-Y", "GENE-N", "cell_type", "CELL"),
    ):
        assert name in known, name
        assert name.swapcase() in known, name


@pytest.mark.parametrize("name", ["chemicalEntity", "CHEMICALENTITY", "Chemicalentity", "chemicalentity"])
@pytest.mark.parametrize("as_corpus", ["biored", "bc5cdr"])
def test_case_does_not_matter(tmp_path: Path, name: str, as_corpus: str) -> None:
    text = ARTICLE.replace("Remedy", name).replace("Complaint", "diseaseorPhenotypicFEATURE")
    summary = predict(Fake(), written(tmp_path, text), tmp_path / "out.parquet", as_corpus=as_corpus)
    assert (summary.pairs, summary.mentions_out) == (1, 2)
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (row["source_head_type"], row["head_type"]) == (
        name,
        {"biored": "ChemicalEntity", "bc5cdr": "BC5CDR-Chem"}[as_corpus],
    )


@pytest.mark.parametrize(
    ("as_corpus", "kind", "raw", "ids"),
    [
        ("biored", "SequenceVariant", "c|SUB|G|1691|A", ("c|SUB|G|1691|A",)),
        ("bc5cdr", "Chemical", "D1,2|D3", ("D1,2", "D3")),
    ],
)
def test_ids_of_a_type_are_read_alike_in_any_case(
    as_corpus: str, kind: str, raw: str, ids: tuple[str, ...]
) -> None:
    rules = pair_rules(as_corpus)
    assert {rules.concept_ids(name, raw) for name in (kind, kind.upper(), kind.swapcase())} == {ids}


def test_a_mapping_comes_before_the_tools_whatever_the_case() -> None:
    kinds = pair_rules("bertsrc").corpus.spec.entity_types
    assert kinds["CELL"] == kinds["Cell"] == "DiseaseOrPhenotypicFeature"
    assert pair_rules().corpus.spec.entity_types["Cell"] is None


def test_a_users_types_are_read(tmp_path: Path) -> None:
    types = written(tmp_path, OWN, "types.yaml")
    summary = predict(Fake(), written(tmp_path, ARTICLE), tmp_path / "out.parquet", types=types)
    assert (summary.pairs, summary.mentions_out) == (1, 2)
    assert summary.left_out == {("mention of a type that is in no pair", "LabAnimal"): 1}
    plain = predict(Fake(), written(tmp_path, ARTICLE), tmp_path / "out.parquet")
    assert {reason for reason, _ in plain.left_out} == {UNKNOWN_TYPE}


def test_a_users_types_come_before_all_others() -> None:
    rules = pair_rules("bc5cdr", types={"Chemical": None, "gene": "Disease", "Change": "SNP"})
    kinds = rules.corpus.spec.entity_types
    assert [kinds[name] for name in ("Chemical", "CHEMICAL", "Gene", "GENE")] == [
        *(None, None, "DiseaseOrPhenotypicFeature", "DiseaseOrPhenotypicFeature"),
    ]
    assert rules.corpus.spec.internal_types["gene"] == "BC5CDR-Disease"
    assert "Chemical" not in rules.corpus.spec.internal_types
    assert rules.concept_ids("Chemical", "D1,D2") == ("D1", "D2")
    assert rules.concept_ids("Change", "rs12;VariantGroup:0") == ("rs12",)
    assert rules.corpus.spec.entity_types["Disease"] == "DiseaseOrPhenotypicFeature"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "Remedy: Tablet\nComplaint: 3\nLabAnimal: null\nPill: [Chemical]\nDrug: chemical\n",
            ["Remedy: .*got 'Tablet'", "Complaint: .*expected text, got 3", "Pill: .*expected text, got"],
        ),
        ("- Remedy\n", ["expected names and values"]),
        ("Remedy: [\n", ["expected YAML"]),
        ("Remedy: Chemical\n1: Chemical\n", ["line 2: expected text for a key, got 1; put it in quotes"]),
        ("Remedy: Chemical\nremedy: Gene\n", ["expected types that differ .*, got Remedy and remedy"]),
    ],
)
def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path, text: str, faults: list[str]) -> None:
    with pytest.raises(SpecError) as error:
        user_types(written(tmp_path, text, "types.yaml"))
    for fault in faults:
        assert error.match(rf"types\.yaml: .*{fault}")
    assert "LabAnimal" not in str(error.value)


def test_shards_know_the_types_that_they_were_read_with(tmp_path: Path) -> None:
    types = written(tmp_path, OWN, "types.yaml")
    manifest = shard(written(tmp_path, ARTICLE), tmp_path / "shards", types=types)
    assert manifest.types == {
        "Remedy": "Chemical",
        "Complaint": "DiseaseOrPhenotypicFeature",
        "LabAnimal": None,
    }
    for out in ("parts", "out.parquet"):
        assert predict(Fake(), tmp_path / "shards", tmp_path / out).pairs == 1
    assert predict(Fake(), tmp_path / "shards", tmp_path / "again", types=types).pairs == 1
    other = written(tmp_path, "Remedy: Gene\n", "other.yaml")
    with pytest.raises(HarmonizeError, match=r"other\.yaml: expected the types that .*shards was read with"):
        predict(Fake(), tmp_path / "shards", tmp_path / "other", types=other)


# The command


def test_every_known_type_is_listed_with_what_it_stands_for() -> None:
    listed = {each.name: each for each in known_types()}
    table = load_entity_types().entity_types
    assert set(table) <= set(listed)
    assert all(each.origins for each in listed.values())
    assert all(listed[name].kind == kind for name, kind in table.items())
    assert listed["Modifier"].origins == ("NCBI Disease",)
    assert known_types("bc5cdr")[-1].kind is None
    assert {each.name: each.kind for each in known_types("bc5cdr")}["Gene"] is None


def test_the_command_lists_a_line_for_each_type(tmp_path: Path) -> None:
    written(tmp_path, OWN.replace("LabAnimal", "Gene"), "types.yaml")
    lines = run("types", "--types", "types.yaml", cwd=tmp_path).stdout.splitlines()
    found = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}
    assert found["SpecificDisease"].split() == ["DiseaseOrPhenotypicFeature", "NCBI", "Disease"]
    assert found["Remedy"].split() == ["ChemicalEntity", "types.yaml"]
    assert found["Gene"] == "known, in no pair           types.yaml"
    assert len(found) == len(lines)


def test_a_faulty_file_is_one_line(tmp_path: Path) -> None:
    written(tmp_path, "Remedy: Tablet\nPill: Tablet\n", "types.yaml")
    written(tmp_path, ARTICLE)
    for arguments in (
        ["types"],
        ["shard", "articles.PubTator", "--out", "shards"],
        ["predict", "articles.PubTator", "--model", "none", "--out", "out.json"],
    ):
        done = run(*arguments, "--types", "types.yaml", cwd=tmp_path, code=2)
        assert done.stderr.count("\n") == 1
        assert "error: types.yaml: Remedy: " in done.stderr
        assert "; Pill: " in done.stderr


def test_a_manifest_of_shards_holds_the_types(tmp_path: Path) -> None:
    shard(written(tmp_path, ARTICLE), tmp_path / "shards")
    assert json.loads((tmp_path / "shards/manifest.json").read_text())["types"] == {}
