"""The drawer: all random numbers of a round, as a function of (seed, round, stream), at global size.

What uses them is pure. So a resumed run needs only its counters, any number of processes can take their shares of the
same draws, and engines can be compared to the last digit. The generator is numpy's Philox, which is counter-based:
streams never overlap, and a process can begin in the middle of one: of noise, it draws its own rows only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from steadygan.balance import Steps
from steadygan.data.classes import class_shares
from steadygan.networks.drawing import GeneratorDraws, numbers_of
from steadygan.phases import is_of_weights, player_of
from steadygan.rng import Stream, draw_labels, draw_random, normal_from, stream_generator, uniform_from
from steadygan.training.processes.world import ALONE, World
from steadygan.training.step.draws import RealDraws, RoundDraws, StepDraws
from steadygan.types import PlayerName, RandomSpec, SampleSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data.types import TrainData
    from steadygan.recipe import Recipe


def draw_perturbation(
    recipe: Recipe, sample: SampleSpec, rng: np.random.Generator, *leading: int
) -> tuple[Tensor, ...] | None:
    """Random numbers [*leading, ...] of the recipe's perturbation, on the CPU; None without one."""
    if recipe.perturbation is None:
        return None
    return tuple(draw_random(spec, rng, *leading) for spec in recipe.perturbation.random_specs(sample.shape))


def penalty_specs(recipe: Recipe, sample: SampleSpec) -> list[RandomSpec | None]:
    """Random numbers of each penalty of a recipe, for a sample; None for those that need none."""
    return [_random_spec(penalty, sample.shape) for penalty in recipe.penalties]


class _Streams(NamedTuple):
    """Random streams of one player's steps."""

    latents: Stream
    real: Stream
    flips: Stream
    representation: Stream
    perturbation_real: Stream
    perturbation_fake: Stream
    noise: Stream
    mixed_latents: Stream
    mixing: Stream


_STREAMS: dict[PlayerName, _Streams] = {
    "critic": _Streams(
        Stream.LATENTS,
        Stream.REAL,
        Stream.FLIPS,
        Stream.REPRESENTATION,
        Stream.PERTURBATION_REAL,
        Stream.PERTURBATION_FAKE,
        Stream.NOISE,
        Stream.MIXED_LATENTS,
        Stream.MIXING,
    ),
    "generator": _Streams(
        Stream.GENERATOR_LATENTS,
        Stream.GENERATOR_REAL,
        Stream.GENERATOR_FLIPS,
        Stream.GENERATOR_REPRESENTATION,
        Stream.GENERATOR_PERTURBATION_REAL,
        Stream.GENERATOR_PERTURBATION_FAKE,
        Stream.GENERATOR_NOISE,
        Stream.GENERATOR_MIXED_LATENTS,
        Stream.GENERATOR_MIXING,
    ),
}

_ENCODER = _Streams(
    Stream.LATENTS,  # of these only those of real samples are drawn from
    Stream.ENCODER_REAL,
    Stream.ENCODER_FLIPS,
    Stream.ENCODER_REPRESENTATION,
    *_STREAMS["critic"][4:],
)


