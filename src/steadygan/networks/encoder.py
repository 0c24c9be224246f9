"""Encoders: classifiers that are trained on labelled data before a GAN, and then frozen (SGAN, Huang et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import above, true_or_false, whole_fields
from steadygan.networks.checks import need_labels, need_start
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 64)
"""Supported sizes of images in pixels; the longer side of others is a multiple of 4."""
_UNPADDED = (28, 32)


@dataclass(frozen=True)
class ClassifierEncoder:
    """Two 5x5 convolutions, each with 2x2 max-pooling, a layer of features, and class logits of these.

    The classifier of the SGAN authors' code, where it has no padding. It is trained once, before the first round, by
    cross-entropy and Adam, whose rate falls to 0. How theirs was trained, and how well, is not in their code.
    """

    width: int = 32
    """feature maps of the first convolution"""
    second_width: int = 64
    """feature maps of the second convolution"""
    features: int = 256
    """numbers of a feature (h)"""
    steps: int = 1_000
    """steps of its training, on batches of the recipe's size; neither --rounds nor --minutes changes them"""
    rate: float = 1e-3
    """learning rate at its beginning"""
    padded: bool = True
    """keep the pixels in each convolution; false, for 28 and 32 px: no padding, as the authors"""

    def __post_init__(self) -> None:
        whole_fields(self, "width", "second_width", "features", "steps")
        above("ClassifierEncoder.rate", self.rate, 0)
        true_or_false("ClassifierEncoder.padded", self.padded)

    def build(self, sample: SampleSpec) -> nn.Module:
        """An encoder of such images.

        Raises:
            UsageError: for other samples, unsupported sizes, and data without labels.
        """
        from steadygan.networks.layers.encoder import Encoder

        classes = need_labels("ClassifierEncoder", sample)
        channels, _, _ = need_start("ClassifierEncoder", sample, SIZES if self.padded else _UNPADDED, _pooled_twice)
        _, *sides = sample.shape
        widths = (self.width, self.second_width)
        return Encoder(channels, (sides[0], sides[1]), widths, self.features, classes, padded=self.padded)


def _pooled_twice(size: int) -> int:
    """Pixels of a side behind both convolutions, where these are padded."""
    return size // 4
