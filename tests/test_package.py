"""The package as a whole."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest

import harmonize

ROOT = Path(__file__).parent.parent
PARTS = ("adapters", "mappings", "pipelines")


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


FIND_ALL = """
import sys
from importlib import import_module, resources
import harmonize
for name in ("adapters", "mappings", "pipelines"):
    part = import_module(f"harmonize.{name}")
    assert part is getattr(harmonize, name)
    print(part.__file__)
assert (resources.files("harmonize.pipelines") / "recipes" / "default.yaml").is_file()
assert (resources.files("harmonize.mappings") / "table2.yaml").is_file()
import harmonize.adapters.biored, harmonize.pipelines.train
"""


def test_the_wheel_has_every_room() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    rooms = {path.parent.relative_to(ROOT) for path in (ROOT / "harmonize").rglob("*.py")}
    assert set(table["packages"]) == {
        *(".".join(room.parts) for room in rooms),
        *(f"harmonize.{part}" for part in PARTS),
    }


def laid_out_as_wheel(site: Path) -> Path:
    """The package's folders where a wheel has them."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    for package in table["packages"]:
        source = ROOT / table["package-dir"].get(package, package.replace(".", "/"))
        into = site / package.replace(".", "/")
        shutil.copytree(source, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return site


def found_in(folder: Path, script: str, *search: Path, isolated: bool = True) -> list[Path]:
    """What a script prints, started in a folder, where Python looks into `search` after that folder.

    Isolated, it has the packages of this environment, but no finder of an editable install.
    """
    flags = ["-S"] if isolated else []
    paths = [*search, *(path for path in sys.path if path.endswith("-packages"))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)) if isolated else ""}
    done = subprocess.run(
        [sys.executable, *flags, "-c", script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.split()]


def beside(root: Path) -> list[Path]:
    return [root / name / "__init__.py" for name in PARTS]


def test_all_parts_are_found_with_the_wheel(tmp_path: Path) -> None:
    """From the clone they are the clone's, as its folder harmonize/ is."""
    site = laid_out_as_wheel(tmp_path / "site")
    assert found_in(tmp_path, FIND_ALL, site) == beside(site / "harmonize")
    assert found_in(ROOT, FIND_ALL, site) == beside(ROOT)


def test_all_parts_are_found_with_the_clone_on_the_path(tmp_path: Path) -> None:
    for folder in (tmp_path, ROOT):
        assert found_in(folder, FIND_ALL, ROOT) == beside(ROOT)


def test_all_parts_are_found_as_this_environment_has_them(tmp_path: Path) -> None:
    """The editable install, where tests are run as README.md says."""
    installed = [Path(str(resources.files(f"harmonize.{name}"))) / "__init__.py" for name in PARTS]
    assert found_in(tmp_path, FIND_ALL, isolated=False) == installed
    assert found_in(ROOT, FIND_ALL, isolated=False) == beside(ROOT)


def foreign(site: Path) -> None:
    for name in PARTS:
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text("raise AssertionError('foreign')", encoding="utf-8")


def test_a_foreign_folder_beside_the_installed_package_is_none_of_ours(tmp_path: Path) -> None:
    site = laid_out_as_wheel(tmp_path / "site")
    foreign(site)
    assert found_in(tmp_path, FIND_ALL, site) == beside(site / "harmonize")


def test_a_foreign_folder_stands_in_for_no_part_that_an_installed_package_lost(tmp_path: Path) -> None:
    site = laid_out_as_wheel(tmp_path / "site")
    foreign(site)
    shutil.rmtree(site / "harmonize" / "pipelines")
    script = "import harmonize.mappings\ntry: import harmonize.pipelines\nexcept ImportError: print('none')"
    assert found_in(tmp_path, script, site) == [Path("none")]


@pytest.mark.parametrize("name", ["tests", "benchmarks", "harmonize"])
def test_nothing_else_of_a_clone_is_a_part(name: str) -> None:
    script = f"import harmonize\ntry: import harmonize.{name}\nexcept ImportError: print('none')"
    assert found_in(ROOT, script, ROOT) == [Path("none")]
