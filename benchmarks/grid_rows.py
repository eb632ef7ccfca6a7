"""The rows of the tables that quote.py writes of grids: what they quote of each result file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import mean
from typing import Any

from figures import Row, difference, interval, percent, probability, result

ALL = "a relation for all"


def system(one: Mapping[str, Any]) -> Row:
    """The columns input and head of a system of a grid; a linear baseline has no input."""
    *inputs, head = one["name"].split()
    return (" ".join(f"`{name}`" for name in inputs), f"`{head}`")


def watched(grid: Mapping[str, Any], name: str) -> float:
    """F on the development folds, on average over the folds that all systems were trained on."""
    runs: dict[str, dict[str, float]] = {}
    for path, run in grid["trained"].items():
        folder, _, fold = path.partition("/")
        runs.setdefault(folder, {})[fold] = run["best"]["development_pair_f"]
    common = set.intersection(*map(set, runs.values()))
    own = runs[name.replace(" ", "-")]
    return mean(own[fold] for fold in sorted(common))


def all_related(grid: Mapping[str, Any]) -> float:
    """F of calling every pair related."""
    rows, positive = grid["rows"], grid["positive"]
    return float(2 * positive / (rows + positive))


def heads(grids: Iterable[str], linear: str, marked: str = "") -> Iterator[Row]:
    """Input, head, F, development F, corrected p; by F.

    Args:
        marked: the grid whose p gets a mark, since it is to another system.
    """
    found: list[tuple[float, Row]] = []
    for name in grids:
        grid = result(name)
        for one in grid["systems"]:
            p = "" if one["p_holm"] is None else probability(one["p_holm"]) + (" *" if name == marked else "")
            row = (*system(one), interval(one["f1"]), percent(watched(grid, one["name"])), p)
            found.append((one["f1"]["value"], row))
    baselines = result(linear)
    for one in baselines["systems"]:
        found.append((one["f1"]["value"], (*system(one), interval(one["f1"]), "", "")))
    found.append((all_related(baselines), ("", ALL, percent(all_related(baselines)), "", "")))
    for _, row in sorted(found, key=lambda item: -item[0]):
        yield row


def typed(names: Iterable[str], one: str) -> Row:
    """Of each grid: F with the type, its difference, corrected p, and F of pairs, of the system `one`."""
    found: list[str] = []
    for name in names:
        (held,) = (each for each in result(name)["systems"] if each["name"] == one)
        compared = held["difference"] is not None and not name.startswith("grid-linear")
        against = difference(held["difference"]["difference"]["value"]) if compared else ""
        p = probability(held["p_holm"]) if compared else ""
        found += [interval(held["typed"]), against, p, percent(held["f1"]["value"])]
    return tuple(found)


def bertsrc() -> Iterator[Row]:
    """Input and head, and `typed` of both splits; linear baselines last."""
    for prefix in ("grid-", "grid-linear-"):
        names = (f"{prefix}bertsrc", f"{prefix}bertsrc-published")
        for one in sorted(result(names[0])["systems"], key=lambda each: -each["typed"]["value"]):
            yield (*system(one), *typed(names, one["name"]))


def contexts() -> Iterator[Row]:
    """Classifiers that read a context once: input, head, scores on BioRED and AIMed, of some on BC5CDR."""
    biored, aimed, bc5cdr = (
        {one["name"]: one for one in result(f"grid-contexts-{corpus}")["systems"]}
        for corpus in ("biored", "aimed", "bc5cdr")
    )
    for name, one in sorted(biored.items(), key=lambda item: -item[1]["f1"]["value"]):
        other, further = aimed[name], bc5cdr.get(name.removeprefix("prompt "))
        yield (
            *system(one),
            interval(one["f1"]),
            interval(one["typed"]),
            percent(watched(result("grid-contexts-biored"), name)),
            corrected(one),
            interval(other["f1"]),
            percent(watched(result("grid-contexts-aimed"), name)),
            corrected(other),
            "" if further is None else interval(further["f1"]),
        )


def corrected(one: Mapping[str, Any]) -> str:
    """Holm's p of a system of a grid; nothing of the one that the others are tested against."""
    return "" if one["p_holm"] is None else probability(one["p_holm"])
