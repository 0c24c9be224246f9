"""The value range of samples that are there already: that of the real data, where their own numbers do not tell it.

The rule for data sets takes the largest number of dark pictures for white. Samples of a generator that makes dark
pictures would be stretched by it, and measured as if they were bright.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from steadygan.data.value_range import AS_BYTES, FEW, ROUNDING, ValueRange

if TYPE_CHECKING:
    from steadygan.data.audit.audit import Audit

_UNIT, _SIGNED = (0.0, 1.0), (-1.0, 1.0)
_USUAL = (_UNIT, _SIGNED, AS_BYTES)


def range_of_samples(found: ValueRange, real: tuple[float, float]) -> tuple[float, float]:
    """The numbers of samples that become black and white.

    Args:
        found: by the rule for data sets
        real: the range of the real data
    """
    own = (found.low, found.high)
    if own in _USUAL:
        return own
    if found.low == 0 and float(found.high).is_integer():  # whole numbers, of fewer levels or more bits than 8
        return real if (found.high < FEW and real == AS_BYTES) or min(found.high, real[1]) > AS_BYTES[1] else own
    if real not in _USUAL:
        return real
    fitting = (each for each in _USUAL if each[0] - ROUNDING <= found.least and found.most <= each[1] + ROUNDING)
    return next(fitting, own)


def range_of_real(audit: Audit | None) -> tuple[float, float]:
    """The one range of the real data's pictures; that of 8 bits where there is none, or are several."""
    ranges: tuple[tuple[str, Mapping[str, Any]], ...] = () if audit is None else audit.ranges
    if len(ranges) != 1:
        return AS_BYTES
    return float(ranges[0][1]["low"]), float(ranges[0][1]["high"])
