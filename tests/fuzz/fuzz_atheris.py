"""libFuzzer's loop over one reader, by atheris: what reaches new lines of the package is damaged further.

    python fuzz_atheris.py READER INPUTS SEED RESULT FAULTS [MIRROR]

An input of several files is one string of bytes for libFuzzer: a line of JSON with names and sizes, then the
files. Needs `pip install atheris`.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import warnings
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["harmonize"]):
    from fuzz_mutations import Files, mutated
    from fuzz_run import MEMORY, Tally, Workspace, read_input, saved
    from fuzz_targets import TARGETS

_LARGEST = 1 << 18


def packed(files: Files) -> bytes:
    head = json.dumps([[name, len(data)] for name, data in files.items()]).encode()
    return head + b"\n" + b"".join(files.values())


def unpacked(data: bytes) -> Files | None:
    """The files; None if libFuzzer made the string up."""
    head, _, rest = data.partition(b"\n")
    try:
        sizes = dict(json.loads(head))
    except (ValueError, TypeError):
        return None
    files: Files = {}
    for name, size in sizes.items():
        files[name], rest = rest[:size], rest[size:]
    return files


class Loop:
    """What libFuzzer calls.

    Args:
        result: where the tally goes, since libFuzzer does not come back.
    """

    def __init__(self, name: str, inputs: int, result: Path, faults: Path, mirror: Path | None) -> None:
        self.target, self.seeds = TARGETS[name], TARGETS[name].seeds(mirror)
        self._inputs, self._result, self._faults = inputs, result, faults
        self._space, self._tally = Workspace(), Tally()
        self._known: set[tuple[str, str, str]] = set()

    def read(self, data: bytes) -> None:
        files = unpacked(data)
        if files is None:
            return
        before = len(self._tally.faults)
        read_input(self.target, files, self._tally.inputs, self._space, self._tally)
        for fault in self._tally.faults[before:]:
            if fault.key not in self._known:
                self._known.add(fault.key)
                print(f"{fault.kind} {fault.place}: {saved(fault, files, self._faults)}", flush=True)
        if self._tally.inputs % 100 == 0 or self._tally.inputs >= self._inputs:
            self._result.write_text(json.dumps(self._tally.packed()), encoding="utf-8")
        if self._tally.inputs >= self._inputs:
            self._space.close()

    def damage(self, data: bytes, largest: int, seed: int) -> bytes:
        random = Random(seed)
        files = unpacked(data) or random.choice(self.seeds)
        if random.random() < 0.3:
            names = [name for name in files if name not in self.target.fixed]
            name = random.choice(names)
            files = {**files, name: atheris.Mutate(files[name], len(files[name]) + 64)}
        else:
            fellows = [seed for seed in self.seeds if seed.keys() == files.keys()] or [files]
            files = mutated(random, files, fellows, self.target.fixed)
        changed = packed(files)
        return changed if len(changed) <= largest else packed(random.choice(self.seeds))[:largest]


def main() -> None:
    name, inputs, seed, result, faults, *rest = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    loop = Loop(name, int(inputs), Path(result), Path(faults), Path(rest[0]) if rest else None)
    folder = Path(tempfile.mkdtemp(prefix="harmonize-corpus-"))
    for number, files in enumerate(loop.seeds):
        (folder / str(number)).write_bytes(packed(files))
    options = [f"-runs={inputs}", f"-seed={seed}", f"-max_len={_LARGEST}", "-timeout=20", "-verbosity=0"]
    options += [f"-artifact_prefix={faults}/{name.replace('/', '-').replace(' ', '-')}-"]
    atheris.Setup([sys.argv[0], str(folder), *options], loop.read, custom_mutator=loop.damage)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
