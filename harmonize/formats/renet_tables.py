"""RENET2's three tables of articles, of the genes and diseases found in them, and of labelled pairs.

    docs.txt     PMID, title, abstract, in a full text its body, a line each; a blank line behind each article
    anns.txt     PMID, start, end, mention, Gene or Disease, id [, section]; a blank line behind each article
    labels.txt   CSV with a header: pmid, geneId, diseaseId, label, and further columns that are not read

Articles stand in one order in the first two. Offsets count code points of title, abstract and body with one
blank between; `$$$` stands for an abstract or body that is not there. An id of two, joined by ";", is a
mention's own and the normalized one, which counts. A label is 1 (related), 0.5 (ambiguous) or 0; pairs that
the table does not list are not related. Format: https://github.com/sujunhao/RENET2 (Su et al. 2021), whose
copy of RENET's data (Wu et al. 2019) has the same columns.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset, numbered_lines
from harmonize.formats.misfits import misfit_reason
from harmonize.formats.pubtator_record import BodyPassage, PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.tables import SetAside, checked_pmid, named_fields, unheard

__all__ = ["AMBIGUOUS", "NO_ARTICLE", "RELATED", "UNRELATED", "read"]

RELATED, AMBIGUOUS, UNRELATED = "related", "ambiguous", "unrelated"
NO_ARTICLE = "a label of no article in the file"

_TYPES = {
    **dict.fromkeys(("1", "1.0"), RELATED),
    "0.5": AMBIGUOUS,
    **dict.fromkeys(("0", "0.0"), UNRELATED),
}
_NOTHING = "$$$"
_COLUMNS = ("pmid", "geneId", "diseaseId", "label")
_KINDS = ("Gene", "Disease")

Lines = list[tuple[int, str]]


def read(
    articles: Path, mentions: Path, labels: Path, set_aside: SetAside = unheard
) -> Iterator[PubTatorRecord]:
    """Stream the articles, each with its mentions and labelled pairs.

    Args:
        set_aside: is told of the labels whose article the file does not hold.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a mention that the text does not spell.
    """
    pairs = _labels(labels)
    annotated = _blocks(mentions)
    block = next(annotated, None)
    for lines in _blocks(articles):
        record = _article(articles, lines)
        if block is not None and block[0][1].split("\t")[0] == record.id:
            record = _with_mentions(record, mentions, block)
            block = next(annotated, None)
        yield replace(record, relations=tuple(pairs.pop(record.id, ())))
    if block is not None:
        message = f"expected annotations in the order of {articles.name}, got {block[0][1].split()[0][:40]!r}"
        raise MalformedInput(mentions, message, line=block[0][0])
    for relation in (relation for left in pairs.values() for relation in left):
        set_aside(NO_ARTICLE, f"{labels.name}:{relation.line}")


def _blocks(path: Path) -> Iterator[Lines]:
    """The numbered lines of each article: what stands between blank lines."""
    block: Lines = []
    for number, line in numbered_lines(path):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _article(path: Path, lines: Lines) -> PubTatorRecord:
    number = lines[0][0]
    if len(lines) > 4 or len(lines) < 2:
        message = f"expected PMID, title, abstract and in a full text its body, got {len(lines)} lines"
        raise MalformedInput(path, message, line=number)
    pmid, title, *rest = (line for _, line in lines)
    parts = list(rest)
    while parts and parts[-1] == _NOTHING:
        parts.pop()
    body = tuple(BodyPassage("paragraph", part, None, None) for part in parts[1:])
    identifier = checked_pmid(pmid.strip(), path, number)
    return PubTatorRecord(identifier, title, parts[0] if parts else None, (), (), number, body)


def _with_mentions(record: PubTatorRecord, path: Path, lines: Lines) -> PubTatorRecord:
    text, found = record.text, []
    for number, line in lines:
        mention = _mention(record.id, path, number, line.split("\t"))
        if misfit_reason(mention, text):
            raise MalformedInput(
                path,
                f"expected {mention.text!r} at {mention.start}-{mention.end} of article {record.id}, "
                f"the text reads {text[mention.start : mention.end]!r}",
                line=number,
            )
        found.append(mention)
    return replace(record, mentions=tuple(found))


def _mention(article: str, path: Path, line: int, columns: list[str]) -> PubTatorMention:
    if len(columns) not in (6, 7):
        raise MalformedInput(path, f"expected 6 or 7 columns, got {len(columns)}", line=line)
    pmid, start, end, name, kind, identifier = columns[:6]
    if pmid != article:
        raise MalformedInput(path, f"expected a mention of article {article}, got {pmid[:40]!r}", line=line)
    if not (is_offset(start) and is_offset(end)):
        raise MalformedInput(path, f"expected two offsets, got {start[:40]!r}, {end[:40]!r}", line=line)
    if kind not in _KINDS:
        raise MalformedInput(path, f"expected Gene or Disease, got {kind[:40]!r}", line=line)
    own = identifier.rpartition(";")[2]
    return PubTatorMention(int(start), int(end), name, kind, "" if own == "None" else own, None, line)


def _labels(path: Path) -> dict[str, list[PubTatorRelation]]:
    """The labelled pairs of each article."""
    found: dict[str, list[PubTatorRelation]] = defaultdict(list)
    for line, row in named_fields(path, _rows(path), _COLUMNS):
        kind = _TYPES.get(row["label"].strip())
        if kind is None:
            raise MalformedInput(path, f"expected label 1, 0.5 or 0, got {row['label'][:40]!r}", line=line)
        gene, disease = (row[name].strip() for name in ("geneId", "diseaseId"))
        if not (gene and disease):
            raise MalformedInput(path, "expected ids of a gene and a disease, got none", line=line)
        found[row["pmid"].strip()].append(PubTatorRelation(kind, gene, disease, None, line))
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, fields) of the rows, each of them a line, the header among them."""
    for number, line in numbered_lines(path):
        try:
            (fields,) = csv.reader([line], strict=True)
        except (csv.Error, ValueError):
            raise MalformedInput(path, f"expected a row of CSV, got {line[:40]!r}", line=number) from None
        yield number, fields
