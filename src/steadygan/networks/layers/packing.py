"""A critic of packs: neighbours of the batch are joined and scored together (Lin et al. 2018, PacGAN)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from collections.abc import Iterator


class PackedCritic(nn.Module):
    """Samples [N, C, ...] to a CriticOutput of N rows: each sample has the outputs of its pack of m.

    Samples m i to m i + m - 1 are one input [m C, ...] of the critic. Means over samples, as losses take them, are
    means over packs. Under a penalty in training, a gradient norm is that of a pack's score in all of its samples.
    """

    couples_batch = False
    """a sample's output depends on its group alone"""

    def __init__(self, critic: nn.Module, packing: int) -> None:
        """
        Args:
            critic: of samples [m C, ...], without labels
            packing: samples in a pack (m)
        """
        super().__init__()
        self.critic = critic
        self.group = packing

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> CriticOutput:
        """Raises UsageError for a number of samples that the packing does not divide."""
        count, channels, *sides = samples.shape
        if count % self.group:
            raise UsageError(f"the critic scores packs of {self.group}, which do not divide a batch of {count}")
        packs = samples.reshape(count // self.group, self.group * channels, *sides)
        output: CriticOutput = self.critic(packs)
        rows: Iterator[Tensor | None] = (
            None if field is None else field.repeat_interleave(self.group, dim=0) for field in output[:4]
        )
        return CriticOutput(*rows)  # type: ignore[arg-type]

    def extra_repr(self) -> str:
        return f"packing={self.group}"


def packing_of(critic: nn.Module) -> int:
    """Samples that the critic scores together, 1 if each by itself."""
    return critic.group if isinstance(critic, PackedCritic) else 1


def norms_of_packs(norms: Tensor, packing: int) -> Tensor:
    """Gradient norms of packs' scores, at each of their samples, [N].

    Args:
        norms: of the sum of all N scores in each sample [N]; of m equal scores of a pack, m times its gradient's part
        packing: m
    """
    if packing == 1:
        return norms
    of_packs = norms.reshape(-1, packing).square().sum(dim=1).sqrt() / packing
    return of_packs.repeat_interleave(packing)
