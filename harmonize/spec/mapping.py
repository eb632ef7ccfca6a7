"""What <corpus>.yaml says: everything that is particular to one corpus."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from harmonize.formats.offsets import OffsetUnit
from harmonize.model import SpanSource, Split
from harmonize.spec.reading import SpecModel

__all__ = [
    "FORMATS",
    "LICENCE_TERMS",
    "OTHER",
    "CorpusSpec",
    "Download",
    "Format",
    "Licence",
    "LicenceTerms",
    "Published",
    "PublishedFolds",
]

LicenceTerms = Literal["redistributable", "noncommercial", "any"]
OTHER = "*"
"""In a map of types, every type that the map does not list."""
Format = Literal["pubtator", "bioc-xml", "bioc-json", "ppi-xml", "drugprot-tsv", "brat"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""The formats that are read without an adapter of the corpus' own."""
LICENCE_TERMS: tuple[LicenceTerms, ...] = ("redistributable", "noncommercial", "any")
"""What a set may be used for, the strictest first; see Licence.allows."""


class Licence(SpecModel):
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


class RemoteFile(SpecModel):
    """What is known of a file before it is fetched: its size in bytes and its hash."""

    size: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Download(SpecModel):
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


class ByHand(SpecModel):
    """Files that no program can fetch, and what a person does to have them."""

    files: tuple[str, ...] = Field(min_length=1)
    how: str


class Published(SpecModel):
    """Table 2's counts, or of a further corpus those of its own paper.

    Attributes:
        why: what explains the difference to the measured ones, where it is known; or that of each source.
    """

    abstracts: int
    relations: int
    why: str | dict[str, str] | None = None

    def of(self, source: str) -> dict[str, Any]:
        """What the manifest of a set of that source holds."""
        why = self.why.get(source) if isinstance(self.why, dict) else self.why
        return {"abstracts": self.abstracts, "relations": self.relations, "why": why}


class Separators(SpecModel):
    """The characters that join concept ids in one field, by mention type."""

    default: str = ""
    by_type: dict[str, str] = Field(default_factory=dict)

    def of(self, mention_type: str) -> str:
        return self.by_type.get(mention_type, self.default)

    @property
    def any(self) -> str:
        """Every separator of any type."""
        return "".join(sorted(set("".join((self.default, *self.by_type.values())))))


class Correction(SpecModel):
    """The true spans of a mention whose published offsets are wrong (half-open, in its sentence)."""

    spans: tuple[tuple[int, int], ...]
    why: str


class CurationSpec(SpecModel):
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


class PublishedFolds(SpecModel):
    """A table of folds by document.

    Attributes:
        file: below the corpus' folder.
        document, fold: the columns with the document's id and the fold in which it is tested.
    """

    file: str
    document: str
    fold: str


class CorpusSpec(SpecModel):
    """<corpus>.yaml: everything that is particular to one corpus.

    Attributes:
        like: the corpus whose mapping fills in what this one leaves out, see harmonize.spec.likeness.
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
        strict: an odd mention or relation of a corpus with a `format` is an error.
        offsets: what the offsets of a corpus with a `format` count.
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
    internal_types: dict[str, str] = Field(default_factory=dict)
    id_separators: Separators = Separators()
    unknown_ids: tuple[str, ...] = ("", "-", "-1")
    strict: bool = False
    offsets: OffsetUnit = "codepoints"
    span_source: SpanSource = "gold"
    corrections: dict[str, Correction] = Field(default_factory=dict)
    folds: PublishedFolds | None = None
    repeats: dict[str, str] = Field(default_factory=dict)
    curation: CurationSpec = CurationSpec()

    @model_validator(mode="after")
    def _format_of_each_source(self) -> CorpusSpec:
        if isinstance(self.format, dict) and set(self.format) != set(self.sources):
            raise ValueError(f"format: expected one of each source: {', '.join(self.sources)}")
        read_so = {"pubtator", "bioc-xml", "bioc-json", "brat"}
        if self.offsets != "codepoints" and not (self.formats and read_so.issuperset(self.formats)):
            raise ValueError("offsets: expected only with the formats pubtator, bioc-xml, bioc-json and brat")
        return self

    @model_validator(mode="after")
    def _reasons_of_known_sources(self) -> CorpusSpec:
        why = None if self.published is None else self.published.why
        if isinstance(why, dict) and not self.sources.keys() >= why.keys():
            raise ValueError(f"published.why: expected sources, of {', '.join(self.sources)}")
        return self

    @property
    def formats(self) -> tuple[Format, ...]:
        """Those of all sources that are read without an adapter."""
        if self.format is None:
            return ()
        return tuple(self.format.values()) if isinstance(self.format, dict) else (self.format,)

    def format_of(self, source: str) -> Format | None:
        """What the files of a source are; None for one that an adapter of the corpus' own reads."""
        return self.format[source] if isinstance(self.format, dict) else self.format

    @property
    def unrelated(self) -> tuple[str, ...]:
        """The types that stand for no relation, of those that the mapping lists."""
        types = self.relation_types.items()
        return tuple(kind for kind, label in types if label is None and kind != OTHER)
