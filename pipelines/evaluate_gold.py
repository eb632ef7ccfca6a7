"""harmonize evaluate --gold: a run and gold files in, the scores of a union set's part and losses out."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize.errors import HarmonizeError, UnionError
from harmonize.names import USUAL_CORPUS, names_in_short
from harmonize.prediction.account import Account
from harmonize.prediction.own_folders import check_no_folder_of_ours
from harmonize.prediction.reading import Reading
from harmonize.sources.article_files import input_files, input_name
from harmonize.writing.text import counted

from .evaluate import EVALUATION, add_to_card, check_kept, compared_with, measure_named, unusual, write_scores
from .inputs import user_types
from .options import DEFAULT_UNION
from .predicted import Done, Predicted, not_trained_on, runs_of
from .reading_losses import SkippedDocuments

if TYPE_CHECKING:
    from harmonize.gold.documents import GoldDocuments
    from harmonize.gold.leaks import Leak
    from harmonize.gold.relation_types import TypeMap
    from harmonize.gold.rows import GoldRows
    from harmonize.prediction.pairs import PairRules
    from harmonize.relation.model.mean import KindOfClassifier

__all__ = ["GoldChoice", "OnGold", "evaluated_on_gold", "gold_name"]

GOLD, GOLD_TABLE = "gold.json", "gold.md"
_LONGEST_NAME = 80
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class GoldChoice:
    """Gold files, and how they are read.

    Attributes:
        files: PubTator, BioC XML or JSON, unified PPI XML, packed or not, brat; or folders of them.
        form: one of DOCUMENT_FORMS; each file tells it unless given.
        as_corpus: the mapping whose rules make pairs, and whose relation types are known.
        types, relations: files with the user's own entity types and relation types.
        leave_out_leaks: do not score documents that the run was trained on.
        extensions: folders with the mappings of further corpora.
    """

    files: tuple[Path, ...]
    form: str | None = None
    as_corpus: str = USUAL_CORPUS
    types: Path | None = None
    relations: Path | None = None
    leave_out_leaks: bool = False
    how: Reading = field(default_factory=Reading)
    strict: bool = False
    extensions: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """What the files are called in errors."""
        return ", ".join(map(input_name, self.files))


@dataclass(frozen=True)
class OnGold:
    """What was found.

    Attributes:
        markdown: the scores, and what became of gold's relations.
        reading: documents and mentions, in and out.
        advice: a line where the run was not trained on the corpus that it is asked as.
    """

    markdown: str
    reading: Account
    advice: str | None


@dataclass(frozen=True)
class _Gold:
    """Gold files, read, and as rows.

    Attributes:
        corpus: the key of the one whose rules make pairs.
        leaks: the documents that the run was trained on; None where no set told.
        left_out: the relations of those of them that are left out.
        same_set: see harmonize.gold.leaks.TrainingSet; None where no set told.
    """

    corpus: str
    documents: GoldDocuments
    rows: GoldRows
    leaks: list[Leak] | None
    left_out: int
    same_set: bool | None


def gold_name(files: Sequence[Path]) -> str:
    """A name for files that can be one of a folder: their stems, joined."""
    stems = (_UNNAMEABLE.sub("_", Path(input_name(file)).name.partition(".")[0]) for file in files)
    return "+".join(dict.fromkeys(stems))[:_LONGEST_NAME]


def evaluated_on_gold(
    model: Path,
    gold: GoldChoice,
    union: Path,
    against: Path | None,
    measure: str,
    device: str,
    precision: str = "auto",
    progress: Callable[[int], None] = lambda documents: None,
) -> OnGold:
    """Score a run, or the mean of its folds, on gold files, and keep what was found in its folder.

    Args:
        union: the set that the run was trained on, in which leaks are looked for.
        progress: is told how many documents are done.

    Raises:
        HarmonizeError: no such run, file, mapping, measure, device or precision, relation types that nobody
            knows, or two runs of different labels.
    """
    from harmonize.evaluation.evaluate import evaluate
    from harmonize.evaluation.markdown import evaluation_markdown
    from harmonize.writing.json_files import write_json
    from harmonize.writing.replace import new_folder
    from harmonize.writing.text import write_text

    chosen = measure_named(measure)
    runs = [run for each in (model, against) if each is not None for run in runs_of(each)]
    name = gold_name(gold.files)
    kept = _folder(model, name, gold, measure, precision)
    check_kept(model, kept)
    read = _read(gold, runs, union)
    rows = read.rows.to_score(name)
    if not len(rows):
        raise HarmonizeError(f"{gold.name}: expected pairs or relations to score, found none")
    done = Done(progress)
    own = _predicted(model, read, rows, device, precision, done)
    evaluation = evaluate(rows, own.predictions[0], labels=own.labels, measure=chosen)
    with new_folder(kept) as folder:
        write_scores(folder, evaluation, rows, own.predictions[0])
        about = _about(gold, read)
        write_json(folder / GOLD, about)
        write_text(folder / GOLD_TABLE, _markdown(gold, read))
        texts = [evaluation_markdown(evaluation), _markdown(gold, read)]
        if against is not None:
            other = _predicted(against, read, rows, device, precision, done)
            texts.append(compared_with(folder, model, own, against, other))
    add_to_card(model)
    return OnGold("\n".join(texts), read.documents.account, not_trained_on(runs[0], read.corpus))


def _read(gold: GoldChoice, runs: Sequence[Path], union: Path) -> _Gold:
    """All that is wrong with the files is told before a classifier is loaded."""
    from harmonize.gold.documents import read_gold
    from harmonize.gold.relation_types import check_types
    from harmonize.gold.rows import gold_rows

    rules, types = _rules(gold)
    for file in gold.files:
        check_no_folder_of_ours(file, "a gold standard as a file, or a folder of files")
        input_files(file)
    documents = read_gold(gold.files, gold.form, rules, gold.how, strict=gold.strict, skip=SkippedDocuments())
    check_types(documents.types(), types, rules.corpus, gold.name)
    leaks, same_set = _leaks(documents, runs, union, gold.leave_out_leaks)
    out = {leak.document_id for leak in leaks or ()} if gold.leave_out_leaks else set()
    kept = [document for document in documents.documents if document.id not in out]
    left_out = sum(len(each.relations) for each in documents.documents if each.id in out)
    rows = gold_rows(kept, documents.skipped, rules, types, gold.name)
    return _Gold(rules.corpus.key, documents, rows, leaks, left_out, same_set)


def _rules(gold: GoldChoice) -> tuple[PairRules, TypeMap]:
    from harmonize.gold.relation_types import load_relation_types, type_map
    from harmonize.prediction.pairs import pair_rules

    rules = pair_rules(gold.as_corpus, types=user_types(gold.types), extensions=gold.extensions)
    target = rules.corpus.target
    own = {} if gold.relations is None else load_relation_types(gold.relations, target)
    return rules, type_map(rules.corpus, own)


def _leaks(
    documents: GoldDocuments, runs: Sequence[Path], union: Path, needed: bool
) -> tuple[list[Leak] | None, bool | None]:
    """The documents that a run was trained on, where the set is at hand that tells.

    Raises:
        UnionError: it is needed or was named, and is not there.
    """
    from harmonize.gold.leaks import find_leaks, training_set
    from harmonize.union.schema import MANIFEST

    if not (union / MANIFEST).is_file():
        if needed or union != DEFAULT_UNION:
            raise UnionError(
                f"{union}: expected the union set that the run was trained on, found no {MANIFEST} in it; "
                "gold's documents are looked for there"
            )
        return None, None
    known = training_set(runs, union)
    return find_leaks(documents.documents, known.documents), known.same_set


def _predicted(model: Path, read: _Gold, rows: Any, device: str, precision: str, done: Done) -> Predicted:
    from harmonize.relation.model.load import load_classifier
    from harmonize.relation.model.mean import MeanClassifier
    from harmonize.relation.predictions import predicted_rows

    classifiers = [load_classifier(run, device, precision) for run in runs_of(model)]
    one: KindOfClassifier = classifiers[0]
    if len(classifiers) > 1:
        one = MeanClassifier(classifiers, str(model))
    found = predicted_rows(one, read.rows.pairs, done)
    done.next()
    return Predicted([rows], [found], one.kind, folds_missing=0)


def _folder(model: Path, name: str, gold: GoldChoice, measure: str, precision: str) -> Path:
    """Where the scores are kept: with a number where another gold standard of the same name has its own."""
    usual = "-".join(["gold", name, *unusual(measure, precision, gold.leave_out_leaks)])
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    folders = (model / EVALUATION / f"{usual}{number}" for number in numbers)
    return next(folder for folder in folders if _is_free(folder / GOLD, gold))


def _is_free(record: Path, gold: GoldChoice) -> bool:
    """True unless the scores of another gold standard are there."""
    try:
        kept = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    return not isinstance(kept, dict) or all(kept.get(name) == value for name, value in _chosen(gold).items())


def _chosen(gold: GoldChoice) -> dict[str, Any]:
    """What tells one gold standard from another one, as JSON has it."""
    return {
        "files": list(map(input_name, gold.files)),
        "as_corpus": gold.as_corpus,
        "types": None if gold.types is None else str(gold.types),
        "relation_types": None if gold.relations is None else str(gold.relations),
    }


def _about(gold: GoldChoice, read: _Gold) -> dict[str, Any]:
    """What became of the files, as JSON has it."""
    return {
        **_chosen(gold),
        "reading": read.documents.account.as_dict(),
        "relations": {**read.rows.account.as_dict(), "left_out_as_leaks": read.left_out},
        "lost": [
            {
                "document": lost.document_id,
                "type": lost.type,
                "head": lost.head,
                "tail": lost.tail,
                "reason": lost.reason,
            }
            for lost in read.rows.lost
        ],
        "leaks": None if read.leaks is None else [leak.as_dict() for leak in read.leaks],
        "leaks_left_out": gold.leave_out_leaks,
        "leaks_of_same_set": read.same_set,
    }


def _markdown(gold: GoldChoice, read: _Gold) -> str:
    account = read.rows.account
    documents = counted(len(read.documents.documents), "document")
    lines = [
        f"- {documents} of {gold.name}, by the rules of {gold.as_corpus}",
        f"- {counted(read.documents.relations, 'relation')}: {account.shown:,} in rows, "
        f"{account.lost.total():,} that no pair can show, each a miss",
        *(f"    - {reason}: {count:,}" for reason, count in account.lost.most_common()),
    ]
    for count, what in (
        (account.repeated, "relations that repeat another of the pair"),
        (account.unrelated, "relations of types that stand for no relation"),
        (read.left_out, "relations of documents that are left out because the run was trained on them"),
        (account.several_types, "pairs of several types, of which the most specific is scored"),
    ):
        if count:
            lines.append(f"- {count:,} {what}")
    return "\n".join(["## Gold relations", "", *lines, *_leak_lines(gold, read)]) + "\n"


def _leak_lines(gold: GoldChoice, read: _Gold) -> list[str]:
    if read.leaks is None:
        return ["- leaks were not looked for: `--union` names the set that the run was trained on"]
    fate = "left out" if gold.leave_out_leaks else "scored; `--leave-out-leaks` leaves them out"
    by = [f"{sum(leak.by == how for leak in read.leaks):,} by {how}" for how in ("PMID", "text")]
    told = f"- {counted(len(read.leaks), 'document')} in the run's training set"
    if read.leaks:
        told += f" ({', '.join(by)}), {fate}: {names_in_short([leak.document_id for leak in read.leaks])}"
    if not read.same_set:
        told += "; the set at hand is another than it was trained on, of which all parts count that it names"
    return [told]
