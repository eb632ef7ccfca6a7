"""Documents as shards and back, and a part of predictions for each shard."""

from __future__ import annotations

import gzip
import json
import tarfile
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_cases import PUBTATOR, SAMPLES, Fake, article, run, written
from shard_cases import UNLUCKY, Failing, articles, files, rows, sharded

from harmonize.errors import AccountingError, HarmonizeError, InputError, MalformedInput, MissingInput
from harmonize.formats.pubtator_forgiving import NO_MENTION
from harmonize.model import Document, Mention, Passage, Relation, Span
from harmonize.pipelines.predict import predict
from harmonize.pipelines.shard import shard
from harmonize.prediction.inputs import MALFORMED, read_input
from harmonize.prediction.shard_manifest import Shard, is_shards, read_shard_manifest
from harmonize.prediction.shard_rows import shard_schema
from harmonize.prediction.shard_worker import REFUSED, Part, Work
from harmonize.prediction.sharded import in_this_process, predict_shards
from harmonize.prediction.shards import read_shard, read_shards, write_shards
from harmonize.prediction.tally import Tally, by_reason

DAMAGED = article(1) + "2|a|Aspirin\n\n" + article(3) + "3\t0\n"
characters = st.characters(exclude_categories=["Cs"])
words = st.text(characters, max_size=6)


def documents_of(folder: Path) -> list[Document]:
    return list(read_shards(folder, read_shard_manifest(folder)))


@st.composite
def spans(draw: st.DrawFn, text: str, most: int = 3) -> tuple[Span, ...]:
    """Parts of the text, in order and apart."""
    places = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2 * most, unique=True))
    places = sorted(places)[: len(places) // 2 * 2]
    return tuple(Span(*places[place : place + 2]) for place in range(0, len(places), 2))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(st.text(characters, min_size=6, max_size=40))
    mentions = []
    for number in range(draw(st.integers(0, 3))):
        parts = draw(spans(text))
        spelled = " ".join(part.of(text) for part in parts)
        names = tuple(draw(st.lists(words, max_size=3)))
        source = draw(st.sampled_from(["gold", "pubtator", "dictionary"]))
        mentions.append(Mention(f"T{number}", draw(words), spelled, parts, names, source))
    return Document(
        id=draw(words),
        split=draw(st.sampled_from(["train", "dev", "test"])),
        text=text,
        passages=tuple(
            Passage(draw(words), span, draw(st.none() | words), draw(st.none() | st.integers(0, 10**6)))
            for span in draw(spans(text))
        ),
        mentions=tuple(mentions),
        relations=tuple(
            draw(st.lists(st.builds(Relation, words, words, words, st.none() | words), max_size=2))
        ),
        pmid=draw(st.none() | words),
        sentences=draw(st.none() | st.just(()) | spans(text)),
    )


# Documents -> shards -> documents


@settings(max_examples=60)
@given(made=st.lists(documents(), max_size=5), size=st.integers(1, 3))
def test_documents_come_back_as_they_were(made: list[Document], size: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "shards"
        manifest = write_shards(
            made, out, as_corpus="biored", tally=Tally(documents=len(made)), documents_per_shard=size
        )
        assert documents_of(out) == made
        assert [one.documents for one in manifest.shards] == [
            len(made[start : start + size]) for start in range(0, len(made), size)
        ]
        assert manifest == read_shard_manifest(out)


@pytest.mark.parametrize("form", SAMPLES)
def test_files_of_every_format_become_shards(tmp_path: Path, form: str) -> None:
    shard(SAMPLES[form], tmp_path / "shards", documents_per_shard=1)
    assert documents_of(tmp_path / "shards") == list(read_input(SAMPLES[form]))


@pytest.mark.parametrize("packed", ["gz", "tar", "folder"])
def test_packed_files_become_shards(tmp_path: Path, packed: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    path = written(source, PUBTATOR)
    if packed == "gz":
        source = tmp_path / "articles.gz"
        source.write_bytes(gzip.compress(path.read_bytes()))
    elif packed == "tar":
        source = tmp_path / "articles.tar"
        with tarfile.open(source, "w") as archive:
            archive.add(path, "articles.PubTator")
    shard(source, tmp_path / "shards")
    assert documents_of(tmp_path / "shards") == list(read_input(path))


def names_in(kind: pa.DataType) -> object:
    if pa.types.is_list(kind):
        return [names_in(kind.value_type)]
    return {field.name: names_in(field.type) for field in kind} if pa.types.is_struct(kind) else str(kind)


def nullable_in(fields: Iterator[pa.Field] | pa.Schema, place: str = "") -> Iterator[str]:
    for field in fields:
        if field.nullable:
            yield place + field.name
        kind = field.type
        if pa.types.is_list(kind):
            yield from nullable_in([kind.value_field], f"{place}{field.name}.")  # type: ignore[arg-type]
        elif pa.types.is_struct(kind):
            yield from nullable_in(iter(kind), f"{place}{field.name}.")


def test_the_columns_are_those_that_the_schema_tells(tmp_path: Path) -> None:
    out = sharded(tmp_path, PUBTATOR)
    found = pq.read_schema(out / "data/part-00000.parquet")
    assert found.remove_metadata() == shard_schema()
    span = {"start": "int32", "end": "int32"}
    assert {field.name: names_in(field.type) for field in found} == {
        **dict.fromkeys(["id", "split", "pmid", "text"], "string"),
        "passages": [{"kind": "string", **span, "section": "string", "offset": "int32"}],
        "mentions": [
            {
                **dict.fromkeys(["id", "type", "text", "source"], "string"),
                "spans": [span],
                "concept_ids": ["string"],
            }
        ],
        "relations": [dict.fromkeys(["head", "tail", "type", "novelty"], "string")],
        "sentences": [span],
        "repeat": "int32",
    }
    assert set(nullable_in(found)) == {
        *("pmid", "sentences", "relations.element.novelty"),
        *("passages.element.section", "passages.element.offset"),
    }
    table = f"{shard_schema.__doc__}"
    assert [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("    | ")][2:] == (
        shard_schema().names
    )
    for row in pq.read_table(out / "data").to_pylist():
        assert all(row[name] is not None for name in row if name not in ("pmid", "sentences"))


def test_the_manifest_counts_and_has_no_times(tmp_path: Path) -> None:
    told: list[InputError] = []
    path = written(tmp_path, DAMAGED + PUBTATOR)
    first = shard(path, tmp_path / "one", documents_per_shard=2, skip=told.append)
    shard(path, tmp_path / "other", documents_per_shard=2, skip=told.append)
    assert files(tmp_path / "one") == files(tmp_path / "other")
    content = json.loads((tmp_path / "one/manifest.json").read_text())
    assert content["documents"] == {"in": 5, "out": 4, "skipped": {MALFORMED: 1}}
    assert (content["shard_schema_version"], content["as_corpus"]) == ("1.1", "biored")
    assert [shard["file"] for shard in content["shards"]] == [
        "data/part-00000.parquet",
        "data/part-00001.parquet",
    ]
    assert len(told) == 2
    assert first.documents.out == 4


def test_shards_are_written_in_flat_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = written(tmp_path, "".join(map(article, range(1, count + 1))), f"{count}.PubTator")
        tracemalloc.start()
        shard(path, tmp_path / str(count), documents_per_shard=10_000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(3_000) < 1.5 * peak(1_000)


def test_a_fault_in_the_input_writes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, DAMAGED)
    with pytest.raises(MalformedInput, match=r"articles\.PubTator:7: expected a title line 2\|t\|"):
        shard(path, tmp_path / "shards", documents_per_shard=1, strict=True)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_documents_that_were_lost_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(AccountingError, match=r"3 documents in, 2 out, 0 skipped"):
        write_shards(
            read_input(written(tmp_path, PUBTATOR)),
            tmp_path / "x",
            as_corpus="biored",
            tally=Tally(documents=3),
        )
    assert not (tmp_path / "x").exists()


def test_half_a_surrogate_pair_is_one_line(tmp_path: Path) -> None:
    made = Document("1", "test", "a\ud800", ())
    with pytest.raises(HarmonizeError, match="expected characters in documents"):
        write_shards([made], tmp_path / "x", as_corpus="biored", tally=Tally(documents=1))


def test_older_shards_are_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    out = sharded(tmp_path, articles(4), 1)
    assert sharded(tmp_path, articles(4), 2) == out
    assert len(list((out / "data").iterdir())) == 2
    path = written(tmp_path / "shards", PUBTATOR)
    with pytest.raises(HarmonizeError, match="expected a folder apart from the input"):
        shard(path, out)
    with pytest.raises(HarmonizeError, match="expected a folder apart from the input"):
        shard(tmp_path, tmp_path / "new")
    (tmp_path / "own").mkdir()
    kept = written(tmp_path / "own", "a file of somebody's")
    for folder in (tmp_path / "own", out):
        with pytest.raises(HarmonizeError, match="expected a new folder or earlier shards, found articles"):
            shard(SAMPLES["pubtator"], folder)
    assert kept.exists()
    assert path.exists()


def break_file(shards: Path) -> None:
    (shards / "data/part-00001.parquet").write_bytes(b"PAR1")


def take_away(shards: Path) -> None:
    (shards / "data/part-00001.parquet").unlink()


def other_version(shards: Path) -> None:
    change(shards, lambda content: content.update(shard_schema_version="9.0"))


def lose_documents(shards: Path) -> None:
    change(shards, lambda content: content["shards"].pop())


def point_outside(shards: Path) -> None:
    change(shards, lambda content: content["shards"][0].update(file="../part-00000.parquet"))


def change(shards: Path, what: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    content = json.loads((shards / "manifest.json").read_text())
    what(content)
    (shards / "manifest.json").write_text(json.dumps(content))


@pytest.mark.parametrize("out", ["out.parquet", "parts"])
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (break_file, "part-00001.parquet: expected the file that manifest.json names, got another"),
        (take_away, "part-00001.parquet: expected a shard, found none"),
        (other_version, "manifest.json: expected shard_schema_version '1.1', got '9.0'"),
        (lose_documents, "manifest.json: expected shards of 4 documents in all"),
        (point_outside, "manifest.json: shards.0.file: expected"),
    ],
)
def test_damaged_shards_are_one_line(
    tmp_path: Path, harm: Callable[[Path], None], message: str, out: str
) -> None:
    shards = sharded(tmp_path, articles(4), 2)
    harm(shards)
    with pytest.raises(InputError) as error:
        predict(Fake(), shards, tmp_path / out)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / out / "manifest.json").exists()
    assert not (tmp_path / "out.parquet").exists()


def test_a_shard_with_other_columns_is_one_line(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(2))
    path = shards / "data/part-00000.parquet"
    pq.write_table(pa.table({"id": ["1"]}), path)
    import hashlib

    entry = Shard(
        file="data/part-00000.parquet",
        documents=1,
        bytes=path.stat().st_size,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    with pytest.raises(MalformedInput, match="expected the columns id, split, pmid"):
        list(read_shard(shards, entry))


# Shards -> one file


@pytest.mark.parametrize("name", ["out.parquet", "out.PubTator", "out.json"])
@pytest.mark.parametrize("as_corpus", ["biored", "bc5cdr"])
def test_shards_are_predicted_as_their_input_is(tmp_path: Path, name: str, as_corpus: str) -> None:
    path = written(tmp_path, PUBTATOR + articles(7))
    shard(path, tmp_path / "shards", documents_per_shard=2, as_corpus=as_corpus)
    assert is_shards(tmp_path / "shards")
    from_shards = predict(Fake(), tmp_path / "shards", tmp_path / f"a{name}", as_corpus=as_corpus)
    from_file = predict(Fake(), path, tmp_path / f"b{name}", as_corpus=as_corpus)
    assert (tmp_path / f"a{name}").read_bytes() == (tmp_path / f"b{name}").read_bytes()
    others = {"out": None, "reading": None}
    assert vars(from_shards) | others == vars(from_file) | others
    assert from_file.relations


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"as_corpus": "bc5cdr"}, "expected documents read as bc5cdr, these were read as biored"),
        ({"engine": "spark"}, "unknown engine 'spark': expected one of local, ray"),
        ({"engine": "ray", "out": "out.parquet"}, "--engine ray: expected a folder of `harmonize shard`"),
        ({"workers": 2}, "--workers and --gpus-per-worker: expected --engine ray"),
        ({"gpus_per_worker": 0.5}, "--workers and --gpus-per-worker: expected --engine ray"),
        ({"corpora": ["biored"]}, "expected a union set"),
        ({"out_format": "bioc-json"}, "parts: expected"),
        ({"out": "shards/parts"}, "expected a file outside the input"),
    ],
)
def test_wishes_that_cannot_be_met_are_one_line(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    shards = sharded(tmp_path, articles(2))
    (tmp_path / "parts").mkdir()
    out = tmp_path / str(arguments.pop("out", "parts"))
    with pytest.raises(HarmonizeError) as error:
        predict(Fake(), shards, out, **arguments)  # type: ignore[arg-type]
    assert message in str(error.value)
    assert not list((tmp_path / "parts").iterdir())


def test_what_is_no_folder_of_shards_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, PUBTATOR)
    with pytest.raises(MissingInput, match=r"expected the folder of `harmonize shard`"):
        predict(Fake(), path, tmp_path / "out.parquet", form="shards")
    with pytest.raises(HarmonizeError, match="--engine ray: expected a folder of `harmonize shard`"):
        predict(Fake(), path, tmp_path / "parts", engine="ray")
    with pytest.raises(HarmonizeError, match="expected a name in"):
        predict(Fake(), path, tmp_path / "parts")


