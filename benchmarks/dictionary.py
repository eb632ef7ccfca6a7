"""How well the dictionary match finds annotated entities, how fast it is, and how much memory it takes.

    python benchmarks/dictionary.py --mirror DIR [--out benchmarks/results/dictionary.json] [--show FILE]

Each document is searched for the concepts that it is annotated with, by the names that the adapters' tables
give them. What is measured is so the finding of mentions, not the choice of concepts, as in the pipeline,
where a curated table says which two entities an article relates.

--show writes 40 misses and 40 false positives of each type to a file outside the repository, to be read.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from common import provenance, write
from dictionary_cost import memory, timed

from harmonize.curated.names import chemical_names, disease_names, gene_names
from harmonize.formats import disgenet_tables, pharmgkb_tsv, pubtator
from harmonize.formats.pubtator_record import split_ids
from harmonize.ledger import Ledger
from harmonize.model import Span
from harmonize.registry import adapter
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue
from harmonize.text.dictionary import PROTEIN_WORDS, Dictionary, Name

KINDS = {
    "GeneOrGeneProduct": "Gene",
    "DiseaseOrPhenotypicFeature": "Disease",
    "ChemicalEntity": "Chemical",
    "Gene": "Gene",
}
TMVAR3 = Path("pubtator/tmvar3/goldstandard_tmvar_v3.txt")
SHOWN = 40


class Found(NamedTuple):
    """A place that names a concept; a composite mention is one for each of its concepts."""

    kind: str
    span: Span
    concept: str


@dataclass(frozen=True)
class Annotated:
    """A document: what of it is gold, and every annotated place with its type."""

    id: str
    text: str
    gold: frozenset[Found]
    places: tuple[tuple[Span, str], ...]


def biored(mirror: Path) -> Iterator[Annotated]:
    """BioRED's test documents."""
    catalogue = load_catalogue()
    source = Source(catalogue["biored"], "pubtator", mirror / "biored", Ledger())
    for document in adapter("biored", catalogue)(source):
        if document.split == "test":
            mentions = document.mentions
            places = tuple((m.extent, m.type) for m in mentions)
            gold = frozenset(
                Found(KINDS[m.type], m.extent, concept)
                for m in mentions
                if m.type in KINDS
                for concept in m.concept_ids
            )
            yield Annotated(document.id, document.text, gold, places)


def tmvar3(mirror: Path) -> Iterator[Annotated]:
    """tmVar3's gold standard by its file's name: genes (and variants), no diseases."""
    for record in pubtator.read(mirror / TMVAR3):
        places = tuple((Span(m.start, m.end), m.type) for m in record.mentions)
        gold = frozenset(
            Found("Gene", Span(m.start, m.end), concept)
            for m in record.mentions
            if m.type == "Gene"
            for concept in split_ids((m.id or "").replace("NCBI Gene:", ""), ",")
        )
        yield Annotated(record.id, record.text, gold, places)


def table_names(mirror: Path) -> dict[tuple[str, str], tuple[Name, ...]]:
    """(type, concept) -> names, of every gene, disease and chemical in the tables that the adapters read."""
    names: dict[tuple[str, str], list[Name]] = defaultdict(list)
    for gene, (symbol, description) in disgenet_tables.gene_names(
        mirror / "disgenet/geneAttributes.tsv"
    ).items():
        names["Gene", gene] += gene_names(gene, symbol, [description])
    mappings = mirror / "disgenet/disease_mappings.tsv"
    synonyms = disgenet_tables.disease_synonyms(mappings)
    for cui, concepts in disgenet_tables.disease_mesh(mappings).items():
        for concept in concepts:
            names["Disease", concept] += disease_names(concept, synonyms[cui])
    chemicals = pharmgkb_tsv.chemicals(mirror / "pharmgkb/chemicals/chemicals.tsv")
    chemicals |= pharmgkb_tsv.chemicals(mirror / "pharmgkb/drugs/drugs.tsv")
    for entry in chemicals.values():
        for concept in entry.mesh:
            names["Chemical", concept] += chemical_names(concept, entry.name, entry.synonyms)
    return {key: tuple(dict.fromkeys(found)) for key, found in names.items()}


