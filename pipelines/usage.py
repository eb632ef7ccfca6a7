"""What typer has against a command line, in one line as every other error: NAME: expected ..., got ..."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from typing import Any

import typer
from pydantic import ValidationError

from harmonize.errors import HarmonizeError
from harmonize.expected import expected

__all__ = ["UsageError", "is_help", "told_usage"]

_raised = sys.modules[typer.BadParameter.__module__]
"""The exceptions of click, of which newer releases of typer have a copy of their own."""
UsageError: Any = _raised.UsageError
_NO_ARGUMENTS: tuple[Any, ...] = tuple(filter(None, [getattr(_raised, "NoArgsIsHelpError", None)]))

_EXTRA = re.compile(r"unexpected extra argument(?:s|\(s\))? \((.*)\)", re.DOTALL)
_NO_COMMAND = re.compile(r"No such command '(.*?)'", re.DOTALL)


def is_help(error: Exception) -> bool:
    """True for a command without a word after it, which is answered by its help."""
    return isinstance(error, _NO_ARGUMENTS)


def told_usage(error: Any) -> str:
    """One line for a usage error, with the nearest known names and where to read more."""
    return str(HarmonizeError(_told(error)))


def _told(error: Any) -> str:
    context = error.ctx
    more = f"`{'harmonize' if context is None else context.command_path} --help`"
    said = str(error.format_message())
    if isinstance(error, _raised.MissingParameter):
        return f"{_name(error)}: expected a value, got none; see {more}"
    if isinstance(error, _raised.BadParameter):
        return f"{_name(error)}: {_value(error)}"
    if isinstance(error, _raised.NoSuchOption):
        near = sorted(error.possibilities or ())
        return f"{error.option_name}: expected an option that {more} lists{_or(near)}"
    if isinstance(error, _raised.BadOptionUsage):
        if "does not take a value" in said:
            return f"{error.option_name}: expected no value, it is a switch; see {more}"
        return f"{error.option_name}: expected a value, got none; see {more}"
    if found := _NO_COMMAND.search(said):
        near = get_close_matches(found[1], context.command.list_commands(context))
        return f"{found[1]}: expected a command that {more} lists{_or(near)}"
    if found := _EXTRA.search(said):
        return f"{found[1]}: expected no further argument; see {more}"
    return f"{said}; see {more}"


def _name(error: Any) -> str:
    """An option by its first long name, an argument by what the help calls it."""
    parameter = error.param
    if parameter is None:
        return str(error.param_hint or "command line")
    if parameter.param_type_name == "option":
        return str(next((each for each in parameter.opts if each.startswith("--")), parameter.opts[0]))
    return str(parameter.metavar or parameter.name).removesuffix("...")


def _value(error: Any) -> str:
    cause = error.__cause__
    return expected(cause.errors()[0]) if isinstance(cause, ValidationError) else str(error.message)


def _or(names: list[str]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""
