"""Perturbations of images of several scales, by the finest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from steadygan.types import S, at_each_scale, scales_of

if TYPE_CHECKING:
    from torch import Tensor


def by_the_finest(changed: Callable[[Tensor], Tensor], samples: S) -> S:
    """Images changed as the finest scale is: a coarser one is upsampled to it, changed, and average-pooled back.

    So shifts and squares of fractions of its pixels cover the same part of the image.
    """
    from torch.nn.functional import avg_pool2d, interpolate

    side = scales_of(samples)[-1].shape[-1]

    def at_finest(images: Tensor) -> Tensor:
        factor = side // images.shape[-1]
        if factor == 1:
            return changed(images)
        return avg_pool2d(changed(interpolate(images, scale_factor=float(factor))), factor)

    return at_each_scale(at_finest, samples)
