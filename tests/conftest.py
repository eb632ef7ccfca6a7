"""Fixtures that several rooms share: the real corpora, and a union set of each input."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import typer.testing
from made_once import IS_WORKER, Remembered, made_once, once_folder

from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.text import sentences

ROOT = Path(__file__).parent
MIRROR = os.environ.get("HARMONIZE_MIRROR")

# Without a network, to ask the hub for a name that it may know takes a minute.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if IS_WORKER:
    # Workers that each take all cores for their tensors wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

# To make an app's commands takes a sixteenth of a second, and they are the same at each call.
typer.testing._get_command = cache(typer.testing._get_command)

# Texts of the sample and of the real corpora are split in many tests, always at the same places.
sentences._starts = KNOWN_STARTS = Remembered(sentences._starts)

REAL_STARTS = "real-starts.pickle"

FIRST = (
    "test_real_counts",  # makes the real set
    "test_bad_input",
    "test_relation_offset_encoders",
    "test_relation_learning",
    "test_adapter_contract",
    "test_fetch_build",
    "test_relation_document_runs",
    "test_relation_training",
    "test_fuzz",
    "test_export",
    "test_docs_start",
    "test_docs_notebook",
    "test_prediction_ray",
    "test_readers",
)
"""Files that take long, to be begun first: begun last, one of them would leave the other workers idle."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker has all tests of a file, so that what the file's tests share is made once."""
    for item in items:
        if "mirror" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.mirror)
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(ROOT).with_suffix("").as_posix()))
    if IS_WORKER:
        places = {name: place for place, name in enumerate(FIRST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))


def pytest_collection_finish() -> None:
    """Look for garbage less often: it took a tenth of the time.

    And look once for a package that accelerate looks for twice at each step: a tenth of a training's time.
    """
    gc.set_threshold(50_000, 20, 100)
    if imports := sys.modules.get("accelerate.utils.imports"):
        imports._is_package_available = cache(imports._is_package_available)


@pytest.fixture(scope="module", autouse=True)
def _what_stands_is_no_garbage() -> None:
    """Each training looks for garbage: a sixth of a second, if it looks at all that other files have made."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: packed ones hold the time, and workers that name tests differently stop."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with the real corpora."""
    if not MIRROR:
        pytest.skip("HARMONIZE_MIRROR is not set: the real corpora are needed here")
    return Path(MIRROR).absolute()


@pytest.fixture(scope="module")
def undrawn_figures() -> Iterator[None]:
    """Evaluations write empty figures: to draw them takes three quarters of `harmonize evaluate`.

    tests/evaluation looks at true ones.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harmonize.evaluation.write.save", lambda figure, path: path.touch())
        yield


@pytest.fixture(scope="session")
def sample_union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "sample-union", lambda out: build(out, sample_folder()))


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the recipe `quick` on the sample.

    Where a copy of it lies, whoever is told to train just that finds it done. The recipe is for beginners, so
    that the pages and the help all begin with it.
    """
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.training import train

    def make(out: Path) -> None:
        union = out.with_name("quick-union")
        build(union, sample_folder(), sample=True)
        train(union, load_recipe("quick"), out)

    return made_once(tmp_path_factory, "quick-run", make)


@pytest.fixture(scope="session")
def real_union(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(out: Path) -> None:
        build(out, mirror)
        KNOWN_STARTS.write(out.with_name(REAL_STARTS))

    union = made_once(tmp_path_factory, "real-union", make)
    KNOWN_STARTS.read(union.with_name(REAL_STARTS))
    return union


@pytest.fixture(scope="session")
def known_sentences(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where a worker has made the real set, its texts need not be split once more."""
    KNOWN_STARTS.read(once_folder(tmp_path_factory) / REAL_STARTS)
