"""Workers on Ray: the same parts as in one process, whatever happens to the workers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from prediction_cases import PUBTATOR, Fake
from shard_cases import Crashing, Dying, Failing, articles, files, rows, sharded

from harmonize.errors import HarmonizeError
from harmonize.pipelines.predict import predict
from harmonize.prediction.ray_engine import RayEngine, _begun, _part, _Worker
from harmonize.prediction.shard_manifest import Shard, read_shard_manifest
from harmonize.prediction.shard_worker import REFUSED, Part, Work, working_folder
from harmonize.prediction.sharded import predict_shards

pytestmark = pytest.mark.xdist_group("ray")
HERE = str(Path(__file__).parent)
NICENESS = "RAY_worker_niceness"  # as Ray spells it
COMMAND = Path(sys.executable).with_name("harmonize")


@pytest.fixture(scope="module")
def two_cores() -> Iterator[None]:
    """A small Ray, which every test below shares."""
    ray = pytest.importorskip("ray")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = HERE  # where workers find the classifiers
    os.environ[NICENESS] = "0"  # or they wait for whatever else the machine does
    ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=80 << 20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
    )
    yield
    ray.shutdown()
    del os.environ["PYTHONPATH"], os.environ[NICENESS]
    if before is not None:
        os.environ["PYTHONPATH"] = before


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_ray_writes_what_one_process_writes(tmp_path: Path) -> None:
    import ray

    shards, done = sharded(tmp_path, PUBTATOR + articles(9), 2), list[int]()
    local = predict(Fake(), shards, tmp_path / "local")
    found = predict(Fake(), shards, tmp_path / "ray", engine="ray", workers=2, progress=done.append)
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    assert {**vars(found), "out": None} == {**vars(local), "out": None}
    assert (len(done), done[-1]) == (6, 11)
    assert ray.is_initialized()


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    shards, marks = sharded(tmp_path, articles(16, unlucky=5), 2), tmp_path / "marks"
    marks.mkdir()
    predict(Fake(), shards, tmp_path / "local")
    done: list[int] = []
    engine = RayEngine(workers=2)
    predict_shards(Work(Dying(marks), shards, tmp_path / "ray"), engine, progress=done.append)
    (killed,) = (int(mark.name) for mark in marks.iterdir())
    assert killed != os.getpid()
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    assert done == [2 * number for number in range(1, 9)]
    ids = [row["instance_id"] for row in rows(tmp_path / "ray")]
    assert len(ids) == len(set(ids)) == 32


def without_ray(work: Work, shards: Sequence[Shard]) -> Iterator[Part]:
    """What a worker on Ray does, in this process."""
    worker = _Worker(work)
    for shard in shards:
        yield _part(worker({"shard": shard.model_dump_json()})["report"])


def test_a_shard_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    """A worker that is killed leaves a mark; here four have."""
    work = Work(Fake(), sharded(tmp_path, articles(2), 1), tmp_path / "parts")
    (working_folder(work.out) / "part-00000.parquet.tries").write_bytes(b"....")
    shard = read_shard_manifest(work.source).shards[0]
    with pytest.raises(HarmonizeError, match=r"part-00000\.parquet: expected a shard that a worker can"):
        list(without_ray(work, [shard]))
    # The user who then takes fewer workers begins anew.
    (part,) = without_ray(work, [shard])
    assert part.account.documents_out == 1


def test_a_worker_that_is_killed_leaves_a_mark_and_one_that_is_not_leaves_none(tmp_path: Path) -> None:
    work = Work(Fake(), sharded(tmp_path, articles(2), 1), tmp_path / "parts")
    shard = read_shard_manifest(work.source).shards[0]
    with _begun(work.out, shard) as tries:
        assert tries == 1
        assert (working_folder(work.out) / "part-00000.parquet.tries").read_bytes() == b"."
    assert not list(working_folder(work.out).iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_faults_of_workers_are_one_line_and_finished_parts_stay(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(6, unlucky=4), 2)
    message = r"shards/data/part-00001\.parquet: a pair that the classifier was not trained on$"
    with pytest.raises(HarmonizeError, match=message) as error:
        predict(Failing(), shards, tmp_path / "parts", engine="ray", workers=1, strict=True)
    assert (error.value.exit_code, "\n" in str(error.value)) == (2, False)
    found = set(files(tmp_path / "parts"))
    assert {"plan.json", "data/part-00000.parquet"} <= found
    assert not {"manifest.json", "data/part-00001.parquet"} & found
    mended = predict(Fake(), shards, tmp_path / "parts")
    predict(Fake(), shards, tmp_path / "whole")
    assert (mended.documents_in, mended.documents_out) == (6, 6)
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_whatever_a_worker_meets_is_one_line(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(6, unlucky=4), 2)
    message = r"shards/data/part-00001\.parquet: ZeroDivisionError: first line$"
    with pytest.raises(HarmonizeError, match=message) as error:
        predict_shards(Work(Crashing(), shards, tmp_path / "parts"), without_ray)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "parts/manifest.json").exists()


def test_what_fails_is_passed_over_and_told(tmp_path: Path) -> None:
    shards, told = sharded(tmp_path, articles(6, unlucky=4), 2), list[str]()
    local = predict(Failing(), shards, tmp_path / "local")
    work = Work(Failing(), shards, tmp_path / "ray")
    found = predict_shards(work, without_ray, skip=lambda fault: told.append(str(fault)))
    assert found.skipped == local.skipped == {REFUSED: 1}
    assert len(told) == 1
    assert files(tmp_path / "ray") == files(tmp_path / "local")


@pytest.mark.slow
def test_the_command_starts_a_ray_of_its_own_and_tells_faults_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    shards = sharded(tmp_path, articles(2))
    (tmp_path / "model").mkdir()
    done = subprocess.run(
        [
            COMMAND,
            "predict",
            shards.name,
            "--model",
            "model",
            "--out",
            "parts",
            "--engine",
            "ray",
            "--workers",
            "1",
        ],
        cwd=tmp_path,
        env={**os.environ, "RAY_ADDRESS": "local", NICENESS: "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert error.endswith("model: expected a run of `harmonize train`, found no prompt.json")


def test_without_ray_the_user_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    shards = sharded(tmp_path, articles(2))
    with pytest.raises(
        HarmonizeError, match=r"found none; install it with `pip install '\.\[ray\]'` in a clone"
    ):
        predict(Fake(), shards, tmp_path / "parts", engine="ray")


def test_ray_is_not_imported_before_it_is_used() -> None:
    script = "import sys, harmonize.pipelines.commands; print('ray' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("engine", "device", "resources", "expected"),
    [
        (RayEngine(), "auto", {"CPU": 8.0}, (8, 0.0)),
        (RayEngine(), "auto", {"CPU": 16.0, "GPU": 4.0}, (4, 1.0)),
        (RayEngine(), "cpu", {"CPU": 16.0, "GPU": 4.0}, (16, 0.0)),
        (RayEngine(gpus_per_worker=0.5), "auto", {"CPU": 16.0, "GPU": 4.0}, (8, 0.5)),
        (RayEngine(gpus_per_worker=0.5), "auto", {"CPU": 6.0, "GPU": 4.0}, (6, 0.5)),
        (RayEngine(gpus_per_worker=0.0), "auto", {"CPU": 3.0, "GPU": 4.0}, (3, 0.0)),
        (RayEngine(gpus_per_worker=2.0), "auto", {"CPU": 8.0, "GPU": 4.0}, (2, 2.0)),
        (RayEngine(workers=3), "auto", {"CPU": 8.0, "GPU": 1.0}, (3, 1.0)),
        (RayEngine(), "auto", {}, (1, 0.0)),
    ],
)
def test_there_are_as_many_workers_as_the_machines_hold(
    engine: RayEngine, device: str, resources: dict[str, float], expected: tuple[int, float]
) -> None:
    assert engine.pool(resources, device) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": 0}, "--workers: expected at least 1, got 0"),
        ({"gpus_per_worker": -1.0}, "--gpus-per-worker: expected a number between 0 and 1, or a whole one"),
        ({"gpus_per_worker": 1.5}, "--gpus-per-worker: expected a number between 0 and 1, or a whole one"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(HarmonizeError, match=message):
        RayEngine(**arguments)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_a_worker_does_not_wait_for_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    shards = sharded(tmp_path, articles(2))
    with pytest.raises(HarmonizeError, match=r"expected at most the 0 GPUs that Ray knows of, got 0\.5"):
        predict(Fake(), shards, tmp_path / "parts", engine="ray", gpus_per_worker=0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_what_ray_itself_meets_is_one_line(tmp_path: Path) -> None:
    class Unpicklable(Fake):
        def __reduce__(self) -> str:
            raise TypeError("cannot pickle this")

    shards = sharded(tmp_path, articles(2))
    with pytest.raises(HarmonizeError, match=r"^--engine ray: TypeError: .*; finished parts stay") as error:
        predict(Unpicklable(), shards, tmp_path / "parts", engine="ray", workers=1)
    assert "\n" not in str(error.value)
