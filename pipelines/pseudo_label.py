"""harmonize pseudo-label: documents that nobody has annotated -> rows to train on, labelled by a model.

    FILE.parquet    the rows, see harmonize.relation.select.pseudo
    FILE.md, .json  what came in and went out, and of folds what their labels are worth

Each fold's model is asked about the documents that it never saw; so a threshold is judged before anything is
trained on what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize import __version__
from harmonize.errors import HarmonizeError, InputError, UnknownName
from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.account import Account
from harmonize.prediction.reading import Reading
from harmonize.prediction.shard_worker import Work
from harmonize.prediction.tally import Tally
from harmonize.sources.article_files import FilesInput
from harmonize.spec import load_catalogue
from harmonize.writing.replace import check_replaceable_file

from .inputs import (
    SHARDS,
    UNION,
    check_documents,
    check_file,
    check_how,
    input_documents,
    input_kind,
    types_to_read_with,
)
from .predicted import not_trained_on, runs_of
from .reading_losses import SkippedDocuments

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.evaluation.thresholds import ThresholdTable
    from harmonize.prediction.pseudo_labels import Keeping, LabelAccount
    from harmonize.relation.labels import LabelKind
    from harmonize.relation.model.load import AnyClassifier
    from harmonize.relation.recipe import Recipe
    from harmonize.relation.run_files import TrainingRecord

__all__ = ["Labelled", "pseudo_label"]

NOT_CHECKED = (
    "Not checked: one run has no rows that it never saw and gold knows. A folder of folds (`folds: 5`) as "
    "--model tells what the labels of each threshold are worth.\n"
)


@dataclass(frozen=True)
class Labelled:
    """What labelling has come to.

    Attributes:
        reading: what was met in files, before documents were dropped.
        markdown: as FILE.md has it.
        advice: a line where the model was not trained on the corpus that it is asked as.
    """

    out: Path
    account: LabelAccount
    reading: Account
    markdown: str
    advice: str | None


@dataclass(frozen=True)
class _Model:
    """One run: what it is, and where it was made of what."""

    folder: Path
    recipe: Recipe
    record: TrainingRecord
    classifier: AnyClassifier

    @property
    def manifest(self) -> str:
        return self.record.union.manifest_sha256


def pseudo_label(
    model: Path,
    source: FilesInput,
    union: Path,
    out: Path,
    *,
    threshold: float,
    negatives: float | None = None,
    seed: int = 0,
    form: str | None = None,
    as_corpus: str = USUAL_CORPUS,
    strict: bool = False,
    extensions: Sequence[Path] = (),
    types: Path | None = None,
    batch_size: int = 256,
    device: str = "auto",
    precision: str = "auto",
    how: Reading | None = None,
    skip: Callable[[InputError], None] | None = None,
) -> Labelled:
    """Label the pairs of documents that a model is sure of. All folds' models are held at once.

    Args:
        model: a run, or the folder of folds' runs, whose mean is asked.
        source: a file, a folder of files, or several such; or a folder of shards.
        union: the set whose evaluated documents are left out; that of the folds' training.
        out: the file to write, .parquet; replaced at the end, and only if all went well. The two beside it
            are replaced if it holds pseudo-labels.
        threshold, negatives, seed: see harmonize.prediction.pseudo_labels.Keeping.
        form, as_corpus, strict, extensions, types, batch_size, device, precision, how, skip: see
            pipelines.predict.predict.

    Raises:
        HarmonizeError: see harmonize.errors; nothing has then been written.
    """
    from harmonize.evaluation.markdown import thresholds_markdown
    from harmonize.prediction.pseudo_labels import Keeping, LabelAccount, new_documents, write_pseudo_labels
    from harmonize.relation.model.mean import MeanClassifier
    from harmonize.union.known_documents import KnownDocuments, evaluated_documents
    from harmonize.writing.json_files import write_json
    from harmonize.writing.replace import new_path
    from harmonize.writing.text import write_text

    keeping = Keeping(threshold, negatives, seed)
    corpus = load_catalogue(extensions)[as_corpus]
    as_corpus = corpus.key
    kind = _checked_input(source, form, out, as_corpus, extensions)
    evaluated = KnownDocuments(evaluated_documents(union))
    models = _models(model, union, device, precision)
    mean = MeanClassifier([each.classifier for each in models], str(model))
    own = types_to_read_with(types, source, kind)
    how = check_how(source, False, kind, how)
    work = Work(
        mean,
        source,
        out,
        as_corpus,
        types=own,
        extensions=tuple(extensions),
        batch_size=batch_size,
        strict=strict,
        how=how,
    )
    extractor = work.extractor()
    check = _checked(models, union, threshold, mean.kind) if len(models) > 1 else None
    tally, account = Tally(), LabelAccount()
    documents = input_documents(work, kind, extractor.rules, tally, SkippedDocuments(skip))

    said: dict[str, Any] = {}

    def about() -> dict[str, Any]:
        account.documents_in = tally.documents
        account.documents_dropped.update(tally.skipped)
        account.left_out.update(tally.left_out)
        account.check(out)
        Account.of_reading(tally).check_read(source)
        said.update(_about(model, models, mean.kind, as_corpus, keeping), **account.as_dict())
        return said

    out.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        table, record, rows = (files.enter_context(new_path(path)) for path in _written(out))
        found = extractor(new_documents(documents, evaluated, account))
        write_pseudo_labels(found, rows, corpus, mean.kind, keeping, account, about)
        told = NOT_CHECKED
        if check is not None:
            told = _check_said(models, as_corpus) + "\n\n" + thresholds_markdown(check, threshold)
        markdown = f"{_said(out, account, keeping, len(models))}\n\n## Check\n\n{told}"
        content = {**said, "check": None if check is None else check.as_dict()}
        write_json(record, content, escaped=True)
        write_text(table, markdown)
    reading = replace(Account.of_reading(tally), repeated=0)  # which the file tells as dropped
    return Labelled(out, account, reading, markdown, not_trained_on(models[0].folder, as_corpus))


def _written(out: Path) -> tuple[Path, Path, Path]:
    """The table in words, the record and the rows."""
    return out.with_suffix(".md"), out.with_suffix(".json"), out


def _checked_input(
    source: FilesInput, form: str | None, out: Path, as_corpus: str, extensions: Sequence[Path]
) -> str | None:
    """The form of the input, where it is named or shards; what is wrong is told before a model is loaded."""
    from harmonize.relation.select.pseudo import is_pseudo

    known = (*DOCUMENT_FORMS, SHARDS)
    if form is not None and form not in known:
        raise UnknownName("input format", form, known)
    if out.suffix != ".parquet":
        raise HarmonizeError(f"{out}: expected a name that ends in .parquet")
    kind = input_kind(source, form)
    if kind == UNION:
        raise HarmonizeError(f"{source}: expected documents to label, got a union set, which is labelled")
    for path in _written(out):
        check_file(source, path)
        check_replaceable_file(out, "earlier pseudo-labels", is_pseudo)
        if path != out and path.exists() and not is_pseudo(out):
            raise HarmonizeError(f"{path}: expected no file yet, {out.name} holds no pseudo-labels")
    check_documents(source, kind, as_corpus, extensions)
    return kind


def _models(model: Path, union: Path, device: str, precision: str) -> list[_Model]:
    """The run, or those of its folds, loaded.

    Raises:
        HarmonizeError: no run there; or folds of several recipes, or of another set, whose documents the
            models would then not be asked about as if they had never seen them.
    """
    from harmonize.relation.model.load import load_classifier
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE, TrainingRecord
    from harmonize.union.manifest import manifest_hash

    runs = runs_of(model)
    recipes = [load_recipe(run / RECIPE) for run in runs]
    records = [TrainingRecord.read(run) for run in runs]
    if len(runs) > 1:
        if any(recipe.fold is None for recipe in recipes) or (
            len({(recipe.evaluate_on, recipe.folds) for recipe in recipes}) > 1
        ):
            raise HarmonizeError(f"{model}: expected the folds of one recipe")
        own = manifest_hash(union)
        for run, record in zip(runs, records, strict=True):
            if record.union.manifest_sha256 != own:
                raise HarmonizeError(f"{union}: expected the set that {run} was trained on, got another")
    return [
        _Model(run, recipe, record, load_classifier(run, device, precision))
        for run, recipe, record in zip(runs, recipes, records, strict=True)
    ]


def _checked(models: Sequence[_Model], union: Path, threshold: float, labels: LabelKind) -> ThresholdTable:
    """What the labels of each threshold are worth, each model asked about its own fold."""
    import pyarrow as pa

    from harmonize.evaluation.thresholds import THRESHOLDS, threshold_table
    from harmonize.relation.predictions import predicted_rows
    from harmonize.relation.select.rows import rows_to_test

    gold: list[pa.Table] = []
    said: list[pa.Table] = []
    for one in models:
        recipe = one.recipe
        rows = rows_to_test(union, recipe.evaluate_on, recipe.folds, recipe.fold)
        gold.append(rows)
        said.append(
            predicted_rows(one.classifier, rows).select(["instance_id", "label", "related", "confidence"])
        )
    return threshold_table(
        pa.concat_tables(gold).unify_dictionaries(),
        pa.concat_tables([table.replace_schema_metadata(None) for table in said]),
        [*THRESHOLDS, threshold],
        labels=labels,
    )


def _about(
    model: Path, models: Sequence[_Model], labels: str, as_corpus: str, keeping: Keeping
) -> dict[str, Any]:
    """What the file says of itself, without the counts; see harmonize.relation.select.pseudo.PseudoAbout."""
    from harmonize.relation.select.pseudo import PSEUDO_SCHEMA_VERSION

    own = [
        {"recipe": each.recipe.model_dump(mode="json"), "manifest_sha256": each.manifest} for each in models
    ]
    learnt_from = [before for each in models if each.record.pseudo for before in each.record.pseudo.models]
    return {
        "pseudo_schema_version": PSEUDO_SCHEMA_VERSION,
        "package_version": __version__,
        "model": str(model),
        "models": own + [each for place, each in enumerate(learnt_from) if each not in learnt_from[:place]],
        "labels": labels,
        "as_corpus": as_corpus,
        "threshold": keeping.threshold,
        "negatives": keeping.negatives,
        "seed": keeping.seed,
    }


def _said(out: Path, account: LabelAccount, keeping: Keeping, models: int) -> str:
    """What came in and went out, as Markdown."""
    asked = "one model" if models == 1 else f"the mean of {models} models"
    limit = (
        "" if keeping.negatives is None else f", at most {keeping.negatives:g} without relation for each with"
    )
    lines = [
        f"# Pseudo-labels: {out.name}",
        f"Labels of {asked} that are at least {keeping.threshold:g} probable{limit}.",
        "\n".join(
            [
                *_balance(
                    "documents", account.documents_in, account.documents_out, account.documents_dropped
                ),
                *_balance("pairs", account.pairs_in, account.pairs_out, account.pairs_dropped),
                *(f"- {label}: {count:,}" for label, count in sorted(account.relations.items())),
            ]
        ),
    ]
    return "\n\n".join(lines)


def _balance(what: str, came: int, went: int, dropped: Mapping[str, int]) -> Iterator[str]:
    yield f"- {what}: {came:,} in, {went:,} out"
    yield from (f"- {what} dropped: {count:,}, {why}" for why, count in sorted(dropped.items()) if count)


def _check_said(models: Sequence[_Model], as_corpus: str) -> str:
    """What was checked, and what of it does not hold for the file."""
    recipe = models[0].recipe
    missing = (recipe.folds or 0) - len(models)
    return (
        f"Each of {len(models)} models on its own fold of {recipe.evaluate_on}, which it never saw"
        + (f" ({missing} folds are not trained)" if missing else "")
        + ". The file's labels are the mean of all, in documents of another origin, with pairs made as "
        f"{as_corpus}'s: what holds there this table can only suggest."
    )
