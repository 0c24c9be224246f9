"""The sides of a benchmark: one training round (five critic steps, one generator step) of WGAN-GP, each way.

``plain`` is the loop of examples/wgan_gp_single_file.py with ordinary layers: three critic calls a step, contiguous
layout, float32, torch's default Adam. ``same_networks`` is that loop around the library's own modules, whose
activations and folded convolutions make it faster than what people write. ``library`` is
``steadygan.training.step.training_round`` as the trainer calls it, the generator's average included. All have the
same weights and see the same random numbers, drawn beforehand.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import torch
from examples import wgan_gp_single_file as plain
from torch import nn

from steadygan.data import Fresh, Stored
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    MLPCritic,
    MLPGenerator,
    ResNetCritic,
    ResNetGenerator,
)
from steadygan.networks.activations import PiecewiseLinear
from steadygan.networks.convolutions import ConvMeanPool, UpsampleConv
from steadygan.recipe import Recipe
from steadygan.recipes import wgan_gp
from steadygan.training.draws import Drawer, RoundDraws
from steadygan.training.feed import Feed
from steadygan.training.game import Game
from steadygan.training.precision import Precision
from steadygan.training.step import training_round
from steadygan.types import SampleSpec

Round = Callable[[], None]
"""Trains for one round."""

IMAGES = SampleSpec((3, 32, 32))
POINTS = SampleSpec((2,))
SIDES = ("plain", "same_networks", "library")
DISTINCT_ROUNDS = 4  # of random numbers, used in turn


@dataclass(frozen=True)
class Case:
    """A pair of networks, and what they are trained on."""

    title: str
    sample: SampleSpec
    recipe: Recipe
    data: Stored | Fresh | None = None
    """None: noise, with labels where the sample has classes"""


def _case(title: str, sample: SampleSpec, generator: object, critic: object, batch: int) -> Case:
    recipe = dataclasses.replace(wgan_gp(sample), generator=generator, critic=critic, batch=batch)
    return Case(title, sample, recipe)


CASES = {
    "mlp": _case("MLP 512x3, batch 256", POINTS, MLPGenerator(), MLPCritic(), 256),
    "dcgan32": _case("DCGAN-32 width 64, batch 64", IMAGES, DCGANGenerator(width=64), DCGANCritic(width=64), 64),
    "resnet32": _case("ResNet-32 width 128, batch 64", IMAGES, ResNetGenerator(width=128), ResNetCritic(width=128), 64),
}


def _data(case: Case) -> Stored | Fresh:
    if case.data is not None:
        return case.data
    rng = np.random.default_rng(0)
    if case.sample.is_image:
        pixels = rng.integers(0, 256, (1024, *case.sample.shape), dtype=np.uint8)
        return Stored(pixels, rng.integers(0, case.sample.classes, 1024) if case.sample.classes else None)
    return Stored(rng.standard_normal((4096, *case.sample.shape)).astype(np.float32))


def _draws(case: Case, data: Stored | Fresh, device: torch.device) -> list[RoundDraws]:
    drawer = Drawer(case.recipe, case.sample, data, device)
    return [drawer.round(i, i * drawer.samples_in(i)) for i in range(DISTINCT_ROUNDS)]


def library_round(case: Case, precision: Precision, device: torch.device) -> Round:
    """One round as the trainer runs it."""
    game = Game.build(case.recipe, case.sample, device, precision)
    data = _data(case)
    feed = Feed(case.recipe, data, device)
    draws = cycle(_draws(case, data, device))

    def run() -> None:
        training_round(game, feed, next(draws), 0, 0)

    return run


def plain_round(case: Case, device: torch.device, *, ordinary: bool = True) -> Round:
    """One round of the plain loop in float32, with ordinary layers or with the library's own."""
    with _torch_defaults():
        game = Game.build(case.recipe, case.sample, device, "fp32")
    generator = game.generator.to(memory_format=torch.contiguous_format)
    network = game.critic.to(memory_format=torch.contiguous_format)
    if ordinary:
        generator, network = with_ordinary_layers(generator), with_ordinary_layers(network)
    data = _data(case)
    feed = Feed(case.recipe, data, device)
    rounds = cycle(
        [
            (
                [(feed(d.real).samples.contiguous(), d.latents, d.penalties[0]) for d in draws.critic],
                draws.generator[0].latents,
            )
            for draws in _draws(case, data, device)
        ]
    )
    generator_optimizer = plain.make_optimizer(generator)
    critic_optimizer = plain.make_optimizer(network)

    def critic(samples: torch.Tensor) -> torch.Tensor:
        return network(samples).score

    def run() -> None:
        steps, latents = next(rounds)
        with _torch_defaults():
            for real, z, mix in steps:
                plain.critic_step(generator, critic, critic_optimizer, real, z, mix)
            plain.generator_step(generator, critic, generator_optimizer, latents)

    return run


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


def make_round(case: Case, side: str, precision: Precision, device: torch.device) -> Round:
    """One of ``SIDES``; the precision is the library's."""
    if side == "library":
        return library_round(case, precision, device)
    return plain_round(case, device, ordinary=side == "plain")


@contextlib.contextmanager
def _torch_defaults() -> Iterator[None]:
    """torch's own TF32 switches, which building a game for a GPU sets."""
    held = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = held
