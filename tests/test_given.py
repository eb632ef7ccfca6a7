"""What a caller in Python gives is checked where it comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import harmonize
from harmonize.errors import HarmonizeError, InvalidDocument, UnionError, UnknownName
from harmonize.given import given_path
from harmonize.model import Document, Mention, Passage, Span
from harmonize.pipelines.build import build
from harmonize.pipelines.predict import predict
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.registry import sample_folder
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import load_recipe
from harmonize.relation.train.training import train

FILE = sample_folder() / "biored" / "Test.PubTator"
FRAME = pd.DataFrame({"corpus": ["biored"]})
ANYTHING: Any = None


class Fake:
    """A classifier that relates nothing."""

    labels = ("None", "Association")

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        return np.tile([1.0, 0.0], (len(pairs), 1))


def read(source: Any, **options: Any) -> list[Any]:
    return list(read_input(source, **options))


def predicted(source: Any, out: Any, **options: Any) -> None:
    predict(ANYTHING, source, out, **options)


@pytest.mark.parametrize("given", [None, 3, b"union", ["union"], FRAME], ids=type)
@pytest.mark.parametrize(
    "call",
    [
        harmonize.load_union,
        harmonize.load_nary,
        RelationExtractor.from_pretrained,
        read,
        lambda given: predicted(given, "out.json"),
        lambda given: predicted(FILE, given),
        lambda given: build(given, sample_folder()),
        lambda given: build("out", given),
        lambda given: train(given, ANYTHING, "out"),
        lambda given: train("union", ANYTHING, given),
    ],
)
def test_what_is_no_path_is_refused(call: Callable[[Any], Any], given: Any) -> None:
    name = "None" if given is None else type(given).__name__
    with pytest.raises(TypeError, match=rf"^\w+: expected a path, as text or as a Path, got {name}$"):
        call(given)


@pytest.mark.parametrize("call", [harmonize.load_union, RelationExtractor.from_pretrained, read])
def test_an_empty_text_is_not_the_folder_one_is_in(
    call: Callable[[Any], Any], sample_union: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample_union)
    with pytest.raises(HarmonizeError, match="expected a path, got an empty text"):
        call("")


def test_a_path_is_text_or_a_path() -> None:
    assert given_path("a/b", "path") == given_path(Path("a/b"), "path") == Path("a/b")


def test_a_tilde_is_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell has it, which does not see what is given in Python."""
    monkeypatch.setenv("HOME", "/home/one")
    assert given_path("~/union", "path") == given_path(Path("~/union"), "path") == Path("/home/one/union")
    assert given_path("~nobody-of-this-name/a~", "path") == Path("~nobody-of-this-name/a~")


def test_the_folder_of_a_set_holds_no_files_of_documents(sample_union: Path) -> None:
    with pytest.raises(HarmonizeError, match="expected annotated documents, got a union set's folder; "):
        read(sample_union)


def test_files_of_a_told_form_are_read_whatever_lies_beside_them(tmp_path: Path) -> None:
    """A folder of others may have a manifest, too."""
    (tmp_path / "a.pubtator").write_bytes(FILE.read_bytes())
    (tmp_path / "manifest.json").write_text("{}\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"manifest\.json:1: expected a title line"):
        assert read(tmp_path, form="pubtator") == read(FILE)


def test_a_name_that_the_system_cannot_have_is_no_set() -> None:
    with pytest.raises(UnionError, match="expected a union set, got: "):
        harmonize.load_union("x" * 5_000)


@pytest.mark.parametrize("name", [None, 3, b"biored", ["biored"]])
def test_names_of_another_type_are_unknown(sample_union: Path, name: Any) -> None:
    for option in ("corpora", "splits", "columns"):
        with pytest.raises(UnknownName, match=r"expected one of "):
            harmonize.load_union(sample_union, **{option: [name]})
    with pytest.raises(UnknownName, match=r"unknown corpus .*expected one of biored"):
        pair_rules(name)


@pytest.mark.parametrize("option", ["corpora", "splits", "columns"])
def test_what_is_no_list_of_names_is_refused(sample_union: Path, option: str) -> None:
    with pytest.raises(HarmonizeError, match=rf"^{option}: expected a list of names, got 3$"):
        harmonize.load_union(sample_union, **{option: 3})  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[1], "epochs=2", 3])
def test_values_of_a_recipe_have_names(values: Any) -> None:
    with pytest.raises(TypeError, match=r"^values: expected names and values, got (list|str|int)$"):
        load_recipe("original", values)


