"""All random numbers of a round, drawn in one place as a function of (seed, round, stream), at global size.

What uses them is pure. So a resumed run needs only its counters, any number of processes can take its part of the
same draws, and engines can be compared to the last digit. The generator is numpy's Philox, which is counter-based:
streams never overlap, and a process can begin in the middle of one: of noise, it draws its own rows only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from steadygan.balance import Steps
from steadygan.data import Endless
from steadygan.rng import Stream, draw_labels, draw_random, normal_from, stream_generator, uniform_from
from steadygan.training.processes.world import ALONE, World
from steadygan.types import RandomSpec, SampleSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data.dataset import Train
    from steadygan.recipe import Recipe


def draw_perturbation(
    recipe: Recipe, sample: SampleSpec, rng: np.random.Generator, *leading: int
) -> tuple[Tensor, ...] | None:
    """The numbers [*leading, ...] that the recipe's perturbation asks for, on the host; None where it has none."""
    if recipe.perturbation is None:
        return None
    return tuple(draw_random(noise, rng, *leading) for noise in recipe.perturbation.random_specs(sample.shape))


class RealDraws(NamedTuple):
    """Which real samples a step sees, and how."""

    samples: Tensor
    """[N] int64: indices into the data, on the device, or on the host where the feed reads rows; or fresh samples
    [N, ...] of endless data"""
    labels: Tensor | None
    """[N] int64, for fresh samples only"""
    flips: Tensor | None
    """[N] bool"""
    representation: Tensor | None
    """[N, ...] noise that the representation asked for"""


class CriticDraws(NamedTuple):
    """The random numbers of one critic step of N samples."""

    real: RealDraws
    latents: Tensor
    """[N, ...] noise of the prior"""
    penalties: tuple[Tensor | None, ...]
    """one [N, ...] for each penalty's place"""
    real_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the real samples"""
    fake_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the fakes"""


class GeneratorDraws(NamedTuple):
    """The random numbers of one generator step of M samples."""

    latents: Tensor
    """[M, ...] noise of the prior"""
    labels: Tensor | None
    """[M] int64, drawn uniformly, where the data has classes"""
    real: RealDraws | None
    """for objectives whose generator loss looks at real samples"""
    real_perturbation: tuple[Tensor, ...] | None = None
    """[M, ...] each, for those"""
    fake_perturbation: tuple[Tensor, ...] | None = None
    """[M, ...] each, for the fakes"""


class RoundDraws(NamedTuple):
    """The random numbers of a round: its critic steps, and its generator steps."""

    critic: tuple[CriticDraws, ...]
    generator: tuple[GeneratorDraws, ...]


