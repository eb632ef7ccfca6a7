"""Templates -> HTML. Everything that is no template is escaped, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment

from harmonize.explore.graph import SIGNS, Graph, drawn, sign
from harmonize.explore.marks import marked
from harmonize.explore.query import address
from harmonize.explore.view import DocumentView, Link, family
from harmonize.relation.labels import is_negative
from harmonize.report.markup import html_templates
from harmonize.report.spans import Context, Piece, pieces, quoted, spans_of
from harmonize.sources.pubtator3 import is_pmid

__all__ = ["asset", "rendered"]

_QUOTED = 280  # characters of a context in a list
_VERDICTS = {
    "right": "right",
    "wrong type": "wrong",
    "false positive": "extra",
    "false negative": "missed",
    "no relation": "none",
}


def rendered(template: str, **content: Any) -> str:
    """A page."""
    return _environment().get_template(f"{template}.html.j2").render(content)


@cache
def asset(name: str) -> str:
    """A file of the style or the script."""
    return resources.files("harmonize.explore").joinpath("static", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = html_templates("harmonize.explore")
    environment.filters |= {"score": _score, "sign": sign}
    environment.filters |= {"label_class": _label_class, "family": family, "marked": marked}
    environment.filters |= {"quotation": _quotation, "gold_graph": _gold, "predicted_graph": _predicted}
    environment.filters |= {"whole_context": _whole, "side_letters": _side_letters}
    environment.filters |= {"verdict_class": _verdict_class, "family_name": _family_name}
    environment.globals |= {"address": address, "is_pmid": is_pmid}
    return environment


def _score(value: float | None) -> str:
    """A score in per cent, to one place; a dash for none."""
    return "–" if value is None else f"{100 * value:.1f}"


def _label_class(label: str) -> str:
    """The class of a label's colour."""
    if is_negative(label):
        return "label-none"
    return f"label-{list(SIGNS).index(label)}" if label in SIGNS else "label-other"


def _verdict_class(verdict: str) -> str:
    return f"verdict-{_VERDICTS.get(verdict, 'none')}"


def _family_name(letter: str) -> str:
    return {"C": "chemical", "D": "disease", "G": "gene"}.get(letter, "other")


def _quotation(row: dict[str, Any]) -> list[Piece]:
    """The context of a row around its pair, cut for marking."""
    return pieces(quoted(Context(row["text"], spans_of(row, "head"), spans_of(row, "tail")), _QUOTED))


def _side_letters(sides: str) -> str:
    """H for head, T for tail, both where a mention of each ends."""
    return "".join(side[:1].upper() for side in sides.split())


def _whole(row: dict[str, Any]) -> list[Piece]:
    """The whole context of a row, cut for marking."""
    return pieces(Context(row["text"], spans_of(row, "head"), spans_of(row, "tail")))


def _gold(view: DocumentView) -> Graph:
    return drawn(view.entities, _edges(view.links, is_gold=True))


def _predicted(view: DocumentView) -> Graph:
    return drawn(view.entities, _edges(view.links, is_gold=False))


def _edges(links: Iterable[Link], *, is_gold: bool) -> Iterable[tuple[int, int, str, bool]]:
    for link in links:
        label = link.gold_relation if is_gold else link.predicted_relation
        if label is not None:
            yield link.head, link.tail, label, link.directed
