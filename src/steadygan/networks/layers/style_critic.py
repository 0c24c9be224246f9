"""StyleGAN2's critic: residual blocks that halve maps, minibatch standard deviation, a score, or one by class."""

from __future__ import annotations

import math

from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers.convolutions import SameConv
from steadygan.networks.layers.equalized import equalized
from steadygan.networks.layers.filtered import HalvingConv
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.networks.layers.mapping import MappingNetwork, ScaledLeakyReLU
from steadygan.networks.layers.minibatch import MinibatchStddev
from steadygan.networks.layers.resampling import FilteredDownsample
from steadygan.types import CriticOutput


def layer(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    """A convolution at an equalised rate, and its activation."""
    return [equalized(SameConv(inputs, outputs, kernel), gain=1.0), ScaledLeakyReLU(critic=True)]


class HalvingBlock(nn.Module):
    """Two 3x3 convolutions, the second one halving, plus a 1x1 convolution of the halved input, over sqrt(2).

    Without ``residual`` the two convolutions alone. [N, I, 2H, 2W] to [N, O, H, W].
    """

    def __init__(self, inputs: int, outputs: int, *, residual: bool) -> None:
        super().__init__()
        halving = equalized(HalvingConv(inputs, outputs), gain=1.0)
        gain = 1.0 if residual else math.sqrt(2.0)  # sqrt(2), and sqrt(1/2) of the sum
        self.path = nn.Sequential(*layer(inputs, inputs, 3), halving, ScaledLeakyReLU(gain, critic=True))
        self.skip: nn.Module | None = None
        if residual:
            linear = equalized(SameConv(inputs, outputs, 1, bias=False), gain=math.sqrt(0.5))
            self.skip = nn.Sequential(FilteredDownsample(), linear)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.path(x)
        return made if self.skip is None else made + self.skip(x)


class StyleHead(nn.Module):
    """Head of the critic: minibatch standard deviation, a 3x3 convolution, a dense layer, a linear score.

    With classes the score is the product of that many outputs with a mapped vector of the class, over the root of
    their number.
    """

    takes_labels = True

    def __init__(
        self,
        width: int,
        sides: tuple[int, int],
        group: int | None,
        classes: int,
        mapping: int,
        *,
        features: bool,
    ) -> None:
        """
        Args:
            width: feature maps
            sides: their height and width
            group: samples in a group of the standard deviation; None: the whole batch
            classes: number of classes; 0 for unconditional scores
            mapping: dense layers between a class and its vector
            features: also output the last hidden layer
        """
        super().__init__()
        self.gives_features = features
        self.conditional = bool(classes)
        self.maps = nn.Sequential(MinibatchStddev(group), *layer(width + 1, width, 3), nn.Flatten())
        self.dense = equalized(FullPrecisionLinear(width * math.prod(sides), width), gain=1.0)
        self.activation = ScaledLeakyReLU(critic=True)
        self.score = equalized(FullPrecisionLinear(width, width if classes else 1), gain=1.0)
        self.mapping = MappingNetwork(0, width, mapping, classes, critic=True) if classes else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        """Raises UsageError without labels if the score is conditional."""
        features = self.activation(self.dense(self.maps(x)))
        score = self.score(features)
        if self.mapping is not None:
            if labels is None:
                raise UsageError("the critic is conditional, but got no labels: give the class of each sample")
            score = (score * self.mapping(None, labels)).sum(1, keepdim=True) / math.sqrt(score.shape[1])
        return CriticOutput(score.squeeze(1), features=features if self.gives_features else None)
