"""Entries that are no training: the encoders made ready, and scripts of benchmarks/."""

from __future__ import annotations

import importlib
import json
import time
from pathlib import Path

import torch
from gpu_common import write
from job import RESULT, Job
from parts import join
from transformers import AutoModel, AutoTokenizer

from harmonize.errors import HarmonizeError
from harmonize.pipelines.train import quiet


def prepared(job: Job, pack: Path, encoders: Path) -> None:
    """Put the encoders of a pack together: NAME/half as they travel, and NAME/single in single precision."""
    quiet()
    if job.device == "cuda" and not torch.cuda.is_available():
        raise HarmonizeError("device: expected a GPU for cuda, torch finds none; take --device cpu")
    about = json.loads((pack / "pack.json").read_text(encoding="utf-8"))
    for name in about["encoders"]:
        half = encoders / name / "half"
        if name in about["parts"]:
            _joined(pack.with_name(f"{pack.name}.parts"), about["parts"][name], half)
        else:
            half.parent.mkdir(parents=True)
            half.symlink_to((pack / name).absolute())
        AutoModel.from_pretrained(half, dtype=torch.float32).save_pretrained(half.with_name("single"))
        AutoTokenizer.from_pretrained(half).save_pretrained(half.with_name("single"))
    gpu = {"gpu": torch.cuda.get_device_name()} if job.device == "cuda" else {}
    write({"hardware": gpu}, job.folder / RESULT)


def _joined(parts: Path, about: dict[str, object], folder: Path) -> None:
    try:
        join(parts, about, folder)
    except ValueError as error:
        raise HarmonizeError(str(error)) from None


def commanded(job: Job) -> None:
    """Run a script that takes a set, a tokenizer and a device, and writes its result as it goes."""
    script, *given = job.entry.command
    minutes = min(2 * job.entry.minutes, max(0.1, (job.until - time.time()) / 60))
    toy = ["--rows", "12", "--batch", "4", "--shape", "tiny"] if job.toy else []
    fixed = ["--union", str(job.union), "--tokenizer", str(job.encoder), "--device", job.device]
    result = ["--minutes", f"{minutes:.2f}", "--out", str(job.folder / RESULT)]
    importlib.import_module(script.removesuffix(".py")).main([*fixed, *given, *toy, *result])
