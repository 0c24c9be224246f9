"""Weights of NVlabs' StyleGAN2 code: by our names, they compute what that code's formulas say, in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from steadygan.errors import UsageError
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.priors import Normal
from steadygan.run.foreign_weights import read_own_names
from steadygan.run.nvlabs import imported
from steadygan.training.starting import load_matching, start_from
from steadygan.training.step.game import Game
from steadygan.types import SampleSpec
from tests.training.games import small_recipe

STYLE, LATENT, MOST, CLASSES = 6, 5, 8, 3
FIR = torch.outer(*2 * [torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)]) / 64


def widths(size, base, most=MOST):
    return {side: min(base // side, most) for side in (4 << level for level in range(size.bit_length() - 2))}


def generator_weights(maps, *, style=STYLE, latent=LATENT, layers=2, channels=3, classes=0, make=torch.randn):
    """Tensors of all names and shapes of their generator."""
    made = {"mapping.w_avg": make(style)}
    if classes:
        made |= {"mapping.embed.weight": make(style, classes), "mapping.embed.bias": make(style)}
    for layer in range(layers):
        inputs = latent + (style if classes else 0) if layer == 0 else style
        made |= {f"mapping.fc{layer}.weight": 100 * make(style, inputs), f"mapping.fc{layer}.bias": 100 * make(style)}
    before = 0
    for size, width in maps.items():
        block = f"synthesis.b{size}"
        made[f"{block}.resample_filter"] = FIR.float()
        if size == 4:
            made[f"{block}.const"] = make(width, 4, 4)
        for conv, inputs in (("conv0", before), ("conv1", width)) if size > 4 else (("conv1", width),):
            layer = f"{block}.{conv}"
            made |= {f"{layer}.weight": make(width, inputs, 3, 3), f"{layer}.bias": make(width)}
            made |= {f"{layer}.affine.weight": make(inputs, style), f"{layer}.affine.bias": 1 + make(inputs)}
            made |= {f"{layer}.noise_const": make(size, size), f"{layer}.noise_strength": make(())}
            made[f"{layer}.resample_filter"] = FIR.float()
        layer = f"{block}.torgb"
        made |= {f"{layer}.weight": make(channels, width, 1, 1), f"{layer}.bias": make(channels)}
        made |= {f"{layer}.affine.weight": make(width, style), f"{layer}.affine.bias": 1 + make(width)}
        before = width
    return made


def critic_weights(maps, *, channels=3, classes=0, depth=2, residual=True, make=torch.randn):
    """Tensors of all names and shapes of their discriminator."""
    sizes, first = sorted(maps, reverse=True), maps[4]
    made = {f"b{sizes[0]}.fromrgb.weight": make(maps[sizes[0]], channels, 1, 1)}
    made[f"b{sizes[0]}.fromrgb.bias"] = make(maps[sizes[0]])
    for size in sizes[:-1]:
        width, following = maps[size], maps[size // 2]
        made |= {f"b{size}.conv0.weight": make(width, width, 3, 3), f"b{size}.conv0.bias": make(width)}
        made |= {f"b{size}.conv1.weight": make(following, width, 3, 3), f"b{size}.conv1.bias": make(following)}
        made |= {f"b{size}.{name}resample_filter": FIR.float() for name in ("", "conv0.", "conv1.")}
        if residual:
            made[f"b{size}.skip.weight"] = make(following, width, 1, 1)
    made |= {"b4.conv.weight": make(first, first + 1, 3, 3), "b4.conv.bias": make(first)}
    made |= {"b4.fc.weight": make(first, 16 * first), "b4.fc.bias": make(first)}
    made |= {"b4.out.weight": make(first if classes else 1, first), "b4.out.bias": make(first if classes else 1)}
    if classes:
        made |= {"mapping.embed.weight": make(first, classes), "mapping.embed.bias": make(first)}
        for layer in range(depth):
            made |= {f"mapping.fc{layer}.weight": 100 * make(first, first), f"mapping.fc{layer}.bias": make(first)}
    return made


# the formulas of their code, written out


def dense(x, saved, name, multiplier=1.0):
    weight = saved[f"{name}.weight"]
    return x @ weight.T * (multiplier / math.sqrt(weight.shape[1])) + saved[f"{name}.bias"] * multiplier


def active(x):
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def unit(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


def mapped(saved, z, labels):
    parts = [] if z is None else [unit(z)]
    if labels is not None:
        one_hot = F.one_hot(labels, CLASSES).double()
        parts.append(unit(dense(one_hot, saved, "mapping.embed")))
    x, layer = torch.cat(parts, 1), 0
    while f"mapping.fc{layer}.weight" in saved:
        x = active(dense(x, saved, f"mapping.fc{layer}", 0.01))
        layer += 1
    return x


def each_map(x, kernel, padding, stride=1):
    left, right = padding
    x = F.pad(x, (left, right, left, right))
    return F.conv2d(x, kernel.expand(x.shape[1], 1, 4, 4), stride=stride, groups=x.shape[1])


def with_zeros(x):
    """Each pixel followed by a zero to the right and below."""
    made = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    made[:, :, ::2, ::2] = x
    return made


def modulated(x, weight, styles, *, demodulate, doubles=False):
    """Sample by sample, with the weights of each (their form for inference)."""
    made = []
    for one, style in zip(x, styles, strict=True):
        w = weight * style[None, :, None, None]
        if demodulate:
            w = w / (w.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if doubles:
            spread = F.conv_transpose2d(one[None], w.transpose(0, 1), stride=2)
            made.append(each_map(spread, 4 * FIR, (1, 1)))
        else:
            made.append(F.conv2d(one[None], w, padding=w.shape[-1] // 2))
    return torch.cat(made)


def their_generator(saved, maps, w):
    image, x = None, saved["synthesis.b4.const"].expand(len(w), -1, -1, -1)
    for size in maps:
        for conv in ("conv0", "conv1") if size > 4 else ("conv1",):
            layer = f"synthesis.b{size}.{conv}"
            styles = dense(w, saved, f"{layer}.affine")
            x = modulated(x, saved[f"{layer}.weight"], styles, demodulate=True, doubles=conv == "conv0")
            x = x + saved[f"{layer}.noise_const"] * saved[f"{layer}.noise_strength"]
            x = active(x + saved[f"{layer}.bias"][:, None, None])
        layer = f"synthesis.b{size}.torgb"
        styles = dense(w, saved, f"{layer}.affine") / math.sqrt(x.shape[1])
        rgb = modulated(x, saved[f"{layer}.weight"], styles, demodulate=False) + saved[f"{layer}.bias"][:, None, None]
        image = rgb if image is None else each_map(with_zeros(image), 4 * FIR, (2, 1)) + rgb
    return image


def scaled_conv(x, saved, name, **options):
    weight = saved[f"{name}.weight"]
    made = F.conv2d(x, weight / math.sqrt(weight[0].numel()), **options)
    return made if f"{name}.bias" not in saved else made + saved[f"{name}.bias"][:, None, None]


def their_critic(saved, maps, x, labels, group):
    sizes = sorted(maps, reverse=True)
    x = active(scaled_conv(x, saved, f"b{sizes[0]}.fromrgb"))
    for size in sizes[:-1]:
        made = active(scaled_conv(x, saved, f"b{size}.conv0", padding=1))
        made = active(scaled_conv(each_map(made, FIR, (2, 2)), saved, f"b{size}.conv1", stride=2))
        if f"b{size}.skip.weight" in saved:
            skip = scaled_conv(each_map(x, FIR, (1, 1), stride=2), saved, f"b{size}.skip")
            made = (made + skip) * math.sqrt(0.5)
        x = made
    count = len(x)
    deviation = x.reshape(group, count // group, *x.shape[1:])  # members of a group are count / group apart
    deviation = ((deviation - deviation.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3))
    x = torch.cat([x, deviation.repeat(group)[:, None, None, None].expand(-1, 1, 4, 4)], 1)
    x = active(scaled_conv(x, saved, "b4.conv", padding=1))
    x = dense(active(dense(x.flatten(1), saved, "b4.fc")), saved, "b4.out")
    if labels is not None:
        return (x * mapped(saved, None, labels)).sum(1) / math.sqrt(x.shape[1])
    return x[:, 0]


def in_double(saved):
    return {name: value.double() for name, value in saved.items()}


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_an_imported_generator_computes_what_their_formulas_say(classes):
    torch.manual_seed(1)
    maps = widths(16, 64)
    saved = generator_weights(maps, classes=classes)
    spec = StyleGAN2Generator(64, MOST, style=STYLE, mapping=2, conditional=bool(classes))
    network = spec.build(SampleSpec((3, 16, 16), classes), LATENT).eval()
    found = imported(saved)
    assert found is not None and load_matching(network, found.tensors).whole
    z, labels = torch.randn(4, LATENT).double(), torch.tensor([0, 2, 1, 2]) if classes else None
    w = mapped(in_double(saved), z, labels)
    network.double()
    with torch.no_grad():
        torch.testing.assert_close(network(z, labels), their_generator(in_double(saved), maps, w), rtol=1e-9, atol=1e-9)
        network.psi = 0.6
        w = saved["mapping.w_avg"].double() + 0.6 * (w - saved["mapping.w_avg"].double())
        torch.testing.assert_close(network(z, labels), their_generator(in_double(saved), maps, w), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("classes", "residual"), [(0, True), (CLASSES, True), (0, False)])
def test_an_imported_critic_computes_what_their_formulas_say(classes, residual):
    torch.manual_seed(2)
    maps = widths(16, 64)
    saved = critic_weights(maps, classes=classes, residual=residual)
    spec = StyleGAN2Critic(64, MOST, group=2, residual=residual, conditional=bool(classes), mapping=2)
    network = spec.build(SampleSpec((3, 16, 16), classes)).eval()
    found = imported(saved)
    assert found is not None and load_matching(network, found.tensors).whole
    x, labels = torch.randn(4, 3, 16, 16).double(), torch.tensor([0, 2, 1, 2]) if classes else None
    theirs = torch.tensor([0, 2, 1, 3])  # ours takes neighbours as a group, theirs every second sample
    with torch.no_grad():
        score = network.double()(x, labels).score
        order = theirs.argsort()
        wanted = their_critic(in_double(saved), maps, x[theirs], None if labels is None else labels[theirs], 2)[order]
    torch.testing.assert_close(score, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [32, 64, 256, 1024])
def test_every_published_size_matches_whole(size):
    """By shapes alone: names, shapes and counts of the published widths."""
    base = 32768 if size >= 512 else 16384
    maps, sample = widths(size, base, 512), SampleSpec((3, size, size))

    def make(*shape):
        return torch.empty(shape[0] if shape == ((),) else shape, device="meta")

    with torch.device("meta"):
        generator, critic = StyleGAN2Generator(base).build(sample, 512), StyleGAN2Critic(base).build(sample)
    for network, saved in (
        (generator, generator_weights(maps, style=512, latent=512, layers=8, make=make)),
        (critic, critic_weights(maps, make=make)),
    ):
        saved = {name: FIR if name.endswith("filter") else value for name, value in saved.items()}
        found = imported(saved)
        own = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        assert found is not None and {name: tuple(value.shape) for name, value in found.tensors.items()} == own
        assert f"{size} px" in found.words and f"base {base if size > 32 else 16384} " in found.words


@pytest.mark.parametrize("form", ["safetensors", "pt"])
def test_a_file_of_all_three_networks_starts_a_game_from_its_average(tmp_path, form):
    maps, sample = widths(8, 64), SampleSpec((1, 8, 8), classes=10)
    named = {
        "G": generator_weights(maps, channels=1),
        "D": critic_weights(maps, channels=1),
        "G_ema": generator_weights(maps, channels=1),
    }
    path = tmp_path / f"network.{form}"
    if form == "pt":
        torch.save(named, path)
    else:
        save_file({f"{name}.{key}": value.clone() for name, each in named.items() for key, value in each.items()}, path)
    recipe = small_recipe(
        generator=StyleGAN2Generator(64, MOST, style=STYLE, mapping=2),
        critic=StyleGAN2Critic(64, MOST),
        prior=Normal(LATENT),
        penalties=(),
    )
    game = Game.build(recipe, sample)
    lines = start_from(game, path)
    assert sum("NVlabs" in line for line in lines) == 2
    assert not any("left as they begin" in line or "not used" in line for line in lines)
    for network in (game.generator, game.average):
        assert torch.equal(network.constant, named["G_ema"]["synthesis.b4.const"])
    assert torch.equal(game.critic.head.score.bias, named["D"]["b4.out.bias"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda saved: saved.update({"synthesis.b8.resample_filter": torch.ones(4, 4) / 16}), "filter"),
        (lambda saved: saved.pop("synthesis.b8.torgb.weight"), "torgb at 8"),
        (lambda saved: saved.pop("synthesis.b8.conv0.noise_const"), "b8.conv0.noise_const"),
        (lambda saved: saved.update({"synthesis.b32.conv0.weight": torch.ones(1)}), "4, 8, 32 px"),
    ],
)
def test_variants_that_ours_do_not_have_are_refused_in_one_line(tmp_path, change, word):
    saved = generator_weights(widths(8, 64))
    change(saved)
    save_file({name: value.clone() for name, value in saved.items()}, tmp_path / "g.safetensors")
    with pytest.raises(UsageError, match=word) as error:
        read_own_names(tmp_path / "g.safetensors")
    assert "\n" not in str(error.value)
