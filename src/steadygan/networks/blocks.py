"""The pre-activation residual block of the WGAN-GP authors' networks."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from steadygan.networks import activations
from steadygan.networks.initialization import initialized
from steadygan.networks.layers import ConvMeanPool, convolution, mean_pool, norm_2d, upsample

Resample = Literal["up", "down", "same"]


class ResidualBlock(nn.Module):
    """(Norm)-act-conv3-(norm)-act-conv3 beside a shortcut that is the identity where size and width stay.

    Up: nearest-neighbour x2 before the first convolution and in the shortcut (the code; the paper's text says before
    the second). Down: 2x2 means after the second convolution and in the shortcut, where they commute with the 1x1
    convolution and come first.
    """

    takes_labels = True

    def __init__(
        self,
        inputs: int,
        outputs: int,
        resample: Resample = "same",
        *,
        norm: str = "none",
        critic: bool = False,
        opening: bool = True,
        first_bias: bool = True,
        hidden: int | None = None,
    ) -> None:
        """
        Args:
            inputs: maps in
            outputs: maps out
            resample: 'up', 'down' or 'same'
            norm: of ``layers.NORMS``
            critic: take the activation's form for critics
            opening: norm and activation before the first convolution; not for a critic's first block, which sees pixels
            first_bias: has the first convolution a bias?
            hidden: maps between the convolutions; None: ``outputs``
        """
        super().__init__()
        hidden = outputs if hidden is None else hidden
        self.resample = resample
        self.norm1 = nn.ModuleList(norm_2d(norm, inputs) if opening else [])
        self.norm2 = nn.ModuleList(norm_2d(norm, hidden))
        self.opening = activations.make("relu", critic=critic) if opening else nn.Identity()
        self.middle = activations.make("relu", critic=critic)
        self.conv1 = convolution(inputs, hidden, 3, "he", bias=first_bias)
        if resample == "down":
            # fans of the 3x3 convolution before the pooling: its own stride is 1
            self.conv2: nn.Conv2d = initialized(ConvMeanPool(hidden, outputs), "he")
        else:
            self.conv2 = convolution(hidden, outputs, 3, "he")
        needs_shortcut = resample != "same" or inputs != outputs
        self.shortcut = convolution(inputs, outputs, 1, "glorot") if needs_shortcut else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        y = self.opening(_normed(self.norm1, x, labels))
        y = self.conv1(upsample(y) if self.resample == "up" else y)
        y = self.conv2(self.middle(_normed(self.norm2, y, labels)))
        total: Tensor = y + self._bypass(x)
        return total

    def _bypass(self, x: Tensor) -> Tensor:
        if self.shortcut is None:
            return x
        if self.resample == "down":
            short: Tensor = self.shortcut(mean_pool(x))
            return short
        short = self.shortcut(x)  # 1x1 commutes with repeating pixels and is cheaper before it
        return upsample(short) if self.resample == "up" else short


def _normed(norms: nn.ModuleList, x: Tensor, labels: Tensor | None) -> Tensor:
    for norm in norms:
        x = norm(x, labels) if getattr(norm, "takes_labels", False) else norm(x)
    return x
