"""Decoded pictures: in memory if they were arrays already, else in a memory map in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import PIL
from numpy.typing import NDArray

from steadygan.data.images.decode import Payload, Plan, decode
from steadygan.data.images.depth import Unreadable
from steadygan.data.images.entry import FORMAT_VERSION, PARTS, REASONS, Decoded, Part, Pixels, read_entry
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.scan import Scan, chunked, read_anew
from steadygan.data.images.separate import Separation, leaks, pixel_digest, separated, without_shared
from steadygan.data.images.workers import WORTH_PROCESSES, mapped
from steadygan.data.split import choose_held_out
from steadygan.errors import RunError
from steadygan.system.cache import META, explained, free_bytes, read_json, written_once
from steadygan.system.progress import tell
from steadygan.system.words import byte_size

MOST_IN_MEMORY = 2**30  # bytes of arrays that are kept in memory
_FEW = 10_000  # arrays that are resized at each start: takes less than a second

Progress: TypeAlias = Callable[[int, int], None]
"""called with (pictures done, pictures in all), or (files found so far, 0)"""


@dataclass(frozen=True, eq=False)
class Split:
    """A source's two splits, or its only one, with their scans."""

    train: Pictures
    scan: Scan
    test: Pictures | None
    test_scan: Scan | None
    share: float
    """held out of train if there is no test split"""

    @property
    def count(self) -> int:
        """Pictures with a good header."""
        scans = [self.scan] if self.test_scan is None else [self.scan, self.test_scan]
        return sum(scan.count - len(scan.unreadable) for scan in scans)

    def key(self, plan: Plan) -> str:
        """Hash of the content, the target shape, the split, and what of it can be read."""
        held_out = self.share if self.test_scan is None else self.test_scan.content
        scans = [self.scan] if self.test_scan is None else [self.scan, self.test_scan]
        bad = [[index for index, _ in scan.unreadable] for scan in scans]  # a plugin may read them another time
        known = [self.scan.content, held_out, plan.to_json(), *([bad] if any(bad) else [])]
        anew = ["read anew"] if any(read_anew(scan, plan.levels) for scan in scans) else []
        text = json.dumps([FORMAT_VERSION, *known, *anew])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def stays_in_memory(split: Split, plan: Plan) -> bool:
    """True if decoding at each start is cheaper than caching the result."""
    if not split.train.in_memory or split.count * plan.nbytes > MOST_IN_MEMORY:
        return False
    ready = all(size == plan.across_and_down for size, _ in split.scan.sizes)
    return ready or split.count <= _FEW


def cached(root: Path, key: str, plan: Plan) -> Decoded | None:
    """The cache entry of a key as read-only memory maps; None if it is missing or damaged."""
    return read_entry(root / "decoded" / key, plan)


def decoded_in_memory(split: Split, plan: Plan) -> Decoded:
    """Decodes a source to arrays."""
    sinks = (_MemorySink(), _MemorySink())
    reasons = _decode_into(split, plan, sinks, None)
    separation = _separation(split, sinks, dict(reasons[0]))
    rows = [sink.rows for sink in sinks]
    indices = [sink.indices for sink in sinks]
    if separation is not None:
        rows = [[rows[row.held_out][row.row] for row in side] for side in separation.sides]
        indices = [[indices[row.held_out][row.row] for row in side] for side in separation.sides]
    train, held_out = (
        Part(np.stack(some) if some else np.empty((0, *plan.shape), np.uint8), np.array(which, dtype=np.int64))
        for some, which in zip(rows, indices, strict=True)
    )
    return Decoded(train, held_out, *reasons, None, _pixels(sinks, separation))


def _pixels(sinks: tuple[_Sink, _Sink], separation: Separation | None) -> Pixels:
    return Pixels.of(list(sinks[0].digests.values()), list(sinks[1].digests.values()), separation)


def _separation(split: Split, sinks: tuple[_Sink, _Sink], broken: Collection[int]) -> Separation | None:
    """How to part the pictures so that none is on both sides; None if they are parted."""
    train, held_out = (sink.digests for sink in sinks)
    if not leaks(list(train.values()), list(held_out.values())):
        return None
    if split.test is not None:
        return without_shared(train, held_out)
    skip = {index for index, _ in split.scan.unreadable} | set(broken)
    return separated(split.scan.digests, split.share, skip, train, held_out)


def decoded_in_cache(root: Path, split: Split, plan: Plan, progress: Progress | None = None) -> Decoded:
    """Decodes a source into the cache on all cores, or takes what another process has put there meanwhile."""
    key = split.key(plan)
    target = root / "decoded" / key
    needed = split.count * plan.nbytes
    with explained(root, needed):
        with written_once(target, lambda folder: read_entry(folder, plan) is not None) as folder:
            if folder is not None:
                free = free_bytes(folder)
                if free < needed:
                    raise OSError(f"only {byte_size(free)} free")
                _write_entry(folder, split, plan, progress)
        decoded = read_entry(target, plan)
    if decoded is None:
        raise RunError(f"the decoded pictures in '{target}' are damaged; delete that folder")
    return decoded


def entries_of(root: Path, split: Split, plan: Plan) -> list[Path]:
    """The cache entries of a source, of any shape of picture."""
    contents = [scan.content for scan in (split.scan, split.test_scan) if scan is not None]

    def is_of_source(folder: Path) -> bool:
        meta = read_json(folder / META)
        return isinstance(meta, dict) and meta.get("contents") == contents

    parent = root / "decoded"
    folders = [path for path in sorted(parent.iterdir()) if path.is_dir()] if parent.is_dir() else []
    return [path for path in folders if path.name == split.key(plan) or is_of_source(path)]


