"""A hand-written gold standard in each format, and small pieces of more."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from harmonize.pipelines.cli import app

TITLE = "Brolin and kinase AKR in gout."
ABSTRACT = "Brolin lowers AKR. Gout and ache were rare."
TEXT = f"""\
7001|t|{TITLE}
7001|a|{ABSTRACT}
"""
MENTIONS = """\
7001\t0\t6\tBrolin\tChemicalEntity\tD100001
7001\t18\t21\tAKR\tGeneOrGeneProduct\t501
7001\t25\t29\tgout\tDiseaseOrPhenotypicFeature\tD200001
7001\t31\t37\tBrolin\tChemicalEntity\tD100001
7001\t45\t48\tAKR\tGeneOrGeneProduct\t501
7001\t50\t63\tGout and ache\tDiseaseOrPhenotypicFeature\tD200001,D200002
"""
RELATIONS = """\
7001\tNegative_Correlation\tD100001\t501\tNovel
7001\tAssociation\tD200001\tD100001\tNo
"""
PUBTATOR = TEXT + MENTIONS + RELATIONS + "\n"

_ANNOTATIONS = [line.split("\t")[1:] for line in MENTIONS.splitlines()]
_RELATED = [line.split("\t")[1:] for line in RELATIONS.splitlines()]

BIOC_JSON = json.dumps(
    {
        "source": "",
        "date": "",
        "key": "",
        "infons": {},
        "documents": [
            {
                "id": "7001",
                "infons": {},
                "passages": [
                    {
                        "offset": offset,
                        "infons": {"type": kind},
                        "text": text,
                        "annotations": [
                            {
                                "id": str(number),
                                "text": name,
                                "infons": {"type": kind, "identifier": identifier},
                                "locations": [{"offset": int(start), "length": int(end) - int(start)}],
                            }
                            for number, (start, end, name, kind, identifier) in enumerate(_ANNOTATIONS)
                            if (int(start) > len(TITLE)) == (offset > 0)
                        ],
                    }
                    for kind, offset, text in (("title", 0, TITLE), ("abstract", len(TITLE) + 1, ABSTRACT))
                ],
                "relations": [
                    {
                        "id": f"R{number}",
                        "infons": {"entity1": head, "entity2": tail, "type": kind, "novel": novelty},
                        "nodes": [],
                    }
                    for number, (kind, head, tail, novelty) in enumerate(_RELATED)
                ],
            }
        ],
    }
)

_XML_ANNOTATIONS = [
    f'<annotation id="{number}"><infon key="type">{kind}</infon><infon key="identifier">{identifier}</infon>'
    f'<location offset="{start}" length="{int(end) - int(start)}"/><text>{name}</text></annotation>'
    for number, (start, end, name, kind, identifier) in enumerate(_ANNOTATIONS)
]
BIOC_XML = (
    '<?xml version="1.0"?><collection><source/><date/><key/><document><id>7001</id>'
    f'<passage><infon key="type">title</infon><offset>0</offset><text>{TITLE}</text>'
    f"{''.join(_XML_ANNOTATIONS[:3])}</passage>"
    f'<passage><infon key="type">abstract</infon><offset>{len(TITLE) + 1}</offset><text>{ABSTRACT}</text>'
    f"{''.join(_XML_ANNOTATIONS[3:])}</passage>"
    + "".join(
        f'<relation id="R{number}"><infon key="type">{kind}</infon><infon key="novel">{novelty}</infon>'
        f'<node refid="{first}" role="a"/><node refid="{second}" role="b"/></relation>'
        for number, ((kind, _, _, novelty), first, second) in enumerate(
            zip(_RELATED, (0, 2), (4, 3), strict=True)
        )
    )
    + "</document></collection>"
)
"""Its relations name annotations, not concepts."""

PPI = """\
<?xml version="1.0"?>
<corpus source="Small">
  <document id="Small.d0" PMID="7002">
    <sentence id="Small.d0.s0" text="AKR binds BTR, not CUL.">
      <entity id="Small.d0.s0.e0" charOffset="0-2" text="AKR"/>
      <entity id="Small.d0.s0.e1" charOffset="10-12" text="BTR"/>
      <entity id="Small.d0.s0.e2" charOffset="19-21" text="CUL"/>
      <pair id="Small.d0.s0.p0" e1="Small.d0.s0.e0" e2="Small.d0.s0.e1" interaction="True"/>
      <pair id="Small.d0.s0.p1" e1="Small.d0.s0.e0" e2="Small.d0.s0.e2" interaction="False"/>
      <pair id="Small.d0.s0.p2" e1="Small.d0.s0.e1" e2="Small.d0.s0.e2" interaction="False"/>
    </sentence>
  </document>
</corpus>
"""
FORMS = {"a.pubtator": PUBTATOR, "a.json": BIOC_JSON, "a.xml": BIOC_XML}


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="\n")
    return path


def run(*arguments: str | Path, cwd: Path | None = None, code: int = 0) -> Result:
    with chdir(cwd or Path()):
        done = CliRunner().invoke(
            app, [str(each) for each in arguments], env={"COLUMNS": "140"}, catch_exceptions=False
        )
    assert done.exit_code == code, done.output
    return done
