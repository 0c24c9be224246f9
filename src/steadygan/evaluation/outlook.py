"""How long a long evaluation will take, said before it does, by its first samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from steadygan.data.dataset import Samples
from steadygan.evaluation.extracting import is_kept
from steadygan.system import progress
from steadygan.system.words import duration

if TYPE_CHECKING:
    from steadygan.evaluation.measures import Measure
    from steadygan.evaluation.real_side import RealSide
    from steadygan.features.base import Features
    from steadygan.metrics.arrays import Images

LONG = 120.0
"""seconds of an evaluation above which a line is said before it"""
LOOKED_AT = 32
"""samples whose features are timed"""


@dataclass(frozen=True)
class Outlook:
    """Seconds of the parts of an evaluation that grow with the number of samples."""

    count: int
    """generated samples"""
    drawing: float
    """seconds a sample; 0 for samples that are there already"""
    features: float
    """seconds a sample, by all extractors; 0 if no metric looks at features"""
    real: int = 0
    """real samples whose features are not in the cache"""

    @property
    def seconds(self) -> float:
        """Of all samples."""
        return self.count * (self.drawing + self.features) + self.real * self.features

    def line(self, usual: int) -> str:
        """What to say before; '' for an evaluation that is not long.

        Args:
            usual: samples that are enough for most comparisons, and that --count is suggested for if they are fewer
        """
        if self.seconds < LONG:
            return ""
        words = [f"{_ms(self.drawing)} to draw"] * (self.drawing > 0)
        words += [f"{_ms(self.features)} for features"] * (self.features > 0)
        line = f"this takes about {duration(self.seconds)}: {self.count:,} samples, each {' and '.join(words)}"
        if self.real:
            line += f", and the features of {self.real:,} real ones, once"
        fewer = Outlook(usual, self.drawing, self.features, self.real).seconds
        return f"{line} (--count {usual} takes about {duration(fewer)})" if usual < self.count else line


def _ms(seconds: float) -> str:
    ms = 1e3 * seconds
    return f"{ms:,.0f} ms" if ms >= 10 else f"{ms:.2g} ms"


def outlook_of(real: RealSide, measures: Sequence[Measure], samples: Samples, count: int, drawing: float) -> Outlook:
    """The outlook on an evaluation, for which it takes the features of some of the first samples.

    Args:
        real: of the evaluation
        measures: of the evaluation
        samples: some of them [n, ...], as metrics see them
        count: of all samples
        drawing: seconds that one took to draw
    """
    extractors = {each.identity: each for each in _extractors(real, measures)}
    seconds = sum(seconds_of_features(each, np.asarray(samples[:LOOKED_AT], np.uint8)) for each in extractors.values())
    left = sum(
        len(samples)
        for split, samples in (("train", real.train[0]), ("held out", real.held_out[0]))
        if len(samples) and any(not is_kept(each, real.dataset, split, real.cache) for each in extractors.values())
    )
    return Outlook(count, drawing, seconds, left)


def _extractors(real: RealSide, measures: Sequence[Measure]) -> Iterator[Features]:
    """The extractors that the metrics look through."""
    for inputs in {measure.inputs for measure in measures}:
        if inputs == "features" and real.features is not None:
            yield real.features
        if inputs == "classifier" and (real.make_classifier is not None or real.inception):
            yield real.features if real.inception and real.features is not None else real.classifier


def seconds_of_features(extractor: Features, images: Images, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that the features of one of these images uint8 [N, C, H, W] take."""
    with progress.listening(None):
        extractor(images[:2])  # kernels are chosen at the first call
        began = clock()
        extractor(images)
    return (clock() - began) / len(images)
