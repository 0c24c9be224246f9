"""The value range of picture files: one for all pictures of a data set, from a first pass over their pixels.

Files of 8 bits are looked at until one is brighter than a mask or label map; deeper ones all, once: what is found is
kept in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from steadygan.data.bounds import Bounds
from steadygan.data.images.decode import MOST_PIXELS, Payload, opened, quiet_pillow
from steadygan.data.images.depth import Levels, Unreadable, colours, depth
from steadygan.data.images.keyed import hidden, load
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.scan import Scan, chunked
from steadygan.data.images.stored import mode_of, numbers_of
from steadygan.data.images.workers import WORTH_PROCESSES, mapped
from steadygan.data.tally import FEW_KEPT, KEPT, Tally, spaced
from steadygan.data.value_range import FEW, Kind, ValueRange
from steadygan.errors import DataError
from steadygan.system.cache import read_json, write_json

_VERSION = 4
_FIRST = 16
"""pictures of each split that are looked at one by one"""
_NAMES = {"bytes": "pictures of 8 bits", "whole": "pictures of more bits", "real": "pictures of fractions"}


@dataclass(frozen=True)
class Measured:
    """The levels of all files, and how they were found."""

    levels: Levels
    ranges: tuple[tuple[str, ValueRange], ...]
    """(which pictures, range), for each depth that occurs; empty if no file could be read"""
    problem: str = ""
    """why the pictures cannot be trained on"""
    by_depth: Mapping[Kind, ValueRange] = field(default_factory=dict)
    """the same ranges by the depth of the files"""


class Extremes(NamedTuple):
    """What one picture's pixels hold."""

    kind: Kind
    least: float
    most: float
    kept: NDArray[np.generic] | None
    """some of the numbers"""
    transparent: bool = False
    """some pixels are not opaque"""


def measured(
    name: str, splits: Sequence[tuple[Pictures, Scan]], asked: Bounds, root: Path, *, stands_for: str = ""
) -> Measured:
    """The value range of each depth of the files of a source.

    Args:
        name: of the source, in messages
        splits: pictures and their scan, of each split
        asked: the range of the deeper files, or of all if all have 8 bits; () to find it
        root: the cache folder
        stands_for: what the pictures are a part of, in words; '' if they are all
    """
    files = list(splits)
    present = {depth(mode) for _, scan in files for mode, _ in scan.modes}
    if not present:
        return Measured(Levels(), ())
    deepest: set[Kind] = present - {"bytes"} or present
    path = root / "scans" / f"{_key(files, asked)}.json"
    found = _cached(path)
    if found is None:
        tallies = _tallies(files, present, deepest, asked)
        alone = len(tallies) == 1
        try:
            found = {kind: each.range(asked if kind in deepest else (), alone=alone) for kind, each in tallies.items()}
        except DataError as error:
            return Measured(Levels(), (), f"'{name}' {error}")
        if all(pictures.key is not None for pictures, _ in files):
            with contextlib.suppress(OSError):  # only saves time
                write_json(path, {"version": _VERSION, **{kind: each.to_json() for kind, each in found.items()}})
    if stands_for:
        found = {kind: replace(each, why=f"{each.why}, of {stands_for}") for kind, each in found.items()}
    ends = {kind: (each.low, each.high) for kind, each in found.items()}
    several = len(found) > 1
    named = tuple((_NAMES[kind] if several else "", each) for kind, each in sorted(found.items()))
    return Measured(Levels(**ends), named, by_depth=found)


def _key(files: Sequence[tuple[Pictures, Scan]], asked: Bounds) -> str:
    text = json.dumps(["range", _VERSION, [scan.content for _, scan in files], list(asked)])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _cached(path: Path) -> dict[Kind, ValueRange] | None:
    content = read_json(path)
    if not isinstance(content, dict) or content.pop("version", None) != _VERSION:
        return None
    try:
        return {kind: ValueRange(**content[kind]) for kind in ("bytes", "whole", "real") if kind in content}
    except TypeError:
        return None


