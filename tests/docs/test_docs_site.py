"""The documentation as a site: built strictly, with nothing that a browser would fetch from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from page_commands import ROOT

import harmonize

pytestmark = pytest.mark.xdist_group("site")  # it is built once


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_links_lead_somewhere(site: Path) -> None:
    pages = {file.stem for file in (ROOT / "docs").glob("*.md")} | {"changelog", "union-to-predictions"}
    assert not {page for page in pages if not (site / page / "index.html").is_file()}
    assert "Nine biomedical relation corpora" in (site / "index.html").read_text(encoding="utf-8")


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    fetched = re.compile(
        r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
        r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preload|preconnect|icon))[^>]*\bhref=[\"']?(?:https?:)?//"
        r"|@import\s+(?:url\()?[\"']?(?:https?:)?//"
    )
    texts = {
        file: file.read_text(encoding="utf-8") for file in site.rglob("*") if file.suffix in {".html", ".css"}
    }
    assert len(texts) > 20
    assert not {
        str(file.relative_to(site)): found[0]
        for file, text in texts.items()
        if (found := fetched.search(text))
    }


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("union", ["load_union"]),
        ("prediction", ["RelationExtractor", "read_input"]),
        ("rules", ["a1", "a2", "a3", "b1", "b2", "c1", "c2", "c3", "d1", "d2", "e1", "e2"]),
        ("errors", ["HarmonizeError", "MalformedInput"]),
    ],
)
def test_the_reference_has_the_public_names(site: Path, page: str, names: list[str]) -> None:
    text = (site / "reference" / page / "index.html").read_text(encoding="utf-8")
    assert not [name for name in names if not re.search(rf'id="harmonize\.[\w.]*\.{name}"', text)]


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == harmonize.__version__
    assert citation["license"] == "Apache-2.0"
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_no_page_installs_another_package_of_this_name() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    wrong = re.compile(r"pip install ['\"]?harmonize\b")  # PyPI's is not this one
    assert not [page.name for page in pages if wrong.search(page.read_text(encoding="utf-8"))]
