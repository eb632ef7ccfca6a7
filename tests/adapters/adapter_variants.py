"""Every adapter with every source that its mapping names, laid out from the sample corpora."""

from __future__ import annotations

import shutil
import zipfile
from io import BytesIO
from pathlib import Path

from harmonize.ledger import Ledger
from harmonize.registry import sample_folder
from harmonize.sources.archive import split_location
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue

CATALOGUE = load_catalogue()
VARIANTS = [(key, variant) for key, corpus in CATALOGUE.corpora.items() for variant in corpus.spec.sources]
TABLES = {"native", "relationships", "export"}
"""Sources that are curated tables, with names looked up in texts; their other files explain the first."""


def locations(key: str, variant: str) -> list[str]:
    """What the mapping names for a source, each once."""
    splits = CATALOGUE[key].spec.sources[variant].values()
    return list(dict.fromkeys(name for names in splits for name in names))


def source_files(key: str, variant: str) -> list[str]:
    """The sample's files that a source reads, below the corpus' folder; `archive.zip!/member` in a zip."""
    folder, found = sample_folder() / key, []
    for location in locations(key, variant):
        archive, inside = split_location(location)
        place = folder / (inside if inside is not None else location)
        prefix = "" if inside is None else f"{archive}!/"
        files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
        found += [prefix + file.relative_to(folder).as_posix() for file in files]
    return found


def sample_bytes(key: str, file: str) -> bytes:
    """The bytes of one of `source_files`."""
    archive, inside = split_location(file)
    return (sample_folder() / key / (inside if inside is not None else archive)).read_bytes()


def lay_out(key: str, variant: str, root: Path) -> Path:
    """Copy one source of a sample corpus into a mirror at `root`, zipped where it reads a zip file."""
    members: dict[str, dict[str, bytes]] = {}
    for file in source_files(key, variant):
        archive, inside = split_location(file)
        if inside is not None:
            members.setdefault(archive, {})[inside] = sample_bytes(key, file)
            continue
        target = root / key / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample_folder() / key / file, target)
    for archive, contents in members.items():
        (root / key).mkdir(parents=True, exist_ok=True)
        (root / key / archive).write_bytes(zipped(contents))
    return root / key


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip file; the same members give the same bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def opened(key: str, variant: str, root: Path) -> tuple[Source, Ledger]:
    """A source below a mirror, and the ledger that it counts in."""
    ledger = Ledger()
    return Source(CATALOGUE[key], variant, root / key, ledger), ledger
