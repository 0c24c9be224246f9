"""Specs of minibatch standard deviation and minibatch discrimination, layers that compare the samples of a batch.

The layers are those of ``networks.layers.minibatch``. Both work on groups of neighbours: the group's size has to divide
every batch of the critic, and micro-batches too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from steadygan.checks import above, whole_fields, whole_number
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


def _need_group(name: str, group: int | None) -> None:
    whole_number(f"{name}.group", group, 2, or_none=True, note="null: the whole batch")


@dataclass(frozen=True)
class Stddev:
    """Minibatch standard deviation: the deviation of features within a group, as further maps.

    Karras et al. 2018, Progressive Growing of GANs, section 3.
    """

    group: int | None = 4
    """samples in a group; None: the whole batch"""
    channels: int = 1
    """maps added; each is the deviation of its share of the features"""

    def __post_init__(self) -> None:
        _need_group("Stddev", self.group)
        whole_fields(self, "channels")

    def build(self, maps: int, positions: int = 1) -> tuple[nn.Module, int]:
        """The layer for [N, maps, ...], and the number of features after it.

        Args:
            maps: of its input
            positions: pixels of a map

        Raises:
            UsageError: if the channels do not divide the maps.
        """
        from steadygan.networks.layers.minibatch import MinibatchStddev

        if maps % self.channels:
            raise UsageError(f"Stddev.channels is {self.channels}, which does not divide the critic's last {maps} maps")
        return MinibatchStddev(self.group, self.channels), (maps + self.channels) * positions


@dataclass(frozen=True)
class Discrimination:
    """Minibatch discrimination: closeness of a sample's features to those of its group, as further features.

    Salimans et al. 2016, Improved Techniques for Training GANs, section 3.2, over groups of the batch.
    """

    outputs: int = 100
    """features added (B)"""
    depth: int = 5
    """size of the compared vectors (C)"""
    group: int | None = 16
    """samples in a group; None: the whole batch, as in the paper"""
    self_term: bool = True
    """count a sample's closeness to itself, which is 1, as in the paper"""
    init: float | None = None
    """standard deviation of the initial weights; None: 1 / (depth sqrt(inputs)), for initial distances near 1"""

    def __post_init__(self) -> None:
        _need_group("Discrimination", self.group)
        whole_fields(self, "outputs", "depth")
        above("Discrimination.init", self.init, 0, or_none=True)

    def build(self, maps: int, positions: int = 1) -> tuple[nn.Module, int]:
        """The layer for [N, maps, ...], and the number of features after it.

        Args:
            maps: of its input
            positions: pixels of a map
        """
        from torch import nn

        from steadygan.networks.layers.minibatch import MinibatchDiscrimination

        inputs = maps * positions
        layer = MinibatchDiscrimination(inputs, self.outputs, self.depth, self.group, self.self_term, self.init)
        return nn.Sequential(nn.Flatten(), layer), inputs + self.outputs


Minibatch: TypeAlias = Stddev | Discrimination
"""The closed set that files and the command line know."""
