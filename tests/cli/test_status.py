"""The status line of long work, quiet and verbose commands."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadygan.cli import main, status, verbosity
from steadygan.system import progress
from steadygan.system.terminal import Output


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """A terminal, on which a status is drawn at once; a test makes it standard error."""
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(status, "FIRST", 0.0)
    monkeypatch.setattr(status, "BETWEEN", 0.0)
    yield screen
    verbosity.set_by(())


def test_a_status_names_what_is_elapsed_and_what_is_left() -> None:
    assert status.status_line("drawing", 25, 100, 4.0) == "drawing: 25 of 100 (25%), elapsed 4 s, left 12 s"
    assert status.status_line("drawing", 0, 100, 0.0) == "drawing: 0 of 100 (0%), elapsed 0 s"
    assert status.status_line("frechet", 0, 0, 3.0) == "frechet, elapsed 3 s"


def test_a_status_is_one_line_that_makes_room_for_what_is_printed(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Output(screen))
    with status.shown():
        progress.tell("drawing \x1b[2Jsamples of a run with a name that is too long for this", 1, 10)
        drawn = screen.getvalue().rpartition("\r\x1b[K")[2]
        assert len(drawn) <= 59 and "\n" not in drawn and "\x1b" not in drawn
        print("a warning", file=sys.stderr)
        progress.tell("drawing", 2, 10)
    assert "\r\x1b[Ka warning\n" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("flags", [["--quiet"], []])
def test_pipes_and_quiet_commands_get_no_status(
    flags: list[str], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    verbosity.set_by(flags)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", Output(screen if flags else pipe))
    with status.shown():
        progress.tell("drawing", 1, 10)
    assert screen.getvalue() == pipe.getvalue() == ""


def test_a_pipe_gets_lines_under_verbose(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", Output(pipe))
    verbosity.set_by(["-v"])
    with status.shown():
        progress.tell("drawing", 1, 10)
    verbosity.set_by(())
    assert pipe.getvalue().startswith("steadygan: drawing: 1 of 10 (10%), elapsed")


def test_a_quiet_training_prints_its_results_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--batch", "4", "--generator.width", "4", "--critic.width", "4", "--critic-steps", "1", "--rounds", "1"]
    assert main(["train", "wgan-gp", *small, "--quiet", "--run.evaluate", "none"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["run", "pictures:", "report:"] and err == ""
