"""The pages in a browser: narrow and wide, light and dark, by keyboard, and for those who do not see them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser_checks import CHROMIUM, FAINT, NO_CHROMIUM, OUTSIDE, QUIET
from explore_cases import DOCUMENT, fake_predictor, predictions_of
from prediction_cases import PUBTATOR

from harmonize.explore.instances import UnionRows
from harmonize.explore.material import Material
from harmonize.explore.server import listening, server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM),
    pytest.mark.xdist_group("browser"),
]
AXE = os.environ.get("HARMONIZE_AXE")
"""axe.min.js of the npm package axe-core, where there is one."""

PAGES = {
    "overview": "/",
    "instances": "/instances?corpus=biored",
    "documents": "/documents?q=a",
    "document": DOCUMENT,
    "predictions": "/predictions",
    "compare": "/compare",
    "errors": "/errors",
    "rules": "/rules",
    "fault": "/instance?id=0",
    "strange": "/instances",
}

# What a screen reader or a keyboard would stumble over, as sentences.
BARRIERS = """() => {
    const found = [];
    const told = (fault, e) => `${fault}: ${e.outerHTML.slice(0, 120)}`;
    const say = (fault, elements) => elements.forEach((e) => found.push(told(fault, e)));
    const all = (selector) => Array.from(document.querySelectorAll(selector));
    const name = (e) => (e.getAttribute("aria-label") || e.textContent || e.title || "").trim();
    say("no name", all("a, button").filter((e) => e.checkVisibility() && !name(e)));
    say("no label", all("select, textarea, input:not([type=hidden])").filter((e) => !e.labels.length));
    say("no caption", all("table:not(:has(> caption))"));
    say("no scope", all("th:not([scope])"));
    say("no name", all("svg[role=img]:not([aria-label])"));
    say("not reached by keyboard", all(".scroll:not([tabindex='0'])"));
    for (const attribute of ["aria-labelledby", "aria-describedby"])
        say("refers to nothing", all(`[${attribute}]`).filter((e) =>
            !document.getElementById(e.getAttribute(attribute))));
    say("in a link", all("a :is(a, button, select, input)"));
    const ids = all("[id]").map((e) => e.id);
    say("twice the same id", all("[id]").filter((e, n) => ids.indexOf(e.id) !== n));
    if (all("main").length !== 1) found.push("not one main");
    if (!document.documentElement.lang || !document.title.trim()) found.push("no language or title");
    return found;
}"""


class Reader:
    """Opens pages; at the end nothing may have been loaded from elsewhere and nothing have gone wrong."""

    def __init__(self, browser: Any, addresses: dict[str, str]) -> None:
        self.browser, self.addresses = browser, addresses
        self.faults: list[str] = []
        self.contexts: list[Any] = []

    def open(self, path: str, site: str = "sample", **options: Any) -> Any:
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self._requested(request.url, self.addresses[site]))
        page.on("console", lambda message: self._said(message))
        page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        page.goto(self.addresses[site] + path)
        return page

    def _requested(self, url: str, address: str) -> None:
        if not url.startswith(address):
            self.faults.append(f"request {url}")

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and "404 (Not Found)" not in message.text:
            self.faults.append(f"console {message.text}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


@pytest.fixture(scope="module")
def addresses(
    sample_rows: UnionRows, strange_union: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Where the sample and the set of rows that no corpus has are served."""
    said = [(n, ("None", "Association", "Bind")[n % 3], 0.5) for n in range(0, len(sample_rows), 2)]
    predictor = fake_predictor(tmp_path_factory.mktemp("cache"))
    strange = UnionRows.opened(strange_union)
    shown = {
        "sample": Material("artifacts/union", sample_rows, (predictions_of(sample_rows, said),), predictor),
        "strange": Material("x" * 300, strange, (predictions_of(strange, [(4, "y" * 300, 0.5)]),)),
    }
    running, found = [], {}
    for name, material in shown.items():
        opened = listening(0)
        one = server(material, opened)
        thread = threading.Thread(target=one.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        running.append((one, thread))
        found[name] = f"http://127.0.0.1:{opened.getsockname()[1]}"
    yield found
    for one, thread in running:
        one.should_exit = True
        thread.join(10)


@pytest.fixture
def reader(browser: Any, addresses: dict[str, str]) -> Iterator[Reader]:
    found = Reader(browser, addresses)
    yield found
    for context in found.contexts:
        context.close()
    assert found.faults == []


def site(name: str) -> str:
    return "strange" if name == "strange" else "sample"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_each_page_fits_stands_out_and_has_no_barrier(reader: Reader, name: str, width: int) -> None:
    page = reader.open(PAGES[name], site(name), viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(BARRIERS) == []
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        is_dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 25)"
        assert is_dark == (scheme == "dark")
        found = page.evaluate(FAINT)
        assert found["checked"] > 5
        assert found["faint"] == [], scheme


@pytest.mark.skipif(not AXE, reason="HARMONIZE_AXE is not set: axe.min.js of the npm package axe-core")
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(reader: Reader, name: str) -> None:
    page = reader.open(PAGES[name], site(name))
    page.evaluate(Path(str(AXE)).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == []


def test_the_keyboard_reaches_the_content_and_the_filters(reader: Reader) -> None:
    page = reader.open("/instances")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "corpus"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.focus("input[name=q]")
    page.keyboard.type("clopidogrel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instances?*q=clopidogrel*")
    assert 0 < page.locator("article").count() < 25
    assert "clopidogrel" in page.inner_text("article >> nth=0").lower()


def test_everything_works_without_scripts(reader: Reader) -> None:
    page = reader.open("/instances", java_script_enabled=False)
    page.select_option("select[name=corpus]", "ddi")
    page.click("button[type=submit]")
    assert page.locator(".part").all_inner_texts()[0].startswith("ddi/")
    page.click(".cards .meta a >> nth=0")
    assert page.locator("h1").inner_text().startswith("DDI-")
    assert not page.locator("#theme").is_visible()


def test_light_and_dark_can_be_chosen_and_stay_so(reader: Reader) -> None:
    page = reader.open("/", color_scheme="light")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(252, 252, 253)"
    page.focus("#theme")
    page.keyboard.press("Enter")
    assert page.evaluate(colour) == "rgb(18, 21, 25)"
    assert page.get_attribute("#theme", "aria-label") == "Change to light colours"
    page.goto(page.url + "rules")
    assert page.evaluate(colour) == "rgb(18, 21, 25)"


def test_a_relation_lights_up_its_mentions_also_by_keyboard(reader: Reader) -> None:
    page = reader.open(DOCUMENT)
    row = page.locator("table.relations tbody tr").nth(0)
    names = row.locator(".name").all_inner_texts()
    assert page.locator("mark.lit").count() == 0
    row.locator("a").focus()
    lit = {text.lower() for text in page.locator("mark.lit").all_inner_texts()}
    assert {name.lower() for name in names} <= lit
    assert page.locator("svg .node.lit").count() >= 2


def test_a_pasted_text_is_predicted_and_shown(reader: Reader) -> None:
    page = reader.open("/predict", viewport={"width": 390, "height": 900})
    page.fill("textarea[name=text]", PUBTATOR)
    page.click("text=Predict the text")
    page.wait_for_selector("#found")
    assert page.inner_text("#found-title") == "2 documents predicted"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(BARRIERS) == []
    assert page.evaluate(FAINT)["faint"] == []


def test_a_script_that_gets_into_the_page_does_not_run(reader: Reader) -> None:
    page = reader.open("/instances", "strange")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
    }""")
    page.wait_for_timeout(50)
    assert page.evaluate("window.ran") is None
    assert [fault for fault in reader.faults if "Content Security Policy" in fault]
    reader.faults.clear()
