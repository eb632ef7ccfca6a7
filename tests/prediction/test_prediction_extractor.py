"""Documents in, relations out, in order and in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prediction_cases import LABELS, SAMPLES, Fake

from harmonize.errors import HarmonizeError
from harmonize.model import Document, Mention, Passage, Span
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.relation.model.mean import MeanClassifier
from harmonize.relation.pair import Pair
from harmonize.relation.run_files import PROMPT_FILE

RULES = pair_rules()


def document(number: int, diseases: int = 2) -> Document:
    """A chemical and so many diseases: as many pairs."""
    text = "Aspirin " + "fever " * diseases
    mentions = [Mention("T0", "Chemical", "Aspirin", (Span(0, 7),), ("C",))]
    for place in range(diseases):
        start = 8 + 6 * place
        mentions.append(
            Mention(f"T{place + 1}", "Disease", "fever", (Span(start, start + 5),), (f"D{place}",))
        )
    return Document(str(number), "test", text, (Passage("title", Span(0, len(text))),), tuple(mentions))


def test_documents_come_out_in_order_with_all_their_pairs() -> None:
    sizes = [2, 0, 5, 1, 0, 0, 7, 3, 0]
    extractor = RelationExtractor(Fake(), rules=RULES, batch_size=4)
    found = list(extractor(document(number, size) for number, size in enumerate(sizes)))
    assert [(one.document.id, len(one.pairs)) for one in found] == [(str(n), s) for n, s in enumerate(sizes)]
    for one in found:
        assert [pair.tail.id for pair in one.pairs] == [f"D{place}" for place in range(len(one.pairs))]
        assert (one.corpus, one.labels) == ("biored", LABELS)


def test_a_batch_is_of_whole_documents() -> None:
    """A classifier may read a context once for all its pairs."""
    classifier = Fake()
    list(
        RelationExtractor(classifier, rules=RULES, batch_size=4)(
            document(n, s) for n, s in enumerate([3, 0, 6, 2, 9, 1, 1])
        )
    )
    assert classifier.asked == [3 + 6, 2 + 9, 1 + 1]


def test_sentences_are_told_to_a_classifier_that_reads_them() -> None:
    """Alone, or as one of several; to split texts takes time, so that no other is told."""
    told: list[tuple[Span, ...] | None] = []

    class Reader(Fake):
        kind = "harmonized"

        def __init__(self, reads: bool) -> None:
            super().__init__()
            self.reads_sentences = reads

        def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
            told.extend(pair.sentences for pair in pairs)
            return super().probabilities(pairs)

    for classifier in (Reader(True), MeanClassifier([Reader(False), Reader(True)]), Reader(False), Fake()):
        list(RelationExtractor(classifier, rules=RULES)([document(1)]))
    whole = (Span(0, len("Aspirin fever fever")),)
    assert told == [*[whole] * 2, *[whole] * 4, None, None]


@pytest.mark.parametrize("batch_size", [1, 3, 1_000])
def test_answers_do_not_depend_on_the_batches(batch_size: int) -> None:
    documents = list(read_input(SAMPLES["pubtator"], rules=RULES))
    expected = list(RelationExtractor(Fake(), rules=RULES)(documents))
    assert list(RelationExtractor(Fake(), rules=RULES, batch_size=batch_size)(documents)) == expected


def test_a_document_is_handed_out_as_soon_as_it_is_answered() -> None:
    taken: list[int] = []

    def documents() -> Iterator[Document]:
        for number in range(100):
            taken.append(number)
            yield document(number, 2 if number % 2 else 0)

    found = RelationExtractor(Fake(), rules=RULES, batch_size=10)(documents())
    assert next(found).document.id == "0"
    assert len(taken) == 1
    assert next(found).document.id == "1"
    assert len(taken) == 10


def test_documents_without_pairs_do_not_pile_up() -> None:
    """One pair waits for a batch that never fills; those behind it wait for it."""
    most = 0

    def documents() -> Iterator[Document]:
        nonlocal most
        yield document(0, 1)
        for number in range(1, 2_000):
            most = max(most, number - handed_out)
            yield document(number, 0)

    handed_out = 0
    for _ in RelationExtractor(Fake(), rules=RULES, batch_size=1_000)(documents()):
        handed_out += 1
    assert handed_out == 2_000
    assert most <= 300


def test_the_label_is_the_most_probable_one_and_negatives_are_no_relation() -> None:
    answers = {
        "D0": [0.30, 0.10, 0.25, 0.15, 0.20],
        "D1": [0.20, 0.20, 0.20, 0.25, 0.15],
        "D2": [0.10, 0.10, 0.10, 0.20, 0.50],
        "D3": [0.40, 0.40, 0.20, 0.00, 0.00],
    }

    class Told(Fake):
        def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
            return np.array(
                [answers[f"D{(pair.tail.spans[0].start - 8) // 6}"] for pair in pairs], np.float32
            )

    (found,) = RelationExtractor(Told(), rules=RULES)([document(0, 4)])
    assert [pair.label for pair in found.pairs] == [LABELS[0], "None", "None-BC5CDR", LABELS[0]]
    assert [pair.is_relation for pair in found.pairs] == [True, False, False, True]
    assert found.relations == (found.pairs[0], found.pairs[3])
    assert [round(pair.confidence, 6) for pair in found.pairs] == [0.3, 0.25, 0.5, 0.4]
    assert [round(pair.related, 6) for pair in found.pairs] == [0.65, 0.6, 0.3, 1.0]
    assert [round(p, 6) for p in found.pairs[2].probabilities] == answers["D2"]


def test_outputs_of_one_label_are_one() -> None:
    """A classifier with a head for each corpus: the others' outputs are 0."""

    class Heads(Fake):
        def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
            return np.array([[0.0, 0.0, 0.25, 0.5, 0.25]] * len(pairs), np.float32)

    extractor = RelationExtractor(Heads(("Bind", "None", "None", "Bind", "Association")), rules=RULES)
    (found,) = extractor([document(0, 1)])
    assert extractor.labels == found.labels == ("Bind", "None", "Association")
    (pair,) = found.pairs
    assert (pair.label, pair.confidence, pair.related) == ("Bind", 0.5, 0.75)
    assert pair.probabilities == (0.5, 0.25, 0.25)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.ones((1, 5)), r"expected probabilities of shape \(2, 5\), got \(1, 5\)"),
        (np.ones((2, 4)), r"shape \(2, 5\), got \(2, 4\)"),
        (np.full((2, 5), np.nan), "not finite"),
    ],
)
def test_answers_that_are_none_are_refused(answer: NDArray[np.float64], message: str) -> None:
    class Broken(Fake):
        def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
            return answer.astype(np.float32)

    with pytest.raises(HarmonizeError, match=message):
        list(RelationExtractor(Broken(), rules=RULES)([document(0, 2)]))


