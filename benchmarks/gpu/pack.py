"""One small folder with what training on another machine reads: the set, an encoder in half precision.

python benchmarks/gpu/pack.py --union artifacts/union --encoder minilm --out artifacts/pack
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from harmonize.relation.encoders import encoder_folder
from harmonize.union.replace import new_folder


def pack(union: Path, encoder: str, out: Path) -> int:
    """Write the pack; its size in bytes."""
    source = encoder_folder(encoder)
    with new_folder(out) as folder:
        shutil.copytree(union, folder / "union")
        AutoModel.from_pretrained(source, dtype=torch.float16).save_pretrained(folder / encoder)
        AutoTokenizer.from_pretrained(source).save_pretrained(folder / encoder)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    print(f"{pack(arguments.union, arguments.encoder, arguments.out) / 1e6:.1f} MB in {arguments.out}")


if __name__ == "__main__":
    main()
