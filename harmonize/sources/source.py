"""The files of one corpus in one folder, as its mapping names them, and the counts of what they held.

This is all that an adapter is given: it asks for its files by split, tells what it saw in them and what it
set aside, and yields Documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harmonize.errors import MissingInput, SpecError, UnknownName
from harmonize.files import named_from, sha256_of, user_files
from harmonize.formats.pubtator_record import PubTatorRecord, split_ids
from harmonize.ledger import READ, Drop, Ledger, Unit
from harmonize.model import SPLITS, Document, Split
from harmonize.names import OwnIds
from harmonize.sources.archive import files_below, split_location
from harmonize.spec import Corpus, CurationSpec
from harmonize.writing.text import counted

__all__ = [
    "Annotations",
    "Source",
    "chosen_variant",
    "corpus_folder",
    "missing_files",
    "preferred_variant",
]

Annotations = Callable[[Collection[str]], Iterator[PubTatorRecord]]

_UNITS: tuple[Unit, ...] = ("documents", "mentions", "relations")


class Source:
    """One of a corpus' sources, opened.

    Args:
        corpus: whose files these are.
        variant: the source's name in the mapping.
        root: the corpus' folder.
        ledger: where counts go.
        pubtator: gives the annotated articles of some PMIDs, where annotation is had.

    Attributes:
        own_ids: how many entities keep the table's own id, since the corpus' namespace has none, by kind.
        renamed: the documents that `with_own_id` gave another id than the files do.
    """

    def __init__(
        self, corpus: Corpus, variant: str, root: Path, ledger: Ledger, pubtator: Annotations | None = None
    ) -> None:
        self.corpus, self.variant, self.root = corpus, variant, root
        self._pubtator = pubtator
        self.own_ids: Counter[str] = Counter()
        self.renamed: list[str] = []
        self._numbered = OwnIds()
        self._splits = corpus.spec.sources[variant]
        self._ledger = ledger
        self._told: set[tuple[Split, Unit]] = set()

    def splits(self) -> list[Split]:
        return [split for split in SPLITS if split in self._splits]

    def files(self, split: Split, expected: int | None = None) -> list[Path]:
        """The paths of a split's files, in the mapping's order.

        Args:
            expected: how many the adapter can use.

        Raises:
            SpecError: the mapping names another number.
        """
        names = self._splits[split]
        if expected is not None and len(names) != expected:
            key = f"sources.{self.variant}.{split}"
            raise SpecError(self.corpus.path, [(key, f"expected {expected} files, got {len(names)}")])
        return [_packed_or_not(self.root / name) for name in names]

    def paths(self) -> Iterator[tuple[Split, Path]]:
        """(split, file) of every file, for sources in which each file stands alone."""
        for split in self.splits():
            for path in self.files(split):
                yield split, path

    def files_below(self, split: Split, suffix: str) -> Iterator[tuple[str, bytes]]:
        """(name, content) of the files below a split's folders or zip folders, in order of name."""
        for location in self._splits[split]:
            yield from files_below(self.root, location, suffix)

    def concept_ids(self, mention_type: str, raw: str | None) -> tuple[str, ...]:
        """The known concept ids of an id field, by the mapping's separators."""
        spec = self.corpus.spec
        return split_ids(raw, spec.id_separators.of(mention_type), spec.unknown_ids)

    def corrections(self) -> dict[str, Sequence[tuple[int, int]]]:
        """Mention id -> true spans, for offsets known to be wrong."""
        return {mention: correction.spans for mention, correction in self.corpus.spec.corrections.items()}

    @property
    def curation(self) -> CurationSpec:
        return self.corpus.spec.curation

    def annotated(self, pmids: Collection[str]) -> dict[str, PubTatorRecord]:
        """PubTator's annotation of the articles, by PMID; nothing where no annotation was given."""
        return {} if self._pubtator is None else {record.id: record for record in self._pubtator(pmids)}

    def with_own_id(self, document: Document) -> Document:
        """The document, if an earlier one has its id with a number behind it: "7001#2"."""
        identifier = self._numbered(document.id)
        if identifier == document.id:
            return document
        self.renamed.append(identifier)
        return replace(document, id=identifier)

    def renaming(self) -> Iterator[str]:
        """What `with_own_id` did, in a line; none if it did nothing."""
        if self.renamed:
            how = f"a number was put behind it, as in {self.renamed[0]}"
            yield f"an id that stands before: {counted(len(self.renamed), 'document')}; {how}"

    def lost_document(self, split: Split, reason: str, document_id: str) -> None:
        """Count a text met in the files that no Document will hold."""
        self._ledger.enter(split, READ, "documents")
        self.set_aside(split, document_id, "documents", reason, [document_id])

    def kept_rows(self, split: Split, count: int) -> None:
        """Count rows of a table that say something of a pair."""
        self._ledger.enter(split, READ, "rows", count)
        self._ledger.leave(split, READ, "rows", count)

    def lost_row(self, split: Split, reason: str, place: str) -> None:
        """Count a row of a table that nothing can be made of."""
        self._ledger.enter(split, READ, "rows")
        self._ledger.drop(split, READ, "", [Drop("rows", reason, place)])

    def saw(self, split: Split, *, documents: int = 1, mentions: int = 0, relations: int = 0) -> None:
        """Count records met in the files, before anything is made of them."""
        for unit, count in zip(_UNITS, (documents, mentions, relations), strict=True):
            self._ledger.enter(split, READ, unit, count)
            if count:
                self._told.add((split, unit))

    def settle(self) -> None:
        """Of what `saw` was never told, let as much be met as Documents hold and was set aside."""
        for split in self.splits():
            for unit in _UNITS:
                if (split, unit) not in self._told:
                    self._ledger.settle(split, READ, unit)

    def set_aside(
        self, split: Split, document_id: str, unit: Unit, reason: str, items: Sequence[str]
    ) -> None:
        """Count records met in the files that no Document will hold."""
        self._ledger.drop(split, READ, document_id, [Drop(unit, reason, item) for item in items])

    def hashes(self) -> dict[str, str]:
        """File below the corpus' folder -> sha256, for every file that the source's splits name."""
        return {
            named_from(self.root, file): sha256_of(file)
            for location in sorted({name for names in self._splits.values() for name in names})
            for file in _files_of(_packed_or_not(self.root / split_location(location)[0]))
        }


