"""Interpolations in numbers: how even their steps are, and how near to real pictures their middle stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[Any]
"""[T, N, C, H, W]: N paths of T frames, 0 to 255"""


def unevenness(path: Frames) -> NDArray[np.float64]:
    """The largest step of each path [N] over its mean step, in mean absolute differences of pixels.

    1 for a steady change, T - 1 for a single jump; 1 for a path that does not change at all.
    """
    steps = np.abs(np.diff(path.astype(np.float64), axis=0)).mean(axis=(2, 3, 4))
    means = steps.mean(axis=0)
    result: NDArray[np.float64] = np.where(means > 0, steps.max(axis=0) / np.where(means > 0, means, 1), 1.0)
    return result


def between(path: Frames, real: Frames) -> NDArray[np.float64]:
    """Root mean squared distance [N] of each path's middle frame from the nearest real picture [M, C, H, W]."""
    from steadygan.metrics.manifold import nearest

    middle = path[len(path) // 2].reshape(path.shape[1], -1).astype(np.float64)
    squared, _ = nearest(real.reshape(len(real), -1).astype(np.float64), middle, 1)
    distances: NDArray[np.float64] = np.sqrt(squared[:, 0] / middle.shape[1])
    return distances


def travel(path: Frames, first: Frames, last: Frames) -> float:
    """Mean absolute difference of the paths' ends, over that of the pictures [N, C, H, W] whose latents they are."""
    made = np.abs(path[-1].astype(np.float64) - path[0].astype(np.float64)).mean()
    return float(made / np.abs(last.astype(np.float64) - first.astype(np.float64)).mean())


def cross_fade(first: Frames, last: Frames, frames: int) -> NDArray[np.uint8]:
    """Pictures [N, C, H, W] that fade into others, uint8 [frames, N, C, H, W], both included."""
    shares = np.linspace(0.0, 1.0, frames)[:, None, None, None, None]
    mixed: NDArray[np.uint8] = np.rint((1 - shares) * first + shares * last).astype(np.uint8)
    return mixed
