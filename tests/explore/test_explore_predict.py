"""The box: what is pasted is predicted as a file is, within limits, and PMIDs through PubTator 3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from explore_cases import client, fake_predictor, read
from prediction_cases import PUBTATOR, SAMPLES, Fake, article
from pubtator_server import Server, pmids
from report_sets import HOSTILE

from harmonize.errors import HarmonizeError
from harmonize.explore.material import Material
from harmonize.explore.pasted import MOST_CHARACTERS, MOST_DOCUMENTS, Predictor
from harmonize.prediction.extractor import RelationExtractor
from harmonize.prediction.inputs import read_input


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return fake_predictor(tmp_path / "cache")


@pytest.fixture
def service() -> Iterator[Server]:
    server = Server(pmids(3))
    yield server
    server.close()


@pytest.mark.parametrize("form", list(SAMPLES))
def test_a_pasted_text_is_predicted_as_a_file_is(predictor: Predictor, form: str) -> None:
    answer = predictor.of_text(SAMPLES[form].read_text(encoding="utf-8"))
    expected = list(RelationExtractor(Fake())(read_input(SAMPLES[form])))
    assert [view.id for view in answer.documents] == [one.document.id for one in expected]
    for view, one in zip(answer.documents, expected, strict=True):
        assert view.text == one.document.text
        assert [link.predicted and link.predicted.label for link in view.links] == [
            p.label for p in one.pairs
        ]


def test_mentions_in_no_pair_are_shown_and_what_is_left_out_is_told(predictor: Predictor) -> None:
    answer = predictor.of_text(PUBTATOR + "90000103|t|x\n90000103|a|\n90000103\t0\t9\tx\tChemical\tD1\n\n")
    first = answer.documents[0]
    assert {"Mice", "A375", "pain"} <= {entity.name for entity in first.entities}
    assert answer.notes == ("1 mention left out: beyond the text",)


def test_an_answer_says_first_that_the_run_was_not_trained_on_such_pairs(tmp_path: Path) -> None:
    predictor = fake_predictor(tmp_path / "cache", advice="asked as biored")
    assert predictor.of_text(PUBTATOR).notes == ("asked as biored",)
    with pytest.raises(HarmonizeError, match="pasted text: expected annotated documents"):
        predictor.of_text("Aspirin helps.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected PubTator or BioC, got nothing"),
        (" \n", "expected PubTator or BioC, got nothing"),
        ("Aspirin helps.", "pasted text: expected annotated documents"),
        ("x" * (MOST_CHARACTERS + 1), "expected at most 262,144 characters, got 262,145"),
        (
            "".join(article(number) for number in range(1, MOST_DOCUMENTS + 2)),
            "expected at most 20 documents",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_without_a_folder(
    predictor: Predictor, text: str, words: str
) -> None:
    with pytest.raises(HarmonizeError) as caught:
        predictor.of_text(text)
    assert words in str(caught.value)
    assert "/tmp" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_pairs_are_refused(predictor: Predictor) -> None:
    names = [f"n{number:04}" for number in range(120)]
    mentions = [
        f"1\t{place * 6}\t{place * 6 + 5}\t{name}\tChemical\tD{name}" for place, name in enumerate(names)
    ]
    with pytest.raises(HarmonizeError, match=r"expected at most 5,000 pairs of entities, got 7,140$"):
        predictor.of_text("\n".join([f"1|t|{' '.join(names)}", "1|a|", *mentions]) + "\n\n")


def test_pmids_are_asked_of_pubtator(tmp_path: Path, service: Server) -> None:
    predictor = fake_predictor(tmp_path / "cache", url=service.url)
    answer = predictor.of_pmids("90000001, 90000002\n90000001 123")
    assert [view.id for view in answer.documents] == ["90000001", "90000002"]
    assert answer.notes == ("PubTator 3 does not know the article 123.",)
    assert service.requests == [["90000001", "90000002", "123"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "PMIDs: expected at least one, got none"),
        ("12 x", "PMIDs: expected numbers of up to nine digits, got 'x'"),
        (" ".join(map(str, range(1, MOST_DOCUMENTS + 2))), "PMIDs: expected at most 20, got 21"),
    ],
)
def test_what_is_no_list_of_pmids_is_one_line(predictor: Predictor, text: str, words: str) -> None:
    with pytest.raises(HarmonizeError, match=words):
        predictor.of_pmids(text)


def test_without_a_network_the_box_says_so_in_one_line(tmp_path: Path, service: Server) -> None:
    service.close()
    asked = client(Material("x", predictor=fake_predictor(tmp_path / "cache", url=service.url)))
    response = asked.post("/predict", data={"what": "pmids", "pmids": "90000001"})
    assert response.status_code == 422
    texts = [text.strip() for text in read(response.text).texts]
    assert [text for text in texts if text.startswith("PubTator 3 cannot be had: http")]


def test_the_form_shows_what_was_found_and_keeps_the_text(predictor: Predictor) -> None:
    asked = client(Material("x", predictor=predictor))
    response = asked.post("/predict", data={"what": "text", "text": PUBTATOR.replace("\n", "\r\n")})
    assert response.status_code == 200
    assert "2 documents predicted" in response.text
    assert "90000101|t|Aspirin and BRAF V600E in melanoma." in response.text
    assert [tag for tag, _ in read(response.text).tags].count("svg") == 2


def test_hostile_text_that_is_pasted_is_shown_as_text(predictor: Predictor) -> None:
    asked = client(Material("x", predictor=predictor))
    hostile = " ".join(HOSTILE.split())
    text = f"1|t|{hostile} x\n1|a|</textarea><script>alert(1)</script>\n1\t0\t9\t{hostile[:9]}\t<b>\t<i>\n\n"
    for form in (
        {"what": "text", "text": text},
        {"what": "pmids", "pmids": text},
        {"what": text, "text": "1"},
    ):
        response = asked.post("/predict", data=form)
        tags = read(response.text).tags
        assert [values for tag, values in tags if tag == "script"] == [{"src": "/static/explore.js"}]
        assert not any(tag in ("b", "i") for tag, _ in tags)


def test_without_a_run_the_box_says_how_to_have_one() -> None:
    asked = client(Material("x"))
    assert "--model RUN" in asked.get("/").text
    response = asked.post("/predict", data={"what": "text", "text": PUBTATOR})
    assert response.status_code == 422


def test_a_trained_run_predicts(sample_union: Path, tmp_path: Path) -> None:
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.training import train

    tiny = {"encoder": "tiny", "max_length": 128, "batch_size": 16, "epochs": 0.25}
    run = train(sample_union, load_recipe("original", tiny), tmp_path / "run", device="cpu")
    asked = client(Material("x", predictor=Predictor(run, tmp_path / "cache")))
    response = asked.post("/predict", data={"what": "text", "text": PUBTATOR})
    assert response.status_code == 200
    assert "2 documents predicted" in response.text
