"""GAN inversion: latents whose samples are near given targets, by gradient descent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steadygan.system import progress
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
    """Latents [N, size] whose samples are near the targets, and the mean absolute errors, [N].

    Adam on mean |x - G(z)|, each latent projected onto the prior's support after each step; the rate follows half a
    cosine to 0. The best start of each sample is returned; samples are independent. Berthelot et al. 2017, BEGAN,
    invert real images and their mirror images in this way (settings unconfirmed).

    Args:
        generator: in eval mode; its weights are not changed
        prior: of its latents
        targets: encoded samples [N, ...], as the generator makes them; the finest scale of multi-scale images
        starts: initial latents [S, N, size], S for each target
        labels: [N] or None
        steps: of Adam
        rate: initial rate of Adam
    """
    import torch

    count, tries = len(targets), len(starts)
    expected = torch.cat([targets] * tries)
    given = None if labels is None else torch.cat([labels] * tries)
    latents = prior.nearest(starts.flatten(0, 1)).clone().requires_grad_(True)
    optimizer = torch.optim.Adam([latents], lr=rate)

    def errors() -> Tensor:
        error: Tensor = (expected - scales_of(generator(latents, given))[-1]).abs().flatten(1).mean(dim=1)
        return error

    with torch.enable_grad():
        for step in progress.steps("finding latents", range(steps)):
            optimizer.param_groups[0]["lr"] = rate * 0.5 * (1.0 + math.cos(math.pi * step / steps))
            (latents.grad,) = torch.autograd.grad(errors().sum(), latents)
            optimizer.step()
            with torch.no_grad():
                latents.copy_(prior.nearest(latents))
    with torch.no_grad():
        error, best = errors().reshape(tries, count).min(dim=0)
    solutions = latents.detach().reshape(tries, count, -1)
    return solutions[best, torch.arange(count)], error
