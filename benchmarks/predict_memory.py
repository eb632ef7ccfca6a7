"""The memory of `harmonize predict` for 1,000, 10,000 and 100,000 documents.

    python benchmarks/predict_memory.py [--out FILE]

Each in a process of its own, with a classifier that answers at once: what is measured is reading, pairing and
writing. A model adds its own weights and one batch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import commit, hardware, versions, write
from cost import document

DOCUMENTS = (1_000, 10_000, 100_000)

PREDICT = """
import json, sys, time
from pathlib import Path
import numpy as np
from harmonize.pipelines.predict import predict

class Classifier:
    labels = ("Association", "None")
    def probabilities(self, pairs):
        return np.full((len(pairs), 2), 0.5)

started = time.perf_counter()
found = predict(Classifier(), Path(sys.argv[1]), Path(sys.argv[2]))
lines = Path('/proc/self/status').read_text().splitlines()
peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith('VmHWM'))
print(json.dumps({"documents": found.documents_out, "pairs": found.pairs, "peak_mib": round(peak),
    "seconds": round(time.perf_counter() - started, 1)}))
"""


def pubtator(path: Path, count: int) -> None:
    pairs = document(120, 6)
    entities = list(dict.fromkeys(side for pair in pairs for side in (pair.head, pair.tail)))
    text = pairs[0].text.rstrip()
    with path.open("w", encoding="utf-8") as file:
        for number in range(1, count + 1):
            file.write(f"{number}|t|{text}\n{number}|a|\n")
            for place, entity in enumerate(entities):
                start, end = entity.spans[0]
                kind = "Chemical" if entity.type == "ChemicalEntity" else "Disease"
                file.write(f"{number}\t{start}\t{end}\t{entity.name}\t{kind}\tMESH:D{place:06}\n")
            file.write("\n")


def measured() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        for count in DOCUMENTS:
            source, out = Path(folder) / "in.pubtator", Path(folder) / "out.parquet"
            pubtator(source, count)
            command = [sys.executable, "-c", PREDICT, source, out]
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
            yield json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/predict_memory.json"))
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "predict_memory",
        "command": "python benchmarks/predict_memory.py",
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
        "hardware": hardware(),
        "versions": versions("harmonize", "pyarrow"),
        "by_documents": list(measured()),
    }
    write(result, options.out)
    for one in result["by_documents"]:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
