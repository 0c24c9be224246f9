"""A run that is asked to stop, by Ctrl-C, SIGTERM or a terminal that is closed, finishes its round first."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from steadygan import cli
from steadygan.studies.stops import Stops
from steadygan.system.files import ASIDE, written_aside
from steadygan.training.signals import StopSignals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_is_only_noted_while_rounds_run(number: int) -> None:
    before = signal.signal(number, lambda *_: pytest.fail("nobody caught it"))
    try:
        with StopSignals() as stop:
            os.kill(os.getpid(), number)
            assert stop.received == number
    finally:
        signal.signal(number, before)


def test_under_nohup_a_closed_terminal_stops_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as stop, Stops() as trial:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.received is None and not trial.received
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_commands_leave_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    def writes(arguments: list[str]) -> int:
        with written_aside(tmp_path / "samples.npz") as aside:
            aside.write_bytes(b"half")
            assert aside.name.startswith(ASIDE)
            os.kill(os.getpid(), number)
        return 0

    before = signal.signal(number, lambda *_: pytest.fail("nobody caught it"))
    try:
        monkeypatch.setattr(cli, "_dispatch", writes)
        assert cli.main(["sample"]) == code
        name = signal.Signals(number).name
        assert capsys.readouterr().err == f"steadygan: ended by {name}; what was saved before is intact\n"
    finally:
        signal.signal(number, before)
    assert not list(tmp_path.iterdir())
