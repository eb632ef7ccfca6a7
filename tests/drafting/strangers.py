"""Six corpora that somebody could have, one in each format that YAML alone reads; all text is invented."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple


class Stranger(NamedTuple):
    """A corpus.

    Attributes:
        files: name -> content.
        decide: what a reader of the files replaces in the drafted mapping, word by word.
        rows: of the built set, and of these related.
    """

    files: Mapping[str, str]
    decide: Mapping[str, str]
    rows: tuple[int, int]


_NAMES = ("Alphacin", "Betalol", "Gammavir", "Deltamab", "Epsilone", "Zetapril")
_GOOD, _BAD = "{drug} relieved {disease} in all patients", "{drug} caused {disease} in some patients"
_NONE = "{drug} was given, and {disease} was not seen"


class Sentence(NamedTuple):
    """A sentence of two entities; `start` is the drug's and `other` the disease's place in it."""

    text: str
    drug: str
    disease: str
    kind: str | None

    @property
    def start(self) -> int:
        return self.text.index(self.drug)

    @property
    def other(self) -> int:
        return self.text.index(self.disease)


def _sentences(diseases: tuple[str, ...]) -> list[Sentence]:
    found = []
    for number, drug in enumerate(_NAMES):
        disease = diseases[number % len(diseases)]
        pattern, kind = ((_GOOD, "heals"), (_BAD, "harms"), (_NONE, None))[number % 3]
        found.append(Sentence(pattern.format(drug=drug, disease=disease), drug, disease, kind))
    return found


_SPLITS = {"train": _sentences(("gout", "ataxia", "asthma")), "test": _sentences(("eczema", "rickets"))}


def _id(number: int, split: str) -> str:
    return str((90_001_000 if split == "train" else 90_002_000) + number)


def _concept(name: str) -> str:
    return f"X:{sum(map(ord, name))}"


def _pubtator(split: str) -> str:
    blocks = []
    for number, one in enumerate(_SPLITS[split]):
        name = _id(number, split)
        lines = [f"{name}|t|{one.text}.", f"{name}|a|"]
        lines += [
            f"{name}\t{start}\t{start + len(word)}\t{word}\t{kind}\t{_concept(word)}"
            for start, word, kind in ((one.start, one.drug, "Drug"), (one.other, one.disease, "Disorder"))
        ]
        if one.kind:
            lines.append(f"{name}\t{one.kind}\t{_concept(one.drug)}\t{_concept(one.disease)}")
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks)


def _bioc(split: str) -> list[dict[str, object]]:
    """The documents; relations name annotations."""
    documents: list[dict[str, object]] = []
    for number, one in enumerate(_SPLITS[split]):
        annotations = [
            {
                "id": name,
                "infons": {"type": kind},
                "text": word,
                "locations": [{"offset": start, "length": len(word)}],
            }
            for name, start, word, kind in (
                ("A", one.start, one.drug, "Chemical"),
                ("B", one.other, one.disease, "Disease"),
            )
        ]
        nodes = [{"refid": "A", "role": "agent"}, {"refid": "B", "role": "theme"}]
        relations = [{"id": "R1", "infons": {"type": one.kind}, "nodes": nodes}] if one.kind else []
        passage = {"offset": 0, "infons": {}, "text": one.text, "annotations": annotations}
        documents.append({"id": _id(number, split), "passages": [passage], "relations": relations})
    return documents


def _bioc_json(split: str) -> str:
    return json.dumps({"source": "", "date": "", "key": "", "infons": {}, "documents": _bioc(split)})


def _bioc_xml(split: str) -> str:
    parts = ["<collection><source/><date/><key/>"]
    for number, one in enumerate(_SPLITS[split]):
        parts.append(f"<document><id>{_id(number, split)}</id><passage><offset>0</offset>")
        parts.append(f"<text>{one.text}</text>")
        for name, start, word, kind in (
            ("A", one.start, one.drug, "Chemical"),
            ("B", one.other, one.disease, "Disease"),
        ):
            parts.append(
                f'<annotation id="{name}"><infon key="type">{kind}</infon>'
                f'<location offset="{start}" length="{len(word)}"/><text>{word}</text></annotation>'
            )
        parts.append("</passage>")
        if one.kind:
            parts.append(
                f'<relation id="R1"><infon key="relation type">{one.kind}</infon>'
                '<node refid="A" role="agent"/><node refid="B" role="theme"/></relation>'
            )
        parts.append("</document>")
    return "".join([*parts, "</collection>\n"])


def _ppi_xml(split: str) -> str:
    parts = ['<corpus source="mine">']
    for number, one in enumerate(_SPLITS[split]):
        name = f"mine.{split}{number}"
        parts.append(f'<document id="{name}" origId="{_id(number, split)}">')
        parts.append(f'<sentence id="{name}.s0" text="{one.text}.">')
        for place, (start, word) in enumerate(((one.start, one.drug), (one.other, one.disease))):
            end = start + len(word)
            parts.append(f'<entity id="{name}.s0.e{place}" charOffset="{start}-{end}" text="{word}"/>')
        if one.kind:
            parts.append(f'<interaction id="{name}.s0.i0" e1="{name}.s0.e0" e2="{name}.s0.e1" type="PPI"/>')
        parts.append("</sentence></document>")
    return "\n".join([*parts, "</corpus>\n"])


def _drugprot(split: str) -> dict[str, str]:
    abstracts, entities, relations = [], [], []
    for number, one in enumerate(_SPLITS[split]):
        name = _id(number, split)
        abstracts.append(f"{name}\tOn drugs.\t{one.text}.\n")
        for place, (start, word, kind) in enumerate(
            ((one.start, one.drug, "CHEMICAL"), (one.other, one.disease, "Disease")), 1
        ):
            start += len("On drugs. ")
            entities.append(f"{name}\tT{place}\t{kind}\t{start}\t{start + len(word)}\t{word}\n")
        if one.kind:
            relations.append(f"{name}\t{one.kind}\tArg1:T1\tArg2:T2\n")
    return {
        f"{split}_entities.tsv": "".join(entities),
        f"{split}_abstracts.tsv": "".join(abstracts),
        f"{split}_relations.tsv": "".join(relations),
    }


def _brat(split: str) -> dict[str, str]:
    files = {}
    for number, one in enumerate(_SPLITS[split]):
        name = f"my_{split}/{_id(number, split)}"
        lines = [
            f"T{place}\t{kind} {start} {start + len(word)}\t{word}"
            for place, (start, word, kind) in enumerate(
                ((one.start, one.drug, "Chemical"), (one.other, one.disease, "Disease")), 1
            )
        ]
        lines += [f"R1\t{one.kind} Arg1:T1 Arg2:T2\t"] if one.kind else []
        files |= {f"{name}.txt": f"{one.text}.\n", f"{name}.ann": "\n".join(lines)}
    return files


def _of(write: Callable[[str], str], suffix: str) -> dict[str, str]:
    return {f"my_{split}.{suffix}": write(split) for split in _SPLITS}


_LABELS = {"heals: DECIDE": "heals: Negative_Correlation", "harms: DECIDE": "harms: Positive_Correlation"}
_ROWS = (2 * len(_NAMES), 2 * len(_NAMES) * 2 // 3)
STRANGERS: dict[str, Stranger] = {
    "pubtator": Stranger(
        _of(_pubtator, "txt"),
        {
            **_LABELS,
            "Disorder: DECIDE": "Disorder: DiseaseOrPhenotypicFeature",
            "pairs: DECIDE": "pairs: [C-D]",
        },
        _ROWS,
    ),
    "bioc-xml": Stranger(_of(_bioc_xml, "xml"), _LABELS, _ROWS),
    "bioc-json": Stranger(_of(_bioc_json, "json"), _LABELS, _ROWS),
    "ppi-xml": Stranger(_of(_ppi_xml, "xml"), {}, _ROWS),
    "drugprot-tsv": Stranger({**_drugprot("train"), **_drugprot("test")}, _LABELS, _ROWS),
    "brat": Stranger({**_brat("train"), **_brat("test")}, _LABELS, _ROWS),
}


def lay_down(form: str, folder: Path) -> list[str]:
    """Write the files of a stranger's corpus; their names or folders', as a command line would have them."""
    for name, content in STRANGERS[form].files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return list(dict.fromkeys(name.partition("/")[0] for name in STRANGERS[form].files))


def decide(form: str, folder: Path) -> None:
    """What a person does to the drafted files: every DECIDE is replaced by what the corpus means."""
    for file in folder.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for asked, decided in STRANGERS[form].decide.items():
            text = text.replace(asked, decided)
        file.write_text(text, encoding="utf-8")
