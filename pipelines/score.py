"""harmonize score: a file of any system and a gold file in, scores out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize import __version__
from harmonize.errors import HarmonizeError, InputError, NothingRead
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.own_folders import check_no_folder_of_ours
from harmonize.prediction.reading import Reading
from harmonize.sources.article_files import STANDARD_INPUT, input_files, input_name

from .inputs import check_earlier_report, check_file, user_types
from .reading_losses import SkippedDocuments

if TYPE_CHECKING:
    from harmonize.gold.score import FileScore
    from harmonize.gold.statements import Statements

__all__ = ["SCORE_VERSION", "Scored", "score_file"]

SCORE_VERSION = "1.0"


@dataclass(frozen=True)
class Scored:
    """What was found.

    Attributes:
        markdown: all of it for people.
    """

    score: FileScore
    markdown: str


def score_file(
    predictions: Path,
    gold: Path,
    *,
    form: str | None = None,
    gold_form: str | None = None,
    as_corpus: str = USUAL_CORPUS,
    types: Path | None = None,
    relations: Path | None = None,
    extensions: tuple[Path, ...] = (),
    how: Reading | None = None,
    report: Path | None = None,
    bootstrap: int = 1_000,
    seed: int = 0,
    skip: Callable[[InputError], None] | None = None,
) -> Scored:
    """Score what a system says of documents against a gold standard, without a model.

    Args:
        predictions, gold: files, packed or not, or folders of them.
        form, gold_form: each one of RELATION_FORMS; the files tell it unless given.
        as_corpus: the mapping that says how ids are read and what relation types stand for.
        types, relations: files with the user's own entity types and relation types; a relation type in no
            mapping stands for itself.
        report: a JSON file that gets all that was found.
        bootstrap, seed: see harmonize.gold.score.score_statements.
        skip: is told of each document passed over; lines on stderr unless given.

    Raises:
        NothingRead: one of the files holds no document that can be read.
        HarmonizeError: see harmonize.errors; nothing has then been written.
    """
    from harmonize.gold.markdown import score_markdown
    from harmonize.gold.relation_types import load_relation_types, type_map
    from harmonize.gold.score import score_statements
    from harmonize.gold.statements import read_statements
    from harmonize.prediction.pairs import pair_rules

    _check(predictions, gold, report)
    rules = pair_rules(as_corpus, types=user_types(types), extensions=extensions)
    own = {} if relations is None else load_relation_types(relations, rules.corpus.target)
    known = type_map(rules.corpus, own)
    how = Reading(offsets=(how or Reading()).offsets, relations=True)
    told = SkippedDocuments(skip)
    gold_says = read_statements(gold, gold_form, rules, known, how, skip=told)
    other = read_statements(predictions, form, rules, known, how, gold=gold_says, skip=told)
    for path, said in ((gold, gold_says), (predictions, other)):
        if not said.documents:
            raise NothingRead(f"{input_name(path)}: nothing was read, no document in it")
    score = score_statements(gold_says, other, rules.corpus, rules.types, bootstrap=bootstrap, seed=seed)
    names = input_name(predictions), input_name(gold)
    if report is not None:
        _write_report(report, names, score, {"gold": gold_says, "predictions": other})
    return Scored(score, score_markdown(score, gold_says, other, *names))


def _check(predictions: Path, gold: Path, report: Path | None) -> None:
    if predictions == gold == STANDARD_INPUT:
        raise HarmonizeError("expected one of the two files from standard input, got both")
    for path, what in ((predictions, "a system's output"), (gold, "a gold standard")):
        check_no_folder_of_ours(path, f"{what} as a file, or a folder of files")
        input_files(path)
        if report is not None:
            check_file(path, report)
    if report is not None:
        check_earlier_report(report)


def _write_report(
    path: Path, names: tuple[str, str], score: FileScore, said: Mapping[str, Statements]
) -> None:
    from harmonize.writing.json_files import replace_json

    counts: dict[str, Any] = {}
    for which, statements in said.items():
        counts[which] = {"documents": len(statements.documents), **_numbers(statements)}
    content = {
        "report_version": SCORE_VERSION,
        "package_version": __version__,
        "predictions": names[0],
        "gold": names[1],
        "read": counts,
        "score": score.as_dict(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, content, finite=True)


def _numbers(statements: Statements) -> dict[str, int]:
    return {name: value for name, value in vars(statements).items() if isinstance(value, int)}
