"""Class-conditional norms against the plain ones class by class, and the projection head against sums by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from steadygan.errors import UsageError
from steadygan.networks.layers.conditional import (
    ConditionalBatchNorm,
    ConditionalGroupNorm,
    ProjectionHead,
    conditional_norm,
)
from steadygan.networks.layers.generator_critic import Critic, LabelledSequential
from steadygan.networks.layers.inspect import couples_batch, is_norm
from steadygan.networks.layers.normalization import InstanceNorm, PaperLayerNorm
from steadygan.networks.layers.spectral import with_spectral_norm
from tests.networks.spectral import spectral_norms

LABELS = torch.tensor([0, 2, 2, 1, 0])


def perturbed(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(torch.randn_like(parameter))
    return layer


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 6), (5, 4, 3, 3)])
def test_batch_norm_has_the_statistics_of_all_classes_and_each_classs_scale_and_offset(shape):
    layer = perturbed(ConditionalBatchNorm(4, 3).double())
    x = 3 * torch.randn(shape, dtype=torch.float64) + 2
    y = layer(x, LABELS)
    dims = [d for d in range(x.dim()) if d != 1]
    centred = x - x.mean(dims, keepdim=True)
    normalized = centred / torch.sqrt(centred.square().mean(dims, keepdim=True) + 1e-5)
    for i, label in enumerate(LABELS):
        scale, offset = (table[label].reshape(-1, *(1,) * (x.dim() - 2)) for table in (layer.scale, layer.offset))
        assert torch.allclose(y[i], scale * normalized[i] + offset, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3, 3)])
def test_batch_norm_starts_as_the_plain_one_in_both_modes(shape):
    layer = ConditionalBatchNorm(4, 3)
    plain = (nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d)(4)
    for _ in range(3):
        x = torch.randn(shape)
        assert torch.allclose(layer(x, LABELS), plain(x), atol=1e-6)
    assert torch.allclose(layer.running_var, plain.running_var)
    assert torch.allclose(layer.eval()(x, LABELS), plain.eval()(x), atol=1e-6)


@pytest.mark.parametrize(("name", "plain"), [("layer", PaperLayerNorm), ("instance", InstanceNorm)])
def test_layer_and_instance_norm_of_one_class_are_the_plain_ones_with_its_scale_and_offset(name, plain):
    (layer,) = conditional_norm(name, 4, 3)
    layer = perturbed(layer.double())
    x = torch.randn(5, 4, 3, 3, dtype=torch.float64)
    for label in range(3):
        twin = plain(4).double()
        with torch.no_grad():
            twin.weight.copy_(layer.scale[label])
            twin.bias.copy_(layer.offset[label])
        assert torch.allclose(layer(x, torch.full((5,), label)), twin(x), atol=1e-12)


def test_gradients_reach_only_the_rows_of_classes_in_the_batch():
    layer = ConditionalBatchNorm(4, 4)
    (layer(torch.randn(5, 4, 3, 3), LABELS) * torch.randn(5, 4, 3, 3)).sum().backward()
    for table in (layer.scale, layer.offset):
        assert table.grad.abs().sum(1).gt(0).tolist() == [True, True, True, False]


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("samples", [1, 5])
def test_gradients_are_right_for_channels_last_maps_of_one_sample_too(groups, samples):
    layer = perturbed(ConditionalGroupNorm(groups, 4, 3).double())
    x = torch.randn(samples, 4, 3, 3, dtype=torch.float64)
    pull = torch.randn(samples, 4, 3, 3, dtype=torch.float64).to(memory_format=torch.channels_last)
    x = x.to(memory_format=torch.channels_last).requires_grad_(True)
    (ours,) = torch.autograd.grad(layer(x, LABELS[:samples]), x, pull)
    blocks = x.reshape(samples, groups, -1)
    blocks = (blocks - blocks.mean(2, keepdim=True)) / (blocks.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
    scale, offset = (table[LABELS[:samples]][:, :, None, None] for table in (layer.scale, layer.offset))
    (theirs,) = torch.autograd.grad(blocks.reshape(x.shape) * scale + offset, x, pull)
    assert torch.allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("name", ["batch", "layer", "instance"])
def test_norms_have_two_derivatives(name):
    (layer,) = conditional_norm(name, 2, 3)
    layer = perturbed(layer.double())
    if name == "batch":
        layer.track_running_stats, layer.running_mean, layer.running_var = False, None, None
    x = torch.randn(3, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: layer(x, LABELS[:3]), x)
    assert gradgradcheck(lambda x: layer(x, LABELS[:3]), x, atol=1e-4)


@pytest.mark.parametrize("name", ["batch", "layer", "instance"])
def test_norms_are_in_float32_under_autocast_and_the_result_in_bfloat16(name):
    (layer,) = conditional_norm(name, 3, 3)
    x = (100 + torch.randn(5, 3, 16, 16)).bfloat16()
    expected = layer(x.float(), LABELS).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x, LABELS)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, expected)


def test_norms_by_name():
    (batch,), (layer,), (instance,) = (conditional_norm(name, 4, 3) for name in ("batch", "layer", "instance"))
    assert all(is_norm(norm) for norm in (batch, layer, instance))
    assert [couples_batch(norm) for norm in (batch, layer, instance)] == [True, False, False]
    assert conditional_norm("none", 4, 3) == []


def test_labels_reach_norms_through_a_sequence_and_spectral_norm_leaves_their_tables_alone():
    trunk = LabelledSequential(nn.Conv2d(2, 4, 1), perturbed(ConditionalBatchNorm(4, 3)), nn.ReLU())
    x = torch.randn(5, 2, 3, 3)
    with_spectral_norm(trunk)
    assert list(spectral_norms(trunk)) == ["0"]
    assert not torch.equal(trunk(x, LABELS), trunk(x, LABELS.flip(0)))


@pytest.mark.parametrize("pool", ["flatten", "mean", "sum"])
def test_a_projection_score_is_linear_plus_the_product_with_the_class_vector(pool):
    x = torch.randn(5, 4, 2, 2, dtype=torch.float64)
    head = ProjectionHead(16 if pool == "flatten" else 4, 3, "glorot", pool=pool, features=True).double()
    h = {"flatten": x.reshape(5, 16), "mean": x.mean((2, 3)), "sum": x.sum((2, 3))}[pool]
    output = head(x, LABELS)
    for i, label in enumerate(LABELS):
        expected = sum(
            h[i, k] * (head.head.score.weight[0, k] + head.embedding.weight[label, k]) for k in range(h.shape[1])
        )
        assert output.score[i].item() == pytest.approx((expected + head.head.score.bias[0]).item())
    assert output.score.shape == (5,)
    assert torch.equal(output.features, h)
    assert ProjectionHead(4, 3, "he")(x.float(), LABELS).features is None


def test_the_heads_second_derivative_is_right():
    head = ProjectionHead(4, 3, "glorot").double()
    x = torch.randn(5, 4, 2, 2, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(
        lambda x, w: torch.func.functional_call(head, {"embedding.weight": w}, (x.tanh(), LABELS)).score,
        (x, head.embedding.weight),
    )


def test_scores_are_float32_under_autocast_without_rounding():
    head, x = ProjectionHead(8, 3, "glorot"), torch.randn(5, 8, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        score = head(x, LABELS).score
    assert score.dtype == torch.float32
    assert torch.equal(score, head(x.float(), LABELS).score)


def test_spectral_norm_takes_the_score_and_the_embedding():
    critic = with_spectral_norm(Critic(LabelledSequential(nn.Conv2d(2, 4, 1)), ProjectionHead(4, 3, "glorot")))
    assert list(spectral_norms(critic)) == ["trunk.0", "head.head.score", "head.embedding"]
    assert critic(torch.randn(5, 2, 3, 3), LABELS).score.shape == (5,)


@pytest.mark.parametrize(
    "part", [ConditionalBatchNorm(4, 3), ConditionalGroupNorm(1, 4, 3), ProjectionHead(4, 3, "glorot")]
)
def test_missing_labels_are_refused_in_one_line(part):
    with pytest.raises(UsageError, match="needs the class of each sample, but got no labels"):
        part(torch.randn(2, 4, 2, 2))


def test_fewer_than_two_classes_are_refused():
    for make in (
        lambda: ConditionalBatchNorm(4, 1),
        lambda: ConditionalGroupNorm(1, 4, 0),
        lambda: ProjectionHead(4, 1, "he"),
    ):
        with pytest.raises(UsageError, match=r"classes is [01]; allowed: whole numbers from 2"):
            make()
