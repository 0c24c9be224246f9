"""Opens data: find the source, inspect it, decode and split it, audit it."""

from __future__ import annotations

from typing import Any

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.images import audit_of
from steadygan.data.bounds import bounds_words
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.images.entry import Decoded, Part
from steadygan.data.images.inspection import Inspection, inspect_source
from steadygan.data.images.pictures import Pictures, PictureSource
from steadygan.data.images.store import (
    Progress,
    cached,
    decoded_in_cache,
    decoded_in_memory,
    entries_of,
    labels_of,
    stays_in_memory,
)
from steadygan.data.numbers.open import open_numbers
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.sources.find import Source, Synthetic, TextSource, find_source
from steadygan.data.sources.memory import source_of_memory
from steadygan.data.sources.synthetic import open_synthetic
from steadygan.data.sources.text import open_lines
from steadygan.data.streaming.shards import ShardSource
from steadygan.errors import DataError, UsageError
from steadygan.system.cache import Cleared, clear_entries
from steadygan.types import SampleSpec

_ARRAYS = ("arrays", "memory")


def open_data(options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set that the options name, with its audit.

    Pictures are decoded once into the cache, those of a stream as they are asked for; ``progress(done, all)`` is called
    meanwhile, and ``progress(found, 0)`` while a folder is looked through. Raises UsageError for a missing source,
    DataError for data that cannot be trained on, RunError if the cache cannot be written.
    """
    return open_source(_source(options, progress), options, progress)


def open_memory(data: Any, options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set of arrays, tensors, data sets, tables or pictures that are in memory; see ``open_data``.

    Raises:
        UsageError, DataError: one line, for what cannot be trained on.
    """
    if isinstance(data, Dataset):
        return data
    source = source_of_memory(data, options)
    _check_for(source, options)
    return open_source(source, options, progress)


def open_source(source: Source, options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set of a source; see ``open_data``."""
    if isinstance(source, TextSource):
        return open_lines(source, options)
    if isinstance(source, NumberSource):
        return open_numbers(source, options)
    if isinstance(source, Synthetic):
        return open_synthetic(source.name, options)
    if isinstance(source, ShardSource):
        from steadygan.data.streaming.open import open_stream

        return open_stream(source, options)
    inspection = inspect_source(source, options)
    decoded = _decoded_unless_refused(inspection, progress)
    audit = audit_of(inspection, decoded)
    if decoded is None or audit.problem:
        raise DataError(audit.problem or f"'{source.name}' cannot be read")
    return Dataset(
        name=source.name,
        sample=SampleSpec(inspection.plan.shape, len(inspection.class_names)),
        train=_stored(inspection, source.train, decoded.train),
        held_out=_stored(inspection, source.test or source.train, decoded.held_out),
        fingerprint=decoded.fingerprint(inspection.split.key(inspection.plan)),
        class_names=inspection.class_names,
        audit=audit,
    )


def audit_data(options: DataOptions, progress: Progress | None = None) -> Audit:
    """What is in the source and what training will do with it; ``problem`` says why data is refused."""
    source = _source(options, progress)
    if isinstance(source, Synthetic | TextSource | ShardSource | NumberSource):
        audit = open_data(options).audit
        assert audit is not None
        return audit
    inspection = inspect_source(source, options)
    return audit_of(inspection, _decoded_unless_refused(inspection, progress))


def expected_sample(options: DataOptions, progress: Progress | None = None) -> SampleSpec | None:
    """The samples that pictures in files will be, before any of them is decoded; None for what is no such source.

    Raises:
        UsageError: for a missing source.
    """
    source = _source(options, progress)
    if isinstance(source, Synthetic | TextSource | ShardSource | NumberSource):
        return None
    inspection = inspect_source(source, options)
    return None if inspection.problem() else SampleSpec(inspection.plan.shape)


def planned_cache_bytes(options: DataOptions) -> int:
    """Bytes of the decoded pictures in the cache, written or not yet; 0 if they stay in memory."""
    source = _source(options)
    if isinstance(source, Synthetic | TextSource | ShardSource | NumberSource):
        return 0
    inspection = inspect_source(source, options)
    if inspection.problem() or stays_in_memory(inspection.split, inspection.plan):
        return 0
    return inspection.split.count * inspection.plan.nbytes


def clear_cache_of(options: DataOptions) -> Cleared:
    """Deletes what the cache holds of a source, in any shape of picture, and no process uses."""
    source = _source(options)
    if not isinstance(source, PictureSource):
        return Cleared(0, 0)
    inspection = inspect_source(source, options)
    entries = entries_of(inspection.root, inspection.split, inspection.plan)
    keys = [pictures.key for pictures in (source.train, source.test) if pictures is not None]
    scans = [inspection.root / "scans" / f"{key}.json" for key in keys if key is not None]
    return clear_entries([*entries, *(path for path in scans if path.is_file())])


def _source(options: DataOptions, progress: Progress | None = None) -> Source:
    source = find_source(options, None if progress is None else lambda found: progress(found, 0))
    _check_for(source, options)
    return source


def _check_for(source: Source, options: DataOptions) -> None:
    """Raises UsageError for options that are for other sources."""
    for name in ("length", "alphabet"):
        if getattr(options, name) is not None and not isinstance(source, TextSource):
            raise UsageError(f"data {name} is {getattr(options, name)}, but '{source.name}' is not text")
    if options.range and isinstance(source, NumberSource):
        raise UsageError(
            f"data range is {bounds_words(options.range)}, but '{source.name}' is no pictures: each channel or column "
            "is scaled by its own numbers"
        )
    in_files = isinstance(source, ShardSource) or (isinstance(source, PictureSource) and source.kind != "built in")
    if options.range and not in_files:
        raise UsageError(f"data range is {bounds_words(options.range)}, but '{source.name}' has no stored numbers")
    if options.alpha == "keep" and not isinstance(source, PictureSource | ShardSource):
        raise UsageError(f"data alpha is 'keep', but '{source.name}' is no pictures: leave it out")
    if options.labels == "folders" and not (isinstance(source, PictureSource) and source.kind == "folder"):
        raise UsageError(f"data labels is 'folders', but '{source.name}' is no folder of pictures")
    if options.labels == "likeliest" and not _has_labels(source):
        raise UsageError(f"data labels is 'likeliest', but '{source.name}' has no shares of classes")
    in_arrays = isinstance(source, NumberSource) or (isinstance(source, PictureSource) and source.kind in _ARRAYS)
    if options.form != "auto" and not in_arrays:
        raise UsageError(f"data form is '{options.form}', but '{source.name}' is no array, of which the form is open")


def _has_labels(source: Source) -> bool:
    """True if a source may have soft labels: those of other kinds are refused where they are read."""
    if isinstance(source, PictureSource):
        return source.kind != "built in" and source.train.labels is not None
    if isinstance(source, NumberSource):
        return source.train.labels is not None
    return isinstance(source, ShardSource)


def _decoded_unless_refused(inspection: Inspection, progress: Progress | None) -> Decoded | None:
    split, plan = inspection.split, inspection.plan
    if inspection.problem():
        return None
    if stays_in_memory(split, plan):
        return decoded_in_memory(split, plan)
    in_cache = cached(inspection.root, split.key(plan), plan)
    return in_cache or decoded_in_cache(inspection.root, split, plan, progress)


def _stored(inspection: Inspection, pictures: Pictures, part: Part) -> Stored:
    return Stored(part.samples, labels_of(pictures, part) if inspection.class_names else None)
