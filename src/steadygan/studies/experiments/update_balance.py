"""Balance by counts of updates: more generator steps where the critic wins, against other means (lesson 4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from steadygan.balance import LossRatio
from steadygan.objectives import Adversarial
from steadygan.perturbations import InstanceNoise
from steadygan.recipe import Recipe
from steadygan.schedules import LinearDecay
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import unbalanced
from steadygan.studies.experiments._lesson_figures import dots, sheets
from steadygan.studies.experiments._lessons import ALIKE, SIGN, Change, as_ratio, gain_over, same, table, trials
from steadygan.studies.experiments.capacity import NORMED, widened
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial

SOURCE = "Pasini 2019, 10 Lessons, lesson 4"
USUAL = {"updates": "1 : 1"}


def _steps(count: int) -> Change:
    return lambda recipe: dataclasses.replace(recipe, generator_steps=count)


def _by_losses(recipe: Recipe) -> Recipe:
    return dataclasses.replace(recipe, balance=LossRatio())


def _normed(recipe: Recipe) -> Recipe:
    return widened(recipe, recipe.generator.width, NORMED)  # type: ignore[attr-defined]


def noisy(recipe: Recipe, deviation: float = 0.1) -> Recipe:
    """The recipe with instance noise that decays to none over the run."""
    return dataclasses.replace(recipe, perturbation=InstanceNoise(LinearDecay(recipe.rounds, start=deviation, end=0.0)))


def smoothed(recipe: Recipe, label: float = 0.9) -> Recipe:
    """The recipe with another label of real samples."""
    objective = recipe.objective
    assert isinstance(objective, Adversarial)
    return dataclasses.replace(recipe, objective=dataclasses.replace(objective, real_label=label))


COUNTS: dict[str, Change] = {"1 : 2": _steps(2), "1 : 3": _steps(3), "by losses": _by_losses}
"""critic steps to generator steps"""
OTHERS: dict[str, Change] = {"spectral norm": _normed, "instance noise": noisy, "label smoothing": smoothed}
"""with 1 : 1"""


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    named = {USUAL["updates"]: same, **COUNTS, **OTHERS}
    if scale == "smoke":
        named = {name: named[name] for name in ("1 : 1", "1 : 2", "by losses", "spectral norm")}
    return trials(unbalanced(scale), [({"updates": name}, change) for name, change in named.items()], seeds)


def _means(results: Results, named: dict[str, Change]) -> dict[int, float]:
    there = set(results.settings("updates"))
    return gain_over(results, USUAL, [{"updates": name} for name in named if name in there])


def _short_sighted(results: Results) -> Decision:
    counts, others = _means(results, COUNTS), _means(results, OTHERS)
    interval = mean([others[seed] - counts[seed] for seed in sorted(counts.keys() & others.keys())])
    return by_sign(interval, as_ratio(interval, _MORE))


_MORE = "how many times the other means lessen the distance / how many times counts of updates do"


def _no_convergence(results: Results) -> Decision:
    gains = mean(list(_means(results, COUNTS).values()))
    lost = mean([-log for log in _means(results, COUNTS).values()])
    return by_sign(lost, as_ratio(gains, _COUNTS), bound=-ALIKE)


_COUNTS = "distance with one step each / with other counts of updates"


def _plots(results: Results) -> Sequence[Plot]:
    caption = "Distance of the last samples to the data (lower is better), in a game whose critic has ten times the "
    caption += (
        "generator's rate and wins: critic to generator steps in a round, steps balanced by the ratio of losses, and "
    )
    caption += "other means with one step each. A dot a seed, a bar at the geometric mean."
    return [*dots(results, "updates", caption=caption), *sheets(results, "updates")]


STUDY = Study(
    name="update-balance",
    question="Where the critic wins, does it help to update the generator more often?",
    source=SOURCE,
    shows="The lesson has no figure: its author changed the counts of updates, by the losses too, which sometimes put "
    "instability off and never led to convergence; other techniques did far more.",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        Claim(
            "counts do not mend it",
            "balancing by counts of updates may put instability off, but does not reach convergence",
            SOURCE,
            f"the 95% interval over seeds of the {_COUNTS}, mean over counts, lies below 1.25; above 1.25 refutes it",
            _no_convergence,
            "longer runs: what is only put off looks like progress in a short one",
        ),
        Claim(
            "other means do more",
            "other techniques (lessons 6, 7, 10) do more for stability than counts of updates",
            SOURCE,
            SIGN.format(_MORE),
            _short_sighted,
        ),
    ),
    limits="Laptop: fully connected networks on 8 px digits and eight Gaussians, 3,000 rounds, which hold up to three "
    "times as many generator steps where those are more; the imbalance is made by the rates.",
)
