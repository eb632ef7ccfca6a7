"""Several inputs are one, as if a folder held them; a shell makes several of *."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from prediction_cases import Fake, article, run, written
from shard_cases import sharded

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.pipelines.predict import predict
from harmonize.pipelines.shard import shard
from harmonize.prediction.inputs import UNKNOWN_FORM, read_input
from harmonize.prediction.tally import Tally
from harmonize.sources.article_files import Several, input_files, one_input

NAMES = ("b.PubTator", "a.PubTator", "deep/c.PubTator")


def laid_down(folder: Path) -> list[Path]:
    (folder / "deep").mkdir(parents=True)
    return [written(folder, article(number), name) for number, name in enumerate(NAMES)]


def ids(source: Path | Several) -> list[str]:
    return [document.id for document in read_input(source)]


def test_they_are_read_in_their_order_and_each_once(tmp_path: Path) -> None:
    one, other, _ = laid_down(tmp_path)
    every = ids(Several((one, other, tmp_path / "deep")))
    assert len(set(every)) == 3
    assert every == [*ids(one), *ids(other), *ids(tmp_path / "deep")]
    assert ids(Several((one, tmp_path, one))) == [every[0], every[1], every[2]]
    assert one_input([one]) == one


def test_they_are_predicted_as_the_folder_is(tmp_path: Path) -> None:
    laid_down(tmp_path / "in")
    predict(Fake(), tmp_path / "in", tmp_path / "folder.parquet")
    parts = Several((tmp_path / "in/a.PubTator", tmp_path / "in/b.PubTator", tmp_path / "in/deep"))
    found = predict(Fake(), parts, tmp_path / "parts.parquet", report=tmp_path / "report.json")
    assert found.documents_out == 3
    assert pq.read_table(tmp_path / "parts.parquet").equals(pq.read_table(tmp_path / "folder.parquet"))
    assert json.loads((tmp_path / "report.json").read_text())["input"] == list(map(str, parts.paths))


def test_they_are_sharded_as_the_folder_is(tmp_path: Path) -> None:
    laid_down(tmp_path / "in")
    done = run("shard", "in/b.PubTator", "in/a.PubTator", "in/deep", "--out", "shards", cwd=tmp_path)
    assert done.stdout == "3 documents in 1 shard: shards\n"
    shard(tmp_path / "in", tmp_path / "folder")
    one, other = (
        json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("shards", "folder")
    )
    assert one["documents"] == other["documents"]


def test_a_text_beside_its_annotations_is_one_document(tmp_path: Path) -> None:
    """As `predict folder/*` has it of brat's standoff."""
    files = [written(tmp_path, "Ombrel soothes colic\n", "1.txt"), written(tmp_path, "", "1.ann")]
    assert input_files(Several(tuple(files))) == [files[1]]
    assert input_files(Several(tuple(files[:1]))) == files[:1]


def test_one_in_no_known_form_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    files = [*laid_down(tmp_path), written(tmp_path, "Read me.\n", "README")]
    tally, told = Tally(), list[str]()
    found = list(read_input(Several(tuple(files)), tally=tally, skip=lambda fault: told.append(str(fault))))
    assert (len(found), dict(tally.skipped)) == (3, {UNKNOWN_FORM: 1})
    assert [line.partition(":")[0] for line in told] == [str(files[3])]


def test_one_that_is_missing_is_told_and_nothing_written(tmp_path: Path) -> None:
    files = [*laid_down(tmp_path), tmp_path / "d.PubTator"]
    with pytest.raises(MissingInput, match=r"d\.PubTator: expected a file or a folder"):
        predict(Fake(), Several(tuple(files)), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("out", ["in/a.PubTator", "in/deep/out.PubTator"])
def test_none_of_them_is_written_over_or_into(tmp_path: Path, out: str) -> None:
    one, other, _ = laid_down(tmp_path / "in")
    before = other.read_bytes()
    for written_to in ({"out": tmp_path / out}, {"out": tmp_path / "o.json", "report": tmp_path / out}):
        with pytest.raises(HarmonizeError, match=r"expected (another file than|a file outside) the input"):
            predict(Fake(), Several((one, other, tmp_path / "in/deep")), **written_to)
    assert other.read_bytes() == before
    with pytest.raises(HarmonizeError, match="expected a folder apart from the input"):
        shard(Several((one, tmp_path / "in/deep")), tmp_path / "in/deep/shards")


def test_shards_and_a_union_set_stand_alone(tmp_path: Path, sample_union: Path) -> None:
    (one, *_), shards = laid_down(tmp_path / "in"), sharded(tmp_path, article(1))
    for folder in (shards, sample_union):
        with pytest.raises(HarmonizeError, match=r"expected shards or a union set alone, got .* and 1 more"):
            predict(Fake(), Several((one, folder)), tmp_path / "out.parquet")
    with pytest.raises(HarmonizeError, match="expected shards or a union set alone"):
        predict(Fake(), Several((one, one)), tmp_path / "out.parquet", form="shards")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("command", ["predict", "shard", "pseudo-label"])
def test_the_commands_take_several(tmp_path: Path, command: str) -> None:
    written(tmp_path, article(1), "a.PubTator")
    options = () if command == "shard" else ("--model", "m")
    done = run(command, "a.PubTator", "b", *options, "--out", "o.parquet", cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: b: expected a file or a folder with files, found none")


def test_files_and_pmids_are_one_too_many(tmp_path: Path) -> None:
    done = run("predict", "a", "b", "--pmids", "1", "--model", "m", "--out", "o", cwd=tmp_path, code=2)
    assert done.stderr == "error: expected INPUT or --pmids, got both\n"


@pytest.mark.parametrize("text", ["A text.\n", "pmid,title\n1,Aspirin\n", "<html></html>"])
def test_a_file_of_another_kind_is_told_before_the_model_is_loaded(tmp_path: Path, text: str) -> None:
    source = written(tmp_path, text, "a.txt")
    with pytest.raises(MalformedInput, match="expected annotated documents"):
        predict(tmp_path / "no model", source, tmp_path / "out.json")
