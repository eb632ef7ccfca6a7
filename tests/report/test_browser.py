"""The page as a reader has it: in a browser, narrow and wide, light and dark, with and without a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from browser_checks import CHROMIUM, FAINT, NO_CHROMIUM, OUTSIDE, QUIET
from report_sets import HOSTILE, repeat, strange_rows, tokenizer_folder, write_set

from harmonize.report.report import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FIELDS = ("corpus", "split", "relation", "type", "q")
STEP = 20
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM),
    pytest.mark.xdist_group("browser"),
]

DATA = """() => {
    const records = JSON.parse(document.getElementById("data").textContent);
    document.querySelectorAll("#instances > article").forEach((card, n) => {
        const texts = [card.querySelector(".context").textContent, records[n].id, ...records[n].words];
        records[n].text = texts.join("\\n");
    });
    return records;
}"""

# Code points of each context that lie in a mark of head, of tail, and the same from the data.
MARKS = """() => {
    const records = JSON.parse(document.getElementById("data").textContent);
    return Array.from(document.querySelectorAll("#instances > article"), (card, n) => {
        const covered = {head: [], tail: []}, expected = {head: new Set(), tail: new Set()};
        const walker = document.createTreeWalker(card.querySelector(".context"), NodeFilter.SHOW_TEXT);
        let place = 0;
        while (walker.nextNode()) {
            for (const _ of walker.currentNode.data) {
                for (const side of ["head", "tail"])
                    if (walker.currentNode.parentElement.closest(`mark.${side}`)) covered[side].push(place);
                place += 1;
            }
        }
        for (const side of ["head", "tail"])
            for (const [start, end] of records[n][side])
                for (let k = start; k < end; k += 1) expected[side].add(k);
        return [covered.head, [...expected.head].sort((a, b) => a - b),
                covered.tail, [...expected.tail].sort((a, b) => a - b)];
    });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Addresses of the reports of the sample and of rows that no corpus has."""
    folder = tmp_path_factory.mktemp("reports")
    repeats = [
        repeat(("made", "train", HOSTILE), ("made", "test", "1")),
        repeat(("made", "train", "1"), ("other", "dev", "D" * 300), pmid=True),
    ]
    strange = write_set(folder / "set", strange_rows(), repeats=repeats, source=HOSTILE)
    paths = {name: folder / f"{name}.html" for name in ("sample", "strange", "quoted")}
    write_report(sample_union, paths["sample"], tokenizer=str(tokenizer_folder(folder / "tiny")))
    write_report(strange, paths["strange"])
    write_report(sample_union, paths["quoted"], quote=80)
    return paths


class Reader:
    """Opens reports; at the end nothing may have been loaded beside them and nothing have gone wrong."""

    def __init__(self, browser: Any, reports: dict[str, Path]) -> None:
        self.browser, self.reports = browser, reports
        self.faults: list[str] = []
        self.contexts: list[Any] = []

    def open(self, name: str, hash_: str = "", **options: Any) -> Any:
        """A page with the report; `options` are the browser context's."""
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        page = context.new_page()
        address = self.reports[name].as_uri()
        page.on("request", lambda request: self._requested(request, address))
        page.on("console", lambda message: self._said(message))
        page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        page.goto(address + hash_)
        return page

    def _requested(self, request: Any, address: str) -> None:
        if request.url.partition("#")[0] != address and not request.url.startswith("data:"):
            self.faults.append(f"request {request.url}")

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.text}")


@pytest.fixture
def reader(browser: Any, reports: dict[str, Path]) -> Iterator[Reader]:
    found = Reader(browser, reports)
    yield found
    for context in found.contexts:
        context.close()
    assert found.faults == []


def counted(page: Any) -> tuple[int, int, int]:
    """(matching, in the sample, shown), by the counter's words and by the cards."""
    found = re.match(r"(\d+) of (\d+) sampled instances match", page.inner_text("#counter"))
    assert found
    return int(found[1]), int(found[2]), page.locator("#instances > article:visible").count()


def expected(data: list[dict[str, Any]], want: dict[str, str]) -> int:
    return sum(
        all(record[name] == want[name] for name in ("corpus", "split", "relation") if want.get(name))
        and (not want.get("type") or want["type"] in record["types"])
        and want.get("q", "").lower() in record["text"].lower()
        for record in data
    )


