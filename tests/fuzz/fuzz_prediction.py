"""What prediction reads, as the fuzzer calls it: new documents, leniently and strictly; a user's types."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from fuzz_mutations import Files
from fuzz_seeds import dump_seeds, zipped

from harmonize.errors import AccountingError, HarmonizeError
from harmonize.formats.spelling import is_form
from harmonize.model import Span
from harmonize.prediction.account import Account
from harmonize.prediction.entity_types import load_entity_types, load_user_types
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.reading import Reading
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
_SENTENCES = """\
<?xml version="1.0"?><collection><source>tool</source><document><id>9001</id>
<passage><infon key="type">title</infon><offset>0</offset>
<sentence><offset>0</offset><text>Ombrel soothes</text>
<annotation id="0"><infon key="type">Chemical</infon><infon key="concept_id">D800001</infon>
<location offset="0" length="6"/><text>Ombrel</text></annotation></sentence>
<sentence><offset>16</offset><text>\N{MOUSE FACE}\u03b2 colic</text></sentence></passage>
<passage><infon key="type">paragraph</infon><offset>30</offset><text>IL-1\u03b2 rose.</text></passage>
<annotation id="1"><infon key="type">Disease</infon><infon key="MESH">D003085</infon>
<location offset="19" length="5"/><text>colic</text></annotation>
<annotation id="2"><infon key="type">Gene</infon><infon key="NCBI Gene">3553</infon>
<location offset="30" length="5"/><text>IL-1b</text></annotation></document></collection>
"""
_PPI = """\
<?xml version="1.0"?><corpus source="tool"><document id="d0"><sentence id="s0" text="KRA holds TPB.">
<entity id="e0" charOffset="0-2" type="protein" text="KRA"/>
<entity id="e1" charOffset="10-12" type="pm0100001" text="TPB"/>
<entity id="e2" charOffset="0-2,10-12" type="protein" text="KRA TPB"/>
<pair id="p0" e1="e0" e2="e1" interaction="True"/></sentence></document></corpus>
"""
_SECTIONS = [
    ("TITLE", "front", "Ombrel soothes"), ("ABSTRACT", "abstract", "Ombrel and \N{MOUSE FACE} TRPV1."),
    ("INTRO", "title_1", "TRPV1"), ("RESULTS", "paragraph", "TRPV1 binds Ombrel."),
    ("TABLE", "table", "Ombrel\tTRPV1"), ("REF", "ref", "On Ombrel."),
]  # fmt: skip
_OTHERWISE = (("paragraphs", "utf16"), ("all", "bytes"))
_SMALL = 200_000  # bytes
_TYPES = b"Remedy: Chemical\nComplaint: DiseaseOrPhenotypicFeature\nLabAnimal: null\nChange: snp\n"


@cache
def _rules() -> PairRules:
    return pair_rules()


def new_documents(folder: Path) -> None:
    """Read leniently, with each document and mention counted; then strictly; what is small otherwise too."""
    [path] = [path for path in folder.iterdir() if path.is_file()]
    tally = _read(path, Reading())
    strict = Tally()
    try:
        for _ in read_input(path, rules=_rules(), tally=strict, strict=True):
            pass
    except HarmonizeError:
        return
    else:
        if tally.skipped or strict.skipped:
            raise AccountingError(f"{path}: documents were skipped that strict reading does not refuse")
    finally:
        # Some megabytes of titles are ten thousands of documents, a second's work each time.
        for text, unit in _OTHERWISE if path.stat().st_size < _SMALL else ():
            _read(path, Reading.named(text, unit))


def _read(path: Path, how: Reading) -> Tally:
    """Read leniently, with each document and mention counted."""
    tally, documents, mentions = Tally(), 0, 0
    try:
        for document in read_input(path, rules=_rules(), tally=tally, how=how):
            documents += 1
            mentions += len(document.mentions)
            _rules().candidates(document)
    finally:
        account = Account.of_reading(tally)
        account.check(path)
        if (account.documents_out, account.mentions_out) != (documents, mentions):
            raise AccountingError(f"{path}: {account.documents_out} documents read, {documents} handed out")
    return tally


def input_seeds(_: Path | None) -> list[Files]:
    odd = [{"a.txt": _ODD.encode()}, {"a.txt": f"{_ODD}\n".encode()}]
    shapes = {"a.xml": _SENTENCES.encode(), "b.xml": _PPI.encode(), "c.json": _full_text()}
    packed = [{"a.zip": zipped(shapes)}, {"a.gz": gzip.compress(zipped(shapes), 1, mtime=0)}]
    return [*odd, *odd, *({name: data} for name, data in shapes.items()), *packed, *dump_seeds()]


def _full_text() -> bytes:
    """A collection in a list, as PMC's service gives it."""
    passages, offset = [], 0
    for section, kind, text in _SECTIONS:
        places = {name: offset + text.find(name) for name in ("Ombrel", "TRPV1") if name in text}
        annotations = [
            {
                "infons": {"type": "Chemical" if name == "Ombrel" else "Gene", "identifier": name},
                "text": name,
                "locations": [{"offset": place, "length": len(name)}],
            }
            for name, place in places.items()
        ]
        infons = {"section_type": section, "type": kind}
        passages.append({"infons": infons, "offset": offset, "text": text, "annotations": annotations})
        offset += len(text) + 1
    return json.dumps([{"source": "PMC", "documents": [{"id": "PMC9", "passages": passages}]}]).encode()


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
