"""Folders of pictures, with or without folders for classes and splits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from steadygan.data.images.pictures import Pictures, PictureSource, number_labels, printable
from steadygan.data.sources.walk import File, Walk

if TYPE_CHECKING:
    from steadygan.data.types import Labels

_TRAIN = {"train", "training"}
_TEST = ("test", "testing", "val", "valid", "validation")  # the first that is there becomes the test split
_MOST_STRAYS = 0.1


def open_folder(walked: Walk, name: str) -> PictureSource:
    """A picture source of a folder; class folders become labels, train and test folders the official split."""
    notes = walked.notes()
    files = walked.pictures
    depth = _common_depth(files)
    splits = {file.parts[depth].lower() for file in files if len(file.parts) > depth + 1}
    test_name = next((split for split in _TEST if split in splits), "")
    if not (test_name and splits & _TRAIN):
        used, class_names, labels = _with_classes(files, depth, notes)
        return PictureSource(
            name,
            "folder",
            _pictures(walked.root, used, labels),
            class_names=tuple(map(printable, class_names)),
            ignored=walked.ignored(),
            notes=tuple(notes),
        )
    inside = [file for file in files if len(file.parts) > depth + 1]
    train = [file for file in inside if file.parts[depth].lower() in _TRAIN]
    test = [file for file in inside if file.parts[depth].lower() == test_name]
    unused = len(files) - len(train) - len(test)
    if unused:
        notes.append(f"{unused:,} pictures outside of the folders for train and {test_name} are not used.")
    class_depth = _common_depth(train)
    train, class_names, labels = _with_classes(train, class_depth, notes)
    test_labels = None
    if labels is not None:
        test_labels = _same_classes(test, class_depth, class_names)
        if test_labels is None:
            notes.append(f"The classes of the folder '{test_name}' are not those of train: no labels are used.")
            labels, class_names = None, ()
    return PictureSource(
        name,
        "folder",
        _pictures(walked.root, train, labels),
        _pictures(walked.root, test, test_labels),
        test_name,
        tuple(map(printable, class_names)),
        walked.ignored(),
        tuple(notes),
    )


def _common_depth(files: list[File]) -> int:
    """Number of leading folders that all files share: a lone folder in a folder is not a class."""
    depth = 0
    while len({file.parts[depth] for file in files}) == 1 and all(len(f.parts) > depth + 1 for f in files):
        depth += 1
    return depth


def _with_classes(files: list[File], depth: int, notes: list[str]) -> tuple[list[File], tuple[str, ...], Labels | None]:
    """The files to use, class names, and a label for each file; no names and None without classes."""
    inside = [file for file in files if len(file.parts) > depth + 1]
    strays = len(files) - len(inside)
    folders = {file.parts[depth] for file in inside}
    if len(folders) < 2:
        return files, (), None
    if strays > _MOST_STRAYS * len(files):
        notes.append(f"{strays:,} of {len(files):,} pictures are not in a class folder: no labels are used.")
        return files, (), None
    if strays:
        notes.append(f"{strays:,} pictures are beside the class folders and left out: they have no class.")
    labels, names, _ = number_labels(np.array([file.parts[depth] for file in inside], dtype=object))
    return inside, names, labels


def _same_classes(files: list[File], depth: int, class_names: tuple[str, ...]) -> Labels | None:
    """Labels of the test files by the classes of the training files; None if a file has none of these."""
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = [numbers.get(file.parts[depth], -1) if len(file.parts) > depth + 1 else -1 for file in files]
    return None if -1 in labels else np.array(labels, dtype=np.int64)


def _pictures(root: Path, files: list[File], labels: Labels | None) -> Pictures:
    def read() -> Iterator[Path]:
        return (file.path for file in files)

    key = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=16)
    for file in files:
        line = f"{'/'.join(file.parts)}\0{file.size}\0{file.modified}\n"
        key.update(line.encode("utf-8", "surrogateescape"))
    if labels is not None:
        key.update(labels.tobytes())
    return Pictures(
        count=len(files),
        read=read,
        name_of=lambda index: printable("/".join(files[index].parts)),
        labels=labels,
        key=key.hexdigest(),
    )
