"""A union set, or some of its corpora and splits, in the formats that other tools read.

    bioc-json   folder: <corpus>.<split>.BioC.JSON and export.json
    pubtator    folder: <corpus>.<split>.PubTator and export.json
    tsv         one file: every row, every column

Document ids are unique only within a corpus, and PubTator has no place for a corpus or split; so the first
two write a file for each. export.json names the licence of each file and counts what it holds.
"""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

import pyarrow as pa
from bioc import BioCCollection, BioCDocument

from harmonize import __version__
from harmonize.errors import HarmonizeError, UnionError, UnknownName
from harmonize.export.documents import RowDocument, row_documents
from harmonize.export.tsv import TSV_COLUMNS, lines
from harmonize.files import EXPORT
from harmonize.formats import bioc, pubtator
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.relation.labels import is_negative
from harmonize.union.documents import StoredDocument, read_documents
from harmonize.union.manifest import file_entry, nary_hint, read_manifest
from harmonize.union.partition import PartitionFile, row_batches
from harmonize.union.reader import union_files
from harmonize.union.schema import DOCUMENTS
from harmonize.writing.json_files import write_json
from harmonize.writing.replace import (
    begins,
    check_replaceable,
    check_replaceable_file,
    new_file,
    new_folder,
)
from harmonize.writing.text import tab_line

__all__ = ["EXPORT_FORMATS", "ExportFormat", "Exported", "export"]

