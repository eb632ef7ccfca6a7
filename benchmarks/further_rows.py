"""The rows of the tables on all but BioRED and grids that quote.py writes: combinations, speed, reading."""

from __future__ import annotations

from collections.abc import Iterator

from figures import Row, difference, interval, percent, probability, result, scores, tested

# F of the paper's Table 5: positive and any combinations, each exact and partial.
_PAPER = {
    "the paper: PubMedBERT (the study's)": (65.2, 72.4, 70.8, 78.7),
    "the paper: from BioRED": (64.8, 71.0, 68.0, 75.2),
    "the paper: from the union": (66.2, 71.4, 75.8, 81.8),
}
_COMBINATIONS = ("positive_exact", "positive_partial", "any_exact", "any_partial")


def combinations() -> Iterator[Row]:
    """F of each kind of combination and match: the paper's rows, ours, and what costs nothing."""
    for called, reported in _PAPER.items():
        yield (called, *(f"{figure:.1f}" for figure in reported))
    rows = [
        (called, scores(f"drugcombo-{run}")["all"])
        for called, run in (
            ("minilm", "plain"),
            ("minilm, from BioRED", "biored"),
            ("minilm, from the union", "union"),
        )
    ]
    baselines = result("combination-baselines")["scores"]
    rows.append(("all drugs of a sentence, positive", baselines["all drugs"]))
    rows.append(("gold without what shares a drug with a larger one", baselines["disjoint gold"]))
    for called, found in rows:
        yield (called, *(interval(found[kind]["f1"]) for kind in _COMBINATIONS))


def students() -> Iterator[Row]:
    """A teacher and its students: F with the type, its difference, corrected p, and speed."""
    held = result("smaller")
    for one in held["systems"]:
        called = one["name"].replace(", fp32", "").replace("student", "student alone")
        called = called.replace("student alone of", "student of")
        against, p = "", ""
        if one["difference"] is not None:
            points = one["difference"]["difference"]
            low, high = difference(points["low"]), f"{100 * points['high']:.1f}"
            against = f"{difference(points['value'])} ({low} to {high})"
            p = probability(one["p_holm"])
        yield (called, interval(one["typed"]), against, p, f"{held['rate'][one['name']]:.1f}")


def reading() -> Iterator[Row]:
    """Each public file: documents read, mentions left out by reason, and pairs."""
    for name, of in result("reading")["files"].items():
        left_out = {reason: sum(kinds.values()) for reason, kinds in of["left_out"].items()}
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in left_out.items()) or "none"
        documents = f"{of['documents']['read']:,} of {of['documents']['all']:,}"
        yield (name, documents, f"{reasons}; {of['mentions']:,}", f"{of['pairs']:,}")


# F of BioREx as reported.
_BIOREX = {"bc5cdr": 69.9, "ddi": 87.3}
_TARGETS = {"bc5cdr": "BC5CDR, test", "ddi": "DDI 2013, test"}


def others() -> Iterator[Row]:
    """Other targets than BioRED: F of minilm trained on them, on the union, on it and then on them."""
    for corpus, called in _TARGETS.items():
        gained, union = (
            result(f"compare-{corpus}-counts-{run}-alone")["comparison"] for run in ("then", "whole")
        )
        measured = (gained["binary"]["f1_b"], union["binary"]["f1_a"], gained["binary"]["f1_a"])
        yield (
            called,
            f"{gained['rows']:,}",
            *map(percent, measured),
            tested(gained["binary"]),
            f"{_BIOREX[corpus]:.1f}",
        )
