"""Fixtures that several rooms share: the real corpora, and a union set of each input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harmonize.pipelines.build import build
from harmonize.registry import sample_folder

MIRROR = os.environ.get("HARMONIZE_MIRROR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that read the real corpora share one worker, so that the real set is built once."""
    for item in items:
        if "mirror" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.mirror)
            item.add_marker(pytest.mark.xdist_group("mirror"))


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with the real corpora."""
    if not MIRROR:
        pytest.skip("HARMONIZE_MIRROR is not set: the real corpora are needed here")
    return Path(MIRROR).absolute()


@pytest.fixture(scope="session")
def sample_union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "union"
    build(out, sample_folder())
    return out


@pytest.fixture(scope="session")
def real_union(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real") / "union"
    build(out, mirror)
    return out
