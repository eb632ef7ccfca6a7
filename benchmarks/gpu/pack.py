"""Everything that a GPU session reads, in one folder that travels: the set, encoders, and missing packages.

    python benchmarks/gpu/pack.py --union artifacts/union --encoder minilm --out artifacts/pack
    python benchmarks/gpu/pack.py --union ... --encoder minilm --encoder FOLDER --parts 45 --out ...

    PACK/union/        the set, as it is
    PACK/NAME/         an encoder: half precision on the way, the tokens that the set uses (vocabulary.py)
    PACK/wheels/       packages that a bare Python with torch, transformers, accelerate, pyarrow, typer lacks
    PACK/pack.json     what is in it, with sums
    PACK/README.md     how to use it
    PACK.parts/        with --parts MIB: encoders that are larger, cut into parts of at most so many

What travels at once, the repository's own files and the pack (or one part), may be 60 MiB together.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from shutil import copytree
from typing import Any

import torch
from bare import brought
from gpu_common import ROOT, commit
from parts import split
from transformers import AutoModel, AutoTokenizer
from vocabulary import cut_vocabulary, used_tokens

from harmonize.errors import HarmonizeError
from harmonize.pipelines.train import quiet
from harmonize.relation.model.encoders import encoder_folder, load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import COLUMNS, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.union.manifest import file_entry, read_manifest
from harmonize.union.manifest_model import Manifest
from harmonize.union.reader import load_union
from harmonize.writing.json_files import write_json
from harmonize.writing.replace import new_folder

MIB = 2**20
TRAVELS = 60 * MIB
PACK = "pack.json"
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_README = """# What a GPU session reads

    python3 benchmarks/gpu/session.py --pack {pack} --minutes 9 --out DIR

