"""What the passages of a BioC document are, and which of them are read.

BioC leaves to each source how it calls its passages. PubMed's have the type title or abstract. Those of PMC's
full texts, which PubTator 3 annotates, have a section_type (TITLE, ABSTRACT, INTRO, ..., REF) and a type
(front, abstract, title_1, paragraph, fig_caption, table, ref); see Comeau et al. 2019, Bioinformatics
35(18):3533. Others say paragraph of all, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

__all__ = ["PARAGRAPH", "TEXT_CHOICES", "PassageKind", "Role", "TextChoice", "is_read", "passage_kinds"]

TextChoice = Literal["abstract", "paragraphs", "all"]
TEXT_CHOICES: tuple[TextChoice, ...] = get_args(TextChoice)
"""What is read of an article: title and abstract; the paragraphs of its body too; or all passages."""

Role = Literal["title", "abstract", "text", "paragraph", "other"]

PARAGRAPH = "paragraph"
"""The kind of passages that are the body of an article."""

_TITLES = ("title", "front")
_HEADINGS_AND_INSETS = ("title", "front", "abstract_title", "fig", "table", "ref", "footnote")
# Sections without claims of the article's own, or without prose.
_NO_BODY = frozenset(
    (
        *("REF", "FIG", "TABLE", "SUPPL", "ABBR", "KEYWORD"),
        *("ACK_FUND", "AUTH_CONT", "COMP_INT", "REVIEW_INFO"),
    )
)


class PassageKind(NamedTuple):
    """What a passage is.

    Attributes:
        role: "text" is a passage of a document that has no abstract and does not say where its body begins.
        kind: "title", "abstract", PARAGRAPH, the file's type of other passages, or the section of paragraphs
            that are no part of the body.
        section: as the file has it, None where it tells none.
    """

    role: Role
    kind: str
    section: str | None = None


def passage_kinds(infons: Sequence[Mapping[str, str]]) -> list[PassageKind]:
    """What the passages with these infons are, in order.

    Where no passage says what it is, the first is the title and the rest the abstract. Where no section and
    no abstract is told (all are paragraphs, say), the first is the title, and text what is no table or the
    like.
    """
    types = [infon.get("type", "").strip().casefold() for infon in infons]
    sections = [infon.get("section_type", "").strip().upper() for infon in infons]
    if not any(types) and not any(sections):
        roles: list[Role] = ["title" if number == 0 else "abstract" for number in range(len(types))]
    elif any(sections):
        roles = [_role_in_section(kind, section) for kind, section in zip(types, sections, strict=True)]
    elif any(kind == "abstract" for kind in types):
        roles = _roles_by_type(types)
    else:
        roles = ["title" if number == 0 else _text_or_other(kind) for number, kind in enumerate(types)]
    return [
        PassageKind(role, _kind(role, kind, section), section or None)
        for role, kind, section in zip(roles, types, sections, strict=True)
    ]


def _role_in_section(kind: str, section: str) -> Role:
    if section in ("TITLE", "ABSTRACT"):
        return "title" if section == "TITLE" else "abstract"
    if not section and kind in ("title", "front", "abstract"):
        return "abstract" if kind == "abstract" else "title"
    return "paragraph" if section not in _NO_BODY and _is_prose(kind) else "other"


def _roles_by_type(types: Sequence[str]) -> list[Role]:
    """A title that follows another is a heading where there are paragraphs, else a part of the title."""
    has_body, roles = PARAGRAPH in types, list[Role]()
    for kind in types:
        if kind == "abstract":
            roles.append("abstract")
        elif kind in _TITLES and not (has_body and "title" in roles):
            roles.append("title")
        else:
            roles.append("paragraph" if _is_prose(kind) else "other")
    return roles


def _text_or_other(kind: str) -> Role:
    return "text" if _is_prose(kind) else "other"


def _is_prose(kind: str) -> bool:
    return not kind.startswith(_HEADINGS_AND_INSETS)


def _kind(role: Role, kind: str, section: str) -> str:
    if role in ("title", "abstract"):
        return role
    if role == "other":
        return kind if kind and not _is_prose(kind) else section.casefold()
    return PARAGRAPH


def is_read(kind: PassageKind, choice: TextChoice) -> bool:
    """True for a passage that a choice takes in."""
    if kind.role == "other":
        return choice == "all"
    return kind.role != "paragraph" or choice != "abstract"
