"""Lengths in words and in tokens of a vocabulary, and what is said where none can be had."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from report_sets import row, tiny_tokenizer, tokenizer_folder, write_set

from harmonize.errors import HarmonizeError
from harmonize.report.lengths import LIMIT, Bin, edges, lengths, ruler


def with_texts(folder: Path, *texts: str) -> Path:
    spans = [{"start": 0, "end": 1}], [{"start": 1, "end": 2}]
    return write_set(folder, [row(text, *spans) for text in texts])


def test_words_are_counted_once_a_distinct_context(tmp_path: Path) -> None:
    texts = ["ab " * number for number in range(1, 21)]
    (found,) = lengths(with_texts(tmp_path / "set", *texts, texts[3], texts[3]), ["made"], ruler(None))
    assert found[:-1] == ("made", 20, 10, 19, 20, 0)
    assert found.bins[:9] == (
        Bin(0, 4, 3),
        Bin(4, 5, 1),
        Bin(5, 6, 1),
        Bin(6, 8, 2),
        Bin(8, 10, 2),
        Bin(10, 13, 3),
        Bin(13, 16, 3),
        Bin(16, 20, 4),
        Bin(20, 25, 1),
    )
    assert sum(bin_.contexts for bin_ in found.bins) == found.contexts


def test_only_what_is_longer_than_the_limit_is_above_it(tmp_path: Path) -> None:
    texts = ["ab " * number for number in (LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 2)]
    (found,) = lengths(with_texts(tmp_path / "set", *texts), ["made"], ruler(None))
    assert (found.above, found.longest) == (2, LIMIT + 2)


def test_a_corpus_without_rows_has_no_lengths(tmp_path: Path) -> None:
    write_set(tmp_path / "set", [], empty=[("made", "train")])
    (found,) = lengths(tmp_path / "set", ["made"], ruler(None))
    assert found[:-1] == ("made", 0, 0, 0, 0, 0)


@pytest.mark.parametrize("longest", [0, 3, 4, 511, 512, 1023, 1024, 1025, 10**6])
def test_bins_are_whole_rise_and_hold_every_length(longest: int) -> None:
    bounds = edges(longest)
    assert bounds[0] == 0
    assert LIMIT in bounds
    assert bounds[-1] > max(longest, 1023)
    assert all(low < high for low, high in pairwise(bounds))


def test_tokens_are_those_of_the_vocabulary_without_special_ones(tmp_path: Path) -> None:
    by = ruler(str(tiny_tokenizer(tmp_path / "tiny")))
    assert (by.unit, by.name, by.vocabulary) == ("tokens", "tiny", 60)
    # "the", "interleukin", "ab" as a, ##b; an unknown sign is one token.
    assert by.measure(["the interleukin", "The ab", "%", ""]) == [2, 3, 1, 0]


def test_a_folder_is_named_by_its_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_tokenizer(tmp_path / "tiny"))
    assert ruler(".").name == "tiny"


def test_the_vocabulary_at_hand_knows_whole_words(tmp_path: Path) -> None:
    by = ruler(str(tokenizer_folder(tmp_path / "tiny")))
    assert by.measure(["the interleukin receptor"]) == [3]


def test_tokenizing_says_nothing(tmp_path: Path) -> None:
    lines = ("import sys", "from harmonize.report.lengths import ruler", "by = ruler(sys.argv[1])")
    code = "; ".join((*lines, "print(by.measure(['the ' * 2_000]))"))
    command = [sys.executable, "-c", code, tiny_tokenizer(tmp_path / "tiny")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[2000]\n", "")


def test_a_folder_without_vocabulary_is_refused(tmp_path: Path) -> None:
    folder = tiny_tokenizer(tmp_path / "tiny")
    (folder / "vocab.txt").unlink()
    with pytest.raises(
        HarmonizeError, match=r"tiny: expected a vocabulary, found none; give a folder with --tok"
    ):
        ruler(str(folder))


@pytest.mark.parametrize("broken", ["missing", "empty", "tokenizer.json", "config.json", "not a name"])
def test_a_tokenizer_that_cannot_be_had_says_what_to_do(tmp_path: Path, broken: str) -> None:
    folder = tiny_tokenizer(tmp_path / "tiny")
    name = str(folder)
    if broken == "missing":
        shutil.rmtree(folder)
    elif broken == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif broken == "not a name":
        name = broken
    else:
        (folder / broken).write_text(json.dumps("no tokenizer"), encoding="utf-8")
    with pytest.raises(HarmonizeError) as caught:
        ruler(name)
    message = str(caught.value)
    assert message.startswith(
        f"tokenizer {name}: expected a folder with a tokenizer or a name on the Hugging Face"
    )
    assert message.endswith("give a folder with --tokenizer, or --tokenizer none for words")
    assert "\n" not in message
