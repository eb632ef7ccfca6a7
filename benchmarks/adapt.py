"""Held-out perplexity of an encoder before and after it has read more text.

    python benchmarks/adapt.py --text DIR --encoder minilm [--leave-out artifacts/union] [--keep DIR]
        [--set texts=1000 ...] --out FILE

The result holds what `harmonize adapt` says of itself, and the peak of memory; none of the text.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from pathlib import Path

import torch
from common import commit, hardware, versions, write
from peak import peak_mib, start_peak

from harmonize.adaptation.adapt import ADAPTATION, Sources, adapt
from harmonize.adaptation.settings import chosen_settings
from harmonize.pipelines.train import quiet, values_set


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--leave-out", type=Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", type=Path, help="where to leave the adapted encoder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    quiet()
    settings = chosen_settings({"encoder": options.encoder, **values_set(options.set)})
    result: dict[str, object] = {
        "benchmark": "adapt",
        "command": "python benchmarks/adapt.py --text TEXT --encoder "
        + " ".join([options.encoder, *(["--leave-out UNION"] if options.leave_out else [])])
        + "".join(f" --set {each}" for each in options.set),
        "commit": commit(),
        "hardware": hardware(),
        "versions": versions("torch", "transformers"),
    }
    with tempfile.TemporaryDirectory() as folder:
        place = torch.device(options.device)
        start_peak(place)
        out = options.keep or Path(folder) / "adapted"
        adapt(Sources((options.text,), leave_out=options.leave_out), settings, out, device=options.device)
        record = json.loads((out / ADAPTATION).read_text(encoding="utf-8"))
    result |= {
        "date": datetime.date.today().isoformat(),
        "peak_mib": round(peak_mib(place)),
        "adaptation": record,
    }
    write(result, options.out)


if __name__ == "__main__":
    main()
