"""Data of the suite: what a training sees, faults that are put into it, and the reference that outcomes are judged by.

A training sees ``dataset``: its training samples, faulty or few where the name says so, and held-out samples. Outcomes
are judged by ``reference``, clean samples of the same distribution that no training and no doctor ever sees.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.doctor import glyphs, points, sentences
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.sources.digits import load_digits
from steadygan.data.text.alphabet import build_alphabet, encode
from steadygan.types import SampleSpec

TRAIN, HELD_OUT, REFERENCE = 4_000, 300, 2_000
"""samples of each part; digits have 997, 300 and 500"""
FAULTS = ("one-class", "two-classes", "duplicates", "blank", "half-blank", "dead-half", "extreme", "noise")

Array = NDArray[Any]


@dataclass(frozen=True)
class Source:
    """Data by name, as a training asks for it."""

    base: str
    """a set of points, 'digits', 'glyphs8', 'glyphs16' or 'text'"""
    count: int | None = None
    """training samples; None: all"""
    fault: str | None = None
    """one of ``FAULTS``"""

    @property
    def kind(self) -> str:
        """'points', 'images' or 'text'."""
        return "points" if self.base in points.SETS else "text" if self.base == "text" else "images"

    def __str__(self) -> str:
        parts = [self.base, *([] if self.count is None else [f"{self.count} samples"]), *filter(None, [self.fault])]
        return ", ".join(parts)


@dataclass(frozen=True, eq=False)
class Material:
    """Data of a training."""

    source: Source
    dataset: Dataset
    """what the training and its doctor see"""
    clean: Array
    """clean training samples, all of them: what a judge may learn from"""
    clean_labels: NDArray[np.int64]
    """their modes"""
    reference: Array
    """samples of the clean distribution that nothing else sees"""
    reference_labels: NDArray[np.int64]


def open_source(source: Source) -> Material:
    """The data of a source, the same each time."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(source.base.encode()).digest()[:4], "big"))
    samples, labels = _drawn(source.base, rng)
    reference, held_out = (500, HELD_OUT) if source.base == "digits" else (REFERENCE, HELD_OUT)
    parts = np.split(np.arange(len(samples)), [reference, reference + held_out])
    clean, clean_labels = samples[parts[2]], labels[parts[2]]
    train, kept = clean, clean_labels
    if source.fault is not None:
        train, kept = with_fault(clean, clean_labels, source.fault, np.random.default_rng(1))
    if source.count is not None:
        train, kept = train[: source.count], kept[: source.count]
    alphabet = build_alphabet(sentences.draw_lines(np.random.default_rng(0), 4_000)) if source.kind == "text" else None
    shape = (len(alphabet), sentences.LENGTH) if alphabet is not None else samples.shape[1:]
    digest = hashlib.sha256(np.ascontiguousarray(train).tobytes()).hexdigest()
    dataset = Dataset(
        name=source.base,
        sample=SampleSpec(tuple(shape)),
        train=Stored(np.ascontiguousarray(train)),
        held_out=Stored(np.ascontiguousarray(samples[parts[1]])),
        fingerprint=digest,
        alphabet=alphabet,
    )
    return Material(source, dataset, clean, clean_labels, samples[parts[0]], labels[parts[0]])


def _drawn(base: str, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """All samples of a set, in random order, and the modes that they are of."""
    count = TRAIN + HELD_OUT + REFERENCE
    if base in points.SETS:
        chosen = points.SETS[base]
        drawn = chosen.draw(rng, count)
        return drawn, nearest_centre(drawn, chosen.centres)
    if base.startswith("glyphs"):
        return glyphs.draw_glyphs(rng, count, int(base.removeprefix("glyphs")))
    if base == "text":
        lines = sentences.draw_lines(rng, count)
        alphabet = build_alphabet(sentences.draw_lines(np.random.default_rng(0), 4_000))
        return encode(lines, alphabet, sentences.LENGTH), np.array([sentences.subject(line) for line in lines])
    images, labels = load_digits()
    order = rng.permutation(len(images))
    return images[order], labels[order]


def nearest_centre(drawn: Array, centres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the nearest centre of each point."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(centres).query(drawn)[1], dtype=np.int64)


def with_fault(
    samples: Array, labels: NDArray[np.int64], fault: str, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64]]:
    """The samples with a fault, in random order."""
    faulty, kept = samples.copy(), labels.copy()
    if fault in ("one-class", "two-classes"):
        chosen = labels < (1 if fault == "one-class" else 2)
        return faulty[chosen], kept[chosen]
    if fault == "duplicates":  # 92% of the samples are one of 12
        which = rng.random(len(faulty)) < 0.92
        picks = rng.integers(0, 12, int(which.sum()))
        faulty[which], kept[which] = samples[picks], labels[picks]
    elif fault in ("blank", "half-blank"):
        which = rng.random(len(faulty)) < (0.85 if fault == "blank" else 0.5)
        faulty[which] = 0
    elif fault == "dead-half":  # half of the values of each sample are lost
        faulty[..., : faulty.shape[-1] // 2] = 0
    elif fault == "extreme":  # a few samples of another unit
        which = rng.random(len(faulty)) < 0.02
        faulty[which] = faulty[which] * 1_000
    elif fault == "noise":  # most samples carry nothing
        which = rng.random(len(faulty)) < 0.8
        noise = rng.uniform(samples.min(), samples.max(), samples.shape) if samples.dtype.kind == "f" else None
        drawn = rng.integers(0, int(samples.max()) + 1, samples.shape) if noise is None else noise
        faulty[which] = drawn.astype(samples.dtype)[which]
    else:
        raise ValueError(f"no fault is called {fault!r}: {', '.join(FAULTS)}")
    return faulty, kept
