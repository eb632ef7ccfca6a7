"""Lists of PMIDs, and dumps in which their articles are looked for, as the fuzzer calls them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fuzz_mutations import Files
from fuzz_seeds import dump_seeds

from harmonize.errors import AccountingError
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.pmid_input import AskedArticles, read_asked
from harmonize.prediction.pmids import PmidList, read_pmids
from harmonize.prediction.tally import Tally

__all__ = ["article_seeds", "articles", "list_seeds", "lists"]

_ASKED = PmidList(("90000003", "1", "90000002", "90000051", "90000004"))
_LISTS = (b"90000003\n90000002\n", b"\xef\xbb\xbf1\r\n\r\n# none\r\n22 # two\r\n1\r\n", b"123456789")


@cache
def _rules() -> PairRules:
    return pair_rules()


def lists(folder: Path) -> None:
    """Read a list; each article stands in it once."""
    [path] = [path for path in folder.iterdir() if path.is_file()]
    asked = read_pmids(str(path))
    if len(set(asked.pmids)) != len(asked.pmids) or not set(asked.repeated) <= set(asked.pmids):
        raise AccountingError(f"{path}: expected each article once")


def list_seeds(_: Path | None) -> list[Files]:
    return [{"a.txt": content} for content in _LISTS]


def articles(folder: Path) -> None:
    """Look for articles, leniently and strictly; each is handed out, in the order asked, or skipped."""
    [path] = [path for path in folder.iterdir() if path.is_file()]
    for strict in (False, True):
        tally, skipped = Tally(), list[object]()
        found = read_asked(
            AskedArticles(_ASKED, path), None, rules=_rules(), tally=tally, strict=strict, skip=skipped.append
        )
        ids = [document.id for document in found]
        if ids != [pmid for pmid in _ASKED.pmids if pmid in ids]:
            raise AccountingError(f"{path}: articles in another order than asked: {ids}")
        if len(ids) + len(skipped) != tally.documents or tally.documents != len(_ASKED.pmids):
            raise AccountingError(f"{path}: {len(ids)} articles read, {tally.documents} counted")


def article_seeds(_: Path | None) -> list[Files]:
    return dump_seeds()
