"""manifest.json: what a set was built from, what every step took in and gave out, and what its files hold.

It has no times and no paths of the machine, so that two builds from the same input are byte-identical.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from harmonize.errors import UnionError
from harmonize.files import sha256_of
from harmonize.ledger import READ
from harmonize.model import is_negative
from harmonize.names import corpus_key
from harmonize.spec import load_catalogue
from harmonize.union.manifest_model import Manifest, key_messages
from harmonize.union.schema import MANIFEST, SAID
from harmonize.union.version import check_version
from harmonize.writing.json_files import write_json

__all__ = [
    "Papers",
    "PublishedCounts",
    "SplitCounts",
    "corpus_held",
    "file_entry",
    "manifest_content",
    "manifest_hash",
    "nary_files",
    "nary_hint",
    "papers",
    "published_counts",
    "read_manifest",
    "split_counts",
    "write_manifest",
]


def file_entry(path: Path) -> dict[str, Any]:
    """What the manifest says of a file's bytes."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_json(folder / MANIFEST, manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a union set.

    Raises:
        UnionError: the folder has none, or a broken one, or one of another major version of the schema.
    """
    content = manifest_content(folder)
    check_version(folder / MANIFEST, content)
    try:
        Manifest.model_validate(content)
    except ValidationError as error:
        fault = "; ".join(f"{key}: {message}" for key, message in islice(key_messages(error), 5))
        raise UnionError(f"{folder / MANIFEST}: {fault}") from None
    return content


def manifest_content(folder: Path) -> dict[str, Any]:
    """What manifest.json holds, whether or not that is a manifest.

    Raises:
        UnionError: the folder has none, or one that is no JSON object with corpora.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UnionError(
            f"{path}: expected a union set, found no manifest; build one with `harmonize build`"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UnionError(f"{path}: expected JSON, got: {error}") from None
    except OSError as error:
        raise UnionError(f"{path}: expected a union set, got: {error.strerror or error}") from None
    if not isinstance(manifest, dict) or "corpora" not in manifest:
        raise UnionError(f"{path}: expected a manifest with 'corpora'")
    return manifest


def manifest_hash(union: Path) -> str:
    """The sha256 of a set's manifest, which holds those of all its files.

    Raises:
        UnionError: no union set there.
    """
    read_manifest(union)
    return sha256_of(union / MANIFEST)


def corpus_held(manifest: Mapping[str, Any], name: str, named_in: str | None = None) -> str:
    """The key of a corpus of the set that is named by its key or its display name, in any letter case.

    Args:
        named_in: the value of a recipe that names it, for the error.

    Raises:
        UnknownName: the set does not hold it.
    """
    names = {key: entry["name"] for key, entry in manifest["corpora"].items()}
    return corpus_key(name, names, "corpus of the set" + (f" in {named_in}" if named_in else ""))


def nary_files(manifest: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(corpus, split, what the manifest says of the file) of every file of n-ary relations."""
    return [
        (corpus, split, part["nary"])
        for corpus, entry in manifest["corpora"].items()
        for split, part in entry["splits"].items()
        if part.get("nary") is not None
    ]


def nary_hint(manifest: Mapping[str, Any]) -> str:
    """The end of a message that a set has no such pairs: where else to look, if there is anything else."""
    return "; harmonize.load_nary reads its relations of any number of entities" * bool(nary_files(manifest))


class SplitCounts(NamedTuple):
    """The totals of one corpus and split, read off its steps."""

    corpus: str
    split: str
    documents: int
    mentions: int
    relations: int
    instances: int
    positive: int
    labels: dict[str, int]
    said: dict[str, dict[str, int]]  # column of SAID -> value -> rows
    dropped: Counter[tuple[str, str, str]]  # (step, unit, reason) -> count


class Papers(NamedTuple):
    """What the counts of a set are held against.

    Attributes:
        table2: the paper's Table 2, for some corpora.
        further: the names of the corpora that are held against papers of their own; those without one are
            held against nothing.
    """

    table2: bool
    further: list[str]


class PublishedCounts(NamedTuple):
    """A corpus as read beside what its paper says; `why` is empty where the counts are equal."""

    corpus: str
    documents: int
    published_documents: int
    relations: int
    published_relations: int
    why: str


def papers(manifest: Mapping[str, Any]) -> Papers:
    known = load_catalogue().corpora
    names = {key: entry["name"] for key, entry in manifest["corpora"].items() if entry["published"]}
    nine = {key for key in names if key in known and not known[key].further}
    return Papers(bool(nine), [name for key, name in names.items() if key not in nine])


def split_counts(manifest: dict[str, Any]) -> Iterator[SplitCounts]:
    """The totals by corpus and split: documents, mentions and relations as read, instances as written."""
    for corpus, entry in manifest["corpora"].items():
        for split, part in entry["splits"].items():
            read, labels = part["steps"][READ], part["labels"]
            dropped = Counter(
                {
                    (step, unit, reason): count
                    for step, units in part["steps"].items()
                    for unit, account in units.items()
                    for reason, count in account["dropped"].items()
                }
            )
            yield SplitCounts(
                corpus,
                split,
                documents=read["documents"]["out"],
                mentions=read["mentions"]["out"],
                relations=read["relations"]["out"],
                instances=sum(labels.values()),
                positive=sum(count for label, count in labels.items() if not is_negative(label)),
                labels=labels,
                said={column: part[column] for column in SAID if column in part},
                dropped=dropped,
            )


def published_counts(manifest: Mapping[str, Any], counts: Iterable[SplitCounts]) -> list[PublishedCounts]:
    """The corpora that are held against a paper, all splits of each together."""
    documents, relations = Counter[str](), Counter[str]()
    for part in counts:
        documents[part.corpus] += part.documents
        relations[part.corpus] += part.relations
    rows = []
    for corpus, entry in manifest["corpora"].items():
        published = entry["published"]
        if published is None:
            continue
        read, paper = (documents[corpus], relations[corpus]), (published["abstracts"], published["relations"])
        why = "" if read == paper else published["why"] or "not known"
        rows.append(PublishedCounts(corpus, read[0], paper[0], read[1], paper[1], why))
    return rows
