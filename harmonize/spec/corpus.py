"""One corpus as the rules need it: its mapping, its row of Table 2 and the target, which must agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harmonize.errors import SpecError
from harmonize.spec.mapping import OTHER, CorpusSpec
from harmonize.spec.reading import package_folder
from harmonize.spec.rule_choice import RuleChoice
from harmonize.spec.target import Target

__all__ = ["Corpus", "check_against_target"]


@dataclass(frozen=True)
class Corpus:
    """One corpus as the rules need it: its mapping, its row of Table 2 and the target.

    Attributes:
        key: the name on the command line and in the union set.
        path: the mapping file, for errors.
        hashes: mapping file name -> sha256, of target.yaml, the table with its rules and the mapping.
        further: not of the paper's nine; built only when it is named.
    """

    key: str
    spec: CorpusSpec
    rules: RuleChoice
    target: Target
    path: Path
    hashes: Mapping[str, str]
    further: bool = False

    @cached_property
    def pair_types(self) -> frozenset[tuple[str, str]]:
        """The BioRED types of each kind of pair, head's type first."""
        types = self.target.entity_types
        return frozenset((types[head], types[tail]) for head, tail in self.rules.kinds)

    @property
    def own_folder(self) -> Path | None:
        """The folder of an extension, beside whose mapping files may lie; None for the package's corpora."""
        return None if self.path.parent == package_folder() else self.path.parent

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its relations may have."""
        return self.target.nary_labels if self.spec.nary else self.target.labels

    def kind(self, source_type: str) -> str | None:
        """The BioRED type that a type of the corpus stands for, None for one outside every pair.

        Raises:
            SpecError: the mapping does not know the type.
        """
        return self._mapped("entity_types", self.spec.entity_types, source_type)

    def label(self, relation_type: str) -> str | None:
        """The harmonized label of a relation type, None for one that stands for no relation.

        Raises:
            SpecError: the mapping does not know the type.
        """
        return self._mapped("relation_types", self.spec.relation_types, relation_type)

    def internal_type(self, source_type: str) -> str | None:
        """Rule e1's own type for a type of the corpus, None where BioRED's is kept."""
        listed = source_type in self.spec.entity_types
        return self.spec.internal_types.get(source_type if listed else OTHER)

    def knows(self, entity_type: str) -> bool:
        types = self.spec.entity_types
        return entity_type in types or OTHER in types

    def knows_relation(self, relation_type: str) -> bool:
        types = self.spec.relation_types
        return relation_type in types or OTHER in types

    def _mapped(self, key: str, types: Mapping[str, str | None], found: str) -> str | None:
        if found not in types and OTHER not in types:
            raise SpecError(self.path, [(key, f"expected one of {', '.join(types)}, got {found!r}")])
        return types[found if found in types else OTHER]


def check_against_target(corpus: Corpus) -> None:
    """Raises SpecError with every name of the mapping that the target does not have."""
    spec, target = corpus.spec, corpus.target
    known_types = set(target.entity_types.values())
    faults = [
        (f"relation_types.{key}", f"expected null or one of {', '.join(corpus.labels)}, got {label!r}")
        for key, label in spec.relation_types.items()
        if label is not None and label not in corpus.labels
    ]
    faults += [
        (f"entity_types.{key}", f"expected null or one of {', '.join(sorted(known_types))}, got {kind!r}")
        for key, kind in spec.entity_types.items()
        if kind is not None and kind not in known_types
    ]
    faults += [
        (f"internal_types.{key}", f"expected one of {', '.join(spec.entity_types)}")
        for key in spec.internal_types
        if key not in spec.entity_types
    ]
    if corpus.rules.e == "e1" and not spec.internal_types:
        faults.append(("internal_types", "expected at least one, rule e1 asks for them"))
    if spec.directed and any(pair[0] == pair[2] for pair in corpus.rules.pairs):
        faults.append(("directed", "expected false: pairs of one kind have no first argument by kind"))
    if spec.nary:
        faults += _nary_faults(corpus)
    if faults:
        raise SpecError(corpus.path, faults)


def _nary_faults(corpus: Corpus) -> list[tuple[str, str]]:
    """What a corpus of n-ary relations says that is not done for one."""
    faults = []
    if corpus.spec.entity != "mention":
        faults.append(("entity", "expected mention, n-ary relations are between mentions"))
    faults += [
        (rule[0], f"expected {rule}, which is what is done with n-ary relations")
        for rule, found in zip(
            ("a1", "c2", "d1"), (corpus.rules.a, corpus.rules.c, corpus.rules.d), strict=True
        )
        if rule != found
    ]
    return faults
