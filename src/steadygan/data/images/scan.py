"""A scan of encoded pictures: hash and header of each, without decoding."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from steadygan.data.images.decode import MODES, Payload, check_regular, is_grey, opened, orientation
from steadygan.data.images.depth import DEEP_COLOUR, Levels, Unreadable, has_deep_colour
from steadygan.data.images.formats import formats_key
from steadygan.data.images.keyed import KEYED, key_words
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.stored import WHITE_IS_ZERO, is_inverted, mode_of
from steadygan.data.images.workers import WORTH_PROCESSES, mapped
from steadygan.data.reading import need_memory
from steadygan.data.value_range import AS_BYTES
from steadygan.errors import DataError
from steadygan.system.cache import read_json, write_json
from steadygan.system.cores import cores
from steadygan.system.progress import steps

ARRAY = "array"
"""the format of pictures that are given as arrays"""
_NO_DIGEST = bytes(16)
_LARGEST_CHUNK = 32
SIZES = (8, 16, 28, 32, 64, 128, 256)
_LADDER = (256, 128, 64, 32, 16, 8)
_LARGEST_UNASKED = 64
NEVER_HALVED = 32
"""pixels to which the default training goes down for the sake of time, and no further (docs/data.md)"""
_MAY_ENLARGE = 1.1
_MOST_GROUPS = 50
_HEAD_BYTES = 400
_VERSION = 2
_LASTING = ("empty", "not a regular file")

Item = TypeVar("Item")


class Head(NamedTuple):
    """Header of one picture, and the hash of its bytes."""

    digest: bytes
    error: str = ""
    size: tuple[int, int] = (0, 0)
    """(width, height), upright"""
    mode: str = ""
    format: str = ""
    animated: bool = False
    rotated: bool = False


@dataclass(frozen=True)
class Scan:
    """What is known of a split before decoding; counts are of readable headers."""

    count: int
    """all pictures, including unreadable ones"""
    content: str
    """hash of all pictures' bytes, in order, and of the labels; not of names and times"""
    sizes: tuple[tuple[tuple[int, int], int], ...]
    """((width, height) upright, pictures), the most frequent first"""
    modes: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]
    animated: int
    rotated: int
    unreadable: tuple[tuple[int, str], ...]
    """(index, reason)"""
    duplicate_groups: int
    """groups of pictures with identical bytes"""
    duplicate_copies: int
    """pictures beyond the first of each group"""
    duplicates: tuple[tuple[str, ...], ...]
    """names in the first groups"""
    digests: tuple[bytes, ...]
    """16 bytes for each picture; zeros if a file could not be read at all"""


