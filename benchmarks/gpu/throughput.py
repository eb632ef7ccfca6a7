"""Pairs per second of a PubMedBERT-shaped model with random weights, in training and in prediction.

    python benchmarks/gpu/throughput.py [--tokens 512] [--batch 32] [--device cuda] [--layers 12 --width 768]
        [--out benchmarks/results/throughput-gpu.json]

Random token ids, full length, so that the figure is of the arithmetic alone: fp32 and bf16 in one run, beside
the operations per second that a large matrix product reaches on the same device in the same run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gpu_common import provenance
from transformers import BertConfig, BertForSequenceClassification


def seconds(work: Callable[[], object], device: str, least: float) -> float:
    """Of one call, the mean of as many as fill `least` seconds after three to warm up."""
    for _ in range(3):
        work()
    _synchronize(device)
    started, calls = time.perf_counter(), 0
    while time.perf_counter() - started < least:
        work()
        calls += 1
        _synchronize(device)
    return (time.perf_counter() - started) / calls


def _synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def matmul_ceiling(dtype: torch.dtype, device: str, least: float) -> float:
    """Floating point operations per second of a large square product."""
    size = 8192 if device == "cuda" else 1024
    one, other = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / seconds(lambda: one @ other, device, least)


def measured(options: argparse.Namespace, dtype: torch.dtype) -> dict[str, Any]:
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=options.width,
        num_hidden_layers=options.layers,
        num_attention_heads=options.width // 64,
        intermediate_size=4 * options.width,
        num_labels=13,
    )
    torch.manual_seed(0)
    model = BertForSequenceClassification(config).to(options.device)
    ids = torch.randint(5, 30_000, (options.batch, options.tokens), device=options.device)
    labels = torch.randint(0, 13, (options.batch,), device=options.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    mixed = torch.autocast(options.device, dtype=dtype, enabled=dtype != torch.float32)

    def predict() -> None:
        with torch.inference_mode(), mixed:
            model(input_ids=ids)

    def step() -> None:
        with mixed:
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    weights = sum(p.numel() for p in model.bert.encoder.parameters())
    attention = 2 * options.layers * options.tokens * options.width * 2
    per_pair = options.tokens * (2 * weights + attention)
    ceiling = matmul_ceiling(dtype, options.device, options.seconds)
    model.eval()
    forward = options.batch / seconds(predict, options.device, options.seconds)
    model.train()
    both = options.batch / seconds(step, options.device, options.seconds)
    return {
        "matmul_flops_per_second": ceiling,
        "prediction": {"pairs_per_second": forward, "of_matmul": forward * per_pair / ceiling},
        "training": {"pairs_per_second": both, "of_matmul": 3 * both * per_pair / ceiling},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each of the six measurements")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/throughput-gpu.json"))
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "gpu/throughput",
        "command": f"python benchmarks/gpu/throughput.py --tokens {options.tokens} --batch {options.batch}",
        **provenance(options.device, "torch", "transformers"),
        "model": {"layers": options.layers, "width": options.width, "tokens": options.tokens},
    }
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        result[name] = measured(options, dtype)
        print(name, json.dumps(result[name]))
    result["bf16_to_fp32"] = {
        work: result["bf16"][work]["pairs_per_second"] / result["fp32"][work]["pairs_per_second"]
        for work in ("prediction", "training")
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
