"""What the mappings say: pydantic models of mappings/*.yaml, and the catalogue that reads them.

A folder of mappings holds table2.yaml (which rules a corpus gets) and one <corpus>.yaml each (its files,
types and licence); the package's own folder also holds target.yaml (labels, entity types, tags) and
further.yaml, the rules of corpora that the paper's Table 2 does not have. Unknown keys are errors, and all
faults of a file are reported at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from harmonize.errors import HarmonizeError, SpecError, UnknownName
from harmonize.likeness import check_decided, resembling
from harmonize.model import Level, SpanSource, Split

__all__ = [
    "CORPUS_NAME",
    "FORMATS",
    "FURTHER",
    "LICENCE_TERMS",
    "OTHER",
    "Catalogue",
    "Corpus",
    "CorpusSpec",
    "Download",
    "Format",
    "LeakSettings",
    "Licence",
    "LicenceTerms",
    "Published",
    "PublishedFolds",
    "RuleChoice",
    "Target",
    "checked",
    "load_catalogue",
    "load_leak_settings",
    "validated",
]

Kind = Literal["C", "D", "G"]
LicenceTerms = Literal["redistributable", "noncommercial", "any"]
FURTHER = "further.yaml"
"""The package's table of the corpora that Table 2 does not have."""
OTHER = "*"
"""In a map of types, every type that the map does not list."""
Format = Literal["pubtator", "bioc-xml", "bioc-json", "ppi-xml", "drugprot-tsv"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""The formats that are read without an adapter of the corpus' own."""
LICENCE_TERMS: tuple[LicenceTerms, ...] = ("redistributable", "noncommercial", "any")
"""What a set may be used for, the strictest first; see Licence.allows."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Model):
    """target.yaml: what everything is brought to.

    Attributes:
        labels: the relation labels, from the one that wins on a pair with several to the one that yields.
        negative: the label of a pair without relation.
        nary_labels: those of relations of any number of entities.
        entity_types: kind letter of Table 2 -> BioRED entity type.
        tags: entity type -> the tag's name in the prompt; an internal type of rule e1 is its own tag.
    """

    labels: tuple[str, ...]
    negative: str
    association: str
    nary_labels: tuple[str, ...]
    entity_types: dict[Kind, str]
    tags: dict[str, str]

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        if self.association not in self.labels:
            raise ValueError(
                f"association: expected one of {', '.join(self.labels)}, got {self.association!r}"
            )
        return self


class RuleChoice(_Model):
    """A row of Table 2.

    Attributes:
        like: the corpus whose row fills in what this one leaves out.
        level: the context range that the corpus annotates, None for a set without annotated spans.
        pairs: the kinds of entity pairs, head's kind first, e.g. "C-D".
        a, b, c, d, e: the rule of each column.
        task: the [Corpus] of the prompt; also the suffix of c1's internal negative class.
    """

    like: str | None = None
    level: Level | Literal["none"]
    pairs: tuple[str, ...] = Field(min_length=1)
    a: Literal["a1", "a2", "a3"]
    b: Literal["b1", "b2"]
    c: Literal["c1", "c2", "c3"]
    d: Literal["d1", "d2"]
    e: Literal["e1", "e2"]
    task: str

    @field_validator("pairs")
    @classmethod
    def _pairs_of_kinds(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            if len(pair) != 3 or pair[1] != "-" or not {pair[0], pair[2]} <= set("CDG"):
                raise ValueError(f"expected kinds like C-D, got {pair!r}")
        return pairs

    @property
    def kinds(self) -> tuple[tuple[Kind, Kind], ...]:
        """`pairs` taken apart: "C-D" -> ("C", "D")."""
        return tuple((cast(Kind, pair[0]), cast(Kind, pair[2])) for pair in self.pairs)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.a, self.b, self.c, self.d, self.e)


class Licence(_Model):
    """Under which terms a corpus comes.

    Attributes:
        redistributable: copies may be redistributed, as far as the licence goes.
        noncommercial: it goes no further than noncommercial purposes.
        accept: whoever downloads the corpus has to accept the licence first.
    """

    name: str
    url: str | None = None
    redistributable: bool
    noncommercial: bool = False
    accept: bool = False

    def allows(self, terms: LicenceTerms) -> bool:
        """True if a set under `terms` may hold the corpus.

        "redistributable": copies may be redistributed for any purpose; "noncommercial": at least for
        noncommercial ones; "any": also corpora whose authors state no licence.
        """
        if terms == "any":
            return True
        return self.redistributable and not (self.noncommercial and terms == "redistributable")


class RemoteFile(_Model):
    """What is known of a file before it is fetched: its size in bytes and its hash."""

    size: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Download(_Model):
    """An address that files of a corpus are had from.

    Attributes:
        zip: the address gives a zip that holds the files, each at one place in it, under its own last name.
        files: file below the corpus' folder -> what is known of it; one unless `zip`, and of a zip's nothing.
    """

    url: str = Field(pattern="^https?://")
    zip: bool = False
    files: dict[str, RemoteFile] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_file_or_a_zip_of_distinct_ones(self) -> Download:
        if not self.zip and len(self.files) != 1:
            raise ValueError(f"files: expected one, {self.url} is no zip")
        if self.zip and len({name.rpartition("/")[2] for name in self.files}) < len(self.files):
            raise ValueError("files: expected each to have a last name of its own")
        if self.zip and any(file != RemoteFile() for file in self.files.values()):
            raise ValueError("files: expected no size or sha256 of files in a zip, they are not checked")
        return self


class ByHand(_Model):
    """Files that no program can fetch, and what a person does to have them."""

    files: tuple[str, ...] = Field(min_length=1)
    how: str


class Published(_Model):
    """Table 2's counts, or of a further corpus those of its own paper.

    Attributes:
        why: explains the difference to the measured ones where it is known.
    """

    abstracts: int
    relations: int
    why: str | None = None


class Separators(_Model):
    """The characters that join concept ids in one field, by mention type."""

    default: str = ""
    by_type: dict[str, str] = {}

    def of(self, mention_type: str) -> str:
        return self.by_type.get(mention_type, self.default)

    @property
    def any(self) -> str:
        """Every separator of any type."""
        return "".join(sorted(set("".join((self.default, *self.by_type.values())))))


class Correction(_Model):
    """The true spans of a mention whose published offsets are wrong (half-open, in its sentence)."""

    spans: tuple[tuple[int, int], ...]
    why: str


class CurationSpec(_Model):
    """What is accepted from a curated table.

    Attributes:
        significance: PharmGKB's verdicts that make a triple stand; one such row is enough.
        sources: DisGeNET's, that count as curated.
        min_score: DisGeNET's, of 0 to 1.
        keep_unmapped: kinds of entities that keep the table's own id where the corpus' namespace has none.
    """

    significance: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    min_score: float = Field(default=0.0, ge=0.0, le=1.0)
    keep_unmapped: tuple[Literal["chemical"], ...] = ()


class PublishedFolds(_Model):
    """A table of folds by document.

    Attributes:
        file: below the corpus' folder.
        document, fold: the columns with the document's id and the fold in which it is tested.
    """

    file: str
    document: str
    fold: str


class CorpusSpec(_Model):
    """<corpus>.yaml: everything that is particular to one corpus.

    Attributes:
        like: the corpus whose mapping fills in what this one leaves out, see harmonize.likeness.
        format: what the files are, of each source where they differ; None for a corpus with an adapter.
        sources: name -> split -> files below the corpus' folder, `archive.zip!/folder` for a folder in a zip;
            the first source whose files are all there is read unless the caller names one.
        downloads, by_hand: where the files of the sources come from.
        citation, bibtex: the corpus' paper, as a line and as an entry; empty where there is none.
        published: the counts to hold the measured ones against, where there are any.
        entity: what an entity is: all mentions with one concept id, or each mention.
        directed: the corpus orders its pairs, the head being the first argument, which acts (`subject`).
        nary: the corpus relates any number of mentions; it has no pairs, and its labels are the nary_labels.
        relation_types: the corpus's own type -> label (rule d1), or null for one that stands for no relation;
            with rule d2 all but those are the association. OTHER stands for all types not listed, here and in
            the next two.
        entity_types: the corpus's own type -> BioRED type, or null for types outside every pair.
        internal_types: rule e1's own types, by the corpus's type.
        unknown_ids: concept ids that stand for "not known".
        span_source: who found the mentions of a corpus with a `format`.
        corrections: mention id -> where it really stands.
        curation: which rows of the corpus' own table are accepted (source "native").
        folds: folds that others have published.
        repeats: document id -> the document that it repeats; such a copy is dropped.
    """

    name: str
    like: str | None = None
    format: Format | dict[str, Format] | None = None
    licence: Licence
    home: str
    citation: str = ""
    bibtex: str = ""
    published: Published | None = None
    sources: dict[str, dict[Split, tuple[str, ...]]] = Field(min_length=1)
    downloads: tuple[Download, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    entity: Literal["concept", "mention"]
    directed: bool = False
    nary: bool = False
    relation_types: dict[str, str | None] = Field(min_length=1)
    entity_types: dict[str, str | None] = Field(min_length=1)
    internal_types: dict[str, str] = {}
    id_separators: Separators = Separators()
    unknown_ids: tuple[str, ...] = ("", "-", "-1")
    span_source: SpanSource = "gold"
    corrections: dict[str, Correction] = {}
    folds: PublishedFolds | None = None
    repeats: dict[str, str] = {}
    curation: CurationSpec = CurationSpec()

    @model_validator(mode="after")
    def _format_of_each_source(self) -> CorpusSpec:
        if isinstance(self.format, dict) and set(self.format) != set(self.sources):
            raise ValueError(f"format: expected one of each source: {', '.join(self.sources)}")
        return self

    def format_of(self, source: str) -> Format | None:
        """What the files of a source are; None for one that an adapter of the corpus' own reads."""
        return self.format[source] if isinstance(self.format, dict) else self.format

    @property
    def unrelated(self) -> tuple[str, ...]:
        """The corpus's own types that stand for no relation."""
        return tuple(kind for kind, label in self.relation_types.items() if label is None)


class LeakSettings(_Model):
    """leaks.yaml: when two documents repeat each other.

    Attributes:
        shingle_words: texts are compared by their runs of so many words.
        threshold: the Jaccard similarity from which they repeat each other.
        propose: the similarity from which MinHash looks for pairs to compare.
        permutations: of a MinHash; more find pairs more surely, in more time.
    """

    shingle_words: int = Field(ge=1)
    threshold: float = Field(gt=0.0, le=1.0)
    propose: float = Field(gt=0.0, le=1.0)
    permutations: int = Field(ge=16, le=1024)

    @model_validator(mode="after")
    def _propose_enough(self) -> LeakSettings:
        if self.propose > self.threshold:
            raise ValueError(f"propose: expected at most threshold ({self.threshold}), got {self.propose}")
        return self


@dataclass(frozen=True)
class Corpus:
    """One corpus as the rules need it: its mapping, its row of Table 2 and the target.

    Attributes:
        key: the name on the command line and in the union set.
        path: the mapping file, for errors.
        hashes: mapping file name -> sha256, of target.yaml, the table with its rules and the mapping.
        further: not of the paper's nine; built only when it is named.
    """

    key: str
    spec: CorpusSpec
    rules: RuleChoice
    target: Target
    path: Path
    hashes: Mapping[str, str]
    further: bool = False

    @cached_property
    def pair_types(self) -> frozenset[tuple[str, str]]:
        """The BioRED types of each kind of pair, head's type first."""
        types = self.target.entity_types
        return frozenset((types[head], types[tail]) for head, tail in self.rules.kinds)

    @property
    def own_folder(self) -> Path | None:
        """The folder of an extension, beside whose mapping files may lie; None for the package's corpora."""
        return None if self.path.parent == _package() else self.path.parent

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its relations may have."""
        return self.target.nary_labels if self.spec.nary else self.target.labels

    def kind(self, source_type: str) -> str | None:
        """The BioRED type that a type of the corpus stands for, None for one outside every pair.

        Raises:
            SpecError: the mapping does not know the type.
        """
        return self._mapped("entity_types", self.spec.entity_types, source_type)

    def label(self, relation_type: str) -> str | None:
        """The harmonized label of a relation type, None for one that stands for no relation.

        Raises:
            SpecError: the mapping does not know the type.
        """
        return self._mapped("relation_types", self.spec.relation_types, relation_type)

    def internal_type(self, source_type: str) -> str | None:
        """Rule e1's own type for a type of the corpus, None where BioRED's is kept."""
        listed = source_type in self.spec.entity_types
        return self.spec.internal_types.get(source_type if listed else OTHER)

    def knows(self, entity_type: str) -> bool:
        types = self.spec.entity_types
        return entity_type in types or OTHER in types

    def knows_relation(self, relation_type: str) -> bool:
        types = self.spec.relation_types
        return relation_type in types or OTHER in types

    def _mapped(self, key: str, types: Mapping[str, str | None], found: str) -> str | None:
        if found not in types and OTHER not in types:
            raise SpecError(self.path, [(key, f"expected one of {', '.join(types)}, got {found!r}")])
        return types[found if found in types else OTHER]


@dataclass(frozen=True)
class Catalogue:
    """Every known corpus: those of Table 2 in its order, the further ones, then those of extensions."""

    target: Target
    corpora: Mapping[str, Corpus]

    def __getitem__(self, key: str) -> Corpus:
        if key not in self.corpora:
            raise UnknownName("corpus", key, self.corpora)
        return self.corpora[key]

    def select(self, names: Iterable[str], terms: LicenceTerms = "any") -> list[Corpus]:
        """The named corpora in the catalogue's order, whatever the order of the names.

        "all" stands for every one but the package's further corpora: those are had by name, "all,bertsrc".

        Args:
            terms: leave out the corpora whose licence does not allow them.

        Raises:
            UnknownName: a name, or terms, that are none.
            HarmonizeError: the terms leave out every one.
        """
        if terms not in LICENCE_TERMS:
            raise UnknownName("licence terms", terms, LICENCE_TERMS)
        chosen: set[str] = set()
        for name in names:
            chosen |= self._usual() if name == "all" else {self[name].key}
        selected = [corpus for key, corpus in self.corpora.items() if key in chosen]
        allowed = [corpus for corpus in selected if corpus.spec.licence.allows(terms)]
        if selected and not allowed:
            licences = ", ".join(f"{corpus.key} is under {corpus.spec.licence.name}" for corpus in selected)
            raise HarmonizeError(f"expected a corpus whose licence allows {terms}: {licences}")
        return allowed

    def _usual(self) -> set[str]:
        return {key for key, corpus in self.corpora.items() if not corpus.further}

    def licence(self, name: str) -> str:
        """The licence of some corpus that a user means: case and the choice of blank or hyphen do not matter.

        Raises:
            UnknownName: no corpus has it.
        """
        known = sorted({corpus.spec.licence.name for corpus in self.corpora.values()})
        for licence in known:
            if licence.casefold().replace("-", " ") == name.casefold().replace("-", " "):
                return licence
        raise UnknownName("licence", name, known)


def load_catalogue(extensions: Iterable[Path] = ()) -> Catalogue:
    """Read the package's mappings, and those of further folders after them.

    Raises:
        SpecError: the first file with faults, with all its faults.
    """
    target, corpora = _packaged()
    corpora = dict(corpora)
    for extension in extensions:
        corpora |= _corpora_of(Path(extension) / "table2.yaml", target, corpora)
    return Catalogue(target, corpora)


@cache
def _packaged() -> tuple[Target, dict[str, Corpus]]:
    """The package's own mappings: they do not change while it runs, and YAML is slow to read."""
    package = _package()
    target = validated(Target, package / "target.yaml")
    nine = _corpora_of(package / "table2.yaml", target, {})
    return target, nine | _corpora_of(package / FURTHER, target, nine)


def _corpora_of(table: Path, target: Target, known: Mapping[str, Corpus]) -> dict[str, Corpus]:
    """The corpora that a table names, each with the mapping beside it.

    Args:
        known: those that they may be like.
    """
    rows = _named_rows(table)
    mappings = {table.parent / f"{key}.yaml": _yaml(table.parent / f"{key}.yaml") for key in rows}
    check_decided(table.parent, {table.name: rows} | {path.name: each for path, each in mappings.items()})
    corpora: dict[str, Corpus] = {}
    rules = _rules(table, rows, {key: corpus.rules for key, corpus in known.items()})
    for (path, mapping), (key, row) in zip(mappings.items(), rules.items(), strict=True):
        others = {**known, **corpora}
        specs = {name: corpus.spec for name, corpus in others.items()}
        spec = checked(CorpusSpec, resembling(mapping, specs, path), path)
        files = [_package() / "target.yaml", table, path]
        files += [others[spec.like].path] if spec.like is not None else []
        hashes = {file.name: _sha256(file) for file in files}
        corpora[key] = Corpus(key, spec, row, target, path, hashes, table == _package() / FURTHER)
        _check_against_target(corpora[key])
    return corpora


def load_leak_settings(path: Path | None = None) -> LeakSettings:
    """Read leaks.yaml; the package's own unless `path` names another.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return validated(LeakSettings, path or _package() / "leaks.yaml")


def _package() -> Path:
    return Path(str(resources.files("harmonize.mappings")))


_M = TypeVar("_M", bound=BaseModel)
# It names folders, off which readers take it as a number or a date where it looks like one.
CORPUS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _named_rows(path: Path) -> dict[str, Any]:
    """The rows of a table as the file has them; their names are corpora's."""
    rows = _yaml(path)
    faults = [
        (f"{key!r}"[:80], "expected a corpus' name: a letter, then letters, digits, _ and -")
        for key in rows
        if not CORPUS_NAME.fullmatch(str(key))
    ]
    if faults:
        raise SpecError(path, faults)
    return {str(key): row for key, row in rows.items()}


def _rules(path: Path, rows: Mapping[str, Any], known: Mapping[str, RuleChoice]) -> dict[str, RuleChoice]:
    choices: dict[str, RuleChoice] = {}
    faults: list[tuple[str, str]] = []
    for key, row in rows.items():
        try:
            choices[key] = RuleChoice.model_validate(resembling(row, {**known, **choices}, path, f"{key}."))
        except ValidationError as error:
            faults += [(f"{key}.{place}", fault) for place, fault in _faults(error)]
    if faults:
        raise SpecError(path, faults)
    return choices


def validated(model: type[_M], path: Path, context: Mapping[str, Any] | None = None) -> _M:
    """A YAML file as a pydantic model.

    Args:
        context: what the model's validators know beside the file.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return checked(model, _yaml(path), path, context)


def checked(
    model: type[_M], content: Mapping[Any, Any], name: Path | str, context: Mapping[str, Any] | None = None
) -> _M:
    """What a YAML file holds as a pydantic model; see `validated`.

    Args:
        name: what to call it in errors.
    """
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        raise SpecError(name, _faults(error)) from None


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    return [
        (".".join(map(str, fault["loc"])) or "file", fault["msg"].removeprefix("Value error, "))
        for fault in error.errors()
    ]


def _yaml(path: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(path, [("file", "expected a mapping file, found none")]) from None
    except UnicodeDecodeError:
        raise SpecError(path, [("file", "expected UTF-8")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "file"
        raise SpecError(path, [(place, f"expected YAML, got: {getattr(error, 'problem', error)}")]) from None
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        # What PyYAML makes of a value lets such through: `!!int x`, `2001-13-45`, `[[[[...`.
        raise SpecError(path, [("file", f"expected YAML, got: {error}")]) from None
    if not isinstance(value, dict):
        raise SpecError(path, [("file", f"expected keys and values, got {type(value).__name__}")])
    return value


def _check_against_target(corpus: Corpus) -> None:
    """Raises SpecError with every name of the mapping that the target does not have."""
    spec, target = corpus.spec, corpus.target
    known_types = set(target.entity_types.values())
    faults = [
        (f"relation_types.{key}", f"expected null or one of {', '.join(corpus.labels)}, got {label!r}")
        for key, label in spec.relation_types.items()
        if label is not None and label not in corpus.labels
    ]
    faults += [
        (f"entity_types.{key}", f"expected null or one of {', '.join(sorted(known_types))}, got {kind!r}")
        for key, kind in spec.entity_types.items()
        if kind is not None and kind not in known_types
    ]
    faults += [
        (f"internal_types.{key}", f"expected one of {', '.join(spec.entity_types)}")
        for key in spec.internal_types
        if key not in spec.entity_types
    ]
    if corpus.rules.e == "e1" and not spec.internal_types:
        faults.append(("internal_types", "expected at least one, rule e1 asks for them"))
    if spec.directed and any(pair[0] == pair[2] for pair in corpus.rules.pairs):
        faults.append(("directed", "expected false: pairs of one kind have no first argument by kind"))
    if spec.nary:
        faults += _nary_faults(corpus)
    if faults:
        raise SpecError(corpus.path, faults)


def _nary_faults(corpus: Corpus) -> list[tuple[str, str]]:
    """What a corpus of n-ary relations says that is not done for one."""
    faults = []
    if corpus.spec.entity != "mention":
        faults.append(("entity", "expected mention, n-ary relations are between mentions"))
    faults += [
        (rule[0], f"expected {rule}, which is what is done with n-ary relations")
        for rule, found in zip(
            ("a1", "c2", "d1"), (corpus.rules.a, corpus.rules.c, corpus.rules.d), strict=True
        )
        if rule != found
    ]
    return faults
