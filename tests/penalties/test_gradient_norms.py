"""Norms of the critic's gradients with respect to its input: one a sample, in the right precision, differentiable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from steadygan.penalties import (
    gradient_norm_at,
    gradient_penalty,
    input_gradient_norm,
    norm_of_gradient,
    on_real,
    r1_penalty,
)
from tests.penalties.critics import IMAGE, batch, linear_critic, smooth_mlp


def test_the_norm_of_an_image_is_over_channels_rows_and_columns() -> None:
    ones = torch.ones(*IMAGE, dtype=torch.float64)
    got = gradient_norm_at(linear_critic(ones), batch(4, *IMAGE))
    np.testing.assert_allclose(got.detach().numpy(), np.full(4, np.sqrt(48)), rtol=1e-9)


def test_gradient_norms_do_not_depend_on_the_other_samples_of_the_batch() -> None:
    critic = smooth_mlp()
    samples = batch(5, 3)
    together = gradient_norm_at(critic, samples).detach()
    alone = torch.cat([gradient_norm_at(critic, row[None]).detach() for row in samples])
    np.testing.assert_allclose(together.numpy(), alone.numpy(), rtol=1e-12)


def test_input_gradient_norms_can_be_differentiated_again() -> None:
    samples = batch(4, 3).requires_grad_(True)
    slope = input_gradient_norm(smooth_mlp()(samples).flatten(), samples)
    (second,) = torch.autograd.grad(slope.sum(), samples)
    assert second.shape == samples.shape and second.abs().max() > 0


def test_the_samples_that_go_in_are_not_touched() -> None:
    real, fake = batch(4, 3), batch(4, 3, seed=1)
    before = real.clone(), fake.clone()
    gradient_penalty(smooth_mlp(), real, fake).backward()
    r1_penalty(smooth_mlp(), real).backward()
    assert torch.equal(real, before[0]) and torch.equal(fake, before[1])
    assert not real.requires_grad and not fake.requires_grad


def test_scores_in_a_column_are_scores() -> None:
    column, critic = smooth_mlp(), smooth_mlp()
    samples = batch(4, 3)
    flat = gradient_penalty(lambda s: critic(s).flatten(), samples, samples)
    assert gradient_penalty(column, samples, samples).item() == flat.item()


@pytest.mark.parametrize(
    ("critic", "shape"),
    [
        (lambda s: s.flatten(1).sum(1).mean(), "[]"),
        (lambda s: s.flatten(1).sum(1).mean()[None], "[1]"),
        (lambda s: s.flatten(1)[:, :2], "[4, 2]"),
        (lambda s: s.flatten(1).sum(1)[None], "[1, 4]"),
        (lambda s: s.flatten(1).sum(1)[:3], "[3]"),
    ],
)
def test_a_critic_without_one_score_a_sample_is_refused(critic: Callable[[Tensor], Tensor], shape: str) -> None:
    samples = batch(4, 3)
    with pytest.raises(ValueError) as error:
        gradient_penalty(critic, samples, samples)
    assert shape in str(error.value) and "4 samples" in str(error.value) and "\n" not in str(error.value)


def test_bf16_samples_give_norms_in_float32() -> None:
    weight = torch.full((1000,), 0.1, dtype=torch.bfloat16)
    samples = torch.randn(4, 1000).bfloat16()
    slope = gradient_norm_at(lambda s: s @ weight, samples)
    assert slope.dtype == torch.float32
    expected = float(weight[0]) * np.sqrt(1000)  # summed in bf16 this would be off by percents
    np.testing.assert_allclose(slope.detach().numpy(), np.full(4, expected), rtol=1e-5)
    assert gradient_penalty(lambda s: s @ weight, samples, samples).dtype == torch.float32


@pytest.mark.parametrize("traced", [False, True])
def test_autocast_does_not_narrow_the_derivative_of_what_is_computed_in_float32(traced: bool) -> None:
    """torch runs a derivative that is taken under autocast in bfloat16, whatever the forward pass was in."""
    torch.manual_seed(0)
    hidden, head = nn.Linear(50, 20), nn.Linear(20, 1)

    def critic(samples: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return head(hidden(samples)).squeeze(1)

    def loss(samples: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            return gradient_penalty(critic, samples, samples, at=on_real)

    samples, weights = torch.randn(3, 50), (hidden.weight, head.weight)
    loss_of = torch.compile(loss, backend="aot_eager", fullgraph=True) if traced else loss
    found = loss_of(samples)
    got = torch.autograd.grad(found, weights)
    a, b = (weight.detach().double().requires_grad_() for weight in weights)
    expected = ((b @ a).norm() - 1) ** 2  # the slope is the same everywhere
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0.0)
    for one, other in zip(got, torch.autograd.grad(expected, (a, b)), strict=True):
        assert float((one - other).norm() / other.norm()) < 1e-5


@pytest.mark.parametrize("traced", [False, True])
def test_under_autocast_the_critic_itself_is_computed_in_bfloat16(traced: bool) -> None:
    seen: list[torch.dtype] = []
    layer = nn.Linear(6, 1)

    def critic(samples: Tensor) -> Tensor:
        score = layer(samples)
        seen.append(score.dtype)
        return score.squeeze(1)

    def slope(samples: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            return gradient_norm_at(critic, samples)

    norm_of_gradient = torch.compile(slope, backend="aot_eager", fullgraph=True) if traced else slope
    found = norm_of_gradient(torch.randn(3, 6))
    assert set(seen) == {torch.bfloat16} and found.dtype == torch.float32


def test_norms_of_half_precision_gradients_do_not_overflow() -> None:
    slope = norm_of_gradient(torch.full((2, 4), 3e4, dtype=torch.float16))
    np.testing.assert_allclose(slope.numpy(), np.full(2, 2 * float(torch.tensor(3e4).half())), rtol=1e-5)


def test_norms_stay_in_float64_where_the_gradient_is() -> None:
    assert norm_of_gradient(batch(2, 3)).dtype == torch.float64
