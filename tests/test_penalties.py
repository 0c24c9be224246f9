"""Gradient penalties against closed forms, numpy with gradients by hand, loops over rows, and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.penalties import (
    R1,
    R2,
    Between,
    Drift,
    GradientPenalty,
    Location,
    NearReal,
    OnFake,
    OnReal,
    PathLength,
    Penalty,
    between,
    drift_penalty,
    gradient_norm_at,
    gradient_penalty,
    input_gradient_norm,
    near_real,
    norm_of_gradient,
    on_fake,
    on_real,
    r1_penalty,
    r2_penalty,
)

Array = NDArray[np.float64]
IMAGE = (3, 4, 4)


def batch(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def linear_critic(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda samples: samples.flatten(1) @ weight.flatten() + 3.0


def bowl(samples: Tensor) -> Tensor:
    """D(x) = |x|^2 / 2, whose slope is |x|."""
    return 0.5 * samples.flatten(1).square().sum(1)


def norms(samples: Tensor) -> Array:
    return np.linalg.norm(samples.detach().numpy().reshape(len(samples), -1), axis=1)


weights = arrays(np.float64, 6, elements=st.floats(-3, 3)).filter(lambda w: np.linalg.norm(w) > 1e-2)


# --- closed forms of a linear critic: the data do not matter


@given(weight=weights, target=st.floats(0, 3))
def test_a_linear_critic_pays_for_the_norm_of_its_weight(weight: Array, target: float) -> None:
    critic = linear_critic(torch.from_numpy(weight))
    norm = np.linalg.norm(weight)
    got = gradient_penalty(critic, batch(5, 6), batch(5, 6, seed=1), target=target)
    assert got.item() == pytest.approx((norm - target) ** 2, rel=1e-6, abs=1e-9)
    got = gradient_penalty(critic, batch(5, 6), batch(5, 6, seed=1), target=target, one_sided=True)
    assert got.item() == pytest.approx(max(0.0, norm - target) ** 2, rel=1e-6, abs=1e-9)


@given(weight=weights, gamma=st.floats(0, 50))
def test_r1_and_r2_of_a_linear_critic_are_half_gamma_times_its_squared_weight(weight: Array, gamma: float) -> None:
    critic = linear_critic(torch.from_numpy(weight))
    expected = pytest.approx(gamma / 2 * (weight**2).sum(), rel=1e-6)
    assert r1_penalty(critic, batch(5, 6), gamma).item() == expected
    assert r2_penalty(critic, batch(5, 6), gamma).item() == expected


@pytest.mark.parametrize("at", [between, on_real, on_fake, near_real])
def test_a_linear_critic_pays_the_same_at_every_place(at: Callable[[Tensor, Tensor], Tensor]) -> None:
    weight = batch(*IMAGE, seed=2)
    got = gradient_penalty(linear_critic(weight), batch(4, *IMAGE), batch(4, *IMAGE, seed=1), at=at)
    assert got.item() == pytest.approx((weight.norm().item() - 1) ** 2, rel=1e-9)


def test_the_norm_of_an_image_is_over_channels_rows_and_columns() -> None:
    ones = torch.ones(*IMAGE, dtype=torch.float64)
    got = gradient_norm_at(linear_critic(ones), batch(4, *IMAGE))
    np.testing.assert_allclose(got.detach().numpy(), np.full(4, np.sqrt(48)), rtol=1e-9)


@pytest.mark.parametrize("norm", [0.0, 0.4, 1.0])
def test_one_sided_penalties_cost_nothing_up_to_the_target(norm: float) -> None:
    weight = torch.tensor([norm, 0.0, 0.0], dtype=torch.float64)
    got = gradient_penalty(linear_critic(weight), batch(3, 3), batch(3, 3), one_sided=True)
    assert got.item() == pytest.approx(0.0, abs=1e-20)


# --- one norm a sample, one eps a sample


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


def test_slopes_do_not_depend_on_who_else_is_in_the_batch() -> None:
    critic = smooth_mlp()
    samples = batch(5, 3)
    together = gradient_norm_at(critic, samples).detach()
    alone = torch.cat([gradient_norm_at(critic, row[None]).detach() for row in samples])
    np.testing.assert_allclose(together.numpy(), alone.numpy(), rtol=1e-12)


@pytest.mark.parametrize("shape", [(2,), IMAGE])
def test_points_between_lie_on_the_segments_with_one_eps_a_sample(shape: tuple[int, ...]) -> None:
    real, fake = batch(50, *shape), batch(50, *shape, seed=1)
    points = between(real, fake)
    eps = ((points - fake) / (real - fake)).flatten(1).numpy()
    assert (eps >= 0).all() and (eps < 1).all()
    np.testing.assert_allclose(eps, np.broadcast_to(eps[:, :1], eps.shape), atol=1e-8)
    assert len(np.unique(eps[:, 0].round(6))) == 50


def test_eps_is_uniform() -> None:
    n = 20_000
    eps = between(torch.ones(n, 1, dtype=torch.float64), torch.zeros(n, 1, dtype=torch.float64)).flatten().sort().values
    deviation = (eps - (torch.arange(n) + 0.5) / n).abs().max().item()
    assert deviation < 1.63 / np.sqrt(n)  # Kolmogorov and Smirnov, 1%


def test_eps_one_is_the_real_sample_and_eps_zero_the_fake() -> None:
    real, fake = batch(3, *IMAGE), batch(3, *IMAGE, seed=1)
    points = between(real, fake, torch.tensor([1.0, 0.0, 0.25]))
    assert torch.equal(points[0], real[0]) and torch.equal(points[1], fake[1])
    torch.testing.assert_close(points[2], 0.25 * real[2] + 0.75 * fake[2])


@pytest.mark.parametrize(("reals", "fakes"), [(4, 1), (1, 4), (4, 3)])
def test_there_is_nothing_between_batches_of_different_sizes(reals: int, fakes: int) -> None:
    with pytest.raises(ValueError, match=rf"\[{reals}, 2\], fakes \[{fakes}, 2\]"):
        gradient_penalty(bowl, batch(reals, 2), batch(fakes, 2))


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


def test_dragans_points_are_real_samples_plus_up_to_half_a_standard_deviation() -> None:
    real = 3.0 * batch(400, *IMAGE) + 5.0
    moved = (near_real(real, torch.zeros_like(real)) - real).numpy() / real.numpy().std()
    assert moved.min() >= 0 and moved.max() < 0.5 * 1.001
    assert moved.mean() == pytest.approx(
        0.125, abs=0.01
    )  # two numbers, uniform on [0, 1): one an element, one a sample
    assert (moved**2).mean() == pytest.approx(0.25 / 9, abs=0.003)
    rows = moved.reshape(400, -1)
    reach = rows.max(1)
    assert reach.min() < 0.05 and reach.max() > 0.45  # along the whole line, the samples themselves among them
    directions = rows / rows.mean(1, keepdims=True)
    assert abs(np.corrcoef(directions[:, 0], directions[:, 1])[0, 1]) < 0.2  # a number an element, not a sample


def test_dragans_points_are_a_pure_function_of_their_noise() -> None:
    real, noise, mix = batch(6, 3), batch(6, 3, seed=1).abs(), batch(6, seed=2).abs()
    expected = real.numpy() + mix.numpy()[:, None] * 0.7 * real.numpy().std(ddof=1) * noise.numpy()
    np.testing.assert_allclose(near_real(real, real, noise, mix, scale=0.7).numpy(), expected, rtol=1e-12)
    both = torch.cat([mix[:, None], noise], 1)
    np.testing.assert_allclose(NearReal(0.7).points(real, real, both).numpy(), expected, rtol=1e-12)


def test_the_places_of_r1_and_r2_are_the_samples_themselves() -> None:
    real, fake = batch(4, 2), batch(4, 2, seed=1)
    assert torch.equal(on_real(real, fake), real) and torch.equal(on_fake(real, fake), fake)
    assert r1_penalty(bowl, real, gamma=4.0).item() == pytest.approx(2 * (norms(real) ** 2).mean())
    assert r2_penalty(bowl, fake, gamma=4.0).item() == pytest.approx(2 * (norms(fake) ** 2).mean())


def test_any_map_of_the_two_batches_can_be_the_place() -> None:
    real, fake = batch(4, 2), batch(4, 2, seed=1)
    got = gradient_penalty(bowl, real, fake, at=lambda r, f: (r + f) / 2, target=0.0)
    assert got.item() == pytest.approx((norms((real + fake) / 2) ** 2).mean(), rel=1e-9)


# --- derivatives with respect to the critic


def smooth_mlp() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.Softplus(), nn.Linear(4, 1)).double()


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


def row_by_row(critic: nn.Module, points: Tensor, hold: Callable[[float], float]) -> float:
    """The mean of ``hold`` over the norms of the critic's Jacobian rows, each from a forward pass of its own."""
    costs = []
    for point in points:
        jacobian = torch.autograd.functional.jacobian(lambda p: critic(p[None]).sum(), point)
        costs.append(hold(float(np.sqrt((jacobian.numpy() ** 2).sum()))))
    return float(np.mean(costs))


