"""The encoders that have a name: what is said of them, and how the files of one are brought."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from offset_encoders import offset_encoder
from transformers import AutoModel
from typer.testing import CliRunner, Result

from harmonize.pipelines.cli import app
from harmonize.relation.model.encoders import MINILM, PUBMEDBERT, TINY, encoder_folder
from harmonize.relation.model.known_encoders import (
    Cost,
    KnownEncoder,
    KnownFile,
    cost,
    folder_of,
    known_encoders,
)

pytestmark = pytest.mark.xdist_group("known encoders")  # they share the packages
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
VERSION = "0.0.1"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Index(NamedTuple):
    """A folder of packages, and the entry that says what is in them."""

    packages: Path
    entry: dict[str, Any]
    encoder: Path


def zipped(path: Path, files: Mapping[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


def write_packages(folder: Path, content: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """A wheel for each part of a content; package -> part."""
    folder.mkdir(exist_ok=True)
    size = -(-len(content) // len(names))
    parts = {}
    for number, name in enumerate(names):
        module = name.replace("-", "_")
        parts[name] = f"encoder.zip.{number + 1:03d}"
        information = f"{module}-{VERSION}.dist-info"
        files = {
            f"{module}/input/{parts[name]}": content[size * number : size * (number + 1)],
            f"{information}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\nRequires-Dist: no-such-package\n"
            ).encode(),
            f"{information}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{information}/RECORD": b"",
        }
        zipped(folder / f"{module}-{VERSION}-py3-none-any.whl", files)
    return parts


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """A tiny MPNet in two packages, with a pickle that nobody asked for."""
    folder = tmp_path_factory.mktemp("index")
    encoder = offset_encoder(folder / "encoder", "mpnet")
    files = {f"encoder/{name}": (encoder / name).read_bytes() for name in FILES}
    content = zipped(folder / "whole.zip", {**files, "encoder/pytorch_model.bin": b"\x80\x04.", "other": b""})
    parts = write_packages(folder / "packages", content, ("my-encoder-part-1", "my-encoder-part-2"))
    whole = {"size": len(content), "sha256": sha256(content)}
    entry = {
        "title": "an encoder",
        "licence": "Apache-2.0",
        "cite": "Nobody",
        "download": {
            "version": VERSION,
            "parts": parts,
            "zip": {"folder": "encoder", **whole},
            "files": {
                name: {
                    "size": (encoder / name).stat().st_size,
                    "sha256": sha256((encoder / name).read_bytes()),
                }
                for name in FILES
            },
        },
    }
    return Index(folder / "packages", entry, encoder)


@pytest.fixture
def cached(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's folder; "mine" is a known encoder, and pip finds its packages in a folder alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.packages))
    know(monkeypatch, index.entry)
    return tmp_path / "cache/harmonize/encoders"


def know(monkeypatch: pytest.MonkeyPatch, entry: Mapping[str, Any]) -> None:
    known: Any = known_encoders()
    monkeypatch.setitem(known, "mine", KnownEncoder.model_validate(entry))


def have_come(packages: Path, cached: Path) -> None:
    """Put packages where pip's are kept, which takes pip a second for each."""
    shutil.copytree(packages, cached / ".mine.parts")


