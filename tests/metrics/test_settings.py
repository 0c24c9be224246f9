"""Settings of metrics that are words, fractions or out of range are one line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from steadygan.errors import UsageError
from steadygan.metrics.estimates import over_seeds
from steadygan.metrics.inception_score import inception_score
from steadygan.metrics.kernel import kernel_distance
from steadygan.metrics.labels import class_histogram
from steadygan.metrics.manifold import precision_recall
from steadygan.metrics.memorisation import memorisation
from steadygan.metrics.modes import mode_coverage
from steadygan.metrics.ngrams import ngram_js
from steadygan.metrics.pyramids import sliced_wasserstein
from steadygan.metrics.transport import wasserstein1

ROWS = np.random.default_rng(0).normal(size=(40, 3))
IMAGES = np.zeros((8, 1, 16, 16), np.uint8)


@pytest.mark.parametrize(
    "call",
    [
        lambda: kernel_distance(ROWS, ROWS, size=20.0),
        lambda: kernel_distance(ROWS, ROWS, degree="3"),
        lambda: precision_recall(ROWS, ROWS, k=3.0),
        lambda: wasserstein1(ROWS, ROWS, limit=20.0),
        lambda: class_histogram([0, 1], 2.0),
        lambda: ngram_js(["ab"], ["ab"], n=2.0),
        lambda: memorisation(ROWS, ROWS, ROWS, level="x"),
        lambda: mode_coverage(ROWS, ROWS, "x"),
        lambda: inception_score(np.full((20, 2), 0.5), "10"),
        lambda: over_seeds([1, 2, 3], confidence=95),
        lambda: over_seeds([1, float("nan")]),
        lambda: over_seeds([]),
        lambda: sliced_wasserstein(IMAGES, IMAGES, repeats=0),
        lambda: sliced_wasserstein(IMAGES, IMAGES, directions=0),
    ],
)
def test_settings_of_another_kind_are_one_line(call: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert "\n" not in str(error.value)


def test_values_over_seeds_may_be_an_array() -> None:
    assert over_seeds(np.array([1.0, 2.0, 3.0])) == over_seeds([1.0, 2.0, 3.0])  # type: ignore[arg-type]
