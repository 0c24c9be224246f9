"""Pictures above the live panel, on terminals and pseudo-terminals that are read back."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from steadygan.report import panel_pictures
from steadygan.report.live_panel import LivePanel
from steadygan.report.progress import ProgressObserver
from steadygan.report.tiles import Box, tiled
from steadygan.system.graphics.choice import Protocol
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec
from tests.report.screen import Screen
from tests.system.graphics import decoders

GRAPHICS: tuple[Protocol, ...] = ("kitty", "iterm2", "sixel")
IMAGES = SampleSpec((3, 8, 8))
END = RunEnd(Path("run"), 9, 9, "finished")


class Tty(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]


def console(height: int, width: int) -> Console:
    environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return Console(file=Tty(), force_terminal=True, height=height, width=width, _environ=environ)


def fed(on: Console) -> Screen:
    assert isinstance(on.file, io.StringIO)
    return Screen(on.height, on.width).feed(on.file.getvalue().replace("\n", "\r\n"))


def samples(seed: int, *shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape or (16, 3, 8, 8), np.uint8)


def opened(on: Console, how: Protocol = "blocks", spec: SampleSpec = IMAGES) -> LivePanel:
    panel = LivePanel(on, pictures=how)
    panel.open(RunStart(Path("run"), "r", spec, 0, 9, ("the plan",)))
    panel._over.set()  # the test alone refreshes
    return panel


def refreshed(panel: LivePanel) -> None:
    assert panel._bar
    panel._refresh(panel._bar)


def shown(screen: Screen, given: NDArray[np.uint8], lines: int, width: int) -> bool:
    """True if the screen shows the samples once, and no other half block."""
    expected = tiled(given, Box(2 * lines, width - 1, gap=1, least=12))
    rows = [index for index, line in enumerate(screen.lines) if "\u2580" in line]
    found = screen.pixels[2 * rows[0] : 2 * rows[-1] + 2, : expected.shape[1]]
    return found[: len(expected)].shape == expected.shape and bool((found[: len(expected)] == expected).all())


@pytest.mark.parametrize(("height", "width"), [(24, 80), (14, 30), (12, 200), (60, 100)])
def test_the_newest_samples_stand_once_above_the_panel(
    height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    on = console(height, width)
    panel = opened(on)
    for round_ in range(1, 5):
        panel.show({"round": round_, "critic_loss": 1.0, "samples": 64})
        panel.picture(Picture(Path("run"), round_, samples(round_)))
        refreshed(panel)
        refreshed(panel)
    panel.close(END)
    screen = fed(on)
    assert shown(screen, samples(4), min(20, height - 8), width)
    lines = [line for line in screen.lines if line]
    assert lines[0] == "the plan"
    assert "\u2580" in lines[1]
    assert lines[-1].startswith("finished")
    assert sum("64 images seen" in line for line in lines) == 1
    assert len(lines) <= height + 2  # with the plan and the end, which are none of the panel


def test_a_refresh_without_a_new_picture_writes_none() -> None:
    on = console(24, 80)
    panel = opened(on)
    panel.picture(Picture(Path("run"), 1, samples(1)))
    refreshed(panel)
    before = len(on.file.getvalue())  # type: ignore[attr-defined]
    refreshed(panel)
    assert "\u2580" not in on.file.getvalue()[before:]  # type: ignore[attr-defined]
    panel.close(END)


def test_lines_that_are_printed_meanwhile_stay_above_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    on = console(24, 80)
    panel = opened(on)
    on.print("before")
    panel.picture(Picture(Path("run"), 1, samples(1)))
    refreshed(panel)
    for index in range(30):
        on.print(f"a warning {index}")
    panel.picture(Picture(Path("run"), 2, samples(2)))
    refreshed(panel)
    panel.close(END)
    screen = fed(on)
    words = [line for line in screen.lines if line and "\u2580" not in line]
    assert words[:32] == ["the plan", "before", *(f"a warning {index}" for index in range(30))]
    assert shown(screen, samples(2), 16, 80)


@pytest.mark.parametrize("height", [4, 8, 11])
def test_a_low_window_has_no_picture(height: int) -> None:
    on = console(height, 80)
    panel = opened(on)
    panel.picture(Picture(Path("run"), 1, samples(1)))
    refreshed(panel)
    panel.close(END)
    assert "\u2580" not in fed(on).text


def test_a_window_that_changes_its_size_gets_a_picture_of_that_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    on = console(24, 80)
    panel = opened(on)
    panel.picture(Picture(Path("run"), 1, samples(1)))
    refreshed(panel)
    on.size = (40, 20)  # type: ignore[assignment]
    before = len(on.file.getvalue())  # type: ignore[attr-defined]
    refreshed(panel)
    refreshed(panel)
    drawn = on.file.getvalue()[before:]  # type: ignore[attr-defined]
    widths = {line.count("\u2580") for line in drawn.split("\n") if "\u2580" in line}
    assert len(widths) == 1
    assert max(widths) < 40
    panel.close(END)


@pytest.mark.parametrize("how", GRAPHICS)
@pytest.mark.parametrize("shape", [(16, 1, 8, 8), (16, 2, 9, 5), (16, 3, 30, 64), (16, 4, 64, 32)])
def test_each_protocol_draws_the_same_grid_in_place(how: Protocol, shape: tuple[int, ...]) -> None:
    on = console(24, 80)
    panel = opened(on, how)
    for round_ in (1, 2, 3):
        panel.picture(Picture(Path("run"), round_, samples(round_, *shape)))
        refreshed(panel)
    panel.close(END)
    screen = fed(on)
    expected = tiled(samples(3, *shape), Box(16 * 12, 79 * 6))
    assert {line for line, _ in screen.strings} == {1}  # below the plan, each time
    text = "".join(part for _, part in screen.strings)
    if how == "kitty":
        keys, drawn = decoders.kitty("\x1b_Ga=T" + text.split("\x1b_Ga=T")[-1])
        assert len({part.split("i=")[1].split(",")[0] for part in text.split("a=T")[1:]}) == 1
        assert (drawn == expected).all()
        assert int(keys["c"]) * 6 <= expected.shape[1]  # as wide or a little less, so no higher than its lines
    elif how == "iterm2":
        drawn = decoders.iterm2(screen.strings[-1][1])[1]
        assert (drawn == expected).all()
    else:
        drawn = decoders.sixel(screen.strings[-1][1])
        assert drawn.shape == expected.shape
        assert np.abs(drawn.astype(int) - expected).mean() < 25
    assert -(-expected.shape[0] // 12) <= 16
    assert next(line for line in screen.lines if line) == "the plan"
    assert screen.text.count("finished") == 1


@pytest.mark.parametrize("how", GRAPHICS)
def test_a_window_of_very_many_pixels_gets_a_picture_of_a_bounded_size(
    how: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_pictures, "cell_size", lambda _: (60, 30))
    on = console(70, 250)
    panel = opened(on, how)
    panel.picture(Picture(Path("run"), 1, samples(1, 64, 3, 64, 64)))
    refreshed(panel)
    panel.close(END)
    assert len(on.file.getvalue()) < 3e6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("picture", "spec"),
    [
        (Picture(Path("run"), 1, np.zeros((9, 4), np.uint8), lines=("one", "two", "three", "four")), (9, 4)),
        (Picture(Path("run"), 1, np.zeros((9, 2), np.float32)), (2,)),
    ],
)
def test_points_and_text_have_no_picture(picture: Picture, spec: tuple[int, ...]) -> None:
    on = console(24, 80)
    panel = opened(on, "blocks", SampleSpec(spec))
    panel.show({"round": 1, "critic_loss": 1.0})
    panel.picture(picture)
    refreshed(panel)
    panel.close(END)
    text = fed(on).text
    assert "\u2580" not in text
    assert text.count("three") == (picture.lines is not None)
    assert "four" not in text


def test_signals_have_no_picture_and_volumes_their_middle_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    for shape, kind, pictured in (((2, 64), "signal", False), ((1, 8, 8, 8), "volume", True)):
        on = console(24, 80)
        panel = opened(on, "blocks", SampleSpec(shape, kind=kind))  # type: ignore[arg-type]
        panel.picture(Picture(Path("run"), 1, np.zeros((9, *shape), np.float32)))
        refreshed(panel)
        panel.close(END)
        assert ("\u2580" in fed(on).text) is pictured


PROGRAM = """
import sys, time
from pathlib import Path
import numpy as np
from steadygan.report.progress import ProgressObserver
from steadygan.system.terminal import escaped_output
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec
samples = lambda seed: np.random.default_rng(seed).integers(0, 256, (16, 3, 8, 8), np.uint8)
with escaped_output():
    for how in sys.argv[1:]:
        observer = ProgressObserver(pictures=how)
        observer.started(RunStart(Path("run"), "r", SampleSpec((3, 8, 8)), 0, 9, ("the plan",)))
        for round_ in (1, 2, 3):
            observer.logged({"round": round_, "critic_loss": 1.0, "samples": 64 * round_, "seconds_left": 9.0})
            observer.pictured(Picture(Path("run"), round_, samples(round_)))
            time.sleep(0.4)
            print(f"a name \\x1b_Gi=1;AAAA\\x1b\\\\ {round_}", file=sys.stderr)
        observer.ended(RunEnd(Path("run"), 9, 9, "finished"))
        print("after the run")
