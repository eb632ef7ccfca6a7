"""harmonize predict: annotated documents -> pairs -> classifier -> the documents with their relations."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harmonize.errors import AccountingError, HarmonizeError, InputError, UnionError, UnknownName
from harmonize.prediction.extractor import DocumentRelations, PairClassifier, RelationExtractor
from harmonize.prediction.inputs import Tally, read_input
from harmonize.prediction.outputs import output_form, write_predictions
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.union_input import is_union, read_union, union_corpora
from harmonize.sources.annotations import ARTICLE_FORMS, input_files
from harmonize.text.sentences import RULE_BASED
from harmonize.union.schema import MANIFEST

__all__ = ["INPUT_FORMS", "Summary", "predict"]

UNION = "union"
INPUT_FORMS = (*ARTICLE_FORMS, UNION)


@dataclass
class Summary:
    """What a prediction read and wrote; documents_in = documents_out + skipped.

    Attributes:
        out: the file.
        documents_in: met in the input.
        documents_out: written; in Parquet those without pairs have no row.
        skipped: documents left out, by reason.
        left_out: mentions of the documents written that are in no pair, by reason.
        pairs: that the classifier was asked about.
        relations: predicted, by label.
    """

    out: Path
    documents_in: int = 0
    documents_out: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    relations: Counter[str] = field(default_factory=Counter)


def print_skipped(fault: InputError) -> None:
    """A line on stderr."""
    print(f"skipped: {fault}", file=sys.stderr)


def predict(
    model: Path | str | PairClassifier,
    source: Path,
    out: Path,
    *,
    form: str | None = None,
    out_format: str | None = None,
    as_corpus: str = "biored",
    keep_going: bool = False,
    batch_size: int = 256,
    device: str = "auto",
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
    extensions: Iterable[Path] = (),
    entity_types: Path | None = None,
    splitter: str = RULE_BASED,
    skip: Callable[[InputError], None] = print_skipped,
    progress: Callable[[int], None] = lambda documents: None,
) -> Summary:
    """Predict the relations of documents. Memory does not grow with their number.

    Args:
        model: the classifier's folder, or a classifier.
        source: a file, a folder of files, or a union set, whose rows are the pairs.
        out: the file to write; one that stands there is replaced at the end, and only if all went well.
        form: one of INPUT_FORMS; the input tells it unless given.
        out_format: one of outputs.OUTPUT_FORMS; the name of `out` tells it unless given.
        as_corpus: the mapping whose rules make the pairs; a union set's rows have their own.
        keep_going: report documents that cannot be read, and go on with the next one.
        batch_size: pairs that the classifier is asked about at once.
        device: "auto", or a device as torch names it.
        corpora, splits: the part of a union set, all unless given.
        extensions: folders with the mappings of further corpora.
        entity_types: a file in the place of harmonize/prediction/entity_types.yaml.
        splitter: for rules by sentence, see harmonize.text.sentences.
        skip: is told of each document passed over; a line on stderr unless given.
        progress: is told how many documents are done.

    Raises:
        HarmonizeError: see harmonize.errors; nothing has then been written.
    """
    if form is not None and form not in INPUT_FORMS:
        raise UnknownName("input format", form, INPUT_FORMS)
    written_as = output_form(out, out_format)
    _check_out(source, out)
    corpora, splits = _listed(corpora), _listed(splits)
    from_union = form == UNION or (form is None and is_union(source))
    if from_union:
        if not is_union(source):
            raise UnionError(f"{source}: expected the folder of a union set, found no {MANIFEST} in it")
        _check_union(source, written_as, corpora, splits)
    elif corpora is not None or splits is not None:
        raise HarmonizeError(f"{source}: expected a union set, only such has corpora and splits to choose")
    else:
        input_files(source)  # a missing one is told before the classifier is loaded
    rules = pair_rules(as_corpus, entity_types=entity_types, extensions=tuple(extensions), splitter=splitter)
    if isinstance(model, Path | str):
        extractor = RelationExtractor.from_pretrained(model, device, rules=rules, batch_size=batch_size)
    else:
        extractor = RelationExtractor(model, rules=rules, batch_size=batch_size)
    tally, summary = Tally(), Summary(out)
    if from_union:
        found = extractor.answered(read_union(source, corpora=corpora, splits=splits, tally=tally))
    else:
        documents = read_input(source, form, rules=rules, tally=tally, skip=skip if keep_going else None)
        found = extractor(documents)
    checked = _counted(found, tally, summary, progress)
    write_predictions(checked, out, written_as, labels=extractor.labels)
    return summary


def _listed(names: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _check_out(source: Path, out: Path) -> None:
    if out.is_dir():
        raise HarmonizeError(f"{out}: expected a file, got a folder")
    if out.exists() and source.exists() and out.samefile(source):
        raise HarmonizeError(f"{out}: expected another file than the input")
    if source.is_dir() and source.resolve() in out.resolve().parents:
        raise HarmonizeError(f"{out}: expected a file outside the input")


def _check_union(
    folder: Path, written_as: str, corpora: Iterable[str] | None, splits: Iterable[str] | None
) -> None:
    wanted = union_corpora(folder, corpora, splits)
    if not wanted:
        raise HarmonizeError(f"{folder}: expected rows of the wanted corpora and splits, found none")
    if written_as != "parquet" and len(wanted) > 1:
        raise HarmonizeError(
            f"{folder}: expected one corpus for {written_as}, since document ids are unique in a corpus "
            f"only, got {', '.join(wanted)}; parquet holds several"
        )


def _counted(
    found: Iterable[DocumentRelations], tally: Tally, summary: Summary, progress: Callable[[int], None]
) -> Iterator[DocumentRelations]:
    """Count what goes by; the balance is struck before the file takes its place."""
    for one in found:
        summary.documents_out += 1
        summary.pairs += len(one.pairs)
        summary.relations.update(pair.label for pair in one.relations)
        summary.left_out.update(one.left_out)
        progress(summary.documents_out)
        yield one
    summary.documents_in, summary.skipped = tally.documents, tally.skipped
    summary.left_out.update(tally.left_out)
    if summary.documents_in != summary.documents_out + summary.skipped.total():
        raise AccountingError(
            f"{summary.out}: {summary.documents_in} documents in, {summary.documents_out} out, "
            f"{summary.skipped.total()} skipped"
        )
