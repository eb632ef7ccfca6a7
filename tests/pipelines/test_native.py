"""Corpora from their own tables, through the whole build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import harmonize
from harmonize.formats import pubmed_xml, pubtator
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.pipelines.build import build
from harmonize.pipelines.pubtator import PubTatorDump, PubTatorService, given
from harmonize.registry import sample_folder

NATIVE = ["emu", "pharmgkb", "disgenet"]


def build_native(out: Path, dump: Path | None = None) -> list[dict[str, object]]:
    build(
        out,
        sample_folder(),
        corpora=NATIVE,
        sources=dict.fromkeys(NATIVE, "native"),
        pubtator=None if dump is None else PubTatorDump(dump),
    )
    return harmonize.load_union(out).to_pylist()


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """The sample's articles, with the first CYP2C9 of each and no other mention."""
    records = []
    for article in pubmed_xml.read_folder(sample_folder() / "pharmgkb" / "abstracts_xml"):
        text = f"{article.title} {article.abstract or ''}"
        at = text.find("CYP2C9")
        genes = [PubTatorMention(at, at + 6, "CYP2C9", "Gene", "1559", None, 0)] if at >= 0 else []
        records.append(PubTatorRecord(article.pmid, article.title, article.abstract, tuple(genes), (), 0))
    path = tmp_path / "dump.PubTator"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        pubtator.write(records, file)
    return path


def test_every_native_source_gives_instances_without_annotation(tmp_path: Path) -> None:
    rows = build_native(tmp_path / "union")
    assert {row["corpus"] for row in rows} == set(NATIVE)
    assert {row["span_source"] for row in rows} == {"dictionary"}
    assert {row["relation"] for row in rows} == {"Association"}
    manifest = json.loads((tmp_path / "union/manifest.json").read_text())
    assert manifest["pubtator"] is None
    # What explains the counts of BioREx's release explains none of these.
    for corpus in NATIVE:
        assert manifest["corpora"][corpus]["published"]["why"].startswith("taken from ")


def test_pubtator_s_spans_come_first_and_the_manifest_names_the_dump(tmp_path: Path, dump: Path) -> None:
    plain = {row["instance_id"]: row for row in build_native(tmp_path / "plain")}
    rows = build_native(tmp_path / "annotated", dump)
    # PubTator has the gene once, so the dictionary does not add the other places where it would find it.
    of_the_gene = [row for row in rows if row["tail_id"] == "1559"]
    assert len(of_the_gene) == 1
    assert of_the_gene[0]["span_source"] == "dictionary", "the drug's, the less certain of the pair's"
    assert len([row for row in plain.values() if row["tail_id"] == "1559"]) > 1
    others = [row for row in rows if row["tail_id"] != "1559"]
    assert others == [row for row in plain.values() if row["tail_id"] != "1559"]
    described = json.loads((tmp_path / "annotated/manifest.json").read_text())["pubtator"]
    assert list(described["files"]) == ["dump.PubTator"]
    assert described["articles"] > 0
    assert described["misfits"] == {}


def test_files_of_a_dump_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for name in ("p/part.txt", "q/part.txt", "q/.DS_Store"):
        path = tmp_path / "dump" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.parent.name}|t|A title.\n\n")
    assert list(PubTatorDump(tmp_path / "dump").described()["files"]) == ["p/part.txt", "q/part.txt"]


def test_two_native_builds_are_equal(tmp_path: Path, dump: Path) -> None:
    assert build_native(tmp_path / "one", dump) == build_native(tmp_path / "two", dump)


def test_what_the_option_names(tmp_path: Path, dump: Path) -> None:
    assert given(None, None) is None
    assert isinstance(given(str(dump), None), PubTatorDump)
    service = given("api", tmp_path)
    assert isinstance(service, PubTatorService)
    assert service.described()["articles"] == 0
    assert (tmp_path / "pubtator3").is_dir()
