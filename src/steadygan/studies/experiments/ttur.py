"""Two time-scale update rule: rates of both players apart against equal ones (Heusel et al. 2017; lesson 9)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.recipe import Recipe
from steadygan.recipes.gan import dcgan
from steadygan.recipes.wasserstein import wgan_gp, wgan_gp_cifar10
from steadygan.schedules import Constant
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import WIDTH, cifar10, pictures, small_gan, with_rates
from steadygan.studies.experiments._lesson_figures import dots
from steadygan.studies.experiments._lessons import SIGN, Arms, Case, as_ratio, better, gained, table, trials
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial
from steadygan.types import SampleSpec

RATIO = 4.0
"""critic's rate over the generator's: 4e-4 and 1e-4 in lesson 9"""
SPLITS = {"equal": 1.0, "faster critic": RATIO, "faster generator": 1 / RATIO}
RATES = (2e-4, 1e-3)
"""geometric means of both rates; of the first the faster critic has 4e-4 and the generator 1e-4"""
SOURCE = "Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, table 1"
LESSON = "Pasini 2019, 10 Lessons, lesson 9"


def split(recipe: Recipe, rate: float, ratio: float) -> Recipe:
    """Rates with a geometric mean of ``rate``, the critic's ``ratio`` times the generator's."""
    return with_rates(recipe, rate / math.sqrt(ratio), rate * math.sqrt(ratio))


def small_wgan_gp(width: int, sample: SampleSpec) -> Recipe:
    """WGAN-GP with one critic step, which is what two rates are for."""
    made = dataclasses.replace(wgan_gp(sample), generator=MLPGenerator(width), critic=MLPCritic(width))
    return dataclasses.replace(made, critic_steps=Constant(1))


def _of_paper(recipe: Recipe, generator: float, critic: float, steps: int) -> Recipe:
    return dataclasses.replace(with_rates(recipe, generator, critic), critic_steps=Constant(steps))


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    if scale == "paper":
        gp, gan = Case("wgan-gp", wgan_gp_cifar10, cifar10(), 100_000), Case("gan", dcgan, cifar10(), 100_000)
        return [
            *trials(
                [gp],
                [
                    ({"rate": 1e-4, "rates": "equal"}, partial(_of_paper, generator=1e-4, critic=1e-4, steps=5)),
                    (
                        {"rate": 1e-4, "rates": "faster critic"},
                        partial(_of_paper, generator=1e-4, critic=3e-4, steps=1),
                    ),
                ],
                seeds,
            ),
            *trials(
                [gan],
                [
                    ({"rate": 1e-4, "rates": "equal"}, partial(_of_paper, generator=1e-4, critic=1e-4, steps=1)),
                    (
                        {"rate": 1e-4, "rates": "faster critic"},
                        partial(_of_paper, generator=1e-4, critic=4e-4, steps=1),
                    ),
                ],
                seeds,
            ),
        ]
    smoke = scale == "smoke"
    rounds, width, data = (6, 16, "8gaussians") if smoke else (4_000, WIDTH, pictures())
    cases = [Case("gan", small_gan(width), data, rounds)]
    if not smoke:
        cases.append(Case("wgan-gp", partial(small_wgan_gp, width), data, rounds))
    arms: Arms = [
        ({"rate": rate, "rates": name}, partial(split, rate=rate, ratio=ratio))
        for rate in RATES[: 1 if smoke else None]
        for name, ratio in SPLITS.items()
    ]
    return trials(cases, arms, seeds)


def _against_the_best(results: Results) -> Decision:
    """Best rate of each method and split by the mean of log distances over seeds, as papers choose theirs."""
    found: dict[int, list[float]] = {}
    for case in results.settings("case"):
        chosen = {}
        for name in ("equal", "faster critic"):
            by_rate = [
                results.by_seed("distance", case=case, rates=name, rate=rate) for rate in results.settings("rate")
            ]
            kept = [some for some in by_rate if some]
            chosen[name] = min(kept, key=lambda some: np.log(list(some.values())).mean(), default={})
        for seed in chosen["equal"].keys() & chosen["faster critic"].keys():
            ratio = chosen["equal"][seed] / chosen["faster critic"][seed]
            found.setdefault(seed, []).append(math.log(ratio))
    interval = mean([float(np.mean(logs)) for _, logs in sorted(found.items())])
    return by_sign(interval, as_ratio(interval, _BEST))


_BEST = "distance at the best equal rate / at the best two rates"


def _generator_loss(results: Results) -> Decision:
    interval = gained(results.where(case="gan"), {"rates": "faster critic"}, {"rates": "equal"}, "generator_loss")
    return by_sign(interval, as_ratio(interval, _LOSS))


_LOSS = "generator's loss with the faster critic / with equal rates, GAN"


def _plots(results: Results) -> Sequence[Plot]:
    return dots(
        results,
        "rate",
        hue="rates",
        caption="Distance of the last samples to the data (lower is better) by the geometric mean of both rates: "
        "equal, "
        f"or the critic's {RATIO:g} times the generator's, or the reverse. A dot a seed, a bar at the geometric mean.",
    )


STUDY = Study(
    name="ttur",
    question="Is a GAN trained better with a higher rate for the critic than for the generator?",
    source=f"{SOURCE}; {LESSON}",
    shows="The paper's table has lower FIDs with two rates than with one for DCGAN and WGAN-GP on four data sets "
    "(WGAN-GP on CIFAR-10: 24.8 against 29.3), and its curves are steadier.",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        better(
            "two rates",
            "a higher rate for the critic gives better samples than equal rates of the same geometric mean",
            LESSON,
            {"rates": "equal"},
            {"rates": "faster critic"},
            words="distance with equal rates / with a faster critic",
        ),
        better(
            "the critic is the faster one",
            "the higher rate is the critic's, not the generator's",
            LESSON,
            {"rates": "faster generator"},
            {"rates": "faster critic"},
            words="distance with a faster generator / with a faster critic",
        ),
        Claim(
            "two rates against the best equal one",
            "tuned two rates give better samples than one tuned rate",
            SOURCE,
            SIGN.format(_BEST) + "; the best by the mean of log distances over the same seeds",
            _against_the_best,
            "the paper's data sets, and its search over rates",
        ),
        Claim(
            "a larger generator loss",
            "under two rates the generator's loss may be larger",
            LESSON,
            SIGN.format(_LOSS),
            _generator_loss,
        ),
    ),
    seeds={"smoke": 1, "laptop": 5, "paper": 3},
    limits="Laptop: fully connected networks on 8 px digits, 4,000 rounds with one critic step, two mean rates; the "
    "paper tuned its rates, and has convolutional networks on pictures of 32 and 64 px.",
)
