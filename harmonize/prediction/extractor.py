"""Documents and a classifier -> relations.

```python
extractor = RelationExtractor.from_pretrained("model")
for found in extractor(read_input(Path("articles.PubTator"))):
    for pair in found.relations:
        print(found.document.id, pair.head.name, pair.label, pair.tail.name, pair.confidence)
```
"""

from __future__ import annotations

import importlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError, shown
from harmonize.given import check_given, given_path
from harmonize.model import Document, EntityInContext, Instance
from harmonize.prediction.pairs import Candidates, PairRules, pair_rules
from harmonize.prediction.relation_types import BIORED, Names, relation_names
from harmonize.prediction.tally import LeftOut
from harmonize.relation.labels import decide, is_negative, related
from harmonize.relation.pair import Pair, PairClassifier, reads_sentences
from harmonize.relation.run_files import check_is_run
from harmonize.relation.said import VALUES, Answers, answers_of, said_of

__all__ = ["DocumentRelations", "PairClassifier", "PredictedPair", "RelationExtractor", "Said"]

_Row = NDArray[np.floating[Any]]
_MOST_WAITING = 256  # documents; those without pairs would else wait in any number


class Said(NamedTuple):
    """What a classifier says of a relation beside its type: the likeliest value, and how probable it is."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PredictedPair:
    """A pair and what the classifier says of it.

    Attributes:
        instance: the pair in its context.
        label: the most probable label, a negative one included.
        confidence: the probability of `label`.
        related: the probability of any relation: that of all labels that are no negatives.
        probabilities: of each of the classifier's distinct labels, in their order.
        name: what the relation is called in the vocabulary asked for; None where that is the labels' own, and
            for a negative label.
        novelty: whether what the relation says is new, Novel or No; None for a negative label, and of a
            classifier that does not tell.
        subject: which side acts, head, tail or neither; None as novelty is.
    """

    instance: Instance
    label: str
    confidence: float
    related: float
    probabilities: tuple[float, ...]
    name: str | None = None
    novelty: Said | None = None
    subject: Said | None = None

    @property
    def head(self) -> EntityInContext:
        return self.instance.head

    @property
    def tail(self) -> EntityInContext:
        return self.instance.tail

    @property
    def is_relation(self) -> bool:
        """False if the label is a negative one."""
        return not is_negative(self.label)

    @property
    def type(self) -> str:
        """What documents and counts call the relation: its name, or else its label."""
        return self.name or self.label


@dataclass(frozen=True, slots=True)
class DocumentRelations:
    """A document with the answers to all its pairs.

    Attributes:
        document: as it came in.
        corpus: the name of the mapping whose rules made the pairs.
        labels: the classifier's, each once.
        pairs: every pair, in order of position.
        mentions: how many can stand in a pair.
        left_out: mentions that are in no pair, by reason and type.
    """

    document: Document
    corpus: str
    labels: tuple[str, ...]
    pairs: tuple[PredictedPair, ...]
    mentions: int
    left_out: Counter[LeftOut]

    @property
    def relations(self) -> tuple[PredictedPair, ...]:
        """The pairs that are predicted to be related."""
        return tuple(pair for pair in self.pairs if pair.is_relation)


class RelationExtractor:
    """Predicts the relations of documents; documents come out in the order in which they went in.

    Args:
        classifier: see PairClassifier.
        rules: how pairs are made; BioRED's unless given.
        batch_size: the classifier is asked as soon as so many pairs wait, about all pairs of those documents.
            Memory is bounded by a batch and the pairs of one document.
        relation_types: what relations are named by, see harmonize.prediction.relation_types.

    Raises:
        ValueError: the batch size is no whole number, or less than 1.
        TypeError: something else than a classifier, or than rules.
        UnknownName: no such vocabulary of relations.
        HarmonizeError: the classifier has labels that it does not name.
    """

    def __init__(
        self,
        classifier: PairClassifier,
        *,
        rules: PairRules | None = None,
        batch_size: int = 256,
        relation_types: str = BIORED,
    ) -> None:
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"expected a batch size of at least 1, got {shown(batch_size)}")
        if not (hasattr(classifier, "labels") and hasattr(classifier, "probabilities")):
            raise TypeError(
                f"classifier: expected a classifier, got {type(classifier).__name__}; "
                "RelationExtractor.from_pretrained makes an extractor of a run's folder"
            )
        self.classifier = classifier
        self.rules = rules or pair_rules()
        check_given(self.rules, PairRules, "rules", "harmonize.prediction.pairs.pair_rules")
        self._batch_size = batch_size
        self._names = relation_names(relation_types, self.rules.types)
        if self._names is not None:
            self._names.check(self.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels, each once."""
        return tuple(dict.fromkeys(self.classifier.labels))

    @property
    def said(self) -> tuple[str, ...]:
        """What the classifier tells of relations beside their type: novelty, subject."""
        return said_of(self.classifier)

    @classmethod
    def from_pretrained(
        cls,
        path: Path | str,
        device: str = "auto",
        *,
        precision: str = "auto",
        rules: PairRules | None = None,
        batch_size: int = 256,
        relation_types: str = BIORED,
    ) -> RelationExtractor:
        """An extractor with a trained classifier.

        Args:
            path: the classifier's folder.
            device: "auto", "cpu" or "cuda".
            precision: "auto", "fp32", "bf16" or "int8"; see harmonize.relation.model.device.
            rules, batch_size, relation_types: see the class.

        Raises:
            HarmonizeError: no classifier there, or a broken one.
        """
        check_is_run(given_path(path, "path"))
        module = importlib.import_module("harmonize.relation.model.load")  # imports torch
        classifier: PairClassifier = module.load_classifier(path, device=device, precision=precision)
        return cls(classifier, rules=rules, batch_size=batch_size, relation_types=relation_types)

    def __call__(self, documents: Iterable[Document]) -> Iterator[DocumentRelations]:
        """The relations of documents, whose own relations are not looked at.

        Raises:
            SpecError: an entity type that the rules do not know.
            InvalidDocument: a document of too many entities.
            TypeError: something else than documents.
        """
        if isinstance(documents, str | Document) or not isinstance(documents, Iterable):
            raise _no_documents(documents)
        return self.answered(map(self.rules.candidates, map(_checked, documents)))

    def answered(self, candidates: Iterable[Candidates]) -> Iterator[DocumentRelations]:
        """The relations of documents whose pairs are made already, such as the rows of a union set."""
        splitter = self.rules.splitter if reads_sentences(self.classifier) else None
        queue = _Queue(self.classifier, self._batch_size, self._names, splitter)
        for one in candidates:
            queue.add(one)
            yield from queue.finished()
        queue.ask_all()
        yield from queue.finished()


