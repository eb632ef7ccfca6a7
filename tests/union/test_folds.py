from __future__ import annotations

import io
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_manifest import made_manifest

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput, UnknownName
from harmonize.model import Document, Passage, Span
from harmonize.spec import load_catalogue, load_leak_settings
from harmonize.union.documents import DocumentsWriter
from harmonize.union.folds import folds, read_folds, write_folds
from harmonize.union.leaks import find_repeats, write_repeats
from harmonize.union.manifest import write_manifest


def union_of(folder: Path, texts: dict[str, str]) -> Path:
    """As much of a set as folds need: its documents and their repeats."""
    writer = DocumentsWriter(folder)
    for identifier, text in texts.items():
        writer.add("a", Document(identifier, "train", text, (Passage("text", Span(0, len(text))),)))
    writer.close()
    write_repeats(folder, find_repeats(folder, load_leak_settings()))
    write_manifest(folder, made_manifest({"a": {}}))
    return folder


@settings(max_examples=30)
@given(
    st.dictionaries(st.text("abc123.-", min_size=1), st.sampled_from(["x y", "X, y!", "z", "w"]) | st.none()),
    st.integers(2, 12),
    st.integers(0, 3),
)
def test_every_document_is_in_one_fold_and_repeats_in_the_same(
    tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, str | None], count: int, seed: int
) -> None:
    texts = {each: text or f"only {number}" for number, (each, text) in enumerate(drawn.items())}
    letters = {each: "".join(c for c in text.casefold() if c.isalnum()) for each, text in texts.items()}
    union = union_of(tmp_path_factory.mktemp("union"), texts)
    groups = Counter(letters.values())
    if count > len(groups):
        with pytest.raises(HarmonizeError, match=rf"expected 2 to {len(groups)} folds, got {count}"):
            folds(union, "a", count, seed)
        return
    found = folds(union, "a", count, seed)
    assert list(found) == sorted(texts)
    assert set(found.values()) == set(range(count))
    assert len({(letters[each], fold) for each, fold in found.items()}) == len(groups)
    assert found == folds(union, "a", count, seed)
    # A group is never divided, so a fold is at most one group away from an equal share.
    assert max(Counter(found.values()).values()) <= math.ceil(len(texts) / count) + max(groups.values())


@pytest.mark.parametrize("seed", range(4))
def test_many_repeats_leave_no_fold_empty(tmp_path: Path, seed: int) -> None:
    texts = {f"d{number}": "the same" if number < 8 else f"only {number}" for number in range(10)}
    found = folds(union_of(tmp_path, texts), "a", 3, seed)
    assert sorted(Counter(found.values()).values()) == [1, 1, 8]


def test_another_seed_gives_other_folds(sample_union: Path) -> None:
    made = [tuple(folds(sample_union, "biored", 3, seed).values()) for seed in range(20)]
    assert len(set(made)) > 5


def test_folds_are_read_as_written(tmp_path: Path, sample_union: Path) -> None:
    found: dict[str, int | None] = {**folds(sample_union, "aimed", 2)}
    some = dict.fromkeys(list(found)[:1])
    written = io.StringIO()
    write_folds(found | some, written)
    path = tmp_path / "folds.tsv"
    path.write_text(written.getvalue())
    assert read_folds(path, sample_union, "aimed") == found | some


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("document_id\tfold\n", r"expected every document of aimed, found no "),
        ("document_id\tfold\na\tx\n", r"folds\.tsv:2: expected a fold's number or 'none', got 'x'"),
        ("document_id\tfold\na\t-1\n", r"folds\.tsv:2: expected a fold's number"),
        ("document_id\tfold\na\t1\na\t2\n", r"folds\.tsv:3: expected a document once, got a again"),
        ("document_id\tpart\na\t1\n", r"folds\.tsv:1: "),
    ],
)
def test_a_wrong_table_is_one_line(tmp_path: Path, sample_union: Path, text: str, message: str) -> None:
    path = tmp_path / "folds.tsv"
    path.write_text(text)
    with pytest.raises(MalformedInput, match=message):
        read_folds(path, sample_union, "aimed")


def test_unknown_names_and_missing_files_are_told(tmp_path: Path, sample_union: Path) -> None:
    with pytest.raises(UnknownName, match="unknown corpus of the set 'nine'"):
        folds(sample_union, "nine", 2)
    with pytest.raises(MissingInput, match=r"nowhere\.tsv"):
        read_folds(tmp_path / "nowhere.tsv", sample_union, "aimed")
    with pytest.raises(HarmonizeError, match="aimed: expected 2 to"):
        folds(sample_union, "aimed", 1)


def test_folds_of_the_real_aimed_and_hprd50_are_nearly_equal(real_union: Path) -> None:
    for corpus, documents in (("aimed", 224), ("hprd50", 43)):
        sizes = Counter(folds(real_union, corpus, 10).values())
        assert sum(sizes.values()) == documents
        assert max(sizes.values()) - min(sizes.values()) <= 1


def test_aimed_s_published_folds(real_union: Path, mirror: Path) -> None:
    columns = load_catalogue()["aimed"].spec.folds
    assert columns is not None
    found = read_folds(mirror / "aimed" / columns.file, real_union, "aimed", columns)
    assert len(found) == 224  # the table's 225th, d78, is the repeated abstract
    assert Counter(found.values()) == {
        None: 5, 0: 22, 1: 22, 2: 22, 3: 21, 4: 22, 5: 22, 6: 22, 7: 22, 8: 22, 9: 22,
    }  # fmt: skip
