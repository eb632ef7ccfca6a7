"""What one file says, scored against what a gold file says, by four measures:

    pair                     the two entities, whichever way round
    pair + type              and the relation's type
    pair + novelty           and BioRED's novelty
    pair + type + novelty    and both

Each counts different statements of a document: right is what both files say, wrong what only the one says,
missed what only gold says; micro-averaged. These are the measures of the BioRED track of BioCreative VIII
(Islamaj et al. 2024, Database, baae069). A document that only gold has is missed as a whole; one that gold
does not have is not looked at, since nobody has annotated it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from harmonize.evaluation.rows import VARIANT, FloatArray, pair_type
from harmonize.evaluation.scores import Bootstrap, Judge, Score
from harmonize.gold.rows import UNKNOWN_TYPE
from harmonize.gold.statements import NOVELTY, Says, Statement, Statements
from harmonize.prediction.entity_types import EntityTypes
from harmonize.spec import Corpus

__all__ = ["NO_NOVELTY", "PAIR", "PAIR_TYPE", "FileScore", "Part", "score_statements"]

PAIR, PAIR_TYPE = "pair", "pair + type"
NO_NOVELTY = "gold tells no novelty"

_Key = Callable[[Statement], Hashable]
_Name = TypeVar("_Name", bound=Hashable)
_Some = defaultdict[int, tuple[list[Statement], list[Statement]]]
"""Place of a document -> some statements, of gold and of the other file."""
_TYPED: dict[str, _Key] = {PAIR: lambda each: each.pair, PAIR_TYPE: lambda each: each[:2]}
_MEASURES: dict[str, _Key] = {
    **_TYPED,
    "pair + novelty": lambda each: (each.pair, each.novelty),
    "pair + type + novelty": lambda each: each,
}


@dataclass(frozen=True)
class Part:
    """The scores of some pairs.

    Attributes:
        gold, said: how many different pairs either file relates.
        measures: by name; without novelty where gold tells none.
    """

    gold: int
    said: int
    measures: dict[str, Score]


@dataclass(frozen=True)
class FileScore:
    """A file scored against gold.

    Attributes:
        documents: of gold, all of which count.
        only_in_gold, only_in_other: documents that one of the files lacks; of the latter nothing counts.
        resamples, seed: of the intervals.
        all: every pair.
        without_variants, variants_only: without and with a variant; None where gold has none.
        by_pair_type: by unordered entity types, as harmonize.evaluation names them; "unknown" is the type of
            an entity that neither file annotates.
        by_type: of each relation type, pairs with that type.
        unknown_types: types of the other file that gold does not have, with their number.
        unknown_novelty: statements of the other file whose novelty is neither Novel nor No.
    """

    documents: int
    only_in_gold: tuple[str, ...]
    only_in_other: tuple[str, ...]
    resamples: int
    seed: int
    all: Part
    without_variants: Part | None
    variants_only: Part | None
    by_pair_type: dict[str, Part]
    by_type: dict[str, Score]
    unknown_types: dict[str, int]
    unknown_novelty: int

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def score_statements(
    gold: Statements,
    other: Statements,
    corpus: Corpus,
    types: EntityTypes,
    *,
    bootstrap: int = 1_000,
    seed: int = 0,
) -> FileScore:
    """Score a file's statements.

    Args:
        gold, other: read with the same rules.
        corpus: says which BioRED type an entity's type stands for.
        types: say which types are variants.
        bootstrap: how many resamples of documents the 95 % intervals are of.
        seed: of the resamples.
    """
    names = sorted(gold.documents)  # as harmonize.evaluation orders them: resamples are then the same
    judge = Judge(Bootstrap(len(names), bootstrap, seed), refusal=None)
    scorer = _Scorer([(gold.documents[name], other.documents.get(name, Says())) for name in names], judge)
    kinds = _Kinds(corpus, types)
    by_variant = scorer.named(kinds.is_variant)
    variants = any(told for told, _ in by_variant[True].values())
    known = gold.types()
    scored = Counter(each.type for _, says in scorer.documents for each in says.statements)
    novelty = Counter(each.novelty for _, says in scorer.documents for each in says.statements)
    by_type = scorer.named(lambda statement, *_: statement.type)
    return FileScore(
        documents=len(names),
        only_in_gold=tuple(name for name in names if name not in other.documents),
        only_in_other=tuple(name for name in other.documents if name not in gold.documents),
        resamples=bootstrap,
        seed=seed,
        all=scorer.part(scorer.named(lambda *_: "all")["all"]),
        without_variants=scorer.part(by_variant[False]) if variants else None,
        variants_only=scorer.part(by_variant[True]) if variants else None,
        by_pair_type={name: scorer.part(of) for name, of in sorted(scorer.named(kinds.pair_type).items())},
        by_type={name: scorer.score(_TYPED[PAIR_TYPE], of) for name, of in sorted(by_type.items())},
        unknown_types={name: count for name, count in sorted(scored.items()) if name not in known},
        unknown_novelty=sum(count for name, count in novelty.items() if name not in (None, *NOVELTY)),
    )


class _Scorer:
    """Counts what both files say of each document of gold.

    Args:
        documents: what gold and what the other file says.
    """

    def __init__(self, documents: list[tuple[Says, Says]], judge: Judge) -> None:
        self.documents, self._judge = documents, judge
        has_novelty = any(each.novelty for gold, _ in documents for each in gold.statements)
        self._measures = _MEASURES if has_novelty else _TYPED

    def named(self, name_of: Callable[[Statement, Says, Says], _Name]) -> defaultdict[_Name, _Some]:
        """The statements by what they are called."""
        found: defaultdict[_Name, _Some] = defaultdict(lambda: defaultdict(lambda: ([], [])))
        for place, both in enumerate(self.documents):
            for side, says in enumerate(both):
                for each in says.statements:
                    found[name_of(each, *both)][place][side].append(each)
        return found

    def score(self, key: _Key, some: _Some) -> Score:
        """The score of some statements, each known by this key."""
        return self._judge.of_counts(self._counts(key, some))

    def part(self, some: _Some) -> Part:
        """All scores of some statements."""
        counts = self._counts(_TYPED[PAIR], some).sum(axis=0)
        return Part(
            gold=int(counts[0] + counts[2]),
            said=int(counts[0] + counts[1]),
            measures={name: self.score(key, some) for name, key in self._measures.items()},
        )

    def _counts(self, key: _Key, some: _Some) -> FloatArray:
        """Right, wrong and missed of each document, shape (documents, 3)."""
        counts = np.zeros((len(self.documents), 3))
        for place, both in some.items():
            gold, said = (set(map(key, statements)) for statements in both)
            counts[place] = (len(gold & said), len(said - gold), len(gold - said))
        return counts


class _Kinds:
    """What kinds of entities a statement is of."""

    def __init__(self, corpus: Corpus, types: EntityTypes) -> None:
        self._kinds: Mapping[str, str | None] = corpus.spec.entity_types
        self._types = types

    def pair_type(self, statement: Statement, gold: Says, other: Says) -> str:
        one, *rest = (self._kinds.get(kind) or kind for kind in self._source(statement, gold, other))
        return pair_type(one, rest[0] if rest else one)

    def is_variant(self, statement: Statement, gold: Says, other: Says) -> bool:
        kinds = self._source(statement, gold, other)
        return any(kind == VARIANT or self._types.is_variant(kind) for kind in kinds)

    def _source(self, statement: Statement, gold: Says, other: Says) -> list[str]:
        """The types of the entities as gold has them, else as the other file has them."""
        return [
            gold.types.get(entity) or other.types.get(entity) or UNKNOWN_TYPE for entity in statement.pair
        ]
