"""Semantic directions: principal components of a generator's activations (Härkönen et al. 2020, GANSpace)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import refused, whole_number
from steadygan.errors import RunError
from steadygan.run.latent_files import LatentPoints, SpaceName, samples_of
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from steadygan.data.classes import Asked
    from steadygan.run.folder import Weights
    from steadygan.run.generating import GeneratingRun

STYLES, LATENTS = 10_000, 2_048
"""points that components are taken of, in w and in z"""
REACH = 2.0
"""standard deviations to both sides in a strip"""


@dataclass(frozen=True)
class Directions:
    """The first K principal components of activations, as steps in a generator's own space."""

    space: SpaceName
    steps: Tensor
    """[K, D] in z or w: what one standard deviation along a component is"""
    shares: NDArray[np.float64]
    """[K], of the variance of activations"""
    layer: str
    """whose activations"""


@torch_defaults()
def directions(
    run: GeneratingRun,
    count: int,
    seed: int = 0,
    *,
    label: Asked | None = None,
    weights: Weights = "average",
    round_: int | None = None,
) -> Directions:
    """The directions in which the run's activations vary most.

    Of StyleGAN2 the components of w itself. Of others those of the first layer's outputs, before any activation, with
    each one's step in z by linear regression of latents on the components, as in the paper. Signs are set so that a
    step's largest number is positive.

    Args:
        run: with the generator
        count: K, at most the number of dimensions
        seed: of the latents
        label: the class, of a conditional generator; None: the first one
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Raises:
        UsageError: for a count out of range.
        RunError: for a generator without layers that follow the latent.
    """
    from steadygan.run.styles import has_styles

    network = run.generator_of(weights, round_)
    number = None if not run.conditional else 0 if label is None else run.class_numbers(label)[0]
    if has_styles(run.recipe):
        _check(count, network.mapping.layers[-2].weight.shape[0])  # type: ignore[union-attr, index]
        points, labels = _inputs(run, STYLES, seed, number)
        return _of_activations("w", "w", count, _styles(network, points, labels), None)
    _check(count, run.recipe.prior.size)
    points, labels = _inputs(run, LATENTS, seed, number)
    name, outputs = first_layer(network, points, labels)
    return _of_activations("z", name, count, outputs, points)


@torch_defaults()
def strips(
    run: GeneratingRun,
    found: Directions,
    columns: int,
    seed: int = 0,
    *,
    label: Asked | None = None,
    weights: Weights = "average",
    round_: int | None = None,
) -> NDArray[np.generic]:
    """Samples [K, columns, ...] of one latent moved along each direction, from -2 to 2 standard deviations."""
    import numpy as np
    import torch

    network = run.generator_of(weights, round_)
    number = None if not run.conditional else 0 if label is None else run.class_numbers(label)[0]
    base, labels = _inputs(run, 1, seed, number)
    if found.space == "w":
        base = _styles(network, base, labels)
    along = torch.linspace(-REACH, REACH, columns, dtype=base.dtype)
    given = None if labels is None else labels.expand(columns)
    rows = []
    for step in found.steps:
        points = base + along[:, None] * step.to(base.dtype)
        points = points if found.space == "w" else run.recipe.prior.nearest(points)
        rows.append(samples_of(run, network, LatentPoints(found.space, points, given)))
    return np.stack(rows)


def principal_components(activations: Tensor, count: int) -> tuple[Tensor, Tensor, float]:
    """The first components [K, F] (unit vectors), their variances [K], and the whole variance, of [N, F], in float64.

    By the smaller of the two Gram matrices, of samples or of activations.
    """
    import torch

    centred = activations.double() - activations.double().mean(0)
    samples, width = centred.shape
    if width <= samples:
        variances, vectors = torch.linalg.eigh(centred.t() @ centred / samples)
        components = vectors.t().flip(0)[:count]
    else:
        variances, vectors = torch.linalg.eigh(centred @ centred.t() / samples)
        components = torch.nn.functional.normalize(vectors.t().flip(0)[:count] @ centred, dim=1)
    return components, variances.flip(0)[:count].clamp(min=0.0), float(variances.clamp(min=0.0).sum())


def latent_steps(latents: Tensor, coordinates: Tensor) -> Tensor:
    """[K, D]: the least-squares solution of latents - mean = coordinates @ steps, for [N, D] and [N, K] of mean 0.

    With coordinates in standard deviations a step is what one of them is in z (GANSpace, section 3.2).
    """
    import torch

    solution: Tensor = torch.linalg.lstsq(coordinates, latents.double() - latents.double().mean(0)).solution
    return solution


def _of_activations(
    space: SpaceName, layer: str, count: int, activations: Tensor, latents: Tensor | None
) -> Directions:
    """Directions from activations [N, F]; without latents they are steps in the activations' own space."""
    components, variances, whole = principal_components(activations, count)
    spread = variances.sqrt()
    varying = int((variances > 1e-10 * max(whole, 1e-30)).sum())
    if varying < count:
        raise refused("directions", count, f"1 to {varying}", f"the activations of '{layer}' vary in so many")
    if latents is None:
        steps = components * spread[:, None]
    else:
        centred = activations.double() - activations.double().mean(0)
        steps = latent_steps(latents, centred @ components.t() / spread)
    largest = steps.gather(1, steps.abs().argmax(1, keepdim=True))
    return Directions(space, (steps * largest.sign()).float(), (variances / whole).numpy(), layer)


def first_layer(network: nn.Module, latents: Tensor, labels: Tensor | None) -> tuple[str, Tensor]:
    """The name and the outputs [N, F] of the first linear or convolutional layer whose outputs follow the latents.

    Raises:
        RunError: for a generator without one.
    """
    import torch
    from torch import nn

    made: list[tuple[str, Tensor]] = []
    kinds = (nn.Linear, nn.modules.conv._ConvNd)
    with torch.no_grad():
        hooks = [
            module.register_forward_hook(lambda _, __, out, name=name: made.append((name, out)))
            for name, module in network.named_modules()
            if isinstance(module, kinds)
        ]
        try:  # two latents tell which layer it is
            network(latents[:2], None if labels is None else labels[:2])
        finally:
            for hook in hooks:
                hook.remove()
        name = next((name for name, out in made if len(out) == 2 and not torch.equal(out[0], out[1])), None)
        if name is None:
            raise RunError("the generator has no linear or convolutional layer that follows its latents")
        return name, _outputs_of(network, name, latents, labels)


class _Reached(Exception):
    """The layer was reached; what follows it is not computed."""


def _outputs_of(network: nn.Module, name: str, latents: Tensor, labels: Tensor | None) -> Tensor:
    import torch

    parts: list[Tensor] = []

    def keep(_: nn.Module, __: object, out: Tensor) -> None:
        parts.append(out.flatten(1))
        raise _Reached

    hook = network.get_submodule(name).register_forward_hook(keep)
    try:
        for i in range(0, len(latents), 256):
            with contextlib.suppress(_Reached):
                network(latents[i : i + 256], None if labels is None else labels[i : i + 256])
    finally:
        hook.remove()
    return torch.cat(parts)


def _styles(network: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    import torch

    from steadygan.run.styles import style_based

    with torch.no_grad():
        mapped: Tensor = style_based(network, "directions in w").mapping(latents, labels)
    return mapped


def _inputs(run: GeneratingRun, count: int, seed: int, number: int | None) -> tuple[Tensor, Tensor | None]:
    import torch

    return run.latents(count, seed), None if number is None else torch.full((count,), number)


def _check(count: int, most: int) -> None:
    whole_number("directions", count, 1, most)
