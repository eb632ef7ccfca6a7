"""What the infons of BioC say: a concept's id, a mention's type, a relation, the PMID of an article.

BioC leaves the names of infons to each tool. Of a name only letters and digits matter here, in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = [
    "concept_id",
    "infon_text",
    "mention_type",
    "other_arguments",
    "pmid",
    "relation_arguments",
    "relation_novelty",
    "relation_type",
]

# Infons that hold an id, the surest first, and what PubTator text writes before the id. Who writes them:
_ID_INFONS = {
    "identifier": "",  # PubTator Central and 3, BioRED, NLM-Chem, tmVar 3, PhenoTagger, TeamTat
    "identifiers": "",
    "concept id": "",  # MedTagger, entity linkers
    "mesh": "MESH:",  # BC5CDR, tmChem, DNorm, TaggerOne, PubTator before 2019
    "mesh id": "MESH:",
    "omim": "OMIM:",
    "cvcl": "CVCL:",
    "chebi": "CHEBI:",
    "ncbi gene": "",  # GNormPlus, GNorm2
    "ncbi gene id": "",
    "ncbi gene identifier": "",  # NLM-Gene
    "entrez gene": "",
    "entrez gene id": "",
    "gene id": "",
    "gene": "",
    "ncbi species": "",
    "ncbi taxonomy": "",  # SR4GN
    "taxonomy": "",
    "species": "",
    "tmvar": "",
    "dbsnp": "",
    "rsid": "",
    "cellosaurus": "",
    "cui": "",  # MetaMap, bconv, corpora linked to UMLS
    "umls": "",
    "umls cui": "",
    "native id": "",  # OGER and bconv
    "entity id": "",
    "normalized id": "",  # beside `identifier` in PubTator 3
    "id": "",  # the bioc library's reader of PubTator text, INDRA
}
_PREFIXES = tuple(_ID_INFONS.values())
_TYPE_INFONS = ("type", "entitytype", "label")
# Of a relation. BC5CDR says `relation`; its arguments are named by their types.
_RELATION_TYPE_INFONS = ("type", "relationtype", "relation", "label", "predicate")
_ARGUMENT_INFONS = (
    ("entity1", "entity2"),  # BioRED
    ("role1", "role2"),  # PubTator 3, "Chemical|MESH:D003520" or an entity with its `identifier`
    ("chemical", "disease"),  # BC5CDR
    ("arg1", "arg2"),
    ("head", "tail"),
    ("subject", "object"),
)
_NOVELTY_INFONS = ("novel", "novelty")
_REMARKS = ("note", "comment", "annotator", "updatedat", "score", "confidence")
_NO_ARGUMENTS = frozenset((*_RELATION_TYPE_INFONS, *_NOVELTY_INFONS, *_REMARKS))
_ONE_ID = re.compile(r"[^|,]+")  # of a composite
_UNKNOWN = frozenset(("-", "-1", "None", "none", "null", "NULL"))


def infon_text(value: object) -> str:
    """The value of an infon as text. JSON may hold a number in its place, or a list, of ids for example."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def concept_id(infons: Mapping[str, str]) -> str | None:
    """The id as PubTator text writes it, of the surest infon with one that is known.

    Where all say that it is not known ("-"), the surest one's word for it. None where no infon holds an id.
    """
    best, surest = None, len(_ID_INFONS) * 2
    for name, value in infons.items():
        rank = _RANKS.get(_normal(name))
        if rank is None or not (value := value.strip()) or value == "Unknown":
            continue
        if value in _UNKNOWN:
            rank += len(_ID_INFONS)
        if rank < surest:
            best, surest = value, rank
    if best is None or surest >= len(_ID_INFONS):
        return best
    return _with_prefix(best, _PREFIXES[surest])


def _with_prefix(identifier: str, prefix: str) -> str:
    """An id with the name of its vocabulary; of a composite, "D007859|D008569", each one of its ids."""

    def named(one: re.Match[str]) -> str:
        return one[0] if one[0] in _UNKNOWN else prefix + one[0].removeprefix(prefix)

    return _ONE_ID.sub(named, identifier) if prefix else identifier


def mention_type(infons: Mapping[str, str]) -> str | None:
    """The type of a mention; None where no infon tells it."""
    if kind := infons.get("type"):
        return kind
    by_key = {_normal(name): value for name, value in infons.items()}
    return next((by_key[key] for key in _TYPE_INFONS if by_key.get(key)), None)


def relation_type(infons: Mapping[str, str]) -> str:
    """The type of a relation; the empty string where no infon tells it."""
    return _first(infons, _RELATION_TYPE_INFONS) or ""


def relation_novelty(infons: Mapping[str, str]) -> str | None:
    """BioRED's "Novel" or "No"; None where no infon tells it."""
    return _first(infons, _NOVELTY_INFONS)


def relation_arguments(infons: Mapping[str, str]) -> tuple[str, str] | None:
    """The ids of a relation's two entities; None where infons do not tell both."""
    by_key = {_normal(name): value.strip() for name, value in infons.items()}
    for keys in _ARGUMENT_INFONS:
        one, other = (by_key.get(key, "") for key in keys)
        if one and other:
            return (_after_type(one), _after_type(other)) if keys[0] == "role1" else (one, other)
    return None


def other_arguments(infons: Mapping[str, str]) -> list[str]:
    """What a relation's infons of any name say that are neither type nor novelty nor a remark."""
    return [value.strip() for name, value in infons.items() if _normal(name) not in _NO_ARGUMENTS]


def _after_type(role: str) -> str:
    return role.partition("|")[2] or role


def _first(infons: Mapping[str, str], names: Iterable[str]) -> str | None:
    by_key = {_normal(name): value.strip() for name, value in infons.items()}
    return next((by_key[name] for name in names if by_key.get(name)), None)


@lru_cache(maxsize=1_000)
def _normal(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


_RANKS = {_normal(name): rank for rank, name in enumerate(_ID_INFONS)}


def pmid(identifier: str, infons: Iterable[Mapping[str, str]]) -> str:
    """The PMID; documents of full text are named by their PMC number and tell the PMID in an infon.

    Args:
        identifier: of the document.
        infons: of the document and its passages.
    """
    told: dict[str, str] = {}
    for infon in infons:
        told = dict(infon) | told
    if told.get("article-id_pmid"):
        return told["article-id_pmid"]
    number = identifier.removeprefix("PMC")
    if number and told.get("article-id_pmc", "").removeprefix("PMC") == number:
        return f"PMC{number}"
    return identifier
