"""The folder of a drafted corpus: table2.yaml and <name>.yaml, with counts and what is open as comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harmonize.drafting.files import corpus_files
from harmonize.drafting.proposal import Proposal, proposed
from harmonize.drafting.survey import Survey, corpus_of, row_count, survey
from harmonize.errors import HarmonizeError, UnknownName
from harmonize.files import named_from
from harmonize.model import Split
from harmonize.spec import CORPUS_NAME, FORMATS, Format, load_catalogue
from harmonize.spec.likeness import DECIDE
from harmonize.writing.replace import new_path
from harmonize.writing.text import write_text

__all__ = ["Draft", "new_corpus"]


@dataclass(frozen=True)
class Draft:
    """A drafted corpus.

    Attributes:
        folder: where its two files stand.
        found: what the corpus' files hold.
        rows: what a build makes of them, or can make at most while something is open.
        undecided: what a person has to decide, as "file: key".
        passed_over: files of folders that are not in the format.
    """

    folder: Path
    found: Survey
    rows: int
    undecided: list[str]
    passed_over: list[Path]


def new_corpus(name: str, form: str, files: Sequence[str], out: Path | None = None) -> Draft:
    """Draft the mapping of a corpus from its files, which stay where they are.

    Args:
        name: of the corpus.
        form: one of spec.FORMATS.
        files: see harmonize.drafting.files.corpus_files.
        out: the folder to write, `name` unless given; other files may be there.

    Raises:
        UnknownName: no such format.
        HarmonizeError: the name is no corpus' or one of the package's, a draft is there already, or a file is
            missing or breaks its format. Nothing has then been written.
    """
    catalogue = load_catalogue()
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    known: Format = next(each for each in FORMATS if each == form)
    if name in (*catalogue.corpora, "all"):
        raise HarmonizeError(f"{name}: expected a new name, this one is the package's")
    if not CORPUS_NAME.fullmatch(name):
        raise HarmonizeError(f"{name[:100]!r}: expected a new name: a letter, then letters, digits, _ and -")
    folder = Path(name) if out is None else out
    targets = (folder / "table2.yaml", folder / f"{name}.yaml")
    for target in targets:
        if target.exists():
            raise HarmonizeError(
                f"{target}: expected no such file yet, it is there; remove it, or take another name or --out"
            )
    by_split, passed_over = corpus_files(files, known)
    found = survey(corpus_of(catalogue, name, known, by_split))
    proposal = proposed(found, known, name, catalogue)
    mapping, rules, is_settled = proposal.settled(catalogue)
    rows = row_count(corpus_of(catalogue, name, known, by_split, mapping, rules))
    texts = (
        _table(name, proposal, rows, is_settled),
        _mapping(name, known, by_split, folder, found, proposal),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with new_path(targets[0]) as one, new_path(targets[1]) as other:
        write_text(one, texts[0])
        write_text(other, texts[1])
    return Draft(folder, found, rows, list(_undecided(name, proposal)), passed_over)


def _undecided(name: str, proposal: Proposal) -> Iterator[str]:
    if proposal.rules["pairs"] == DECIDE:
        yield f"table2.yaml: {name}.pairs"
    for key in ("relation_types", "entity_types"):
        for kind, value in proposal.mapping[key].items():
            if value == DECIDE:
                yield f"{name}.yaml: {key}.{kind}"


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.strip().removeprefix("[").removesuffix("]")


def _table(name: str, proposal: Proposal, rows: int, is_settled: bool) -> str:
    count = f"{rows:,} rows" if is_settled else f"at most {rows:,} rows, which depends on what is undecided"
    return (
        f"# The rules that {name} gets; the build makes {count}.\n"
        "# level  document, or sentence if pairs were annotated sentence by sentence (then b: b2)\n"
        "# pairs  the kinds of entities that it relates, the head's first: C chemical, D disease, G gene\n"
        "# b      b1 the whole text, b2 each sentence with the pair\n"
        f"# c      an unannotated pair is c1 None-{name}, c2 None (as in BioRED), c3 left out\n"
        "# d      d1 relation types as mapped, d2 all Association\n"
        "# e      e2 BioRED's entity types, e1 own ones, see internal_types\n"
        f"{name}: {_flow(proposal.rules)}\n"
    )


def _mapping(
    name: str,
    form: Format,
    by_split: Mapping[Split, Sequence[Path]],
    folder: Path,
    found: Survey,
    proposal: Proposal,
) -> str:
    return "\n".join(
        (
            *_head(name, found),
            f"format: {form}",
            *_sources(form, by_split, folder),
            *_entity(found, proposal),
            "directed: false  # true if the first argument is always of the kind that `pairs` names first",
            *_types("relation_types", "a label, or null: it stands for no relation", found, proposal),
            *_types("entity_types", "a BioRED type, or null: it is in no pair", found, proposal),
            *(
                f"{key}: {_flow(value)}  # characters that join several ids in one field"
                for key, value in proposal.mapping.items()
                if key == "id_separators"
            ),
            "",
        )
    )


def _head(name: str, found: Survey) -> Iterator[str]:
    total = ", ".join(f"{found.total(unit):,} {unit}" for unit in ("documents", "mentions", "relations"))
    yield f"# Drafted by `harmonize new-corpus` from files with {total}."
    yield f"# Replace every {DECIDE}; a build tells which are left. All keys: docs/own-corpus.md."
    yield f"name: {_flow(name)}"
    yield "home: own files  # an address"
    yield "licence: {name: none stated, redistributable: false}  # may copies be redistributed?"


def _sources(form: Format, by_split: Mapping[Split, Sequence[Path]], folder: Path) -> Iterator[str]:
    yield "sources:  # by split; relative to this file, or to <mirror>/<corpus>"
    yield f"  {form}:"
    for split, paths in by_split.items():
        yield f"    {split}: {_flow([named_from(folder, path) for path in paths])}"


def _entity(found: Survey, proposal: Proposal) -> Iterator[str]:
    why = f"{found.concepts:,} relations name concept ids, {found.mentions:,} mentions"
    others = found.total("relations") - found.concepts - found.mentions - found.joined
    why += f", {found.joined:,} one of several ids in a field" if found.joined else ""
    why += f", {others:,} an id that no mention has" if others > 0 else ""
    yield f"entity: {proposal.mapping['entity']}  # or mention / concept: {why}"


def _types(key: str, meaning: str, found: Survey, proposal: Proposal) -> Iterator[str]:
    counts = found.relation_types if key == "relation_types" else found.entity_types
    yield f"{key}:  # type -> {meaning}; with its count"
    for kind, value in proposal.mapping[key].items():
        yield f"  {_flow(kind)}: {_flow(value)}  # {counts[kind]:,}"
