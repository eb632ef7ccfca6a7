"""PubTator 3's names of relations: every one that can be, and the same name in every output."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from bioc import biocjson
from hypothesis import given
from hypothesis import strategies as st
from prediction_cases import PUBTATOR, Fake, article, written
from shard_cases import files, rows, sharded

from harmonize.errors import HarmonizeError, SpecError, UnknownName
from harmonize.formats import pubtator
from harmonize.model import EntityInContext, Span
from harmonize.pipelines.predict import predict
from harmonize.prediction import relation_types
from harmonize.prediction.entity_types import load_entity_types
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.relation_types import PUBTATOR3, Names, load_name_table, relation_names
from harmonize.spec import load_catalogue

TABLE = load_name_table()
TARGET = load_catalogue().target
TYPES = pair_rules().types
BIORED_LABELS = (*TARGET.labels, "None", "None-BC5CDR")
# PubTator 3's four kinds, each as a tool's type and as BioRED's.
KINDS = {
    "Chemical": ("Chemical", "ChemicalEntity"),
    "Disease": ("Disease", "DiseaseOrPhenotypicFeature"),
    "Gene": ("Gene", "GeneOrGeneProduct"),
    "Variant": ("ProteinMutation", "GeneOrGeneProduct"),
}


def entity(source_type: str, kind: str) -> EntityInContext:
    return EntityInContext("1", "one", kind, source_type, (Span(0, 1),), frozenset({"gold"}))


def named(label: str, one: str, other: str) -> str | None:
    return Names(TABLE, TYPES)(label, entity(*KINDS[one]), entity(*KINDS[other]))


# The table


@pytest.mark.parametrize(("one", "other"), list(product(KINDS, KINDS)))
@pytest.mark.parametrize("label", TARGET.labels)
def test_every_relation_has_a_name_whichever_way_round(label: str, one: str, other: str) -> None:
    assert named(label, one, other) in TABLE.names
    assert named(label, one, other) == named(label, other, one)


def test_the_names_are_pubtators_twelve_and_all_are_used() -> None:
    used = {named(label, one, other) for label in TARGET.labels for one in KINDS for other in KINDS}
    assert used == set(TABLE.names)
    assert len(TABLE.names) == 12


@pytest.mark.parametrize(
    ("label", "one", "other", "name"),
    [
        ("Positive_Correlation", "Chemical", "Disease", "CAUSE"),
        ("Negative_Correlation", "Chemical", "Disease", "TREAT"),
        ("Positive_Correlation", "Variant", "Disease", "CAUSE"),
        ("Negative_Correlation", "Variant", "Disease", "PREVENT"),
        ("Positive_Correlation", "Disease", "Gene", "STIMULATE"),
        ("Negative_Correlation", "Disease", "Gene", "INHIBIT"),
        ("Positive_Correlation", "Chemical", "Variant", "STIMULATE"),
        ("Negative_Correlation", "Chemical", "Variant", "INHIBIT"),
        ("Positive_Correlation", "Chemical", "Gene", "POSITIVE_CORRELATE"),
        ("Negative_Correlation", "Gene", "Gene", "NEGATIVE_CORRELATE"),
        ("Bind", "Gene", "Gene", "INTERACT"),
        ("Comparison", "Chemical", "Chemical", "COMPARE"),
        ("Cotreatment", "Chemical", "Chemical", "COTREAT"),
        ("Drug_Interaction", "Chemical", "Chemical", "DRUG_INTERACT"),
        ("Association", "Variant", "Variant", "ASSOCIATE"),
        ("Positive_Correlation", "Variant", "Variant", "ASSOCIATE"),
        ("Conversion", "Chemical", "Chemical", "ASSOCIATE"),
    ],
)
def test_names_that_pubtator_gives(label: str, one: str, other: str, name: str) -> None:
    assert named(label, one, other) == name


def test_what_is_derived_says_no_more_than_that_there_is_a_relation() -> None:
    assert {name for row in TABLE.pairs.values() for name in row.derived.values()} == {"ASSOCIATE"}


@pytest.mark.parametrize("label", ["None", "None-DDI"])
def test_a_negative_has_no_name(label: str) -> None:
    assert named(label, "Chemical", "Disease") is None


@pytest.mark.parametrize("source_type", [*load_entity_types().variants, "snp", "DNAMUTATION"])
def test_every_type_of_variants_is_one(source_type: str) -> None:
    name = Names(TABLE, TYPES)(
        "Negative_Correlation", entity(*KINDS["Disease"]), entity(source_type, "GeneOrGeneProduct")
    )
    assert name == "PREVENT"


def test_internal_types_are_their_kind() -> None:
    for corpus in load_catalogue().corpora.values():
        spec = corpus.spec
        for own, internal in spec.internal_types.items():
            kind = spec.entity_types[own]
            assert kind is not None
            one, other = entity(own, internal), entity(own, kind)
            names = Names(TABLE, TYPES)
            for label in TARGET.labels:
                assert names(label, one, entity(*KINDS["Gene"])) == names(
                    label, other, entity(*KINDS["Gene"])
                )


def test_a_type_of_nobodys_is_one_line() -> None:
    with pytest.raises(HarmonizeError, match=r"expected entities of ChemicalEntity, .*, got 'Tenth-Gene'"):
        Names(TABLE, TYPES)("Bind", entity("gene", "Tenth-Gene"), entity(*KINDS["Gene"]))


Change = Callable[[dict[str, Any]], object]
BROKEN: dict[str, tuple[Change, str]] = {
    "a pair is not there": (lambda t: t["pairs"].pop("Chemical-Gene"), "pairs: expected Chemical-Gene"),
    "a pair the other way round": (
        lambda t: t["pairs"].update({"Gene-Chemical": t["pairs"].pop("Chemical-Gene")}),
        r"pairs\.Gene-Chemical: expected one of",
    ),
    "a label is not there": (
        lambda t: t["pairs"]["Gene-Gene"]["seen"].pop("Bind"),
        r"pairs\.Gene-Gene: expected Bind, found none",
    ),
    "a label that is none": (
        lambda t: t["pairs"]["Gene-Gene"]["seen"].update(Binds="INTERACT"),
        r"pairs\.Gene-Gene\.Binds: expected one of Positive_Correlation",
    ),
    "a name that is none": (
        lambda t: t["pairs"]["Gene-Gene"]["seen"].update(Bind="BIND"),
        r"pairs\.Gene-Gene\.Bind: expected one of ASSOCIATE, .*, got 'BIND'",
    ),
    "seen and derived": (
        lambda t: t["pairs"]["Gene-Gene"]["derived"].update(Bind="INTERACT"),
        r"pairs\.Gene-Gene\.Bind: expected it in seen or in derived, got it in both",
    ),
    "no reason": (lambda t: t["pairs"]["Gene-Gene"].pop("why"), r"pairs\.Gene-Gene\.why"),
    "a type is not there": (lambda t: t["kinds"].pop("ChemicalEntity"), "kinds: expected ChemicalEntity"),
    "a key of no meaning": (lambda t: t.update(more=1), "more"),
}


def changed(folder: Path, *changes: Change) -> Path:
    content = yaml.safe_load((Path(relation_types.__file__).with_suffix(".yaml")).read_text())
    for change in changes:
        change(content)
    path = folder / "names.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize("trap", BROKEN)
def test_a_table_that_does_not_name_all_is_refused(tmp_path: Path, trap: str) -> None:
    change, message = BROKEN[trap]
    with pytest.raises(SpecError, match=message):
        load_name_table(changed(tmp_path, change))


def test_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    changes = [
        BROKEN[trap][0] for trap in ("a label is not there", "a label that is none", "a type is not there")
    ]
    with pytest.raises(SpecError) as error:
        load_name_table(changed(tmp_path, *changes))
    keys = [key for key, _ in error.value.faults]
    assert {"kinds", "pairs.Gene-Gene", "pairs.Gene-Gene.Binds"} <= set(keys)


@given(st.sets(st.sampled_from([*TARGET.labels, "None", "None-X", "CID", "mechanism"]), min_size=1))
def test_labels_without_a_name_are_told_before_anything_is_predicted(labels: set[str]) -> None:
    strange = labels & {"CID", "mechanism"}
    names = Names(TABLE, TYPES)
    if not strange:
        names.check(labels)
        return
    with pytest.raises(HarmonizeError) as error:
        names.check(sorted(labels))
    assert str(error.value).endswith(f"also knows {', '.join(sorted(strange))}")


def test_unknown_vocabularies_are_one_line(tmp_path: Path) -> None:
    assert relation_names("biored", TYPES) is None
    with pytest.raises(
        UnknownName, match="unknown relation types 'semmed': expected one of biored, pubtator3"
    ):
        relation_names("semmed", TYPES)
    with pytest.raises(UnknownName, match="unknown relation types"):
        predict(tmp_path / "no model", tmp_path, tmp_path / "out.json", relation_types="semmed")
    with pytest.raises(HarmonizeError, match="also knows CID"):
        RelationExtractor(Fake(("CID", "None")), relation_types=PUBTATOR3)


# The outputs


def both(folder: Path, suffix: str) -> tuple[Path, Path]:
    """The same predictions by labels and by names."""
    path, fake = written(folder, PUBTATOR + article(3)), Fake(BIORED_LABELS)
    plain, named = folder / f"plain{suffix}", folder / f"named{suffix}"
    summary = predict(fake, path, plain)
    renamed = predict(fake, path, named, relation_types=PUBTATOR3)
    assert set(renamed.relations) <= set(TABLE.names)
    assert renamed.relations.total() == summary.relations.total() > 5
    assert replace(renamed, out=plain, relations=summary.relations) == summary
    return plain, named


def test_pubtators_lines_have_the_names(tmp_path: Path) -> None:
    plain, renamed = map(list, map(pubtator.read, both(tmp_path, ".PubTator")))
    kinds = defaultdict(lambda: "Disease", {"MESH:D001241": "Chemical", "673": "Gene", "109880": "Gene"})
    kinds["rs113488022"] = "Variant"
    for one, other in zip(plain, renamed, strict=True):
        assert one.mentions == other.mentions
        assert [r.novelty for r in other.relations] == [None] * len(other.relations)
        expected = {(r.head, r.tail, named(r.type, kinds[r.head], kinds[r.tail])) for r in one.relations}
        assert {(r.head, r.tail, r.type) for r in other.relations} == expected


def test_bioc_has_the_names_and_tells_the_labels(tmp_path: Path) -> None:
    plain, renamed = (biocjson.loads(path.read_text()) for path in both(tmp_path, ".json"))
    assert renamed.infons == {**plain.infons, "relation_types": PUBTATOR3}
    for one, other in zip(plain.documents, renamed.documents, strict=True):
        for before, after in zip(one.relations, other.relations, strict=True):
            assert after.infons["type"] in TABLE.names
            assert after.infons["label"] == before.infons["type"]
            assert "label" not in before.infons
            del after.infons["type"], after.infons["label"], before.infons["type"]
            assert after.infons == before.infons


def test_parquet_has_the_names_in_a_column_of_their_own(tmp_path: Path) -> None:
    plain, renamed = map(pq.read_table, both(tmp_path, ".parquet"))
    assert renamed.drop(["pubtator3_name"]).equals(plain)
    assert set(renamed.column_names) - set(plain.column_names) == {"pubtator3_name"}
    assert json.loads(renamed.schema.metadata[b"harmonize"])["relation_types"] == PUBTATOR3
    assert "relation_types" not in json.loads(plain.schema.metadata[b"harmonize"])
    for row in renamed.to_pylist():
        assert (row["pubtator3_name"] in TABLE.names) == row["is_relation"]
        assert row["is_relation"] or row["pubtator3_name"] is None


def test_labels_of_one_name_are_one_relation_in_documents(tmp_path: Path) -> None:
    lines = "1|t|Aspirin and BRCA1. Aspirin cuts BRCA1.\n"
    for start, end, text, kind, name in [
        (0, 7, "Aspirin", "Disease", "1"),
        (12, 17, "BRCA1", "Gene", "2"),
        (19, 26, "Aspirin", "Disease", "1"),
        (32, 37, "BRCA1", "Gene", "2"),
    ]:
        lines += f"1\t{start}\t{end}\t{text}\t{kind}\t{name}\n"
    path = written(tmp_path, lines + "\n")
    rules = pair_rules("emu")
    extractor = RelationExtractor(Fake(BIORED_LABELS), rules=rules, relation_types=PUBTATOR3)
    (found,) = extractor(read_input(path, rules=rules))
    assert len(found.pairs) == 2  # a sentence each
    out = tmp_path / "out.PubTator"
    predict(Fake(("Bind", "Association")), path, out, as_corpus="emu", relation_types=PUBTATOR3)
    (record,) = pubtator.read(out)
    assert [(r.type, r.head, r.tail) for r in record.relations] == [("ASSOCIATE", "1", "2")]


# Shards


def test_parts_have_the_names_and_the_plan_says_so(tmp_path: Path) -> None:
    shards, fake = sharded(tmp_path, PUBTATOR + article(3), 1), Fake(BIORED_LABELS)
    summary = predict(fake, shards, tmp_path / "named", relation_types=PUBTATOR3)
    predict(fake, shards, tmp_path / "one.parquet", relation_types=PUBTATOR3)
    assert rows(tmp_path / "named") == pq.read_table(tmp_path / "one.parquet").to_pylist()
    manifest = json.loads((tmp_path / "named/manifest.json").read_text())
    assert manifest["relation_types"]["vocabulary"] == PUBTATOR3
    assert manifest["relations"] == dict(sorted(summary.relations.items()))


@pytest.mark.parametrize(("first", "then"), [("biored", PUBTATOR3), (PUBTATOR3, "biored")])
def test_a_folder_of_one_vocabulary_does_not_go_on_in_another(tmp_path: Path, first: str, then: str) -> None:
    shards, fake = sharded(tmp_path, PUBTATOR + article(3), 1), Fake(BIORED_LABELS)
    predict(fake, shards, tmp_path / "out", relation_types=first)
    before = files(tmp_path / "out")
    with pytest.raises(HarmonizeError, match=r"another plan stand here \(other relation_types\)"):
        predict(fake, shards, tmp_path / "out", relation_types=then)
    assert files(tmp_path / "out") == before


def test_labels_names_stay_out_of_a_plan_as_before(tmp_path: Path) -> None:
    shards = sharded(tmp_path, article(1))
    predict(Fake(BIORED_LABELS), shards, tmp_path / "out")
    assert "relation_types" not in json.loads((tmp_path / "out/plan.json").read_text())


def test_the_rows_of_a_union_set_get_names(sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    predict(Fake(BIORED_LABELS), sample_union, out, relation_types=PUBTATOR3)
    assert {row["pubtator3_name"] for row in pq.read_table(out).to_pylist()} <= {*TABLE.names, None}


# The documentation


def test_the_table_of_the_documentation_is_the_tables() -> None:
    page = (Path(__file__).parents[2] / "docs/pubtator3.md").read_text(encoding="utf-8")
    lines = page.split("<!-- names -->\n")[1].split("\n\n")[0].splitlines()
    header, _, *body = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    shown = {
        (label, pair): cell for label, *cells in body for pair, cell in zip(header[1:], cells, strict=True)
    }
    expected = {}
    for pair, row in TABLE.pairs.items():
        column = pair if pair in header else "others"
        for label, name in row.by_label.items():
            is_seen = label in row.seen or label == "Association"
            expected[label, column] = name if is_seen else f"*{name}*"
    assert shown == expected
