"""Linear baselines: logistic regression and a linear support vector machine on words and distances.

Each pair is a bag of features, hashed into a fixed number of columns and weighted by tf-idf:

    words       one to three in a row, by where they stand: before, between and after the nearest two
                mentions; both entities are one word each, so that their names are not learnt
    distance    words between the nearest mentions, and how many sentences, in steps
    pair        the entity types, which of the two comes first, how often each is mentioned, the [Corpus]

A run holds linear.json and linear.npz in the place of a transformer. scikit-learn trains it (extra
`baselines`); the strength of regularization is the one that does best on the development rows, and so is the
threshold above which a pair is related, if the recipe asks for one.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harmonize.errors import HarmonizeError, MalformedInput, install
from harmonize.relation.encode.prompt import Tag, marked
from harmonize.relation.labels import LabelKind, LabelSpace, is_negative, own_outputs, softmax
from harmonize.relation.model.threshold import EVEN, Threshold, raised, shift_and_f
from harmonize.relation.pair import Pair
from harmonize.relation.run_files import LINEAR_FILE, RunFile

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["LINEAR_HEADS", "Labelled", "LinearClassifier", "features", "fitted"]

LINEAR_HEADS = ("logistic", "svm")
_WEIGHTS = "linear.npz"
STRENGTHS = (0.1, 1.0, 10.0)

_COLUMNS = 2**18
_NEVER = -1e9
_ENTITIES = ("HEADENTITY", "TAILENTITY")
_STEPS = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80)
_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE_END = re.compile(r"[.!?]\s+[A-Z]")


def features(pair: Pair) -> list[str]:
    """The features of a pair, one string each, as often as they occur."""
    words, places = _blinded(pair)
    head, tail = min(
        ((one, other) for one in places[0] for other in places[1]), key=lambda both: abs(both[0] - both[1])
    )
    first, last = sorted((head, tail))
    regions = {"before": words[:first], "between": words[first : last + 1], "after": words[last + 1 :]}
    found = [
        f"{region}: {gram}"
        for region, part in regions.items()
        for count in (1, 2, 3)
        for gram in _grams(part, count)
    ]
    found += _grams(words, 1) + _grams(words, 2)
    between = pair.text[slice(*_between(pair))]
    found += [
        f"words between: {_step(last - first - 1)}",
        f"sentences between: {_step(len(_SENTENCE_END.findall(between)))}",
        f"types: {pair.head.type} {pair.tail.type}",
        f"first: {'head' if head < tail else 'tail'} {pair.task}",
        f"mentions of head: {_step(len(pair.head.spans))}",
        f"mentions of tail: {_step(len(pair.tail.spans))}",
        f"corpus: {pair.task}",
    ]
    return found


def _blinded(pair: Pair) -> tuple[list[str], tuple[list[int], list[int]]]:
    """The words of a context with one for each mention of the two entities, and the places of those."""
    words: list[str] = []
    places: tuple[list[int], list[int]] = ([], [])
    inside = 0
    for piece in marked(pair.text, (pair.head, pair.tail), (("", ""), ("", ""))):
        if isinstance(piece, Tag):
            inside += 1 if piece.opens else -1
            if piece.opens:
                places[piece.side].append(len(words))
                words.append(_ENTITIES[piece.side])
        elif not inside:
            words += _WORD.findall(piece.lower())
    return words, places


def _between(pair: Pair) -> tuple[int, int]:
    """The characters between the nearest mentions; none where they overlap."""
    first, last = min(
        (sorted((one, other)) for one in pair.head.spans for other in pair.tail.spans),
        key=lambda both: max(0, both[1].start - both[0].end),
    )
    return first.end, max(first.end, last.start)


def _grams(words: list[str], count: int) -> list[str]:
    return [" ".join(words[place : place + count]) for place in range(len(words) - count + 1)]


def _step(number: int) -> int:
    """The largest of _STEPS that a number reaches."""
    return max(step for step in _STEPS if step <= max(0, number))


class _About(RunFile):
    """linear.json.

    Attributes:
        head: which of LINEAR_HEADS.
        strength: C of scikit-learn.
        names: of the labels, as LabelSpace has them.
        kind: whose the labels are.
    """

    file_name: ClassVar[str] = LINEAR_FILE

    head: str
    strength: float
    names: tuple[str, ...]
    by_corpus: bool
    kind: LabelKind
    columns: int = Field(default=_COLUMNS, ge=1)


class LinearClassifier:
    """A linear baseline that is trained; answers as harmonize.relation.model.classifier.Classifier does.

    Args:
        inverse: [columns], the idf of each feature.
        weights, bias: [labels, columns] and [labels].
    """

    def __init__(
        self, about: _About, inverse: NDArray[np.float32], weights: csr_matrix, bias: NDArray[np.float64]
    ) -> None:
        self.about, self._inverse, self._weights, self._bias = about, inverse, weights, bias
        self.space = LabelSpace(about.names, about.by_corpus)
        self.kind = about.kind

    @classmethod
    def load(cls, folder: Path) -> LinearClassifier:
        """A run of a linear head.

        Raises:
            MalformedInput: a broken one.
        """
        from scipy.sparse import csr_matrix

        about, path = _About.read(folder), folder / _WEIGHTS
        try:
            with np.load(path, allow_pickle=False) as held:
                parts = (held["data"], held["indices"], held["indptr"])
                weights = csr_matrix(parts, shape=(len(about.names), about.columns))
                return cls(about, held["idf"], weights, held["bias"])
        except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise MalformedInput(path, f"expected what `harmonize train` writes: {reason}") from None

    def write(self, folder: Path) -> None:
        """linear.json and linear.npz."""
        self.about.write(folder)
        np.savez_compressed(
            folder / _WEIGHTS,
            idf=self._inverse,
            bias=self._bias,
            data=self._weights.data,
            indices=self._weights.indices,
            indptr=self._weights.indptr,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities' columns; several corpora may have one of a name."""
        return self.space.plain

    def probabilities(self, pairs: Iterable[Pair]) -> NDArray[np.float32]:
        """[pairs, labels]: logistic regression's probabilities; of the support vector machine, which knows
        none, the softmax of its margins, good for their order alone.

        Raises:
            HarmonizeError: a pair of a corpus without outputs of its own.
        """
        pairs = list(pairs)
        return softmax(self._logits(_counts(pairs)), own_outputs(self.space, pairs))

    def _logits(self, counts: csr_matrix) -> NDArray[np.float32]:
        """[pairs, columns] -> [pairs, labels]"""
        scores = np.asarray((_weighted(counts, self._inverse) @ self._weights.T).todense())
        return (scores + self._bias).astype(np.float32)

    def with_threshold(self, threshold: Threshold, counts: csr_matrix, labels: NDArray[np.int64]) -> float:
        """Raise the negatives by what a threshold asks for.

        Args:
            threshold: see harmonize.relation.model.threshold.
            counts, labels: of the watched pairs.

        Returns:
            F of the pairs found among these.
        """
        logits = self._logits(counts)
        if self.space.by_corpus:
            corpora = [self.space.names[label].partition("/")[0] for label in labels]
            own = np.array([self.space.own(corpus) for corpus in corpora], dtype=bool)
            logits = np.where(own.reshape(logits.shape), logits, -np.inf)
        negative = np.array([is_negative(label) for label in self.labels], dtype=bool)
        shift, score = shift_and_f(threshold, logits, negative, ~negative[labels])
        self._bias = np.asarray(raised(self._bias, negative, shift), dtype=np.float64)
        return score


