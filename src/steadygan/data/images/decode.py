"""Decoding: one picture, from any file that Pillow opens or an array, to uint8 [C, S, S]."""

from __future__ import annotations

import io
import logging
import math
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from steadygan.data.alpha import white_where_transparent
from steadygan.data.images.depth import AS_STORED, Levels, Unreadable, eight_bits, levelled
from steadygan.data.images.fits import note_header
from steadygan.data.images.formats import PLUGINS, load_formats, picture_formats
from steadygan.data.images.keyed import load
from steadygan.data.images.stored import problem
from steadygan.system.escapes import escaped
from steadygan.system.words import byte_size

if TYPE_CHECKING:
    from steadygan.data.options import Fit

Payload: TypeAlias = Path | bytes | NDArray[np.uint8]
"""an encoded picture: a file, the bytes of a file, or an array [C, H, W]"""

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
GREY_MODES = ("1", "L", "LA", "La", "F")  # and all that begin with I
MOST_PIXELS = 100_000_000  # more is a mistake or a decompression bomb
MOST_BYTES = 2**30  # of a file: more than its pixels can take; a sparse one of 1 TB would be hashed for hours
_DRAFT = 3  # JPEGs may be shrunk in decoding to 3 times the target size: still antialiased


@dataclass(frozen=True)
class Plan:
    """The target shape of every picture, how it is fitted to it, and which of its numbers become black and white."""

    size: int
    channels: int
    fit: Fit = "crop"
    levels: Levels = AS_STORED
    kept: bool = False
    """True if transparency is kept for training: fully transparent pixels are white"""
    sides: tuple[int, int] | None = None
    """(height, width) of pictures that are not square, ``size`` being the shorter; None for squares"""

    @classmethod
    def of(cls, shape: tuple[int, ...], fit: Fit = "crop", levels: Levels = AS_STORED) -> Plan:
        """The plan of pictures of a shape (C, H, W)."""
        channels, height, width = shape
        sides = None if height == width else (height, width)
        return cls(min(height, width), channels, fit, levels, sides=sides)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)"""
        return (self.channels, *(self.sides or (self.size, self.size)))

    @property
    def across_and_down(self) -> tuple[int, int]:
        """(width, height), in Pillow's order."""
        _, height, width = self.shape
        return width, height

    @property
    def nbytes(self) -> int:
        """Bytes of one picture."""
        return math.prod(self.shape)

    def to_json(self) -> dict[str, Any]:
        """The fields, for hashes; without the levels where they are the usual ones, as hashes had none before."""
        plain = asdict(self)
        if self.levels == AS_STORED:
            del plain["levels"]
        if not self.kept:  # as older hashes were
            del plain["kept"]
        if self.sides is None:
            del plain["sides"]
        return plain


def is_grey(mode: str) -> bool:
    """True if pictures of this Pillow mode have no colour."""
    return mode in GREY_MODES or mode.startswith("I")


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Loads all of Pillow's formats and silences its warnings and its log, which are counted or harmless.

    Warning filters are global to the process, so this is entered once, around the threads.
    """
    load_formats()
    log = logging.getLogger("PIL")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # Python prints what has no handler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


@contextmanager
def opened(payload: Path | bytes) -> Iterator[Image.Image]:
    """A picture with only its header read; every failure is an Unreadable."""
    try:
        if isinstance(payload, Path):
            check_regular(payload)
            with payload.open("rb") as file, Image.open(file, formats=picture_formats()) as image:
                yield _readable(image)
        else:
            if not payload:
                raise Unreadable("empty")
            if len(payload) > MOST_BYTES:
                raise Unreadable(f"too large ({byte_size(len(payload))})")
            with Image.open(io.BytesIO(payload), formats=picture_formats()) as image:
                yield _readable(image)
    except Unreadable:
        raise
    except Exception as error:  # codecs raise nearly everything on broken files
        package = PLUGINS.get(payload.suffix.lower()) if isinstance(payload, Path) else None
        if package and isinstance(error, UnidentifiedImageError):
            raise Unreadable(f"read if {package} is installed") from error
        raise Unreadable(reason(error)) from error


def _readable(image: Image.Image) -> Image.Image:
    note_header(image)
    if why := problem(image):
        raise Unreadable(why)
    return image


def check_regular(path: Path) -> None:
    """Raises Unreadable if a file cannot be a picture: reading a pipe would wait for ever."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file")
    if status.st_size == 0:
        raise Unreadable("empty")
    if status.st_size > MOST_BYTES:
        raise Unreadable(f"too large (a file of {byte_size(status.st_size)})")


