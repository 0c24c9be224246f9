"""Latents of samples that are there already: what a generator has to be given to make something like them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steadygan.types import scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.priors import Prior


def find_latents(
    generator: nn.Module,
    prior: Prior,
    targets: Tensor,
    starts: Tensor,
    labels: Tensor | None = None,
    *,
    steps: int = 300,
    rate: float = 0.05,
) -> tuple[Tensor, Tensor]:
    """Latents [N, size] whose samples are near the targets, and how far these are off, [N].

    Adam on mean |x - G(z)|, each latent held among those that the prior can draw after each step; the rate falls to 0
    along half a cosine. Each sample's best start counts. Samples do not touch each other's latents. Berthelot et al.
    2017, BEGAN, finds the latents of real images so, and of their mirrors (its settings are unconfirmed).

    Args:
        generator: in eval mode; its weights stay as they are
        prior: what its latents are drawn from
        targets: encoded samples [N, ...], as the generator makes them; of multi-scale images the finest
        starts: latents [S, N, size] to start from: S tries
        labels: [N] or None
        steps: of Adam
        rate: of Adam, at first
    """
    import torch

    count, tries = len(targets), len(starts)
    expected = torch.cat([targets] * tries)
    given = None if labels is None else torch.cat([labels] * tries)
    latents = prior.nearest(starts.flatten(0, 1)).clone().requires_grad_(True)
    optimizer = torch.optim.Adam([latents], lr=rate)

    def errors() -> Tensor:
        off: Tensor = (expected - scales_of(generator(latents, given))[-1]).abs().flatten(1).mean(dim=1)
        return off

    with torch.enable_grad():
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = rate * 0.5 * (1.0 + math.cos(math.pi * step / steps))
            (latents.grad,) = torch.autograd.grad(errors().sum(), latents)
            optimizer.step()
            with torch.no_grad():
                latents.copy_(prior.nearest(latents))
    with torch.no_grad():
        off, best = errors().reshape(tries, count).min(dim=0)
    found = latents.detach().reshape(tries, count, -1)
    return found[best, torch.arange(count)], off
