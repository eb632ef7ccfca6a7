"""PubTator -> records -> Documents -> records -> PubTator, and Documents -> PubTator and BioC JSON and back.

What a Document does not keep of a PubTator file is declared here, one class of difference each, and counted;
everything else comes back byte for byte.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from bioc import BioCCollection, biocjson
from bioc import validate as bioc_validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harmonize.formats import bioc, pubtator
from harmonize.formats.pubtator_record import PubTatorRecord, split_ids
from harmonize.model import Document, Mention, Passage, Relation, Span, Split
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue

CATALOGUE = load_catalogue()

# By which characters each corpus joins ids (by mention type, else ""), and what writes its files anew. The
# mappings say the same; here it is written out, so that a change there is seen.
SEPARATORS = {
    "biored": {"": ",;", "DiseaseOrPhenotypicFeature": ",;|"},
    "bc5cdr": {"": "|"},
    "emu": {"": ";,"},
}
WRITTEN_WITH = {
    "biored": {"separator": ",", "unknown": "-"},
    "bc5cdr": {"separator": "|", "unknown": "-1"},
    "emu": {"separator": ";", "unknown": "-"},
}

SEVENTH_COLUMN = "seventh column left out"
BLANKS = "blanks around an id stripped"
SEPARATOR = "composite with another separator"
TWICE = "id twice in a field"
PARTLY_UNKNOWN = "unknown id beside known ones left out"
RELATION_ORDER = "relation line in another place"
MENTION_ORDER = "mention line in another place"

# file -> what changes in it, in lines; every other line, and every line end, is the same
SAMPLE = {
    ("biored", "Train.PubTator"): {BLANKS: 2, SEPARATOR: 1, RELATION_ORDER: 10},
    ("biored", "Dev.PubTator"): {RELATION_ORDER: 4},
    ("biored", "Test.PubTator"): {RELATION_ORDER: 7},
    ("bc5cdr", "CDR_TrainingSet.PubTator.txt"): {SEVENTH_COLUMN: 9, RELATION_ORDER: 3},
    ("bc5cdr", "CDR_DevelopmentSet.PubTator.txt"): {SEVENTH_COLUMN: 1, PARTLY_UNKNOWN: 1, RELATION_ORDER: 2},
    ("bc5cdr", "CDR_TestSet.PubTator.txt"): {SEVENTH_COLUMN: 1, RELATION_ORDER: 3},
    ("emu", "BCa_db_novel_128.PubTator"): {RELATION_ORDER: 4},
    ("emu", "PCa_db_novel_51.PubTator"): {RELATION_ORDER: 4},
}
REAL = {
    ("biored", "Train.PubTator"): {BLANKS: 5, SEPARATOR: 3, RELATION_ORDER: 3765},
    ("biored", "Dev.PubTator"): {RELATION_ORDER: 1065},
    ("biored", "Test.PubTator"): {SEPARATOR: 1, RELATION_ORDER: 1049},
    ("bc5cdr", "CDR_TrainingSet.PubTator.txt"): {SEVENTH_COLUMN: 107, TWICE: 1, RELATION_ORDER: 522},
    ("bc5cdr", "CDR_DevelopmentSet.PubTator.txt"): {
        SEVENTH_COLUMN: 89,
        PARTLY_UNKNOWN: 1,
        RELATION_ORDER: 509,
    },
    ("bc5cdr", "CDR_TestSet.PubTator.txt"): {SEVENTH_COLUMN: 57, RELATION_ORDER: 569},
}

Case = tuple[str, Path, dict[str, int]]


@pytest.fixture(params=[*SAMPLE], ids="/".join)
def sample_case(request: pytest.FixtureRequest) -> Case:
    corpus, name = request.param
    return corpus, sample_folder() / corpus / name, SAMPLE[request.param]


@pytest.fixture(params=[*REAL], ids="/".join)
def real_case(request: pytest.FixtureRequest, mirror: Path) -> Case:
    corpus, name = request.param
    return corpus, mirror / corpus / name, REAL[request.param]


def written(records: list[PubTatorRecord]) -> str:
    file = io.StringIO(newline="")
    pubtator.write(records, file)
    return file.getvalue()


def read_again(records: list[PubTatorRecord], folder: Path) -> list[PubTatorRecord]:
    path = folder / "again.PubTator"
    path.write_text(written(records), encoding="utf-8", newline="\n")
    return list(pubtator.read(path))


def documents(records: list[PubTatorRecord], corpus: str, split: Split = "train") -> list[Document]:
    spec = CATALOGUE[corpus].spec

    def concept_ids(kind: str, raw: str | None) -> tuple[str, ...]:
        return split_ids(raw, spec.id_separators.of(kind), spec.unknown_ids)

    return [pubtator.document(record, split, concept_ids) for record in records]


def expected(corpus: str, text: str) -> tuple[str, Counter[str]]:
    """What the file becomes, made without this package, and how many lines change for which reason."""
    changes: Counter[str] = Counter()
    blocks = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n")]
        mentions = [changed_mention(corpus, row, changes) for row in rows if row[1:] and row[1].isdigit()]
        relations = [row for row in rows if row[1:] and not row[1].isdigit()]
        ordered = sorted(mentions, key=lambda row: (int(row[1]), int(row[2]), row[4]))
        sorted_relations = sorted(relations, key=lambda row: (row[2], row[3], row[1]))
        changes[MENTION_ORDER] += sum(a != b for a, b in zip(mentions, ordered, strict=True))
        changes[RELATION_ORDER] += sum(a != b for a, b in zip(relations, sorted_relations, strict=True))
        texts = [row for row in rows if not row[1:]]
        blocks.append("\n".join("\t".join(row) for row in (*texts, *ordered, *sorted_relations)))
    return "\n\n".join(blocks) + "\n\n", +changes


def changed_mention(corpus: str, row: list[str], changes: Counter[str]) -> list[str]:
    ids, joiner, unknown = row[5], *WRITTEN_WITH[corpus].values()
    separators = SEPARATORS[corpus].get(row[4], SEPARATORS[corpus][""])
    parts = re.split(f"[{re.escape(separators)}]", ids)
    stripped = [part.strip() for part in parts]
    known = [part for part in stripped if part != unknown]
    changes[SEVENTH_COLUMN] += len(row) == 7
    changes[BLANKS] += parts != stripped
    changes[SEPARATOR] += any(mark in ids for mark in set(separators) - {joiner})
    changes[TWICE] += len(set(stripped)) < len(stripped)
    changes[PARTLY_UNKNOWN] += 0 < len(known) < len(stripped)
    return [*row[:5], joiner.join(dict.fromkeys(known)) or unknown]


def assert_documents_give_the_file_again(case: Case) -> None:
    corpus, path, declared = case
    records = list(pubtator.read(path))
    again = [pubtator.from_document(d, **WRITTEN_WITH[corpus]) for d in documents(records, corpus)]
    wanted, changes = expected(corpus, path.read_text(encoding="utf-8"))
    assert written(again) == wanted
    assert dict(changes) == declared


def assert_records_give_the_file_again(case: Case, folder: Path) -> None:
    _, path, _ = case
    records = list(pubtator.read(path))
    assert written(records).encode() == path.read_bytes()
    assert read_again(records, folder) == records


def assert_documents_come_back(case: Case, folder: Path) -> None:
    corpus, path, _ = case
    there = documents(list(pubtator.read(path)), corpus)
    records = [pubtator.from_document(document, **WRITTEN_WITH[corpus]) for document in there]
    assert documents(read_again(records, folder), corpus) == there


def test_sample_files_come_back_but_for_declared_differences(sample_case: Case) -> None:
    assert_documents_give_the_file_again(sample_case)


def test_records_of_sample_files_come_back(sample_case: Case, tmp_path: Path) -> None:
    assert_records_give_the_file_again(sample_case, tmp_path)


def test_documents_of_sample_files_come_back(sample_case: Case, tmp_path: Path) -> None:
    assert_documents_come_back(sample_case, tmp_path)


def test_real_files_come_back_but_for_declared_differences(real_case: Case) -> None:
    assert_documents_give_the_file_again(real_case)


def test_records_of_real_files_come_back(real_case: Case, tmp_path: Path) -> None:
    assert_records_give_the_file_again(real_case, tmp_path)


def test_documents_of_real_files_come_back(real_case: Case, tmp_path: Path) -> None:
    assert_documents_come_back(real_case, tmp_path)


# Any Document: where its mentions and texts stand after a round through the formats.

brief = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
any_text = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t\n\r \u2028\u0085|𝛼"),
    min_size=1,
    max_size=30,
)
ids = st.lists(st.sampled_from(["1", "D2", "c|SUB|G|35|A", "x%2C"]), unique=True, max_size=2).map(tuple)
BLANKED = str.maketrans("\t\n\r", "   ")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@st.composite
def any_documents(draw: st.DrawFn) -> Document:
    title, gap, abstract = draw(
        st.tuples(any_text, st.sampled_from([" ", "\n", "  ", ""]), st.none() | any_text)
    )
    text = title if abstract is None else title + gap + abstract
    passages = [Passage(draw(st.sampled_from(["title", "text"])), Span(0, len(title)))]
    if abstract is not None:
        passages.append(Passage("abstract", Span(len(title) + len(gap), len(text))))
    mentions = []
    for number in range(draw(st.integers(0, 4))):
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=4)))
        ends = cuts[: len(cuts) // 2 * 2]
        spans = tuple(Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=True))
        spelled = "".join(span.of(text) for span in spans)
        mentions.append(Mention(f"T{number}", "Gene", spelled, spans, draw(ids)))
    relation = st.builds(
        Relation, *[st.sampled_from(["1", "D2"])] * 2, st.just("Bind"), st.sampled_from([None, "No"])
    )
    return Document(
        "90000001",
        "train",
        text,
        tuple(passages),
        tuple(mentions),
        tuple(draw(st.lists(relation, max_size=3))),
        pmid="90000001",
    )


def pubtator_file(folder: Path, *made: Document) -> list[PubTatorRecord]:
    return read_again([pubtator.from_document(document) for document in made], folder)


def bioc_file(folder: Path, *made: Document) -> Path:
    path = folder / "made.BioC.JSON"
    collection = BioCCollection()
    collection.date = ""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        bioc.write(collection, map(bioc.from_document, made), file)
    return path


@brief
@given(document=any_documents())
def test_pubtator_keeps_every_offset(folder: Path, document: Document) -> None:
    (record,) = pubtator_file(folder, document)
    assert record.text == document.text.translate(BLANKED)
    assert Counter((m.start, m.end, m.text, m.id) for m in record.mentions) == Counter(
        (*span, span.of(record.text), ",".join(m.concept_ids) or "-")
        for m in document.mentions
        for span in m.spans
    )
    assert [(r.head, r.tail, r.type, r.novelty) for r in record.relations] == [
        (r.head, r.tail, r.type, r.novelty) for r in document.relations
    ]


@brief
@given(document=any_documents())
def test_bioc_json_keeps_every_offset(folder: Path, document: Document) -> None:
    path = bioc_file(folder, document)
    (record,) = bioc.read(path)
    with path.open(encoding="utf-8") as file:
        assert biocjson.toJSON(biocjson.load(file).documents[0]) == biocjson.toJSON(record)
    assert [(p.offset, p.text) for p in record.passages] == [
        (p.span.start, p.span.of(document.text)) for p in document.passages
    ]
    annotations = {a.id: a for passage in record.passages for a in passage.annotations}
    assert {
        key: (a.text, tuple(Span(place.offset, place.end) for place in a.locations), a.infons["identifier"])
        for key, a in annotations.items()
    } == {m.id: (m.text, m.spans, ",".join(m.concept_ids)) for m in document.mentions}
    for relation, made in zip(record.relations, document.relations, strict=True):
        for role, entity in (("head", made.head), ("tail", made.tail)):
            nodes = [node.refid for node in relation.nodes if node.role == role]
            assert sorted(nodes) == [m.id for m in document.mentions if entity in m.concept_ids]


TEXT = "Old title. New text with alpha and beta blockers."


def made(*mentions: Mention, passages: tuple[Passage, ...] = ()) -> Document:
    return Document("90000001", "train", TEXT, passages, mentions, pmid="90000001")


DISCONTINUOUS = Mention("T0", "drug", "alpha blockers", (Span(25, 30), Span(40, 48)), ("e0",))
TITLE, ABSTRACT = Passage("title", Span(0, 10)), Passage("abstract", Span(11, 49))


def test_bioc_passes_the_library_s_own_check_but_for_discontinuous_mentions(folder: Path) -> None:
    plain = Mention("T1", "drug", "beta blockers", (Span(35, 48),), ("e1",))
    faults: list[str] = []
    with bioc_file(folder, made(plain, passages=(TITLE, ABSTRACT))).open(encoding="utf-8") as file:
        bioc_validate(biocjson.load(file), lambda fault, _: faults.append(fault))
    assert not faults
    with bioc_file(folder, made(DISCONTINUOUS, plain, passages=(TITLE, ABSTRACT))).open(
        encoding="utf-8"
    ) as file:
        bioc_validate(biocjson.load(file), lambda fault, _: faults.append(fault))
    assert len(faults) == 1  # it expects the text from first part to last


def test_pubtator_holds_the_parts_of_a_discontinuous_mention(folder: Path) -> None:
    (record,) = pubtator_file(folder, made(DISCONTINUOUS))
    assert [(m.text, m.id) for m in record.mentions] == [("alpha", "e0"), ("blockers", "e0")]


@pytest.mark.parametrize(
    ("passages", "title", "abstract"),
    [
        ((TITLE, ABSTRACT), TEXT[:10], TEXT[11:]),
        ((TITLE,), TEXT[:10], TEXT[11:]),
        ((Passage("text", Span(0, 49)),), TEXT, ""),
        ((Passage("abstract", Span(0, 49)),), TEXT, ""),
        ((Passage("abstract", Span(4, 49)),), TEXT[:3], TEXT[4:]),
        ((Passage("title", Span(0, 11)), Passage("abstract", Span(11, 49))), TEXT, ""),
        ((), TEXT, ""),
    ],
)
def test_where_a_title_ends(folder: Path, passages: tuple[Passage, ...], title: str, abstract: str) -> None:
    (record,) = pubtator_file(folder, made(passages=passages))
    assert (record.title, record.abstract, record.text) == (title, abstract, TEXT)


def test_a_blank_that_ends_the_text_stays(folder: Path) -> None:
    document = replace(made(), text="Old title. ", passages=(TITLE,))
    (record,) = pubtator_file(folder, document)
    assert (record.title, record.abstract) == ("Old title. ", "")


def test_bioc_without_passages_has_one(folder: Path) -> None:
    (record,) = bioc.read(bioc_file(folder, made()))
    assert [(p.offset, p.text, p.infons) for p in record.passages] == [(0, TEXT, {"type": "text"})]


def test_the_package_reads_its_own_bioc_as_documents(folder: Path) -> None:
    mentions = (
        Mention("T0", "drug", "title", (Span(4, 9),), ("e0", "e1")),
        Mention("T1", "drug", "beta", (Span(35, 39),), ("e2",)),
    )
    relations = (Relation("e0", "e2", "Bind", "Novel"), Relation("e1", "e2", "Bind", "No"))
    document = replace(made(*mentions, passages=(TITLE, ABSTRACT)), relations=relations)
    path = bioc_file(folder, document)
    infon = partial(bioc.infon, path=path, document=document.id)
    (record,) = bioc.read(path)
    assert (
        bioc.document(
            record,
            path,
            "train",
            lambda a: (infon(a, "type"), split_ids(infon(a, "identifier"), ",")),
            lambda r: Relation(*(infon(r, key) for key in ("entity1", "entity2", "type", "novel"))),
        )
        == document
    )


def test_a_file_of_no_documents_is_still_json(folder: Path) -> None:
    assert biocjson.loads(bioc_file(folder).read_text(encoding="utf-8")).documents == []


def test_several_documents_stand_a_line_each(folder: Path) -> None:
    documents_ = [replace(made(), id=f"9000000{number}") for number in range(3)]
    path = bioc_file(folder, *documents_)
    assert [record.id for record in bioc.read(path)] == [document.id for document in documents_]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
