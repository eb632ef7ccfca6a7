"""The kinds of input, by name: what the encoder reads of a pair, and how the mentions are marked.

Each is a function of a pair; its docstring shows what it makes of "Aspirin may provoke asthma."
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harmonize.errors import UnknownName
from harmonize.model import Span
from harmonize.relation.encode.prompt import (
    Piece,
    Tokens,
    context_pieces,
    known_pieces,
    marked,
    question_pieces,
    replaced,
    spelled,
    tag_tokens,
)
from harmonize.relation.pair import Entity, Pair

__all__ = ["INPUTS", "MASK", "InputKind", "Segments", "input_named"]

MASK = "[MASK]"
"""Stands for the mask of the encoder's own vocabulary."""

Tags = Mapping[str, str]
"""Entity type -> the tag's name; see harmonize.relation.encode.prompt."""

_SILENT: Tokens = ("", "")
_ENTITIES: tuple[Tokens, Tokens] = (("[E1]", "[/E1]"), ("[E2]", "[/E2]"))


@dataclass(frozen=True, slots=True)
class Segments:
    """What is read of one pair: at most two segments.

    Attributes:
        question: kept whole; empty where none is asked.
        contexts: one, or the same one twice. What does not fit is cut from them.
    """

    question: list[Piece]
    contexts: list[list[Piece]]

    @property
    def parts(self) -> list[list[Piece]]:
        """Those that an input has, in order."""
        return [*([self.question] if self.question else []), *self.contexts]


@dataclass(frozen=True)
class InputKind:
    """A kind of input.

    Attributes:
        segments: how many an input has, 1 or 2.
        of: (pair, tags) -> its segments.
        words: tags -> each token that it adds to the vocabulary, and the words that its embedding begins as.
        source: the paper that has it.
        masks: it needs the mask of the vocabulary.
        describes: it tells what is known of the entities beside the text.
    """

    name: str
    segments: int
    of: Callable[[Pair, Tags], Segments]
    words: Callable[[Tags], Mapping[str, str]]
    source: str
    masks: bool = False
    describes: bool = False

    def example(self, tags: Tags) -> str:
        """What it makes of "Aspirin may provoke asthma.", without the special tokens at both ends."""
        chemical = Entity("Aspirin", "ChemicalEntity", (Span(0, 7),), "D001241", "an analgesic")
        disease = Entity("asthma", "DiseaseOrPhenotypicFeature", (Span(20, 26),), "D001249", "narrow airways")
        made = self.of(Pair("biored", "BioRED", "Aspirin may provoke asthma.", chemical, disease), tags)
        return " [SEP] ".join(map(spelled, made.parts))


def prompt(pair: Pair, tags: Tags) -> Segments:
    """What is the relation in BioRED between <C>Aspirin</C> and <D>asthma</D>? [SEP]
    <C>Aspirin</C> may provoke <D>asthma</D>."""
    return Segments(question_pieces(pair, tags), [context_pieces(pair, tags)])


def described(pair: Pair, tags: Tags) -> Segments:
    """What is the relation in BioRED between <C>Aspirin</C> and <D>asthma</D>? Aspirin: an analgesic.
    asthma: narrow airways. [SEP] <C>Aspirin</C> may provoke <D>asthma</D>."""
    known = known_pieces((pair.head, pair.tail), tags)
    return Segments([*question_pieces(pair, tags), *known], [context_pieces(pair, tags)])


def tagged(pair: Pair, tags: Tags) -> Segments:
    """<C>Aspirin</C> may provoke <D>asthma</D>."""
    return Segments([], [context_pieces(pair, tags)])


def plain(pair: Pair, tags: Tags) -> Segments:
    """Aspirin may provoke asthma."""
    return Segments([], [_marked(pair, _SILENT, _SILENT)])


def markers(pair: Pair, tags: Tags) -> Segments:
    """[E1]Aspirin[/E1] may provoke [E2]asthma[/E2]."""
    return Segments([], [_marked(pair, *_ENTITIES)])


