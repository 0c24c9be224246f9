"""Exponential moving average (EMA) of the generator's weights, and batch-norm statistics for sampling with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import within
from steadygan.schedules import Schedule, check_schedule, value_at

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Average:
    """Exponential moving average of the generator's weights, with a half-life counted in samples.

    beta = 0.5^(batch / half-life); while few samples were seen, the half-life is at most ``ramp`` of them
    (Karras et al. 2020, StyleGAN2's code).
    """

    half_life: float | Schedule = 10_000.0
    """samples after which the influence of old weights has halved; 0: no averaging; a schedule: by round"""
    ramp: float | None = 0.05
    """limit of the half-life, as a share of the samples seen so far; None: no limit"""

    def __post_init__(self) -> None:
        if isinstance(self.half_life, int | float):
            within("Average.half_life", self.half_life, 0, math.inf, note="samples; 0 for no averaging")
        else:
            check_schedule("Average.half_life", self.half_life)
        within("Average.ramp", self.ramp, 0, math.inf, or_none=True)

    def decay(self, batch: int, seen: int, round_: int = 0) -> float:
        """beta of a round with ``batch`` new samples after ``seen`` samples."""
        half_life = value_at(self.half_life, round_)
        if self.ramp is not None:
            half_life = min(half_life, self.ramp * seen)
        return 0.5 ** (batch / half_life) if half_life > 0 else 0.0


def update_average(average: list[Tensor], current: list[Tensor], decay: float) -> None:
    """average <- decay average + (1 - decay) current, in place, all tensors at once."""
    import torch

    if not average:  # torch's foreach functions refuse an empty list
        return
    with torch.no_grad():
        torch._foreach_lerp_(average, current, 1.0 - decay)


def reestimate_statistics(generator: nn.Module, latents: Iterable[tuple[Tensor, Tensor | None]]) -> None:
    """Sets the running statistics of batch norms to the mean over batches of (latents, labels), in place.

    BigGAN's standing statistics: averaged weights never ran in training, so their statistics are those of other
    weights, and samples come out wrong. No change without batch norm.
    """
    import torch

    norms = [m for m in generator.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    norms = [m for m in norms if m.track_running_stats and m.running_mean is not None]
    if not norms:
        return
    others = _further_buffers(generator, norms)
    momenta = [norm.momentum for norm in norms]
    was_training = generator.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative mean
    try:
        generator.train()
        with torch.no_grad():
            for batch, labels in latents:
                generator(batch, labels)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for buffer, before in others:
            buffer.copy_(before)
        generator.train(was_training)


def _further_buffers(generator: nn.Module, norms: Iterable[nn.Module]) -> list[tuple[Tensor, Tensor]]:
    """Buffers of networks of the user's own that passes in training mode may move, with copies of them."""
    from steadygan.networks.layers.own import OwnNetwork

    statistics = {id(buffer) for norm in norms for buffer in norm.buffers()}
    own = [module for module in generator.modules() if isinstance(module, OwnNetwork)]
    return [(buffer, buffer.clone()) for module in own for buffer in module.buffers() if id(buffer) not in statistics]
