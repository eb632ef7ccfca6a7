"""The pages as a browser asks for them: every address, hostile text, and who may ask."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from explore_cases import DOCUMENT, HOST, ORIGIN, client, links, material, predictions_of, read
from prediction_cases import written
from report_sets import HOSTILE
from starlette.testclient import TestClient

from harmonize.explore.guard import HEADERS, own_hosts
from harmonize.explore.instances import UnionRows
from harmonize.explore.material import Material
from harmonize.explore.prediction_pages import MOST_BYTES

ADDRESSES = ["/", "/instances", "/documents", "/rules", "/predict", "/predictions", "/compare", "/errors"]


@pytest.fixture(scope="module")
def sample(sample_rows: UnionRows) -> TestClient:
    """The sample beside predictions of every second row."""
    said = [
        (place, ("None", "Association", "Bind")[place % 3], 0.5) for place in range(0, len(sample_rows), 2)
    ]
    return client(Material("sample", sample_rows, (predictions_of(sample_rows, said),)))


@pytest.fixture(scope="module")
def strange(strange_union: Path) -> TestClient:
    rows = UnionRows.opened(strange_union)
    said = [(place, HOSTILE, 0.5) for place in range(len(rows))]
    return client(Material(HOSTILE, rows, (predictions_of(rows, said, HOSTILE),)))


def page(asked: TestClient, address: str, status: int = 200) -> str:
    response = asked.get(address)
    assert response.status_code == status, response.text
    return response.text


def test_every_link_leads_to_a_page(sample: TestClient) -> None:
    """Followed from the start; of each kind of page the first few."""
    waiting, seen = ["/"], dict[str, set[str]]()
    while waiting:
        address = waiting.pop(0)
        kind = address.partition("?")[0]
        if not address.startswith("/") or address in seen.get(kind, ()) or len(seen.get(kind, ())) == 4:
            continue
        seen.setdefault(kind, set()).add(address)
        waiting += [link.partition("#")[0] for link in links(page(sample, address))]
    assert set(seen) == {*ADDRESSES, "/document", "/instance"}


def test_instances_are_paged_and_filtered(sample: TestClient) -> None:
    first = page(sample, "/instances?corpus=biored")
    assert "<strong>154</strong> instances, 1 to 25 shown" in first
    assert first.count("<article") == 25
    last = page(sample, "/instances?corpus=biored&page=99")
    assert "Page 7 of 7" in last
    assert last.count("<article") == 154 - 6 * 25
    assert "Nothing matches" in page(sample, "/instances?q=nowhere+to+be+found")


def test_a_document_shows_text_graph_and_table(sample: TestClient) -> None:
    shown = page(sample, DOCUMENT)
    tags = read(shown).tags
    marks = [values for tag, values in tags if tag == "mark"]
    assert len(marks) > 10
    assert {values["class"] for values in marks} >= {"family-C", "family-D", "family-G"}
    assert sum(tag == "svg" for tag, _ in tags) == 2
    assert "Relations: " in shown
    assert "tamoxifen" in shown


def test_an_instance_tells_its_rules_and_its_prediction(sample: TestClient, sample_rows: UnionRows) -> None:
    row = sample_rows.rows([0])[0]
    shown = page(sample, f"/instance?id={row['instance_id']}")
    assert "What the rules did to this row" in shown
    assert all(f"/rules#{rule}" in shown for rule in row["rules"])
    assert "50.0 %" in shown


def test_errors_lead_to_their_documents(sample: TestClient) -> None:
    shown = page(sample, "/errors?kind=false+negative&corpus=biored")
    documents = [link for link in links(shown) if link.startswith("/document?")]
    assert documents
    assert 'class="verdict verdict-missed"' in page(sample, documents[0])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/nothing", "Not Found"),
        ("/static/../pyproject.toml", "Not Found"),
        ("/static/base.html.j2", "There is no such file."),
        ("/instance?id=0", "The set has no instance of this id."),
        ("/document?corpus=biored&split=test&id=0", "The set has no pair of such a document."),
        ("/document?id=0", "The file has no such document."),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(sample: TestClient, address: str, words: str) -> None:
    assert words in page(sample, address, 404)


def test_without_predictions_there_are_no_pages_of_them(sample_union: Path) -> None:
    asked = client(material(sample_union))
    for address in ("/predictions", "/compare", "/errors"):
        page(asked, address, 404)
    assert "/compare" not in links(page(asked, "/"))


def test_a_set_that_breaks_meanwhile_is_a_page_of_one_line(tmp_path: Path) -> None:
    from explore_cases import strange_set

    from harmonize.union.schema import DOCUMENTS

    folder = strange_set(tmp_path / "set")
    asked = client(material(folder))
    (folder / DOCUMENTS).unlink()
    assert "expected a file of the union set, found none" in page(asked, "/documents", 422)


def test_predictions_of_another_set_are_a_page_of_one_line(sample_union: Path, strange_union: Path) -> None:
    rows = UnionRows.opened(strange_union)
    other = predictions_of(rows, [(0, "Bind", 0.5)])
    asked = client(Material("both", UnionRows.opened(sample_union), (other,)))
    texts = "".join(read(page(asked, "/compare", 422)).texts)
    assert "expected predictions of the set's pairs, found none of them" in texts


# Hostile text


def test_hostile_text_is_shown_as_text_everywhere(strange: TestClient) -> None:
    hostile = {"corpus": "made", "split": "train", "id": HOSTILE}
    addresses = [*ADDRESSES, f"/document?{urlencode(hostile)}", "/instance?id=" + "0" * 19 + "4"]
    addresses += [
        f"{path}?{urlencode({'q': HOSTILE, 'label': HOSTILE, 'document': HOSTILE})}" for path in ADDRESSES
    ]
    for address in addresses:
        shown = page(strange, address)
        reader = read(shown)
        scripts = [values for tag, values in reader.tags if tag == "script"]
        assert scripts == [{"src": "/static/explore.js"}], address
        assert not any(name.startswith("on") for _, values in reader.tags for name in values), address
        assert not any("style" in values for _, values in reader.tags), address
        assert not any(tag in ("b", "gene") for tag, _ in reader.tags), address
        assert "49" not in {text.strip() for text in reader.texts}, address


def test_hostile_ids_lead_back_to_their_document(strange: TestClient) -> None:
    found = [link for link in links(page(strange, "/documents")) if "script" in link]
    assert len(found) == 1
    assert HOSTILE.strip()[:20] in "".join(read(page(strange, found[0])).texts)


# Who may ask


def test_every_answer_has_the_headers_that_keep_it_in(sample: TestClient) -> None:
    for address in ("/", "/nothing", "/static/explore.css", "/predict"):
        response = sample.get(address)
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{8017}", "127.0.0.1", "127.0.0.1:80", "", "[::1]:8017"]
)
def test_a_name_that_is_not_the_page_s_own_is_refused(sample: TestClient, host: str) -> None:
    response = sample.get("/instances", headers={"Host": host})
    assert response.status_code == 403
    assert "Gliclazide" not in response.text


def test_the_page_goes_by_its_two_names() -> None:
    assert own_hosts(8017) == {HOST, "localhost:8017"}


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:8018", "https://127.0.0.1:8017"]
)
def test_a_form_of_another_origin_is_refused(sample: TestClient, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    del sample.headers["Origin"]
    try:
        response = sample.post("/predict", headers=headers, data={"what": "text", "text": "x"})
    finally:
        sample.headers["Origin"] = ORIGIN
    assert response.status_code == 403


def test_another_site_may_link_to_the_page_but_not_load_it(sample: TestClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert sample.get("/", headers=foreign | {"Sec-Fetch-Mode": "navigate"}).status_code == 200
    assert sample.get("/", headers=foreign | {"Sec-Fetch-Mode": "no-cors"}).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(sample: TestClient, method: str) -> None:
    assert sample.request(method, "/predict").status_code == 405


def test_a_form_that_is_too_large_is_refused_before_it_is_read(sample: TestClient) -> None:
    response = sample.post("/predict", content=b"what=text&text=" + b"x" * MOST_BYTES)
    assert response.status_code == 413


@pytest.mark.parametrize("body", ["ü".encode(), b"a=1&" * 40])
def test_what_is_no_form_is_refused(sample: TestClient, body: bytes) -> None:
    assert sample.post("/predict", content=body).status_code == 400


# Files of predictions, without a set


def test_documents_of_a_file_are_shown_with_their_relations(tmp_path: Path) -> None:
    from harmonize.explore.predictions import open_predictions

    text = "7|t|Aspirin in fever <b>.\n7|a|\n7\t0\t7\tAspirin\tChemical\tD1\n7\t11\t16\tfever\tDisease\tD2\n"
    path = written(tmp_path, text + "7\tNegative_Correlation\tD1\tD2\n\n")
    asked = client(Material("file", None, tuple(open_predictions(path))))
    assert "Predicted documents" in page(asked, "/")
    shown = page(asked, "/document?id=7")
    assert "Negative_Correlation" in shown
    assert sum(tag == "mark" for tag, _ in read(shown).tags) == 2
    page(asked, "/instances", 404)
    page(asked, "/rules")
