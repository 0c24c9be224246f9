"""Evaluation of samples that are there already, such as a folder that ``sample`` wrote, against real data."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.data.alpha import over_white
from steadygan.data.dataset import Labels, Samples
from steadygan.data.images.decode import Plan, decode, is_grey, opened, reason
from steadygan.data.images.pictures import PictureSource
from steadygan.data.numbers.source import NumberSource, rows_by_name
from steadygan.data.open import open_data, open_memory
from steadygan.data.options import LARGEST_SIZE, DataOptions
from steadygan.data.reading import reading
from steadygan.data.sources.find import Source, TextSource, as_source, find_source
from steadygan.data.sources.memory import is_memory, memory_name, source_of_memory
from steadygan.data.streaming.shards import ShardSource
from steadygan.data.text.alphabet import encode
from steadygan.data.text.lines import read_lines
from steadygan.errors import DataError, UsageError, enumerated
from steadygan.evaluation import record
from steadygan.evaluation.as_pixels import MEASURES, as_pixels, dataset_as_pixels, is_judged_as_pixels
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, select
from steadygan.evaluation.measuring import (
    Say,
    check_used,
    extractors_for,
    measurable,
    numbers_of,
    pixels_text,
    provenance_of,
)
from steadygan.evaluation.outlook import outlook_of
from steadygan.evaluation.over_white import FACT, dataset_over_white, is_judged_over_white
from steadygan.evaluation.real_side import RealSide
from steadygan.evaluation.record import Evaluation, Provenance
from steadygan.evaluation.sample_range import levels_of_samples, range_of_real, range_of_samples
from steadygan.run import Run, is_run
from steadygan.system.files import write_json
from steadygan.system.malloc import kept_memory
from steadygan.system.threads import on_free_cores
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features

USUAL = 2_000
"""samples below which numbers are warned of"""
LABELS = "labels.csv"
GIVEN = "given"
"""in the place of a generator's weights in a provenance"""


@torch_defaults()
@kept_memory()
@on_free_cores()
def evaluate_samples(
    samples: Any,
    against: Any,
    *,
    metrics: Sequence[str] | None = None,
    features: str | Features = "auto",
    count: int | None = None,
    seed: int = 0,
    weights_file: str | Path | None = None,
    say: Say | None = None,
) -> tuple[Evaluation, ...]:
    """Metrics of given samples; those of a path are also written beside it, into PATH.evaluation.json.

    Args:
        samples: a folder of pictures, an array file (.npz, .npy), a text file, or samples in memory; they are read as
            training data of this kind is, pictures at the size of the first of them
        against: the real data: a source, its options, or data in memory; pictures are brought to the samples' size
        metrics: names of measures.MEASURES; None: all that apply
        features: a name, or a feature extractor of your own
        count: so many of them, a random choice; None: all
        seed: of that choice, and of subsets in metrics
        weights_file: Inception's weights
        say: called with notes and warnings, a line each

    Raises:
        UsageError, DataError: one line, for samples and data that do not belong together, or too few of them.
    """
    if samples is None:
        raise UsageError("there are no samples to evaluate: name a folder of pictures, an array file or a text file")
    if isinstance(samples, Run) or (isinstance(samples, str | Path) and is_run(Path(samples))):
        folder = samples.folder if isinstance(samples, Run) else samples
        raise UsageError(f"{folder} is a run: 'steadygan evaluate {folder}' measures its samples, without --against")
    tell = say or (lambda line: None)
    source, name = _source_of(samples)
    dataset = _real_data(against, source)
    brought = "" if isinstance(against, DataOptions) else _brought(dataset)
    if brought:
        tell(brought)
    source = _in_range_of(dataset, source, samples)
    rows, conditions = _read(source, dataset, name, tell)
    rows, conditions = _chosen(rows, conditions, count, seed, name)
    if len(rows) < USUAL:
        tell(
            f"warning: {len(rows):,} samples: distances are larger by their small number, and their errors wide; "
            f"compare with others of as many samples, or take {USUAL:,} or more"
        )
    fingerprint = hashlib.blake2b(np.ascontiguousarray(rows).tobytes(), digest_size=16).hexdigest()
    if is_judged_as_pixels(dataset.sample):
        if features not in ("auto", "pixels"):
            raise UsageError(f"features '{features}' are for pictures; for {dataset.sample.plural}: auto or pixels")
        dataset, rows, features, metrics = dataset_as_pixels(dataset), as_pixels(rows), "pixels", metrics or MEASURES
    transparent = is_judged_over_white(dataset.sample)
    if transparent:
        dataset, rows = dataset_over_white(dataset), over_white(rows)
    inception = (features if isinstance(features, str) else features.name) == "inception"
    if weights_file is not None and not inception:
        raise UsageError("--inception-weights is for --features inception, and nothing else uses it")
    measures = select(metrics, Subject(dataset, len(rows), inception), tell)
    if dataset.sample.is_image:
        check_used(features, [measure.inputs for measure in measures], inception)
    extractor, classifier = extractors_for(dataset, features, weights_file, None, tell)
    real = RealSide(dataset, extractor, classifier, None)
    measures = measurable(measures, metrics, real, tell)
    line = outlook_of(real, measures, rows, len(rows), 0.0).line(USUAL) if dataset.sample.is_picture else ""
    if line:
        tell(line)
    material = Material(real, rows, conditions, None, seed, FACT if transparent else {})
    new = tuple(
        Evaluation(_provenance(material, name, fingerprint, features_of), numbers)
        for features_of, numbers in numbers_of(measures, material, extractor)
    )
    if not is_memory(samples):
        with record.keeping(new):
            write_json(record_beside(samples), record.to_json(new))
    return new


