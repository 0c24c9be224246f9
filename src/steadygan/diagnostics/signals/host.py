"""Rows of samples on the host: what is compared is copied from the device once, and computed in float64."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.arrays import AnyRows, Rows, feature_rows
from steadygan.types import Scales

if TYPE_CHECKING:
    from torch import Tensor

Samples: TypeAlias = "Tensor | Scales | ArrayLike"
"""[N, ...] of any real dtype, on any device, memory-mapped or not; of several scales the finest counts"""


def host_rows(samples: Samples, name: str, *, limit: int | None = None, at_least: int = 2, seed: int = 0) -> Rows:
    """Samples [N, ...] as rows float64 [M, D] on the host, M = min(N, limit).

    Which of them is drawn by the seed, and depends on N and ``limit`` alone, so that repeated calls look at the same
    ones; every so many would meet one class only where classes alternate. Only these are copied from the device.

    Raises:
        UsageError: not [N, ...] of real numbers, fewer than ``at_least`` samples, NaN or infinite values.
    """
    if limit is not None:
        whole_number("limit", limit, at_least)
    stored = _stored(samples, name)
    if len(stored) < at_least:
        raise UsageError(f"{name}: got {len(stored)} samples where at least {at_least} are needed")
    if limit is not None and limit < len(stored):
        stored = stored[np.sort(np.random.default_rng(seed).permutation(len(stored))[:limit])]
    array = host_array(stored)
    return feature_rows(array.reshape(len(array), -1), name, at_least)


def stored_rows(samples: Samples, name: str) -> AnyRows:
    """Samples [N, ...] as rows [N, D] on the host; arrays as they are stored, neither copied nor converted."""
    array = host_array(_stored(samples, name))
    return array.reshape(len(array), -1)


def two_sets(fake: Samples, real: Samples, *, limit: int | None, at_least: int = 2) -> tuple[Rows, Rows]:
    """Rows of generated and of real samples, as many of both: numbers that grow with N can be compared.

    Raises:
        UsageError: as ``host_rows``, or samples of two widths.
    """
    counts = [len(_stored(fake, "generated samples")), len(_stored(real, "real samples"))]
    most = max(at_least, min(*counts, *([] if limit is None else [limit])))
    rows = tuple(
        host_rows(samples, name, limit=most, at_least=at_least)
        for samples, name in ((fake, "generated samples"), (real, "real samples"))
    )
    if rows[0].shape[1] != rows[1].shape[1]:
        raise UsageError(
            f"generated samples have {rows[0].shape[1]} numbers each, real ones {rows[1].shape[1]}; "
            "take both as the critic gets them, or from the same features"
        )
    return rows[0], rows[1]


def host_array(values: Any) -> NDArray[Any]:
    """A tensor or array on the host; floating-point tensors in float64, also those of a dtype that numpy lacks."""
    if not hasattr(values, "detach"):
        return np.asarray(values)
    copy = values.detach().cpu()
    array: NDArray[Any] = (copy.double() if copy.is_floating_point() else copy).numpy()
    return array


def ratio(value: float, reference: float) -> float:
    """``value`` / ``reference``: 1 where both are 0, infinite where only the reference is."""
    if reference == 0:
        return 1.0 if value == 0 else math.inf
    return value / reference


def _stored(samples: Any, name: str) -> Any:
    """The samples as they are stored: a tensor or an array with an axis of samples and at least one number each."""
    if isinstance(samples, Scales):
        samples = samples.finest
    if not hasattr(samples, "detach"):
        try:
            samples = np.asarray(samples)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{name} cannot be read as an array: {str(error).splitlines()[0]}") from error
    if samples.ndim < 2 or 0 in samples.shape[1:]:
        raise UsageError(f"{name} must be [N, ...], a row or more of numbers; got shape {list(samples.shape)}")
    return samples
