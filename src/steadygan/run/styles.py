"""Samples by styles: truncation, interpolation and mixing, for generators that map latents to styles (StyleGAN2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from steadygan.checks import within
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from steadygan.data.dataset import Samples
    from steadygan.networks.layers.style_generator import StyleGenerator
    from steadygan.recipe import Recipe

    Decoded = Callable[[Tensor], Samples]
    """what a generator makes, as samples in the units of the data"""
    Latents = tuple[Tensor, Tensor | None]
    """latents [N, D] with their labels [N], None if they have none"""

LARGEST = 2.0
"""psi beyond which nothing is asked for: styles twice as far from their mean"""


def has_styles(recipe: Recipe) -> bool:
    """True if the recipe's generator maps latents to styles."""
    from steadygan.networks import StyleGAN2Generator

    return isinstance(recipe.generator, StyleGAN2Generator)


def style_based(network: nn.Module, what: str) -> StyleGenerator:
    """The generator, one of styles.

    Raises:
        UsageError: for one without, by the name of what was asked for.
    """
    from steadygan.networks.layers.style_generator import StyleGenerator

    if not isinstance(network, StyleGenerator):
        raise UsageError(
            f"{what} is for generators that map latents to styles with a running mean (recipes stylegan2 and "
            f"stylegan2-ada); this run's is a {type(network).__name__}"
        )
    return network


@contextmanager
def truncated(network: nn.Module, psi: float | None, cutoff: int | None = None) -> Iterator[None]:
    """Context in which a generator's styles are at mean + psi (style - mean); no change for None.

    Raises:
        UsageError: for generators without styles, and psi that is no number from 0 to 2.
    """
    if psi is None:
        yield
        return
    within("truncation", psi, 0, LARGEST, note="0: the mean style, 1: no truncation")
    generator = style_based(network, "truncation")
    before = generator.psi, generator.cutoff
    generator.psi, generator.cutoff = psi, cutoff
    try:
        yield
    finally:
        generator.psi, generator.cutoff = before


def mixing_grid(decoded: Decoded, network: nn.Module, rows: Latents, columns: Latents, coarse: int) -> Samples:
    """Samples [1 + R, 1 + C, ...]: the styles of R latents in the first ``coarse`` layers, those of C in the others.

    The first column has the R latents' own samples, the first row those of the C; the corner is 0.

    Raises:
        UsageError: for generators without styles, and a number of layers that leaves none to one of both.
    """
    import numpy as np
    import torch

    generator = style_based(network, "style mixing")
    within("coarse", coarse, 1, generator.layers_of_style - 1, note="layers that have the rows' styles")
    with torch.no_grad():
        first, second = (generator.styles(*latents) for latents in (rows, columns))
        mixed = [torch.cat([one[None, :coarse].expand(len(second), -1, -1), second[:, coarse:]], 1) for one in first]
        made = [decoded(generator.synthesize(styles)) for styles in (first, second, *mixed)]
    own, top, *inner = made
    grid = np.zeros((1 + len(own), 1 + len(top), *own.shape[1:]), own.dtype)
    grid[1:, 0], grid[0, 1:] = own, top
    grid[1:, 1:] = np.stack(inner)
    return grid


def between_styles(
    decoded: Decoded,
    network: nn.Module,
    first: Tensor,
    second: Tensor,
    steps: int,
    labels: Tensor | None,
) -> Samples:
    """Samples [steps, N, ...] on the straight line between the styles of two sets of latents, ends included.

    Raises:
        UsageError: for generators without styles.
    """
    import numpy as np
    import torch

    generator = style_based(network, "interpolation of styles")
    with torch.no_grad():
        start, end = (generator.styles(latents, labels) for latents in (first, second))
        shares = [i / max(1, steps - 1) for i in range(steps)]
        return np.stack([decoded(generator.synthesize(torch.lerp(start, end, share))) for share in shares])
