"""What a file says of documents: pairs of entities, what relates them, and whether that is novel.

No text is needed for that, nor mentions where another file of the same documents has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NamedTuple

from harmonize.errors import InputError, MalformedInput
from harmonize.formats.lines import EndlessLine
from harmonize.formats.pubtator_articles import CutInput
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, split_ids
from harmonize.gold.relation_types import TypeMap, meaning
from harmonize.model import Document
from harmonize.names import OwnIds
from harmonize.prediction.arguments import Arguments, entities_of, is_resolved
from harmonize.prediction.input_forms import Parse
from harmonize.prediction.inputs import read_parsed
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.reading import Reading
from harmonize.relation.labels import is_negative

__all__ = ["NOVELTY", "Says", "Statement", "Statements", "read_statements"]

NOVELTY = ("Novel", "No")
_NOVELTY = {"novel": "Novel", "yes": "Novel", "true": "Novel", "no": "No", "none": "No", "false": "No"}
_SEPARATORS = ",;"


class Statement(NamedTuple):
    """One thing that is said of a document.

    Attributes:
        pair: the entities; one, where something is related to itself, or where the file does not tell two.
        novelty: one of NOVELTY, what the file has in its place, or None.
    """

    pair: frozenset[str]
    type: str
    novelty: str | None


@dataclass
class Says:
    """What is said of one document.

    Attributes:
        statements: each once.
        types: entity -> the type of its first mention, as the file has it.
    """

    statements: dict[Statement, None] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    _arguments: Arguments | None = None
    _places: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, record: PubTatorRecord, made: Document, misfits: list[PubTatorMention], rules: PairRules
    ) -> Says:
        """What a record's mentions say, with no statement yet."""
        by_mention = rules.corpus.spec.entity == "mention"
        found = cls(_arguments=rules.arguments(record, made, misfits))
        for mention in made.mentions:
            place = f"{mention.extent.start}-{mention.extent.end}"
            if by_mention:  # names depend on how many others there are
                found._places[mention.id] = place
            for entity in (place,) if by_mention else mention.concept_ids:
                found.types.setdefault(entity, mention.type)
        for misfit in () if by_mention else misfits:
            for entity in rules.concept_ids(misfit.type, misfit.id):
                found.types.setdefault(entity, misfit.type)
        return found

    def entities(self, argument: str) -> tuple[str, ...]:
        """The entities that an argument names here; none where it names nothing."""
        if self._arguments is None:
            return ()
        found = self._arguments.entities(argument)
        if not found and self._places:
            found = self._arguments.entities(argument, by_name=True)
        return tuple(self._places.get(entity, entity) for entity in found)

    def named(self, resolved: str) -> tuple[str, ...] | None:
        """The entities of a resolved argument; None where it is not."""
        if not is_resolved(resolved):
            return None
        return tuple(self._places.get(entity, entity) for entity in entities_of(resolved))

    def relations(self, record: PubTatorRecord) -> Iterator[tuple[str, str, str, str | None]]:
        """Head and tail of each relation, resolved as far as the record's mentions allow; type; novelty."""
        for told in record.relations:
            if self._arguments is not None:
                relation = self._arguments.relation(told)
                yield relation.head, relation.tail, relation.type, relation.novelty


@dataclass
class Statements:
    """What a file says.

    Attributes:
        documents: by id; one that an earlier document has gets its number, "90000001#2".
        skipped: documents that could not be read, and files in no known form.
        relations: that the file has.
        repeated: that say of a pair what another has said.
        unrelated: of types that stand for no relation.
        without_entities: that do not tell two entities; each is a statement that no other file can make.
        unknown_entities: with an argument that names no annotated entity, "-" among them.
    """

    documents: dict[str, Says] = field(default_factory=dict)
    skipped: int = 0
    relations: int = 0
    repeated: int = 0
    unrelated: int = 0
    without_entities: int = 0
    unknown_entities: int = 0

    def types(self) -> Counter[str]:
        """How many statements have each type."""
        return Counter(each.type for says in self.documents.values() for each in says.statements)


