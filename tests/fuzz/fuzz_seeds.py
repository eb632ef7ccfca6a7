"""Good input for the fuzzer to damage: the sample corpora and the golden cases, cut small, and real files."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from posixpath import normpath

from fuzz_mutations import Files

from harmonize.registry import sample_folder
from harmonize.sources.archive import split_location
from harmonize.spec import Catalogue, Corpus, load_catalogue

__all__ = [
    "catalogue", "corpus_seeds", "dump_seeds", "golden", "learning_dialect", "pieces", "sample", "tarred",
    "zipped",
]  # fmt: skip

GOLDEN = Path(__file__).parent.parent / "golden"
MOST_READ = 300_000  # bytes of a real file
LARGEST = 6_000  # bytes of a piece of a real file
GOLDEN_OF = {
    "pubtator": "pubtator", "biorex": "pubtator", "bioc-xml": "bioc_xml", "bioc-json": "bioc_json",
    "unified": "ppi_xml", "tsv": "drugprot_tsv", "unpacked": "ddi_xml", "zip": "ddi_xml",
}  # fmt: skip
"""A corpus' source -> the golden cases of the same format."""

_DOCUMENT = re.compile(rb"<(document|PubmedArticle|PubmedBookArticle)\b(?s:.*?)</\1>")


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def sample(name: str) -> bytes:
    return (sample_folder() / name).read_bytes()


def golden(kind: str, *, errors: bool = True) -> list[Files]:
    """The inputs of the golden cases of a format, each its folder's files."""
    folders = sorted({path.parent for path in (GOLDEN / kind).rglob("expected*")})
    return [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in ("corpus.txt", "outside.txt", "notes.txt")
            if not path.name.startswith("expected")
        }
        for folder in folders
        if errors or not any(part.startswith("error-") for part in folder.parts)
    ]


# A few documents of a file


def pieces(name: str, data: bytes) -> list[bytes]:
    """The file cut into files of one document or two, where its format lets it be cut."""
    suffix = name.rpartition(".")[2].casefold()
    if suffix == "xml":
        return _xml_pieces(data)
    if suffix == "json":
        return _json_pieces(data)
    if suffix in ("pubtator", "txt"):
        return [record + b"\n\n" for record in data.split(b"\n\n") if record.strip()]
    return [data]


def _xml_pieces(data: bytes) -> list[bytes]:
    found = list(_DOCUMENT.finditer(data))
    if len(found) < 2:
        return [data]
    head, tail = data[: found[0].start()], data[found[-1].end() :]
    return [head + match[0] + tail for match in found]


def _json_pieces(data: bytes) -> list[bytes]:
    value = json.loads(data)
    documents = value.get("documents") if isinstance(value, dict) else None
    if not isinstance(documents, list):
        return [data]
    return [json.dumps(value | {"documents": [document]}, indent=1).encode() for document in documents]


# The files of a corpus' source


def corpus_seeds(key: str, variant: str, mirror: Path | None) -> list[Files]:
    """Inputs of an adapter: the files of one split each, below a folder with one folder a corpus."""
    corpus = catalogue()[key]
    seeds: list[Files] = []
    inputs = [list(names) for names in corpus.spec.sources[variant].values()]
    if variant == "zip":  # one file with all splits
        inputs = [[name for names in inputs for name in names]]
    for names in inputs:
        whole = _source_files(sample_folder(), key, names)
        seeds += _cut_small(whole)
        if mirror is not None and _all_there(mirror, key, names):
            seeds += _real_pieces(mirror, key, names)
    return [*seeds, *_golden_seeds(corpus, variant)]


def _all_there(mirror: Path, key: str, names: Iterable[str]) -> bool:
    return all((mirror / key / split_location(name)[0]).exists() for name in names)


def _source_files(root: Path, key: str, names: Iterable[str]) -> Files:
    """File below the mirror -> bytes, a zip of the folder where a source reads a zip."""
    files: Files = {}
    zips: dict[str, Files] = {}
    for location in names:
        archive, inside = split_location(location)
        place = root / key / (archive if inside is None else inside)
        base = normpath(f"{key}/{archive if inside is None else inside}")
        found = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        members = {
            base + ("" if path == place else f"/{path.relative_to(place).as_posix()}"): path.read_bytes()
            for path in found
        }
        if inside is None:
            files |= members
        else:
            inner = {name.removeprefix(f"{key}/"): data for name, data in members.items()}
            zips.setdefault(f"{key}/{archive}", {}).update(inner)
    return files | {name: zipped(members) for name, members in zips.items()}


