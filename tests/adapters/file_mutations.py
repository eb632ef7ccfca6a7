"""Ways to damage a file, format by format.

A damage is a function from the file's bytes to worse bytes; the factories here refuse one that finds nothing
to change, so that no test passes on an intact file.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from adapter_variants import unzipped, zipped

from harmonize.errors import HarmonizeError, MalformedInput, SpecError

Damage = Callable[[bytes], bytes]

UNKNOWN = "Xylophone"
CUTS = 5


@dataclass(frozen=True)
class Mutation:
    """A damage and what the error must say.

    Attributes:
        place: the error must give a line or a document besides the file.
        document: id of the damaged document, where the error must name it.
    """

    name: str
    damage: Damage
    error: type[HarmonizeError] = MalformedInput
    place: bool = True
    document: str | None = None


# Damage to any bytes


def emptied(data: bytes) -> bytes:
    return b""


def as_utf16(data: bytes) -> bytes:
    return data.decode("utf-8", errors="replace").encode("utf-16")


def substituted(pattern: bytes, replacement: bytes, nth: int = 0) -> Damage:
    """Replace the nth match; `\\1` in the replacement is the first group."""

    def damage(data: bytes) -> bytes:
        match = list(re.finditer(pattern, data, re.MULTILINE))[nth]
        damaged = data[: match.start()] + match.expand(replacement) + data[match.end() :]
        assert damaged != data
        return damaged

    return damage


def with_latin1_byte(after: bytes) -> Damage:
    """An é of another encoding behind the first match."""
    return substituted(b"(" + after + b")", b"\\1\xe9")


def moved(pattern: bytes, *, start: int, end: int, nth: int = 0) -> Damage:
    """Move the two offsets that the pattern's groups hold."""

    def damage(data: bytes) -> bytes:
        match = list(re.finditer(pattern, data, re.MULTILINE))[nth]
        for group, by in ((2, end), (1, start)):
            number = int(match[group]) + by
            data = data[: match.start(group)] + str(number).encode() + data[match.end(group) :]
        return data

    return damage


def cut_inside_a_line(seed: int) -> Damage:
    """Cut behind some byte that ends no line."""

    def damage(data: bytes) -> bytes:
        inside = [end for end in range(1, len(data)) if data[end - 1 : end] != b"\n"]
        return data[: random.Random(seed).choice(inside)]

    return damage


def cut_anywhere(seed: int) -> Damage:
    """Cut behind some byte before the last that says something."""
    return lambda data: data[: random.Random(seed).randrange(1, len(data.rstrip()))]


def _cuts(cut: Callable[[int], Damage]) -> Iterator[Mutation]:
    for seed in range(CUTS):
        yield Mutation(f"cut-{seed}", cut(seed))


# Lines of tab columns


def without_column(line: bytes, column: int, nth: int = 0) -> Damage:
    """Lose a column of the nth line that the pattern matches from end to end."""

    def damage(data: bytes) -> bytes:
        match = list(re.finditer(line, data, re.MULTILINE))[nth]
        columns = match[0].split(b"\t")
        del columns[column]
        return data[: match.start()] + b"\t".join(columns) + data[match.end() :]

    return damage


_PUBTATOR_MENTION = rb"^\d+\t(\d+)\t(\d+)\t[^\t\n]+\t[^\t\n]+\t[^\t\n]*$"
_PUBTATOR_RELATION = rb"^\d+\t[A-Za-z_]+\t[^\t\n]+(\t[^\t\n]+)+$"


def pubtator(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb"^\d+\|t\|\w+"))
    yield from _cuts(cut_inside_a_line)
    yield Mutation("text-prefix-lost", substituted(rb"^\d+\|t\|", b""))
    yield Mutation("title-lost", substituted(rb"\A\d+\|t\|.*\n", b""))
    for column in range(6):
        yield Mutation(f"mention-column-{column}-lost", without_column(_PUBTATOR_MENTION, column))
    relations = list(re.finditer(_PUBTATOR_RELATION, data, re.MULTILINE))
    for column in range(relations[0][0].count(b"\t") + 1):
        yield Mutation(f"relation-column-{column}-lost", without_column(_PUBTATOR_RELATION, column))
    yield Mutation("mention-shifted", moved(_PUBTATOR_MENTION, start=1, end=1))
    yield Mutation("last-mention-shifted", moved(_PUBTATOR_MENTION, start=-1, end=-1, nth=-1))
    yield Mutation("mention-end-short", moved(_PUBTATOR_MENTION, start=0, end=-1))
    yield Mutation("mention-past-the-text", moved(_PUBTATOR_MENTION, start=10**6, end=10**6))
    yield Mutation("mention-empty", substituted(rb"^(\d+\t)(\d+)\t\d+\t[^\t\n]+\t", rb"\1\2\t\2\t\t"))
    yield from _unknown_types(data, rb"^(\d+\t\d+\t\d+\t[^\t\n]+\t)[^\t\n]+", "entity", _first_column)
    yield from _unknown_types(data, rb"^(\d+\t)[A-Za-z_]+(?=\t)", "relation", _first_column, every=True)


