"""BigGAN's networks: the published parameter counts, chunks of the latent, conditions, and initial weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import BigGANCritic, BigGANGenerator, parameter_count
from steadygan.networks.biggan import SIZES
from steadygan.networks.layers.attention import SelfAttention
from steadygan.networks.layers.biggan import ConditionBatchNorm, chunk_size
from steadygan.networks.layers.inspect import couples_batch, is_conditional
from steadygan.types import SampleSpec
from tests.networks.spectral import spectral_norms

CIFAR = SampleSpec((3, 32, 32), classes=10)
TINY = SampleSpec((1, 8, 8), classes=3)
FAST = {"init": "normal_0.02", "spectral": False}
"""what changes no count, and takes no singular values"""


def counts(sample, latent, *, width=64, generator=(), critic=()):
    with torch.device("meta"):  # shapes without numbers
        made = BigGANGenerator(width=width, **FAST, **dict(generator)).build(sample, latent)
        reads = BigGANCritic(width=width, **FAST, **dict(critic)).build(sample)
    return parameter_count(made), parameter_count(reads)


def imagenet(size):
    return SampleSpec((3, size, size), classes=1000)


def test_the_cifar_networks_have_the_codes_parameter_counts():
    """With a shared class vector, as the code has it by itself; without, as its launch script for CIFAR-10."""
    plain = {"hierarchical": False}
    assert counts(CIFAR, 128, generator=plain) == (4_668_163, 4_207_361)
    assert counts(SampleSpec((3, 32, 32), classes=100), 128, generator=plain) == (4_679_683, 4_230_401)
    assert counts(CIFAR, 80) == (4_287_235, 4_207_361)
    assert counts(CIFAR, 128, generator={"hierarchical": False, "shared": None})[0] == 4_304_387


def test_attention_at_16_px_adds_one_block_to_the_generator_and_in_the_codes_critic_one_to_each_block():
    """The code's table has 16 px for all four blocks of its critic of 32 px, the last three of which have 8."""
    of_code = counts(CIFAR, 80, width=96, generator={"attention": 16}, critic={"attention": (16, 8)})
    assert of_code == (9_416_196, 10_194_053)
    attention = parameter_count(SelfAttention(384))
    assert counts(CIFAR, 80, width=96, critic={"attention": 16})[1] == 10_194_053 - 3 * attention


@pytest.mark.parametrize(
    ("size", "latent", "width", "attention", "expected"),
    [
        (64, 100, 64, 32, (31_866_116, 20_571_842)),
        (128, 120, 64, 64, (31_978_628, 39_448_258)),
        (128, 120, 96, 64, (70_433_988, 87_982_370)),
        (256, 140, 96, 64, (82_235_844, 99_225_890)),
    ],
)
def test_larger_networks_have_the_codes_parameter_counts(size, latent, width, attention, expected):
    at = {"attention": attention}
    assert counts(imagenet(size), latent, width=width, generator=at, critic=at) == expected


@pytest.mark.parametrize("size", [8, 16, 32, 64])
@pytest.mark.parametrize("channels", [1, 4])
def test_every_size_is_made_and_read(size, channels):
    sample = SampleSpec((channels, size, size), classes=3)
    labels = torch.tensor([0, 2])
    samples = BigGANGenerator(width=2, shared=4).build(sample, 12)(torch.randn(2, 12), labels)
    assert samples.shape == (2, channels, size, size) and samples.abs().max() <= 1
    assert BigGANCritic(width=2).build(sample)(samples, labels).score.shape == (2,)
    assert size in SIZES


@pytest.mark.parametrize(("latent", "blocks", "chunk"), [(120, 5, 20), (128, 5, 21), (128, 3, 32), (140, 6, 20)])
def test_the_latent_is_cut_into_equal_chunks_and_what_is_left_over_is_not_used(latent, blocks, chunk):
    assert chunk_size(latent, blocks) == chunk


def test_each_chunk_reaches_its_own_block_and_the_rest_of_the_latent_none():
    """7 numbers in 2 chunks of 3: first layer, block, and one number that is not used."""
    generator = BigGANGenerator(width=2, shared=4).build(TINY, 7).eval()
    block = generator.trunk.blocks[0][0]
    seen = []
    block.conv1.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    labels, base = torch.tensor([1]), torch.randn(1, 7)
    outputs = []
    for changed in (None, 0, 3, 6):
        latents = base.clone()
        if changed is not None:
            latents[0, changed] += 1.0
        outputs.append(generator(latents, labels).detach())
    plain, first, second, unused = outputs
    assert not torch.equal(first, plain) and not torch.equal(second, plain) and torch.equal(unused, plain)
    maps = generator.trunk.first(base[:, :3])
    with_second = base.clone()
    with_second[0, 3] += 1.0
    assert torch.equal(generator.trunk.first(with_second[:, :3]), maps)
    assert not torch.equal(seen[2], seen[0])  # the norm of the block saw the chunk


def test_latents_of_fewer_numbers_than_chunks_are_refused_in_one_line():
    with pytest.raises(UsageError, match="the latent has 3 numbers, but 3 blocks") as error:
        BigGANGenerator(width=2).build(CIFAR, 3)
    assert "\n" not in str(error.value)


