"""Runs whose generators were never trained: weights that are not 0, and batch-norm statistics of two batches."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from steadygan.data.text.alphabet import Alphabet
from steadygan.data.units import Units
from steadygan.networks import (
    BigGANGenerator,
    DCGANGenerator,
    LabelledGenerator,
    MLPGenerator,
    MultiScaleGenerator,
    StyleGAN2Generator,
    TextGenerator,
)
from steadygan.networks.building import build_generator
from steadygan.priors import Normal
from steadygan.recipes import by_name
from steadygan.run import Run
from steadygan.types import SampleSpec


class Untrained(Run):
    """A run without a folder."""

    rounds_done = 1
    folder = Path("untrained")  # type: ignore[assignment]

    def __init__(self, recipe: str, sample: SampleSpec, units: Units | None = None, **changes: Any) -> None:
        made = dataclasses.replace(by_name()[recipe](sample), prior=Normal(4), **changes)
        self.recipe = dataclasses.replace(made, representation=made.representation.fitted(sample))
        self.kinds = ()
        alphabet = Alphabet("?`abc") if sample.is_text else None
        names = tuple("abcdefghij"[: sample.classes])
        self.data = SimpleNamespace(  # type: ignore[assignment]
            units=units, sample=sample, fingerprint="0" * 8, class_names=names, alphabet=alphabet, audit={}
        )

    def load_generator(self, weights: str = "average", round_: int | None = None) -> nn.Module:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            network = build_generator(self.recipe.generator, self.sample_spec, self.recipe.prior.size)
            for parameter in network.parameters():
                if parameter.dim() < 2:  # gains of attention, strengths of noise and biases begin at 0
                    parameter.add_(0.3 * torch.randn_like(parameter))
            for module in network.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.momentum = 0.5
            labels = torch.arange(8) % self.sample_spec.classes if self.conditional else None
            for seed in (0, 1):
                network(self.latents(8, seed), labels)
        for name, buffer in network.named_buffers():
            if name == "mean.mean":  # of styles
                buffer.copy_(0.1 * torch.arange(len(buffer)))
        return network.eval().requires_grad_(False)


PICTURES = SampleSpec((1, 8, 8), 10)
FAMILIES = {
    "points": lambda: Untrained("wgan-gp", SampleSpec((2,)), generator=MLPGenerator(8)),
    "images with labels": lambda: Untrained("acgan", PICTURES, generator=LabelledGenerator(DCGANGenerator(4))),
    "multi-scale": lambda: Untrained("msg-gan", SampleSpec((1, 8, 8)), generator=MultiScaleGenerator(4)),
    "text": lambda: Untrained("text", SampleSpec((5, 6), kind="text"), generator=TextGenerator(4, 1, 3)),
    "spectral norm, attention": lambda: Untrained(
        "biggan", PICTURES, generator=BigGANGenerator(2, shared=4, attention=(8,))
    ),
    "StyleGAN2": lambda: Untrained(
        "stylegan2-cifar",
        SampleSpec((3, 8, 8), 4),
        generator=StyleGAN2Generator(base=32, most=4, style=6, mapping=1, conditional=True),
    ),
}
"""a small run of each family of generators"""
