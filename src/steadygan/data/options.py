"""Data options of a recipe: the source, and how its samples are prepared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from steadygan.errors import UsageError, nearest

Fit = Literal["crop", "pad"]

LARGEST_SIZE = 1024
LONGEST = 4096
LARGEST_WINDOW = 10**7
LARGEST_ALPHABET = 2**15 - 1
"""ids of characters are int16 at most"""


@dataclass(frozen=True)
class DataOptions:
    """The training data: where it is, and the shape of a sample."""

    source: str = "digits"
    """a folder of pictures, a .npz, .parquet, idx or .txt file, or a name: digits, 8gaussians, 25gaussians, swissroll,
    stacked-digits, python-docs, mnist, cifar10, hf:OWNER/NAME"""
    size: int | None = None
    """side of the square pictures in pixels; None follows the data"""
    fit: Fit = "crop"
    """pictures that are not square: 'crop' keeps the middle, 'pad' keeps all and adds black"""
    channels: int | None = None
    """1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha; None follows the data"""
    length: int | None = None
    """characters of a text sample: longer lines are cut, shorter ones padded; None: 32, as in the WGAN-GP paper"""
    alphabet: int | None = None
    """size of the alphabet of a text: its most frequent characters, unknown and padding; None: all of them, at most
    2,048"""
    flip: bool = False
    """mirror half of the pictures left to right, at random at each draw"""
    labels: bool = True
    """use the labels, if the data has some"""
    held_out: float = 0.1
    """share that is held out and never trained on (at most 10,000), if the data has no official test split"""
    stream: bool = False
    """read and decode parquet files during training instead of before it: for data too large to decode first, in a
    slightly less random order (docs/data.md)"""
    window: int | None = None
    """shuffle buffer of a stream, in encoded pictures; None: 8,192, but at most 512 MB"""
    cache: str | None = None
    """folder for decoded pictures; None: STEADYGAN_CACHE, or else the user's cache folder"""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise UsageError(f"data source is {self.source!r}; it has to be a path or a name")
        _need_integer("size", self.size, 1, LARGEST_SIZE)
        _need_integer("channels", self.channels, 1, 4)
        _need_integer("length", self.length, 1, LONGEST)
        _need_integer("alphabet", self.alphabet, 3, LARGEST_ALPHABET)
        _need_integer("window", self.window, 1, LARGEST_WINDOW)
        if self.fit not in get_args(Fit):
            hint = nearest(str(self.fit), get_args(Fit))
            raise UsageError(f"data fit is {self.fit!r}; it has to be 'crop' or 'pad'{hint}")
        for name in ("flip", "labels", "stream"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"data {name} is {getattr(self, name)!r}; it has to be true or false")
        if isinstance(self.held_out, bool) or not isinstance(self.held_out, int | float):
            raise UsageError(f"data held_out is {self.held_out!r}; it has to be a number above 0, up to 0.5")
        if not 0 < self.held_out <= 0.5:
            raise UsageError(f"data held_out is {self.held_out}; it has to be above 0, up to 0.5")
        if self.window is not None and not self.stream:
            raise UsageError(f"data window is {self.window}, but only a stream has one: set data stream to true")
        if self.cache is not None and (not isinstance(self.cache, str) or not self.cache.strip()):
            raise UsageError(f"data cache is {self.cache!r}; it has to be a folder")


def _need_integer(name: str, got: object, lowest: int, highest: int) -> None:
    if got is None:
        return
    if isinstance(got, bool) or not isinstance(got, int) or not lowest <= got <= highest:
        raise UsageError(f"data {name} is {got!r}; it has to be a whole number from {lowest} to {highest}")
