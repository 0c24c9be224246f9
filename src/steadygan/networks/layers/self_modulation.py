"""Self-modulation: batch norm whose scales and offsets are functions of the latent (Chen et al. 2019).

So a latent acts on every stage of a generator, not on its first layer alone (On Self Modulation for Generative
Adversarial Networks).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers.normalization import SumOverProcesses, normalized_together

_GAIN = (
    0.3  # root mean square of the scales' distance from 1 and of the offsets at first, for codes of unit mean square
)


class SelfModulatedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with the scales 1 + W c + b and the offsets V c + d of each sample's code c.

    x [N, C, ...] and codes [N, D]; in float32 or wider also under autocast.
    """

    takes_code = True
    modulated_by_latent = True
    sum_over_processes: SumOverProcesses | None = None

    def __init__(self, channels: int, code: int, eps: float = 1e-5) -> None:
        """
        Args:
            channels: C of the maps
            code: D, size of the code
            eps: added to the variance
        """
        super().__init__(channels, eps=eps, affine=False)
        self.modulation = nn.Linear(code, 2 * channels)
        with torch.no_grad():
            self.modulation.weight.normal_(0.0, _GAIN * code**-0.5)
            self.modulation.bias.zero_()

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"SelfModulatedBatchNorm takes [N, C] or [N, C, ...], got {list(input.shape)}")

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """Raises UsageError without codes."""
        if code is None:
            raise UsageError("SelfModulatedBatchNorm needs the code of each sample, but got none")
        with torch.autocast(x.device.type, enabled=False):
            dtype = self.modulation.weight.dtype
            wide = x.to(dtype)
            alone = self.sum_over_processes is None
            normalized = super().forward(wide) if alone else normalized_together(self, wide)
            both = self.modulation(code.to(dtype))
            scale, offset = both.reshape(*both.shape, *(1,) * (x.dim() - 2)).chunk(2, 1)
            return torch.addcmul(offset, normalized, 1 + scale).to(x.dtype)


class ModulatedSequential(nn.Sequential):
    """Modules in order, of which those with ``takes_code`` also get the latents [N, D] that the first one gets."""

    takes_labels = True

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        x = latents
        for part in self:
            x = part(x, latents) if getattr(part, "takes_code", False) else part(x)
        return x
