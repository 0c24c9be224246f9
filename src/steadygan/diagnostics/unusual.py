"""Settings of a recipe far outside of what has been published, and the usual ones in their place.

Whatever is wrong with a training, a setting that no paper has is its first suspect. The ranges are wide: papers'
settings, those of this library's recipes and small networks on small data lie well within.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from steadygan.diagnostics import edits
from steadygan.diagnostics.edits import Edit
from steadygan.penalties import R1, R2
from steadygan.types import PLAYERS

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

Proposal = tuple[str, Edit, str]
"""text, fields and reason of a change; without fields it does not apply"""

LOW, HIGH = 2e-5, 2e-3
"""rates of Adam and RMSprop: papers have 5e-5 to 1e-3"""
EQUALISED = 3e-3
"""the same of layers that scale their weights, as MSG-GAN's and StyleGAN's do"""
USUAL = (2e-4, 5e-4)
"""rates that take their place, in long and in short runs"""
HEAVY, LIGHT = 10.0, 0.01
"""times a penalty's usual weight"""
ZERO_CENTRED = (1e-3, 200.0)
"""gamma of R1 and R2 on pictures: R3GAN has .005 (32 px) to 150 (256 px)"""
NARROW = 4
"""times narrower than the other network: a critic a quarter as large loses modes (PacGAN, Lin et al. 2018, table 3)"""
DEEP = 7
"""layers without normalisation"""
_BATCH, _USUAL_BATCH = 8, 64
_LATENTS, _USUAL_LATENTS = 8, 64
_STEPS = 3