class Labelled(NamedTuple):
    """Pairs, and of each the place of its label in the space."""

    pairs: Iterable[Pair]
    labels: NDArray[np.int64]


def fitted(
    head: str,
    train: Labelled,
    watched: Labelled,
    space: LabelSpace,
    kind: LabelKind,
    threshold: Threshold = EVEN,
) -> tuple[LinearClassifier, dict[float, float]]:
    """Train a baseline.

    Args:
        watched: where there are none, the middle one of STRENGTHS is taken.
        threshold: see harmonize.relation.model.threshold.

    Returns:
        The classifier whose F of the pairs found is the best on the watched pairs, and that of each strength.

    Raises:
        HarmonizeError: scikit-learn is not installed.
    """
    counts = _counts(train.pairs)
    inverse = _inverse(counts)
    table, asked = _weighted(counts, inverse), _counts(watched.pairs)
    tried: dict[float, LinearClassifier] = {}
    scores: dict[float, float] = {}
    strengths = STRENGTHS if asked.shape[0] else STRENGTHS[1:2]
    for strength, weights, bias in _solved(head, strengths, table, train.labels, len(space.names)):
        about = _About(head=head, strength=strength, names=space.names, by_corpus=space.by_corpus, kind=kind)
        tried[strength] = LinearClassifier(about, inverse, weights, bias)
        score = tried[strength].with_threshold(threshold, asked, watched.labels)
        if asked.shape[0]:
            scores[strength] = score
    best = max(tried, key=lambda strength: scores.get(strength, 0.0))
    return tried[best], scores


