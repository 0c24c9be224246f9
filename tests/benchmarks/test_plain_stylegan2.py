"""StyleGAN2 of the benchmark, written anew from its paper: with equal weights the library's networks are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from benchmarks import plain_stylegan2 as plain
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.types import SampleSpec

NAMES = (
    (r"\.parametrizations\.(weight|bias)\.original$", r".\1"),
    (r"^to_image", "images"),
    (r"^mapping\.layers\.(\d)", lambda found: f"mapping.{int(found[1]) // 2}"),
    (r"^trunk\.0", "first"),
    (r"^trunk\.(\d)\.path\.(\d)", lambda found: f"blocks.{int(found[1]) - 2}.{int(found[2]) // 2}"),
    (r"^trunk\.(\d)\.skip\.1", lambda found: f"blocks.{int(found[1]) - 2}.2"),
    (r"^head\.maps\.1", "last"),
    (r"^head\.", ""),
)
SAMPLE, MAPS = SampleSpec((1, 16, 16)), [8, 8, 4]
LIBRARY = {"base": 64, "most": 8, "mapping": 2}


@pytest.fixture
def doubles() -> Iterator[None]:
    """Tensors are made in float64."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def twins(ours: nn.Module, theirs: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters of ours by the names of theirs, which take their values; both in float64."""
    ours.double()
    theirs.double()
    found = {}
    for name, parameter in ours.named_parameters():
        for pattern, other in NAMES:
            name = re.sub(pattern, other, name)
        found[name] = parameter
    for name, parameter in theirs.named_parameters():
        parameter.data = (found[name].detach() + 0.1 * torch.randn(found[name].shape)).reshape(parameter.shape)
        found[name].data = parameter.detach().reshape(found[name].shape).clone()
    return found


def check_gradients(value: Tensor, ours: dict[str, nn.Parameter], plain_value: Tensor, theirs: nn.Module) -> None:
    """The derivatives of two equal numbers, parameter by parameter."""
    torch.testing.assert_close(value, plain_value)
    value.backward()
    plain_value.backward()
    for name, parameter in theirs.named_parameters():
        if parameter.grad is not None and "strength" not in name:  # of noise, which each draws for itself
            got = ours[name].grad.reshape(parameter.shape)
            torch.testing.assert_close(got, parameter.grad, msg=lambda told, name=name: f"{name}: {told}")


def test_samples_and_path_lengths_are_those_of_the_plain_generator(doubles: None) -> None:
    ours, theirs = StyleGAN2Generator(**LIBRARY).build(SAMPLE, plain.LATENT), plain.Generator(MAPS)
    named = twins(ours, theirs)
    latents, direction = torch.randn(4, plain.LATENT), torch.randn(4, 1, 16, 16)
    for conv, other in zip(ours.convs, theirs.convs, strict=True):
        other.strength.data.zero_()
        conv.strength.data.zero_()
    found = []
    for generator, styles in ((ours, ours.styles(latents)), (theirs, None)):
        if styles is None:
            style = theirs.mapping(latents * (latents.square().mean(1, keepdim=True) + 1e-8).rsqrt())
            styles = style[:, None].repeat(1, len(theirs.convs) + 1, 1)
        made = ours.synthesize(styles) if generator is ours else theirs(styles)
        (slope,) = torch.autograd.grad((made * direction).sum(), styles, create_graph=True)
        found.append(made.square().sum() + slope.square().sum())
    check_gradients(found[0], named, found[1], theirs)


def test_scores_and_r1_are_those_of_the_plain_critic(doubles: None) -> None:
    ours, theirs = StyleGAN2Critic(base=64, most=8).build(SAMPLE), plain.Critic(MAPS[::-1])
    named = twins(ours, theirs)
    found = []
    for critic in (lambda x: ours(x).score, theirs):
        images = torch.linspace(-1.0, 1.0, 4 * 256).reshape(4, 1, 16, 16).cos().requires_grad_()
        scores = critic(images)
        (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
        found.append(scores.square().sum() + slope.square().sum())
    check_gradients(found[0], named, found[1], theirs)


def test_it_trains_and_says_how_much_samples_vary() -> None:
    images = torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    found = plain.train(images, 4, 10, (0.0025, 0.0025), 0)
    assert list(found) == [10] and 0 < found[10] < 10
