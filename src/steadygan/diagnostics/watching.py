"""The subject of a game: a recipe's training as looks see it, with random numbers of a stream of its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.real_side import SAMPLES, most_rows
from steadygan.diagnostics.signals.critic_optimality import critic_optimality
from steadygan.diagnostics.subject import RISE_STEPS, Clipping, Subject
from steadygan.networks.layers.inspect import is_conditional
from steadygan.networks.layers.power_iteration import taken_over
from steadygan.objectives.base import ObjectiveLike
from steadygan.rng import Stream, draw_random, stream_generator
from steadygan.training.processes.world import ALONE
from steadygan.training.record_row import estimates_wasserstein
from steadygan.training.step.drawer import penalty_specs
from steadygan.training.step.draws import StepDraws
from steadygan.training.step.layout import channels_last
from steadygan.training.step.phase_terms import critic_terms
from steadygan.training.step.player import Player
from steadygan.types import Batch, CriticOutput, Sample, sample_count

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from steadygan.data import Dataset
    from steadygan.training.held_out import HeldOutMeasure
    from steadygan.training.step.game import Game

_PASS = 64
"""samples of a pass, where no sample's score depends on others"""
_FRESH, _REFERENCE, _HELD_OUT, _LATENTS, _RISE = range(5)  # parts of the stream


def subject_of(game: Game, dataset: Dataset, measure: HeldOutMeasure) -> Subject:
    """What looks need to know of a game; samples are encoded and mirrored as in training, and not perturbed.

    Args:
        game: at any round
        dataset: its data
        measure: whose feeds of training and held-out samples are shared
    """
    view = _View(game, dataset, measure)
    recipe, objective = game.recipe, game.recipe.objective
    splits, labelled = _of_loss(objective, "splits_at_zero"), _of_loss(objective, "has_labels")
    return Subject(
        generator=game.generator,
        critic=game.critic,
        generate=view.generate,
        score=view.score,
        latents=view.latents,
        real=view.real,
        reference=view.reference(),
        held_out=view.held_out(),
        conditional=is_conditional(game.critic),
        classes=game.sample.classes,
        generator_loss=view.generator_loss,
        rise=view.rise,
        real_is_high=objective.real_is_high,
        splits_at_zero=splits,
        logits=splits and labelled,
        wasserstein=estimates_wasserstein(objective),
        clipping=view.clipping(),
        numbers=view.numbers,
        text=game.sample.is_text,
        low=float(getattr(recipe.representation, "low", -1.0)),
        batch=recipe.run.micro_batch or (max(recipe.batch, _PASS) if game.joins_passes else recipe.batch),
        group=game.group,
        packing=game.packing,
        stored=dataset.train.resident,
    )


