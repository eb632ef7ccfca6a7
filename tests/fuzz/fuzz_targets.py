"""Every reader of bytes from outside, as the fuzzer calls it: a folder in, nothing or an exception out."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import requests
import urllib3
import yaml
from fuzz_mutations import Files
from fuzz_pmid_input import article_seeds, articles, list_seeds, lists
from fuzz_prediction import form_seeds, forms, input_seeds, new_documents, type_seeds, user_types
from fuzz_seeds import catalogue, corpus_seeds, dump_seeds, golden, learning_dialect, pieces, sample, zipped
from urllib3 import HTTPResponse

import harmonize
from harmonize.errors import HarmonizeError, InvalidDocument
from harmonize.formats import (
    bioc,
    bioc_articles,
    brat,
    ddi_xml,
    disgenet_tables,
    drugprot_tsv,
    pharmgkb_tsv,
    ppi_xml,
    pubmed_xml,
    pubtator,
    sentences,
    triple_tsv,
)
from harmonize.formats.bioc_gold import GoldReading, gold_document, has_text
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.lines import numbered_lines
from harmonize.formats.pubtator_articles import read_forgivingly
from harmonize.formats.pubtator_record import split_ids, variant_genes
from harmonize.formats.tables import named_columns
from harmonize.ledger import READ, DroppedItem, Ledger
from harmonize.model import Document, Relation
from harmonize.pipelines.build import build
from harmonize.pipelines.pubtator import PubTatorDump
from harmonize.registry import adapter, sample_folder
from harmonize.rules.adjust import adjust
from harmonize.rules.nary import nary_instances
from harmonize.sources import pubtator3
from harmonize.sources.archive import files_below, split_location
from harmonize.sources.article_files import iter_articles
from harmonize.sources.http import Patience
from harmonize.sources.source import Source
from harmonize.spec import Corpus, load_catalogue
from harmonize.union.documents import read_documents
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import read_manifest, split_counts
from harmonize.union.nary import NaryRows
from harmonize.union.rows import record_batch
from harmonize.union.schema import DOCUMENTS, LEAKS

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        seeds: good inputs, given a mirror of the real corpora or None.
        read: reads everything there is in a folder that holds an input.
        share: of the inputs, relative to the others: less for readers that take long.
        fixed: files that are not damaged.
    """

    name: str
    seeds: Callable[[Path | None], list[Files]]
    read: Callable[[Path], None]
    share: float = 1.0
    fixed: frozenset[str] = frozenset()


def _only(folder: Path) -> Path:
    """The one file of an input."""
    [path] = [path for path in folder.iterdir() if path.is_file()]
    return path


