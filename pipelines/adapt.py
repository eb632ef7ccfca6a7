"""harmonize adapt: unlabelled text in, an encoder that has read it out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .train import quiet, values_set

__all__ = ["adapted"]


def adapted(
    texts: list[Path],
    tables: Mapping[str, Path | None],
    values: Mapping[str, Any],
    set_: list[str] | None,
    out: Path,
    device: str,
    fresh: bool,
) -> dict[str, Any]:
    """Adapt an encoder.

    Args:
        tables: names, names_from and leave_out of harmonize.adaptation.adapt.Sources.
        values: the settings of the options, None where not given; `set_` has the last word.

    Returns:
        What adaptation.json says.

    Raises:
        HarmonizeError: see harmonize.adaptation.adapt.adapt.
    """
    from harmonize.adaptation.adapt import ADAPTATION, Sources, adapt
    from harmonize.adaptation.settings import chosen_settings

    quiet()
    given = {name: value for name, value in values.items() if value is not None}
    settings = chosen_settings({**given, **values_set(set_)})
    adapt(Sources(tuple(texts), **tables), settings, out, device=device, fresh=fresh)
    return dict(json.loads((out / ADAPTATION).read_text(encoding="utf-8")))
