"""Perturbations of the critic's inputs, real and fake alike: instance noise, DiffAugment, ADA."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from steadygan.perturbations.adaptive import Adaptive, AdaptiveState
from steadygan.perturbations.augment import Augment
from steadygan.perturbations.base import PerturbationLike
from steadygan.perturbations.diffaugment import DiffAugment, change_color, cut_out, translate
from steadygan.perturbations.instance_noise import InstanceNoise

if TYPE_CHECKING:
    Perturbation: TypeAlias = PerturbationLike
else:  # the closed set that files and the command line know
    Perturbation = InstanceNoise | DiffAugment | Adaptive | Augment

__all__ = [
    "Adaptive",
    "AdaptiveState",
    "Augment",
    "DiffAugment",
    "InstanceNoise",
    "Perturbation",
    "PerturbationLike",
    "change_color",
    "cut_out",
    "translate",
]