class _View:
    """A game's networks and samples as functions."""

    def __init__(self, game: Game, dataset: Dataset, measure: HeldOutMeasure) -> None:
        self.game, self.dataset, self.measure = game, dataset, measure

    def _rng(self, round_: int, part: int) -> np.random.Generator:
        return stream_generator(self.game.recipe.seed, Stream.LOOKS, round_, substream=part)

    def latents(self, round_: int, count: int) -> Tensor:
        prior = self.game.recipe.prior
        return prior.latents(draw_random(prior.random_spec(), self._rng(round_, _LATENTS), count).to(self.game.device))

    def generate(self, latents: Tensor, labels: Tensor | None) -> Sample:
        with self.game.autocast():
            made: Sample = channels_last(self.game.generator(latents, labels))
        return made

    def score(self, critic: nn.Module, samples: Sample, labels: Tensor | None) -> CriticOutput:
        with self.game.autocast():
            output: CriticOutput = critic(channels_last(samples), labels)
        return output._replace(score=output.score.float(), labels=labels)

    def real(self, round_: int, count: int) -> Batch:
        return self.game.stages.shown(self._train(count, self._rng(round_, _FRESH)))

    def reference(self) -> Batch:
        shape = self.game.sample.shape
        return self._train(most_rows(int(torch.Size(shape).numel())), self._rng(0, _REFERENCE))

    def _train(self, count: int, rng: np.random.Generator) -> Batch:
        feed, available = self.measure.train_source
        count = min(count, available or count)
        return next(iter(self.measure.batches(feed, available, count, count, rng)))

    def held_out(self) -> Batch | None:
        available = len(self.measure.held_out)
        count = min(SAMPLES, available)
        if count < 2:
            return None
        feed, rng = self.measure.held_out_feed, self._rng(0, _HELD_OUT)
        return next(iter(self.measure.batches(feed, available, count, count, rng)))

    def generator_loss(self, real: CriticOutput, fake: CriticOutput) -> Tensor:
        objective = self.game.recipe.objective
        return objective.generator_loss(real if objective.needs_real else None, fake, self.game.state.objective)

    def clipping(self) -> Clipping | None:
        limit = getattr(self.game.recipe.constraint, "limit", None)
        if not isinstance(limit, int | float):
            return None
        held = {id(weight) for weight in self.game.constrained}
        named = self.game.critic.named_parameters()
        return Clipping(limit, {name: weight for name, weight in named if id(weight) in held})

    def numbers(self) -> Mapping[str, Any]:
        state, objective = self.game.state, self.game.recipe.objective
        found: dict[str, Any] = {}
        probability = getattr(state.perturbation, "probability", None)
        if probability is not None:
            found |= {"augmentation": probability, "augmentation_bound": 1.0}
        if hasattr(state.objective, "k") and hasattr(state.objective, "convergence"):
            found["equilibrium"] = state.objective.convergence
            least, k = float(getattr(objective, "least", 0.0)), state.objective.k
            found["k_rail"] = ((k <= least) | (k >= 1.0)).float()
        return found

    def rise(self, round_: int) -> float:
        """The rise of the gap by steps of a copy of the critic, with its penalties and constraint."""
        game, recipe = self.game, self.game.recipe
        rng = self._rng(round_, _RISE)
        sign = 1.0 if recipe.objective.real_is_high else -1.0
        size = max(recipe.run.micro_batch or recipe.batch, game.group) // game.group * game.group
        real = [self.game.stages.shown(self._train(size, rng)) for _ in range(RISE_STEPS)]
        fresh = [self._fakes(each, rng) for each in (self._train(size, rng), self._train(size, rng))]
        labels = fresh[0][0].labels
        trained = _Copy(game)
        pairs: Any = (self._fakes(each, rng) for each in real)  # with their labels

        def gap(critic: nn.Module, x: Sample, g: Sample) -> Tensor:
            return sign * (self.score(critic, x, labels).score.mean() - self.score(critic, g, labels).score.mean())

        found = critic_optimality(
            game.critic,
            lambda critic, x, g: trained.loss(critic, x, g, rng),
            lambda parameters: trained.optimizer(list(parameters), round_),
            pairs,
            (fresh[0][0].samples, fresh[0][1].samples),
            estimate=gap,
            after_step=trained.after_step,
        )
        return found.relative_rise

    def _fakes(self, real: Batch, rng: np.random.Generator) -> tuple[Batch, Batch]:
        """The real samples, and as many fakes of their labels."""
        prior = self.game.recipe.prior
        noise = draw_random(prior.random_spec(), rng, sample_count(real.samples)).to(self.game.device)
        with torch.no_grad():
            return real, Batch(self.generate(prior.latents(noise), real.labels), real.labels)


class _Copy:
    """Steps of a copy of the critic, by the recipe's losses, penalties and constraint."""

    def __init__(self, game: Game) -> None:
        self.game, self.step = game, 0
        self._player: Player | None = None

    def optimizer(self, parameters: list[nn.Parameter], round_: int) -> torch.optim.Optimizer:
        spec = self.game.recipe.critic_optimizer
        own = self.game.players["critic"]
        player = Player(own.network, spec.build(parameters), spec, own.correction)
        player.apply_settings(self.game.recipe.position(max(0, round_ - 1)))
        self._player = player
        return player.optimizer

    def loss(self, critic: nn.Module, real: Batch, fake: Batch, rng: np.random.Generator) -> Tensor:
        """The losses of all phases of the critic that are due in this step, on one batch."""
        for move in taken_over(critic):
            move()
        game = self._with(critic)
        count = sample_count(real.samples)
        specs = penalty_specs(game.recipe, game.sample)
        penalties = tuple(None if spec is None else draw_random(spec, rng, count).to(game.device) for spec in specs)
        draws = StepDraws(torch.zeros(count, 0), penalties=penalties)
        phases = [phase for phase in game.phases if phase.player == "critic" and phase.due(self.step)]
        self.step += 1
        losses = [critic_terms(game, phase, real, fake, draws, game.state).loss for phase in phases]
        return torch.stack(losses).sum()

    def after_step(self, critic: nn.Module) -> None:
        constraint = self.game.recipe.constraint
        if constraint is not None:
            constraint.apply(constraint.targets(critic))

    def _with(self, critic: nn.Module) -> Game:
        """The game with the copy for its critic, alone: no other process takes part."""
        game = copy.copy(self.game)
        game.players = {**self.game.players, "critic": copy.copy(self.game.players["critic"])}
        game.players["critic"].network = critic
        game.world, game.pools_outputs = ALONE, False
        return game


def _of_loss(objective: ObjectiveLike, name: str) -> bool:
    """A property of the loss inside all wrappers."""
    inner: Any = objective
    while hasattr(inner, "base"):
        inner = inner.base
    return getattr(getattr(inner, "loss", None), name, False) is True
