"""Folders of pictures, as they lie on people's disks."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from steadygan.data.images.decode import picture_suffixes
from steadygan.data.images.pictures import Pictures, PictureSource, number_labels, printable
from steadygan.errors import DataError

if TYPE_CHECKING:
    from steadygan.data.types import Labels

_TRAIN = {"train", "training"}
_TEST = ("test", "testing", "val", "valid", "validation")  # the first that is there becomes the test split
_SYSTEM = {"__macosx", "@eadir", "$recycle.bin"}
_MOST_STRAYS = 0.1


@dataclass(frozen=True)
class Found:
    """One file of a walk."""

    parts: tuple[str, ...]
    """the path inside the folder"""
    path: Path
    size: int
    modified: int
    """nanoseconds"""


@dataclass
class Walk:
    """All files below a folder, by what they are."""

    root: Path
    pictures: list[Found] = field(default_factory=list)
    others: list[Found] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    """folders that could not be opened"""

    def ignored(self) -> tuple[tuple[str, int], ...]:
        """Endings of the files that are no pictures, and how many there are."""
        return tuple(Counter(ending(file.parts[-1]) for file in self.others).most_common())


def ending(name: str) -> str:
    """The ending of a file's name in lower case, such as '.jpg'."""
    return "hidden" if name.startswith(".") else printable(Path(name).suffix.lower()) or "no ending"


def walk(root: Path) -> Walk:
    """Every file below a folder in the order of names; links are followed, but never round in a circle."""
    found = Walk(root)
    _walk(root, (), (), found)
    for files in (found.pictures, found.others):
        files.sort(key=lambda file: ([unicodedata.normalize("NFC", part) for part in file.parts], file.parts))
    return found


def _walk(folder: Path, parts: tuple[str, ...], above: tuple[tuple[int, int], ...], found: Walk) -> None:
    try:
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in above:
            return
        entries = list(os.scandir(folder))
    except OSError as error:
        if not parts:
            raise DataError(f"cannot open folder '{folder}': {error.strerror}") from error
        found.closed.append("/".join(parts))
        return
    suffixes = picture_suffixes()
    for entry in entries:
        inner = (*parts, entry.name)
        path = Path(entry.path)
        if _is_folder(entry):
            if not entry.name.startswith(".") and entry.name.lower() not in _SYSTEM:
                _walk(path, inner, (*above, here), found)
            continue
        try:
            status = entry.stat()
            file = Found(inner, path, status.st_size, status.st_mtime_ns)
        except OSError:  # a broken link
            file = Found(inner, path, 0, 0)
        is_picture = path.suffix.lower() in suffixes and not entry.name.startswith(".")
        (found.pictures if is_picture else found.others).append(file)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def open_folder(found: Walk, name: str) -> PictureSource:
    """The pictures of a folder; class folders become labels, train and test folders the official split."""
    notes = [f"Could not open the folder '{printable(folder)}'." for folder in found.closed[:3]]
    files = found.pictures
    depth = _common_depth(files)
    splits = {file.parts[depth].lower() for file in files if len(file.parts) > depth + 1}
    test_name = next((split for split in _TEST if split in splits), "")
    if not (test_name and splits & _TRAIN):
        used, class_names, labels = _with_classes(files, depth, notes)
        return PictureSource(
            name,
            "folder",
            _pictures(found.root, used, labels),
            class_names=tuple(map(printable, class_names)),
            ignored=found.ignored(),
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
        _pictures(found.root, train, labels),
        _pictures(found.root, test, test_labels),
        test_name,
        tuple(map(printable, class_names)),
        found.ignored(),
        tuple(notes),
    )


def _common_depth(files: list[Found]) -> int:
    """How many folders all files share: a lone folder inside a folder is no class."""
    depth = 0
    while len({file.parts[depth] for file in files}) == 1 and all(len(f.parts) > depth + 1 for f in files):
        depth += 1
    return depth


def _with_classes(
    files: list[Found], depth: int, notes: list[str]
) -> tuple[list[Found], tuple[str, ...], Labels | None]:
    """The files to use, the names of their classes, and a label for each; none where there are no classes."""
    inside = [file for file in files if len(file.parts) > depth + 1]
    strays = len(files) - len(inside)
    folders = {file.parts[depth] for file in inside}
    if len(folders) < 2:
        return files, (), None
    if strays > _MOST_STRAYS * len(files):
        notes.append(f"{strays:,} of {len(files):,} pictures lie in no class folder: no labels are used.")
        return files, (), None
    if strays:
        notes.append(f"{strays:,} pictures lie beside the class folders and are left out: they have no class.")
    labels, names, _ = number_labels(np.array([file.parts[depth] for file in inside], dtype=object))
    return inside, names, labels


def _same_classes(files: list[Found], depth: int, class_names: tuple[str, ...]) -> Labels | None:
    """Labels of the test files by the classes of the train files; None where a file has none of these."""
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = [numbers.get(file.parts[depth], -1) if len(file.parts) > depth + 1 else -1 for file in files]
    return None if -1 in labels else np.array(labels, dtype=np.int64)


def _pictures(root: Path, files: list[Found], labels: Labels | None) -> Pictures:
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