def tsv(data: bytes) -> Iterator[Mutation]:
    """DrugProt's and ChemProt's three kinds of file, told apart by their columns."""
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb"^\d+\t\w+"))
    yield from _cuts(cut_inside_a_line)
    for column in range(data.partition(b"\n")[0].count(b"\t") + 1):
        yield Mutation(f"column-{column}-lost", without_column(rb"^.+$", column))
        yield Mutation(f"column-{column}-lost-at-the-end", without_column(rb"^.+$", column, nth=-1))
    yield Mutation("blank-line", substituted(rb"\n", b"\n\n"))
    if b"\tArg1:" in data:
        yield Mutation("dangling-argument", substituted(rb"Arg2:T\d+", b"Arg2:T999"))
        yield Mutation("argument-without-name", substituted(rb"Arg1:", b""))
        yield Mutation("unknown-pmid", substituted(rb"^\d+", b"1"))
        yield from _unknown_types(
            data, rb"^(\d+\t)[A-Z-_]+(:\d+)?(?=\t)", "relation", _first_column, every=True
        )
    elif re.match(rb"\d+\tT\d+\t", data):
        offsets = rb"^\d+\tT\d+\t[^\t\n]+\t(\d+)\t(\d+)"
        yield Mutation("entity-shifted", moved(offsets, start=1, end=1))
        yield Mutation("last-entity-shifted", moved(offsets, start=1, end=1, nth=-1))
        yield Mutation("entity-end-short", moved(offsets, start=0, end=-1))
        yield Mutation("entity-past-the-text", moved(offsets, start=10**6, end=10**6))
        yield Mutation("entity-offset-no-number", substituted(rb"(\tT\d+\t[^\t\n]+\t)\d+", rb"\1x"))
        yield Mutation("entity-twice", substituted(rb"^((\d+\tT\d+\t).*\n)", rb"\1\1"))
        # An entity that no relation names: else the relation is the first to miss it.
        yield Mutation("unknown-pmid", substituted(rb"^\d+", b"1", -1))
        yield from _unknown_types(data, rb"^(\d+\tT\d+\t)[^\t\n]+", "entity", _first_column)


def _first_column(data: bytes, position: int) -> str:
    start = data.rfind(b"\n", 0, position) + 1
    return data[start:].split(b"\t", 1)[0].decode()


def _unknown_types(
    data: bytes,
    pattern: bytes,
    kind: str,
    document_at: Callable[[bytes, int], str],
    *,
    every: bool = False,
) -> Iterator[Mutation]:
    """Put an unknown type behind the pattern's first group: on every match, or on the first and the last."""
    found = list(re.finditer(pattern, data, re.MULTILINE))
    chosen = range(len(found)) if every else sorted({0, len(found) - 1})
    for number in chosen:
        yield Mutation(
            f"unknown-{kind}-type-{number}",
            substituted(pattern, b"\\g<1>" + UNKNOWN.encode(), number),
            error=SpecError,
            document=document_at(data, found[number].start()),
        )


# XML


