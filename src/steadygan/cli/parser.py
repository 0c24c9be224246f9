"""Parsing of fixed options: argparse, with every mistake a one-line UsageError with the nearest spelling."""

from __future__ import annotations

import argparse
import contextlib
import math
import re
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

from steadygan.cli import slips, verbosity
from steadygan.errors import UsageError, unknown_name
from steadygan.system.terminal import raw_of, width_of

if TYPE_CHECKING:
    from steadygan.run import Run


LARGEST_WIDTH = 110
"""columns of help texts, at most"""
ROUND = "of another checkpoint: a number, or 'best' by the evaluations during training (default: the last)"


def add_kinds(parser: Parser) -> None:
    """Adds ``--kinds``, by which the user names code of their own; ``import_kinds`` imports it."""
    parser.add_argument(
        "--kinds",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="a class or function of your own that the recipe names, such as my_networks:Critic (repeatable)",
    )


class Parser(argparse.ArgumentParser):
    """An argument parser of one command; ``options`` maps each option to True if a value follows it."""

    def __init__(self, command: str, description: str, **settings: Any) -> None:
        self.options: dict[str, bool] = {}
        self._given: list[str] = []
        super().__init__(
            prog=f"steadygan {command}".strip(),
            description=description,
            allow_abbrev=False,
            formatter_class=_Formatter,
            **settings,
        )
        self.add_argument(*verbosity.QUIET, action="store_true", help="results, warnings and errors only")
        self.add_argument(
            *verbosity.VERBOSE, action="store_true", help="each step of long work as a line; tracebacks of failures"
        )

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        action = super().add_argument(*names, **settings)
        self.options.update(dict.fromkeys(action.option_strings, action.nargs != 0))
        return action

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The values of the arguments.

        Raises:
            UsageError: for unknown options and superfluous arguments.
        """
        if _only_made.get():
            raise _MadeError(self)
        self._refuse_twice(arguments)
        self._given = list(arguments)
        values, extra = self.parse_known_args(arguments)
        unknown = [text for text in extra if text.startswith("-") and text != "--"]
        if unknown:
            slips.check_end_of_options(unknown[0], arguments)
            slips.check_dash(unknown[0])
            raise unknown_name("option", unknown[0].partition("=")[0], [n for n in self.options if n.startswith("--")])
        for action in self._actions:
            given = getattr(values, action.dest, None)
            if isinstance(given, str) and (not given.strip() or "\0" in given):
                name = action.option_strings[0] if action.option_strings else action.metavar
                raise UsageError(f"{name}: got '{given}'; a name or value is needed")
        if extra:
            hint = slips.expanded(extra[0], arguments) or f"; see '{self.prog} --help'"
            raise UsageError(f"'{extra[0]}' is one argument too many for '{self.prog}'{hint}")
        return values

    def _refuse_twice(self, arguments: Sequence[str]) -> None:
        """Raises UsageError for an option with one value that is given two: the first would not be used."""
        given: dict[str, str] = {}
        for index, word in enumerate(arguments):
            if word == "--":
                break
            name, equals, value = word.partition("=")
            action = self._option_string_actions.get(name)
            if isinstance(action, argparse._StoreAction):
                value = value if equals else "".join(arguments[index + 1 : index + 2])
                if action.dest in given and given[action.dest] != value:
                    raise UsageError(f"{name} is given twice, '{given[action.dest]}' and '{value}'; once is allowed")
                given[action.dest] = value

    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        option = message.partition(":")[0]
        word = slips.word_after(option, self._given)
        slips.check_dash(word)
        if not self._negative_number_matcher.match(word):  # such a word is read as a value: the message is on that
            slips.check_value(option, word, self._option_string_actions)
        raise UsageError(message)


_only_made: ContextVar[bool] = ContextVar("only_made", default=False)


class _MadeError(Exception):
    """A parser was made, and nothing is to be parsed."""

    def __init__(self, parser: Parser) -> None:
        super().__init__()
        self.parser = parser


def parser_of(command: Callable[[Sequence[str]], int]) -> Parser:
    """The parser of a command, which is not carried out.

    command: what is called with the arguments after its name
    """
    token = _only_made.set(True)
    try:
        command(())
    except _MadeError as made:
        return made.parser
    finally:
        _only_made.reset(token)
    raise TypeError(f"{command.__module__} has no parser")


class _Formatter(argparse.HelpFormatter):
    """argparse's formatter, with a wider column of options."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=min(LARGEST_WIDTH, width_of(raw_of(sys.stdout))) - 1)


_WHOLE = re.compile(r"[-+]?\d{1,3}(,\d{3})+|[-+]?\d+", re.ASCII)
_LONGEST_NUMBER = 19


def integer(text: str) -> int:
    """Parses a whole number below 10^18: ``1000``, ``1,000``, ``1e3``."""
    number = math.nan
    if _WHOLE.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return int(text.replace(",", ""))
    with contextlib.suppress(ValueError):
        number = float(text) if text.isascii() and "_" not in text else math.nan
    if not (number.is_integer() and abs(number) < 1e18):
        raise argparse.ArgumentTypeError(f"got '{text}'; a whole number is needed")
    return int(number)


def at_least(least: int) -> Any:
    """A parser of whole numbers from ``least`` on."""

    def parse(text: str) -> int:
        number = integer(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"got {number}; it has to be {least} or more")
        return number

    return parse


def minutes(text: str) -> float:
    """Parses a time above 0."""
    return _above_zero(text, "minutes have")


def positive(text: str) -> float:
    """Parses a number above 0."""
    return _above_zero(text, "it has")


def _above_zero(text: str, what: str) -> float:
    number = math.nan
    with contextlib.suppress(ValueError):
        number = float(text)
    if not 0 < number < 1e12:
        raise argparse.ArgumentTypeError(f"got '{text}'; {what} to be a number above 0, and below 1e12")
    return number


def more_rounds(text: str) -> int:
    """Parses the N of ``+N``."""
    number = text[1:]
    if not (text.startswith("+") and number.isascii() and number.isdigit() and len(number) <= 12 and int(number) > 0):
        raise argparse.ArgumentTypeError(f"got '{text}'; write +N for N rounds more, such as +1000")
    return int(text)


def round_or_best(text: str) -> int | str:
    """Parses a checkpoint's round, or 'best'."""
    if text == "best":
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"got '{text}'; a round or 'best' is needed")
    return int(text)


def round_number(text: str) -> int:
    """Parses a checkpoint's round."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"got '{text}'; a round is needed, such as 1000")
    return int(text)


def chosen_round(run: Run, choice: int | str | None) -> int:
    """The round of the checkpoint to use, which stays that one while a training saves others.

    Raises:
        UsageError, RunError: if there is none.
    """
    asked = run.best_round if choice == "best" else None if choice is None else int(choice)
    return int(run.checkpoint(asked).name)
