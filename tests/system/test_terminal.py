"""Terminal output: escaped, broken between words, as wide as the terminal."""

from __future__ import annotations

import io
import sys

import pytest

from steadygan.system import terminal
from steadygan.system.terminal import Output, console, escaped_output, moves_cursor, safe
from steadygan.system.words import cells, shortened, wrapped


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


HOSTILE = "a\x1b]0;title\x07b\x1b[2Jc\rd\u202ee\x9bf\udce4g"
SHOWN = r"a\x1b]0;title\x07b\x1b[2Jc\rd\u202ee\x9bf\xe4g".replace(r"\rd", r"\x0dd")


def test_control_characters_are_escaped_and_lines_and_tabs_stay() -> None:
    assert safe(HOSTILE) == SHOWN
    assert safe("one\n\ttwo ü 中\n") == "one\n\ttwo ü 中\n"


def test_whatever_is_printed_in_the_command_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with escaped_output():
        print(HOSTILE)
        print(HOSTILE, file=sys.stderr)
        sys.stdout.write("no end")
    assert capsys.readouterr() == (f"{SHOWN}\nno end", f"{SHOWN}\n")
    assert not isinstance(sys.stdout, Output)


def test_texts_between_the_control_sequences_of_a_table_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.table import Table

    screen = Screen()
    monkeypatch.setattr(sys, "stdout", Output(screen))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    console().print(table)
    said = screen.getvalue()
    assert "\x1b[1m" in said  # its own bold head
    assert "\x1b]0;" not in said and "\x1b[2J" not in said and "\x9b" not in said
    assert said.count(r"a\x1b]0;title") == 2


@pytest.mark.parametrize("width", [20, 40, 100])
def test_lines_on_a_terminal_are_broken_between_words_only(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = "  a picture every thirty rounds in /a/very/long/path/that/no/terminal/of/forty/columns/holds and the rest"
    screen = Screen()
    Output(screen).write(f"{text}\n")
    lines = screen.getvalue().splitlines()
    assert " ".join(screen.getvalue().split()) == text.strip()
    assert all(line.startswith("  ") for line in lines)
    assert all(len(line) <= width or " " not in line.strip() for line in lines)
    pipe = io.StringIO()
    Output(pipe).write(f"{text}\n")
    assert pipe.getvalue() == f"{text}\n"


def test_wide_characters_take_two_columns() -> None:
    assert [cells(text) for text in ("ab", "中b", "e\u0301")] == [2, 3, 1]
    assert wrapped("中中 中中 a", 5) == ["中中", "中中", "a"] and wrapped("中中 中 a", 9) == ["中中 中 a"]
    assert shortened("中" * 20, 9) == "中中中…中"
    assert cells(shortened("中" * 20, 9)) <= 9


@pytest.mark.parametrize(("width", "shown"), [(20, "wgan-gp-celeba-64"), (10, "wgan-gp…64"[:7] + "…64"), (1, "…")])
def test_long_names_keep_their_beginning_and_end(width: int, shown: str) -> None:
    short = shortened("wgan-gp-celeba-64", width)
    assert len(short) <= width and short[0] == shown[0]
    assert width < 3 or short.endswith(shown[-2:])


@pytest.mark.parametrize(("name", "moves"), [("xterm-256color", True), ("dumb", False), ("", False)])
def test_a_dumb_terminal_is_not_drawn_over(name: str, moves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", name)
    assert moves_cursor(Screen()) == moves
    assert not moves_cursor(io.StringIO())


def test_the_width_is_that_of_the_window_or_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for named, width in (("40", 40), ("1", terminal.NARROWEST), ("²", terminal.WIDTH), ("", terminal.WIDTH)):
        monkeypatch.setenv("COLUMNS", named)
        assert terminal.width_of(io.StringIO()) == width