def broken_xml(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("latin-1", with_latin1_byte(rb"""text="\w+|<text>\w+"""))
    yield from _cuts(cut_anywhere)
    yield Mutation("other-end-tag", substituted(rb"</document>", b"</documen>"))
    yield Mutation("end-tag-lost", substituted(rb"</document>", b""))
    yield Mutation("bare-ampersand", substituted(rb"""(text="\w+|<text>\w+)""", rb"\1 & "))
    yield Mutation("unknown-reference", substituted(rb"""(text="\w+|<text>\w+)""", rb"\1 &nowhere; "))
    yield Mutation("two-roots", lambda data: data + b"<more/>")
    yield Mutation("no-document", lambda _: b"<?xml version='1.0'?><corpus></corpus>", place=False)


def _lost_attributes(element: str, *names: str) -> Iterator[Mutation]:
    for name in names:
        pattern = rf"""(<{element}\b[^>]*?)\s{name}=("[^"]*"|'[^']*')""".encode()
        yield Mutation(f"{element}-{name}-lost", substituted(pattern, rb"\1"))


def _document_attribute(data: bytes, position: int) -> str:
    return re.findall(rb'<document\b[^>]*?\bid="([^"]+)"', data[:position])[-1].decode()


_CHAR_OFFSET = rb'<entity\b[^>]*?charOffset="(\d+)-(\d+)'


def _offsets_in_attributes() -> Iterator[Mutation]:
    yield Mutation("entity-shifted", moved(_CHAR_OFFSET, start=1, end=1))
    yield Mutation("last-entity-shifted", moved(_CHAR_OFFSET, start=1, end=1, nth=-1))
    yield Mutation("entity-end-long", moved(_CHAR_OFFSET, start=0, end=1))
    yield Mutation("last-entity-end-short", moved(_CHAR_OFFSET, start=0, end=-1, nth=-1))
    yield Mutation("entity-past-the-text", moved(_CHAR_OFFSET, start=10**6, end=10**6))
    yield Mutation("entity-offset-no-number", substituted(rb'(<entity\b[^>]*?charOffset=")\d+', rb"\1x"))
    yield Mutation("entity-text-empty", substituted(rb'(<entity\b[^>]*?\btext=")[^"]+', rb"\1"))


def ddi_xml(data: bytes) -> Iterator[Mutation]:
    yield from broken_xml(data)
    yield from _lost_attributes("document", "id")
    yield from _lost_attributes("sentence", "id", "text")
    yield from _lost_attributes("entity", "id", "charOffset", "type", "text")
    yield from _lost_attributes("pair", "e1", "e2", "ddi")
    yield from _offsets_in_attributes()
    yield Mutation("dangling-argument", substituted(rb'(<pair\b[^>]*?e2=")[^"]+', rb"\1nobody"))
    yield Mutation("verdict-neither", substituted(rb'ddi="\w+"', b'ddi="perhaps"'))
    yield from _unknown_types(data, rb'(<entity\b[^>]*?\btype=")[^"]+', "entity", _document_attribute)
    positive = rb'(<pair\b[^>]*?ddi="true"\stype=")[^"]+'
    yield from _unknown_types(data, positive, "relation", _document_attribute, every=True)


def ppi_xml(data: bytes) -> Iterator[Mutation]:
    yield from broken_xml(data)
    yield from _lost_attributes("document", "id")
    yield from _lost_attributes("sentence", "id", "text")
    yield from _lost_attributes("entity", "id", "charOffset", "text")
    yield from _lost_attributes("interaction", "e1", "e2")
    yield from _offsets_in_attributes()
    yield Mutation("dangling-argument", substituted(rb'(<interaction\b[^>]*?e2=")[^"]+', rb"\1nobody"))
    interaction = rb'(<interaction\b[^>]*?\btype=")[^"]+'
    yield from _unknown_types(data, interaction, "relation", _document_attribute, every=True)


def ppi_entity_types(data: bytes) -> Iterator[Mutation]:
    """For unified PPI XML whose type attribute is a type."""
    yield from _unknown_types(data, rb'(<entity\b[^>]*?\btype=")[^"]+', "entity", _document_attribute)


def ppi_sentence_numbers(data: bytes) -> Iterator[Mutation]:
    """For unified PPI XML whose sentences are put in order by origId."""
    yield from _lost_attributes("sentence", "origId")
    yield Mutation("sentence-origId-no-number", substituted(rb'(<sentence\b[^>]*?origId=")[^"]+', rb"\1x"))


def bioc_xml(data: bytes) -> Iterator[Mutation]:
    yield from broken_xml(data)
    yield from _lost_attributes("location", "offset", "length")
    lost = {
        "document-id": rb"<id>[^<]*</id>",
        "passage-offset": rb"<offset>[^<]*</offset>",
        "passage-text": rb"(?<=<offset>0</offset>)\s*<text>[^<]*</text>",
        "location": rb"<location [^>]*/>",
        "concept-id": rb"""<infon key="(?:identifier|MESH)">[^<]*</infon>""",
        "mention-text": rb"<text>[^<]*</text>(?=\s*</annotation>)",
    }
    for name, pattern in lost.items():
        yield Mutation(f"{name}-lost", substituted(pattern, b""))
    entity = rb"""(<annotation [^>]*>\s*(?:<infon key="identifier">[^<]*</infon>)?\s*)<infon key="type">"""
    yield Mutation("entity-type-lost", substituted(entity + rb"[^<]+</infon>", rb"\1"))
    relation = re.search(rb"<relation .*?</relation>", data, re.DOTALL)
    assert relation is not None
    for infon in re.findall(rb'<infon key="\w+">', relation[0]):
        pattern = rb"(<relation (?:(?!</relation>)[\s\S])*?)" + infon + rb"[^<]*</infon>"
        key = infon.split(b'"')[1].decode()
        yield Mutation(f"relation-{key}-lost", substituted(pattern, rb"\1"))
    location = rb"""<location offset=['"](\d+)['"] length=['"](\d+)"""
    yield Mutation("annotation-shifted", moved(location, start=1, end=0))
    yield Mutation("last-annotation-shifted", moved(location, start=-1, end=0, nth=-1))
    yield Mutation("annotation-short", moved(location, start=0, end=-1))
    yield Mutation("annotation-past-the-text", moved(location, start=10**6, end=0))
    yield Mutation("annotation-offset-no-number", substituted(rb"""(<location offset=['"])""", rb"\1x"))
    yield Mutation("passage-shifted", substituted(rb"<offset>[1-9]\d*<", b"<offset>9999<"))
    yield Mutation("passages-overlap", substituted(rb"<offset>[1-9]\d*<", b"<offset>1<"))
    type_begun = entity.replace(rb"\s*)<infon", rb"\s*<infon") + rb")[^<]+"
    yield from _unknown_types(data, type_begun, "entity", _document_element)
    key = b"relation" if b'<infon key="relation">' in data else b"type"
    typed = rb"(<relation [^>]*>(?:(?!</relation>)[\s\S])*?<infon key=\"" + key + rb"\">)[^<]+"
    yield from _unknown_types(data, typed, "relation", _document_element, every=True)


def _document_element(data: bytes, position: int) -> str:
    return re.findall(rb"<id>([^<]+)</id>", data[:position])[-1].decode()


# JSON


def _json(change: Callable[[Any], None]) -> Damage:
    def damage(data: bytes) -> bytes:
        value = json.loads(data)
        change(value)
        damaged = json.dumps(value, indent=1).encode()
        assert json.loads(damaged) != json.loads(data)
        return damaged

    return damage


def without_key(*path: str | int) -> Damage:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return _json(change)


def with_value(new: Any, *path: str | int) -> Damage:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return _json(change)


def bioc_json(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb'"text": "\w+'))
    yield from _cuts(cut_anywhere)
    yield Mutation("brace-lost", substituted(rb"\{", b"", 2))
    yield Mutation("a-list", lambda _: b"[]", place=False)
    yield Mutation("documents-lost", without_key("documents"), place=False)
    yield Mutation("no-documents", with_value([], "documents"), place=False)
    document: tuple[str | int, ...] = ("documents", 0)
    passage = (*document, "passages", 0)
    annotation = (*passage, "annotations", 0)
    location = (*annotation, "locations", 0)
    relation = (*document, "relations", 0)
    for base, keys in (
        (document, ("id", "passages")),
        (passage, ("offset", "text")),
        (annotation, ("text", "infons", "locations")),
        ((*annotation, "infons"), ("type", "identifier")),
        (location, ("offset", "length")),
        (relation, ("infons",)),
        ((*relation, "infons"), ("entity1", "entity2", "type", "novel")),
    ):
        level = str([part for part in base if isinstance(part, str)][-1])
        for key in keys:
            yield Mutation(f"{level}-{key}-lost", without_key(*base, key))
    first = json.loads(data)["documents"][0]
    offset = first["passages"][0]["annotations"][0]["locations"][0]["offset"]
    yield Mutation("annotation-shifted", with_value(offset + 1, *location, "offset"))
    yield Mutation("annotation-past-the-text", with_value(10**6, *location, "offset"))
    yield Mutation("annotation-offset-a-string", with_value(str(offset), *location, "offset"))
    yield Mutation("annotation-length-negative", with_value(-1, *location, "length"))
    yield Mutation("passages-overlap", with_value(1, *document, "passages", 1, "offset"))
    yield Mutation("passage-text-a-number", with_value(7, *passage, "text"))
    yield Mutation("document-a-string", with_value("text", *document))
    yield Mutation("passages-a-number", with_value(7, *document, "passages"))
    yield Mutation(
        "unknown-entity-type",
        with_value(UNKNOWN, *annotation, "infons", "type"),
        SpecError,
        True,
        first["id"],
    )
    for number, record in enumerate(json.loads(data)["documents"]):
        for related in range(len(record.get("relations", ()))):
            path = ("documents", number, "relations", related, "infons", "type")
            name = f"unknown-relation-type-{number}-{related}"
            yield Mutation(name, with_value(UNKNOWN, *path), SpecError, True, record["id"])


