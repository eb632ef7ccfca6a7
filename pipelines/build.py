"""harmonize build: source files -> adapters -> rules -> the Parquet union set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from harmonize import __version__
from harmonize.errors import AccountingError, HarmonizeError, InvalidDocument, SpecError, UnionError
from harmonize.given import given_path
from harmonize.ledger import READ, Drop, DroppedItem, Ledger
from harmonize.model import Document, Split
from harmonize.names import corpus_key
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.rules.findings import Findings
from harmonize.rules.nary import nary_instances
from harmonize.sources.source import Source, chosen_variant, corpus_folder
from harmonize.spec import Catalogue, Corpus, LicenceTerms, load_catalogue, load_leak_settings
from harmonize.text import abbreviations
from harmonize.text.sentences import RULE_BASED, with_sentences
from harmonize.union.documents import DocumentsWriter
from harmonize.union.finish import finish
from harmonize.union.leaks import find_repeats, leaks_into
from harmonize.union.manifest import manifest_content
from harmonize.union.nary import NaryRows
from harmonize.union.schema import (
    DATA,
    DROPPED,
    DROPPED_COLUMNS,
    REPORT,
    SAID,
    SCHEMA_VERSION,
    SET_FILES,
    partition_file,
)
from harmonize.union.writer import Leaks, Partition, write_partition
from harmonize.writing.parquet import check_name
from harmonize.writing.replace import check_replaceable, followed, new_folder
from harmonize.writing.text import one_line, tab_line

from .pubtator import PubTatorDump, PubTatorService

__all__ = ["build", "check_out"]

Progress = Callable[[str, int], None]
"""Called with a corpus' name and how many of its documents are done."""


def build(
    out: Path | str,
    root: Path | str,
    *,
    corpora: Iterable[str] = ("all",),
    sources: Mapping[str, str] | None = None,
    splitter: str = RULE_BASED,
    extensions: Iterable[Path] = (),
    pubtator: PubTatorDump | PubTatorService | None = None,
    terms: LicenceTerms = "any",
    accepted: Iterable[str] = (),
    leak_settings: Path | str | None = None,
    whole_documents: Iterable[str] = (),
    sample: bool = False,
    warn: Callable[[str], None] = lambda warning: None,
    progress: Progress = lambda corpus, documents: None,
) -> dict[str, Any]:
    """Build a union set.

    Args:
        out: the set's folder; an older set there is replaced at the end, and only if all went well. Nothing
            else is.
        root: a mirror: one folder per corpus, with the files that its mapping names; those of an extension
            may also lie beside its mapping.
        corpora: names, or "all"; neither their order nor their letter case matters.
        sources: corpus -> which of its sources to read; the first that is there unless given.
        splitter: see harmonize.text.sentences.
        extensions: folders with the mappings and adapters of further corpora.
        pubtator: gives PubTator's annotation of articles, for the sources that are tables.
        terms: leave out the corpora whose licence does not allow them.
        accepted: the licences that the user has accepted, for the manifest.
        leak_settings: when documents repeat each other; the package's leaks.yaml unless given.
        whole_documents: corpora whose contexts are to be whole documents in the place of sentences, as in
            BioREx's own files of EMU, PharmGKB and HPRD50.
        sample: the corpora are the hand-written sample, which the card then says.
        warn: is told of what the mapping says that the files speak against.
        progress: for a progress bar.

    Returns:
        The manifest.

    Raises:
        HarmonizeError: see harmonize.errors; nothing has then been written.
        TypeError: something else than a path.
    """
    out, root = given_path(out, "out"), given_path(root, "root")
    catalogue = load_catalogue(extensions)
    settings = load_leak_settings(
        None if leak_settings is None else given_path(leak_settings, "leak_settings")
    )
    chosen = with_whole_documents(catalogue.select(corpora, terms), whole_documents)
    licences = {"terms": terms, "accepted": _accepted(accepted, chosen, catalogue)}
    check_out(out, root)
    wanted = {catalogue[name].key: variant for name, variant in (sources or {}).items()}
    folders = {c.key: corpus_folder(c, root, wanted.get(c.key)) for c in chosen}
    variants = {c.key: chosen_variant(c, folders[c.key], wanted.get(c.key)) for c in chosen}
    with new_folder(out) as folder:
        with (
            closing(DocumentsWriter(folder)) as documents,
            (folder / DROPPED).open("w", encoding="utf-8", newline="\n") as dropped,
        ):
            dropped.write(tab_line(*DROPPED_COLUMNS))
            parts = [
                _CorpusBuild(
                    c, folders[c.key], variants[c.key], dropped, documents, splitter, folder, pubtator
                )
                for c in chosen
            ]
            for part in parts:
                part.run(catalogue, progress)
                for warning in (*part.findings.warnings(), *part.source.renaming()):
                    warn(f"{part.corpus.key}: {warning}")
        repeats = find_repeats(folder, settings)
        leaks = leaks_into(repeats)
        (folder / DATA).mkdir()
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "package_version": __version__,
            "sample": sample,
            "sentences": splitter,
            "abbreviations": abbreviations.available(),
            "pubtator": None if pubtator is None else pubtator.described(),
            "licences": licences,
            "corpora": {part.corpus.key: part.written(folder, leaks) for part in parts},
        }
        finish(folder, manifest, repeats, settings)
    return manifest


