"""ADA's geometry: flips, turns, shifts and scales as one matrix, carried out by one resampling of the image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steadygan.device_constants import constant
from steadygan.perturbations.wavelets import SYM6, doubled, halved

if TYPE_CHECKING:
    from torch import Tensor

BEYOND = len(SYM6) // 2
"""pixels of the doubled image beyond each side that halving reads"""
_REACH = 4.0  # pixels around a sampled point that its value depends on: 3 of the filter, 1/2 of bilinear sampling


def stretching(x: Tensor, y: Tensor) -> Tensor:
    """Matrices [N, 3, 3] that multiply coordinates by x [N] and y [N]."""
    import torch

    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], 1))


def turning(angle: Tensor) -> Tensor:
    """Matrices [N, 3, 3] that turn by angles [N] in radians."""
    import torch

    sine, cosine, zero, one = torch.sin(angle), torch.cos(angle), torch.zeros_like(angle), torch.ones_like(angle)
    rows = [cosine, -sine, zero, sine, cosine, zero, zero, zero, one]
    return torch.stack(rows, 1).reshape(-1, 3, 3)


def shifting(x: Tensor, y: Tensor) -> Tensor:
    """Matrices [N, 3, 3] that add x [N] and y [N], in pixels."""
    import torch

    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return torch.stack([one, zero, x, zero, one, y, zero, zero, one], 1).reshape(-1, 3, 3)


def resampled(images: Tensor, inverse: Tensor) -> Tensor:
    """Images [N, C, H, W] whose pixel at u is that of the input at ``inverse`` u, in pixels from the image's centre.

    The image is mirrored beyond its borders, doubled by the filter sym6, sampled bilinearly, and halved. Where more
    than one mirror image would be needed, pixels are 0. A matrix of 1 gives the input back to rounding.

    Args:
        images: floating-point, float32 or wider
        inverse: [N, 3, 3], from output to input
    """
    import torch
    from torch.nn.functional import grid_sample, pad

    height, width = images.shape[2:]
    down, across = (_margin(inverse, height, width, axis) for axis in (1, 0))
    padded = doubled(pad(images, (across, across, down, down), mode="reflect"))
    # pixel centres of the output, doubled and enlarged, in pixels of the input from its centre
    x, y = (_centres(side, images) for side in (width, height))
    grid = []
    for row, side in ((0, width + 2 * across), (1, height + 2 * down)):
        a, b, c = (inverse[:, row, i].reshape(-1, 1, 1) for i in range(3))
        at = a * x[None, None, :] + b * y[None, :, None] + c
        grid.append((2.0 * at) / side)  # -1 and 1 are the borders of the padded image
    sampled = grid_sample(padded, _half_pixel(torch.stack(grid, 3), padded), "bilinear", "zeros", align_corners=False)
    return halved(sampled)


def _half_pixel(grid: Tensor, padded: Tensor) -> Tensor:
    """The grid, moved by half a pixel of the doubled image: the filter puts pixel m at 2m, not at 2m + 1/2."""
    return grid - constant((1.0 / padded.shape[3], 1.0 / padded.shape[2]), grid)


def _centres(side: int, like: Tensor) -> Tensor:
    """Coordinates of the doubled output's pixels, BEYOND more on each side, in pixels of the input from its centre."""
    import torch

    index = torch.arange(-BEYOND, 2 * side + BEYOND, dtype=like.dtype, device=like.device)
    return (index - (2 * side - 1) / 2 + 0.5) / 2


def _margin(inverse: Tensor, height: int, width: int, axis: int) -> int:
    """Pixels to mirror beyond each side along an axis (0: x); at most all but one, beyond which pixels are 0.

    On a CPU as many as these matrices reach; elsewhere, and in a compiled step, the most, without reading the device:
    the result is the same.
    """
    import torch

    side = (width, height)[axis]
    if inverse.device.type != "cpu" or torch.compiler.is_compiling():
        return side - 1
    row = inverse.detach()[:, axis].double().abs()
    corner = torch.tensor([width / 2 + 3.0, height / 2 + 3.0, 1.0], dtype=torch.float64)
    reach = float((row * corner).sum(1).max()) - (side - 1) / 2 + _REACH
    return min(side - 1, max(0, math.ceil(reach)))