def reason(error: BaseException) -> str:
    """A few words for what went wrong with a file."""
    text = escaped(" ".join(str(error).split()))
    match error:
        case FileNotFoundError():
            return "broken link"
        case PermissionError():
            return "permission denied"
        case UnidentifiedImageError():
            return "not a picture that Pillow knows"
        case Image.DecompressionBombError():
            pixels = re.search(r"\d+", text)
            return too_large(int(pixels.group())) if pixels else "too large"
        case MemoryError():
            return "not enough memory to decode it"
        case OSError() if "truncated" in text or "Truncated" in text:
            return "truncated"
    return f"corrupt ({text[:80]})" if text else f"corrupt ({type(error).__name__})"


def too_large(pixels: int) -> str:
    return f"too large ({pixels / 1e6:.0f} megapixels, at most {MOST_PIXELS // 1_000_000} are decoded)"


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; broken EXIF data means upright."""
    try:
        turn = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def decode(payload: Payload, plan: Plan) -> NDArray[np.uint8]:
    """The picture as uint8 [C, S, S]; raises Unreadable.

    Rotated by EXIF, composited on white (unless the plan keeps alpha), cropped to the middle or padded, and resized
    with antialiasing (Lanczos; colour weighted by alpha).
    """
    picture = _decoded(payload, plan)
    return white_where_transparent(picture) if plan.kept else picture


def _decoded(payload: Payload, plan: Plan) -> NDArray[np.uint8]:
    if isinstance(payload, np.ndarray):
        levels = levelled(payload, plan.levels)
        return levels if payload.shape == plan.shape else decode_array(levels, plan)
    with opened(payload) as image:
        if isinstance(image, ImageFile.ImageFile):
            _shrink_while_decoding(image, plan)
        pixels = image.width * image.height
        if pixels > MOST_PIXELS:
            raise Unreadable(too_large(pixels))
        load(image)
        with suppress(Exception):  # broken EXIF data means upright
            ImageOps.exif_transpose(image, in_place=True)  # after loading: Pillow turns TIFFs itself
        return _to_array(_fit(_recolour(eight_bits(image, plan.levels), plan.channels), plan))


def decode_array(array: NDArray[np.uint8], plan: Plan) -> NDArray[np.uint8]:
    """An array [C, H, W] converted to the plan's shape."""
    pixels = array[0] if len(array) == 1 else np.ascontiguousarray(array.transpose(1, 2, 0))
    image = Image.fromarray(pixels)  # [H, W], [H, W, 2], [H, W, 3] or [H, W, 4]
    return _to_array(_fit(_recolour(image, plan.channels), plan))


def _shrink_while_decoding(image: ImageFile.ImageFile, plan: Plan) -> None:
    """Lets the JPEG decoder skip detail that resizing discards: large photographs load several times faster."""
    wanted = _DRAFT * max(plan.across_and_down)
    if plan.fit == "pad":  # the long side becomes the size, so the short one may be smaller
        longest = max(image.size)
        wanted_size = (max(1, wanted * image.width // longest), max(1, wanted * image.height // longest))
    else:
        wanted_size = (wanted, wanted)
    image.draft(None, wanted_size)


def _recolour(image: Image.Image, channels: int) -> Image.Image:
    """The picture with this many channels."""
    if image.has_transparency_data or image.mode in ("La", "RGBa"):
        image = image.convert("RGBA")
        if channels in (1, 3):
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image).convert("RGB")
    elif image.mode not in ("1", "L", "P", "RGB"):
        image = image.convert("RGB")
    mode = MODES[channels]
    return image if image.mode == mode else image.convert(mode)


def _fit(image: Image.Image, plan: Plan) -> Image.Image:
    # Not ImageOps.fit and pad: they resize without reducing_gap (8 times slower from 1600x1200 to 64), and pad makes
    # the short side 0 pixels of what is long and thin.
    width, height = image.size
    size = plan.size
    if image.size == plan.across_and_down:
        return image
    if plan.fit != "pad":
        across, down = plan.across_and_down
        wide, high = float(width), float(height)
        if width * down > height * across:
            wide = height * across / down
        else:
            high = width * down / across
        left, top = (width - wide) / 2, (height - high) / 2
        return _resize(image, (across, down), (left, top, left + wide, top + high))
    scale = size / max(width, height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _resize(image, inner, (0, 0, width, height))
    canvas = Image.new(image.mode, (size, size))
    canvas.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return canvas


def _resize(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=_DRAFT)


def _to_array(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
