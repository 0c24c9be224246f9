"""Generated images beside the training images nearest to them: what was learned by heart is seen at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from steadygan.evaluation.material import Material

SHOWN, NEAREST = 12, 5


def write_neighbours(material: Material, path: Path) -> Path:
    """A picture: each row a generated image and its five nearest training images by their pixels."""
    from steadygan.metrics.memorisation import nearest_training
    from steadygan.report.pictures import image_grid, save_picture

    fakes = np.asarray(material.samples[:SHOWN], dtype=np.uint8)
    train = material.train[0]
    count = min(NEAREST, len(train))
    places, _ = nearest_training(material.train_rows, material.rows(fakes), count)
    shown = [np.concatenate([fake[None], train[near]]) for fake, near in zip(fakes, places, strict=True)]
    said = "left: generated; right of it: the training images nearest to it"
    return save_picture(image_grid(np.concatenate(shown).astype(np.uint8), columns=count + 1), path, said)
