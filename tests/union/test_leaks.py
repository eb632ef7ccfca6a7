from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harmonize
from harmonize.errors import SpecError, UnionError
from harmonize.model import Document, Passage, Span, Split
from harmonize.spec import LeakSettings, load_leak_settings
from harmonize.union.documents import DocumentKey, DocumentsWriter, read_documents
from harmonize.union.leak_table import how, leak_table, overlaps
from harmonize.union.leaks import Repeat, find_repeats, leaks_into, read_repeats, write_repeats

SETTINGS = load_leak_settings()


def document(identifier: str, split: Split, text: str, pmid: str | None = None) -> Document:
    return Document(identifier, split, text, (Passage("text", Span(0, len(text))),), pmid=pmid)


def repeats_of(folder: Path, documents: Sequence[tuple[str, Document]]) -> list[Repeat]:
    writer = DocumentsWriter(folder)
    for corpus, each in documents:
        writer.add(corpus, each)
    writer.close()
    return find_repeats(folder, SETTINGS)


@pytest.fixture
def repeats(tmp_path: Path) -> list[Repeat]:
    return repeats_of(
        tmp_path,
        [
            ("a", document("2", "test", "Aspirin\nhelps", None)),
            ("a", document("1", "train", "Aspirin helps.", "90000001")),
            ("a", document("3", "dev", "Nothing like it.", "90000003")),
            ("b", document("1", "test", "Another text of that article.", "90000001")),
            ("b", document("4", "train", "Alone.", "90000004")),
        ],
    )


def test_same_pmid_and_same_letters_leak(repeats: list[Repeat]) -> None:
    assert leaks_into(repeats) == {DocumentKey("a", "train", "1"): ["a/test", "b/test"]}


def test_a_pair_names_the_evaluated_document_as_the_other(repeats: list[Repeat]) -> None:
    assert [(r.document[1:], r.other, how(r)) for r in repeats] == [
        (("train", "1"), DocumentKey("a", "test", "2"), "same text"),
        (("train", "1"), DocumentKey("b", "test", "1"), "same PMID"),
    ]
    assert [(r.same_pmid, r.same_text) for r in repeats] == [(False, True), (True, False)]


def test_one_changed_word_in_a_text_is_a_near_duplicate(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(40)]
    changed = [*words[:20], "other", *words[21:]]
    [repeat] = repeats_of(
        tmp_path,
        [("a", document("1", "train", " ".join(words))), ("b", document("1", "test", " ".join(changed)))],
    )
    # 38 runs of three words each, of which the changed word is in three.
    assert repeat.similarity == pytest.approx(35 / 41)
    assert how(repeat) == "near duplicate"


def test_texts_below_the_threshold_do_not_repeat_each_other(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(40)]
    half = [*words[:20], *(f"other{number}" for number in range(20))]
    texts = [("a", document("1", "train", " ".join(words))), ("b", document("1", "test", " ".join(half)))]
    assert repeats_of(tmp_path, texts) == []


