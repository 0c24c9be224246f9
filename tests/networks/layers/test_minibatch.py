"""Minibatch layers against loops over samples, and joined against separate passes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from steadygan.errors import UsageError
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStddev


def deviation_by_loop(x, group, channels):
    """The added maps' values [N, channels], one number at a time."""
    n, maps, height, width = x.shape
    share = maps // channels
    values = torch.zeros(n, channels, dtype=x.dtype)
    for i in range(n):
        start = i // group * group
        for f in range(channels):
            total = 0.0
            for c in range(f * share, (f + 1) * share):
                for h in range(height):
                    for w in range(width):
                        held = [x[j, c, h, w].item() for j in range(start, start + group)]
                        mean = sum(held) / group
                        total += math.sqrt(sum((v - mean) ** 2 for v in held) / group + 1e-8)
            values[i, f] = total / (share * height * width)
    return values


@pytest.mark.parametrize(("group", "channels"), [(4, 1), (2, 3), (8, 2), (None, 1)])
def test_the_added_maps_hold_the_mean_deviation_of_contiguous_groups(group, channels):
    x = torch.randn(8, 6, 2, 3, dtype=torch.float64)
    y = MinibatchStddev(group, channels)(x)
    assert y.shape == (8, 6 + channels, 2, 3)
    assert torch.equal(y[:, :6], x)
    expected = deviation_by_loop(x, group or 8, channels)
    assert torch.allclose(y[:, 6:], expected[:, :, None, None].expand(-1, -1, 2, 3), atol=1e-12)


def test_features_without_positions_get_a_deviation_too():
    x = torch.randn(4, 5, dtype=torch.float64)
    y = MinibatchStddev()(x)
    expected = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    assert torch.allclose(y[:, 5], expected.expand(4))


def test_the_deviation_of_identical_samples_is_the_root_of_epsilon_and_its_gradient_is_finite():
    x = torch.randn(1, 3, 2, 2, dtype=torch.float64).repeat(4, 1, 1, 1).requires_grad_(True)
    y = MinibatchStddev()(x)
    assert torch.allclose(y[:, 3:], torch.full_like(y[:, 3:], 1e-4), atol=1e-12)
    (gradient,) = torch.autograd.grad(y[:, 3:].sum(), x)
    assert torch.count_nonzero(gradient) == 0


def test_maps_stay_channels_last():
    x = torch.randn(4, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    assert MinibatchStddev()(x).is_contiguous(memory_format=torch.channels_last)
    assert MinibatchStddev()(x.contiguous()).is_contiguous()


def test_the_deviation_is_taken_in_float32_under_autocast():
    x = (100 + torch.randn(8, 4, 4, 4)).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = MinibatchStddev()(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, MinibatchStddev()(x.float()).bfloat16())


def nearness_by_loop(features, tensor, group, self_term):
    rows = [
        [[float(f @ tensor[:, b, c]) for c in range(tensor.shape[2])] for b in range(tensor.shape[1])] for f in features
    ]
    out = torch.zeros(len(features), tensor.shape[1], dtype=features.dtype)
    for i in range(len(features)):
        start = i // group * group
        for j in range(start, start + group):
            if i == j and not self_term:
                continue
            for b in range(tensor.shape[1]):
                out[i, b] += math.exp(-sum(abs(p - q) for p, q in zip(rows[i][b], rows[j][b], strict=True)))
    return out


@pytest.mark.parametrize("self_term", [True, False])
@pytest.mark.parametrize("group", [2, 4, None])
def test_discrimination_equals_a_loop_over_pairs(group, self_term):
    layer = MinibatchDiscrimination(5, 3, 2, group, self_term, init=0.3).double()
    features = torch.randn(8, 5, dtype=torch.float64)
    y = layer(features)
    assert torch.equal(y[:, :5], features)
    expected = nearness_by_loop(features, layer.tensor.detach(), group or 8, self_term)
    assert torch.allclose(y[:, 5:], expected, atol=1e-12)


@pytest.mark.parametrize(("self_term", "expected"), [(True, 6.0), (False, 5.0)])
def test_identical_rows_give_the_size_of_the_group_or_one_less(self_term, expected):
    layer = MinibatchDiscrimination(4, 7, 3, 6, self_term)
    y = layer(torch.randn(1, 4).repeat(12, 1))
    assert torch.allclose(y[:, 4:], torch.full((12, 7), expected))


def test_the_first_distances_are_near_1_where_standard_normal_weights_would_silence_them():
    features = torch.randn(32, 256)
    ours = MinibatchDiscrimination(256, 50, 5, None, self_term=False)(features)[:, 256:]
    normal = MinibatchDiscrimination(256, 50, 5, None, self_term=False, init=1.0)(features)[:, 256:]
    assert 0.2 < (ours.mean() / 31).item() < 0.5
    assert normal.mean().item() < 1e-4


def test_nearness_is_taken_in_float32_under_autocast():
    layer, features = MinibatchDiscrimination(16, 4, 3, 4), torch.randn(8, 16)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(features)
    assert torch.equal(y, layer(features))
    assert layer(features.bfloat16()).dtype == torch.bfloat16


GROUPED = [lambda: MinibatchStddev(2, 2), lambda: nn.Sequential(nn.Flatten(), MinibatchDiscrimination(8, 3, 2, 2))]


@pytest.mark.parametrize("make", GROUPED)
def test_joined_and_separate_passes_agree_where_the_group_divides_both(make):
    layer = make().double()
    assert not couples_batch(layer)
    real, fake = (torch.randn(n, 2, 2, 2, dtype=torch.float64) for n in (4, 6))
    joined = layer(torch.cat([real, fake]))
    assert torch.allclose(joined, torch.cat([layer(real), layer(fake)]), atol=1e-14)


@pytest.mark.parametrize("make", GROUPED)
def test_both_layers_have_two_derivatives(make):
    layer = make().double()
    x = torch.randn(4, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    assert gradcheck(layer, x)
    assert gradgradcheck(layer, x)


def test_whole_batches_are_declared_to_couple_it():
    assert couples_batch(MinibatchStddev(None))
    assert couples_batch(nn.Sequential(MinibatchDiscrimination(4, 2, 2, None)))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: MinibatchStddev(1), "MinibatchStddev.group is 1; allowed: whole numbers from 2, or null"),
        (lambda: MinibatchDiscrimination(4, group=0), "MinibatchDiscrimination.group is 0"),
        (lambda: MinibatchDiscrimination(4, depth=0), "MinibatchDiscrimination.depth is 0"),
        (lambda: MinibatchStddev(4)(torch.zeros(6, 2, 2, 2)), "groups of 4, which do not divide a batch of 6"),
        (lambda: MinibatchStddev(2, 3)(torch.zeros(2, 4, 2, 2)), "channels is 3, which does not divide 4 maps"),
        (
            lambda: MinibatchDiscrimination(4, group=4)(torch.zeros(6, 4)),
            "groups of 4, which do not divide a batch of 6",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_one_line(act, words):
    with pytest.raises(UsageError, match=words):
        act()
