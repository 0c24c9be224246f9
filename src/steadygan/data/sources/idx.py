"""MNIST's idx files, gzipped or not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from steadygan.data.images.pictures import PictureSource, number_labels, pictures_of_array, printable
from steadygan.data.options import DataOptions
from steadygan.data.range import Rows, converter
from steadygan.data.reading import shown
from steadygan.data.sources.idx_array import read_array
from steadygan.errors import DataError

if TYPE_CHECKING:
    from steadygan.data.types import Labels

_ENDINGS = "ubyte|byte|short|int|float|double"
_NAME = re.compile(rf"(?P<stem>.*)(?P<kind>images|labels)(?P<rest>[-.]idx[13]-({_ENDINGS})(\.gz)?)", re.IGNORECASE)
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_images(path: Path) -> bool:
    """True if a file is named like a set of MNIST pictures."""
    match = _NAME.fullmatch(path.name)
    return match is not None and match["kind"].lower() == "images"


def open_idx(path: Path, name: str, options: DataOptions) -> PictureSource:
    """A picture source of an idx file, with labels and test split from the files beside it."""
    train = _read_split(path)
    test_path = _sibling_test(path)
    test = None if test_path is None else _read_split(test_path)
    tests = [] if test is None else [(test[0], test_path)]
    labels: Labels | None = None
    test_labels: Labels | None = None
    names: tuple[str, ...] = ()
    if train[1] is not None and (test is None or test[1] is not None):
        labels, names, test_labels = number_labels(train[1], None if test is None else test[1])
    splits = [Rows.of(images[:, None], f"'{file}'") for images, file in ((train[0], path), *tests)]
    convert, found = converter(splits, options.range)
    return PictureSource(
        name,
        "idx",
        pictures_of_array(convert(train[0][:, None]), labels),
        None if test is None else pictures_of_array(convert(test[0][:, None]), test_labels),
        class_names=names,
        range=found,
    )


def choose_images(folder: Path, files: list[Path]) -> Path:
    """The only file of training pictures in a folder, or its only file of pictures."""
    trains = [path for path in files if "train" in path.name.lower()]
    chosen = trains or files
    if len(chosen) > 1:
        names = ", ".join(sorted(printable(path.name) for path in chosen))
        raise DataError(f"'{shown(folder)}' holds several sets of pictures ({names}); name one of the files")
    return chosen[0]


def _read_split(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    images = read_idx(path)
    if images.ndim != 3:
        raise DataError(f"'{shown(path)}' holds an array of {images.ndim} dimensions; pictures are [M, H, W]")
    match = _NAME.fullmatch(path.name)
    if match is None:
        return images, None
    word = "LABELS" if match["kind"].isupper() else "labels"
    rest = match["rest"].replace("idx3", "idx1").replace("IDX3", "IDX1")
    label_path = _packed_or_not(path.with_name(f"{match['stem']}{word}{rest}"))
    if label_path is None:
        return images, None
    labels = read_idx(label_path)
    if labels.shape != (len(images),):
        raise DataError(f"'{shown(label_path)}' has {len(labels):,} labels for {len(images):,} pictures")
    return images, labels


def _sibling_test(path: Path) -> Path | None:
    for word in ("t10k", "test"):
        name = re.sub("train", word, path.name, flags=re.IGNORECASE)
        sibling = _packed_or_not(path.with_name(name)) if name != path.name else None
        if sibling:
            return sibling
    return None


def _packed_or_not(path: Path) -> Path | None:
    bare = path.with_suffix("") if path.suffix == ".gz" else path
    for candidate in (path, bare, bare.with_name(f"{bare.name}.gz")):
        if candidate.is_file():
            return candidate
    return None


def read_idx(path: Path) -> NDArray[Any]:
    """The array of an idx file. Raises DataError if it is not one, is cut short, or has an unknown type."""
    return read_array(path, _TYPES)
