"""R1 and R2 against closed forms and finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from steadygan.penalties import (
    r1_penalty,
    r2_penalty,
)
from tests.penalties.critics import Array, batch, changes_of, linear_critic, row_by_row, smooth_mlp, weights


@given(weight=weights, gamma=st.floats(0, 50))
def test_r1_and_r2_of_a_linear_critic_are_half_gamma_times_its_squared_weight(weight: Array, gamma: float) -> None:
    critic = linear_critic(torch.from_numpy(weight))
    expected = pytest.approx(gamma / 2 * (weight**2).sum(), rel=1e-6)
    assert r1_penalty(critic, batch(5, 6), gamma).item() == expected
    assert r2_penalty(critic, batch(5, 6), gamma).item() == expected


@pytest.mark.parametrize("penalty", [r1_penalty, r2_penalty])
def test_zero_centred_penalties_have_the_right_parameter_gradient(penalty: Callable[..., Tensor]) -> None:
    critic, samples = smooth_mlp(), batch(3, 3)

    def value() -> float:
        with torch.enable_grad():
            return row_by_row(critic, samples, lambda slope: 1.5 * slope**2)

    penalty(critic, samples, gamma=3.0).backward()
    for name, change in changes_of(critic, value).items():
        gradient = dict(critic.named_parameters())[name].grad
        got = np.zeros_like(change) if gradient is None else gradient.numpy()
        np.testing.assert_allclose(got, change, rtol=1e-5, atol=1e-8, err_msg=name)
