"""Data sets of numbers that are no 8-bit pictures: scaled to float32 for each channel or column, split, audited."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.numbers import NumbersSummary, number_sentences
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.numbers.source import Numbers, NumberSource
from steadygan.data.numbers.statistics import Statistics, digest_of, statistics_of
from steadygan.data.options import DataOptions
from steadygan.data.split import MOST_HELD_OUT, choose_held_out
from steadygan.data.units import Units, standardised, to_unit_range
from steadygan.errors import DataError, RunError, UsageError
from steadygan.system.cache import cache_folder, explained, read_json, written_once
from steadygan.types import SampleSpec

FEWEST = 16
MOST_IN_MEMORY = 2**30
"""bytes of samples; more are kept in a memory map in the cache"""
_VERSION = 1
_MANY_COPIES = 0.05
_SHOWN_COPIES = 3
_NARROW = 0.1


def open_numbers(source: NumberSource, options: DataOptions) -> Dataset:
    """The data set of a source of numbers, with its units.

    Raises:
        UsageError: for options that are for pictures.
        DataError: one line, for numbers that cannot be trained on.
    """
    _check_options(source, options)
    splits = [source.train] if source.test is None else [source.train, source.test]
    if source.train.shape[0] < FEWEST:
        raise DataError(f"'{source.name}' has {source.train.shape[0]} samples; training needs at least {FEWEST}")
    found = statistics_of(splits, source.columns)
    if not found.deviation.any():
        raise DataError(f"'{source.name}': all samples are the same; there is nothing to learn")
    units = _units(source, found)
    held_out = _held_out(source, found, units, options)
    class_names = source.class_names if options.labels and len(source.class_names) > 1 else ()
    sample = SampleSpec(source.train.shape[1:], len(class_names), source.kind)
    fingerprint = _fingerprint(source, found, held_out, class_names)
    parts, folder = _stored(splits, held_out, units, options, fingerprint)
    labels = _labels(splits, held_out) if class_names else [None, None]
    train, aside = (Stored(part, label) for part, label in zip(parts, labels, strict=True))
    source = replace(source, notes=(*source.notes, *_shared(source, found)))
    audit = _audit(source, options, sample, units, found, (train, aside), class_names, folder)
    return Dataset(source.name, sample, train, aside, fingerprint, class_names, audit, units=units)


def _check_options(source: NumberSource, options: DataOptions) -> None:
    what = {"points": "a table", "image": "images of many bands"}.get(source.kind, f"{source.kind}s")
    for name in ("size", "channels"):
        if getattr(options, name) is not None:
            raise UsageError(f"data {name} is {getattr(options, name)}, but '{source.name}' holds {what}, not pictures")
    if options.flip and source.kind != "image":
        raise UsageError(
            f"data flip is true, but '{source.name}' holds {what}: mirroring, and recipes that have it such as photos, "
            "are for pictures"
        )


def _units(source: NumberSource, found: Statistics) -> Units:
    dtype = source.train.dtype
    if source.kind == "points":
        names = source.columns or tuple(f"column_{number}" for number in range(source.train.shape[1]))
        return standardised(found.mean, found.deviation, dtype, names, found.whole)
    return to_unit_range(found.low, found.high, dtype)


def _held_out(source: NumberSource, found: Statistics, units: Units, options: DataOptions) -> NDArray[np.bool_]:
    """Mask [M of both splits] of the held-out samples."""
    count = source.train.shape[0]
    if source.test is not None:
        return np.arange(count + source.test.shape[0]) >= count
    digests: Sequence[bytes] = found.digests
    copies = len(digests) - len(set(digests))
    if source.kind == "points" and copies > _MANY_COPIES * len(digests):
        # Equal rows of a table are values that occur often, not copies: held out together, a value would be missing.
        digests = _numbered(digests)
        return choose_held_out(digests, options.held_out, samples=digests)
    return choose_held_out(digests, options.held_out, samples=_as_seen(source.train, units))


def _as_seen(split: Numbers, units: Units) -> list[bytes]:
    """Hashes of samples as training sees them, of which 0 and -0, and numbers closer than float32 tells, are one."""
    return [digest_of(row) for piece in split.pieces() for row in units.scaled(piece) + np.float32(0)]


def _shared(source: NumberSource, found: Statistics) -> tuple[str, ...]:
    """A note on samples of the test split that training has too."""
    count = source.train.shape[0]
    train, test = set(found.digests[:count]), found.digests[count:]
    shared = sum(digest in train for digest in test) if source.test is not None else 0
    return (f"{shared:,} samples of the test split are training samples too, number for number.",) if shared else ()


def _numbered(digests: Sequence[bytes]) -> list[bytes]:
    """Hashes in which equal ones differ by their occurrence."""
    seen: Counter[bytes] = Counter()
    result = []
    for digest in digests:
        result.append(hashlib.blake2b(digest + seen[digest].to_bytes(8, "little"), digest_size=16).digest())
        seen[digest] += 1
    return result


def _fingerprint(
    source: NumberSource, found: Statistics, held_out: NDArray[np.bool_], class_names: tuple[str, ...]
) -> str:
    known = json.dumps([_VERSION, source.kind, list(source.train.shape[1:]), list(source.columns), list(class_names)])
    digest = hashlib.blake2b(known.encode(), digest_size=16)
    for one in found.digests:
        digest.update(one)
    digest.update(np.packbits(held_out).tobytes())
    for split in (source.train, source.test):
        if split is not None and split.labels is not None and class_names:
            digest.update(np.ascontiguousarray(split.labels, dtype="<i8").tobytes())
    return digest.hexdigest()


def _labels(splits: Sequence[Numbers], held_out: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    labels = np.concatenate([np.asarray(split.labels, dtype=np.int64) for split in splits])
    return [labels[~held_out], labels[held_out]]


def _stored(
    splits: Sequence[Numbers], held_out: NDArray[np.bool_], units: Units, options: DataOptions, fingerprint: str
) -> tuple[list[NDArray[np.float32]], Path | None]:
    """Scaled samples of training and held out, in memory or in the cache, and their folder there."""
    shapes = [(int(part.sum()), *splits[0].shape[1:]) for part in (~held_out, held_out)]
    needed = 4 * sum(math.prod(shape) for shape in shapes)
    if needed <= MOST_IN_MEMORY:
        parts = [np.empty(shape, np.float32) for shape in shapes]
        done = [0, 0]
        for samples, mask in _scaled(splits, held_out, units):
            for side, rows in enumerate((samples[~mask], samples[mask])):
                parts[side][done[side] : done[side] + len(rows)] = rows
                done[side] += len(rows)
        return parts, None
    root = cache_folder(options.cache)
    target = root / "decoded" / fingerprint
    with explained(root, needed):
        with written_once(target, lambda folder: _maps(folder, shapes) is not None) as folder:
            if folder is not None:
                _write(folder, splits, held_out, units)
        maps = _maps(target, shapes)
    if maps is None:
        raise RunError(f"the stored samples in '{target}' are damaged; delete that folder")
    return maps, target


def _scaled(splits: Sequence[Numbers], held_out: NDArray[np.bool_], units: Units) -> Any:
    """Iterates over (scaled samples, mask of the held-out ones) piece by piece."""
    start = 0
    for split in splits:
        for piece in split.pieces():
            yield units.scaled(piece), held_out[start : start + len(piece)]
            start += len(piece)


def _write(folder: Path, splits: Sequence[Numbers], held_out: NDArray[np.bool_], units: Units) -> None:
    with open(folder / "train.f32", "wb") as train, open(folder / "held_out.f32", "wb") as aside:
        for samples, mask in _scaled(splits, held_out, units):
            train.write(np.ascontiguousarray(samples[~mask]).data)
            aside.write(np.ascontiguousarray(samples[mask]).data)
    (folder / "meta.json").write_text(json.dumps({"version": _VERSION, "numbers": "float32"}), encoding="utf-8")


def _maps(folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]] | None:
    """Read-only memory maps of an entry; None if it is missing or damaged."""
    meta = read_json(folder / "meta.json")
    if not isinstance(meta, dict) or meta.get("numbers") != "float32":
        return None
    paths = [folder / "train.f32", folder / "held_out.f32"]
    try:
        if any(path.stat().st_size != 4 * math.prod(shape) for path, shape in zip(paths, shapes, strict=True)):
            return None
        return [np.memmap(path, np.float32, "r", shape=shape) for path, shape in zip(paths, shapes, strict=True)]
    except (OSError, ValueError):
        return None


def _audit(
    source: NumberSource,
    options: DataOptions,
    sample: SampleSpec,
    units: Units,
    found: Statistics,
    parts: tuple[Stored, Stored],
    class_names: tuple[str, ...],
    folder: Path | None,
) -> Audit:
    train, held_out = parts
    held_out_from = (
        f"{options.held_out:.0%} of all, at most {MOST_HELD_OUT:,}, chosen by content"
        if source.test is None
        else "the source's own test split"
    )
    summary = _summary(sample, str(source.train.dtype), units.names, found)
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, digest in enumerate(found.digests):
        groups[digest].append(index)
    copies = [group for group in groups.values() if len(group) > 1]
    counts: list[int] = [] if train.labels is None else np.bincount(train.labels, minlength=len(class_names)).tolist()
    nbytes = train.samples.nbytes + held_out.samples.nbytes
    return Audit(
        source=options.source,
        kind=source.form,
        shape=sample.shape,
        found=len(train) + len(held_out),
        train=len(train),
        held_out=len(held_out),
        held_out_from=held_out_from,
        label_note="" if class_names or not options.labels else source.label_note,
        classes=tuple(zip(class_names, counts, strict=True)) if class_names else (),
        duplicate_groups=len(copies),
        duplicate_copies=sum(len(group) - 1 for group in copies),
        duplicates=tuple(tuple(source.train.name_of(i) for i in group[:_SHOWN_COPIES]) for group in copies[:1]),
        notes=source.notes,
        numbers=summary,
        what_training_will_do=(
            f"It trains on {len(train):,} {summary.what}; {len(held_out):,} are held out and never trained on "
            f"({held_out_from}).",
            *number_sentences(summary, sample),
            _label_sentence(source, class_names),
        ),
        cache=str(folder) if folder else None,
        cache_bytes=nbytes if folder else 0,
    )


def _summary(sample: SampleSpec, dtype: str, names: tuple[str, ...], found: Statistics) -> NumbersSummary:
    called = names or tuple(f"channel {number}" for number in range(len(found.low)))
    numbers = zip(*(each.tolist() for each in (found.low, found.high, found.mean, found.deviation)), strict=True)
    rows = tuple((name, *each) for name, each in zip(called, numbers, strict=True))
    few = found.middle[1] - found.middle[0] < _NARROW * (found.high - found.low)
    squeezed = [False] * len(called) if sample.is_points else few.tolist()
    narrow = tuple(name for name, is_few in zip(called, squeezed, strict=True) if is_few)
    what = {"points": "rows", "image": "images"}.get(sample.kind, f"{sample.kind}s")
    return NumbersSummary(what, dtype, rows, narrow)


def _label_sentence(source: NumberSource, class_names: tuple[str, ...]) -> str:
    if class_names:
        return f"There are {len(class_names):,} classes; recipes with labels use them."
    return source.label_note or (
        "Labels are there but not used, as asked." if len(source.class_names) > 1 else "There are no labels."
    )