def _cut_small(files: Files) -> list[Files]:
    """The input with its one large file in pieces; as it is where files belong together."""
    if len(files) > 1:
        return [files]
    [(name, data)] = files.items()
    return [{name: piece} for piece in pieces(name, data)]


def _golden_seeds(corpus: Corpus, variant: str) -> Iterator[Files]:
    kind = GOLDEN_OF.get(variant)
    places = [normpath(f"{corpus.key}/{name}") for name in next(iter(corpus.spec.sources[variant].values()))]
    for files in golden(kind, errors=False) if kind is not None else ():
        if kind == "ddi_xml" and variant == "zip":
            locations = [split_location(names[0]) for names in corpus.spec.sources[variant].values()]
            members = {
                f"{inside}/{n.rpartition('/')[2]}": d for _, inside in locations for n, d in files.items()
            }
            yield {f"{corpus.key}/{locations[0][0]}": zipped(members)}
        elif kind == "ddi_xml":
            yield {f"{places[0]}/{name.rpartition('/')[2]}": data for name, data in files.items()}
        elif len(files) == len(places):
            yield dict(zip(places, files.values(), strict=True))
        elif len(files) == 1:
            yield {place: data for place in places for data in files.values()}


def _real_pieces(mirror: Path, key: str, names: Iterable[str]) -> list[Files]:
    """The first small pieces of real files that stand alone."""
    names = list(names)
    if len(names) > 1 or not (mirror / key / names[0]).is_file():
        return []
    name = names[0]
    data = (mirror / key / name).read_bytes()
    if name.casefold().endswith(".json"):
        found = _json_pieces(data) if len(data) < 5_000_000 else []
    elif name.casefold().endswith(".xml"):
        documents = [match[0] for match in _DOCUMENT.finditer(data[:MOST_READ])]
        head, tail = data[: data.index(documents[0])], data[data.rindex(b"</document>") + 11 :]
        found = [head + document + tail for document in documents]
    else:
        found = pieces("a.txt", data[:MOST_READ])[:-1]
    return [{f"{key}/{name}": piece} for piece in found if len(piece) < LARGEST][:20]


# Other wrappings


def zipped(members: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tarred(members: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def learning_dialect(data: bytes) -> bytes:
    """Unified PPI XML in the other dialect: inclusive ends, pairs with a verdict."""

    def inclusive(match: re.Match[bytes]) -> bytes:
        parts = (part.split(b"-") for part in match[1].split(b","))
        return b'charOffset="%b"' % b",".join(b"%b-%d" % (start, int(end) - 1) for start, end in parts)

    data = re.sub(rb'charOffset="(\d{1,9}-\d{1,9}(?:,\d{1,9}-\d{1,9})*)"', inclusive, data)
    return re.sub(rb"<interaction\b", b'<pair interaction="True"', data).replace(
        b"</interaction>", b"</pair>"
    )


def dump_seeds() -> list[Files]:
    """Articles as PubTator's dumps hold them: text, BioC XML and JSON, plain, packed and in a tar archive."""
    text = pieces("a.txt", sample("biored/Dev.PubTator") + sample("emu/PCa_db_novel_51.PubTator"))
    xml = pieces("a.xml", sample("biored/Dev.BioC.XML")) + pieces("a.xml", sample("biored/Test.BioC.XML"))
    documents = [json.loads(piece) for piece in pieces("a.json", sample("biored/Dev.BioC.JSON"))]
    lines = b"".join(json.dumps(value["documents"][0]).encode() + b"\n" for value in documents)
    export = json.dumps({"PubTator3": [value["documents"][0] for value in documents]}).encode()
    plain = [{"a.txt": b"".join(text[:2])}, {"a.txt": text[0]}, *({"a.xml": piece} for piece in xml)]
    plain += [{"a.json": json.dumps(value).encode()} for value in documents]
    plain += [{"a.json": lines}, {"a.json": export}]
    packed = [
        {f"{name}.gz": gzip.compress(data, 1, mtime=0)} for seed in plain for name, data in seed.items()
    ]
    archive = tarred({"b.txt": text[0], "c.xml": xml[0], "d.json": lines})
    archives = [{"a.tar": archive}, {"a.tar.gz": gzip.compress(archive, 1, mtime=0)}]
    archives.append({"a.zip": zipped({"b.txt": text[0], "c.xml.gz": gzip.compress(xml[0], 1, mtime=0)})})
    return [*plain, *packed, *archives]
