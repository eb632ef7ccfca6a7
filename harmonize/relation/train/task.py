"""What is trained on what: the rows of a recipe as inputs, with their labels, tags and encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.cache import Cache
from harmonize.relation.encode.documents import IGNORED, DocumentEncoder, EncodedDocument
from harmonize.relation.encode.encoding import Encoded, PairEncoder
from harmonize.relation.encode.inputs import input_named
from harmonize.relation.encode.knowledge import Knowledge, read_knowledge
from harmonize.relation.encode.order import Drawn
from harmonize.relation.encode.prompt import question_words, tag
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.classifier import Prompt
from harmonize.relation.model.encoders import Encoder, load_encoder
from harmonize.relation.model.heads import EncodedInputs, Head, head_named
from harmonize.relation.recipe import Recipe, part
from harmonize.relation.said import Outputs
from harmonize.relation.select.rows import all_gold_labels, gold_labels, pairs_of
from harmonize.relation.select.selection import Selection
from harmonize.relation.train.teacher import soft_targets
from harmonize.spec import load_catalogue

__all__ = ["Task", "encoder_of", "labels_in", "outputs_of", "space_of"]


@dataclass(frozen=True)
class Task:
    """All that training needs of recipe and rows.

    Attributes:
        head: the kind of classifier.
        encoder: with a tokenizer that knows the tags.
        space: the labels, in the order of the model's outputs.
        outputs: the labels, and what is said besides.
        labels: of each training pair, as its place in `space`.
        train, development: the inputs; development is None where nothing is watched.
        drawn: which of the training inputs an epoch reads.
        windows: "train" and "development" -> how the contexts fit.
        knowledge: what is known of entities, where the recipe names a table of it.
    """

    recipe: Recipe
    head: Head
    encoder: Encoder
    prompt: Prompt
    space: LabelSpace
    outputs: Outputs
    labels: NDArray[np.int64]
    train: EncodedInputs
    development: EncodedInputs | None
    drawn: Drawn
    windows: dict[str, dict[str, int]]
    knowledge: Knowledge | None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        selection: Selection,
        start: Path | None = None,
        cache: Cache | None = None,
        device: str = "auto",
    ) -> Task:
        """The task of a recipe and its rows.

        Args:
            start: a run to begin with instead of the recipe's encoder.
            cache: where encoded pairs are kept; those of whole contexts are quickly made again.
            device: where the teacher answers, if there is one.

        Raises:
            HarmonizeError: an encoder that is not to be had, rows of a single label, or none that says what
                is to be said beside it.
        """
        rows, watched = selection.train, selection.development
        space = space_of(selection, recipe)
        outputs = outputs_of(space, rows, recipe)
        tags = _tags({*load_catalogue().target.tags, *_types(rows), *_types(watched)})
        head = head_named(recipe.head)
        encoder = encoder_of(recipe, start, outputs.names, tags, lambda: _texts(rows, head))
        prompt = Prompt(
            tags=tags,
            input=recipe.input,
            max_length=min(recipe.max_length, encoder.max_length),
            labels=recipe.labels,
            by_corpus=space.by_corpus,
            head=head.name,
            said=outputs.said,
        )
        knowledge = None if recipe.knowledge is None else read_knowledge(Path(recipe.knowledge))
        pairs = head.encoder(encoder.tokenizer, tags, prompt.max_length, recipe.input, knowledge)
        labels = labels_in(space, rows, recipe)
        wanted: NDArray[Any]
        if recipe.teacher is None:
            wanted = _learnt(head, space, outputs, rows, recipe)
        else:
            wanted = _targets(recipe, recipe.teacher, rows, labels, space, device)
        windows: dict[str, dict[str, int]] = {"train": {}, "development": {}}
        train = head.inputs(_encoded(rows, pairs, cache, windows["train"]), wanted)
        development = head.inputs(
            _encoded(watched, pairs, cache, windows["development"]),
            _learnt(head, space, outputs, watched, recipe),
        )
        return cls(
            recipe=recipe,
            head=head,
            encoder=encoder,
            prompt=prompt,
            space=space,
            outputs=outputs,
            labels=labels,
            train=train,
            development=development if watched.num_rows else None,
            drawn=_drawn(train, rows, recipe),
            windows=windows,
            knowledge=knowledge,
        )


def _drawn(inputs: EncodedInputs, rows: Any, recipe: Recipe) -> Drawn:
    """Which of the training inputs an epoch reads: of the evaluated corpus all."""
    names = rows["corpus"].to_pylist()
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    corpora = [numbers[names[inputs.places([place])[0]]] for place in range(len(inputs))]
    target, _ = part(recipe.evaluate_on)
    return Drawn(
        inputs.lengths,
        np.array(corpora, dtype=np.int64),
        most=most if isinstance(most := recipe.corpus_tokens, int) else None,
        whole=numbers.get(target),
    )


def _targets(
    recipe: Recipe,
    teacher: str,
    rows: Any,
    labels: NDArray[np.int64],
    space: LabelSpace,
    device: str,
) -> NDArray[np.float32]:
    """What the teacher wants of the training rows."""
    return soft_targets(
        Path(teacher),
        rows,
        labels,
        space,
        own=recipe.teacher_own,
        temperature=recipe.teacher_temperature,
        device=device,
    )


def encoder_of(
    recipe: Recipe,
    start: Path | None,
    names: Sequence[str],
    tags: Mapping[str, str],
    texts: Callable[[], Iterable[str]],
) -> Encoder:
    """The encoder that a recipe begins with, under its head, with the words of its input.

    Args:
        start: a run to begin with instead of the recipe's encoder.
        names: of the outputs.
        tags: entity type -> tag.
        texts: what an encoder without weights takes its vocabulary from.
    """
    name = str(start) if start is not None else recipe.encoder
    words = input_named(recipe.input).words(tags)
    return load_encoder(name, head_named(recipe.head), names, words, texts, recipe.attention_dropout)


def space_of(selection: Selection, recipe: Recipe) -> LabelSpace:
    """The labels of a recipe's rows.

    Raises:
        HarmonizeError: there is a single one.
    """
    found = {
        each
        for rows in (selection.train, selection.development)
        for each in _corpora_and_labels(rows, recipe)
    }
    space = LabelSpace.of(found, load_catalogue().target.labels, by_corpus=recipe.heads == "corpus")
    if len(space.names) < 2:
        raise HarmonizeError(f"expected rows of two labels or more to train on, all are {space.names[0]}")
    return space


def outputs_of(space: LabelSpace, rows: Any, recipe: Recipe) -> Outputs:
    """The outputs of a recipe's classifier.

    Raises:
        HarmonizeError: it is to say what no training row says.
    """
    options = {"novelty": "novelty", "subject": "direction"}
    for column in recipe.said:
        if rows[column].null_count == rows.num_rows:
            raise HarmonizeError(
                f"{options[column]}: expected training rows with a {column}, none has one; corpora that say "
                f"nothing of it, or a set of an earlier schema (`harmonize build` makes it anew)"
            )
    return Outputs(space.names, recipe.said)


def labels_in(space: LabelSpace, rows: Any, recipe: Recipe) -> NDArray[np.int64]:
    """Of each row, the place of its label in the space."""
    found = [space.index(*each) for each in _corpora_and_labels(rows, recipe)]
    return np.array(found, dtype=np.int64)


def _learnt(head: Head, space: LabelSpace, outputs: Outputs, rows: Any, recipe: Recipe) -> NDArray[np.int64]:
    """What a head learns of rows: the place of each one's label, or [rows, most] of all its labels.

    Labels that no row has as its first, such as types that stand for no relation, are not learnt.
    """
    if not head.several:
        return outputs.targets(labels_in(space, rows, recipe), rows)
    named = zip(rows["corpus"].to_pylist(), all_gold_labels(rows, recipe.labels), strict=True)
    found = [[space.index(corpus, label) for label in labels] for corpus, labels in named]
    known = [[place for place in places if place >= 0] for places in found]
    most = max(map(len, known), default=1)
    return np.array([[*each, *[IGNORED] * (most - len(each))] for each in known], np.int64).reshape(-1, most)


def _corpora_and_labels(rows: Any, recipe: Recipe) -> list[tuple[str, str]]:
    return list(zip(rows["corpus"].to_pylist(), gold_labels(rows, recipe.labels), strict=True))


def _tags(types: set[str]) -> dict[str, str]:
    """The tag of each entity type; internal types of corpora that are not trained on have BioRED's."""
    catalogue = load_catalogue()
    names = catalogue.target.tags
    tags = {kind: tag(kind, names) for kind in sorted(types)}
    for corpus in catalogue.corpora.values():
        for own, internal in corpus.spec.internal_types.items():
            tags.setdefault(internal, tag(corpus.spec.entity_types[own] or own, names))
    return tags


