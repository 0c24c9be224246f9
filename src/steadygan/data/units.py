"""The units of stored numbers: a scale and an offset for each channel or column, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Units:
    """x = offset + scale times what networks see, for each channel [N, C, ...] or column [N, D].

    A scale of 0 stands for a channel or column that is constant: networks see 0, and the way back gives the constant.
    """

    offsets: tuple[float, ...]
    """of each channel: the middle of its range, or its mean"""
    scales: tuple[float, ...]
    """of each channel: half its range, or its standard deviation"""
    dtype: str = "float32"
    """number type of restored samples"""
    names: tuple[str, ...] = ()
    """of the columns of a table"""
    whole: tuple[bool, ...] = ()
    """columns of a table that hold whole numbers only, to which restored ones are rounded"""

    def scaled(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Stored numbers [N, C, ...] as networks see them, float32."""
        divisors = np.array([scale or 1.0 for scale in self.scales])
        centred = rows.astype(np.float64) - self._along(np.array(self.offsets), rows.ndim)
        result: NDArray[np.float32] = (centred / self._along(divisors, rows.ndim)).astype(np.float32)
        return result

    def restored(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Samples [N, C, ...] of networks in the units of the data, in its number type."""
        scales, offsets = (self._along(np.array(each), samples.ndim) for each in (self.scales, self.offsets))
        numbers = samples.astype(np.float64) * scales + offsets
        if any(self.whole):
            whole = np.array(self.whole)
            numbers[:, whole] = np.rint(numbers[:, whole]) + 0.0  # no -0
        return _in_type(numbers, np.dtype(self.dtype))

    @staticmethod
    def _along(values: NDArray[np.float64], dimensions: int) -> NDArray[np.float64]:
        """[C] as [C, 1, ...], to go with [N, C, ...] of so many dimensions."""
        return values.reshape(-1, *(1,) * (dimensions - 2))

    def to_json(self) -> dict[str, Any]:
        """Plain lists, for data.json."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Units:
        """The units that ``to_json`` wrote. Raises KeyError or TypeError for other content."""
        values = {field.name: content[field.name] for field in fields(cls)}
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**plain)


def _in_type(numbers: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Numbers in a number type; those beyond it stop at its ends."""
    if dtype.kind == "b":
        return numbers >= 0.5
    if dtype.kind == "f":
        return numbers.clip(np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype)
    limits = np.iinfo(dtype)
    whole = np.rint(numbers)
    above = whole >= float(limits.max)  # of 64 bits the largest is no float64: the nearest one lies beyond it
    result: NDArray[Any] = np.where(above, 0, whole.clip(limits.min)).astype(dtype)
    result[above] = limits.max
    return result


def to_unit_range(low: NDArray[np.float64], high: NDArray[np.float64], dtype: np.dtype[Any]) -> Units:
    """Each channel's least and largest number become -1 and 1, the range of tanh; the way back keeps the number type.

    Args:
        low: least number of each channel [C]
        high: largest number [C]
        dtype: of the stored numbers
    """
    offsets, scales = low / 2 + high / 2, high / 2 - low / 2
    return Units(tuple(offsets.tolist()), tuple(scales.tolist()), _restored_type(dtype))


def standardised(
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    dtype: np.dtype[Any],
    names: tuple[str, ...],
    whole: NDArray[np.bool_],
) -> Units:
    """Columns of mean 0 and standard deviation 1; columns of whole numbers are rounded on the way back."""
    return Units(tuple(mean.tolist()), tuple(deviation.tolist()), _restored_type(dtype), names, tuple(whole.tolist()))


def _restored_type(dtype: np.dtype[Any]) -> str:
    return str(dtype.newbyteorder("="))
