"""Corpora of one's own as people have them: in every format what is odd costs itself, counted and told."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import harmonize
from harmonize.check.verify import verify
from harmonize.drafting.draft import new_corpus
from harmonize.errors import HarmonizeError
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.offsets import COUNTED_IN
from harmonize.formats.pubtator_forgiving import ELSEWHERE, NO_MENTION
from harmonize.pipelines.build import build
from harmonize.pipelines.cli import app
from harmonize.union.manifest import read_manifest

ROW = "mine: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e2, task: Mine}\n"
MAPPING = """\
name: Mine
home: own files
licence: {name: none stated, redistributable: false}
entity: concept
relation_types: {heals: Negative_Correlation}
entity_types: {Drug: ChemicalEntity, Disorder: DiseaseOrPhenotypicFeature}
"""
PUBTATOR = """\
90000001|t|Ombrel soothes colic in mice, and IL-1β not.
90000001\t0\t6\tOmbrel\tDrug\tD1
90000001\t15\t20\tcolic\tDisorder\tD2
90000001\t34\t39\tIL-1β\tDrug\tD3
90000001\theals\tD1\tD2

90000002|t|Colic again.
90000002\t0\t5\tColic\tDisorder\tD2

"""
SECOND = "90000002|t|Colic again.\n90000002\t0\t5\tColic\tDisorder\tD2"


class Loss(NamedTuple):
    """What reading leaves out."""

    unit: str
    reason: str
    count: int = 1


PUBTATOR_ODDITIES: dict[str, tuple[str, str, list[Loss]]] = {
    "a_form_of_the_name": ("\tIL-1β\t", "\tIL-1b\t", []),
    "case": ("\tOmbrel\t", "\tOMBREL\t", []),
    "a_blank_before_the_line": ("90000001\t15", " 90000001\t15", []),
    "columns_to_spare": ("D1\tD2\n", "D1\tD2\tNo\t0.9\tx\n", []),
    "words_for_tags": ("|t|", "|title|", []),
    "another_name": ("\tIL-1β\t", "\tcaffeine\t", [Loss("mentions", UNSPELLED)]),
    "beyond": ("\t34\t39\t", "\t340\t345\t", [Loss("mentions", BEYOND)]),
    "before_the_text": ("\t34\t39\t", "\t-1\t4\t", [Loss("mentions", NO_PLACE)]),
    "no_type": ("IL-1β\tDrug\tD3", "IL-1β\t\tD3", [Loss("mentions", NO_TYPE)]),
    "no_line": ("90000001\t34\t39\tIL-1β\tDrug\tD3", "90000001\t34", [Loss("mentions", NO_MENTION)]),
    "the_line_of_another": ("90000001\t34", "90000003\t34", [Loss("mentions", ELSEWHERE)]),
    "a_relation_of_another": (
        "\n\n90000002",
        "\n90000002\theals\tD3\tD2\n\n90000002",
        [Loss("mentions", ELSEWHERE)],
    ),
    "no_relation_type": ("\theals\t", "\t\t", [Loss("relations", "no relation type")]),
    "no_text": (SECOND, "90000002|t|\n90000002|a|", [Loss("documents", "no title and no abstract")]),
}  # fmt: skip


def laid_down(folder: Path, text: str, form: str = "pubtator", more: str = "") -> Path:
    """An extension with one file of this text."""
    folder.mkdir(exist_ok=True)
    mapping = f"{MAPPING}format: {form}\nsources: {{all: {{train: [a.txt]}}}}\n{more}"
    for name, content in (("table2.yaml", ROW), ("mine.yaml", mapping), ("a.txt", text)):
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def built(folder: Path, warnings: list[str]) -> Path:
    out = folder.parent / "union"
    build(out, folder.parent / "mirror", corpora=["mine"], extensions=[folder], warn=warnings.append)
    assert not list(verify(out))
    return out


def lost(union: Path) -> list[Loss]:
    """What the reading of its only corpus left out."""
    read = read_manifest(union)["corpora"]["mine"]["splits"]["train"]["steps"]["read"]
    losses = []
    for unit, account in read.items():
        assert account["in"] == account["out"] + sum(account["dropped"].values())
        losses += [Loss(unit, *item) for item in account["dropped"].items()]
    return losses


def pairs(union: Path) -> set[tuple[str, str, str]]:
    rows = harmonize.load_union(union).to_pylist()
    return {(row["head_id"], row["tail_id"], row["relation"]) for row in rows}


@pytest.mark.parametrize("name", PUBTATOR_ODDITIES)
def test_pubtator(tmp_path: Path, name: str) -> None:
    old, new, losses = PUBTATOR_ODDITIES[name]
    warnings: list[str] = []
    assert old in PUBTATOR
    folder = laid_down(tmp_path / "mine", PUBTATOR.replace(old, new))
    union = built(folder, warnings)
    assert lost(union) == losses
    met = {"documents": 2, "mentions": 4 + (name == "a_relation_of_another"), "relations": 1}
    told = [f"left out: {n} of {met[unit]} {unit}: {reason} {n}" for unit, reason, n in losses]
    assert warnings == [f"mine: {line}; dropped.tsv lists them" for line in told]
    without = {loss.unit for loss in losses if name != "a_relation_of_another"}
    heals = "Negative_Correlation" if "relations" not in without else "None-Mine"
    others = set() if "mentions" in without else {("D3", "D2", "None-Mine")}
    assert pairs(union) == {("D1", "D2", heals)} | others


@pytest.mark.parametrize(
    "name", ["another_name", "beyond", "before_the_text", "a_form_of_the_name", "no_text"]
)
def test_read_strictly_it_is_an_error(tmp_path: Path, name: str) -> None:
    old, new, _ = PUBTATOR_ODDITIES[name]
    folder = laid_down(tmp_path / "mine", PUBTATOR.replace(old, new), more="strict: true\n")
    with pytest.raises(HarmonizeError, match=r"a\.txt:\d+: expected"):
        built(folder, [])
    assert not (tmp_path / "union").exists()


@pytest.mark.parametrize(
    "text",
    [
        PUBTATOR.replace("90000002|t|", "90000001|a|A second\n90000001|a|"),
        PUBTATOR.replace("90000001\t15", "who knows\n90000001\t15"),
        "\n",
    ],
    ids=["a_second_abstract", "text_of_nothing", "nothing"],
)
def test_text_that_belongs_nowhere_is_an_error(tmp_path: Path, text: str) -> None:
    folder = laid_down(tmp_path / "mine", text)
    with pytest.raises(HarmonizeError, match=r"a\.txt:\d+: expected"):
        built(folder, [])


def as_bioc() -> dict[str, Any]:
    """PUBTATOR's documents as BioC."""
    kinds = {"D1": ("Ombrel", 0, "Drug"), "D2": ("colic", 15, "Disorder"), "D3": ("IL-1β", 34, "Drug")}
    annotations = [
        {
            "id": f"T{identifier}",
            "infons": {"type": kind, "identifier": identifier},
            "text": text,
            "locations": [{"offset": start, "length": len(text)}],
        }
        for identifier, (text, start, kind) in kinds.items()
    ]
    title = "Ombrel soothes colic in mice, and IL-1β not."
    relation = {"id": "R1", "infons": {"type": "heals"}, "nodes": [{"refid": "TD1"}, {"refid": "TD2"}]}
    passages = [{"offset": 0, "infons": {}, "text": title, "annotations": annotations}]
    return {"documents": [{"id": "90000001", "passages": passages, "relations": [relation]}]}


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        ({"text": "caffeine"}, Loss("mentions", UNSPELLED)),
        ({"text": "IL-1b"}, None),
        ({"locations": []}, Loss("mentions", NO_PLACE)),
        ({"infons": {"identifier": "D3"}}, Loss("mentions", NO_TYPE)),
    ],
)
def test_bioc(tmp_path: Path, change: dict[str, Any], loss: Loss | None) -> None:
    content, warnings = as_bioc(), list[str]()
    content["documents"][0]["passages"][0]["annotations"][2] |= change
    empty = {"id": "90000002", "passages": [{"offset": 0, "text": ""}], "relations": []}
    content["documents"].append(empty)
    union = built(laid_down(tmp_path / "mine", json.dumps(content), "bioc-json"), warnings)
    losses = [Loss("documents", "no title and no abstract"), *([] if loss is None else [loss])]
    assert sorted(lost(union)) == sorted(losses)
    assert len(warnings) == len(losses)
    assert ("D3", "D2", "None-Mine") in pairs(union) or loss
    strictly = laid_down(tmp_path / "strict", json.dumps(content), "bioc-json", "strict: true\n")
    with pytest.raises(HarmonizeError, match=r"a\.txt: document 9000000[12]: expected"):
        built(strictly, [])


