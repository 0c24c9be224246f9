"""Bottleneck block of the WGAN-GP authors' 101-layer networks (Gulrajani et al. 2017, Fig. 2)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.convolutions import SameConv, SameConvTranspose
from steadygan.networks.layers.initialization import initialized
from steadygan.networks.layers.normalization import norm_2d
from steadygan.types import CriticOutput

BRANCH = 0.3
"""Factor of a block's branch."""


class Divide(nn.Module):
    """x / ``divisor``."""

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self.divisor = divisor

    def forward(self, x: Tensor) -> Tensor:
        return x / self.divisor

    def extra_repr(self) -> str:
        return f"{self.divisor:g}"


class DividedScore(nn.Module):
    """A critic's head with the score divided; features and class logits are unchanged."""

    def __init__(self, head: nn.Module, divisor: float) -> None:
        super().__init__()
        self.head = head
        self.divisor = divisor

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        output: CriticOutput = self.head(x, labels)
        return output._replace(score=output.score / self.divisor)

    def extra_repr(self) -> str:
        return f"divisor={self.divisor:g}"


class SubpixelConv(nn.Module):
    """Sub-pixel convolution: a 1x1 convolution to four times the maps, then a pixel shuffle to twice the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = initialized(SameConv(inputs, 4 * outputs, 1), "glorot")
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = self.shuffle(self.conv(x))
        return doubled


class BottleneckBlock(nn.Module):
    """shortcut + 0.3 norm(conv1(act(conv3(act(conv1(act(x))))))): narrow inside, norm at the end of the branch.

    The 3x3 convolution halves or doubles the size with its stride. The shortcut is the identity if size and width
    stay, else a 1x1 convolution: of every second pixel on the way down, sub-pixel on the way up.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        resample: Literal["up", "down", "same"] = "same",
        *,
        norm: str = "none",
        critic: bool = False,
    ) -> None:
        """
        Args:
            inputs: feature maps in
            outputs: feature maps out
            resample: 'up', 'down' or 'same'
            norm: a name of ``normalization.norm_2d``
            critic: use the activation's form for critics
        """
        super().__init__()
        before, after = max(1, inputs // 2), max(1, outputs // 2)
        if resample == "up":
            middle: nn.Module = initialized(SameConvTranspose(before, after, 3), "he")
        else:
            middle = initialized(SameConv(before, after, 3, stride=2 if resample == "down" else 1), "he")
        self.branch = nn.Sequential(
            activations.make("relu", critic=critic),
            initialized(SameConv(inputs, before, 1), "he"),
            activations.make("relu", critic=critic),
            middle,
            activations.make("relu", critic=critic),
            initialized(SameConv(after, outputs, 1, bias=False), "he"),
            *norm_2d(norm, outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if resample == "up":
            self.shortcut = SubpixelConv(inputs, outputs)
        elif resample == "down" or inputs != outputs:
            self.shortcut = initialized(SameConv(inputs, outputs, 1, stride=2 if resample == "down" else 1), "glorot")

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.shortcut(x) + BRANCH * self.branch(x)
        return total