"""


def on_a_terminal(program: str, *arguments: str, height: int = 24, width: int = 80, **environ: str) -> str:
    """What the program writes to a pseudo-terminal of this size."""
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", height, width, width * 10, height * 20))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environ},
    )
    os.close(theirs)
    written = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # Linux: all writers have closed it
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait(10) == 0, written.decode()
    return written.decode()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["blocks", *GRAPHICS, "none"])
def test_a_process_on_a_terminal_shows_the_last_samples(how: Protocol) -> None:
    written = on_a_terminal(PROGRAM, how)
    screen = Screen(24, 80).feed(written)
    lines = [line for line in screen.lines if line]
    words = [line for line in lines if "\u2580" not in line]
    # what is printed stands above the picture, and sequences in it reach no terminal
    assert words[0] == "the plan"
    assert [(word[:6], word[-1]) for word in words[1:4]] == [("a name", number) for number in "123"]
    assert "\x1b_Gi=1;" not in written
    assert words[-1] == "after the run"
    assert words[-2].startswith("finished")
    expected = tiled(samples(3), Box(16 * 20, 79 * 10))
    strings = "".join(part for _, part in screen.strings)
    if how == "blocks":
        assert shown(screen, samples(3), 16, 80)
    elif how == "kitty":
        assert (decoders.kitty("\x1b_Ga=T" + strings.split("\x1b_Ga=T")[-1])[1] == expected).all()
    elif how == "iterm2":
        assert (decoders.iterm2(screen.strings[-1][1])[1] == expected).all()
    elif how == "sixel":
        assert decoders.sixel(screen.strings[-1][1]).shape == expected.shape
    if how in ("blocks", "none"):
        assert not strings
    assert ("\u2580" in screen.text) is (how == "blocks")


@pytest.mark.slow
def test_a_pipe_gets_the_plain_lines_of_before() -> None:
    environ = {**os.environ, "TERM": "xterm-kitty", "COLORTERM": "truecolor"}
    words = [sys.executable, "-c", PROGRAM, "none", "blocks", *GRAPHICS]  # one start for all
    written = subprocess.run(words, capture_output=True, check=True, env=environ).stdout
    assert b"\x1b" not in written
    plain, *others, end = written.split(b"after the run\n")
    assert b"round 1/9" in plain
    assert len(others) == 1 + len(GRAPHICS) and not end
    assert [other.splitlines()[:2] for other in others] == [plain.splitlines()[:2]] * len(others)


def test_in_python_there_is_no_picture_unless_asked_for() -> None:
    on = console(24, 80)
    observer = ProgressObserver(on)
    observer.started(RunStart(Path("run"), "r", SampleSpec((3, 8, 8)), 0, 9))
    observer.pictured(Picture(Path("run"), 1, samples(1)))
    observer.ended(END)
    assert "\u2580" not in fed(on).text
    assert not fed(on).strings


def test_images_seen_are_those_of_the_critic_where_the_generators_loss_sees_others() -> None:
    panel = LivePanel(console(24, 80), pictures="none")
    panel.open(RunStart(Path("run"), "r", SampleSpec((3, 8, 8)), 0, 9, batch=16))
    row = {"round": 5, "critic_steps": 5, "samples": 160, "samples_per_second": 1000.0}
    assert panel._seen(row) == ["80 images seen", "500 images/s"]
    assert panel._seen({"round": 5, "samples": 160}) == ["160 images seen"]
    assert panel._seen({}) == []
    panel.put_away()
