"""From PMIDs to relations: of the service, and of dumps, in the order asked, and nothing lost on the way."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prediction_cases import Fake, article, written
from pubtator_server import Server, body_of, pmids, text_article

from harmonize.errors import (
    DownloadError,
    HarmonizeError,
    InputError,
    MalformedInput,
    MissingInput,
    NothingRead,
    UnknownName,
)
from harmonize.model import Document
from harmonize.pipelines.predict import Summary, predict
from harmonize.prediction.inputs import MALFORMED, Skip, read_input
from harmonize.prediction.outputs import OUTPUT_FORMS
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.pmid_input import NOT_FOUND, AskedArticles, read_asked
from harmonize.prediction.pmids import PmidList
from harmonize.prediction.reading import Reading
from harmonize.prediction.tally import Tally
from harmonize.registry import sample_folder

RULES = pair_rules()
KNOWN = pmids(12)
STRANGE = pmids(3, first=91000001)
SUFFIXES = {"pubtator": ".PubTator", "bioc-json": ".json", "parquet": ".parquet"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(KNOWN)
    yield server
    server.close()


def asked(*numbers: str, dump: Path | None = None, cache: Path = Path(), url: str = "") -> AskedArticles:
    return AskedArticles(PmidList(tuple(numbers)), dump, cache, url)


def read(source: AskedArticles, tally: Tally, skip: Skip = lambda fault: None) -> list[Document]:
    return list(read_asked(source, None, rules=RULES, tally=tally, strict=False, skip=skip))


def ids(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(dict.fromkeys(pq.read_table(path)["document_id"].to_pylist()))
    return [document.id for document in read_input(path)]


def predicted(source: AskedArticles, out: Path, **options: Any) -> tuple[Summary, list[str]]:
    """What a prediction counts, and the articles that it says were not found."""
    told: list[InputError] = []
    summary = predict(Fake(), source, out, skip=told.append, **options)
    missing = re.findall(rf"article (\d+): {NOT_FOUND}", "\n".join(map(str, told)))
    assert len(told) == summary.skipped.total()
    assert len(missing) == summary.skipped.get(NOT_FOUND, 0)
    assert summary.documents_in == len(source.articles.pmids)
    assert summary.documents_in == summary.documents_out + summary.skipped.total()
    return summary, missing


# The service


@pytest.mark.parametrize("form", OUTPUT_FORMS)
def test_articles_of_the_service_in_the_order_asked(server: Server, tmp_path: Path, form: str) -> None:
    numbers = [KNOWN[7], STRANGE[1], KNOWN[0], KNOWN[11], STRANGE[0]]
    out = tmp_path / f"out{SUFFIXES[form]}"
    summary, missing = predicted(asked(*numbers, cache=tmp_path / "cache", url=server.url), out)
    assert ids(out) == [KNOWN[7], KNOWN[0], KNOWN[11]]
    assert missing == [STRANGE[1], STRANGE[0]]
    assert summary.pairs == 3


def test_answers_are_kept_and_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    wanted = asked(*KNOWN[:3], STRANGE[0], cache=tmp_path / "cache", url=server.url)
    first = predicted(wanted, tmp_path / "one.PubTator")[1]
    before = len(server.requests)
    assert predicted(wanted, tmp_path / "two.PubTator")[1] == first == [STRANGE[0]]
    assert len(server.requests) == before
    assert (tmp_path / "one.PubTator").read_bytes() == (tmp_path / "two.PubTator").read_bytes()


def test_the_service_gives_what_its_file_gives(server: Server, tmp_path: Path) -> None:
    export = written(tmp_path, body_of("pubtator", KNOWN))
    predict(Fake(), export, tmp_path / "file.parquet")
    predict(Fake(), asked(*KNOWN, cache=tmp_path / "cache", url=server.url), tmp_path / "asked.parquet")
    assert pq.read_table(tmp_path / "asked.parquet").equals(pq.read_table(tmp_path / "file.parquet"))


def test_a_service_that_refuses_is_one_line_and_nothing_is_written(server: Server, tmp_path: Path) -> None:
    server.misbehave.append(lambda request: request.send(b"no", 403))
    with pytest.raises(DownloadError, match="expected status 200, got 403"):
        predict(Fake(), asked(*KNOWN, cache=tmp_path / "cache", url=server.url), tmp_path / "out.json")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_what_is_wrong_is_told_before_the_service_is_asked(server: Server, tmp_path: Path) -> None:
    wanted = asked(*KNOWN, cache=tmp_path / "cache", url=server.url)
    with pytest.raises(HarmonizeError, match="--format: expected an input or a dump"):
        predict(Fake(), wanted, tmp_path / "out.json", form="pubtator")
    with pytest.raises(HarmonizeError, match="expected a name in"):
        predict(Fake(), wanted, tmp_path / "out")
    with pytest.raises(HarmonizeError, match=r"--engine ray: expected a folder of .*, got PubTator 3 and"):
        predict(Fake(), wanted, tmp_path / "out", engine="ray")
    with pytest.raises(HarmonizeError, match="expected a union set"):
        predict(Fake(), wanted, tmp_path / "out.json", corpora=["biored"])
    assert server.requests == []


def test_full_texts_of_the_service_are_asked_for_where_they_are_read(server: Server, tmp_path: Path) -> None:
    wanted = asked(*KNOWN[1::-1], STRANGE[0], cache=tmp_path / "cache", url=server.url)
    summary, missing = predicted(wanted, tmp_path / "out.parquet", how=Reading("paragraphs"))
    assert (summary.documents_out, summary.pairs, missing) == (2, 2, [STRANGE[0]])
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["pmid"] for row in rows] == KNOWN[1::-1]
    assert {row["section"] for row in rows} == {"RESULTS"}
    summary, _ = predicted(wanted, tmp_path / "out.json", how=Reading("abstract"))
    assert (summary.documents_out, summary.reading.passages) == (2, {})
    with pytest.raises(HarmonizeError, match="--offsets says how those of --pubtator are counted"):
        predict(Fake(), wanted, tmp_path / "out.json", how=Reading("all", "utf16"))


# Dumps


def articles(*numbers: str) -> str:
    return "".join(article(int(number)) for number in numbers)


def as_text(text: str) -> bytes:
    return text.encode()


def as_gzip(text: str) -> bytes:
    return gzip.compress(text.encode())


def as_tar(text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for number, part in enumerate(text.split("\n\n")):
            if part:
                content = f"{part}\n\n".encode()
                info = tarfile.TarInfo(f"{number}.txt")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def as_bioc(text: str) -> bytes:
    return bioc_of(text, "biocxml")


def as_json(text: str) -> bytes:
    documents = []
    for part in text.split("\n\n"):
        if part:
            number, title = part.splitlines()[0].split("|t|")
            passage = {"infons": {"type": "title"}, "offset": 0, "text": title, "annotations": []}
            documents.append({"id": number, "infons": {}, "passages": [passage]})
    return json.dumps({"PubTator3": documents}).encode()


def bioc_of(text: str, kind: str) -> bytes:
    return body_of(kind, [part.partition("|")[0] for part in text.split("\n\n") if part])


DUMPS: dict[str, Callable[[str], bytes]] = {
    "text": as_text,
    "gzip": as_gzip,
    "tar": as_tar,
    "bioc-xml": as_bioc,
    "bioc-json": as_json,
}


@pytest.mark.parametrize("form", DUMPS)
def test_articles_of_a_dump_in_the_order_asked(tmp_path: Path, form: str) -> None:
    dump = written(tmp_path, DUMPS[form](articles("3", "1", "4", "5", "9")), "dump")
    _, missing = predicted(asked("5", "2", "3", "9", dump=dump), tmp_path / "out.PubTator")
    assert ids(tmp_path / "out.PubTator") == ["5", "3", "9"]
    assert missing == ["2"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=12),
    st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True),
)
def test_every_article_asked_for_is_out_or_missing(
    tmp_path: Path, held: list[int], wanted: list[int]
) -> None:
    dump = written(tmp_path, articles(*map(str, held)), "dump.txt")
    numbers, tally, told = [str(number) for number in wanted], Tally(), list[InputError]()
    documents = read(asked(*numbers, dump=dump), tally, told.append)
    missing = [number for number in numbers if int(number) not in held]
    assert [document.id for document in documents] == [number for number in numbers if number not in missing]
    assert [str(fault) for fault in told] == [f"{dump}: article {number}: {NOT_FOUND}" for number in missing]
    assert (tally.documents, tally.skipped.total()) == (len(numbers), len(missing))


def test_of_several_articles_with_one_pmid_the_first_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    for name, title in (("b", "Second"), ("a", "First"), ("c", "Third")):
        (folder / name).write_text(f"1|t|{title}.\n\n")
    (document,) = read(asked("1", dump=folder), Tally())
    assert document.text == "First."


def test_unified_ppi_xml_is_searched_by_the_pmids_that_it_tells(tmp_path: Path) -> None:
    dump = sample_folder() / "aimed" / "AIMed-train.xml"
    told: list[InputError] = []
    found = read(asked("90000053", "90000051", "1", dump=dump), Tally(), told.append)
    assert [(each.id, each.pmid) for each in found] == [
        ("AIMed.d9003", "90000053"),
        ("AIMed.d9001", "90000051"),
    ]
    assert [str(fault) for fault in told] == [f"{dump}: article 1: {NOT_FOUND}"]


def test_a_dump_is_read_no_further_than_it_must_be(tmp_path: Path) -> None:
    dump = written(tmp_path, articles("1", "2") + "3|t|A title, and then no", "dump.txt")
    summary, missing = predicted(asked("2", "1", dump=dump), tmp_path / "out.PubTator")
    assert (summary.documents_out, missing) == (2, [])


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda whole: as_text(whole)[:-20], r"dump:\d+: .*the file is cut here"),
        (lambda whole: as_gzip(whole)[:-20], "dump: expected a whole archive"),
        (lambda whole: as_tar(whole)[:-90], "dump: expected a whole archive"),
        (
            lambda whole: as_bioc(whole)[:-30],
            "dump: expected well-formed XML|dump:1: expected well-formed XML",
        ),
        (lambda whole: as_json(whole)[:-30], "dump:1: expected JSON"),
    ],
    ids=DUMPS,
)
def test_a_dump_that_is_cut_is_told_where_an_article_may_stand_in_the_rest(
    tmp_path: Path, cut: Callable[[str], bytes], message: str
) -> None:
    dump = written(tmp_path, cut(articles("1", "2", "3")), "dump")
    with pytest.raises(MalformedInput, match=message):
        predict(Fake(), asked("1", "7", dump=dump), tmp_path / "out.PubTator")
    assert not (tmp_path / "out.PubTator").exists()


def test_faults_of_articles_that_nobody_asked_for_do_not_matter(tmp_path: Path) -> None:
    damaged = "2|t|Aspirin\n2|a|One.\n2|a|Another.\n\n"
    dump, out = written(tmp_path, article(1) + damaged + article(3), "dump.txt"), tmp_path / "out.PubTator"
    for strict in (True, False):
        summary, missing = predicted(asked("3", "1", dump=dump), out, strict=strict)
        assert ids(out) == ["3", "1"]
        assert (summary.skipped, missing) == ({}, [])
    with pytest.raises(MalformedInput, match=r"dump\.txt:9: "):
        predict(Fake(), asked("3", "2", dump=dump), out, strict=True)
    summary, missing = predicted(asked("3", "2", "8", dump=dump), out)
    assert summary.skipped == {MALFORMED: 1, NOT_FOUND: 1}
    assert missing == ["8"]


def test_an_odd_mention_costs_that_mention_only(server: Server, tmp_path: Path) -> None:
    odd = f"{KNOWN[0]}\t0\t7\tinsulin\tGene\t3630\n{KNOWN[0]}\t900\t907\tinsulin\tGene\t3630\n"
    text = text_article(KNOWN[0]).rstrip("\n") + f"\n{odd}\n"
    server.misbehave.append(lambda request: request.send(text.encode()))
    wanted = asked(KNOWN[0], cache=tmp_path / "cache", url=server.url)
    summary, _ = predicted(wanted, tmp_path / "one.PubTator")
    assert (summary.mentions_in, summary.left_out.total()) == (4, 1)
    dump = written(tmp_path, text, "dump.txt")
    assert predicted(asked(KNOWN[0], dump=dump), tmp_path / "two.PubTator")[0].left_out == summary.left_out
    assert (tmp_path / "two.PubTator").read_bytes() == (tmp_path / "one.PubTator").read_bytes()


def test_if_no_article_is_found_nothing_is_written(tmp_path: Path) -> None:
    dump, report = written(tmp_path, articles("1"), "dump.txt"), tmp_path / "report.json"
    with pytest.raises(NothingRead, match=f"all 2 documents were skipped: {NOT_FOUND} 2"):
        predict(Fake(), asked("7", "8", dump=dump), tmp_path / "out.json", report=report)
    assert not (tmp_path / "out.json").exists()
    told = json.loads(report.read_text())["skipped_documents"]
    assert told == [f"{dump}: article {number}: {NOT_FOUND}" for number in (7, 8)]


def test_the_last_line_of_a_dump_may_lack_its_end(tmp_path: Path) -> None:
    dump = written(tmp_path, articles("1", "2").rstrip("\n"), "dump.txt")
    assert predicted(asked("1", "3", dump=dump), tmp_path / "out.PubTator")[1] == ["3"]


def test_places_that_cannot_be_are_one_line(tmp_path: Path) -> None:
    dump = written(tmp_path, article(1), "dump.PubTator")
    with pytest.raises(MissingInput, match="none: expected a file or a folder"):
        predict(tmp_path / "no model", asked("1", dump=tmp_path / "none"), tmp_path / "out.json")
    with pytest.raises(HarmonizeError, match="expected another file than the input"):
        predict(Fake(), asked("1", dump=dump), dump)
    with pytest.raises(HarmonizeError, match="expected a file outside the input"):
        predict(Fake(), asked("1", dump=tmp_path), tmp_path / "out.json")
    listed = written(tmp_path, "1\n", "list.txt")
    with pytest.raises(HarmonizeError, match="expected another file than the input"):
        predict(Fake(), AskedArticles(PmidList(("1",), (), listed), dump), listed)
    with pytest.raises(HarmonizeError, match="expected another file than the input"):
        predict(
            Fake(), AskedArticles(PmidList(("1",), (), listed), dump), tmp_path / "out.json", report=listed
        )
    with pytest.raises(UnknownName, match="unknown format of a dump 'union'"):
        predict(Fake(), asked("1", dump=dump), tmp_path / "out.json", form="union")
    assert dump.read_text() == article(1)
    assert listed.read_text() == "1\n"


def test_a_dumps_form_may_be_told(tmp_path: Path) -> None:
    dump = written(tmp_path, "a line of something\n\n" + article(1), "dump")
    with pytest.raises(MalformedInput):
        predict(Fake(), asked("1", dump=dump), tmp_path / "out.json")
    assert predict(Fake(), asked("1", dump=dump), tmp_path / "out.json", form="pubtator").documents_out == 1


# Real dumps


REAL = {
    "samples/bioconcepts2pubtator_offsets.sample": 651,
    "greenelab/1-sample-annotations.txt": 132,
    "greenelab/batch_0.xml": 100,
    "tmvar3/tmVar3Corpus.Gene.txt": 500,
}
"""Articles in each file."""


def pmids_of(dump: Path) -> list[str]:
    met: dict[str, None] = {}

    def is_wanted(pmid: str) -> bool:
        met[pmid] = None
        return False

    assert list(read_input(dump, how=Reading(wanted=is_wanted))) == []
    return list(met)


@pytest.mark.parametrize("name", REAL)
def test_the_articles_of_real_dumps_are_found_by_their_pmids(mirror: Path, tmp_path: Path, name: str) -> None:
    dump, out = mirror / "pubtator" / name, tmp_path / "out.PubTator"
    numbers = pmids_of(dump)[::-1]
    assert len(numbers) == REAL[name]
    wanted = asked(*numbers[:50], "999999999", *numbers[50:], dump=dump)
    summary, missing = predicted(wanted, out)
    assert (summary.skipped, missing) == ({NOT_FOUND: 1}, ["999999999"])
    assert ids(out) == numbers
