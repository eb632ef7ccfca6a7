"""The pack of a GPU session: what is in it is read before it travels, and it is not too large to."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pack as packing
import pytest
import torch
from pack import MIB, check_union, repository_files
from pack import pack as make
from parts import join, split
from safetensors.torch import load_file
from transformers import AutoModel

from harmonize.check.verify import verify
from harmonize.errors import HarmonizeError
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.selection import select


@pytest.fixture(scope="module")
def packed(sample_union: Path, half_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packed") / "pack"
    make(sample_union, [str(half_encoder)], out, wheels=False)
    return out


def test_the_set_in_a_pack_is_whole_and_trained_on_as_before(packed: Path, sample_union: Path) -> None:
    assert not list(verify(packed / "union"))
    recipe = load_recipe("biorex", {"encoder": "tiny"})
    one, other = (select(union, recipe) for union in (packed / "union", sample_union))
    assert one.train.equals(other.train)
    assert one.development.equals(other.development)


def test_an_encoder_travels_in_half_precision(packed: Path, half_encoder: Path) -> None:
    weights = load_file(packed / "minilm" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    about = json.loads((packed / "pack.json").read_text(encoding="utf-8"))
    assert about["encoders"]["minilm"]["tokens"] == weights["embeddings.word_embeddings.weight"].shape[0]
    assert about["encoders"]["minilm"]["weights"] == "float16"


def test_too_much_to_travel_is_refused_with_where_it_is(
    sample_union: Path, half_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "TRAVELS", MIB)
    with pytest.raises(HarmonizeError, match=r"[\d.]+ MiB would travel at once, [\d.]+ too many") as error:
        make(sample_union, [str(half_encoder)], tmp_path / "pack", wheels=False)
    assert "harmonize/relation" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_set_that_is_not_whole_is_refused(sample_union: Path, tmp_path: Path) -> None:
    union = tmp_path / "union"
    shutil.copytree(sample_union, union)
    check_union(union)
    (union / "documents.parquet").unlink()
    with pytest.raises(HarmonizeError, match=r"documents\.parquet: expected the file"):
        check_union(union)


def test_weights_that_half_precision_cannot_hold_are_refused(
    sample_union: Path, half_encoder: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    shutil.copytree(half_encoder, large)
    model = AutoModel.from_pretrained(half_encoder, dtype=torch.float32)
    with torch.no_grad():
        model.encoder.layer[0].output.dense.weight[0, 0] = 1e6
    model.save_pretrained(large)
    with pytest.raises(HarmonizeError, match="half precision can hold"):
        make(sample_union, [str(large)], tmp_path / "pack", wheels=False)
    assert not (tmp_path / "pack").exists()


def test_a_larger_encoder_travels_in_parts(sample_union: Path, half_encoder: Path, tmp_path: Path) -> None:
    out, parts = tmp_path / "pack", tmp_path / "pack.parts"
    make(sample_union, [str(half_encoder)], out, most=100_000, wheels=False)
    about = json.loads((out / "pack.json").read_text(encoding="utf-8"))["parts"]["minilm"]
    assert not (out / "minilm").exists()
    sizes = [path.stat().st_size for path in sorted(parts.iterdir())]
    assert len(sizes) > 2
    assert set(sizes[:-1]) == {100_000}
    join(parts, about, tmp_path / "joined")
    AutoModel.from_pretrained(tmp_path / "joined")


def test_parts_that_are_put_together_are_what_was_cut(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for number in range(3):
        (folder / f"file-{number}").write_bytes(bytes([number]) * 7_001)
    about = split(folder, tmp_path / "parts", 5_000)
    assert about == split(folder, tmp_path / "again", 5_000)
    join(tmp_path / "parts", about, tmp_path / "joined")
    assert {path.name: path.read_bytes() for path in (tmp_path / "joined").iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


@pytest.mark.parametrize(("damage", "expected"), [("gone", "found none"), ("changed", "got another")])
def test_a_part_that_did_not_arrive_is_told(damage: str, expected: str, tmp_path: Path) -> None:
    folder, parts = tmp_path / "encoder", tmp_path / "parts"
    folder.mkdir()
    (folder / "weights").write_bytes(bytes(20_000))
    about = split(folder, parts, 5_000)
    second = parts / "encoder.001"
    if damage == "gone":
        second.unlink()
    else:
        second.write_bytes(b"x" + second.read_bytes()[1:])
    with pytest.raises(ValueError, match=rf"encoder\.001: .*{expected}"):
        join(parts, about, tmp_path / "joined")
    assert not (tmp_path / "joined").exists()


def test_what_git_ignores_does_not_travel(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    files = {"a.txt": 5, "code/deep/b.py": 7, "code/c.py": 11, "code/new.py": 13, "out/big.bin": 1000}
    for name, size in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / ".gitignore").write_bytes(b"out/\n")
    git("add", "a.txt", "code/deep/b.py", "code/c.py")
    (tmp_path / "code" / "c.py").unlink()
    assert repository_files(tmp_path) == {".": 5 + 5, "code/deep": 7, "code": 13}
