"""Which protocol for pictures a terminal has: by the variables that terminals set, or as the user chose.

Nothing is asked of the terminal: its answer would stand among what the user types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, cast, get_args

from steadygan.checks import one_of

Protocol: TypeAlias = Literal["kitty", "iterm2", "sixel", "blocks", "none"]
Choice: TypeAlias = Literal["auto", "kitty", "iterm2", "sixel", "blocks", "none"]
CHOICES: tuple[str, ...] = get_args(Choice)
VARIABLE = "STEADYGAN_PICTURES"

_BY_TERM: dict[str, Protocol] = {
    "xterm-kitty": "kitty",
    "xterm-ghostty": "kitty",
    "wezterm": "iterm2",
    "foot": "sixel",
    "foot-extra": "sixel",
    "mlterm": "sixel",
    "mlterm-256color": "sixel",
}
_BY_PROGRAM: dict[str, Protocol] = {
    "kitty": "kitty",
    "ghostty": "kitty",
    "wezterm": "iterm2",
    "iterm.app": "iterm2",
    "mintty": "sixel",
}
_WITHOUT_PICTURES = ("", "dumb", "unknown", "linux")
_NO = ("", "0", "false")


def protocol(choice: str | None, environ: Mapping[str, str]) -> Protocol:
    """The protocol that pictures are shown by.

    Args:
        choice: one of ``CHOICES``; None: what STEADYGAN_PICTURES names, else auto
        environ: the variables of the process

    Raises:
        UsageError: for another choice.
    """
    check(choice, environ)
    chosen = choice or environ.get(VARIABLE, "").strip() or "auto"
    return detected(environ) if chosen == "auto" else cast("Protocol", chosen)


def check(choice: str | None, environ: Mapping[str, str]) -> None:
    """Raises UsageError unless the choice, or else the variable, is one of ``CHOICES``."""
    if choice is not None:
        one_of("--pictures", choice, CHOICES)
    elif named := environ.get(VARIABLE, "").strip():
        one_of(VARIABLE, named, CHOICES)


def detected(environ: Mapping[str, str]) -> Protocol:
    """The best protocol that a terminal with these variables is known to have; 'none' under CI and NO_COLOR."""
    term, program = environ.get("TERM", "").lower(), environ.get("TERM_PROGRAM", "").lower()
    if term in _WITHOUT_PICTURES or environ.get("NO_COLOR") or environ.get("CI", "").lower() not in _NO:
        return "none"
    if not multiplexed(environ):
        if term in _BY_TERM:
            return _BY_TERM[term]
        if program:  # it says more than variables of the terminal that started this one
            return _BY_PROGRAM.get(program, _blocks(environ))
        if environ.get("LC_TERMINAL", "").lower() == "iterm2":  # over ssh
            return "iterm2"
        if environ.get("KITTY_WINDOW_ID"):
            return "kitty"
        if environ.get("MLTERM"):
            return "sixel"
    return _blocks(environ)


def multiplexed(environ: Mapping[str, str]) -> bool:
    """True inside tmux, screen or zellij, which do not pass pictures on."""
    inside = any(environ.get(name) for name in ("TMUX", "STY", "ZELLIJ"))
    return inside or environ.get("TERM", "").lower().startswith(("tmux", "screen"))


def has_exact_colours(environ: Mapping[str, str]) -> bool:
    """True if the terminal says that it has 24-bit colours; screen takes their numbers for other settings."""
    of_screen = bool(environ.get("STY")) or (
        environ.get("TERM", "").lower().startswith("screen") and not environ.get("TMUX")
    )
    return environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") and not of_screen


def _blocks(environ: Mapping[str, str]) -> Protocol:
    term = environ.get("TERM", "").lower()
    many = "256color" in term or term.endswith("-direct") or term in _BY_TERM or term in ("alacritty", "xterm-kitty")
    return "blocks" if many or environ.get("TMUX") or has_exact_colours(environ) else "none"