def check_out(out: Path, root: Path | None = None) -> None:
    """Nothing but an older set is lost if a set is built at `out`.

    Args:
        root: the mirror, where it is known already.

    Raises:
        HarmonizeError: `out` is a file, no UTF-8, or a folder with the mirror or anything else in it.
    """
    check_name(out)
    place, mirror = followed(out), None if root is None else followed(root)
    if mirror is not None and place in (mirror, *mirror.parents):
        raise HarmonizeError(f"{out}: expected a folder apart from the mirror, {root}")
    try:
        manifest_content(out)
    except (UnionError, OSError):
        names: tuple[str, ...] = ()
    else:
        names = (*SET_FILES, REPORT)
    check_replaceable(out, "an earlier union set", names)


def with_whole_documents(chosen: Sequence[Corpus], names: Iterable[str]) -> list[Corpus]:
    """The corpora, the named ones with rule b1 for b2, and a2, which asks for no shared sentence, for a3.

    Raises:
        UnknownName: none of the chosen.
        HarmonizeError: one whose contexts are whole documents already.
    """
    known = {corpus.key: corpus for corpus in chosen}
    display_names = {corpus.key: corpus.spec.name for corpus in chosen}
    for name in names:
        key = corpus_key(name, display_names, "corpus of --whole-documents")
        rules = known[key].rules
        if rules.b == "b1":
            raise HarmonizeError(
                f"--whole-documents: expected a corpus of sentences, {name} has whole documents"
            )
        changed = {"b": "b1", **({"a": "a2"} if rules.a == "a3" else {})}
        known[key] = replace(known[key], rules=rules.model_copy(update=changed))
    return list(known.values())


def _accepted(names: Iterable[str], corpora: Iterable[Corpus], catalogue: Catalogue) -> list[str]:
    """The accepted licences of the set's corpora."""
    return sorted({catalogue.licence(name) for name in names} & {c.spec.licence.name for c in corpora})