# Curated tables: a header, then rows


def _table(data: bytes, required: str, separator: bytes = b"\t") -> Iterator[Mutation]:
    """What any table can suffer: `required` names its columns, "_" for a blank inside."""
    header, first, *others = data.splitlines()
    columns = header.split(separator)

    def rows(*lines: bytes) -> Damage:
        return _replaced(b"\n".join([*lines, b""]))

    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield from _cuts(cut_inside_a_line)
    for shown in required.split():
        name = shown.encode()
        place = columns.index(name if name in columns else name.replace(b"_", b" "))
        fewer = [*columns[:place], *columns[place + 1 :]]
        other = [*columns[:place], b"Unheard", *columns[place + 1 :]]
        yield Mutation(f"header-{shown}-lost", rows(separator.join(fewer), first, *others))
        yield Mutation(f"header-{shown}-renamed", rows(separator.join(other), first, *others))
    yield Mutation("header-lost", rows(first, *others))
    yield Mutation("row-short", rows(header, first.rpartition(separator)[0], *others))
    yield Mutation("row-long", rows(header, first + separator, *others))
    yield Mutation("last-row-short", rows(header, first, *others[:-1], others[-1].rpartition(separator)[0]))


def _replaced(damaged: bytes) -> Damage:
    def damage(data: bytes) -> bytes:
        assert damaged != data
        return damaged

    return damage


