"""Nearest training images of generated images, as a picture: shows memorisation at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.alpha import over_white
from steadygan.errors import UsageError
from steadygan.evaluation.material import Material
from steadygan.evaluation.over_white import dataset_over_white, is_judged_over_white
from steadygan.evaluation.real_side import RealSide, pixel_vectors
from steadygan.metrics.memorisation import nearest_training
from steadygan.run.reopen import reopen

if TYPE_CHECKING:
    from steadygan.run import Run

SHOWN, NEAREST = 12, 5
HELD_OUT = 500
"""held-out images whose distances are computed, for comparison"""
DESCRIPTION = "left: generated; right of it: the training images nearest to it"


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Generated images with the training images that are nearest to them by their pixels."""

    samples: NDArray[np.uint8]
    """[N, C, H, W]"""
    nearest: NDArray[np.uint8]
    """[N, K, C, H, W], the nearest first"""
    distances: NDArray[np.float64]
    """[N, K]: root mean square differences in grey levels; of images above 32 px after averaging down"""
    held_out: NDArray[np.float64]
    """[H]: the same of held-out images and their nearest training image; empty without any"""

    def save(self, path: Path) -> Path:
        """Writes a picture: a row a generated image, left, and its nearest training images."""
        from steadygan.report.pictures import beside, image_grid, save_picture

        count = self.nearest.shape[1]
        near = self.nearest.reshape(-1, *self.nearest.shape[2:])
        scale = image_grid(np.concatenate([self.samples, near]), count + 1).width // (count + 1) // near.shape[-1]
        parts = (image_grid(self.samples, 1, scale), image_grid(near, count, scale))
        return save_picture(beside(*parts), path, DESCRIPTION)

    @property
    def line(self) -> str:
        """The distances in words."""
        equal = (self.nearest == self.samples[:, None]).all(axis=(2, 3, 4))
        copies = int(equal.any(axis=1).sum())
        away, theirs = np.median(self.distances[:, 0]), self.held_out
        said = f"nearest training image: {away:.1f} grey levels away (root mean square, median)"
        said += f", of {len(theirs):,} held-out images {np.median(theirs):.1f}" if theirs.size else ""
        return said + (f"; {copies} of {len(self.samples)} are copies" if copies else "; none is a copy")


def neighbours(real: RealSide, samples: NDArray[np.uint8], count: int, held_out: int = 0) -> Neighbours:
    """The ``count`` nearest training images, or as many as there are, of samples uint8 [N, C, H, W].

    held_out: how many held-out images are looked up as well
    """
    train = real.train[0]
    vectors = pixel_vectors(samples)
    levels = math.sqrt(vectors.shape[1])
    indices, distances = nearest_training(real.train_pixels, vectors, min(count, len(train)))
    near = np.stack([np.asarray(train[rows], dtype=np.uint8) for rows in indices])
    theirs = np.empty(0)
    if held_out and len(others := real.held_out[0][:held_out]):
        theirs = nearest_training(real.train_pixels, pixel_vectors(others), 1)[1][:, 0]
    return Neighbours(samples, near, distances / levels, theirs / levels)


def nearest_of_run(run: Run, samples: NDArray[np.uint8], count: int, *, data: str | None = None) -> Neighbours:
    """The training images of a run that are nearest to samples; those with an alpha channel are compared over white.

    Args:
        run: whose data is looked through
        samples: uint8 [N, C, H, W] of the run's shape
        count: nearest images for each
        data: where the run's data is now; None: where it was

    Raises:
        UsageError, RunError: one line, for data that is not there, is not the run's, or is no pictures.
    """
    if not run.sample_spec.is_picture:
        raise UsageError(f"{run.folder} makes {run.sample_spec.plural}; only pictures have nearest training images")
    recipe, dataset = reopen(run.folder, run.recipe, data)
    if is_judged_over_white(dataset.sample):
        dataset = dataset_over_white(dataset)
        samples = over_white(samples)
    return neighbours(RealSide(dataset, cache=recipe.data.cache), samples, count, HELD_OUT)


def write_neighbours(material: Material, path: Path) -> Path:
    """Writes a picture: each row a generated image and its five nearest training images by their pixels."""
    fake = np.asarray(material.samples[:SHOWN], dtype=np.uint8)
    return neighbours(material.real, fake, NEAREST).save(path)
