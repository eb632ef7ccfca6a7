"""What the benchmarks share: where and on what they ran, and what the PharmGKB adapter works with."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from harmonize.adapters import pharmgkb
from harmonize.curated.documents import Curation
from harmonize.ledger import Ledger
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue


def hardware() -> dict[str, object]:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory, 1)}


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True, check=False
    ).stdout
    return done.stdout.strip() + (" with changes" if changed else "")


def versions(*packages: str) -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def provenance(benchmark: str, *packages: str) -> dict[str, object]:
    """The head of a result file."""
    return {
        "benchmark": benchmark,
        "command": f"python benchmarks/{benchmark}.py --mirror DIR",
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", *packages),
    }


def write(result: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def pharmgkb_curation(mirror: Path) -> Curation:
    """The triples and names that the adapter of native PharmGKB works with, before it looks at any text."""
    source = Source(load_catalogue()["pharmgkb"], "native", mirror / "pharmgkb", Ledger())
    with patch.object(pharmgkb, "curated_documents", lambda *handed: iter([handed])):
        [(_, _, curation, _)] = pharmgkb.documents(source)
    return curation
