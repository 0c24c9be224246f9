"""How the command ends: signals, exit codes, error lines and traces."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from steadygan import api
from steadygan.cli import ending, main
from steadygan.errors import UsageError
from steadygan.report.progress import ProgressObserver
from steadygan.run.layout import list_checkpoints
from steadygan.training import checkpoint, trainer
from tests.cli.lines import SMALL, shell
from tests.training.runs import sends

LONG = ["train", "wgan-gp", *SMALL, "--rounds", "99999", "--engine", "eager"]


def check_interrupted(said: str) -> None:
    """A run that had begun was saved, and the line on standard error says where."""
    run = api.load()
    assert 1 <= run.rounds_done < 99999
    saved = Path("runs/wgan-gp-digits/checkpoints") / run.checkpoints[-1].name
    assert said == (
        f"steadygan: interrupted; round {run.rounds_done:,} of 99,999 is saved in {saved}; "
        "to go on: steadygan resume wgan-gp-digits\n"
    )


def test_ctrl_c_saves_says_how_to_go_on_and_has_its_code(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trainer, "training_round", sends(signal.SIGINT, trainer.training_round, at=3))
    assert main(LONG) == 130
    check_interrupted(capsys.readouterr().err)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
def test_a_process_that_is_terminated_saves_says_how_to_go_on_and_has_its_code(place: Path) -> None:
    line = [sys.executable, "-u", "-m", "steadygan", *LONG]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for said in process.stdout:
            if said.startswith("round 1/"):
                break
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    check_interrupted(err)


def test_an_interruption_before_the_first_round_says_that_nothing_was_saved(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> api.Run:
        raise KeyboardInterrupt

    assert ending.carry_out(Path("runs/new"), interrupted) == 130
    assert capsys.readouterr().err == "steadygan: interrupted before the first round; nothing was saved\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "steadygan: interrupted; what was saved before is intact\n"),
        (OSError(28, "No space left on device", "a/b.png"), 1, "steadygan: a/b.png: No space left on device\n"),
        (UsageError("two\nlines"), 2, "steadygan: two lines\n"),
    ],
)
def test_what_is_to_be_expected_is_one_line(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr("steadygan.cli.runs.run", fail)
    assert main(["runs"]) == code
    assert capsys.readouterr().err == line


def test_what_is_not_to_be_expected_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steadygan.cli.runs.run", lambda arguments: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        main(["runs"])


def test_traces_are_shown_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_TRACEBACK", "1")
    with pytest.raises(UsageError):
        main(["trian"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of another kind")
def test_a_reader_that_goes_away_is_no_error() -> None:
    line = [sys.executable, "-m", "steadygan", "recipes", "wgan-gp"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be deleted there")
def test_a_current_folder_that_was_deleted_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for command in (["data", "8gaussians"], ["check", "a"], ["train"]):
        assert main(command) == 2
        line = "steadygan: the current folder cannot be used (No such file or directory): change into another one\n"
        assert capsys.readouterr().err == line
    assert main(["--help"]) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--help", "completion bash"])
def test_an_output_on_a_full_disk_is_one_line(command: str, unbuffered: str) -> None:
    line = [sys.executable, "-m", "steadygan", *command.split()]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    assert done.stderr == "steadygan: standard output: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_an_error_that_cannot_be_said_keeps_its_code() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "steadygan", "trian"], stderr=full)
    assert done.returncode == 2


def test_an_extension_that_was_stopped_before_it_began_says_how_to_extend(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "resume", interrupted)
    assert main(["resume", "tiny", "--rounds", "+5"]) == 130
    assert capsys.readouterr().err.endswith("; to go on: steadygan resume tiny --rounds +N\n")


def test_a_training_that_the_disk_stopped_says_how_to_go_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = checkpoint.save

    def full(tensors: Any, metadata: Any) -> bytes:
        if list_checkpoints(Path("runs/wgan-gp-digits/checkpoints")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(tensors, metadata)

    monkeypatch.setattr(checkpoint, "save", full)
    assert main([*LONG, "--run.checkpoint-every", "2"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "cannot write 'runs/wgan-gp-digits/checkpoints/000004': No space left on device" in said
    assert said.endswith("checkpoints/000002; to go on: steadygan resume wgan-gp-digits")


@pytest.mark.slow
def test_an_output_that_knows_no_umlauts_gets_question_marks(runs: Path) -> None:
    shutil.copytree("runs/tiny", "runs/größer")
    done = shell("runs", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "gr??er" in done.stdout or "gr?er" in done.stdout
    assert shell("report", "nö", PYTHONIOENCODING="ascii").returncode == 2


@pytest.mark.parametrize("command", [["train", "--data", "digits"], ["resume"]])
def test_another_way_to_draw_pictures_is_one_line(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--pictures", "kity"]) == 2
    assert "--pictures is 'kity'; allowed: auto, kitty, iterm2" in capsys.readouterr().err
    monkeypatch.setenv("STEADYGAN_PICTURES", "sixl")
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "STEADYGAN_PICTURES is 'sixl'" in error
    assert "did you mean 'sixel'" in error
    assert len(error.splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_quiet_shows_no_pictures_and_a_choice_reaches_the_display(monkeypatch: pytest.MonkeyPatch) -> None:
    from steadygan.cli import verbosity

    def drawn(pictures: str | None) -> list[str]:
        return [o._pictures for o in ending.observers([], pictures) if isinstance(o, ProgressObserver)]

    monkeypatch.setenv("TERM", "xterm-kitty")
    for name in ("CI", "NO_COLOR", "TMUX", "STY", "ZELLIJ", "STEADYGAN_PICTURES"):
        monkeypatch.delenv(name, raising=False)
    assert drawn("sixel") == ["sixel"]
    assert drawn(None) == ["kitty"]
    monkeypatch.setenv("STEADYGAN_PICTURES", "none")
    assert drawn(None) == ["none"]
    monkeypatch.setattr(verbosity, "_level", -1)
    assert drawn("sixel") == []
