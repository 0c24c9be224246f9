"""Data options of a recipe: the source, and how its samples are prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from steadygan.checks import one_of, refused, true_or_false, whole_number, within
from steadygan.codec import OMIT_DEFAULT
from steadygan.data.bounds import Bounds, checked_bounds
from steadygan.errors import UsageError

Fit = Literal["crop", "pad", "keep"]
Alpha = Literal["white", "keep", "auto"]
LabelUse: TypeAlias = bool | Literal["folders", "likeliest"]
DataForm = Literal["auto", "image", "bands", "signal", "volume", "table"]

LARGEST_SIZE = 1024
LONGEST = 4096
LARGEST_WINDOW = 10**7
LARGEST_ALPHABET = 2**15 - 1
"""ids of characters are int16 at most"""


@dataclass(frozen=True)
class DataOptions:
    """The training data: where it is, and the shape of a sample."""

    source: str = "digits"
    """a folder of pictures or .npy files, a .npz, .npy, .parquet, idx, .csv or .txt file, or a name: digits,
    8gaussians, 25gaussians, swissroll, stacked-digits, python-docs, mnist, cifar10, hf:OWNER/NAME; a folder that is
    called like a name is ./NAME"""
    size: int | None = None
    """side of the pictures in pixels, the shorter one if they are not square; None follows the data (docs/data.md)"""
    fit: Fit = "crop"
    """pictures that are not square: 'crop' keeps the middle, 'pad' keeps all and adds black, or
    transparent borders where alpha is kept; 'keep' trains on pictures of their common aspect ratio, of which the size
    is the shorter side (all networks for pictures but those of sgan-cifar10 and sgan-mnist)"""
    channels: int | None = None
    """1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha; None follows the data"""
    length: int | None = None
    """characters of a text sample: longer lines are cut, shorter ones padded; None: 32, as in the WGAN-GP paper"""
    alphabet: int | None = None
    """size of the alphabet of a text: its most frequent characters, unknown and padding; None: all of them, at most
    2,048"""
    flip: bool = False
    """mirror half of the pictures left to right, at random at each draw"""
    labels: LabelUse = True
    """use the labels, if the data has some; 'folders': the folders are the classes, even if their names only number
    files; 'likeliest': of soft labels, which sum to 1, the class with the largest share"""
    held_out: float = 0.1
    """share that is held out and never trained on (at most 10,000), if the data has no official test split"""
    stream: bool = False
    """read and decode parquet files during training instead of before it: for data too large to decode first, in a
    slightly less random order (docs/data.md)"""
    window: int | None = None
    """shuffle buffer of a stream, in encoded pictures; None: 8,192, but at most 512 MB"""
    cache: str | None = None
    """folder for decoded pictures; None: STEADYGAN_CACHE, or else the user's cache folder"""
    range: Bounds = field(default=(), metadata=OMIT_DEFAULT)
    """the stored numbers that become black and white, as in '0 4095' or '-1 1', or percentiles of all numbers, as in
    '1% 99%'; others are clipped; none: found once for the whole data set (docs/data.md)"""
    form: DataForm = field(default="auto", metadata=OMIT_DEFAULT)
    """what arrays are: image, bands [M, B, H, W] (numbers, without alpha), signal [M, C, T], volume [M, C, D, H, W] or
    table [M, D]; auto: by their shape (docs/data.md)"""
    alpha: Alpha = field(default="white", metadata=OMIT_DEFAULT)
    """transparent parts of pictures: 'white' composites them on white (of 2 or 4 channels: keeps alpha, and whatever
    colour is under it), 'keep' trains on alpha as a channel of its own, 'auto' keeps it where 1 picture in 20 uses it;
    new runs of a named recipe, or of none, have 'auto' (docs/data.md)"""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise refused("data source", self.source, "a path or a name")
        whole_number("data size", self.size, 1, LARGEST_SIZE, or_none=True)
        whole_number("data channels", self.channels, 1, 4, or_none=True)
        whole_number("data length", self.length, 1, LONGEST, or_none=True)
        whole_number("data alphabet", self.alphabet, 3, LARGEST_ALPHABET, or_none=True)
        whole_number("data window", self.window, 1, LARGEST_WINDOW, or_none=True)
        one_of("data fit", self.fit, get_args(Fit))
        one_of("data form", self.form, get_args(DataForm))
        one_of("data alpha", self.alpha, get_args(Alpha))
        if self.alpha == "keep" and self.channels in (1, 3):
            raise UsageError(
                f"data alpha is 'keep', but data channels is {self.channels}, which has none: "
                f"leave channels out, or take {self.channels + 1}"
            )
        for name in ("flip", "stream"):
            true_or_false(f"data {name}", getattr(self, name))
        if self.labels not in ("folders", "likeliest") and not isinstance(self.labels, bool):
            raise refused("data labels", self.labels, "true, false, folders, likeliest")
        object.__setattr__(self, "range", checked_bounds("data range", self.range))
        within("data held_out", self.held_out, 0, 0.5, open_low=True)
        if self.window is not None and not self.stream:
            raise UsageError(f"data window is {self.window}, but only a stream has one: set data stream to true")
        if self.cache is not None and (not isinstance(self.cache, str) or not self.cache.strip()):
            raise refused("data cache", self.cache, "a folder, or null")
