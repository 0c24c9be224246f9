"""Spectral norm under aggressive rates: settings A to F of SN-GAN against WGAN-GP (Miyato et al. 2018, figure 1)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial

from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import MLPCritic, MLPGenerator, SNDCGANCritic, SNDCGANGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.spectral import SETTINGS
from steadygan.schedules import Constant
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import WIDTH, cifar10, pictures, title
from steadygan.studies.experiments._lesson_figures import dots
from steadygan.studies.experiments._lessons import Arms, Case, as_ratio, gained, table, trials
from steadygan.studies.intervals import Interval, mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial
from steadygan.types import SampleSpec

SPECTRAL, PENALTY, NEITHER = "spectral norm", "gradient penalty", "neither"
METHODS = (SPECTRAL, PENALTY, NEITHER)
MODERATE, AGGRESSIVE = ("a", "b", "c"), ("d", "e", "f")
FAILS = math.log(2)
"""a method fails at D, E, F if its distance there is twice as large as at A, B, C"""
SOURCE = "Miyato et al. 2018, Spectral Normalization for GANs, section 4.1, figure 1"


def method(recipe: Recipe, name: str, setting: str) -> Recipe:
    """The recipe by a method of keeping the critic steady, at one of the six settings."""
    lr, betas, steps = SETTINGS[setting]
    penalised = name == PENALTY
    return dataclasses.replace(
        recipe,
        critic=dataclasses.replace(recipe.critic, spectral=name == SPECTRAL),  # type: ignore[type-var]
        objective=Adversarial(Wasserstein() if penalised else NonSaturating()),
        penalties=(GradientPenalty(weight=10.0, target=1.0),) if penalised else (),
        critic_steps=Constant(steps),
        generator_optimizer=Adam(lr, betas),
        critic_optimizer=Adam(lr, betas),
    )


def small(sample: SampleSpec, width: int = WIDTH) -> Recipe:
    """Fully connected networks; ``method`` sets the rest."""
    networks = MLPGenerator(width), MLPCritic(width, activation="leaky_relu")
    return Recipe(generator=networks[0], critic=networks[1], prior=Normal(128 if sample.is_grid else 2))


def tiny(sample: SampleSpec) -> Recipe:
    """The same, of 16 units."""
    return small(sample, 16)


def full(sample: SampleSpec) -> Recipe:
    """The paper's convolutional networks for CIFAR-10."""
    return Recipe(generator=SNDCGANGenerator(64), critic=SNDCGANCritic(64), prior=Normal(128))


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    methods: tuple[str, ...] = METHODS
    settings = tuple(SETTINGS)
    if scale == "smoke":
        case, methods, settings = Case("8gaussians", tiny, "8gaussians", 4), METHODS[:2], ("b", "f")
    elif scale == "paper":
        case = Case("cifar10", full, cifar10(), 100_000)
    else:
        case = Case(title(pictures()), small, pictures(), 1_500)
    arms: Arms = [
        ({"method": name, "setting": setting}, partial(method, name=name, setting=setting))
        for name in methods
        for setting in settings
    ]
    return trials([case], arms, seeds)


def _logs(results: Results, name: str, setting: str) -> dict[int, float]:
    found = results.by_seed("distance", method=name, setting=setting)
    return {seed: math.log(distance) for seed, distance in found.items() if distance > 0}


def spread(results: Results, name: str) -> dict[int, float]:
    """By seed: log(largest / smallest distance) over the six settings; seeds that lack some are left out."""
    logs = [_logs(results, name, setting) for setting in SETTINGS]
    seeds = sorted(set.intersection(*(set(each) for each in logs)))
    return {seed: max(each[seed] for each in logs) - min(each[seed] for each in logs) for seed in seeds}


def fall(results: Results, name: str) -> Interval:
    """Over seeds: log(mean distance at D, E, F / that at A, B, C), geometric means."""
    late, early = ([_logs(results, name, each) for each in group] for group in (AGGRESSIVE, MODERATE))
    seeds = sorted(set.intersection(*(set(each) for each in (*late, *early))))
    return mean([sum(each[seed] for each in late) / 3 - sum(each[seed] for each in early) / 3 for seed in seeds])


def _robust(results: Results) -> Decision:
    ours, theirs = spread(results, SPECTRAL), spread(results, PENALTY)
    interval = mean([theirs[seed] - ours[seed] for seed in sorted(ours.keys() & theirs.keys())])
    return by_sign(interval, as_ratio(interval, _SPREADS))


_SPREADS = "largest / smallest distance over A to F, of WGAN-GP over that of spectral norm"


def _fails(results: Results) -> Decision:
    interval = fall(results, PENALTY)
    return by_sign(interval, as_ratio(interval, _FALL), bound=FAILS)


_FALL = "WGAN-GP's distance at D, E, F / at A, B, C"


def _better_at_high_rates(results: Results) -> Decision:
    late = Results(tuple(row for row in results if row.settings.get("setting") in AGGRESSIVE))
    interval = gained(late, {"method": PENALTY}, {"method": SPECTRAL})
    return by_sign(interval, as_ratio(interval, _LATE))


_LATE = "distance of WGAN-GP / of spectral norm at D, E, F"


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) at the paper's settings of Adam: rates 1e-4 "
        "(a, b), "
        "2e-4 (c) and 1e-3 (d, e, f); five critic steps but for b and c; beta 1 is 0.9 at f. A dot a seed, a bar "
        "at the "
        "geometric mean."
    )
    return dots(results, "setting", hue="method", caption=caption)


STUDY = Study(
    name="spectral-rates",
    question="Does spectral norm train well at rates and momenta at which a gradient penalty fails?",
    source=SOURCE,
    shows="The paper's bars of inception scores: spectral norm is about as good at all six settings, WGAN-GP falls "
    "off at D, E and F (rates of 1e-3).",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        Claim(
            "robust to settings",
            "spectral norm depends less on rates, momenta and critic steps than WGAN-GP",
            SOURCE,
            f"the 95% interval over seeds of log({_SPREADS}) lies above 0; below 0 refutes it",
            _robust,
        ),
        Claim(
            "WGAN-GP fails at high rates",
            "WGAN-GP fails to train good samples with high rates and momenta (D, E, F)",
            SOURCE,
            f"the 95% interval over seeds of {_FALL} lies above 2; below 2 refutes it",
            _fails,
            "convolutional networks on pictures of 32 px",
        ),
        Claim(
            "better at high rates",
            "at settings D, E, F spectral norm has the better samples",
            SOURCE,
            "the 95% interval over seeds of log(distance of WGAN-GP / of spectral norm), mean over D, E, F, lies "
            "above 0; "
            "below 0 refutes it",
            _better_at_high_rates,
        ),
    ),
    limits="Laptop: fully connected networks on 8 px digits, 1,500 rounds, and the paper's numbers of Adam; the paper: "
    "convolutional networks on CIFAR-10, 100,000 generator steps, further norms.",
)
