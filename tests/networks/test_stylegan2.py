"""StyleGAN2's networks: parameter counts of the authors' code, order of styles, mixing, truncation, derivatives."""

from __future__ import annotations

import pytest
import torch
from torch.func import functional_call

from steadygan.errors import UsageError
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator, parameter_count
from steadygan.networks.drawing import GeneratorDraws, numbers_of
from steadygan.networks.layers.drawn import DrawnGenerator, StyleBased
from steadygan.networks.layers.mapping import StyleMean
from steadygan.networks.layers.minibatch import MinibatchStddev
from steadygan.penalties import PathLength
from steadygan.penalties.gradient_norms import norm_of_scores
from steadygan.types import SampleSpec

COUNTS = {  # px: base, generator with 2 and 8 layers of mapping, critic
    32: (16384, 19_947_539, 21_523_475, 21_507_073),
    64: (16384, 22_243_608, 23_819_544, 23_407_361),
    128: (32768, 27_752_733, 29_328_669, 28_389_121),
    256: (16384, 23_191_522, 24_767_458, 24_001_089),
    512: (32768, 28_700_647, 30_276_583, 28_982_849),
    1024: (32768, 28_794_124, 30_370_060, 29_012_513),
}
SMALL, SAMPLE = StyleGAN2Generator(64, 8, style=6, mapping=2), SampleSpec((3, 8, 8))


def count(spec, sample, *latent):
    with torch.device("meta"):
        return parameter_count(spec.build(sample, *latent))


@pytest.mark.parametrize("side", COUNTS)
def test_parameters_are_those_of_the_authors_networks(side):
    base, two, eight, critic = COUNTS[side]
    sample = SampleSpec((3, side, side))
    assert [count(StyleGAN2Generator(base, mapping=layers), sample, 512) for layers in (2, 8)] == [two, eight]
    assert count(StyleGAN2Critic(base), sample) == critic


def test_parameters_of_the_cifar_preset_of_grey_images_and_of_laptop_widths():
    plain, classes = SampleSpec((3, 32, 32)), SampleSpec((3, 32, 32), 10)
    assert count(StyleGAN2Critic(residual=False), plain) == 20_720_641
    assert count(StyleGAN2Generator(mapping=2, conditional=True), classes, 512) == 20_215_315
    assert count(StyleGAN2Critic(residual=False, conditional=True), classes) == 23_089_664
    grey = SampleSpec((1, 32, 32))
    assert (count(StyleGAN2Generator(mapping=2), grey, 512), count(StyleGAN2Critic(), grey)) == (19_943_435, 21_506_049)
    sample = SampleSpec((3, 64, 64))
    for base, most, sizes in ((4096, 128, (2_526_552, 1_465_025)), (2048, 64, (1_240_248, 366_945))):
        assert (
            count(StyleGAN2Generator(base, most, mapping=2), sample, 512),
            count(StyleGAN2Critic(base, most), sample),
        ) == sizes


@pytest.mark.parametrize("shape", [(1, 8, 8), (4, 8, 16), (3, 24, 8), (2, 28, 28), (6, 16, 16)])
def test_images_of_any_channels_and_aspect_ratio(shape):
    sample = SampleSpec(shape)
    images = SMALL.build(sample, 5)(torch.randn(4, 5))
    assert images.shape == (4, *shape)
    assert StyleGAN2Critic(64, 8).build(sample)(images).score.shape == (4,)


@pytest.mark.parametrize(("side", "layers"), [(8, 4), (32, 8), (64, 10), (1024, 18)])
def test_there_are_two_layers_of_styles_for_each_size(side, layers):
    with torch.device("meta"):
        assert (
            StyleGAN2Generator(64, 4, style=4, mapping=1).build(SampleSpec((3, side, side)), 4).layers_of_style
            == layers
        )


def test_the_image_layer_of_a_size_has_the_style_of_the_convolution_that_follows():
    generator = SMALL.build(SAMPLE, 5).eval()
    seen = []
    for part in (*generator.convs, *generator.to_image):
        part.register_forward_pre_hook(lambda module, inputs: seen.append((type(module).__name__, inputs[1])))
    styles = torch.arange(4.0)[None, :, None].expand(2, -1, 6)
    generator.synthesize(styles)
    assert [(name, int(style[0, 0])) for name, style in seen] == [
        ("StyledConv", 0), ("ToImage", 1), ("StyledConv", 1), ("StyledConv", 2), ("ToImage", 3)
    ]  # fmt: skip


def drawn(count: int, coin: float, cut: float) -> GeneratorDraws:
    noise = tuple(torch.randn(count, *shape) for shape in numbers_of(SMALL, SAMPLE).noise)
    return GeneratorDraws(noise, torch.randn(count, 5), torch.tensor([coin, cut]).expand(count, 2))