def test_offsets_in_another_unit_are_told_and_may_be_asked_for(tmp_path: Path) -> None:
    content, warnings = as_bioc(), list[str]()
    (passage,) = content["documents"][0]["passages"]
    passage["text"] = f"\U0001f42d {passage['text']}"
    for annotation in passage["annotations"]:
        annotation["locations"][0]["offset"] += 3
    folder = laid_down(tmp_path / "mine", json.dumps(content), "bioc-json")
    assert lost(built(folder, warnings)) == [Loss("mentions", COUNTED_IN["utf16"], 3)]
    assert "`offsets: utf16` in the mapping reads offsets so" in warnings[0]
    folder = laid_down(tmp_path / "mine", json.dumps(content), "bioc-json", "offsets: utf16\n")
    union = built(folder, warnings := [])
    assert not lost(union)
    assert not warnings
    assert pairs(union) == {("D1", "D2", "Negative_Correlation"), ("D3", "D2", "None-Mine")}


PPI = """\
<corpus><document id="d1"><sentence id="s1" text="AKR binds TRPV1, not IL-1β.">
<entity id="e1" charOffset="0-2" type="Drug" text="AKR"/>
<entity id="e2" charOffset="10-14" type="Disorder" text="TRPV1"/>
<entity id="e3" charOffset="21-25" type="Disorder" text="{}"/>
<pair e1="e1" e2="e3" interaction="True"/>
</sentence></document></corpus>
"""


