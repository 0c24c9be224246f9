"""Draws and samples for perturbations."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from steadygan.perturbations import PerturbationLike


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def uniform(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random(shape, dtype=np.float32))


def draw(perturbation: PerturbationLike, count: int, shape: tuple[int, ...], seed: int = 0) -> tuple[Tensor, ...]:
    """The float32 numbers that a perturbation asks for, as the training draws them."""
    rng = np.random.default_rng(seed)
    found = []
    for noise in perturbation.random_specs(shape):
        size = (count, *noise.shape)
        numbers = rng.standard_normal(size) if noise.distribution == "normal" else rng.random(size, dtype=np.float32)
        found.append(torch.from_numpy(numbers.astype(np.float32)))
    return tuple(found)


def number(value: float) -> Tensor:
    return torch.tensor(value)
