"""What is trained on what, where sets of entities are classified; see harmonize.relation.train.task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from harmonize.errors import HarmonizeError
from harmonize.relation.combinations import (
    Candidate,
    CombinationContext,
    combination_contexts,
    training_candidates,
)
from harmonize.relation.encode.combinations import CombinationEncoder, EncodedCombinations
from harmonize.relation.encode.documents import EncodedDocuments
from harmonize.relation.encode.order import Drawn
from harmonize.relation.encode.prompt import context_question, tag
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.classifier import Prompt
from harmonize.relation.model.heads import head_named
from harmonize.relation.recipe import Recipe
from harmonize.relation.said import Outputs
from harmonize.relation.select.selection import Selection
from harmonize.relation.train.task import Task, encoder_of
from harmonize.spec import load_catalogue

__all__ = ["combination_task"]

_Labelled = tuple[Candidate, str]


def combination_task(union: Path, recipe: Recipe, selection: Selection, start: Path | None = None) -> Task:
    """The task of a recipe whose rows are contexts of nary/.

    Args:
        start: a run to begin with instead of the recipe's encoder.

    Raises:
        HarmonizeError: an encoder that is not to be had, or rows of a single label, or none to watch.
    """
    target = load_catalogue().target
    contexts, labelled = [], []
    # What is watched is asked about all sets, as what is tested.
    for rows, most in ((selection.train, recipe.candidates), (selection.development, None)):
        contexts.append(combination_contexts(rows, union, target.nary_labels, recipe.context_words))
        labelled.append(list(_labelled(contexts[-1], most, recipe.seed)))
    found = {(candidate.corpus, label) for part in labelled for candidate, label in part}
    space = LabelSpace.of(found, target.nary_labels, by_corpus=recipe.heads == "corpus")
    if len(space.names) < 2:
        raise HarmonizeError("expected sets of two labels or more to train on, all are of one")
    if recipe.development is not None and not labelled[1]:
        raise HarmonizeError(f"development {recipe.development}: expected sets to watch, none is left")
    head, tags = head_named(recipe.head), _tags(contexts[0] + contexts[1])
    encoder = encoder_of(recipe, start, space.names, tags, lambda: _texts(contexts[0]))
    length = min(recipe.max_length, encoder.max_length)
    prompt = Prompt(
        tags=tags,
        input=recipe.input,
        max_length=length,
        labels=recipe.labels,
        by_corpus=space.by_corpus,
        head=head.name,
    )
    encode = CombinationEncoder(encoder.tokenizer, tags, length, recipe.input)
    labels = [np.array([space.index(c.corpus, label) for c, label in part], np.int64) for part in labelled]
    sets, counts = [], {}
    for name, part, wanted in zip(("train", "development"), labelled, labels, strict=True):
        encoded = list(encode(candidate for candidate, _ in part))
        sets.append(EncodedDocuments(encoded, wanted))
        counts[name] = _counts(encoded)
    train, development = sets
    return Task(
        recipe=recipe,
        head=head,
        encoder=encoder,
        prompt=prompt,
        space=space,
        outputs=Outputs(space.names),
        labels=labels[0],
        train=train,
        development=development if len(development) else None,
        drawn=Drawn.all_of(train.lengths),
        windows=counts,
        knowledge=None,
    )


def _labelled(contexts: Iterable[CombinationContext], most: int | None, seed: int) -> Iterator[_Labelled]:
    for context in contexts:
        for members, label in training_candidates(context, most, seed):
            yield Candidate(context, members), label


def _tags(contexts: Iterable[CombinationContext]) -> dict[str, str]:
    names = load_catalogue().target.tags
    types = {entity.type for context in contexts for entity in context.entities}
    return {kind: tag(kind, names) for kind in sorted({*types, *names})}


def _texts(contexts: Iterable[CombinationContext]) -> Iterator[str]:
    for context in contexts:
        yield context.text
        yield context_question(context.task)


def _counts(encoded: Sequence[EncodedCombinations]) -> dict[str, int]:
    """How many contexts are whole, how many need windows, and how many sets are asked about."""
    windows = np.array([each.windows for each in encoded], dtype=np.int64)
    return {
        "whole": int((windows == 1).sum()),
        "several windows": int((windows > 1).sum()),
        "sets": sum(len(each.places) for each in encoded),
    }
