"""The cache of decoded pictures: each entry is written once and atomically."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, Stored, cache_folder, clear_cache, open_data, planned_cache_bytes
from steadygan.data.images import store
from steadygan.data.images.scan import digest_of
from steadygan.data.split import choose_held_out
from steadygan.errors import RunError
from steadygan.system.cache import locked
from tests.data.making import encoded, fill, picture

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def opened(folder: Path, **options: object) -> Dataset:
    return open_data(DataOptions(source=str(folder), **options))  # type: ignore[arg-type]


def entries(cache: Path) -> list[str]:
    found = cache / "decoded"
    return sorted(path.name for path in found.iterdir() if path.suffix != ".lock") if found.is_dir() else []


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_pictures_are_decoded_once(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 40)
    told: list[tuple[int, int]] = []
    first = open_data(DataOptions(source=str(folder)), progress=lambda done, whole: told.append((done, whole)))
    assert told == sorted(told)
    assert told[-1] == (40, 40)
    told.clear()
    second = open_data(DataOptions(source=str(folder)), progress=lambda done, whole: told.append((done, whole)))
    assert told == []
    assert entries(cache) == [first.fingerprint]
    assert isinstance(first.train, Stored)
    assert isinstance(second.train, Stored)
    assert isinstance(second.train.samples, np.memmap)
    assert not second.train.samples.flags.writeable
    assert np.array_equal(first.train.samples, second.train.samples)
    assert np.array_equal(first.held_out.samples, second.held_out.samples)


def test_files_that_have_not_changed_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", 20)
    first = opened(folder)
    monkeypatch.setattr("steadygan.data.images.scan.read_heads", None)
    assert opened(folder).fingerprint == first.fingerprint


def test_a_moved_folder_is_not_decoded_again(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", 20)
    opened(folder)
    monkeypatch.setattr(store, "decode_chunk", None)
    assert opened(folder.rename(tmp_path / "moved")).name == "moved"
    assert len(entries(cache)) == 1


def test_another_shape_is_another_entry(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    for options in ({}, {"size": 8}, {"channels": 1}, {"fit": "pad"}, {"held_out": 0.2}):
        opened(folder, **options)
    assert len(entries(cache)) == 5


def test_the_plan_knows_the_bytes_before_they_are_written(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 30, size=(40, 40))
    (folder / "000.png").write_bytes(b"broken")
    options = DataOptions(source=str(folder), size=20)
    assert planned_cache_bytes(options) == 29 * 3 * 20 * 20
    assert entries(cache) == []
    data = open_data(options)
    assert data.audit is not None
    assert data.audit.cache_bytes == 29 * 3 * 20 * 20
    assert data.audit.cache == str(cache / "decoded" / data.fingerprint)
    assert planned_cache_bytes(options) == 29 * 3 * 20 * 20
    assert planned_cache_bytes(DataOptions()) == 0
    assert planned_cache_bytes(DataOptions(source="swissroll")) == 0


def test_the_folder_is_the_option_or_the_variable_or_the_users(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "set", 20)
    opened(folder, cache=str(tmp_path / "chosen"))
    assert len(entries(tmp_path / "chosen")) == 1
    assert entries(cache) == []
    assert cache_folder() == cache
    monkeypatch.delenv("STEADYGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert cache_folder() == tmp_path / "xdg" / "steadygan"
    assert cache_folder().name == "steadygan"


def test_clearing_frees_what_was_written_and_touches_nothing_else(tmp_path: Path, cache: Path) -> None:
    opened(fill(tmp_path / "set", 20))
    (cache / "decoded" / "holiday").mkdir()
    (cache / "decoded" / "holiday" / "photo.jpg").write_bytes(b"precious")
    (cache / "notes.txt").write_text("precious")
    freed = clear_cache(cache)
    assert freed >= 20 * 3 * 16 * 16
    assert entries(cache) == ["holiday"]
    assert (cache / "decoded" / "holiday" / "photo.jpg").read_bytes() == b"precious"
    assert list((cache / "scans").iterdir()) == []
    assert clear_cache(cache) == 0
    assert clear_cache(tmp_path / "never") == 0
    assert len(opened(tmp_path / "set").held_out) == 2


def test_clearing_frees_the_weights_of_feature_extractors_unless_they_are_being_made(cache: Path) -> None:
    key = "0123456789abcdef" * 2
    folder = cache / "features"
    folder.mkdir(parents=True)
    ours = [f"classifier-{key}.safetensors", f"inception-{key}.safetensors", f".part-42-patches-{key}.safetensors"]
    others = [f"classifier-{key}.pth", "classifier-mine.safetensors", f"{key}.safetensors", f"a-{key}.safetensors.bak"]
    for name in (*ours, *others):
        (folder / name).write_bytes(b"12345")
    (folder / "notes").mkdir()
    with locked(folder / f"inception-{key}.lock"):
        assert clear_cache(cache) == 10
    assert {path.name for path in folder.iterdir() if path.suffix != ".lock"} == {ours[1], *others, "notes"}
    assert clear_cache(cache) == 5
    assert {path.name for path in folder.iterdir() if path.suffix != ".lock"} == {*others, "notes"}
    assert clear_cache(cache) == 0


@posix
def test_a_set_that_is_being_written_is_not_cleared(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    freed: list[int] = []
    data = open_data(DataOptions(source=str(folder)), progress=lambda *_: freed.append(clear_cache(cache)))
    assert len(entries(cache)) == 1
    assert len(data.held_out) == 2
    assert sum(freed) < 5_000, "only the scan"


@posix
def test_an_interrupted_decode_is_redone_and_never_half_used(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 100)
    code = (
        "import os, signal, sys; from steadygan.data import DataOptions, open_data\n"
        "die = lambda done, whole: os.kill(os.getpid(), signal.SIGKILL) if done >= 50 else None\n"
        "open_data(DataOptions(source=sys.argv[1]), progress=die)"
    )
    assert run(code, folder).returncode == -9
    (left,) = entries(cache)
    assert left.endswith(".part")
    data = opened(folder)
    assert entries(cache) == [data.fingerprint]
    assert isinstance(data.train, Stored)
    assert len(data.train) + len(data.held_out) == 100
    wanted = {np.asarray(picture(place)).transpose(2, 0, 1).tobytes() for place in range(100)}
    got = {image.tobytes() for part in (data.train, data.held_out) for image in part.samples}
    assert got == wanted


def test_an_error_while_decoding_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 40)

    def fail(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_data(DataOptions(source=str(folder)), progress=fail)
    assert entries(cache) == []
    assert len(opened(folder).held_out) == 4


@pytest.mark.parametrize("damage", ["short", "no meta", "other version", "broken meta", "no places"])
def test_a_damaged_entry_is_never_used_but_written_again(tmp_path: Path, cache: Path, damage: str) -> None:
    folder = fill(tmp_path / "set", 20)
    entry = cache / "decoded" / opened(folder).fingerprint
    match damage:
        case "short":
            (entry / "train.u8").write_bytes((entry / "train.u8").read_bytes()[:-1])
        case "no meta":
            (entry / "meta.json").unlink()
        case "other version":
            (entry / "meta.json").write_text(json.dumps({"version": 0}))
        case "broken meta":
            (entry / "meta.json").write_text("{")
        case "no places":
            (entry / "train.npy").write_bytes(b"")
    data = opened(folder)
    assert entries(cache) == [data.fingerprint]
    wanted = {np.asarray(picture(place)).transpose(2, 0, 1).tobytes() for place in range(20)}
    assert isinstance(data.train, Stored)
    assert {image.tobytes() for part in (data.train, data.held_out) for image in part.samples} == wanted


def test_processes_that_want_the_same_set_wait_for_the_first(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 300, size=(64, 64))
    code = (
        "import sys; from steadygan.data import DataOptions, open_data\n"
        "told = []\n"
        "data = open_data(DataOptions(source=sys.argv[1]), progress=lambda *state: told.append(state))\n"
        "print(data.fingerprint, int(data.train.samples.sum()), bool(told))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [child.communicate(timeout=120)[0].split() for child in children]
    assert len({tuple(answer[:2]) for answer in answers}) == 1
    assert [answer[2] for answer in answers].count("True") == 1
    assert entries(cache) == [answers[0][0]]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    (tmp_path / "file").touch()
    with pytest.raises(RunError) as error:
        opened(folder, cache=str(tmp_path / "file" / "cache"))
    assert str(error.value).startswith(f"cannot keep decoded pictures in '{tmp_path / 'file' / 'cache'}': ")
    assert str(error.value).endswith("choose another folder with the data option 'cache' or with STEADYGAN_CACHE")


def test_too_little_space_is_told_before_anything_is_written(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "set", 20, size=(128, 128))
    monkeypatch.setattr(store, "free_bytes", lambda folder: 50_000)
    with pytest.raises(RunError, match=r"only 50 kB free \(246 kB needed\); choose another folder"):
        opened(folder)
    assert entries(cache) == []


@posix
def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path: Path, cache: Path) -> None:
    folder = fill(tmp_path / "set", 20, size=(128, 128))
    code = (
        "import resource, sys; from steadygan.data import DataOptions, open_data\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n    open_data(DataOptions(source=sys.argv[1]))\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    answer = run(code, folder).stdout
    assert answer.startswith(f"RunError cannot keep decoded pictures in '{cache}': File too large (246 kB needed);")
    assert entries(cache) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce the limit")
def test_sets_larger_than_memory_work_through_the_map(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    raw = [encoded(picture(place, (256, 256)), "JPEG") for place in range(25)]
    for place in range(800):
        (folder / f"{place}.jpg").write_bytes(raw[place % 25])
    code = """
