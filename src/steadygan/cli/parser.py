"""Parsing fixed options: argparse, but every mistake is a UsageError of one line with the nearest right spelling."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from steadygan.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from steadygan.run import Run


ROUND = "of another checkpoint: a number, or 'best' by the evaluations while training (default: the last)"


class Parser(argparse.ArgumentParser):
    """An argument parser of one command; ``options`` says of each option whether a value follows it."""

    def __init__(self, command: str, description: str, **settings: Any) -> None:
        self.options: dict[str, bool] = {}
        super().__init__(
            prog=f"steadygan {command}".strip(),
            description=description,
            allow_abbrev=False,
            formatter_class=_Formatter,
            **settings,
        )

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        action = super().add_argument(*names, **settings)
        self.options.update(dict.fromkeys(action.option_strings, action.nargs != 0))
        return action

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments' values.

        Raises:
            UsageError: for what the command does not know.
        """
        values, extra = self.parse_known_args(arguments)
        unknown = [text for text in extra if text.startswith("-") and text != "--"]
        if unknown:
            raise unknown_name("option", unknown[0].partition("=")[0], [n for n in self.options if n.startswith("--")])
        if extra:
            raise UsageError(f"'{extra[0]}' is one argument too many for '{self.prog}'; see '{self.prog} --help'")
        return values

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.removeprefix("argument "))


class _Formatter(argparse.HelpFormatter):
    """Wider than argparse's, with defaults where the help text does not say them."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got '{text}'; a whole number is needed") from None


def at_least(least: int) -> Any:
    """A reader of whole numbers from ``least`` on."""

    def read(text: str) -> int:
        number = whole(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"got {number}; it has to be {least} or more")
        return number

    return read


def minutes(text: str) -> float:
    """A time above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"got '{text}'; minutes have to be a number above 0")
    return number


def more_rounds(text: str) -> int:
    """The N of ``+N``."""
    if not (text.startswith("+") and text[1:].isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"got '{text}'; write +N for N rounds more, such as +1000")
    return int(text)


def round_or_best(text: str) -> int | str:
    """A checkpoint's round, or 'best'."""
    if text == "best":
        return text
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"got '{text}'; a round or 'best' is needed")
    return int(text)


def chosen_round(run: Run, asked: int | str | None) -> int | None:
    """The round that was asked for; None for the last."""
    return run.best_round if asked == "best" else None if asked is None else int(asked)
