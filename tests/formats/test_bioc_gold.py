"""What a relation of annotated BioC relates, whichever way the file says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harmonize.errors import MalformedInput
from harmonize.formats import bioc
from harmonize.formats.bioc_gold import GoldDocument, gold_document
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


def read(path: Path, *, of_mentions: bool = False) -> GoldDocument:
    (record,) = bioc.read(path)
    return gold_document(
        record, path, "train", lambda _, raw: (raw,) if raw else (), of_mentions=of_mentions, joiner=","
    )


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


def test_names_that_begin_anew_in_each_passage_are_refused_where_a_relation_has_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES, "121", "MESH:D000082")
    message = r"a\.json: document 8001: expected an annotation '1' .* R1, got 2 of different entities"
    with pytest.raises(MalformedInput, match=message):
        read(path)
    found = read(written(path, {"type": "Bind"} | INFONS["BioRED"], NODES, "121", "MESH:D000082"))
    assert len(found.document.relations) == 1


def test_an_annotation_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, [*NODES[:1], {"refid": "9", "role": "tail"}])
    with pytest.raises(MalformedInput, match=r"expected an annotation '9' of the document in relation R1$"):
        read(path)


@pytest.mark.parametrize("infons", [{}, {"type": ""}])
def test_a_relation_without_type_is_told(tmp_path: Path, infons: dict[str, str]) -> None:
    with pytest.raises(MalformedInput, match=r"expected infon 'type' in relation R1"):
        read(written(tmp_path / "a.json", infons, NODES))


def test_mentions_whose_names_begin_anew_in_each_passage_are_told_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"} | INFONS["BioRED"], [], "121")
    found = read(path, of_mentions=True).document
    assert [(mention.id, mention.text) for mention in found.mentions] == [
        ("1", "Aspirin"),
        ("2", "fever"),
        ("1'", "ASA"),
    ]
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES, "121")
    with pytest.raises(
        MalformedInput, match=r"an annotation '1' .* in relation R1, got 2 of different entities"
    ):
        read(path, of_mentions=True)


def test_a_relation_of_a_relation_is_not_of_two_entities(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, [*NODES[:1], {"refid": "R1", "role": "tail"}])
    found = read(path)
    assert (found.document.relations, found.others) == ((), ["R1 Bind"])


def test_the_text_of_a_mention_in_parts_may_have_what_stands_between_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES)
    places = [{"offset": 0, "length": 7}, {"offset": 12, "length": 5}]
    for text in ("Aspirin for fever", "Aspirin fever"):
        found = read(with_annotation(path, text=text, locations=places)).document.mentions[0]
        assert (found.text, found.spans) == ("Aspirin fever", ((0, 7), (12, 17)))
    with pytest.raises(MalformedInput, match=r"expected 'Aspirin or fever' at 0-7,12-17, the text reads"):
        read(with_annotation(path, text="Aspirin or fever"))


def test_ids_in_a_list_are_as_many_ids_in_a_field(tmp_path: Path) -> None:
    path = with_annotation(
        written(tmp_path / "a.json", {"type": "Bind"}, []),
        infons={"type": "Chemical", "identifier": [DRUG, "MESH:D000082"]},
    )
    assert read(path).document.mentions[0].concept_ids == (f"{DRUG},MESH:D000082",)
    (document,) = read_input(path)
    assert document.mentions[0].concept_ids == (DRUG, "MESH:D000082")


def test_annotations_of_sentences_are_told_whatever_the_file_leaves_out(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"type": "Bind"}, NODES)
    content = json.loads(path.read_text(encoding="utf-8"))
    passage = content["documents"][0]["passages"][0]
    sentence = {"offset": 0, "text": passage.pop("text"), "annotations": passage.pop("annotations")}
    passage["sentences"] = [sentence]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(MalformedInput, match=r"expected annotations in passages, .* 1 is elsewhere"):
        read(path)
