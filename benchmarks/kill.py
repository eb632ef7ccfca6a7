"""Kill -9 at random moments of fetch, build and leak pass: does the next run give the undisturbed bytes?

Each step is first run undisturbed, which gives its result and how long it takes here. Then, for each of the
moments, it is started from the same beginning, killed, checked for half-written results, and run to its end.

    python benchmarks/kill.py --mirror DIR [--moments 20]
"""

from __future__ import annotations

import argparse
import http.server
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from common import provenance, write

HARMONIZE = str(Path(sys.executable).with_name("harmonize"))
CORPORA = "biored,aimed,hprd50"
LOOSE = "{shingle_words: 2, threshold: 0.3, propose: 0.2, permutations: 128}\n"

Contents = dict[str, bytes]


class Step(NamedTuple):
    """A command to kill.

    Attributes:
        begin: makes a folder as it is before the command.
        command: the arguments for harmonize, run in that folder.
        result: the folder in it that the command leaves, as a pattern.
        or_before: after a kill the result may be what stood there before, but nothing else; a fetch may also
            have brought some of its files.
    """

    name: str
    begin: Callable[[Path], None]
    command: list[str]
    result: str
    or_before: bool


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/kill.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work, server = Path(folder), slow_server(options.mirror)
        steps = [killed(step, work, options) for step in make_steps(options.mirror, server, work)]
        server.shutdown()
    write(provenance("kill", "pyarrow", "requests") | {"corpora": CORPORA, "steps": steps}, options.out)
    for step in steps:
        print(step)
    if any(step["equal"] != options.moments or step["half_written"] for step in steps):
        sys.exit(1)


def make_steps(mirror: Path, server: http.server.ThreadingHTTPServer, work: Path) -> list[Step]:
    """The three steps; build and leak pass both replace an older set, which is made here."""
    older = work / "older"
    small = ["build", "--mirror", str(mirror.absolute()), "--corpora", "hprd50", "--out", str(older)]
    run(small, work)
    (work / "loose.yaml").write_text(LOOSE)
    built = work / "built"
    run(["build", "--mirror", str(mirror.absolute()), "--corpora", CORPORA, "--out", str(built)], work)

    def with_set(source: Path) -> Callable[[Path], None]:
        return lambda folder: shutil.copytree(source, folder / "union") and None

    address = f"http://127.0.0.1:{server.server_port}"
    fetch = ["fetch", "--corpora", CORPORA, "--mirror", address, "--cache", "cache"]
    build = ["build", "--mirror", str(mirror.absolute()), "--corpora", CORPORA, "--out", "union"]
    leaks = ["leaks", "union", "--again", "--leak-settings", str(work / "loose.yaml")]
    return [
        Step("fetch", lambda folder: None, fetch, "cache", or_before=False),
        Step("build", with_set(older), build, "union", or_before=True),
        Step("leak pass", with_set(built), leaks, "union", or_before=True),
    ]


def killed(step: Step, work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Kill a step at each moment, finish it, and compare."""
    expected, seconds = undisturbed(step, work)
    generator = random.Random(f"{options.seed} {step.name}")
    outcomes: Counter[str] = Counter()
    half_written = equal = 0
    for _ in range(options.moments):
        with tempfile.TemporaryDirectory(dir=work) as name:
            folder = Path(name)
            step.begin(folder)
            before = contents(folder / step.result)
            outcomes[kill_after(step.command, folder, generator.uniform(0.0, seconds))] += 1
            found = contents(folder / step.result)
            half_written += not is_whole(found, before, expected, step.or_before)
            run(step.command, folder)
            equal += contents(folder / step.result) == expected
    return {
        "step": step.name,
        "moments": options.moments,
        "killed": outcomes["killed"],
        "finished_before": outcomes["finished"],
        "half_written": half_written,
        "equal": equal,
    }


def undisturbed(step: Step, work: Path) -> tuple[Contents, float]:
    with tempfile.TemporaryDirectory(dir=work) as name:
        step.begin(Path(name))
        start = time.monotonic()
        run(step.command, Path(name))
        return contents(Path(name) / step.result), time.monotonic() - start


def is_whole(found: Contents, before: Contents, expected: Contents, or_before: bool) -> bool:
    """After a kill: the older set or the new one; of a fetch, each file that bears its final name."""
    if or_before:
        return found in (before, expected)
    return all(expected.get(name) == content for name, content in found.items() if ".part" not in name)


def contents(folder: Path) -> Contents:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def run(command: list[str], folder: Path) -> None:
    subprocess.run([HARMONIZE, *command], cwd=folder, check=True, capture_output=True)


def kill_after(command: list[str], folder: Path, seconds: float) -> str:
    process = subprocess.Popen(
        [HARMONIZE, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return "killed"
    return "finished"


class _Slow(http.server.SimpleHTTPRequestHandler):
    """Serves files in small pieces, so that moments fall into the transfer; knows ranges."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content, etag = path.read_bytes(), f'"{path.stat().st_size}-{path.stat().st_mtime_ns}"'
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == etag:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        for at in range(start, len(content), 1 << 16):
            try:
                self.wfile.write(content[at : at + (1 << 16)])
            except ConnectionError:
                return  # killed
            time.sleep(0.02)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def slow_server(folder: Path) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Slow, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    main()
