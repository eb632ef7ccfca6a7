"""Fixtures that several rooms share: the real corpora, and a union set of each input."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from harmonize.pipelines.build import build
from harmonize.registry import sample_folder

MIRROR = os.environ.get("HARMONIZE_MIRROR")

# Without a network, to ask the hub for a name that it may know takes a minute.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers that each take all cores for their tensors wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the real set share one worker, so that it is built once; others stay with their file's."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "mirror" in names:
            item.add_marker(pytest.mark.mirror)
            group = "mirror" if "real_union" in names else f"mirror of {item.path.stem}"
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not in what stands now: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: packed ones hold the time, and workers that name tests differently stop."""
    return argname if isinstance(val, bytes) else None


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
