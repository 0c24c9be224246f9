"""Edits of a recipe that advice is made of: fields with their new values, as they are typed on the command line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml

from steadygan import codec
from steadygan.networks.resnet import SIZES
from steadygan.objectives import BoundaryEquilibrium
from steadygan.penalties import R1, R2, GradientPenalty
from steadygan.schedules import Constant
from steadygan.types import PlayerName

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

Edit = dict[str, str]
"""path to value as typed: {'critic-optimizer.lr': '0.0002'}; {} where a recipe has nothing to edit there"""

R1_WEIGHT = 1.0
"""gamma: digits trained well at 1, points at .1 [measured small-scale]; papers have 0.01 (32 px) to 10 (256 px)"""
POINTS_WEIGHT = 0.1
"""of R1 and of WGAN-GP's penalty on points, as in the authors' toy code"""
GP_WEIGHT = 10.0
"""lambda of WGAN-GP"""


def rates(recipe: Recipe, *, generator: float = 1.0, critic: float = 1.0) -> Edit:
    """Both learning rates, times factors; a factor of 1 leaves a rate out."""
    edit: Edit = {}
    for player, factor in (("generator", generator), ("critic", critic)):
        rate = lr(recipe, player)  # type: ignore[arg-type]
        if rate and factor != 1:
            edit[f"{player}-optimizer.lr"] = typed(rate * factor)
    return edit


def two_time_scales(recipe: Recipe, ratio: float = 4.0) -> Edit:
    """Rates around their geometric mean, the critic's ``ratio`` times the generator's (Heusel et al. 2017)."""
    of_generator, of_critic = lr(recipe, "generator"), lr(recipe, "critic")
    if not of_generator or not of_critic:
        return {}
    middle = math.sqrt(of_generator * of_critic)
    return {
        "generator-optimizer.lr": typed(middle / math.sqrt(ratio)),
        "critic-optimizer.lr": typed(middle * math.sqrt(ratio)),
    }


def lr(recipe: Recipe, player: PlayerName) -> float:
    """A player's learning rate; 0 for an optimizer without one."""
    rate = getattr(getattr(recipe, f"{player}_optimizer"), "lr", 0.0)
    return float(rate) if isinstance(rate, int | float) else 0.0


def less_momentum(recipe: Recipe, player: PlayerName) -> Edit:
    """beta_1 of Adam 0, or no momentum."""
    optimizer = getattr(recipe, f"{player}_optimizer")
    betas = getattr(optimizer, "betas", None)
    if betas and betas[0] > 0:
        return {f"{player}-optimizer.betas": f"0 {betas[1]:g}"}
    if getattr(optimizer, "momentum", 0) > 0:
        return {f"{player}-optimizer.momentum": "0"}
    return {}


def critic_steps(recipe: Recipe, steps: int) -> Edit:
    """Critic steps per round, where they are constant."""
    constant = isinstance(recipe.critic_steps, Constant)
    return {"critic-steps": str(steps)} if constant and recipe.critic_steps(0) != steps else {}


def gradient_penalty_at(recipe: Recipe) -> int | None:
    """Index of the critic's first penalty on its gradient; None without one."""
    for index, penalty in enumerate(recipe.penalties):
        if isinstance(penalty, GradientPenalty | R1 | R2):
            return index
    return None


def more_penalty(recipe: Recipe, factor: float) -> Edit:
    """The weight of the critic's gradient penalty, times a factor; {} without one, or where it is scheduled."""
    index = gradient_penalty_at(recipe)
    if index is None:
        return {}
    penalty = recipe.penalties[index]
    name = "weight" if isinstance(penalty, GradientPenalty) else "gamma"
    weight = getattr(penalty, name)
    return {f"penalties.{index}.{name}": typed(weight * factor)} if isinstance(weight, int | float) and weight else {}


def usual_weight(recipe: Recipe, index: int, sample: SampleSpec | None) -> float:
    """The usual weight of a penalty on the critic's gradient."""
    if is_points(sample):
        return POINTS_WEIGHT
    return GP_WEIGHT if isinstance(recipe.penalties[index], GradientPenalty) else R1_WEIGHT


