"""What a relation of annotated BioC relates, whichever way the file says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harmonize.errors import MalformedInput
from harmonize.formats import bioc
from harmonize.formats.bioc_gold import GoldDocument, GoldReading, annotations_in, gold_document, relations_in
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED
from harmonize.formats.offsets import COUNTED_IN, OffsetUnit, length_in
from harmonize.prediction.inputs import read_input
from harmonize.prediction.reading import Reading

DRUG, DISEASE = "MESH:D001241", "MESH:D005334"
NODES = [{"refid": "1", "role": "head"}, {"refid": "2", "role": "tail"}]
INFONS = {
    "BioRED": {"entity1": DRUG, "entity2": DISEASE},
    "without the vocabulary": {"entity1": "D001241", "entity2": "D005334"},
    "PubTator 3": {"score": "0.9", "role1": f"Chemical|{DRUG}", "role2": f"Disease|{DISEASE}"},
    "BC5CDR": {"Disease": DISEASE, "Chemical": DRUG},
    "other names": {"Arg-1": DRUG, "Arg-2": DISEASE, "Note": "sure"},
    "types of their own": {"Drug": DRUG, "Illness": DISEASE, "Confidence": "1", "Note": "sure"},
}


def annotation(name: str, kind: str, identifier: str, offset: int, text: str) -> dict[str, Any]:
    return {
        "id": name,
        "infons": {"type": kind, "identifier": identifier},
        "text": text,
        "locations": [{"offset": offset, "length": len(text)}],
    }


def written(
    path: Path, infons: dict[str, str], nodes: list[dict[str, str]], names: str = "123", fourth: str = DRUG
) -> Path:
    """A document whose annotations have these names, and one relation."""
    title = {
        "infons": {"type": "title"},
        "offset": 0,
        "text": "Aspirin for fever.",
        "annotations": [
            annotation(names[0], "Chemical", DRUG, 0, "Aspirin"),
            annotation(names[1], "Disease", DISEASE, 12, "fever"),
        ],
    }
    abstract = {
        "infons": {"type": "abstract"},
        "offset": 19,
        "text": "ASA helps.",
        "annotations": [annotation(names[2], "Chemical", fourth, 19, "ASA")],
    }
    relations = [{"id": "R1", "infons": infons, "nodes": nodes}]
    documents = [{"id": "8001", "passages": [title, abstract], "relations": relations}]
    path.write_text(json.dumps({"documents": documents}), encoding="utf-8")
    return path


def read(path: Path, *, of_mentions: bool = False, offsets: OffsetUnit = "codepoints") -> GoldDocument:
    (record,) = bioc.read(path)
    how = GoldReading(lambda _, raw: (raw,) if raw else (), of_mentions, ",", offsets)
    return gold_document(record, path, "train", how)


def with_annotation(path: Path, **changes: Any) -> Path:
    """The file with parts of its first annotation changed."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["documents"][0]["passages"][0]["annotations"][0] |= changes
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("infons", INFONS.values(), ids=INFONS)
@pytest.mark.parametrize("type_infon", ["type", "relation type", "relationType", "predicate"])
def test_infons_name_two_entities(tmp_path: Path, infons: dict[str, str], type_infon: str) -> None:
    path = written(tmp_path / "a.json", infons | {type_infon: "Bind", "Novel": "No"}, [])
    (relation,) = read(path).document.relations
    assert {relation.head, relation.tail} == {DRUG, DISEASE}
    assert (relation.type, relation.novelty) == ("Bind", "No")
    if infons is not INFONS["types of their own"]:
        (document,) = read_input(path, how=Reading(relations=True))
        (as_gold,) = document.relations
        assert (as_gold.head, as_gold.tail) == (relation.head, relation.tail)


def test_nodes_name_annotations(tmp_path: Path) -> None:
    (relation,) = read(written(tmp_path / "a.json", {"type": "Bind"}, NODES)).document.relations
    assert (relation.head, relation.tail) == (DRUG, DISEASE)


def test_annotations_of_one_name_and_entity_are_no_riddle(tmp_path: Path) -> None:
    (relation,) = read(written(tmp_path / "a.json", {"type": "Bind"}, NODES, "121")).document.relations
    assert (relation.head, relation.tail) == (DRUG, DISEASE)


