"""The value range of samples that are there already: that of the real data, where their own numbers do not tell it.

The rule for data sets takes the largest number of dark pictures for white. Samples of a generator that makes dark
pictures would be stretched by it, and measured as if they were bright.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from steadygan.data.images.depth import AS_STORED, Levels, depth
from steadygan.data.images.measure import measured
from steadygan.data.images.scan import cached_scan
from steadygan.data.value_range import AS_BYTES, FEW, ROUNDING, Kind, ValueRange
from steadygan.system.cache import cache_folder

if TYPE_CHECKING:
    from steadygan.data.audit.audit import Audit
    from steadygan.data.images.pictures import PictureSource

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


def range_of_real(audit: Audit | None, kind: Kind | None = None) -> tuple[float, float]:
    """The range of the real data's pictures; that of 8 bits where there is none.

    Args:
        audit: of the real data
        kind: the depth of files, of several of which each has its range; None: 8 bits for several
    """
    ranges: tuple[tuple[str, Mapping[str, Any]], ...] = () if audit is None else audit.ranges
    if len(ranges) == 1:
        return float(ranges[0][1]["low"]), float(ranges[0][1]["high"])
    if audit is None or kind not in {depth(mode) for mode, _ in audit.modes}:
        return AS_BYTES
    low, high = audit.levels[kind]
    return float(low), float(high)


def levels_of_samples(source: PictureSource, real: Audit | None) -> Levels:
    """The stored numbers that become black and white in files of samples, by their depth.

    Deeper files, and masks, have the range of the real data, whose numbers they hold; other files of 8 bits are levels.

    Args:
        source: of the samples; arrays have been converted by a range of their own
        real: of the data that they are compared with
    """
    if source.range is not None:
        return AS_STORED
    root = cache_folder(None)
    parts = [part for part in (source.train, source.test) if part is not None]
    found = measured(source.name, [(part, cached_scan(root, part)) for part in parts], (), root).by_depth
    ends: dict[Kind, tuple[float, float]] = {
        kind: range_of_samples(each, range_of_real(real, kind)) for kind, each in found.items() if kind != "bytes"
    }
    masks = range_of_real(real, "bytes")
    if "bytes" in found and masks[0] == 0 and found["bytes"].most <= masks[1] < FEW:
        ends["bytes"] = masks
    return Levels(**ends)
