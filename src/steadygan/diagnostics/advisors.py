"""What helps against each fault: changes of a recipe in the order of what they are likely to gain.

Fields that a recipe itself makes suspicious come first: a generator that learns faster than its critic, a rate that is
too high for Adam, a penalty that is missing or a hundred times its usual weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from steadygan.diagnostics import edits
from steadygan.diagnostics.findings import VerdictName
from steadygan.diagnostics.suspicions import GP_RESULT, fewer_layers, held_gradient, stands_out, times
from steadygan.diagnostics.unusual import Proposal, unusual

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

Advisor = Callable[["Recipe", "SampleSpec | None"], Iterator[Proposal]]


def collapsed(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of samples that are alike, or of few modes."""
    yield from stands_out(recipe, sample)
    yield from held_gradient(recipe, sample)
    yield (
        "a generator of half its rate under a critic of twice its rate",
        edits.rates(recipe, generator=0.5, critic=2.0),
        "the generator should not outrun its critic (TTUR, Heusel et al. 2017) [lesson 9]",
    )
    yield (
        "begin again at a quarter of both rates",
        edits.rates(recipe, generator=0.25, critic=0.25),
        "a lower rate is the lessons' first advice against mode collapse [lesson 5]",
    )
    yield (
        "twice the batch",
        {"batch": str(2 * recipe.batch)},
        "a larger batch shows the critic more modes at once (BigGAN, Brock et al. 2019) [lesson 5]",
    )


