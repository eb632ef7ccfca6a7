"""croissant.json of a set: the dataset card for machines, as Croissant 1.0 (https://mlcommons.org/croissant).

    distribution   every file of the set with its size and sha256; the data files together as one FileSet
    recordSet      instances, documents, leaks: a field for each column; splits: what train, dev and test are

It holds neither url nor datePublished: a set on a disk has no address and is not published. Whoever publishes
one adds both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from harmonize.union.columns import COLUMNS, DOCUMENT_COLUMNS, LEAK_COLUMNS, PARTS
from harmonize.union.description import (
    KEYWORDS,
    bibtex,
    licence_id,
    licence_statement,
    listed,
    summary,
    title,
)
from harmonize.union.manifest import nary_files, split_counts
from harmonize.union.schema import (
    CARD,
    CROISSANT,
    DATA,
    DOCUMENT_SCHEMA,
    DOCUMENTS,
    DROPPED,
    LEAK_SCHEMA,
    LEAKS,
    LEAKS_TABLE,
    SCHEMA,
)
from harmonize.writing.json_files import json_text

__all__ = ["croissant"]

Json = dict[str, Any]

_CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

# The registered name first; mlcroissant 1 knows the second one only.
_PARQUET = ["application/vnd.apache.parquet", "application/x-parquet"]
_FORMATS: dict[str, str | list[str]] = {
    DOCUMENTS: _PARQUET,
    LEAKS: _PARQUET,
    DROPPED: "text/tab-separated-values",
    LEAKS_TABLE: "text/markdown",
}
_ROWS: Json = {"fileSet": {"@id": "rows"}}
_CORPUS_OF_PART = "^(.+)/[a-z]+$"
# mlcroissant applies it to its own result again when it joins the splits, and makes globs of it when it
# filters by split; it can do that with `.+` and optional groups only.
_SPLIT_OF_FILE = f"(?:{DATA}/corpus=.+/split=)?(train|dev|test)(?:/.+parquet)?$"
_SPLITS = {"train": "cr:TrainingSplit", "dev": "cr:ValidationSplit", "test": "cr:TestSplit"}


def croissant(manifest: Json) -> str:
    """The metadata as JSON-LD; the same for the same set.

    The card and this file are not among the files: whoever writes them cannot know their hashes here.
    """
    corpora = manifest["corpora"].values()
    described: Json = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": title(manifest),
        "description": f"{summary(manifest)} {licence_statement(manifest)}",
        "license": _licences(entry["licence"] for entry in corpora),
        "citeAs": bibtex(manifest),
        "creator": [_authors(entry) for entry in corpora],
        "version": manifest["package_version"],
        "inLanguage": "en",
        "keywords": list(KEYWORDS),
        **_responsible(manifest),
        "distribution": _distribution(manifest),
        "recordSet": [
            _record_set("instances", "Pairs of entities in their contexts.", SCHEMA, COLUMNS, _ROWS),
            _record_set("documents", "Whole texts.", DOCUMENT_SCHEMA, DOCUMENT_COLUMNS, _in_file(DOCUMENTS)),
            _record_set(
                "leaks", "Documents that repeat each other.", LEAK_SCHEMA, LEAK_COLUMNS, _in_file(LEAKS)
            ),
            _splits(),
        ],
    }
    return json_text(described)


def _licences(licences: Iterable[Json]) -> list[Any]:
    """Addresses of well-known licences, and for the others what is stated."""
    found: dict[str, Any] = {}
    for licence in licences:
        if licence_id(licence) is not None and licence["url"]:
            found[licence["name"]] = licence["url"]
        else:
            address = {"url": licence["url"]} if licence["url"] else {}
            found[licence["name"]] = {"@type": "sc:CreativeWork", "name": licence["name"], **address}
    return list(found.values())


def _authors(entry: Json) -> Json:
    address = {"url": entry["home"]} if entry["home"].startswith("http") else {}
    return {"@type": "sc:Organization", "name": f"The authors of {entry['name']}", **address}


def _responsible(manifest: Json) -> Json:
    """What the Croissant vocabulary for responsible AI asks for."""
    corpora = manifest["corpora"].values()
    found = listed(entry["name"] for entry in corpora if entry["rules"][0] != "a1")
    rows = Counter[str]()
    for part in split_counts(manifest):
        rows[manifest["corpora"][part.corpus]["name"]] += part.instances
    shares = [f"{name} {count / rows.total():.1%}" for name, count in rows.most_common() if count]
    tools = {"rai:machineAnnotationTools": ["PubTator", "dictionary match of harmonize"]} if found else {}
    return {
        "rai:dataCollection": "Nothing was collected anew: the corpora were read as they were released.",
        "rai:dataCollectionType": ["Secondary Data analysis"],
        "rai:dataAnnotationProtocol": [
            "People annotated the relations, each corpus by its own guidelines.",
            *(
                [f"Software found the mentions of {found}; the column span_source says which."]
                if found
                else []
            ),
        ],
        **tools,
        "rai:dataPreprocessingProtocol": [
            "The adjustment rules of BioREx decide on mentions, contexts, negatives, labels and entity types "
            "of each corpus; the column rules names them, and dropped.tsv lists everything that was left out."
        ],
        "rai:dataBiases": [
            "Each corpus chose its articles by topic; they are no random sample of the literature.",
            f"Corpora are of unequal size. Rows: {', '.join(shares) or 'none'}.",
        ],
        "rai:dataLimitations": [
            "That nobody annotated a pair does not prove that it is unrelated: a corpus with the label "
            "None-<corpus> looked for some kinds of relations only.",
            "Corpora share articles: the column leaks_into names the dev and test parts that the document "
            "of a row repeats.",
            "All texts are English abstracts and the like.",
        ],
        "rai:dataUseCases": [
            "Training and evaluation of relation extraction from biomedical texts. Not for medical decisions."
        ],
        "rai:personalSensitiveInformation": ["None but what the published texts hold."],
    }


def _distribution(manifest: Json) -> list[Json]:
    parts = [part for entry in manifest["corpora"].values() for part in entry["splits"].values()]
    files = {part["file"]: part for part in parts if part["file"] is not None}
    files |= {part["file"]: part for _, _, part in nary_files(manifest)}
    others = {name: entry for name, entry in manifest["files"].items() if name not in (CARD, CROISSANT)}
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{entry['bytes']} B",
            "encodingFormat": _FORMATS.get(name, _PARQUET if name in files else "application/octet-stream"),
            "sha256": entry["sha256"],
        }
        for name, entry in {**files, **others}.items()
    ]
    rows = {
        "@type": "cr:FileSet",
        "@id": _ROWS["fileSet"]["@id"],
        "name": "rows",
        "description": "The data files together, below the folder of this file.",
        "encodingFormat": _PARQUET,
        "includes": f"{DATA}/corpus=*/split=*/*.parquet",
    }
    return [*objects, rows]


def _in_file(name: str) -> Json:
    return {"fileObject": {"@id": name}}


def _record_set(
    name: str, description: str, schema: pa.Schema, meanings: Mapping[str, str], source: Json
) -> Json:
    own = {"corpus": _corpus_field(), "split": _split_field()} if name == "instances" else {}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "field": [
            own[field.name] if field.name in own else _field(name, field, meanings, source)
            for field in schema
        ],
    }


def _field(parent: str, field: pa.Field, meanings: Mapping[str, str], source: Json) -> Json:
    """A column; one that is a list of structs has a subfield for each part."""
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    described: Json = {
        "@type": "cr:Field",
        "@id": f"{parent}/{field.name}",
        "name": field.name,
        "description": meanings[field.name],
    }
    if pa.types.is_list(field.type):
        described["repeated"] = True
    column = {**source, "extract": {"column": field.name}}
    if not pa.types.is_struct(kind):
        return {**described, "dataType": _data_type(kind), "source": column}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{parent}/{field.name}/{part.name}",
            "name": part.name,
            "description": PARTS[part.name],
            "dataType": _data_type(part.type),
            "source": {**column, "transform": {"jsonPath": part.name}},
        }
        for part in kind
    ]
    return {**described, "subField": parts}


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"


def _corpus_field() -> Json:
    """Read off the column `part`, since of a file's name mlcroissant can take one field only."""
    part = {"extract": {"column": "part"}, "transform": {"regex": _CORPUS_OF_PART}}
    return _text_field("corpus", {**_ROWS, **part})


def _split_field() -> Json:
    """Read off the file's name, so that a reader who wants one split opens its files only."""
    name = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": _SPLIT_OF_FILE}}
    return {**_text_field("split", {**_ROWS, **name}), "references": {"field": {"@id": "splits/name"}}}


def _text_field(name: str, source: Json) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"instances/{name}",
        "name": name,
        "description": COLUMNS[name],
        "dataType": "sc:Text",
        "source": source,
    }


def _splits() -> Json:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "What the names of the splits mean.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"splits/{name}", "name": name, "dataType": kind}
            for name, kind in (("name", "sc:Text"), ("url", "sc:URL"))
        ],
        "data": [{"splits/name": name, "splits/url": url} for name, url in _SPLITS.items()],
    }
