"""nary/: relations of any number of entities, in files beside those of pairs.

A row is a context with all its entities and relations. They are few beside the pairs, so that the rows of a
corpus are held in memory while it is built.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.given import given_path
from harmonize.model import Document, EntityInContext, NaryInstance, Split
from harmonize.spec import Corpus
from harmonize.union.documents import DocumentKey
from harmonize.union.ids import context_id
from harmonize.union.manifest import nary_files, read_manifest
from harmonize.union.parquet import check_columns, parquet_faults
from harmonize.union.partition import PartitionFile, repeated
from harmonize.union.reader import wanted_parts
from harmonize.union.schema import NARY_FILE_SCHEMA, NARY_SCHEMA, nary_file, part_name
from harmonize.writing.parquet import with_metadata, write_parquet

__all__ = ["NaryRows", "load_nary", "rewrite_nary_leaks"]

Leaks = Mapping[DocumentKey, Sequence[str]]
_SOURCES = ("dictionary", "pubtator", "gold")  # the least certain first


class NaryRows:
    """The contexts of one corpus and split on their way into the set."""

    def __init__(self, corpus: Corpus, split: Split) -> None:
        self.corpus, self.split = corpus, split
        self._rows: list[dict[str, Any]] = []

    def add(self, document: Document, instances: Iterable[NaryInstance]) -> None:
        self._rows += [self._row(document, instance) for instance in instances]

    def write(self, root: Path, leaks: Leaks, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Write the file below `root` and return what the manifest says of it, but for its bytes.

        Args:
            leaks: of the whole set.
            metadata: written as JSON into the file's metadata.
        """
        name = nary_file(self.corpus.key, self.split)
        (root / name).parent.mkdir(parents=True)
        rows = sorted(self._rows, key=lambda row: (row["document_id"], row["context_start"]))
        for row in rows:
            row["leaks_into"] = list(leaks.get(self._key(row), ()))
        schema = with_metadata(NARY_FILE_SCHEMA, metadata)
        write_parquet(pa.Table.from_pylist(rows, schema=schema), root / name)
        return {"file": name.as_posix(), "rows": len(rows), **counted(rows)}

    def _key(self, row: Mapping[str, Any]) -> DocumentKey:
        return DocumentKey(self.corpus.key, self.split, row["document_id"])

    def _row(self, document: Document, instance: NaryInstance) -> dict[str, Any]:
        rules, licence = self.corpus.rules, self.corpus.spec.licence
        sources = {source for entity in instance.entities for source in entity.sources}
        start, end = instance.context
        return {
            "instance_id": context_id(self.corpus.key, instance.document_id, instance.context),
            "part": part_name(self.corpus.key, self.split),
            "level": "document" if rules.b == "b1" else "sentence",
            "document_id": instance.document_id,
            "pmid": document.pmid,
            "text": instance.text,
            "context_start": start,
            "context_end": end,
            "entities": [_entity(entity) for entity in instance.entities],
            "relations": [
                {
                    "relation": each.relation,
                    "source_relation": each.source_relation,
                    "arguments": list(each.arguments),
                    "needs_context": each.needs_context,
                }
                for each in instance.relations
            ],
            "task": rules.task,
            "rules": list(rules.names),
            "span_source": next(source for source in _SOURCES if source in sources),
            "licence": licence.name,
            "redistributable": licence.redistributable,
        }


def _entity(entity: EntityInContext) -> dict[str, Any]:
    return {
        "id": entity.id,
        "name": entity.name,
        "type": entity.type,
        "source_type": entity.source_type,
        "spans": [{"start": span.start, "end": span.end} for span in entity.spans],
    }


def counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many relations rows have by label, and by how many entities they relate."""
    labels, arguments = Counter[str](), Counter[int]()
    for row in rows:
        for relation in row["relations"]:
            labels[relation["relation"]] += 1
            arguments[len(relation["arguments"])] += 1
    return {
        "labels": dict(sorted(labels.items())),
        "arguments": {str(number): arguments[number] for number in sorted(arguments)},
    }


def load_nary(
    path: Path | str = "artifacts/union",
    *,
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
) -> pa.Table:
    """The contexts of relations of any number of entities, of a union set or some of its corpora and splits.

    Args:
        path: the set's folder, the one with manifest.json.
        corpora, splits: all unless given. A corpus goes by its key or its display name, in any letter case.

    Returns:
        A table with the columns of harmonize.union.schema.NARY_SCHEMA; it has no row where nothing that is
        wanted relates any number of entities.

    Raises:
        UnionError: no union set there, or a file of it is missing or broken.
        UnknownName: a corpus that the set does not hold, or a split that does not exist.
        HarmonizeError: a text in the place of a list.
    """
    folder = given_path(path, "path")
    manifest = read_manifest(folder)
    wanted, wanted_splits = wanted_parts(manifest, corpora, splits)
    tables = [
        _read(PartitionFile(corpus, split, folder / part["file"]))
        for corpus, split, part in nary_files(manifest)
        if corpus in wanted and split in wanted_splits
    ]
    return pa.concat_tables(tables).unify_dictionaries() if tables else NARY_SCHEMA.empty_table()


def rewrite_nary_leaks(file: PartitionFile, target: Path, leaks: Leaks) -> None:
    """Copy a file of n-ary relations with another `leaks_into`.

    Raises:
        UnionError: the file is missing or broken, or has other columns.
    """
    with parquet_faults(file.path):
        table = pq.ParquetFile(file.path).read()
        check_columns(file.path, table.schema, NARY_FILE_SCHEMA)
        keys = (DocumentKey(file.corpus, file.split, name) for name in table["document_id"].to_pylist())
        values = [list(leaks.get(key, ())) for key in keys]
        place = NARY_FILE_SCHEMA.names.index("leaks_into")
        field = NARY_FILE_SCHEMA.field(place)
        written = table.set_column(place, field, pa.array(values, field.type))
        write_parquet(written, target)


def _read(file: PartitionFile) -> pa.Table:
    with parquet_faults(file.path):
        table = pq.ParquetFile(file.path).read().cast(NARY_FILE_SCHEMA)
    for field, value in zip(list(NARY_SCHEMA)[-2:], (file.corpus, file.split), strict=True):
        table = table.append_column(field, repeated(value, table.num_rows, field.type))
    return table
