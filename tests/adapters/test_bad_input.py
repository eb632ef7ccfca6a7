"""Every adapter, every source, every damage: one line that names the place, and nothing written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import file_mutations as mutations
import pytest
from adapter_variants import (
    CATALOGUE,
    TABLES,
    VARIANTS,
    lay_out,
    locations,
    sample_bytes,
    source_files,
    zipped,
)

from harmonize.errors import HarmonizeError, MissingInput, SpecError
from harmonize.pipelines.build import build
from harmonize.sources.archive import split_location
from harmonize.spec import OTHER

NOT_PARSED = "Test for DrugNER task"
# A known format is of many hands: ids of mentions, novelty and the names of infons are not asked for. So a
# line that lost a column may read as another one.
READ_ANYWAY = re.compile(
    r"(concept-id|infons-identifier|mention-column-[45]|relation-column-[1-4])-lost"
    r"|(relation|infons)-(entity[12]|novel)-lost"
)


@dataclass(frozen=True)
class Case:
    """One damage to one file of one source; `named` is how the error calls the file, below the corpus."""

    corpus: str
    variant: str
    file: str
    named: str
    mutation: mutations.Mutation

    def __str__(self) -> str:
        file = self.named.rpartition("/")[2]
        return "-".join((self.corpus, self.variant, file, self.mutation.name))


def _cases() -> Iterator[Case]:
    seen: set[tuple[str, str]] = set()
    for corpus, variant in VARIANTS:
        for file in source_files(corpus, variant):
            archive, member = split_location(file)
            # Sources of a corpus share files: once is enough.
            if NOT_PARSED in file or (corpus, file) in seen:
                continue
            seen.add((corpus, file))
            data = sample_bytes(corpus, file)
            for mutation in _mutations_of(corpus, variant, file, data):
                damage = mutation.damage
                if member is not None:
                    damage = mutations.in_member(member, damage)
                changed = mutations.Mutation(
                    mutation.name, damage, mutation.error, mutation.place, mutation.document
                )
                yield Case(corpus, variant, archive, file, changed)


def _mutations_of(corpus: str, variant: str, file: str, data: bytes) -> Iterator[mutations.Mutation]:
    if variant in TABLES:
        yield from mutations.curated(file, data)
        if corpus == "pharmgkb" and file.endswith("geneAttributes.tsv"):
            yield from mutations.gene_attributes_by_symbol_and_id(data)
        return
    spec = CATALOGUE[corpus].spec
    if corpus == "chemdisgene":  # relations stand in files of their own: tests/test_extensions.py
        return
    for mutation in mutations.FORMATS[spec.format_of(variant) or variant](data):
        is_listed = mutation.error is not SpecError or OTHER not in spec.relation_types
        if spec.format is None or (is_listed and not READ_ANYWAY.fullmatch(mutation.name)):
            yield mutation
    if corpus == "aimed":
        yield from mutations.ppi_entity_types(data)
    if corpus == "hprd50":
        yield from mutations.ppi_sentence_numbers(data)


def _zip_cases() -> Iterator[Case]:
    for corpus, variant in VARIANTS:
        archives = {split_location(name) for name in locations(corpus, variant)}
        for archive in sorted({archive for archive, inside in archives if inside is not None}):
            data = zipped({"any": b""})
            for mutation in mutations.zip_file(data):
                yield Case(corpus, variant, archive, archive, mutation)


CASES = [*_cases(), *_zip_cases()]


class Finished(NamedTuple):
    """A folder that holds a set and nothing else, and what it held before any build in its place."""

    folder: Path
    held: Mapping[str, bytes | None]


@pytest.fixture(scope="session")
def finished_set(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The older set of all tests: each of them sees that it is still what it was."""
    folder, mirror = tmp_path_factory.mktemp("finished"), tmp_path_factory.mktemp("mirror")
    lay_out("aimed", "unified", mirror)
    build(folder / "set", mirror, corpora=["aimed"])
    held = _contents(folder)
    assert held["set/manifest.json"]
    return Finished(folder, held)


@pytest.fixture(scope="session")
def nothing_finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("nothing"), {})


