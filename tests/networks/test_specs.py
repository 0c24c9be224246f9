"""What all network specs promise: shapes, precision, labels, refusals, and no torch before ``build``."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
import torch

from steadygan import networks
from steadygan.errors import UsageError
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    MLPCritic,
    MLPGenerator,
    ResNet64Critic,
    ResNet64Generator,
    ResNetCritic,
    ResNetGenerator,
    SNDCGANCritic,
    SNDCGANGenerator,
    parameter_count,
)
from steadygan.types import SampleSpec

POINTS, SMALL, LARGE = SampleSpec((2,)), SampleSpec((3, 16, 16), classes=10), SampleSpec((3, 64, 64), classes=10)
PAIRS = [
    (MLPGenerator(width=16), MLPCritic(width=16), POINTS),
    (MLPGenerator(width=16), MLPCritic(width=16), SMALL),
    (DCGANGenerator(width=4), DCGANCritic(width=4), SMALL),
    (DCGANGenerator(width=4, norm="layer"), DCGANCritic(width=4, norm="layer"), SMALL),
    (ResNetGenerator(width=8), ResNetCritic(width=8), SMALL),
    (ResNet64Generator(width=2), ResNet64Critic(width=2), LARGE),
    (SNDCGANGenerator(width=2), SNDCGANCritic(width=2), SMALL),
    (ResNetGenerator(width=8, spectral=True, attention=8), ResNetCritic(width=8, spectral=True, pool="sum"), SMALL),
    (MLPGenerator(width=16), MLPCritic(width=16, spectral=True), POINTS),
]
pairs = pytest.mark.parametrize(("generator", "critic", "sample"), PAIRS)


def test_importing_the_specs_imports_no_torch():
    code = "import sys, steadygan.networks as n; n.DCGANGenerator(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_parameters_are_counted_where_they_are_trained():
    layer = torch.nn.Linear(3, 4)
    assert parameter_count(layer) == 16
    layer.bias.requires_grad_(False)
    assert parameter_count(layer) == 12


@pairs
@pytest.mark.parametrize("bf16", [False, True])
def test_samples_and_scores_are_float32_whatever_is_computed_in(generator, critic, sample, bf16):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16, cache_enabled=False):
        samples = generator.build(sample, 5)(torch.randn(3, 5))
        output = critic.build(sample)(samples)
    assert samples.shape == (3, *sample.shape)
    assert samples.dtype == torch.float32
    assert output.score.shape == (3,)
    assert output.score.dtype == torch.float32
    assert (output.class_logits, output.features, output.code) == (None, None, None)


@pairs
def test_labels_do_not_change_unconditional_networks(generator, critic, sample):
    labels, latents = torch.tensor([0, 1, 2]), torch.randn(3, 5)
    makes, reads = generator.build(sample, 5).eval(), critic.build(sample).eval()  # spectral norms move in training
    samples = makes(latents, labels)
    assert torch.equal(samples, makes(latents))
    assert torch.equal(reads(samples, labels).score, reads(samples).score)


@pairs
def test_a_gradient_penalty_reaches_every_weight_of_the_critic(generator, critic, sample):
    network = critic.build(sample)
    points = torch.randn(3, *sample.shape, requires_grad=True)
    (slope,) = torch.autograd.grad(network(points).score.sum(), points, create_graph=True)
    (slope.flatten(1).norm(dim=1) - 1).square().mean().backward()
    weights = {name: p for name, p in network.named_parameters() if p.dim() > 1}
    assert weights
    for name, weight in weights.items():
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


@pairs
def test_scores_do_not_depend_on_the_memory_format(generator, critic, sample):
    network, x = critic.build(sample).double().eval(), torch.randn(3, *sample.shape, dtype=torch.float64)
    expected = network(x).score
    if sample.is_image:
        network, x = network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    assert torch.allclose(network(x).score, expected, atol=1e-12)


@pytest.mark.parametrize("critic", [critic for _, critic, sample in PAIRS if sample is not POINTS])
def test_critics_classify_and_show_their_features_where_asked(critic):
    sample = LARGE if isinstance(critic, ResNet64Critic) else SMALL
    network = dataclasses.replace(critic, class_logits=True, features=True).build(sample)
    output = network(torch.randn(3, *sample.shape))
    assert output.class_logits.shape == (3, 10)
    assert torch.allclose(output.score, network.head.score(output.features).squeeze(1))
    extra = parameter_count(network) - parameter_count(critic.build(sample))
    assert extra == 10 * (output.features.shape[1] + 1)


@pytest.mark.parametrize("critic", [DCGANCritic, MLPCritic, ResNetCritic, SNDCGANCritic])
def test_classifying_data_without_labels_is_refused(critic):
    with pytest.raises(UsageError, match=rf"{critic.__name__}\.class_logits needs data with labels"):
        critic(class_logits=True).build(SampleSpec((3, 16, 16)))


TEXT = [networks.TextGenerator, networks.TextCritic]  # have no norm, and fit no images
KINDS = [kind for name in networks.__all__ if isinstance(kind := getattr(networks, name), type)]
HOLDERS = (networks.LabelledGenerator, networks.Own, networks.StackedGenerator, networks.StackedCritic)  # of others
SPECS = [kind for kind in KINDS if kind not in HOLDERS]
ANY_SIDES = (networks.ConvGenerator, networks.ConvCritic)
IMAGE_SPECS = [k for k in SPECS if k not in (*TEXT, *ANY_SIDES) and not k.__name__.startswith("MLP")]


@pytest.mark.parametrize("kind", SPECS)
def test_specs_rebuild_from_their_repr_and_know_no_width_below_one(kind):
    assert eval(repr(kind()), {kind.__name__: kind}) == kind()
    width = next((f.name for f in dataclasses.fields(kind) if f.name in ("base", "width")), None)
    if width is None:  # of one published size
        return
    with pytest.raises(UsageError, match=rf"{kind.__name__}\.{width} is 0; allowed: whole numbers from 1"):
        kind(**{width: 0})


@pytest.mark.parametrize("kind", [kind for kind in SPECS if hasattr(kind, "norm")])
def test_an_unknown_norm_is_refused_with_the_known_ones(kind):
    with pytest.raises(UsageError, match=rf"{kind.__name__}\.norm is 'bach'.*did you mean 'batch'"):
        kind(norm="bach")


@pytest.mark.parametrize("kind", IMAGE_SPECS)
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2,), "is for images, but a sample is 2.*: use MLPGenerator and MLPCritic"),
        ((40, 32), "is for images, but a sample is text .*: use TextGenerator and TextCritic"),
        ((0, 64, 64), "takes 1 channel or more, but a sample is 0x64x64"),
        ((3, 64, 50), "a sample is 3x64x50"),
    ],
)
def test_samples_that_do_not_fit_are_refused_with_what_does(kind, shape, message):
    with pytest.raises(UsageError, match=f"{kind.__name__} .*{message}"):
        build(kind(), SampleSpec(shape, classes=2 * (kind is networks.ClassifierEncoder)))


def test_a_perceptron_makes_no_text_but_reads_it():
    text = SampleSpec((40, 32))
    with pytest.raises(UsageError, match=r"MLPGenerator makes images and points, but a sample is text .*TextGenerator"):
        MLPGenerator().build(text, 5)
    assert MLPCritic(width=8).build(text)(torch.rand(3, 40, 32)).score.shape == (3,)


@pytest.mark.parametrize(("size", "near"), [(48, "32 or 64"), (30, "28 or 32"), (300, "128 or 256"), (4, "8 or 16")])
def test_sizes_in_between_are_refused_with_the_nearest_ones(size, near):
    for kind in (DCGANGenerator, DCGANCritic):
        with pytest.raises(UsageError, match=f"to {near} px"):
            build(kind(), SampleSpec((3, size, size)))


def build(spec, sample):
    return spec.build(sample, 5) if "Generator" in type(spec).__name__ else spec.build(sample)
