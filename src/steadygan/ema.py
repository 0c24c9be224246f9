"""Exponential moving average (EMA) of the generator's weights, and batch-norm statistics for sampling with it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from steadygan.checks import is_number, whole_number, within
from steadygan.codec import DURATION, OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.schedules import Schedule, check_schedule, times, value_at

if TYPE_CHECKING:
    from torch import Tensor, nn


BEGINNING = 0.1
"""share of a run whose weights should not matter at its end"""
FORGOTTEN = 0.01
"""weight in the final average that the rounds of the beginning may have together"""
_POINTS = 2_000  # rounds at which half-lives are evaluated to sum them


@dataclass(frozen=True)
class Average:
    """Exponential moving average of the generator's weights, with a half-life counted in samples.

    beta = 0.5^(batch / half-life); while few samples were seen, the half-life is at most ``ramp`` of them
    (Karras et al. 2020, StyleGAN2's code).

    A recipe that is stretched to another length stretches a schedule of half-lives whole, rounds and samples. A number
    says how much smoothing the steps need, which does not depend on the run's length, and stays. At the start of a run
    both are shortened where the run is too short for them (``within``).
    """

    half_life: float | Schedule = 10_000.0
    """samples after which the influence of old weights has halved; 0: no averaging; a schedule: by round"""
    ramp: float | None = 0.05
    """limit of the half-life, as a share of the samples seen so far; None: no limit"""
    start: int = field(default=0, metadata=OMIT_DEFAULT | DURATION)
    """rounds before the averaging begins; until then the average is the present weights (BigGAN's code)"""

    def __post_init__(self) -> None:
        whole_number("Average.start", self.start, 0)
        if is_number(self.half_life):
            within("Average.half_life", self.half_life, 0, math.inf, note="samples; 0 for no averaging")
        else:
            check_schedule("Average.half_life", self.half_life)
        within("Average.ramp", self.ramp, 0, math.inf, or_none=True)

    def decay(self, batch: int, seen: int, round_: int = 0, pace: float = 1.0) -> float:
        """beta of a round with ``batch`` new samples after ``seen`` samples.

        Args:
            batch: new samples
            seen: samples before and with them
            round_: of the schedule
            pace: rounds of the schedule that this one stands for. Its half-lives are counted in samples of the run that
                it was made for, so it forgets as much as that would have. A number stays, but where no ramp limits it
                and the run has become shorter.
        """
        if round_ < self.start:
            return 0.0
        half_life = value_at(self.half_life, round_)
        if not is_number(self.half_life):
            half_life /= pace
        elif self.ramp is None:
            half_life /= max(1.0, pace)
        if self.ramp is not None:
            half_life = min(half_life, self.ramp * seen)
        return 0.5 ** (batch / half_life) if half_life > 0 else 0.0

    def stretched(self, factor: float) -> Average:
        """The average in a run of ``factor`` times the samples, once the rounds of its schedule are stretched."""
        if is_number(self.half_life):
            return self
        scaled = times(self.half_life, factor)
        return self if scaled is None else dataclasses.replace(self, half_life=scaled)

    def half_lives(self, batch: int, start: int, end: int) -> float:
        """Half-lives that pass from round ``start`` up to ``end``, with ``batch`` samples a round.

        The average after round ``end`` - 1 gives the rounds before ``start`` a weight of 2^-this.
        """
        points = min(_POINTS, end - start)
        total = 0.0
        for i in range(points):
            round_ = start + (2 * i + 1) * (end - start) // (2 * points)
            beta = self.decay(batch, batch * (round_ + 1), round_)
            total += -math.log2(beta) if beta > 0 else math.inf
        return total * (end - start) / points if points else 0.0

    def within(self, batch: int, rounds: int) -> Average:
        """The average with its half-life shortened, if need be, so that a run's first tenth is forgotten at its end.

        Of a run whose averaging begins later: the first tenth of the rounds that are averaged.

        Args:
            batch: samples a round
            rounds: of the run
        """
        averaged = max(0, rounds - self.start)  # a tenth of these: the first average is of the weights at the start
        start, needed = max(1, self.start + round(BEGINNING * averaged)), -math.log2(FORGOTTEN)
        if rounds <= start or self.half_lives(batch, start, rounds) >= needed:
            return self
        low, high = 0.0, 1.0
        shortened = self
        for _ in range(40):
            factor = (low + high) / 2
            half_life = times(self.half_life, factor)
            if half_life is None:  # a kind of schedule that cannot be scaled
                return self
            tried = dataclasses.replace(self, half_life=half_life)
            if tried.half_lives(batch, start, rounds) >= needed:
                low, shortened = factor, tried
            else:
                high = factor
        return shortened


def half_life_of(decay: float, batch: int) -> float:
    """The half-life in samples of an average that keeps ``decay`` of itself at each step of ``batch`` samples."""
    within("decay", decay, 0, 1, open_low=True, open_high=True)
    return batch * math.log(0.5) / math.log(decay)


def update_average(average: Iterable[Tensor], current: Iterable[Tensor], decay: float) -> None:
    """average <- decay average + (1 - decay) current, in place, all tensors at once.

    Tensors may differ in dtype: the average keeps its own, best float32 (in half precision moves of less than its
    resolution are lost, which at a decay of 0.999 are nearly all). Whole numbers, such as the counters among a
    module's buffers, are copied.

    Args:
        average: tensors, such as ``averaged.parameters()``
        current: of the same shapes, in the same order
        decay: from 0 (no averaging) to 1

    Raises:
        UsageError: one line, for tensors that do not pair by shape; they are never broadcast.
    """
    if is_number(decay):
        within("decay", decay, 0, 1)
    averages, currents = _tensors("average", average), _tensors("current", current)
    shapes, others = ([tensor.shape for tensor in tensors] for tensors in (averages, currents))
    if shapes != others:
        first = next((f": {list(a)} beside {list(c)}" for a, c in zip(shapes, others, strict=False) if a != c), "")
        raise UsageError(
            f"average has {len(shapes)} tensors, current {len(others)}{first}; needed: equal shapes in order"
        )
    if any(not (tensor.is_floating_point() or tensor.is_complex()) for tensor in averages):
        moved = []
        for pair in zip(averages, currents, strict=True):
            if pair[0].is_floating_point() or pair[0].is_complex():
                moved.append(pair)
            else:
                pair[0].copy_(pair[1])
        averages, currents = [a for a, _ in moved], [c for _, c in moved]
    move_average(averages, [c.to(a.dtype) for a, c in zip(averages, currents, strict=True)], decay)


def move_average(average: list[Tensor], current: list[Tensor], decay: float) -> None:
    """``update_average`` of floating-point tensors that are known to pair, in each round of a training."""
    import torch

    if not average:  # torch's foreach functions refuse an empty list
        return
    with torch.no_grad():
        torch._foreach_lerp_(average, current, 1.0 - decay)


def _tensors(what: str, tensors: Any) -> list[Tensor]:
    """The tensors in a list; raises UsageError for anything else, such as a module."""
    import torch

    names_parts = isinstance(tensors, Mapping | torch.nn.Module)
    found = list(tensors) if isinstance(tensors, Iterable) and not names_parts else None
    if found is None or not all(isinstance(tensor, torch.Tensor) for tensor in found):
        raise UsageError(f"{what} is of type {type(tensors).__name__}; allowed: tensors, such as module.parameters()")
    return found


def reestimate_statistics(generator: nn.Module, latents: Iterable[tuple[Tensor, Tensor | None]]) -> None:
    """Sets the running statistics of batch norms to the mean over batches of (latents, labels), in place.

    BigGAN's standing statistics: averaged weights never ran in training, so their statistics are those of other
    weights, and samples come out wrong. No change without batch norm, and none if a pass fails; whatever else the
    passes move, such as vectors of spectral norms and buffers of the user's own, is put back.

    Raises:
        UsageError: if there is no batch.
    """
    import torch

    from steadygan.measuring import preserved_buffers

    norms = [m for m in generator.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    norms = [m for m in norms if m.track_running_stats and m.running_mean is not None]
    if not norms:
        return
    before = [(norm, norm.momentum, norm.training) for norm in norms]
    found: list[dict[str, Tensor]] = []
    try:
        with preserved_buffers(generator):
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # a cumulative mean
                norm.training = True  # of no other module, nor its parts: some draw or move something in training
            seen = False
            with torch.no_grad():
                for batch, labels in latents:
                    generator(batch, labels)
                    seen = True
            if not seen:
                raise UsageError("there are no latents, of which batch norms would take their statistics")
            found += [{name: value.clone() for name, value in norm.named_buffers(recurse=False)} for norm in norms]
    finally:
        for norm, momentum, training in before:
            norm.momentum = momentum
            norm.training = training
    for norm, statistics in zip(norms, found, strict=True):
        for name, value in norm.named_buffers(recurse=False):
            value.copy_(statistics[name])