def changes_of(critic: nn.Module, value: Callable[[], float], step: float = 1e-5) -> dict[str, Array]:
    """Central differences of ``value`` with respect to each parameter."""
    changes = {}
    with torch.no_grad():
        for name, parameter in critic.named_parameters():
            change = np.zeros(parameter.numel())
            flat = parameter.view(-1)
            for i in range(len(flat)):
                before = flat[i].item()
                flat[i] = before + step
                high = value()
                flat[i] = before - step
                low = value()
                flat[i] = before
                change[i] = (high - low) / (2 * step)
            changes[name] = change.reshape(parameter.shape)
    return changes


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("one_sided", [False, True])
def test_a_slope_of_zero_has_a_finite_derivative(dtype: torch.dtype, one_sided: bool) -> None:
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


def test_input_slope_can_be_differentiated_again() -> None:
    samples = batch(4, 3).requires_grad_(True)
    slope = input_gradient_norm(smooth_mlp()(samples).flatten(), samples)
    (second,) = torch.autograd.grad(slope.sum(), samples)
    assert second.shape == samples.shape and second.abs().max() > 0


# --- what goes in and comes out


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


def test_drift_is_the_mean_square_of_real_scores() -> None:
    scores = batch(7)
    assert drift_penalty(scores, 0.3).item() == pytest.approx(0.3 * (scores.numpy() ** 2).mean(), rel=1e-12)