def _write_entry(folder: Path, split: Split, plan: Plan, progress: Progress | None) -> None:
    broken: dict[int, str] = {}
    while True:
        with open(folder / "train.u8", "wb") as train, open(folder / "held_out.u8", "wb") as held_out:
            sinks = (_FileSink(train), _FileSink(held_out))
            new, broken_test = _decode_into(split, plan, sinks, progress, broken)
        broken.update(new)
        if sinks[1].indices or split.test is not None or not new:
            break  # otherwise all held-out pictures turned out broken: choose others
    separation = _separation(split, sinks, broken)
    indices = [sink.indices for sink in sinks]
    if separation is not None:
        indices = _rearranged(folder, separation, indices, plan)
    for name, of_part in zip(PARTS, indices, strict=True):
        np.save(folder / f"{name}.npy", np.array(of_part, dtype=np.int64))
    meta = {
        "version": FORMAT_VERSION,
        **{name: len(of_part) for name, of_part in zip(PARTS, indices, strict=True)},
        **dict(zip(REASONS, (sorted(broken.items()), broken_test), strict=True)),
        "pixels": asdict(_pixels(sinks, separation)),
        "plan": plan.to_json(),
        "pillow": PIL.__version__,
        "contents": [scan.content for scan in (split.scan, split.test_scan) if scan is not None],
    }
    (folder / META).write_text(json.dumps(meta), encoding="utf-8")


def _rearranged(folder: Path, separation: Separation, indices: list[list[int]], plan: Plan) -> list[list[int]]:
    """Writes the files of both parts anew, by the separation; the indices of the pictures in them."""
    sides = dict(zip(PARTS, separation.sides, strict=True))
    with ExitStack() as stack:
        files = [stack.enter_context(open(folder / f"{name}.u8", "rb")) for name in PARTS]
        for name, side in sides.items():
            out = stack.enter_context(open(folder / f"{name}.new", "wb"))
            for row in side:
                file = files[row.held_out]
                file.seek(row.row * plan.nbytes)
                out.write(file.read(plan.nbytes))
    for name in sides:
        (folder / f"{name}.new").replace(folder / f"{name}.u8")
    return [[indices[row.held_out][row.row] for row in side] for side in sides.values()]


class _Sink:
    """Takes the decoded pictures of one part."""

    def __init__(self) -> None:
        self.digests: dict[int, bytes] = {}
        """index in the source -> hash of the pixels, in the order of the pictures"""

    @property
    def indices(self) -> list[int]:
        return list(self.digests)

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        self.digests[index] = pixel_digest(picture)


class _MemorySink(_Sink):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[NDArray[np.uint8]] = []

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        super().add(index, picture)
        self.rows.append(picture)


class _FileSink(_Sink):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        super().add(index, picture)
        self._file.write(np.ascontiguousarray(picture).data)


_Reasons: TypeAlias = tuple[tuple[int, str], ...]


def _decode_into(
    split: Split,
    plan: Plan,
    sinks: tuple[_Sink, _Sink],
    progress: Progress | None,
    broken: Collection[int] = (),
) -> tuple[_Reasons, _Reasons]:
    """Decodes all but ``broken`` into (train, held out); (index, reason) of unreadable pictures in (train, test)."""
    report = _counter(progress, split.count)
    train, held_out = sinks
    bad = {index for index, _ in split.scan.unreadable} | set(broken)
    if split.test is not None and split.test_scan is not None:
        reasons = _decode_part(split.train, plan, bad, lambda index: train, report)
        bad_test = {index for index, _ in split.test_scan.unreadable}
        return reasons, _decode_part(split.test, plan, bad_test, lambda index: held_out, report)
    mask = choose_held_out(split.scan.digests, split.share, bad)
    reasons = _decode_part(split.train, plan, bad, lambda index: held_out if mask[index] else train, report)
    return reasons, ()


def _decode_part(
    pictures: Pictures, plan: Plan, bad: set[int], sink_of: Callable[[int], _Sink], report: Callable[[int], None]
) -> _Reasons:
    reasons = []
    items = ((index, payload) for index, payload in enumerate(pictures.read()) if index not in bad)
    processes = pictures.count >= WORTH_PROCESSES and not pictures.in_memory
    chunks = chunked(items, pictures.count)
    for results in mapped(partial(decode_chunk, plan=plan), chunks, processes=processes):
        for index, result in results:
            if isinstance(result, str):
                reasons.append((index, result))
            else:
                sink_of(index).add(index, result)
        report(len(results))
    return tuple(reasons)


def decode_chunk(chunk: list[tuple[int, Payload]], plan: Plan) -> list[tuple[int, NDArray[np.uint8] | str]]:
    """Decodes (index, picture) pairs; a picture that cannot be decoded becomes its reason."""
    results: list[tuple[int, NDArray[np.uint8] | str]] = []
    for index, payload in chunk:
        try:
            results.append((index, decode(payload, plan)))
        except Unreadable as error:
            results.append((index, str(error)))
    return results


def _counter(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        tell("decoding pictures, once", done, total)
        if progress:
            progress(done, total)

    return report


def labels_of(pictures: Pictures, part: Part) -> NDArray[np.int64] | None:
    """The labels of decoded pictures."""
    return None if pictures.labels is None else np.asarray(pictures.labels, dtype=np.int64)[part.indices]