def with_field(data: bytes, column: str, value: bytes, *, row: int = 0) -> Damage:
    """Put a value into a column of a row (the first is 0) of a table with tabs."""
    lines = data.split(b"\n")
    place = lines[0].split(b"\t").index(column.encode())
    fields = lines[row + 1].split(b"\t")
    fields[place] = value
    return _replaced(b"\n".join([*lines[: row + 1], b"\t".join(fields), *lines[row + 2 :]]))


def _pmids(data: bytes, column: str) -> Iterator[Mutation]:
    for name, value in {"word": b"none", "signed": b"-1", "long": b"9" * 10, "blank": b" "}.items():
        yield Mutation(f"pmid-{name}", with_field(data, column, value))


def pharmgkb_annotations(data: bytes) -> Iterator[Mutation]:
    columns = "Annotation_ID Variant Gene Chemical Literature_Id Phenotype_Category Significance"
    yield from _table(data, columns)
    yield from _pmids(data, "Literature Id")
    yield Mutation("latin-1", with_latin1_byte(rb"made up"))
    yield Mutation("significance-lost", with_field(data, "Significance", b""))
    yield Mutation("list-not-closed", with_field(data, "Chemical", b'"a (PA1)","b (PA2)'))
    yield Mutation("list-not-separated", with_field(data, "Chemical", b'"a (PA1)" "b (PA2)"'))
    yield Mutation("accession-cut", with_field(data, "Gene", b"CYP2C9 (PA9000001"))
    yield Mutation("accession-no-number", with_field(data, "Gene", b"CYP2C9 (PAx)"))


def pharmgkb_relationships(data: bytes) -> Iterator[Mutation]:
    sides = "Entity1_id Entity1_name Entity1_type Entity2_id Entity2_name Entity2_type"
    yield from _table(data, f"{sides} Association PMIDs")
    yield Mutation("latin-1", with_latin1_byte(rb"warfarin"))
    yield Mutation("pmid-word", with_field(data, "PMIDs", b"90000091;none"))
    yield Mutation("association-unknown", with_field(data, "Association", b"perhaps"))
    yield Mutation("association-lost", with_field(data, "Association", b""))
    yield Mutation("id-lost", with_field(data, "Entity1_id", b""))


def pharmgkb_chemicals(data: bytes) -> Iterator[Mutation]:
    names = "PharmGKB_Accession_Id Name Generic_Names Trade_Names Brand_Mixtures"
    yield from _table(data, f"{names} External_Vocabulary Cross-references")
    yield Mutation("latin-1", with_latin1_byte(rb"warfarin"))
    yield Mutation("accession-lost", with_field(data, "PharmGKB Accession Id", b""))
    yield Mutation("accession-twice", with_field(data, "PharmGKB Accession Id", b"PA9000012"))
    yield Mutation("name-lost", with_field(data, "Name", b""))
    yield Mutation("list-not-closed", with_field(data, "Trade Names", b'"Coumadin", "Jantoven'))
    yield Mutation("mesh-without-id", with_field(data, "External Vocabulary", b"MeSH:"))


def gene_attributes(data: bytes) -> Iterator[Mutation]:
    yield from _table(data, "geneId geneName geneDescription")
    yield Mutation("no-encoding", substituted(rb"cytochrome", b"cytochrome\x81"))
    yield Mutation("gene-lost", with_field(data, "geneId", b""))


def gene_attributes_by_symbol_and_id(data: bytes) -> Iterator[Mutation]:
    """For a corpus that looks genes up both ways."""
    yield Mutation("gene-twice", with_field(data, "geneId", b"79001"))
    yield Mutation("symbol-lost", with_field(data, "geneName", b""))


