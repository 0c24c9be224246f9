"""Interpolation in latent space: along a great circle of random latents, and straight between given ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.priors import Prior


def circle(prior: Prior, count: int, steps: int, seed: int, *, loop: bool) -> Iterator[Tensor]:
    """``steps`` sets of latents [count, size] on cos(t) a + sin(t) b, each distributed as the prior.

    t goes over a quarter turn, from a to b, or with ``loop`` over the whole turn without its end. For N(0, I) the mix
    is N(0, I) at each t; uniform numbers are mixed as the normal ones of the same quantiles.
    """
    import numpy as np
    import torch

    from steadygan.rng import Stream, draw_random, stream_generator

    noise = prior.random_spec()
    drawn = draw_random(noise, stream_generator(seed, Stream.SAMPLES), 2 * count)
    uniform = noise.distribution == "uniform"
    if uniform:
        drawn = torch.special.ndtri(drawn.clamp(1e-6, 1 - 1e-6))
    turns = np.linspace(0.0, 1.0, steps, endpoint=False) if loop else np.linspace(0.0, 0.25, steps)
    for turn in turns:
        angle = 2 * math.pi * float(turn)
        mixed = math.cos(angle) * drawn[:count] + math.sin(angle) * drawn[count:]
        yield prior.latents(torch.special.ndtr(mixed) if uniform else mixed)


def line(prior: Prior, first: Tensor, second: Tensor, steps: int) -> Iterator[Tensor]:
    """``steps`` sets of latents from ``first`` to ``second``, both included, each clipped to the prior's support."""
    import numpy as np

    for share in np.linspace(0.0, 1.0, steps):
        yield prior.nearest((1 - float(share)) * first + float(share) * second)
