"""A million damaged files: each is read, or refused in one line, soon and in little memory.

    python benchmarks/fuzz.py [--inputs 1000000] [--seed 1] [--mirror DIR] [--readers NAME,...]
    python benchmarks/fuzz.py --engine atheris         guided by coverage; needs `pip install atheris`
    python benchmarks/fuzz.py --replay FOLDER          a fault that was found, again

What is damaged and how stands in tests/fuzz/. An input that shows a fault is kept below --faults.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from multiprocessing.pool import ThreadPool
from pathlib import Path

from common import provenance, write

FUZZ = Path(__file__).resolve().parent.parent / "tests" / "fuzz"
sys.path.insert(0, str(FUZZ))

from fuzz_run import CHUNK, Fault, Fleet, Tally, Workspace, input_of, judged, saved  # noqa: E402
from fuzz_targets import TARGETS  # noqa: E402


def chunks(readers: list[str], inputs: int) -> list[tuple[str, int, int]]:
    """(reader, first number, end) by share, the readers taking turns."""
    shares = {name: TARGETS[name].share for name in readers}
    parts: list[tuple[float, tuple[str, int, int]]] = []
    for name in readers:
        count = round(inputs * shares[name] / sum(shares.values()))
        for start in range(0, count, CHUNK):
            parts.append((start / count, (name, start, min(start + CHUNK, count))))
    return [chunk for _, chunk in sorted(parts)]


def fuzzed(
    readers: list[str], inputs: int, seed: int, workers: int, mirror: Path | None, faults: Path
) -> tuple[dict[str, Tally], dict[tuple[str, str, str], list[Fault]]]:
    """What came of the inputs by reader, and the faults by kind and place; Ctrl-C ends it early."""
    tallies = {name: Tally() for name in readers}
    found: dict[tuple[str, str, str], list[Fault]] = defaultdict(list)
    fleet = Fleet(seed, workers, mirror)
    started = shown = time.monotonic()
    try:
        for name, tally in fleet.run(chunks(readers, inputs)):
            tallies[name].add(tally)
            for fault in tally.faults:
                found[fault.key].append(fault)
                if len(found[fault.key]) == 1:
                    files = input_of(TARGETS[name], TARGETS[name].seeds(mirror), seed, fault.index)
                    place = saved(fault, files, faults)
                    print(f"{fault.kind} in {name} {fault.place}: {fault.message[:100]}")
                    print(f"    python benchmarks/fuzz.py --replay {place}", flush=True)
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                done = sum(tally.inputs for tally in tallies.values())
                print(f"{done} inputs in {shown - started:.0f} s, {len(found)} faults", flush=True)
    except KeyboardInterrupt:  # what came so far is a result too
        print("stopped")
    finally:
        fleet.close()
    return tallies, found


def guided(
    readers: list[str], inputs: int, seed: int, workers: int, mirror: Path | None, faults: Path
) -> tuple[dict[str, Tally], dict[tuple[str, str, str], list[Fault]]]:
    """The same with atheris, a process a reader: coverage of the package says what to damage further."""
    shares = sum(TARGETS[name].share for name in readers)
    found: dict[tuple[str, str, str], list[Fault]] = defaultdict(list)
    faults.mkdir(parents=True, exist_ok=True)

    def run(name: str) -> Tally:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "tally.json"
            count = max(1000, round(inputs * TARGETS[name].share / shares))
            command = [sys.executable, FUZZ / "fuzz_atheris.py", name, str(count), str(seed), result, faults]
            done = subprocess.run([*command, *([mirror] if mirror else [])], capture_output=True, check=False)
            if not result.exists():
                raise SystemExit(f"{name}: {done.stderr.decode(errors='replace')[-400:]}")
            tally = Tally.unpacked(json.loads(result.read_text(encoding="utf-8")))
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            tally.faults.append(Fault(name, tally.inputs, "crash", name, words[-1][:200] if words else ""))
        return tally

    with ThreadPool(workers) as pool:
        tallies = dict(zip(readers, pool.imap(run, readers), strict=True))
    for tally in tallies.values():
        for fault in tally.faults:
            found[fault.key].append(fault)
    for faulty in found.values():
        print(f"{faulty[0].kind} in {faulty[0].reader} {faulty[0].place}: {faulty[0].message[:100]}")
    return tallies, found


def replayed(folder: Path) -> int:
    fault = json.loads((folder / "fault.json").read_text(encoding="utf-8"))
    inputs = folder / "input"
    files = {p.relative_to(inputs).as_posix(): p.read_bytes() for p in inputs.rglob("*") if p.is_file()}
    space = Workspace()
    try:
        started = time.perf_counter()
        verdict = judged(TARGETS[fault["reader"]], space.lay_out(files))
        print(f"{time.perf_counter() - started:.2f} s: {str(verdict)[:600]}")
    finally:
        space.close()
    return 1 if isinstance(verdict, Fault) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", choices=("random", "atheris"), default="random")
    parser.add_argument("--readers", default="all", help="parts of names, joined by commas")
    parser.add_argument("--mirror", type=Path, help="also cut seeds from the real corpora there")
    parser.add_argument("--faults", type=Path, default=Path(tempfile.gettempdir()) / "harmonize-faults")
    parser.add_argument("--replay", type=Path, help="read the input of a fault again, and nothing else")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/fuzz.json"))
    arguments = parser.parse_args()
    if arguments.replay:
        return replayed(arguments.replay)
    wanted = arguments.readers.split(",")
    readers = [n for n in TARGETS if wanted == ["all"] or any(part in n for part in wanted)]
    started = time.monotonic()
    run = guided if arguments.engine == "atheris" else fuzzed
    tallies, found = run(
        readers, arguments.inputs, arguments.seed, arguments.workers, arguments.mirror, arguments.faults
    )
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    result = {
        **provenance("fuzz", "lxml", "bioc", "pyarrow", "spacy", "PyYAML"),
        "command": " ".join(["python benchmarks/fuzz.py", *sys.argv[1:]]),
        "engine": arguments.engine,
        "seed": arguments.seed,
        "workers": arguments.workers,
        "mirror": arguments.mirror is not None,
        "seconds": round(time.monotonic() - started),
        "total": total.shown(),
        "readers": {name: tally.shown() for name, tally in tallies.items()},
        "faults": [
            {"kind": key[0], "place": key[1], "inputs": len(faults), "first": faults[0].__dict__}
            for key, faults in found.items()
        ],
    }
    write(result, arguments.out)
    for name, tally in {**tallies, "total": total}.items():
        refused, slowest = sum(tally.refused.values()), tally.slowest[0] * 1000
        print(
            f"{name:<40} {tally.inputs:>8} inputs {tally.read:>7} read {refused:>7} refused "
            f"{len(tally.messages):>5} messages {slowest:>7.0f} ms {len(tally.faults):>5} faults"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
