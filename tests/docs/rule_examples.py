"""The examples of docs/rules.md, made by the rules themselves from the sample corpora.

    python tests/docs/rule_examples.py    writes them anew into the page, and the table of rules by corpus

Each stands in the page between `<!-- example: RULE -->` and the end of the code block below it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from harmonize.ledger import Ledger
from harmonize.model import Document, EntityInContext, Instance, Relation
from harmonize.registry import adapter, sample_folder
from harmonize.rules.contexts import b1, b2
from harmonize.rules.entities import e1, e2
from harmonize.rules.labels import d1, d2
from harmonize.rules.negatives import c1, c2, c3
from harmonize.rules.spans import a1, a2, a3
from harmonize.sources.source import Source, chosen_variant
from harmonize.spec import Corpus, load_catalogue
from harmonize.text.sentences import with_sentences

PAGE = Path(__file__).parents[2] / "docs/rules.md"
WIDTH = 80
_A = {"a1": a1, "a2": a2, "a3": a3}
_B = {"b1": b1, "b2": b2}
_LATER = {"c1": c1, "c2": c2, "c3": c3, "d1": d1, "d2": d2, "e1": e1, "e2": e2}


@dataclass(frozen=True)
class Example:
    """One document of the sample on which a rule shows what it does.

    Attributes:
        pair: the ids of head and tail; none for rule a, which looks at relations.
    """

    rule: str
    corpus: str
    document: str
    pair: tuple[str, ...] = ()


EXAMPLES = (
    Example("a1", "bc5cdr", "90000023"),
    Example("a2", "emu", "BCa-90000063"),
    Example("a3", "pharmgkb", "90000082"),
    Example("b1", "bc5cdr", "90000021", ("D000638", "D003371")),
    Example("b2", "pharmgkb", "90000081", ("D014859", "1559")),
    Example("c1", "bc5cdr", "90000022", ("D008274", "D007674")),
    Example("c2", "biored", "90000001", ("D005907", "C562772")),
    Example("c3", "disgenet", "900000711002", ("D014202", "54209")),
    Example("d1", "drugprot", "90000034", ("T6", "T14")),
    Example("d2", "aimed", "AIMed.d9001", ("AIMed.d9001.s90001.e1", "AIMed.d9001.s90001.e3")),
    Example("e1", "bc5cdr", "90000022", ("D002945", "D007674")),
    Example("e2", "biored", "90000001", ("D005907", "c|SUB|G|872|A")),
)

_CATALOGUE = load_catalogue()


def shown(example: Example) -> str:
    """The example as the page has it."""
    corpus, document = _CATALOGUE[example.corpus], _document(example)
    if example.rule not in corpus.rules.names:
        raise ValueError(f"{example.rule}: expected a rule of {example.corpus}")
    lines = [f"{example.corpus}, document {document.id}"]
    if example.rule in _A:
        return "\n".join([*lines, *_relations(example.rule, document, corpus)])
    spanned, _ = _A[corpus.rules.a](document, corpus)
    instances = [i for i in _B[corpus.rules.b](spanned, corpus).instances if _is(i, example.pair)]
    after = _rows(instances) if example.rule in _B else _change(example.rule, instances[0], corpus)
    before = _text("text", document.text) if example.rule in _B else _text("context", instances[0].text)
    return "\n".join([*lines, *before, *_pair(instances[0]), *after])


def _document(example: Example) -> Document:
    corpus, root = _CATALOGUE[example.corpus], sample_folder() / example.corpus
    source = Source(corpus, chosen_variant(corpus, root), root, Ledger())
    documents = adapter(example.corpus, _CATALOGUE)(source)
    return with_sentences(next(document for document in documents if document.id == example.document))


def _is(instance: Instance, pair: tuple[str, ...]) -> bool:
    return (instance.head.id, instance.tail.id) == pair


def _relations(rule: str, document: Document, corpus: Corpus) -> list[str]:
    kept, drops = _A[rule](document, corpus)
    return [
        *_text("text", document.text),
        *_listed("before", (_relation(relation, document) for relation in document.relations)),
        *_listed("after", (_relation(relation, document) for relation in kept.relations)),
        *_listed("dropped", (f"{drop.item}: {drop.reason}" for drop in drops)),
    ]


def _relation(relation: Relation, document: Document) -> str:
    return f"{relation.type}: {_named(relation.head, document)}, {_named(relation.tail, document)}"


def _named(argument: str, document: Document) -> str:
    names = [mention.text for mention in document.mentions if argument in mention.concept_ids]
    return f"{argument} {names[0]}" if names else f"{argument} (no mention)"


def _pair(instance: Instance) -> list[str]:
    return _listed("pair", [f"{side.id} {side.name}" for side in (instance.head, instance.tail)])


def _rows(instances: Iterable[Instance]) -> list[str]:
    rows = enumerate(instances, 1)
    return list(chain.from_iterable(_text(f"row {number}", instance.text) for number, instance in rows))


def _change(rule: str, instance: Instance, corpus: Corpus) -> list[str]:
    if rule in {"e1", "e2"}:
        changed = _LATER[rule](instance, corpus)
        return [*_listed("before", [_types(instance, "source_type")]), *_listed("after", [_types(changed)])]
    changed = instance if rule.startswith("d") else _LATER[corpus.rules.d](instance, corpus)
    before = ", ".join(instance.source_relations) or "nobody annotated this pair"
    return [*_listed("before", [before]), *_listed("after", [_label(_LATER[rule](changed, corpus))])]


def _types(instance: Instance | None, which: str = "type") -> str:
    def of(entity: EntityInContext) -> str:
        return str(getattr(entity, which))

    return "" if instance is None else f"{of(instance.head)}, {of(instance.tail)}"


def _label(instance: Instance | None) -> str:
    return "no row" if instance is None else ", ".join(instance.labels)


def _listed(name: str, values: Iterable[str]) -> list[str]:
    return [f"{name if place == 0 else '':<11}{value}" for place, value in enumerate(values)]


def _text(name: str, text: str) -> list[str]:
    return _listed(name, textwrap.wrap(text, WIDTH - 11))


def block(page: str, rule: str) -> str:
    """What the page says of a rule's example.

    Raises:
        ValueError: the page has no such example.
    """
    found = re.search(_place(rule), page, re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE.name}: expected an example of {rule}")
    return found["block"]


def _place(rule: str) -> str:
    return rf"(?P<mark><!-- example: {rule} -->\n+```text\n)(?P<block>.*?)(?P<end>\n```)"


def table_2() -> str:
    """Which corpus has which rules, as the page has it: a row for each of the paper's nine."""
    rows = [(corpus.key, corpus.rules) for corpus in _CATALOGUE.select(["all"])]
    cells = [(key, rules.level, ", ".join(rules.pairs), *rules.names, rules.task) for key, rules in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def written_anew(page: str) -> str:
    """The page with the table and every example as the rules make them."""
    page = re.sub(r"(<!-- table 2 -->\n+\|.*\n\| ---.*\n)(\|.*\n)*", rf"\1{table_2()}\n", page)
    for example in EXAMPLES:
        made = shown(example)
        page = re.sub(
            _place(example.rule), lambda m, made=made: f"{m['mark']}{made}{m['end']}", page, flags=re.DOTALL
        )
    return page


if __name__ == "__main__":
    PAGE.write_text(written_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