def _packed_or_not(path: Path) -> Path:
    """The file that the mapping names, or the same with ".gz" where only that is there, or without it."""
    other = path.with_suffix("") if path.suffix == ".gz" else path.with_name(f"{path.name}.gz")
    return other if not path.exists() and other.is_file() else path


def _files_of(path: Path) -> list[Path]:
    return user_files(path) if path.is_dir() else [path]


def missing_files(corpus: Corpus, variant: str, root: Path) -> list[str]:
    """The files of a source that are not below the corpus' folder, in the mapping's order."""
    names = dict.fromkeys(name for names in corpus.spec.sources[variant].values() for name in names)
    return [name for name in names if not _packed_or_not(root / split_location(name)[0]).exists()]


def corpus_folder(corpus: Corpus, root: Path | None, wanted: str | None = None) -> Path:
    """Where a corpus' files are: its folder in a mirror, or, of an extension's corpus, beside its mapping.

    A mirror that has all files of a source comes first. Without a mirror, and for a corpus with files in
    neither, the folder beside the mapping is named where there is one.

    Args:
        root: the mirror.
        wanted: the source, where one was asked for.
    """
    folders = [] if root is None else [root / corpus.key]
    if corpus.own_folder is not None:
        folders.append(corpus.own_folder)
    variants = [wanted] if wanted in corpus.spec.sources else list(corpus.spec.sources)
    for folder in folders:
        if any(not missing_files(corpus, variant, folder) for variant in variants):
            return folder
    return folders[-1] if folders else Path(corpus.key)


def preferred_variant(corpus: Corpus, root: Path, wanted: str | None = None) -> str:
    """The named source, or the first whose files are all there, or the mapping's first.

    Raises:
        UnknownName: the mapping has no source of that name.
    """
    variants = list(corpus.spec.sources)
    if wanted is None:
        present = (variant for variant in variants if not missing_files(corpus, variant, root))
        return next(present, variants[0])
    if wanted not in variants:
        raise UnknownName(f"source of {corpus.key}", wanted, variants)
    return wanted


def chosen_variant(corpus: Corpus, root: Path, wanted: str | None = None) -> str:
    """The preferred source, whose files are all there.

    Raises:
        UnknownName: the mapping has no source of that name.
        MissingInput: files are missing; the message names the first, and how it is had.
    """
    variant = preferred_variant(corpus, root, wanted)
    for name in missing_files(corpus, variant, root):
        spec = corpus.spec
        how = next((by_hand.how for by_hand in spec.by_hand if name in by_hand.files), None)
        message = f"expected the {spec.name} corpus ({spec.home}), found no such file"
        raise MissingInput(root / name, f"{message}: {how}" if how else message)
    return variant
