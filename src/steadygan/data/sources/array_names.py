"""Names of the arrays in .npz files and mappings: samples and labels, and those of the splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from steadygan.data.images.pictures import printable
from steadygan.data.stored_array import StoredArray

IMAGES = ("x_train", "train_images", "images_train", "train_x", "images", "image", "x", "data", "arr_0")
LABELS = ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "y", "targets", "arr_1")
SAMPLES = ("signals", "volumes", "samples", "table", "x_data", "features")
_SPLITS = ("test", "testing", "val", "valid", "validation", "dev", "eval")
"""the first that is there is the test split"""
_LISTED = 5


def _names(split: str, letter: str, word: str) -> tuple[str, ...]:
    return f"{letter}_{split}", f"{split}_{word}", f"{word}_{split}", f"{split}_{letter}"


TEST_LABELS = tuple(name for split in _SPLITS for name in _names(split, "y", "labels"))


def first(arrays: Mapping[str, StoredArray], names: Iterable[str]) -> StoredArray | None:
    """The array by the first of some names that is there."""
    return next((arrays[name] for name in names if name in arrays), None)


def split_for_tests(
    arrays: Mapping[str, StoredArray], images: StoredArray
) -> tuple[StoredArray | None, StoredArray | None]:
    """Samples and labels of the first split for tests whose samples have as many dimensions as those for training."""
    for split in _SPLITS:
        found = first(arrays, _names(split, "x", "images"))
        if found is not None and found is not images and len(found.shape) == len(images.shape):
            return found, first(arrays, _names(split, "y", "labels"))
    return None, None


def unused_samples(arrays: Mapping[str, StoredArray], used: Iterable[StoredArray | None]) -> tuple[str, ...]:
    """A note on arrays that may be samples and are not used."""
    known = list(used)
    splits = {name for split in _SPLITS for name in _names(split, "x", "images")}
    others = [
        f"'{printable(name)}' {list(array.shape)}"
        for name, array in arrays.items()
        if not any(array is each for each in known) and (name in splits or len(array.shape) > 2)
    ]
    return (f"Not used: {', '.join(others[:_LISTED])}{', …' * (len(others) > _LISTED)}.",) if others else ()
