"""Labels joined to latents: conditioning of a generator on the class through its input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.errors import UsageError


class ConcatLabels(nn.Module):
    """Latents [N, size] and labels [N] to [N, size + classes]: the latent, then the label one-hot."""

    classes: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("classes", torch.arange(classes), persistent=False)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        one_hot = labels[:, None] == self.classes  # F.one_hot waits for the device
        return torch.cat([latents, one_hot.to(latents.dtype)], dim=1)


class MultiplyLabels(nn.Module):
    """Latents [N, size] and labels [N] to the latent times a learned vector of its class, [N, size]."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(classes, size)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        scaled: Tensor = latents * self.vectors(labels)
        return scaled


class LabelledLatents(nn.Module):
    """A conditional generator: latents [N, size] and labels [N] to samples [N, ...] of these classes."""

    conditional = True

    def __init__(self, labelling: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.labelling = labelling
        self.network = network

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels."""
        if labels is None:
            raise UsageError("the generator is conditional, but got no labels: give the class of each sample")
        samples: Tensor = self.network(self.labelling(latents, labels), labels)
        return samples