import re, resource, sys
import numpy as np
from steadygan.data import DataOptions, open_data, sample_indices
open_data(DataOptions())  # so that everything is loaded
used = int(re.search(r"VmData:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
limit = used + 90_000_000
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
data = open_data(DataOptions(source=sys.argv[1], size=256))
assert data.train.samples.nbytes > 1.3 * 90_000_000
try:
    np.ones(data.train.samples.shape, np.uint8)
except MemoryError:
    print("limited")
total = 0
for start in range(0, len(data.train), 64):
    batch = data.train.samples[sample_indices(0, start, min(64, len(data.train) - start), len(data.train))]
    total += int(batch.sum())
print(len(data.train), total == int(data.train.samples.sum(dtype=np.int64)))
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=environment)
    assert answer.stdout.split() == ["limited", "736", "True"], answer.stderr


def test_pictures_that_turn_out_broken_are_left_out_and_remembered(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 40, size=(64, 64))
    for name in ("003.png", "017.png"):
        (folder / name).write_bytes((folder / name).read_bytes()[:-100])
    for _ in range(2):
        data = opened(folder)
        assert isinstance(data.train, Stored)
        assert len(data.train) + len(data.held_out) == 38
        assert data.audit is not None
        assert [name for name, _ in data.audit.unreadable] == ["003.png", "017.png"]


def test_something_is_held_out_even_if_the_first_choice_is_broken(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20, size=(64, 64))
    raw = (folder / "000.png").read_bytes()
    cuts = [raw[:-cut] for cut in range(50, len(raw) - 100)]
    (folder / "000.png").write_bytes(min(cuts, key=digest_of))  # its hash comes before all others
    chosen = choose_held_out([digest_of(file) for file in sorted(folder.iterdir())], 0.01)
    assert np.flatnonzero(chosen).tolist() == [0]
    data = opened(folder, held_out=0.01)
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (18, 1)
    assert data.audit is not None
    assert data.audit.unreadable == (("000.png", "truncated"),)
