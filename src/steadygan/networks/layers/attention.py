"""Self-attention over the positions of maps (Zhang et al. 2019, SAGAN)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.checks import whole_number
from steadygan.networks.layers.initialization import Scheme, initialized
from steadygan.networks.layers.spectral import spectral_norm


class SelfAttention(nn.Module):
    """y = x + gamma o(sum over keys of softmax(query . key) value), gamma 0 at first (SAGAN, eq. 1 to 3).

    [N, C, H, W] to [N, C, H, W]. Queries, keys and values are 1x1 convolutions without bias, and o is one back to C
    maps; keys and values are 2x2 max-pooled as in the authors' code (the paper's text has no pooling). Written out,
    since fused kernels have no second derivative; products and softmax are in float32 or wider.
    """

    def __init__(
        self,
        channels: int,
        key_divisor: int = 8,
        value_divisor: int = 2,
        pool: bool = True,
        spectral: bool = False,
        init: Scheme = "glorot",
    ) -> None:
        """
        Args:
            channels: feature maps in and out (C)
            key_divisor: queries and keys have C / key_divisor maps, at least 1
            value_divisor: values have C / value_divisor maps, at least 1
            pool: max-pool keys and values; needs maps of 2x2 pixels or more
            spectral: spectral norm of the four convolutions, as in SAGAN
            init: scheme of their weights

        Raises:
            UsageError: for numbers below 1.
        """
        super().__init__()
        for name, got in (("channels", channels), ("key_divisor", key_divisor), ("value_divisor", value_divisor)):
            whole_number(f"SelfAttention.{name}", got)
        self.pool = pool

        def convolution(inputs: int, outputs: int) -> nn.Conv2d:
            made = initialized(nn.Conv2d(inputs, outputs, 1, bias=False), init)
            return spectral_norm(made) if spectral else made

        keys, values = max(1, channels // key_divisor), max(1, channels // value_divisor)
        self.query = convolution(channels, keys)
        self.key = convolution(channels, keys)
        self.value = convolution(channels, values)
        self.output = convolution(values, channels)
        self.gamma = nn.Parameter(torch.zeros(()))

    def readings(self) -> dict[str, Tensor]:
        """gamma, the weight of attention in the output, 0 at first."""
        return {"gamma": self.gamma.detach()}

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.query(x), self.key(x), self.value(x)
        if self.pool:
            key, value = F.max_pool2d(key, 2), F.max_pool2d(value, 2)
        with torch.autocast(x.device.type, enabled=False):
            query, key, value = (_wide(maps).flatten(2) for maps in (query, key, value))
            weights = torch.einsum("ncq,nck->nqk", query, key).softmax(2)
            attended = torch.einsum("nqk,nck->nqc", weights, value)
        # positions before maps in memory: channels-last
        maps = attended.reshape(x.shape[0], *x.shape[2:], -1).permute(0, 3, 1, 2)
        total: Tensor = x + self.gamma * self.output(maps.to(x.dtype))
        return total


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()
