"""Generator and critic modules: a trunk that labels pass through, then an output activation or a score head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.networks.layers.initialization import Scheme
from steadygan.networks.layers.linear import linear
from steadygan.types import CriticOutput


class LabelledSequential(nn.Sequential):
    """nn.Sequential that passes the labels to modules with ``takes_labels`` (class-conditional ones)."""

    takes_labels = True

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        for module in self:
            x = module(x, labels) if getattr(module, "takes_labels", False) else module(x)
        return x


class ScoreHead(nn.Module):
    """Head of a critic: pooling, then one linear score a sample, all in float32.

    In bfloat16, scores around 300 would be rounded to steps of 2.
    """

    def __init__(
        self, inputs: int, scheme: Scheme, *, pool: str = "flatten", classes: int = 0, features: bool = False
    ) -> None:
        """
        Args:
            inputs: features after pooling
            scheme: of the weights
            pool: pooling of maps [N, C, H, W] to features: 'flatten', 'mean' or 'sum'
            classes: number of class logits, from the same features; 0 for none
            features: also output the features
        """
        super().__init__()
        self.pool = pool
        self.gives_features = features
        self.score = linear(inputs, 1, scheme, full_precision=True)
        self.class_logits = linear(inputs, classes, scheme, full_precision=True) if classes else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        with torch.autocast(x.device.type, enabled=False):
            features = self._pooled(x.to(self.score.weight.dtype))
            return CriticOutput(
                score=self.score(features).squeeze(1),
                class_logits=None if self.class_logits is None else self.class_logits(features),
                features=features if self.gives_features else None,
            )

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "mean":
            return x.mean(dim=(2, 3))
        return x.sum(dim=(2, 3)) if self.pool == "sum" else x.flatten(1)


class Generator(nn.Module):
    """Latents [N, size] and labels [N] or None to samples [N, *shape], float32 in any precision of the trunk."""

    def __init__(self, trunk: nn.Module, shape: tuple[int, ...], output: str) -> None:
        """
        Args:
            trunk: latents [N, size] and labels to maps
            shape: of a sample
            output: activation: 'tanh', 'sigmoid' or 'linear'
        """
        super().__init__()
        self.trunk = trunk
        self.shape = shape
        self.output = output

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        x = self.trunk(latents, labels)
        x = x.reshape(-1, *self.shape) if x.dim() == 2 else x
        x = x if x.dtype == torch.float64 else x.float()
        if self.output == "tanh":
            return torch.tanh(x)
        return torch.sigmoid(x) if self.output == "sigmoid" else x


class Critic(nn.Module):
    """Samples [N, ...] and labels [N] or None to a CriticOutput."""

    largest_first: tuple[str, ...] = ()
    """lists of modules in which a number from the end stands for a size of maps (``training.starting``)"""

    def __init__(self, trunk: LabelledSequential, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> CriticOutput:
        output: CriticOutput = self.head(self.trunk(samples, labels), labels)
        return output
