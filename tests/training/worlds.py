"""Rounds of recipes in float64, by one process and by several: what tests of several processes run in each of them.

``python -m tests.training.forked SIZE worlds OUT NAME …`` starts them.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch.utils import _pytree as pytree

from benchmarks.laptop import on_a_laptop
from steadygan.data import Dataset
from steadygan.errors import UsageError
from steadygan.losses import RelativisticAverage
from steadygan.networks import MLPAutoencoderCritic, MLPGenerator
from steadygan.networks.layers.inspect import group_size
from steadygan.objectives import Adversarial, EnergyBased
from steadygan.optimizers import SGD
from steadygan.penalties import R1, Drift, GradientPenalty, NearReal, PathLength
from steadygan.perturbations import Adaptive, Augment, DiffAugment
from steadygan.recipe import Recipe, RunOptions
from steadygan.recipes import RECIPES
from steadygan.schedules import Constant
from steadygan.training.engines.agreement import disagreement
from steadygan.training.engines.base import Engine
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_game, double_setup, in_double
from steadygan.training.pretraining import pretrain
from steadygan.training.processes.launch import joined
from steadygan.training.processes.world import World
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.prefetch import coming_rows
from steadygan.training.step.setup import Setup
from steadygan.types import SampleSpec
from tests.training.games import growing_recipe, image_data, small_recipe, training_round

SAMPLE = SampleSpec((1, 8, 8), classes=10)
TEXT = SampleSpec((12, 8))
TEXTS = ("text", "text-gan")
ROUNDS = 4
PLAYERS = ("generator", "critic")
LONG = "30 rounds of "
"""before a name: what is summed a little wrong shows later"""
ALIKE = {
    "dcgan": "instance-noise",
    "lsgan": "instance-noise",
    "wgan-gp-one-sided": "wgan-gp",
    "ebgan": "ebgan-pt",
    "sngan-cifar10": "wgan-gp-cifar10",
    "projection": "sagan",
    "biggan-cifar10": "biggan",
    "biggan-128": "biggan",
    "r3gan": "r3gan-cifar10",
    "photos": "r3gan-cifar10",
    "stylegan2": "stylegan2-ada",
    "text-gan": "text",
}
"""recipes all of whose kinds of parts another one has too, besides optimizers, and losses: means over samples all"""
OTHERS: dict[str, Callable[[], Recipe]] = {
    "micro-batches": lambda: small_recipe(run=RunOptions(precision="fp32", micro_batch=2), batch=16),
    "noise of the batch's deviation": lambda: small_recipe(penalties=(GradientPenalty(at=NearReal()),)),
    "average of all scores": lambda: small_recipe(objective=Adversarial(RelativisticAverage()), penalties=()),
    "path length": lambda: small_recipe(penalties=(GradientPenalty(10.0), PathLength(every=2))),
    "path length by micro-batches": lambda: small_recipe(
        penalties=(GradientPenalty(10.0), PathLength(every=2, decay=0.0)),  # lengths are compared with 0: they add up
        run=RunOptions(precision="fp32", micro_batch=2),
    ),
    "lazy R1": lambda: small_recipe(penalties=(R1(1.0, every=2), GradientPenalty(5.0, every=3), Drift())),
    "growing": lambda: growing_recipe(),
    "adaptive": lambda: small_recipe(perturbation=Adaptive(DiffAugment(), images=1_000, every=1)),
    "augmentations": lambda: small_recipe(perturbation=Augment(), penalties=(R1(1.0, every=2),)),
}
"""what no recipe has"""
TRACED, FUNCTIONAL = "traced: ", "functional: "
"""before a name: compiled steps, and what is compiled in them by itself"""
OF_ALL: dict[str, Callable[[], Recipe]] = {
    "codes of all": lambda: small_recipe(
        generator=MLPGenerator(width=8, depth=1),
        critic=MLPAutoencoderCritic(width=8, depth=1, code=4, norm="batch"),
        objective=EnergyBased(pulling_away=0.1),
        penalties=(),
    ),
    "samples by themselves": lambda: small_recipe(penalties=()),
}
"""one compares samples of all processes and has batch norms over them; the other's losses need no other process"""


def sample_of(name: str) -> SampleSpec:
    """What a recipe of a name is played on."""
    return TEXT if name in TEXTS else SAMPLE


def image_recipes() -> list[str]:
    """The recipes that are made for the samples."""
    names = []
    for name, function in RECIPES.items():
        try:
            function(SAMPLE).representation.fitted(SAMPLE)
        except UsageError:
            continue
        names.append(name)
    return names


def shallow(network: Any) -> Any:
    """A spec of a network with one block in each stage, if it counts them, and two layers that map latents."""
    if hasattr(network, "blocks"):
        return dataclasses.replace(network, blocks=1)
    if hasattr(network, "mapping"):
        return dataclasses.replace(network, mapping=2)
    inner = getattr(network, "network", None)
    return network if inner is None else dataclasses.replace(network, network=shallow(inner))