def chunked(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    """``count`` items in lists short enough that every core gets some."""
    iterator = iter(items)
    size = max(1, min(_LARGEST_CHUNK, count // (4 * cores())))
    while chunk := list(islice(iterator, size)):
        yield chunk


def read_head(payload: Payload) -> Head:
    """The header of one picture; a broken one has a reason instead of a size."""
    try:
        digest = digest_of(payload)
    except Unreadable as error:
        return Head(_NO_DIGEST, str(error))
    if isinstance(payload, np.ndarray):
        channels, height, width = payload.shape
        return Head(digest, "", (width, height), MODES[channels], ARRAY)
    try:
        with opened(payload) as image:
            form = _format_of(image)  # first: EXIF data may load the picture
            turn = orientation(image)
            width, height = image.size
            turned = turn >= 5 and image.format != "TIFF"  # Pillow reports TIFFs as if they were turned
            animated = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
            size = (height, width) if turned else (width, height)
            return Head(digest, "", size, mode_of(image), form, animated, turn > 1)
    except Unreadable as error:
        return Head(digest, str(error))


def _format_of(image: Image.Image) -> str:
    """The format of a picture that is not loaded, and what its numbers have beyond others of that format."""
    form = f"{image.format or ''}{key_words(image)}{WHITE_IS_ZERO if is_inverted(image) else ''}"
    return f"{form} {'and' if KEYED in form else 'with'} {DEEP_COLOUR}" if has_deep_colour(image) else form


def read_heads(chunk: list[Payload]) -> list[Head]:
    return [read_head(payload) for payload in chunk]


def digest_of(payload: Payload) -> bytes:
    """BLAKE2 hash (16 bytes) of the file's bytes, or of an array's shape and pixels."""
    if isinstance(payload, Path):
        try:
            check_regular(payload)
            with payload.open("rb") as file:
                return hashlib.file_digest(file, _blake2).digest()
        except FileNotFoundError as error:
            raise Unreadable("broken link") from error
        except OSError as error:
            raise Unreadable((error.strerror or "cannot be read").lower()) from error
    hasher = _blake2()
    if isinstance(payload, np.ndarray):
        hasher.update(repr(payload.shape).encode())
        hasher.update(np.ascontiguousarray(payload).data)
    else:
        hasher.update(payload)
    return hasher.digest()


def _blake2() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)


def scan(pictures: Pictures) -> Scan:
    """Hashes every picture and reads its header. Raises DataError for more pictures than fit in memory so."""
    need_memory(f"a set of {pictures.count:,} pictures", pictures.count * _HEAD_BYTES, "to know them takes")
    processes = pictures.count >= WORTH_PROCESSES and not pictures.in_memory
    chunks = chunked(pictures.read(), pictures.count)
    parts = mapped(read_heads, chunks, processes=processes)
    heads = [head for each in steps("reading pictures", parts, pictures.count, weight=len) for head in each]
    if len(heads) != pictures.count:
        raise DataError(f"{pictures.count} pictures were expected and {len(heads)} read: the data has changed")
    good = [head for head in heads if not head.error]
    groups = _duplicates(heads)
    content = _blake2()
    for head in heads:
        content.update(head.digest)
    if pictures.labels is not None:
        content.update(np.ascontiguousarray(pictures.labels, dtype="<i8").data)
    return Scan(
        count=len(heads),
        content=content.hexdigest(),
        sizes=tuple(Counter(head.size for head in good).most_common()),
        modes=tuple(Counter(head.mode for head in good).most_common()),
        formats=tuple(Counter(head.format for head in good).most_common()),
        animated=sum(head.animated for head in good),
        rotated=sum(head.rotated for head in good),
        unreadable=tuple((index, head.error) for index, head in enumerate(heads) if head.error),
        duplicate_groups=len(groups),
        duplicate_copies=sum(len(group) - 1 for group in groups),
        duplicates=tuple(
            tuple(pictures.name_of(index) for index in group[:_MOST_GROUPS]) for group in groups[:_MOST_GROUPS]
        ),
        digests=tuple(head.digest for head in heads),
    )


def cached_scan(root: Path, pictures: Pictures) -> Scan:
    """The cached scan of files with the same paths, sizes and times, or a new one."""
    if pictures.key is None:
        return scan(pictures)
    known = hashlib.blake2b(f"{pictures.key} {formats_key()}".encode(), digest_size=16)
    path = root / "scans" / f"{known.hexdigest()}.json"
    try:
        return _from_json(read_json(path))
    except (KeyError, TypeError, ValueError, RecursionError):
        new = scan(pictures)
    if any(new.digests[index] == _NO_DIGEST and why not in _LASTING for index, why in new.unreadable):
        return new  # rights or links can be mended without a trace in size and time
    content = asdict(new) | {"version": _VERSION, "digests": b"".join(new.digests).hex()}
    with contextlib.suppress(OSError):  # only saves time; a full disk is reported when pictures are written
        write_json(path, content)
    return new


def _from_json(content: Any) -> Scan:
    if content["version"] != _VERSION:
        raise ValueError("another version")
    raw = bytes.fromhex(content["digests"])
    digests = [raw[start : start + 16] for start in range(0, len(raw), 16)]
    if len(digests) != content["count"]:
        raise ValueError("it is damaged")
    return Scan(**{field.name: _tuples((content | {"digests": digests})[field.name]) for field in fields(Scan)})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _duplicates(heads: list[Head]) -> list[list[int]]:
    by_digest: dict[bytes, list[int]] = defaultdict(list)
    for index, head in enumerate(heads):
        if not head.error:
            by_digest[head.digest].append(index)
    return [group for group in by_digest.values() if len(group) > 1]


def natural_size(scan: Scan) -> tuple[int, str]:
    """The default size for a split, and why, in words.

    If all pictures are squares of one size up to 64 that networks are made for: that size. Otherwise the largest of 8,
    16, 32 and 64 that enlarges the median picture (by its short side) by no more than a tenth. Larger ones take hours
    and a GPU, so they have to be asked for.
    """
    if not scan.sizes:
        return _LADDER[-1], "nothing is readable"
    first = scan.sizes[0][0]
    if len(scan.sizes) == 1 and first[0] == first[1] and first[0] in SIZES and first[0] <= _LARGEST_UNASKED:
        return first[0], f"all are {first[0]}x{first[0]}"
    short_sides = np.repeat([min(size) for size, _ in scan.sizes], [count for _, count in scan.sizes])
    median = float(np.median(short_sides))
    fitting = [size for size in _LADDER if size <= min(_LARGEST_UNASKED, _MAY_ENLARGE * median)]
    size = fitting[0] if fitting else _LADDER[-1]
    why = f"the median short side is {median:g} pixels"
    return size, why + (f"; set a size for more than {_LARGEST_UNASKED}" if median >= 128 else "")


def common_sides(scan: Scan, size: int) -> tuple[int, int] | None:
    """(height, width) of pictures with the median aspect ratio, of which ``size`` is the shorter; None for squares.

    The longer side is the nearest multiple of what a pixel of 4x4 maps grows to, at most 4 times the shorter.
    """
    ratios = np.repeat(
        [width / max(1, height) for (width, height), _ in scan.sizes], [count for _, count in scan.sizes]
    )
    if not len(ratios):
        return None
    ratio = float(np.median(ratios))
    grown = max(4, size // 4)
    longer = grown * round(size * min(4.0, max(ratio, 1 / ratio)) / grown)
    if longer <= size:
        return None
    return (size, longer) if ratio > 1 else (longer, size)


def read_anew(scan: Scan, levels: Levels) -> bool:
    """True for files whose pixels earlier versions of this program read otherwise, so that hashes should differ."""
    for name, _ in scan.formats:
        if name.endswith(WHITE_IS_ZERO) or (name == "FITS" and any(mode.startswith("I;16") for mode, _ in scan.modes)):
            return True
        if KEYED in name and (name.endswith(("bits", DEEP_COLOUR)) or levels.bytes != AS_BYTES):
            return True
    return False


def natural_channels(scan: Scan) -> int:
    """1 if no picture's mode has colour, else 3; alpha is kept only on request."""
    return 1 if all(is_grey(mode) for mode, _ in scan.modes) else 3