@pytest.mark.parametrize("classifier", ["run", None, 3])
def test_an_extractor_needs_a_classifier(classifier: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a classifier, got .*from_pretrained"):
        RelationExtractor(classifier)


@pytest.mark.parametrize("size", [0, -1, 2.5, "8", None])
def test_an_extractor_needs_a_batch_size(size: Any) -> None:
    with pytest.raises(ValueError, match="expected a batch size of at least 1, got "):
        RelationExtractor(Fake(), batch_size=size)


def test_rules_and_readings_are_made_by_their_makers() -> None:
    rules: Any = "biored"
    for call in (lambda: RelationExtractor(Fake(), rules=rules), lambda: read(FILE, rules=rules)):
        with pytest.raises(TypeError, match=r"rules: expected PairRules, which .*pair_rules makes, got str"):
            call()
    for call in (lambda: read(FILE, how="all"), lambda: predicted(FILE, "out.json", how="all")):
        with pytest.raises(TypeError, match=r"how: expected Reading, which .*Reading\.named makes, got str"):
            call()
    with pytest.raises(TypeError, match=r"recipe: expected Recipe, which .*load_recipe makes, got str"):
        train("union", "quick", "out")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="types: expected names of types and what they stand for, got str"):
        pair_rules(types="types.yaml")  # type: ignore[arg-type]
    with pytest.raises(HarmonizeError, match="extensions: expected a list of names, got the text 'mine'"):
        pair_rules(extensions="mine")  # type: ignore[arg-type]


def test_an_extractor_takes_several_documents() -> None:
    extractor = RelationExtractor(Fake())
    (document,) = read(FILE)
    for given in (None, 3, FILE, str(FILE), FRAME, document, [None], ["text"], [[document]]):
        with pytest.raises(TypeError, match="expected Documents, which "):
            list(extractor(given))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got Document; put it in a list"):
        extractor(document)  # type: ignore[arg-type]
    assert list(extractor([])) == []


def test_a_build_takes_paths_as_text(tmp_path: Path) -> None:
    out = str(tmp_path / "union")
    assert list(build(out, str(sample_folder()), corpora=["hprd50"], sample=True)["corpora"]) == ["hprd50"]
    assert harmonize.load_union(out).num_rows


def test_a_prediction_takes_paths_as_text(tmp_path: Path) -> None:
    out, report = str(tmp_path / "out.json"), str(tmp_path / "report.json")
    found = predict(Fake(), str(FILE), out, report=report)
    assert found.documents_out == 1
    assert {path.name for path in tmp_path.iterdir()} == {"out.json", "report.json"}
    with pytest.raises(HarmonizeError, match="corpora: expected a list of names, got the text 'biored'"):
        predict(Fake(), str(FILE), out, corpora="biored")


TEXT = "Aspirin causes asthma."
MENTION = Mention("T1", "ChemicalEntity", "Aspirin", (Span(0, 7),), ("D1",))
DOCUMENT = Document("1", "test", TEXT, (Passage("title", Span(0, len(TEXT))),), (MENTION,))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"split": "training"}, "split: expected one of train, dev, test, got 'training'"),
        ({"split": None}, "split: expected one of train, dev, test, got None"),
        ({"pmid": 19394258}, "pmid: expected text, got 19394258"),
        (
            {"passages": (Passage("title", (0, 5)),)},
            "title: expected a Span of two whole numbers, got (0, 5)",
        ),  # type: ignore[arg-type]
        (
            {"passages": (Passage("title", ANYTHING),)},
            "title: expected a Span of two whole numbers, got None",
        ),
        (
            {"mentions": (replace(MENTION, spans=(Span(0.0, 7.0),)),)},  # type: ignore[arg-type]
            "mention T1: expected a Span of two whole numbers, got Span(start=0.0, end=7.0)",
        ),
        (
            {"mentions": (replace(MENTION, spans=(Span("0", "7"),)),)},  # type: ignore[arg-type]
            "mention T1: expected a Span of two whole numbers, got Span(start='0', end='7')",
        ),
        (
            {"passages": (Passage("title", Span(0, 9)), Passage("abstract", Span(8, 12)))},
            "abstract: expected start >= 9, got 8",
        ),
        (
            {"passages": (Passage("abstract", Span(8, 12)), Passage("title", Span(0, 7)))},
            "title: expected start >= 12, got 0",
        ),
    ],
)
def test_a_document_made_by_hand_is_checked(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        replace(DOCUMENT, **changed)
    assert str(caught.value) == f"document 1: {message}"


def test_numbers_of_numpy_are_whole_numbers() -> None:
    spans = (Span(np.int64(0), np.int64(7)),)  # type: ignore[arg-type]
    assert replace(DOCUMENT, mentions=(replace(MENTION, spans=spans),)).mentions[0].extent == Span(0, 7)
