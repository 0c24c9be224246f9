"""A classifier whose last hidden layer is a feature of images: the encoder of a stacked GAN."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.networks.layers.linear import linear

_KERNEL = 5


class Encoder(nn.Module):
    """Images [N, C, H, W] to features [N, F], and features to class logits [N, K].

    It has no batch norm and no dropout: a sample's feature is a function of the sample.
    """

    def __init__(
        self,
        channels: int,
        sides: tuple[int, int],
        widths: tuple[int, int],
        features: int,
        classes: int,
        *,
        padded: bool,
    ) -> None:
        """
        Args:
            channels: of the images
            sides: height and width of the images in pixels
            widths: feature maps of both convolutions
            features: F
            classes: K
            padded: convolutions keep the pixels
        """
        super().__init__()
        padding = _KERNEL // 2 if padded else 0
        height, width = (self._pooled(self._pooled(side, padding), padding) for side in sides)
        first, second = widths
        self.trunk = nn.Sequential(
            nn.Conv2d(channels, first, _KERNEL, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, _KERNEL, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            linear(second * height * width, features, "he"),
            nn.ReLU(),
        )
        self.classifier = linear(features, classes, "he", full_precision=True)

    @staticmethod
    def _pooled(side: int, padding: int) -> int:
        """Pixels of a side after a convolution and 2x2 pooling."""
        return (side + 2 * padding - _KERNEL + 1) // 2

    def features(self, images: Tensor) -> Tensor:
        """Features [N, F], float32 or wider, not negative."""
        found: Tensor = self.trunk(images)
        return found if found.dtype == torch.float64 else found.float()

    def logits(self, features: Tensor) -> Tensor:
        """Class logits [N, K] of features [N, F]."""
        found: Tensor = self.classifier(features)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Class logits [N, K] of images."""
        return self.logits(self.features(images))