def masked(pair: Pair, tags: Tags) -> Segments:
    """[MASK] may provoke [MASK]."""
    return Segments([], [replaced(_marked(pair, (MASK, ""), (MASK, "")), (0, 1))])


def two_masked(pair: Pair, tags: Tags) -> Segments:
    """[MASK] may provoke asthma. [SEP] Aspirin may provoke [MASK]."""
    return Segments([], _twice(pair, MASK, MASK))


def two_entities(pair: Pair, tags: Tags) -> Segments:
    """[E1] may provoke asthma. [SEP] Aspirin may provoke [E2]."""
    return Segments([], _twice(pair, _ENTITIES[0][0], _ENTITIES[1][0]))


def typed(pair: Pair, tags: Tags) -> Segments:
    """@CHEMICAL$ may provoke @DISEASE$."""
    head, tail = ((_type_token(entity.type), "") for entity in (pair.head, pair.tail))
    return Segments([], [replaced(_marked(pair, head, tail), (0, 1))])


def _marked(pair: Pair, head: Tokens, tail: Tokens) -> list[Piece]:
    return marked(pair.text, _sides(pair), (head, tail))


def _twice(pair: Pair, head: str, tail: str) -> list[list[Piece]]:
    """The context with a token for the head's mentions, and again with one for the tail's."""
    return [
        replaced(_marked(pair, (head, ""), _SILENT), (0,)),
        replaced(_marked(pair, _SILENT, (tail, "")), (1,)),
    ]


def _sides(pair: Pair) -> tuple[Entity, Entity]:
    return (pair.head, pair.tail)


def _type_token(entity_type: str) -> str:
    """@GENE$ for GeneOrGeneProduct, @BC5CDR-CHEM$ for the internal type BC5CDR-Chem."""
    first = re.match(r"[A-Z][a-z]+", entity_type)
    return f"@{(first[0] if first else entity_type).upper()}$"


def _words(entity_type: str) -> str:
    return " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z0-9]+", entity_type)).lower()


def _no_words(tags: Tags) -> Mapping[str, str]:
    return {}


def _tag_words(tags: Tags) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for entity_type, name in tags.items():
        before, after = tag_tokens([name])
        words |= {before: f"< {_words(entity_type)} >", after: f"< / {_words(entity_type)} >"}
    return words


def _type_words(tags: Tags) -> Mapping[str, str]:
    return {_type_token(entity_type): f"@ {_words(entity_type)} $" for entity_type in tags}


def _entity_words(tags: Tags) -> Mapping[str, str]:
    return {
        token: f"[ {sign}entity {number} ]"
        for number, around in enumerate(_ENTITIES, start=1)
        for token, sign in zip(around, ("", "/ "), strict=True)
    }


_ALL: Iterable[InputKind] = (
    InputKind("prompt", 2, prompt, _tag_words, "BioREx (Lai et al. 2023, section 3.4)"),
    InputKind(
        "described",
        2,
        described,
        _tag_words,
        "BioREx's prompt, with what a table says of the two",
        describes=True,
    ),
    InputKind("tagged", 1, tagged, _tag_words, "BioREx, multi-task learning (figure 4)"),
    InputKind("plain", 1, plain, _no_words, "BertSRC (Lee et al. 2022), default method"),
    InputKind("markers", 1, markers, _entity_words, "BertSRC, entity marker - entity start"),
    InputKind("masked", 1, masked, _no_words, "BertSRC, masked input", masks=True),
    InputKind("two_masked", 2, two_masked, _no_words, "BertSRC, two masked sentence input", masks=True),
    InputKind("two_entities", 2, two_entities, _entity_words, "BertSRC, two-sentence entity token input"),
    InputKind("typed", 1, typed, _type_words, "Su and Vijay-Shanker 2022, data pre-processing"),
)
INPUTS: Mapping[str, InputKind] = {kind.name: kind for kind in _ALL}


def input_named(name: str) -> InputKind:
    """A kind of input.

    Raises:
        UnknownName: no such kind.
    """
    if name not in INPUTS:
        raise UnknownName("input", name, INPUTS)
    return INPUTS[name]
