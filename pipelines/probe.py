"""harmonize probe: an encoder and a corpus in, what each of its layers knows out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .train import quiet, values_set

__all__ = ["probed_table"]


def probed_table(
    union: Path,
    tested: Mapping[str, Any],
    read: Mapping[str, Any],
    out: Path,
    values: Mapping[str, Any],
    set_: list[str] | None,
    device: str,
) -> str:
    """Probe an encoder.

    Args:
        tested, read: of a harmonize.probing.probe.ProbedRows and of an EncoderInput.

    Returns:
        What was found, as a table in Markdown.

    Raises:
        HarmonizeError: see harmonize.probing.probe.probe.
    """
    from harmonize.probing.edge_probe import chosen_settings
    from harmonize.probing.probe import PROBE_TABLE, EncoderInput, ProbedRows, probe

    quiet()
    given = {name: value for name, value in values.items() if value is not None}
    settings = chosen_settings({**given, **values_set(set_)})
    probe(union, ProbedRows(**tested), EncoderInput(**read), out, settings, device)
    return (out / PROBE_TABLE).read_text(encoding="utf-8")