def is_points(sample: SampleSpec | None) -> bool:
    """True for samples that are known to be points."""
    return sample is not None and not sample.is_grid and not sample.is_text


def balances(recipe: Recipe) -> bool:
    """True if the objective itself balances the players: BEGAN."""
    return isinstance(recipe.objective, BoundaryEquilibrium)


def penalised(recipe: Recipe, sample: SampleSpec | None = None) -> Edit:
    """A gradient penalty on the critic that has none: that of WGAN-GP for its loss, R1 for others.

    A critic's batch norm goes, as a penalty needs each sample's own gradient. {} where the recipe has a penalty, or a
    critic that no penalty of scores fits.
    """
    if gradient_penalty_at(recipe) is not None or not scores(recipe):
        return {}
    points = is_points(sample)
    index = len(recipe.penalties)
    if wasserstein(recipe):
        made = {"kind": "GradientPenalty", "weight": POINTS_WEIGHT if points else GP_WEIGHT}
    else:
        made = {"kind": "R1", "gamma": POINTS_WEIGHT if points else R1_WEIGHT}
    return {f"penalties.{index}": flow(made), **without_batch_norm(recipe)}


def held(recipe: Recipe) -> bool:
    """True if something bounds the slope of the critic: a penalty, clipping or spectral norm."""
    spectral_norm = bool(getattr(recipe.critic, "spectral", False))
    return gradient_penalty_at(recipe) is not None or recipe.constraint is not None or spectral_norm


def without_batch_norm(recipe: Recipe) -> Edit:
    """No batch norm in the critic, where it has some."""
    return {"critic.norm": "none"} if has_batch_norm(recipe.critic) else {}


def has_batch_norm(network: Any) -> bool:
    """True if a network's spec asks for batch norm."""
    return "batch" in str(getattr(network, "norm", "none"))


def spectral(recipe: Recipe, player: PlayerName = "critic") -> Edit:
    """Spectral norm in a network that can have it and does not; without batch norm in a critic."""
    network = getattr(recipe, player)
    if getattr(network, "spectral", None) is not False:
        return {}
    return {f"{player}.spectral": "true", **(without_batch_norm(recipe) if player == "critic" else {})}


def without_clipping(recipe: Recipe, sample: SampleSpec | None = None) -> Edit:
    """A gradient penalty in place of clipping; {} where that takes more than two fields."""
    if recipe.constraint is None:
        return {}
    edit = {"constraint": "none", **penalised(recipe, sample)}
    return edit if len(edit) == 2 and any(name.startswith("penalties") for name in edit) else {}


def clip_bound(recipe: Recipe, factor: float) -> Edit:
    """Another bound of the clipping."""
    limit = getattr(recipe.constraint, "limit", None)
    return {"constraint.limit": typed(limit * factor)} if isinstance(limit, int | float) else {}


def augmented(recipe: Recipe, sample: SampleSpec | None) -> Edit:
    """DiffAugment of pictures, where samples are not perturbed yet."""
    pictures = sample.is_image if sample is not None else type(recipe.generator).__name__ in _PICTURES
    if not pictures or recipe.perturbation is not None or not scores(recipe) or _of_levels(recipe):
        return {}
    return {"perturbation": "diff-augment"}


def noised(recipe: Recipe, sample: SampleSpec | None = None) -> Edit:
    """Instance noise on the critic's inputs, decaying over the run."""
    text = sample.is_text if sample is not None else "Text" in type(recipe.generator).__name__
    if text or recipe.perturbation is not None or _of_levels(recipe):
        return {}
    return {
        "perturbation": flow(
            {"kind": "InstanceNoise", "deviation": {"kind": "LinearDecay", "rounds": recipe.rounds, "start": 0.1}}
        )
    }


def _of_levels(recipe: Recipe) -> bool:
    """True if the critic sees features beside images, which no perturbation changes: SGAN."""
    return recipe.encoder is not None


