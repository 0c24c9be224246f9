"""Feature maps of networks in the ProGAN line: min(base / s, most) at s pixels of a side."""

from __future__ import annotations

from dataclasses import dataclass

from steadygan.checks import whole_fields

SIZES = (8, 16, 28, 32, 64, 128, 256, 512, 1024)
"""Supported sizes of images in pixels; the longer side of others is a multiple of the pixels of one first map's."""


def start_of(size: int) -> int:
    """Pixels of the first maps' side."""
    return 7 if size == 28 else 4


@dataclass(frozen=True)
class Maps:
    """Fields of both networks."""

    base: int = 16384
    """feature maps times pixels of a side, where there are fewer than the most"""
    most: int = 512
    """largest number of feature maps"""

    def __post_init__(self) -> None:
        whole_fields(self, "base", "most")

    def widths(self, size: int) -> list[int]:
        """Feature maps of each size from the smallest up."""
        sides = [start_of(size)]
        while sides[-1] < size:
            sides.append(2 * sides[-1])
        return [max(1, min(self.base // side, self.most)) for side in sides]
