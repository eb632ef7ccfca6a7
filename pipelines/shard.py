"""harmonize shard: annotated documents -> Parquet shards, from which many workers predict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.shards import DOCUMENTS_PER_SHARD, ShardManifest, is_shards, write_shards
from harmonize.prediction.tally import Tally
from harmonize.sources.annotations import input_files

from .predict import print_skipped

__all__ = ["shard"]


def shard(
    source: Path,
    out: Path,
    *,
    documents_per_shard: int = DOCUMENTS_PER_SHARD,
    form: str | None = None,
    as_corpus: str = "biored",
    keep_going: bool = False,
    extensions: Iterable[Path] = (),
    entity_types: Path | None = None,
    skip: Callable[[InputError], None] = print_skipped,
) -> ShardManifest:
    """Write documents as shards. Memory does not grow with their number.

    Args:
        source: a file, or a folder of files.
        out: the folder to write; older shards that stand there are replaced at the end, if all went well.
        form: one of harmonize.sources.annotations.ARTICLE_FORMS; each file tells it unless given.
        as_corpus: the mapping that says which types are known and what ids mean.
        keep_going: report documents that cannot be read, and go on with the next one.
        extensions: folders with the mappings of further corpora.
        entity_types: a file in the place of harmonize/prediction/entity_types.yaml.
        skip: is told of each document passed over; a line on stderr unless given.

    Raises:
        HarmonizeError: see harmonize.errors; nothing has then been written.
    """
    input_files(source)
    _check_out(source, out)
    rules, tally = pair_rules(as_corpus, entity_types=entity_types, extensions=tuple(extensions)), Tally()
    documents = read_input(source, form, rules=rules, tally=tally, skip=skip if keep_going else None)
    return write_shards(
        documents, out, as_corpus=as_corpus, tally=tally, documents_per_shard=documents_per_shard
    )


def _check_out(source: Path, out: Path) -> None:
    if out.exists() and not is_shards(out) and not (out.is_dir() and not any(out.iterdir())):
        raise HarmonizeError(f"{out}: expected a new folder, or one of shards to replace")
    one, other = source.resolve(), out.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise HarmonizeError(f"{out}: expected a folder apart from the input")