def choose(page: Any, **want: str) -> None:
    """Choose and type as a reader does."""
    for name in FIELDS[:-1]:
        page.select_option(f"#filter-{name}", want.get(name, ""))
    page.fill("#filter-q", want.get("q", ""))


def put(page: Any, **want: str) -> None:
    """The same in one go, for many choices."""
    page.evaluate(
        """(want) => {
            const form = document.getElementById("filters");
            for (const [name, value] of Object.entries(want)) form.elements[name].value = value;
            form.dispatchEvent(new Event("input"));
        }""",
        {name: want.get(name, "") for name in FIELDS},
    )


def check(page: Any, data: list[dict[str, Any]], **want: str) -> int:
    """Put, and compare the counter with the data; the number of matching instances."""
    put(page, **want)
    number = expected(data, want)
    assert counted(page) == (number, len(data), min(number, STEP)), want
    assert page.locator("#more").is_visible() == (number > STEP)
    return number


@pytest.mark.parametrize("name", ["sample", "strange"])
def test_each_filter_shows_what_it_says(reader: Reader, name: str) -> None:
    page = reader.open(name)
    data = page.evaluate(DATA)
    assert check(page, data) == len(data)
    for field in ("corpus", "split", "relation", "type"):
        options = page.locator(f"#filter-{field} option").evaluate_all(
            "all => all.map(o => [o.value, o.text])"
        )
        assert options[0] == ["", "all"]
        held = {
            value for record in data for value in (record["types"] if field == "type" else [record[field]])
        }
        assert {value for value, _ in options[1:]} == held
        for value, text in options[1:]:
            number = check(page, data, **{field: value})
            assert text == re.sub(r"[ \r\n]+", " ", f"{value} ({number})")
            assert number > 0


def test_filters_work_together(reader: Reader) -> None:
    page = reader.open("sample")
    data = page.evaluate(DATA)
    numbers = [
        check(page, data, corpus=corpus, split=split, relation=relation, type=kind, q=q)
        for corpus in ("biored", "drugprot")
        for split in ("", "train", "test")
        for relation in ("Association", "None")
        for kind, q in (("ChemicalEntity", ""), ("GeneOrGeneProduct", "the"))
    ]
    assert 0 in numbers
    assert any(numbers)


@pytest.mark.parametrize("name", ["sample", "strange"])
def test_search_finds_text_names_and_ids(reader: Reader, name: str) -> None:
    page = reader.open(name)
    data = page.evaluate(DATA)
    for record in (data[0], data[-1]):
        for q in (record["id"], record["words"][0], record["text"][:30].upper().strip()):
            assert check(page, data, q=q) > 0
    assert check(page, data, q="nowhere to be found") == 0
    page.click("button[type=reset]")
    assert counted(page)[0] == len(data)


def test_more_shows_the_rest_and_goes_on_there(reader: Reader) -> None:
    page = reader.open("sample")
    seen = [counted(page)[2]]
    while page.locator("#more").is_visible():
        page.focus("#more")
        page.keyboard.press("Enter")
        seen.append(counted(page)[2])
        focused = page.evaluate("[...document.querySelectorAll('article')].indexOf(document.activeElement)")
        assert focused == seen[-2]
    assert seen == list(range(STEP, 201, STEP))


def test_the_hash_keeps_and_restores_the_filters(reader: Reader) -> None:
    page = reader.open("sample")
    want = {
        "corpus": "biored",
        "split": "train",
        "relation": "None",
        "type": "GeneOrGeneProduct",
        "q": "a & b=%#ü",
    }
    choose(page, **want)
    again = reader.open("sample", page.evaluate("location.hash"))
    assert {name: again.input_value(f"#filter-{name}") for name in FIELDS} == want
    data = again.evaluate(DATA)
    assert counted(again)[0] == expected(data, want)
    choose(again, corpus="biored")
    assert again.evaluate("location.hash") == "#corpus=biored"
    choose(again)
    assert again.evaluate("location.hash") == ""


