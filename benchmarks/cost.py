"""How the cost of a prediction grows: with the mentions in a document, and with its length.

    python benchmarks/cost.py --tokenizer DIR [--shape minilm] [--device cpu] [--out FILE] [--figure FILE]

Seconds for a document of made-up words, half of its mentions chemicals and half diseases, each an entity of
its own; random weights.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import commit, hardware, versions, write
from matplotlib.figure import Figure
from throughput import LABELS, Bench, timed
from transformers import AutoTokenizer

from harmonize.model import Span
from harmonize.relation.encode.encoding import add_tokens
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.heads import HEADS
from harmonize.relation.pair import Entity, Pair

TAGS = {"ChemicalEntity": "C", "DiseaseOrPhenotypicFeature": "D"}
WORDS = ("the", "of", "in", "was", "with", "patients", "cell", "dose", "after", "study", "group", "effect")
MENTIONS = (4, 8, 16, 32, 48)
LENGTHS = (64, 128, 192, 256, 320, 384, 448)


def document(words: int, mentions: int, seed: int = 0) -> list[Pair]:
    """The pairs of a text of so many words, its mentions at even distances."""
    random = np.random.default_rng(seed)
    text, entities = "", []
    every = max(1, words // mentions)
    for place in range(words):
        is_mention = place % every == 0 and len(entities) < mentions
        word = f"name{place}" if is_mention else str(random.choice(WORDS))
        if is_mention:
            kind = tuple(TAGS)[len(entities) % 2]
            entities.append(Entity(word, kind, (Span(len(text), len(text) + len(word)),)))
        text += word + " "
    chemicals, diseases = entities[::2], entities[1::2]
    return [Pair("biored", "BioRED", text, head, tail) for head in chemicals for tail in diseases]


def seconds(classifier: Classifier, pairs: list[Pair], least: float) -> float:
    """Of one document, the mean of as many as fill `least` seconds after one to warm up."""
    classifier.probabilities(pairs)
    spent, count = 0.0, 0
    while spent < least:
        spent += timed(lambda: classifier.probabilities(pairs), classifier.device)
        count += 1
    return spent / count


def grown(classifiers: dict[str, Classifier], least: float) -> Iterator[dict[str, Any]]:
    for by, values in (("mentions", MENTIONS), ("words", LENGTHS)):
        for value in values:
            words, mentions = (200, value) if by == "mentions" else (value, 8)
            pairs = document(words, mentions)
            for head, classifier in classifiers.items():
                yield {
                    "by": by,
                    "value": value,
                    "pairs": len(pairs),
                    "head": head,
                    "seconds": seconds(classifier, pairs, least),
                }


def draw(result: dict[str, Any], path: Path) -> None:
    """Milliseconds a document by mentions and by words."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, (by, others) in zip(axes, (("mentions", "200 words"), ("words", "8 mentions")), strict=True):
        for head in HEADS:
            found = [one for one in result["grown"] if (one["by"], one["head"]) == (by, head)]
            axis.plot(
                [one["value"] for one in found], [1000 * one["seconds"] for one in found], "o-", label=head
            )
        axis.set(xlabel=f"{by}, {others}", ylabel="ms a document", yscale="log")
        axis.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path, required=True, help="its folder")
    parser.add_argument("--shape", default="minilm")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement, at least")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cost.json"))
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/cost.svg"))
    options = parser.parse_args()
    device = torch.device(options.device)
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    precision = "bf16" if device.type == "cuda" else "fp32"
    bench = Bench(options.shape, tokenizer, TAGS, [], device, precision, 1)
    classifiers = {name: bench.classifier(head, precision) for name, head in HEADS.items()}
    result: dict[str, Any] = {
        "benchmark": "cost",
        "command": f"python benchmarks/cost.py --tokenizer DIR --shape {options.shape}",
        "device": options.device,
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
        "hardware": hardware(),
        "versions": versions("torch", "transformers"),
        "labels": len(LABELS),
        "grown": list(grown(classifiers, options.seconds)),
    }
    write(result, options.out)
    draw(result, options.figure)


if __name__ == "__main__":
    main()
