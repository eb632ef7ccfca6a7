r"""Rows of a union set as tab-separated lines, below a header, without quoting.

    \\ \t \n \r          a backslash, tab or line end in a field
    Bind;Association     several names; in a name ";" is written \;
    12-17;30-36          spans
    (nothing)            null, or no names
    true, false          a truth value

Nothing but LF ends a line, and nothing but a tab a field.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from harmonize.union.schema import SCHEMA

__all__ = ["TSV_COLUMNS", "lines"]

_ENTITY = ("id", "name", "type", "spans")
_FIRST = [
    *("instance_id", "corpus", "split", "document_id", "pmid", "relation", "relations", "source_relations"),
    *(f"{side}_{part}" for side in ("head", "tail") for part in _ENTITY),
]
TSV_COLUMNS = (*_FIRST, *(name for name in SCHEMA.names if name not in (*_FIRST, "text")), "text")
"""Every column of a row, in the order of the file; the text last."""

_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def lines(batch: pa.RecordBatch) -> list[str]:
    """A line, without its end, for each row of a batch with TSV_COLUMNS."""
    fields = [_field(batch.column(name)) for name in TSV_COLUMNS]
    joined: list[str] = pc.binary_join_element_wise(*fields, "\t").to_pylist()
    return joined


def _field(values: pa.Array) -> pa.Array:
    """A column as it stands in the file."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _escaped(values.dictionary_decode())
    if pa.types.is_string(kind):
        return _escaped(values)
    if pa.types.is_list(kind):
        parts = _span if pa.types.is_struct(kind.value_type) else _name
        return pc.binary_join(pa.ListArray.from_arrays(values.offsets, parts(values.values)), ";")
    return pc.cast(values, pa.string())


def _escaped(values: pa.Array) -> pa.Array:
    values = pc.fill_null(values, "")
    for character, written in _ESCAPES:
        values = pc.replace_substring(values, character, written)
    return values


def _name(values: pa.Array) -> pa.Array:
    return pc.replace_substring(_escaped(values), ";", "\\;")


def _span(values: pa.Array) -> pa.Array:
    ends = (pc.cast(pc.struct_field(values, part), pa.string()) for part in ("start", "end"))
    return pc.binary_join_element_wise(*ends, "-")
