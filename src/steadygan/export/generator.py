"""The generator of a run as one module: latents in, pixels, numbers or characters out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from steadygan.errors import UsageError
from steadygan.export.values import values_of
from steadygan.networks.layers.style_generator import StyleGenerator
from steadygan.rng import torch_seeded
from steadygan.types import Sample, scales_of

if TYPE_CHECKING:
    from steadygan.run import Run, Weights

Inputs = dict[str, Tensor]
"""the arguments of an exported generator, by name"""


class ExportedGenerator(nn.Module):
    """Latents to samples, with the network's representation inside; all randomness is in the latents.

    Pictures are float32 [N, C, H, W] from 0 to 255, not rounded, at the finest scale; text is ids int64 [N, L]; all
    other samples are float32 [N, ...] in the units of the data.
    """

    def __init__(self, network: nn.Module, values: nn.Module, *, conditional: bool) -> None:
        """
        Args:
            network: (latents, labels or None) -> samples, in eval mode
            values: samples at one scale -> numbers of the data
            conditional: the network takes labels
        """
        super().__init__()
        self.network = network
        self.values = values
        self.conditional = conditional
        self.truncates = isinstance(network, StyleGenerator)
        """True if it takes ``truncation``"""

    def samples(self, latents: Tensor, labels: Tensor | None = None, truncation: Tensor | None = None) -> Tensor:
        """What the network makes, at its finest scale, before it is brought to numbers of the data."""
        network = self.network
        if isinstance(network, StyleGenerator):
            styles = network.styles(latents, labels)
            if truncation is not None:  # exact at 1
                styles = styles + (network.mean.mean - styles) * (1.0 - truncation)
            made: Sample = network.synthesize(styles)
        else:
            made = network(latents, labels)
        return scales_of(made)[-1]

    def forward(self, latents: Tensor, labels: Tensor | None = None, truncation: Tensor | None = None) -> Tensor:
        """
        Args:
            latents: float32 [N, D], of the run's prior
            labels: int64 [N], of a conditional generator alone
            truncation: float32 [], of a style-based generator alone: styles at mean + truncation (style - mean)
        """
        made: Tensor = self.values(self.samples(latents, labels, truncation))
        return made


def exportable(run: Run, weights: Weights = "average", round_: int | None = None) -> ExportedGenerator:
    """The generator of a run, in eval mode, with weights as they are used: no parametrizations are left.

    Args:
        run: which run
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Raises:
        UsageError: for a generator that draws random numbers of its own, or makes numbers that are not finite.
    """
    network = run.generator_of(weights, round_)  # kept: the checkpoint of a run that trains may be gone a minute later
    module = around(run, with_plain_weights(copy.deepcopy(network)))
    _check_repeats(module, fixed_inputs(run, module, 2), run.recipe.name)
    return module


def around(run: Run, network: nn.Module) -> ExportedGenerator:
    """A network of the run's generator with the run's representation and units."""
    values = values_of(run.recipe.representation, run.sample_spec, run.data.units)
    return ExportedGenerator(network, values, conditional=run.conditional).eval().requires_grad_(False)


def with_plain_weights(network: nn.Module) -> nn.Module:
    """The network with each parametrized weight replaced by its present value: sigma of spectral norms, scales.

    By hand: a copy has the class of its original, and torch's ``remove_parametrizations`` takes the weight out of that
    class, so the original had none any more.
    """
    for module in list(network.modules()):
        if parametrize.is_parametrized(module):
            names = list(module.parametrizations)  # type: ignore[arg-type]
            values = {name: getattr(module, name).detach().clone() for name in names}
            del module.parametrizations
            module.__class__ = type(module).__bases__[0]
            for name, value in values.items():
                module.register_parameter(name, nn.Parameter(value, requires_grad=False))
    return network


def fixed_inputs(run: Run, module: ExportedGenerator, count: int, truncation: float = 1.0) -> Inputs:
    """The latents of seed 0, and the labels and truncation that the generator takes."""
    inputs = {"latents": run.latents(count)}
    labels = run.labels(count) if module.conditional else None
    if labels is not None:
        inputs["labels"] = labels
    if module.truncates:
        inputs["truncation"] = torch.tensor(truncation)
    return inputs


def _check_repeats(module: ExportedGenerator, inputs: Inputs, recipe: str) -> None:
    made = []
    for seed in (0, 1):
        with torch.no_grad(), torch_seeded(seed):
            made.append(module(**inputs))
    if not all(torch.isfinite(samples).all() for samples in made):
        raise UsageError(f"the generator of '{recipe}' makes numbers that are not finite: export an earlier --round")
    if not torch.equal(*made):
        raise UsageError(
            f"the generator of '{recipe}' draws random numbers of its own, so that its samples are no function of "
            "latents; such a generator cannot be exported"
        )
