"""The bottleneck block of the WGAN-GP authors' 101-layer networks."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.convolutions import SameConv, SameConvTranspose
from steadygan.networks.layers.initialization import initialized
from steadygan.networks.layers.normalization import norm_2d
from steadygan.types import CriticOutput

BRANCH = 0.3
"""What a block adds to its shortcut is multiplied by this."""


class Divide(nn.Module):
    """A share of what goes in: x / ``divisor``."""

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self.divisor = divisor

    def forward(self, x: Tensor) -> Tensor:
        return x / self.divisor

    def extra_repr(self) -> str:
        return f"{self.divisor:g}"


class DividedScore(nn.Module):
    """A critic's head whose score is divided; features and class logits stay."""

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
    """A 1x1 convolution to four times the maps, whose quarters become the pixels of doubled maps."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = initialized(SameConv(inputs, 4 * outputs, 1), "glorot")
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = self.shuffle(self.conv(x))
        return doubled


class BottleneckBlock(nn.Module):
    """shortcut + 0.3 norm(conv1(act(conv3(act(conv1(act(x))))))): narrow inside, the norm at the end of the branch.

    The 3x3 convolution halves or doubles the pixels with its stride. The shortcut is the identity where pixels and
    maps stay, else a 1x1 convolution: every second pixel on the way down, sub-pixels on the way up.
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
            inputs: maps in
            outputs: maps out
            resample: 'up', 'down' or 'same'
            norm: a name of ``normalization.norm_2d``
            critic: take the activation's form for critics
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