def _tallies(
    files: Sequence[tuple[Pictures, Scan]], present: set[Kind], deepest: set[Kind], asked: Bounds
) -> dict[Kind, Tally]:
    """The extremes of each depth; those of 8 bits only until a picture is bright, where they are not asked for."""
    pixels = sum(width * height * count for _, scan in files for (width, height), count in scan.sizes)
    channels = 1 if present - {"bytes"} else 3
    keep = {kind: KEPT if asked and kind in deepest else 0 if kind == "bytes" else FEW_KEPT for kind in present}
    tallies = {kind: Tally(kind, pixels * channels, keep[kind]) for kind in present}
    done = dict.fromkeys(present, False)
    for extremes in _extremes(files, {kind: tally.step for kind, tally in tallies.items()}):
        tally = tallies[extremes.kind]
        tally.merge(extremes.least, extremes.most, extremes.kept)
        tally.transparent = tally.transparent or extremes.transparent
        bright = extremes.kind == "bytes" and not tally.step and FEW <= tally.most != tally.least
        done[extremes.kind] = done[extremes.kind] or bright
        if all(done.values()):
            break  # the generator ends its processes
    return {kind: tally for kind, tally in tallies.items() if np.isfinite(tally.most)}


def _extremes(files: Sequence[tuple[Pictures, Scan]], steps: dict[Kind, int]) -> Iterator[Extremes]:
    for pictures, scan in files:
        bad = {index for index, _ in scan.unreadable}
        items = (payload for index, payload in enumerate(pictures.read()) if index not in bad)
        with quiet_pillow():
            for payload in islice(items, _FIRST):  # of most sets, the first picture of 8 bits is bright
                yield from measure_chunk([payload], steps)
        processes = pictures.count >= WORTH_PROCESSES
        measure = partial(measure_chunk, steps=steps)
        for results in mapped(measure, chunked(items, pictures.count), processes=processes):
            yield from results


def measure_chunk(chunk: list[Payload], steps: dict[Kind, int]) -> list[Extremes]:
    """The extremes of the pictures that can be decoded."""
    results = []
    for payload in chunk:
        if isinstance(payload, np.ndarray):  # [C, H, W]
            with_alpha = len(payload) in (2, 4)
            numbers = _of_numbers("bytes", payload[:-1] if with_alpha else payload, steps)
            results.append(_over_white(numbers) if with_alpha and payload[-1].min() < 255 else numbers)
            continue
        with contextlib.suppress(Unreadable), opened(payload) as image:
            if image.width * image.height <= MOST_PIXELS:
                load(image)
                results.append(_of_image(image, steps))
    return [extremes for extremes in results if extremes is not None]


def _of_image(image: Image.Image, steps: dict[Kind, int]) -> Extremes | None:
    """None if numbers are not finite: such a picture is left out when it is decoded."""
    kind = depth(mode_of(image))
    if kind != "bytes":
        pixels, where = numbers_of(image), hidden(image)
        if where is None or not where.any():
            return _of_numbers(kind, pixels, steps)
        found = _of_numbers(kind, pixels[~where], steps)
        return found and found._replace(transparent=True)
    flat = colours(image)
    pixels = np.asarray(flat)
    if flat.mode == "1":
        pixels = pixels.astype(np.uint8) * 255
    if flat.mode not in ("LA", "RGBA"):
        return _of_numbers(kind, pixels, steps)
    numbers, opacity = pixels[..., :-1], pixels[..., -1]
    if image.mode in ("1", "L", "RGB"):  # a transparent colour, which has no part in the range
        found = _of_numbers(kind, numbers[opacity > 0], steps)
        return found and found._replace(transparent=not opacity.all())
    found = _of_numbers(kind, numbers, steps)
    return _over_white(found) if opacity.min() < 255 else found


def _over_white(extremes: Extremes | None) -> Extremes | None:
    """Those of a picture of 8 bits with an alpha channel, and of the white that shows through."""
    return extremes and extremes._replace(most=255.0, transparent=True)


def _of_numbers(kind: Kind, pixels: NDArray[Any], steps: dict[Kind, int]) -> Extremes | None:
    if not pixels.size:  # all of it is transparent
        return None
    step = steps.get(kind, 0)
    least, most = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        return None
    if not step:
        return Extremes(kind, least, most, None)
    rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(pixels).data))
    return Extremes(kind, least, most, spaced(pixels, step, rng).copy())
