"""What the commands share: the application, its one-line errors, and the options that several take."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.models import CommandFunctionType

from harmonize.errors import HarmonizeError, SeveralErrors
from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.formats.offsets import OFFSET_UNITS
from harmonize.formats.passages import TEXT_CHOICES
from harmonize.names import corpus_key
from harmonize.prediction.reading import Reading
from harmonize.spec import Corpus

from .usage import UsageError, is_help, told_usage

__all__ = [
    "DEFAULT_UNION",
    "NAMES",
    "AcceptLicence",
    "BatchSize",
    "Cache",
    "Commands",
    "Corpora",
    "Device",
    "Extend",
    "Fresh",
    "GoldCorpus",
    "GoldForm",
    "KeepGoing",
    "LeakSettingsFile",
    "Mirror",
    "OffsetsIn",
    "PipedConsole",
    "Precision",
    "RelationsFile",
    "Report",
    "Run",
    "SourceChoice",
    "Strict",
    "Terms",
    "TextOf",
    "TypesFile",
    "Union",
    "UnionFolder",
    "app",
    "names_in",
    "reading_named",
    "source_choices",
]

DEFAULT_UNION = Path("artifacts/union")


UNION = "union"
"""The parameter of commands that read a set."""

PIPE_CLOSED = 128 + 13
"""The exit code where nobody reads on, as in `| head`: that of a program which SIGPIPE, 13, ends."""


class PipedConsole(Console):
    """A console that leaves it to the command what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise  # what rich has caught


class _OneLineErrors(TyperGroup):
    """Prints what this package and typer raise as one line each and leaves with its exit code."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().make_context(*args, **kwargs)
        except BrokenPipeError:  # of --help
            _end_of_pipe()
        except UsageError as error:
            if is_help(error):
                raise
            _tell([told_usage(error)])
            raise typer.Exit(error.exit_code) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            return self._told_in_lines(ctx)
        except BrokenPipeError:
            _end_of_pipe()

    def _told_in_lines(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except SeveralErrors as several:
            messages, code = [str(error) for error in several.errors], several.exit_code
        except HarmonizeError as error:
            messages, code = [str(error)], error.exit_code
        except UsageError as error:
            if is_help(error):
                raise
            messages, code = [told_usage(error)], error.exit_code
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            messages, code = [_told(error)], HarmonizeError.exit_code
        _tell(messages)
        raise typer.Exit(code)


def _tell(messages: Iterable[str]) -> None:
    for message in messages:
        typer.echo(f"error: {message}", err=True)


def _end_of_pipe() -> NoReturn:
    """Leave without a word; what is not written yet goes nowhere, so that Python does not try it again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
    raise typer.Exit(PIPE_CLOSED)


def _told(error: OSError) -> str:
    """What the system says, after the file where it names one: of a renaming, what was to be replaced."""
    if isinstance(error, shutil.Error):  # of a folder that is copied: the first of the files that were not
        (_, file, said), *_ = error.args[0]
    else:
        file, said = error.filename2 or error.filename, error.strerror or error
    return str(HarmonizeError(f"{said}" if file is None else f"{file}: {said}"))