def unusual(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """What stands out in a recipe, the gravest first; two settings of a field each are changed together, then apart."""
    found = [each for finds in FINDERS for each in finds(recipe, sample) if each[1]]
    if len(found) > 1:
        (text, edit, why), (other, also, reason) = found[:2]
        if len(edit) + len(also) == 2:
            yield f"{text}, and {other}", {**edit, **also}, f"{why}; {reason}"
    yield from found


def rates(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Rates that are far from all published ones; a usual one stays."""
    if any(type(optimizer).__name__ == "SGD" for optimizer in _optimizers(recipe).values()):
        yield (
            "Adam in place of gradient descent",
            {f"{player}-optimizer": "adam" for player, o in _optimizers(recipe).items() if type(o).__name__ == "SGD"},
            "GANs are trained with Adam or RMSprop, whose steps do not grow with the gradient (DCGAN, section 4)",
        )
        return
    now = {player: edits.lr(recipe, player) for player in PLAYERS}
    high = EQUALISED if type(recipe.generator).__name__.startswith(("MultiScale", "StyleGAN2")) else HIGH
    odd = {player: rate for player, rate in now.items() if rate and not LOW <= rate <= high}
    if not odd:
        return
    new = dict(now)
    usual = usual_rate(recipe)
    if len(odd) == 2 or not all(now.values()):
        new |= dict.fromkeys(odd, usual)
    elif "generator" in odd:
        new["generator"] = min(usual, now["critic"])  # not faster than its critic [lesson 9]
    else:
        new["critic"] = max(usual, now["generator"])
    worst = max(odd.values(), key=lambda rate: max(rate / high, LOW / rate))
    yield (
        "rates of a usual size",
        {f"{player}-optimizer.lr": edits.typed(new[player]) for player in odd},
        f"a rate of {worst:g} is {'high' if worst > high else 'low'}: papers have 5e-5 to 1e-3 [lesson 5]",
    )


def usual_rate(recipe: Recipe) -> float:
    """A rate for a run of this length: Adam moves a weight by its rate at most, so n steps need some 1 / n to move it
    by 1; within what is usual."""
    steps = max(1, recipe.rounds * recipe.generator_steps)
    return min(USUAL[1], max(USUAL[0], 1 / steps))


def moments(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Adam's averages, its constant under the root, and weight decay."""
    averages, constants, decays = Edit(), Edit(), Edit()
    for player, optimizer in _optimizers(recipe).items():
        first, second = getattr(optimizer, "betas", None) or (0.0, 0.99)
        if first >= 0.9 or second < 0.8:
            averages[f"{player}-optimizer.betas"] = f"{min(first, 0.5):g} {second if second >= 0.8 else 0.99:g}"
        if getattr(optimizer, "eps", 0.0) > 1e-3:
            constants[f"{player}-optimizer.eps"] = "1e-08"
        if getattr(optimizer, "weight_decay", 0.0) > 0.1:
            decays[f"{player}-optimizer.weight-decay"] = "0"
    yield (
        "less momentum",
        averages,
        "beta_1 of 0.9 makes GANs oscillate, 0.5 does not (DCGAN, section 4); beta_2 is 0.9 up",
    )
    yield "a small constant under Adam's root", constants, "above the size of gradients it makes steps vanish"
    yield "no weight decay", decays, "strong decay keeps a network near nothing: papers have none, or 1e-4"


def penalty_weight(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """The weight of the critic's gradient penalty."""
    index = edits.gradient_penalty_at(recipe)
    if index is None:
        return
    penalty, usual = recipe.penalties[index], edits.usual_weight(recipe, index, sample)
    weight = getattr(penalty, "weight", getattr(penalty, "gamma", 0))
    published = isinstance(penalty, R1 | R2) and not edits.is_points(sample)
    low, high = ZERO_CENTRED if published else (LIGHT * usual, HEAVY * usual)
    if isinstance(weight, int | float) and weight and not low <= weight <= high:
        yield (
            "a penalty of a usual weight",
            edits.more_penalty(recipe, usual / weight),
            f"at {weight:g} it {'holds the critic flat' if weight > usual else 'holds nothing'}",
        )


def noise(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Instance noise in which samples drown."""
    deviation: Any = getattr(recipe.perturbation, "deviation", 0.0)
    begin = deviation(0) if callable(deviation) else deviation
    if isinstance(begin, int | float) and begin > 0.5:
        yield (
            "less noise",
            {"perturbation.deviation": "0.1"},
            f"in noise of {begin:g} real and generated samples are alike",
        )


def output(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """A generator whose last layer cannot reach the data."""
    activation = getattr(recipe.generator, "output", None)
    points = edits.is_points(sample)
    low = getattr(recipe.representation, "low", -1.0)
    if (activation == "sigmoid" and (points or low < 0)) or (activation == "tanh" and points):
        yield (
            "an output that reaches the data",
            {"generator.output": "linear" if points else "tanh"},
            f"{activation} gives numbers of {'0' if activation == 'sigmoid' else '-1'} to 1 alone",
        )


def widths(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """A network far narrower than the other one of its kind."""
    generator, critic = recipe.generator, recipe.critic
    family = [type(part).__name__.replace("Autoencoder", "") for part in (generator, critic)]
    same = family[0].removesuffix("Generator") == family[1].removesuffix("Critic")
    for name, small, large in (("critic", critic, generator), ("generator", generator, critic)):
        width, other = (getattr(part, "width", None) for part in (small, large))
        if not same or not isinstance(width, int) or not isinstance(other, int) or width * NARROW > other:
            continue
        edit = {f"{name}.width": str(other)}
        depth, wanted = (getattr(part, "depth", None) for part in (small, large))
        if isinstance(depth, int) and isinstance(wanted, int) and 2 * depth <= wanted:
            edit[f"{name}.depth"] = str(wanted)
        yield (
            f"a {name} as large as the other network",
            edit,
            "a small critic loses modes (PacGAN, table 3)"
            if name == "critic"
            else "a small generator cannot make them",
        )


def latents(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Fewer latents than the data has directions."""
    points = edits.is_points(sample)
    least = sample.shape[0] if points and sample is not None else 2 if sample is None else _LATENTS
    size = getattr(recipe.prior, "size", least)
    if isinstance(size, int) and size < least:
        yield (
            "more latents",
            {"prior.size": str(least if points else _USUAL_LATENTS)},
            f"samples of {size} latent{'s' if size > 1 else ''} lie on a {'surface' if size > 1 else 'curve'}",
        )


def batch(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """A batch of a few samples."""
    if recipe.batch < _BATCH:
        yield (
            "a batch of a usual size",
            {"batch": str(_USUAL_BATCH)},
            f"a batch of {recipe.batch} tells neither network much of the data (BigGAN, Brock et al. 2019)",
        )


def settings(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Of the objective: BEGAN's gamma, EBGAN's margin."""
    kind = type(recipe.objective).__name__
    gamma, margin = getattr(recipe.objective, "gamma", 0.5), getattr(recipe.objective, "margin", 1.0)
    if kind == "BoundaryEquilibrium" and gamma < 0.3:
        yield "gamma 0.5", {"objective.gamma": "0.5"}, f"at {gamma:g} BEGAN's samples are alike (Berthelot et al. 2017)"
    if kind == "EnergyBased" and margin < 0.01:
        yield (
            "a margin of 1",
            {"objective.margin": "1"},
            f"within {margin:g} the critic ignores fakes (EBGAN)",
        )


def depth(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Many layers without normalisation or residuals."""
    for name in ("critic", "generator"):
        part = getattr(recipe, name)
        layers = getattr(part, "depth", 0)
        plain = getattr(part, "norm", "none") == "none" and not getattr(part, "spectral", False)
        if isinstance(layers, int) and layers >= DEEP and plain:
            yield f"a {name} of three layers", {f"{name}.depth": "3"}, "each layer shrinks the gradient, or grows it"


def generator_steps(recipe: Recipe, sample: SampleSpec | None) -> Iterator[Proposal]:
    """Many generator steps a round."""
    if recipe.generator_steps >= _STEPS:
        yield (
            "one generator step a round",
            {"generator-steps": "1"},
            f"in {recipe.generator_steps} steps the generator runs away from its critic [lesson 4]",
        )


FINDERS: tuple[Callable[[Recipe, SampleSpec | None], Iterator[Proposal]], ...] = (
    rates, moments, penalty_weight, noise, output, widths, latents, batch, settings, generator_steps, depth,
)  # fmt: skip


def _optimizers(recipe: Recipe) -> dict[str, Any]:
    return {player: getattr(recipe, f"{player}_optimizer") for player in PLAYERS}
