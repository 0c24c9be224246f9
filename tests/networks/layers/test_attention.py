"""Self-attention against a triple loop in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from steadygan.errors import UsageError
from steadygan.networks.layers.attention import SelfAttention
from tests.networks.spectral import spectral_norms


def attention(*args, gamma=0.7, **fields):
    layer = SelfAttention(*args, **fields).double()
    with torch.no_grad():
        layer.gamma.fill_(gamma)
    return layer


def by_loop(layer, x, pool):
    """Queries, keys and values as lists of vectors, one sample and one position at a time."""
    weights = [part.weight.detach()[:, :, 0, 0] for part in (layer.query, layer.key, layer.value, layer.output)]
    to_query, to_key, to_value, to_output = weights
    result = x.clone()
    n, _, height, width = x.shape
    step = 2 if pool else 1
    for i in range(n):
        keys, values = [], []
        for h in range(0, height - step + 1, step):
            for w in range(0, width - step + 1, step):
                patch = [x[i, :, h + a, w + b] for a in range(step) for b in range(step)]
                keys.append(torch.stack([to_key @ pixel for pixel in patch]).amax(0))
                values.append(torch.stack([to_value @ pixel for pixel in patch]).amax(0))
        for h in range(height):
            for w in range(width):
                query = to_query @ x[i, :, h, w]
                likeness = [math.exp(float(query @ key)) for key in keys]
                mixed = sum(a * value for a, value in zip(likeness, values, strict=True)) / sum(likeness)
                result[i, :, h, w] += layer.gamma.detach() * (to_output @ mixed)
    return result


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize(("divisors", "size"), [((8, 2), (4, 6)), ((2, 1), (5, 4))])
def test_attention_equals_a_loop_over_queries_and_keys(pool, divisors, size):
    layer = attention(8, *divisors, pool=pool)
    x = torch.randn(2, 8, *size, dtype=torch.float64)
    assert torch.allclose(layer(x), by_loop(layer, x, pool), atol=1e-12)


def test_it_begins_as_the_identity_and_gamma_learns_from_the_first_step():
    layer = SelfAttention(16)
    x = torch.randn(2, 16, 4, 4)
    y = layer(x)
    assert torch.equal(y, x)
    (y * torch.randn_like(y)).sum().backward()
    assert layer.gamma.grad.abs().item() > 0
    assert torch.count_nonzero(layer.query.weight.grad) == 0


@pytest.mark.parametrize("pool", [True, False])
def test_there_are_two_derivatives(pool):
    layer = attention(4, 2, 2, pool=pool)
    x = torch.randn(1, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(layer, x)
    assert gradgradcheck(layer, x)


def test_convolutions_have_the_papers_widths_and_no_bias():
    layer = SelfAttention(64)
    assert [tuple(p.shape[:2]) for p in layer.parameters() if p.dim() == 4] == [(8, 64), (8, 64), (32, 64), (64, 32)]
    assert sum(p.numel() for p in layer.parameters()) == 2 * 8 * 64 + 2 * 32 * 64 + 1
    assert SelfAttention(4).query.out_channels == 1


def test_all_four_convolutions_are_normalised_on_demand():
    assert list(spectral_norms(SelfAttention(8, spectral=True))) == ["query", "key", "value", "output"]
    assert not spectral_norms(SelfAttention(8))


def test_maps_stay_channels_last_and_their_layout_changes_nothing():
    layer, x = attention(8), torch.randn(2, 8, 4, 4, dtype=torch.float64)
    plain = layer(x)
    layer.to(memory_format=torch.channels_last)
    y = layer(x.contiguous(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(plain, y, atol=1e-12)


def test_the_softmax_is_in_float32_under_autocast_and_the_result_in_the_type_of_the_input():
    layer = SelfAttention(32)
    with torch.no_grad():
        layer.gamma.fill_(1.0)
    x = torch.randn(2, 32, 8, 8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert torch.allclose(y.float(), layer(x.float()), atol=0.05)


def test_a_sample_does_not_depend_on_the_others():
    layer, x = attention(8), torch.randn(3, 8, 4, 4, dtype=torch.float64)
    assert torch.allclose(layer(x)[1:2], layer(x[1:2]), atol=1e-12)


def test_sizes_below_1_are_refused():
    with pytest.raises(UsageError, match="key_divisor is 0; allowed: whole numbers from 1"):
        SelfAttention(8, key_divisor=0)
