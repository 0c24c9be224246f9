"""Completion of command lines: what a word can become, by the parser of its command. Imports no torch."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from steadygan.cli import known_values, verbosity
from steadygan.cli.known_values import Found
from steadygan.cli.parser import Parser, parser_of
from steadygan.errors import SteadyganError

Paths = Literal["none", "files", "folders"]
OF_RECIPES = ("train", "resume", "bench", "sweep")
"""commands whose options are the fields of a recipe, too"""
_GENERAL = {"--help": "this help", "--version": "the version", "--quiet": "results only", "--verbose": "each step"}


@dataclass(frozen=True)
class Completions:
    """What a word can become."""

    words: tuple[Found, ...] = ()
    """each with a description, which may be empty"""
    paths: Paths = "none"
    """the names of files or folders, which the shell itself completes, may stand there as well"""


def complete(words: Sequence[str], commands: dict[str, tuple[str, str]]) -> Completions:
    """What the last word can become.

    Args:
        words: after ``steadygan``; the last one, perhaps '', is being typed
        commands: of each command its module, and a line of help
    """
    *typed, current = words or [""]
    while typed and typed[0] in verbosity.FLAGS:
        typed.pop(0)
    if not typed or typed == ["help"]:
        named = [(name, line) for name, (_, line) in commands.items()]
        return _beginning(current, [*named, *_GENERAL.items()] if current.startswith("-") else named)
    name, *typed = typed
    if name not in commands:
        return Completions()
    return _Line(name, commands[name][0], typed, current).completions()


def _beginning(start: str, found: Iterable[Found], paths: Paths = "none", before: str = "") -> Completions:
    """Those that begin with ``start``, in upper or lower case, after ``before``, which stays."""
    lower = start.lower()
    kept = [(before + word, what) for word, what in found if word.lower().startswith(lower) and word.isprintable()]
    return Completions(tuple(dict(reversed(kept)).items())[::-1], paths)


@dataclass(frozen=True)
class _Line:
    command: str
    module: str
    typed: list[str]
    """after the command"""
    current: str

    @cached_property
    def parser(self) -> Parser:
        return parser_of(importlib.import_module(self.module).run)

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields that are options as well, by option."""
        try:
            spec = known_values.spec_of(self.command, self.typed)
        except (SteadyganError, OSError):  # a damaged recipe has no options
            spec = None
        return {} if spec is None else known_values.fields_by_option(spec)

    def completions(self) -> Completions:
        if "--" in self.typed:
            return self._of_positional()
        option = self._open_option()
        if option is not None:
            return self._of_value(option, self.current)
        if self.current.startswith("-"):
            name, equals, value = self.current.partition("=")
            if equals:
                return self._of_value(name, value, before=f"{name}=")
            return _beginning(self.current, self._options())
        return self._of_positional()

    def _open_option(self) -> str | None:
        """The option whose value is being typed."""
        for back, word in enumerate(reversed(self.typed)):
            if not word.startswith("-"):
                continue
            action = self._action(word)
            if "=" in word or (action is None and word not in self.fields) or (action and action.nargs == 0):
                return None
            several = action is not None and action.nargs in ("+", "*")
            return word if (back == 0 or several) and not self.current.startswith("-") else None
        return None

    def _action(self, option: str) -> argparse.Action | None:
        return self.parser._option_string_actions.get(option)

    def _options(self) -> list[Found]:
        own = [
            (name, _help(action))
            for action in self.parser._actions
            if action.help != argparse.SUPPRESS
            for name in action.option_strings
            if name.startswith("--")
        ]
        return own + [(option, field.doc) for option, field in self.fields.items()]

    def _of_value(self, option: str, start: str, before: str = "") -> Completions:
        action = self._action(option)
        if action is None:
            field = self.fields.get(option)
            return Completions() if field is None else _beginning(start, known_values.of_field(field), before=before)
        return self._of_action(action, start, before)

    def _of_action(self, action: argparse.Action, start: str, before: str = "") -> Completions:
        if action.choices is not None:
            return _beginning(start, [(str(choice), "") for choice in action.choices], before=before)
        named = known_values.BY_OPTION.get(action.option_strings[0] if action.option_strings else "")
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        found = named or known_values.BY_METAVAR.get((self.command, metavar)) or known_values.BY_METAVAR.get(metavar)
        words = [] if found is None else _quietly(lambda: found(self.command, self.typed))
        if "," in start and action.dest in known_values.LISTS:
            listed, _, start = start.rpartition(",")
            before = f"{before}{listed},"
        return _beginning(start, words, known_values.paths_of(metavar), before)

    def _of_positional(self) -> Completions:
        actions = [action for action in self.parser._actions if not action.option_strings]
        place = len(self._positionals())
        if not actions or (place >= len(actions) and actions[-1].nargs not in ("+", "*")):
            return Completions()
        found = self._of_action(actions[min(place, len(actions) - 1)], self.current)
        if self.command not in OF_RECIPES or not self.current:
            return found
        kinds = _beginning(self.current, known_values.kinds_by_token(self.fields.values(), self.current))
        fields = [(f"{option.removeprefix('--')}=", field.doc) for option, field in self.fields.items()]
        swept = _beginning(self.current, fields if self.command == "sweep" else ())
        return Completions((*found.words, *kinds.words, *swept.words), found.paths)

    def _positionals(self) -> list[str]:
        """The words before that are neither options nor their values."""
        found: list[str] = []
        takes = False
        for word in self.typed:
            if word.startswith("-"):
                action = self._action(word)
                takes = "=" not in word and (action.nargs != 0 if action is not None else word in self.fields)
            elif not takes:
                found.append(word)
            else:
                takes = False
        return found


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


def _quietly(find: Callable[[], Iterable[Found]]) -> list[Found]:
    """What is found; nothing where that is damaged or cannot be read."""
    try:
        return list(find())
    except (SteadyganError, OSError):
        return []
