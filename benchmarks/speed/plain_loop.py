"""The baseline: WGAN-GP and BEGAN steps as people write them, like examples/wgan_gp_single_file.py.

Float32, default memory layout, separate critic calls for real samples, fakes and interpolates, torch's default Adam. Of
multi-scale samples, each line treats all scales. The moving average of the weights, which the library keeps, is left
out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from steadygan.types import Sample, at_each_scale, scales_of

Score = Callable[[Any], Tensor]
"""Samples [N, ...] to scores [N]."""


def make_optimizer(network: nn.Module, lr: float, betas: tuple[float, float]) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=lr, betas=betas)


def gradient_penalty(critic: Score, real: Sample, fake: Sample, mix: Tensor) -> Tensor:
    """E (||grad D(x_hat)||_2 - 1)^2 at x_hat = mix x + (1 - mix) g, with mix [N] in [0, 1)."""

    def between(x: Tensor, g: Tensor) -> Tensor:
        eps = mix.view(-1, *[1] * (x.dim() - 1))
        return (eps * x + (1 - eps) * g).requires_grad_(True)

    points = at_each_scale(between, real, fake)
    gradients = torch.autograd.grad(critic(points).sum(), scales_of(points), create_graph=True)
    flat = gradients[0].flatten(1)
    if len(gradients) > 1:
        flat = torch.cat([gradient.flatten(1) for gradient in gradients], 1)
    penalty: Tensor = ((flat.norm(2, dim=1) - 1) ** 2).mean()
    return penalty


def critic_step(
    generator: nn.Module,
    critic: Score,
    optimizer: torch.optim.Optimizer,
    real: Sample,
    z: Tensor,
    mix: Tensor,
    weight: float = 10.0,
    drift: float = 0.0,
) -> Tensor:
    """One step of the critic of WGAN-GP on a real batch, with ProGAN's drift penalty; returns its loss."""
    with torch.no_grad():
        fake = generator(z)
    penalty = weight * gradient_penalty(critic, real, fake, mix)
    score = critic(real)
    loss = critic(fake).mean() - score.mean() + penalty
    if drift:
        loss = loss + drift * (score**2).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def generator_step(generator: nn.Module, critic: Score, optimizer: torch.optim.Optimizer, z: Tensor) -> Tensor:
    """One step of the generator of WGAN-GP; returns its loss."""
    loss = -critic(generator(z)).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def balanced_critic_step(
    generator: nn.Module,
    error: Score,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
    k: Tensor,
    gamma: float,
    rate: float,
) -> tuple[Tensor, Tensor]:
    """One step of BEGAN's autoencoder; returns its loss and the next k_t."""
    with torch.no_grad():
        fake = generator(z)
    of_real, of_fake = error(real).mean(), error(fake).mean()
    loss = of_real - k * of_fake
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    balance = gamma * of_real.detach() - of_fake.detach()
    return loss.detach(), (k + rate * balance).clamp(0, 1)


def balanced_generator_step(generator: nn.Module, error: Score, optimizer: torch.optim.Optimizer, z: Tensor) -> Tensor:
    """One step of BEGAN's generator; returns its loss."""
    loss = error(generator(z)).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()
