"""Overfitting of the critic: its scores of training, held-out and generated samples, all by one critic.

All three are scored by the weights after a logged round, in batches of one size, in one mode: that of evaluation, but
batch norms take the statistics of each batch, as in training. Nothing that training reads is changed.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import torch

from steadygan.data.dataset import Stored
from steadygan.measuring import measuring, preserved_random_state
from steadygan.rng import Stream, draw_random, stream_generator
from steadygan.training.step.drawer import draw_perturbation
from steadygan.training.step.draws import RealDraws, micro_batches
from steadygan.training.step.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from torch import Tensor

    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game
    from steadygan.types import Batch

MOST = 1_024
"""samples of each kind at most"""
SHARE = 0.1
"""of the work between two logged rounds, at most; a batch is taken in any case"""
_PASSES = 4  # work of a step for each sample, in forward passes; also of a measurement
_MOST_NUMBERS = 2_000_000  # random numbers of representation and perturbation for samples of one kind


class HeldOutScores(NamedTuple):
    """The critic's scores of as many samples of each kind, on the device."""

    train: Tensor
    """[n] of real samples that it trains on"""
    held_out: Tensor
    """[n] of real samples that it never saw"""
    fake: Tensor
    """[n] of new fakes"""

    def gap_error(self) -> Tensor:
        """Standard error of the difference of the means of training and held-out scores, 0-d; NaN for one of each."""
        n = len(self.train)
        return ((self.train.float().var() + self.held_out.float().var()) / n).sqrt()


class HeldOutMeasure:
    """Measures a game's critic; the samples are a function of (seed, round)."""

    def __init__(self, recipe: Recipe, dataset: Dataset, feed: Feed) -> None:
        """
        Args:
            recipe: of the run
            dataset: training data and held-out samples
            feed: of the training data; its resident samples are shared
        """
        self.recipe = recipe
        self.sample = dataset.sample
        self.train, self.held_out = dataset.train, dataset.held_out
        self.feed = feed

    @cached_property
    def held_out_feed(self) -> Feed:
        """A feed of the held-out samples."""
        return Feed(self.recipe, self.held_out, self.feed.device)

    @cached_property
    def train_source(self) -> tuple[Feed, int]:
        """A feed of training samples that does not disturb the one of the steps, and their number (0: endless)."""
        if self.train.endless:
            return self.feed, 0
        if self.feed.resident is not None:
            return self.feed, len(self.train)
        if self.train.resident is not None:  # a memory map, read on demand
            return Feed(self.recipe, self.train, self.feed.device), len(self.train)
        some = Stored(*self.train.some())
        return Feed(self.recipe, some, self.feed.device), len(some)

    def __call__(self, game: Game, round_: int) -> HeldOutScores | None:
        """Scores after a round; None if there are fewer samples than the critic's group size."""
        if not len(self.held_out):
            return None
        train_feed, available = self.train_source
        batch, count = self._counts(game, min(len(self.held_out), available or len(self.held_out)))
        if not count:
            return None
        rng = stream_generator(self.recipe.seed, Stream.HELD_OUT, round_)
        held_out = self.batches(self.held_out_feed, len(self.held_out), count, batch, rng)
        train = self.batches(train_feed, available, count, batch, rng)
        scores: tuple[list[Tensor], ...] = ([], [], [])
        with (
            torch.no_grad(),
            preserved_random_state(),
            measuring(game.critic),
            measuring(game.generator),
            game.autocast(),
        ):
            for real, unseen in zip(map(game.stages.shown, train), map(game.stages.shown, held_out), strict=True):
                noise = draw_random(self.recipe.prior.random_spec(), rng, batch).to(game.device)
                fake = game.generate(noise, real.labels)
                for found, samples in zip(scores, (real, unseen, fake), strict=True):
                    perturbation = draw_perturbation(self.recipe, self.sample, rng, batch)
                    if perturbation is not None:
                        samples = samples._replace(perturbation=tuple(each.to(game.device) for each in perturbation))
                    found.append(game.score(samples).score)
        return HeldOutScores(*(torch.cat(found) for found in scores))

    def _counts(self, game: Game, available: int) -> tuple[int, int]:
        """Samples of a batch and of all batches of each kind; 0 for none."""
        recipe = self.recipe
        whole = min(available, recipe.batch, recipe.run.micro_batch or recipe.batch)
        batch = whole // game.group * game.group
        if not batch or (batch == 1 and not game.joins_passes):  # statistics of a batch of one sample are none
            return 0, 0
        steps, rounds = recipe.steps(1), recipe.run.log_every or 1
        work = rounds * _PASSES * (steps * recipe.batch + recipe.generator_steps * recipe.fakes)
        numbers = self._numbers()
        limits = [MOST, available, int(SHARE * work / _PASSES), *([_MOST_NUMBERS // numbers] if numbers else [])]
        return batch, max(1, min(limits) // batch) * batch

    def _numbers(self) -> int:
        """Random numbers that a sample takes of representation and perturbation."""
        spec, perturbation = self.recipe.representation.random_spec(self.sample), self.recipe.perturbation
        specs = [] if spec is None else [spec]
        specs += [] if perturbation is None else perturbation.random_specs(self.sample.shape)
        return sum(math.prod(each.shape) for each in specs)

    def batches(self, feed: Feed, available: int, count: int, batch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Real samples in batches, flipped and encoded as in training; ``available`` 0: endless data."""
        labels: Tensor | None = None
        if available:
            samples = torch.from_numpy(rng.choice(available, count, replace=False)).to(feed.rows_on)
        else:
            drawn, classes = self.train.draw(rng, count)
            samples = torch.from_numpy(drawn).to(feed.device)
            labels = None if classes is None else torch.from_numpy(classes).to(feed.device)
        flips: Tensor | None = None
        if self.recipe.data.flip and self.sample.is_image:
            flips = torch.from_numpy(rng.random(count) < 0.5).to(feed.device)
        spec = self.recipe.representation.random_spec(self.sample)
        for rows in micro_batches(slice(0, count), batch):
            noise = None if spec is None else draw_random(spec, rng, batch).to(feed.device)
            of_class = None if labels is None else labels[rows]
            mirrored = None if flips is None else flips[rows]
            yield feed(RealDraws(samples[rows], of_class, mirrored, noise))
