"""Words without an option in ``train`` and ``bench``: a recipe, and data, told apart by what they are."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from steadygan.cli import slips, verbosity
from steadygan.cli.overrides import Change
from steadygan.errors import UsageError
from steadygan.recipes import by_name, find

_FILES = (".npz", ".npy", ".parquet", ".txt", ".text", ".gz", ".csv", ".tsv", ".zip", ".tar", ".pt", ".pkl")
"""endings of files that are no recipes"""


def place(values: argparse.Namespace) -> list[Change]:
    """Sets ``values.recipe`` from the words, and returns the change of the data by a word or by --data.

    Raises:
        UsageError: for two recipes, for two sources of data, and for a word that is neither.
    """
    values.recipe = None
    source: str | None = values.data
    for word in values.words:
        if not word.strip():
            raise UsageError(f"got '{word}' where a recipe or data is needed")
        if not _is_data(word):
            if values.recipe is not None:
                raise UsageError(f"'{word}' is one argument too many: '{values.recipe}' is the recipe already")
            values.recipe = word
        elif source is None:
            source = word
            verbosity.say(f"data: {word}")
        else:
            hint = slips.expanded(word, [source]) or f": '{source}' is the data already"
            raise UsageError(f"'{word}' is one argument too many{hint}")
    return [] if source is None else [data_change(source)]


def data_change(text: str) -> Change:
    """``--data SOURCE`` is short for ``--data.source SOURCE``; ``--data '{source: ..., size: 32}'`` sets more."""
    return Change(("data",) if text.lstrip().startswith("{") else ("data", "source"), text, "--data")


def _is_data(word: str) -> bool:
    """True for a name or path of data; the names of recipes come first."""
    lower = word.lower()
    if lower.replace("_", "-") in by_name() or lower.endswith((".yaml", ".yml")):
        return False
    from steadygan.data.sources.find import NAMES

    if lower in NAMES or word.startswith("hf:"):
        return True
    path = Path(word)
    try:
        if path.is_dir():
            return True
        if path.is_file():
            from steadygan.data.images.formats import picture_suffixes

            return lower.endswith((*_FILES, *picture_suffixes())) or "ubyte" in lower
    except (OSError, ValueError):  # no valid file name
        return True
    looks_like_path = os.sep in word or "/" in word or word.startswith(("~", ".")) or lower.endswith(_FILES)
    if not looks_like_path:
        find(word)  # raises the error with the nearest recipe
    return looks_like_path
