"""MNIST's idx files, gzipped or not."""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import PictureSource, number_labels, pictures_of_array, printable
from steadygan.data.options import DataOptions
from steadygan.data.range import Rows, converter
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
        raise DataError(f"'{folder}' holds several sets of pictures ({names}); name one of the files")
    return chosen[0]


def _read_split(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    images = read_idx(path)
    if images.ndim != 3:
        raise DataError(f"'{path}' holds an array of {images.ndim} dimensions; pictures are [M, H, W]")
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
        raise DataError(f"'{label_path}' has {len(labels):,} labels for {len(images):,} pictures")
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
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
            magic = file.read(4)
            if len(magic) < 4 or magic[:2] != b"\0\0":
                raise DataError(f"'{path}' is not an idx file: it begins with {magic.hex() or 'nothing'}")
            if magic[2] not in _TYPES:
                known = ", ".join(f"0x{code:02x}" for code in _TYPES)
                raise DataError(f"'{path}' holds idx type 0x{magic[2]:02x}; known are {known}")
            dtype = np.dtype(_TYPES[magic[2]])
            shape = struct.unpack(f">{magic[3]}I", file.read(4 * magic[3]))
            wanted = math.prod(shape) * dtype.itemsize
            content = file.read(wanted + 1)
    except (OSError, EOFError, zlib.error, struct.error, MemoryError, OverflowError) as error:
        raise DataError(f"cannot read '{path}': {error}") from error
    if len(content) != wanted:
        got = "more" if len(content) > wanted else f"{len(content):,}"
        raise DataError(f"'{path}' is damaged: {wanted:,} bytes expected, {got} found")
    return np.frombuffer(bytearray(content), dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)
