"""``steadygan ui``: its command line, and one line where it cannot serve."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.ui.server import ADDRESS, listening
from tests.ui.folders import run_folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none"], "there is no folder 'none'"),
        ([], "'steadygan train' makes one"),
        (["run"], "is a run"),
        (["--port", "0"], "1 to 65535"),
        (["--port", "70000"], "1 to 65535"),
        (["--port", "²"], "1 to 65535"),
        (["--host", "0.0.0.0"], "on this machine alone"),
        (["--prot", "1"], "--port"),
        (["a", "b"], "one argument too many"),
    ],
)
def test_a_wrong_command_line_is_one_line(place: Path, capsys: pytest.CaptureFixture[str], words, said) -> None:
    pytest.importorskip("uvicorn")
    run_folder(place / "run")
    assert main(["ui", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_package_is_named_with_its_command(place: Path, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["ui", "."]) == 2
    assert "pip install 'steadygan[ui]'" in capsys.readouterr().err


def test_a_taken_port_is_refused_if_it_was_asked_for(place: Path, capsys) -> None:
    pytest.importorskip("uvicorn")
    with socket.socket() as other:
        other.bind((ADDRESS, 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["ui", ".", "--port", str(port)]) == 2
        assert f"--port {port}" in capsys.readouterr().err


def test_only_this_machine_is_listened_to() -> None:
    with listening(None) as first, listening(None) as second:
        assert first.getsockname()[0] == second.getsockname()[0] == "127.0.0.1"
        assert first.getsockname()[1] != second.getsockname()[1]
