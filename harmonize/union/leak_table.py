"""leaks.md: the repeats of a set as tables that a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from harmonize.spec import LeakSettings
from harmonize.union.documents import DocumentKey
from harmonize.union.leaks import Repeat
from harmonize.writing.markdown import markdown_table

__all__ = ["how", "leak_table", "overlaps"]

_EVALUATED = ("dev", "test")
_KINDS = ("part", "repeats", "documents", "pairs", "same PMID", "same text", "near")
_COLUMNS = ("document", "repeats", "how", "similarity")


def how(repeat: Repeat) -> str:
    """In a word or two, what two documents have in common."""
    if repeat.same_text:
        return "same text"
    return "same PMID" if repeat.same_pmid else "near duplicate"


def overlaps(repeats: Iterable[Repeat]) -> dict[tuple[str, str], list[Repeat]]:
    """The repeats by ("corpus/split", other "corpus/split"), in order of those names."""
    groups: dict[tuple[str, str], list[Repeat]] = defaultdict(list)
    for repeat in repeats:
        groups[_part(repeat.document), _part(repeat.other)].append(repeat)
    return dict(sorted(groups.items()))


def leak_table(repeats: Sequence[Repeat], settings: LeakSettings) -> str:
    """Markdown: the overlaps, then every pair, those with an evaluated document first."""
    evaluated = [repeat for repeat in repeats if repeat.other.split in _EVALUATED]
    trained = [repeat for repeat in repeats if repeat.other.split not in _EVALUATED]
    lines = [
        "# Documents that repeat each other",
        "",
        "Two documents repeat each other if they have the same PMID, the same letters and digits, or at",
        f"least {settings.threshold:.0%} of their runs of {settings.shingle_words} words in common. Nothing",
        "is deleted: each row's `leaks_into` says where its document is evaluated. The column `documents`",
        "counts those of the first part.",
        "",
        markdown_table(_KINDS, _summary(repeats)),
        "",
        "## Where a development or test document is repeated",
        "",
        _pairs(evaluated),
        "",
        "## Within training data",
        "",
        _pairs(trained),
    ]
    return "\n".join(lines) + "\n"


def _summary(repeats: Iterable[Repeat]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for (part, other), group in overlaps(repeats).items():
        kinds = [how(repeat) for repeat in group]
        rows.append(
            (
                part,
                other,
                str(len({repeat.document for repeat in group})),
                str(len(group)),
                str(sum(repeat.same_pmid for repeat in group)),
                str(sum(repeat.same_text for repeat in group)),
                str(kinds.count("near duplicate")),
            )
        )
    return rows


def _pairs(repeats: Sequence[Repeat]) -> str:
    if not repeats:
        return "None."
    return markdown_table(
        _COLUMNS,
        [
            (
                f"{_part(r.document)} {r.document.document_id}",
                f"{_part(r.other)} {r.other.document_id}",
                how(r),
                f"{r.similarity:.2f}",
            )
            for r in sorted(repeats, key=lambda r: (_part(r.other), _part(r.document), -r.similarity))
        ],
    )


def _part(key: DocumentKey) -> str:
    return f"{key.corpus}/{key.split}"