# --- the specs of recipes


@pytest.mark.parametrize(
    ("spec", "function"),
    [
        (GradientPenalty(), lambda c, r, f: 10.0 * gradient_penalty(c, r, f, at=on_real)),
        (
            GradientPenalty(weight=0.1, target=2.0),
            lambda c, r, f: 0.1 * gradient_penalty(c, r, f, target=2.0, at=on_real),
        ),
        (GradientPenalty(one_sided=True), lambda c, r, f: 10.0 * gradient_penalty(c, r, f, one_sided=True, at=on_real)),
        (R1(gamma=3.0), lambda c, r, f: r1_penalty(c, r, gamma=3.0)),
        (R2(gamma=3.0), lambda c, r, f: r2_penalty(c, r, gamma=3.0)),
    ],
)
def test_weight_times_the_mean_of_what_a_spec_holds_is_the_function(
    spec: Penalty, function: Callable[..., Tensor]
) -> None:
    critic, samples = smooth_mlp(), batch(5, 3)
    slope = gradient_norm_at(critic, samples)
    held = spec.hold(slope)
    assert held.shape == (5,)
    expected = function(critic, samples, samples).item()
    assert (spec.weight * held.mean()).item() == pytest.approx(expected, rel=1e-9)


def test_the_drift_spec_holds_scores_and_takes_no_gradient() -> None:
    scores = batch(5)
    spec = Drift(0.01)
    assert spec.at is None
    got = (spec.weight * spec.hold(scores).mean()).item()
    assert got == pytest.approx(drift_penalty(scores, 0.01).item(), rel=1e-12)


@pytest.mark.parametrize(
    ("place", "function"),
    [(Between(), between), (OnReal(), on_real), (OnFake(), on_fake)],
)
def test_place_specs_are_the_place_functions_with_the_noise_drawn_for_them(
    place: Location, function: Callable[..., Tensor]
) -> None:
    real, fake = batch(6, *IMAGE), batch(6, *IMAGE, seed=1)
    noise = place.random_spec(IMAGE)
    if noise is None:
        assert torch.equal(place.points(real, fake, None), function(real, fake))
    else:
        assert noise.distribution == "uniform"
        drawn = torch.rand(6, *noise.shape, dtype=torch.float64)
        assert torch.equal(place.points(real, fake, drawn), function(real, fake, drawn))


def test_places_ask_for_one_number_a_sample_or_for_one_an_element_too() -> None:
    assert Between().random_spec(IMAGE).shape == ()
    assert NearReal().random_spec(IMAGE).shape == (1 + np.prod(IMAGE),)
    assert OnReal().random_spec(IMAGE) is None and OnFake().random_spec(IMAGE) is None


def test_only_penalties_on_a_scored_batch_share_its_pass() -> None:
    assert R1().at.shares_pass == "real" and R2().at.shares_pass == "fake"
    assert not GradientPenalty().at.shares_pass and not GradientPenalty(at=NearReal()).at.shares_pass


def test_the_default_weights_are_those_of_the_papers() -> None:
    assert (GradientPenalty().weight, GradientPenalty().target, GradientPenalty().one_sided) == (10.0, 1.0, False)
    assert isinstance(GradientPenalty().at, Between)
    assert (R1().gamma, Drift().weight) == (10.0, 1e-3)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [GradientPenalty, R1, R2, Drift])
def test_a_weight_that_cannot_be_one_is_refused_in_one_line(kind: type, weight: float) -> None:
    with pytest.raises(UsageError, match=kind.__name__) as error:
        kind(weight)
    assert "\n" not in str(error.value) and str(weight) in str(error.value)


@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf")])
def test_targets_and_scales_that_no_slope_or_noise_can_have_are_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"GradientPenalty.target"):
        GradientPenalty(target=value)
    with pytest.raises(UsageError, match=r"NearReal.scale"):
        NearReal(scale=value)


def test_every_spec_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Penalty)) == {GradientPenalty, R1, R2, Drift, PathLength}
    assert set(get_args(Location)) == {Between, OnReal, OnFake, NearReal}
