"""All random numbers of a round, drawn in one place as a function of (seed, round, stream), at global size.

What uses them is pure. So a resumed run needs only its counters, any number of processes can take its part of the
same draws, and engines can be compared to the last digit. The generator is numpy's Philox, which is counter-based:
streams never overlap, and a process can begin in the middle of one: of noise, it draws its own rows only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from steadygan.balance import Steps
from steadygan.phases import player_of
from steadygan.rng import Stream, draw_labels, draw_random, normal_from, stream_generator, uniform_from
from steadygan.training.processes.world import ALONE, World
from steadygan.types import PlayerName, RandomSpec, SampleSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data.types import TrainData
    from steadygan.recipe import Recipe


def draw_perturbation(
    recipe: Recipe, sample: SampleSpec, rng: np.random.Generator, *leading: int
) -> tuple[Tensor, ...] | None:
    """The numbers [*leading, ...] that the recipe's perturbation asks for, on the host; None where it has none."""
    if recipe.perturbation is None:
        return None
    return tuple(draw_random(spec, rng, *leading) for spec in recipe.perturbation.random_specs(sample.shape))


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


class StepDraws(NamedTuple):
    """The random numbers of one step of a player, N samples; its lazy phases use the same."""

    latents: Tensor
    """[N, ...] random numbers of the prior"""
    labels: Tensor | None = None
    """[N] int64, drawn uniformly, where the data has classes; critic steps take those of the real batch"""
    real: RealDraws | None = None
    """in generator steps only where the objective's generator loss looks at real samples"""
    penalties: tuple[Tensor | None, ...] = ()
    """[N, ...] each, one for each penalty of the recipe; None where it needs none or is the other player's"""
    real_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the real samples"""
    fake_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the fakes"""


class RoundDraws(NamedTuple):
    """The random numbers of a round: of its critic steps, and of its generator steps."""

    critic: tuple[StepDraws, ...]
    generator: tuple[StepDraws, ...]

    def of(self, player: PlayerName) -> tuple[StepDraws, ...]:
        """The steps of one player."""
        return self.critic if player == "critic" else self.generator


class _Streams(NamedTuple):
    """The random streams of one player's steps."""

    latents: Stream
    real: Stream
    flips: Stream
    representation: Stream
    perturbation_real: Stream
    perturbation_fake: Stream


_STREAMS: dict[PlayerName, _Streams] = {
    "critic": _Streams(
        Stream.LATENTS,
        Stream.REAL,
        Stream.FLIPS,
        Stream.REPRESENTATION,
        Stream.PERTURBATION_REAL,
        Stream.PERTURBATION_FAKE,
    ),
    "generator": _Streams(
        Stream.GENERATOR_LATENTS,
        Stream.GENERATOR_REAL,
        Stream.GENERATOR_FLIPS,
        Stream.GENERATOR_REPRESENTATION,
        Stream.GENERATOR_PERTURBATION_REAL,
        Stream.GENERATOR_PERTURBATION_FAKE,
    ),
}


