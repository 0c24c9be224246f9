"""Losses by Lipschitz constants: they are alike where the critic's slope is small (Qin et al. 2020; lesson 3)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from steadygan.losses import Hinge, LeastSquares, NonSaturating, Wasserstein
from steadygan.networks import SNDCGANCritic, SNDCGANGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.studies.claims import Claim, Decision, all_of, by_sign
from steadygan.studies.experiments._games import cifar10, pictures, small_gan, title, with_critic
from steadygan.studies.experiments._lesson_figures import dots
from steadygan.studies.experiments._lessons import Arms, Case, alike, as_ratio, gain, gained, table, trials
from steadygan.studies.experiments._quality import COUNT, at_end
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Outcome, Trial
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

LOSSES: dict[str, Any] = {
    "wasserstein": Wasserstein(),
    "non-saturating": NonSaturating(),
    "least squares": LeastSquares(-1.0, 1.0, 1.0),
    "hinge": Hinge(),
}
"""least squares with targets on both sides of 0, so that it is linear around scores of 0"""
CONSTANTS: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
"""K: the slope that the critic's spectral norms allow, seen by the loss"""
SMALL, LARGE = CONSTANTS[0], CONSTANTS[-1]
WITHIN = math.log(1.5)
"""losses whose distances are within this factor of those of the Wasserstein loss are alike"""
SOURCE = "Qin, Mitra & Wonka 2020, How Does Lipschitz Regularization Influence GAN Training?, sections 3 and 4"
LESSON = "Pasini 2019, 10 Lessons, lesson 3"


def of_loss(recipe: Recipe, name: str, constant: float) -> Recipe:
    """The recipe with a loss, a critic of slope 1 by spectral norm, and scores times K before the loss."""
    normalised = with_critic(recipe, spectral=True)
    return dataclasses.replace(normalised, objective=Adversarial(LOSSES[name], score_scale=constant))


def full(sample: SampleSpec) -> Recipe:
    """SN-GAN's networks for CIFAR-10 and its setting C."""
    optimizer = Adam(2e-4, betas=(0.5, 0.999))
    networks = SNDCGANGenerator(64), SNDCGANCritic(64)
    return Recipe(
        generator=networks[0],
        critic=networks[1],
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
    )


def measured(run: Run, ready: Prepared) -> Outcome:
    """Quality, and the width of the interval of scores that the loss sees: K (max D - min D) over real and fake."""
    outcome = at_end(run, ready)
    return {**outcome, "score_interval": score_interval(run, ready)}


def score_interval(run: Run, ready: Prepared) -> float:
    """K (max D - min D) over 1,000 real and as many generated samples."""
    import numpy as np
    import torch

    from steadygan.evaluation.extracting import real_samples

    objective = run.recipe.objective
    scale = objective.score_scale if isinstance(objective, Adversarial) else 1.0
    both = [run.sample(COUNT, weights="raw"), real_samples(ready.dataset, "train", COUNT)[0]]
    with torch.no_grad():
        encoded = [run.recipe.representation.encode(torch.from_numpy(np.ascontiguousarray(each))) for each in both]
        scores = torch.cat([run.critic(each).score.reshape(-1) for each in encoded])
    return scale * float(scores.max() - scores.min())


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    losses, constants = tuple(LOSSES), tuple(CONSTANTS)
    if scale == "smoke":
        case, losses, constants = Case("8gaussians", small_gan(16), "8gaussians", 6), losses[:2], (SMALL, LARGE)
    elif scale == "paper":
        case = Case("cifar10", full, cifar10(), 100_000)
    else:
        case = Case(title(pictures()), small_gan(), pictures(), 3_000)
    arms: Arms = [
        ({"loss": name, "K": constant}, partial(of_loss, name=name, constant=constant))
        for name in losses
        for constant in constants
    ]
    return trials([case], arms, seeds, measure=measured)


def ranges(results: Results, constant: float) -> dict[int, float]:
    """By seed: log(largest / smallest distance over the losses) at a K; seeds that lack a loss are left out."""
    named = results.settings("loss")
    found = [results.by_seed("distance", loss=name, K=constant) for name in named]
    if len(found) < 2:
        return {}
    seeds = sorted(set.intersection(*(set(each) for each in found)))
    values = {seed: [each[seed] for each in found] for seed in seeds}
    return {seed: math.log(max(some) / min(some)) for seed, some in values.items() if min(some) > 0}


