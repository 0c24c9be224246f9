"""What a generator draws for itself in a training step: noise maps, and latents for style mixing; torch-free.

The numbers are drawn outside, so that they are functions of (seed, round): a resumed run, several processes and all
engines see the same ones. Without them a generator uses its fixed noise, and does not mix: samples depend on the latent
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.types import SampleSpec


@dataclass(frozen=True)
class GeneratorNumbers:
    """Random numbers that a generator takes for each sample of a training step."""

    noise: tuple[tuple[int, ...], ...] = ()
    """shapes of its standard normal noise"""
    mixes: bool = False
    """True: takes a second latent, and the numbers that decide whether and where styles are mixed"""


class GeneratorDraws(NamedTuple):
    """The random numbers of a generator in a training step on N samples."""

    noise: tuple[Tensor, ...] = ()
    """[N, ...] each, standard normal"""
    latents: Tensor | None = None
    """[N, ...], of the second latents: random numbers of the prior, and for the network the latents themselves"""
    mixing: Tensor | None = None
    """[N, 2], uniform on [0, 1), the same for the whole batch: whether styles are mixed, and where"""


@runtime_checkable
class Draws(Protocol):
    """The spec of a generator that draws; its module is called with ``GeneratorDraws`` as a third argument."""

    def numbers(self, sample: SampleSpec) -> GeneratorNumbers:
        """The random numbers of a training step, for each sample."""


def numbers_of(generator: Any, sample: SampleSpec) -> GeneratorNumbers | None:
    """What a generator's spec draws in training; None if it does not draw."""
    return generator.numbers(sample) if isinstance(generator, Draws) else None
