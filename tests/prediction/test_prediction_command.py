"""From a file, or a union set, to a file: counts, faults, and nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from prediction_cases import LABELS, PUBTATOR, SAMPLES, Fake, article, written

from harmonize.errors import (
    AccountingError,
    HarmonizeError,
    MalformedInput,
    MissingInput,
    UnionError,
    UnknownName,
)
from harmonize.formats.pubtator_forgiving import NO_MENTION
from harmonize.pipelines import predict as predict_
from harmonize.pipelines.predict import predict
from harmonize.prediction.inputs import MALFORMED, read_input
from harmonize.prediction.outputs import OUTPUT_FORMS
from harmonize.prediction.tally import Tally
from harmonize.prediction.union_input import NO_PAIR, read_union
from harmonize.registry import sample_folder
from harmonize.union.reader import load_union

SUFFIXES = {"pubtator": ".PubTator", "bioc-json": ".json", "parquet": ".parquet"}
DAMAGED = article(1) + "2|t|Aspirin\n2\t0\n\n" + article(3)


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("out_format", OUTPUT_FORMS)
def test_every_format_becomes_every_format(tmp_path: Path, form: str, out_format: str) -> None:
    out = tmp_path / f"new/out{SUFFIXES[out_format]}"
    summary = predict(Fake(), SAMPLES[form], out)
    documents = list(read_input(SAMPLES[form]))
    assert (summary.out, summary.documents_in, summary.documents_out) == (out, len(documents), len(documents))
    assert (summary.skipped, summary.pairs > summary.relations.total() > 0) == ({}, True)
    assert set(summary.relations) <= set(LABELS[:3])
    assert {reason for reason, _ in summary.left_out} == {
        "mention of a type that is in no pair",
        "mention without a known concept id",
    }
    if out_format == "parquet":
        assert pq.read_table(out).num_rows == summary.pairs
    else:
        assert [d.text for d in read_input(out)] == [d.text for d in documents]


def test_a_malformed_article_stops_strict_reading_and_nothing_is_written(tmp_path: Path) -> None:
    path, out = written(tmp_path, DAMAGED), tmp_path / "out.PubTator"
    with pytest.raises(MalformedInput, match=r"articles\.PubTator:8: expected 5 or 6 or 7 columns") as error:
        predict(Fake(), path, out, strict=True)
    assert error.value.exit_code == 2
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    out.write_text("1|t|older\n")
    with pytest.raises(MalformedInput):
        predict(Fake(), path, out, strict=True)
    assert out.read_text() == "1|t|older\n"


def test_what_cannot_be_read_is_passed_over_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, done = tmp_path / "out.PubTator", []
    text = DAMAGED + "4|a|no title\n\n"
    summary = predict(Fake(), written(tmp_path, text), out, progress=done.append)
    assert (summary.documents_in, summary.documents_out, summary.skipped) == (4, 3, {MALFORMED: 1})
    assert [document.id for document in read_input(out)] == ["1", "2", "3"]
    assert done == [1, 2, 3]
    assert summary.left_out == {(NO_MENTION, ""): 1}
    assert summary.mentions_in == summary.mentions_out + 1 == 7
    error = capsys.readouterr().err
    assert error.startswith("skipped: ")
    assert "articles.PubTator:16: expected a title line" in error
    assert error.count("\n") == 1


def test_an_unbalanced_account_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(Tally):
        def __init__(self) -> None:
            super().__init__(documents=5)

    monkeypatch.setattr(predict_, "Tally", Forgetful)
    with pytest.raises(AccountingError, match=r"7 documents in, 2 out, 0 left out"):
        predict(Fake(), written(tmp_path, PUBTATOR), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_a_classifier_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Failing(Fake):
        def probabilities(self, pairs: object) -> object:  # type: ignore[override]
            raise HarmonizeError("no memory left")

    with pytest.raises(HarmonizeError, match="no memory left"):
        predict(Failing(), SAMPLES["pubtator"], tmp_path / "out.json")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"form": "pdf"}, UnknownName, "unknown input format 'pdf'"),
        ({"out_format": "pdf"}, UnknownName, "unknown output format 'pdf'"),
        (
            {"out_format": "parquet"},
            HarmonizeError,
            "out.json: expected a name for --out-format parquet, got ",
        ),
        ({"as_corpus": "medline"}, UnknownName, "unknown corpus 'medline'"),
        ({"corpora": ["biored"]}, HarmonizeError, "expected a union set"),
        ({"splits": ["test"]}, HarmonizeError, "expected a union set"),
        ({"form": "union"}, UnionError, "expected the folder of a union set"),
    ],
)
def test_wishes_that_cannot_be_met_are_one_line(
    tmp_path: Path, arguments: dict[str, object], kind: type[HarmonizeError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        predict(Fake(), SAMPLES["pubtator"], tmp_path / "out.json", **arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_to_are_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, PUBTATOR)
    with pytest.raises(HarmonizeError, match="expected another file than the input"):
        predict(Fake(), path, path)
    with pytest.raises(HarmonizeError, match="expected a file outside the input"):
        predict(Fake(), tmp_path, tmp_path / "out.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(HarmonizeError, match="expected a file, got a folder"):
        predict(Fake(), path, tmp_path / "folder.json")
    with pytest.raises(HarmonizeError, match="expected a name in"):
        predict(Fake(), path, tmp_path / "out")
    with pytest.raises(MissingInput, match="expected a file or a folder"):
        predict(Fake(), tmp_path / "none", tmp_path / "out.json")


# A union set's rows are the pairs


def test_a_sets_rows_get_the_answers_that_the_files_pairs_get(sample_union: Path, tmp_path: Path) -> None:
    files = predict(Fake(), sample_folder() / "biored" / "Test.PubTator", tmp_path / "files.parquet")
    rows = predict(Fake(), sample_union, tmp_path / "rows.parquet", corpora=["biored"], splits=iter(["test"]))
    assert (files.pairs, files.relations) == (rows.pairs, rows.relations)
    one, other = (pq.read_table(tmp_path / f"{name}.parquet").to_pylist() for name in ("files", "rows"))
    assert sorted(one, key=str) == sorted(other, key=str)


def test_options_that_make_pairs_are_refused_for_a_set_which_has_its_own(
    sample_union: Path, tmp_path: Path
) -> None:
    types = written(tmp_path, "Remedy: Chemical\n", "types.yaml")
    options: list[dict[str, Any]] = [
        {"as_corpus": "biored"},
        {"types": types},
        {"strict": True},
        {"extensions": [tmp_path]},
        {"as_corpus": "ddi", "types": types, "strict": True, "extensions": [tmp_path]},
    ]
    told = ["--as-corpus", "--types", "--strict", "--extend", "--as-corpus, --types, --strict, --extend"]
    for given, names in zip(options, told, strict=True):
        with pytest.raises(HarmonizeError, match=f"whose rows are the pairs; leave out {names}$"):
            predict(Fake(), sample_union, tmp_path / "out.parquet", **given)
    assert not (tmp_path / "out.parquet").exists()


def test_all_of_a_set_in_parquet(sample_union: Path, tmp_path: Path) -> None:
    summary = predict(Fake(), sample_union, tmp_path / "out.parquet")
    table, union = pq.read_table(tmp_path / "out.parquet"), load_union(sample_union)
    assert summary.pairs == table.num_rows == union.num_rows
    assert table["instance_id"].to_pylist() == union["instance_id"].to_pylist()
    documents = pq.read_table(sample_union / "documents.parquet").num_rows
    assert summary.documents_in == documents == summary.documents_out + summary.skipped[NO_PAIR]


def test_gold_labels_of_a_set_are_not_read(sample_union: Path) -> None:
    for one in read_union(sample_union):
        assert one.document.relations == ()
        assert not any(instance.labels or instance.source_relations for instance in one.instances)


@pytest.mark.parametrize("corpus", ["biored", "bc5cdr"])
@pytest.mark.parametrize("out_format", ["pubtator", "bioc-json"])
def test_a_corpus_of_a_set_as_documents(
    sample_union: Path, tmp_path: Path, corpus: str, out_format: str
) -> None:
    out = tmp_path / f"out{SUFFIXES[out_format]}"
    summary = predict(Fake(), sample_union, out, corpora=[corpus])
    assert [d.id for d in read_input(out)] == [
        one.document.id for one in read_union(sample_union, corpora=[corpus])
    ]
    assert summary.documents_out == summary.documents_in - summary.skipped.total()


@pytest.mark.parametrize("out_format", ["pubtator", "bioc-json"])
def test_a_corpus_of_sentences_as_documents(sample_union: Path, tmp_path: Path, out_format: str) -> None:
    summary = predict(Fake(), sample_union, tmp_path / f"out{SUFFIXES[out_format]}", corpora=["ddi"])
    assert summary.relations.total() > 0


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"out_format": "pubtator"}, HarmonizeError, "expected one corpus for pubtator"),
        ({"corpora": ["none"]}, UnknownName, "unknown corpus of the set 'none'"),
        ({"splits": ["none"]}, UnknownName, "unknown split 'none'"),
        ({"corpora": ["hprd50"], "splits": ["dev"]}, HarmonizeError, "expected rows of the wanted corpora"),
    ],
)
def test_parts_that_a_set_does_not_have_are_one_line(
    sample_union: Path, tmp_path: Path, arguments: dict[str, object], kind: type[HarmonizeError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        predict(Fake(), sample_union, tmp_path / "out", **{"out_format": "parquet"} | arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_missing_input_is_told_before_the_classifier_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="expected a file or a folder"):
        predict(tmp_path / "no model", tmp_path / "none.txt", tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []
