"""An adapted encoder: what it holds, that it has learned, and that stopping changes nothing."""

from __future__ import annotations

import math
from contextlib import chdir
from pathlib import Path

import pytest
import torch
from adaptation_cases import PUBTATOR, SMALL, lines, record, small, written
from offset_encoders import LONGEST, offset_encoder
from stopped_trainings import Stop, StopAt, weights
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer
from typer.testing import CliRunner, Result

from harmonize.adaptation.adapt import Sources, adapt
from harmonize.adaptation.settings import Settings
from harmonize.errors import HarmonizeError
from harmonize.pipelines.cli import app
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import load_recipe
from harmonize.relation.train.training import train

pytestmark = pytest.mark.xdist_group("adaptation runs")  # they share their runs


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return Sources((written(tmp_path_factory.mktemp("texts") / "texts.txt", lines()),))


@pytest.fixture(scope="module")
def adapted(sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a head that learns alone, and so every phase."""
    return adapt(sources, small(head_steps=6), tmp_path_factory.mktemp("adapted") / "encoder", device="cpu")


def stopped_and_resumed(
    sources: Sources, settings: Settings, out: Path, *stops: StopAt
) -> tuple[Path, list[int]]:
    """An adaptation that each of `stops` interrupts, and how many steps each attempt took."""
    for stop in stops:
        with pytest.raises(Stop):
            adapt(sources, settings, out, device="cpu", callbacks=[stop])
        assert not out.exists()
    last = StopAt()
    adapt(sources, settings, out, device="cpu", callbacks=[last])
    return out, [stop.done for stop in (*stops, last)]


def run(*arguments: str | Path, cwd: Path | None = None, code: int = 0) -> Result:
    with chdir(cwd or Path()):
        done = CliRunner().invoke(
            app, [str(each) for each in arguments], env={"COLUMNS": "140"}, catch_exceptions=False
        )
    assert done.exit_code == code, done.output
    return done


def test_an_adapted_encoder_holds_what_it_says(adapted: Path) -> None:
    assert {path.name for path in adapted.iterdir()} == {
        *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        "adaptation.json",
    }
    assert [path.name for path in adapted.parent.iterdir()] == ["encoder"]
    modes = {path.stat().st_mode & 0o777 for path in adapted.iterdir()}
    assert len(modes) == 1
    found = record(adapted)
    assert found["texts"] == {"in": 60, "trained": 52, "held_out": 8, "dropped": {}}
    assert found["steps"] == {"head": 6, "all": 12}
    assert found["output"] == "made here"
    assert found["inputs"]["texts"][0]["file"] == "texts.txt"
    assert [step for step, _ in found["losses"]["all"]] == list(range(1, 13))
    assert Settings.model_validate(found["settings"]) == small(head_steps=6)


def test_perplexity_on_texts_never_read_falls(adapted: Path) -> None:
    before, head_alone, after = record(adapted)["perplexity"].values()
    assert before == pytest.approx(len(AutoTokenizer.from_pretrained(adapted)), rel=0.2)
    assert after < head_alone < before
    assert after < before / 3


def test_an_adapted_encoder_is_an_encoder(adapted: Path, sample_union: Path, tmp_path: Path) -> None:
    model = AutoModelForMaskedLM.from_pretrained(adapted)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    for head in HEADS.values():
        encoder = load_encoder(str(adapted), head, ("yes", "no"), {"GeneOrGeneProduct": "G"}, list)
        own = encoder.model().get_input_embeddings().weight
        taken = model.get_input_embeddings().weight
        assert torch.equal(own[: len(taken)], taken)
    values = {"encoder": str(adapted), "epochs": 0.1, "max_length": 128, "development": None}
    trained = train(sample_union, load_recipe("original", values), tmp_path / "run", device="cpu")
    assert load_recipe(trained / "recipe.yaml").encoder == str(adapted)


def test_weights_that_no_masked_word_needs_stay(sources: Sources, adapted: Path, tmp_path: Path) -> None:
    """BERT's pooler, which the classifier takes; and an output that was there is not made anew."""
    bare = AutoModel.from_pretrained(adapted)
    for folder, model in (("bare", bare), ("whole", AutoModelForMaskedLM.from_pretrained(adapted))):
        model.save_pretrained(tmp_path / folder)
        AutoTokenizer.from_pretrained(adapted).save_pretrained(tmp_path / folder)
    out = adapt(sources, small(encoder=str(tmp_path / "bare"), max_steps=2), tmp_path / "out", device="cpu")
    again, loading = AutoModel.from_pretrained(out, output_loading_info=True)
    assert not loading["missing_keys"]
    assert torch.equal(again.pooler.dense.weight, bare.pooler.dense.weight)
    assert not torch.equal(again.embeddings.word_embeddings.weight, bare.embeddings.word_embeddings.weight)
    assert record(out)["output"] == "made here"
    own = adapt(sources, small(encoder=str(tmp_path / "whole"), max_steps=1), tmp_path / "own", device="cpu")
    assert record(own)["output"] == "the encoder's own"
    # It goes on where the other ended: the same held-out rows, the same masks.
    assert record(own)["perplexity"]["before"] == pytest.approx(record(adapted)["perplexity"]["after"])


@pytest.mark.parametrize("kind", ["mpnet", "roberta"])
def test_an_encoder_whose_positions_begin_behind_the_padding_adapts(
    sources: Sources, tmp_path: Path, kind: str
) -> None:
    """MPNet's output is called as RoBERTa's is; neither has token types, both have a pooler beside."""
    bare = AutoModel.from_pretrained(offset_encoder(tmp_path / kind, kind))
    out = adapt(sources, small(encoder=str(tmp_path / kind)), tmp_path / "out", device="cpu")
    found = record(out)
    assert found["output"] == "made here"
    assert found["perplexity"]["after"] < found["perplexity"]["before"] / 2
    again, loading = AutoModel.from_pretrained(out, output_loading_info=True)
    assert not loading["missing_keys"]
    assert torch.equal(again.pooler.dense.weight, bare.pooler.dense.weight)
    on = adapt(sources, small(encoder=str(out), max_steps=1), tmp_path / "on", device="cpu")
    assert record(on)["output"] == "the encoder's own"
    assert record(on)["perplexity"]["before"] == pytest.approx(found["perplexity"]["after"])
    longer = small(encoder=str(out), max_length=LONGEST + 1)
    with pytest.raises(HarmonizeError, match=f"--max-length: expected at most {LONGEST}"):
        adapt(sources, longer, tmp_path / "longer", device="cpu")


def test_stopped_anywhere_it_goes_on_to_the_same_weights(
    sources: Sources, adapted: Path, tmp_path: Path
) -> None:
    """Before any checkpoint of a phase, between two, and after the last; 4 steps are a checkpoint."""
    stops = StopAt(5), StopAt(saved=6), StopAt(3), StopAt(7), StopAt(saved=12)
    out, steps = stopped_and_resumed(sources, small(head_steps=6), tmp_path / "out", *stops)
    assert steps[:2] == [5, 2]
    assert steps[-2:] == [8, 0]
    assert weights(out) == weights(adapted)
    whole, resumed = record(adapted), record(out)
    for key in ("texts", "tokens", "rows", "steps", "perplexity", "losses"):
        assert resumed[key] == whole[key], key
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_batches_summed_over_epochs_go_on_too(sources: Sources, tmp_path: Path) -> None:
    settings = small(max_steps=None, epochs=3, batch_size=4, accumulate=2, save_every=3)
    whole = adapt(sources, settings, tmp_path / "whole", device="cpu")
    out, steps = stopped_and_resumed(sources, settings, tmp_path / "out", StopAt(7), StopAt(saved=9))
    assert steps[:2] == [7, 3]
    assert weights(out) == weights(whole)
    assert len(set(weights(whole).values())) > 10


def test_seeds_differ_and_the_same_command_adapts_no_second_time(
    sources: Sources, adapted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = []
    for seed, fresh in ((0, False), (0, False), (1, True), (1, True)):
        noted = StopAt()
        adapt(sources, small(seed=seed, max_steps=2), out, device="cpu", fresh=fresh, callbacks=[noted])
        found.append((noted.done, weights(out)))
    assert [done for done, _ in found] == [2, 0, 2, 2]
    assert found[0][1] == found[1][1] != found[2][1] == found[3][1]
    with pytest.raises(HarmonizeError, match=r"out: another one is finished here.* or --fresh"):
        adapt(sources, small(seed=0, max_steps=2), out, device="cpu")
    assert weights(out) == found[3][1]


def test_other_settings_or_texts_do_not_go_on(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Stop):
        adapt(sources, small(), out, device="cpu", callbacks=[StopAt(5)])
    with pytest.raises(HarmonizeError, match="a training with other settings was stopped here"):
        adapt(sources, small(seed=1), out, device="cpu")
    others = Sources((written(tmp_path / "others.txt", lines(50)),))
    with pytest.raises(HarmonizeError, match="a training on other texts was stopped here"):
        adapt(others, small(), out, device="cpu")
    adapt(others, small(max_steps=1), out, device="cpu", fresh=True)
    assert record(out)["texts"]["in"] == 50


def test_bf16_learns_too(sources: Sources, tmp_path: Path) -> None:
    out = adapt(sources, small(precision="bf16", max_steps=6), tmp_path / "out", device="cpu")
    found = record(out)["perplexity"]
    assert found["after"] < found["before"] / 2
    assert math.isfinite(found["after"])


def test_the_command_tells_what_became_of_the_texts(sample_union: Path, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    written(tmp_path / "texts/lines.txt", [*lines(30), "too short"])
    (tmp_path / "texts/articles.pubtator").write_text(PUBTATOR, encoding="utf-8")
    arguments = ["adapt", "--text", "texts", "--encoder", "tiny", "--out", "out", "--about", "gene,drug"]
    arguments += ["--max-steps", "2", "--batch-size", "4", "--held-out", "5", "--device", "cpu"]
    arguments += ["--names-from", str(sample_union), "--leave-out", str(sample_union), "--set", "warmup=0"]
    written(tmp_path / "names.tsv", ["gene\tTP53", "drug\taspirin"])
    done = run(*arguments, "--names", "names.tsv", cwd=tmp_path)
    found = record(tmp_path / "out")
    assert found["settings"]["about"] == ["gene", "drug"]
    assert found["settings"]["warmup"] == 0
    assert found["texts"]["in"] == 34
    assert found["texts"]["dropped"]["too short"] == 1
    assert found["texts"]["dropped"]["not about what is asked for"] >= 2
    first, second, last = done.stdout.splitlines()
    assert first.startswith(f"34 texts: {found['texts']['trained']} trained on, 5 held out, ")
    assert second.startswith("held-out perplexity: ")
    assert last == "adapted: out"
    assert "dropped: 1 texts, too short" in done.stderr
    assert run(*arguments, "--names", "names.tsv", cwd=tmp_path).stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "nowhere.txt"], "nowhere.txt: expected a file or a folder with texts, found none"),
        (["--text", "cut.txt.xz"], "cut.txt.xz: expected a whole archive"),
        (["--text", "few.txt"], "--text: expected texts to train on, none of 2 is left"),
        (["--text", "broken.pubtator"], "broken.pubtator:2: expected a line of document 1, got one of '2'"),
        (["--about", "gene"], "texts.txt:1: expected PubTator annotation, or names of kind gene"),
        (["--about", "genes"], "adapt: about: expected one of gene, chemical, drug, disease, protein"),
        (["--about", "gene", "--names", "texts.txt"], "texts.txt:1: expected a kind, a tab and a name"),
        (["--about", "gene", "--names", "nowhere.tsv"], "nowhere.tsv: "),
        (["--names-from", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["--leave-out", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["--held-out", "1.5"], "adapt: held_out: expected a share below 1 or a whole number"),
        (["--held-out", "600"], "--text: expected texts to train on, none of 60 is left"),
        (["--max-length", "1000"], "--max-length: expected at most 512"),
        (["--encoder", "./nowhere"], "encoder ./nowhere: "),
        (["--device", "gpu"], "device: expected auto, cpu or cuda, got 'gpu'"),
        (["--set", "nope=1"], "adapt: nope: expected a known name"),
        (["--set", "precision=int8"], "adapt: precision: expected 'auto', 'fp32' or 'bf16'"),
        (["--out", "folder"], "folder: expected a new folder or an adapted encoder, found something else"),
    ],
)
def test_faults_are_one_line_and_leave_nothing(tmp_path: Path, arguments: list[str], message: str) -> None:
    written(tmp_path / "texts.txt", lines())
    written(tmp_path / "few.txt", ["a b", ""])
    (tmp_path / "cut.txt.xz").write_bytes(b"\xfd7zXZ\x00\x00")
    (tmp_path / "broken.pubtator").write_text("1|t|Title\n2\t0\t5\tTitle\tGene\t1\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/mine.txt").touch()
    before = sorted(path.name for path in tmp_path.iterdir())
    given = {"--text": "texts.txt", "--encoder": "tiny", "--out": "made/out", "--device": "cpu"}
    given |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    done = run("adapt", *(each for pair in given.items() for each in pair), cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_several_processes_are_refused(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(HarmonizeError, match="adapt works in one process"):
        adapt(sources, small(), tmp_path / "out", device="cpu")
    assert set(SMALL) <= set(Settings.model_fields)