def critic_strong(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic that leaves no gradient."""
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    fewer = edits.critic_steps(recipe, 1) if recipe.critic_steps(0) > 5 else {}
    slower = {"critic-optimizer.lr": edits.typed(2 * of_generator)} if of_critic > 4 * of_generator > 0 else {}
    balance = {**fewer, **slower}
    text = " and ".join([*(["one critic step a round"] if fewer else []), *(["rates of one size"] if slower else [])])
    why = f"the critic's rate is {times(of_critic, of_generator)} the generator's, its steps {recipe.critic_steps(0):g}"
    if type(edits.loss_of(recipe)).__name__ == "Saturating":
        yield (
            "the non-saturating loss" + (f", and {text}" if len(balance) == 1 else ""),
            {edits.loss_path(recipe): "non-saturating", **(balance if len(balance) == 1 else slower)},
            "it keeps its gradient where the critic is sure (Goodfellow et al. 2014, section 3)",
        )
    if len(balance) == 2:
        yield text, balance, why
    yield from unusual(recipe, sample)
    yield text, balance, why
    yield from held_gradient(recipe, sample)
    yield (
        "noise on all that the critic sees",
        edits.noised(recipe, sample),
        "it makes the critic's task harder and its gradient wider (Arjovsky & Bottou 2017) [lesson 6]",
    )
    if getattr(edits.loss_of(recipe), "has_labels", False) and getattr(recipe.objective, "real_label", 0) == 1:
        yield (
            "real samples labelled 0.9",
            {"objective.real-label": "0.9"},
            "one-sided label smoothing keeps the critic from being too sure (Salimans et al. 2016) [lesson 7]",
        )
    yield "half the critic's rate", edits.rates(recipe, critic=0.5), "a critic that learns slower is less sure"


def critic_weak(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic that does not see differences."""
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    if recipe.generator_steps > 1:
        rate = edits.typed(max(of_critic, of_generator)) if of_critic < of_generator else ""
        yield (
            "one generator step a round" + (" and a critic as fast as the generator" if rate else ""),
            {"generator-steps": "1", **({"critic-optimizer.lr": rate} if rate else {})},
            f"the generator makes {recipe.generator_steps} steps for {recipe.critic_steps(0):g} of its critic",
        )
    yield from stands_out(recipe, sample)
    if recipe.critic_steps(0) < 5 and not edits.balances(recipe):
        yield (
            "five critic steps a round",
            edits.critic_steps(recipe, 5),
            "the critic should be near its best before each step of the generator (WGAN, Algorithm 1)",
        )
    yield (
        "two rates, the critic's four times the generator's",
        edits.two_time_scales(recipe) if of_critic < 4 * of_generator else edits.rates(recipe, generator=0.25),
        "two time scales converge where one rate may not (TTUR, Heusel et al. 2017) [lesson 9]",
    )


def stalled(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a generator that stands still."""
    of_generator, of_critic = edits.lr(recipe, "generator"), edits.lr(recipe, "critic")
    if 0 < of_generator < of_critic / 10 or 0 < of_generator < 1e-5:
        yield (
            "a generator's rate nearer to the critic's",
            {"generator-optimizer.lr": edits.typed(max(of_critic / 2, 1e-5))},
            f"at {of_generator:g} it hardly moves",
        )
    yield from stands_out(recipe, sample)
    if getattr(recipe.generator, "activation", None) == "relu":
        yield (
            "leaky units in the generator",
            {"generator.activation": "leaky_relu"},
            "ReLU units that never fire have no gradient; leaky ones have",
        )
    yield "another seed", {"seed": str(recipe.seed + 1)}, "dead units may be an accident of the first weights"
    yield "four times the generator's rate", edits.rates(recipe, generator=4.0), "it has a gradient and hardly moves"


def vanishing(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic's gradient that vanishes."""
    yield "a gradient penalty in place of clipping", edits.without_clipping(recipe, sample), GP_RESULT
    yield (
        "ten times the bound of clipping",
        edits.clip_bound(recipe, 10),
        "a low bound shrinks the gradient by layers",
    )
    yield from stands_out(recipe, sample)
    yield (
        "four times the critic's rate",
        edits.rates(recipe, critic=4.0),
        "a critic that learnt little has no slope",
    )
    yield from fewer_layers(recipe)


def exploding(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic's gradient that explodes, or a constraint that does not hold it."""
    yield "a gradient penalty in place of clipping", edits.without_clipping(recipe, sample), GP_RESULT
    yield (
        "a tenth of the bound of clipping",
        edits.clip_bound(recipe, 0.1),
        "a high bound lets it grow by layers",
    )
    yield from stands_out(recipe, sample)
    yield from held_gradient(recipe, sample)
    yield (
        "ten times the weight of the penalty",
        edits.more_penalty(recipe, 10),
        "it holds slopes nearer to its target: 1.2 at 10, 3.8 at 0.1 (measured on digits and toy data)",
    )
    yield "a quarter of the critic's rate", edits.rates(recipe, critic=0.25), "smaller steps, less growth"


def clipped(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic whose weights are at the bound."""
    yield "a gradient penalty in place of clipping", edits.without_clipping(recipe, sample), GP_RESULT
    yield from unusual(recipe, sample)
    if getattr(recipe.constraint, "limit", 1.0) <= 0.02:
        yield "ten times the bound", edits.clip_bound(recipe, 10), "fewer weights reach it (WGAN-GP, figure 1b)"
    yield "a third of the bound", edits.clip_bound(recipe, 1 / 3), "slopes are too steep at this bound"
    yield "half the critic's rate", edits.rates(recipe, critic=0.5), "weights reach the bound later"


def overfitted(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a critic that knows its samples by heart, or a generator that copies them."""
    yield (
        "augment all that the critic sees",
        edits.augmented(recipe, sample),
        "DiffAugment: FID 36.0 to 14.5 on a tenth of CIFAR-10 (Zhao et al. 2020)",
    )
    yield (
        "LeCam, which holds scores near each other",
        edits.near_averages(recipe),
        "made for little data: FID 4.16 to 3.23 on CIFAR-10 (Tseng et al. 2021)",
    )
    yield from held_gradient(recipe, sample)
    yield "ten times the weight of the penalty", edits.more_penalty(recipe, 10), "a flatter critic knows less by heart"
    yield (
        "a narrower critic",
        edits.narrower(recipe, "critic"),
        "fewer weights hold fewer samples by heart",
    )
    yield "a quarter of the critic's rate", edits.rates(recipe, critic=0.25), "it sees each sample fewer times"


def exhausted(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of an adaptive augmentation at its limit."""
    yield from (proposal for proposal in overfitted(recipe, sample) if "perturbation" not in proposal[1])


def circling(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of samples that go around in circles."""
    yield from stands_out(recipe, sample)
    yield from held_gradient(recipe, sample)
    yield (
        "no momentum in either optimizer",
        {**edits.less_momentum(recipe, "generator"), **edits.less_momentum(recipe, "critic")},
        "momentum feeds rotation (Gidel et al. 2019)",
    )
    yield (
        "a quarter of both rates",
        edits.rates(recipe, generator=0.25, critic=0.25),
        "smaller circles",
    )
    yield (
        "ten times the weight of the penalty",
        edits.more_penalty(recipe, 10),
        "it damps circles (Mescheder et al. 2018)",
    )


def patterned(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of a pattern that the generator's upsampling leaves."""
    yield (
        "nearest-neighbour doubling before each convolution, in place of transposed ones",
        edits.nearest_upsampling(recipe),
        "it makes no pattern at first (Odena et al. 2016); the power of lines in drawings of 64 px fell from 3 to 1",
    )
    yield (
        "a filter on the pixels",
        edits.smoothed(recipe),
        "no pattern with a period of 2 pixels passes a binomial filter",
    )
    yield (
        "a kernel that its stride divides",
        edits.even_kernel(recipe, sample),
        "kernels of 4 overlap evenly at stride 2, those of 5 do not (Odena et al. 2016)",
    )
    yield (
        "residual networks, which double by nearest neighbours",
        edits.residual_generator(recipe, sample),
        "the generator of WGAN-GP's paper (Gulrajani et al. 2017, App. F)",
    )
    yield "twice the rounds", {"rounds": str(2 * recipe.rounds)}, "patterns of early samples fade in longer trainings"


def diverging(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of numbers that grow without end."""
    yield from unusual(recipe, sample)
    yield (
        "a quarter of both rates",
        edits.rates(recipe, generator=0.25, critic=0.25),
        "too large steps diverge",
    )
    if recipe.run.precision in ("auto", "bf16"):
        yield "full precision", {"run.precision": "fp32"}, "small differences of large numbers are lost in 8 bits"
    yield from held_gradient(recipe, sample)


ADVISORS: dict[VerdictName, Advisor] = {
    "diverged": diverging,
    "full_collapse": collapsed,
    "partial_collapse": collapsed,
    "generator_stalled": stalled,
    "critic_too_strong": critic_strong,
    "critic_too_weak": critic_weak,
    "vanishing_gradient": vanishing,
    "exploding_gradient": exploding,
    "clipping": clipped,
    "lipschitz_not_held": exploding,
    "critic_overfitting": overfitted,
    "memorisation": overfitted,
    "augmentation_exhausted": exhausted,
    "too_little_data": overfitted,
    "oscillation": circling,
    "checkerboard": patterned,
}
"""No field of a recipe helps against a fault of the data."""
RESUMED: frozenset[VerdictName] = frozenset({"diverged", "critic_overfitting", "memorisation"})
"""verdicts after which a run can go on; others need a new start, as weights that are lost stay so [lesson 5]"""