class Drawer:
    """Draws the rounds of one recipe on one training split."""

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
        self.penalty_specs = [_random_spec(penalty, sample.shape) for penalty in recipe.penalties]
        self.representation_spec = recipe.representation.random_spec(sample)

    def samples_in(self, round_: int, counts: Steps | None = None) -> int:
        """Real samples that a round of so many steps takes from the data."""
        critic, generator = counts or self.recipe.counts(round_)
        return critic * self.recipe.batch + generator * self.recipe.fakes * self.recipe.objective.needs_real

    def rows(self, round_: int, position: int, counts: Steps | None = None) -> list[NDArray[np.int64]]:
        """The indices [N] that each step of a round reads of the data, in the steps' order; none of endless data."""
        if self.train.endless:
            return []
        recipe, (critic, generator) = self.recipe, counts or self.recipe.counts(round_)
        sizes = [recipe.batch] * critic + [recipe.fakes] * (generator * recipe.objective.needs_real)
        starts = itertools.accumulate(sizes, initial=position)
        return [self._rows(start, size) for start, size in zip(starts, sizes, strict=False)]

    def _rows(self, start: int, count: int) -> NDArray[np.int64]:
        return self.train.indices(self.recipe.seed, start, count, self.unit)

    def round(self, round_: int, position: int, counts: Steps | None = None) -> RoundDraws:
        """The draws of a round; those of its first steps do not depend on how many there are.

        Args:
            round_: from 0
            position: real samples taken from the data before it
            counts: steps of both players; None: the recipe's
        """
        critic, generator = counts or self.recipe.counts(round_)
        after = position + critic * self.recipe.batch
        return RoundDraws(
            self._steps("critic", round_, position, critic, self.recipe.batch),
            self._steps("generator", round_, after, generator, self.recipe.fakes),
        )

    def _steps(self, player: PlayerName, round_: int, position: int, steps: int, batch: int) -> tuple[StepDraws, ...]:
        """The steps of one player in a round, whose real samples begin after ``position``."""
        recipe, streams, sees_real = (
            self.recipe,
            _STREAMS[player],
            player == "critic" or self.recipe.objective.needs_real,
        )
        labels: Tensor | None = None
        if player == "generator":
            labels = draw_labels(self.sample.classes, self._rng(round_)(Stream.GENERATOR_LABELS), steps, batch)
            labels = None if labels is None else self._send(labels)
        latents = self._random(recipe.prior.random_spec(), streams.latents, round_, steps, batch)
        reals: list[RealDraws] | None = None
        on_real: tuple[Tensor, ...] | None = None
        if sees_real:
            reals = self._reals(round_, position, steps, batch, streams)
            on_real = self._perturbation(streams.perturbation_real, round_, steps, batch)
        on_fake = self._perturbation(streams.perturbation_fake, round_, steps, batch)
        penalties = [
            None
            if spec is None or player_of(penalty) != player
            else self._random(spec, Stream.PENALTIES + index, round_, steps, batch)
            for index, (penalty, spec) in enumerate(zip(recipe.penalties, self.penalty_specs, strict=True))
        ]
        return tuple(
            StepDraws(
                latents=latents[i],
                labels=None if labels is None else labels[i],
                real=None if reals is None else reals[i],
                penalties=tuple(None if drawn is None else drawn[i] for drawn in penalties),
                real_perturbation=None if on_real is None else tuple(drawn[i] for drawn in on_real),
                fake_perturbation=None if on_fake is None else tuple(drawn[i] for drawn in on_fake),
            )
            for i in range(steps)
        )

    def _rng(self, round_: int) -> Callable[[int], np.random.Generator]:
        return lambda stream: stream_generator(self.recipe.seed, stream, round_)

    def _random(self, spec: RandomSpec, stream: int, round_: int, steps: int, batch: int, part: int = 0) -> Tensor:
        """Random numbers [steps, batch, ...] of a stream on the device, in the rows of this process; other rows hold
        anything."""
        numbers_from = normal_from if spec.distribution == "normal" else uniform_from
        rows, numbers = self.world.rows(batch), math.prod(spec.shape)
        if self.world.size == 1:
            drawn = numbers_from(self.recipe.seed, stream, round_, 0, steps * batch * numbers, part)
            return self._send(torch.from_numpy(drawn.reshape(steps, batch, *spec.shape)))
        count = rows.stop - rows.start
        starts = [(i * batch + rows.start) * numbers for i in range(steps)]
        own = [numbers_from(self.recipe.seed, stream, round_, start, count * numbers, part) for start in starts]
        whole = torch.empty(steps, batch, *spec.shape, device=self.device)
        whole[:, rows] = self._send(torch.from_numpy(np.stack(own).reshape(steps, count, *spec.shape)))
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
        specs = self.recipe.perturbation.random_specs(self.sample.shape)
        return tuple(self._random(spec, stream, round_, steps, batch, part) for part, spec in enumerate(specs))

    def _reals(self, round_: int, position: int, steps: int, batch: int, streams: _Streams) -> list[RealDraws]:
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
        parts = [slice(i * batch, (i + 1) * batch) for i in range(steps)]
        return [
            RealDraws(
                samples[part],
                None if label_tensor is None else label_tensor[part],
                None if flips is None else flips[part],
                None if random is None else random[part],
            )
            for part in parts
        ]


def _random_spec(penalty: Any, shape: tuple[int, ...]) -> RandomSpec | None:
    """Random numbers per sample that a penalty asks for: a critic's by its sampling location."""
    source = penalty if player_of(penalty) == "generator" else penalty.at
    spec: RandomSpec | None = None if source is None else source.random_spec(shape)
    return spec


def micro_batches(rows: slice, size: int | None) -> Iterator[slice]:
    """Slices of at most ``size`` rows that cover the rows; one slice for None."""
    step = rows.stop - rows.start if size is None else size
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def rows_of(draws: StepDraws, rows: slice) -> StepDraws:
    """Some rows of all tensors of a step's draws; the draws themselves where they are all rows."""
    if rows == slice(0, len(draws.latents)):
        return draws
    some: StepDraws = pytree.tree_map(lambda value: value[rows] if isinstance(value, torch.Tensor) else value, draws)
    return some
