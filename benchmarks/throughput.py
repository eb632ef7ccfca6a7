"""Pairs per second, ours beside the reference way, on the same real rows in one run.

    python benchmarks/throughput.py --union artifacts/union --tokenizer DIR [--shape pubmedbert]
        [--rows 100] [--batch 16] [--work predict train] [--device cpu] [--minutes 10] [--profile]
        [--out FILE]

reference   one pair a row, in the set's order, padded to 512 tokens, single precision, plain forward
cls         ours, the prompt model: batches of like lengths; bf16 on a GPU
cls-ahead   the same, text encoded by a thread while the model is at the texts before, prediction only
cls-int8    the same on a CPU with its linear layers in 8 bits, prediction only
cls-bf16    the same on a CPU in bf16, of use where the processor multiplies it
document    ours, one reading of a context for all its pairs; and document-bf16 on a CPU

Weights are random. The rows are those of documents drawn from the whole set. Encoding text into tokens is
part of every time. `of_matmul` is the share of what a large matrix product reaches in the same run, counting
operations for tokens that are no padding. The file is written after each part; `cut` names those that the
limit in minutes left no time for. --profile tells, before all else, where prediction spends its time, with
text tokenized word by word, each once, and (cls-pieces) as the pieces between the tags.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from clock import Clock, TimeIsUp
from common import commit, hardware, versions, write
from peak import peak_mib, start_peak
from shares import shares
from transformers import AutoTokenizer, BertConfig

from harmonize.relation.encode.encoding import add_tokens
from harmonize.relation.encode.order import Drawn, LikeLengths
from harmonize.relation.encode.prompt import tag, tag_tokens
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.device import PRECISIONS
from harmonize.relation.model.heads import HEADS, Head
from harmonize.relation.model.objective import Loss
from harmonize.relation.pair import Pair
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.spec import load_catalogue
from harmonize.union.manifest import read_manifest

SHAPES = {
    "pubmedbert": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    "minilm": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12},
    "tiny": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4},
}
LABELS = (*(f"label {place}" for place in range(17)), "None")
LENGTH = 512
AHEAD = 1024


def drawn_pairs(union: Path, count: int, seed: int = 0) -> list[Pair]:
    """The pairs of documents drawn from all of the set, as many as hold `count` pairs together."""
    entries = read_manifest(union)["corpora"]
    parts = {
        f"{corpus}/{split}": rows_to_test(union, f"{corpus}/{split}")
        for corpus, entry in entries.items()
        for split, part in entry["splits"].items()
        if part["rows"]
    }
    sizes = [
        (name, document, size)
        for name, rows in parts.items()
        for document, size in Counter(rows["document_id"].to_pylist()).items()
    ]
    chosen: dict[str, list[str]] = defaultdict(list)
    held = 0
    for place in np.random.default_rng(seed).permutation(len(sizes)):
        name, document, size = sizes[place]
        chosen[name].append(document)
        held += size
        if held >= count:
            break
    return [
        pair
        for name, documents in chosen.items()
        for pair in pairs_of(parts[name].filter(pc.is_in(parts[name]["document_id"], pa.array(documents))))
    ]


def tags_of(pairs: Iterable[Pair]) -> dict[str, str]:
    names = load_catalogue().target.tags
    return {kind: tag(kind, names) for pair in pairs for kind in (pair.head.type, pair.tail.type)}


@dataclass
class Bench:
    """One shape on one device: models with random weights, and the rows."""

    shape: str
    tokenizer: Any
    tags: dict[str, str]
    pairs: Sequence[Pair]
    device: torch.device
    precision: str
    batch: int

    def classifier(self, head: Head, precision: str) -> Classifier:
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(self.tokenizer),
            intermediate_size=4 * SHAPES[self.shape]["hidden_size"],
            id2label=dict(enumerate(LABELS)),
            **({"attention_probs_dropout_prob": 0.0} if head.name == "document" else {}),
            **SHAPES[self.shape],
        )
        encoder = head.encoder(self.tokenizer, self.tags, LENGTH)
        return Classifier(head.fresh(config), head, encoder, LabelSpace(LABELS), "", self.device, precision)

    def operations(self, lengths: Iterable[int]) -> float:
        """Of one forward pass, in the encoder, for inputs of these lengths without padding."""
        width, layers = (SHAPES[self.shape][key] for key in ("hidden_size", "num_hidden_layers"))
        return float(sum(layers * length * (24 * width**2 + 4 * length * width) for length in lengths))


def timed(work: Callable[[], None], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def matmul_ceiling(device: torch.device, dtype: torch.dtype, shape: str) -> float:
    """Operations per second of a product of large matrices, the best of three."""
    size = 8192 if device.type == "cuda" else 128 if shape == "tiny" else 1536
    one, other = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    repeats = 20 if device.type == "cuda" else 4

    def work() -> None:
        for _ in range(repeats):
            one @ other

    work()
    return max(2 * repeats * size**3 / timed(work, device) for _ in range(3))


def reference_batches(bench: Bench, classifier: Classifier, size: int) -> Iterable[dict[str, torch.Tensor]]:
    """Rows as they come, all of 512 tokens."""
    encoded = classifier.head.inputs(classifier.encoder(bench.pairs), [0] * len(bench.pairs))
    for start in range(0, len(encoded), size):
        items = [encoded[place] for place in range(start, min(start + size, len(encoded)))]
        yield classifier.head.padded(items, classifier.encoder.padding, multiple=LENGTH)


def own_batches(bench: Bench, classifier: Classifier, size: int) -> Iterable[dict[str, torch.Tensor]]:
    """An epoch as `harmonize train` draws it."""
    encoded = classifier.head.inputs(classifier.encoder(bench.pairs), [0] * len(bench.pairs))
    order = list(LikeLengths(Drawn.all_of(encoded.lengths), size, 0))
    for start in range(0, len(order), size):
        items = [encoded[place] for place in order[start : start + size]]
        yield classifier.head.padded(items, classifier.encoder.padding)


def predicted_the_reference_way(bench: Bench, classifier: Classifier) -> None:
    with torch.inference_mode():
        for batch in reference_batches(bench, classifier, 16):
            del batch["labels"]
            classifier.model(**{name: tensor.to(bench.device) for name, tensor in batch.items()}).logits.cpu()


def trained(
    bench: Bench, classifier: Classifier, batches: Iterable[dict[str, torch.Tensor]], precision: str
) -> None:
    model = classifier.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    loss = Loss(classifier.space, None)
    mixed = torch.autocast(bench.device.type, torch.bfloat16, enabled=precision == "bf16")
    for batch in batches:
        tensors = {name: tensor.to(bench.device) for name, tensor in batch.items()}
        labels = tensors.pop("labels")
        with mixed:
            value = loss(model(**tensors), labels)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


def work_of(bench: Bench, work: str, name: str, classifier: Classifier) -> Callable[[], None]:
    """What is measured: all pairs predicted, or trained on once."""
    if work == "predict" and name == "reference":
        return partial(predicted_the_reference_way, bench, classifier)
    if work == "predict":
        return partial(classifier.probabilities, bench.pairs, ahead=AHEAD if name == "cls-ahead" else None)
    batches = reference_batches if name == "reference" else own_batches
    size = max(1, bench.batch // 4) if name.startswith("document") else bench.batch
    return lambda: trained(bench, classifier, batches(bench, classifier, size), classifier.precision)


def measured(bench: Bench, work: str, name: str, ceilings: dict[str, float], clock: Clock) -> dict[str, Any]:
    """One part.

    Raises:
        TimeIsUp: before it was done.
    """
    clock.check()
    kind, _, way = name.partition("-")
    head = HEADS["document" if kind == "document" else "cls"]
    precision = "fp32" if name == "reference" else way if way in PRECISIONS else bench.precision
    classifier = bench.classifier(head, precision)
    classifier.model.register_forward_pre_hook(clock.check)
    lengths = classifier.head.inputs(classifier.encoder(bench.pairs), [0] * len(bench.pairs)).lengths
    run = work_of(bench, work, name, classifier)
    if bench.device.type == "cuda":
        run()  # the first pass chooses kernels
    gc.collect()
    start_peak(bench.device)
    seconds = timed(run, bench.device)
    operations = bench.operations(lengths.tolist()) * (3 if work == "train" else 1)
    ceiling = ceilings["bf16" if precision == "bf16" else "fp32"]
    return {
        "seconds": round(seconds, 2),
        "pairs_per_second": round(len(bench.pairs) / seconds, 2),
        "tokens_per_second": round(float(lengths.sum()) / seconds, 1),
        "tokens_per_pair": round(float(lengths.sum()) / len(bench.pairs), 1),
        "of_matmul": round(operations / seconds / ceiling, 3),
        "peak_mib": round(peak_mib(bench.device)),
        "precision": precision,
    }


def profiled(bench: Bench, name: str, clock: Clock) -> dict[str, Any]:
    """The shares of a prediction's time.

    Raises:
        TimeIsUp: before it was done.
    """
    clock.check()
    classifier = bench.classifier(HEADS["document" if name == "document" else "cls"], bench.precision)
    classifier.model.register_forward_pre_hook(clock.check)
    if name == "cls-pieces":
        classifier.encoder.without_words()
    return shares(classifier, bench.pairs)


def ceilings_of(device: torch.device, shape: str) -> dict[str, float]:
    types = {"fp32": torch.float32, "bf16": torch.bfloat16}
    return {name: matmul_ceiling(device, dtype, shape) for name, dtype in types.items()}


def names_of(work: str, device: torch.device) -> list[str]:
    """The ways that are measured beside each other."""
    if work == PROFILE:
        return ["cls", "cls-pieces", "document"]
    on_cpu = device.type == "cpu"
    predicting = ["cls-ahead", *(["cls-int8"] if on_cpu else [])] if work == "predict" else []
    mixed = ["cls-bf16", "document-bf16"] if on_cpu else []
    return ["reference", "cls", *predicting, "document", *mixed]


def head_of(options: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """The head of the result file."""
    return {
        "benchmark": "throughput",
        "command": f"python benchmarks/throughput.py --union artifacts/union --tokenizer DIR "
        f"--shape {options.shape} --rows {options.rows} --batch {options.batch} --device {options.device}",
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
        "hardware": hardware() | ({"gpu": torch.cuda.get_device_name()} if device.type == "cuda" else {}),
        "versions": versions("torch", "transformers"),
        "threads": torch.get_num_threads(),
        "shape": SHAPES[options.shape],
    }


def bench_of(options: argparse.Namespace, device: torch.device) -> Bench:
    pairs = drawn_pairs(options.union, options.rows)
    tokenizer, tags = AutoTokenizer.from_pretrained(options.tokenizer), tags_of(pairs)
    add_tokens(tokenizer, tag_tokens(tags.values()))
    precision = "bf16" if device.type == "cuda" else "fp32"
    return Bench(options.shape, tokenizer, tags, pairs, device, precision, options.batch)


PROFILE = "profile"


def run_parts(bench: Bench, works: Iterable[str], result: dict[str, Any], clock: Clock, out: Path) -> None:
    """Measure part after part; the file is written after each, and names those that there was no time for."""
    parts = [(work, name) for work in works for name in names_of(work, bench.device)]
    result["cut"] = [f"{work}/{name}" for work, name in parts]
    write(result, out)
    for work, name in parts:
        try:
            if work == PROFILE:
                found = profiled(bench, name, clock)
            else:
                found = measured(bench, work, name, result["matmul_operations_per_second"], clock)
        except TimeIsUp:
            continue
        base = result.setdefault(work, {}).get("reference")
        if base is not None:
            found["times_the_reference"] = round(found["pairs_per_second"] / base["pairs_per_second"], 2)
            print(work, name, found["times_the_reference"], "times the reference way")
        result[work][name] = found
        result["cut"].remove(f"{work}/{name}")
        write(result, out)
    if result["cut"]:
        print("no time for", ", ".join(result["cut"]))


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="its folder")
    parser.add_argument("--shape", choices=SHAPES, default="pubmedbert")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--work", nargs="*", choices=("predict", "train"), default=["predict", "train"])
    parser.add_argument("--batch", type=int, default=16, help="of training, in pairs; a quarter in contexts")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, help="what is not measured by then is named as cut")
    parser.add_argument("--profile", action="store_true", help="the shares of tokens, batches and model, too")
    parser.add_argument("--out", type=Path)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    clock = Clock.of(options.minutes)
    device = torch.device(options.device)
    bench = bench_of(options, device)
    ceilings = ceilings_of(device, options.shape)
    result = head_of(options, device)
    result |= {"pairs": len(bench.pairs), "matmul_operations_per_second": ceilings}
    out = options.out or Path(f"benchmarks/results/throughput-{options.shape}-{options.device}.json")
    works = [*([PROFILE] if options.profile else []), *options.work]
    run_parts(bench, works, result, clock, out)


if __name__ == "__main__":
    main()
