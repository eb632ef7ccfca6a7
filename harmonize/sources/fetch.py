"""The files of corpora, brought from their homes or from a mirror into a cache laid out like a mirror.

    a source's missing files -> where the mapping has them from -> <cache>/<origin>/<corpus>/<file>

A file that is there is whole and stays; whatever stops a fetch, a later one goes on from there. Processes
that share a cache take turns.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

import requests
from filelock import FileLock
from lxml import html
from lxml.etree import LxmlError

from harmonize.errors import DownloadError, HarmonizeError, MalformedInput, MissingInput
from harmonize.sources.archive import split_location
from harmonize.sources.download import download
from harmonize.sources.http import (
    PassingFault,
    Patience,
    new_session,
    persistently,
    request_faults,
    status_fault,
)
from harmonize.sources.source import missing_files
from harmonize.sources.unzip import unzip
from harmonize.spec import Catalogue, Corpus, Download, RemoteFile

__all__ = ["CorpusFile", "Fetcher", "FileProgress", "LicenceNotAccepted", "corpus_files", "is_url"]

FileProgress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes of it that are there, and their total where it is known."""

_ACCEPTED = "accepted-licences.json"
_DEEPEST = 8  # folders in folders
_PATIENCE = Patience()


class LicenceNotAccepted(HarmonizeError):
    """A corpus' licence asks to be accepted before its files are fetched."""

    def __init__(self, corpus: Corpus) -> None:
        licence = corpus.spec.licence
        super().__init__(
            f"{corpus.spec.name} is under {licence.name} ({licence.url}), which has to be accepted first: "
            f'add --accept-licence "{licence.name}", once'
        )


class CorpusFile(NamedTuple):
    """A file or folder as a mirror holds it: <corpus>/<name>."""

    corpus: Corpus
    name: str

    def __str__(self) -> str:
        return f"{self.corpus.key}/{self.name}"

    @property
    def download(self) -> Download | None:
        """Where the mapping has it from; None for one that only a person can bring."""
        return next((d for d in self.corpus.spec.downloads if self.name in d.files), None)

    @property
    def by_hand(self) -> str | None:
        """What a person does to have it, where the mapping says so."""
        return next((by.how for by in self.corpus.spec.by_hand if self.name in by.files), None)


def corpus_files(catalogue: Catalogue, corpus: Corpus, locations: Iterable[str]) -> list[CorpusFile]:
    """The files that locations of a mapping mean, each once; PharmGKB's "../disgenet/x" is DisGeNET's x.

    Raises:
        UnknownName: a location is below no known corpus.
    """
    paths = (posixpath.join(corpus.key, split_location(location)[0]) for location in locations)
    parts = (posixpath.normpath(path).partition("/") for path in paths)
    return [CorpusFile(catalogue[key], name) for key, _, name in dict.fromkeys(parts)]


def is_url(place: str) -> bool:
    """True for an address that files are fetched from, false for a folder's path."""
    return urlsplit(place).scheme in ("http", "https")


