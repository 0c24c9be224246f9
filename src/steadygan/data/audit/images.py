"""The audit of pictures, and sentences on what training will do with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import numpy as np

from steadygan.data.audit.audit import Audit
from steadygan.data.crowding import crowding_words
from steadygan.data.images.decode import is_grey
from steadygan.data.images.depth import DEEP_COLOUR
from steadygan.data.images.entry import Decoded
from steadygan.data.images.inspection import Inspection
from steadygan.data.images.keyed import KEYED
from steadygan.data.images.scan import ARRAY, NEVER_HALVED
from steadygan.data.images.store import labels_of
from steadygan.data.images.transparency import ENOUGH
from steadygan.data.split import MOST_HELD_OUT
from steadygan.data.types import Samples
from steadygan.system.words import byte_size

_ALL_SAME = "All pictures are the same, pixel for pixel: those that are held out are trained on too."
_UNREADABLE_LISTED = 1_000
SIZES_LISTED = 20
_CHANNELS = {1: "grey", 2: "grey with alpha", 3: "colour", 4: "colour with alpha"}

Kind = TypeVar("Kind")


def audit_of(inspection: Inspection, decoded: Decoded | None) -> Audit:
    """The audit of a source; ``decoded`` is None if it was refused before decoding."""
    scans = inspection.scans
    sizes = _merged([scan.sizes for scan in scans])
    unreadable = inspection.unreadable(decoded)
    folder = decoded.folder if decoded else None
    return Audit(
        source=inspection.options.source,
        kind=inspection.source.kind,
        shape=inspection.plan.shape,
        found=inspection.count,
        train=len(decoded.train.samples) if decoded else 0,
        held_out=len(decoded.held_out.samples) if decoded else 0,
        held_out_from=_held_out_from(inspection),
        label_note=label_note(inspection),
        classes=_classes(inspection, decoded),
        sizes=sizes[:SIZES_LISTED],
        different_sizes=len(sizes),
        smallest=extreme(sizes, min),
        largest=extreme(sizes, max),
        levels=asdict(inspection.plan.levels),
        ranges=tuple((which, each.to_json()) for which, each in inspection.ranges),
        range_words=range_words(inspection),
        warnings=(
            *warnings_of(inspection, decoded.train.samples if decoded else None),
            *([_ALL_SAME] if decoded and decoded.pixels.all_same else []),
        ),
        modes=_merged([scan.modes for scan in scans]),
        formats=tuple(item for item in _merged([scan.formats for scan in scans]) if item[0] != ARRAY),
        animated=sum(scan.animated for scan in scans),
        rotated=sum(scan.rotated for scan in scans),
        duplicate_groups=sum(scan.duplicate_groups for scan in scans),
        duplicate_copies=sum(scan.duplicate_copies for scan in scans),
        duplicates=tuple(group for scan in scans for group in scan.duplicates),
        unreadable_count=len(unreadable),
        unreadable=tuple(unreadable[:_UNREADABLE_LISTED]),
        ignored=inspection.source.ignored,
        notes=inspection.source.notes,
        what_training_will_do=_sentences(inspection, decoded) if decoded else (),
        cache=str(folder) if folder else None,
        cache_bytes=_nbytes(decoded) if decoded and folder else 0,
        problem=inspection.problem(decoded),
    )


def range_words(inspection: Inspection) -> tuple[str, ...]:
    """A line for each depth of pictures: the stored numbers that become black and white."""
    return tuple(f"{which}: {each.words()}" if which else each.words() for which, each in inspection.ranges)


def warnings_of(inspection: Inspection, samples: Samples | None) -> tuple[str, ...]:
    """What will probably not train as it is: few grey levels, and colours that are read in part."""
    formats = _merged([scan.formats for scan in inspection.scans])
    deep = sum(count for name, count in formats if name.endswith(DEEP_COLOUR))
    warnings = []
    if deep:
        warnings.append(
            f"{deep:,} colour pictures have {DEEP_COLOUR}, of which Pillow reads the upper 8: save them as an array "
            "(.npy) to use all."
        )
    few = "" if samples is None else crowding_words(samples, [each for _, each in inspection.ranges])
    return (*warnings, few) if few else tuple(warnings)


def _merged(counts: list[tuple[tuple[Kind, int], ...]]) -> tuple[tuple[Kind, int], ...]:
    total: Counter[Kind] = Counter()
    for each in counts:
        total.update(dict(each))
    return tuple(total.most_common())


def extreme(
    sizes: tuple[tuple[tuple[int, int], int], ...], choose: Callable[[list[int]], int]
) -> tuple[int, int] | None:
    """The smallest or largest width and height of ((width, height), pictures); None if empty."""
    if not sizes:
        return None
    return choose([width for (width, _), _ in sizes]), choose([height for (_, height), _ in sizes])


def _classes(inspection: Inspection, decoded: Decoded | None) -> tuple[tuple[str, int], ...]:
    names = inspection.class_names
    labels = labels_of(inspection.source.train, decoded.train) if decoded else inspection.source.train.labels
    if not names or labels is None:
        return ()
    counts = np.bincount(labels, minlength=len(names)).tolist()
    return tuple(zip(names, counts, strict=True))


def _nbytes(decoded: Decoded) -> int:
    return decoded.train.samples.nbytes + decoded.held_out.samples.nbytes


def _held_out_from(inspection: Inspection) -> str:
    if inspection.source.test is not None:
        return f"the source's own '{inspection.source.test_name}' split"
    return f"{inspection.options.held_out:.0%} of all, at most {MOST_HELD_OUT:,}, chosen by content"


def _sentences(inspection: Inspection, decoded: Decoded) -> tuple[str, ...]:
    """What training will do with the source."""
    train, held_out = len(decoded.train.samples), len(decoded.held_out.samples)
    chosen = _held_out_from(inspection)
    sentences = [
        f"It trains on {train:,} pictures; {held_out:,} are held out and never trained on ({chosen}).",
        size_sentence(inspection),
        channels_sentence(inspection),
        *label_sentences(inspection),
    ]
    if inspection.options.flip:
        sentences.append("Half of the pictures are mirrored left to right, at random at each draw.")
    if any(scan.rotated for scan in inspection.scans):
        sentences.append("Pictures with an EXIF orientation are turned upright.")
    if any(scan.animated for scan in inspection.scans):
        sentences.append("Of animated files the first frame is used.")
    if inspection.unreadable(decoded):
        sentences.append("Unreadable pictures are left out.")
    sentences += copy_sentences(inspection, decoded)
    where = f"kept in {decoded.folder}" if decoded.folder else "kept in memory"
    sentences.append(f"Decoded pictures are {where} ({byte_size(_nbytes(decoded))}).")
    return tuple(sentences)


def copy_sentences(inspection: Inspection, decoded: Decoded) -> list[str]:
    """What becomes of pictures that are there several times, as files or as pixels."""
    pixels, source = decoded.pixels, inspection.source
    stored = sum(scan.duplicate_copies for scan in inspection.scans)
    sentences = []
    if stored or pixels.copies:
        aside = "" if source.test else "; those of one group are held out together or not at all"
        more = f" ({pixels.copies:,}, by their pixels in training)" if pixels.copies > stored else ""
        sentences.append(f"Copies are kept{more}{aside}.")
    if pixels.shared_count and source.test is not None:
        names = [f"{source.test.name_of(ours)} = {source.train.name_of(theirs)}" for ours, theirs in pixels.shared[:3]]
        sentences.append(
            f"{pixels.shared_count:,} pictures of the '{source.test_name}' split are training pictures too, pixel for "
            f"pixel, and are left out of it ({', '.join(names)}{', …' if pixels.shared_count > len(names) else ''})."
        )
    return sentences


def size_sentence(inspection: Inspection) -> str:
    """The size that pictures are resized to, and how."""
    size = inspection.plan.size
    sizes = [item for scan in inspection.scans for item in scan.sizes]
    across, down = inspection.plan.across_and_down
    if all(each == (across, down) for each, _ in sizes):
        return f"Pictures stay as they are, {across}x{down} ({inspection.why_size}).{_by_time(inspection)}"
    fitting = all(width * down == height * across for (width, height), _ in sizes)
    cropped = "cropped to the middle square and " if across == down else f"cropped to {across}:{down} and "
    first = "" if fitting else ("padded and " if inspection.plan.fit == "pad" else cropped)
    side = max if inspection.plan.fit == "pad" else min
    small = sum(count for each, count in sizes if side(each) < size)
    enlarged = f"; {small:,} are smaller than that and are enlarged" if small else ""
    return f"Pictures are {first}resized to {across}x{down} ({inspection.why_size}){enlarged}.{_by_time(inspection)}"


def _by_time(inspection: Inspection) -> str:
    """A sentence on the size that the default training may take, for a size that nobody asked for; empty for 32 px."""
    if inspection.options.size is not None or inspection.plan.size <= NEVER_HALVED:
        return ""
    return " Without a recipe and a GPU, and with too little time for that, it takes half the size (docs/data.md)."


def channels_sentence(inspection: Inspection) -> str:
    """Grey or colour, with or without alpha, and what is converted."""
    channels = inspection.plan.channels
    modes = dict(_merged([scan.modes for scan in inspection.scans]))
    sentence = f"They are trained on as {_CHANNELS[channels]} ({channels} channel{'s' * (channels > 1)})"
    grey = sum(count for mode, count in modes.items() if is_grey(mode))
    colour = sum(modes.values()) - grey
    if channels < 3 and colour:
        sentence += f"; {colour:,} colour pictures become grey"
    if channels >= 3 and grey:
        sentence += f"; {grey:,} grey pictures get three equal channels"
    keyed = any(KEYED in name for scan in inspection.scans for name, _ in scan.formats)
    if channels in (1, 3) and (keyed or any(mode.endswith(("A", "a")) for mode in modes)):
        sentence += "; transparent parts become white"
        asked = inspection.options.alpha == "auto" and inspection.options.channels is None
        sentence += f", as fewer than 1 picture in {round(1 / ENOUGH)} has some" if asked else ""
    if inspection.plan.kept:
        why = "as asked" if inspection.options.alpha == "keep" else "the pictures use it"
        sentence += f"; transparency is kept ({why}; --data.alpha white for a white background)"
    return sentence + "."


def label_sentences(inspection: Inspection) -> list[str]:
    """Whether there are classes and they are used."""
    names = inspection.class_names
    if names:
        return [f"There are {len(names):,} classes; recipes with labels use them."]
    note = label_note(inspection)
    if inspection.source.label_note and note == inspection.source.label_note:
        return [f"{note}: class-conditional methods need a class for each picture, and training does without."]
    return [f"{note or 'There are no labels'}."]


def label_note(inspection: Inspection) -> str:
    """Why the labels that are there are not used as classes; '' if they are, or if there are none."""
    source = inspection.source
    if inspection.class_names:
        return ""
    if inspection.options.labels is False:
        there = source.train.labels is not None or source.label_note
        return "Labels are there but not used, as asked (--data.labels false)" if there else ""
    if source.label_note or source.train.labels is None:
        return source.label_note
    return f"All pictures have the label '{''.join(source.class_names)}': one class, and nothing to tell apart"
