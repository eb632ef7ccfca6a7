"""One command for a GPU that is lent for minutes: entries.yaml, most worth first, by a deadline.

    python benchmarks/gpu/session.py --pack artifacts/pack --minutes 9 --out DIR
    python benchmarks/gpu/session.py --rehearse [--out DIR]

    DIR/session.json      commit, hardware, and of each entry how far it came and what it found
    DIR/predictions.zip   of each test row, by entry
    DIR/log.txt           what the entries printed

First comes the control, then it is measured how many trainings side by side are quickest, then as many run
at a time. session.json is written whenever an entry has more to say. An entry whose time is up stops training
and scores what it has; one that does not end is ended. What an earlier session.json in --have tells of as
done is left out.

A bare Python 3.12 with torch, transformers, accelerate, pyarrow and typer is enough: what else is needed is
in the pack. --rehearse runs every entry on the CPU at toy size, from a pack of the sample, as on such a
machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bare import environment
from gpu_common import PATHS, ROOT


def add_wheels(pack: Path, into: Path) -> list[Path]:
    """Make the packages of a pack known, if this Python lacks them; where they are."""
    if find_spec("pydantic") is not None:
        return []
    for wheel in sorted((pack / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into)
    sys.path.append(str(into))
    return [into]


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, default=Path("artifacts/pack"))
    parser.add_argument("--minutes", type=float, default=9.0, help="until it ends")
    parser.add_argument("--out", type=Path, default=Path("artifacts/session"))
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--have", type=Path, default=ROOT / "benchmarks" / "results" / "gpu")
    parser.add_argument("--toy", action="store_true", help="every entry as small as it can be")
    parser.add_argument("--rehearse", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    started = time.time()
    given = parsed(arguments)
    # What is asked to end ends its processes, and leaves nothing in the folder for scratch.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="session-") as scratch:
        work = Path(scratch)
        if given.rehearse:
            from rehearsal import rehearse

            raise SystemExit(rehearse(work, given.out))
        os.environ.update(environment([*PATHS, *add_wheels(given.pack, work / "site")]))
        from conduct import Session

        raise SystemExit(
            Session(
                pack=given.pack,
                out=given.out,
                work=work,
                device=given.device,
                deadline=started + 60 * given.minutes,
                toy=given.toy,
            ).run(given.have)
        )


if __name__ == "__main__":
    main()
