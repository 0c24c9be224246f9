"""One round of the plain loop on a case's networks, in float32; real batches are encoded in advance."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.speed import plain_loop
from benchmarks.speed.cases import Case
from benchmarks.speed.library import builder_of, draws_of
from benchmarks.speed.timing import Round
from steadygan.losses import Wasserstein
from steadygan.networks.layers.activations import PiecewiseLinear
from steadygan.networks.layers.convolutions import ConvMeanPool, UpsampleConv
from steadygan.objectives import Adversarial, BoundaryEquilibrium
from steadygan.optimizers import Adam
from steadygan.penalties import Drift, GradientPenalty
from steadygan.recipe import Recipe
from steadygan.training.step.draws import RoundDraws
from steadygan.training.step.feed import Feed
from steadygan.types import at_each_scale

PLAIN, SAME_NETWORKS = "plain", "same-networks"
"""the plain loop around networks of ordinary layers, as people write them, and around the library's own modules"""


class _RoundDraws(NamedTuple):
    """The samples and random numbers of a round."""

    critic: list[tuple[Any, Tensor, Tensor | None]]
    """of each critic step: real samples, latents [N, ...], mixes [N] of the interpolation"""
    generator: list[Tensor]
    """of each generator step: latents [N, ...]"""


class _Steps(NamedTuple):
    critic: Callable[[Any, Tensor, Tensor | None], object]
    generator: Callable[[Tensor], object]


def plain_round(case: Case, device: torch.device, *, ordinary: bool = True) -> Round:
    """One round of the plain loop.

    Args:
        case: its recipe and data
        device: of the networks
        ordinary: True for ordinary layers, False for the library's own

    Raises:
        ValueError: for a method without a plain loop.
    """
    with torch_defaults():
        builder = builder_of(case, "fp32", device)
        game = builder.game()
        generator: nn.Module = game.generator.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        critic: nn.Module = game.critic.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        if ordinary:
            generator, critic = with_ordinary_layers(generator), with_ordinary_layers(critic)
        rounds = cycle([_round_draws(builder.recipe, builder.feed, draws) for draws in draws_of(builder)])
    steps = _steps(builder.recipe, generator, critic, device)

    def run() -> None:
        with torch_defaults():
            draws = next(rounds)
            for real, z, mix in draws.critic:
                steps.critic(real, z, mix)
            for z in draws.generator:
                steps.generator(z)

    return run


def _round_draws(recipe: Recipe, feed: Feed, draws: RoundDraws) -> _RoundDraws:
    def real(which: Any) -> Any:
        return at_each_scale(lambda tensor: tensor.contiguous(), feed(which).samples)

    latents = recipe.prior.latents
    steps = [(real(d.real), latents(d.latents), next(iter(d.penalties), None)) for d in draws.critic]
    return _RoundDraws(steps, [latents(d.latents) for d in draws.generator])


def _steps(recipe: Recipe, generator: nn.Module, network: nn.Module, device: torch.device) -> _Steps:
    """The critic step and the generator step of the recipe's method."""
    optimizers = recipe.generator_optimizer, recipe.critic_optimizer
    if not all(isinstance(spec, Adam) for spec in optimizers):
        raise ValueError(f"there is no plain loop of {recipe.name}, whose optimizers are not Adam")
    generator_optimizer, critic_optimizer = (
        plain_loop.make_optimizer(network, spec.lr, spec.betas)  # type: ignore[attr-defined]
        for network, spec in zip((generator, network), optimizers, strict=True)
    )

    def score(samples: Any) -> Tensor:
        result: Tensor = network(samples).score
        return result

    objective, penalties = recipe.objective, recipe.penalties
    if isinstance(objective, BoundaryEquilibrium) and not penalties:
        k = torch.full((), objective.least, device=device)

        def balanced(real: Any, z: Tensor, mix: Tensor | None) -> None:
            nonlocal k
            _, k = plain_loop.balanced_critic_step(
                generator, score, critic_optimizer, real, z, k, objective.gamma, objective.rate
            )

        return _Steps(balanced, partial(plain_loop.balanced_generator_step, generator, score, generator_optimizer))
    known = isinstance(objective, Adversarial) and isinstance(objective.loss, Wasserstein)
    kinds = [type(penalty) for penalty in penalties]
    if not known or kinds not in ([GradientPenalty], [GradientPenalty, Drift]):
        raise ValueError(f"there is no plain loop of {recipe.name}")
    weights = [penalty.weight for penalty in penalties]

    def critic_step(real: Any, z: Tensor, mix: Tensor | None) -> None:
        plain_loop.critic_step(generator, score, critic_optimizer, real, z, mix, *weights)  # type: ignore[arg-type]

    return _Steps(critic_step, partial(plain_loop.generator_step, generator, score, generator_optimizer))


def with_ordinary_layers(network: nn.Module) -> nn.Module:
    """The same function with torch's ReLU and leaky ReLU, and with pooling and up-sampling as separate layers."""
    for name, child in network.named_children():
        if isinstance(child, PiecewiseLinear):
            setattr(network, name, nn.LeakyReLU(child.leak) if child.leak else nn.ReLU())
        else:
            with_ordinary_layers(child)
    if isinstance(network, ConvMeanPool | UpsampleConv):
        network.folded = False
    return network


@contextlib.contextmanager
def torch_defaults() -> Iterator[None]:
    """Within the block TF32 is set as torch has it by default; building a game for a GPU changes it."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
