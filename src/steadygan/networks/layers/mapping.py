"""StyleGAN2's mapping network: latents, and classes, to styles; with the running mean of styles for truncation."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers import activations
from steadygan.networks.layers.equalized import PixelNorm, equalized

MEAN_DECAY = 0.995
"""of the running mean of styles (StyleGAN2-ADA's code)"""
RATE = 0.01
"""learning rate multiplier of the mapping network"""


class ScaledLeakyReLU(nn.Module):
    """Leaky ReLU of slope 0.2 times a gain: sqrt(2) in StyleGAN2, which keeps the variance; 1 before a residual sum."""

    def __init__(self, gain: float = math.sqrt(2.0), *, critic: bool) -> None:
        super().__init__()
        self.gain = gain
        self.activation = activations.make("leaky_relu", critic=critic)

    def forward(self, x: Tensor) -> Tensor:
        activated: Tensor = self.activation(x)
        return activated if self.gain == 1.0 else activated * self.gain


class MappingNetwork(nn.Module):
    """Normalised latents, joined with a normalised vector of the class, through dense layers: [N, D] to [N, W].

    In the dtype of its weights also under autocast. Without latents it maps classes alone (a critic's).
    """

    def __init__(self, latent: int, width: int, layers: int, classes: int = 0, *, critic: bool = False) -> None:
        """
        Args:
            latent: D; 0 for classes alone
            width: W
            layers: dense layers
            classes: number of classes; 0: unconditional
            critic: use the activation's form for critics
        """
        super().__init__()
        self.conditional = bool(classes)
        self.norm = PixelNorm()
        self.classes = equalized(nn.Linear(classes, width), gain=1.0) if classes else None
        inputs = latent + (width if classes else 0)
        parts: list[nn.Module] = []
        for index in range(layers):
            dense = nn.Linear(inputs if index == 0 else width, width)
            parts += [equalized(dense, gain=1.0, multiplier=RATE), ScaledLeakyReLU(critic=critic)]
        self.layers = nn.Sequential(*parts)

    def forward(self, latents: Tensor | None, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels if it is conditional."""
        dtype = next(self.parameters()).dtype
        parts = [] if latents is None else [self.norm(latents.to(dtype))]
        if self.classes is not None:
            if labels is None:
                raise UsageError("the network is conditional, but got no labels: give the class of each sample")
            # a column of the weights for each label: the product with a one-hot vector
            parts.append(self.norm(F.embedding(labels, self.classes.weight.t()) + self.classes.bias))
        device = parts[0].device.type
        with torch.autocast(device, enabled=False):
            styles: Tensor = self.layers(torch.cat(parts, 1) if len(parts) > 1 else parts[0])
        return styles


class StyleMean(nn.Module):
    """Running mean of styles: mean <- decay mean + (1 - decay) batch mean; over the batches of all processes."""

    mean: Tensor
    sum_over_processes: Callable[[Tensor], Tensor] | None = None

    def __init__(self, width: int, decay: float = MEAN_DECAY) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("mean", torch.zeros(width))

    @torch.no_grad()
    def follow(self, styles: Tensor) -> None:
        """Moves the mean towards that of styles [N, W], in place."""
        styles = styles.detach()
        mean = styles.mean(0)
        if self.sum_over_processes is not None:
            sums = self.sum_over_processes(torch.cat([styles.sum(0), styles.new_full((1,), len(styles))]))
            mean = sums[:-1] / sums[-1]
        self.mean.lerp_(mean.to(self.mean.dtype), 1.0 - self.decay)

    def truncated(self, styles: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Styles [N, L, W] moved to mean + psi (styles - mean), of the first ``cutoff`` layers alone if it is given."""
        if psi == 1.0:
            return styles
        moved = torch.lerp(self.mean.to(styles.dtype).expand_as(styles), styles, psi)
        return moved if cutoff is None else torch.cat([moved[:, :cutoff], styles[:, cutoff:]], 1)
