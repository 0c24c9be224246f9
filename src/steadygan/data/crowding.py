"""Pictures that would train in a few grey levels, and the range that spreads them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from steadygan.data.bounds import number_words
from steadygan.data.value_range import FEW, ValueRange

_LOOKED_AT = 2**21
"""numbers, at most"""


def crowded(samples: NDArray[np.uint8]) -> tuple[int, int] | None:
    """The lowest and highest level between which nearly all of pictures [M, C, H, W] lie, if these are fewer than 32.

    Nearly all are 99.8% of the numbers, or every number of half of the pictures: that one bright picture or a few hot
    pixels set the range is no help to the others. Of many pictures, evenly spaced ones are looked at.
    """
    if not len(samples):
        return None
    fits = max(1, _LOOKED_AT // max(1, samples[0].size))
    some = samples[:: max(1, -(-len(samples) // fits))]
    colours = np.asarray(some[:, :-1] if some.shape[1] in (2, 4) else some)
    levels = np.cumsum(np.bincount(colours.reshape(-1), minlength=256))
    numbers = [int(np.searchsorted(levels, share * levels[-1])) for share in (0.001, 0.999)]
    flat = colours.reshape(len(colours), -1)
    pictures = [int(np.percentile(flat.min(axis=1), 25)), int(np.percentile(flat.max(axis=1), 75))]
    return next(((low, high) for low, high in (numbers, pictures) if high - low < FEW), None)


def crowding_words(samples: NDArray[np.uint8], ranges: Iterable[ValueRange]) -> str:
    """A warning of pictures that use few grey levels, with the range that spreads them; '' if they use enough."""
    known = list(ranges)
    for each in known:
        if each.squeezed:
            levels = f"{each.squeezed} grey level{'s' * (each.squeezed > 1)}"
            remedy = f"--data.range {each.better} spreads them" if each.better else "take their logarithm first"
            return f"Nearly all numbers become {levels} of 256: {remedy}."
    ends = crowded(samples)
    if ends is None:
        return ""
    low, high = ends
    text = f"Nearly all numbers become levels {low} to {high} of 0 to 255: a network sees nearly one grey."
    if len(known) != 1 or low == high:
        return text
    bounds = " ".join(number_words(known[0].number(level)) for level in (low, high))
    return f"{text} --data.range {bounds} spreads them."
