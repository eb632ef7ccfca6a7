"""How long a build takes and how much memory it needs, per corpus and for all nine together.

    python benchmarks/build.py --mirror DIR [--out benchmarks/results/build.json]

Every build runs in a process of its own; the peak memory is that process' largest resident set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import provenance, write

from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue
from harmonize.union.manifest import read_manifest


def measured(corpora: str, mirror: Path) -> dict[str, float | int | str]:
    """Seconds, rows and peak memory of one build in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "union"
        command = [Path(sys.executable).with_name("harmonize"), "build", "--corpora", corpora]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--mirror", mirror, "--out", out], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status != 0:
            raise SystemExit(f"the build of {corpora} failed")
        entries = read_manifest(out)["corpora"].values()
        rows = sum(part.get("rows", 0) for entry in entries for part in entry["splits"].values())
        size = sum(part.get("bytes", 0) for entry in entries for part in entry["splits"].values())
    return {
        "corpora": corpora,
        "seconds": round(seconds, 2),
        "rows": rows,
        "rows_per_second": round(rows / seconds),
        "peak_memory_mib": round(usage.ru_maxrss / 1024),
        "parquet_mib": round(size / 2**20, 2),
    }


def grown(documents: int) -> dict[str, float | int | str]:
    """A build of so many documents: the sample's BioRED training documents over and over, under new ids."""
    sample = (sample_folder() / "biored" / "Train.PubTator").read_text(encoding="utf-8")
    records = [record for record in sample.split("\n\n") if record.strip()]
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "biored"
        corpus.mkdir()
        with (corpus / "Train.PubTator").open("w", encoding="utf-8", newline="\n") as file:
            for number in range(documents):
                record = records[number % len(records)].strip("\n")
                old = record.partition("|")[0]
                lines = (line.replace(old, str(91_000_000 + number), 1) for line in record.split("\n"))
                file.write("\n".join(lines) + "\n\n")
        for name in ("Dev.PubTator", "Test.PubTator"):
            (corpus / name).write_bytes((sample_folder() / "biored" / name).read_bytes())
        return {**measured("biored", Path(folder)), "corpora": f"{documents} documents"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/build.json"))
    arguments = parser.parse_args()
    corpora = [*load_catalogue().corpora, "biored,bc5cdr", "all"]
    result = {
        **provenance("build", "pyarrow", "spacy"),
        "builds": [measured(name, arguments.mirror) for name in corpora],
        "growth": [grown(documents) for documents in (2_000, 20_000)],
    }
    write(result, arguments.out)
    for build in [*result["builds"], *result["growth"]]:
        print(
            f"{build['corpora']:<24} {build['seconds']:>7} s {build['rows']:>8} rows "
            f"{build['rows_per_second']:>7} rows/s {build['peak_memory_mib']:>5} MiB"
        )


if __name__ == "__main__":
    main()