ExportFormat = Literal["bioc-json", "pubtator", "tsv"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = ("bioc-json", "pubtator", "tsv")
_SUFFIXES = {"bioc-json": ".BioC.JSON", "pubtator": ".PubTator"}


class Exported(NamedTuple):
    """What an export wrote.

    Attributes:
        out: the folder, or the TSV file.
        files: name below `out`, or that of the TSV -> what it holds, in words -> how many. A composite
            mention counts as one; `documents left out` have no row in the set.
    """

    out: Path
    files: dict[str, Counter[str]]

    @property
    def total(self) -> Counter[str]:
        """What there is of all files together."""
        return sum(self.files.values(), Counter())


def _exported(part: PartitionFile, form: str) -> str:
    """The name of a part's file."""
    return f"{part.corpus}.{part.split}{_SUFFIXES[form]}"


def export(
    folder: Path,
    out: Path,
    form: str,
    *,
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
    negatives: bool = True,
) -> Exported:
    """Write a union set in another format. Equal sets give equal bytes.

    Memory holds the texts of one corpus.

    Args:
        folder: the set's.
        out: the TSV file, or the folder of the other formats; an earlier export there is replaced, and only
            if all goes well.
        form: one of EXPORT_FORMATS.
        corpora, splits: all unless given.
        negatives: keep the rows without relation; in the TSV only, the other formats hold relations.

    Raises:
        UnionError: no union set there, a file of it is missing or broken, or nothing in it is wanted.
        UnknownName: a format, or a split, that does not exist, or a corpus that the set does not hold.
        HarmonizeError: `out` is something that is not to be replaced, or negatives are to be left out of a
            format that has none.
    """
    if form not in EXPORT_FORMATS:
        raise UnknownName("export format", form, EXPORT_FORMATS)
    if not negatives and form != "tsv":
        raise HarmonizeError(f"negatives: expected format tsv, {form} never has pairs without a relation")
    manifest = read_manifest(folder)
    parts = union_files(folder, manifest, corpora, splits)
    if not parts:
        raise UnionError(
            f"{folder}: expected rows of the wanted corpora and splits, found none{nary_hint(manifest)}"
        )
    if form == "tsv":
        check_replaceable_file(out, "an earlier export", begins("instance_id\tcorpus\t"))
        return Exported(out, {out.name: _write_tsv(parts, out, negatives)})
    check_replaceable(out, "an earlier export", _earlier(out))
    with new_folder(out) as target:
        files = _write_documents(folder, manifest, parts, target, form)
        _write_contents(manifest, parts, target, form, files)
    return Exported(out, files)


def _earlier(out: Path) -> set[str]:
    """The names of the files of an earlier export."""
    try:
        return {EXPORT, *json.loads((out / EXPORT).read_bytes())["files"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _write_documents(
    folder: Path, manifest: dict[str, Any], parts: Sequence[PartitionFile], target: Path, form: str
) -> dict[str, Counter[str]]:
    """Write the files of the parts and return name -> counts, in the parts' order."""
    waiting = {corpus: list(group) for corpus, group in groupby(parts, key=lambda part: part.corpus)}
    files: dict[str, Counter[str]] = {}
    for corpus, group in groupby(read_documents(folder), key=lambda stored: stored.key.corpus):
        wanted = waiting.pop(corpus, [])
        texts = list(group) if wanted else []
        for part in wanted:
            own = {stored.key.document_id: stored for stored in texts if stored.key.split == part.split}
            files[_exported(part, form)] = _write_part(manifest, part, own, target, form)
    for corpus in waiting:
        raise UnionError(f"{folder / DOCUMENTS}: expected the documents of {corpus}, found none")
    return {_exported(part, form): files[_exported(part, form)] for part in parts}


def _write_part(
    manifest: dict[str, Any], part: PartitionFile, texts: dict[str, StoredDocument], target: Path, form: str
) -> Counter[str]:
    counts: Counter[str] = Counter()
    found = _counted(row_documents(part, texts), counts)
    with (target / _exported(part, form)).open("w", encoding="utf-8", newline="\n") as file:
        if form == "pubtator":
            _write_pubtator(part, found, counts, file)
        else:
            bioc.write(_collection(manifest, part), map(_bioc_document, found), file)
    counts["documents left out"] = len(texts) - counts["documents"]
    return counts


def _counted(found: Iterable[RowDocument], counts: Counter[str]) -> Iterator[RowDocument]:
    for one in found:
        mentions = one.document.mentions
        counts["documents"] += 1
        counts["mentions"] += len(mentions)
        counts["relations"] += len(one.document.relations)
        counts["composite mentions"] += sum(len(mention.concept_ids) > 1 for mention in mentions)
        counts["discontinuous mentions"] += sum(len(mention.spans) > 1 for mention in mentions)
        counts["escaped ids"] += len({i for mention in mentions for i in mention.concept_ids if "%" in i})
        yield one


def _write_pubtator(
    part: PartitionFile, found: Iterable[RowDocument], counts: Counter[str], file: TextIO
) -> None:
    def records() -> Iterator[PubTatorRecord]:
        for document, *_ in found:
            record = pubtator.from_document(document)
            # PubTator has no column for the subject, and a line of its own would be a relation to most tools.
            bare = tuple(replace(relation, subject=None) for relation in record.relations)
            record = replace(record, id=record.id.replace("|", "%7C"), relations=bare)
            counts["replaced characters"] += sum(map(operator.ne, document.text, record.text))
            yield record

    try:
        pubtator.write(records(), file)
    except ValueError as error:
        raise UnionError(f"{part.path}: {error}") from None


def _collection(manifest: dict[str, Any], part: PartitionFile) -> BioCCollection:
    entry = manifest["corpora"][part.corpus]
    collection = BioCCollection()
    collection.source, collection.date, collection.key = entry["name"], "", "harmonize"
    collection.infons = {
        "corpus": part.corpus,
        "split": part.split,
        "licence": entry["licence"]["name"],
        "citation": entry["citation"],
        "home": entry["home"],
        "schema_version": manifest["schema_version"],
    }
    return collection


def _bioc_document(found: RowDocument) -> BioCDocument:
    record = bioc.from_document(found.document)
    record.infons.update(found.infons)
    for relation, infons in zip(record.relations, found.relation_infons, strict=True):
        relation.infons.update(infons)
    return record


def _write_contents(
    manifest: dict[str, Any],
    parts: Iterable[PartitionFile],
    target: Path,
    form: str,
    files: dict[str, Counter[str]],
) -> None:
    """export.json: what the files are and hold, and under which licence they come."""
    entries = {}
    for part in parts:
        name, corpus = _exported(part, form), manifest["corpora"][part.corpus]
        entries[name] = {
            "corpus": part.corpus,
            "split": part.split,
            **{key: corpus[key] for key in ("name", "licence", "citation", "home", "rules")},
            "counts": dict(files[name]),
            **file_entry(target / name),
        }
    contents = {
        "format": form,
        "schema_version": manifest["schema_version"],
        "package_version": __version__,
        "files": entries,
    }
    write_json(target / EXPORT, contents)


def _write_tsv(parts: Iterable[PartitionFile], out: Path, negatives: bool) -> Counter[str]:
    out.parent.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with new_file(out) as file:
        file.write(tab_line(*TSV_COLUMNS))
        for part in parts:
            for batch in row_batches(part, TSV_COLUMNS):
                labels = batch.column("relation").to_pylist()
                related = pa.array([not is_negative(label) for label in labels], pa.bool_())
                kept = batch if negatives else batch.filter(related)
                counts["rows"] += kept.num_rows
                counts["rows with a relation"] += related.true_count
                file.writelines(f"{line}\n" for line in lines(kept))
    return counts