def left_out(found: GoldDocument) -> list[tuple[str, str]]:
    """(reason, item) of what the document lacks."""
    return [(drop.reason, drop.item) for drop in found.left_out]


def test_names_that_begin_anew_in_each_passage_name_nothing_if_of_different_entities(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES, "121", "MESH:D000082")
    found = read(path)
    assert not found.document.relations
    assert left_out(found) == [("names annotations of different entities", "R1 Bind")]
    found = read(written(path, {"type": "Bind"} | INFONS["BioRED"], NODES, "121", "MESH:D000082"))
    assert len(found.document.relations) == 1
    assert not found.left_out


def test_a_relation_of_an_annotation_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.json", {"type": "Bind"}, [*NODES[:1], {"refid": "9", "role": "tail"}]))
    assert not found.document.relations
    assert left_out(found) == [("names an annotation that is not there", "R1 Bind")]


@pytest.mark.parametrize("infons", [{}, {"type": ""}])
def test_a_relation_without_type_is_left_out(tmp_path: Path, infons: dict[str, str]) -> None:
    found = read(written(tmp_path / "a.json", infons, NODES))
    assert not found.document.relations
    assert left_out(found) == [("no relation type", "R1 ")]


def test_mentions_whose_names_begin_anew_in_each_passage_are_told_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"} | INFONS["BioRED"], [], "121")
    found = read(path, of_mentions=True).document
    assert [(mention.id, mention.text) for mention in found.mentions] == [
        ("1", "Aspirin"),
        ("2", "fever"),
        ("1'", "ASA"),
    ]
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES, "121")
    assert left_out(read(path, of_mentions=True)) == [("names annotations of different entities", "R1 Bind")]


def test_a_relation_of_a_relation_is_not_of_two_entities(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, [*NODES[:1], {"refid": "R1", "role": "tail"}])
    found = read(path)
    assert not found.document.relations
    assert left_out(found) == [("is not of two entities", "R1 Bind")]


def test_the_text_of_a_mention_in_parts_may_have_what_stands_between_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES)
    places = [{"offset": 0, "length": 7}, {"offset": 12, "length": 5}]
    for text in ("Aspirin for fever", "Aspirin fever"):
        found = read(with_annotation(path, text=text, locations=places)).document.mentions[0]
        assert (found.text, found.spans) == ("Aspirin fever", ((0, 7), (12, 17)))
    found = read(with_annotation(path, text="Aspirin or favor"))
    assert [mention.text for mention in found.document.mentions] == ["fever", "ASA"]
    assert left_out(found) == [(UNSPELLED, "1 Chemical 'Aspirin or favor' at 0-7,12-17")]


def test_ids_in_a_list_are_as_many_ids_in_a_field(tmp_path: Path) -> None:
    path = with_annotation(
        written(tmp_path / "a.json", {"type": "Bind"}, []),
        infons={"type": "Chemical", "identifier": [DRUG, "MESH:D000082"]},
    )
    assert read(path).document.mentions[0].concept_ids == (f"{DRUG},MESH:D000082",)
    (document,) = read_input(path)
    assert document.mentions[0].concept_ids == (DRUG, "MESH:D000082")


# What people have: each oddity costs one annotation or relation


def test_the_text_at_its_place_is_the_mention_whatever_the_file_calls_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES)
    for name in ("ASPIRIN", "aspirin ", ""):
        found = read(with_annotation(path, text=name))
        assert [mention.text for mention in found.document.mentions] == ["Aspirin", "fever", "ASA"]
        assert not found.left_out
    places = [{"offset": 0, "length": 7}, {"offset": 12, "length": 5}]
    found = read(with_annotation(path, text="ASPIRIN-Fever", locations=places))
    assert (found.document.mentions[0].text, found.left_out) == ("Aspirin fever", [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": "Ibuprofen"}, UNSPELLED),
        ({"locations": [{"offset": 190, "length": 7}]}, BEYOND),
        ({"locations": [{"offset": 0, "length": 7}, {"offset": 4, "length": 3}]}, UNSPELLED),
        ({"locations": [{"offset": "0", "length": 7}]}, NO_PLACE),
        ({"locations": []}, NO_PLACE),
        ({"infons": {"identifier": DRUG}}, NO_TYPE),
    ],
    ids=["other_name", "beyond", "parts_that_overlap", "place_in_words", "no_place", "no_type"],
)
@pytest.mark.parametrize("of_mentions", [False, True])
def test_an_odd_annotation_costs_itself(
    tmp_path: Path, changes: dict[str, Any], reason: str, of_mentions: bool
) -> None:
    path = with_annotation(written(tmp_path / "a.json", {"type": "Bind"}, NODES), **changes)
    found = read(path, of_mentions=of_mentions)
    assert [mention.text for mention in found.document.mentions] == ["fever", "ASA"]
    mentions = [drop.reason for drop in found.left_out if drop.unit == "mentions"]
    relations = [drop.reason for drop in found.left_out if drop.unit == "relations"]
    assert mentions == [reason]
    # The concept has another mention; a mention that is left out has not.
    assert relations == (["names a mention that is left out"] if of_mentions else [])
    assert len(found.document.relations) == 1 - of_mentions


