"""Folders of pictures, with or without folders for classes and splits."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from steadygan.data.images.pictures import Pictures, PictureSource, printable
from steadygan.data.labels import Labelling, number_labels, read_labels
from steadygan.data.options import LabelUse
from steadygan.data.sources.dataset_json import NAME, read_label_files
from steadygan.data.sources.numbering import only_number
from steadygan.data.sources.splits import HeldOut, Splits, common_depth, splits_of
from steadygan.data.sources.walk import File, Walk
from steadygan.errors import DataError, UsageError

if TYPE_CHECKING:
    from steadygan.data.types import Labels

_MOST_STRAYS = 0.1


def open_folder(walked: Walk, name: str, use: LabelUse = True) -> PictureSource:
    """A picture source of a folder, with the official split of train and test folders.

    Labels are those of dataset.json; without it the folders are classes, unless they only number files.

    Args:
        walked: all files
        name: of the source
        use: the option ``labels``

    Raises:
        DataError: if dataset.json is damaged or lacks pictures.
    """
    notes = walked.notes()
    splits = splits_of(walked.pictures)
    listed = _listed(walked, splits, use, notes)
    found = _by_folders(splits, use, notes) if listed is None else listed
    _need_folders(name, use, found.labelling)
    if listed is None and use == "likeliest":
        raise UsageError(f"data labels is 'likeliest', but '{name}' has no dataset.json with shares of classes")
    return PictureSource(
        name,
        "folder",
        _pictures(walked.root, found.train, found.labelling.labels),
        _pictures(walked.root, found.test, found.labelling.test_labels) if found.test else None,
        found.test_name or "test",
        tuple(map(printable, found.labelling.names)),
        walked.ignored(),
        tuple(notes),
        label_note=found.labelling.note,
    )


@dataclass(frozen=True, eq=False)
class Sorted:
    """Files of both splits, and their classes."""

    train: list[File]
    test: list[File]
    test_name: str
    """'' without a test split"""
    labelling: Labelling


def sorted_by_folders(files: list[File], name: str, use: LabelUse, notes: list[str]) -> Sorted:
    """Files by the folders that they lie in: splits, classes, or shards that only number them.

    Args:
        files: all files
        name: of the source
        use: the option ``labels``
        notes: to which sentences for the audit are added

    Raises:
        UsageError: if folders are asked for that could not be classes.
    """
    found = _by_folders(splits_of(files), use, notes)
    _need_folders(name, use, found.labelling)
    return found


def _need_folders(name: str, use: LabelUse, labelling: Labelling) -> None:
    if use == "folders" and labelling.labels is None:
        raise UsageError(f"data labels is 'folders', but '{name}' has no folders that could be classes")


@dataclass(frozen=True, eq=False)
class _Found:
    """The training files that are used, and their labels."""

    files: list[File]
    labelling: Labelling


def _listed(walked: Walk, splits: Splits, use: LabelUse, notes: list[str]) -> Sorted | None:
    """The labels of dataset.json; None without such a file."""
    files = [file for file in walked.others if file.parts[-1] == NAME]
    if not files or use == "folders":
        return None
    try:
        labels = read_label_files((file.parts, file.path) for file in files)
        if labels is None:
            return None
        walked.others = [file for file in walked.others if file not in files]
        test = splits.held_out[0] if splits.held_out else HeldOut([], "")
        if not labels.labels:
            labelling = Labelling(note=f"'{NAME}' says that there are no labels")
        else:
            values = [labels.values([file.parts for file in split]) for split in (splits.train, test.files) if split]
            labelling = read_labels(values[0], values[1] if test.files else None, use)
    except DataError:
        if use is False:
            return None
        raise
    notes += [splits.note(test.files)] if test.files else []
    extra = labels.extra(file.parts for file in walked.pictures) if labels.labels else 0
    if extra:
        notes.append(f"'{NAME}' has labels for {extra:,} pictures that are not there.")
    return Sorted(splits.train, *test, labelling)


def _by_folders(splits: Splits, use: LabelUse, notes: list[str]) -> Sorted:
    """The classes that folders are, and the split that is held out."""
    train, depth, own = splits.train, common_depth(splits.train), list[str]()
    domains = depth == splits.level and all(map(splits.domain, train))  # trainA and trainB, not train2014 and train2017
    depth += depth == splits.level
    found = _of_domains(splits) if domains else _with_classes(train, depth, use, own)
    inner = depth if use == "folders" or domains else depth + _shard_levels(train, depth)

    def classes_of(files: list[File], depth: int = inner) -> list[str]:
        if domains:
            return list(map(splits.domain, files))
        return [_class(file, depth) if len(file.parts) > depth + 1 else "" for file in files]

    test, labelling = _held_out(splits, found, classes_of, use, own)
    notes += [*([splits.note(test.files)] if splits.held_out else []), *own]
    return Sorted(found.files, *test, labelling)


def _of_domains(splits: Splits) -> _Found:
    """The classes that the training folders are besides their split: A and B of trainA and trainB."""
    labels, names, _ = number_labels(np.array(list(map(splits.domain, splits.train)), dtype=object))
    return _Found(splits.train, Labelling(labels, names))


def _held_out(
    splits: Splits, found: _Found, classes_of: Callable[..., list[str]], use: LabelUse, notes: list[str]
) -> tuple[HeldOut, Labelling]:
    """The split that is held out, with labels: the first whose classes are those of training.

    A split without folders in it has no classes: it is not used if training has some.
    """
    none = HeldOut([], "")
    if not splits.held_out or not found.labelling.names:
        return splits.held_out[0] if splits.held_out else none, found.labelling
    numbers = {name: number for number, name in enumerate(sorted(set(classes_of(found.files))))}
    flat = True
    for each in splits.held_out:
        for tested in (classes_of(each.files), classes_of(each.files, common_depth(each.files))):
            if numbers.keys() >= set(tested):
                labels = np.array([numbers[name] for name in tested], dtype=np.int64)
                return each, replace(found.labelling, test_labels=labels)
        flat = flat and not any(classes_of(each.files))
    first = splits.held_out[0]
    if flat and use is not False:
        notes.append(f"The folder '{first.name}' has no classes and is not used (--data.labels false holds it out).")
        return none, found.labelling
    notes.append(f"The classes of the folder '{first.name}' are not those of train: no labels are used.")
    return first, Labelling()


def _with_classes(files: list[File], depth: int, use: LabelUse, notes: list[str]) -> _Found:
    """The files to use, and a label for each if their folders are classes."""
    if use != "folders":
        levels = _shard_levels(files, depth)
        if levels and any(len(file.parts) > depth + levels + 1 for file in files):  # classes inside of shards
            return _with_classes(files, depth + levels, "folders", notes)
        if levels:
            return _Found(files, _numbered(files, depth))
    inside = [file for file in files if len(file.parts) > depth + 1]
    strays = len(files) - len(inside)
    folders = {file.parts[depth] for file in inside}
    if len(folders) < 2:
        return _Found(files, Labelling())
    if strays > _MOST_STRAYS * len(files):
        notes.append(f"{strays:,} of {len(files):,} files are not in a class folder: no labels are used.")
        return _Found(files, Labelling())
    if strays:
        notes.append(f"{strays:,} files are beside the class folders and left out: they have no class.")
    labels, names, _ = number_labels(np.array([_class(file, depth) for file in inside], dtype=object))
    return _Found(inside, Labelling(labels, names))


def _shard_levels(files: list[File], depth: int, above: int = 0) -> int:
    """Levels of folders, from a depth on, that only number files; ``above`` such levels are known already."""
    folders: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if len(file.parts) > depth + 1:
            outer = "".join(file.parts[depth - above : depth])  # hashes go on: ab/cd/abcd….png
            folders[file.parts[depth]].append(Path(file.parts[-1]).stem.removeprefix(outer))
    if len(folders) < 2 or not only_number(folders):
        return 0
    return 1 + _shard_levels(files, depth + 1, above + 1)


def _numbered(files: list[File], depth: int) -> Labelling:
    """No classes, with a sentence on folders that only number files."""
    folders = sorted({file.parts[depth] for file in files if len(file.parts) > depth + 1})
    listed = ", ".join(map(printable, folders[:3])) + (", …" if len(folders) > 3 else "")
    note = f"The {len(folders):,} folders ({listed}) only number files and are no classes"
    labels = None
    if all(len(file.parts) > depth + 1 for file in files):  # as runs of older versions have it in their hashes
        labels, _, _ = number_labels(np.array([file.parts[depth] for file in files], dtype=object))
    return Labelling(labels, note=f"{note} (--data.labels folders makes classes of them)")


def _class(file: File, depth: int) -> str:
    """The class of a file, which is a folder; accents in one form, as macOS writes them in another."""
    return unicodedata.normalize("NFC", file.parts[depth])


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
