"""The benchmarks as modules; last on the path, so that they stand in for nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).absolute().parent.parent.parent
sys.path += [str(ROOT / "benchmarks" / "gpu"), str(ROOT / "benchmarks")]


@pytest.fixture(scope="session")
def half_encoder(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder of the sample's words, stored in half precision."""
    import torch
    from toy import tiny_encoder
    from transformers import AutoModel

    folder = tmp_path_factory.mktemp("encoder") / "minilm"
    tiny_encoder(sample_union, folder)
    AutoModel.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    return folder
