"""Near duplicates: a known share of copies, the data's own share, and the birthday estimate of a known support."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.diagnostics.signals import birthday_support, near_duplicates
from steadygan.errors import UsageError

REAL = np.random.default_rng(0).standard_normal((200, 30))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_of_copies_is_found(share: float) -> None:
    fake = np.random.default_rng(1).standard_normal((200, 30)) * 2  # farther apart than real ones
    copies = int(200 * share)
    fake[:copies] = fake[0]
    result = near_duplicates(fake, REAL)
    assert result.share == share
    assert result.support == (math.inf if not copies else pytest.approx(200 * 199 / (copies * (copies - 1)), rel=1e-12))


def test_copies_with_a_little_noise_count_too() -> None:
    fake = np.repeat(2 * REAL[:100], 2, axis=0) + 1e-3 * REAL
    assert near_duplicates(fake, REAL).share == 1


def test_the_threshold_is_a_quantile_of_the_data() -> None:
    real = np.cumsum(np.arange(1.0, 201))[:, None]  # neighbours are 2, 2, 3, 4, … 200 apart
    result = near_duplicates(real, real, level=0.05)
    assert result.threshold == 10  # the tenth of 2, 2, 3, …, 10, 11 is that of the row before
    assert result.share == result.expected == 0.05


def test_the_data_itself_has_the_expected_share() -> None:
    shares = []
    for seed in range(20):
        real, other = np.random.default_rng(seed).standard_normal((2, 200, 5))
        shares.append(near_duplicates(other, real, level=0.05).share)
    assert np.mean(shares) == pytest.approx(0.05, abs=0.02)


def test_copies_in_the_data_raise_what_is_expected() -> None:
    real = REAL.copy()
    real[:80] = real[0]
    result = near_duplicates(real, real)
    assert result.expected == 0.4 and result.threshold == 0


@pytest.mark.parametrize("support", [50, 400])
def test_the_birthday_estimate_finds_the_support_of_random_draws(support: int) -> None:
    rng = np.random.default_rng(2)
    inverse = []
    for _ in range(40):
        counts = np.bincount(rng.integers(0, support, 200))
        inverse.append(1 / birthday_support(float((counts * (counts - 1) / 2).sum()), 200))
    assert 1 / np.mean(inverse) == pytest.approx(support, rel=0.08)


def test_a_support_seen_by_distances_is_that_of_the_atoms() -> None:
    atoms = np.random.default_rng(3).standard_normal((50, 30)) * 2
    result = near_duplicates(np.repeat(atoms, 4, axis=0), REAL)
    assert result.share == 1 and result.support == pytest.approx(199 / 3, rel=1e-12)  # s (s-1) / 2 over 50 * 6 pairs
    assert result.real_support > 50 * result.support


def test_bad_input_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="level is 0"):
        near_duplicates(REAL, REAL, level=0)
    with pytest.raises(UsageError, match="samples is 1; allowed"):
        birthday_support(3, 1)
    with pytest.raises(UsageError, match="pairs is -1; allowed"):
        birthday_support(-1, 10)
