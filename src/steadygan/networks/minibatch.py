"""What a critic can compare the samples of a batch by, before it scores them: a choice, torch-free until built.

The layers are those of ``networks.minibatch``. Both look at groups of neighbours: the group's size has to divide every
batch that the critic sees, and micro-batches too.
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
    """Minibatch standard deviation: how much the features differ within a group, as further maps.

    Karras et al. 2018, Progressive Growing of GANs, section 3.
    """

    group: int | None = 4
    """neighbours that are compared; null: the whole batch"""
    channels: int = 1
    """maps that are added; each is the deviation of its share of the features"""

    def __post_init__(self) -> None:
        _need_group("Stddev", self.group)
        whole_fields(self, "channels")

    def build(self, maps: int, positions: int = 1) -> tuple[nn.Module, int]:
        """The layer for [N, maps, ...], and the features of a sample that it leaves.

        Args:
            maps: of what it sees
            positions: pixels of a map

        Raises:
            UsageError: where the channels do not divide the maps.
        """
        from steadygan.networks.layers.minibatch import MinibatchStddev

        if maps % self.channels:
            raise UsageError(f"Stddev.channels is {self.channels}, which does not divide the critic's last {maps} maps")
        return MinibatchStddev(self.group, self.channels), (maps + self.channels) * positions


@dataclass(frozen=True)
class Discrimination:
    """Minibatch discrimination: how near a sample's features are to those of the others, as further features.

    Salimans et al. 2016, Improved Techniques for Training GANs, section 3.2, over groups of the batch.
    """

    outputs: int = 100
    """features that are added (B)"""
    depth: int = 5
    """length of each of the vectors that are compared (C)"""
    group: int | None = 16
    """neighbours that are compared; null: the whole batch, as in the paper"""
    self_term: bool = True
    """count a sample's nearness to itself, which is 1? The paper's formula does"""
    init: float | None = None
    """deviation of the first weights; null: 1 / (depth sqrt(inputs)), with which first distances are near 1"""

    def __post_init__(self) -> None:
        _need_group("Discrimination", self.group)
        whole_fields(self, "outputs", "depth")
        above("Discrimination.init", self.init, 0, or_none=True)

    def build(self, maps: int, positions: int = 1) -> tuple[nn.Module, int]:
        """The layer for [N, maps, ...], and the features of a sample that it leaves.

        Args:
            maps: of what it sees
            positions: pixels of a map
        """
        from torch import nn

        from steadygan.networks.layers.minibatch import MinibatchDiscrimination

        inputs = maps * positions
        layer = MinibatchDiscrimination(inputs, self.outputs, self.depth, self.group, self.self_term, self.init)
        return nn.Sequential(nn.Flatten(), layer), inputs + self.outputs


Minibatch: TypeAlias = Stddev | Discrimination
"""The closed set that files and the command line know."""
