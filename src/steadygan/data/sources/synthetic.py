"""Generated data sets: 2-D points, and stacked digits."""

from __future__ import annotations

import hashlib

from steadygan.data.audit.audit import Audit
from steadygan.data.dataset import Dataset, Endless, Stored
from steadygan.data.options import DataOptions
from steadygan.data.sources.digits import open_stacked_digits
from steadygan.data.sources.find import STACKED
from steadygan.data.sources.points import open_points
from steadygan.data.types import TrainData
from steadygan.errors import UsageError
from steadygan.types import SampleSpec

_VERSION = 1
_STACKS = 1_000


def open_synthetic(name: str, options: DataOptions) -> Dataset:
    """The data set of a name in POINTS, or of stacked digits."""
    return _stacked_digits(options) if name == STACKED else _points(name, options)


def _points(name: str, options: DataOptions) -> Dataset:
    for option in ("size", "channels"):
        if getattr(options, option) is not None:
            raise UsageError(f"data {option} is {getattr(options, option)}, but '{name}' are points, not pictures")
    train, held_out = open_points(name)
    return _dataset(name, train, held_out, SampleSpec((2,)), (), "Points are trained on as they are.")


def _stacked_digits(options: DataOptions) -> Dataset:
    if options.channels not in (None, 3):
        raise UsageError(f"data channels is {options.channels}, but '{STACKED}' has 3: one digit each")
    train, held_out = open_stacked_digits(options.size, options.held_out)
    size = held_out.samples.shape[-1]
    names = tuple(f"{stack:03d}" for stack in range(_STACKS)) if options.labels else ()
    if not options.labels:
        draw = train.draw
        train = Endless(lambda rng, count: (draw(rng, count)[0], None))
        held_out = Stored(held_out.samples)
    sentence = f"Three digits of {size}x{size} are drawn for each picture: red, green and blue, {_STACKS:,} modes."
    details = f"{size} {options.held_out}"
    return _dataset(STACKED, train, held_out, SampleSpec((3, size, size), len(names)), names, sentence, details)


def _dataset(
    name: str,
    train: TrainData,
    held_out: Stored,
    sample: SampleSpec,
    class_names: tuple[str, ...],
    sentence: str,
    details: str = "",
) -> Dataset:
    count = None if train.endless else len(train)
    amount = "endless new samples" if count is None else f"{count:,} fixed samples"
    held_out_from = "a fixed draw of its own"
    sentences = (
        f"It trains on {amount}; {len(held_out):,} are held out ({held_out_from}).",
        sentence,
    )
    audit = Audit(
        source=name,
        kind="synthetic",
        shape=sample.shape,
        found=0,
        train=count,
        held_out=len(held_out),
        held_out_from=held_out_from,
        classes=tuple((label, None) for label in class_names),
        what_training_will_do=sentences,
    )
    text = f"{name} {_VERSION} {details}"
    fingerprint = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return Dataset(name, sample, train, held_out, fingerprint, class_names, audit)