@pytest.fixture(scope="session")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The mirror of one source, laid out at the first call: who damages it makes it whole again."""

    @cache
    def laid_out(corpus: str, variant: str) -> Path:
        mirror = tmp_path_factory.mktemp("intact")
        lay_out(corpus, variant, mirror)
        return mirror

    return laid_out


@contextmanager
def _damaged(path: Path, damage: mutations.Damage) -> Iterator[None]:
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    try:
        yield
    finally:
        path.write_bytes(whole)


def _refused(corpus: str, variant: str, root: Path, *older: Finished) -> HarmonizeError:
    """The error of a build in the place of each older set, or of none: one line, and nothing was written."""
    for finished in older:
        with pytest.raises(HarmonizeError) as caught:
            build(finished.folder / "set", root, corpora=[corpus], sources={corpus: variant})
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
        assert _contents(finished.folder) == finished.held
    return caught.value


def _contents(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: bytes of files, None of folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_damaged_file_is_one_line_with_its_place_and_nothing_is_written(
    case: Case, intact: Callable[[str, str], Path], finished_set: Finished
) -> None:
    mirror = intact(case.corpus, case.variant)
    folder = mirror / case.corpus
    with _damaged(folder / case.file, case.mutation.damage):
        error = _refused(case.corpus, case.variant, mirror, finished_set)
    assert isinstance(error, case.mutation.error)
    if isinstance(error, SpecError):
        assert str(CATALOGUE[case.corpus].path) in str(error)
        assert mutations.UNKNOWN in str(error)
        # Documents of EMU and BertSRC are named by part and PMID.
        assert re.search(rf"first in document ([A-Za-z]+-)?{case.mutation.document}\)", str(error))
        assert f"below {folder}" in str(error)
    else:
        assert str(error).startswith(str(folder / case.named))
        after = str(error).removeprefix(str(folder / case.named))
        if case.mutation.place:
            assert re.match(r":[1-9]\d*: |: document \S+: |: documents\[\d+\]", after), str(error)


@pytest.mark.parametrize(
    ("corpus", "variant", "location"),
    [(corpus, variant, name) for corpus, variant in VARIANTS for name in locations(corpus, variant)],
)
def test_missing_file_is_named_and_nothing_is_written(
    corpus: str,
    variant: str,
    location: str,
    tmp_path: Path,
    nothing_finished: Finished,
    finished_set: Finished,
) -> None:
    folder = lay_out(corpus, variant, tmp_path / "mirror")
    archive, _ = split_location(location)
    missing = folder / archive
    if missing.is_dir():
        shutil.rmtree(missing)
    else:
        missing.unlink()
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert isinstance(error, MissingInput)
    assert str(error).startswith(str(missing))


@pytest.mark.parametrize(
    ("corpus", "variant", "location"),
    [
        (corpus, variant, name)
        for corpus, variant in VARIANTS
        for name in locations(corpus, variant)[: None if variant in TABLES else 1]
    ],
)
def test_folder_in_place_of_a_file_or_file_in_place_of_a_folder_is_named(
    corpus: str,
    variant: str,
    location: str,
    tmp_path: Path,
    nothing_finished: Finished,
    finished_set: Finished,
) -> None:
    folder = lay_out(corpus, variant, tmp_path / "mirror")
    place = folder / split_location(location)[0]
    if place.is_dir():
        shutil.rmtree(place)
        place.write_bytes(b"no folder")
    else:
        place.unlink()
        place.mkdir()
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert str(error).startswith(str(place))


@pytest.mark.parametrize(
    ("corpus", "variant", "location"),
    [
        (corpus, variant, name)
        for corpus, variant in VARIANTS
        for name in locations(corpus, variant)
        if split_location(name)[1] is not None
    ],
)
def test_zip_without_the_folder_is_named(
    corpus: str,
    variant: str,
    location: str,
    tmp_path: Path,
    nothing_finished: Finished,
    finished_set: Finished,
) -> None:
    folder = lay_out(corpus, variant, tmp_path / "mirror")
    archive, inside = split_location(location)
    assert inside is not None
    damaged = folder / archive
    damaged.write_bytes(mutations.without_folder(f"{inside}/")(damaged.read_bytes()))
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert isinstance(error, MissingInput)
    assert str(error).startswith(str(folder / location))


FOLDERS = [
    (corpus, variant, name)
    for corpus, variant in VARIANTS
    for name in locations(corpus, variant)
    if variant in TABLES and not name.endswith(".tsv")
]


@pytest.mark.parametrize(("corpus", "variant", "location"), FOLDERS)
def test_empty_folder_of_a_curated_corpus_is_named(
    corpus: str,
    variant: str,
    location: str,
    tmp_path: Path,
    nothing_finished: Finished,
    finished_set: Finished,
) -> None:
    folder = lay_out(corpus, variant, tmp_path / "mirror")
    for file in (folder / location).iterdir():
        file.unlink()
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert isinstance(error, MissingInput)
    assert str(error).startswith(str(folder / location))


@pytest.mark.parametrize("name", ["geneDiseaseNetwork.csv", "geneAttributes.csv", "diseaseAttributes.csv"])
def test_missing_table_in_a_folder_of_tables_is_named(
    name: str, tmp_path: Path, nothing_finished: Finished, finished_set: Finished
) -> None:
    missing = lay_out("disgenet", "native", tmp_path / "mirror") / "v7_sample" / name
    missing.unlink()
    error = _refused("disgenet", "native", tmp_path / "mirror", nothing_finished, finished_set)
    assert isinstance(error, MissingInput)
    assert str(error).startswith(str(missing))


@pytest.mark.parametrize(
    ("variant", "file"),
    [
        ("native", "v7_sample/geneDiseaseNetwork.csv"),
        ("native", "v7_sample/diseaseAttributes.csv"),
        ("native", "disease_mappings.tsv"),
        ("native", "geneAttributes.tsv"),
        ("export", "all_gene_disease_pmid_associations.tsv"),
    ],
)
def test_windows_1252_is_read_in_disgenet_tables(variant: str, file: str, tmp_path: Path) -> None:
    damaged = lay_out("disgenet", variant, tmp_path / "mirror") / file
    lines = damaged.read_bytes().splitlines(keepends=True)
    lines[1] = mutations.with_latin1_byte(rb"[A-Za-z]{4} ?[a-z]*")(lines[1])
    damaged.write_bytes(b"".join(lines))
    build(tmp_path / "set", tmp_path / "mirror", corpora=["disgenet"], sources={"disgenet": variant})


@pytest.mark.parametrize("corpus", CATALOGUE.corpora)
def test_corpus_that_is_not_there_names_the_file_and_where_to_get_it(
    corpus: str, tmp_path: Path, nothing_finished: Finished, finished_set: Finished
) -> None:
    variant = next(iter(CATALOGUE[corpus].spec.sources))
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert isinstance(error, MissingInput)
    assert str(tmp_path / "mirror" / corpus) in str(error)
    assert CATALOGUE[corpus].spec.home in str(error)


# In the other sources files do not stand alone, or their names or splits are part of the documents' ids, or
# an abstract is meant to stand in several.
STANDING_ALONE = [
    pair
    for pair in VARIANTS
    if pair[1] not in ("zip", "tsv", *TABLES)
    and pair[0] not in ("emu", "bertsrc", "renet")
    and pair not in (("bc8biored", "bioc-xml"), ("bc8biored", "bioc-json"))  # one file, of one root
]


@pytest.mark.parametrize(("corpus", "variant"), STANDING_ALONE)
def test_document_in_two_files_is_named(
    corpus: str, variant: str, tmp_path: Path, nothing_finished: Finished, finished_set: Finished
) -> None:
    """A file read twice under two names, where the source has several files that stand alone."""
    folder = lay_out(corpus, variant, tmp_path / "mirror")
    places = [folder / name for name in locations(corpus, variant)]
    if len(places) < 2:
        content = places[0].read_bytes()
        places[0].write_bytes(content + b"\n" + content)
    elif places[0].is_dir():
        shutil.rmtree(places[1])
        shutil.copytree(places[0], places[1])
    else:
        shutil.copyfile(places[0], places[1])
    error = _refused(corpus, variant, tmp_path / "mirror", nothing_finished, finished_set)
    assert str(folder) in str(error)
    assert re.search(r"document \S+: .*twice", str(error))


@pytest.mark.parametrize(("corpus", "variant"), VARIANTS)
def test_intact_sample_builds(corpus: str, variant: str, tmp_path: Path) -> None:
    lay_out(corpus, variant, tmp_path / "mirror")
    manifest = build(tmp_path / "set", tmp_path / "mirror", corpora=[corpus], sources={corpus: variant})
    assert list(manifest["corpora"]) == [corpus]
    assert (tmp_path / "set" / "manifest.json").is_file()
