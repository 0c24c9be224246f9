"""Nearest training images of generated images, as a picture: shows memorisation at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from steadygan.evaluation.material import Material
from steadygan.evaluation.real_side import pixel_vectors

SHOWN, NEAREST = 12, 5


def write_neighbours(material: Material, path: Path) -> Path:
    """Write a picture: each row a generated image and its five nearest training images by their pixels."""
    from steadygan.metrics.memorisation import nearest_training
    from steadygan.report.pictures import image_grid, save_picture

    fake = np.asarray(material.samples[:SHOWN], dtype=np.uint8)
    train = material.real.train[0]
    count = min(NEAREST, len(train))
    indices, _ = nearest_training(material.real.train_pixels, pixel_vectors(fake), count)
    rows = [np.concatenate([image[None], train[near]]) for image, near in zip(fake, indices, strict=True)]
    description = "left: generated; right of it: the training images nearest to it"
    return save_picture(image_grid(np.concatenate(rows).astype(np.uint8), columns=count + 1), path, description)
