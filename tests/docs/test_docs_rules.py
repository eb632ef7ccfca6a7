"""The examples of docs/rules.md are what the rules make of the sample corpora."""

from __future__ import annotations

import pytest
from rule_examples import EXAMPLES, PAGE, Example, block, shown, table_2

from harmonize.spec import load_catalogue


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_each_example_is_what_the_rule_does(example: Example) -> None:
    assert block(PAGE.read_text(encoding="utf-8"), example.rule) == shown(example)


def test_every_rule_of_table_2_has_an_example() -> None:
    rules = {rule for corpus in load_catalogue().corpora.values() for rule in corpus.rules.names}
    assert {example.rule for example in EXAMPLES} == rules


def test_the_table_of_rules_is_the_mapping() -> None:
    assert f"| --- |\n{table_2()}\n\n" in PAGE.read_text(encoding="utf-8")
