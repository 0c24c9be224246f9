"""MNIST's idx files, gzipped or not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from steadygan.data.images.pictures import PictureSource, pictures_of_array, printable
from steadygan.data.labels import Labelling, Values, read_labels
from steadygan.data.options import DataOptions, LabelUse
from steadygan.data.range import Rows, converter
from steadygan.data.reading import shown
from steadygan.data.sources.idx_array import read_array
from steadygan.errors import DataError

_ENDINGS = "ubyte|byte|short|int|float|double"
_NAME = re.compile(rf"(?P<stem>.*)(?P<kind>images|labels)(?P<rest>[-.]idx[13]-({_ENDINGS})(\.gz)?)", re.IGNORECASE)
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_images(path: Path) -> bool:
    """True if a file is named like a set of MNIST pictures."""
    match = _NAME.fullmatch(path.name)
    return match is not None and match["kind"].lower() == "images"


def open_idx(path: Path, name: str, options: DataOptions) -> PictureSource:
    """A picture source of an idx file, with labels and test split from the files beside it."""
    test_path = _sibling_test(path)
    paths = [path] if test_path is None else [path, test_path]
    images = [_read_images(each) for each in paths]
    labelling = _labels(paths, images, options.labels)
    convert, found = converter(
        [Rows.of(each, f"'{shown(file)}'") for each, file in zip(images, paths, strict=True)], options.range
    )
    test = None if test_path is None else pictures_of_array(convert(images[1]), labelling.test_labels)
    return PictureSource(
        name,
        "idx",
        pictures_of_array(convert(images[0]), labelling.labels),
        test,
        class_names=labelling.names,
        range=found,
        label_note=labelling.note,
    )


def choose_images(folder: Path, files: list[Path]) -> Path:
    """The only file of training pictures in a folder, or its only file of pictures."""
    trains = [path for path in files if "train" in path.name.lower()]
    chosen = trains or files
    if len(chosen) > 1:
        names = ", ".join(sorted(printable(path.name) for path in chosen))
        raise DataError(f"'{shown(folder)}' holds several sets of pictures ({names}); name one of the files")
    return chosen[0]


def _read_images(path: Path) -> NDArray[Any]:
    """Pictures [M, 1, H, W]."""
    images = read_idx(path)
    if images.ndim != 3:
        raise DataError(f"'{shown(path)}' holds an array of {images.ndim} dimensions; pictures are [M, H, W]")
    return images[:, None]


def _labels(paths: list[Path], images: list[NDArray[Any]], use: LabelUse) -> Labelling:
    """The labels in the files beside those of pictures; none unless each split has them."""
    files = [_label_path(path) for path in paths]
    values = []
    try:
        for file, pictures in zip(files, images, strict=True):
            if file is None:
                return Labelling()
            array = read_idx(file)
            values.append(Values(f"'{printable(file.name)}'", array, array.shape, len(pictures)))
        return read_labels(values[0], values[1] if len(values) > 1 else None, use)
    except DataError:
        if use is False:
            return Labelling()
        raise


def _label_path(path: Path) -> Path | None:
    """The file of labels beside one of pictures."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    word = "LABELS" if match["kind"].isupper() else "labels"
    rest = match["rest"].replace("idx3", "idx1").replace("IDX3", "IDX1")
    same = path.with_name(f"{match['stem']}{word}{rest}")
    others = [re.sub(f"-({_ENDINGS})", f"-{ending}", same.name) for ending in _ENDINGS.split("|")]
    found = (_packed_or_not(same.with_name(name)) for name in (same.name, *others))
    return next((file for file in found if file is not None), None)


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
