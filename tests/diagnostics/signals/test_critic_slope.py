"""Input gradients of critics whose slope is known."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.diagnostics.signals import critic_slope, slopes_at
from steadygan.diagnostics.signals.critic_slope import points_between
from steadygan.errors import UsageError
from steadygan.types import Scales
from tests.diagnostics.signals.known import Linear, assert_no_trace, bowl, orthogonal_stack, samples


def test_a_linear_critic_has_the_norm_of_its_weight_everywhere() -> None:
    weight = samples(6, seed=3)
    for slopes in critic_slope(Linear(weight), samples(7, 2, 3), samples(9, 2, 3, seed=1)):
        assert (slopes.mean, slopes.quantile, slopes.largest) == pytest.approx((float(weight.norm()),) * 3, rel=1e-12)
        assert slopes.deviation == pytest.approx(0, abs=1e-12)


def test_mean_deviation_and_quantile_are_those_of_the_points() -> None:
    x = samples(50, 4)
    norms = x.norm(dim=1)
    slopes = slopes_at(bowl, x, quantile=0.9)
    expected = (norms.mean(), norms.std(correction=0), norms.quantile(0.9), norms.max())
    assert slopes == pytest.approx([float(each) for each in expected], rel=1e-12)


@pytest.mark.parametrize("scale", [1e-30, 0.25, 1e30])
def test_a_scaled_head_scales_all_slopes_even_where_squares_would_not_be_numbers(scale: float) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    x = samples(6, 4).float()
    plain = slopes_at(network, x)
    with torch.no_grad():
        network[2].weight.mul_(scale)
    assert slopes_at(network, x) == pytest.approx([scale * each for each in plain], rel=1e-4)


def test_points_between_lie_on_the_lines_and_are_the_same_each_time() -> None:
    real, fake = samples(5, 3), samples(8, 3, seed=2)
    points = points_between(real, fake, seed=4)
    assert isinstance(points, torch.Tensor)
    eps = (points - fake[:5]) / (real - fake[:5])
    assert torch.allclose(eps, eps[:, :1].expand(5, 3))
    assert float(eps.min()) >= 0 and float(eps.max()) < 1
    assert torch.equal(points, points_between(real, fake, seed=4))
    assert not torch.equal(points, points_between(real, fake, seed=5))


def test_all_scales_of_a_sample_count_together() -> None:
    small, large = samples(4, 1, 2, 2), samples(4, 1, 4, 4)
    slopes = slopes_at(lambda scales: 3 * bowl(scales.images[0]) + 4 * bowl(scales.images[1]), Scales((small, large)))
    norms = (9 * small.flatten(1).square().sum(1) + 16 * large.flatten(1).square().sum(1)).sqrt()
    assert slopes.mean == pytest.approx(float(norms.mean()), rel=1e-12)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_slopes_are_measured_in_any_grad_mode(context: type) -> None:
    weight = samples(4)
    critic = Linear(weight)
    with context():
        assert slopes_at(critic, samples(3, 4)).mean == pytest.approx(float(weight.norm()))


def test_patch_maps_count_by_their_mean() -> None:
    critic = nn.Conv2d(1, 1, 1, bias=False).double()
    critic.weight.data.fill_(6.0)
    assert slopes_at(critic, samples(3, 1, 4, 4)).mean == pytest.approx(6.0 / 4)


def test_nothing_is_left_behind() -> None:
    assert_no_trace(lambda critic: critic_slope(critic, samples(8, 6), samples(8, 6, seed=1)))
    assert_no_trace(lambda critic: critic_slope(lambda x: critic(x), samples(8, 6), samples(8, 6, seed=1)))


def test_what_has_no_slope_is_one_line() -> None:
    with pytest.raises(UsageError, match="no graph"):
        slopes_at(lambda x: torch.zeros(len(x)), samples(3, 2))
    with pytest.raises(UsageError, match="shape"):
        critic_slope(bowl, samples(3, 2), samples(3, 4))
    with pytest.raises(UsageError, match="floating-point"):
        slopes_at(bowl, torch.zeros(0, 2))
    with pytest.raises(UsageError, match="scores"):
        slopes_at(orthogonal_stack(1.0, depth=1), samples(3, 5))