class Drawer:
    """Draws the random numbers of a recipe's rounds on a training split."""

    def __init__(
        self,
        recipe: Recipe,
        sample: SampleSpec,
        train: TrainData,
        device: torch.device,
        rows_on: torch.device | None = None,
        world: World = ALONE,
    ) -> None:
        """
        Args:
            recipe: decides what is drawn
            sample: shape of one sample
            train: training data
            device: of the draws
            rows_on: device of indices into the data, if another
            world: noise is drawn for this process's rows only; other rows are uninitialised
        """
        self.recipe = recipe
        self.sample = sample
        self.train = train
        self.device = device
        self.rows_on = rows_on or device
        self.world = world
        self.unit = math.gcd(recipe.batch, recipe.fakes) if recipe.generator_takes_real else recipe.batch
        if recipe.growth is not None:
            self.unit = math.gcd(self.unit, *recipe.growth.batches)
        """greatest common divisor of the numbers of real samples in steps"""
        self._shares = class_shares(train.labels, sample.classes) if recipe.fake_labels == "data" else None
        self.penalty_specs = penalty_specs(recipe, sample)
        self.generator_numbers = numbers_of(recipe.generator, sample)
        self.representation_spec = recipe.representation.random_spec(sample)

    def samples_in(self, round_: int, counts: Steps | None = None) -> int:
        """Number of real samples that a round takes from the data."""
        critic, generator = counts or self.recipe.counts(round_)
        batch, fakes = self.recipe.samples(round_)
        return critic * batch + generator * fakes * self.recipe.generator_takes_real

    def rows(self, round_: int, position: int, counts: Steps | None = None) -> list[NDArray[np.int64]]:
        """Indices [N] into the data of each step of a round, in order; empty for endless data."""
        if self.train.endless:
            return []
        recipe, (critic, generator) = self.recipe, counts or self.recipe.counts(round_)
        batch, fakes = recipe.samples(round_)
        sizes = [batch] * critic + [fakes] * (generator * recipe.generator_takes_real)
        starts = itertools.accumulate(sizes, initial=position)
        return [self._rows(start, size) for start, size in zip(starts, sizes, strict=False)]

    def _rows(self, start: int, count: int) -> NDArray[np.int64]:
        return self.train.indices(self.recipe.seed, start, count, self.unit)

    def round(self, round_: int, position: int, counts: Steps | None = None) -> RoundDraws:
        """The draws of a round; those of a step do not depend on the number of steps.

        Args:
            round_: from 0
            position: real samples taken from the data before the round
            counts: steps of both players; None: the recipe's
        """
        critic, generator = counts or self.recipe.counts(round_)
        batch, fakes = self.recipe.samples(round_)
        after = position + critic * batch
        return RoundDraws(
            self._steps("critic", round_, position, critic, batch),
            self._steps("generator", round_, after, generator, fakes),
        )

    def for_encoder(self, step: int) -> RealDraws:
        """Draws of a step of an encoder's training before the first round: the next batch of the data's own order."""
        batch = self.recipe.batch
        return self._reals(step, step * batch, 1, batch, _ENCODER)[0]

    def _steps(self, player: PlayerName, round_: int, position: int, steps: int, batch: int) -> tuple[StepDraws, ...]:
        """Draws of one player's steps in a round; its real samples start at ``position``."""
        recipe, streams = self.recipe, _STREAMS[player]
        needs_real = player == "critic" or recipe.generator_takes_real
        labels: Tensor | None = None
        if player == "generator":
            rng = self._rng(round_)(Stream.GENERATOR_LABELS)
            labels = draw_labels(self.sample.classes, rng, steps, batch, shares=self._shares)
            labels = None if labels is None else self._send(labels)
        latents = self._random(recipe.prior.random_spec(), streams.latents, round_, steps, batch)
        reals: list[RealDraws] | None = None
        real_perturbation: tuple[Tensor, ...] | None = None
        if needs_real:
            reals = self._reals(round_, position, steps, batch, streams)
            real_perturbation = self._perturbation(streams.perturbation_real, round_, steps, batch)
        fake_perturbation = self._perturbation(streams.perturbation_fake, round_, steps, batch)
        penalties = [
            None
            if spec is None or player_of(penalty) != player
            else self._random(spec, Stream.PENALTIES + index, round_, steps, batch)
            for index, (penalty, spec) in enumerate(zip(recipe.penalties, self.penalty_specs, strict=True))
        ]
        of_generator = self._of_generator(round_, steps, batch, streams)
        return tuple(
            StepDraws(
                latents=latents[i],
                labels=None if labels is None else labels[i],
                real=None if reals is None else reals[i],
                penalties=tuple(None if drawn is None else drawn[i] for drawn in penalties),
                real_perturbation=None if real_perturbation is None else tuple(drawn[i] for drawn in real_perturbation),
                fake_perturbation=None if fake_perturbation is None else tuple(drawn[i] for drawn in fake_perturbation),
                generator=None if of_generator is None else of_generator[i],
            )
            for i in range(steps)
        )

    def _rng(self, round_: int) -> Callable[[int], np.random.Generator]:
        return lambda stream: stream_generator(self.recipe.seed, stream, round_)

    def _random(self, spec: RandomSpec, stream: int, round_: int, steps: int, batch: int, substream: int = 0) -> Tensor:
        """Random numbers [steps, batch, ...] of a stream on the device; rows of other processes are uninitialised."""
        draw = normal_from if spec.distribution == "normal" else uniform_from
        rows, numbers = self.world.rows(batch), math.prod(spec.shape)
        if self.world.size == 1:
            drawn = draw(self.recipe.seed, stream, round_, 0, steps * batch * numbers, substream)
            return self._send(torch.from_numpy(drawn.reshape(steps, batch, *spec.shape)))
        count = rows.stop - rows.start
        starts = [(i * batch + rows.start) * numbers for i in range(steps)]
        local = [draw(self.recipe.seed, stream, round_, start, count * numbers, substream) for start in starts]
        batches = torch.empty(steps, batch, *spec.shape, device=self.device)
        batches[:, rows] = self._send(torch.from_numpy(np.stack(local).reshape(steps, count, *spec.shape)))
        return batches

    def _send(self, tensor: Tensor) -> Tensor:
        """The tensor on the device."""
        if self.device.type == "cpu":
            return tensor
        # from pinned memory a copy does not wait for the steps before it
        tensor = tensor.pin_memory() if self.device.type == "cuda" else tensor
        return tensor.to(self.device, non_blocking=True)

    def _perturbation(self, stream: int, round_: int, steps: int, batch: int) -> tuple[Tensor, ...] | None:
        """Random numbers [steps, batch, ...] of the perturbation, each from a substream; None without one."""
        if self.recipe.perturbation is None:
            return None
        specs = self.recipe.perturbation.random_specs(self.sample.shape)
        return tuple(self._random(spec, stream, round_, steps, batch, i) for i, spec in enumerate(specs))

    def _of_generator(self, round_: int, steps: int, batch: int, streams: _Streams) -> list[GeneratorDraws] | None:
        """Random numbers of the generator in each step; None if it does not draw."""
        numbers = self.generator_numbers
        if numbers is None:
            return None
        specs = [RandomSpec("normal", shape) for shape in numbers.noise]
        noise = [self._random(spec, streams.noise, round_, steps, batch, i) for i, spec in enumerate(specs)]
        latents: Tensor | None = None
        mixing: Tensor | None = None
        if numbers.mixes:
            latents = self._random(self.recipe.prior.random_spec(), streams.mixed_latents, round_, steps, batch)
            both = uniform_from(self.recipe.seed, streams.mixing, round_, 0, steps * 2)  # one pair for a whole batch
            mixing = self._send(torch.from_numpy(both.reshape(steps, 1, 2))).expand(steps, batch, 2).contiguous()
        return [
            GeneratorDraws(
                tuple(drawn[i] for drawn in noise),
                None if latents is None else latents[i],
                None if mixing is None else mixing[i],
            )
            for i in range(steps)
        ]

    def _reals(self, round_: int, position: int, steps: int, batch: int, streams: _Streams) -> list[RealDraws]:
        """Real draws of each step; those of endless data are drawn here."""
        rng = self._rng(round_)
        count = steps * batch
        labels: NDArray[np.int64] | None = None
        if self.train.endless:
            drawn, labels = self.train.draw(rng(streams.real), count)
            samples = self._send(torch.from_numpy(drawn))
        else:
            indices = np.empty((steps, batch), dtype=np.int64)
            for i in range(steps):
                indices[i] = self._rows(position + i * batch, batch)
            samples = torch.from_numpy(indices.reshape(count))
            samples = self._send(samples) if self.rows_on == self.device else samples
        label_tensor = None if labels is None else self._send(torch.from_numpy(labels))
        flips = None
        if self.recipe.data.flip and self.sample.is_image:
            flips = self._send(torch.from_numpy(rng(streams.flips).random(count) < 0.5))
        random = None
        if self.representation_spec is not None:
            random = self._random(self.representation_spec, streams.representation, round_, steps, batch).flatten(0, 1)
        rows_of_steps = [slice(i * batch, (i + 1) * batch) for i in range(steps)]
        return [
            RealDraws(
                samples[rows],
                None if label_tensor is None else label_tensor[rows],
                None if flips is None else flips[rows],
                None if random is None else random[rows],
            )
            for rows in rows_of_steps
        ]


def _random_spec(penalty: Any, shape: tuple[int, ...]) -> RandomSpec | None:
    """Random numbers per sample of a penalty: for the critic's, those of its sampling location."""
    if is_of_weights(penalty):
        return None
    source = penalty if player_of(penalty) == "generator" else penalty.at
    spec: RandomSpec | None = None if source is None else source.random_spec(shape)
    return spec
