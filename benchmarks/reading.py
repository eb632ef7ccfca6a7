"""What `harmonize predict` reads of the files that public tools and corpora give, and how fast.

    python benchmarks/reading.py --mirror DIR [--public DIR] [--against FOLDER] [--out FILE]

No model: reading and pairing only. Of each file: documents read of all, mentions left out by reason, pairs.
--public is a folder of further files, DIR/../wild unless given. --against names another checkout, whose
reading of some files that both read whole is timed beside this one's, in turns, in processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import provenance, write

from harmonize.writing.markdown import markdown_table

ROUNDS = 5
SUFFIXES = {".pubtator", ".txt", ".sample", ".xml", ".json"}
ARCHIVES = {".zip"}
PPI = ("ddi", "aimed", "hprd50")
CORPORA = ("biored", "bc5cdr", *PPI, "emu", "disgenet/biorex", "pharmgkb/biorex", "pubtator")
TIMED = ("Train.PubTator", "Train.BioC.XML", "CDR_TrainingSet.PubTator.txt", "CDR_TestSet.BioC.xml")

READ = """
import json, sys, time
from pathlib import Path
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules

rules, seconds = pair_rules(), {}
for name in sys.argv[1:]:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        documents = sum(1 for _ in read_input(Path(name), rules=rules))
        best = min(best, time.process_time() - started)
    seconds[name] = best
print(json.dumps(seconds))
"""


def files(mirror: Path, public: Path) -> Iterator[Path]:
    """The files that hold annotated articles."""
    from harmonize.formats.article_forms import HEAD, form_of

    folders = [*(mirror / name for name in CORPORA), public]
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix.lower() in ARCHIVES:
            yield path
        elif path.is_file() and path.suffix.lower() in SUFFIXES:
            with path.open("rb") as file:
                if form_of(file.read(HEAD)) is not None:
                    yield path


def read(path: Path) -> dict[str, Any]:
    """What is read of a file, and what not."""
    from harmonize.errors import HarmonizeError
    from harmonize.prediction.inputs import read_input
    from harmonize.prediction.pairs import pair_rules
    from harmonize.prediction.tally import Tally, by_reason

    rules, tally, faults = pair_rules(), Tally(), list[str]()
    documents = pairs = 0
    outside: Counter[Any] = Counter()
    error = None
    try:
        for document in read_input(
            path, rules=rules, tally=tally, skip=lambda fault: faults.append(str(fault))
        ):
            candidates = rules.candidates(document)
            documents, pairs = documents + 1, pairs + len(candidates.instances)
            outside.update(candidates.left_out)
    except HarmonizeError as fault:
        error = str(fault).replace(str(path), path.name)
    return {
        "documents": {"all": tally.documents, "read": documents, "skipped": dict(tally.skipped)},
        "named": [fault.replace(str(path), path.name) for fault in faults[:10]],
        "mentions": tally.mentions,
        "left_out": by_reason(tally.left_out),
        "in_no_pair": by_reason(outside),
        "repeated_ids": tally.repeated,
        "without_concept_ids": bool(tally.files_without_ids),
        "pairs": pairs,
        "error": error,
    }


def timed(checkout: Path, names: list[str]) -> dict[str, float]:
    """Seconds of processor time to read each file, the best of three, by the code of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout.absolute())}
    command = [sys.executable, "-c", READ, *names]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{checkout}: {done.stderr.splitlines()[-1]}")
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def compared(other: Path, paths: list[Path]) -> dict[str, Any]:
    """Both checkouts' times, in turns; the best of all rounds."""
    names = {str(path.absolute()): path.name for path in paths}
    checkouts = {"before": other, "now": Path(__file__).resolve().parent.parent}
    best = {side: dict.fromkeys(names, float("inf")) for side in checkouts}
    for _ in range(ROUNDS):
        for side, checkout in checkouts.items():
            for name, seconds in timed(checkout, list(names)).items():
                best[side][name] = min(best[side][name], seconds)
    return {
        short: {
            **{f"seconds_{side}": round(best[side][name], 4) for side in checkouts},
            "ratio": round(best["now"][name] / best["before"][name], 3),
        }
        for name, short in names.items()
    }


def table(found: dict[str, Any]) -> str:
    """The table of docs/predicting.md."""
    return markdown_table(("file", "documents read", "mentions left out, of all", "pairs"), rows(found))


def rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, one in found.items():
        reasons = {reason: sum(types.values()) for reason, types in one["left_out"].items()}
        told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items())) or "none"
        documents = f"{one['documents']['read']:,} of {one['documents']['all']:,}"
        yield name, documents, f"{told}; {one['mentions']:,}", f"{one['pairs']:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--public", type=Path, help="a folder of further files [default: DIR/../wild]")
    parser.add_argument("--against", type=Path, help="another checkout, to compare times with")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/reading.json"))
    arguments = parser.parse_args()
    paths = list(files(arguments.mirror, arguments.public or arguments.mirror.parent / "wild"))
    found = {path.name: read(path) for path in paths}
    result = {**provenance("reading", "lxml", "bioc"), "files": found}
    if arguments.against is not None:
        chosen = [path for path in paths if path.name in TIMED]
        result["speed"] = compared(arguments.against, chosen)
    write(result, arguments.out)
    print(table(found))
    for name, times in result.get("speed", {}).items():
        print(f"{name}: {times}")


if __name__ == "__main__":
    main()
