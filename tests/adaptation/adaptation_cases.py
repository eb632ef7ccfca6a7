"""Hand-written texts, and small adaptations that several files look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harmonize.adaptation.settings import Settings, chosen_settings

SMALL = {
    "encoder": "tiny",
    "max_length": 32,
    "batch_size": 8,
    "held_out": 8,
    "max_steps": 12,
    "learning_rate": 5e-3,
    "save_every": 4,
}
"""A dozen steps, none longer than a blink."""

GENES = ("TP53", "BRCA1", "EGFR", "KRAS")
DRUGS = ("aspirin", "ibuprofen", "warfarin")

PUBTATOR = """\
1001|t|Aspirin and TP53.
1001|a|We gave aspirin to mice without this gene.
1001\t0\t7\tAspirin\tChemical\tMESH:D001241
1001\t12\t16\tTP53\tGene\t7157

1002|t|On the gene TP53.
1002|a|It was looked at in all mice of a cage.
1002\t12\t16\tTP53\tGene\t7157

1003|t|On nothing in particular.
1003|a|Nobody has marked what this abstract names, TP53 say.

"""


def lines(count: int = 60) -> list[str]:
    """Sentences of one kind, each another."""
    return [
        f"In study {number} the gene {GENES[number % 4]} was inhibited by {DRUGS[number % 3]} in mouse cells."
        for number in range(count)
    ]


def written(path: Path, texts: Iterable[str]) -> Path:
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def small(**values: Any) -> Settings:
    return chosen_settings({**SMALL, **values})


def record(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "adaptation.json").read_text(encoding="utf-8")))
