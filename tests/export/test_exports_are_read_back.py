"""An export is what the package itself reads again: the same documents, pairs and relations."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import harmonize
from harmonize.drafting.draft import new_corpus
from harmonize.export.export import export
from harmonize.gold.score import PAIR
from harmonize.pipelines.score import score_file
from harmonize.prediction.inputs import read_input
from harmonize.registry import sample_folder

FORMS = ("pubtator", "bioc-json")
SOURCES = {"biored": "biored/Test.PubTator", "bc5cdr": "bc5cdr/CDR_TestSet.PubTator.txt"}


class Exported:
    """BioRED and BC5CDR of a set, and what they are exported from: of the real set the test part."""

    def __init__(self, union: Path, source: Path, form: str, out: Path) -> None:
        self.source, self.form, self.folder = source, form, out
        splits = ["test"] if source != sample_folder() else None
        export(union, out, form, corpora=SOURCES, splits=splits)
        self.rows = harmonize.load_union(union, corpora=list(SOURCES), splits=splits).to_pandas()

    def files(self, corpus: str, split: str = "*") -> list[Path]:
        return sorted(self.folder.glob(f"{corpus}.{split}.*"))


@pytest.fixture(scope="module", params=["sample", pytest.param("real", marks=pytest.mark.mirror)])
def from_union(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    source = sample_folder() if request.param == "sample" else request.getfixturevalue("mirror")
    return request.getfixturevalue(f"{request.param}_union"), source


@pytest.fixture(scope="module", params=FORMS)
def exported(
    request: pytest.FixtureRequest, from_union: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    return Exported(*from_union, request.param, tmp_path_factory.mktemp("read-back") / "out")


@pytest.mark.parametrize("corpus", SOURCES)
def test_it_scores_as_what_it_was_made_of(exported: Exported, corpus: str) -> None:
    (file,), source = exported.files(corpus, "test"), exported.source / SOURCES[corpus]
    for said, gold in ((file, source), (source, file)):
        found = score_file(said, gold, as_corpus=corpus, bootstrap=0).score.all
        assert found.gold == found.said == found.measures[PAIR].tp > 0


def test_its_folder_is_read_whole(exported: Exported) -> None:
    """Without what the export says of its files, which holds no document."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        documents = [document.id for document in read_input(exported.folder)]
    assert set(documents) == set(exported.rows["document_id"])


def test_a_corpus_drafted_of_it_has_the_same_rows(exported: Exported, tmp_path: Path) -> None:
    """A variant's id ("c|SUB|G|2633+1|C") is not taken for several, though its type is a gene's."""
    files = [str(file) for file in exported.files("biored")]
    draft = new_corpus("mine", exported.form, files, tmp_path / "mine")
    assert draft.rows == (exported.rows["corpus"] == "biored").sum()
    whole = new_corpus("whole", exported.form, [str(exported.folder)], tmp_path / "whole")
    assert whole.passed_over == []
