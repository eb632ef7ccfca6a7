"""harmonize encoders: which encoders have a name, what they cost, and how to have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.table import Table

from harmonize.relation.model.known_encoders import cost, folder_of, how_to_get, known_encoders

__all__ = ["encoder_lines", "encoder_table", "got"]


def encoder_table() -> Table:
    """What each known encoder costs; what nobody knows before there are files is left out."""
    table = Table()
    table.add_column("encoder", overflow="fold")
    table.add_column("licence")
    for column in ("million parameters", "layers", "width", "MB"):
        table.add_column(column, justify="right")
    table.add_column("here")
    for name, known in known_encoders().items():
        parameters, layers, width, size = cost(name)
        table.add_row(
            name,
            known.licence or "",
            "" if parameters is None else f"{parameters / 1e6:.1f}",
            *("" if number is None else str(number) for number in (layers, width)),
            "" if size is None else f"{size / 1e6:.0f}",
            "yes" if folder_of(name) or not (known.is_local or known.hub) else "no",
        )
    return table


def encoder_lines() -> Iterator[str]:
    """What each known encoder is, where it is or how to get it, and whom to cite."""
    for name, known in known_encoders().items():
        cite = f"; cite {known.cite}" if known.cite else ""
        yield f"{name}: {known.title}; {folder_of(name) or how_to_get(name)}{cite}"


def got(name: str, tell: Callable[[str], None]) -> str:
    """Download a known encoder, and say where it is and what to heed.

    Args:
        tell: is given a line for each package.

    Raises:
        HarmonizeError: see harmonize.relation.model.encoder_download.get_encoder.
    """
    from harmonize.relation.model.encoder_download import get_encoder

    folder = get_encoder(name, tell)
    known = known_encoders()[name]
    return f"{name}: {folder}\nlicence {known.licence}; cite {known.cite}"
