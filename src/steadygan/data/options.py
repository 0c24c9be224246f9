"""Which data to train on and how it is made ready: the part of a recipe that names the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from steadygan.checks import one_of, refused, true_or_false, whole_number, within
from steadygan.errors import UsageError

Fit = Literal["crop", "pad"]

LARGEST_SIZE = 1024
LONGEST = 4096
LARGEST_WINDOW = 10**7
LARGEST_ALPHABET = 2**15 - 1
"""ids of characters are int16 at most"""


@dataclass(frozen=True)
class DataOptions:
    """The training data: where it lies, and the shape it is brought to."""

    source: str = "digits"
    """a folder of pictures, a .npz, .parquet, idx or .txt file, or a name: digits, 8gaussians, 25gaussians, swissroll,
    stacked-digits, python-docs, mnist, cifar10, hf:OWNER/NAME"""
    size: int | None = None
    """pixels of a side, pictures are square; None follows the data"""
    fit: Fit = "crop"
    """pictures that are not square: 'crop' keeps the middle, 'pad' keeps all and fills up with black"""
    channels: int | None = None
    """1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha; None follows the data"""
    length: int | None = None
    """characters of a sample of text: a line is cut there, or filled up; None: 32, as in the WGAN-GP paper"""
    alphabet: int | None = None
    """characters that a text is written in, the most frequent ones, with those for unknown and for padding; None: all
    that it has, up to 2,048"""
    flip: bool = False
    """mirror half of the pictures left to right, anew at each draw"""
    labels: bool = True
    """use the labels, where the data has some"""
    held_out: float = 0.1
    """share that is kept aside and never trained on (at most 10,000), where the data has no official test split"""
    stream: bool = False
    """read and decode parquet files while training, in place of all of them before it: for data that no disk or time is
    there to decode, in an order a little less random (docs/data.md)"""
    window: int | None = None
    """pictures of a stream that are shuffled among each other, and held encoded; None: 8,192, but 512 MB at most"""
    cache: str | None = None
    """folder for decoded pictures; None: STEADYGAN_CACHE, or else the user's cache folder"""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise refused("data source", self.source, "a path or a name")
        whole_number("data size", self.size, 1, LARGEST_SIZE, or_none=True)
        whole_number("data channels", self.channels, 1, 4, or_none=True)
        whole_number("data length", self.length, 1, LONGEST, or_none=True)
        whole_number("data alphabet", self.alphabet, 3, LARGEST_ALPHABET, or_none=True)
        whole_number("data window", self.window, 1, LARGEST_WINDOW, or_none=True)
        one_of("data fit", self.fit, get_args(Fit))
        for name in ("flip", "labels", "stream"):
            true_or_false(f"data {name}", getattr(self, name))
        within("data held_out", self.held_out, 0, 0.5, open_low=True)
        if self.window is not None and not self.stream:
            raise UsageError(f"data window is {self.window}, but only a stream has one: set data stream to true")
        if self.cache is not None and (not isinstance(self.cache, str) or not self.cache.strip()):
            raise refused("data cache", self.cache, "a folder, or null")
