"""harmonize probe: an encoder and a corpus in, what each of its layers knows out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .train import quiet, values_set

__all__ = ["probed_table"]


def probed_table(
    union: Path,
    encoder: str,
    corpus: str,
    out: Path,
    values: Mapping[str, Any],
    set_: list[str] | None,
    **options: Any,
) -> str:
    """Probe an encoder; `options` are those of harmonize.probing.run.probe.

    Returns:
        What was found, as a table in Markdown.

    Raises:
        HarmonizeError: see harmonize.probing.run.probe.
    """
    from harmonize.probing.probe import chosen_settings
    from harmonize.probing.run import PROBE_TABLE, probe

    quiet()
    given = {name: value for name, value in values.items() if value is not None}
    settings = chosen_settings({**given, **values_set(set_)})
    probe(union, encoder, corpus, out, settings, **options)
    return (out / PROBE_TABLE).read_text(encoding="utf-8")
