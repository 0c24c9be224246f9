"""Ways through what a prior draws: round a circle, and straight from one set of latents to another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.priors import Prior


def round_a_circle(prior: Prior, count: int, steps: int, seed: int, *, loop: bool) -> Iterator[Tensor]:
    """``steps`` sets of latents [count, size], cos(t) a + sin(t) b: each as likely as those of training.

    A quarter of a turn, from a to b, or with ``loop`` the whole turn without its end. N(0, I) stays N(0, I) at each t;
    uniform numbers take the same way in their quantiles.
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


def straight(prior: Prior, first: Tensor, second: Tensor, steps: int) -> Iterator[Tensor]:
    """``steps`` sets of latents from the first to the second, ends included, the nearest ones that the prior allows."""
    import numpy as np

    for share in np.linspace(0.0, 1.0, steps):
        yield prior.nearest((1 - float(share)) * first + float(share) * second)
