"""Warnings read off a recipe and its data before training, of what often goes wrong: no verdicts on a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from steadygan.diagnostics import edits
from steadygan.penalties import GradientPenalty

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

HIGH = 2e-3
"""a rate of Adam or RMSprop: papers have 5e-5 to 1e-3"""
HIGH_SGD = 0.05
FASTER = 1.5
"""the generator's rate over the critic's"""
FEW = 5_000
"""samples (ADA, Karras et al. 2020, figure 1, for faces of 256 px)"""
VERY_FEW = 200
DEEP = 6
"""layers over which clipping makes gradients vanish or explode (WGAN-GP, figure 1b: twelve)"""


class Warning(NamedTuple):
    """Something in a recipe that often goes wrong."""

    field: str
    """that it is read off: 'critic.norm'"""
    text: str
    """one line: what, why, and what to do"""
    source: str


def warnings(
    recipe: Recipe, *, training_samples: int | None = None, sample: SampleSpec | None = None
) -> tuple[Warning, ...]:
    """Warnings of a recipe, the gravest first.

    Args:
        recipe: before training
        training_samples: distinct ones; None: endless, or not known
        sample: shape of a sample, if known
    """
    return (
        *_of_the_critic(recipe),
        *_of_rates(recipe),
        *_of_steps(recipe),
        *_of_data(recipe, training_samples, sample),
    )


def _of_the_critic(recipe: Recipe) -> Iterator[Warning]:
    index = edits.gradient_penalty_at(recipe)
    held = index is not None or recipe.constraint is not None or getattr(recipe.critic, "spectral", False)
    if index is not None and edits.has_batch_norm(recipe.critic):
        name = type(recipe.penalties[index]).__name__
        text = f"the critic has batch norm under {name}, which needs each sample's own gradient: --critic.norm none"
        yield Warning("critic.norm", text, "WGAN-GP, section 4")
    if edits.wasserstein(recipe) and not held:
        text = "the Wasserstein loss has no bound on the critic's slope: add penalties.0:gradient-penalty"
        yield Warning("penalties", text, "WGAN-GP, section 2")
    elif not held and edits.scores(recipe) and type(recipe.critic).__name__ != "Own":
        text = "nothing holds the critic's gradient; R1 or spectral norm makes training steadier: penalties.0:r1"
        yield Warning("penalties", text, "Mescheder et al. 2018 [lesson 10]")
    if getattr(recipe.critic, "spectral", False) and edits.has_batch_norm(recipe.critic):
        text = "batch norm scales what spectral norm has bounded: --critic.norm none"
        yield Warning("critic.norm", text, "Miyato et al. 2018")
    depth, limit = getattr(recipe.critic, "depth", 0), getattr(recipe.constraint, "limit", None)
    if limit is not None and isinstance(depth, int) and depth >= DEEP:
        text = (
            f"clipping at {limit:g} over {depth} layers lets gradients vanish or explode: a gradient penalty does not"
        )
        yield Warning("constraint", text, "WGAN-GP, figure 1b")
    if index is not None and isinstance(recipe.penalties[index], GradientPenalty) and edits.wasserstein(recipe):
        weight = getattr(recipe.penalties[index], "weight", 10.0)
        if isinstance(weight, int | float) and weight < 0.05:
            text = f"at weight {weight:g} the penalty does not hold slopes near 1; 10 is usual, 0.1 on toy data"
            yield Warning(f"penalties.{index}.weight", text, "WGAN-GP, section 4")


def _of_rates(recipe: Recipe) -> Iterator[Warning]:
    for player in ("critic", "generator"):
        rate = edits.lr(recipe, player)
        limit = HIGH_SGD if type(getattr(recipe, f"{player}_optimizer")).__name__ == "SGD" else HIGH
        if rate > limit:
            text = f"the {player}'s rate {rate:g} is high; papers have 5e-5 to 1e-3, and lower is safer"
            yield Warning(f"{player}_optimizer.lr", text, "[lesson 5]")
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    if of_generator > FASTER * of_critic > 0:
        text = f"the generator's rate is {of_generator / of_critic:.3g} times its critic's; the other way is usual"
        yield Warning("generator_optimizer.lr", text, "TTUR, Heusel et al. 2017 [lesson 9]")


def _of_steps(recipe: Recipe) -> Iterator[Warning]:
    if recipe.generator_steps > 1:
        text = f"{recipe.generator_steps} generator steps a round outrun the critic: two rates are the better cure"
        yield Warning("generator_steps", text, "[lesson 4]")
    if type(edits.loss_of(recipe)).__name__ == "Saturating":
        text = "the saturating loss has no gradient where the critic is sure: objective.loss:non-saturating"
        yield Warning("objective.loss", text, "Goodfellow et al. 2014, section 3")


def _of_data(recipe: Recipe, samples: int | None, sample: SampleSpec | None) -> Iterator[Warning]:
    if samples is None:
        return
    if samples < recipe.batch:
        text = (
            f"a batch of {recipe.batch} is more than the {samples:,} training samples: --batch {max(1, samples // 2)}"
        )
        yield Warning("batch", text, "")
    small = FEW if sample is None or sample.is_image else VERY_FEW
    eased = recipe.perturbation is not None or type(recipe.objective).__name__ == "LeCam"
    if samples < small and not eased:
        way = "perturbation:diff-augment" if edits.augmented(recipe, sample) else "the objective le-cam"
        text = f"{samples:,} training samples are few: the critic learns them by heart; {way} helps"
        yield Warning("perturbation", text, "ADA, Karras et al. 2020; DiffAugment, Zhao et al. 2020")