class Fetcher:
    """Fetches the files of corpora.

    Args:
        catalogue: says where files come from.
        cache: the folder to keep them in, made if missing.
        mirror: the address of a mirror, <mirror>/<corpus>/<file>; the corpora's own homes without it.
        accepted: names of licences that the user accepts now; remembered in the cache.
        progress: for a progress bar.

    Attributes:
        root: where the files stand afterwards: a mirror in the cache, one for each origin.
        accepted: the licences that the user has accepted, now or before.

    Raises:
        UnknownName: one of `accepted` is no corpus' licence.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        cache: Path,
        *,
        mirror: str | None = None,
        accepted: Iterable[str] = (),
        progress: FileProgress = lambda name, done, total: None,
    ) -> None:
        self._catalogue, self._cache, self._progress = catalogue, cache, progress
        self._mirror = None if mirror is None else mirror.rstrip("/") + "/"
        origin = "corpora" if self._mirror is None else f"mirror-{_short_hash(self._mirror)}"
        self.root = cache / origin
        self._session = new_session()
        cache.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(cache / ".lock")
        with self._lock:
            self.accepted = self._accept(accepted)

    def fetch(self, corpus: Corpus, variant: str) -> list[str]:
        """Bring every file of a source that is not there yet.

        Returns:
            The names of the files that were fetched, as <corpus>/<file>.

        Raises:
            LicenceNotAccepted: before anything is asked for.
            MissingInput: a file that only a person can bring, with how.
            DownloadError: a server that does not give a file; what came before it stays.
        """
        with self._lock:
            root = self.root / corpus.key
            missing = corpus_files(self._catalogue, corpus, missing_files(corpus, variant, root))
            for file in missing:
                self._check_licence(file.corpus)
            if self._mirror is None:
                self._fetch_from_homes(missing)
            else:
                for file in missing:
                    self._fetch_from_mirror(self._mirror, file)
        return [str(file) for file in missing]

    def _accept(self, names: Iterable[str]) -> frozenset[str]:
        """The accepted licences with `names` among them, written down."""
        path = self._cache / _ACCEPTED
        before = _names_in(path)
        accepted = before | {self._catalogue.licence(name) for name in names}
        if accepted != before:
            with _beside(path) as new:
                new.write_text(json.dumps(sorted(accepted)) + "\n", encoding="utf-8")
        return frozenset(accepted)

    def _check_licence(self, corpus: Corpus) -> None:
        licence = corpus.spec.licence
        if licence.accept and licence.name not in self.accepted:
            raise LicenceNotAccepted(corpus)

    def _target(self, file: CorpusFile) -> Path:
        target = self.root / file.corpus.key / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _fetch_from_homes(self, files: Iterable[CorpusFile]) -> None:
        zips: dict[str, list[CorpusFile]] = defaultdict(list)
        for file in files:
            remote = file.download
            if remote is None:
                raise self._out_of_reach(file)
            if remote.zip:
                zips[remote.url].append(file)
            else:
                self._download(remote.url, self._target(file), str(file), remote.files[file.name])
        for url, wanted in zips.items():
            self._fetch_from_zip(url, wanted)

    def _out_of_reach(self, file: CorpusFile) -> MissingInput:
        spec, path = file.corpus.spec, self.root / file.corpus.key / file.name
        message = f"expected a file of {spec.name} ({spec.home}), which has to be put there by hand"
        return MissingInput(path, f"{message}: {file.by_hand}" if file.by_hand else message)

    def _fetch_from_zip(self, url: str, files: Iterable[CorpusFile]) -> None:
        """Fetch a zip unless it is there, and take the files out of it; a broken one is not kept."""
        archive = self._cache / "archives" / f"{_short_hash(url)}-{posixpath.basename(urlsplit(url).path)}"
        archive.parent.mkdir(exist_ok=True)
        if not archive.exists():
            self._download(url, archive, archive.name.partition("-")[2], RemoteFile())
        try:
            unzip(archive, {posixpath.basename(file.name): self._target(file) for file in files})
        except MalformedInput as error:
            archive.unlink()
            raise DownloadError(url, str(error)) from None

    def _fetch_from_mirror(self, mirror: str, file: CorpusFile) -> None:
        """Fetch a file, or a folder: what has no suffix."""
        url, target = mirror + quote(str(file)), self._target(file)
        if posixpath.splitext(file.name)[1]:
            known = file.download.files[file.name] if file.download else RemoteFile()
            self._download(url, target, str(file), known)
        else:
            self._fetch_folder(f"{url}/", target, str(file))

    def _fetch_folder(self, url: str, target: Path, name: str) -> None:
        """Fetch every file below an address that lists them, and only then put the folder in its place."""
        growing = target.with_name(f"{target.name}.part")
        listed = _listed(self._session, url)
        for path in listed:
            part = growing / path
            if not part.exists():
                part.parent.mkdir(parents=True, exist_ok=True)
                self._download(url + quote(path), part, f"{name}/{path}", RemoteFile())
        if not listed:
            raise DownloadError(url, "expected a list of at least one file, got none")
        for part in growing.rglob("*"):  # what an earlier, stopped fetch brought of another list
            if part.is_file() and part.relative_to(growing).as_posix() not in listed:
                part.unlink()
        growing.replace(target)

    def _download(self, url: str, target: Path, name: str, known: RemoteFile) -> None:
        download(
            url,
            target,
            sha256=known.sha256,
            size=known.size,
            session=self._session,
            patience=_PATIENCE,
            progress=lambda done, total: self._progress(name, done, total),
        )


def _names_in(path: Path) -> set[str]:
    """The list of names in a JSON file; none where there is no such file.

    Raises:
        MalformedInput: the file holds something else.
    """
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return set()
    except ValueError as error:
        raise MalformedInput(path, f"expected JSON, got: {error}") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MalformedInput(path, "expected a list of licence names")
    return set(names)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` at the end of the block."""
    new = path.with_name(f"{path.name}.new")
    yield new
    new.replace(path)


def _listed(session: requests.Session, url: str, depth: int = 0) -> list[str]:
    """The files below an address, as paths, by the index pages that web servers make of folders.

    Raises:
        DownloadError: no such page, or folders in folders without end.
    """
    if depth > _DEEPEST:
        raise DownloadError(url, f"expected folders at most {_DEEPEST} deep")
    paths = []
    for link in _page(session, url).xpath("//a/@href"):
        name = unquote(urljoin(url, str(link)).removeprefix(url))
        if not name or "/" in name.rstrip("/") or name.startswith((".", "?", "#")):
            continue  # the folder above, another server, an order of the list, a hidden file
        if name.endswith("/"):
            paths += [name + path for path in _listed(session, url + quote(name), depth + 1)]
        else:
            paths.append(name)
    return sorted(set(paths))


def _page(session: requests.Session, url: str) -> html.HtmlElement:
    def ask() -> bytes:
        with request_faults(url, _PATIENCE.timeout):
            answer = session.get(url, timeout=_PATIENCE.timeout)
        if answer.status_code != 200:
            raise status_fault(url, answer)
        return answer.content

    try:
        return html.fromstring(persistently(ask, _PATIENCE) or b"<html/>")
    except (PassingFault, LxmlError) as error:
        raise DownloadError(url, f"expected a list of files, got: {error}") from None


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
