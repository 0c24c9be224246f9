"""Progress of a run on the terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from steadygan.report.live_panel import LivePanel
from steadygan.report.progress import ProgressObserver
from steadygan.report.progress_lines import PlainLines, progress_line
from steadygan.training.observers import Observer, Picture, Row, RunEnd, RunStart
from steadygan.types import SampleSpec

START = RunStart(Path("runs/one"), "wgan-gp", SampleSpec((1, 8, 8)), 0, 2000, ("two networks", "three minutes"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def row(round_: int, **more: float) -> Row:
    fields = {"critic_loss": -1.234, "generator_loss": 0.5, "wasserstein": 1.2, "samples_per_second": 12_345.0}
    return {"round": round_, **fields, "samples": 4096, "seconds_left": 120.0, **more}


def watch(observer: Observer, clock: Clock, rows: int = 10, reason: str = "finished") -> None:
    """A run that logs a row a second."""
    observer.started(START)
    for i in range(1, rows + 1):
        observer.logged(row(i))
        if i == 2:
            observer.pictured(Picture(START.folder, i, np.zeros((1, 1, 8, 8), np.uint8)))
        observer.saved(i, START.folder)
        clock.now += 1
    observer.ended(RunEnd(START.folder, rows, 2000, reason))


def terminal(width: int, **more: object) -> Console:
    class Utf8(io.StringIO):
        encoding = "utf-8"  # type: ignore[assignment]

    environment = {"TERM": "xterm-256color"}
    options = {"force_terminal": True, "height": 20, "_environ": environment, **more}
    return Console(file=Utf8(), width=width, **options)  # type: ignore[arg-type]


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_line_has_a_stable_form() -> None:
    line = progress_line(row(500, wasserstein_held_out=1.18), 2000, 40.0)
    assert line == ("round 500/2000  critic -1.23  W 1.20 (held-out 1.18)  12.3k samples/s  elapsed 40 s  left 2 min")


def test_without_a_wasserstein_loss_the_gap_of_the_scores_is_named_as_one() -> None:
    line = progress_line({"round": 5, "critic_loss": 1.0, "score_gap": 1.2, "score_gap_held_out": 1.18}, 20)
    assert line == "round 5/20  critic 1.00  score gap 1.20 (held-out 1.18)"


def test_a_line_says_what_its_row_holds() -> None:
    assert progress_line({"round": 1, "critic_loss": 1.0, "generator_loss": 2.0}, 9) == (
        "round 1/9  critic 1.00  generator 2.00"
    )
    assert progress_line({"round": 1, "critic_loss": float("nan"), "seconds_left": float("inf")}, 9) == (
        "round 1/9  critic nan"
    )
    assert progress_line({"round": 1, "samples_per_second": 0.0, "seconds_left": 0.0}, 9) == "round 1/9"


def test_lines_come_every_few_seconds_with_the_first_and_the_last() -> None:
    stream, clock = io.StringIO(), Clock()
    watch(ProgressObserver(Console(file=stream), clock), clock, rows=14)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["two networks", "three minutes"]
    assert [line.split("  ")[0] for line in lines[2:-1]] == [f"round {i}/2000" for i in (1, 6, 11, 14)]
    assert lines[-1] == "finished: 2,000 rounds in 14 s"


def test_a_last_row_that_was_shown_is_not_shown_again() -> None:
    stream, clock = io.StringIO(), Clock()
    watch(ProgressObserver(Console(file=stream), clock), clock, rows=1)
    assert stream.getvalue().count("round 1/2000") == 1


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("interrupted", "interrupted at round 3/2000; to go on: steadygan resume runs/one"),
        ("the penalty of round 3 is not finite", "stopped at round 3/2000: the penalty of round 3 is not finite"),
    ],
)
def test_the_end_is_one_clear_line(reason: str, line: str) -> None:
    stream, clock = io.StringIO(), Clock()
    watch(ProgressObserver(Console(file=stream), clock), clock, rows=3, reason=reason)
    assert stream.getvalue().splitlines()[-1].replace("\\", "/") == line


def test_standard_output_that_is_no_terminal_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    watch(ProgressObserver(), Clock(), rows=2)
    out = capsys.readouterr().out
    assert "round 2/2000  critic -1.23" in out
    assert "\x1b" not in out


def test_plain_lines_are_all_that_a_dumb_terminal_gets() -> None:
    console = terminal(80, _environ={"TERM": "dumb"})
    watch(ProgressObserver(console), Clock(), rows=2)
    assert "\x1b" not in written(console)
    assert "round 2/2000  critic -1.23" in written(console)


@pytest.mark.parametrize("width", [1, 8, 20, 40, 80, 200])
def test_the_live_display_fits_a_terminal_of_any_width(width: int) -> None:
    console = terminal(width, color_system=None)
    watch(ProgressObserver(console), Clock(), rows=3)
    assert "finished: 2,000 rounds" in " ".join(written(console).split())
    for line in written(console).split("\x1b[?25h")[1].split("\x1b[1A")[0].splitlines():
        assert len(line.split("\x1b[2K")[-1]) <= width


def test_the_live_display_shows_round_losses_speed_and_picture() -> None:
    console = terminal(120, color_system=None)
    watch(ProgressObserver(console), Clock(), rows=3)
    shown = written(console)
    assert shown.startswith("two networks\nthree minutes\n")
    assert "round 3/2,000" in shown
    assert "critic -1.23   W 1.20   generator 0.500\n" in shown
    assert "4,096 images seen   12.3k images/s\n" in shown
    assert "too early to say (0% of the planned rounds)\n" in shown
    assert f"picture {START.folder / 'samples' / '000002.png'}" in shown


def test_the_cursor_is_never_left_hidden_for_a_killed_process() -> None:
    console = terminal(80)
    panel = LivePanel(console, Clock())
    panel.open(START)
    try:
        assert written(console).rindex("\x1b[?25h") > written(console).rindex("\x1b[?25l")
    finally:
        panel.close(RunEnd(START.folder, 0, 2000, "finished"))


def test_time_left_goes_down_between_rows() -> None:
    clock = Clock()
    console = terminal(120, color_system=None)
    observer = ProgressObserver(console, clock)
    observer.started(START)
    observer.logged(row(1, seconds_left=60.0))
    clock.now = 10
    observer.ended(RunEnd(START.folder, 1, 2000, "finished"))
    assert "elapsed 10 s, left 50 s" in written(console)


def test_a_stream_that_closes_ends_the_display_and_not_the_run() -> None:
    stream = io.StringIO()
    observer = ProgressObserver(Console(file=stream))
    observer.started(START)
    stream.close()
    observer.logged(row(1))
    observer.ended(RunEnd(START.folder, 1, 2000, "finished"))


def test_no_stream_at_all_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    watch(ProgressObserver(), Clock())


def test_an_old_code_page_gets_what_it_can_say() -> None:
    raw = io.BytesIO()
    lines = PlainLines(io.TextIOWrapper(raw, encoding="ascii"))
    lines.close(RunEnd(Path("runs/gesichter-größe"), 1, 2, "interrupted"))
    assert raw.getvalue().decode("ascii").strip().endswith("steadygan resume runs/gesichter-gr??e")


def test_a_terminal_without_unicode_gets_plain_lines() -> None:
    class Latin(io.StringIO):
        encoding = "cp1252"  # type: ignore[assignment]

    console = Console(file=Latin(), force_terminal=True, _environ={"TERM": "xterm"})
    watch(ProgressObserver(console), Clock(), rows=2)
    assert "\x1b" not in written(console)


@pytest.mark.skipif(os.name != "posix", reason="pipes of a shell")
def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    program = """
import sys
from pathlib import Path
from steadygan.report.progress import ProgressObserver
from steadygan.training.observers import RunEnd, RunStart
from steadygan.types import SampleSpec
from rich.console import Console
for console in (None, Console(force_terminal=True, width=80)):
    observer = ProgressObserver(console)
    observer.started(RunStart(Path("runs/one"), "wgan-gp", SampleSpec((1, 8, 8)), 0, 9, ("a plan",)))
    for i in range(1, 10):
        observer.logged({"round": i})
    observer.ended(RunEnd(Path("runs/one"), 9, 9, "finished"))
print("the run went on", file=sys.stderr)
"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert "the run went on" in done.stderr
