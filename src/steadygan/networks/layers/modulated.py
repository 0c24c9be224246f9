"""Modulated convolution (Karras et al. 2020, StyleGAN2, section 2.2): styles scale the weights of each sample.

w'_oik = s_i w_oik, and with demodulation w'_oik / sqrt(sum over i, k of w'_oik^2 + 1e-8). Two exact forms: weights of
each sample in one grouped convolution, and one ordinary convolution of the scaled maps, whose outputs are scaled by
d_o = rsqrt(s^2 (sum over k of w^2)^T + 1e-8). The second keeps no weights of samples, and was the faster one on a CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from steadygan.networks.layers.filtered import doubling_conv, filtered

_SMALLEST_SQUARE = 1e-8


def demodulation(weight: Tensor, styles: Tensor) -> Tensor:
    """d [N, O] of weights [O, I, k, k] and styles [N, I]: 1 / the norm of each output's modulated weights.

    In float32 or wider: rounded norms would scale whole maps, and path lengths are differentiated through them.
    """
    with torch.autocast(weight.device.type, enabled=False):
        wide = torch.promote_types(weight.dtype, torch.float32)
        squares = weight.to(wide).square().sum((2, 3))
        return torch.rsqrt(styles.to(wide).square() @ squares.t() + _SMALLEST_SQUARE)


def modulated_conv(
    x: Tensor, weight: Tensor, styles: Tensor, *, demodulate: bool = True, doubles: bool = False, grouped: bool = False
) -> Tensor:
    """Convolution of each sample of x [N, I, H, W] with weights scaled by its styles: [N, O, H, W], or twice as large.

    Args:
        x: maps
        weight: [O, I, k, k], k odd; 3 with ``doubles``
        styles: [N, I]
        demodulate: divide the weights of each output by their norm
        doubles: upsample by 2 with the filter [1, 3, 3, 1]
        grouped: as a grouped convolution with weights [N, O, I, k, k]
    """
    d = demodulation(weight, styles) if demodulate else None
    if grouped:
        return _grouped(x, weight, styles, d, doubles=doubles)
    scaled = x * styles.to(x.dtype)[:, :, None, None]
    made = doubling_conv(scaled, weight) if doubles else F.conv2d(scaled, weight, padding=weight.shape[-1] // 2)
    return made if d is None else made * d.to(made.dtype)[:, :, None, None]


def _grouped(x: Tensor, weight: Tensor, styles: Tensor, d: Tensor | None, *, doubles: bool) -> Tensor:
    count, inputs, *sides = x.shape
    each = weight[None] * styles[:, None, :, None, None]
    if d is not None:
        each = each * d[:, :, None, None, None]
    joined = x.reshape(1, count * inputs, *sides)
    kernel = each.shape[-1]
    if doubles:
        stacked = each.transpose(1, 2).reshape(count * inputs, -1, kernel, kernel)
        made = filtered(F.conv_transpose2d(joined, stacked, stride=2, groups=count), 4.0, 1)
    else:
        made = F.conv2d(joined, each.flatten(0, 1), padding=kernel // 2, groups=count)
    return made.reshape(count, -1, *made.shape[2:])
