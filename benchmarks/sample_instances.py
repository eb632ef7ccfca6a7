"""Draw instances of native PharmGKB, for a person to judge whether each span names its entity.

    python benchmarks/sample_instances.py --mirror DIR [--seed 0] [--count 100] > FILE

The same seed and the same files give the same instances. The output holds corpus text: keep it out of the
repository.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from harmonize.ledger import Ledger
from harmonize.model import EntityInContext, Instance, Span
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue


def instances(mirror: Path) -> list[tuple[str, Instance]]:
    """(PMID, instance) of all of native PharmGKB, in order of PMID, context and ids."""
    return sorted(_instances(mirror), key=lambda pair: _place(pair[1]))


def _place(instance: Instance) -> tuple[object, ...]:
    return instance.document_id, instance.context, instance.head.id, instance.tail.id


def _instances(mirror: Path) -> Iterator[tuple[str, Instance]]:
    catalogue, ledger = load_catalogue(), Ledger()
    corpus = catalogue["pharmgkb"]
    source = Source(corpus, "native", mirror / "pharmgkb", ledger)
    for document in adapter("pharmgkb", catalogue)(source):
        for instance in adjust(document, corpus, ledger):
            yield str(document.pmid), instance


def printed(number: int, pmid: str, instance: Instance) -> str:
    lines = [f"{number}\tPMID {pmid}", marked(instance.text, instance.head.spans, instance.tail.spans)]
    lines += [described(side, entity) for side, entity in (("head", instance.head), ("tail", instance.tail))]
    return "\n".join(lines) + "\n"


def described(side: str, entity: EntityInContext) -> str:
    spans = " ".join(f"{start}-{end}" for start, end in entity.spans)
    return f"{side}\t{entity.name}\t{entity.id}\t{entity.source_type}\t{spans}"


def marked(text: str, heads: Iterable[Span], tails: Iterable[Span]) -> str:
    """The context with <head> in angle and [tail] in square brackets."""
    signs = [*((s.start, "<") for s in heads), *((s.end, ">") for s in heads)]
    signs += [*((s.start, "[") for s in tails), *((s.end, "]") for s in tails)]
    for position, sign in sorted(signs, key=lambda s: (-s[0], s[1] not in "<[")):
        text = text[:position] + sign + text[position:]
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    found = instances(arguments.mirror)
    chosen = sorted(random.Random(arguments.seed).sample(range(len(found)), arguments.count))
    print(f"{arguments.count} of {len(found)} instances, seed {arguments.seed}\n")
    for number, index in enumerate(chosen, 1):
        print(printed(number, *found[index]))


if __name__ == "__main__":
    main()