def test_chunks_without_a_shared_class_vector_are_refused():
    with pytest.raises(UsageError, match="shared is null"):
        BigGANGenerator(shared=None)


def test_a_norm_with_zero_projections_is_a_plain_batch_norm():
    torch.manual_seed(0)
    norm, plain = ConditionBatchNorm(5, 4).double(), nn.BatchNorm2d(5, affine=False).double()
    nn.init.zeros_(norm.scale.weight), nn.init.zeros_(norm.offset.weight)
    x, c = torch.randn(6, 5, 3, 3).double(), torch.randn(6, 4).double()
    assert torch.equal(norm(x, c), plain(x)) and torch.equal(norm.running_var, plain.running_var)


def test_a_norm_scales_by_one_plus_a_linear_map_of_the_condition():
    torch.manual_seed(0)
    norm = ConditionBatchNorm(3, 2).double()
    x, c = torch.randn(4, 3, 2, 2).double(), torch.randn(4, 2).double()
    normalized = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    scale, offset = 1 + c @ norm.scale.weight.t(), c @ norm.offset.weight.t()
    expected = scale[..., None, None] * normalized + offset[..., None, None]
    torch.testing.assert_close(norm(x, c), expected, rtol=1e-10, atol=1e-12)


def test_classes_and_latents_change_samples_and_scores_follow_the_class():
    generator, critic = BigGANGenerator(width=2).build(TINY, 8).eval(), BigGANCritic(width=2).build(TINY).eval()
    z = torch.randn(1, 8)
    one, other = generator(z, torch.tensor([0])), generator(z, torch.tensor([1]))
    assert not torch.equal(one, other)
    assert critic(one, torch.tensor([0])).score != critic(one, torch.tensor([1])).score
    assert is_conditional(generator) and is_conditional(critic)
    assert couples_batch(generator) and not couples_batch(critic)


def test_every_layer_but_the_class_vectors_has_a_spectral_norm():
    generator = BigGANGenerator(width=2, attention=8).build(TINY, 8)
    critic = BigGANCritic(width=2, attention=4).build(TINY)
    layers = (nn.Linear, nn.Embedding, nn.modules.conv._ConvNd)
    for network, without in ((generator, [generator.trunk.embedding]), (critic, [])):
        plain = [m for m in network.modules() if isinstance(m, layers) and not nn.utils.parametrize.is_parametrized(m)]
        assert len(plain) == len(without) and all(a is b for a, b in zip(plain, without, strict=True))
        assert len(spectral_norms(network)) == sum(isinstance(m, layers) for m in network.modules()) - len(plain)


def test_attention_starts_as_the_identity():
    torch.manual_seed(0)
    plain = BigGANGenerator(width=2, **FAST).build(TINY, 8)
    attentive = BigGANGenerator(width=2, attention=8, **FAST).build(TINY, 8)
    named = {name.replace("blocks.0.1", "none"): value for name, value in plain.state_dict().items()}
    attentive.load_state_dict(named, strict=False)
    z, labels = torch.randn(3, 8), torch.tensor([0, 1, 2])
    assert torch.equal(attentive(z, labels), plain(z, labels))


def test_scores_can_be_differentiated_twice_and_the_shortcut_is_not_activated_in_place():
    torch.manual_seed(0)
    critic = BigGANCritic(width=1, attention=4, spectral=False).build(TINY).double()
    with torch.no_grad():
        for part in critic.modules():
            if isinstance(part, SelfAttention):
                part.gamma.fill_(0.5)
    x = torch.randn(1, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1])
    assert torch.autograd.gradgradcheck(lambda x: critic(x, labels).score, (x,))


def test_initial_weights_are_orthogonal_or_of_deviation_002():
    def matrices(init):
        torch.manual_seed(0)
        critic = BigGANCritic(width=4, spectral=False, init=init).build(TINY)
        return [m.weight.detach().flatten(1).double() for m in critic.modules() if hasattr(m, "weight")]

    for matrix in matrices("orthogonal"):
        gram = matrix @ matrix.t() if matrix.shape[0] <= matrix.shape[1] else matrix.t() @ matrix
        torch.testing.assert_close(gram, torch.eye(len(gram)).double(), rtol=0, atol=1e-5)
    values = torch.cat([matrix.flatten() for matrix in matrices("normal_0.02")])
    assert values.std().item() == pytest.approx(0.02, rel=0.05) and abs(values.mean()) < 0.001


def test_data_without_labels_are_refused_in_one_line():
    sample = SampleSpec((3, 32, 32))
    for build in (lambda: BigGANGenerator().build(sample, 80), lambda: BigGANCritic().build(sample)):
        with pytest.raises(UsageError, match="needs data with labels") as error:
            build()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("attention", [4, 64, (8, 5)])
def test_attention_at_maps_that_a_network_lacks_is_refused_with_those_it_has(attention):
    with pytest.raises(UsageError, match=r"BigGANGenerator.attention.*8, 16, 32"):
        BigGANGenerator(width=2, attention=attention).build(CIFAR, 8)
