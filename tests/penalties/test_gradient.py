"""Gradient penalties against closed forms, numpy with gradients by hand, loops over rows, and finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from steadygan.penalties import (
    between,
    gradient_norm_at,
    gradient_penalty,
    near_real,
    on_fake,
    on_real,
    r1_penalty,
    r2_penalty,
)
from tests.penalties.critics import (
    IMAGE,
    Array,
    batch,
    bowl,
    changes_of,
    linear_critic,
    norms,
    row_by_row,
    smooth_mlp,
    weights,
)


@given(weight=weights, target=st.floats(0, 3))
def test_a_linear_critic_pays_for_the_norm_of_its_weight(weight: Array, target: float) -> None:
    critic = linear_critic(torch.from_numpy(weight))
    norm = np.linalg.norm(weight)
    got = gradient_penalty(critic, batch(5, 6), batch(5, 6, seed=1), target=target)
    assert got.item() == pytest.approx((norm - target) ** 2, rel=1e-6, abs=1e-9)
    got = gradient_penalty(critic, batch(5, 6), batch(5, 6, seed=1), target=target, one_sided=True)
    assert got.item() == pytest.approx(max(0.0, norm - target) ** 2, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("at", [between, on_real, on_fake, near_real])
def test_a_linear_critic_pays_the_same_at_every_location(at: Callable[[Tensor, Tensor], Tensor]) -> None:
    weight = batch(*IMAGE, seed=2)
    got = gradient_penalty(linear_critic(weight), batch(4, *IMAGE), batch(4, *IMAGE, seed=1), at=at)
    assert got.item() == pytest.approx((weight.norm().item() - 1) ** 2, rel=1e-9)


@pytest.mark.parametrize("norm", [0.0, 0.4, 1.0])
def test_one_sided_penalties_cost_nothing_up_to_the_target(norm: float) -> None:
    weight = torch.tensor([norm, 0.0, 0.0], dtype=torch.float64)
    got = gradient_penalty(linear_critic(weight), batch(3, 3), batch(3, 3), one_sided=True)
    assert got.item() == pytest.approx(0.0, abs=1e-20)


def test_the_norm_is_of_each_samples_gradient_and_not_of_the_whole_batch() -> None:
    real = batch(6, *IMAGE)
    per_sample = ((norms(real) - 1) ** 2).mean()
    of_the_batch = (np.sqrt((norms(real) ** 2).sum()) - 1) ** 2
    got = gradient_penalty(bowl, real, batch(6, *IMAGE, seed=1), at=on_real).item()
    assert got == pytest.approx(per_sample, rel=1e-9)
    assert abs(got - of_the_batch) > 1.0


def test_the_square_is_of_each_samples_excess_and_the_mean_comes_last() -> None:
    real = torch.tensor([[0.5, 0.0], [0.0, 1.5]], dtype=torch.float64)
    assert gradient_penalty(bowl, real, real).item() == pytest.approx(0.25)  # the mean slope is 1: no excess there
    assert gradient_penalty(bowl, real, real, one_sided=True).item() == pytest.approx(0.125)


def test_the_penalty_is_taken_between_by_default_and_on_segments() -> None:
    seen = []

    def watching(points: Tensor) -> Tensor:
        seen.append(points.detach().clone())
        return bowl(points)

    real, fake = batch(8, *IMAGE), batch(8, *IMAGE, seed=1)
    got = gradient_penalty(watching, real, fake).item()
    (points,) = seen
    assert got == pytest.approx(((norms(points) - 1) ** 2).mean(), rel=1e-9)
    eps = ((points - fake) / (real - fake)).flatten(1)
    torch.testing.assert_close(eps, eps[:, :1].expand_as(eps))


def leaky_convolutions() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.GroupNorm(1, 3),
        nn.Conv2d(3, 2, 3, padding=1),
        nn.Tanh(),
        nn.Flatten(0),
        nn.Unflatten(0, (-1, 2 * 2 * 2)),
        nn.Linear(8, 1),
    ).double()


@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize(
    ("make", "shape"), [(smooth_mlp, (3,)), (leaky_convolutions, (2, 4, 4))], ids=["mlp", "convolutions"]
)
def test_value_and_parameter_gradient_equal_a_loop_over_rows_and_finite_differences(
    make: Callable[[], nn.Module], shape: tuple[int, ...], one_sided: bool
) -> None:
    critic = make()
    real, fake = batch(3, *shape), batch(3, *shape, seed=1)
    points = between(real, fake, torch.tensor([0.2, 0.5, 0.9]))
    target = float(gradient_norm_at(critic, points).detach().mean())  # slopes on both sides of it

    def hold(slope: float) -> float:
        excess = slope - target
        return max(excess, 0.0) ** 2 if one_sided else excess**2

    def value() -> float:
        with torch.enable_grad():
            return row_by_row(critic, points, hold)

    penalty = gradient_penalty(critic, real, fake, target=target, one_sided=one_sided, at=lambda r, f: points)
    assert penalty.item() == pytest.approx(value(), rel=1e-9)
    assert penalty.item() > 1e-6
    penalty.backward()
    for name, change in changes_of(critic, value).items():
        gradient = dict(critic.named_parameters())[name].grad
        got = np.zeros_like(change) if gradient is None else gradient.numpy()
        np.testing.assert_allclose(got, change, rtol=1e-5, atol=1e-8, err_msg=name)


def test_a_critic_whose_gradient_is_worked_out_by_hand_gets_the_same_penalty_and_derivative() -> None:
    rng = np.random.default_rng(7)
    w, b, v = rng.standard_normal((5, 3)), rng.standard_normal(5), rng.standard_normal(5)
    x = rng.standard_normal((4, 3))

    def by_hand(w: Array, b: Array, v: Array) -> float:  # D(x) = v tanh(Wx + b), grad D = W'(v (1 - tanh^2))
        gradient = (v * (1 - np.tanh(x @ w.T + b) ** 2)) @ w
        return float(((np.linalg.norm(gradient, axis=1) - 1) ** 2).mean())

    parameters = [torch.tensor(p, requires_grad=True) for p in (w, b, v)]

    def critic(samples: Tensor) -> Tensor:
        return torch.tanh(samples @ parameters[0].T + parameters[1]) @ parameters[2]

    samples = torch.tensor(x)
    penalty = gradient_penalty(critic, samples, samples)
    assert penalty.item() == pytest.approx(by_hand(w, b, v), rel=1e-9)
    gradients = torch.autograd.grad(penalty, parameters)
    for which, gradient in enumerate(gradients):
        for index in np.ndindex(*gradient.shape):
            moved = [[p.copy() for p in (w, b, v)] for _ in range(2)]
            moved[0][which][index] += 1e-6
            moved[1][which][index] -= 1e-6
            change = (by_hand(*moved[0]) - by_hand(*moved[1])) / 2e-6
            assert gradient[index].item() == pytest.approx(change, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("one_sided", [False, True])
def test_a_gradient_norm_of_zero_has_a_finite_derivative(dtype: torch.dtype, one_sided: bool) -> None:
    weight = torch.zeros(6, dtype=dtype, requires_grad=True)
    samples = batch(4, 6).to(dtype)
    penalty = gradient_penalty(linear_critic(weight), samples, samples, one_sided=one_sided)
    assert penalty.item() == pytest.approx(0.0 if one_sided else 1.0, abs=1e-5)
    (gradient,) = torch.autograd.grad(penalty, weight)
    assert torch.isfinite(gradient).all()
    (gradient,) = torch.autograd.grad(r1_penalty(linear_critic(weight), samples), weight)
    assert torch.equal(gradient, torch.zeros_like(weight))


def test_one_dead_sample_does_not_spoil_the_others() -> None:
    critic = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        critic[0].weight.copy_(torch.ones(4, 2))
        critic[0].bias.zero_()
    samples = torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)  # no unit answers to the first
    gradient_penalty(critic, samples, samples).backward()
    assert torch.isfinite(critic[0].weight.grad).all() and critic[0].weight.grad.abs().max() > 0


def test_the_graphs_of_fakes_and_reals_are_not_followed() -> None:
    generator = nn.Linear(2, 3).double()
    real = batch(4, 3).requires_grad_(True)
    fake = generator(batch(4, 2))
    critic = smooth_mlp()
    for at in (between, on_fake, on_real, near_real):
        gradient_penalty(critic, real, fake, at=at).backward()
    r1_penalty(critic, real).backward()
    r2_penalty(critic, fake).backward()
    assert real.grad is None and generator.weight.grad is None
    assert critic[0].weight.grad is not None
