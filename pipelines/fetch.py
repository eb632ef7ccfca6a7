"""harmonize fetch: the corpora's files, from their homes or a mirror, into the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harmonize.errors import HarmonizeError, SeveralErrors
from harmonize.sources.fetch import CorpusFile, Fetcher, corpus_files
from harmonize.sources.source import preferred_variant
from harmonize.spec import Catalogue, Corpus

__all__ = ["fetch_corpora", "fetch_plan"]


@dataclass(frozen=True)
class FetchedCorpus:
    """What a fetch brought of one corpus.

    Attributes:
        variant: which of its sources.
        files: those that were not there before.
    """

    corpus: Corpus
    variant: str
    files: list[str]


def fetch_corpora(
    fetcher: Fetcher, corpora: Iterable[Corpus], sources: Mapping[str, str]
) -> list[FetchedCorpus]:
    """Fetch a source of each corpus: the named one, or the first that is there, or the first.

    Raises:
        SeveralErrors: what stands against each corpus that could not be fetched; the others have been.
    """
    fetched, faults = [], []
    for corpus in corpora:
        try:
            root = fetcher.root / corpus.key
            variant = preferred_variant(corpus, root, sources.get(corpus.key))
            fetched.append(FetchedCorpus(corpus, variant, fetcher.fetch(corpus, variant)))
        except HarmonizeError as error:
            faults.append(HarmonizeError(f"{corpus.key}: {error}"))
    if faults:
        raise SeveralErrors(faults)
    return fetched


def fetch_plan(catalogue: Catalogue, corpora: Iterable[Corpus], sources: Mapping[str, str]) -> Iterator[str]:
    """Lines that say where the files of each corpus' source come from, under which licence."""
    for corpus in corpora:
        spec, licence = corpus.spec, corpus.spec.licence
        variant = preferred_variant(corpus, Path(), sources.get(corpus.key, next(iter(spec.sources))))
        accept = ", to be accepted with --accept-licence" if licence.accept else ""
        yield f"{corpus.key}: {spec.name}, source {variant}"
        yield f"  licence: {licence.name}{accept}"
        if spec.citation:
            yield f"  cite: {spec.citation}"
        for place, names in _origins(catalogue, corpus, variant).items():
            yield f"  {place}"
            yield from (f"    {name}" for name in names)


def _origins(catalogue: Catalogue, corpus: Corpus, variant: str) -> dict[str, list[str]]:
    """Address, or what a person has to do -> the files that come so, each once."""
    origins: dict[str, list[str]] = {}
    locations = [name for names in corpus.spec.sources[variant].values() for name in names]
    for file in corpus_files(catalogue, corpus, locations):
        origins.setdefault(_origin(file), []).append(str(file))
    return origins


def _origin(file: CorpusFile) -> str:
    if file.download is None:
        return f"by hand: {file.by_hand or f'see {file.corpus.spec.home}'}"
    size = file.download.files[file.name].size
    return file.download.url + (f" ({size:,} bytes)" if size is not None else "")
