"""What prediction reads, as the fuzzer calls it: new documents, leniently and strictly; a user's types."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fuzz_mutations import Files
from fuzz_seeds import dump_seeds

from harmonize.errors import AccountingError, HarmonizeError
from harmonize.formats.spelling import is_form
from harmonize.model import Span
from harmonize.prediction.account import Account
from harmonize.prediction.entity_types import load_entity_types, load_user_types
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.tally import Tally
from harmonize.spec import load_catalogue

__all__ = ["form_seeds", "forms", "input_seeds", "new_documents", "type_seeds", "user_types"]

_ODD = """\
9001|title|Ombrel soothes colic
9001|abstract|In rats ombrel raised IL-1β and TRPV1.
  9001\t0\t6\tOmbrel\tChemical\tD800001+D800002
9001\t15\t20\tCOLIC\tSpecificDisease
9001\t43\t48\tIL-1b\tGene\t3553(Tax:9606)
9001\t53\t58\tTRPV1\tProteinMutation\ttmVar:p|SUB|V|600|E;HGVS:p.V600E;RS#:113488022

9001\tAssociation\tD800001\t3553\t0.9\tyes
9001\t0\t6\tOmbrel\tUnheardOf\t-
9002|t|Nothing is named.
9002|a|
9002\t500\t503\tcut\tDisease\tD1\tmore\tand more
9001|t|Ombrel again.
9001\t0\t6\tOmbrel\tDrug\tD800001"""
_TYPES = b"Remedy: Chemical\nComplaint: DiseaseOrPhenotypicFeature\nLabAnimal: null\nChange: snp\n"


@cache
def _rules() -> PairRules:
    return pair_rules()


def new_documents(folder: Path) -> None:
    """Read leniently, with each document and mention counted; then strictly."""
    [path] = [path for path in folder.iterdir() if path.is_file()]
    tally, documents, mentions = Tally(), 0, 0
    try:
        for document in read_input(path, rules=_rules(), tally=tally):
            documents += 1
            mentions += len(document.mentions)
            _rules().candidates(document)
    finally:
        account = Account.of_reading(tally)
        account.check(path)
        if (account.documents_out, account.mentions_out) != (documents, mentions):
            raise AccountingError(f"{path}: {account.documents_out} documents read, {documents} handed out")
    strict = Tally()
    try:
        for _ in read_input(path, rules=_rules(), tally=strict, strict=True):
            pass
    except HarmonizeError:
        return
    if tally.skipped or strict.skipped:
        raise AccountingError(f"{path}: documents were skipped that strict reading does not refuse")


def input_seeds(_: Path | None) -> list[Files]:
    odd = [{"a.txt": _ODD.encode()}, {"a.txt": f"{_ODD}\n".encode()}]
    return [*odd, *odd, *dump_seeds()]


def user_types(folder: Path) -> None:
    load_user_types(folder / "types.yaml", load_entity_types(), load_catalogue())


def type_seeds(_: Path | None) -> list[Files]:
    return [{"types.yaml": _TYPES}, {"types.yaml": b"{}\n"}]


def forms(folder: Path) -> None:
    """Ask whether the first half of a file is a form of the second; a refusal has to come now and then."""
    text = (folder / "a.txt").read_bytes().decode(errors="replace")
    middle = len(text) // 2
    for length in (middle, 5, 900):
        is_form(text[:length], Span(middle, middle + length), text)
    if "\0" in text:
        raise HarmonizeError("no text")


def form_seeds(_: Path | None) -> list[Files]:
    names = ["IL-1βIL-1b", "heme ironheme and nonheme iron", "θηθηθηθηθηtheththehhththe", "ﬁbrosis FIBROSIS"]
    return [{"a.txt": name.encode()} for name in names] + [{"a.txt": b"no\0text"}]
