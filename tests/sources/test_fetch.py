"""Fetching corpora: from their homes, from a mirror, under licences, by several processes."""

from __future__ import annotations

import http.server
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import file_server as at
import pytest
from file_server import FileServer

from harmonize.errors import DownloadError, MalformedInput, MissingInput, UnknownName
from harmonize.registry import sample_folder
from harmonize.sources import fetch as fetching
from harmonize.sources.fetch import Fetcher, LicenceNotAccepted, corpus_files
from harmonize.sources.http import Patience
from harmonize.sources.source import missing_files
from harmonize.spec import Catalogue, load_catalogue

CATALOGUE = load_catalogue()
NONCOMMERCIAL = ["cc-by-nc-4.0", "CC BY-NC-SA 4.0"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "_PATIENCE", Patience(sleep=lambda seconds: None))


@pytest.fixture
def mirror() -> Iterator[str]:
    """The address of a plain web server over the sample corpora."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    handler = partial(Quiet, directory=str(sample_folder()))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def homes_at(server: FileServer) -> Catalogue:
    """The catalogue with every corpus' home moved to a server, and no hash known."""
    corpora = {}
    for key, corpus in CATALOGUE.corpora.items():
        downloads = tuple(
            download.model_copy(
                update={
                    "url": f"{server.url}/{download.url.rpartition('/')[2]}",
                    "files": {name: fetching.RemoteFile() for name in download.files},
                }
            )
            for download in corpus.spec.downloads
        )
        corpora[key] = replace(corpus, spec=corpus.spec.model_copy(update={"downloads": downloads}))
    return Catalogue(CATALOGUE.target, corpora)


def sample_files(corpus: str, *names: str) -> dict[str, bytes]:
    return {
        f"inside/{name.rpartition('/')[2]}": (sample_folder() / corpus / name).read_bytes() for name in names
    }


@pytest.fixture
def homes() -> Iterator[FileServer]:
    """A server that holds what some corpora's homes hold, made of the sample."""
    pubtator = [f"{split}.PubTator" for split in ("Train", "Dev", "Test")]
    biorex = sample_files("emu", "BCa_db_novel_128.PubTator", "PCa_db_novel_51.PubTator")
    biorex |= sample_files("disgenet", "biorex/DisGeNET.PubTator")
    with FileServer() as server:
        server.files |= {
            "/BIORED.zip": zipped(**sample_files("biored", *pubtator)),
            "/datasets.zip": zipped(**biorex),
            "/AIMed-train.xml": (sample_folder() / "aimed/AIMed-train.xml").read_bytes(),
            "/AIMed-test.xml": (sample_folder() / "aimed/AIMed-test.xml").read_bytes(),
        }
        yield server


def fetched(catalogue: Catalogue, cache: Path, corpus: str, variant: str, **options: object) -> Fetcher:
    fetcher = Fetcher(catalogue, cache, **options)  # type: ignore[arg-type]
    fetcher.fetch(catalogue[corpus], variant)
    return fetcher


