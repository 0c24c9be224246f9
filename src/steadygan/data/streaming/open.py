"""Opens shards as streamed training data: only labels and a small part of the pictures are read before training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TypeAlias

import numpy as np

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.images import (
    SIZES_LISTED,
    channels_sentence,
    extreme,
    label_note,
    label_sentences,
    range_words,
    size_sentence,
    warnings_of,
)
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.images.decode import Plan
from steadygan.data.images.inspection import FEWEST, MOST_UNREADABLE, Inspection
from steadygan.data.images.measure import measured
from steadygan.data.images.pictures import PictureSource
from steadygan.data.images.scan import SIZES, common_sides, natural_size, read_anew, scan
from steadygan.data.images.store import Split
from steadygan.data.images.transparency import channels_of
from steadygan.data.options import DataOptions
from steadygan.data.streaming.shards import (
    Shards,
    ShardSource,
    ShardSplits,
    encoded_bytes,
    picture_count,
    pictures_of,
)
from steadygan.data.streaming.shuffle import LaneOrder
from steadygan.data.streaming.stream import Streamed, decode_shards
from steadygan.data.types import Samples
from steadygan.errors import DataError
from steadygan.system.cache import cache_folder
from steadygan.system.words import byte_size
from steadygan.types import SampleSpec

MOST_HELD_OUT, MOST_BYTES = 2_000, 400 * 10**6
"""pictures, and decoded bytes of them, that are inspected and held out; a whole group may be more"""
WINDOW, WINDOW_BYTES = 8_192, 512 * 10**6
_VERSION = 1

Broken: TypeAlias = tuple[tuple[int, str], ...]
"""position and reason of pictures that cannot be decoded"""


def open_stream(source: ShardSource, options: DataOptions) -> Dataset:
    """Shards as data that is read while it is trained on.

    Held out are whole groups: of the official test split if there is one, else of all, chosen by the names of the
    files and their numbers in them. Size and channels follow their pictures.

    Raises:
        DataError: for files that cannot be streamed, one line.
    """
    splits = source.open(options.labels)
    train, held_out = _split(source, splits, options)
    inspection = _inspect(source, splits, held_out, options)
    if not inspection.class_names:
        train, held_out = train.without_labels(), held_out.without_labels()
    samples, labels, broken = decode_shards(held_out, inspection.plan)
    _check(source.name, train, len(samples), broken, inspection)
    order = LaneOrder(np.array([group.size for group in train.groups]), _window(source, train, options))
    stream = Streamed(train, inspection.plan, order)
    return Dataset(
        name=source.name,
        sample=SampleSpec(inspection.plan.shape, len(inspection.class_names)),
        train=stream,
        held_out=Stored(samples, labels),
        fingerprint=_fingerprint(splits, inspection),
        class_names=inspection.class_names,
        audit=_audit(source, splits, inspection, stream, broken, samples),
    )


def _split(source: ShardSource, splits: ShardSplits, options: DataOptions) -> tuple[Shards, Shards]:
    """Groups to train on, and to hold out."""
    one = (options.channels or (3 if options.alpha == "white" else 4)) * (options.size or max(SIZES)) ** 2
    most = max(1, min(MOST_HELD_OUT, MOST_BYTES // one))
    train, test = splits.train, splits.test
    if test.groups:
        return train, test.select(_choose_groups(test, most, len(test.groups)))
    count = len(train.groups)
    if count < 2:
        raise DataError(
            f"'{source.name}' has {count} {source.group}{'s' * (count != 1)}, and a stream holds a whole one out: "
            f"write the file with smaller ones ({source.smaller}), or leave out --data.stream"
        )
    wanted = min(most, max(1, round(options.held_out * picture_count(train))))
    chosen = _choose_groups(train, wanted, count - 1)
    others = np.setdiff1d(np.arange(count), chosen).tolist()
    return train.select(others), train.select(chosen)


def _choose_groups(shards: Shards, wanted: int, most: int) -> list[int]:
    """At most ``most`` groups with ``wanted`` pictures together, the first ones by a hash of their names."""

    def key(number: int) -> bytes:
        group = shards.groups[number]
        text = f"{group.file.name}\0{group.number}"
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape")).digest()

    chosen: list[int] = []
    for number in sorted(range(len(shards.groups)), key=key):
        if len(chosen) == most or sum(shards.groups[other].size for other in chosen) >= wanted:
            break
        chosen.append(number)
    return sorted(chosen)


def _inspect(source: ShardSource, splits: ShardSplits, held_out: Shards, options: DataOptions) -> Inspection:
    """The inspection of the held-out pictures, which stand for all."""
    pictures = pictures_of(held_out)
    seen = scan(pictures)
    size, why = natural_size(seen)
    if options.size is not None:
        size, why = options.size, "as asked"
    part = f"the {seen.count:,} pictures that are held out"
    known = measured(source.name, [(pictures, seen)], options.range, cache_folder(options.cache), stands_for=part)
    channels, kept = channels_of(options.channels, options.alpha, pictures, seen, cache_folder(options.cache))
    sides = common_sides(seen, size) if options.fit == "keep" else None
    plan = Plan(size, channels, options.fit, known.levels, kept, sides)
    inspected = PictureSource(
        source.name,
        f"{source.format}, streamed",
        pictures,
        class_names=splits.class_names,
        label_note=splits.label_note,
    )
    split = Split(pictures, seen, None, None, options.held_out)
    return Inspection(inspected, options, cache_folder(options.cache), split, plan, why, known.ranges, known.problem)


def _check(name: str, train: Shards, readable: int, broken: Broken, inspection: Inspection) -> None:
    inspected = inspection.split.scan.count
    if len(broken) > MOST_UNREADABLE * inspected or not readable:
        first = f"{inspection.source.train.name_of(broken[0][0])}: {broken[0][1]}" if broken else "there are none"
        raise DataError(
            f"'{name}' has {len(broken):,} unreadable pictures among the {inspected:,} that were inspected ({first}); "
            f"at most {MOST_UNREADABLE:.0%} may be unreadable"
        )
    if inspection.range_problem:
        raise DataError(inspection.range_problem)
    if picture_count(train) < FEWEST:
        raise DataError(f"'{name}' has {picture_count(train)} pictures to train on; training needs at least {FEWEST}")


def _window(source: ShardSource, train: Shards, options: DataOptions) -> int:
    """Pictures of a shuffle window, which are buffered."""
    count = picture_count(train)
    window = options.window or max(1, min(WINDOW, WINDOW_BYTES * count // max(1, encoded_bytes(train))))
    largest = max(train.groups, key=lambda group: group.size)
    if largest.size > window:
        raise DataError(
            f"{largest} has {largest.size:,} pictures ({byte_size(largest.nbytes)}), and a stream holds {window:,} at "
            f"once: write '{source.name}' with smaller {source.group}s ({source.smaller}), or give "
            f"--data.window {largest.size} if memory allows it"
        )
    return min(window, count)


def _fingerprint(splits: ShardSplits, inspection: Inspection) -> str:
    """Hash of the sizes of all groups, the content of the held-out pictures, the shape, and the split."""
    sizes = [[[group.size, group.nbytes] for group in shards.groups] for shards in (splits.train, splits.test)]
    scan, plan = inspection.split.scan, inspection.plan
    anew = ["read anew"] if read_anew(scan, plan.levels) else []
    text = json.dumps(["stream", _VERSION, sizes, scan.content, plan.to_json(), *anew])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _audit(
    source: ShardSource,
    splits: ShardSplits,
    inspection: Inspection,
    stream: Streamed,
    broken: Broken,
    samples: Samples,
) -> Audit:
    seen, groups, count = inspection.split.scan, stream.shards.groups, len(stream)
    held_out = seen.count - len(broken)
    own = f"{source.group}s of the source's own '{source.test_name}' split"
    where = own if splits.test.groups else f"whole {source.group}s"
    files = len({group.file for group in groups})
    mean = encoded_bytes(stream.shards) / max(1, count)
    window = stream.order.window
    sentences = [
        f"It trains on {count:,} pictures in {len(groups):,} {source.group}s of {files:,} files, read and "
        f"decoded while it trains; {held_out:,} are held out and never trained on ({where}).",
        size_sentence(inspection),
        channels_sentence(inspection),
        *label_sentences(inspection),
        *(
            ["Half of the pictures are mirrored left to right, at random at each draw."]
            if inspection.options.flip
            else []
        ),
        f"Each epoch takes the {source.group}s in another order and shuffles windows of {window:,} pictures; at most "
        f"as many are buffered, encoded (about {byte_size(round(window * mean))}).",
        f"Copies of held-out pictures may be trained on: only whole {source.group}s are held out, and not compared.",
        f"A picture that cannot be decoded is replaced by the next one of its {source.group}, and counted.",
        "Evaluations, and whatever else would need all pictures, take a fixed part of "
        f"{stream.part:,} ({byte_size(stream.part * inspection.plan.nbytes)} decoded).",
    ]
    return Audit(
        source=inspection.options.source,
        kind=inspection.source.kind,
        shape=inspection.plan.shape,
        found=picture_count(splits.train) + picture_count(splits.test),
        train=count,
        held_out=held_out,
        held_out_from=where,
        label_note=label_note(inspection),
        classes=tuple((name, None) for name in inspection.class_names),
        sizes=seen.sizes[:SIZES_LISTED],
        different_sizes=len(seen.sizes),
        smallest=extreme(seen.sizes, min),
        largest=extreme(seen.sizes, max),
        levels=asdict(inspection.plan.levels),
        ranges=tuple((which, each.to_json()) for which, each in inspection.ranges),
        range_words=range_words(inspection),
        warnings=warnings_of(inspection, samples),
        modes=seen.modes,
        formats=seen.formats,
        animated=seen.animated,
        rotated=seen.rotated,
        duplicate_groups=seen.duplicate_groups,
        duplicate_copies=seen.duplicate_copies,
        duplicates=seen.duplicates,
        unreadable_count=len(broken),
        unreadable=tuple((inspection.source.train.name_of(position), why) for position, why in broken),
        notes=(*splits.notes, f"All but the number of pictures comes from the {seen.count:,} that are held out."),
        what_training_will_do=tuple(sentences),
    )
