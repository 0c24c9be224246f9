"""Layers that networks are assembled from: convolutions that keep TF's sizes, norms, heads, the two outer modules."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.networks.initialization import Scheme, initialized
from steadygan.types import CriticOutput

_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.SyncBatchNorm)
_OTHER_NORMS = (nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)


def is_norm(module: nn.Module) -> bool:
    """Is this a normalisation layer?"""
    return isinstance(module, (*_BATCH_NORMS, *_OTHER_NORMS))


def couples_batch(module: nn.Module) -> bool:
    """Does a sample's output depend on the other samples, anywhere in the network?"""
    return any(isinstance(part, _BATCH_NORMS) or getattr(part, "couples_batch", False) for part in module.modules())


class LabelledSequential(nn.Sequential):
    """nn.Sequential that hands the labels to the parts with ``takes_labels`` (class-conditional ones)."""

    takes_labels = True

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        for part in self:
            x = part(x, labels) if getattr(part, "takes_labels", False) else part(x)
        return x


class Unflatten(nn.Module):
    """[N, C H W] to [N, C, H, W], in the channels-last layout that convolutions are fastest in."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.shape = (channels, size, size)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape).contiguous(memory_format=torch.channels_last)


class Crop(nn.Module):
    """The first ``size`` rows and columns: 8x8 to 7x7 on the way to MNIST's 28."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : self.size, : self.size]


class FullPrecisionLinear(nn.Linear):
    """A linear layer in float32 also under autocast: bfloat16 would round coordinates and scores."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(x.to(self.weight.dtype), self.weight, self.bias)


def linear(inputs: int, outputs: int, scheme: Scheme, *, full_precision: bool = False) -> nn.Linear:
    """A linear layer with the scheme's weights."""
    return initialized((FullPrecisionLinear if full_precision else nn.Linear)(inputs, outputs), scheme)


def convolution(
    inputs: int, outputs: int, kernel: int, scheme: Scheme, *, stride: int = 1, bias: bool = True
) -> nn.Conv2d:
    """A convolution whose output has ceil(size / stride) pixels, as TF's SAME padding gives.

    For an even size and stride 2 TF pads one pixel more at the end, this at the start: the mirrored network, without
    the copy that one-sided padding costs.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2, bias=bias)
    return initialized(layer, scheme)


def transposed_convolution(inputs: int, outputs: int, kernel: int, scheme: Scheme) -> nn.ConvTranspose2d:
    """A transposed convolution with stride 2 whose output has exactly twice the pixels (TF's SAME, mirrored)."""
    padding = (kernel - 1) // 2
    layer = nn.ConvTranspose2d(inputs, outputs, kernel, 2, padding=padding, output_padding=2 - kernel + 2 * padding)
    return initialized(layer, scheme)


class PaperLayerNorm(nn.GroupNorm):
    """The WGAN-GP authors' layer norm: statistics over (C, H, W) in float32, one scale and offset a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


class InstanceNorm(nn.GroupNorm):
    """Statistics over (H, W) of each sample and channel in float32, one scale and offset a channel.

    Not torch's InstanceNorm2d: on torch 2.13 its backward gives wrong input gradients, with no error, for a batch of
    one sample whose output gradient is channels-last.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


NORMS = ("batch", "layer", "instance", "none")


def norm_2d(name: str, channels: int) -> list[nn.Module]:
    """The norm of a name for maps [N, C, H, W], as a list that is empty for 'none'."""
    if name == "batch":
        return [nn.BatchNorm2d(channels, eps=1e-5)]
    if name == "layer":
        return [PaperLayerNorm(channels)]
    if name == "instance":
        return [InstanceNorm(channels)]
    return []


def norm_1d(name: str, width: int) -> list[nn.Module]:
    """The norm of a name for vectors [N, width], as a list that is empty for 'none'."""
    if name == "batch":
        return [nn.BatchNorm1d(width, eps=1e-5)]
    return [nn.LayerNorm(width)] if name == "layer" else []


def upsample(x: Tensor) -> Tensor:
    """Twice the pixels by repeating each [N, C, H, W]."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def mean_pool(x: Tensor) -> Tensor:
    """Half the pixels by 2x2 means [N, C, H, W]."""
    return F.avg_pool2d(x, 2)


class ConvMeanPool(nn.Conv2d):
    """A 3x3 convolution, then 2x2 means, done as one 4x4 convolution with stride 2 whose kernel is the mean of the
    four shifted ones: the same numbers with 16 products a pixel instead of 36."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)
        self.folded = True

    def forward(self, x: Tensor) -> Tensor:
        if not self.folded:
            return mean_pool(super().forward(x))
        w = F.pad(self.weight, (1, 1, 1, 1))
        kernel = 0.25 * (w[..., :-1, :-1] + w[..., 1:, :-1] + w[..., :-1, 1:] + w[..., 1:, 1:])
        return F.conv2d(x, kernel.contiguous(memory_format=torch.channels_last), self.bias, stride=2, padding=1)


class ScoreHead(nn.Module):
    """The end of a critic: pools, then one linear score a sample, all in float32.

    A head in bfloat16 would round scores at an offset of 300 to steps of 2.
    """

    def __init__(self, inputs: int, scheme: Scheme, *, pool: str = "flatten") -> None:
        super().__init__()
        self.pool = pool
        self.score = linear(inputs, 1, scheme, full_precision=True)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.score.weight.dtype)
            if self.pool == "mean":
                x = x.mean(dim=(2, 3))
            elif self.pool == "sum":
                x = x.sum(dim=(2, 3))
            else:
                x = x.flatten(1)
            return CriticOutput(self.score(x).squeeze(1))


OUTPUTS = ("tanh", "sigmoid", "linear")


class Generator(nn.Module):
    """Latents [N, size] and labels [N] or None to samples [N, *shape], float32 whatever the trunk computes in."""

    def __init__(self, trunk: LabelledSequential, shape: tuple[int, ...], output: str) -> None:
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

    def __init__(self, trunk: LabelledSequential, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> CriticOutput:
        output: CriticOutput = self.head(self.trunk(samples, labels), labels)
        return output