# Shards -> parts


def test_each_shard_becomes_a_part(tmp_path: Path) -> None:
    shards = sharded(tmp_path, PUBTATOR + articles(7), 2)
    done: list[int] = []
    summary = predict(Fake(), shards, tmp_path / "parts", progress=done.append)
    predict(Fake(), shards, tmp_path / "whole.parquet")
    whole = pq.ParquetFile(tmp_path / "whole.parquet")
    assert rows(tmp_path / "parts") == whole.read().to_pylist()
    assert set(files(tmp_path / "parts")) == {
        "plan.json",
        "manifest.json",
        *(f"data/part-{number:05}.parquet" for number in range(5)),
    }
    for part in (tmp_path / "parts/data").iterdir():
        assert pq.read_schema(part) == whole.schema_arrow
        assert pq.read_schema(part).metadata == whole.schema_arrow.metadata
    assert done == [2, 4, 6, 8, 9]
    content = json.loads((tmp_path / "parts/manifest.json").read_text())
    assert content["documents"] == {"in": 9, "out": 9, "skipped": {}, "repeated": 0}
    assert content["mentions"] == {"in": summary.mentions_in, "out": summary.mentions_out}
    assert content["pairs"] == summary.pairs == whole.metadata.num_rows
    assert content["relations"] == dict(summary.relations)
    assert content["left_out"] == by_reason(summary.left_out) != {}
    assert [part["rows"] for part in content["parts"]] == [
        pq.read_metadata(tmp_path / "parts" / part["file"]).num_rows for part in content["parts"]
    ]


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(7))
    for name in ("one", "other"):
        predict(Fake(), shards, tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "other")


