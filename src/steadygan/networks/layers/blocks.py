"""Pre-activation residual block of the WGAN-GP authors' networks (Gulrajani et al. 2017, App. F)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.conditional import conditional_norm
from steadygan.networks.layers.convolutions import ConvMeanPool, SameConv, UpsampleConv
from steadygan.networks.layers.generator_critic import LabelledSequential
from steadygan.networks.layers.initialization import initialized
from steadygan.networks.layers.normalization import norm_2d

Resample = Literal["up", "down", "same"]


class ResidualBlock(nn.Module):
    """(Norm)-act-conv3-(norm)-act-conv3 plus a shortcut, the identity if size and width stay.

    Up: the first convolution doubles the size (the code; the paper's text says the second) and changes the width.
    Down: the second one halves the size and changes the width. The shortcut is then a 1x1 convolution.
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
        classes: int = 0,
        wide: bool = False,
        norms: Callable[[int], list[nn.Module]] | None = None,
    ) -> None:
        """
        Args:
            inputs: feature maps in
            outputs: feature maps out
            resample: 'up', 'down' or 'same'
            norm: a name of ``normalization.norm_2d``
            critic: use the activation's form for critics
            opening: norm and activation before the first convolution; not for a critic's first block, on pixels
            first_bias: give the first convolution a bias
            classes: number of classes of class-conditional norms; 0: unconditional norms
            wide: widen at the first convolution of a block that halves, too (BigGAN, SAGAN)
            norms: makes the norms for a number of maps, in place of ``norm`` and ``classes``
        """
        super().__init__()
        hidden = inputs if resample == "down" and opening and not wide else outputs
        self.opening = LabelledSequential()

        def normed(channels: int) -> list[nn.Module]:
            if norms is not None:
                return norms(channels)
            return conditional_norm(norm, channels, classes) if classes else norm_2d(norm, channels)

        if opening:
            self.opening = LabelledSequential(*normed(inputs), activations.make("relu", critic=critic))
        first = UpsampleConv if resample == "up" else SameConv
        self.conv1 = initialized(first(inputs, hidden, 3, bias=first_bias), "he")
        self.middle = LabelledSequential(*normed(hidden), activations.make("relu", critic=critic))
        second = ConvMeanPool if resample == "down" else SameConv
        self.conv2 = initialized(second(hidden, outputs, 3), "he")
        self.shortcut: nn.Module = nn.Identity()
        if resample != "same" or inputs != outputs:
            bypass = {"up": UpsampleConv, "down": ConvMeanPool, "same": SameConv}[resample]
            self.shortcut = initialized(bypass(inputs, outputs, 1), "glorot")

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        y = self.conv1(self.opening(x, labels))
        y = self.conv2(self.middle(y, labels))
        total: Tensor = y + self.shortcut(x)
        return total
