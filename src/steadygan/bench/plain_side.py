"""A round of the plain loop on a case's networks, in float32."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from steadygan.bench import plain
from steadygan.bench.cases import Case
from steadygan.bench.measuring import Round
from steadygan.bench.sides import draws_of, trial
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


class _Numbers(NamedTuple):
    """A round's numbers as the plain loop takes them."""

    critic: list[tuple[Any, Tensor, Tensor | None]]
    """of each critic step: real samples, latents, the points' places"""
    generator: list[Tensor]
    """of each generator step: latents"""


class _Steps(NamedTuple):
    critic: Callable[[Any, Tensor, Tensor | None], object]
    generator: Callable[[Tensor], object]


def plain_round(case: Case, device: torch.device, *, ordinary: bool = True) -> Round:
    """One round of the plain loop, with ordinary layers or with the library's own.

    Raises:
        ValueError: for a method that there is no plain loop of.
    """
    with torch_defaults():
        tried = trial(case, "fp32", device)
        game = tried.game()
        generator: nn.Module = game.generator.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        critic: nn.Module = game.critic.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        if ordinary:
            generator, critic = with_ordinary_layers(generator), with_ordinary_layers(critic)
        turns = cycle([_numbers(tried.recipe, tried.feed, draws) for draws in draws_of(tried)])
    steps = _steps(tried.recipe, generator, critic, device)

    def run() -> None:
        with torch_defaults():
            numbers = next(turns)
            for real, z, mix in numbers.critic:
                steps.critic(real, z, mix)
            for z in numbers.generator:
                steps.generator(z)

    return run


def _numbers(recipe: Recipe, feed: Feed, draws: RoundDraws) -> _Numbers:
    def real(which: Any) -> Any:
        return at_each_scale(lambda tensor: tensor.contiguous(), feed(which).samples)

    latents = recipe.prior.latents
    steps = [(real(d.real), latents(d.latents), next(iter(d.penalties), None)) for d in draws.critic]
    return _Numbers(steps, [latents(d.latents) for d in draws.generator])


def _steps(recipe: Recipe, generator: nn.Module, network: nn.Module, device: torch.device) -> _Steps:
    """The two steps of the recipe's method."""
    optimizers = recipe.generator_optimizer, recipe.critic_optimizer
    if not all(isinstance(spec, Adam) for spec in optimizers):
        raise ValueError(f"there is no plain loop of {recipe.name}, whose optimizers are not Adam")
    generator_optimizer, critic_optimizer = (
        plain.make_optimizer(network, spec.lr, spec.betas)  # type: ignore[attr-defined]
        for network, spec in zip((generator, network), optimizers, strict=True)
    )

    def score(samples: Any) -> Tensor:
        found: Tensor = network(samples).score
        return found

    objective, penalties = recipe.objective, recipe.penalties
    if isinstance(objective, BoundaryEquilibrium) and not penalties:
        k = torch.full((), objective.least, device=device)

        def balanced(real: Any, z: Tensor, mix: Tensor | None) -> None:
            nonlocal k
            _, k = plain.balanced_critic_step(
                generator, score, critic_optimizer, real, z, k, objective.gamma, objective.rate
            )

        return _Steps(balanced, partial(plain.balanced_generator_step, generator, score, generator_optimizer))
    known = isinstance(objective, Adversarial) and isinstance(objective.loss, Wasserstein)
    kinds = [type(penalty) for penalty in penalties]
    if not known or kinds not in ([GradientPenalty], [GradientPenalty, Drift]):
        raise ValueError(f"there is no plain loop of {recipe.name}")
    weights = [penalty.weight for penalty in penalties]

    def critic_step(real: Any, z: Tensor, mix: Tensor | None) -> None:
        plain.critic_step(generator, score, critic_optimizer, real, z, mix, *weights)  # type: ignore[arg-type]

    return _Steps(critic_step, partial(plain.generator_step, generator, score, generator_optimizer))


def with_ordinary_layers(network: nn.Module) -> nn.Module:
    """The same function with torch's ReLU and leaky ReLU, and with pooling and doubling as steps of their own."""
    for name, part in network.named_children():
        if isinstance(part, PiecewiseLinear):
            setattr(network, name, nn.LeakyReLU(part.leak) if part.leak else nn.ReLU())
        else:
            with_ordinary_layers(part)
    if isinstance(network, ConvMeanPool | UpsampleConv):
        network.folded = False
    return network


@contextlib.contextmanager
def torch_defaults() -> Iterator[None]:
    """torch's own TF32 switches, which building a game for a GPU sets."""
    held = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = held
