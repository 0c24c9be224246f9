"""All files below a folder, by kind; links are followed, and what links and depth can blow up has bounds."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from steadygan.data.images.formats import picture_suffixes
from steadygan.data.images.pictures import printable
from steadygan.data.reading import need_memory, shown
from steadygan.data.sheet_mark import ENDING, is_sheet
from steadygan.errors import DataError
from steadygan.system.memory import most_held

MOST_DEPTH = 64
"""folders below the root, one in another; deeper ones are not looked into"""
MOST_LINKED = 16
"""paths by which one folder may be reached: links that fan out would double them at each level"""
MANY = 10_000
"""files that are worth saying that they are being found"""
_BYTES = 1_500  # of memory for a file, until its picture is scanned
_SYSTEM = frozenset(
    ["__macosx", "@eadir", "$recycle.bin", "recycler", "#recycle", "@recycle", "#snapshot", "lost+found", ".trash"]
) | {"system volume information"}
RUN_FILES = frozenset(["recipe.yaml", "environment.json"])
"""both are in a folder that a training wrote (run/layout.py)"""
RUN_FOLDERS = frozenset(["samples", "checkpoints", "generated"])

Counted = Callable[[int], None]
"""called with the files found so far"""


@dataclass(frozen=True, slots=True)
class File:
    """One file below a folder."""

    parts: tuple[str, ...]
    """path inside the folder"""
    root: Path
    size: int
    modified: int
    """time in nanoseconds"""

    @property
    def path(self) -> Path:
        return self.root.joinpath(*self.parts)


@dataclass
class Walk:
    """All files below a folder, by kind."""

    root: Path
    pictures: list[File] = field(default_factory=list)
    others: list[File] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    """folders that cannot be opened"""
    deep: list[str] = field(default_factory=list)
    """folders that are too deep to be looked into"""
    made: list[str] = field(default_factory=list)
    """runs and contact sheets of this library, which are no data"""

    def ignored(self) -> tuple[tuple[str, int], ...]:
        """(suffix, files) of files that are not pictures."""
        return tuple(Counter(ending(file.parts[-1]) for file in self.others).most_common())

    def notes(self) -> list[str]:
        """Sentences on folders that were not looked into."""
        closed = [f"Could not open the folder '{printable(folder)}'." for folder in self.closed[:3]]
        deep = [f"'{printable(folder)}' is {MOST_DEPTH} folders deep: not looked into." for folder in self.deep[:1]]
        others = f" and {len(self.made) - 1:,} more" if len(self.made) > 1 else ""
        made = [f"Left out: '{printable(name)}'{others}, made by steadygan." for name in self.made[:1]]
        return [*closed, *deep, *made]


class _Folder(NamedTuple):
    path: str
    parts: tuple[str, ...]
    above: frozenset[tuple[int, int]]
    """device and inode of the folders that it lies in"""


def ending(name: str) -> str:
    """The suffix of a file's name in lower case, such as '.jpg'."""
    return "hidden" if name.startswith(".") else printable(Path(name).suffix.lower()) or "no ending"


def walk(root: Path, counted: Counted | None = None) -> Walk:
    """All files below a folder, ordered by name; links are followed, except in circles.

    ``counted(files)`` is called with the files found so far, from ``MANY`` on.

    Raises:
        DataError: one line, if the folder cannot be opened, if links reach one of its folders by more than
            ``MOST_LINKED`` paths, or if there are more files than fit in memory.
    """
    result = Walk(root)
    visits: Counter[tuple[int, int]] = Counter()
    most = most_held() // _BYTES
    waiting = [_Folder(os.fspath(root), (), frozenset())]
    while waiting:
        waiting += reversed(_look_into(waiting.pop(), visits, result))
        count = len(result.pictures) + len(result.others)
        if count > most:
            need_memory(f"folder '{shown(root)}'", count * _BYTES, f"to know {count:,} files takes")
        if counted and count >= MANY:
            counted(count)
    for files in (result.pictures, result.others):
        files.sort(key=lambda file: ([unicodedata.normalize("NFC", part) for part in file.parts], file.parts))
    return result


def _look_into(folder: _Folder, visits: Counter[tuple[int, int]], result: Walk) -> list[_Folder]:
    """Adds a folder's files to the result; the folders in it."""
    try:
        status = os.stat(folder.path)
        here = (status.st_dev, status.st_ino)
        if here in folder.above:
            return []
        with os.scandir(folder.path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError as error:
        if not folder.parts:
            raise DataError(f"cannot open folder '{shown(folder.path)}': {error.strerror}") from error
        result.closed.append("/".join(folder.parts))
        return []
    visits[here] += 1
    if visits[here] > MOST_LINKED:
        raise DataError(
            f"folder '{shown(result.root)}' has links that reach '{printable('/'.join(folder.parts))}' by more than "
            f"{MOST_LINKED} paths; remove those that are not meant"
        )
    is_run = {entry.name for entry in entries} >= RUN_FILES
    if is_run and folder.parts:
        result.made.append("/".join(folder.parts))
        return []
    above = folder.above | {here}
    inside = []
    for entry in entries:
        parts = (*folder.parts, entry.name)
        if not _is_folder(entry):
            _add(entry, parts, result)
        elif is_run and entry.name in RUN_FOLDERS:
            result.made.append(entry.name)
        elif not entry.name.startswith(".") and entry.name.lower() not in _SYSTEM:
            if len(parts) > MOST_DEPTH:
                result.deep.append("/".join(parts))
            else:
                inside.append(_Folder(entry.path, parts, above))
    return inside


def _add(entry: os.DirEntry[str], parts: tuple[str, ...], result: Walk) -> None:
    try:
        status = entry.stat()
        size, modified = status.st_size, status.st_mtime_ns
    except OSError:  # a broken link
        size, modified = 0, 0
    if entry.name.endswith(ENDING) and is_sheet(Path(entry.path)):
        result.made.append("/".join(parts))
        return
    is_picture = not entry.name.startswith(".") and Path(entry.name).suffix.lower() in picture_suffixes()
    (result.pictures if is_picture else result.others).append(File(parts, result.root, size, modified))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
