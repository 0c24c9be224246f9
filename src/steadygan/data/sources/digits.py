"""Handwritten digits of scikit-learn: single, and stacked as the three channels of a picture."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Endless, Stored
from steadygan.data.images.decode import Plan, decode
from steadygan.data.images.pictures import PictureSource, pictures_of_array
from steadygan.data.images.scan import digest_of
from steadygan.data.split import choose_held_out
from steadygan.data.types import Labels
from steadygan.rng import fixed_generator

HELD_OUT_STACKS = 2_000
NAMES = tuple("0123456789")


def load_digits() -> tuple[NDArray[np.uint8], Labels]:
    """1,797 digits, uint8 [1797, 1, 8, 8] from 0 to 255, and their labels."""
    rows = _rows()
    images = np.rint(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return images[:, None], rows[:, -1].astype(np.int64)


def _rows() -> NDArray[np.float64]:
    """Of each digit the 64 intensities from 0 to 16 and the label, from scikit-learn's file.

    Importing scikit-learn takes as long as importing torch; only where its file has moved is it asked itself.
    """
    package = find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            return np.loadtxt(path, delimiter=",")
    from sklearn.datasets import load_digits as load

    bunch = load()
    return np.column_stack([bunch.data, bunch.target])


def open_digits() -> PictureSource:
    """A picture source of single digits."""
    images, labels = load_digits()
    return PictureSource("digits", "built in", pictures_of_array(images, labels, "digit"), class_names=NAMES)


def open_stacked_digits(size: int | None, share: float) -> tuple[Endless, Stored]:
    """Three digits a b c as the red, green and blue of one picture, drawn uniformly: 1,000 modes.

    The label is 100 a + 10 b + c. The held-out stacks are a fixed draw of digits that training never uses.
    """
    images, labels = load_digits()
    stored = [digest_of(image) for image in images]
    if size is not None:
        images = np.stack([decode(image, Plan(size, 1)) for image in images])
    pixels = [digest_of(image) for image in images]
    mask = np.zeros(len(images), dtype=bool)
    for digit in range(10):  # so that both splits have each digit
        indices = np.flatnonzero(labels == digit)
        digests, samples = ([each[index] for index in indices] for each in (stored, pixels))
        mask[indices] = choose_held_out(digests, share, samples=samples)
    train, held_out = _Stacker(images[~mask], labels[~mask]), _Stacker(images[mask], labels[mask])
    stacks, numbers = held_out(fixed_generator(2), HELD_OUT_STACKS)
    return Endless(train), Stored(stacks, numbers)


class _Stacker:
    """Draws stacks: each of the three digits is uniform over 0 to 9, then over the pictures of that digit."""

    def __init__(self, images: NDArray[np.uint8], labels: Labels) -> None:
        order = np.argsort(labels, kind="stable")
        self.images = images[order, 0]
        self.counts = np.bincount(labels, minlength=10)
        self.starts = np.cumsum(self.counts) - self.counts

    def __call__(self, rng: np.random.Generator, count: int) -> tuple[NDArray[np.uint8], Labels]:
        digits = rng.integers(0, 10, (count, 3))
        picks = self.starts[digits] + rng.integers(0, self.counts[digits])
        return self.images[picks], (digits @ np.array([100, 10, 1])).astype(np.int64)
