"""Trials of damage: what counts as a proper end, what the damage is, and that an interrupted series goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.damage import command, disk, trials
from benchmarks.damage.__main__ import main
from benchmarks.damage.command import Outcome, run_command
from benchmarks.damage.data_files import FORMATS, picture_suffixes, write_folder
from benchmarks.damage.mutations import CONTENTS, damage
from benchmarks.damage.subject import Subject
from benchmarks.damage.trials import Log, run_part
from steadygan.data import DataOptions, audit_data


def ended(code: int = 0, error: str = "", **others: Any) -> Outcome:
    return Outcome(code, error, error, 1.0, **others)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (ended(), None),
        (ended(2, "steadygan: no\n"), None),
        (ended(1, "progress\nsteadygan: cannot write 'a'\n"), None),
        (ended(command.DAMAGED), None),
        (ended(2, "no\n"), "without a line"),
        (ended(1, "Traceback (most recent call last)\n  …\nKeyError: 1\n"), "traceback: KeyError: 1"),
        (ended(-signal.SIGSEGV), "signal 11"),
        (ended(139, "x"), "exit code 139"),
        (ended(-9, hung=True), "hung"),
    ],
)
def test_a_proper_end_is_done_or_one_line(outcome: Outcome, said: str | None) -> None:
    fault = outcome.fault()
    assert fault is None if said is None else said in (fault or "")


def test_a_command_in_a_fork_is_the_command(tmp_path: Path) -> None:
    told = run_command(["--version"], tmp_path)
    assert (told.code, told.output.split()[0], told.error) == (0, "steadygan", "")
    wrong = run_command(["trian"], tmp_path)
    assert wrong.code == 2 and "did you mean 'train'" in wrong.error
    assert not list(tmp_path.iterdir())


def test_what_hangs_is_ended_and_what_is_killed_is_told(tmp_path: Path) -> None:
    def wait() -> None:
        time.sleep(60)

    assert run_command([], tmp_path, limit=0.2, before=wait).hung
    assert run_command([], tmp_path, kill=(0.1, signal.SIGKILL), before=wait).code == -signal.SIGKILL


@pytest.mark.parametrize("mutation", CONTENTS, ids=lambda mutation: mutation.__name__)
def test_damage_is_a_function_of_the_seed(mutation: Any) -> None:
    content = bytes(range(256)) * 8
    changed = [mutation(content, random.Random(seed)) for seed in (0, 0, 1, 2)]
    assert changed[0] == changed[1]
    assert any(other != content for other in changed)
    for seed in range(50):
        mutation(b"", random.Random(seed))


def test_every_kind_of_damage_takes_the_place_of_the_file(tmp_path: Path) -> None:
    told = set()
    for seed in range(200):
        path = tmp_path / str(seed)
        path.write_bytes(b"0123456789")
        told.add(damage(path, b"other", random.Random(seed)))
        assert os.path.lexists(path)
    assert {"fifo", "folder", "link to itself", "socket", "device", "another file", "truncate"} < told


@pytest.mark.parametrize("kind", [*FORMATS, *(f"{suffix} pictures" for suffix in picture_suffixes())])
def test_what_is_damaged_was_whole(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "data"
    data.mkdir()
    source = FORMATS[kind](data) if kind in FORMATS else write_folder(data, kind.split()[0])
    assert audit_data(DataOptions(source=str(data / source))).problem is None


def test_a_series_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
        with open(tmp_path / "done", "a", encoding="utf-8") as file:
            file.write(f"{folder.name.split('-')[1]} ")
        return "odd" if int(folder.name.split("-")[1]) % 2 else None

    monkeypatch.setattr(trials, "PARTS", {"fake": SimpleNamespace(trial=trial)})
    subject, log = Subject(tmp_path, 0.0), Log(tmp_path / "log")
    said: list[str] = []
    first = run_part("fake", 5, range(3), subject, log, 2, said.append)
    log.path.write_text(log.path.read_text() + '{"part": "fa', encoding="utf-8")
    log.path.write_text(log.path.read_text() + "\n", encoding="utf-8")
    second = run_part("fake", 5, range(5), subject, log, 2, said.append)
    assert [result.fault for result in first] == [None, "odd", None]
    assert [result.fault for result in second] == [None, "odd", None, "odd", None]
    assert sorted((tmp_path / "done").read_text().split()) == ["0", "1", "2", "3", "4"]
    assert not list(tmp_path.glob("fake-*"))


def test_a_small_disk_is_full_and_can_be_enlarged(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if not disk.mount(place, 2**16):
                code = 2
            else:
                try:
                    (place / "a").write_bytes(bytes(2**17))
                except OSError:
                    code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 2:
        pytest.skip("mounting is not allowed here")
    assert code == 0
    assert not list(place.iterdir())


@pytest.mark.slow
def test_a_few_trials_of_each_part_pass(tmp_path: Path) -> None:
    out, before = tmp_path / "damage.json", signal.getsignal(signal.SIGTERM)
    try:
        assert main(["--quick", "--workers", "1", "--out", str(out)]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    summary = json.loads(out.read_text(encoding="utf-8"))
    for part in ("kills", "bits", "files", "disk"):
        assert (summary[part]["trials"], summary[part]["faults"]) == (2, [])
    assert not (tmp_path / "damage.trials.jsonl").exists()