def disease_mappings(data: bytes) -> Iterator[Mutation]:
    yield from _table(data, "diseaseId name vocabulary code vocabularyName")
    yield Mutation("no-encoding", substituted(rb"Meniere", b"Meniere\x81"))
    yield Mutation("cui-lost", with_field(data, "diseaseId", b""))
    yield Mutation("mesh-code-lost", with_field(data, "code", b"", row=1))


def disgenet_export(data: bytes) -> Iterator[Mutation]:
    yield from _table(data, "geneId geneSymbol diseaseId diseaseName score EI pmid source")
    yield from _pmids(data, "pmid")
    yield Mutation("no-encoding", substituted(rb"Meniere", b"Meniere\x81"))
    yield Mutation("cui-lost", with_field(data, "diseaseId", b""))
    yield Mutation("gene-lost", with_field(data, "geneId", b""))
    yield Mutation("score-no-number", with_field(data, "score", b"high"))


def _csv(data: bytes, columns: str) -> Iterator[Mutation]:
    yield from _table(data, columns, separator=b",")
    yield Mutation("no-encoding", substituted(rb"^(\d+,\w+)", b"\\1\x81"))


def bertsrc(data: bytes) -> Iterator[Mutation]:
    yield from _table(data, " ".join(map(str, range(17))), separator=b",")
    yield Mutation("no-encoding", substituted(rb"^(\d+,\w+)", b"\\1\x81"))
    yield Mutation("quote-not-closed", substituted(rb'"([A-Z])', rb"\1", -1))
    yield Mutation("quote-inside", substituted(rb'"([A-Z]\w+) ', rb'"\1" '))
    for name, value in {"word": b"none", "signed": b"-1", "long": b"9" * 10, "blank": b" "}.items():
        yield Mutation(f"pmid-{name}", substituted(rb"^9\d+", value))
        yield Mutation(f"sentence-{name}", substituted(rb"^(9\d+),\d+", rb"\1," + value))
    first = rb"^(9\d+,\d+,[^,]*,)[^,]+"
    yield Mutation("entity-not-found", substituted(first, rb"\1Unheard"))
    yield Mutation("entity-twice", substituted(first, rb"\1e"))
    yield Mutation("entity-empty", substituted(first, rb"\1"))
    yield Mutation("entity-blank", substituted(first, rb"\1 "))
    yield from _unknown_types(data, rb"^(9\d+,\d+,[^,]*,[^,]+,)[A-Z ]+", "entity", _abstract)
    yield from _unknown_types(
        data, rb"((?:Und|D)irected Link,)[A-Z][A-Za-z ]+$", "relation", _abstract, every=True
    )


def _abstract(data: bytes, position: int) -> str:
    start = data.rfind(b"\n", 0, position) + 1
    return data[start:].split(b",", 1)[0].decode()


def combination_jsonl(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb'"sentence": "\w+'))
    yield from _cuts(cut_inside_a_line)
    first = json.loads(data.splitlines()[0])["doc_id"]
    yield Mutation("not-json", substituted(rb'^{"doc_id"', b'{doc_id"'))
    yield Mutation("half-a-surrogate-pair", substituted(rb'"sentence": "', rb'"sentence": "\\ud800'))
    for key in ("doc_id", "sentence", "spans", "rels", "paragraph"):
        yield Mutation(f"no-{key}", substituted(f'"{key}": '.encode(), b'"x": '))
        yield Mutation(
            f"{key}-null",
            substituted(rf'"{key}": ("[^"]*"|\[)'.encode(), f'"{key}": null, "x": \\1'.encode()),
        )
    moved_span = rb'"start": (\d+), "end": (\d+)'
    for name, by in {
        "shifted": (1, 1),
        "shorter": (0, -1),
        "before": (-99, -99),
        "beyond": (999, 999),
    }.items():
        yield Mutation(f"span-{name}", moved(moved_span, start=by[0], end=by[1]), document=first)
    yield Mutation("span-text", substituted(rb'"text": "\w', b'"text": "#'), document=first)
    yield Mutation("span-id-twice", substituted(rb'"span_id": 1', b'"span_id": 0'), document=first)
    yield Mutation("relation-of-one", substituted(rb'"POS", "spans": \[(\d), \d\]', rb'"POS", "spans": [\1]'))
    yield Mutation(
        "relation-of-itself", substituted(rb'"POS", "spans": \[(\d), \d\]', rb'"POS", "spans": [\1, \1]')
    )
    yield Mutation("relation-of-unknown", substituted(rb'"POS", "spans": \[\d', b'"POS", "spans": [77'))
    yield Mutation("relation-of-words", substituted(rb'"POS", "spans": \[\d', b'"POS", "spans": ["a"'))
    yield Mutation(
        "sentence-lost", substituted(rb'"paragraph": "[^"]*"', b'"paragraph": "Elsewhere ."'), document=first
    )
    yield Mutation(
        "sentence-twice",
        substituted(rb'"sentence": "([^"]*)"(.*)"paragraph": "', rb'"sentence": "\1"\2"paragraph": "\1 '),
        document=first,
    )
    yield Mutation(
        "unknown-relation", substituted(rb'"POS"', f'"{UNKNOWN}"'.encode()), SpecError, document=first
    )


