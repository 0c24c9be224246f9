"""Data copying: training images with noise, held-out images as fakes, and scipy's Mann-Whitney test."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, norm

from steadygan.diagnostics.signals import Bins, copying, copying_by_cells, copying_by_distances, training_distances
from steadygan.errors import UsageError

RNG = np.random.default_rng(0)
TRAIN, HELD, NOISE = (RNG.standard_normal((count, 2, 4)) for count in (300, 150, 300))
LEAST = -math.sqrt(3 * 150 * 300 / (150 + 300 + 1))


def test_training_images_with_less_and_less_noise() -> None:
    results = [copying(TRAIN, HELD, TRAIN + sigma * NOISE) for sigma in (2.0, 0.5, 0.1, 1e-3, 0)]
    for name in ("ratio", "c_t"):
        values = [getattr(result, name) for result in results]
        assert values == sorted(values, reverse=True)
    assert results[-1].ratio == 0 and results[-1].c_t == pytest.approx(LEAST, rel=1e-12)
    assert results[-2].ratio < 0.01 and results[-2].c_t == pytest.approx(LEAST, rel=1e-12)
    assert results[0].c_t > 5  # unlike the data


def test_held_out_images_as_fakes() -> None:
    assert copying(TRAIN, HELD, HELD) == (1.0, 0.0)
    fresh = np.random.default_rng(1).standard_normal((200, 2, 4))
    result = copying(TRAIN, HELD, fresh)
    assert abs(result.c_t) < 3 and result.ratio == pytest.approx(1, abs=0.1)


def test_the_score_of_fresh_samples_is_standard_normal() -> None:
    rng = np.random.default_rng(2)
    scores = [copying_by_distances(rng.random(40), rng.random(60)).c_t for _ in range(800)]
    assert np.mean(scores) == pytest.approx(0, abs=0.12) and np.std(scores) == pytest.approx(1, abs=0.08)


def test_the_score_is_that_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(3)
    held, fake = rng.random(80), rng.random(50) * 1.3
    p_value = mannwhitneyu(fake, held, alternative="greater", method="asymptotic", use_continuity=False).pvalue
    result = copying_by_distances(held, fake)
    assert result.c_t == pytest.approx(norm.isf(p_value), rel=1e-9)
    assert result.ratio == np.median(fake) / np.median(held)


def test_distances_are_to_the_nearest_training_sample() -> None:
    expected = cdist(HELD.reshape(150, -1), TRAIN.reshape(300, -1)).min(axis=1)
    for train in (TRAIN, torch.from_numpy(TRAIN)):
        np.testing.assert_allclose(training_distances(train, torch.from_numpy(HELD)), expected, rtol=1e-12)


def test_copies_in_one_cell_are_seen_though_the_other_under_fits() -> None:
    rng = np.random.default_rng(4)
    left, right = np.array([-50.0, 0]), np.array([50.0, 0])
    train = np.concatenate([left + rng.standard_normal((100, 2)), right + rng.standard_normal((100, 2))])
    held = np.concatenate([left + rng.standard_normal((60, 2)), right + rng.standard_normal((20, 2))])
    fake = np.concatenate([train[:40], right + 5 * rng.standard_normal((40, 2))])
    cells = Bins(np.stack([left, right]), np.array([100, 100]))
    by_hand = [
        copying(train[a], held[b], fake[c]).c_t
        for a, b, c in ((slice(100), slice(60), slice(40)), (slice(100, 200), slice(60, 80), slice(40, 80)))
    ]
    assert by_hand[0] < -5 and by_hand[1] > 3
    assert copying_by_cells(train, held, fake, cells) == pytest.approx(0.75 * by_hand[0] + 0.25 * by_hand[1], rel=1e-12)
    assert copying_by_cells(train, held, fake[:50], cells) == pytest.approx(by_hand[0])  # 10 in the other cell


def test_held_out_copies_of_the_training_set_give_no_division_by_zero() -> None:
    assert copying(TRAIN, TRAIN[:50], TRAIN[:50]) == (1.0, 0.0)
    assert copying(TRAIN, TRAIN[:50], HELD).ratio == math.inf


def test_bad_input_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="fake distances: got 1 rows"):
        copying(TRAIN, HELD, HELD[:1])
    with pytest.raises(UsageError, match="generated samples must be"):
        copying(TRAIN, HELD, HELD[:, 0, 0])
    with pytest.raises(UsageError, match="none of 1 cells has 20 generated"):
        copying_by_cells(TRAIN, HELD, HELD[:10], Bins(np.zeros((1, 8)), np.array([300])))
