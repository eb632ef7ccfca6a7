"""docs/own-corpus.md: its examples are sound and hold every key of the mappings, and it explains each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from harmonize.spec import Corpus, CorpusSpec, RuleChoice, load_catalogue

PAGE = Path(__file__).parents[2] / "docs/own-corpus.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("page")
    rows, mapping = EXAMPLES
    (folder / "table2.yaml").write_text(rows, encoding="utf-8")
    (folder / "mine.yaml").write_text(mapping, encoding="utf-8")
    theirs = "name: T\nlike: biored\nhome: h\nlicence: {name: L, redistributable: false}\n"
    theirs += "sources: {s: {train: [t]}}\n"
    (folder / "theirs.yaml").write_text(theirs, encoding="utf-8")
    return load_catalogue([folder])["mine"]


def models_in(value: object) -> Iterator[BaseModel]:
    """The models in a value, at any depth."""
    if isinstance(value, BaseModel):
        yield value
        value = dict(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from models_in(each)


def keys_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_example_says_every_key_of_the_mapping_and_of_what_stands_in_it(corpus: Corpus) -> None:
    given: dict[type[BaseModel], set[str]] = {}
    for model in models_in(corpus.spec):
        given.setdefault(type(model), set()).update(model.model_fields_set)
    lacking = {model.__name__: keys_of(model) - keys for model, keys in given.items()}
    assert {name: keys for name, keys in lacking.items() if keys} == {}
    assert len(given) >= 9


def test_the_example_says_every_key_of_a_row() -> None:
    assert keys_of(RuleChoice) <= set(re.findall(r"(\w+):", EXAMPLES[0]))


@pytest.mark.parametrize("key", sorted({*CorpusSpec.model_fields, *RuleChoice.model_fields}))
def test_every_key_is_explained(key: str) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert any(f"`{key}`" in row.split("|")[1] for row in rows)


def test_every_key_within_a_key_is_explained(corpus: Corpus) -> None:
    within = {key for model in models_in(corpus.spec) for key in type(model).model_fields}
    told = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert within <= told
