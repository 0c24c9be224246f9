"""The audit of numbers: range, mean and deviation of each channel or column, and how they are scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.system.words import visible

if TYPE_CHECKING:
    from steadygan.types import SampleSpec

_LISTED = 12
_NAME = 24


@dataclass(frozen=True)
class NumbersSummary:
    """Statistics of signals, volumes, images of many bands, or the rows of a table."""

    what: str
    """'signals', 'volumes', 'images' or 'rows'"""
    dtype: str
    """number type as stored"""
    channels: tuple[tuple[str, float, float, float, float], ...]
    """name, least, largest, mean and standard deviation of each"""
    narrow: tuple[str, ...] = ()
    """channels of which 98% of the numbers fill less than a tenth of the range"""

    @property
    def constant(self) -> tuple[str, ...]:
        """Names of the channels that never change."""
        return tuple(name for name, low, high, *_ in self.channels if low == high)

    def counts(self, found: int, shape: tuple[int, ...]) -> list[str]:
        """The counts as lines to print."""
        size = f"{shape[0]:,} columns" if self.what == "rows" else " x ".join(f"{side:,}" for side in shape)
        lines = [f"{self.what:<11} {found:,} of {size}, {self.dtype}"]
        for name, low, high, mean, deviation in self.channels[:_LISTED]:
            shown = visible(name if len(name) <= _NAME else f"{name[: _NAME - 1]}…")
            lines.append(f"{shown:<11} {low:.6g} to {high:.6g}, mean {mean:.4g}, deviation {deviation:.4g}")
        if len(self.channels) > _LISTED:
            lines.append(f"{'and':<11} {len(self.channels) - _LISTED:,} more")
        return lines


def number_sentences(summary: NumbersSummary, sample: SampleSpec) -> tuple[str, ...]:
    """What training will do with the numbers."""
    if sample.is_points:
        sentences = [
            "Each column is standardised: its mean is subtracted, then it is divided by its standard deviation. "
            "Generated rows are given back in the units of the table; columns of whole numbers are rounded."
        ]
    else:
        what = f"{'an' if sample.is_image else 'a'} {sample.kind}"
        sentences = [
            f"A sample is {what} of {' x '.join(map(str, sample.shape))} (channels first).",
            "Each channel is scaled so that its least and largest number become -1 and 1. Generated samples are given "
            "back in the units of the data.",
        ]
    if summary.constant:
        where = _listed(summary.constant)
        sentences.append(f"Constant, and given back as they are: {where}.")
    if summary.narrow:
        sentences.append(
            f"Few extreme values squeeze the rest: 98% of the numbers fill less than a tenth of the range of "
            f"{_listed(summary.narrow)}; clip them, or take a logarithm, for finer samples."
        )
    return tuple(sentences)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(visible(name) for name in names[:5]) + (f", … ({len(names):,})" if len(names) > 5 else "")
