"""Inspection of a source of pictures: whether there is enough to train on, and the shape it is brought to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from steadygan.data.images.decode import Plan
from steadygan.data.images.depth import Levels
from steadygan.data.images.entry import Decoded
from steadygan.data.images.measure import Measured, measured
from steadygan.data.images.pictures import PictureSource
from steadygan.data.images.scan import Scan, cached_scan, common_sides, natural_size
from steadygan.data.images.store import Split
from steadygan.data.images.transparency import channels_of
from steadygan.data.options import DataOptions
from steadygan.data.value_range import ValueRange
from steadygan.system.cache import cache_folder
from steadygan.system.words import counted

FEWEST = 16
MOST_UNREADABLE = 0.1


@dataclass(frozen=True, eq=False)
class Inspection:
    """A source whose pictures were all scanned, and the shape chosen for them."""

    source: PictureSource
    options: DataOptions
    root: Path
    """cache folder"""
    split: Split
    plan: Plan
    why_size: str
    """why this size, in words"""
    ranges: tuple[tuple[str, ValueRange], ...] = ()
    """(which pictures, '' for all, and the stored numbers that become black and white)"""
    range_problem: str = ""
    """why there is no range"""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that training uses; empty if there are fewer than two."""
        has_labels = self.options.labels and self.source.train.labels is not None
        names = self.source.class_names
        return names if has_labels and len(names) > 1 else ()

    @property
    def scans(self) -> list[Scan]:
        test = self.split.test_scan
        return [self.split.scan] if test is None else [self.split.scan, test]

    @property
    def count(self) -> int:
        """Pictures, readable or not."""
        return sum(scan.count for scan in self.scans)

    def unreadable(self, decoded: Decoded | None = None) -> list[tuple[str, str]]:
        """(name, reason) of the pictures that scan or decoding could not read."""
        split = self.split
        reasons = sorted([*split.scan.unreadable, *(decoded.unreadable if decoded else ())])
        named = [(split.train.name_of(index), why) for index, why in reasons]
        if split.test is not None and split.test_scan is not None:
            reasons = sorted([*split.test_scan.unreadable, *(decoded.unreadable_test if decoded else ())])
            named += [(split.test.name_of(index), why) for index, why in reasons]
        return named

    def problem(self, decoded: Decoded | None = None) -> str | None:
        """Why the source is refused: too few pictures can be read; None if it is not."""
        bad = self.unreadable(decoded)
        what = f"'{self.source.name}' has {counted(self.count, 'picture')}"
        if bad:
            reasons = Counter(why.split(" (")[0] for _, why in bad).most_common(3)
            listed = ", ".join(f"{number:,} {why}" for why, number in reasons)
            what += f", {len(bad):,} of them unreadable ({listed}; first: {bad[0][0]})"
        if len(bad) > MOST_UNREADABLE * self.count:
            return f"{what}; at most {MOST_UNREADABLE:.0%} may be unreadable"
        broken = len(self.split.scan.unreadable) + (len(decoded.unreadable) if decoded else 0)
        if self.split.scan.count - broken < FEWEST:
            few = f"{what}; training needs at least {FEWEST} that can be read"
            return few if self.split.test is None else f"{few} outside of the '{self.source.test_name}' split"
        if self.range_problem:
            return self.range_problem
        if decoded is None or (len(decoded.train.samples) and len(decoded.held_out.samples)):
            return None
        if not len(decoded.train.samples):
            return f"{what}; nothing is left to train on"
        if decoded.pixels.shared_count:
            test = self.source.test_name
            return (
                f"{what}; all of the '{test}' split are training pictures too, pixel for pixel: without that split a "
                "part of the others is held out"
            )
        return f"{what}; nothing is left to hold out"


def inspect_source(source: PictureSource, options: DataOptions) -> Inspection:
    """Scans a source, or takes the cached scan of the same files, and chooses size and channels."""
    root = cache_folder(options.cache)
    train = cached_scan(root, source.train)
    test = None if source.test is None else cached_scan(root, source.test)
    size, why = natural_size(train)
    if options.size is not None:
        size, why = options.size, "as asked"
    splits = [(source.train, train)]
    if source.test is not None and test is not None:
        splits.append((source.test, test))
    # arrays of one shape have been converted by their range; files, and arrays of several sizes, are by theirs
    known = Measured(Levels(), ()) if source.range else measured(source.name, splits, options.range, root)
    channels, kept = channels_of(options.channels, options.alpha, source.train, train, root)
    sides = common_sides(train, size) if options.fit == "keep" else None
    plan = Plan(size, channels, options.fit, known.levels, kept, sides)
    split = Split(source.train, train, source.test, test, options.held_out)
    ranges = known.ranges or ((("", source.range),) if source.range else ())
    return Inspection(source, options, root, split, plan, why, ranges, known.problem)
