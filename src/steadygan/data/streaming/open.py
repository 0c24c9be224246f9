"""Opens parquet files as a stream: only footers, labels and a small part of the pictures are read before training."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import asdict
from typing import TypeAlias

import numpy as np

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.images import SIZES_LISTED, channels_sentence, extreme, label_sentences, size_sentence
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.images.decode import Plan
from steadygan.data.images.inspection import FEWEST, MOST_UNREADABLE, Look
from steadygan.data.images.pictures import PictureSource
from steadygan.data.images.scan import SIZES, natural_channels, natural_size, scan
from steadygan.data.images.store import Split
from steadygan.data.options import DataOptions
from steadygan.data.parquet.row_groups import Found, RowGroups, look_at_footers
from steadygan.data.parquet.tables import Tables
from steadygan.data.streaming.shuffle import LaneOrder
from steadygan.data.streaming.stream import Streamed, decoded_groups
from steadygan.errors import DataError
from steadygan.system.cache import cache_folder
from steadygan.system.words import megabytes
from steadygan.types import SampleSpec

MOST_HELD_OUT, MOST_BYTES = 2_000, 400 * 10**6
"""pictures, and decoded bytes of them, that are looked at and held out; a whole row group may be more"""
WINDOW, WINDOW_BYTES = 8_192, 512 * 10**6
_VERSION = 1

Broken: TypeAlias = tuple[tuple[int, str], ...]
"""place and reason of pictures that cannot be decoded"""


def open_stream(tables: Tables, options: DataOptions) -> Dataset:
    """Parquet files as data that is read while it is trained on.

    Held out are whole row groups: of the official test split where there is one, else of all, chosen by the names of
    the files and their places in them. Size and channels follow the pictures in these.

    Raises:
        DataError: for files that cannot be streamed, one line.
    """
    found = look_at_footers(tables, options.labels)
    train, held_out = _split(tables, found, options)
    look = _look(tables, found, held_out, options)
    if not look.class_names:
        train, held_out = (dataclasses.replace(groups, labels={}) for groups in (train, held_out))
    samples, labels, broken = decoded_groups(held_out, look.plan)
    _check(tables.name, train, len(samples), broken, look)
    order = LaneOrder(np.array([place.rows for place in train.places]), _window(tables.name, train, options))
    stream = Streamed(train, look.plan, order)
    return Dataset(
        name=tables.name,
        sample=SampleSpec(look.plan.shape, len(look.class_names)),
        train=stream,
        held_out=Stored(samples, labels),
        fingerprint=_fingerprint(found, look),
        class_names=look.class_names,
        audit=_audit(tables, found, look, stream, broken),
    )


def _split(tables: Tables, found: Found, options: DataOptions) -> tuple[RowGroups, RowGroups]:
    """Row groups to train on, and to hold out."""
    one = (options.channels or 3) * (options.size or max(SIZES)) ** 2
    most = max(1, min(MOST_HELD_OUT, MOST_BYTES // one))
    if found.test.places:
        chosen = _first_groups(found.test, most, len(found.test.places))
        return found.train, found.test.some(chosen)
    count = len(found.train.places)
    if count < 2:
        raise DataError(
            f"'{tables.name}' has {count} row group{'s' * (count != 1)}, and a stream holds a whole one out: write the "
            "file with smaller ones (row_group_size=100), or leave out --data.stream"
        )
    wanted = min(most, max(1, round(options.held_out * found.train.count)))
    chosen = _first_groups(found.train, wanted, count - 1)
    others = np.setdiff1d(np.arange(count), chosen).tolist()
    return found.train.some(others), found.train.some(chosen)


def _first_groups(groups: RowGroups, wanted: int, most: int) -> list[int]:
    """At most ``most`` row groups that have ``wanted`` pictures together, in an order of their own."""

    def key(number: int) -> bytes:
        place = groups.places[number]
        text = f"{place.file.name}\0{place.number}"
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape")).digest()

    chosen: list[int] = []
    for number in sorted(range(len(groups.places)), key=key):
        if len(chosen) == most or sum(groups.places[other].rows for other in chosen) >= wanted:
            break
        chosen.append(number)
    return sorted(chosen)


def _look(tables: Tables, found: Found, held_out: RowGroups, options: DataOptions) -> Look:
    """What the held-out pictures say of all."""
    pictures = held_out.pictures()
    seen = scan(pictures)
    size, why = natural_size(seen)
    if options.size is not None:
        size, why = options.size, "as asked"
    plan = Plan(size, options.channels or natural_channels(seen), options.fit)
    source = PictureSource(tables.name, "parquet, streamed", pictures, class_names=found.class_names)
    split = Split(pictures, seen, None, None, options.held_out)
    return Look(source, options, cache_folder(options.cache), split, plan, why)


def _check(name: str, train: RowGroups, readable: int, broken: Broken, look: Look) -> None:
    looked = look.split.scan.count
    if len(broken) > MOST_UNREADABLE * looked or not readable:
        first = f"{look.source.train.name_of(broken[0][0])}: {broken[0][1]}" if broken else "there are none"
        raise DataError(
            f"'{name}' has {len(broken):,} unreadable pictures among the {looked:,} that were looked at ({first}); at "
            f"most {MOST_UNREADABLE:.0%} may be unreadable"
        )
    if train.count < FEWEST:
        raise DataError(f"'{name}' has {train.count} pictures to train on; training needs at least {FEWEST}")


def _window(name: str, train: RowGroups, options: DataOptions) -> int:
    """Pictures that are shuffled among each other, and held."""
    window = options.window or max(1, min(WINDOW, WINDOW_BYTES * train.count // max(1, train.nbytes)))
    largest = max(train.places, key=lambda place: place.rows)
    if largest.rows > window:
        raise DataError(
            f"{largest} has {largest.rows:,} pictures ({megabytes(largest.nbytes)}), and a stream holds "
            f"{window:,} at once: write '{name}' with smaller row groups (row_group_size=100), or give "
            f"--data.window {largest.rows} where memory allows it"
        )
    return min(window, train.count)


def _fingerprint(found: Found, look: Look) -> str:
    """Hash of the sizes of all row groups and of what the held-out pictures hold, of the shape, and of the split."""
    sizes = [[[place.rows, place.nbytes] for place in groups.places] for groups in (found.train, found.test)]
    text = json.dumps(["stream", _VERSION, sizes, look.split.scan.content, asdict(look.plan)])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _audit(tables: Tables, found: Found, look: Look, stream: Streamed, broken: Broken) -> Audit:
    seen, groups = look.split.scan, stream.groups
    held_out = seen.count - len(broken)
    where = f"row groups of the source's own '{tables.test_name}' split" if found.test.places else "whole row groups"
    files = len({place.file for place in groups.places})
    mean = groups.nbytes / max(1, groups.count)
    window = stream.order.window
    said = [
        f"It trains on {groups.count:,} pictures in {len(groups.places):,} row groups of {files:,} files, read and "
        f"decoded while it trains; {held_out:,} are held out and never trained on ({where}).",
        size_sentence(look),
        channels_sentence(look),
        *label_sentences(look),
        *(["Half of the pictures are mirrored left to right, anew at each draw."] if look.options.flip else []),
        f"Each epoch takes the row groups in another order and shuffles windows of {window:,} pictures; as many are "
        f"held encoded at most (about {megabytes(round(window * mean))}).",
        "A picture that cannot be decoded is replaced by the next one of its row group, and counted.",
        "What would look at all pictures, as real features for an evaluation do, takes a fixed part of "
        f"{stream.part:,} ({megabytes(stream.part * look.plan.nbytes)} decoded).",
    ]
    return Audit(
        source=look.options.source,
        kind=look.source.kind,
        shape=look.plan.shape,
        found=found.train.count + found.test.count,
        train=groups.count,
        held_out=held_out,
        held_out_from=where,
        classes=tuple((name, None) for name in look.class_names),
        sizes=seen.sizes[:SIZES_LISTED],
        different_sizes=len(seen.sizes),
        smallest=extreme(seen.sizes, min),
        largest=extreme(seen.sizes, max),
        modes=seen.modes,
        formats=seen.formats,
        animated=seen.animated,
        rotated=seen.rotated,
        duplicate_groups=seen.duplicate_groups,
        duplicate_copies=seen.duplicate_copies,
        duplicates=seen.duplicates,
        unreadable_count=len(broken),
        unreadable=tuple((look.source.train.name_of(place), why) for place, why in broken),
        notes=(*found.notes, f"All but the number of pictures was seen in the {seen.count:,} that are held out."),
        what_training_will_do=tuple(said),
    )
