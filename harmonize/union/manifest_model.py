"""What manifest.json has to hold for a set to be read by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from harmonize.errors import shown
from harmonize.expected import expected
from harmonize.ledger import READ
from harmonize.model import Split
from harmonize.spec import LeakSettings
from harmonize.union.schema import CARD, CROISSANT, DOCUMENTS, DROPPED, LEAKS, LEAKS_TABLE

__all__ = [
    "Account",
    "CorpusEntry",
    "FileEntry",
    "Manifest",
    "NaryEntry",
    "SplitEntry",
    "Steps",
    "key_messages",
]

_NAMED_FILES = (DROPPED, DOCUMENTS, LEAKS, LEAKS_TABLE, CARD, CROISSANT)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class FileEntry(_Entry):
    """What a file's bytes are."""

    bytes: int
    sha256: str


class Account(_Entry):
    """What went into a step, came out of it, and was dropped by reason."""

    entered: int = Field(alias="in")
    out: int
    dropped: dict[str, int]


_NOTHING = Account.model_validate({"in": 0, "out": 0, "dropped": {}})
Steps = dict[str, dict[str, Account]]


class NaryEntry(_Entry):
    """A split's relations of any number of entities.

    Attributes:
        rows: contexts.
        labels, arguments: relations by label, and by the number of their entities.
    """

    file: str
    rows: int
    bytes: int
    sha256: str
    labels: dict[str, int]
    arguments: dict[str, int]


class SplitEntry(_Entry):
    """A split of a corpus; a `file` has `rows`, `bytes` and `sha256`.

    Attributes:
        labels, novelty, subject: how many rows have which; the last two are empty where a corpus has none.
    """

    file: str | None
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    labels: dict[str, int]
    novelty: dict[str, int] = {}
    subject: dict[str, int] = {}
    steps: Steps
    nary: NaryEntry | None = None

    @model_validator(mode="after")
    def _described(self) -> SplitEntry:
        missing = {"rows", "bytes", "sha256"} - self.model_fields_set
        if self.file is not None and missing:
            raise ValueError(
                f"expected rows, bytes and sha256 of a file, got no {', '.join(sorted(missing))}"
            )
        return self

    @field_validator("steps")
    @classmethod
    def _read_first(cls, steps: Steps) -> Steps:
        missing = {"documents", "mentions", "relations"} - set(steps.get(READ, {}))
        if missing:
            raise ValueError(f"expected {', '.join(sorted(missing))} of the step {READ}, got none")
        return steps

    def account(self, step: str, unit: str) -> Account:
        """That of a step, empty if it had none."""
        return self.steps.get(step, {}).get(unit, _NOTHING)


def _five_rules(rules: list[str]) -> list[str]:
    if [rule[:1] for rule in rules] != list("abcde"):
        raise ValueError(f"expected one rule of each column, a to e, got {shown(rules)}")
    return rules


class LicenceEntry(_Entry):
    """The licence of a corpus."""

    name: str
    url: str | None
    redistributable: bool
    noncommercial: bool
    accept: bool


class PublishedEntry(_Entry):
    """The paper's counts."""

    abstracts: int
    relations: int
    why: str | None


class CorpusEntry(_Entry):
    """A corpus of the set.

    Attributes:
        citation, published: "" and None for a corpus that has no paper.
        unrelated: the corpus' own types that stand for no relation; few corpora have any.
    """

    name: str
    licence: LicenceEntry
    citation: str
    bibtex: str
    home: str
    rules: Annotated[list[str], AfterValidator(_five_rules)]
    task: str
    source: str
    own_ids: dict[str, int]
    source_files: dict[str, str]
    mappings: dict[str, str]
    published: PublishedEntry | None
    unrelated: list[str] = []
    splits: dict[Split, SplitEntry]


class LicencesEntry(_Entry):
    """Under which terms the set was built."""

    terms: str
    accepted: list[str]


class LeaksEntry(_Entry):
    """How many pairs of documents repeat each other, and by which settings."""

    pairs: int
    settings: LeakSettings


def _named(files: dict[str, FileEntry]) -> dict[str, FileEntry]:
    missing = [name for name in _NAMED_FILES if name not in files]
    if missing:
        raise ValueError(f"expected {', '.join(_NAMED_FILES)}, got no {', '.join(missing)}")
    return files


def _some(corpora: dict[str, CorpusEntry]) -> dict[str, CorpusEntry]:
    if not corpora:
        raise ValueError("expected at least one corpus, got none")
    return corpora


class Manifest(_Entry):
    """manifest.json, as far as other files are held against it."""

    schema_version: str
    package_version: str
    sentences: str
    abbreviations: bool
    pubtator: dict[str, Any] | None
    licences: LicencesEntry
    leaks: LeaksEntry
    corpora: Annotated[dict[str, CorpusEntry], AfterValidator(_some)]
    files: Annotated[dict[str, FileEntry], AfterValidator(_named)]

    def bytes_of_files(self) -> dict[str, FileEntry]:
        """File name below the set -> what its bytes should be, for all that the manifest names."""
        data = {
            part.file: FileEntry(bytes=part.bytes, sha256=part.sha256)
            for entry in self.corpora.values()
            for part in entry.splits.values()
            if part.file is not None
        }
        nary = {
            part.nary.file: FileEntry(bytes=part.nary.bytes, sha256=part.nary.sha256)
            for entry in self.corpora.values()
            for part in entry.splits.values()
            if part.nary is not None
        }
        return {**self.files, **data, **nary}


def key_messages(error: ValidationError) -> Iterator[tuple[str, str]]:
    """What Manifest has found: (key such as "corpora.biored.task", what was expected)."""
    for fault in error.errors():
        yield ".".join(map(str, fault["loc"])), expected(fault)
