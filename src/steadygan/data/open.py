"""Opens data: look at the source, decide its shape, decode and split it, and say what was found."""

from __future__ import annotations

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.images import audit_of
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.images.inspection import Look, look_at
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.store import (
    Decoded,
    Part,
    Progress,
    cached,
    decoded_in_cache,
    decoded_in_memory,
    labels_of,
    stays_in_memory,
)
from steadygan.data.options import DataOptions
from steadygan.data.parquet.tables import Tables
from steadygan.data.sources.find import Source, Synthetic, TextSource, find_source
from steadygan.data.sources.synthetic import open_synthetic
from steadygan.data.sources.text import open_lines
from steadygan.errors import DataError, UsageError
from steadygan.types import SampleSpec


def open_data(options: DataOptions, progress: Progress | None = None) -> Dataset:
    """The data set that the options name, ready to train on, with its audit.

    Pictures are decoded once into the cache, but those of a stream as they are asked for; ``progress(done, all)`` is
    told of it. Raises UsageError for a source that is not there, DataError for data that cannot be trained on, RunError
    where the cache cannot be written.
    """
    source = _source(options)
    if isinstance(source, TextSource):
        return open_lines(source, options)
    if isinstance(source, Synthetic):
        return open_synthetic(source.name, options)
    if isinstance(source, Tables):
        from steadygan.data.streaming.open import open_stream

        return open_stream(source, options)
    look = look_at(source, options)
    decoded = _decoded_unless_refused(look, progress)
    audit = audit_of(look, decoded)
    if decoded is None or audit.problem:
        raise DataError(audit.problem or f"'{source.name}' cannot be read")
    return Dataset(
        name=source.name,
        sample=SampleSpec(look.plan.shape, len(look.class_names)),
        train=_stored(look, source.train, decoded.train),
        held_out=_stored(look, source.test or source.train, decoded.held_out),
        fingerprint=look.split.key(look.plan),
        class_names=look.class_names,
        audit=audit,
    )


def audit_data(options: DataOptions, progress: Progress | None = None) -> Audit:
    """What the source holds and what training will do with it; ``problem`` says why, where it would be refused."""
    source = _source(options)
    if isinstance(source, Synthetic | TextSource | Tables):
        found = open_data(options).audit
        assert found is not None
        return found
    look = look_at(source, options)
    return audit_of(look, _decoded_unless_refused(look, progress))


def planned_cache_bytes(options: DataOptions) -> int:
    """Bytes that the decoded pictures take in the cache, written or not yet; 0 where memory is enough."""
    source = _source(options)
    if isinstance(source, Synthetic | TextSource | Tables):
        return 0
    look = look_at(source, options)
    if look.problem() or stays_in_memory(look.split, look.plan):
        return 0
    return look.split.count * look.plan.nbytes


def _source(options: DataOptions) -> Source:
    source = find_source(options)
    for name in ("length", "alphabet"):
        if getattr(options, name) is not None and not isinstance(source, TextSource):
            raise UsageError(f"data {name} is {getattr(options, name)}, but '{source.name}' is no text")
    return source


def _decoded_unless_refused(look: Look, progress: Progress | None) -> Decoded | None:
    split, plan = look.split, look.plan
    if look.problem():
        return None
    if stays_in_memory(split, plan):
        return decoded_in_memory(split, plan)
    found = cached(look.root, split.key(plan), plan)
    if found is not None:
        return found
    return decoded_in_cache(look.root, split, plan, progress)


def _stored(look: Look, pictures: Pictures, part: Part) -> Stored:
    return Stored(part.samples, labels_of(pictures, part) if look.class_names else None)