def disgenet_network(data: bytes) -> Iterator[Mutation]:
    columns = "diseaseNID geneNID source association associationType sentence pmid score EI"
    yield from _csv(data, columns)
    yield Mutation("quote-not-closed", substituted(rb'"In one', b"In one"))
    yield Mutation("quote-inside", substituted(rb'"In one', b'"In" one'))
    yield Mutation("pmid-word", substituted(rb"90000101", b"none"))
    yield Mutation("pmid-signed", substituted(rb"90000101", b"-90000101"))
    yield Mutation("type-lost", substituted(rb",Biomarker,", b",,"))
    yield Mutation("score-no-number", substituted(rb",0\.4,", b",high,"))


def disgenet_entities(data: bytes) -> Iterator[Mutation]:
    columns = "geneNID geneId geneName" if data.startswith(b"gene") else "diseaseNID diseaseId diseaseName"
    yield from _csv(data, columns)
    yield Mutation("number-twice", substituted(rb"^(\d+,.*\n)", rb"\1\1"))
    yield Mutation("number-lost", substituted(rb"^\d+,", b","))
    yield Mutation("id-lost", substituted(rb"^(\d+),\w+,", rb"\1,,"))
    yield Mutation("quote-not-closed", substituted(rb"^(\d+),(\w+),", rb'\1,\2,"'))


def triples(data: bytes) -> Iterator[Mutation]:
    yield from _table(data, "PMID gene mutation disease")
    yield from _pmids(data, "PMID")
    yield Mutation("latin-1", with_latin1_byte(rb"prostate"))
    yield Mutation("gene-lost", with_field(data, "gene", b""))
    yield Mutation("disease-lost", with_field(data, "disease", b""))


def pubmed_xml(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("latin-1", with_latin1_byte(rb"<ArticleTitle>\w+"))
    yield from _cuts(cut_anywhere)
    yield Mutation("other-end-tag", substituted(rb"</PubmedArticle>", b"</PubmedArticl>"))
    yield Mutation("end-tag-lost", substituted(rb"</PubmedArticle>", b""))
    yield Mutation("bare-ampersand", substituted(rb"<ArticleTitle>", b"<ArticleTitle> & "))
    yield Mutation("unknown-reference", substituted(rb"<ArticleTitle>", b"<ArticleTitle>&nowhere;"))
    yield Mutation("two-roots", lambda data: data + b"<more/>")
    yield Mutation("no-article", lambda _: b"<PubmedArticleSet></PubmedArticleSet>", place=False)
    yield Mutation("pmid-lost", substituted(rb"<PMID[^>]*>\d+</PMID>", b""))
    yield Mutation("pmid-word", substituted(rb"(<PMID[^>]*>)\d+", rb"\1none"))
    yield Mutation("title-lost", substituted(rb"<ArticleTitle>.*</ArticleTitle>", b""))
    yield Mutation("article-lost", substituted(rb"<Article (?:.|\n)*?</Article>", b""))


TABLES: dict[str, Callable[[bytes], Iterator[Mutation]]] = {
    "var_drug_ann.tsv": pharmgkb_annotations,
    "relationships.tsv": pharmgkb_relationships,
    "chemicals.tsv": pharmgkb_chemicals,
    "drugs.tsv": pharmgkb_chemicals,
    "geneAttributes.tsv": gene_attributes,
    "disease_mappings.tsv": disease_mappings,
    "all_gene_disease_pmid_associations.tsv": disgenet_export,
    "geneDiseaseNetwork.csv": disgenet_network,
    "geneAttributes.csv": disgenet_entities,
    "diseaseAttributes.csv": disgenet_entities,
    "emu_triples.tsv": triples,
}
"""File of a curated corpus -> what can go wrong in it; all their others are PubMed XML."""


def curated(file: str, data: bytes) -> Iterator[Mutation]:
    return TABLES.get(file.rpartition("/")[2], pubmed_xml)(data)


# Zip files


def in_member(name: str, damage: Damage) -> Damage:
    """Damage one member of a zip file and leave the zip whole."""

    def damage_zip(data: bytes) -> bytes:
        members = unzipped(data)
        return zipped(members | {name: damage(members[name])})

    return damage_zip


def with_member(name: str) -> Damage:
    return lambda data: zipped(unzipped(data) | {name: b"<document/>"})


def without_folder(folder: str) -> Damage:
    def damage(data: bytes) -> bytes:
        members = unzipped(data)
        return zipped({name: content for name, content in members.items() if folder not in name})

    return damage


def _flipped(data: bytes) -> bytes:
    """One byte changed in the compressed content of the first member."""
    start = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    position = start + 20
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


def zip_file(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("no-zip", lambda data: b"no zip at all " * 50, place=False)
    for seed in range(2 * CUTS):
        yield Mutation(f"cut-{seed}", cut_anywhere(seed), place=False)
    yield Mutation("cut-at-the-end", lambda data: data[:-1], place=False)
    yield Mutation("start-lost", lambda data: data[100:], place=False)
    yield Mutation("content-changed", _flipped, place=False)
    yield Mutation("member-outside", with_member("DDICorpus/Train/../../../evil.xml"), place=False)
    yield Mutation("member-above", with_member("../evil.xml"), place=False)
    yield Mutation("member-absolute", with_member("/etc/evil.xml"), place=False)
    yield Mutation("member-with-backslashes", with_member("DDICorpus\\..\\..\\evil.xml"), place=False)
    yield Mutation("member-outside-not-read", with_member("../evil.txt"), place=False)


def renet(data: bytes) -> Iterator[Mutation]:
    """RENET's three kinds of file, told apart by how they begin."""
    if data.startswith(b"pmid,"):
        yield from _renet_labels(data)
    elif re.match(rb"\d+\t", data):
        yield from _renet_mentions(data)
    else:
        yield from _renet_articles()


def _renet_articles() -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb"^\w+ "))
    yield Mutation("cut", lambda data: data.rstrip())
    yield Mutation("pmid-word", substituted(rb"^9\d+", b"none"))
    yield Mutation("title-and-abstract-lost", substituted(rb"^(9\d+\n).+\n.+\n", rb"\1"))
    yield Mutation("blank-line-lost", substituted(rb"\n\n", b"\nmore\nstill more\n\n"))


