"""Decoded pictures: in memory if they were arrays already, else in a memory map in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import PIL
from numpy.typing import NDArray

from steadygan.data.images.decode import Payload, Plan, Unreadable, decode
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.scan import Scan, chunked
from steadygan.data.images.workers import WORTH_PROCESSES, mapped
from steadygan.data.split import choose_held_out
from steadygan.errors import RunError
from steadygan.system.cache import META, explained, free_bytes, mark_used, read_json, written_once
from steadygan.system.words import byte_size

FORMAT_VERSION = 1
MOST_IN_MEMORY = 2**30  # bytes of arrays that are kept in memory
_FEW = 10_000  # arrays that are resized at each start: takes less than a second

Progress: TypeAlias = Callable[[int, int], None]
"""called with (pictures done, pictures in all)"""


@dataclass(frozen=True, eq=False)
class Part:
    """Decoded pictures of one split."""

    samples: NDArray[np.uint8]
    """[M, C, S, S]"""
    indices: NDArray[np.int64]
    """[M]: index of each in the source"""


@dataclass(frozen=True, eq=False)
class Decoded:
    """A source, decoded and split."""

    train: Part
    held_out: Part
    """indices are of the test split if there is one, else of the training split"""
    unreadable: tuple[tuple[int, str], ...]
    """(index, reason) of pictures with a good header"""
    unreadable_test: tuple[tuple[int, str], ...]
    folder: Path | None = None
    """of the cache entry; None if in memory"""


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
        """Hash of the content, the target shape, and the split."""
        held_out = self.share if self.test_scan is None else self.test_scan.content
        text = json.dumps([FORMAT_VERSION, self.scan.content, held_out, asdict(plan)])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def stays_in_memory(split: Split, plan: Plan) -> bool:
    """True if decoding at each start is cheaper than caching the result."""
    if not split.train.in_memory or split.count * plan.nbytes > MOST_IN_MEMORY:
        return False
    ready = all(size == (plan.size, plan.size) for size, _ in split.scan.sizes)
    return ready or split.count <= _FEW


def cached(root: Path, key: str, plan: Plan) -> Decoded | None:
    """The cache entry of a key as read-only memory maps; None if it is missing or damaged."""
    return _read_entry(root / "decoded" / key, plan)


def _read_entry(folder: Path, plan: Plan) -> Decoded | None:
    meta = read_json(folder / META)
    if not isinstance(meta, dict) or meta.get("version") != FORMAT_VERSION:
        return None
    try:
        parts = [_mapped_part(folder, name, meta[name], plan) for name in ("train", "held_out")]
        reasons = [tuple((int(i), str(why)) for i, why in meta[name]) for name in _REASONS]
    except Exception:  # whatever numpy raises on a damaged header; the entry is written again
        return None
    mark_used(folder / META, parts[0].samples)
    return Decoded(parts[0], parts[1], reasons[0], reasons[1], folder)


_REASONS = ("unreadable", "unreadable_test")


def _mapped_part(folder: Path, name: str, count: int, plan: Plan) -> Part:
    path = folder / f"{name}.u8"
    if path.stat().st_size != count * plan.nbytes:
        raise ValueError(f"{path} has {path.stat().st_size} bytes")
    shape = (count, *plan.shape)
    samples = np.memmap(path, np.uint8, "r", shape=shape) if count else np.empty(shape, np.uint8)
    indices = np.load(folder / f"{name}.npy", allow_pickle=False)
    if indices.shape != (count,):
        raise ValueError(f"{folder} has {len(indices)} indices for {count} pictures")
    return Part(samples, indices)


def decoded_in_memory(split: Split, plan: Plan) -> Decoded:
    """Decodes a source to arrays."""
    sinks = (_MemorySink(plan), _MemorySink(plan))
    reasons = _decode_into(split, plan, sinks, None)
    return Decoded(sinks[0].part(), sinks[1].part(), *reasons)


def decoded_in_cache(root: Path, split: Split, plan: Plan, progress: Progress | None = None) -> Decoded:
    """Decodes a source into the cache on all cores, or takes what another process has put there meanwhile."""
    key = split.key(plan)
    target = root / "decoded" / key
    needed = split.count * plan.nbytes
    with explained(root, needed):
        with written_once(target, lambda folder: _read_entry(folder, plan) is not None) as folder:
            if folder is not None:
                free = free_bytes(folder)
                if free < needed:
                    raise OSError(f"only {byte_size(free)} free")
                _write_entry(folder, split, plan, progress)
        decoded = _read_entry(target, plan)
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
    for name, sink in zip(("train", "held_out"), sinks, strict=True):
        np.save(folder / f"{name}.npy", np.array(sink.indices, dtype=np.int64))
    meta = {
        "version": FORMAT_VERSION,
        "train": len(sinks[0].indices),
        "held_out": len(sinks[1].indices),
        **dict(zip(_REASONS, (sorted(broken.items()), broken_test), strict=True)),
        "plan": asdict(plan),
        "pillow": PIL.__version__,
        "contents": [scan.content for scan in (split.scan, split.test_scan) if scan is not None],
    }
    (folder / META).write_text(json.dumps(meta), encoding="utf-8")


class _MemorySink:
    def __init__(self, plan: Plan) -> None:
        self.indices: list[int] = []
        self._rows: list[NDArray[np.uint8]] = []
        self._shape = plan.shape

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        self.indices.append(index)
        self._rows.append(picture)

    def part(self) -> Part:
        samples = np.stack(self._rows) if self._rows else np.empty((0, *self._shape), np.uint8)
        return Part(samples, np.array(self.indices, dtype=np.int64))


class _FileSink:
    def __init__(self, file: IO[bytes]) -> None:
        self.indices: list[int] = []
        self._file = file

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        self.indices.append(index)
        self._file.write(np.ascontiguousarray(picture).data)


_Sink: TypeAlias = _MemorySink | _FileSink
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
        if progress:
            progress(done, total)

    return report


def labels_of(pictures: Pictures, part: Part) -> NDArray[np.int64] | None:
    """The labels of decoded pictures."""
    return None if pictures.labels is None else np.asarray(pictures.labels, dtype=np.int64)[part.indices]
