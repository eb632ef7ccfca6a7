"""Sets that several files look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from explore_cases import strange_set

from harmonize.explore.instances import UnionRows


@pytest.fixture(scope="session")
def sample_rows(sample_union: Path) -> UnionRows:
    return UnionRows.opened(sample_union)


@pytest.fixture(scope="session")
def strange_union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return strange_set(tmp_path_factory.mktemp("strange") / "set")
