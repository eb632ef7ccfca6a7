"""How far native PharmGKB agrees with the PharmGKB that BioREx released, pair by pair, and why it does not.

    python benchmarks/agreement.py --mirror DIR [--out benchmarks/results/agreement.json]

A pair is a gene and a chemical of one article. Both sides go through their adapter and rules a3, b2 and c3.
The release is compared on the articles that stand in PharmGKB's table too. Chemicals are brought to one
namespace through PharmGKB's names: a MeSH id of the release is the table's chemical if that chemical lists
it, or if a mention of it in the release spells one of that chemical's names.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from common import provenance, write
from curation import pharmgkb_curation

from harmonize.curated.documents import Curation, Triple
from harmonize.formats import pharmgkb_tsv
from harmonize.formats.pharmgkb_tsv import ChemicalEntry
from harmonize.ledger import READ, DroppedItem, Ledger
from harmonize.model import Document
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue


class Pair(NamedTuple):
    """A chemical and a gene, as one side calls them."""

    chemical: str
    gene: str


@dataclass
class Side:
    """What one source gives.

    Attributes:
        documents: by PMID.
        annotated: pairs by PMID, before the rules.
        shown: pairs by PMID that an instance shows.
        dropped: by PMID: what the adapter and the rules left out.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    annotated: dict[str, set[Pair]] = field(default_factory=lambda: defaultdict(set))
    shown: dict[str, set[Pair]] = field(default_factory=lambda: defaultdict(set))
    dropped: dict[str, list[DroppedItem]] = field(default_factory=lambda: defaultdict(list))


def side(mirror: Path, variant: str) -> Side:
    catalogue = load_catalogue()
    corpus, result = catalogue["pharmgkb"], Side()
    ledger = Ledger(lambda item: result.dropped[item.document_id].append(item))
    for document in adapter("pharmgkb", catalogue)(Source(corpus, variant, mirror / "pharmgkb", ledger)):
        pmid = str(document.pmid)
        result.documents[pmid] = document
        result.annotated[pmid] |= {Pair(r.head, r.tail) for r in document.relations}
        result.shown[pmid] |= {Pair(i.head.id, i.tail.id) for i in adjust(document, corpus, ledger)}
    return result


