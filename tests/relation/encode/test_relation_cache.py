"""Encoded rows are kept beside the set, and are what encoding gives."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from relation_cases import TAGS, pair, words_tokenizer
from relation_runs import record
from stopped_trainings import weights

from harmonize.relation.encode import cache as module
from harmonize.relation.encode.cache import Cache, cache_folder
from harmonize.relation.encode.encoding import Encoded, PairEncoder, add_tokens
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
PAIRS = [pair(f"Aspirin {'not ' * more}for asthma", ["Aspirin"], ["asthma"]) for more in range(30)]
NAMES = [f"instance {place}" for place in range(30)]


@pytest.fixture(autouse=True)
def few_rows_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_KEEPING", 2)
    monkeypatch.setattr(module, "_ROWS", 7)


def encoder(longest: int = 90, *, kind: str = "prompt") -> PairEncoder:
    tokenizer = words_tokenizer(longest=longest)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    return PairEncoder(tokenizer, TAGS, longest, kind)


def never() -> Iterator[Encoded]:
    raise AssertionError("expected the kept rows, and no encoding")
    yield


def plain(encoded: Any) -> list[tuple[list[int], list[int], int, bool, int]]:
    return [
        (list(one.input_ids), list(one.token_type_ids), one.windows, one.cut, one.lost) for one in encoded
    ]


def test_what_is_kept_is_what_was_encoded(tmp_path: Path) -> None:
    own, cache = encoder(), Cache(tmp_path / "set.encoded", "manifest")
    expected = plain(own(PAIRS))
    assert {row[3] for row in expected} == {False, True}
    assert plain(cache.encoded(NAMES, own, own(PAIRS))) == expected
    assert plain(cache.encoded(NAMES, own, never())) == expected
    assert [path.name for path in (tmp_path / "set.encoded").iterdir()] == [f"{cache.key(NAMES, own)}.arrow"]


def test_a_few_rows_are_not_kept(tmp_path: Path) -> None:
    own = encoder()
    assert len(list(Cache(tmp_path / "kept", "").encoded(NAMES[:1], own, own(PAIRS[:1])))) == 1
    assert not (tmp_path / "kept").exists()


def test_all_that_an_input_depends_on_is_in_the_key(tmp_path: Path) -> None:
    cache, other_tags = Cache(tmp_path, "manifest"), encoder()
    other_tags.tags["Planet"] = "G"
    other_words = encoder()
    other_words.tokenizer.add_tokens(["asthma"])
    keys = [
        cache.key(NAMES, encoder()),
        cache.key(NAMES[::-1], encoder()),
        cache.key(NAMES[:-1], encoder()),
        cache.key(NAMES, encoder(80)),
        cache.key(NAMES, encoder(kind="tagged")),
        cache.key(NAMES, other_tags),
        cache.key(NAMES, other_words),
        Cache(tmp_path, "other").key(NAMES, encoder()),
    ]
    assert len(set(keys)) == len(keys)
    assert cache.key(NAMES, encoder()) == keys[0]


@pytest.mark.parametrize("damage", ["cut off", "empty", "other rows", "no Arrow"])
def test_a_broken_file_is_made_anew(tmp_path: Path, damage: str) -> None:
    own, cache = encoder(), Cache(tmp_path, "manifest")
    expected = plain(cache.encoded(NAMES, own, own(PAIRS)))
    path = tmp_path / f"{cache.key(NAMES, own)}.arrow"
    whole = path.read_bytes()
    if damage == "other rows":
        list(cache.encoded(NAMES[:9], own, own(PAIRS[:9])))
        shutil.copy(tmp_path / f"{cache.key(NAMES[:9], own)}.arrow", path)
    else:
        path.write_bytes({"cut off": whole[:-40], "empty": b"", "no Arrow": b"label\n" * 99}[damage])
    assert plain(cache.encoded(NAMES, own, own(PAIRS))) == expected
    assert path.read_bytes() == whole


def test_what_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    own, cache = encoder(), Cache(tmp_path / "kept", "manifest")
    begun = cache.encoded(NAMES, own, own(PAIRS))
    assert len(list(islice(begun, 9))) == 9
    begun.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "kept").iterdir())


def test_a_folder_that_cannot_be_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file", encoding="utf-8")
    own = encoder()
    assert len(list(Cache(tmp_path / "kept", "").encoded(NAMES, own, own(PAIRS)))) == 30


@pytest.mark.parametrize("failing", ["new_file", "write_batch", "replace"])
def test_what_cannot_be_written_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A folder of somebody else's, or a full disk: every row is given all the same."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    own = encoder()
    expected = plain(own(PAIRS))
    if failing == "new_file":
        monkeypatch.setattr(module.pa.ipc, "new_file", full)
    elif failing == "write_batch":
        monkeypatch.setattr(module, "_columns", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    assert plain(Cache(tmp_path, "manifest").encoded(NAMES, own, own(PAIRS))) == expected
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    def broken() -> Iterator[Encoded]:
        yield from islice(encoder()(PAIRS), 9)
        raise OSError("the rows")

    with pytest.raises(OSError, match="the rows"):
        list(Cache(tmp_path, "manifest").encoded(NAMES, encoder(), broken()))
    assert not list(tmp_path.iterdir())


def test_a_second_training_encodes_nothing(
    sample_union: Path, small_recipe: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    union = Path(shutil.copytree(sample_union, tmp_path / "union"))
    recipe = small_recipe(epochs=0.2)
    first = train(union, recipe, tmp_path / "first", device="cpu")
    assert cache_folder(union) == tmp_path / "union.encoded"
    assert len(list(cache_folder(union).iterdir())) == 2  # training and development
    monkeypatch.setattr(PairEncoder, "_encoded", lambda *_: never())
    second = train(union, recipe, tmp_path / "second", device="cpu")
    assert weights(second) == weights(first)
    assert record(second)["inputs"] == record(first)["inputs"]
