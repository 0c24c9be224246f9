"""Labels on their way through a network, heads in float32, and what networks say of themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.networks.layers.blocks import ResidualBlock
from steadygan.networks.layers.convolutions import SameConv
from steadygan.networks.layers.generator_critic import Critic, Generator, LabelledSequential, ScoreHead
from steadygan.networks.layers.inspect import couples_batch, is_norm
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.networks.layers.normalization import InstanceNorm, PaperLayerNorm


class AddLabel(nn.Module):
    """The least that a class-conditional layer can be."""

    takes_labels = True

    def forward(self, x, labels=None):
        return x if labels is None else x + labels.reshape(-1, *(1,) * (x.dim() - 1)).to(x.dtype)


def test_labels_reach_the_layers_that_take_them_and_no_others():
    chain = LabelledSequential(nn.Identity(), AddLabel(), LabelledSequential(nn.Identity(), AddLabel()))
    x, labels = torch.zeros(3, 2), torch.tensor([0, 1, 2])
    assert chain(x, labels)[:, 0].tolist() == [0.0, 2.0, 4.0]
    assert torch.equal(chain(x), x)


def test_labels_reach_a_norm_inside_a_residual_block():
    block = ResidualBlock(2, 2, norm="layer")
    x, labels = torch.randn(3, 2, 4, 4), torch.tensor([0, 1, 2])
    before = block(x, labels)
    assert torch.equal(before, block(x))
    block.middle.insert(0, AddLabel())
    assert torch.equal(block(x), before)
    assert not torch.equal(block(x, labels), before)


def test_labels_reach_the_trunk_of_a_generator_and_the_head_of_a_critic():
    labels = torch.tensor([1, 2])
    generator = Generator(LabelledSequential(AddLabel()), (4,), "linear")
    assert generator(torch.zeros(2, 4), labels)[:, 0].tolist() == [1.0, 2.0]

    class Head(nn.Module):
        def forward(self, x, labels=None):
            return x, labels

    x, seen = Critic(LabelledSequential(AddLabel()), Head())(torch.zeros(2, 4), labels)
    assert x[:, 0].tolist() == [1.0, 2.0]
    assert seen is labels


@pytest.mark.parametrize("pool", ["flatten", "mean", "sum"])
def test_a_head_scores_pooled_maps_by_a_linear_layer(pool):
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    head = ScoreHead(16 if pool == "flatten" else 4, "glorot", pool=pool).double()
    features = {"flatten": x.reshape(3, 16), "mean": x.mean((2, 3)), "sum": x.sum((2, 3))}[pool]
    expected = features @ head.score.weight[0] + head.score.bias
    output = head(x)
    assert torch.allclose(output.score, expected)
    assert output.score.shape == (3,)
    assert output.class_logits is None
    assert output.features is None


def test_a_head_fills_logits_and_features_where_it_was_asked_to():
    head = ScoreHead(4, "glorot", pool="mean", classes=7, features=True)
    x = torch.randn(3, 4, 2, 2)
    output = head(x)
    assert output.class_logits.shape == (3, 7)
    assert torch.allclose(output.features, x.mean((2, 3)))
    assert sum(p.numel() for p in head.parameters()) == (4 + 1) + 7 * (4 + 1)


def test_scores_and_logits_are_float32_under_bf16_autocast_without_rounding_of_the_head():
    head = ScoreHead(8, "glorot", pool="mean", classes=3, features=True)
    with torch.no_grad():
        head.score.bias.fill_(300.0)
    x = torch.randn(5, 8, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        output = head(x)
    plain = head(x.float())
    for ours, theirs in zip(output[:3], plain[:3], strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours, theirs)
    assert len(output.score.unique()) == 5  # bfloat16 has steps of 2 at 300


def test_a_full_precision_layer_does_not_round_coordinates_under_autocast():
    layer, x = FullPrecisionLinear(2, 8), torch.randn(16, 2)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.float32
    assert torch.equal(y, layer(x))


@pytest.mark.parametrize(("output", "low", "high"), [("tanh", -1.0, 1.0), ("sigmoid", 0.0, 1.0), ("linear", -9.0, 9.0)])
def test_a_generators_output_is_squashed_in_float32(output, low, high):
    generator = Generator(LabelledSequential(), (2, 3, 3), output)
    y = generator(torch.linspace(-9, 9, 36).reshape(2, 18).bfloat16())
    assert y.dtype == torch.float32
    assert y.shape == (2, 2, 3, 3)
    assert (y.min().item(), y.max().item()) == pytest.approx((low, high), abs=1e-3)


class Coupling(nn.Module):
    couples_batch = True


@pytest.mark.parametrize(
    ("part", "couples"),
    [
        (nn.BatchNorm2d(2), True),
        (nn.BatchNorm1d(2), True),
        (nn.SyncBatchNorm(2), True),
        (Coupling(), True),
        (nn.Linear(2, 2), False),
        (PaperLayerNorm(2), False),
        (InstanceNorm(2), False),
    ],
)
def test_a_network_couples_its_batch_where_any_layer_does(part, couples):
    assert couples_batch(part) is couples
    assert couples_batch(nn.Sequential(nn.ReLU(), nn.Sequential(part))) is couples
    assert couples_batch(nn.Sequential(nn.ReLU(), nn.Sequential(part)).eval()) is couples


def test_norms_are_known_and_other_layers_are_not():
    for norm in (nn.BatchNorm2d(2), nn.GroupNorm(1, 2), nn.LayerNorm(2), nn.InstanceNorm2d(2), PaperLayerNorm(2)):
        assert is_norm(norm)
    for other in (nn.Linear(2, 2), SameConv(1, 1, 3), nn.Sequential(nn.BatchNorm1d(2))):
        assert not is_norm(other)