class Comparison:
    """The two sides, and what is needed to tell that two ids are one chemical."""

    def __init__(self, mirror: Path) -> None:
        self.release, self.native = side(mirror, "biorex"), side(mirror, "native")
        self.curation: Curation = pharmgkb_curation(mirror)
        self._chemicals: dict[str, ChemicalEntry] = {
            **pharmgkb_tsv.chemicals(mirror / "pharmgkb/chemicals/chemicals.tsv"),
            **pharmgkb_tsv.chemicals(mirror / "pharmgkb/drugs/drugs.tsv"),
        }
        self.shared = [pmid for pmid in self.release.documents if pmid in self.curation.triples]

    def concept(self, accession: str) -> str | None:
        return self.curation.entries[accession].concept_id

    def same_chemical(self, pmid: str, mesh: str, accession: str) -> str | None:
        """How the release's MeSH id is the table's chemical, None if it is another."""
        entry = self._chemicals.get(accession)
        if self.concept(accession) == mesh:
            return "equal ids"
        if entry and mesh in entry.mesh:
            return "another MeSH id of the chemical"
        spelled = {
            mention.text.casefold()
            for mention in self.release.documents[pmid].mentions
            if mesh in mention.concept_ids
        }
        names = {name.text.casefold() for name in self.curation.entries[accession].names}
        if not spelled & names:
            return None
        return (
            "by name: another MeSH id in the table"
            if entry and entry.mesh
            else "by name: no MeSH id in the table"
        )

    def triples(self, pmid: str, pair: Pair) -> Iterator[tuple[Triple, str]]:
        """The table's triples that are a pair of the release, and how their chemicals are one."""
        for triple in self.curation.triples[pmid]:
            how = self.same_chemical(pmid, pair.chemical, triple.first)
            if how is not None and self.concept(triple.second) == pair.gene:
                yield triple, how

    def native_pair(self, triple: Triple) -> Pair:
        return Pair(str(self.concept(triple.first)), str(self.concept(triple.second)))

    def verdict(self, pmid: str, pair: Pair) -> tuple[bool, str]:
        """Whether native finds a pair of the release, and how or why not."""
        triples = list(self.triples(pmid, pair))
        for triple, how in triples:
            if self.native_pair(triple) in self.native.shown[pmid]:
                return True, how
        if triples:
            return False, self._reason(pmid, triples[0][0])
        with_gene = [t for t in self.curation.triples[pmid] if self.concept(t.second) == pair.gene]
        chemicals = {t.first for t in self.curation.triples[pmid]}
        with_chemical = any(self.same_chemical(pmid, pair.chemical, accession) for accession in chemicals)
        if with_gene:
            return False, "the table relates the gene to another chemical only"
        return False, (
            "the table relates the chemical to another gene only"
            if with_chemical
            else "the table has neither in this article"
        )

    def _reason(self, pmid: str, triple: Triple) -> str:
        """Why a triple of the table became no instance, in the ledger's words."""
        accessions, concepts = f"{triple.first} {triple.second}", " ".join(self.native_pair(triple))
        for item in self.native.dropped[pmid]:
            drop = item.drop
            if drop.unit != "relations":
                continue
            if item.step == READ and drop.item == accessions:
                return drop.reason
            if item.step != READ and drop.item.endswith(f" {concepts}"):
                return drop.reason
        return "not counted as dropped"

    def lacking(self, pmid: str, pair: Pair) -> str | None:
        """Why the release has no such pair as native shows; None if it has it."""
        mine = [t for t in self.curation.triples[pmid] if self.native_pair(t) == pair]
        for other in self.release.annotated[pmid]:
            if any(triple in mine for triple, _ in self.triples(pmid, other)):
                return None
        mentions = self.release.documents[pmid].mentions
        ids = {concept for mention in mentions for concept in mention.concept_ids}
        chemical = any(self.same_chemical(pmid, c, t.first) for c in ids for t in mine)
        if chemical and pair.gene in ids:
            return "the release annotates both and does not relate them"
        if chemical:
            return "the release does not annotate the gene"
        return (
            "the release does not annotate the chemical"
            if pair.gene in ids
            else "the release annotates neither"
        )


def agreement(comparison: Comparison) -> dict[str, Any]:
    """Native against the release's pairs as annotated, and against those that share a sentence there."""
    shared = comparison.shared
    sides = {"annotated": comparison.release.annotated, "in_one_sentence": comparison.release.shown}
    result: dict[str, Any] = {
        "articles_of_the_release": len(comparison.release.documents),
        "pairs_of_the_release": sum(len(pairs) for pairs in comparison.release.annotated.values()),
        "shared_articles": len(shared),
        "shared_articles_with_native_text": sum(
            not any(d.drop.reason == "the article has no text" for d in comparison.native.dropped[pmid])
            for pmid in shared
        ),
    }
    for name, pairs in sides.items():
        verdicts = [comparison.verdict(pmid, pair) for pmid in shared for pair in sorted(pairs[pmid])]
        found = Counter(why for right, why in verdicts if right)
        missed = Counter(why for right, why in verdicts if not right)
        accepted = sum(n for why, n in missed.items() if not why.startswith("evidence rule"))
        result[f"release_pairs_{name}"] = {
            "pairs": len(verdicts),
            "found": sum(found.values()),
            "share": share(sum(found.values()), len(verdicts)),
            "share_without_those_the_evidence_rule_sets_aside": share(
                sum(found.values()), sum(found.values()) + accepted
            ),
            "found_by": dict(found.most_common()),
            "missed_because": dict(missed.most_common()),
        }
    lacking = [
        comparison.lacking(pmid, pair) for pmid in shared for pair in sorted(comparison.native.shown[pmid])
    ]
    result["native_pairs"] = {
        "pairs": len(lacking),
        "in_the_release": lacking.count(None),
        "share": share(lacking.count(None), len(lacking)),
        "lacking_because": dict(Counter(why for why in lacking if why).most_common()),
    }
    return result


def share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/agreement.json"))
    arguments = parser.parse_args()
    result = agreement(Comparison(arguments.mirror))
    write({**provenance("agreement"), **result}, arguments.out)
    for name, value in result.items():
        print(name, value)


if __name__ == "__main__":
    main()
