"""``steadygan tensorboard``: what it is started on, and one line where it cannot be."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from steadygan.cli import main


class Process:
    """A TensorBoard that ends at once."""

    started: list[list[str]]
    error: BaseException | None = None
    ended = False

    def __init__(self, words: list[str]) -> None:
        Process.started.append(words)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: Any) -> None: ...

    def wait(self) -> int:
        error, Process.error = Process.error, None
        if error is not None:
            raise error
        return 0

    def terminate(self) -> None:
        Process.ended = True


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines of TensorBoards that were started."""
    Process.started, Process.ended = [], False
    monkeypatch.setattr(subprocess, "Popen", Process)
    return Process.started


def test_it_starts_on_all_runs_on_one_and_on_several(runs: Path, started: list[list[str]]) -> None:
    shutil.copytree("runs/tiny", "runs/other")
    shutil.copytree("runs/tiny", "elsewhere/tiny")
    assert main(["tensorboard"]) == 0
    assert main(["tensorboard", "tiny", "--port", "0"]) == 0
    assert main(["tensorboard", "tiny", "other", "elsewhere/tiny", "tiny"]) == 0
    place = [words[words.index("tensorboard.main") + 1 :] for words in started]
    assert place[0] == ["--logdir", "runs", "--host", "localhost", "--port", "6006"]
    assert place[1] == ["--logdir", "runs/tiny", "--host", "localhost", "--port", "0"]
    here = runs.resolve()
    assert place[2][1].split(",") == [
        f"runs/tiny:{here}/runs/tiny",
        f"other:{here}/runs/other",
        f"elsewhere/tiny:{here}/elsewhere/tiny",
    ]


def test_an_end_by_ctrl_c_ends_it_too(runs: Path, started: list[list[str]]) -> None:
    Process.error = KeyboardInterrupt()
    assert main(["tensorboard", "tiny"]) == 130
    assert Process.ended


def test_what_cannot_be_shown_is_one_line(
    runs: Path, started: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bare", "a,b"):
        shutil.copytree("runs/tiny", f"runs/{name}")
    for path in Path("runs/bare").glob("events*"):
        path.unlink()

    def line(*words: str) -> str:
        assert main(["tensorboard", *words]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        return str(said)

    assert "runs/bare has no curves" in line("bare")
    assert "show runs/a,b alone" in line("tiny", "a,b")
    assert "there is no run 'tyni'" in line("tyni")
    assert "65535" in line("--port", "70000")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install tensorboard" in line("tiny")
    monkeypatch.chdir(runs / "runs")
    assert "'steadygan train' writes them" in line()
    assert not started
