"""Interpolation in latent space: on arcs of great circles between random latents, and straight between given ones."""

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

    mixed = _Normals(prior, 2 * count, seed)
    turns = np.linspace(0.0, 1.0, steps, endpoint=False) if loop else np.linspace(0.0, 0.25, steps)
    for turn in turns:
        yield mixed.latents(slice(0, count), slice(count, 2 * count), float(turn))


def through(prior: Prior, count: int, stops: int, steps: int, seed: int) -> Iterator[Tensor]:
    """``stops * steps`` sets of latents [count, size] on quarter turns from each random latent to the next.

    The first is the latents of ``sample``; after the last comes the first again.
    """
    mixed = _Normals(prior, stops * count, seed)
    for stop in range(stops):
        first, second = (slice(index * count, (index + 1) * count) for index in (stop, (stop + 1) % stops))
        for step in range(steps):
            yield mixed.latents(first, second, 0.25 * step / steps)


class _Normals:
    """Random latents as numbers of N(0, I), which stay so on arcs: uniform ones by their normal quantiles."""

    def __init__(self, prior: Prior, count: int, seed: int) -> None:
        import torch

        from steadygan.rng import Stream, draw_random, stream_generator

        noise = prior.random_spec()
        self._prior, self._uniform = prior, noise.distribution == "uniform"
        drawn = draw_random(noise, stream_generator(seed, Stream.SAMPLES), count)
        self._drawn = torch.special.ndtri(drawn.clamp(1e-6, 1 - 1e-6)) if self._uniform else drawn

    def latents(self, first: slice, second: slice, turn: float) -> Tensor:
        """cos(t) a + sin(t) b as latents of the prior; t in whole turns."""
        import torch

        angle = 2 * math.pi * turn
        mixed = math.cos(angle) * self._drawn[first] + math.sin(angle) * self._drawn[second]
        return self._prior.latents(torch.special.ndtr(mixed) if self._uniform else mixed)


def line(prior: Prior, first: Tensor, second: Tensor, steps: int) -> Iterator[Tensor]:
    """``steps`` sets of latents from ``first`` to ``second``, both included, each clipped to the prior's support."""
    import numpy as np

    for share in np.linspace(0.0, 1.0, steps):
        yield prior.nearest((1 - float(share)) * first + float(share) * second)
