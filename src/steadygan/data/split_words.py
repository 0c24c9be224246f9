"""Splits by the words in names of folders and files: train, test2017, seg_train, ValidationImages."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

Split = Literal["train", "test", "validation", ""]

_SPLITS: dict[str, Split] = dict.fromkeys(("train", "training", "trainval"), "train")
_SPLITS |= dict.fromkeys(("test", "testing", "heldout"), "test")
_SPLITS |= dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation"), "validation")
_PLAIN = {"set", "sets", "data", "dataset", "split", "folder", "images", "image", "imgs", "img", "pictures", "photos"}
_GLUED = re.compile(r"(set|data|images?|imgs?)$")
_HELD_OUT = re.compile(r"(held|hold)[\W_]?out", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_SHORTEST = 3
"""letters of a word that tells what is in a folder: not 'A', 'hr' or 'v2'"""


def split_of_name(name: str) -> Split:
    """'train', 'test', 'validation' or '', by the first word of a name that says so."""
    return next((split for word in _words(name) if (split := _split(word))), "")


def without_split(name: str) -> str:
    """The other words of a name: 'A' of 'trainA', 'images' of 'train_images'."""
    words = _words(name)
    first = next((place for place, word in enumerate(words) if _split(word)), len(words))
    return " ".join(words[:first] + words[first + 1 :])


def split_folders(names: Collection[str]) -> dict[str, Split]:
    """The splits that the folders beside each other are; empty if they are none.

    They are splits if one is for training and another is not, and either all names say so, and are alike otherwise, or
    two differ in that word alone. {train, car, bus} and {bullet_train, test_tube} are no splits.
    """
    splits: dict[str, Split] = {name: split for name in names if (split := split_of_name(name))}
    training = [name for name in splits if splits[name] == "train"]
    held_out = [name for name in splits if splits[name] != "train"]
    if len(splits) == len(names) and any(_alike(name, other) for name in training for other in held_out):
        return splits
    paired = {_rest(name) for name in training} & {_rest(name) for name in held_out}
    return {name: split for name, split in splits.items() if _rest(name) in paired}


def _words(name: str) -> list[str]:
    return _WORDS.findall(_CAMEL.sub(" ", _HELD_OUT.sub("heldout", name)))


def _split(word: str) -> Split:
    word = word.lower()
    return _SPLITS.get(word) or _SPLITS.get(_GLUED.sub("", word), "")


def _rest(name: str) -> str:
    return without_split(name).lower()


def _alike(name: str, other: str) -> bool:
    """True if one name tells nothing about its content that the other does not."""
    mine, theirs = ({word for word in _rest(each).split() if _tells(word)} for each in (name, other))
    return mine <= theirs or theirs <= mine


def _tells(word: str) -> bool:
    return word.isalpha() and len(word) >= _SHORTEST and word not in _PLAIN
