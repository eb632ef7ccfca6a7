"""Pages of the site that stand elsewhere in the repository, and links that leave docs/.

README.md is the site's first page; CHANGELOG.md and the notebook are pages too. Links are written so that
they work in the repository, and what they name is checked. On the site a link to a file that is no page leads
to the repository (`repo_url` of mkdocs.yml), or is shown as the file's name where that names no repository.
"""

from __future__ import annotations

import json
import re
from os.path import normpath, relpath
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

NOTEBOOK = "union-to-predictions.ipynb"
BROUGHT = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}  # page -> file of the repository
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not Markdown below docs/."""
    root = Path(config.docs_dir).parent
    for page, source in BROUGHT.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=with_links(text, source, page, config)))
    notebook = Path(config.docs_dir) / NOTEBOOK
    files.append(File.generated(config, page_of(NOTEBOOK), content=as_markdown(notebook)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Bring a page's links to the site."""
    if page.file.src_uri in BROUGHT:
        return markdown
    return with_links(markdown, f"docs/{page.file.src_uri}", page.file.src_uri, config)


def page_of(name: str) -> str:
    return name.removesuffix(".ipynb") + ".md" if name.endswith(".ipynb") else name


def with_links(markdown: str, source: str, page: str, config: MkDocsConfig) -> str:
    """The text with each relative link leading where it leads from `source`, a file of the repository.

    Raises:
        PluginError: a link to a file that does not exist.
    """
    pieces = _CODE.split(markdown)
    for place in range(0, len(pieces), 2):
        pieces[place] = _LINK.sub(lambda link: _brought(link, source, page, config), pieces[place])
    return "".join(pieces)


def _brought(link: re.Match[str], source: str, page: str, config: MkDocsConfig) -> str:
    target = link["target"]
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    root = Path(config.docs_dir).parent
    file = normpath(Path(source).parent / target)
    if not (root / file).exists():
        raise PluginError(f"{source}: expected the link to name a file of the repository, got {target!r}")
    if file.startswith("docs/"):
        inside = relpath(page_of(file.removeprefix("docs/")), Path(page).parent)
        return f"{link['image']}[{link['text']}]({inside}{link['anchor'] or ''})"
    if config.repo_url:
        return f"[{link['text']}]({config.repo_url.rstrip('/')}/blob/HEAD/{file})"
    return link["text"] if link["text"].startswith("`") else f"{link['text']} (`{file}`)"


def as_markdown(notebook: Path) -> str:
    """A notebook's cells, one after the other, with what the code cells have printed."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(_cell(cell) for cell in cells)


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return source
    shown = [text for output in cell["outputs"] if (text := _output(output))]
    return "\n\n".join([_block("python", source), *(_block("text", text) for text in shown)])


def _output(output: dict[str, Any]) -> str:
    """What was printed, or the plain form of a value; not progress and warnings."""
    if output.get("name") == "stderr":
        return ""
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"
