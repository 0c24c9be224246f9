"""Opens data: find the source, inspect it, decode and split it, audit it."""

from __future__ import annotations

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
from steadygan.data.options import DataOptions
from steadygan.data.sources.find import Source, Synthetic, TextSource, find_source
from steadygan.data.sources.synthetic import open_synthetic
from steadygan.data.sources.text import open_lines
from steadygan.data.streaming.shards import ShardSource
from steadygan.errors import DataError, UsageError
from steadygan.system.cache import Cleared, clear_entries
from steadygan.types import SampleSpec


def open_data(options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set that the options name, with its audit.

    Pictures are decoded once into the cache, those of a stream as they are asked for; ``progress(done, all)`` is called
    meanwhile. Raises UsageError for a missing source, DataError for data that cannot be trained on, RunError if the
    cache cannot be written.
    """
    source = _source(options)
    if isinstance(source, TextSource):
        return open_lines(source, options)
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
    source = _source(options)
    if isinstance(source, Synthetic | TextSource | ShardSource):
        audit = open_data(options).audit
        assert audit is not None
        return audit
    inspection = inspect_source(source, options)
    return audit_of(inspection, _decoded_unless_refused(inspection, progress))


def planned_cache_bytes(options: DataOptions) -> int:
    """Bytes of the decoded pictures in the cache, written or not yet; 0 if they stay in memory."""
    source = _source(options)
    if isinstance(source, Synthetic | TextSource | ShardSource):
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


def _source(options: DataOptions) -> Source:
    source = find_source(options)
    for name in ("length", "alphabet"):
        if getattr(options, name) is not None and not isinstance(source, TextSource):
            raise UsageError(f"data {name} is {getattr(options, name)}, but '{source.name}' is not text")
    in_files = isinstance(source, ShardSource) or (isinstance(source, PictureSource) and source.kind != "built in")
    if options.range and not in_files:
        raise UsageError(f"data range is {bounds_words(options.range)}, but '{source.name}' has no stored numbers")
    return source


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