def made(name: str, batch: int = 8) -> Recipe:
    """A recipe of a name, small."""
    if name in OTHERS or name in OF_ALL:
        recipe = (OTHERS | OF_ALL)[name]()
    else:
        sample = sample_of(name)
        whole = RECIPES[name](sample)
        whole = dataclasses.replace(whole, **{player: shallow(getattr(whole, player)) for player in PLAYERS})
        if whole.encoder is not None:
            whole = stacked(whole)
        group = group_size(on_a_laptop(whole, width=8).critic.build(sample))
        recipe = on_a_laptop(whole, width=8, batch=max(batch, 4 * group if group > 1 else 0))
    run = dataclasses.replace(recipe.run, precision="fp32")
    few = Constant(min(2, recipe.steps(0)))  # the original WGAN begins with rounds of 100
    return dataclasses.replace(recipe, run=run, critic_steps=few)


def stacked(recipe: Recipe) -> Recipe:
    """A recipe of two levels, small; its encoder is trained for three steps, and the levels are joined in round 2."""
    assert recipe.encoder is not None
    return dataclasses.replace(
        recipe,
        encoder=dataclasses.replace(recipe.encoder, width=4, second_width=4, features=16, steps=3),
        generator=dataclasses.replace(recipe.generator, features=16, units=16, joint_from=2),  # type: ignore[type-var]
        critic=dataclasses.replace(recipe.critic, features=16, units=16),  # type: ignore[type-var]
    )


def played(name: str, world: World) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The gradients of the first round's last steps, and what generator and critic answer at the end, in float64.

    By SGD: Adam makes whole steps of the rounding noise that stands for a gradient of 0 (biases before a batch norm).
    """
    rounds = 30 if name.startswith(LONG) else ROUNDS
    name = name.removeprefix(LONG)
    return played_on(image_data(200, sample_of(name)), made(name), world, rounds)


def played_on(
    data: Dataset, recipe: Recipe, world: World, rounds: int, engine: Engine = EAGER
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The same of any recipe and data, by any engine."""
    still = SGD(1e-2)
    recipe = dataclasses.replace(recipe, generator_optimizer=still, critic_optimizer=still, rounds=rounds)
    game = double_game(Game.build(recipe, data.sample, "cpu", "fp32", world))
    feed = Feed(recipe, data.train, game.device)
    drawer = Drawer(recipe, data.sample, data.train, game.device, world=world)
    if recipe.encoder is not None:
        assert pretrain(Setup(game, lambda real: in_double(feed(real)), drawer), lambda: False, lambda: None)
    feed.follow(coming_rows(drawer, world, 0, 0))
    position = seen = 0
    gradients: list[torch.Tensor] = []
    for round_ in range(rounds):
        draws = in_double(drawer.round(round_, position))
        training_round(game, lambda real: in_double(feed(real)), draws, round_, seen, engine)
        if not gradients:
            parameters = [*game.players["critic"].parameters, *game.players["generator"].parameters]
            gradients = [p.grad.clone() for p in parameters if p.grad is not None]
        position, seen = position + drawer.samples_in(round_), seen + recipe.fakes
    feed.close()
    return gradients, _answers(game)


def _answers(game: Game) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    latents = game.recipe.prior.latents(torch.rand(16, game.recipe.prior.size, generator=generator).double())
    labels = torch.arange(16) % game.sample.classes if game.sample.classes else None
    game.generator.eval()
    game.critic.eval()
    with torch.no_grad():
        samples = game.generator(latents, labels)
        return [
            *pytree.tree_leaves(samples),
            game.critic(samples, labels).score,
            *game.state.objective,
            *game.state.perturbation,
        ]


def is_off_by(asked: str, world: World) -> float:
    """The largest distance of a gradient of compiled steps from the eager one, in float64."""
    name = asked.removeprefix(TRACED).removeprefix(FUNCTIONAL)
    trial = SetupBuilder(made(name), image_data(200, sample_of(name)), torch.device("cpu"), world)
    if asked.startswith(TRACED):
        return max(traced_errors(trial).values())
    with patch.object(Compiled, "_compiled", lambda engine, function: function):
        return max(traced_errors(trial).values())


def traced_errors(trial: SetupBuilder) -> dict[str, float]:
    """How far the gradients of traced losses are from the eager ones, in float64."""
    return traced_errors_at(trial, 0, 1)


def traced_errors_at(trial: SetupBuilder, *rounds: int) -> dict[str, float]:
    """The same of some rounds, with the settings of the first."""
    draws = [in_double(trial.drawer.round(round_, 0)) for round_ in rounds]
    with traced_once():
        return disagreement(Compiled("aot_eager"), lambda: double_setup(trial.build()), draws, rounds[0])


@contextmanager
def traced_once() -> Iterator[None]:
    """Context in which torch does not trace anew what takes a state in float64, nor look for garbage afterwards."""
    from torch._dynamo import config  # takes a second, which most who import this module need not spend

    with patch.dict(os.environ, TENSORIFY_PYTHON_SCALARS="0"), config.patch(run_gc_after_compile=False):
        yield


def main(out: str, *asked: str) -> None:
    """Plays the recipes and writes what came out, by name; of compiled steps how far they are off."""
    compiled = [name for name in asked if name.startswith((TRACED, FUNCTIONAL))]
    names = [name for name in asked if name not in compiled]
    with joined(torch.device("cpu")) as world:
        off = {name: is_off_by(name, world) for name in compiled}
        results = {name: played(name, world) for name in names}
        for name, (_, answers) in results.items():
            world.check_equal({str(i): answer for i, answer in enumerate(answers)}, name)
        if world.first:
            torch.save({**results, **off}, out)
