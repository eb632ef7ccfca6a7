"""Croissant metadata: that the validator takes it, and that its records are the set's rows."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from card_cases import build_extension, described, run_python

import harmonize
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.union.croissant import croissant
from harmonize.union.documents import read_documents
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import file_entry, read_manifest
from harmonize.union.schema import DOCUMENT_SCHEMA, LEAK_SCHEMA, SCHEMA

REAL = pytest.param("real", marks=pytest.mark.mirror)
FEW = 50
MISSING_ON_PURPOSE = 'Property "https://schema.org/datePublished" is recommended, but does not exist.'


@pytest.fixture(scope="module", params=["sample", REAL])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    union: Path = request.getfixturevalue(f"{request.param}_union")
    return described(union, tmp_path_factory.mktemp("croissant") / "union")


@pytest.fixture(scope="module")
def metadata(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    return value


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What is logged in the test, as pytest's own plugin would tell; see pyproject.toml."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    found, kept = list[str](), Kept()
    logging.getLogger().addHandler(kept)
    yield found
    logging.getLogger().removeHandler(kept)


def dataset(folder: Path) -> Any:
    import mlcroissant

    return mlcroissant.Dataset(str(folder / "croissant.json"))


def issues(folder: Path) -> tuple[set[str], set[str]]:
    found = dataset(folder).metadata.ctx.issues
    return found.errors, {warning.partition("] ")[2] for warning in found.warnings}


def plain(value: Any) -> Any:
    """A record as Parquet has it: mlcroissant gives texts as bytes, and fields with their path."""
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value


def test_the_validator_takes_it(folder: Path, logged: list[str]) -> None:
    assert issues(folder) == (set(), {MISSING_ON_PURPOSE})
    assert "not standard" not in "".join(logged)


def test_the_command_takes_it(folder: Path) -> None:
    command = [Path(sys.executable).with_name("mlcroissant"), "validate", "--jsonld", "croissant.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr
    assert "error(s)" not in done.stderr


def test_its_instances_are_the_rows(folder: Path, logged: list[str]) -> None:
    records = [plain(record) for record in islice(dataset(folder).records("instances"), FEW)]
    assert [list(record) for record in records] == [SCHEMA.names] * FEW
    assert any(record["head_spans"] for record in records)
    # The files are read in order of their names.
    table = harmonize.load_union(folder, corpora=["aimed", "bc5cdr"])
    rows = {row["instance_id"]: row for row in table.to_pylist()}
    assert records == [rows.get(record["instance_id"]) for record in records]
    assert len({record["instance_id"] for record in records}) == FEW
    assert "Could not match" not in "".join(logged), "the expression that reads the split off a file's name"


def test_all_of_the_sample_can_be_read(sample_union: Path, tmp_path: Path) -> None:
    folder = described(sample_union, tmp_path / "union")
    rows = {row["instance_id"]: row for row in harmonize.load_union(folder).to_pylist()}
    records = [plain(record) for record in dataset(folder).records("instances")]
    assert {record["instance_id"]: record for record in records} == rows
    assert len(records) == len(rows)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_one_split_can_be_read(sample_union: Path, tmp_path: Path, split: str) -> None:
    folder = described(sample_union, tmp_path / "union")
    wanted = dataset(folder).records("instances", filters={"instances/split": split})
    rows = harmonize.load_union(folder, splits=[split]).to_pylist()
    found = sorted(record["instances/instance_id"].decode() for record in wanted)
    assert found == sorted(row["instance_id"] for row in rows)


def test_its_documents_are_the_documents(folder: Path) -> None:
    records = [plain(record) for record in islice(dataset(folder).records("documents"), FEW)]
    assert records
    for record, document in zip(records, islice(read_documents(folder), FEW), strict=True):
        assert list(record) == DOCUMENT_SCHEMA.names
        assert (record["corpus"], record["split"], record["document_id"]) == document.key
        assert (record["pmid"], record["text"]) == (document.pmid, document.text)
        passages = [{"kind": p.kind, "start": p.span.start, "end": p.span.end} for p in document.passages]
        assert record["passages"] == passages


def test_its_leaks_are_the_repeats(folder: Path) -> None:
    records = [plain(record) for record in dataset(folder).records("leaks")]
    repeats = [(*r.document, r.pmid, *r.other, r.other_pmid, *r[4:]) for r in read_repeats(folder)]
    assert [tuple(record.values()) for record in records] == repeats
    assert all(list(record) == LEAK_SCHEMA.names for record in records)


def test_the_splits_are_croissant_s(folder: Path, metadata: dict[str, Any]) -> None:
    (splits,) = (one for one in metadata["recordSet"] if one["@id"] == "splits")
    assert splits["dataType"] == "cr:Split"
    meant = {
        record["splits/name"]: record["splits/url"].partition(":")[2]
        for record in dataset(folder).records("splits")
    }
    assert meant == {"train": "TrainingSplit", "dev": "ValidationSplit", "test": "TestSplit"}


def test_every_file_is_there_with_its_size_and_hash(folder: Path, metadata: dict[str, Any]) -> None:
    objects = {one["contentUrl"]: one for one in metadata["distribution"] if one["@type"] == "cr:FileObject"}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(objects) == files - {"manifest.json", "README.md", "croissant.json"}
    for name, one in objects.items():
        content = (folder / name).read_bytes()
        assert one["contentSize"] == f"{len(content)} B"
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert ("application/vnd.apache.parquet" in one["encodingFormat"]) == name.endswith(".parquet")
        assert not name.startswith(("/", "http"))


def test_a_changed_file_is_noticed(sample_union: Path, tmp_path: Path) -> None:
    import mlcroissant

    folder = described(sample_union, tmp_path / "union")
    with (folder / "documents.parquet").open("ab") as file:
        file.write(b" ")
    with pytest.raises(mlcroissant.GenerationError, match=r"documents\.parquet") as caught:
        next(iter(dataset(folder).records("documents")))
    assert "not identical" in str(caught.value.__cause__)


def test_the_file_set_holds_the_data_files_and_no_others(folder: Path, metadata: dict[str, Any]) -> None:
    (rows,) = (one for one in metadata["distribution"] if one["@type"] == "cr:FileSet")
    assert set(folder.glob(rows["includes"])) == set((folder / "data").rglob("*.parquet"))


def test_every_column_is_a_field_with_type_and_meaning(metadata: dict[str, Any]) -> None:
    sets = {one["@id"]: {field["name"]: field for field in one["field"]} for one in metadata["recordSet"]}
    schemas = {"instances": SCHEMA, "documents": DOCUMENT_SCHEMA, "leaks": LEAK_SCHEMA}
    for name, schema in schemas.items():
        assert list(sets[name]) == schema.names
        assert all(field["description"] for field in sets[name].values())
    fields = sets["instances"]
    lists = {"head_spans", "tail_spans", "sentences", "relations", "source_relations", "rules", "leaks_into"}
    assert {name for name, field in fields.items() if field.get("repeated")} == lists
    assert [part["name"] for part in fields["head_spans"]["subField"]] == ["start", "end"]
    assert fields["context_start"]["dataType"] == "sc:Integer"
    assert fields["directed"]["dataType"] == "sc:Boolean"
    assert sets["leaks"]["similarity"]["dataType"] == "sc:Float"
    assert fields["relation"]["dataType"] == "sc:Text"


def test_what_it_says_of_the_whole(folder: Path, metadata: dict[str, Any]) -> None:
    assert metadata["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert metadata["name"] == "Biomedical relations of 9 corpora"
    assert metadata["version"] == harmonize.__version__
    assert "may not be redistributed" in metadata["description"]
    assert metadata["citeAs"].count("@") == 10
    assert "https://creativecommons.org/licenses/by-nc/4.0/" in metadata["license"]
    assert {"@type": "sc:CreativeWork", "name": "none stated"} in metadata["license"]
    assert [author["name"] for author in metadata["creator"]][:2] == [
        "The authors of BioRED",
        "The authors of AIMed",
    ]
    assert not {"url", "datePublished"} & set(metadata)
    assert str(folder.parent) not in json.dumps(metadata)
    shares = metadata["rai:dataBiases"][1]
    rows = harmonize.load_union(folder, columns=["corpus"])
    biored = harmonize.load_union(folder, columns=["corpus"], corpora=["biored"])
    assert f"BioRED {biored.num_rows / rows.num_rows:.1%}" in shares


def test_machines_are_named_only_where_they_annotated(sample_union: Path) -> None:
    manifest = read_manifest(sample_union)
    assert "EMU, PharmGKB and DisGeNET" in json.loads(croissant(manifest))["rai:dataAnnotationProtocol"][1]
    manifest["corpora"] = {"biored": manifest["corpora"]["biored"]}
    metadata = json.loads(croissant(manifest))
    assert "rai:machineAnnotationTools" not in metadata
    assert len(metadata["rai:dataAnnotationProtocol"]) == 1


def test_a_native_set_is_valid(tmp_path: Path) -> None:
    native = ["emu", "pharmgkb"]
    build(tmp_path / "union", sample_folder(), corpora=native, sources=dict.fromkeys(native, "native"))
    folder = described(tmp_path / "union", tmp_path / "described")
    assert issues(folder) == (set(), {MISSING_ON_PURPOSE})
    count = sum(1 for _ in dataset(folder).records("instances"))
    assert count == harmonize.load_union(folder).num_rows


@pytest.mark.parametrize(("corpora", "rows"), [(["extra", "empty"], 1), (["empty"], 0)])
def test_corpora_of_one_s_own_and_without_rows(tmp_path: Path, corpora: list[str], rows: int) -> None:
    folder = described(build_extension(tmp_path, corpora), tmp_path / "described")
    assert issues(folder) == (set(), {MISSING_ON_PURPOSE})
    metadata = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert metadata["license"] == [{"@type": "sc:CreativeWork", "name": "CC0"}]
    assert "url" not in metadata["creator"][0]
    assert len(list(dataset(folder).records("documents"))) == len(corpora)
    if rows:
        assert len(list(dataset(folder).records("instances"))) == rows


def test_it_is_the_same_for_the_same_set(sample_union: Path, tmp_path: Path) -> None:
    """Also when the card and the metadata themselves stand among the manifest's files."""
    folder = described(sample_union, tmp_path / "union")
    written = (folder / "croissant.json").read_text(encoding="utf-8")
    manifest = read_manifest(folder)
    before = copy.deepcopy(manifest)
    assert croissant(manifest) == written
    assert manifest == before
    for name in ("README.md", "croissant.json"):
        manifest["files"][name] = file_entry(folder / name)
    assert croissant(manifest) == written
    script = """
import pathlib
from harmonize.union.croissant import croissant
from harmonize.union.manifest import read_manifest
print(croissant(read_manifest(pathlib.Path())), end="")
"""
    assert run_python(script, folder, PYTHONHASHSEED="1") == written