def run(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["encoders", *arguments], env={"COLUMNS": "160"}, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def fault(*arguments: str) -> str:
    """The one line of an error."""
    lines = [line for line in run(*arguments, code=2).stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# The table


def test_the_table_says_what_the_files_say() -> None:
    """What is counted in minilm's files is what one reads who has none of them."""
    known = known_encoders()[MINILM]
    counted = cost(MINILM)
    assert counted[:3] == (known.parameters, known.layers, known.width)
    model = AutoModel.from_pretrained(encoder_folder(MINILM))
    assert counted.parameters == sum(one.numel() for one in model.parameters())


def test_what_is_downloaded_has_no_pickle_and_every_name_a_place_of_its_own() -> None:
    for known in known_encoders().values():
        if known.download is not None:
            assert "model.safetensors" in known.download.files
            assert all(Path(name).name == name for name in known.download.files)
            assert not any(name.endswith((".bin", ".pt", ".pkl", ".ckpt")) for name in known.download.files)


def test_an_entry_has_one_origin_and_a_sum_of_the_right_length() -> None:
    with pytest.raises(ValueError, match="expected one of hub, package and download"):
        KnownEncoder.model_validate(
            {"title": "x", "hub": True, "package": {"module": "a", "folder": "b", "extra": "c"}}
        )
    with pytest.raises(ValueError, match="should match pattern"):
        KnownFile(size=1, sha256="0" * 65)


def test_names_that_are_no_folder_of_ours_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    for name in (TINY, PUBMEDBERT, "someone/else", "bert-base-uncased", str(tmp_path)):
        assert encoder_folder(name) == name


def test_the_command_lists_licence_size_and_what_to_do(cached: Path, index: Index) -> None:
    before = run().stdout
    for expected in (
        "minilm",
        "mpnet",
        "tiny",
        "Apache-2.0",
        "109.5",
        "22.7",
        "404",
        "cite Song et al. 2020",
    ):
        assert expected in before
    assert "mine: an encoder; get its files with `harmonize encoders get mine`; cite Nobody" in before
    have_come(index.packages, cached)
    run("get", "mine")
    after = run().stdout
    assert f"mine: an encoder; {cached / 'mine'}; cite Nobody" in after


def test_training_without_the_files_says_how_to_get_them(
    sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arguments = ["train", "--union", str(sample_union), "--encoder", "mpnet", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, [*arguments, "--device", "cpu"], catch_exceptions=False)
    assert done.exit_code == 2
    assert done.stderr == "error: encoder mpnet: get its files with `harmonize encoders get mpnet`\n"
    assert not list(tmp_path.iterdir())


# Downloads


def test_an_encoder_is_downloaded_joined_and_checked(cached: Path, index: Index) -> None:
    done = run("get", "mine")
    assert done.stdout == f"mine: {cached / 'mine'}\nlicence Apache-2.0; cite Nobody\n"
    assert done.stderr.splitlines() == ["my-encoder-part-1, 1 of 2", "my-encoder-part-2, 2 of 2"]
    assert names(cached) == [".mine.lock", "mine"]
    assert names(cached / "mine") == sorted(FILES)
    for name in FILES:
        assert (cached / "mine" / name).read_bytes() == (index.encoder / name).read_bytes()
    assert encoder_folder("mine") == str(cached / "mine")
    found = cost("mine")
    model = AutoModel.from_pretrained(cached / "mine")
    parameters = sum(one.numel() for one in model.parameters())
    assert found == Cost(parameters, 2, 32, (index.encoder / "model.safetensors").stat().st_size)


def test_what_is_there_and_whole_stays_and_what_is_not_comes_anew(cached: Path, index: Index) -> None:
    have_come(index.packages, cached)
    run("get", "mine")
    weights = cached / "mine/model.safetensors"
    content, written = weights.read_bytes(), weights.stat().st_mtime_ns
    assert run("get", "mine").stderr == ""
    assert weights.stat().st_mtime_ns == written
    weights.write_bytes(content[:-1] + b"?")
    have_come(index.packages, cached)
    run("get", "mine")
    assert weights.read_bytes() == content
    weights.unlink()
    assert folder_of("mine") is None
    have_come(index.packages, cached)
    run("get", "mine")
    assert weights.read_bytes() == content


def test_packages_that_came_are_not_asked_for_again(
    cached: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One package is to be had at first, and the other alone later on; between them pip was killed once."""
    first, second = sorted(index.packages.iterdir())
    for wheel in (first, second):
        (tmp_path / wheel.stem).mkdir()
        shutil.copy(wheel, tmp_path / wheel.stem)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / first.stem))
    line = fault("get", "mine")
    assert line.startswith("error: my-encoder-part-2==0.0.1: expected pip to download it, got: ")
    assert names(cached) == [".mine.lock", ".mine.parts"]
    assert first.name in names(cached / ".mine.parts")
    (cached / ".mine.parts/incoming" / second.name).write_bytes(b"half of")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / second.stem))
    run("get", "mine")
    assert names(cached) == [".mine.lock", "mine"]


def test_without_a_network_it_is_one_line_with_the_cause(
    cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    line = fault("get", "mine")
    assert line.startswith("error: my-encoder-part-1==0.0.1: expected pip to download it, got: ")
    assert "Connection refused" in line
    assert names(cached) == [".mine.lock", ".mine.parts"]


def test_without_pip_it_says_so(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip downloads it, and there is none" in fault("get", "mine")


def test_without_room_nothing_is_downloaded(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = type(shutil.disk_usage("/"))(10**12, 10**12, 1000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: free)
    line = fault("get", "mine")
    assert line.startswith(f"error: encoder mine: {cached}: expected ")
    assert line.endswith(" bytes free, got 1,000")
    assert names(cached) == [".mine.lock"]


def changed(entry: dict[str, Any], *path: str, **values: Any) -> dict[str, Any]:
    """A copy of an entry with some values changed below a path."""
    if not path:
        return {**entry, **values}
    return {**entry, path[0]: changed(entry[path[0]], *path[1:], **values)}


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        (("zip",), {"sha256": "0" * 64}, "bytes of SHA-256 0000"),
        (("zip",), {"size": 7}, "expected 7 bytes of SHA-256 "),
        (("files", "config.json"), {"sha256": "0" * 64}, "config.json: expected SHA-256 0000"),
        (("zip",), {"folder": "elsewhere"}, "expected one member 'elsewhere/config.json', got none"),
        (("parts",), {"my-encoder-part-1": "no.such.part"}, "expected one member 'no.such.part', got none"),
    ],
)
def test_another_content_than_expected_is_refused_and_not_kept(
    cached: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    path: tuple[str, ...],
    values: dict[str, Any],
    message: str,
) -> None:
    know(monkeypatch, changed(index.entry, "download", *path, **values))
    have_come(index.packages, cached)
    assert message in fault("get", "mine")
    assert names(cached) == [".mine.lock"]


@pytest.mark.parametrize("member", ["../config.json", "/config.json", "encoder/../../config.json"])
def test_a_zip_with_a_path_out_of_it_is_refused(
    cached: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    files = {f"encoder/{name}": (index.encoder / name).read_bytes() for name in FILES}
    content = zipped(tmp_path / "whole.zip", {**files, member: b"{}"})
    parts = write_packages(tmp_path / "packages", content, tuple(index.entry["download"]["parts"]))
    assert parts == index.entry["download"]["parts"]
    know(
        monkeypatch,
        changed(index.entry, "download", "zip", size=len(content), sha256=sha256(content)),
    )
    have_come(tmp_path / "packages", cached)
    assert "expected members inside the zip" in fault("get", "mine")
    assert names(cached) == [".mine.lock"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "unknown encoder 'nope': expected one of minilm, mpnet, "),
        ("minilm", "encoder minilm is not downloaded by this command: install its package with"),
        ("tiny", "encoder tiny is not downloaded by this command: made for each training"),
        (PUBMEDBERT, "is not downloaded by this command: downloaded on first use"),
    ],
)
def test_others_are_had_in_another_way(name: str, message: str) -> None:
    assert message in fault("get", name)


def test_the_table_is_read_without_what_training_needs() -> None:
    """`harmonize encoders` answers at once: neither torch nor transformers is imported."""
    script = (
        "import sys; from harmonize.relation.model import known_encoders;"
        "known_encoders.cost('mpnet'); print(sorted(sys.modules))"
    )
    with chdir("/"):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"'torch'", "'transformers'"} & set(done.stdout.strip("[]\n").split(", "))
