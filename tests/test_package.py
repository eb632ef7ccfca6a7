"""The package as a whole."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import resources
from pathlib import Path

import harmonize


def imported_by(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_importing_harmonize_imports_nothing_heavy() -> None:
    heavy = {"torch", "spacy", "transformers", "pyarrow", "pandas", "pydantic", "scispacy", "bioc"}
    assert not heavy & imported_by("import harmonize")


def test_loading_a_set_imports_no_model_code() -> None:
    assert not {"torch", "spacy", "transformers"} & imported_by("import harmonize; harmonize.load_union")


def test_building_never_imports_torch() -> None:
    statement = (
        "import tempfile; from harmonize.pipelines.cli import app; "
        "app(['build', '--sample', '--corpora', 'hprd50', '--out', tempfile.mkdtemp() + '/u'], "
        "standalone_mode=False)"
    )
    loaded = imported_by(statement)
    assert "spacy" in loaded
    assert not {"torch", "transformers"} & loaded


def test_the_core_knows_no_corpus_adapter_or_pipeline() -> None:
    """harmonize/ reaches an adapter only by name, and nothing that stands right of it."""
    core = Path(str(resources.files("harmonize")))
    for path in core.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith(("harmonize.adapters", "harmonize.pipelines")), path


def test_the_version_is_the_distribution_s() -> None:
    from importlib.metadata import version

    assert version("harmonize") == harmonize.__version__