def _types(rows: Any) -> set[str]:
    return {kind for side in ("head", "tail") for kind in rows[f"{side}_type"].unique().to_pylist()}


def _texts(rows: Any, head: Head) -> Iterable[str]:
    yield from dict.fromkeys(rows["text"].to_pylist())
    yield from (
        question_words(task, of_context=head.of_contexts) for task in rows["task"].unique().to_pylist()
    )


def _encoded(
    rows: Any, pairs: PairEncoder | DocumentEncoder, cache: Cache | None, counts: dict[str, int]
) -> Iterator[Encoded | EncodedDocument]:
    """The inputs of rows as they come, with how many are whole, cut, or without a mention of one entity."""
    encoded: Iterable[Encoded | EncodedDocument] = pairs(pairs_of(rows))
    if cache is not None and isinstance(pairs, PairEncoder):
        encoded = cache.encoded(rows["instance_id"].to_pylist(), pairs, pairs(pairs_of(rows)))
    counts |= dict.fromkeys(("whole", "one window", "two windows", "without a mention"), 0)
    for one in encoded:
        if isinstance(one, Encoded):
            kind = "whole" if not one.cut else "one window" if one.windows == 1 else "two windows"
            counts["without a mention"] += one.lost > 0
        else:
            kind = "whole" if one.windows == 1 else "several windows"
        counts[kind] = counts.get(kind, 0) + 1
        yield one