def brute_force(documents: list[tuple[str, Document]]) -> set[tuple[int, int]]:
    """Pairs at or above the threshold, by comparing each text with each."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[start : start + 3]) for start in range(len(words) - 2)}

    found = set()
    for first, (_, one) in enumerate(documents):
        for second, (_, other) in enumerate(documents[:first]):
            shared, of_all = runs(one.text) & runs(other.text), runs(one.text) | runs(other.text)
            if len(shared) / len(of_all) >= SETTINGS.threshold:
                found.add((second, first))
    return found


def test_minhash_misses_few_of_the_pairs_that_comparing_all_finds(tmp_path: Path) -> None:
    generator = random.Random(7)
    documents: list[tuple[str, Document]] = []
    for number in range(60):
        words = [generator.choice("abcdefghijklmnopqrstuvwxyz") * 3 + str(number) for _ in range(80)]
        documents.append(("a", document(str(2 * number), "train", " ".join(words))))
        for place in generator.sample(range(80), generator.randrange(30)):
            words[place] = f"changed{place}"
        documents.append(("b", document(str(2 * number + 1), "test", " ".join(words))))
    expected = brute_force(documents)
    found = {
        (int(repeat.document.document_id), int(repeat.other.document_id))
        for repeat in repeats_of(tmp_path, documents)
    }
    assert 20 < len(expected) < 60
    assert found <= expected
    assert len(expected - found) <= len(expected) // 50


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["train", "dev", "test"]),
            st.sampled_from([None, "1", "2"]),
            st.sampled_from(["One text.", "one text", "Another, longer text of more words.", "_"]),
        ),
        max_size=8,
    )
)
def test_leaks_into_names_each_evaluated_repeat_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, Split, str | None, str]]
) -> None:
    documents = [
        (corpus, document(str(number), split, text, pmid))
        for number, (corpus, split, pmid, text) in enumerate(drawn)
    ]
    letters = [[c for c in each.text.casefold() if c.isalnum()] for _, each in documents]
    expected = defaultdict(set)
    for first, (corpus, one) in enumerate(documents):
        for second, (other_corpus, other) in enumerate(documents):
            same = (one.pmid is not None and one.pmid == other.pmid) or letters[first] == letters[second]
            if first != second and same and other.split != "train":
                key = DocumentKey(corpus, one.split, one.id)
                expected[key].add(f"{other_corpus}/{other.split}")
    found = leaks_into(repeats_of(tmp_path_factory.mktemp("leaks"), documents))
    assert found == {key: sorted(names) for key, names in expected.items()}


def test_repeats_are_read_back_as_written(tmp_path: Path, repeats: list[Repeat]) -> None:
    write_repeats(tmp_path, repeats)
    assert read_repeats(tmp_path) == repeats
    write_repeats(tmp_path, [])
    assert read_repeats(tmp_path) == []


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnionError, match=r"leaks\.parquet: expected a file of the union set, found none"):
        read_repeats(tmp_path)
    (tmp_path / "leaks.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnionError, match=r"leaks\.parquet: expected Parquet"):
        read_repeats(tmp_path)
    with pytest.raises(UnionError, match=r"documents\.parquet: expected a file of the union set, found none"):
        find_repeats(tmp_path, SETTINGS)


def test_settings_that_propose_too_little_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "leaks.yaml"
    path.write_text("{shingle_words: 3, threshold: 0.4, propose: 0.5, permutations: 128}")
    with pytest.raises(SpecError, match=r"leaks\.yaml: .*propose: expected at most threshold"):
        load_leak_settings(path)


def test_the_table_names_each_pair_once_and_counts_them(repeats: list[Repeat]) -> None:
    table = leak_table(repeats, SETTINGS)
    assert "| a/train | a/test | 1 | 1 | 0 | 1 | 0 |" in table
    assert "| a/train | b/test | 1 | 1 | 1 | 0 | 0 |" in table
    assert table.count("| a/train 1 | b/test 1 | same PMID |") == 1
    assert "None." in leak_table(
        [], LeakSettings(shingle_words=2, threshold=0.5, propose=0.5, permutations=64)
    )


# What CORPORA.md of the design names, and what comparing texts found beyond it.
KNOWN_OVERLAPS = {
    ("biored/train", "bc5cdr/train"): 41,
    ("biored/train", "bc5cdr/dev"): 44,
    ("biored/train", "bc5cdr/test"): 53,
    ("biored/dev", "bc5cdr/dev"): 6,
    ("biored/dev", "bc5cdr/test"): 16,
    ("bc5cdr/train", "biored/dev"): 10,
    ("bc5cdr/train", "biored/test"): 10,
    ("bc5cdr/dev", "biored/test"): 11,
    ("biored/test", "bc5cdr/test"): 13,
    ("aimed/train", "hprd50/train"): 1,
    ("drugprot/train", "bc5cdr/test"): 1,
    ("drugprot/train", "biored/dev"): 2,
    ("drugprot/train", "biored/test"): 1,
}


def test_known_overlaps_of_the_real_corpora(real_union: Path) -> None:
    found = overlaps(read_repeats(real_union))
    across = {
        parts: len({r.document for r in group})
        for parts, group in found.items()
        if parts[0].split("/")[0] != parts[1].split("/")[0]
    }
    assert across == KNOWN_OVERLAPS
    shared: Counter[str] = Counter()
    for parts, count in KNOWN_OVERLAPS.items():
        biored = [part for part in parts if part.startswith("biored")]
        if biored and any(part.startswith("bc5cdr") for part in parts):
            shared[biored[0]] += count
    assert shared == {"biored/train": 138, "biored/dev": 32, "biored/test": 34}


def test_ddi_s_repeats_between_train_and_test(real_union: Path) -> None:
    pairs = {
        (r.document.document_id.split(".")[1], r.other.document_id.split(".")[1]): how(r)
        for r in overlaps(read_repeats(real_union))["ddi/train", "ddi/test"]
    }
    assert pairs == {
        # Hexobarbital = Secobarbital, Nafcillin = Oxacillin; but for blanks, Cortisone acetate = Prednisone.
        ("d457", "d601"): "same text",
        ("d261", "d747"): "same text",
        ("d487", "d653"): "same text",
        # Leaflets of like drugs: the same sentences with another name, or a few more.
        ("d543", "d585"): "near duplicate",
        ("d517", "d747"): "near duplicate",
        ("d500", "d711"): "near duplicate",
        ("d222", "d622"): "near duplicate",
    }


def test_ddi_s_identical_groups_within_train(real_union: Path) -> None:
    groups: dict[str, set[str]] = {}
    for r in overlaps(read_repeats(real_union))["ddi/train", "ddi/train"]:
        if r.same_text:
            one, other = r.document.document_id, r.other.document_id
            joined = groups.get(one, {one}) | groups.get(other, {other})
            groups.update(dict.fromkeys(joined, joined))
    assert len({frozenset(group) for group in groups.values()}) == 9


def test_rows_carry_the_repeats_of_their_document(real_union: Path) -> None:
    expected = leaks_into(read_repeats(real_union))
    table = harmonize.load_union(real_union, columns=["corpus", "split", "document_id", "leaks_into"])
    rows = {DocumentKey(*list(row.values())[:3]): row["leaks_into"] for row in table.to_pylist()}
    assert all(names == expected.get(key, []) for key, names in rows.items())
    assert sum(bool(names) for names in rows.values()) > 200


def test_documents_are_stored_whole(sample_union: Path) -> None:
    stored = {(d.key.corpus, d.key.document_id): d for d in read_documents(sample_union)}
    columns = ["corpus", "document_id", "pmid", "text", "context_start", "context_end"]
    rows = harmonize.load_union(sample_union, columns=columns).to_pylist()
    for row in rows:
        document = stored[row["corpus"], row["document_id"]]
        assert document.text[row["context_start"] : row["context_end"]] == row["text"]
        assert document.pmid == row["pmid"]
    assert all(Span(0, len(d.text)).covers(p.span) for d in stored.values() for p in d.passages)
