"""Class-conditional norms (de Vries et al. 2017) and the projection critic's head (Miyato & Koyama 2018)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.networks.layers.generator_critic import ScoreHead
from steadygan.networks.layers.initialization import Scheme
from steadygan.networks.layers.linear import linear
from steadygan.networks.layers.normalization import SumOverProcesses, normalized_together
from steadygan.types import CriticOutput


def _need_labels(part: nn.Module, labels: Tensor | None) -> Tensor:
    if labels is None:
        raise UsageError(
            f"{type(part).__name__} needs the class of each sample, but got no labels: use data with labels"
        )
    return labels


def _need_classes(part: nn.Module, classes: int) -> None:
    whole_number(f"{type(part).__name__}.classes", classes, 2)


def _of_class(table: Tensor, labels: Tensor, dimensions: int) -> Tensor:
    """Rows of a table [classes, C] for the labels, [N, C, 1, ...]."""
    rows = F.embedding(labels, table)
    return rows.reshape(*rows.shape, *(1,) * (dimensions - 2))


def _affine(normalized: Tensor, labels: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    """Applies the scale and offset of each sample's class to [N, C, ...]."""
    dimensions = normalized.dim()
    return _of_class(scale, labels, dimensions) * normalized + _of_class(offset, labels, dimensions)


class ConditionalBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with a scale (1 at first) and an offset (0) for each class and channel (de Vries et al. 2017).

    [N, C] or [N, C, ...] and labels [N], int64; in float32 or wider also under autocast. The statistics are over
    the whole batch, across classes.
    """

    takes_labels = True
    conditional = True
    sum_over_processes: SumOverProcesses | None = None

    def __init__(self, channels: int, classes: int, eps: float = 1e-5, momentum: float | None = 0.1) -> None:
        super().__init__(channels, eps=eps, momentum=momentum, affine=False)
        _need_classes(self, classes)
        self.scale = nn.Parameter(torch.ones(classes, channels))
        self.offset = nn.Parameter(torch.zeros(classes, channels))

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"ConditionalBatchNorm takes [N, C] or [N, C, ...], got {list(input.shape)}")

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels."""
        labels = _need_labels(self, labels)
        with torch.autocast(x.device.type, enabled=False):
            wide = x.to(self.scale.dtype)
            alone = self.sum_over_processes is None
            normalized = super().forward(wide) if alone else normalized_together(self, wide)
            return _affine(normalized, labels, self.scale, self.offset).to(x.dtype)


class ConditionalGroupNorm(nn.GroupNorm):
    """Group norm with a scale (1 at first) and an offset (0) for each class and channel.

    One group is the WGAN-GP authors' layer norm, as many as channels is instance norm (Dumoulin et al. 2017). No
    sample depends on another, so it works in a critic under a gradient penalty. [N, C, ...] and labels [N], int64;
    in float32 or wider also under autocast.
    """

    takes_labels = True
    conditional = True

    def __init__(self, groups: int, channels: int, classes: int, eps: float = 1e-5) -> None:
        super().__init__(groups, channels, eps=eps, affine=False)
        _need_classes(self, classes)
        self.scale = nn.Parameter(torch.ones(classes, channels))
        self.offset = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels."""
        labels = _need_labels(self, labels)
        with torch.autocast(x.device.type, enabled=False):
            normalized = super().forward(x.to(self.scale.dtype))
            return _affine(normalized, labels, self.scale, self.offset).to(x.dtype)


def conditional_norm(name: str, channels: int, classes: int) -> list[nn.Module]:
    """The class-conditional norm of a name for [N, C] or [N, C, ...], in a list; an empty list for 'none'."""
    if name == "batch":
        return [ConditionalBatchNorm(channels, classes)]
    if name == "layer":
        return [ConditionalGroupNorm(1, channels, classes)]
    return [ConditionalGroupNorm(channels, channels, classes)] if name == "instance" else []


class ProjectionHead(nn.Module):
    """Projection head of a critic: w . h + b + <embedding(y), h>, h the pooled features, all in float32.

    The inner product of features and class is the form of log p(y|x) / q(y|x) if both are softmaxes of linear maps
    (Miyato & Koyama 2018, section 3).
    """

    takes_labels = True
    conditional = True

    def __init__(self, inputs: int, classes: int, scheme: Scheme, *, pool: str = "sum", features: bool = False) -> None:
        """
        Args:
            inputs: features after pooling
            classes: number of classes
            scheme: of the weights of the linear layer and of the embedding
            pool: pooling of maps [N, C, H, W] to features: 'flatten', 'mean' or 'sum' (the authors' choice)
            features: also output the features

        Raises:
            UsageError: for classes below 2.
        """
        super().__init__()
        _need_classes(self, classes)
        self.gives_features = features
        self.head = ScoreHead(inputs, scheme, pool=pool, features=True)
        self.embedding = nn.Embedding(classes, inputs)
        self.embedding.weight = linear(inputs, classes, scheme).weight  # [classes, inputs]: one linear score a class

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        """Scores of samples of the classes ``labels`` [N], int64.

        Raises:
            UsageError: without labels.
        """
        labels = _need_labels(self, labels)
        output: CriticOutput = self.head(x)
        assert output.features is not None
        score = output.score + (self.embedding(labels) * output.features).sum(1)
        return output._replace(score=score, features=output.features if self.gives_features else None)