class _OneValueEach(TyperCommand):
    """Refuses an option that takes one value and is given several, of which the last would win in silence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if any(each.name == UNION and isinstance(each, TyperArgument) for each in self.get_params(ctx)):
            args = _union_as_argument(args)
        try:
            given = Counter(map(id, self.make_parser(ctx).parse_args(list(args))[2]))
        except UsageError as error:
            error.ctx = error.ctx or ctx  # an option without its value knows none
            raise
        for option in self.get_params(ctx):
            if isinstance(option, TyperOption) and not (option.multiple or option.is_flag):
                _check_given_once(option, given[id(option)])
        return super().parse_args(ctx, args)


def _union_as_argument(args: list[str]) -> list[str]:
    """The set of `--union SET`, as other commands take it, in the place where `SET` alone is taken."""
    found = list(args)
    for place, each in enumerate(args):
        if each == f"--{UNION}":
            if len(args) == place + 1:
                raise HarmonizeError(f"--{UNION}: expected a set's folder, got none")
            found[place : place + 2] = [args[place + 1]]
            break
        if each.startswith(f"--{UNION}="):
            found[place] = each.partition("=")[2]
            break
    return found


def _check_given_once(option: TyperOption, times: int) -> None:
    """An option is told by its first long name. The metavar of one that takes several values joined by commas
    says so: NAME,..."""
    if times > 1:
        name = next(each for each in option.opts if each.startswith("--"))
        joined = "; join them by commas" if "," in (option.metavar or "") else ""
        raise HarmonizeError(f"{name}: expected one value, got {times}{joined}")


class Commands(typer.Typer):
    """Commands that refuse an option of one value that is given twice."""

    def command(self, *names: Any, **settings: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        return super().command(*names, cls=_OneValueEach, **settings)


app = Commands(
    cls=_OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Nine biomedical relation corpora, one training set.",
)

NAMES = "NAME,..."
"""The metavar of options that take several names, joined by commas."""


def _each_name(given: list[str] | None) -> list[str] | None:
    return None if given is None else [name for value in given for name in names_in(value) or [value]]


def _each_folder(given: list[Path] | None) -> list[Path] | None:
    """The folders of values that join some by commas; a comma may be part of a name that is there."""
    if given is None:
        return None
    every = ([path] if path.exists() else map(Path, names_in(str(path)) or [str(path)]) for path in given)
    return [folder for some in every for folder in some]


Corpora = Annotated[
    str,
    typer.Option(
        "--corpora",
        "--corpus",
        metavar=NAMES,
        help="all, or names in any letter case, joined by commas; further corpora must be named.",
    ),
]
Mirror = Annotated[
    str | None,
    typer.Option(
        help="Folder, or http(s) address, with one folder per corpus.",
        envvar="HARMONIZE_MIRROR",
        show_envvar=True,
    ),
]
SourceChoice = Annotated[
    list[str] | None,
    typer.Option(help="CORPUS=SOURCE (or SOURCE for every chosen corpus); see `harmonize corpora`."),
]
Extend = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FOLDER,...",
        help="Folders with mappings, and adapters, of corpora of your own, joined by commas or one by one.",
        callback=_each_folder,
    ),
]
Cache = Annotated[Path | None, typer.Option(help="Folder for downloads [default: the user's cache].")]
Terms = Annotated[
    str,
    typer.Option(
        "--licence",
        "--license",
        help="Leave out corpora: redistributable keeps those that may be shared for any purpose, "
        "noncommercial also those for noncommercial ones, any all.",
    ),
]
AcceptLicence = Annotated[
    list[str] | None,
    typer.Option(
        "--accept-licence",
        "--accept-license",
        metavar=NAMES,
        help="Accept licences that require it, such as CC-BY-NC-4.0, joined by commas or one by one; once is "
        "enough.",
        callback=_each_name,
    ),
]
LeakSettingsFile = Annotated[
    Path | None,
    typer.Option(help="YAML file that defines when documents repeat each other [default: built in]."),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Stop at the first mention or document that cannot be read."),
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", hidden=True)]
"""What is done anyway unless --strict asks for less; commands of before still give it."""
TypesFile = Annotated[
    Path | None,
    typer.Option("--types", help="YAML file: your types -> known ones (see `harmonize types`), or null."),
]
GoldForm = Annotated[
    str | None,
    typer.Option(
        "--format",
        "--gold-format",
        help=f"Format of the gold standard: {', '.join(DOCUMENT_FORMS)} [default: detected].",
    ),
]
GoldCorpus = Annotated[
    str,
    typer.Option(
        "--as-corpus", "--corpus", help="The corpus whose rules form the pairs, and whose types are known."
    ),
]
RelationsFile = Annotated[
    Path | None,
    typer.Option("--relations", help="YAML file: gold's relation types -> labels, or null for no relation."),
]
TextOf = Annotated[
    str | None,
    typer.Option(
        "--text",
        help=f"{', '.join(TEXT_CHOICES)}: the part of full texts (BioC) to read [default: abstract].",
    ),
]
OffsetsIn = Annotated[
    str | None,
    typer.Option("--offsets", help=f"{', '.join(OFFSET_UNITS)}: the unit of offsets [default: codepoints]."),
]
Report = Annotated[
    Path | None,
    typer.Option(help="JSON file to write, with counts of all that was read, left out and found."),
]
UnionFolder = Annotated[Path, typer.Argument(help="The union set's folder; --union takes it, too.")]
Union = Annotated[Path, typer.Option(help="The union set's folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto uses a GPU if there is one.")]
Precision = Annotated[
    str, typer.Option(help="auto, fp32, bf16 or int8 (CPU only); auto is bf16 on a GPU, fp32 on a CPU.")
]
BatchSize = Annotated[int, typer.Option(help="Pairs classified at once.", min=1)]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Start again instead of resuming, and replace what is finished.")
]
Run = Annotated[Path, typer.Option("--model", help="The run's folder.")]


def reading_named(text: str | None, offsets: str | None) -> Reading | None:
    """How files are to be read; None unless an option says it."""
    if text is None and offsets is None:
        return None
    return Reading.named(text or "abstract", offsets or "codepoints")


def names_in(text: str | None) -> list[str] | None:
    """Names joined by commas; None stays None."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def source_choices(choices: list[str] | None, corpora: Iterable[Corpus]) -> dict[str, str]:
    """CORPUS=SOURCE choices, joined by commas or given one by one, as a dictionary by the corpus' key.

    Raises:
        UnknownName: no such corpus.
        HarmonizeError: two sources of one corpus.
    """
    names = {corpus.key: corpus.spec.name for corpus in corpora}
    sources: dict[str, str] = {}
    of_all: dict[str, str] = {}
    for choice in names_in(",".join(choices or [])) or []:
        name, mark, variant = choice.partition("=")
        if mark:
            key, chosen = corpus_key(name, names, "corpus in --source"), sources
        else:
            key, chosen, variant = "every corpus", of_all, choice
        if chosen.setdefault(key, variant) != variant:
            raise HarmonizeError(f"--source: expected one for {key}, got {chosen[key]} and {variant}")
    return {key: source for source in of_all.values() for key in names} | sources
