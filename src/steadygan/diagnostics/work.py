"""Work of rounds and of looks, by what is known before a training: operations of the networks, and a fixed cost.

Nominal seconds of one slow core, from which only ratios are taken: the same numbers in each session of a run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.diagnostics.of_critic import batching, slope_count
from steadygan.diagnostics.real_side import RealSide, rows_of, width_of
from steadygan.diagnostics.schedule import Schedule, schedule
from steadygan.measuring import preserved_buffers
from steadygan.networks.layers.inspect import growing_parts
from steadygan.system.light_torch import without_compiler

if TYPE_CHECKING:
    from torch import nn

    from steadygan.diagnostics.subject import Subject

_OPERATIONS = 1e11
"""of networks, in a second"""
_STEP, _LOOK, _DEEP, _ONCE = 1.5e-3, 3e-2, 4e-2, 0.04
"""seconds of a step, a look, a deep one and the first one, where networks cost nothing"""
_NUMBERS = 4e-10
"""seconds for a number of a sample that is compared with another sample's"""
_WIDEST = 3_000_000
_TRIED = 4


class Passes(NamedTuple):
    """Nominal seconds of a sample's forward pass."""

    generator: float
    critic: float


class Work(NamedTuple):
    """Nominal seconds."""

    round: float
    look: float
    deep: float
    """of a deep look, beyond"""
    once: float
    """of the first look, beyond"""

    def schedule(self, rounds: int) -> Schedule:
        """The looks at a training of so many rounds."""
        return schedule(rounds, self.round, self.look, deep_work=self.deep, once=self.once)


@contextlib.contextmanager
def _at_full_size(*networks: nn.Module) -> Iterator[None]:
    """Context in which networks that grow have their full size, wherever a session began."""
    parts = [part for network in networks for part in growing_parts(network)]
    if not parts:
        yield
        return
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.callback(part.grow_as_saved)  # after the buffers are what they were
        for network in networks:
            stack.enter_context(preserved_buffers(network))
        for part in parts:
            part.grow(part.levels - 1, 0.0)
        yield


def passes(subject: Subject) -> Passes:
    """Operations of both networks, counted in a pass of a few samples; by their parameters if that cannot be done."""
    with _at_full_size(subject.generator, subject.critic):
        return _passes(subject)


def _passes(subject: Subject) -> Passes:
    import torch
    from torch.utils import flop_counter

    from steadygan.diagnostics.looks import untouched

    operations_of: Any = flop_counter.FlopCounterMode
    size, _ = batching(subject, _TRIED)
    real = rows_of(subject.reference, 0, size)
    latents = subject.latents(0, size)
    counts = []
    networks = (subject.generator, subject.critic)
    runs: tuple[Callable[[], Any], ...] = (
        lambda: subject.generate(latents, real.labels),
        lambda: subject.score(subject.critic, real.samples, real.labels),
    )
    mode: Any = getattr(flop_counter, "_FlopCounterMode", None)
    for network, run in zip(networks, runs, strict=True):
        light = without_compiler(getattr(mode, "__torch_dispatch__", None))
        try:
            with light, untouched(subject), torch.no_grad(), operations_of(display=False) as counter:
                run()
            operations = float(counter.get_total_flops()) / size
        except Exception:  # of torch's counter, which knows not all of its operations
            operations = 0.0
        counts.append(max(operations, 2.0 * sum(p.numel() for p in network.parameters() if p.dim() > 1)))
    return Passes(*(count / _OPERATIONS for count in counts))


def work(
    subject: Subject,
    real: RealSide,
    *,
    critic_steps: float,
    generator_steps: int,
    batch: int,
    fakes: int,
    rise: float = 0.0,
    known: Passes | None = None,
) -> Work:
    """The work of a round and of looks.

    Args:
        subject: the training
        real: its real side
        critic_steps: of a round, on so many real samples and as many fakes each
        generator_steps: of a round
        batch: real samples of a critic step
        fakes: of a generator step
        rise: critic steps that a deep look tries on a copy
        known: forward passes, if they were counted already
    """
    generator, critic = passes(subject) if known is None else known
    step = _STEP + batch * (generator + 6 * critic)  # forward and backward count three, twice as many samples
    of_round = critic_steps * step + generator_steps * (_STEP + 3 * fakes * (generator + critic))
    n, slopes = real.count, min(slope_count(real.most), real.count)
    width = width_of(real.compared.samples)
    compared = n * n * width * _NUMBERS
    look = _LOOK + compared + generator * (n + 32) + critic * (3 * n + 15 * slopes)
    nearest = n * min(_WIDEST, len(real.reference) * width) * _NUMBERS
    deep = _DEEP + nearest + 512 * generator + rise * step
    return Work(of_round, look, deep, _ONCE + 3 * compared + nearest)
