"""Opens data: look at the source, decide its shape, decode, split, and say what was found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from steadygan.data.auditing import Audit
from steadygan.data.cache import cache_folder, megabytes
from steadygan.data.dataset import Dataset, Labels, Stored
from steadygan.data.decode import Plan
from steadygan.data.options import DataOptions
from steadygan.data.pictures import PictureSource
from steadygan.data.scan import Scan, cached_scan, natural_channels, natural_size, scan
from steadygan.data.sources import Synthetic, find_source
from steadygan.data.store import (
    Decoded,
    Progress,
    Split,
    cached,
    decoded_in_cache,
    decoded_in_memory,
    labels_of,
    stays_in_memory,
)
from steadygan.data.synthetic import open_synthetic
from steadygan.types import DataError, SampleSpec

FEWEST = 16
MOST_UNREADABLE = 0.1
_LISTED = 1_000
_SIZES_LISTED = 20


def open_data(options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set that the options name, ready to train on, with its audit.

    Pictures are decoded once into the cache; ``progress(done, all)`` is told of it. Raises UsageError for a source
    that is not there, DataError for data that cannot be trained on, RunError where the cache cannot be written.
    """
    source = find_source(options)
    if isinstance(source, Synthetic):
        return open_synthetic(source.name, options)
    look = _look(source, options)
    if look.problem:
        raise DataError(look.problem)
    decoded = _decode(look, progress)
    audit = _audit(look, decoded)
    if audit.problem:
        raise DataError(audit.problem)
    train = Stored(decoded.train.samples, labels_of(source.train, decoded.train) if look.labelled else None)
    held_labels = labels_of(source.test or source.train, decoded.held_out) if look.labelled else None
    return Dataset(
        name=source.name,
        sample=SampleSpec(look.plan.shape, len(look.class_names)),
        train=train,
        held_out=Stored(decoded.held_out.samples, held_labels),
        fingerprint=look.split.key(look.plan),
        class_names=look.class_names,
        audit=audit,
    )


def audit(options: DataOptions, progress: Progress | None = None) -> Audit:
    """What the source holds and what training will do with it; ``problem`` says why, where it is refused."""
    source = find_source(options)
    if isinstance(source, Synthetic):
        found = open_synthetic(source.name, options).audit
        assert found is not None
        return found
    look = _look(source, options)
    return _audit(look, None if look.problem else _decode(look, progress))


def planned_cache_bytes(options: DataOptions) -> int:
    """Bytes that the decoded pictures take in the cache, written or not yet; 0 where memory is enough."""
    source = find_source(options)
    if isinstance(source, Synthetic):
        return 0
    look = _look(source, options)
    if look.problem or stays_in_memory(look.split, look.plan):
        return 0
    return look.split.count * look.plan.nbytes


@dataclass(frozen=True, eq=False)
class _Look:
    """A source after the first look at its pictures."""

    source: PictureSource
    options: DataOptions
    root: Path
    split: Split
    plan: Plan
    why_size: str
    problem: str | None

    @property
    def labelled(self) -> bool:
        return self.options.labels and self.source.train.labels is not None and len(self.source.class_names) > 1

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.source.class_names if self.labelled else ()

    @property
    def scans(self) -> list[Scan]:
        scans = (self.split.scan, self.split.test_scan)
        return [scan for scan in scans if scan is not None]


def _look(source: PictureSource, options: DataOptions) -> _Look:
    root = cache_folder(options.cache)
    train = cached_scan(root, source.train)
    test = None if source.test is None else cached_scan(root, source.test)
    split = Split(source.train, train, source.test, test, options.held_out)
    problem = _problem(source, split, [])
    size, why = natural_size(train) if train.sizes else (0, "")
    if options.size is not None:
        size, why = options.size, "as asked"
    plan = Plan(size, options.channels or natural_channels(train), options.fit)
    return _Look(source, options, root, split, plan, why, problem)


def _decode(look: _Look, progress: Progress | None) -> Decoded:
    split, plan = look.split, look.plan
    if stays_in_memory(split, plan):
        return decoded_in_memory(split, plan)
    found = cached(look.root, split.key(plan), plan)
    if found is not None:
        return found
    if split.test is None and not split.scan.digests:  # the scan came from the cache: the split needs the hashes
        split = replace(split, scan=scan(split.train))
    return decoded_in_cache(look.root, split, plan, progress)


def _problem(source: PictureSource, split: Split, unreadable: Sequence[tuple[str, str]]) -> str | None:
    """Why a source is refused: too little of it can be read."""
    bad = list(unreadable) or _unreadable(split)
    count = split.train.count + (split.test.count if split.test else 0)
    found = f"'{source.name}' has {count:,} pictures"
    if bad:
        reasons = Counter(why.split(" (")[0] for _, why in bad).most_common(3)
        listed = ", ".join(f"{number:,} {why}" for why, number in reasons)
        found += f", {len(bad):,} of them unreadable ({listed}; first: {bad[0][0]})"
    if len(bad) > MOST_UNREADABLE * count:
        return f"{found}; at most {MOST_UNREADABLE:.0%} may be unreadable"
    if count - len(bad) < FEWEST:
        return f"{found}; training needs at least {FEWEST} that can be read"
    return None


def _unreadable(split: Split, decoded: Decoded | None = None) -> list[tuple[str, str]]:
    """Name and reason of all pictures that cannot be read, by the scan and by the decoding."""
    found = [(split.train.name_of(place), place, why) for place, why in split.scan.unreadable]
    if decoded is not None:
        found += [(split.train.name_of(place), place, why) for place, why in decoded.unreadable]
    found.sort(key=lambda item: item[1])
    if split.test is not None and split.test_scan is not None:
        reasons = list(split.test_scan.unreadable) + list(decoded.unreadable_test if decoded else ())
        found += [(split.test.name_of(place), place, why) for place, why in sorted(reasons)]
    return [(name, why) for name, _, why in found]
