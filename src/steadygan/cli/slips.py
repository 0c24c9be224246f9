"""Slips on the command line: expanded wildcards, words that begin with a dash, options after ``--`` or not repeated."""

from __future__ import annotations

import itertools
import os
from collections.abc import Container, Sequence
from itertools import pairwise

from steadygan.errors import UsageError
from steadygan.system.import_path import is_import_path


def expanded(word: str, arguments: Sequence[str]) -> str:
    """The end of a sentence on one file too many, if another file of its folder is given too; '' otherwise."""
    folder = os.path.dirname(word)
    if not _exists(word) or os.path.isdir(word):
        return ""
    beside = [each for each in arguments if each != word and os.path.dirname(each) == folder]
    if not any(_exists(each) and not os.path.isdir(each) for each in beside):
        return ""
    return f": give the folder '{folder or os.curdir}', in place of the names of its files"


def check_dash(word: str) -> None:
    """Raises UsageError for a word that is taken for an option, and is a file or folder."""
    if word.startswith("-") and _exists(word):
        raise UsageError(f"'{word}' is taken for an option; the path is './{word}'")


def check_end_of_options(word: str, arguments: Sequence[str]) -> None:
    """Raises UsageError for an option that stands after ``--``, which ends the options."""
    if "--" in arguments and word in arguments[arguments.index("--") :]:
        raise UsageError(f"'{word}' stands after '--', which ends the options: options go before it")


def check_value(option: str, word: str, options: Container[str]) -> None:
    """Raises UsageError for a value that begins with one dash, and is taken for an option for that reason."""
    if word.startswith("-") and not word.startswith("--") and word not in options:
        raise UsageError(f"{option}: '{word}' is taken for an option; as a value it is typed {option}={word}")


def check_repeated(option: str, arguments: Sequence[str]) -> None:
    """Raises UsageError for a second class behind an option that takes one, ``--kinds mine:Net mine:Loss``."""
    for place in (index for index, word in enumerate(arguments) if word == option):
        names = list(itertools.takewhile(is_import_path, arguments[place + 1 :]))
        if len(names) > 1 and names[1].rpartition(":")[2][0].isupper():
            typed = " ".join(f"{option} {name}" for name in names)
            raise UsageError(f"'{names[1]}' stands without {option}: each has one of its own, {typed}")


def word_after(option: str, arguments: Sequence[str]) -> str:
    """The argument behind an option, '' without one; '--quiet/-q' is an option of two names."""
    names = option.split("/")
    return next((after for word, after in pairwise(arguments) if word in names), "")


def _exists(word: str) -> bool:
    try:
        return os.path.exists(word)
    except ValueError:  # a null character
        return False
