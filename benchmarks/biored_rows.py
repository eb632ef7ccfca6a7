"""The rows of the tables on BioRED that quote.py writes: what they quote of each result file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev

import yaml
from figures import Row, interval, percent, result, scores, tested

_ROWS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
NUMBERS = "numbers and entity types alone"
OWN_TYPES = "the same with BioRED's own types, which tell variants from genes"


def biored_row(run: str, called: str) -> Row:
    held, found = result(f"run-{run}"), scores(run)
    recipe = held["recipe"]
    by_steps = held["trained"][0].get("steps") is not None
    rates = ", ".join(map(rate, (recipe["learning_rate"], recipe["head_learning_rate"]))) if by_steps else ""
    kinds = (found[kind]["f1"] for kind in ("all_binary", "all_typed", "biorex_binary"))
    # The oldest result files do not have it.
    precision = found.get("average_precision")
    # What is trained on the development part too has no score on it.
    development = held["trained"][0]["best"]["development_pair_f"]
    return (
        called,
        rates,
        f"{recipe['epochs']:g}" if by_steps else "",
        *map(interval, kinds),
        "" if precision is None else interval(precision),
        "" if development is None else percent(development),
    )


def rate(value: float) -> str:
    """A learning rate: 1e-4, or 2.5e-5."""
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(power)}"


def biored() -> Iterator[Row]:
    for run, called, trained_on in _ROWS["biored"]:
        name, *rest = biored_row(run, called)
        yield (name, trained_on, *rest)
    for found, called in (("counts-alone-biored", NUMBERS), ("counts-alone-own-types-biored", OWN_TYPES)):
        numbers = result(found)["scores"]["biored-test"]
        yield (
            *(called, "BioRED", "", ""),
            *(interval(numbers["all_binary"]["f1"]), "", interval(numbers["biorex_binary"]["f1"])),
            *(interval(numbers["average_precision"]), ""),
        )


LEFT_OUT = {
    "disgenet": "D-G",
    "emu": "D-G",
    "bc5cdr": "C-D",
    "pharmgkb": "C-G",
    "drugprot": "C-G",
    "ddi": "C-C",
    "aimed": "G-G",
    "hprd50": "G-G",
}
"""The corpora beside BioRED, and what pairs most of them hold."""


def left_out() -> Iterator[Row]:
    """The union without a corpus: F and its difference to the whole, average precision, F on its pairs."""
    whole = scores("biored-union-graph-4")
    rows = [
        *((f"`{corpus}`", f"biored-without-{corpus}", "", pair) for corpus, pair in LEFT_OUT.items()),
        ("all eight (BioRED alone)", "biored-graph-4", "biored-without-all", ""),
        ("nothing, seed 1", "biored-union-graph-4-seed-1", "biored-union-seeds", ""),
    ]
    for called, run, compared, pair in rows:
        found = scores(run)
        tests = result(f"compare-{compared or run}")["comparison"]
        pairs = (
            f"{pair}: {percent(found['by_pair_type'][pair]['binary']['value'])}"
            f" ({percent(whole['by_pair_type'][pair]['binary']['value'])})"
            if pair
            else ""
        )
        yield (
            called,
            interval(found["all_binary"]["f1"]),
            tested(tests["binary"]),
            percent(found["all_typed"]["f1"]["value"]),
            percent(found["biorex_binary"]["f1"]["value"]),
            interval(found["average_precision"]),
            tested(tests["ranking"]),
            pairs,
        )


def spread() -> Iterator[Row]:
    """Mean and standard deviation over trainings of a head: alone, with all corpora, without one."""
    for head, called, runs in _ROWS["spread"]:
        yield (head, called, str(len(runs)), *_means(runs))


def lead() -> Iterator[Row]:
    """The page's first table: what was trained with several seeds, the baselines, and the paper's."""
    for system, trained_on, runs in _ROWS["lead"]:
        yield (system, trained_on, str(len(runs)), *_means(runs))
    found = result("counts-alone-biored")["scores"]["biored-test"]
    pairs, measure = (percent(found[kind]["f1"]["value"]) for kind in ("all_binary", "biorex_binary"))
    yield (NUMBERS, "BioRED", "", pairs, "", measure, percent(found["average_precision"]["value"]))
    for trained_on, measured in zip(("BioRED, 500 abstracts", "the union"), _PAPER_CURVE[500], strict=True):
        yield ("PubMedBERT, as the paper reports it", trained_on, "", "", "", f"{measured:.1f}", "")


def _means(runs: Sequence[str]) -> Iterator[str]:
    """F of pairs, with type and by the BioREx measure, and average precision: 68.5 ± 0.9, or one run's."""
    each = [scores(run) for run in runs]
    measured = [
        [found[kind]["f1"]["value"] for found in each]
        for kind in ("all_binary", "all_typed", "biorex_binary")
    ]
    measured.append([found["average_precision"]["value"] for found in each])
    for values in measured:
        yield percent(mean(values)) + (f" ± {percent(stdev(values))}" if len(values) > 1 else "")


