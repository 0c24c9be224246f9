"""Official splits of a folder: folders for train and test, above or below those of the classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from steadygan.data.images.pictures import printable
from steadygan.data.sources.walk import File
from steadygan.data.split_words import Split, split_folders, without_split

_LEVELS = 3
"""of folders that are looked at: splits may lie in classes"""
_LISTED = 3


class HeldOut(NamedTuple):
    """The files of a split that is not for training."""

    files: list[File]
    name: str


@dataclass(frozen=True, eq=False)
class Splits:
    """The files for training, and those of the other splits."""

    train: list[File]
    held_out: tuple[HeldOut, ...] = ()
    """of which one is used: for tests before for validation; empty without such folders"""
    level: int = -1
    """folders above those that are splits; -1 without"""
    count: int = 0
    """files, also those outside of the splits"""

    def domain(self, file: File) -> str:
        """What a folder is called besides its split: 'A' of 'trainA'; '' if that has no letters."""
        rest = without_split(file.parts[self.level])
        return rest if any(map(str.isalpha, rest)) else ""

    def note(self, test: list[File]) -> str:
        """A sentence on what is trained on, held out and left out."""
        unused = self.count - len(self.train) - len(test)
        said = f"The {_folders(self.train, self.level)} trained on"
        said += f", the {_folders(test, self.level)} held out" if test else ""
        return f"{said}{f'; {unused:,} files outside of these are not used' if unused else ''}."


def splits_of(files: list[File]) -> Splits:
    """The splits that folders are; all files for training without such folders.

    What lies beside the splits is not used.
    """
    depth = common_depth(files)
    for level in range(depth, depth + _LEVELS):
        roles = _roles(files, level)
        if roles is not None:
            return _split(files, roles, level)
    return Splits(files)


def common_depth(files: Sequence[File]) -> int:
    """Number of leading folders that all files share: a lone folder in a folder is not a class."""
    depth = 0
    while len({file.parts[depth] for file in files}) == 1 and all(len(f.parts) > depth + 1 for f in files):
        depth += 1
    return depth


def _roles(files: list[File], level: int) -> list[Split] | None:
    """The split of each file by its folder of a level; None if the folders there are no splits.

    A class without folders for splits is trained on.
    """
    inside: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for file in files:
        if len(file.parts) > level + 1:
            inside[file.parts[:level]].add(file.parts[level])
    splits = {above: found for above, names in inside.items() if (found := split_folders(names))}
    if not splits:
        return None
    anywhere = {name: split for found in splits.values() for name, split in found.items()}

    def role(file: File) -> Split:
        name = file.parts[level] if len(file.parts) > level + 1 else ""
        own = splits.get(file.parts[:level])
        return anywhere.get(name, "train") if own is None else own.get(name, "")

    return [role(file) for file in files]


def _split(files: list[File], roles: list[Split], level: int) -> Splits:
    held_out = []
    for split in ("test", "validation"):
        inside = [file for file, role in zip(files, roles, strict=True) if role == split]
        names = sorted({file.parts[level] for file in inside})
        if inside:
            held_out.append(HeldOut(inside, printable(names[0]) if len(names) == 1 else split))
    train = [file for file, role in zip(files, roles, strict=True) if role == "train"]
    return Splits(train, tuple(held_out), level, len(files))


def _folders(files: list[File], level: int) -> str:
    names = sorted({file.parts[level] for file in files if len(file.parts) > level + 1})
    listed = ", ".join(f"'{printable(name)}'" for name in names[:_LISTED]) + ", …" * (len(names) > _LISTED)
    return f"folder {listed} is" if len(names) == 1 else f"folders {listed} are"
