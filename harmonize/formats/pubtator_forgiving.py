"""An article of PubTator text, read as far as it makes sense, for prediction, which needs text and mentions.

Whatever is odd about a mention costs that mention only, and is told to the handler: its place or its text, a
column that is missing, a line that is none. Lines of relations are not looked at, columns beyond the seventh
are not read, and blanks around a line or a field are no fault. What cannot be forgiven is text of which
nobody knows where it belongs: a second abstract, or a line that is neither text nor annotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset
from harmonize.formats.misfits import NO_PLACE, NO_TYPE, Misfit, fitting
from harmonize.formats.offsets import Offsets
from harmonize.formats.pubtator import MOST_ANNOTATIONS, TEXT_LINE
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.pubtator_subject import is_subject, mark_subject

__all__ = ["ELSEWHERE", "NO_MENTION", "Columns", "read_article"]

NO_MENTION = "a line that is no mention"
ELSEWHERE = "a line of another document"

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SENTENCE_END = re.compile(r"""[.!?][)\]}"'”’»]*\s*$""")
_LEAST_COLUMNS = 5  # of a mention line; one with an id has six
_LEAST_OF_RELATION = 4


def read_article(
    name: str, lines: Iterable[tuple[int, str]], misfit: Misfit, offsets: Offsets | None = None
) -> PubTatorRecord:
    """The article in these lines, of which none is blank.

    Args:
        name: what to call the lines' origin in errors.
        lines: (1-based number, line without its end), the title first.
        misfit: is given the mentions that are left out. The type of a line that tells none is "".
        offsets: what offsets count, and learns what they seem to; code points unless given.

    Raises:
        MalformedInput: no title, or text of which nobody knows where it belongs.
    """
    article = _Article(name, misfit)
    for number, line in lines:
        article.add(number, line)
    return fitting(article.record(), misfit, forgiving=True, offsets=offsets)


class _Article:
    """Collects lines into a record."""

    def __init__(self, name: str, misfit: Misfit) -> None:
        self._name, self._misfit = name, misfit
        self._start: tuple[int, str, str] | None = None  # line, id, title
        self._abstract: str | None = None
        self._mentions: list[PubTatorMention] = []
        self._relations: list[PubTatorRelation] = []

    def record(self) -> PubTatorRecord:
        if self._start is None:
            raise MalformedInput(self._name, "expected a title line ID|t|..., got no line")
        line, identifier, title = self._start
        return PubTatorRecord(
            identifier, title, self._abstract, tuple(self._mentions), tuple(self._relations), line
        )

    def add(self, number: int, line: str) -> None:
        if text_line := TEXT_LINE.fullmatch(line.lstrip()):
            self._add_text(number, *text_line.groups())
        elif self._start is None:
            raise self._fault(number, "expected a title line ID|t|... first")
        else:
            self._add_annotation(number, line, self._start[1])

    def _fault(self, line: int, message: str) -> MalformedInput:
        return MalformedInput(self._name, message, line=line)

    def _add_text(self, number: int, identifier: str, kind: str, text: str) -> None:
        identifier = identifier.strip()
        if self._start is None and kind.startswith("t"):
            self._start = (number, identifier, text)
        elif self._start is None or identifier != self._start[1]:
            raise self._fault(number, f"expected a title line {identifier}|t|... first")
        elif self._abstract is not None or kind.startswith("t"):
            raise self._fault(number, f"expected one title and one abstract of document {identifier}")
        else:
            self._abstract = text

    def _add_annotation(self, number: int, line: str, article: str) -> None:
        columns = line.split("\t")
        if len(self._mentions) + len(self._relations) >= MOST_ANNOTATIONS:
            raise self._fault(number, f"expected at most {MOST_ANNOTATIONS} annotations of one document")
        if len(columns) == 1 and line.split(maxsplit=1)[:1] != [article]:
            raise self._fault(number, "expected a text line ID|t|... or tab-separated columns")
        if is_subject(columns):
            mark_subject(self._relations, columns)
            return
        if len(columns) > 1 and (is_offset(columns[1]) or _NUMBER.fullmatch(columns[1].strip())):
            found = _mention(number, columns, article)
            if isinstance(found, PubTatorMention):
                self._mentions.append(found)
                return
            reason = found
        elif len(columns) < _LEAST_OF_RELATION:
            reason = NO_MENTION
        elif columns[0].strip() == article:
            self._relations.append(_relation(number, columns))
            return
        else:
            reason = ELSEWHERE
        text, kind = [*columns[3:5], "", ""][:2]
        self._misfit(article, PubTatorMention(0, 0, text, kind.strip(), None, None, number), reason)


def _mention(number: int, columns: list[str], article: str) -> PubTatorMention | str:
    """The mention in a line, or why there is none."""
    if columns[0] != article and columns[0].strip() != article:
        return ELSEWHERE
    if len(columns) < _LEAST_COLUMNS:
        return NO_TYPE if len(columns) == _LEAST_COLUMNS - 1 else NO_MENTION
    _, start, end, _, kind, *rest = map(str.strip, columns)
    if not (is_offset(start) and is_offset(end)):
        return NO_PLACE
    if not kind:
        return NO_TYPE
    identifier, extra = (*rest[:2], None, None)[:2]
    return PubTatorMention(int(start), int(end), columns[3], kind, identifier, extra, number)


def _relation(number: int, columns: list[str]) -> PubTatorRelation:
    novelty = columns[4] if len(columns) > _LEAST_OF_RELATION else None
    return PubTatorRelation(columns[1], columns[2], columns[3], novelty, number)


@dataclass
class Columns:
    """What the lines of a file have had so far, by which a last one is known to be whole.

    Attributes:
        ids: some mention has an id field, empty or not.
        novelty: some relation has BioRED's fifth column.
    """

    ids: bool = False
    novelty: bool = False

    def see(self, article: PubTatorRecord) -> None:
        """Learn from an article that was read."""
        self.ids = self.ids or any(mention.id is not None for mention in article.mentions)
        self.novelty = self.novelty or any(r.novelty is not None for r in article.relations)

    def make_whole(self, line: str) -> bool:
        """True for a line that says all it has to, so that it may lack its line end.

        Text has to end as a sentence does; a mention or relation needs as many columns as others in its file
        (the seventh aside, which few have), and something in the last. What this does not find: a cut inside
        that last column, or after a sentence.
        """
        if text_line := TEXT_LINE.fullmatch(line.lstrip()):
            return _SENTENCE_END.search(text_line.group(3)) is not None
        columns = line.split("\t")
        if len(columns) < _LEAST_OF_RELATION or not columns[-1].strip():
            return False
        if is_subject(columns):
            return True
        if _NUMBER.fullmatch(columns[1].strip()):
            return len(columns) >= _LEAST_COLUMNS + self.ids
        return len(columns) >= _LEAST_OF_RELATION + self.novelty