@pytest.mark.parametrize(("coin", "cut", "layers"), [(0.89, 0.0, 1), (0.1, 0.34, 2), (0.1, 0.999, 3), (0.9, 0.5, 4)])
def test_styles_are_mixed_with_their_probability_at_a_cut_from_1_to_the_last_layer(coin, cut, layers):
    generator, latents = SMALL.build(SAMPLE, 5), torch.randn(3, 5)
    numbers = drawn(3, coin, cut)
    first, second = generator.styles(latents), generator.styles(numbers.latents)
    mixed = generator.styles(latents, None, numbers)
    assert torch.equal(mixed[:, :layers], first[:, :layers]) and torch.equal(mixed[:, layers:], second[:, layers:])


def test_normalised_latents_have_mean_square_1_and_their_length_does_not_matter():
    generator, latents = SMALL.build(SAMPLE, 5), torch.randn(4, 5)
    assert generator.mapping.norm(latents).square().mean(1).tolist() == pytest.approx([1.0] * 4, rel=1e-5)
    torch.testing.assert_close(generator(latents), generator(3.0 * latents))


def test_effective_weights_of_the_mapping_network_have_variance_1_over_fan_in_whatever_its_rate():
    layer = StyleGAN2Generator().build(SAMPLE, 512).mapping.layers[0]
    assert layer.weight.var().item() * 512 == pytest.approx(1.0, rel=0.02)
    assert layer.parametrizations.weight.original.std().item() == pytest.approx(100.0, rel=0.02)


def test_the_mean_of_n_equal_styles_is_their_share():
    mean, style = StyleMean(3), torch.tensor([1.0, -2.0, 3.0])
    for _ in range(50):
        mean.follow(style.expand(4, 3))
    torch.testing.assert_close(mean.mean, (1 - 0.995**50) * style)


def test_the_mean_follows_in_training_steps_alone_and_not_the_mixed_styles():
    generator, latents = SMALL.build(SAMPLE, 5), torch.randn(3, 5)
    generator(latents)
    assert not generator.mean.mean.any()
    generator(latents, None, drawn(3, 0.0, 0.5))
    torch.testing.assert_close(generator.mean.mean, 0.005 * generator.mapping(latents).mean(0))


def test_truncation_at_0_gives_one_image_and_at_1_changes_nothing():
    generator, latents = SMALL.build(SAMPLE, 5).eval(), torch.randn(3, 5)
    generator.mean.mean.normal_()
    plain = generator(latents)
    generator.psi = 0.0
    one = generator(latents)
    torch.testing.assert_close(one, one[:1].expand_as(one))
    generator.cutoff = 2
    styles = generator.styles(latents)
    assert torch.equal(styles[:, 2:], generator.mapping(latents)[:, None].expand(-1, 2, -1))
    generator.psi = 1.0
    assert torch.equal(generator(latents), plain)


def test_noise_is_drawn_for_each_convolution_and_without_it_samples_depend_on_the_latent_alone():
    assert numbers_of(SMALL, SampleSpec((3, 8, 16))).noise == ((1, 4, 8), (1, 8, 16), (1, 8, 16))
    generator, latents = SMALL.build(SAMPLE, 5), torch.randn(3, 5)
    for conv in generator.convs:
        conv.strength.data.fill_(1.0)
    assert torch.equal(generator(latents), generator(latents))
    one, other = drawn(3, 1.0, 0.5), drawn(3, 1.0, 0.5)
    assert not torch.allclose(generator(latents, None, one), generator(latents, None, other))


