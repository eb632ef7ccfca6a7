"""What each layer of a frozen encoder knows about the relations of a corpus.

python benchmarks/probe.py --union artifacts/union --encoder minilm --corpus aimed --folds 10 --fold 0
    --out FILE [--figure FILE] [--set epochs=10 ...]
"""

from __future__ import annotations

import argparse
import datetime
import tempfile
from pathlib import Path

from common import commit, hardware, versions, write

from harmonize.pipelines.train import quiet, values_set
from harmonize.probing.edge_probe import chosen_settings
from harmonize.probing.probe import PROBE_FIGURE, PROBE_TABLE, EncoderInput, ProbedRows, probe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--corpus", default="aimed")
    parser.add_argument("--folds", type=int)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    quiet()
    part = [f"--corpus {options.corpus}"]
    if options.folds is not None:
        part.append(f"--folds {options.folds} --fold {options.fold}")
    settings = [f"--set {each}" for each in options.set]
    command = f"python benchmarks/probe.py --union UNION --encoder {options.encoder}"
    result: dict[str, object] = {
        "benchmark": "probe",
        "command": " ".join([command, *part, *settings]),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("torch", "transformers"),
    }
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "probe"
        result["probe"] = probe(
            options.union,
            ProbedRows(options.corpus, options.folds, options.fold),
            EncoderInput(options.encoder),
            out,
            chosen_settings(values_set(options.set)),
            device=options.device,
        )
        if options.figure is not None:
            options.figure.write_bytes((out / PROBE_FIGURE).read_bytes())
        print((out / PROBE_TABLE).read_text(encoding="utf-8"), end="")
    write(result, options.out)


if __name__ == "__main__":
    main()