def shared_out(path: Path, below: str) -> Path:
    """The file with its title's annotations and its relation elsewhere in the document."""
    content = json.loads(path.read_text(encoding="utf-8"))
    (document,) = content["documents"]
    title = document["passages"][0]
    if below == "document":
        document["annotations"] = title.pop("annotations")
    else:
        halves = [("Aspirin", 0), ("for fever.", 8)]
        title["sentences"] = [
            {"offset": offset, "text": text, "annotations": [title["annotations"][number]]}
            for number, (text, offset) in enumerate(halves)
        ]
        del title["annotations"], title["text"]
        title["sentences"][0]["relations"] = document.pop("relations")
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("below", ["document", "sentences"])
@pytest.mark.parametrize("of_mentions", [False, True])
def test_annotations_may_stand_elsewhere_than_in_passages(
    tmp_path: Path, below: str, of_mentions: bool
) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES)
    usual = read(path, of_mentions=of_mentions)
    (record,) = bioc.read(shared_out(path, below))
    assert (len(annotations_in(record)), len(relations_in(record))) == (3, 1)
    assert read(path, of_mentions=of_mentions) == usual


def test_sentences_that_overlap_are_told(tmp_path: Path) -> None:
    path = shared_out(written(tmp_path / "a.json", {"type": "Bind"}, NODES), "sentences")
    path.write_text(
        path.read_text(encoding="utf-8").replace('"offset": 8, "text": "for', '"offset": 3, "text": "for')
    )
    with pytest.raises(
        MalformedInput, match=r"document 8001: expected a sentence offset from 7 to 10007, got 3"
    ):
        read(path)


def test_a_passage_of_sentences_whose_offset_is_no_number_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    passage = {"offset": "0", "sentences": [{"offset": 0, "text": "Aspirin."}]}
    path.write_text(json.dumps({"documents": [{"id": "8001", "passages": [passage]}]}), encoding="utf-8")
    with pytest.raises(MalformedInput, match=r"document 8001: expected a passage offset, got '0'"):
        read(path)


@pytest.mark.parametrize("unit", ["utf16", "bytes"])
@pytest.mark.parametrize("in_sentences", [False, True])
def test_offsets_may_count_other_units(tmp_path: Path, unit: OffsetUnit, in_sentences: bool) -> None:
    text = "\U0001f42d and β. \U0001f42d for fever."
    place = length_in(text[: text.index("fever")], unit)
    fever = annotation("1", "Disease", DISEASE, place, "fever")
    passage: dict[str, Any] = {"offset": 0, "infons": {}, "text": text, "annotations": [fever]}
    if in_sentences:
        end = text.index(".") + 1
        second = length_in(text[: end + 1], unit)
        passage = {
            "offset": 0,
            "sentences": [
                {"offset": 0, "text": text[:end]},
                {"offset": second, "text": text[end + 1 :], "annotations": [fever]},
            ],
        }
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"documents": [{"id": "1", "passages": [passage]}]}), encoding="utf-8")
    (drop,) = read(path).left_out
    assert (drop.reason, drop.item[:18]) == (COUNTED_IN[unit], "1 Disease 'fever' ")
    found = read(path, offsets=unit)
    assert [mention.text for mention in found.document.mentions] == ["fever"]
    assert not found.left_out