def _alike(results: Results, constant: float) -> Decision:
    """Each loss against the Wasserstein loss: a range over losses would grow with the differences between seeds."""
    others = [name for name in results.settings("loss") if name != "wasserstein"]
    decisions = []
    for name in others:
        interval = gained(results.where(K=constant), {"loss": name}, {"loss": "wasserstein"})
        decisions.append(alike(interval, as_ratio(interval, f"{name} / wasserstein at K = {constant:g}"), WITHIN))
    return all_of(*decisions) if decisions else Decision("not decided here", "no trials")


_ALIKE = (
    "the 95% intervals over seeds of log(distance with each other loss / with the Wasserstein loss) at K = {0:g} all "
    "lie within ±log 1.5; one outside refutes it"
)


def _grows(results: Results) -> Decision:
    small, large = ranges(results, SMALL), ranges(results, LARGE)
    interval = mean([large[seed] - small[seed] for seed in sorted(small.keys() & large.keys())])
    return by_sign(interval, as_ratio(interval, _GROWTH))


_GROWTH = f"range of distances over losses at K = {LARGE:g} / at K = {SMALL:g}"


def _linear(results: Results) -> Decision:
    """The mean over the other losses of log(their distance / that of the Wasserstein loss) at the largest K."""
    found: dict[int, list[float]] = {}
    for name in results.settings("loss"):
        if name != "wasserstein":
            of_name = gain(results.where(K=LARGE), {"loss": name}, {"loss": "wasserstein"})
            for seed, log in of_name.items():
                found.setdefault(seed, []).append(log)
    interval = mean([sum(logs) / len(logs) for logs in found.values()])
    return by_sign(interval, as_ratio(interval, _OTHERS))


_OTHERS = f"distance of the other losses / of the Wasserstein loss at K = {LARGE:g}"


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) by the critic's Lipschitz constant K. A dot a "
    )
    caption += "seed, a bar at the geometric mean. The Wasserstein loss is linear: K changes nothing but rounding."
    widths = "Width of the interval of scores that the loss sees, K (max D - min D): where it is narrow, any loss is "
    widths += "nearly linear on it."
    return [
        *dots(results, "K", hue="loss", caption=caption),
        *dots(results, "K", hue="loss", value="score_interval", caption=widths, name="scores"),
    ]


STUDY = Study(
    name="loss-and-lipschitz",
    question="Does the choice of the loss matter where the critic's slope is small?",
    source=f"{SOURCE}; {LESSON}",
    shows="The paper's tables of FIDs by loss and K: at small K all losses are about as good, at large K all "
    "fail but the "
    "Wasserstein loss, which is linear.",
    trials=_trials,
    plots=_plots,
    table=lambda results: table(results, values=("distance", "modes", "score_interval")),
    claims=(
        Claim(
            "alike at small K",
            "at a small Lipschitz constant all losses perform alike, since each is nearly linear on the scores",
            SOURCE,
            _ALIKE.format(SMALL),
            lambda results: _alike(results, SMALL),
        ),
        Claim(
            "losses matter more at large K",
            "the differences between losses grow with the Lipschitz constant",
            SOURCE,
            f"the 95% interval over seeds of log({_GROWTH}) lies above 0; below 0 refutes it",
            _grows,
        ),
        Claim(
            "the linear loss holds up",
            "at a large Lipschitz constant only the Wasserstein loss does well",
            SOURCE,
            f"the 95% interval over seeds of log({_OTHERS}), mean over losses, lies above 0; below 0 refutes it",
            _linear,
        ),
        Claim(
            "the loss matters little",
            "which loss is chosen hardly matters (critics of slope 1)",
            LESSON,
            _ALIKE.format(1.0),
            lambda results: _alike(results, 1.0),
        ),
    ),
    seeds={"smoke": 1, "laptop": 5, "paper": 3},
    limits="Laptop: fully connected networks on 8 px digits, four losses, K of 0.1 to 100 by a factor of the "
    "scores of a "
    "critic with spectral norm; the paper also has exponential and cosine losses, a gradient penalty, and CelebA.",
)
