"""The rows of the tables on BioRED that quote.py writes: what they quote of each result file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import mean, stdev
from typing import Any

from figures import Row, difference, interval, percent, probability, result, scores, span

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
    """A learning rate: 1e-4."""
    digits, _, power = f"{value:.0e}".partition("e")
    return f"{digits}e{int(power)}"


def biored() -> Iterator[Row]:
    alone, tokens = "BioRED", "tokens of each other corpus an epoch"
    for run, called, trained_on in (
        (
            "biored-mpnet-counts-union-500",
            "mpnet, `counts`, in bf16",
            f"the union with BioRED's dev part, 30,000 {tokens}",
        ),
        (
            "biored-mpnet-counts-union-500-seed-1",
            "mpnet, `counts`, in bf16, seed 1",
            f"the union with BioRED's dev part, 30,000 {tokens}",
        ),
        (
            "biored-mpnet-counts-union-500-seed-2",
            "mpnet, `counts`, in bf16, seed 2",
            f"the union with BioRED's dev part, 30,000 {tokens}",
        ),
        ("biored-mpnet-counts-unions-500", "the mean of the first two", "the same"),
        ("biored-mpnet-counts-three-unions-500", "the mean of these three", "the same"),
        ("biored-mpnet-counts-500", "mpnet, `counts`, in bf16", "BioRED, its dev part too"),
        ("biored-mpnet-counts-500-seed-1", "mpnet, `counts`, in bf16, seed 1", "BioRED, its dev part too"),
        ("biored-mpnet-counts-500-seed-2", "mpnet, `counts`, in bf16, seed 2", "BioRED, its dev part too"),
        (
            "biored-mpnet-counts-two-500",
            "the mean of both first seeds",
            f"BioRED; the union, both with BioRED's dev part, 30,000 {tokens}",
        ),
        ("biored-mpnet-counts-4", "mpnet, `counts`, in bf16", alone),
        ("biored-mpnet-counts-union-4", "mpnet, `counts`, in bf16", f"the union, 30,000 {tokens}"),
        ("biored-mpnet-counts-two", "the mean of these two", f"BioRED; the union, 30,000 {tokens}"),
        ("biored-counts-4", "minilm, `counts`", alone),
        ("biored-counts-4-seed-1", "minilm, `counts`, seed 1", alone),
        ("biored-counts-4-seed-2", "minilm, `counts`, seed 2", alone),
        ("biored-counts-4-seed-3", "minilm, `counts`, seed 3", alone),
        ("biored-counts-6-seed-3", "minilm, `counts`, seed 3", alone),
        ("biored-counts-anew-4", "minilm, `counts`, trained anew", alone),
        ("biored-counts-anew-4-seed-1", "minilm, `counts`, seed 1, trained anew", alone),
        (
            "biored-counts-pseudo-4",
            "minilm, `counts`, trained anew",
            "BioRED, and pseudo-labels of the first of these two",
        ),
        ("biored-counts-union-4", "minilm, `counts`", f"the union, 30,000 {tokens}"),
        ("biored-counts-union-4-seed-1", "minilm, `counts`, seed 1", f"the union, 30,000 {tokens}"),
        ("biored-counts-union-4-seed-2", "minilm, `counts`, seed 2", f"the union, 30,000 {tokens}"),
        ("biored-counts-union-three", "the mean of these three", "the same"),
        ("biored-counts-union-4-seed-3", "minilm, `counts`, seed 3", f"the union, 30,000 {tokens}"),
        ("biored-counts-anew-union-4", "minilm, `counts`, trained anew", f"the union, 30,000 {tokens}"),
        (
            "biored-counts-anew-union-4-seed-1",
            "minilm, `counts`, seed 1, trained anew",
            f"the union, 30,000 {tokens}",
        ),
        (
            "biored-counts-heads-union-4",
            "minilm, `counts`, an output for each corpus",
            f"the union, 30,000 {tokens}",
        ),
        (
            "biored-counts-heads-union-4-seed-1",
            "minilm, `counts`, an output for each corpus, seed 1",
            f"the union, 30,000 {tokens}",
        ),
        ("biored-counts-union-four", "the mean of these two and the two trained anew", "the same"),
        ("biored-counts-whole-2", "minilm, `counts`, trained anew", "the whole union"),
        ("biored-counts-whole-2-seed-1", "minilm, `counts`, seed 1, trained anew", "the whole union"),
        ("biored-counts-whole-mean", "the mean of these two", "the same"),
        ("biored-counts-whole-3", "minilm, `counts`, trained anew", "the whole union"),
        ("biored-counts-whole-2-then-3", "minilm, `counts`, trained anew", "the whole union, then BioRED"),
        (
            "biored-counts-whole-2-then-3-seed-1",
            "minilm, `counts`, seed 1, trained anew",
            "the whole union, then BioRED",
        ),
        ("biored-counts-whole-three", "the mean of these three", "the same"),
        ("biored-graph-4", "minilm, `graph`", alone),
        ("biored-graph-4-seed-1", "minilm, `graph`, seed 1", alone),
        ("biored-graph-4-seed-2", "minilm, `graph`, seed 2", alone),
        ("biored-graph-4-seed-3", "minilm, `graph`, seed 3", alone),
        ("biored-union-graph-4", "minilm, `graph`", f"the union, 30,000 {tokens}"),
        ("biored-union-graph-4-seed-1", "minilm, `graph`, seed 1", f"the union, 30,000 {tokens}"),
        ("biored-union-graph-6", "minilm, `graph`", f"the union, 100,000 {tokens}"),
        ("biored-adapted-4", "minilm, adapted, `graph`", alone),
        ("biored-adapted-4-seed-1", "minilm, adapted, `graph`, seed 1", alone),
        ("biored-adapted-union-4", "minilm, adapted, `graph`", f"the union, 30,000 {tokens}"),
        ("biored-mpnet-4", "mpnet, `document`", alone),
        ("biored-document-10", "minilm, `document`", alone),
        ("biored-document-10-seed-1", "minilm, `document`, seed 1", alone),
        ("biored-document-10-bf16", "minilm, `document`, in bf16", alone),
        ("biored-document-10-bf16-seed-1", "minilm, `document`, in bf16, seed 1", alone),
        ("biored-union-6", "minilm, `document`", f"the union, 100,000 {tokens}"),
        ("biored-after-union-4", "minilm, `document`", "the run above, then BioRED"),
        ("biored-document-whole-3", "minilm, `document`", "the whole union"),
        ("biored-document-whole-3-seed-1", "minilm, `document`, in bf16, seed 1", "the whole union"),
        ("biored-document-whole-5", "minilm, `document`, in bf16", "the whole union"),
        ("biored-document-3", "minilm, `document`", alone),
        ("biored-logistic", "`logistic`", alone),
        ("biored-logistic-union", "`logistic`", "the union"),
        ("biored-both-4", "mean of minilm, `graph`, and `logistic`", alone),
        ("biored-both-union-4", "the same", f"the union, 30,000 {tokens}; BioRED"),
    ):
        name, *rest = biored_row(run, called)
        yield (name, trained_on, *rest)
    for found, called in (("counts-alone-biored", NUMBERS), ("counts-alone-own-types-biored", OWN_TYPES)):
        numbers = result(found)["scores"]["biored-test"]
        yield (
            *(called, alone, "", ""),
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


def tested(found: Mapping[str, Any]) -> str:
    """A difference with its interval and p: -1.2 (-4.0 to 1.5; p 0.40)."""
    points = found["difference"]
    return f"{difference(points['value'])} ({span(points)}; p {probability(found['p'])})"


def spread() -> Iterator[Row]:
    """Mean and standard deviation over trainings of a head: alone, with all corpora, without one."""
    seeds = ("", "-seed-1", "-seed-2", "-seed-3")
    without = [f"biored-without-{corpus}" for corpus in LEFT_OUT]
    for head, called, runs in (
        (
            "`counts`, mpnet",
            "BioRED alone, its dev part too, three seeds",
            [f"biored-mpnet-counts-500{seed}" for seed in seeds[:3]],
        ),
        (
            "`counts`, mpnet",
            "the union with BioRED's dev part, 30,000 tokens, three seeds",
            [f"biored-mpnet-counts-union-500{seed}" for seed in seeds[:3]],
        ),
        ("`counts`", "BioRED alone, four seeds", [f"biored-counts-4{seed}" for seed in seeds]),
        (
            "`counts`",
            "the union, 30,000 tokens, four seeds",
            [f"biored-counts-union-4{seed}" for seed in seeds],
        ),
        (
            "`counts`",
            "BioRED alone, two of the seeds trained anew",
            [f"biored-counts-anew-4{seed}" for seed in seeds[:2]],
        ),
        (
            "`counts`",
            "the union, 30,000 tokens, two of the seeds trained anew",
            [f"biored-counts-anew-union-4{seed}" for seed in seeds[:2]],
        ),
        (
            "`counts`",
            "the whole union, the same two seeds",
            [f"biored-counts-whole-2{seed}" for seed in seeds[:2]],
        ),
        (
            "`counts`",
            "the whole union, then BioRED, the same two seeds",
            [f"biored-counts-whole-2-then-3{seed}" for seed in seeds[:2]],
        ),
        (
            "`counts`",
            "the union, 30,000 tokens, an output for each corpus, two seeds",
            [f"biored-counts-heads-union-4{seed}" for seed in seeds[:2]],
        ),
        ("`graph`", "BioRED alone, four seeds", [f"biored-graph-4{seed}" for seed in seeds]),
        (
            "`graph`",
            "the union, 30,000 tokens, two seeds",
            [f"biored-union-graph-4{seed}" for seed in seeds[:2]],
        ),
        ("`graph`", "the same without one corpus, each in turn", without),
        ("`document`", "BioRED alone, two seeds", [f"biored-document-10{seed}" for seed in seeds[:2]]),
        (
            "`document`",
            "BioRED alone, the same seeds in bf16",
            [f"biored-document-10-bf16{seed}" for seed in seeds[:2]],
        ),
        (
            "`document`",
            "the whole union, two seeds",
            [f"biored-document-whole-3{seed}" for seed in seeds[:2]],
        ),
    ):
        each = [scores(run) for run in runs]
        measured = [
            [found[kind]["f1"]["value"] for found in each]
            for kind in ("all_binary", "all_typed", "biorex_binary")
        ]
        measured.append([found["average_precision"]["value"] for found in each])
        cells = (f"{percent(mean(values))} ± {percent(stdev(values))}" for values in measured)
        yield (head, called, str(len(runs)), *cells)


# F of PubMedBERT by the BioREx measure, by how many abstracts of BioRED it is trained on: alone, and with the
# other corpora (the paper's supplement, experiment A; of 500 abstracts also its Table 3).
_PAPER_CURVE = {"100": (59.1, 68.4), "398": (74.0, 77.8), "500": (74.4, 79.6)}


def curve() -> Iterator[Row]:
    """The counts head with some and with all of BioRED's abstracts, alone and beside the other corpora."""
    for abstracts, encoder, with_others, run in (
        ("100", "minilm", False, "biored-100-counts-4-seed-3"),
        ("100", "minilm, seed 4", False, "biored-100-counts-4-seed-4"),
        ("100", "minilm", False, "biored-100-counts-12-seed-3"),
        ("100", "minilm", True, "biored-100-counts-union-4-seed-3"),
        ("100", "minilm, seed 4", True, "biored-100-counts-union-4-seed-4"),
        ("398", "minilm", False, "biored-counts-4-seed-3"),
        ("398", "minilm", True, "biored-counts-union-4-seed-3"),
        ("398", "mpnet", False, "biored-mpnet-counts-4"),
        ("398", "mpnet", True, "biored-mpnet-counts-union-4"),
        ("500", "mpnet", False, "biored-mpnet-counts-500"),
        ("500", "mpnet, seed 1", False, "biored-mpnet-counts-500-seed-1"),
        ("500", "mpnet, seed 2", False, "biored-mpnet-counts-500-seed-2"),
        ("500", "mpnet", True, "biored-mpnet-counts-union-500"),
        ("500", "mpnet, seed 1", True, "biored-mpnet-counts-union-500-seed-1"),
        ("500", "mpnet, seed 2", True, "biored-mpnet-counts-union-500-seed-2"),
    ):
        found, epochs = scores(run), result(f"run-{run}")["recipe"]["epochs"]
        measured = [found[kind]["f1"] for kind in ("all_binary", "all_typed", "biorex_binary")]
        yield (
            *(abstracts, "with the other corpora" if with_others else "alone", encoder, f"{epochs:g}"),
            *map(interval, (*measured, found["average_precision"])),
            f"{_PAPER_CURVE[abstracts][with_others]:.1f}",
        )


