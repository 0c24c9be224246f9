"""A critic that trains alone, against a fixed generator: real samples plus unit noise (WGAN-GP, section 3.1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.preparation import prepare
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.studies.device import device
from steadygan.studies.training import OPTIONS
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from steadygan.data import Dataset
    from steadygan.phases import Phase
    from steadygan.preparation import Prepared
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.terms import Terms

STATE = "critic.pt"
_SAVED = 20
"""times that the state is saved"""


def noisy(points: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Samples of the fixed generator: these real points [N, D], each with noise N(0, I)."""
    import numpy as np

    noise = np.random.default_rng(seed).standard_normal(points.shape)
    return (points + noise).astype(np.float32)


def held_out_pairs(dataset: Dataset, count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Held-out real points and fakes made from other held-out ones, ``count`` of each, or half of what there is."""
    samples = dataset.held_out.samples
    count = min(count, len(samples) // 2)
    return samples[:count], noisy(samples[count : 2 * count], seed)


@dataclass(frozen=True)
class CriticAlone:
    """The critic's phase of a recipe for so many steps, with its loss, penalties, constraint and optimizer."""

    recipe: Recipe
    data: str
    rounds: int
    """steps of the critic"""
    measure: Callable[[nn.Module, Dataset, int], Outcome]
    """of the critic in eval mode, the data and the seed"""

    def fitted(self, rounds: int) -> CriticAlone:
        """The same with so many steps."""
        return dataclasses.replace(self, rounds=rounds)

    def seconds_per_round(self) -> float:
        """As measured on this machine with one thread."""
        from steadygan.system.threads import restored_threads
        from steadygan.training.planning.speed import measure_speed

        with restored_threads(1):
            return measure_speed(_setup(self._prepared(0)), AgainstNoise(), budget=0.5).critic_step

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Trains, or goes on from the last state in the folder, and measures."""
        from steadygan.system.threads import restored_threads

        ready = self._prepared(seed)
        with restored_threads(1):
            critic = _trained(_setup(ready), self.rounds, folder / STATE)
            return self.measure(critic, ready.dataset, seed)

    def _prepared(self, seed: int) -> Prepared:
        ready = prepare(self.recipe, self.data)
        prior = Normal(ready.dataset.sample.shape[0])  # the latents are the noise
        made = dataclasses.replace(ready.recipe, prior=prior, rounds=self.rounds, seed=seed, run=OPTIONS)
        return dataclasses.replace(ready, recipe=made)


class AgainstNoise:
    """The eager engine with real samples plus the step's latents in place of the generator's fakes."""

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        """Adds the gradients of the critic's phase to its parameters; returns its detached terms."""
        from steadygan.training.step.gradients import autograd_gradients, carry_out

        return carry_out(setup, phase, draws, partial(autograd_gradients, terms_of=_terms))


def _terms(game: Any, phase: Phase, real: Any, draws: StepDraws, state: Any, share: float) -> Terms:
    from steadygan.training.step.phase_terms import critic_terms, generator_terms

    if phase.player == "generator":
        return generator_terms(game, phase, real, draws, state, share)
    fake = real._replace(samples=real.samples + draws.latents)
    return critic_terms(game, phase, real, fake, draws, state, share)


def _setup(ready: Prepared) -> Setup:
    import torch

    from steadygan.training.setup import SetupBuilder

    return SetupBuilder(ready.recipe, ready.dataset, torch.device(device())).build()


def _trained(setup: Setup, rounds: int, path: Path) -> nn.Module:
    """The critic after so many steps, in eval mode; its state is saved now and then, and read if it is there."""
    import torch

    from steadygan.balance import Steps
    from steadygan.system.files import written_aside
    from steadygan.training.step.round import step

    game, engine, alone = setup.game, AgainstNoise(), Steps(1, 0)
    player = game.players["critic"]
    done = 0
    if path.exists():
        saved = torch.load(path, weights_only=True)
        if saved["done"] <= rounds:  # else it was to be longer: it begins anew
            done = saved["done"]
            player.network.load_state_dict(saved["critic"])
            player.optimizer.load_state_dict(saved["optimizer"])
    every = max(1, rounds // _SAVED)
    for index in range(done, rounds):
        game.set_round(index)
        draws = setup.drawer.round(index, index * game.recipe.batch, alone)
        step(setup, game.phases[0], draws.critic[0], engine)
        if (index + 1) % every == 0:
            state = {
                "done": index + 1,
                "critic": player.network.state_dict(),
                "optimizer": player.optimizer.state_dict(),
            }
            with written_aside(path) as aside:
                torch.save(state, aside)
    return player.network.eval().requires_grad_(False)