started in a clone of the repository does all that follows by itself. By hand:

    python3 -m pip install --no-index --no-deps --target SITE {pack}/wheels/*.whl
    export PYTHONPATH=$PWD:SITE HF_HUB_OFFLINE=1
    python3 -m harmonize.pipelines train --union {pack}/union --encoder {pack}/{encoder} ...

The encoders are in half precision and know the tokens of this set alone: for training and scoring on it.
"""


def pack(
    union: Path, encoders: Sequence[str], out: Path, *, most: int | None = None, wheels: bool = True
) -> int:
    """Write the pack.

    Args:
        encoders: by name or folder.
        most: an encoder of more bytes is written as parts of so many, beside the pack.
        wheels: fetch the packages that a bare machine lacks.

    Returns:
        What the pack needs of the room to travel, with the repository's own files, in bytes.

    Raises:
        HarmonizeError: the set is not whole, an encoder cannot be had, or too much would travel; nothing is
            written then.
    """
    beside = out.with_name(f"{out.name}.parts")
    with new_folder(out) as folder, new_folder(beside) as parts, tempfile.TemporaryDirectory() as scratch:
        copytree(union, folder / "union")
        check_union(folder / "union")
        about: dict[str, Any] = {
            "commit": commit(),
            "union": file_entry(folder / "union" / "manifest.json"),
            "encoders": {},
            "parts": {},
        }
        rows = load_union(union, columns=COLUMNS)
        for encoder in encoders:
            made = Path(scratch) / Path(encoder).name
            about["encoders"][made.name] = _encoder(encoder, rows, made)
            check_encoder(made)
            if most is not None and _size(made) > most:
                about["parts"][made.name] = split(made, parts, most)
            else:
                copytree(made, folder / made.name)
        about["wheels"] = _wheels(folder / "wheels") if wheels else []
        write_json(folder / PACK, about, escaped=True)
        (folder / "README.md").write_text(
            _README.format(pack=out, encoder=Path(encoders[0]).name), encoding="utf-8"
        )
        size = check_size(folder, about["parts"])
    if not about["parts"]:
        beside.rmdir()
    return size


def _encoder(name: str, rows: Any, out: Path) -> dict[str, Any]:
    """Write an encoder as it travels; what pack.json says of it."""
    source = encoder_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(source)
    kept = used_tokens(tokenizer, rows)
    cut_vocabulary(source, kept, out)
    model = AutoModel.from_pretrained(out, dtype=torch.float16)
    if not all(bool(weight.isfinite().all()) for weight in model.parameters()):
        raise HarmonizeError(f"encoder {name}: expected weights that half precision can hold")
    model.save_pretrained(out)
    # It is written for its owner's eyes alone.
    (out / "model.safetensors").chmod(0o644)
    return {"tokens": len(kept), "of": len(tokenizer), "weights": "float16"}


def check_union(union: Path) -> None:
    """See that a set is whole, and that what reads it in training reads it.

    Raises:
        HarmonizeError: it is not, or does not.
    """
    for name, expected in Manifest.model_validate(read_manifest(union)).bytes_of_files().items():
        path = union / name
        if not path.is_file() or file_entry(path) != expected.model_dump():
            raise HarmonizeError(f"{path}: expected the file that the set's manifest names, found another")
    recipe = load_recipe("biorex", {"encoder": "tiny"})
    select(union, recipe)
    rows_to_test(union, recipe.evaluate_on)


def check_encoder(folder: Path) -> None:
    """See that an encoder is loaded as training loads it, and half precision goes no further than the file.

    Raises:
        HarmonizeError: it cannot be.
    """
    made = load_encoder(str(folder), HEADS["document"], ["Association", "None"], {}, lambda: ())
    if {weight.dtype for weight in made.model().parameters()} != {torch.float32}:
        raise HarmonizeError(f"{folder}: expected weights that are loaded in single precision")


def _wheels(folder: Path) -> list[str]:
    """Fetch the packages that a bare Python 3.12 on Linux lacks, in the versions that are installed here."""
    wanted = [f"{name}=={metadata.version(name)}" for name in brought()]
    platforms = [argument for name in _PLATFORMS for argument in ("--platform", name)]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.12", "--implementation", "cp", *platforms, "--dest", str(folder), *wanted),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise HarmonizeError(f"wheels: {lines[0]}; leave them out by --no-wheels")
    return sorted(path.name for path in folder.iterdir())


def check_size(folder: Path, parts: dict[str, Any]) -> int:
    """How much travels at once, at most: the repository's files with the pack, or with one part.

    Raises:
        HarmonizeError: more than may; with where it is.
    """
    own = repository_files()
    packed = Counter({path.name: _size(path) for path in folder.iterdir()})
    pieces = [each["bytes"] for about in parts.values() for each in about["parts"].values()]
    largest = own.total() + max([packed.total(), *pieces])
    if largest > TRAVELS:
        listed = ", ".join(f"{name} {size / MIB:.1f}" for name, size in (packed + own).most_common(6))
        raise HarmonizeError(
            f"{largest / MIB:.1f} MiB would travel at once, {(largest - TRAVELS) / MIB:.1f} too many "
            f"(in MiB: {listed}); take --parts {(TRAVELS - own.total()) // MIB}, or less into the repository"
        )
    return largest


def repository_files(root: Path = ROOT) -> Counter[str]:
    """Bytes of the files that git tracks or would, by the folder that they are in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    found: Counter[str] = Counter()
    for name in set(filter(None, listed.split("\0"))):
        path = root / name
        if path.is_file():
            found["/".join(Path(name).parts[:-1][:2]) or "."] += path.stat().st_size
    return found


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files: Iterable[Path] = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--encoder", action="append", help="a name or folder; may be given several times")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", type=int, metavar="MIB", help="encoders that are larger travel in parts")
    parser.add_argument("--no-wheels", action="store_true")
    given = parser.parse_args(arguments)
    quiet()
    try:
        size = pack(
            given.union,
            given.encoder or ["minilm"],
            given.out,
            most=given.parts and given.parts * MIB,
            wheels=not given.no_wheels,
        )
    except HarmonizeError as error:
        print(f"pack: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    print(f"{given.out}: at most {size / MIB:.1f} MiB travel at once, with the repository's files")


if __name__ == "__main__":
    main()
