"""Fully connected networks (MLP); the defaults are the toy networks of WGAN-GP (Gulrajani et al. 2017; its code)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, whole_fields
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.networks.checks import need_classes
from steadygan.networks.minibatch import Minibatch
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Activation = Literal["relu", "leaky_relu", "tanh", "elu", "smooth_elu"]
Norm = Literal["none", "batch", "layer"]
Output = Literal["auto", "tanh", "sigmoid", "linear"]


def _check(spec: MLPGenerator | MLPCritic) -> None:
    whole_fields(spec, "width", "depth")
    literal_fields(spec, activation=Activation, norm=Norm)


def _hidden(spec: MLPGenerator | MLPCritic, inputs: int, *, critic: bool, full_precision: bool) -> list[nn.Module]:
    from steadygan.networks.layers import activations
    from steadygan.networks.layers.linear import linear
    from steadygan.networks.layers.normalization import norm_1d

    parts: list[nn.Module] = []
    for index in range(spec.depth):
        first = full_precision and index == 0
        parts.append(linear(inputs, spec.width, "he", full_precision=first))
        parts.extend(norm_1d(spec.norm, spec.width))
        parts.append(activations.make(spec.activation, critic=critic))
        inputs = spec.width
    return parts


@dataclass(frozen=True)
class MLPGenerator:
    """Linear layers with activations between them; the defaults are WGAN-GP's toy generator.

    He-uniform weights, the last layer Glorot-uniform, biases 0 (authors' code).
    """

    width: int = 512
    """units of each hidden layer"""
    depth: int = 3
    """number of hidden layers"""
    activation: Activation = "relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    norm: Norm = "none"
    """norm after each hidden layer"""
    output: Output = "auto"
    """output activation; auto: tanh for images, signals and volumes, linear for points"""

    def __post_init__(self) -> None:
        _check(self)
        literal_fields(self, output=Output)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such samples, from latents of size ``latent``.

        Raises:
            UsageError: for text.
        """
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.linear import linear

        if sample.is_text:
            raise UsageError(f"MLPGenerator makes images and points, but a sample is {sample}: use TextGenerator")
        output = ("tanh" if sample.is_grid else "linear") if self.output == "auto" else self.output
        parts = _hidden(self, latent, critic=False, full_precision=sample.is_points)
        last = linear(self.width, math.prod(sample.shape), "glorot", full_precision=sample.is_points)
        return Generator(LabelledSequential(*parts, last), sample.shape, output)


@dataclass(frozen=True)
class MLPCritic:
    """Linear layers with activations between them and one score; the defaults are WGAN-GP's toy critic."""

    width: int = 512
    """units of each hidden layer"""
    depth: int = 3
    """number of hidden layers"""
    activation: Activation = "relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    norm: Norm = "none"
    """norm after each hidden layer; not batch under a gradient penalty"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    minibatch: Minibatch | None = None
    """layer before the score that compares the samples of a batch"""
    spectral: bool = False
    """spectral norm in every layer"""
    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""

    def __post_init__(self) -> None:
        _check(self)
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such samples."""
        from torch import nn

        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.spectral import with_spectral_norm

        parts = _hidden(self, math.prod(sample.shape), critic=True, full_precision=sample.is_points)
        inputs = self.width
        if self.minibatch is not None:
            layer, inputs = self.minibatch.build(inputs)
            parts.append(layer)
        classes = need_classes("MLPCritic", sample) if self.class_logits else 0
        head = ScoreHead(inputs, "glorot", classes=classes, features=self.features)
        critic = Critic(LabelledSequential(nn.Flatten(), *parts), head)
        return with_spectral_norm(critic) if self.spectral else critic