@dataclass
class _CorpusBuild:
    """One corpus on its way into the set."""

    corpus: Corpus
    root: Path
    variant: str
    dropped: TextIO
    documents: DocumentsWriter
    splitter: str
    folder: Path
    pubtator: PubTatorDump | PubTatorService | None
    opened: ExitStack = field(default_factory=ExitStack)
    partitions: dict[Split, Partition] = field(default_factory=dict)
    labels: dict[Split, Counter[str]] = field(default_factory=dict)
    nary: dict[Split, NaryRows] = field(default_factory=dict)
    said: dict[tuple[Split, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        self.ledger = Ledger(self._list_dropped)
        self.source = Source(self.corpus, self.variant, self.root, self.ledger, self.pubtator)
        self.findings = Findings(self.corpus, self.ledger)

    def run(self, catalogue: Catalogue, progress: Progress) -> None:
        """Read, adjust and lay down every document."""
        seen: set[str] = set()
        try:
            with self.opened:
                for number, document in enumerate(adapter(self.corpus.key, catalogue)(self.source), 1):
                    if document.id in seen:
                        raise InvalidDocument(
                            f"document {document.id}: expected an id of its own, it stands twice"
                        )
                    seen.add(document.id)
                    self.findings.look_at(document)
                    if not (self.findings.unmapped or self._is_repeat(document)):
                        self.documents.add(self.corpus.key, document)
                        self._lay_down(document)
                    progress(self.corpus.key, number)
        except InvalidDocument as error:
            raise InvalidDocument(f"{self.own_adapter or self.source.root}: {error}") from None
        self.findings.check_types(self.source.root)
        if self.own_adapter is not None:
            self._check_own_counts(self.own_adapter)
        self.ledger.check()

    @property
    def own_adapter(self) -> Path | None:
        """The file of an extension's adapter; None for a known format, and for the package's corpora."""
        corpus = self.corpus
        is_own = corpus.own_folder is not None and corpus.spec.format is None
        return corpus.path.with_suffix(".py") if is_own else None

    def _check_own_counts(self, path: Path) -> None:
        """Count what an adapter yields if it does not itself; raises SpecError if it does, and wrongly."""
        self.source.settle()
        try:
            self.ledger.check(READ)
        except AccountingError as error:
            expected = "expected the number of what is yielded or set aside, or no call"
            raise SpecError(path, [("source.saw", f"{expected}, got {error}")]) from None

    def _is_repeat(self, document: Document) -> bool:
        """True, and counted, if the mapping knows the document as a copy of another one."""
        original = self.corpus.spec.repeats.get(document.id)
        if original is None:
            return False
        reason = "in a document that repeats another"
        drops = [Drop("documents", "repeats another document", original)]
        drops += [Drop("mentions", reason, mention.id) for mention in document.mentions]
        drops += [Drop("relations", reason, f"{r.head} {r.tail}") for r in document.relations]
        drops += [Drop("relations", reason, " ".join(r.arguments)) for r in document.nary]
        self.ledger.drop(document.split, READ, document.id, drops)
        return True

    def _lay_down(self, document: Document) -> None:
        split = document.split
        self.ledger.leave(split, READ, "documents")
        self.ledger.leave(split, READ, "mentions", len(document.mentions))
        self.ledger.leave(split, READ, "relations", len(document.relations) + len(document.nary))
        if self.corpus.spec.nary:
            rows = self.nary.setdefault(split, NaryRows(self.corpus, split))
            rows.add(document, nary_instances(document, self.corpus, self.ledger, self.splitter))
            return
        labels = self.labels.setdefault(split, Counter())
        document = with_sentences(document, self.splitter)
        instances = adjust(document, self.corpus, self.ledger, self.splitter)
        if instances:
            if split not in self.partitions:
                partition = closing(Partition(self.corpus, split, self.folder))
                self.partitions[split] = self.opened.enter_context(partition)
            self.partitions[split].add(document, instances)
            labels.update(instance.labels[0] for instance in instances)
            for column in SAID:
                values = (getattr(instance, column) for instance in instances)
                self.said[split, column].update(value for value in values if value is not None)

    def _list_dropped(self, item: DroppedItem) -> None:
        drop = item.drop
        fields = (self.corpus.key, item.split, item.step, drop.unit, drop.reason, item.document_id, drop.item)
        self.dropped.write(tab_line(*map(one_line, fields)))

    def written(self, folder: Path, leaks: Leaks) -> dict[str, Any]:
        """Write the corpus' Parquet files and return its part of the manifest."""
        spec, rules = self.corpus.spec, self.corpus.rules
        files = self.source.hashes()
        metadata = {
            "schema_version": SCHEMA_VERSION,
            "package_version": __version__,
            "mappings": dict(self.corpus.hashes),
            "source_files": files,
        }
        splits: dict[str, Any] = {}
        for split in self.source.splits():
            entry: dict[str, Any] = {"file": None}
            if split in self.partitions:
                name = partition_file(self.corpus.key, split)
                rows = write_partition(self.partitions[split], folder, leaks, metadata)
                entry = {"file": name.as_posix(), "rows": rows}
            entry["labels"] = dict(sorted(self.labels.get(split, Counter()).items()))
            entry |= {
                column: dict(sorted(count.items())) for column in SAID if (count := self.said[split, column])
            }
            entry["steps"] = self.ledger.as_dict(split)
            if split in self.nary:
                entry["nary"] = self.nary[split].write(folder, leaks, metadata)
            splits[split] = entry
        return {
            "name": spec.name,
            "licence": spec.licence.model_dump(),
            "citation": spec.citation,
            "bibtex": spec.bibtex,
            "home": spec.home,
            "rules": list(rules.names),
            "task": rules.task,
            "source": self.variant,
            "own_ids": dict(sorted(self.source.own_ids.items())),
            "source_files": files,
            "mappings": dict(self.corpus.hashes),
            "published": None if spec.published is None else spec.published.of(self.variant),
            **({"unrelated": unrelated} if (unrelated := self.findings.unrelated) else {}),
            "splits": splits,
        }
