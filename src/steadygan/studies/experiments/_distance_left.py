"""How far a run's samples are from held-out data: exact W1 of points, Fréchet distance of patches of pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.preparation import Prepared
    from steadygan.run import Run

SAMPLES = 2_000
SUCCESS = 0.25
"""a training succeeds if a quarter or less of the untrained generator's distance is left, above the floor"""


@dataclass(frozen=True)
class Yardstick:
    """A distance of samples to held-out data, and what real samples get."""

    distance: Callable[[Any], float]
    """of samples [N, ...] as a run gives them"""
    floor: float
    """of as many training samples"""
    what: str


def yardstick(dataset: Dataset, count: int = SAMPLES) -> Yardstick:
    """W1 for points; for pictures the Fréchet distance in the features that judge samples during training."""
    from steadygan.evaluation.extracting import real_samples

    held_out = dataset.held_out.samples[:count]
    train = real_samples(dataset, "train", count)[0]
    if dataset.sample.is_points:
        from steadygan.metrics.transport import wasserstein1

        def exact(samples: Any) -> float:
            return wasserstein1(samples, held_out)

        return Yardstick(exact, exact(train), "Wasserstein-1 distance")
    from steadygan.features.patches import fit_patches
    from steadygan.metrics.frechet import Moments, frechet_distance

    features = fit_patches(train)

    def moments(samples: Any) -> Any:
        made = Moments()
        made.add(features(np.asarray(samples, dtype=np.uint8)).features)
        return made.statistics()

    real = moments(train)

    def frechet(samples: Any) -> float:
        return float(frechet_distance(real, moments(samples)))

    return Yardstick(frechet, frechet(held_out), "Fréchet distance of patches")


def quality(run: Run, ready: Prepared, count: int = SAMPLES) -> Outcome:
    """Distance of the trained generator (raw weights), of the untrained one and of real samples; and what is left.

    ``left`` is (distance - floor) / (untrained - floor): 0 for the data's own distribution, 1 for no progress.
    """
    from steadygan.training.step.networks import build_networks

    measured = yardstick(ready.dataset, count)
    untrained = build_networks(ready.recipe, ready.dataset.sample)["generator"].eval()
    start = measured.distance(run.decode(run.latents(count), generator=untrained))
    distance = measured.distance(run.sample(count, weights="raw"))
    left = (distance - measured.floor) / max(start - measured.floor, 1e-12)
    return {"distance": distance, "floor": measured.floor, "untrained": start, "left": left}
