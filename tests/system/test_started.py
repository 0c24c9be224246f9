"""When a command began: by the system's own account of the process, within its resolution."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from steadygan import cli
from steadygan.system import started

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")


@linux
def test_a_process_knows_for_how_long_it_has_been_there():
    script = "import time; time.sleep(0.5); from steadygan.system.started import since_start; print(since_start())"
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    tick = 0.02  # starts are counted in hundredths of a second
    assert 0.5 - tick <= float(done.stdout) <= time.perf_counter() - begun + tick


@linux
@pytest.mark.parametrize(("ago", "expected"), [(2.0, 2.0), (3600.0, 0.0), (-5.0, 0.0)])
def test_a_start_long_ago_is_not_that_of_the_command(tmp_path, ago, expected):
    at = round((time.clock_gettime(time.CLOCK_BOOTTIME) - ago) * 100)
    (tmp_path / "stat").write_text(f"1 (a name) with (words) S {'0 ' * 18}{at} 0 0\n")
    assert started.since_start(tmp_path / "stat") == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("text", [None, "", "1 (python) S 0", "1 (python) S " + "x " * 30])
def test_where_nothing_says_it_is_the_time_that_the_processor_worked(tmp_path, monkeypatch, text):
    if text is not None:
        (tmp_path / "stat").write_text(text)
    monkeypatch.setattr(time, "process_time", lambda: 1.25)
    assert started.since_start(tmp_path / "stat") == 1.25


def test_a_command_in_a_process_of_another_program_begins_when_it_is_called(monkeypatch):
    seen = []
    monkeypatch.setattr(started, "since_start", lambda: 7.0)
    monkeypatch.setattr(cli, "_dispatch", lambda arguments: seen.append(time.perf_counter() - started.began()) or 0)
    cli.main(["train"])
    monkeypatch.setattr(sys, "argv", ["steadygan", "train"])
    cli.main()
    assert seen == pytest.approx([0, 7], abs=0.5)
    assert time.perf_counter() - started.began() < 0.1
