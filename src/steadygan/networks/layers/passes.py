"""Many samples of a generator in eval mode, in passes that fit into a processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from steadygan.networks.layers.own import is_own
from steadygan.types import Sample

PASS = 32
"""pictures in one pass, at least: R3GAN's took up to three times as long in passes of 256"""


def in_passes(generator: nn.Module, latents: Tensor, labels: Tensor | None) -> Iterator[Sample]:
    """Samples of latents [N, size] and labels [N] or None, in order, of one pass after the other.

    On a processor a convolutional generator of this library makes 32 to 63 of them in a pass. Any other one makes all
    in one: a user's own may mix samples, or draw for all of them at once.
    """
    parts = max(1, len(latents) // PASS) if latents.device.type == "cpu" and _is_of_samples(generator) else 1
    of_labels = [None] * parts if labels is None else labels.tensor_split(parts)
    for inputs in zip(latents.tensor_split(parts), of_labels, strict=True):
        yield generator(*inputs)


def _is_of_samples(generator: nn.Module) -> bool:
    """True for a convolutional network that makes each picture by itself."""
    convolutions = nn.Conv2d | nn.ConvTranspose2d
    return not is_own(generator) and any(isinstance(part, convolutions) for part in generator.modules())