@pytest.mark.parametrize("given", ["a text", [{"id": "1"}], [b""]])
def test_what_is_no_document_is_called_so(given: Any) -> None:
    with pytest.raises(TypeError, match=r"Documents, which .*read_input yields, got (str|dict|bytes)"):
        list(RelationExtractor(Fake(), rules=RULES)(given))


def test_a_batch_holds_at_least_one_pair() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        RelationExtractor(Fake(), rules=RULES, batch_size=0)


def test_a_trained_classifier_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PROMPT_FILE).touch()
    loaded: list[tuple[Path, str, str]] = []

    def load_classifier(path: Path | str, device: str, precision: str) -> Fake:
        loaded.append((Path(path), device, precision))
        return Fake()

    module = types.ModuleType("harmonize.relation.model.load")
    module.load_classifier = load_classifier  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "harmonize.relation.model.load", module)
    extractor = RelationExtractor.from_pretrained(str(tmp_path), device="cpu", batch_size=2)
    assert loaded == [(tmp_path, "cpu", "auto")]
    assert len(list(extractor([document(0)]))) == 1


def test_a_folder_without_a_run_is_told_before_torch_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from harmonize.errors import MissingInput\n"
        "from harmonize.prediction.extractor import RelationExtractor\n"
        "try: RelationExtractor.from_pretrained(sys.argv[1])\n"
        "except MissingInput as error: print(error)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    told = f"{tmp_path}: expected a run of `harmonize train`, found no {PROMPT_FILE}"
    assert done.stdout.splitlines() == [told, "False"]


def test_importing_the_room_imports_neither_torch_nor_spacy() -> None:
    code = (
        "import sys, harmonize.pipelines.predict\n"
        "print(*({'torch', 'spacy', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_memory_does_not_grow_with_the_documents() -> None:
    """The most that is held while 200 and 1,200 documents go by; nobody keeps them."""
    peaks = []
    for count in (200, 1_200):
        extractor = RelationExtractor(Fake(), rules=RULES, batch_size=64)
        tracemalloc.start()
        pairs = sum(len(found.pairs) for found in extractor(document(number) for number in range(count)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert pairs == 2 * count
    assert peaks[1] < peaks[0] + 500_000  # 1,000 documents are two million bytes