def record_beside(samples: str | Path) -> Path:
    """The file that the evaluation of samples at a path is written to: beside them, not among them."""
    path = Path(os.path.expanduser(samples))
    return path.parent / f"{path.name}.evaluation.json"


def _in_range_of(dataset: Dataset, source: Source, samples: Any) -> Source:
    """The samples' source, read by the real data's range where their own numbers do not tell one."""
    found = source.range if isinstance(source, PictureSource) else None
    if found is None or isinstance(samples, DataOptions):
        return source
    wanted = range_of_samples(found, range_of_real(dataset.audit))
    return source if wanted == (found.low, found.high) else _source_of(samples, wanted)[0]


def _source_of(samples: Any, range_: tuple[float, ...] = ()) -> tuple[Source, str]:
    if is_memory(samples):
        options = DataOptions(memory_name(samples), range=range_)
        return source_of_memory(samples, options), "samples in memory"
    if isinstance(samples, DataOptions):
        return find_source(samples), samples.source
    return find_source(DataOptions(as_source(samples), range=range_)), str(samples)


def _real_data(against: Any, source: Source) -> Dataset:
    """The real data, pictures at the size and with the channels of the first sample."""
    if isinstance(against, DataOptions):
        options = against
    else:
        options = DataOptions(memory_name(against) if is_memory(against) else as_source(against))
        real = source_of_memory(against, options) if is_memory(against) else find_source(options)
        if isinstance(source, PictureSource) and isinstance(real, PictureSource | ShardSource):
            sides, channels = _first_shape(source)
            size, fit = min(*sides, LARGEST_SIZE), options.fit if sides[0] == sides[1] else "keep"
            options = dataclasses.replace(options, size=size, channels=channels, fit=fit)
    return open_memory(against, options) if is_memory(against) else open_data(options)


_CHANNELS = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
"""of Pillow's modes"""


def _brought(dataset: Dataset) -> str:
    """A line on real pictures that have another form than the samples, to which they were brought; '' for none."""
    audit, sample = dataset.audit, dataset.sample
    if audit is None or not sample.is_picture or not audit.sizes:
        return ""
    channels, height, width = sample.shape
    across, down = audit.sizes[0][0]
    modes = [mode for mode, _ in audit.modes]
    alike = audit.different_sizes <= 1 and (across, down) == (width, height)
    if alike and all(_CHANNELS.get(mode, channels) == channels for mode in modes):
        return ""
    were = f"{across}x{down}" if audit.different_sizes <= 1 else f"of {audit.different_sizes:,} sizes"
    return (
        f"note: the pictures of '{dataset.name}' ({were}, {enumerated(modes)}) were brought to those of the samples: "
        f"{pixels_text(sample.shape)}"
    )


def _first_shape(source: PictureSource) -> tuple[tuple[int, int], int]:
    """Both sides and the channels of the first picture."""
    for payload in source.train.read():
        if isinstance(payload, np.ndarray):
            return payload.shape[1:], len(payload)
        try:
            with opened(payload) as image:
                return image.size, _CHANNELS.get(image.mode, 1 if is_grey(image.mode) else 3)
        except Exception as error:  # of any decoder
            raise DataError(f"'{source.train.name_of(0)}' of '{source.name}' cannot be read: {reason(error)}") from None
    raise DataError(f"'{source.name}' holds no pictures")


