"""Options of other programs: those that mean the same are taken, for others an error says what to type here."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan.cli.habits import training, using
from steadygan.cli.habits.meanings import Bare, Otherwise, Same, Short
from steadygan.errors import UsageError

__all__ = ["HABITS", "Bare", "Otherwise", "Same", "Short", "meant"]


def meant(command: str, arguments: Sequence[str]) -> list[str]:
    """The arguments with options of other programs in our words.

    Raises:
        UsageError: one line, for an option that has no exact counterpart.
    """
    table = HABITS.get(command, {})
    words: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*words, word, *waiting]
        name, equals, value = word.partition("=")
        meaning = table.get(name if name.startswith("--") else word)
        meaning = meaning or (table.get(name.replace("_", "-")) if name.startswith("--") else None)
        if meaning is None:
            words.append(word)
        elif isinstance(meaning, Otherwise):
            raise UsageError(f"there is no option '{name}' here: {meaning.advice}")
        elif isinstance(meaning, Short):
            words += meaning.words
        elif isinstance(meaning, Bare):
            words += [value] if equals else []
        else:
            given = equals or (waiting and not waiting[0].startswith("-"))
            text = value if equals else waiting.pop(0) if given else ""
            for ours in meaning.names:
                words += [f"{ours}={text}"] if equals else [ours, text] if given else [ours]
    return words


HABITS = {**training.HABITS, **using.HABITS}
"""for each command: options that people type by habit, and what they mean here"""