def _checked(document: Document) -> Document:
    if not isinstance(document, Document):
        raise _no_documents(document)
    return document


def _no_documents(given: object) -> TypeError:
    reader, one = "harmonize.prediction.inputs.read_input", "; put it in a list"
    got = f"{type(given).__name__}{one if isinstance(given, Document) else ''}"
    return TypeError(f"expected Documents, which {reader} yields, got {got}")


class _Queue:
    """Documents that wait for answers, and the questions of them that have not been put yet."""

    def __init__(
        self, classifier: PairClassifier, batch_size: int, names: Names | None, splitter: str | None
    ) -> None:
        self._classifier, self._batch_size, self._names = classifier, batch_size, names
        self._splitter = splitter
        self._outputs = tuple(classifier.labels)
        self._labels = tuple(dict.fromkeys(self._outputs))
        # [outputs, labels]: which label each output is of
        self._merge = np.array([[output == label for label in self._labels] for output in self._outputs])
        self._documents: deque[Candidates] = deque()
        self._questions: list[Pair] = []
        # To the first of the documents' pairs, in order.
        self._answers: deque[tuple[_Row, dict[str, Said]]] = deque()

    def add(self, one: Candidates) -> None:
        """Let a document wait, and put the questions once they fill a batch.

        A document's questions are never put apart: a classifier may read their context once for all.
        """
        self._documents.append(one)
        self._questions += one.pairs(self._splitter)
        if len(self._questions) >= self._batch_size or len(self._documents) >= _MOST_WAITING:
            self.ask_all()

    def ask_all(self) -> None:
        """Put the questions that wait."""
        if self._questions:
            self._ask(self._questions)
            self._questions = []

    def finished(self) -> Iterator[DocumentRelations]:
        """Hand out the first documents, as far as all their questions are answered."""
        while self._documents and len(self._documents[0].instances) <= len(self._answers):
            one = self._documents.popleft()
            yield self._decided(one, [self._answers.popleft() for _ in one.instances])

    def _ask(self, pairs: Sequence[Pair]) -> None:
        found = answers_of(self._classifier, pairs)
        answers = np.asarray(found.probabilities)
        shape = (len(pairs), len(self._outputs))
        if answers.shape != shape:
            raise HarmonizeError(f"classifier: expected probabilities of shape {shape}, got {answers.shape}")
        if not np.isfinite(answers).all():
            raise HarmonizeError("classifier: expected probabilities, got numbers that are not finite")
        self._answers.extend(zip(answers, _said(found, len(pairs)), strict=True))

    def _decided(self, one: Candidates, answers: Sequence[tuple[_Row, dict[str, Said]]]) -> DocumentRelations:
        pairs: tuple[PredictedPair, ...] = ()
        if answers:
            table = np.stack([row for row, _ in answers])
            columns = zip(
                one.instances,
                decide(table).tolist(),
                table.max(axis=1).tolist(),
                related(table, self._outputs).tolist(),
                (table @ self._merge).tolist(),
                (said for _, said in answers),
                strict=True,
            )
            pairs = tuple(
                self._named(instance, self._outputs[output], confidence, score, tuple(probabilities), said)
                for instance, output, confidence, score, probabilities, said in columns
            )
        return DocumentRelations(one.document, one.corpus, self._labels, pairs, one.mentions, one.left_out)

    def _named(
        self,
        instance: Instance,
        label: str,
        confidence: float,
        score: float,
        probabilities: tuple[float, ...],
        said: dict[str, Said],
    ) -> PredictedPair:
        name = None if self._names is None else self._names(label, instance.head, instance.tail)
        further = {} if is_negative(label) else said
        return PredictedPair(instance, label, confidence, score, probabilities, name, **further)


def _said(found: Answers, pairs: int) -> list[dict[str, Said]]:
    """Of each pair, what is said of it if it is related, by column.

    Raises:
        HarmonizeError: probabilities of another shape, or that are not finite.
    """
    said: list[dict[str, Said]] = [{} for _ in range(pairs)]
    for column, probabilities in found.said.items():
        table, shape = np.asarray(probabilities), (pairs, len(VALUES[column]))
        if table.shape != shape or not np.isfinite(table).all():
            raise HarmonizeError(f"classifier: expected finite probabilities of shape {shape} for {column}")
        for one, place, confidence in zip(
            said, decide(table).tolist(), table.max(axis=1).tolist(), strict=True
        ):
            one[column] = Said(VALUES[column][place], confidence)
    return said
