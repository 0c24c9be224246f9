"""NDB/K: z tests by hand and by scipy's chi-squared, k of K modes, and held-out samples at the level of chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency

from steadygan.diagnostics.signals import Bins, bin_difference, bins_of
from steadygan.errors import UsageError


def of_counts(*counts: int) -> np.ndarray:
    """Numbers 0, 1, 2, …, so many of each."""
    return np.repeat(np.arange(float(len(counts))), counts)[:, None]


def bins_with(*counts: int) -> Bins:
    return Bins(np.arange(float(len(counts)))[:, None], np.array(counts))


def test_two_bins_by_hand() -> None:
    # z = .1 / sqrt(.55 * .45 * .02) = 1.42 and .2 / sqrt(.6 * .4 * .02) = 2.89, against 1.96
    assert bin_difference(of_counts(60, 40), bins_with(50, 50)).share == 0
    assert bin_difference(of_counts(70, 30), bins_with(50, 50)).share == 1
    assert bin_difference(of_counts(60, 40), bins_with(50, 50), level=0.16).share == 1  # P(|z| > 1.42) = .1556
    assert bin_difference(of_counts(60, 40), bins_with(50, 50), level=0.15).share == 0


def test_each_bin_is_tested_as_by_chi_squared() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.multinomial(700, rng.dirichlet(np.full(30, 5.0))), rng.multinomial(400, np.full(30, 1 / 30))
    p_values = [
        chi2_contingency([[r, real.sum() - r], [f, fake.sum() - f]], correction=False).pvalue
        for r, f in zip(real, fake, strict=True)
    ]
    assert 0 < np.mean(np.array(p_values) < 0.05) < 1
    assert bin_difference(of_counts(*fake), bins_with(*real)).share == np.mean(np.array(p_values) < 0.05)


@pytest.mark.parametrize("modes", [2, 5, 9])
def test_k_of_k_modes_miss_the_others(modes: int) -> None:
    noise = np.random.default_rng(1).standard_normal((10, 60, 2)) * 0.01
    angles = 2 * np.pi * np.arange(10) / 10
    real = (np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None] + noise).reshape(600, 2)
    bins = bins_of(real, 10)
    assert bins.counts.sum() == 300 and bins.counts.min() > 15  # half of the samples, 30 a mode on average
    result = bin_difference(real[: 60 * modes], bins)
    assert result.missing == pytest.approx((10 - modes) / 10)
    even = Bins(bins.centres, np.full(10, 30))
    assert bin_difference(real[: 60 * modes], even).effective == pytest.approx(modes / 10, rel=1e-12)
    # KL(q||m) and KL(p||m) with q uniform on k of K
    p, q = 1 / 10, 1 / modes
    m = (p + q) / 2
    expected = 0.5 * (np.log2(q / m) + modes * p * np.log2(p / m) + (10 - modes) * p * 1)
    assert bin_difference(real[: 60 * modes], even).divergence == pytest.approx(expected, rel=1e-12)
    assert bin_difference(real, even) == (0.0, 0.0, 0.0, 1.0)


def test_held_out_samples_differ_in_a_twentieth_of_the_bins() -> None:
    shares = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        bins = bins_of(rng.standard_normal((2000, 2)), 20)
        shares.append(bin_difference(rng.standard_normal((1000, 2)), bins).share)
    assert np.mean(shares) == pytest.approx(0.05, abs=0.03)


def test_the_level_of_chance_holds_in_many_dimensions() -> None:
    """Where centres follow the very samples that place them."""
    shares = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        held_out = rng.standard_normal((300, 400))
        real = rng.standard_normal((600, 400))
        shares.append(bin_difference(held_out, bins_of(real, 10)).share)
    assert np.mean(shares) < 0.12


def test_bins_are_the_same_every_time_and_of_tensors_too() -> None:
    real = np.random.default_rng(3).standard_normal((300, 3, 2))
    first, second = bins_of(real, 12), bins_of(torch.from_numpy(real), 12)
    np.testing.assert_array_equal(first.centres, second.centres)
    np.testing.assert_array_equal(first.counts, second.counts)
    assert first.counts.sum() == 150


def test_bad_input_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="5 bins of 2 different samples"):
        bins_of(of_counts(5, 5), 5)
    with pytest.raises(UsageError, match="count is 1; allowed"):
        bins_of(of_counts(5, 5), 1)
    with pytest.raises(UsageError, match="differ in width: 2 and 1"):
        bin_difference(np.ones((5, 2)), bins_with(5, 5))
    with pytest.raises(UsageError, match="level is 1"):
        bin_difference(of_counts(5, 5), bins_with(5, 5), level=1)