def _consume(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def _unheard(article: str, mention: pubtator.PubTatorMention, reason: str) -> None:
    """A handler for misfits."""


# Formats


def _golden_input(*kinds: str) -> Callable[[Path | None], list[Files]]:
    """The golden cases of formats with one input file."""

    def seeds(_: Path | None) -> list[Files]:
        return [files for kind in kinds for files in golden(kind) if len(files) == 1]

    return seeds


def _with_samples(kind: str, name: str, *samples: str) -> Callable[[Path | None], list[Files]]:
    def seeds(_: Path | None) -> list[Files]:
        cut = [piece for file in samples for piece in pieces(name, sample(file))]
        return [{name: data} for files in golden(kind) for data in files.values()] + [{name: d} for d in cut]

    return seeds


def _split_ids(_: str, raw: str | None) -> tuple[str, ...]:
    return split_ids(raw, ";,|")


def _pubtator_strict(folder: Path) -> None:
    for record in pubtator.read(_only(folder)):
        pubtator.document(record, "train", _split_ids)


def _pubtator_misfit(folder: Path) -> None:
    path = _only(folder)
    _consume(pubtator.read(path, misfit=_unheard, ids={"90000001", "90000021", "1"}))
    for record in pubtator.read(path, misfit=_unheard):
        for mention in record.mentions:
            variant_genes(mention.id or "")
        if record.text:
            pubtator.document(record, "train", _split_ids, source="pubtator")


def _pubtator_forgiving(folder: Path) -> None:
    for record in read_forgivingly(_only(folder), _unheard):
        if record.text:
            pubtator.document(record, "train", _split_ids)


def _bioc(folder: Path) -> None:
    path = _only(folder)
    for record in bioc.read(path):
        bioc.annotation_count(record)
        identifier = record.id

        def mention(annotation: Any, document: str = identifier) -> tuple[str, tuple[str, ...]]:
            return bioc.infon(annotation, "type", path, document), ()

        def relation(annotated: Any, document: str = identifier) -> Relation:
            return Relation("a", "b", bioc.infon(annotated, "type", path, document))

        bioc.document(record, path, "train", mention, relation)


def _bioc_gold(folder: Path) -> None:
    path = _only(folder)
    for number, record in enumerate(bioc.read(path)):
        if has_text(record):
            gold_document(record, path, "train", GoldReading(_split_ids, bool(number % 2), ","))


def _bioc_articles(folder: Path) -> None:
    path = _only(folder)
    read = bioc_articles.json_articles if path.suffix == ".json" else bioc_articles.xml_articles
    for pmids, misfit in ((None, _unheard), ({"90000001", "90000011"}, None)):
        with path.open("rb") as file:
            _consume(read(file, str(path), pmids, misfit))


def _bioc_article_seeds(suffix: str) -> Callable[[Path | None], list[Files]]:
    def seeds(_: Path | None) -> list[Files]:
        return [files for files in dump_seeds() if f"a.{suffix}" in files]

    return seeds


def _json_stream(folder: Path) -> None:
    with _only(folder).open("rb") as file:
        _consume(JsonStream(io.BufferedReader(file), "a.json").documents())


def _ddi(folder: Path) -> None:
    path = _only(folder)
    sentences.document(ddi_xml.read(path.read_bytes(), str(path)), "train", None)


def _ppi(folder: Path) -> None:
    for misfit in (_unheard, None):
        for record in ppi_xml.read(_only(folder), misfit):
            sentences.document(record, "train", record.orig_id)


def _ppi_seeds(_: Path | None) -> list[Files]:
    files = _with_samples("ppi_xml", "a.xml", "aimed/AIMed-train.xml", "hprd50/HPRD50-train.xml")(None)
    learning = [{"a.xml": learning_dialect(seed["a.xml"])} for seed in files if b'="1' in seed["a.xml"]]
    return [*files, *learning]


def _drugprot(folder: Path) -> None:
    abstracts, entities, relations = (
        folder / f"{each}.tsv" for each in ("abstracts", "entities", "relations")
    )
    _consume(drugprot_tsv.read_any(abstracts, entities, relations, misfit=_unheard))
    _consume(drugprot_tsv.read(abstracts, entities, relations))


def _drugprot_seeds(_: Path | None) -> list[Files]:
    return golden("drugprot_tsv")


def _brat(folder: Path) -> None:
    texts, annotations = (files_below(folder, ".", suffix) for suffix in (".txt", ".ann"))
    for number, (name, record, _) in enumerate(brat.read(texts, annotations)):
        if has_text(record):
            path = Path(name or "none")
            gold_document(record, path, "train", GoldReading(_split_ids, bool(number % 2), ","))


def _brat_seeds(_: Path | None) -> list[Files]:
    text = "Aspirin and fever.\nIt relieves \U0001f42d β-fever.\n\nA last paragraph."
    lines = (
        "T1\tDrug 0 7\tAspirin\nT2\tDisorder 12 17\tfever\nT3\tDrug 0 7;12 17\tAspirin fever\n"
        "R1\theals Arg1:T1 Arg2:T2\t\nE1\tBinding:T1 Theme:T2 Cause:E2\nN1\tReference T1 MESH:D1\tA\n"
        "A1\tNegated T1\n#1\tAnnotatorNotes T1\tnote\n*\tEquiv T1 T2\n"
    )
    whole = {"a.txt": text.encode(), "a.ann": lines.encode()}
    return [whole, {**whole, "b.txt": b"One line.", "b.ann": b""}]


def _annotations(folder: Path) -> None:
    for row in pharmgkb_tsv.annotations(_only(folder)):
        pharmgkb_tsv.curated_rows(row)


def _pharmgkb_seeds(*samples: str) -> Callable[[Path | None], list[Files]]:
    return _with_samples("pharmgkb_tsv", "input.tsv", *(f"pharmgkb/{name}" for name in samples))


def _network_seeds(_: Path | None) -> list[Files]:
    names = [disgenet_tables.NETWORK, disgenet_tables.GENES, disgenet_tables.DISEASES]
    whole = {name: sample(f"disgenet/v7_sample/{name}") for name in names}
    return [whole, *(files for files in golden("disgenet_tables") if len(files) == 3)]


def _associations(folder: Path) -> None:
    _consume(disgenet_tables.associations(_only(folder)))


def _genes(folder: Path) -> None:
    path = _only(folder)
    disgenet_tables.gene_symbols(path)
    disgenet_tables.gene_names(path)


def _diseases(folder: Path) -> None:
    path = _only(folder)
    disgenet_tables.disease_mesh(path)
    disgenet_tables.disease_synonyms(path)


def _disgenet_seeds(name: str) -> Callable[[Path | None], list[Files]]:
    def seeds(_: Path | None) -> list[Files]:
        singles = [files for files in golden("disgenet_tables") if len(files) == 1]
        return [{"input.tsv": sample(f"disgenet/{name}")}, *singles]

    return seeds


def _pubmed_seeds(_: Path | None) -> list[Files]:
    files = _with_samples("pubmed_xml", "a.xml", "pharmgkb/abstracts_xml/all_abstracts_0.xml")(None)
    return [*files, {"a.xml": sample("emu/abstracts_xml/abstracts.xml")}]


def _pubmed_folder_seeds(_: Path | None) -> list[Files]:
    names = ("all_abstracts_0.xml", "all_abstracts_1.xml")
    folders = [files for files in golden("pubmed_xml") if len(files) > 1]
    return [{name: sample(f"pharmgkb/abstracts_xml/{name}") for name in names}, *folders]


def _tables(folder: Path) -> None:
    path = _only(folder)
    _consume(named_columns(path, numbered_lines(path), ("PMID", "gene"), {"Literature Id": "PMID"}))


def _tables_seeds(_: Path | None) -> list[Files]:
    tables = [sample("emu/emu_triples.tsv"), sample("pharmgkb/var_drug_ann.tsv"), b"PMID\tgene\n1\tA\n"]
    return [{"a.tsv": data} for data in tables]


def _archive(folder: Path) -> None:
    for _ in files_below(folder, "a.zip!/C/Train", ".xml"):
        pass


def _archive_seeds(_: Path | None) -> list[Files]:
    members = {f"C/Train/{number}.xml": b"<a>%d</a>" % number * 20 for number in range(3)}
    return [{"a.zip": zipped(members)}, {"a.zip": zipped({**members, "C/Test/α.xml": b"<b/>"})}]


# Dumps and the service


def _dumps(folder: Path) -> None:
    path = _only(folder)
    _consume(iter_articles(path, misfit=_unheard))
    _consume(iter_articles(path, {"90000001", "90000011"}))


def _service(kind: pubtator3.Format) -> Callable[[Path], None]:
    """The client, given an answer whose body and headers are the input's."""

    def read(folder: Path) -> None:
        body, lines = (
            (folder / f"answer.{_SERVICE[kind]}").read_bytes(),
            (folder / "headers.txt").read_bytes(),
        )
        status, *headers = lines.decode("latin-1").split("\n")

        def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            pairs = [tuple(line.split(": ", 1)) for line in headers if ": " in line]
            code = int(status) if status in ("200", "400", "404", "429", "503") else 200
            try:
                raw = HTTPResponse(io.BytesIO(body), pairs, code, preload_content=False)
            except urllib3.exceptions.InvalidHeader as error:  # as requests' own adapter does
                raise requests.exceptions.InvalidHeader(error) from None
            return requests.adapters.HTTPAdapter.build_response(self, request, raw)

        with ExitStack() as stack:
            stack.enter_context(patch.object(requests.adapters.HTTPAdapter, "send", send))
            client = stack.enter_context(
                pubtator3.PubTator3(
                    folder / "cache",
                    format=kind,
                    pace=pubtator3.Pace(clock=_stopped),
                    patience=Patience(1, sleep=lambda _: None),
                )
            )
            for _ in range(2):
                _consume(client.articles(["90000011", "90000012", "7"]))

    return read


_SERVICE = {"pubtator": "txt", "biocxml": "xml"}


def _stopped() -> float:
    return 0.0


def _service_seeds(kind: str) -> Callable[[Path | None], list[Files]]:
    def seeds(_: Path | None) -> list[Files]:
        name = f"answer.{_SERVICE[kind]}"
        found = []
        for files in dump_seeds():
            data = files.get(f"a.{_SERVICE[kind]}")
            if data is None:
                continue
            for headers in (
                f"200\nContent-Length: {len(data)}\nContent-Type: text/plain\n",
                "200\nTransfer-Encoding: chunked\n",
                "200\nContent-Type: text/plain; charset=utf-8\n",
                "429\nRetry-After: 7\n",
                "503\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\nDate: Wed, 21 Oct 2026 07:27:00 GMT\n",
            ):
                found.append({name: data, "headers.txt": headers.encode()})
        return found

    return seeds


# Mappings, the union set


@cache
def _packaged_yaml() -> dict[str, Any]:
    """The package's own mappings, which would else be parsed again for every input."""
    texts = [path.read_text(encoding="utf-8") for path in catalogue()["biored"].path.parent.glob("*.yaml")]
    return {text: yaml.safe_load(text) for text in texts}


def _catalogue(folder: Path) -> None:
    known, load = _packaged_yaml(), yaml.safe_load
    with patch.object(yaml, "safe_load", lambda text: known[text] if text in known else load(text)):
        load_catalogue([folder])


def _catalogue_seeds(_: Path | None) -> list[Files]:
    folder = catalogue()["biored"].path.parent
    tables = (folder / name for name in ("table2.yaml", "further.yaml"))
    table = [line for file in tables for line in file.read_text(encoding="utf-8").splitlines(keepends=True)]
    seeds = []
    for key in catalogue().corpora:
        row = next(line for line in table if line.startswith(f"{key}:"))
        spec = (folder / f"{key}.yaml").read_bytes()
        seeds.append({"table2.yaml": row.replace(f"{key}:", "tenth:").encode(), "tenth.yaml": spec})
    return seeds


def _manifest(folder: Path) -> None:
    manifest = read_manifest(folder)
    _consume(split_counts(manifest))


@cache
def _sample_set() -> Files:
    """The files of a union set of three small corpora."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "union"
        build(out, sample_folder(), corpora=["hprd50", "bc5cdr"])
        return {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file() and path.name != "dropped.tsv"
        }


def _manifest_seeds(_: Path | None) -> list[Files]:
    return [{"manifest.json": _sample_set()["manifest.json"]}]


def _union(folder: Path) -> None:
    harmonize.load_union(folder)
    harmonize.load_union(folder, corpora=["hprd50"], splits=["train"], columns=["text", "corpus"])


def _union_seeds(_: Path | None) -> list[Files]:
    """Sets of one partition, as built and with columns of other types; the manifest has the file's hash."""
    whole = _sample_set()
    manifest = json.loads(whole["manifest.json"])
    part = manifest["corpora"]["hprd50"]["splits"]["train"]
    data = whole[part["file"]]
    manifest["corpora"] = {"hprd50": {**manifest["corpora"]["hprd50"], "splits": {"train": part}}}
    seeds = []
    for variant in (data, *_other_tables(data)):
        part |= {"bytes": len(variant), "sha256": hashlib.sha256(variant).hexdigest()}
        seeds.append({"manifest.json": json.dumps(manifest).encode(), part["file"]: variant})
    return seeds


def _other_tables(data: bytes) -> Iterator[bytes]:
    """The table of a Parquet file without a column, and with a column of another type."""
    table = pq.read_table(io.BytesIO(data))
    others = [pa.nulls(table.num_rows), pa.array([1.5] * table.num_rows), pa.array([[None]] * table.num_rows)]
    others += [pa.array([2**40] * table.num_rows), pa.array([b"\xff"] * table.num_rows)]
    for number, name in enumerate(table.schema.names):
        column = others[number % len(others)]
        yield _parquet(table.set_column(number, name, column))
        if number % 5 == 0:
            yield _parquet(table.drop_columns([name]))
            yield _parquet(table.append_column(name, column))
    yield _parquet(table.slice(0, 0))
    yield _parquet(pa.table({"a": [1]}))


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _beside(name: str) -> Callable[[Path | None], list[Files]]:
    """A file of the set besides its rows, as built and with columns of other types."""

    def seeds(_: Path | None) -> list[Files]:
        data = _sample_set()[name]
        return [{name: variant} for variant in (data, *_other_tables(data))]

    return seeds


# Adapters, end to end


class _Dropped:
    """The listing of dropped items, as a build writes it."""

    def __call__(self, item: DroppedItem) -> None:
        drop = item.drop
        fields = (item.split, item.step, drop.unit, drop.reason, item.document_id, drop.item)
        "\t".join(" ".join(field.split()) for field in fields).encode()


def _end_to_end(key: str, variant: str, *, annotated: bool = False) -> Callable[[Path], None]:
    """Files -> adapter -> rules -> rows, as a build does it for one corpus."""

    def read(folder: Path) -> None:
        corpus = _with_splits_there(catalogue()[key], variant, folder / key)
        ledger = Ledger(_Dropped())
        dump = PubTatorDump(folder / "dump.txt") if annotated else None
        source = Source(corpus, variant, folder / key, ledger, dump)
        seen: set[str] = set()
        for document in adapter(key, catalogue())(source):
            if document.id in seen:
                raise InvalidDocument(f"document {document.id}: stands twice")
            seen.add(document.id)
            _adjusted(document, corpus, ledger)
        ledger.check()
        for split in source.splits():
            json.dumps(ledger.as_dict(split), ensure_ascii=False).encode()

    return read


def _adjusted(document: Document, corpus: Corpus, ledger: Ledger) -> None:
    for unit, count in (
        ("documents", 1),
        ("mentions", len(document.mentions)),
        ("relations", len(document.relations) + len(document.nary)),
    ):
        ledger.leave(document.split, READ, unit, count)  # type: ignore[arg-type]
    document.text.casefold().encode()  # what looks for repeated documents hashes
    if corpus.spec.nary:
        NaryRows(corpus, document.split).add(document, nary_instances(document, corpus, ledger))
        return
    instances = adjust(document, corpus, ledger)
    if instances:
        record_batch(corpus.key, document, instances)


def _with_splits_there(corpus: Corpus, variant: str, root: Path) -> Corpus:
    """The corpus with those splits only whose files an input has."""
    sources = {
        split: names
        for split, names in corpus.spec.sources[variant].items()
        if (root / split_location(names[0])[0]).exists()
    }
    return replace(corpus, spec=corpus.spec.model_copy(update={"sources": {variant: sources}}))


def _annotated_seeds(key: str, variant: str) -> Callable[[Path | None], list[Files]]:
    """A table, its texts, and PubTator's annotation of them."""

    def seeds(mirror: Path | None) -> list[Files]:
        dump = sample(
            {
                "emu": "emu/PCa_db_novel_51.PubTator",
                "pharmgkb": "pharmgkb/biorex/PharmGKB.PubTator",
                "disgenet": "disgenet/biorex/DisGeNET.PubTator",
            }[key]
        )
        return [{**files, "dump.txt": dump} for files in corpus_seeds(key, variant, mirror)]

    return seeds


def _build(key: str, variant: str) -> Callable[[Path], None]:
    """A whole build of one corpus."""

    def read(folder: Path) -> None:
        with patch("harmonize.pipelines.build.load_catalogue", lambda *_: catalogue()):
            build(folder / "out", folder, corpora=[key], sources={key: variant})

    return read


def _build_seeds(key: str, variant: str) -> Callable[[Path | None], list[Files]]:
    def seeds(mirror: Path | None) -> list[Files]:
        whole: Files = {}
        for files in reversed(corpus_seeds(key, variant, None)):
            whole |= files
        return [{**whole, **files} for files in corpus_seeds(key, variant, mirror)]

    return seeds


def _readable(
    seeds: Callable[[Path | None], list[Files]], read: Callable[[Path], None]
) -> Callable[..., list[Files]]:
    """Those of the seeds that the reader reads: a golden case may have types that a corpus lacks."""

    def is_read(files: Files) -> bool:
        with tempfile.TemporaryDirectory() as name:
            for file, data in files.items():
                (Path(name) / file).parent.mkdir(parents=True, exist_ok=True)
                (Path(name) / file).write_bytes(data)
            try:
                read(Path(name))
            except HarmonizeError:
                return False
        return True

    return lambda mirror: [files for files in seeds(mirror) if is_read(files)]


def _adapter_targets() -> Iterator[Target]:
    for key, corpus in catalogue().corpora.items():
        for variant in corpus.spec.sources:
            share = 0.35 if corpus.rules.a != "a1" and variant != "biorex" else 0.8
            read = _end_to_end(key, variant)
            seeds = _readable(partial(corpus_seeds, key, variant), read)
            yield Target(f"adapter {key}/{variant}", seeds, read, share)
            if variant in ("native", "relationships", "export") and (key, variant) != ("disgenet", "native"):
                read = _end_to_end(key, variant, annotated=True)
                yield Target(f"adapter {key}/{variant} annotated", _annotated_seeds(key, variant), read, 0.2)
    for key, variant in (
        ("bc5cdr", "pubtator"),
        ("biored", "bioc-json"),
        ("ddi", "zip"),
        ("hprd50", "unified"),
    ):
        read = _build(key, variant)
        yield Target(f"build {key}/{variant}", _readable(_build_seeds(key, variant), read), read, 0.1)


def _targets() -> Iterator[Target]:
    corpora = ("biored/Dev.PubTator", "bc5cdr/CDR_TestSet.PubTator.txt", "disgenet/biorex/DisGeNET.PubTator")
    texts = _with_samples("pubtator", "a.PubTator", *corpora, "emu/BCa_db_novel_128.PubTator")
    yield Target("pubtator strict", texts, _pubtator_strict, 4)
    yield Target("pubtator misfit", texts, _pubtator_misfit, 4)
    yield Target("pubtator forgiving", texts, _pubtator_forgiving, 2)
    xml = _with_samples("bioc_xml", "a.xml", "biored/Dev.BioC.XML", "bc5cdr/CDR_TestSet.BioC.xml")
    yield Target("bioc xml", xml, _bioc, 4)
    yield Target("bioc json", _with_samples("bioc_json", "a.json", "biored/Dev.BioC.JSON"), _bioc, 4)
    yield Target("bioc gold xml", xml, _bioc_gold, 2)
    yield Target("bioc gold json", _bioc_article_seeds("json"), _bioc_gold, 2)
    yield Target("bioc_articles xml", _bioc_article_seeds("xml"), _bioc_articles, 4)
    yield Target("bioc_articles json", _bioc_article_seeds("json"), _bioc_articles, 4)
    yield Target("json_stream", _bioc_article_seeds("json"), _json_stream, 3)
    ddi = ("Train/DrugBank/Phenytoin_ddi.xml", "Train/MedLine/90000041.xml")
    yield Target("ddi_xml", _with_samples("ddi_xml", "a.xml", *(f"ddi/DDICorpus/{f}" for f in ddi)), _ddi, 4)
    yield Target("ppi_xml", _ppi_seeds, _ppi, 4)
    yield Target("drugprot_tsv", _drugprot_seeds, _drugprot, 4)
    yield Target("brat", _brat_seeds, _brat, 2)
    yield Target("pharmgkb_tsv annotations", _pharmgkb_seeds("var_drug_ann.tsv"), _annotations, 3)
    yield Target(
        "pharmgkb_tsv relationships",
        _pharmgkb_seeds("relationships.tsv"),
        lambda folder: _consume(pharmgkb_tsv.relationships(_only(folder))),
        3,
    )
    yield Target(
        "pharmgkb_tsv chemicals",
        _pharmgkb_seeds("chemicals/chemicals.tsv", "drugs/drugs.tsv"),
        lambda folder: _consume(iter(pharmgkb_tsv.chemicals(_only(folder)))),
        3,
    )
    yield Target("disgenet network", _network_seeds, lambda f: _consume(disgenet_tables.network(f)), 3)
    yield Target(
        "disgenet associations", _disgenet_seeds("all_gene_disease_pmid_associations.tsv"), _associations, 3
    )
    yield Target("disgenet genes", _disgenet_seeds("geneAttributes.tsv"), _genes, 3)
    yield Target("disgenet diseases", _disgenet_seeds("disease_mappings.tsv"), _diseases, 3)
    triples = _with_samples("triple_tsv", "a.tsv", "emu/emu_triples.tsv")
    yield Target("triple_tsv", triples, lambda folder: _consume(triple_tsv.read(_only(folder))), 3)
    for name, seeds, weight in (("file", _pubmed_seeds, 3), ("folder", _pubmed_folder_seeds, 2)):
        yield Target(f"pubmed_xml {name}", seeds, lambda f: _consume(pubmed_xml.read_folder(f)), weight)
    yield Target("tables", _tables_seeds, _tables, 3)
    yield Target("archive zip", _archive_seeds, _archive, 3)
    yield Target("annotations dumps", lambda _: dump_seeds(), _dumps, 4)
    yield Target("prediction documents", input_seeds, new_documents, 6)
    yield Target("prediction types", type_seeds, user_types, 1)
    yield Target("prediction forms", form_seeds, forms, 2)
    yield Target("prediction pmids", list_seeds, lists, 1)
    yield Target("prediction articles", article_seeds, articles, 2)
    for kind in ("pubtator", "biocxml"):
        yield Target(f"pubtator3 {kind}", _service_seeds(kind), _service(kind), 0.4)  # type: ignore[arg-type]
    yield Target("mappings", _catalogue_seeds, _catalogue, 0.5)
    yield Target("manifest", _manifest_seeds, _manifest, 2)
    yield Target("union parquet", _union_seeds, _union, 0.7)
    yield Target("union documents", _beside(DOCUMENTS), lambda f: _consume(read_documents(f)), 0.7)
    yield Target("union leaks", _beside(LEAKS), lambda f: _consume(iter(read_repeats(f))), 0.7)
    yield from _adapter_targets()


TARGETS = {target.name: target for target in _targets()}