def near_averages(recipe: Recipe) -> Edit:
    """LeCam around the objective, where that takes it."""
    kind = type(recipe.objective).__name__
    if kind not in ("Adversarial", "AuxiliaryClassifier", "FeatureMatching"):
        return {}
    return {"objective": flow({"kind": "LeCam", "base": codec.to_plain(recipe.objective, omit_defaults=True)})}


def nearest_upsampling(recipe: Recipe) -> Edit:
    """Nearest-neighbour doubling in a generator that can have it."""
    spec, path = _images_generator(recipe)
    return {f"{path}.upsampling": "nearest"} if getattr(spec, "upsampling", None) == "transposed" else {}


def smoothed(recipe: Recipe) -> Edit:
    """A filter on the pixels of a generator that can have one."""
    spec, path = _images_generator(recipe)
    return {f"{path}.smooth": "true"} if getattr(spec, "smooth", None) is False else {}


def even_kernel(recipe: Recipe, sample: SampleSpec | None = None) -> Edit:
    """Kernels of 4 pixels in place of an odd number, in a generator whose stride is 2."""
    spec, path = _images_generator(recipe)
    kernel = getattr(spec, "kernel", 0)
    if kernel is None:  # ConvGenerator's own, by the kind of samples
        kernel = 4 if sample is not None and sample.is_volume else 5
    return {f"{path}.kernel": "4"} if type(spec).__name__ in _PICTURES and kernel % 2 else {}


def residual_generator(recipe: Recipe, sample: SampleSpec | None) -> Edit:
    """WGAN-GP's residual generator, as wide, in place of DCGAN's; {} for sides that it does not make."""
    spec, path = _images_generator(recipe)
    if type(spec).__name__ != "DCGANGenerator" or sample is None or not sample.is_image:
        return {}
    height, width = sample.shape[1:]
    if height != width or height not in SIZES:
        return {}
    return {path: flow({"kind": "ResNetGenerator", "width": getattr(spec, "width", 128)})}


def _images_generator(recipe: Recipe) -> tuple[Any, str]:
    """The generator's networks and their path, inside one that takes labels."""
    inner = getattr(recipe.generator, "network", None)
    return (recipe.generator, "generator") if inner is None else (inner, "generator.network")


def narrower(recipe: Recipe, player: PlayerName, factor: float = 0.5) -> Edit:
    """Fewer filters or units in a network."""
    width = getattr(getattr(recipe, player), "width", None)
    half = int(width * factor) if isinstance(width, int) else 0
    return {f"{player}.width": str(half)} if half >= 8 else {}


def scores(recipe: Recipe) -> bool:
    """True if the critic gives scores, which penalties and augmentations are for, and no errors of an autoencoder."""
    return bool(recipe.objective.real_is_high)


def loss_of(recipe: Recipe) -> Any:
    """The loss on scores, whatever is around it; None for other objectives."""
    objective: Any = recipe.objective
    while getattr(objective, "base", None) is not None:
        objective = objective.base
    return getattr(objective, "loss", None)


def loss_path(recipe: Recipe) -> str:
    """The path of the loss on scores."""
    objective: Any = recipe.objective
    path = "objective"
    while getattr(objective, "base", None) is not None:
        objective, path = objective.base, f"{path}.base"
    return f"{path}.loss"


def wasserstein(recipe: Recipe) -> bool:
    """True for the Wasserstein loss."""
    return getattr(loss_of(recipe), "estimates_wasserstein", False) is True


def typed(number: float) -> str:
    """A number as it is typed: four digits."""
    return f"{number:.4g}"


def flow(plain: dict[str, Any]) -> str:
    """A part in one line of YAML: '{kind: R1, gamma: 1.0}'."""
    return yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=math.inf).strip()


_PICTURES = frozenset(
    {
        "DCGANGenerator", "ResNetGenerator", "ResNet64Generator", "ResNet101Generator", "SNDCGANGenerator",
        "R3GANGenerator", "ConvGenerator",
    }
)  # fmt: skip
"""generators of pictures alone, where the sample is not known"""