class Drawer:
    """Draws the rounds of one recipe on one training split."""

    def __init__(
        self,
        recipe: Recipe,
        sample: SampleSpec,
        train: Train,
        device: torch.device,
        rows_on: torch.device | None = None,
        world: World = ALONE,
    ) -> None:
        """
        Args:
            recipe: says what is drawn
            sample: one sample of the data
            train: the data
            device: where the draws go
            rows_on: where indices into the data go instead
            world: of which this process reads its rows only: those of the others may hold anything
        """
        self.recipe = recipe
        self.sample = sample
        self.train = train
        self.device = device
        self.rows_on = rows_on or device
        self.world = world
        self.unit = math.gcd(recipe.batch, recipe.fakes) if recipe.objective.needs_real else recipe.batch
        """divides the real samples of each step"""
        places = [penalty.at for penalty in recipe.penalties]
        self.place_noise = [None if place is None else place.random_spec(sample.shape) for place in places]
        self.representation_noise = recipe.representation.random_spec(sample)

    def samples_in(self, round_: int, counts: Steps | None = None) -> int:
        """Real samples that a round of so many steps takes from the data."""
        critic, generator = counts or self.recipe.counts(round_)
        return critic * self.recipe.batch + generator * self.recipe.fakes * self.recipe.objective.needs_real

    def rows(self, round_: int, position: int, counts: Steps | None = None) -> list[NDArray[np.int64]]:
        """The indices [N] that each step of a round reads of the data, in the steps' order; none of endless data."""
        if isinstance(self.train, Endless):
            return []
        recipe, (critic, generator) = self.recipe, counts or self.recipe.counts(round_)
        sizes = [recipe.batch] * critic + [recipe.fakes] * (generator * recipe.objective.needs_real)
        starts = itertools.accumulate(sizes, initial=position)
        return [self._rows(start, size) for start, size in zip(starts, sizes, strict=False)]

    def _rows(self, start: int, count: int) -> NDArray[np.int64]:
        assert not isinstance(self.train, Endless)
        return self.train.indices(self.recipe.seed, start, count, self.unit)

    def round(self, round_: int, position: int, counts: Steps | None = None) -> RoundDraws:
        """The draws of a round; those of its first steps do not depend on how many there are.

        Args:
            round_: from 0
            position: real samples taken from the data before it
            counts: steps of both players; None: the recipe's
        """
        recipe = self.recipe
        (steps, makes), batch, fakes = counts or self.recipe.counts(round_), recipe.batch, recipe.fakes
        reals = self._reals(round_, position, steps, batch, (Stream.REAL, Stream.FLIPS, Stream.REPRESENTATION))
        latents = self._noise(recipe.prior.random_spec(), Stream.LATENTS, round_, steps, batch)
        places = [
            None if noise is None else self._noise(noise, Stream.PENALTIES + i, round_, steps, batch)
            for i, noise in enumerate(self.place_noise)
        ]
        on_real = self._perturbation(Stream.PERTURBATION_REAL, round_, steps, batch)
        on_fake = self._perturbation(Stream.PERTURBATION_FAKE, round_, steps, batch)
        critic = tuple(
            CriticDraws(
                real,
                latents[i],
                tuple(None if place is None else place[i] for place in places),
                None if on_real is None else tuple(drawn[i] for drawn in on_real),
                None if on_fake is None else tuple(drawn[i] for drawn in on_fake),
            )
            for i, real in enumerate(reals)
        )
        return RoundDraws(critic, self._generator(round_, position + steps * batch, makes, fakes))

    def _generator(self, round_: int, position: int, steps: int, fakes: int) -> tuple[GeneratorDraws, ...]:
        """The generator steps of a round, whose real samples begin after ``position``."""
        recipe, rng = self.recipe, self._rng(round_)
        labels = draw_labels(self.sample.classes, rng(Stream.GENERATOR_LABELS), steps, fakes)
        labels = None if labels is None else self._send(labels)
        latents = self._noise(recipe.prior.random_spec(), Stream.GENERATOR_LATENTS, round_, steps, fakes)
        reals: list[RealDraws] | None = None
        on_real: tuple[Tensor, ...] | None = None
        if recipe.objective.needs_real:
            streams = (Stream.GENERATOR_REAL, Stream.GENERATOR_FLIPS, Stream.GENERATOR_REPRESENTATION)
            reals = self._reals(round_, position, steps, fakes, streams)
            on_real = self._perturbation(Stream.GENERATOR_PERTURBATION_REAL, round_, steps, fakes)
        on_fake = self._perturbation(Stream.GENERATOR_PERTURBATION_FAKE, round_, steps, fakes)
        return tuple(
            GeneratorDraws(
                latents=latents[i],
                labels=None if labels is None else labels[i],
                real=None if reals is None else reals[i],
                real_perturbation=None if on_real is None else tuple(drawn[i] for drawn in on_real),
                fake_perturbation=None if on_fake is None else tuple(drawn[i] for drawn in on_fake),
            )
            for i in range(steps)
        )

    def _rng(self, round_: int) -> Callable[[int], np.random.Generator]:
        return lambda stream: stream_generator(self.recipe.seed, stream, round_)

    def _noise(self, noise: RandomSpec, stream: int, round_: int, steps: int, batch: int, part: int = 0) -> Tensor:
        """RandomSpec [steps, batch, ...] of a stream on the device, in the rows of this process; those of others are
        anything."""
        numbers_from = normal_from if noise.distribution == "normal" else uniform_from
        rows, numbers = self.world.rows(batch), math.prod(noise.shape)
        if self.world.size == 1:
            drawn = numbers_from(self.recipe.seed, stream, round_, 0, steps * batch * numbers, part)
            return self._send(torch.from_numpy(drawn.reshape(steps, batch, *noise.shape)))
        count = rows.stop - rows.start
        starts = [(i * batch + rows.start) * numbers for i in range(steps)]
        own = [numbers_from(self.recipe.seed, stream, round_, start, count * numbers, part) for start in starts]
        whole = torch.empty(steps, batch, *noise.shape, device=self.device)
        whole[:, rows] = self._send(torch.from_numpy(np.stack(own).reshape(steps, count, *noise.shape)))
        return whole

    def _send(self, tensor: Tensor) -> Tensor:
        if self.device.type == "cpu":
            return tensor
        # from pinned memory a copy does not wait for the steps before it
        tensor = tensor.pin_memory() if self.device.type == "cuda" else tensor
        return tensor.to(self.device, non_blocking=True)

    def _perturbation(self, stream: int, round_: int, steps: int, batch: int) -> tuple[Tensor, ...] | None:
        """The numbers [steps, batch, ...] that the perturbation asks for, each a part of the stream."""
        if self.recipe.perturbation is None:
            return None
        noises = self.recipe.perturbation.random_specs(self.sample.shape)
        return tuple(self._noise(noise, stream, round_, steps, batch, part) for part, noise in enumerate(noises))

    def _reals(self, round_: int, position: int, steps: int, batch: int, streams: Sequence[Stream]) -> list[RealDraws]:
        real_stream, flip_stream, representation_stream = streams
        rng = self._rng(round_)
        count = steps * batch
        labels: NDArray[np.int64] | None = None
        if isinstance(self.train, Endless):
            drawn, labels = self.train.draw(rng(real_stream), count)
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
            flips = self._send(torch.from_numpy(rng(flip_stream).random(count) < 0.5))
        noise = None
        if self.representation_noise is not None:
            noise = self._noise(self.representation_noise, representation_stream, round_, steps, batch).flatten(0, 1)
        parts = [slice(i * batch, (i + 1) * batch) for i in range(steps)]
        return [
            RealDraws(
                samples[part],
                None if label_tensor is None else label_tensor[part],
                None if flips is None else flips[part],
                None if noise is None else noise[part],
            )
            for part in parts
        ]