class Recorded:
    """The engine of this process, which tells what it was asked for and may stop after some shards."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.asked: list[str] = []
        self.stop_after = stop_after

    def __call__(self, work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
        self.asked = [shard.file for shard in shards]
        for number, part in enumerate(in_this_process(work, shards)):
            yield part
            if number + 1 == self.stop_after:
                raise HarmonizeError("the power was cut")


def test_only_what_is_missing_is_done_again(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(7), 2)
    predict_shards(Work(Fake(), shards, tmp_path / "whole"))
    work, engine = Work(Fake(), shards, tmp_path / "parts"), Recorded(stop_after=2)
    with pytest.raises(HarmonizeError, match="the power was cut"):
        predict_shards(work, engine)
    assert set(files(work.out)) == {"plan.json", *(f"data/part-0000{number}.parquet" for number in range(2))}
    times = {path: path.stat().st_mtime_ns for path in (work.out / "data").iterdir()}
    (work.out / ".working" / "left by a killed worker").mkdir(parents=True)
    (work.out / ".working" / "part-00003.parquet.tries").write_bytes(b"...")
    engine, done = Recorded(), list[int]()
    predict_shards(work, engine, progress=done.append)
    assert engine.asked == ["data/part-00002.parquet", "data/part-00003.parquet"]
    assert done == [4, 6, 7]
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert files(work.out) == files(tmp_path / "whole")
    assert not (work.out / ".working").exists()
    engine = Recorded()
    predict_shards(work, engine)
    assert engine.asked == []
    assert files(work.out) == files(tmp_path / "whole")


def test_broken_and_foreign_parts_are_done_again(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(8), 2)
    work = Work(Fake(), shards, tmp_path / "parts")
    predict_shards(work)
    whole = files(work.out)
    parts = sorted((work.out / "data").iterdir())
    parts[0].write_bytes(parts[0].read_bytes()[:100])
    parts[1].write_bytes(parts[2].read_bytes())
    pq.write_table(pa.table({"id": ["1"]}), parts[3])
    engine = Recorded()
    predict_shards(work, engine)
    assert engine.asked == [f"data/{part.name}" for part in (parts[0], parts[1], parts[3])]
    assert files(work.out) == whole


def test_there_is_no_manifest_while_a_part_is_missing(tmp_path: Path) -> None:
    work = Work(Fake(), sharded(tmp_path, articles(4), 2), tmp_path / "parts")
    predict_shards(work)
    (work.out / "data/part-00001.parquet").unlink()
    with pytest.raises(HarmonizeError, match="power"):
        predict_shards(work, Recorded(stop_after=1))
    assert not (work.out / "manifest.json").exists()


def test_an_engine_that_forgets_a_shard_is_noticed(tmp_path: Path) -> None:
    work = Work(Fake(), sharded(tmp_path, articles(4), 2), tmp_path / "parts")
    with pytest.raises(AccountingError, match=r"got none for data/part-00001\.parquet"):
        predict_shards(work, lambda work, shards: in_this_process(work, shards[:1]))
    assert not (work.out / "manifest.json").exists()


def test_the_parts_of_another_plan_are_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "parts"
    predict(Fake(), sharded(tmp_path, articles(4)), out)
    before = files(out)
    with pytest.raises(HarmonizeError, match=r"parts of another plan stand here \(other input\)"):
        predict(Fake(), sharded(tmp_path, articles(5), name="more"), out)
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    with pytest.raises(HarmonizeError, match=r"parts of another plan stand here \(other model\)"):
        predict(model, tmp_path / "shards", out)
    other = sharded_as(tmp_path, "bc5cdr")
    with pytest.raises(HarmonizeError, match=r"another plan stand here \(other input, as_corpus, rules\)"):
        predict(Fake(), other, out, as_corpus="bc5cdr")
    assert files(out) == before
    (tmp_path / "own").mkdir()
    written(tmp_path / "own", "a file of somebody's")
    with pytest.raises(
        HarmonizeError, match=r"expected a new folder, or one with a plan\.json to go on with"
    ):
        predict(Fake(), tmp_path / "shards", tmp_path / "own")


def sharded_as(folder: Path, as_corpus: str) -> Path:
    shard(written(folder, articles(4)), folder / as_corpus, as_corpus=as_corpus)
    return folder / as_corpus


def test_a_plan_without_parts_may_change(tmp_path: Path) -> None:
    shards, model = sharded(tmp_path, articles(4)), tmp_path / "model"
    with pytest.raises(MissingInput, match="model: expected a run of `harmonize train`, found none"):
        predict(model, shards, tmp_path / "parts")
    model.mkdir()
    with pytest.raises(HarmonizeError, match=r"expected a run of `harmonize train`, found no prompt\.json"):
        predict(model, shards, tmp_path / "parts")
    assert predict(Fake(), shards, tmp_path / "parts").documents_out == 4


def test_the_card_of_a_model_is_not_of_the_plan(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (tmp_path / "parts").mkdir()  # a folder that was there stays, with the plan that came to nothing
    plans = []
    for name, text in (("README.md", "card"), ("README.md", "scores"), ("prompt.json", "{}")):
        (model / name).write_text(text)
        with pytest.raises(HarmonizeError):
            predict(model, sharded(tmp_path, articles(1)), tmp_path / "parts")
        plans.append(json.loads((tmp_path / "parts/plan.json").read_text())["model"])
    assert plans[0] == plans[1] != plans[2]
    assert list(plans[2]) == ["config.json", "prompt.json"]


def test_two_runs_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    work = Work(Fake(), sharded(tmp_path, articles(2)), tmp_path / "parts")

    def engine(work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
        with pytest.raises(HarmonizeError, match="another prediction is at work here"):
            predict_shards(work)
        return in_this_process(work, shards)

    assert predict_shards(work, engine).documents_out == 2


# Documents that no prediction can be made of


def test_a_fault_stops_a_strict_run_and_finished_parts_stay(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(6, unlucky=4), 2)
    with pytest.raises(HarmonizeError, match=r"shards/data/part-00001\.parquet: a pair that the classifier"):
        predict(Failing(), shards, tmp_path / "parts", strict=True)
    assert set(files(tmp_path / "parts")) == {"plan.json", "data/part-00000.parquet"}
    mended = predict(Fake(), shards, tmp_path / "parts")
    assert (mended.documents_in, mended.documents_out) == (6, 6)


def test_what_fails_is_passed_over_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shards = sharded(tmp_path, articles(6, unlucky=4), 2)
    summary = predict(Failing(), shards, tmp_path / "parts")
    assert (summary.documents_in, summary.documents_out, summary.skipped) == (6, 5, {REFUSED: 1})
    assert {row["document_id"] for row in rows(tmp_path / "parts")} == set("12356")
    content = json.loads((tmp_path / "parts/manifest.json").read_text())
    assert content["documents"] == {"in": 6, "out": 5, "skipped": {REFUSED: 1}, "repeated": 0}
    message = capsys.readouterr().err
    assert message.startswith(f"skipped: {shards}/data/part-00001.parquet: document 4: a pair that")
    assert message.count("\n") == 1
    again = predict(Failing(), shards, tmp_path / "parts")
    assert vars(again) == vars(summary)
    assert capsys.readouterr().err == ""
    with pytest.raises(HarmonizeError, match="a pair that the classifier"):
        predict(Failing(), shards, tmp_path / "parts", strict=True)
    assert not (tmp_path / "parts/manifest.json").exists()


# On the command line


def test_the_command_tells_what_it_has_written(tmp_path: Path) -> None:
    written(tmp_path, DAMAGED + PUBTATOR)
    done = run(
        "shard", "articles.PubTator", "--out", "shards", "--documents", 2, "--keep-going", cwd=tmp_path
    )
    assert done.stdout == "4 documents in 2 shards: shards\n"
    assert done.stderr.splitlines()[1:] == [
        f"skipped: 1 of 5 documents: {MALFORMED} 1",
        f"left out: 1 of 19 mentions: {NO_MENTION} 1 (no type 1)",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shard", "none", "--out", "x"], "none: expected a file or a folder with files, found none"),
        (["shard", "bad.PubTator", "--out", "x", "--strict"], "bad.PubTator:7: expected a title line 2|t|"),
        (["shard", "bad.PubTator", "--out", "x", "--format", "pdf"], "unknown input format 'pdf'"),
        (["shard", "bad.PubTator", "--out", "x", "--as-corpus", "medline"], "unknown corpus 'medline'"),
        (["predict", "shards", "--model", "none", "--out", "x"], "none: expected a run of `harmonize train`"),
    ],
)
def test_faults_are_one_line_and_leave_with_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    written(tmp_path, DAMAGED, "bad.PubTator")
    sharded(tmp_path, articles(2))
    done = run(*arguments, cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_the_unlucky_article_is_one_of_the_others_but_for_its_chemical() -> None:
    assert articles(3, unlucky=2).replace(UNLUCKY, "Aspirin") == articles(3)


def test_what_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(2))
    (tmp_path / "model").mkdir()
    with pytest.raises(HarmonizeError, match=r"found no prompt\.json"):
        predict(tmp_path / "model", shards, tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("out", ["parts", "rows.parquet"])
def test_a_broken_manifest_is_told_by_its_name(tmp_path: Path, out: str) -> None:
    shards = sharded(tmp_path, articles(2))
    (shards / "manifest.json").write_text("{\n", encoding="utf-8")
    with pytest.raises(HarmonizeError, match=r"shards/manifest\.json:") as error:
        predict(Fake(), shards, tmp_path / out)
    assert "\n" not in str(error.value)
    assert not (tmp_path / out).exists()
