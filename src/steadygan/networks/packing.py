"""Packing: a critic scores several samples together (Lin et al. 2018, PacGAN), so that it sees their variety.

A pack is m neighbours of the batch, joined along channels or features. A generator that repeats itself makes packs of
like samples, which real data hardly ever has.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn


class Packs(Protocol):
    """A critic's spec with a field ``packing``."""

    @property
    def packing(self) -> int: ...


Spec = TypeVar("Spec", bound=Packs)

_OF_ONE_SAMPLE = ("class_logits", "projection", "conditional", "minibatch")


def check_packing(spec: Packs) -> None:
    """Refuses a packing below 1, and beside it what asks for each sample's class or compares samples itself.

    Raises:
        UsageError: one line.
    """
    name = type(spec).__name__
    whole_number(f"{name}.packing", spec.packing)
    for field in _OF_ONE_SAMPLE if spec.packing > 1 else ():
        if getattr(spec, field, None):
            raise UsageError(
                f"{name}.packing is {spec.packing}, but {field} is set: samples that are scored together have no class "
                "of their own, and are compared already; allowed: one of both"
            )


def packed(build: Callable[[Spec, SampleSpec], nn.Module]) -> Callable[[Spec, SampleSpec], nn.Module]:
    """A ``build`` whose critic scores packs of ``packing`` samples; with a packing of 1 it is what it was."""

    @functools.wraps(build)
    def built(self: Spec, sample: SampleSpec) -> nn.Module:
        if self.packing == 1:
            return build(self, sample)
        from steadygan.networks.layers.packing import PackedCritic

        channels, *sides = sample.shape
        pack = dataclasses.replace(sample, shape=(self.packing * channels, *sides), classes=0)
        return PackedCritic(build(self, pack), self.packing)

    made: Any = built
    return made  # type: ignore[no-any-return]
