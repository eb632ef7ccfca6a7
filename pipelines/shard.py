"""harmonize shard: annotated documents -> Parquet shards, from which many workers predict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError, NothingRead
from harmonize.model import Document
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.account import Account
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.prediction.shard_manifest import ShardManifest, is_shards
from harmonize.prediction.shards import DOCUMENTS_PER_SHARD, write_shards
from harmonize.prediction.tally import Tally
from harmonize.sources.article_files import FilesInput, input_files, input_places
from harmonize.union.schema import DATA, MANIFEST
from harmonize.writing.replace import check_replaceable, followed

from .inputs import check_report, user_types
from .reading_losses import SkippedDocuments, write_report

__all__ = ["shard"]


def shard(
    source: FilesInput,
    out: Path,
    *,
    documents_per_shard: int = DOCUMENTS_PER_SHARD,
    form: str | None = None,
    as_corpus: str = USUAL_CORPUS,
    strict: bool = False,
    extensions: Iterable[Path] = (),
    types: Path | None = None,
    report: Path | None = None,
    how: Reading | None = None,
    account: Account | None = None,
    skip: Callable[[InputError], None] | None = None,
) -> ShardManifest:
    """Write documents as shards. Memory does not grow with their number.

    Args:
        source: a file, a folder of files, or several such.
        out: the folder to write; older shards that stand there are replaced at the end, if all went well.
        form: one of harmonize.formats.article_forms.DOCUMENT_FORMS; each file tells it unless given.
        as_corpus: the mapping that says which types are known and what ids mean.
        strict: the first mention or document that makes no sense is an error; else it is left out, counted.
        extensions: folders with the mappings of further corpora.
        types: a file of types beside harmonize/prediction/entity_types.yaml; see `load_user_types`.
        report: a file that gets all counts as JSON, also where nothing was read.
        how: what is read of full texts, and what offsets count.
        account: gets what was read and what was left out.
        skip: is told of each document passed over; lines on stderr unless given.

    Raises:
        NothingRead: no document could be read; only the report is written then.
        HarmonizeError: see harmonize.errors; nothing has then been written.
    """
    input_files(source)
    _check_out(source, out)
    if report is not None:
        check_report(source, out, report)
    own, tally, skipped = user_types(types), Tally(), SkippedDocuments(skip)
    rules = pair_rules(as_corpus, types=own, extensions=tuple(extensions))
    how = how or Reading()
    documents = read_input(source, form, rules=rules, tally=tally, strict=strict, skip=skipped, how=how)
    try:
        written = write_shards(
            _some(documents, source, tally),
            out,
            as_corpus=rules.corpus.key,
            tally=tally,
            types=own,
            text=how.text,
            documents_per_shard=documents_per_shard,
        )
    except NothingRead:
        if report is not None:
            write_report(report, source, None, Account.of_reading(tally), skipped)
        raise
    read = Account.of_reading(tally)
    if report is not None:
        write_report(report, source, out, read, skipped)
    if account is not None:
        account.update(read)
        account.reading = tally
    return written


def _some(documents: Iterable[Document], source: FilesInput, tally: Tally) -> Iterator[Document]:
    """The documents; raises NothingRead if there were none."""
    yield from documents
    Account.of_reading(tally).check_read(source)


def _check_out(source: FilesInput, out: Path) -> None:
    place = followed(out)
    for each in map(followed, input_places(source)):
        if each == place or each in place.parents or place in each.parents:
            raise HarmonizeError(f"{out}: expected a folder apart from the input")
    check_replaceable(out, "earlier shards", (MANIFEST, DATA) if is_shards(out) else ())