def _read(source: Source, dataset: Dataset, name: str, tell: Say) -> tuple[Samples, Labels | None]:
    """The samples in the form of the data's own, and their classes if they have some of the data's."""
    sample = dataset.sample
    if isinstance(source, PictureSource) and sample.is_image:
        rows, conditions = _pictures(source, dataset, tell)
        return rows, conditions if conditions is not None else _listed_classes(Path(name), source, dataset)
    if isinstance(source, TextSource) and sample.is_text and source.path is not None:
        assert dataset.alphabet is not None
        return encode(read_lines(source.path).lines, dataset.alphabet, sample.shape[1]), None
    if isinstance(source, NumberSource) and not sample.is_image and not sample.is_text:
        rows = rows_by_name(source, () if dataset.units is None else dataset.units.names)
        if rows.shape[1:] != sample.shape:
            raise UsageError(f"'{name}' has samples of the shape {list(rows.shape[1:])}, the data {list(sample.shape)}")
        if not np.isfinite(rows).all():
            raise UsageError(f"'{name}' has samples that are not finite: there is nothing to measure")
        return (rows.astype(np.float32) if dataset.units is None else dataset.units.scaled(rows)), None
    kinds = {PictureSource: "pictures", TextSource: "text", NumberSource: "numbers"}
    got = kinds.get(type(source), "no samples that lie there")
    raise UsageError(f"'{name}' holds {got}, but '{dataset.name}' {sample.plural}: they cannot be compared")


def _pictures(source: PictureSource, dataset: Dataset, tell: Say) -> tuple[Samples, Labels | None]:
    parts = [source.train] if source.test is None else [source.train, source.test]
    total = sum(part.count for part in parts)
    plan = Plan.of(dataset.sample.shape, levels=levels_of_samples(source, dataset.audit))
    pixels = np.empty((total, *dataset.sample.shape), np.uint8)
    resized, done = 0, 0
    for part in parts:
        for index, payload in enumerate(part.read()):
            try:
                pixels[done] = decode(payload, plan)
                if not isinstance(payload, np.ndarray):
                    with opened(payload) as image:
                        resized += image.size != plan.across_and_down
                else:
                    resized += payload.shape[1:] != plan.shape[1:]
            except Exception as error:  # of any decoder
                raise DataError(f"'{part.name_of(index)}' of '{source.name}' cannot be read: {reason(error)}") from None
            done += 1
    if resized:
        across, down = plan.across_and_down
        tell(f"note: {resized:,} of {total:,} pictures have another size and were brought to {across}x{down}")
    return pixels[:done], _classes(source, dataset)


def _classes(source: PictureSource, dataset: Dataset) -> Labels | None:
    """The classes that pictures came with, as numbers of the data's; None unless all are classes of the data."""
    given = [part.labels for part in (source.train, source.test) if part is not None]
    if not source.class_names or not dataset.sample.classes or any(labels is None for labels in given):
        return None
    names = {name: number for number, name in enumerate(dataset.class_names)}
    numbers = {str(number): number for number in range(dataset.sample.classes)}
    # '2' of an array is a class number, as ``sample`` writes it, where it might be the name of a folder as well
    of_folder = source.kind in ("arrays", "memory") and dataset.audit is not None and dataset.audit.kind == "folder"
    ways = (numbers, names) if of_folder else (names, numbers)
    known = next((way for way in ways if set(source.class_names) <= way.keys()), None)
    if known is None:
        return None
    table = np.array([known[name] for name in source.class_names], dtype=np.int64)
    classes: Labels = table[np.concatenate([labels for labels in given if labels is not None])]
    return classes


def _listed_classes(folder: Path, source: PictureSource, dataset: Dataset) -> Labels | None:
    """The classes in the labels.csv that ``sample`` writes beside pictures; None unless all have one of the data's."""
    path = Path(os.path.expanduser(folder)) / LABELS
    if not path.is_file() or source.test is not None:
        return None
    with reading(path, "labels"):
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
    listed = dict(line.rsplit(",", 1) for line in lines if "," in line)
    found = [listed.get(source.train.name_of(index), "") for index in range(source.train.count)]
    if not all(label.isdecimal() and int(label) < dataset.sample.classes for label in found):
        return None
    return np.array(found, dtype=np.int64)


def _chosen(
    rows: Samples, conditions: Labels | None, count: int | None, seed: int, name: str
) -> tuple[Samples, Labels | None]:
    """``count`` of the rows in a random order: files lie class by class, and metrics take the first ones, or parts."""
    count = len(rows) if count is None else count
    if count > len(rows):
        raise UsageError(f"'{name}' has {len(rows):,} samples; --count {count:,} is more")
    if count < 2:
        raise UsageError(f"'{name}' has {len(rows):,} samples; 2 are needed at least")
    chosen = np.random.default_rng(seed).permutation(len(rows))[:count]
    return rows[chosen], None if conditions is None else conditions[chosen]


def _provenance(material: Material, name: str, fingerprint: str, features: Features | None) -> Provenance:
    return provenance_of(
        material,
        features,
        weights=GIVEN,
        recipe=Path(name).name or name,
        recipe_hash=fingerprint,
        training_seed=0,
        round=0,
    )
