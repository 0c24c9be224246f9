"""BigGAN's conditions: batch norm by a vector of each sample, and a chunk of the latent a block (Brock et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers.normalization import SumOverProcesses, normalized_together


class ConditionBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with the scale 1 + A c and the offset B c of each sample's condition c (BigGAN, App. B).

    [N, C, ...] and conditions [N, D]; A and B are linear layers without bias. The statistics are over the whole batch;
    in float32 or wider also under autocast.
    """

    takes_labels = True
    conditional = True
    sum_over_processes: SumOverProcesses | None = None

    def __init__(self, channels: int, condition: int, eps: float = 1e-5, momentum: float | None = 0.1) -> None:
        """
        Args:
            channels: feature maps (C)
            condition: numbers in a condition (D)
            eps: added to the variance
            momentum: of the running statistics
        """
        super().__init__(channels, eps=eps, momentum=momentum, affine=False)
        self.scale = nn.Linear(condition, channels, bias=False)
        self.offset = nn.Linear(condition, channels, bias=False)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"ConditionBatchNorm takes [N, C] or [N, C, ...], got {list(input.shape)}")

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise UsageError("ConditionBatchNorm needs a condition for each sample, but got none")
        with torch.autocast(x.device.type, enabled=False):
            assert self.running_mean is not None
            wide = x.to(self.running_mean.dtype)
            normalized = super().forward(wide) if self.sum_over_processes is None else normalized_together(self, wide)
            c = condition.to(wide.dtype)
            shape = (*x.shape[:2], *(1,) * (x.dim() - 2))
            scale, offset = 1.0 + self.scale(c).reshape(shape), self.offset(c).reshape(shape)
            result: Tensor = (scale * normalized + offset).to(x.dtype)
            return result


def chunk_size(latent: int, blocks: int) -> int:
    """Numbers of a chunk of the latent: the first layer and each block get one; what is left over is not used.

    Raises:
        UsageError: for latents of fewer numbers than chunks.
    """
    if latent < blocks + 1:
        raise UsageError(
            f"the latent has {latent} numbers, but {blocks} blocks and the first layer take a chunk each: "
            f"--prior.size {20 * (blocks + 1)}, or --generator.hierarchical false"
        )
    return latent // (blocks + 1)


class HierarchicalTrunk(nn.Module):
    """Latents [N, size] and labels [N] to maps: each block's condition is the class vector and a chunk of the latent.

    Without an embedding the condition is the label itself, for norms with a table of classes; without chunks the whole
    latent goes to the first layer.
    """

    takes_labels = True
    conditional = True

    def __init__(
        self, first: nn.Module, blocks: Sequence[nn.Module], last: nn.Module, embedding: nn.Embedding | None, chunk: int
    ) -> None:
        """
        Args:
            first: the first chunk, or the latent, to the first maps
            blocks: (maps, condition) -> maps
            last: maps to the output before its activation
            embedding: of the classes, shared by all blocks; None: conditions are labels
            chunk: numbers of a chunk of the latent; 0: the latent is not divided
        """
        super().__init__()
        self.chunk = chunk
        self.modulated_by_latent = chunk > 0
        self.embedding = embedding
        self.first = first
        self.blocks = nn.ModuleList(blocks)
        self.last = last

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Raises UsageError without labels."""
        if labels is None:
            raise UsageError("the generator needs the class of each sample, but got no labels: use data with labels")
        count = len(self.blocks)
        condition = labels if self.embedding is None else self.embedding(labels)
        conditions = [condition] * count
        if self.chunk:
            latents, *chunks = torch.split(latents[:, : self.chunk * (count + 1)], self.chunk, 1)
            conditions = [torch.cat([condition, chunk], 1) for chunk in chunks]
        x = self.first(latents)
        for block, of_block in zip(self.blocks, conditions, strict=True):
            x = block(x, of_block)
        maps: Tensor = self.last(x)
        return maps
