"""Modes that a run's samples cover: of mixtures of points, and of stacked digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

STACKS = "stacked-digits"


def measure(run: Run, ready: Prepared, points: int, stacks: int) -> Outcome:
    """Modes covered, KL over modes in nats, and of points the share within three deviations of a mode."""
    if ready.dataset.name == STACKS:
        return _of_stacks(run.sample(stacks, weights="raw"), ready)
    from steadygan.data.sources.points import MODES
    from steadygan.metrics.modes import mode_coverage

    samples, mixture = run.sample(points, weights="raw"), MODES[ready.dataset.name]
    found = mode_coverage(samples, mixture.centres, mixture.deviation, radius=3.0)
    return {
        "modes": found.covered,
        "share": found.covered / found.modes,
        "kl": found.kl,
        "near": found.high_quality.value,
        "samples": np.asarray(samples[:1000], dtype=np.float32),
    }


def _of_stacks(samples: Any, ready: Prepared) -> Outcome:
    from steadygan.evaluation.extracting import make_features
    from steadygan.features.classifier import StackFeatures
    from steadygan.metrics.modes import STACKS as ALL
    from steadygan.metrics.modes import expected_stacked, stacked_modes

    classifier = make_features("classifier", ready.dataset)
    assert isinstance(classifier, StackFeatures)
    found = stacked_modes(classifier.digits(np.asarray(samples, dtype=np.uint8)))
    floor = expected_stacked(len(samples))
    return {
        "modes": found.covered,
        "share": min(1.0, found.covered / floor.covered),
        "kl": found.kl,
        "kl_of_real": floor.kl,
        "of": ALL,
        "samples": np.asarray(samples[:36], dtype=np.uint8),
    }
