"""Generated lines as people see them: in files, on the page, in a terminal, in TensorBoard."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from steadygan.data.text.alphabet import UNKNOWN, Alphabet
from steadygan.errors import UsageError
from steadygan.evaluation.page import _picture
from steadygan.report.lines import Lines, save_lines, shown_lines
from steadygan.report.live_panel import LivePanel
from steadygan.report.page import write_report
from steadygan.report.pictures import PictureObserver, draw
from steadygan.report.progress_lines import PlainLines
from steadygan.report.samples import save_samples
from steadygan.report.trackers import TensorBoardObserver
from steadygan.run.layout import lines_path
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec

ODD = ('<b>bold</b> & "so"', "", " led by a space", "bell\x07 and \x1b[31mred", "dåré`")


def picture(folder: Path, round_: int = 7, lines: tuple[str, ...] = ODD) -> Picture:
    return Picture(folder, round_, np.zeros((len(lines), 2), np.uint8), lines=lines)


def test_every_sample_is_one_line_of_a_file(tmp_path: Path) -> None:
    PictureObserver().pictured(picture(tmp_path))
    path = tmp_path / "samples" / "000007.txt"
    assert path == lines_path(tmp_path, 7)
    assert path.read_bytes().decode("utf-8") == "".join(f"{line}\n" for line in ODD)
    assert draw(picture(tmp_path)) is None  # two characters are no points


def test_lines_come_back_without_what_cannot_be_printed(tmp_path: Path) -> None:
    save_lines(ODD, tmp_path / "000007.txt")
    cleaned = (*ODD[:3], f"bell{UNKNOWN} and {UNKNOWN}[31mred", ODD[4])
    assert shown_lines(tmp_path / "000007.txt") == Lines(7, cleaned)
    assert shown_lines(tmp_path / "000007.txt", most=2) == Lines(7, ODD[:2])
    assert shown_lines(tmp_path / "000008.txt") is None


def test_the_page_escapes_lines_and_keeps_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: text\n")
    for round_ in (1, 5, 7):
        PictureObserver().pictured(picture(tmp_path, round_, (f"round {round_}", *ODD)))
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &#34;so&#34;" in page and "<b>bold</b>" not in page
    assert "\x07" not in page and "\x1b" not in page
    assert page.count('<pre class="lines"') == 3 and 'data-round="5"' in page
    assert "All lists show the same latents" in page and "no pictures yet" not in page


def test_the_page_of_a_comparison_takes_the_last_lines(tmp_path: Path) -> None:
    for round_ in (5, 7):
        save_lines([f"round {round_}"], lines_path(tmp_path, round_))
    assert _picture(tmp_path) == Lines(7, ("round 7",))


def test_a_terminal_gets_a_few_lines_that_cannot_harm_it(tmp_path: Path) -> None:
    stream = io.StringIO()
    display = PlainLines(stream)
    display.open(RunStart(tmp_path, "text", SampleSpec((9, 4)), 0, 10))
    display.picture(picture(tmp_path, lines=("one", "\x1b[2Jtwo", "three", "four")))
    display.show({"round": 1, "critic_loss": 1.0})
    display.show({"round": 2, "critic_loss": 1.0})
    display.close(RunEnd(tmp_path, 10, 10, "finished"))
    said = stream.getvalue().splitlines()
    assert said[1:4] == ["  one", f"  {UNKNOWN}[2Jtwo", "  three"]
    assert sum(line.startswith("  ") for line in said) == 3


def test_the_live_display_shows_them_too(tmp_path: Path) -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, width=300)
    display = LivePanel(console)
    display.open(RunStart(tmp_path, "text", SampleSpec((9, 4)), 0, 10))
    display.picture(picture(tmp_path, lines=("[one]", "two")))
    display.close(RunEnd(tmp_path, 10, 10, "finished"))
    said = console.file.getvalue()
    assert "[one]" in said and "000007.txt" in said


def test_tensorboard_gets_the_lines_as_text(tmp_path: Path) -> None:
    observer = TensorBoardObserver()
    observer.started(RunStart(tmp_path, "text", SampleSpec((9, 4)), 0, 10))
    observer.pictured(picture(tmp_path))
    observer.ended(RunEnd(tmp_path, 10, 10, "finished"))
    events = EventAccumulator(str(tmp_path)).Reload()
    (event,) = events.Tensors("samples/text_summary")
    assert event.step == 7 and "dåré`" in event.tensor_proto.string_val[0].decode("utf-8")


def test_samples_of_text_are_lines_or_arrays(tmp_path: Path) -> None:
    alphabet = Alphabet(UNKNOWN + "`ab")
    ids = np.array([[2, 3, 1], [3, 1, 2]], np.uint8)
    assert save_samples(ids, tmp_path / "s.txt", None, alphabet).read_text(encoding="utf-8") == "ab\nb`a\n"
    with np.load(save_samples(ids, tmp_path / "s.npz", None, alphabet)) as arrays:
        assert np.array_equal(arrays["ids"], ids) and str(arrays["characters"]) == alphabet.characters
    for name in ("s.png", "s"):
        with pytest.raises(UsageError, match=r"the ending has to be \.txt for lines, or \.npz"):
            save_samples(ids, tmp_path / name, None, alphabet)