def _solved(
    head: str, strengths: Iterable[float], table: csr_matrix, labels: NDArray[np.int64], count: int
) -> Iterator[tuple[float, csr_matrix, NDArray[np.float64]]]:
    """Of each strength the weights [labels, columns] and bias [labels]; a label that no row has is never
    predicted."""
    from scipy.sparse import csr_matrix

    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC
    except ImportError:
        raise HarmonizeError(f"head {head}: install scikit-learn with {install('baselines')}") from None
    common: dict[str, Any] = {"class_weight": "balanced", "random_state": 0, "max_iter": 10_000}
    # Each strength is solved from the one before it: together they take little longer than the last alone.
    model = LogisticRegression(warm_start=True, **common) if head == "logistic" else LinearSVC(**common)
    # What no row has stays at weight 0; without it there is several times less to solve.
    used = np.unique(table.indices)
    table, columns = table[:, used], table.shape[1]
    for strength in strengths:
        model.set_params(C=strength).fit(table, labels)
        found, own_bias = model.coef_, model.intercept_
        if len(found) == 1:
            # Of two labels scikit-learn keeps the second one's alone.
            found, own_bias = (
                np.concatenate((np.zeros_like(found), found)),
                np.concatenate(([0.0], own_bias)),
            )
        weights, bias = np.zeros((count, columns), dtype=np.float32), np.full(count, _NEVER)
        weights[np.ix_(model.classes_, used)], bias[model.classes_] = found, own_bias
        yield strength, csr_matrix(weights), bias


def _counts(pairs: Iterable[Pair]) -> csr_matrix:
    """[pairs, columns]: how often each hashed feature occurs."""
    from scipy.sparse import csr_matrix

    # A union set has hundreds of millions of them: Python's own numbers would not fit into memory.
    indices, ends = array("i"), [0]
    for pair in pairs:
        indices.extend(map(_column, features(pair)))
        ends.append(len(indices))
    values = np.ones(len(indices), dtype=np.float32)
    columns = np.frombuffer(indices, dtype=np.int32) if indices else np.empty(0, dtype=np.int32)
    made = csr_matrix((values, columns, ends), shape=(len(ends) - 1, _COLUMNS))
    made.sum_duplicates()
    return made


def _column(feature: str) -> int:
    """The same in every process, unlike Python's own hash."""
    return crc32(feature.encode()) % _COLUMNS


def _inverse(counts: csr_matrix) -> NDArray[np.float32]:
    """[columns]: log of the share of pairs that have a feature, one added to both so that none is 0."""
    having = np.bincount(counts.indices, minlength=_COLUMNS)
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + having)) + 1, dtype=np.float32)


def _weighted(counts: csr_matrix, inverse: NDArray[np.float32]) -> csr_matrix:
    """tf-idf with the logarithm of counts, each row of length 1."""
    made = counts.copy()
    made.data = (1 + np.log(made.data)) * inverse[made.indices]
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    made.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(made.indptr))
    return made
