"""The report of a union set: what it holds, what was left out, what repeats, and instances to look at.

    manifest, data, leaks -> counts, lengths, pairs, overlap, examples -> templates/report.html.j2 -> one file

The page is one HTML file with its style, script and drawings inside; its Content-Security-Policy lets it load
nothing else. Equal sets give equal bytes.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from harmonize.errors import HarmonizeError
from harmonize.report import counts
from harmonize.report.lengths import LIMIT, lengths, ruler
from harmonize.report.markup import html_templates
from harmonize.report.overlap import KINDS, overlap, overlap_list
from harmonize.report.pairs import FAMILIES, pairs
from harmonize.report.sample import examples, facets
from harmonize.union.leak_table import how
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import papers, published_counts, read_manifest, split_counts
from harmonize.writing.replace import new_path
from harmonize.writing.text import write_text

__all__ = ["write_report"]

_NEAR_LISTED = 200


def write_report(
    folder: Path,
    out: Path,
    *,
    tokenizer: str | None = None,
    sample: int = 200,
    seed: int = 0,
    quote: int | None = None,
) -> None:
    """Write the report of the union set at `folder` to `out`.

    Args:
        out: an HTML file; an older one is replaced at the end.
        tokenizer: a name on the Hugging Face hub or a local folder; lengths are in words without one.
        sample: how many instances the page shows.
        seed: draws other ones.
        quote: cut each context to at most so many characters around the pair, for a page to be shared
            where whole contexts may not be.

    Raises:
        UnionError: no union set there, or a file of it is missing or broken.
        HarmonizeError: the tokenizer cannot be had, or `out` cannot be written.
    """
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(**_content(folder, tokenizer, sample, seed, quote))
    )
    try:
        with new_path(out) as part:
            write_text(part, page)
    except OSError as error:
        raise HarmonizeError(f"{out}: expected a file that can be written, got: {error.strerror}") from None


def _content(
    folder: Path, tokenizer: str | None, sample: int, seed: int, quote: int | None
) -> dict[str, Any]:
    """What the template shows, by the names that it uses."""
    manifest = read_manifest(folder)
    repeats = read_repeats(folder)
    by = ruler(tokenizer)
    parts = list(split_counts(manifest))
    filled = [(part.corpus, part.split) for part in parts if part.instances]
    shown = examples(folder, filled, sample, seed, quote)
    near = sorted(
        (repeat for repeat in repeats if how(repeat) == "near duplicate"),
        key=lambda repeat: (-repeat.similarity, repeat.document, repeat.other),
    )
    return {
        "manifest": manifest,
        "totals": counts.totals(manifest, parts),
        "licences": counts.licence_totals(manifest, parts),
        "corpora": counts.corpus_rows(manifest, parts),
        "labels": counts.label_names(parts),
        "label_rows": counts.label_rows(parts),
        "units": counts.units(manifest),
        "funnel": counts.funnel_rows(manifest, parts),
        "drops": counts.drop_rows(manifest),
        "step_name": counts.step_name,
        "published": [] if manifest.get("sample") else published_counts(manifest, parts),
        "table2": papers(manifest).table2,
        "further": ", ".join(papers(manifest).further),
        "limit": LIMIT,
        "ruler": by,
        "lengths": lengths(folder, list(dict.fromkeys(corpus for corpus, _ in filled)), by),
        "pairs": pairs(folder, filled),
        "families": FAMILIES,
        "kinds": KINDS,
        "overlap": overlap([f"{part.corpus}/{part.split}" for part in parts], repeats),
        "overlap_list": overlap_list(repeats),
        "repeats": len(repeats),
        "near": near[:_NEAR_LISTED],
        "near_count": len(near),
        "examples": shown,
        "records": [example.record for example in shown],
        "facets": facets(shown),
        "seed": seed,
        "quote": quote,
    }


def _environment() -> Environment:
    """Templates that escape everything but the package's own style and script."""
    environment = html_templates("harmonize.report")
    environment.filters["width"] = _width
    style, script = _asset(environment, "report.css"), _asset(environment, "report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {"style": style, "script": script, "script_hash": f"sha256-{digest}"}
    return environment


def _asset(environment: Environment, name: str) -> Markup:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return Markup(source)


def _width(part: float, whole: float) -> str:
    """A share as a CSS length."""
    return f"{100 * part / whole:.2f}%" if whole else "0%"
