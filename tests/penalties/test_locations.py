"""Sampling locations of penalties: on segments, on samples, near real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from steadygan.errors import UsageError
from steadygan.penalties import (
    Between,
    Location,
    NearReal,
    OnFake,
    OnReal,
    between,
    gradient_penalty,
    near_real,
    on_fake,
    on_real,
    r1_penalty,
    r2_penalty,
)
from tests.penalties.critics import IMAGE, batch, bowl, norms


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


@pytest.mark.parametrize("drawn", [True, False])
def test_there_is_nothing_near_integers(drawn: bool) -> None:
    real = torch.arange(12).reshape(4, 3)
    numbers = (torch.rand(4, 3), torch.rand(4)) if drawn else (None, None)
    with pytest.raises(UsageError, match="points near them need floating point"):
        near_real(real, real, *numbers)


@pytest.mark.parametrize(
    ("count", "mix"), [(3, torch.rand(1)), (1, torch.rand(5)), (3, torch.tensor(0.5)), (3, torch.rand(3, 3)), (3, 0.5)]
)
@pytest.mark.parametrize("function", [between, lambda x, g, mix: near_real(x, g, None, mix)])
def test_one_number_is_not_spread_over_the_batch(function: Callable[..., Tensor], count: int, mix: Any) -> None:
    with pytest.raises(ValueError, match="one number a sample"):
        function(torch.rand(count, 3), torch.rand(count, 3), mix)


def test_noise_of_another_shape_than_the_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="noise has shape"):
        near_real(torch.rand(3, 2), torch.rand(3, 2), torch.rand(3, 1))


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


def test_r1_and_r2_are_taken_at_the_samples_themselves() -> None:
    real, fake = batch(4, 2), batch(4, 2, seed=1)
    assert torch.equal(on_real(real, fake), real) and torch.equal(on_fake(real, fake), fake)
    assert r1_penalty(bowl, real, gamma=4.0).item() == pytest.approx(2 * (norms(real) ** 2).mean())
    assert r2_penalty(bowl, fake, gamma=4.0).item() == pytest.approx(2 * (norms(fake) ** 2).mean())


def test_any_map_of_the_two_batches_can_be_the_location() -> None:
    real, fake = batch(4, 2), batch(4, 2, seed=1)
    got = gradient_penalty(bowl, real, fake, at=lambda r, f: (r + f) / 2, target=0.0)
    assert got.item() == pytest.approx((norms((real + fake) / 2) ** 2).mean(), rel=1e-9)


@pytest.mark.parametrize(
    ("place", "function"),
    [(Between(), between), (OnReal(), on_real), (OnFake(), on_fake)],
)
def test_location_specs_are_the_location_functions_with_the_noise_drawn_for_them(
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


def test_locations_ask_for_one_number_a_sample_or_for_one_an_element_too() -> None:
    assert Between().random_spec(IMAGE).shape == ()
    assert NearReal().random_spec(IMAGE).shape == (1 + np.prod(IMAGE),)
    assert OnReal().random_spec(IMAGE) is None and OnFake().random_spec(IMAGE) is None