def rich(network):
    """The network in float64 with no parameter at its start of 0."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return network.double()


def checked(network, loss) -> None:
    """Compares the gradient of a loss, itself of gradients, with differences in a random direction, by parameter."""
    names, values = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss(dict(zip(names, values, strict=True))), values, allow_unused=True)
    for name, value, gradient in zip(names, values, gradients, strict=True):
        direction = torch.randn(value.shape, generator=torch.Generator().manual_seed(1), dtype=value.dtype)
        step = 1e-6 * max(1.0, value.detach().abs().max().item())
        ends = []
        for sign in (1, -1):
            moved = dict(zip(names, values, strict=True)) | {name: value + sign * step * direction}
            ends.append(loss(moved).item())
        expected = (ends[0] - ends[1]) / (2 * step)
        got = 0.0 if gradient is None else (gradient * direction).sum().item()
        assert got == pytest.approx(expected, rel=1e-4, abs=1e-7), name


@pytest.mark.parametrize("residual", [True, False])
def test_r1_has_the_right_gradient_in_every_parameter_of_the_critic(residual):
    torch.manual_seed(0)
    sample = SampleSpec((2, 8, 8), 3)
    spec = StyleGAN2Critic(32, 4, group=2, residual=residual, conditional=True, mapping=2)
    critic, images, labels = rich(spec.build(sample)), torch.randn(2, 2, 8, 8).double(), torch.tensor([0, 2])

    def loss(parameters):
        def score(samples):
            return functional_call(critic, parameters, (samples, labels)).score

        return norm_of_scores(score, images).square().mean()

    checked(critic, loss)


def test_path_lengths_have_the_right_gradient_in_every_parameter_of_the_generator():
    """Through the mapping network too: lengths are taken in the mixed styles, one for each layer."""
    torch.manual_seed(0)
    spec = StyleGAN2Generator(32, 4, style=3, mapping=2)
    generator, latents = rich(spec.build(SAMPLE, 3)).eval(), torch.randn(4, 3).double()
    noise = tuple(torch.randn(4, *shape).double() for shape in numbers_of(spec, SAMPLE).noise)
    numbers = GeneratorDraws(noise, torch.randn(4, 3).double(), torch.tensor([[0.1, 0.5]]).expand(4, 2))
    random, penalty = torch.randn(4, 3, 8, 8).double(), PathLength()

    class Called:  # the generator with other parameters
        def __init__(self, parameters):
            self.parameters = parameters

        def styles(self, latents, labels, drawn):
            return functional_call(_Part(generator, "styles"), self._of(), (latents, labels, drawn))

        def synthesize(self, styles, drawn):
            return functional_call(_Part(generator, "synthesize"), self._of(), (styles, drawn))

        def _of(self):
            return {f"network.{name}": value for name, value in self.parameters.items()}

    def loss(parameters):
        assert isinstance(generator, StyleBased)
        lengths = penalty.measure(DrawnGenerator(Called(parameters), numbers), latents, None, random)
        assert lengths.shape == (2,)
        return lengths.square().mean()

    checked(generator, loss)


class _Part(torch.nn.Module):
    def __init__(self, network, method):
        super().__init__()
        self.network, self.method = network, method

    def forward(self, *arguments):
        return getattr(self.network, self.method)(*arguments)


def test_lengths_of_linear_synthesis_are_those_of_the_matrix():
    class Linear:
        matrix = torch.randn(48, 6, generator=torch.Generator().manual_seed(0)).double()

        def styles(self, latents, labels, drawn):
            return latents[:, None]

        def synthesize(self, styles, drawn):
            return (styles[:, 0] @ self.matrix.t()).reshape(-1, 3, 4, 4)

    count = 20_000
    random = torch.randn(count, 3, 4, 4, generator=torch.Generator().manual_seed(1)).double()
    generator = DrawnGenerator(Linear(), GeneratorDraws())
    squares = PathLength(shrink=1).measure(generator, torch.zeros(count, 6).double(), None, random).square()
    assert abs(squares.mean() - Linear.matrix.square().sum() / 16) < 4 * squares.std() / count**0.5


def test_deviations_of_equal_samples_and_of_halves_at_plus_and_minus_1():
    layer = MinibatchStddev(4)
    assert layer(torch.ones(4, 2, 3, 3))[:, 2].unique().tolist() == pytest.approx([1e-4], rel=1e-3)
    halves = torch.tensor([1.0, 1.0, -1.0, -1.0]).reshape(4, 1, 1, 1).expand(4, 2, 3, 3)
    assert layer(halves)[:, 2].unique().tolist() == pytest.approx([1.0])


@pytest.mark.parametrize("spec", [StyleGAN2Generator(conditional=True), StyleGAN2Critic(conditional=True)])
def test_conditional_networks_need_classes(spec):
    with pytest.raises(UsageError, match="needs data with labels"):
        spec.build(SAMPLE, *([4] if isinstance(spec, StyleGAN2Generator) else []))


@pytest.mark.parametrize(
    ("spec", "fields", "message"),
    [
        (StyleGAN2Generator, {"mixing": 1.5}, "mixing is 1.5"),
        (StyleGAN2Generator, {"base": 0}, "base is 0"),
        (StyleGAN2Critic, {"group": 1}, "group is 1"),
    ],
)
def test_bad_settings_are_refused(spec, fields, message):
    with pytest.raises(UsageError, match=message):
        spec(**fields)


def test_points_and_other_sizes_are_refused():
    for sample in (SampleSpec((2,)), SampleSpec((3, 20, 20)), SampleSpec((3, 8, 15))):
        for build in (lambda s: SMALL.build(s, 4), StyleGAN2Critic().build, SMALL.numbers):
            with pytest.raises(UsageError):
                build(sample)
