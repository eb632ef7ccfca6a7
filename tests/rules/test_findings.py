"""What is said of a mapping by the documents that it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rule_cases import corpus, document, mention

from harmonize.errors import SpecError
from harmonize.ledger import Ledger
from harmonize.model import Document
from harmonize.rules.adjust import adjust
from harmonize.rules.findings import Findings

TEXT = "Aspirin was given. Ulcer followed."


def of_concepts(kind: str = "CID") -> Document:
    mentions = [
        mention(TEXT, "T0", "Aspirin", "Chemical", "D001241"),
        mention(TEXT, "T1", "Ulcer", "Disease", "D014456"),
    ]
    return document(TEXT, mentions, [("D001241", kind, "D014456")])


def warnings(subject: Document, spec: dict[str, Any], **rules: Any) -> list[str]:
    of = corpus("bc5cdr", spec=spec, **rules)
    found = Findings(of, Ledger())
    found.look_at(subject)
    adjust(subject, of, found.ledger)
    return list(found.warnings())


def test_all_unmapped_types_are_told_at_once_with_count_and_first_document() -> None:
    found = Findings(corpus("bc5cdr", spec={"entity_types": {"Gene": None}}), Ledger())
    for kind in ("CID", "cures", "eases", "cures"):
        found.look_at(of_concepts(kind))
    with pytest.raises(SpecError) as caught:
        found.check_types(Path("files"))
    assert str(caught.value).endswith(
        "entity_types: expected one of Gene, got 'Chemical' (4, first in document 90000001), "
        "'Disease' (4, first in document 90000001), below files; "
        "relation_types: expected one of CID, got 'cures' (2, first in document 90000001), "
        "'eases' (1, first in document 90000001), below files"
    )


def test_a_mapping_that_fits_is_warned_of_nothing() -> None:
    assert warnings(of_concepts(), {}) == []


def test_mentions_as_entities_of_relations_between_concepts_are_warned_of() -> None:
    (warning,) = warnings(of_concepts(), {"entity": "mention"})
    assert warning.startswith("entity: mention, but 1 of 1 relations name concept ids")


def test_sentences_as_contexts_of_relations_between_concepts_are_warned_of() -> None:
    (warning,) = warnings(of_concepts(), {}, level="sentence", b="b2")
    assert warning.startswith("level: sentence, but 1 of 1 relations name concept ids")
    assert "1 never share one and are lost" in warning


def test_relations_between_mentions_are_warned_of_nothing() -> None:
    mentions = of_concepts().mentions
    assert warnings(document(TEXT, mentions, [("T0", "CID", "T1")]), {"entity": "mention"}) == []


def test_a_corpus_of_the_package_is_warned_only_if_it_loses_all() -> None:
    subject = of_concepts()
    lost = ("D001241", "CID", "D009999")
    (warning,) = warnings(document(TEXT, subject.mentions, [lost]), {})
    assert warning.startswith("1 of 1 relations are lost")
    assert warnings(document(TEXT, subject.mentions, [lost, ("D001241", "CID", "D014456")]), {}) == []