PAIRS = ("C-D", "C-G", "D-G", "G-G", "C-C")
_COMPARED = (
    ("biored-mpnet-counts-4", "mpnet, `counts`", "BioRED"),
    ("biored-mpnet-counts-union-4", "mpnet, `counts`", "the union, 30,000 tokens"),
    ("biored-counts-4", "minilm, `counts`", "BioRED"),
    ("biored-counts-union-4", "minilm, `counts`", "the union, 30,000 tokens"),
    ("biored-graph-4", "minilm, `graph`", "BioRED"),
    ("biored-union-graph-4", "minilm, `graph`", "the union, 30,000 tokens"),
    ("biored-document-10", "minilm, `document`", "BioRED"),
    ("biored-mpnet-4", "mpnet, `document`", "BioRED"),
    ("biored-logistic", "`logistic`", "BioRED"),
    ("biored-both-4", "mean of minilm, `graph`, and `logistic`", "BioRED"),
)
"""The systems that are shown in detail."""


def pair_types() -> Iterator[Row]:
    """F of pairs found, for each kind of pair."""
    for run, called, trained_on in _COMPARED:
        found = scores(run)["by_pair_type"]
        yield (called, trained_on, *(interval(found[pair]["binary"]) for pair in PAIRS))
    found = result("counts-alone-biored")["scores"]["biored-test"]["by_pair_type"]
    yield (NUMBERS, "BioRED", *(interval(found[pair]["binary"]) for pair in PAIRS))