def test_a_changed_hash_is_followed_and_a_wrong_one_filters_nothing(reader: Reader) -> None:
    page = reader.open("sample", "#corpus=nothing&split=&other=1")
    assert counted(page)[0] == 200
    assert page.evaluate("document.getElementById('filter-corpus').selectedIndex") == 0
    record = page.evaluate(DATA)[3]
    page.click(f"article a[href='#{urlencode({'q': record['id']})}']")
    page.wait_for_function("document.querySelectorAll('article:not([hidden])').length === 1")
    assert counted(page) == (1, 200, 1)
    page.click("nav a[href='#labels']")
    page.wait_for_function("location.hash === '#labels'")
    assert counted(page) == (1, 200, 1)


@pytest.mark.parametrize("name", ["sample", "strange", "quoted"])
def test_marks_cover_the_entities_of_every_instance(reader: Reader, name: str) -> None:
    page = reader.open(name)
    found = page.evaluate(MARKS)
    assert len(found) in (200, 8)
    for head, expected_head, tail, expected_tail in found:
        assert head == expected_head != []
        assert tail == expected_tail != []


def test_nested_crossing_and_discontinuous_mentions_look_different(reader: Reader) -> None:
    page = reader.open("strange")
    colours = page.evaluate("""() => Object.fromEntries(["head", "tail", "head tail"].map((name) => {
        const style = getComputedStyle(document.querySelector(`.context mark[class="${name}"]`));
        return [name, [style.backgroundColor, style.boxShadow]];
    }))""")
    for number in (0, 1):  # the colour, and the line that needs no colour
        assert len({values[number] for values in colours.values()}) == 3
    card = page.locator("article", has_text="intravenous")
    assert card.locator(".context mark.head").all_inner_texts() == ["oral", "heparin"]


@pytest.mark.parametrize("name", ["sample", "strange"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(reader: Reader, name: str, width: int) -> None:
    page = reader.open(name, viewport={"width": width, "height": 900})
    for view in ("#labels-share", "#labels-count", "#overlap-3"):
        if page.locator(view).count():
            page.check(view, force=True)
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("name", ["sample", "strange"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(reader: Reader, name: str, scheme: str) -> None:
    page = reader.open(name, color_scheme=scheme)
    for view in ("#labels-share", "#labels-count"):
        page.check(view, force=True)
        found = page.evaluate(FAINT)
        assert found["checked"] > 200
        assert found["faint"] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")


def test_a_switch_and_a_filter_work_from_the_keyboard(reader: Reader) -> None:
    page = reader.open("sample")
    cell = page.locator("table.labels tbody td .by-1").first
    assert not cell.is_visible()
    page.focus("#labels-count")
    page.keyboard.press("ArrowRight")
    assert cell.is_visible()
    page.focus("#filter-corpus")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    data = page.evaluate(DATA)
    want = {name: page.input_value(f"#filter-{name}") for name in FIELDS}
    assert want["corpus"]
    assert want["split"]
    assert counted(page)[0] == expected(data, want)


def test_wide_tables_scroll_in_boxes_that_the_keyboard_reaches(reader: Reader) -> None:
    page = reader.open("sample", viewport={"width": 390, "height": 900})
    boxes = page.locator(".scroll")
    wide = boxes.evaluate_all("all => all.filter((box) => box.scrollWidth > box.clientWidth).length")
    assert wide > 3
    assert boxes.evaluate_all("all => all.every((box) => box.tabIndex === 0 && box.getAttribute('role'))")
    assert boxes.evaluate_all(
        "all => all.every((box) => document.getElementById(box.getAttribute('aria-labelledby')).textContent)"
    )


def test_headings_tables_and_fields_are_named(reader: Reader) -> None:
    page = reader.open("sample")
    levels = page.locator("h1, h2, h3").evaluate_all(
        "all => all.map((heading) => Number(heading.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert page.locator("table:not(:has(> caption))").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("form :is(select, input)").evaluate_all(
        "all => all.every((field) => field.labels.length)"
    )
    ids = page.evaluate("Array.from(document.querySelectorAll('[id]'), (element) => element.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0


def test_without_scripts_all_instances_are_shown(reader: Reader) -> None:
    page = reader.open("strange", java_script_enabled=False)
    assert page.locator("article:visible").count() == 8
    assert not page.locator("#filters").is_visible()


def test_a_foreign_script_does_not_run(browser: Any, reports: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(reports["strange"].as_uri())
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
    }""")
    assert page.evaluate("window.ran") is None
    page.close()
