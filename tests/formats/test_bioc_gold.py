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


def read(path: Path) -> GoldDocument:
    (record,) = bioc.read(path)
    return gold_document(
        record, path, "train", lambda _, raw: (raw,) if raw else (), of_mentions=False, joiner=","
    )


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