@dataclass
class Tally:
    """Counts of one type in one set of documents."""

    gold: int = 0
    named: int = 0
    predicted: int = 0
    exact: int = 0
    overlapping_gold: int = 0
    overlapping_predicted: int = 0
    entities: int = 0
    entities_named: int = 0
    entities_found: int = 0
    misses: Counter[str] = field(default_factory=Counter)
    false_positives: Counter[str] = field(default_factory=Counter)
    borders: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "gold_mentions": self.gold,
            "gold_mentions_with_names": self.named,
            "found_mentions": self.predicted,
            "exact": scores(self.exact, self.predicted, self.exact, self.gold, self.named),
            "overlapping": scores(
                self.overlapping_predicted, self.predicted, self.overlapping_gold, self.gold, self.named
            ),
            "entities": {
                "in_documents": self.entities,
                "with_names": self.entities_named,
                "found": self.entities_found,
                "recall": share(self.entities_found, self.entities),
                "recall_with_names": share(self.entities_found, self.entities_named),
            },
            "misses": dict(self.misses.most_common()),
            "false_positives": dict(self.false_positives.most_common()),
            "right_concept_other_borders": dict(self.borders.most_common()),
        }


def share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def scores(right: int, predicted: int, found: int, gold: int, named: int) -> dict[str, float | None]:
    """Percentages. A concept without names is never found, so all that is found counts for those with."""
    both = predicted and gold and (2 * right / predicted * found / gold, right / predicted + found / gold)
    return {
        "precision": share(right, predicted),
        "recall": share(found, gold),
        "f": round(100 * both[0] / both[1], 1) if both and both[1] else None,
        "recall_with_names": share(found, named),
    }


def overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def folded(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def miss_kind(gold: Found, names: Iterable[Name], text: str, predicted: Iterable[Found]) -> str:
    """Why an annotated mention was not found."""
    texts = [name.text for name in names]
    if not texts:
        return "the tables do not name the concept"
    mention, after = gold.span.of(text), text[gold.span.end :]
    equal = [name for name in texts if folded(name) == folded(mention)]
    if equal and any(overlaps(found.span, gold.span) for found in predicted):
        return "a name, inside a longer name of another concept"
    if equal and len(folded(mention)) < 3:
        return "a name, too short to be matched"
    if equal and re.match(r"[-‐‑‒–−]\d", after):
        return "a symbol before a hyphen and a digit"
    if equal and gold.kind == "Chemical" and re.match(r"\W?(\w+)", after)[1] in PROTEIN_WORDS:
        return "a chemical before a protein word"
    if equal and (after[:1].isalnum() or text[: gold.span.start][-1:].isalnum()):
        return "a name, but inside a token"
    if mention not in equal and mention.upper() in map(str.upper, equal):
        return "a symbol in another case"
    if equal:
        return "a name, but with other signs between its words"
    capitals = sum(character.isupper() or character.isdigit() for character in mention)
    if " " not in mention and len(mention) <= 10 and 2 * capitals >= len(folded(mention)):
        return "a short form or symbol that the tables lack"
    words = {word for name in texts for word in re.findall(r"\w{3,}", name.casefold())}
    if any(word in words for word in re.findall(r"\w{3,}", mention.casefold())):
        return "other words beside some of a name's"
    stems = {word[:5] for word in words if len(word) >= 5}
    if any(word[:5] in stems for word in re.findall(r"\w{5,}", mention.casefold())):
        return "another form of a name's word"
    return "a name that the tables lack"


def false_positive_kind(found: Found, document: Annotated) -> str:
    """What stands where the match found a concept that is not annotated there."""
    near = [(span, KINDS.get(kind, kind)) for span, kind in document.places if overlaps(span, found.span)]
    kinds = {kind for _, kind in near}
    if (found.span, found.kind) in near:
        return f"annotated as another {found.kind.lower()}"
    if found.kind in kinds:
        return f"part of the annotated name of another {found.kind.lower()}"
    if kinds:
        return f"annotated as {min(kinds)}"
    spelled = {folded(g.span.of(document.text)) for g in document.gold if g.concept == found.concept}
    if folded(found.span.of(document.text)) in spelled:
        return "not annotated here, though the same words are elsewhere in the document"
    return "not annotated, nor are these words elsewhere in the document"


def border_kind(found: Span, gold: Span) -> str:
    if found.covers(gold):
        return "the match is longer"
    return "the match is shorter" if gold.covers(found) else "neither covers the other"


Shown = dict[str, list[str]]


def matched(
    documents: Iterable[Annotated], names: Mapping[tuple[str, str], tuple[Name, ...]], shown: Shown
) -> dict[str, Any]:
    """Find in every document the concepts that it is annotated with, and compare."""
    documents = list(documents)
    wanted = {(g.kind, g.concept) for document in documents for g in document.gold}
    dictionary = Dictionary(name for key in sorted(wanted) for name in names.get(key, ()))
    tallies: dict[str, Tally] = defaultdict(Tally)
    for document in documents:
        matches = dictionary.find(document.text, {g.concept for g in document.gold})
        predicted = frozenset(Found(match.type, match.span, match.entity) for match in matches)
        for kind in sorted({g.kind for g in document.gold}):
            compare(document, kind, predicted, names, tallies[kind], shown)
    result = {kind: tally.as_dict() for kind, tally in sorted(tallies.items())}
    return {"documents": len(documents), "types": result}


def compare(
    document: Annotated,
    kind: str,
    predicted: frozenset[Found],
    names: Mapping[tuple[str, str], tuple[Name, ...]],
    tally: Tally,
    shown: Shown,
) -> None:
    gold = sorted(g for g in document.gold if g.kind == kind)
    found = sorted(p for p in predicted if p.kind == kind)
    tally.gold += len(gold)
    tally.predicted += len(found)
    tally.exact += len(set(gold) & set(found))
    met: set[str] = set()
    for g in gold:
        near = [p for p in found if p.concept == g.concept and overlaps(p.span, g.span)]
        known = names.get((kind, g.concept), ())
        tally.named += bool(known)
        if near:
            met.add(g.concept)
            tally.overlapping_gold += 1
            continue
        reason = miss_kind(g, known, document.text, predicted)
        tally.misses[reason] += 1
        shown[f"miss {kind}"].append(show(document, g, reason, known))
    for p in found:
        near = [g for g in gold if p.concept == g.concept and overlaps(p.span, g.span)]
        if not near:
            reason = false_positive_kind(p, document)
            tally.false_positives[reason] += 1
            shown[f"false positive {kind}"].append(show(document, p, reason, ()))
            continue
        tally.overlapping_predicted += 1
        if p not in gold:
            tally.borders[border_kind(p.span, near[0].span)] += 1
    concepts = {g.concept for g in gold}
    tally.entities += len(concepts)
    tally.entities_named += sum((kind, concept) in names for concept in concepts)
    tally.entities_found += len(met)


def show(document: Annotated, place: Found, reason: str, names: Iterable[Name]) -> str:
    start, end = place.span
    before, after = document.text[max(0, start - 40) : start], document.text[end : end + 40]
    around = f"{before}[[{place.span.of(document.text)}]]{after}"
    known = " | ".join(name.text for name in islice(names, 6))
    return f"{reason}\t{document.id}\t{start}-{end}\t{place.concept}\t{around}\t{known}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/dictionary.json"))
    parser.add_argument("--show", type=Path)
    arguments = parser.parse_args()
    mirror = arguments.mirror
    names, shown = table_names(mirror), defaultdict(list)
    result = {
        "biored_test": matched(biored(mirror), names, shown),
        "tmvar3": matched(tmvar3(mirror), names, shown),
    }
    for corpus in result.values():
        for kind, scored in corpus["types"].items():
            print(kind, scored["exact"], scored["overlapping"], scored["entities"])
    if arguments.show:
        draw = random.Random(0)
        lines = [
            f"{title}\t{line}"
            for title, found in shown.items()
            for line in draw.sample(found, min(SHOWN, len(found)))
        ]
        arguments.show.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    result |= {"speed": timed(mirror), "memory": memory(mirror)}
    print(result["speed"], *result["memory"], sep="\n")
    write({**provenance("dictionary", "spacy"), **result}, arguments.out)


if __name__ == "__main__":
    main()
