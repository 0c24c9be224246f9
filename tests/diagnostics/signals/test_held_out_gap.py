"""Gaps of critics whose memory is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from steadygan.diagnostics.signals import gap_of_scores, held_out_gap, real_sign
from steadygan.errors import UsageError
from tests.diagnostics.signals.known import assert_no_trace, bowl, samples


def lookup(train: Tensor, score: float = 2.0, offset: float = 0.0) -> Callable[[Tensor], Tensor]:
    """A critic that knows its training samples by heart, and nothing else."""

    def critic(x: Tensor) -> Tensor:
        return offset + score * (x[:, None] == train).all(2).any(1).to(x.dtype)

    return critic


@pytest.mark.parametrize("offset", [0.0, -1e4])
def test_a_lookup_table_of_training_samples_has_r_v_1(offset: float) -> None:
    train, held, fake = samples(40, 3), samples(30, 3, seed=1), samples(50, 3, seed=2)
    found = held_out_gap(lookup(train, offset=offset), train, held, fake, batch=10)
    assert (found.gap, found.separation, found.r_v, found.batches) == (2.0, 2.0, 1.0, 3)
    assert (found.gap_error, found.r_v_error) == (0.0, 0.0)


def test_a_critic_without_memory_has_r_v_0_within_its_noise() -> None:
    found = held_out_gap(bowl, 2 + samples(400, 3), 2 + samples(400, 3, seed=1), samples(400, 3, seed=2), batch=50)
    assert abs(found.r_v) < 3 * found.r_v_error < 0.2
    assert found.separation == pytest.approx(6.0, rel=0.1)


def test_the_gap_is_the_median_over_batches_and_one_bad_batch_leaves_no_mark() -> None:
    train, held, fake = torch.full((5, 4), 1.0), torch.full((5, 4), 0.75), torch.zeros(5, 4)
    held[2] = -1000.0
    found = gap_of_scores(train, held, fake)
    assert (found.gap, found.separation, found.r_v) == (0.25, 1.0, 0.25)


@pytest.mark.parametrize("batches", [1, 9])
def test_the_error_is_the_spread_of_the_gap_over_repetitions(batches: int) -> None:
    found = [gap_of_scores(*samples(3, batches, 16, seed=i)) for i in range(300)]
    assert np.mean([each.gap_error for each in found]) == pytest.approx(np.std([each.gap for each in found]), rel=0.15)


def test_without_a_separation_there_is_no_ratio() -> None:
    found = gap_of_scores(torch.zeros(2, 4), torch.zeros(2, 4), torch.ones(2, 4))
    assert math.isnan(found.r_v) and math.isnan(found.r_v_error)
    single = gap_of_scores(torch.ones(1), torch.zeros(1), torch.zeros(1))
    assert (single.gap, single.r_v) == (1.0, 1.0) and math.isnan(single.gap_error)


def test_batch_norm_has_the_statistics_of_each_kind() -> None:
    norm = nn.Sequential(nn.BatchNorm1d(2, affine=False), nn.Linear(2, 1)).double()
    found = held_out_gap(norm, 5 + samples(64, 2), samples(64, 2, seed=1), samples(64, 2, seed=2) - 9, batch=32)
    assert found.gap == pytest.approx(0, abs=1e-6)  # each batch has mean 0 after the norm


def test_r_t_is_the_mean_sign_and_needs_a_zero() -> None:
    scores = torch.tensor([[3.0], [0.1], [-5.0], [2.0]])
    assert real_sign(scores, splits_at_zero=True) == 0.5
    assert math.isnan(real_sign(torch.tensor([math.nan, 1.0]), splits_at_zero=True))
    with pytest.raises(UsageError, match="r_v"):
        real_sign(scores, splits_at_zero=False)


def test_nothing_is_left_behind_and_samples_of_all_kinds_are_needed() -> None:
    x = samples(8, 6)
    assert_no_trace(lambda critic: held_out_gap(critic, x, x + 1, x - 1, batch=4))
    with pytest.raises(UsageError, match="held-out"):
        held_out_gap(bowl, samples(3, 2), torch.zeros(0, 2), samples(3, 2))
    with pytest.raises(UsageError, match="one shape"):
        gap_of_scores(torch.zeros(3), torch.zeros(2), torch.zeros(3))
