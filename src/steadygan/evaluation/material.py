"""What metrics compare: generated samples, and the real side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Labels, Samples
from steadygan.evaluation.real_side import RealSide

if TYPE_CHECKING:
    from steadygan.features.base import Extracted


@dataclass(frozen=True, eq=False)
class Material:
    """Generated samples of one evaluation, and the real side that evaluations share."""

    real: RealSide
    samples: Samples
    """as a user gets them: uint8 images [N, C, H, W], float32 points [N, D], or ids of characters [N, L]"""
    conditions: Labels | None = None
    """[N]: the classes that a conditional generator was given"""
    make_scales: Callable[[int], Sequence[Samples]] | None = None
    """for multi-scale generators: at most so many of the samples at all their sizes, coarse to fine"""
    seed: int = 0
    """of random subsets and directions"""
    facts: Mapping[str, str] = field(default_factory=dict)
    """what was done to samples and real ones alike before they are measured, for the provenance"""
    matched: int = 2_000
    """points of each side, at most, that the exact Wasserstein distance matches: its time is that of the cube"""

    @cached_property
    def features(self) -> Extracted:
        """Of the generated images."""
        assert self.real.features is not None
        return self.real.features(np.asarray(self.samples, dtype=np.uint8))

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """The classifier's class probabilities of the generated images [N, classes]."""
        classifier = self.real.classifier
        if self.real.features is not None and self.real.features.identity == classifier.identity:
            probabilities = self.features.probabilities
        else:
            probabilities = classifier(np.asarray(self.samples, dtype=np.uint8)).probabilities
        assert probabilities is not None
        return probabilities