def mentions_header() -> Row:
    """How many rows and relations each number of mentions has."""
    counted = scores(_COMPARED[0][0])["by_mentions"]
    return tuple(
        f"{name} ({found['rows']:,} rows, {found['positive']:,} related)" for name, found in counted.items()
    )


def mentions() -> Iterator[Row]:
    """F of pairs found, by the mentions of the entity with the fewer."""
    for run, called, trained_on in _COMPARED:
        found = scores(run)["by_mentions"].values()
        yield (called, trained_on, *(interval(each["binary"]) for each in found))
    found = result("counts-alone-biored")["scores"]["biored-test"]["by_mentions"].values()
    yield (NUMBERS, "BioRED", *(interval(each["binary"]) for each in found))


def readme() -> Iterator[Row]:
    """The same in short, every seed's F, beside what the paper reports."""
    seeds = ("", "-seed-1", "-seed-2", "-seed-3")
    for run, of_seeds, called in (
        (
            "biored-mpnet-counts-union-500",
            seeds[:3],
            "mpnet, counts head, on BioRED, its dev part too, and a part of every other corpus",
        ),
        (
            "biored-mpnet-counts-500",
            seeds[:3],
            "mpnet, counts head, on BioRED alone, its dev part too",
        ),
        (
            "biored-mpnet-counts-union-4",
            seeds[:1],
            "mpnet, counts head, on BioRED and a part of every other corpus",
        ),
        ("biored-mpnet-counts-4", seeds[:1], "mpnet, counts head, on BioRED alone"),
        (
            "biored-counts-union-4",
            seeds,
            "minilm, counts head, on BioRED and a part of every other corpus",
        ),
        (
            "biored-counts-whole-2-then-3",
            seeds[:2],
            "minilm, counts head, on the whole union, then on BioRED",
        ),
        ("biored-counts-whole-2", seeds[:2], "minilm, counts head, on the whole union"),
        ("biored-counts-4", seeds, "minilm, counts head, on BioRED alone"),
        ("biored-document-10", seeds[:2], "minilm, document head, on BioRED alone"),
        ("biored-logistic", seeds[:1], "logistic regression on words and distances, on BioRED alone"),
    ):
        each = [scores(f"{run}{seed}") for seed in of_seeds]
        kinds = ("all_binary", "all_typed", "biorex_binary")
        yield (called, *(", ".join(percent(found[kind]["f1"]["value"]) for found in each) for kind in kinds))
    found = result("counts-alone-biored")["scores"]["biored-test"]
    kinds = (found[kind]["f1"]["value"] for kind in ("all_binary", "biorex_binary"))
    pairs, measure = map(percent, kinds)
    yield ("numbers of mentions and distances, no words, on BioRED alone", pairs, "", measure)
    yield ("PubMedBERT on BioRED alone, its dev part too, as the paper reports it", "", "", "74.4")


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
