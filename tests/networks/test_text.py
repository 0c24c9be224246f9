"""The networks of text against the authors' layers written out, in float64, and what the step needs of them."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch.func import functional_call

from steadygan.errors import UsageError
from steadygan.networks import parameter_count
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.sequences import CharacterSoftmax, LineBlock, LineConv
from steadygan.networks.text import TextCritic, TextGenerator
from steadygan.penalties import between, gradient_penalty
from steadygan.types import SampleSpec

SMALL = SampleSpec((5, 7))
SPECS = pytest.mark.parametrize("spec", [TextGenerator, TextCritic])


def one_hot(count, sample=SMALL, dtype=torch.float64):
    characters, length = sample.shape
    ids = torch.randint(characters, (count, length))
    return torch.eye(characters, dtype=dtype)[ids].transpose(1, 2)


def pair(**fields):
    """A generator from 3 numbers and a critic, float64."""
    fields = {"width": 6, "blocks": 2, "kernel": 3, **fields}
    return TextGenerator(**fields).build(SMALL, 3).double(), TextCritic(**fields).build(SMALL).double()


def test_importing_the_specs_imports_no_torch():
    code = "import sys, steadygan.networks.text as t; t.TextGenerator(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("characters", [66, 2048])
def test_the_papers_width_has_the_authors_parameter_counts(characters):
    sample = SampleSpec((characters, 32))
    assert parameter_count(TextGenerator().build(sample, 128)) == 15_225_856 + 513 * characters
    assert parameter_count(TextCritic().build(sample)) == 13_129_217 + 512 * characters


def authors_block(block, x, scale):
    first, second = (part for part in block.modules() if isinstance(part, LineConv))
    y = F.conv1d(x.clamp_min(0), first.weight.squeeze(2), first.bias, padding=first.weight.shape[3] // 2)
    y = F.conv1d(y.clamp_min(0), second.weight.squeeze(2), second.bias, padding=second.weight.shape[3] // 2)
    return x + scale * y


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_generator_is_the_authors_layers_in_their_order(kernel):
    generator, _ = pair(kernel=kernel, residual_scale=0.7)
    linear, _, first, second, last, _ = generator.trunk
    latents = torch.randn(4, 3, dtype=torch.float64)
    x = (latents @ linear.weight.T + linear.bias).reshape(4, 6, 7)
    x = authors_block(second, authors_block(first, x, 0.7), 0.7)
    scores = torch.einsum("vc,ncl->nvl", last.weight[:, :, 0, 0], x) + last.bias[:, None]
    expected = scores.exp() / scores.exp().sum(1, keepdim=True)
    assert torch.allclose(generator(latents), expected, atol=1e-12)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_critic_is_the_authors_layers_in_their_order(kernel):
    _, critic = pair(kernel=kernel, residual_scale=0.7)
    _, first, *blocks = critic.trunk
    text = one_hot(4)
    x = torch.einsum("cv,nvl->ncl", first.weight[:, :, 0, 0], text) + first.bias[:, None]
    for block in blocks:
        x = authors_block(block, x, 0.7)
    expected = x.reshape(4, -1) @ critic.head.score.weight[0] + critic.head.score.bias
    output = critic(text)
    assert torch.allclose(output.score, expected, atol=1e-12)
    assert (output.features, output.class_logits, output.code) == (None, None, None)


def test_a_critic_shows_its_last_maps_where_asked():
    critic = TextCritic(width=6, blocks=1, features=True).build(SMALL).double()
    output = critic(one_hot(3))
    assert output.features.shape == (3, 6 * 7)
    assert torch.allclose(output.score, critic.head.score(output.features).squeeze(1))


def test_weights_are_uniform_with_the_authors_deviations_and_biases_are_0():
    sample = SampleSpec((40, 16))
    generator, critic = TextGenerator(width=64).build(sample, 50), TextCritic(width=64).build(sample)
    deviations = {
        (64 * 16, 50): math.sqrt(2 / (50 + 64 * 16)),  # Glorot
        (64, 64, 1, 5): math.sqrt(4 / (64 * 5 + 64 * 5)),  # He, the mean of both fans
        (40, 64, 1, 1): math.sqrt(4 / (64 + 40)),
        (64, 40, 1, 1): math.sqrt(4 / (40 + 64)),
        (1, 64 * 16): math.sqrt(2 / (64 * 16 + 1)),
    }
    seen = set()
    for parameter in (*generator.parameters(), *critic.parameters()):
        if parameter.dim() == 1:
            assert not parameter.any()
            continue
        seen.add(tuple(parameter.shape))
        std = deviations[tuple(parameter.shape)]
        assert parameter.std().item() == pytest.approx(std, rel=0.1)
        assert 0.95 * std * math.sqrt(3) < parameter.abs().max().item() <= std * math.sqrt(3)
    assert seen == set(deviations)


@pytest.mark.parametrize("bf16", [False, True])
def test_generated_characters_are_float32_probabilities_at_each_position(bf16):
    generator = TextGenerator(width=16).build(SampleSpec((30, 12)), 8)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16, cache_enabled=False):
        text = generator(torch.randn(6, 8))
    assert (text.shape, text.dtype) == ((6, 30, 12), torch.float32)
    assert (text >= 0).all()
    assert torch.allclose(text.sum(1), torch.ones(6, 12), atol=1e-6)


def test_the_softmax_does_not_round_under_bf16_autocast():
    scores = torch.randn(2, 9, 1, 4) * 5
    with torch.autocast("cpu", torch.bfloat16):
        text = CharacterSoftmax()(scores)
    assert torch.equal(text, CharacterSoftmax()(scores))
    assert torch.equal(CharacterSoftmax()(scores.bfloat16()), torch.softmax(scores.bfloat16().float(), 1).squeeze(2))


def test_scores_are_float32_under_bf16_autocast_though_the_blocks_are_not():
    critic = TextCritic(width=16).build(SMALL)
    dtypes = []
    critic.trunk[-1].register_forward_hook(lambda _module, _inputs, y: dtypes.append(y.dtype))
    with torch.no_grad():
        critic.head.score.bias.fill_(300.0)
    text = one_hot(8, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        score = critic(text).score
    assert dtypes == [torch.bfloat16]
    assert score.dtype == torch.float32
    assert len(score.unique()) == 8  # bfloat16 has steps of 2 at 300


def test_the_critics_gradient_reaches_every_parameter_of_the_generator():
    generator, critic = pair()
    (-critic(generator(torch.randn(16, 3, dtype=torch.float64))).score.mean()).backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_gradient_penalty_reaches_every_weight_of_the_critic():
    generator, critic = pair()
    gradient_penalty(critic, one_hot(16), generator(torch.randn(16, 3, dtype=torch.float64))).backward()
    for name, weight in critic.named_parameters():
        if weight.dim() > 1:
            assert weight.grad is not None, name
            assert weight.grad.abs().max() > 0, name


def test_the_penalty_mixes_whole_lines_and_takes_one_norm_over_characters_and_positions():
    _, critic = pair()
    real, fake, mix = one_hot(3), torch.softmax(torch.randn(3, 5, 7, dtype=torch.float64), 1), torch.rand(3)
    points = between(real, fake, mix)
    for i in range(3):
        assert torch.allclose(points[i], mix[i].double() * real[i] + (1 - mix[i].double()) * fake[i])
    penalty = gradient_penalty(critic, real, fake, at=lambda _real, _fake: points)
    expected = 0.0
    for point in points:
        point = point[None].clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(critic(point).score.sum(), point)
        expected += (math.sqrt(slope.square().sum().item()) - 1) ** 2 / 3
    assert penalty.item() == pytest.approx(expected, rel=1e-9)


def test_second_derivatives_of_the_critic_are_those_of_finite_differences():
    torch.manual_seed(1)
    critic = TextCritic(width=3, blocks=1, kernel=3).build(SampleSpec((3, 4))).double()
    names = [name for name, _ in critic.named_parameters()]

    def score(text, *parameters):
        return functional_call(critic, dict(zip(names, parameters, strict=True)), (text,)).score

    text = torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True)
    parameters = [(p + 0.1 * torch.randn_like(p)).detach().requires_grad_(True) for p in critic.parameters()]
    assert torch.autograd.gradcheck(score, (text, *parameters))
    assert torch.autograd.gradgradcheck(score, (text, *parameters))


def test_real_and_generated_lines_score_the_same_joined_and_apart():
    generator, critic = pair()
    real, fake = one_hot(4), generator(torch.randn(3, 3, dtype=torch.float64))
    joined = critic(torch.cat([real, fake])).score
    assert torch.allclose(joined, torch.cat([critic(real).score, critic(fake).score]), atol=1e-13)
    assert not couples_batch(critic)
    assert not couples_batch(generator)


def test_numbers_do_not_depend_on_memory_formats_or_labels():
    generator, critic = pair()
    latents, labels = torch.randn(4, 3, dtype=torch.float64), torch.arange(4)
    text = generator(latents)
    score = critic(text).score
    assert torch.equal(generator(latents, labels), text)
    assert torch.equal(critic(text, labels).score, score)
    generator, critic = (network.to(memory_format=torch.channels_last) for network in (generator, critic))
    assert torch.allclose(generator(latents), text, atol=1e-13)
    for laid_out in (text.contiguous(), text.transpose(1, 2).contiguous().transpose(1, 2)):
        assert torch.allclose(critic(laid_out).score, score, atol=1e-13)


def test_a_block_with_a_small_residual_is_near_the_identity():
    block, x = LineBlock(4, 5, 1e-9, critic=True), torch.randn(2, 4, 1, 9)
    assert torch.allclose(block(x), x, atol=1e-6)


@SPECS
def test_specs_rebuild_from_their_repr(spec):
    assert eval(repr(spec()), {spec.__name__: spec}) == spec()


@SPECS
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"width": 0}, "width is 0; allowed: whole numbers from 1"),
        ({"blocks": 0}, "blocks is 0; allowed: whole numbers from 1"),
        ({"kernel": 4}, "kernel is 4; allowed: odd numbers"),
        ({"kernel": -1}, "kernel is -1; allowed: whole numbers from 1"),
        ({"residual_scale": 0.0}, "residual_scale is 0.0; allowed: finite numbers above 0"),
        ({"residual_scale": math.nan}, "residual_scale is nan; allowed: finite numbers above 0"),
    ],
)
def test_impossible_fields_are_refused(spec, fields, message):
    with pytest.raises(UsageError, match=rf"{spec.__name__}\.{message}"):
        spec(**fields)


@SPECS
@pytest.mark.parametrize(("shape", "said"), [((2,), "2"), ((3, 32, 32), "3x32x32")])
def test_samples_that_are_no_text_are_refused(spec, shape, said):
    sizes = (SampleSpec(shape), 5) if spec is TextGenerator else (SampleSpec(shape),)
    with pytest.raises(UsageError, match=rf"{spec.__name__} is for text, .*, but a sample is {said}"):
        spec().build(*sizes)
