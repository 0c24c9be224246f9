"""Small recipes and data sets that the training tests share."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from steadygan.data import Dataset, Stored
from steadygan.growth import Growth
from steadygan.losses import Wasserstein
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    MLPCritic,
    MLPGenerator,
    ProGANCritic,
    ProGANGenerator,
)
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import Drift, GradientPenalty
from steadygan.phases import Phase
from steadygan.priors import Normal
from steadygan.recipe import Recipe, RunOptions
from steadygan.schedules import Constant
from steadygan.training.engines.eager import EAGER
from steadygan.training.step import phase_terms, round
from steadygan.training.step.counters import Counters
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.draws import RoundDraws, StepDraws
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.round import Engine, RoundReport, step
from steadygan.training.step.setup import Setup
from steadygan.training.step.terms import Terms
from steadygan.types import SampleSpec

IMAGES = SampleSpec((1, 8, 8), classes=10)
POINTS = SampleSpec((2,))


def image_data(count: int = 200, sample: SampleSpec = IMAGES) -> Dataset:
    """Random pixels with labels, or random characters: nothing to learn, but all that a run needs."""
    rng = np.random.default_rng(0)
    if sample.is_text:  # a number for each place
        pixels = rng.integers(0, sample.shape[0], (count, sample.shape[1]), dtype=np.uint8)
    else:
        pixels = rng.integers(0, 256, (count, *sample.shape), dtype=np.uint8)
    labels = rng.integers(0, sample.classes, count) if sample.classes else None
    held = count // 10
    return Dataset(
        name="pixels",
        sample=sample,
        train=Stored(pixels[held:], None if labels is None else labels[held:]),
        held_out=Stored(pixels[:held], None if labels is None else labels[:held]),
        fingerprint="pixels-0",
    )


def small_recipe(**changes) -> Recipe:
    """WGAN-GP on tiny fully connected networks, every interval set."""
    recipe = Recipe(
        name="small",
        generator=MLPGenerator(width=16, depth=1),
        critic=MLPCritic(width=16, depth=1, activation="leaky_relu"),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(10.0),),
        critic_steps=Constant(2),
        prior=Normal(4),
        generator_optimizer=Adam(1e-3),
        critic_optimizer=Adam(1e-3),
        batch=16,
        rounds=12,
        run=RunOptions(precision="fp32", log_every=4, picture_every=6, checkpoint_every=5, pictured=9),
    )
    return dataclasses.replace(recipe, **changes)


def convolutional_recipe(**changes) -> Recipe:
    """The same on small DCGAN networks without batch norm."""
    fields = {"generator": DCGANGenerator(width=4, norm="none"), "critic": DCGANCritic(width=4), **changes}
    return small_recipe(**fields)


def growing_recipe(**changes) -> Recipe:
    """ProGAN's networks from 4 to 8 px in rounds of 16, then 8 images: one round, two of a fade, then the full size."""
    fields = {
        "generator": ProGANGenerator(64, 6),
        "critic": ProGANCritic(64, 6, group=2),
        "penalties": (GradientPenalty(10.0), Drift(1e-3)),
        "critic_steps": Constant(1),
        "growth": Growth(16, 16, (16,), (0.5,)),
        "batch": 8,
    }
    return small_recipe(**{**fields, **changes})


def table(recipe: Recipe, data: Dataset, precision: str = "fp32") -> tuple[Game, Feed, Drawer]:
    """A game at round 0, its feed and its draws, on the CPU."""
    game = Game.build(recipe, data.sample, "cpu", precision)  # type: ignore[arg-type]
    return game, Feed(recipe, data.train, game.device), Drawer(recipe, data.sample, data.train, game.device)


def setup_of(game: Game, feed: Any) -> Setup:
    """A setup without a drawer, for steps whose draws are at hand."""
    return Setup(game, feed, None)  # type: ignore[arg-type]


def main_phase(game: Game, player: str) -> Phase:
    """The phase of a player's objective."""
    return next(phase for phase in game.phases if phase.player == player and phase.objective)


def critic_step(game: Game, feed: Any, draws: StepDraws, engine: Engine = EAGER) -> Terms:
    """One step of the critic's main phase."""
    return step(setup_of(game, feed), main_phase(game, "critic"), draws, engine)


def generator_step(game: Game, feed: Any, draws: StepDraws, engine: Engine = EAGER) -> torch.Tensor:
    """One step of the generator's main phase; its loss."""
    return step(setup_of(game, feed), main_phase(game, "generator"), draws, engine).loss


def training_round(
    game: Game, feed: Any, draws: RoundDraws, round_: int, seen: int, engine: Engine = EAGER
) -> RoundReport:
    """All steps of a round, by eager gradients where no engine is named."""
    return round.training_round(setup_of(game, feed), draws, Counters(round=round_, seen=seen), engine)


def critic_terms(game: Game, real: Any, fake: Any, draws: StepDraws, objective_state: Any) -> Terms:
    """The loss terms of the critic's main phase."""
    state = game.state._replace(objective=objective_state)
    return phase_terms.critic_terms(game, main_phase(game, "critic"), real, fake, draws, state)


def generator_terms(game: Game, draws: StepDraws, real: Any, objective_state: Any) -> tuple[torch.Tensor, Any]:
    """The loss of the generator's main phase, and the critic's output on the fakes."""
    state = game.state._replace(objective=objective_state)
    result = phase_terms.generator_terms(game, main_phase(game, "generator"), real, draws, state)
    return result.loss, result.fake
