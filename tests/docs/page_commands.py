"""The commands of a page of the documentation, and what the page says that they print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_COMMAND = re.compile(
    r"<!-- run -->\n```sh\n(?P<command>.*?)\n```\n(\n```text\n(?P<printed>.*?)\n```\n)?", re.DOTALL
)


class Command(NamedTuple):
    """One block of shell commands that is marked `<!-- run -->`.

    Attributes:
        printed: the block of text below it; "..." in it stands for anything.
    """

    command: str
    printed: str | None


def commands(page: Path) -> list[Command]:
    found = _COMMAND.finditer(page.read_text(encoding="utf-8"))
    return [Command(match["command"], match["printed"]) for match in found]


def prints(printed: str, output: str) -> bool:
    """True if the output is what the page shows, whatever stands at its "..." and at the ends of lines."""

    def stripped(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = ".*".join(re.escape(piece) for piece in stripped(printed).split("..."))
    return re.fullmatch(pattern, stripped(output), re.DOTALL) is not None
