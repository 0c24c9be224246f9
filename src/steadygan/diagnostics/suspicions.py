"""What stands out in a recipe, and proposals that several faults share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadygan.diagnostics import edits
from steadygan.diagnostics.unusual import Proposal, unusual

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

R1_RESULT = "R1 makes GANs converge that go around in circles (Mescheder et al. 2018)"
GP_RESULT = "it trains critics that clipping and plain losses do not (WGAN-GP, section 5 and figure 1b)"


def stands_out(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """A Wasserstein loss without a bound, what no paper has, and a generator that is faster than its critic."""
    if edits.wasserstein(recipe) and not edits.held(recipe):
        yield from held_gradient(recipe, sample)
    yield from unusual(recipe, sample)
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    if of_generator > 1.5 * of_critic > 0:
        yield (
            "two rates, the critic's four times the generator's",
            edits.two_time_scales(recipe),
            f"the generator's rate is {times(of_generator, of_critic)} its critic's [lesson 9]",
        )


def held_gradient(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """The critic's gradient held, where nothing holds it."""
    if recipe.constraint is not None:
        return
    penalty = edits.penalised(recipe, sample)
    name = "WGAN-GP's gradient penalty" if edits.wasserstein(recipe) else "R1, a penalty of the critic's gradient"
    yield name, penalty, GP_RESULT if edits.wasserstein(recipe) else R1_RESULT
    if edits.gradient_penalty_at(recipe) is None:
        yield (
            "spectral norm in the critic",
            edits.spectral(recipe),
            "it holds vanishing and exploding gradients both (Miyato et al. 2018) [lesson 10]",
        )


def fewer_layers(recipe: Recipe) -> Iterator[Proposal]:
    """Three layers, where the critic has more than four."""
    depth = getattr(recipe.critic, "depth", 0)
    if isinstance(depth, int) and depth > 4:
        yield "a critic of three layers", {"critic.depth": "3"}, "each layer shrinks the gradient"


def times(of: float, by: float) -> str:
    """'3 times', of two numbers."""
    return f"{of / by:.3g} times" if by else "above"
