"""A study's folder: who begins it decides, trials are claimed by one process, and damage is one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from steadygan.errors import RunError, UsageError
from steadygan.run.hashes import sealed
from steadygan.studies import session
from steadygan.studies.definition import Definition
from steadygan.studies.folder import StudyFolder, is_study
from steadygan.system import owner
from tests.studies.folders import TINY, begun

CLAIM = """
import sys, time
from steadygan.studies.folder import StudyFolder
folder = StudyFolder(sys.argv[1])
with folder.claimed(folder.trials[0]) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_the_definition_of_the_first_process_is_the_study_s(tmp_path: Path) -> None:
    made: list[Definition] = []
    barrier = threading.Barrier(8)

    def begin(count: int) -> None:
        barrier.wait()
        definition = Definition(TINY, "smoke", tuple(range(count)))
        made.append(StudyFolder.begun(tmp_path / "s", definition, {}).definition)

    threads = [threading.Thread(target=begin, args=(count,)) for count in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(map(repr, made))) == 1
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["study.json"]


def test_a_definition_comes_back_as_it_was(tmp_path: Path) -> None:
    definition = Definition(TINY, "laptop", (0, 2, 5), 0.37, 12.5, {"mnist": "/data/mnist"})
    assert StudyFolder.begun(tmp_path, definition, {"a": 1}).definition == definition
    assert StudyFolder(tmp_path).made == {"a": 1}


def test_a_trial_is_claimed_by_one_process_and_taken_over_when_that_dies(tmp_path: Path) -> None:
    folder = begun(tmp_path / "s")
    first, second = folder.trials[:2]
    other = subprocess.Popen([sys.executable, "-c", CLAIM, str(folder.path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "True\n"
        assert folder.is_claimed(first)
        with folder.claimed(first) as mine:
            assert not mine
        with folder.claimed(second) as mine:
            assert mine
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
        other.stdout.close()
    assert (folder.place(first) / "owner.json").exists()
    assert not folder.is_claimed(first)
    with folder.claimed(first) as mine:
        assert mine
        assert json.loads((folder.place(first) / "owner.json").read_text())["pid"] == os.getpid()
    assert not (folder.place(first) / "owner.json").exists()


def test_on_a_network_folder_another_host_is_believed_as_long_as_it_beats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(tmp_path / "s")
    trial = folder.trials[0]
    place = folder.place(trial)
    place.mkdir(parents=True)
    path = place / "owner.json"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 7, "started": "2026-01-01 00:00:00"}))
    monkeypatch.setattr(owner, "is_network_folder", lambda folder: True)
    with folder.claimed(trial) as mine:
        assert not mine
    os.utime(path, (0, 0))
    with folder.claimed(trial) as mine:
        assert mine
    path.touch()  # of a host that made it a moment ago and has not written its name yet
    with folder.claimed(trial) as mine:
        assert not mine


def test_a_finished_trial_is_not_claimed_again(tmp_path: Path) -> None:
    folder = begun(tmp_path / "s")
    session.carry_out(folder, say=lambda line: None)
    with folder.claimed(folder.trials[0]) as mine:
        assert not mine
    assert folder.unfinished() == []


@pytest.mark.parametrize(
    "change",
    [
        {"scale": "huge"},
        {"seeds": []},
        {"seeds": [0, 0]},
        {"seeds": [-1]},
        {"seeds": "x"},
        {"share": 0},
        {"share": float("nan")},
        {"share": "1"},
        {"study": 3},
        {"sources": []},
        {"sources": {"mnist": 3}},
        {"sweep": {"recipe": "x"}},
        {"sweep": {"recipe": "x", "data": "y", "kinds": [], "points": [{"settings": {"a": []}, "recipe": "z"}]}},
    ],
)
def test_a_study_with_a_wrong_definition_is_damaged(tmp_path: Path, change: dict[str, object]) -> None:
    folder = begun(tmp_path / "s")
    content = {"format": 1, "made": {}, "definition": {**folder.definition.to_json(), **change}}
    (folder.path / "study.json").write_text(json.dumps(sealed(content)))
    with pytest.raises(RunError, match="damaged") as caught:
        StudyFolder(folder.path)
    assert "\n" not in str(caught.value)


def test_a_study_that_was_changed_by_hand_is_damaged(tmp_path: Path) -> None:
    path = begun(tmp_path / "s").path / "study.json"
    path.write_text(path.read_text().replace('"scale": "smoke"', '"scale": "laptop"'))
    with pytest.raises(RunError, match="hash"):
        StudyFolder(tmp_path / "s")


def test_another_folder_is_no_study(tmp_path: Path) -> None:
    assert not is_study(tmp_path)
    assert not is_study(Path("a\0b"))
    with pytest.raises(UsageError, match=r"no study\.json"):
        StudyFolder(tmp_path)
