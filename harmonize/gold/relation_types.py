"""What a gold standard's relation types stand for: the labels of a mapping, and those of a user's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, RootModel, ValidationInfo

from harmonize.errors import HarmonizeError
from harmonize.model import is_negative
from harmonize.spec import OTHER, Corpus, Target, validated

__all__ = ["TypeMap", "check_types", "load_relation_types", "meaning", "type_map"]

TypeMap = Mapping[str, str | None]
"""Type -> label, or None for one that stands for no relation; OTHER stands for all types not listed."""

_MOST_NAMES = 50  # of types, in one line


def _known_label(value: str | None, info: ValidationInfo) -> str | None:
    labels: tuple[str, ...] = (info.context or {}).get("labels", ())
    if value is not None and value not in labels:
        raise ValueError(f"expected null or one of {', '.join(labels)}, got {value!r}")
    return value


class UserRelationTypes(RootModel[dict[str, Annotated[str | None, AfterValidator(_known_label)]]]):
    """A user's file of relation types: type -> a label, or null for one that stands for no relation."""

    model_config = ConfigDict(frozen=True, strict=True)


def load_relation_types(path: Path, target: Target) -> dict[str, str | None]:
    """Read a user's file of relation types.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return dict(validated(UserRelationTypes, path, {"labels": target.labels}).root)


def type_map(corpus: Corpus, own: TypeMap) -> dict[str, str | None]:
    """All types that are known: the labels, which stand for themselves, the mapping's, and a user's own.

    Later ones come before earlier ones.
    """
    labels = {label: label for label in corpus.target.labels}
    return {**labels, **corpus.spec.relation_types, **own}


def meaning(types: TypeMap, kind: str) -> str | None:
    """What a type stands for; one that is not listed, and that OTHER does not cover, for itself."""
    if kind in types or OTHER not in types:
        return types.get(kind, kind)
    return None if is_negative(kind) else types[OTHER]


def check_types(found: Mapping[str, int], known: TypeMap, corpus: Corpus, name: str) -> None:
    """Raises HarmonizeError, which names the file and all types that nobody knows.

    Args:
        found: how many relations have each type.
    """
    unknown = Counter({kind: count for kind, count in found.items() if kind not in known})
    if not unknown or OTHER in known:
        return
    told = ", ".join(f"{kind!r} {count:,}" for kind, count in unknown.most_common(_MOST_NAMES))
    more = f" and {len(unknown) - _MOST_NAMES:,} more" if len(unknown) > _MOST_NAMES else ""
    raise HarmonizeError(
        f"{name}: expected relation types of {corpus.key}, got {told}{more}; name each in a file for "
        f"--relations (type: one of {', '.join(corpus.target.labels)}, or null for no relation), "
        "or another mapping by --as-corpus"
    )