def test_files_come_from_their_home_and_only_once(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    fetcher = Fetcher(catalogue, tmp_path)
    brought = fetcher.fetch(catalogue["aimed"], "unified")
    assert brought == ["aimed/AIMed-train.xml", "aimed/AIMed-test.xml"]
    for name in brought:
        assert (fetcher.root / name).read_bytes() == (sample_folder() / name).read_bytes()
    asked = len(homes.requests)
    assert fetcher.fetch(catalogue["aimed"], "unified") == []
    assert len(homes.requests) == asked == 2


def test_files_are_taken_out_of_a_zip_that_corpora_share(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    fetcher = Fetcher(catalogue, tmp_path, accepted=NONCOMMERCIAL)
    for corpus in ("emu", "disgenet"):
        for name in fetcher.fetch(catalogue[corpus], "biorex"):
            assert (fetcher.root / name).read_bytes() == (sample_folder() / name).read_bytes()
    assert [seen.path for seen in homes.requests] == ["/datasets.zip"]


def test_a_zip_without_a_file_is_one_line_and_is_fetched_anew(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    whole, homes.files["/BIORED.zip"] = homes.files["/BIORED.zip"], zipped(**{"inside/Train.PubTator": b"x"})
    with pytest.raises(DownloadError, match=r"BIORED\.zip: .*Dev\.PubTator") as caught:
        fetched(catalogue, tmp_path, "biored", "pubtator")
    assert "\n" not in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "PubTator" in path.name]
    homes.files["/BIORED.zip"] = whole
    fetched(catalogue, tmp_path, "biored", "pubtator")


def test_a_stopped_fetch_goes_on_where_it_was(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    homes.misbehave["/AIMed-test.xml"].extend([at.cut(100)] * 3)
    homes.always["/AIMed-test.xml"] = at.status(503)
    with pytest.raises(DownloadError, match=r"AIMed-test\.xml: expected status 200, got 503"):
        fetched(catalogue, tmp_path, "aimed", "unified")
    homes.forget()
    fetcher = Fetcher(catalogue, tmp_path)
    assert fetcher.fetch(catalogue["aimed"], "unified") == ["aimed/AIMed-test.xml"]
    assert homes.ranges[0] is not None
    sample = sample_folder() / "aimed/AIMed-test.xml"
    assert (fetcher.root / "aimed/AIMed-test.xml").read_bytes() == sample.read_bytes()


def test_a_file_of_a_known_hash_must_have_it(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    spec = catalogue["aimed"].spec
    known = tuple(
        download.model_copy(update={"files": {name: fetching.RemoteFile(sha256="0" * 64)}})
        for download in spec.downloads
        for name in download.files
    )
    strict = replace(catalogue["aimed"], spec=spec.model_copy(update={"downloads": known}))
    with pytest.raises(DownloadError, match=f"expected .*{'0' * 64}"):
        fetched(Catalogue(CATALOGUE.target, {"aimed": strict}), tmp_path, "aimed", "unified")
    assert not list((tmp_path / "corpora").rglob("*.xml"))


@pytest.mark.parametrize(
    ("corpus", "variant"),
    [
        (corpus.key, variant)
        for corpus in CATALOGUE.corpora.values()
        for variant in corpus.spec.sources
        if not missing_files(corpus, variant, sample_folder() / corpus.key)
    ],
)
def test_a_mirror_s_address_gives_the_same_files_as_its_folder(
    tmp_path: Path, mirror: str, corpus: str, variant: str
) -> None:
    """Folders among them, by the list of files that a web server shows."""
    known_hashes = homes_at(FileServer())  # the sample has not the hashes of the real files
    fetcher = fetched(known_hashes, tmp_path, corpus, variant, mirror=mirror, accepted=NONCOMMERCIAL)
    locations = [name for names in CATALOGUE[corpus].spec.sources[variant].values() for name in names]
    for file in corpus_files(CATALOGUE, CATALOGUE[corpus], locations):
        assert contents(fetcher.root / str(file)) == contents(sample_folder() / str(file))


def contents(path: Path) -> dict[str, bytes]:
    files = path.rglob("*") if path.is_dir() else [path]
    found = {file.relative_to(path).as_posix(): file.read_bytes() for file in files if file.is_file()}
    assert found
    return found


def test_a_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = b"<a href='../'>up</a><a href='?C=N'>by name</a><a href='a.xml'>a</a><a href='b%20c.xml'>b</a>"
    with FileServer() as server:
        server.files |= {"/pharmgkb/abstracts_xml/": index, "/pharmgkb/abstracts_xml/a.xml": b"A"}
        fetcher = Fetcher(CATALOGUE, tmp_path, mirror=server.url)
        monkeypatch.setattr(fetching, "missing_files", lambda *_: ["abstracts_xml"])
        folder = fetcher.root / "pharmgkb/abstracts_xml"
        with pytest.raises(DownloadError, match=r"b%20c\.xml: expected status 200, got 404"):
            fetcher.fetch(CATALOGUE["pharmgkb"], "native")
        assert not folder.exists()
        server.files["/pharmgkb/abstracts_xml/b%20c.xml"] = b"B"
        server.forget()
        fetcher.fetch(CATALOGUE["pharmgkb"], "native")
        assert contents(folder) == {"a.xml": b"A", "b c.xml": b"B"}
        assert "/pharmgkb/abstracts_xml/a.xml" not in [seen.path for seen in server.requests]


@pytest.mark.parametrize(
    "page", [b"", b"<p>nothing here</p>", b"\xff\x00", b"<a href='http://elsewhere/x'>x</a>"]
)
def test_a_page_without_files_is_no_folder(tmp_path: Path, page: bytes) -> None:
    with FileServer() as server:
        server.files["/disgenet/v7_sample/"] = page
        fetcher = Fetcher(CATALOGUE, tmp_path, mirror=server.url, accepted=NONCOMMERCIAL)
        with pytest.raises(DownloadError, match="v7_sample/: expected a list of"):
            fetcher.fetch(CATALOGUE["disgenet"], "native")


def test_two_mirrors_do_not_share_files(tmp_path: Path) -> None:
    roots = {Fetcher(CATALOGUE, tmp_path, mirror=url).root for url in ("http://a", "http://b", "http://b/")}
    assert len(roots) == 2
    assert Fetcher(CATALOGUE, tmp_path).root not in roots


def test_a_file_that_only_a_person_can_bring_says_how(tmp_path: Path) -> None:
    fetcher = Fetcher(CATALOGUE, tmp_path, accepted=NONCOMMERCIAL)
    with pytest.raises(MissingInput, match=r"v7_sample: .* by hand: register at https://disgenet\.com"):
        fetcher.fetch(CATALOGUE["disgenet"], "native")


def test_a_licence_that_asks_for_it_is_accepted_once(tmp_path: Path, homes: FileServer) -> None:
    catalogue = homes_at(homes)
    disgenet = catalogue["disgenet"]
    with pytest.raises(LicenceNotAccepted, match=r'add --accept-licence "CC BY-NC-SA 4\.0"'):
        Fetcher(catalogue, tmp_path).fetch(disgenet, "biorex")
    assert homes.requests == []
    assert Fetcher(catalogue, tmp_path, accepted=["cc-by-nc-sa-4.0"]).fetch(disgenet, "biorex")
    again = Fetcher(catalogue, tmp_path)
    assert again.accepted == {"CC BY-NC-SA 4.0"}
    (again.root / "disgenet/biorex/DisGeNET.PubTator").unlink()
    assert again.fetch(disgenet, "biorex")


def test_an_unknown_licence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown licence 'GPL': expected one of CC BY 2\.0, CC BY 4\.0"):
        Fetcher(CATALOGUE, tmp_path, accepted=["GPL"])


@pytest.mark.parametrize("content", ["{", "{}", "[1]", '"CC BY 4.0"'])
def test_a_spoilt_list_of_licences_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "accepted-licences.json").write_text(content)
    with pytest.raises(MalformedInput, match=r"accepted-licences\.json: expected"):
        Fetcher(CATALOGUE, tmp_path)


def test_every_file_of_every_source_has_an_origin_or_a_way_by_hand() -> None:
    for corpus in CATALOGUE.corpora.values():
        for splits in corpus.spec.sources.values():
            for file in corpus_files(
                CATALOGUE, corpus, [name for names in splits.values() for name in names]
            ):
                part_of = file.name.split("/")[0]
                by_hand = {name for by in file.corpus.spec.by_hand for name in by.files}
                assert file.download or file.by_hand or part_of in by_hand, file


def test_processes_that_share_a_cache_fetch_a_file_once(tmp_path: Path, homes: FileServer) -> None:
    script = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_fetch import homes_at
from harmonize.sources.fetch import Fetcher
class Home:
    url = sys.argv[1]
catalogue = homes_at(Home)
print(len(Fetcher(catalogue, Path(sys.argv[2])).fetch(catalogue["aimed"], "unified")))
"""
    arguments = [sys.executable, "-c", script, homes.url, str(tmp_path), str(Path(__file__).parent)]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(process.communicate()[0].strip() for process in running) == ["0", "0", "2"]
    assert len(homes.requests) == 2
