"""Whatever relations a file holds: none disappears, and scores do not depend on which file is called gold."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from gold_cases import MENTIONS, TEXT, written
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.gold.documents import read_gold
from harmonize.gold.relation_types import type_map
from harmonize.gold.rows import gold_rows
from harmonize.pipelines.score import score_file
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.relation.labels import is_negative

ARGUMENTS = ("D100001", "501", "D200001", "D200002", "D200001,D200002", "D9", "-", "")
RELATIONS = st.lists(
    st.tuples(
        st.sampled_from(("Bind", "Association", "Not")),
        st.sampled_from(ARGUMENTS),
        st.sampled_from(ARGUMENTS),
        st.sampled_from(("Novel", "No")),
    ),
    max_size=8,
)
Told = list[tuple[str, str, str, str]]


def content(relations: Told) -> str:
    return TEXT + MENTIONS + "".join("\t".join(("7001", *relation)) + "\n" for relation in relations) + "\n"


@given(RELATIONS)
@settings(max_examples=40)
def test_every_relation_is_shown_lost_repeated_or_none(relations: Told) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "a.pubtator", content(relations))
        rules = pair_rules()
        gold = read_gold([path], None, rules, Reading())
    rows = gold_rows(gold.documents, gold.skipped, rules, type_map(rules.corpus, {"Not": None}), "a")
    account = rows.account
    assert account.relations_in == len(relations)
    assert len(rows.lost) == account.lost.total()
    scored = rows.to_score("a")
    assert len(set(scored["instance_id"].to_pylist())) == len(scored)
    positive = sum(not is_negative(label) for label in scored["relation"].to_pylist())
    different = {(frozenset((head, tail)), kind) for kind, head, tail, _ in relations if kind != "Not"}
    # A composite may be two rows, and two types of a pair one; without any there is a row for each.
    if all("," not in head + tail for _, head, tail, _ in relations):
        assert positive == len(different) - account.several_types
    assert positive >= bool(different)


@given(RELATIONS, RELATIONS)
@settings(max_examples=40)
def test_wrong_and_missed_change_places_with_the_files(one: Told, other: Told) -> None:
    with TemporaryDirectory() as folder:
        paths = [
            written(Path(folder), name, content(relations)) for name, relations in (("a", one), ("b", other))
        ]
        found, turned = (score_file(*order, bootstrap=0).score for order in (paths, paths[::-1]))
    for name in found.all.measures.keys() & turned.all.measures.keys():
        score, mirrored = found.all.measures[name], turned.all.measures[name]
        assert (score.tp, score.fp, score.fn) == (mirrored.tp, mirrored.fn, mirrored.fp)
    assert found.all.gold == turned.all.said