@pytest.mark.parametrize(("name", "is_read"), [("IL-1β", True), ("IL-1b", True), ("TNF", False)])
def test_ppi_xml(tmp_path: Path, name: str, is_read: bool) -> None:
    more = 'relation_types: {PPI: Association, "*": null}\n'
    folder = laid_down(tmp_path / "mine", PPI.format(name), "ppi-xml")
    mapping = (
        (folder / "mine.yaml").read_text().replace("relation_types: {heals: Negative_Correlation}\n", more)
    )
    (folder / "mine.yaml").write_text(mapping.replace("entity: concept", "entity: mention"))
    union = built(folder, warnings := [])
    assert lost(union) == ([] if is_read else [Loss("mentions", UNSPELLED)])
    assert len(harmonize.load_union(union)) == 1 + is_read
    related = [row for row in harmonize.load_union(union).to_pylist() if row["relation"] == "Association"]
    assert len(related) == is_read
    # The relation is lost with its mention, and that is told too.
    assert len(warnings) == (0 if is_read else 2)


def test_drugprot_tsv(tmp_path: Path) -> None:
    entities = [
        (1, "Drug", 0, 6, "OMBREL"),
        (2, "Disorder", 15, 20, "colic"),
        (3, "Drug", 34, 39, "caffeine"),
    ]
    folder = tmp_path / "mine"
    laid_down(folder, "90000001\tOmbrel soothes colic in mice, and IL-1β not.\t\n", "drugprot-tsv")
    (folder / "b.txt").write_text(
        "".join("\t".join(map(str, (90000001, f"T{n}", *rest))) + "\n" for n, *rest in entities)
    )
    (folder / "c.txt").write_text("90000001\theals\tArg1:T1\tArg2:T2\n90000001\theals\tArg1:T3\tArg2:T2\n")
    mapping = (folder / "mine.yaml").read_text().replace("[a.txt]", "[a.txt, b.txt, c.txt]")
    (folder / "mine.yaml").write_text(mapping.replace("entity: concept", "entity: mention"))
    union = built(folder, warnings := [])
    assert lost(union) == [Loss("mentions", UNSPELLED)]
    (row,) = harmonize.load_union(union).to_pylist()
    assert (row["head_name"], row["relation"]) == ("Ombrel", "Negative_Correlation")
    assert [warning.split(":")[1][:4] for warning in warnings] == [" lef", " 1 o"]


