"""After a mode collapse: train on, lower the rate, or start again with a lower rate (Pasini 2019, lesson 5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

from steadygan.losses import LeastSquares, NonSaturating
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.recipe import Recipe
from steadygan.recipes.gan import dcgan
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._continued import Continued, keeping
from steadygan.studies.experiments._evidence import told, told_share
from steadygan.studies.experiments._games import cifar10, pictures, small_gan, title, with_rates
from steadygan.studies.experiments._lesson_figures import dots, sheets
from steadygan.studies.experiments._lessons import Case, named, table
from steadygan.studies.experiments._quality import Attempt, at_end
from steadygan.studies.intervals import Interval, mean, share
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial, Work
from steadygan.types import SampleSpec

RATES, BETAS = {"lsgan": 2e-3, "gan": 1e-3}, (0.9, 0.999)
"""at which trainings collapse: high rates with momentum"""
LOWER = 0.1
"""factor of both rates"""
COLLAPSED = 0.5
"""a training has collapsed if it covers less than this share of the modes"""
ON, SLOWER, AGAIN = "train on", "lower rate, go on", "lower rate, start again"
SOURCE = "Pasini 2019, 10 Lessons, lesson 5"


def lowered(recipe: Recipe) -> Recipe:
    """The recipe with a tenth of its rates."""
    return with_rates(recipe, LOWER * recipe.generator_optimizer.lr, LOWER * recipe.critic_optimizer.lr)


def collapsing(method: str, sample: SampleSpec) -> Recipe:
    """The small GAN with the least-squares or the non-saturating loss, at a high rate with momentum."""
    optimizer = Adam(RATES[method], betas=BETAS)
    objective = Adversarial(LeastSquares() if method == "lsgan" else NonSaturating())
    return small_gan(objective=objective, generator_optimizer=optimizer, critic_optimizer=optimizer)(sample)


def _full(sample: SampleSpec) -> Recipe:
    optimizer = Adam(RATES["lsgan"], betas=BETAS)
    return dataclasses.replace(dcgan(sample), generator_optimizer=optimizer, critic_optimizer=optimizer)


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    digits = pictures()
    cases = {
        "smoke": [Case("8gaussians", small_gan(16), "8gaussians", 4)],
        "laptop": [Case(f"{method} {title(digits)}", partial(collapsing, method), digits, 2_500) for method in RATES],
        "paper": [Case("cifar10", _full, cifar10(), 50_000)],
    }[scale]
    made = []
    for seed in seeds:
        for case in cases:
            fast = Attempt(case.recipe, case.data, case.rounds, at_end, plan=keeping)
            works: dict[str, Work] = {
                ON: Continued(fast),
                SLOWER: Continued(fast, lowered),
                AGAIN: dataclasses.replace(fast, change=lowered),
            }
            made += [
                Trial({"case": case.name, **named(case.data), "then": name}, seed, work) for name, work in works.items()
            ]
    return made


def _collapsed(results: Results) -> list[tuple[str, int]]:
    """Case and seed of the trainings that had collapsed when it was time to decide."""
    rows = [row for row in results.where(then=ON) if row.values.get("before", 1.0) < COLLAPSED]
    return [(str(row.settings["case"]), row.seed) for row in rows]


def gained_modes(results: Results, off: str, on: str) -> dict[int, float]:
    """By seed: modes covered after ``on`` less those after ``off``, the mean over the games that collapsed."""
    found: dict[int, list[float]] = {}
    for case, seed in _collapsed(results):
        pair: list[Mapping[int, float]] = [results.by_seed("modes", case=case, then=name) for name in (off, on)]
        if all(seed in each for each in pair):
            found.setdefault(seed, []).append(pair[1][seed] - pair[0][seed])
    return {seed: sum(some) / len(some) for seed, some in sorted(found.items())}


def _not_trained_away(results: Results) -> Decision:
    places = _collapsed(results)
    after = [results.by_seed("modes", case=case, then=ON).get(seed, 0.0) for case, seed in places]
    still = sum(modes < COLLAPSED for modes in after)
    found = share(still, len(after))
    evidence = f"{still} of {len(after)} collapsed trainings were so after as long again{told_share(found)}"
    return by_sign(found, evidence, bound=0.5)


def _said(interval: Interval, off: str, on: str) -> str:
    if not interval.runs:
        return "no training collapsed"
    return told(f"modes covered, '{on}' less '{off}'", interval)


def _more_modes(results: Results, off: str, on: str) -> Decision:
    interval = mean(list(gained_modes(results, off, on).values()))
    return by_sign(interval, _said(interval, off, on))


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Share of the modes covered at the end, of trainings that collapse at a high rate: trained on for as long "
    )
    caption += "again, at the same rate or a tenth of it, or begun again at a tenth. A dot a seed, a bar at the mean."
    covered = dots(results, "then", value="modes", caption=caption, name="modes", log=False)
    return [*covered, *sheets(results, "then")]


_RULE = "the 95% interval over seeds of the difference in modes covered, over trainings that had collapsed (less than "
_RULE += "half of the modes), lies above 0; below 0 refutes it"

STUDY = Study(
    name="collapse-restart",
    question="After a mode collapse, is it better to train on or to start again with a lower rate?",
    source=SOURCE,
    shows="The lesson's picture is a sheet of one sample many times; its rule of thumb is to start again from the "
    "beginning with a lower rate, which the author saw help every time.",
    trials=_trials,
    plots=_plots,
    table=lambda results: table(results, values=("distance", "modes", "before", "critic_loss", "generator_loss")),
    claims=(
        Claim(
            "not trained away",
            "a collapse does not go away by training on",
            SOURCE,
            "Wilson's 95% interval of the share of collapsed trainings (less than half of the modes) that still "
            "are after "
            "as many rounds again lies above 1/2; below refutes it",
            _not_trained_away,
        ),
        Claim(
            "start again at a lower rate",
            "a training from the beginning at a lower rate covers more modes",
            SOURCE,
            _RULE,
            lambda results: _more_modes(results, ON, AGAIN),
        ),
        Claim(
            "from the beginning",
            "it is better to start again than to lower the rate and go on",
            SOURCE,
            _RULE,
            lambda results: _more_modes(results, SLOWER, AGAIN),
        ),
    ),
    seeds={"smoke": 1, "laptop": 5, "paper": 3},
    limits="Laptop: fully connected networks on 8 px digits, at rates of 2e-3 (least-squares loss) and 1e-3 "
    "(non-saturating loss) with momentum 0.9; a tenth of the rate; the new training has half the rounds of the others.",
)
