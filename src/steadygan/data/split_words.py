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

    They are splits if one is for training, another is not, and the rest of both names says the same; other folders are
    then none. Else all names have to be those of splits, and one has to say nothing that another does not: {train,
    test_final}. {train, car, bus} and {bullet_train, test_tube} are no splits.
    """
    splits: dict[str, Split] = {name: split for name in names if (split := split_of_name(name))}
    training = [_content(name) for name in splits if splits[name] == "train"]
    held_out = [_content(name) for name in splits if splits[name] != "train"]
    paired = [content for content in training if content in held_out]
    if paired:
        return {name: split for name, split in splits.items() if _content(name) in paired}
    nested = any(mine <= theirs or theirs <= mine for mine in training for theirs in held_out)
    return splits if nested and len(splits) == len(names) else {}


def _content(name: str) -> frozenset[str]:
    """The words of a name that tell what is in a folder: not the split, numbers, or that it holds data."""
    return frozenset(word for word in without_split(name).lower().split() if word.isalpha() and word not in _PLAIN)


def _words(name: str) -> list[str]:
    return _WORDS.findall(_CAMEL.sub(" ", _HELD_OUT.sub("heldout", name)))


def _split(word: str) -> Split:
    word = word.lower()
    return _SPLITS.get(word) or _SPLITS.get(_GLUED.sub("", word), "")