def test_drafting_tells_what_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PUBTATOR.replace("\tIL-1β\t", "\tcaffeine\t"), encoding="utf-8")
    with chdir(tmp_path):
        done = CliRunner().invoke(app, ["new-corpus", "mine", "--format", "pubtator", "a.txt"])
    assert (done.exit_code, done.stderr) == (0, f"warning: left out: 1 of 4 mentions: {UNSPELLED} 1\n")
    assert "2 documents, 3 mentions, 1 relation" in done.stdout


def test_offsets_are_of_formats_that_have_them(tmp_path: Path) -> None:
    folder = laid_down(tmp_path / "mine", PPI.format("IL-1β"), "ppi-xml", "offsets: bytes\n")
    with pytest.raises(
        HarmonizeError, match=r"mine\.yaml: .*offsets: expected only with the formats pubtator"
    ):
        built(folder, [])


LINES = PUBTATOR.splitlines(keepends=True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.integers(0, len(LINES) - 1),
    column=st.integers(0, 5),
    written=st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t"), max_size=12),
)
def test_whatever_stands_in_a_field_all_is_read_or_counted_or_one_line_says_why(
    tmp_path: Path, line: int, column: int, written: str
) -> None:
    columns = LINES[line].rstrip("\n").split("\t")
    columns[min(column, len(columns) - 1)] = written
    changed = [*LINES[:line], "\t".join(columns) + "\n", *LINES[line + 1 :]]
    folder = laid_down(tmp_path / "mine", "".join(changed))
    try:
        union = built(folder, [])
    except HarmonizeError as error:
        told = str(error)
    else:
        lost(union)
        told = ""
    assert len(told.splitlines()) <= 1


# The real files

TOLD = {
    "DDI.Test.PubTator": [f"left out: 1 of 2,851 mentions: {UNSPELLED} 1"],
    "NLMchem": [
        # Each passage of an article is a document of one id.
        "an id that stands before: 3,378 documents; a number was put behind it, as in 16336672#2"
    ],
}


def test_every_public_pubtator_file_can_be_drafted(mirror: Path, tmp_path: Path) -> None:
    wild = mirror.parent / "wild"
    if not wild.is_dir():
        pytest.skip(f"{wild} is not there: the public files are needed here")
    for path in sorted(wild.iterdir()):
        found = new_corpus("x", "pubtator", [str(path)], tmp_path / path.stem).found
        assert found.total("documents") >= 100
        assert found.told == TOLD.get(path.name.partition("_")[0], [])


def test_bc5cdr_s_own_bioc_can_be_drafted_and_built(mirror: Path, tmp_path: Path) -> None:
    files = [str(path) for path in sorted((mirror / "bc5cdr").glob("*.BioC.xml"))]
    draft = new_corpus("mine", "bioc-xml", files, tmp_path / "mine")
    assert draft.found.told == [f"left out: 4 of 29,271 mentions: {UNSPELLED} 4"]
    assert [draft.found.total(unit) for unit in ("documents", "mentions", "relations")] == [
        1500,
        29_267,
        3116,
    ]
