"""A session on the CPU, every entry at toy size, as on a bare machine without spaCy and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bare import environment, foreign_modules
from gpu_common import PATHS

ENCODERS = ("minilm", "mpnet")
_MINUTES = 10
_PART = 400_000
"""Bytes; between the sizes of the two encoders."""


def rehearse(work: Path, out: Path, union: Path | None = None) -> int:
    """Make a pack of the sample, run all entries from it, and see that each of them is done.

    Args:
        union: a set of the sample; built unless given.

    Returns:
        The exit code: 0, or 1 where an entry is not done.
    """
    listed = work / "foreign.json"
    listed.write_text(json.dumps(foreign_modules()), encoding="utf-8")
    pack = work / "pack"
    _packed(work, union or _sample(work), pack)
    command = [sys.executable, str(Path(__file__).with_name("session.py")), "--toy", "--device", "cpu"]
    paths = ["--pack", str(pack), "--out", str(out), "--have", str(work / "none")]
    variables = {**environment(PATHS, listed), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, "--minutes", str(_MINUTES), *paths], env=variables)
    if done.returncode != 0:
        return done.returncode
    record = json.loads((out / "session.json").read_text(encoding="utf-8"))
    wanting = not_done(record)
    for name in wanting:
        print(f"rehearsal: {name} is not done, see {out / 'log.txt'}", file=sys.stderr)
    return 1 if wanting else 0


def not_done(record: dict[str, Any]) -> list[str]:
    """The entries of a session that are not done."""
    found = {**record.get("control", {}), **record.get("entries", {})}
    return [name for name, entry in found.items() if entry["state"] != "done"]


def _sample(work: Path) -> Path:
    union = work / "sample"
    build = [sys.executable, "-m", "harmonize.pipelines", "build", "--corpora", "all", "--sample"]
    subprocess.run([*build, "--out", str(union)], check=True, env=environment(PATHS), stdout=subprocess.PIPE)
    return union


def _packed(work: Path, union: Path, pack: Path) -> None:
    """A pack with random encoders of every name that the entries know; the second one in parts."""
    from pack import pack as packed
    from toy import tiny_encoder

    first, second = (work / "made" / name for name in ENCODERS)
    tiny_encoder(union, first)
    tiny_encoder(union, second, layers=6)
    packed(union, [str(first), str(second)], pack, most=_PART, wheels=False)
    parts = pack.with_name(f"{pack.name}.parts")
    if (pack / second.name).exists() or not (pack / first.name).exists() or not list(parts.iterdir()):
        raise AssertionError(f"expected {second.name} in parts, and {first.name} not")