# F of PubMedBERT by the BioREx measure, by how many abstracts of BioRED it is trained on: alone, and with the
# other corpora (the paper's supplement, experiment A; of 500 abstracts also its Table 3).
_PAPER_CURVE = {100: (59.1, 68.4), 398: (74.0, 77.8), 500: (74.4, 79.6)}


def curve() -> Iterator[Row]:
    """The counts head with some and with all of BioRED's abstracts, alone and beside the other corpora."""
    for abstracts, encoder, with_others, run in _ROWS["curve"]:
        found, epochs = scores(run), result(f"run-{run}")["recipe"]["epochs"]
        measured = [found[kind]["f1"] for kind in ("all_binary", "all_typed", "biorex_binary")]
        yield (
            *(str(abstracts), "with the other corpora" if with_others else "alone", encoder, f"{epochs:g}"),
            *map(interval, (*measured, found["average_precision"])),
            f"{_PAPER_CURVE[abstracts][with_others]:.1f}",
        )


PAIRS = ("C-D", "C-G", "D-G", "G-G", "C-C")


def pair_types() -> Iterator[Row]:
    """F of pairs found, for each kind of pair."""
    for run, called, trained_on in _ROWS["compared"]:
        found = scores(run)["by_pair_type"]
        yield (called, trained_on, *(interval(found[pair]["binary"]) for pair in PAIRS))
    found = result("counts-alone-biored")["scores"]["biored-test"]["by_pair_type"]
    yield (NUMBERS, "BioRED", *(interval(found[pair]["binary"]) for pair in PAIRS))


def mentions_header() -> Row:
    """How many rows and relations each number of mentions has."""
    counted = scores(_ROWS["compared"][0][0])["by_mentions"]
    return tuple(
        f"{name} ({found['rows']:,} rows, {found['positive']:,} related)" for name, found in counted.items()
    )


def mentions() -> Iterator[Row]:
    """F of pairs found, by the mentions of the entity with the fewer."""
    for run, called, trained_on in _ROWS["compared"]:
        found = scores(run)["by_mentions"].values()
        yield (called, trained_on, *(interval(each["binary"]) for each in found))
    found = result("counts-alone-biored")["scores"]["biored-test"]["by_mentions"].values()
    yield (NUMBERS, "BioRED", *(interval(each["binary"]) for each in found))


def readme() -> Iterator[Row]:
    """The first table without seeds and average precision."""
    for system, trained_on, _, *figures, _ in lead():
        yield (system, trained_on, *figures)


# The best F of each at BioCreative VIII's BioRED track, of different teams.
_TRACK = {"pair": 77.17, "typed": 58.95, "with_value": 59.22, "all": 44.55}
_CALLED = {"pair": "pair", "typed": "pair, type", "with_value": "pair, novelty", "all": "pair, type, novelty"}


def novelty() -> Iterator[Row]:
    """What is right, F of a run that tells of novelty, F if all it finds were novel, and the track's best."""
    found = scores("biored-novelty")["novelty"]
    for name, called in _CALLED.items():
        constant = found.get(f"constant_{name}")
        every = "" if constant is None else interval(constant["f1"])
        yield (called, interval(found[name]["f1"]), every, f"{_TRACK[name]:.2f}")
