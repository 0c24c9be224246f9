"""Which protocol for pictures is chosen."""

from __future__ import annotations

import pytest

from steadygan.errors import UsageError
from steadygan.system.graphics.choice import CHOICES, VARIABLE, detected, has_exact_colours, protocol

X = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "linux"}, "none"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({**X, "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({**X, "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({**X, "TERM_PROGRAM": "WezTerm"}, "iterm2"),
        ({**X, "TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"}, "iterm2"),
        ({**X, "LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "mlterm"}, "sixel"),
        ({**X, "MLTERM": "3.9"}, "sixel"),
        (X, "blocks"),
        ({**X, "TERM_PROGRAM": "Apple_Terminal"}, "blocks"),
        # a terminal that was started from another one's shell inherits its variables
        ({**X, "TERM_PROGRAM": "vscode", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "foot", "KITTY_WINDOW_ID": "1"}, "sixel"),
        ({"TERM": "tmux-256color", "TMUX": "/run/tmux", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "screen", "TMUX": "/run/tmux", "TERM_PROGRAM": "tmux", "LC_TERMINAL": "iTerm2"}, "blocks"),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts", "TERM_PROGRAM": "WezTerm"}, "blocks"),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.pts"}, "none"),
        ({"TERM": "xterm-kitty", "ZELLIJ": "0"}, "blocks"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-kitty", "NO_COLOR": ""}, "kitty"),
        ({"TERM": "xterm-kitty", "CI": "true"}, "none"),
        ({"TERM": "xterm-kitty", "CI": "false"}, "kitty"),
    ],
)
def test_terminals_are_known_by_their_variables(environ: dict[str, str], expected: str) -> None:
    assert detected(environ) == expected


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice != "auto"])
def test_a_choice_stands_above_what_is_detected(choice: str) -> None:
    environ = {"TERM": "xterm-kitty", "CI": "true", "NO_COLOR": "1"}
    assert protocol(choice, environ) == choice
    assert protocol(None, {**environ, VARIABLE: choice}) == choice
    assert protocol(choice, {**environ, VARIABLE: "auto"}) == choice


def test_auto_detects_whatever_the_variable_says() -> None:
    assert protocol("auto", {"TERM": "foot", VARIABLE: "kitty"}) == "sixel"
    assert protocol(None, {"TERM": "foot", VARIABLE: " "}) == "sixel"


def test_another_choice_is_one_line_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--pictures is 'kity'; allowed: auto, kitty.*did you mean 'kitty'"):
        protocol("kity", {})
    with pytest.raises(UsageError, match=f"{VARIABLE} is 'block'; allowed: .*blocks"):
        protocol(None, {VARIABLE: "block"})


@pytest.mark.parametrize(
    ("environ", "exact"),
    [
        ({**X, "COLORTERM": "truecolor"}, True),
        ({**X, "COLORTERM": "24bit"}, True),
        (X, False),
        ({**X, "COLORTERM": "1"}, False),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, False),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "/run/tmux"}, True),
    ],
)
def test_24_bits_are_used_where_they_are_said_to_be(environ: dict[str, str], exact: bool) -> None:
    assert has_exact_colours(environ) is exact