def _renet_mentions(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield Mutation("latin-1", with_latin1_byte(rb"^\d+\t\d+\t\d+\t\w+"))
    yield from _cuts(cut_inside_a_line)
    for column in range(5):
        yield Mutation(f"column-{column}-lost", without_column(rb"^.+$", column))
    offsets = rb"^\d+\t(\d+)\t(\d+)"
    yield Mutation("shifted", moved(offsets, start=1, end=1))
    yield Mutation("last-shifted", moved(offsets, start=1, end=1, nth=-1))
    yield Mutation("past-the-text", moved(offsets, start=10**6, end=10**6))
    yield Mutation("offset-no-number", substituted(rb"^(\d+\t)\d+", rb"\1x"))
    yield Mutation("unknown-pmid", substituted(rb"^\d+", b"1"))
    yield Mutation("kind-unheard", substituted(rb"\tGene\t", b"\tXylophone\t"))


def _renet_labels(data: bytes) -> Iterator[Mutation]:
    yield Mutation("empty", emptied, place=False)
    yield Mutation("utf-16", as_utf16)
    yield from _cuts(cut_inside_a_line)
    for name in ("pmid", "geneId", "diseaseId", "label"):
        yield Mutation(f"header-{name}-renamed", substituted(name.encode(), b"Unheard"))
    yield Mutation("header-lost", substituted(rb"^pmid.*\n", b""))
    yield Mutation("row-short", substituted(rb"^(9\d+),\d+", rb"\1"))
    yield Mutation("row-long", substituted(rb"^(9\d+)", rb"\1,"))
    yield Mutation("quote-not-closed", substituted(rb"^(9\d+),", rb'\1,"'))
    yield Mutation("gene-lost", substituted(rb"^(9\d+),\d+", rb"\1,"))
    yield Mutation("label-unheard", substituted(rb",1(\.0)?$", b",7"))


FORMATS: dict[str, Callable[[bytes], Iterator[Mutation]]] = {
    "pubtator": pubtator,
    "biorex": pubtator,
    "bioredirect": pubtator,
    "bioc-xml": bioc_xml,
    "bioc-json": bioc_json,
    "tsv": tsv,
    "zip": ddi_xml,
    "unpacked": ddi_xml,
    "unified": ppi_xml,
    "ppi-xml": ppi_xml,
    "published": bertsrc,
    "renet": renet,
    "renet2": renet,
    "jsonl": combination_jsonl,
}
"""Source variant -> what can go wrong in its files."""