def read_statements(
    path: Path,
    form: str | None,
    rules: PairRules,
    types: TypeMap,
    how: Reading,
    *,
    gold: Statements | None = None,
    skip: Callable[[InputError], None] = lambda fault: None,
) -> Statements:
    """Read all that a file, or a folder of files, says.

    Args:
        form: one of harmonize.prediction.inputs.RELATION_FORMS.
        rules: how ids are read; every file that is compared needs the same.
        types: what types stand for; one that is not among them stands for itself.
        gold: whose mentions tell what is meant by arguments that this file's own mentions do not explain.
        skip: is told of each document that cannot be read, and of each file in no known form.

    Raises:
        UnknownName, MissingInput, MalformedInput: as harmonize.prediction.inputs.read_input.
    """
    reader = _Reader(rules, types, gold)

    def pass_over(fault: InputError) -> None:
        reader.found.skipped += 1
        skip(fault)

    by_mention = rules.corpus.spec.entity == "mention"
    found = read_parsed(path, how, form, by_mention=by_mention, skip=pass_over)
    for number, (name, parse) in enumerate(found, 1):
        try:
            reader.add(parse)
        except (CutInput, EndlessLine):
            raise
        except MalformedInput as fault:
            located = fault.line is not None or fault.document is not None
            pass_over(fault if located else MalformedInput(name, f"document number {number}: {fault.said}"))
    return reader.found


class _Reader:
    """Turns records into statements, one after the other."""

    def __init__(self, rules: PairRules, types: TypeMap, gold: Statements | None) -> None:
        self.found = Statements()
        self._rules, self._types, self._gold = rules, types, gold
        self._numbered = OwnIds()

    def add(self, parse: Parse) -> None:
        misfits: list[PubTatorMention] = []
        record = parse(lambda _, mention, reason: misfits.append(mention))
        made = self._rules.named_document(record).document
        says = Says.of(record, made, misfits, self._rules)
        name = self._numbered(record.id)
        self.found.documents[name] = says
        known = says if self._gold is None else self._gold.documents.get(name, says)
        for head, tail, kind, novelty in says.relations(record):
            self._add(says, known, (head, tail), kind, novelty)

    def _add(
        self, says: Says, known: Says, arguments: tuple[str, str], kind: str, novelty: str | None
    ) -> None:
        """Add a relation's statements; `known` is the document whose entities they have to name."""
        found = self.found
        found.relations += 1
        label = meaning(self._types, kind)
        if label is None or is_negative(label):
            found.unrelated += 1
            return
        novelty = None if novelty is None else _NOVELTY.get(novelty.strip().casefold(), novelty.strip())
        heads, tails = (self._entities(argument, says, known) for argument in arguments)
        if not (heads and tails):
            found.without_entities += 1
            own = f"{'gold' if self._gold is None else 'other'} {found.relations}"
            says.statements[Statement(frozenset((own,)), label, novelty)] = None
            return
        found.unknown_entities += any(entity not in known.types for entity in (*heads, *tails))
        pairs = {frozenset(pair) for pair in product(heads, tails)}
        if len(pairs) > 1:  # a composite is not related to its own part
            pairs = {pair for pair in pairs if len(pair) > 1}
        new = [each for pair in pairs if (each := Statement(pair, label, novelty)) not in says.statements]
        found.repeated += not new
        says.statements.update(dict.fromkeys(new))

    def _entities(self, resolved: str, says: Says, known: Says) -> tuple[str, ...]:
        """The entities of an argument, as `known` names them; as the file does where it has no name."""
        own = says.named(resolved)
        parts = own or known.entities(entities_of(resolved)[0])
        if not parts:
            parts = split_ids(entities_of(resolved)[0], _SEPARATORS, ("",))
        named = ((each,) if each in known.types else known.entities(each) or (each,) for each in parts)
        return tuple(dict.fromkeys(entity for entities in named for entity in entities))
