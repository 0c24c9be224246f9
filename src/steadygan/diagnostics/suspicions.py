"""What stands out in a recipe, and proposals that several faults share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadygan.diagnostics import edits
from steadygan.diagnostics.edits import Edit
from steadygan.penalties import GradientPenalty

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

Proposal = tuple[str, Edit, str]
"""text, fields and reason of a change; without fields it does not apply"""
HIGH, USUAL = 2e-3, 2e-4
"""rates of Adam and RMSprop: papers have 5e-5 to 1e-3"""
LOW = 2e-5
"""a rate below which none is brought"""
HEAVY = 10.0
"""times its usual weight"""
R1_RESULT = "R1 makes GANs converge that go around in circles (Mescheder et al. 2018)"
GP_RESULT = "it trains critics that clipping and plain losses do not (WGAN-GP, section 5 and figure 1b)"


def rates_that_stand_out(recipe: Recipe) -> Iterator[Proposal]:
    """What stands out in the rates."""
    yield from usual_rates(recipe)
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    if of_generator > 1.5 * of_critic > 0:
        yield (
            "two rates, the critic's four times the generator's",
            edits.two_time_scales(recipe),
            f"the generator's rate is {times(of_generator, of_critic)} its critic's [lesson 9]",
        )


def usual_rates(recipe: Recipe) -> Iterator[Proposal]:
    """Rates brought down to what papers have, where one is far above."""
    rates = (edits.lr(recipe, "generator"), edits.lr(recipe, "critic"))
    highest = max(rates)
    if highest > HIGH:
        factors = [max(USUAL / highest, min(1.0, LOW / rate)) if rate else 1.0 for rate in rates]
        yield (
            "rates of a usual size",
            edits.rates(recipe, generator=factors[0], critic=factors[1]),
            f"a rate of {highest:g} is high: papers have 5e-5 to 1e-3 [lesson 5]",
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


def usual_penalty(recipe: Recipe) -> Iterator[Proposal]:
    """A penalty of a usual weight, where it is far above."""
    index = edits.gradient_penalty_at(recipe)
    if index is None:
        return
    penalty = recipe.penalties[index]
    usual = edits.GP_WEIGHT if isinstance(penalty, GradientPenalty) else edits.R1_WEIGHT
    weight = getattr(penalty, "weight", getattr(penalty, "gamma", 0))
    if isinstance(weight, int | float) and weight > HEAVY * usual:
        yield (
            "a penalty of a usual weight",
            edits.more_penalty(recipe, usual / weight),
            f"at {weight:g} it holds the critic flat",
        )


def fewer_layers(recipe: Recipe) -> Iterator[Proposal]:
    """Three layers, where the critic has more than four."""
    depth = getattr(recipe.critic, "depth", 0)
    if isinstance(depth, int) and depth > 4:
        yield "a critic of three layers", {"critic.depth": "3"}, "each layer shrinks the gradient"


def times(of: float, by: float) -> str:
    """'3 times', of two numbers."""
    return f"{of / by:.3g} times" if by else "above"
