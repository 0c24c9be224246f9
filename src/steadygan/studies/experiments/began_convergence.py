"""began-convergence: BEGAN's measure M against the quality of samples (Berthelot et al. 2017, sections 3.4.1, 4.3).

M = L(x) + |gamma L(x) - L(G(z))| is compared with distances of samples at checkpoints along a training.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._began import Scaled, near, recipe_of, spread
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._drawn import legend
from steadygan.studies.experiments._judged import COUNT, Judge, pictures_of
from steadygan.studies.experiments._trained import Attempt, rounds_kept
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial
from steadygan.studies.words import estimate

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

BALANCES: dict[str, float | None] = {"own": None, "low": 0.3}
"""gammas: the recipe's own, and one at which samples lose their variety"""
TITLES = {"own": "the recipe's gamma", "low": "gamma 0.3"}
COLOURS = {"own": "#2563c9", "low": "#d9690b"}
POINTS = 20
COLLAPSED = 0.5
"""spread of pixels, relative to that at the recipe's gamma, below which samples have lost their variety"""
SIZES: dict[Scale, Scaled] = {
    "smoke": Scaled(8, 8, 4, 100),
    "laptop": Scaled(32, 8, 2_500, COUNT),
    "paper": Scaled(64, 64, 100_000, 10_000, published=True),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Both gammas with every seed."""
    size, made = SIZES[scale], []
    for name, gamma in BALANCES.items():
        work = Attempt(
            partial(recipe_of, gamma=gamma, published=size.published),
            pictures("pictures", size.size, size.stand_in),
            size.rounds,
            partial(_measure, samples=size.samples),
            points=min(POINTS, size.rounds),
        )
        made += [Trial({"gamma": name, **named("pictures")}, seed, work) for seed in seeds]
    return made


def _measure(run: Run, ready: Prepared, *, samples: int) -> Outcome:
    judge, rounds = Judge(ready.dataset), rounds_kept(run)
    made = [pictures_of(run.sample(samples, seed=1, round_=round_)) for round_ in rounds]
    distances = [judge(each)["distance"] for each in made]
    measure = near(run, "convergence_mean", rounds)
    return {
        "rounds": rounds,
        "measure": measure,
        "distance": distances,
        "spread": [spread(each, ready.dataset) for each in made],
        "correlation": rank_correlation(measure, distances),
    }


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's; 0 where one of both never changes."""
    from scipy.stats import spearmanr

    if len(set(first)) < 2 or len(set(second)) < 2:
        return 0.0
    return float(spearmanr(first, second).statistic)


def _correlates(results: Results) -> Decision:
    found = intervals.mean([float(value) for value in results.values("correlation", gamma="own")])
    return by_sign(found, f"rank correlation of M with the distance of samples along a training: {estimate(found)}")


def _tells_collapse(results: Results) -> Decision:
    last = {
        (gamma, name): {seed: float(curve[-1]) for seed, curve in results.by_seed(name, gamma=gamma).items()}
        for gamma in BALANCES
        for name in ("measure", "spread")
    }
    own, low = last["own", "spread"], last["low", "spread"]
    lost = [seed for seed in own.keys() & low.keys() if low[seed] < COLLAPSED * own[seed]]
    higher = intervals.difference(
        {seed: last["low", "measure"][seed] for seed in lost}, {seed: last["own", "measure"][seed] for seed in lost}
    )
    evidence = (
        f"of {len(own.keys() & low.keys())} trainings at gamma 0.3, {len(lost)} lost their variety; their last M less "
        f"that at the recipe's gamma: {estimate(higher, '.4f')}"
    )
    return by_sign(higher, evidence)


def table(results: Results) -> Table:
    """M, distance and spread at the end, and the rank correlation, by gamma."""
    rows: list[list[str | float | int]] = []
    for name, title in TITLES.items():
        found = intervals.mean([float(value) for value in results.values("correlation", gamma=name)])
        if found.runs:
            ends = [
                float(np.mean([curve[-1] for curve in results.values(key, gamma=name)]))
                for key in ("measure", "distance", "spread")
            ]
            rows.append([title, found.mean, found.low, found.high, *ends])
    note = (
        "Rank correlation (Spearman) of M with the distance of patches over the checkpoints of a training; the end's "
        "means."
    )
    return Table(["training", "rank correlation", "low", "high", "M", "distance", "spread"], rows, note)


def plots(results: Results) -> list[Plot]:
    """M and the distance over the rounds, and against each other."""
    from matplotlib.figure import Figure

    shown = [row for row in results if "measure" in row.values]
    if not shown:
        return []
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    first, second, third = figure.subplots(1, 3)
    named_already: set[str] = set()
    for row in shown:
        gamma = str(row.settings["gamma"])
        label = None if gamma in named_already else TITLES[gamma]
        named_already.add(gamma)
        values, style = row.values, {"color": COLOURS[gamma], "linewidth": 1.1, "alpha": 0.8}
        first.plot(values["rounds"], values["measure"], label=label, **style)
        second.plot(values["rounds"], values["distance"], **style)
        third.scatter(values["measure"], values["distance"], s=10, color=COLOURS[gamma], alpha=0.7)
    first.set(xlabel="rounds", title="M, running mean")
    second.set(xlabel="rounds", title="distance of samples (patches)", yscale="log")
    third.set(xlabel="M", ylabel="distance", title="one against the other", yscale="log")
    for axes in (first, second, third):
        axes.grid(alpha=0.25)
    legend(first)
    caption = "BEGAN's measure M and the distance of samples, over the rounds and against each other."
    return [Plot("began-convergence", caption, figure)]


STUDY = Study(
    name="began-convergence",
    question="Does BEGAN's measure of convergence M fall as samples get better, and tell when they collapse?",
    source="Berthelot et al. 2017, BEGAN, sections 3.4.1 and 4.3",
    shows=(
        "M over the updates beside faces of the generator: it falls as they get better, fast at first, and is said to "
        "tell when a training has reached its end, or has collapsed."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "M tracks quality",
            "The measure M correlates with the quality of samples.",
            "BEGAN, section 4.3",
            "The 95% interval (t, over seeds) of the rank correlation of M with the distance of samples, over the "
            "checkpoints of a training, lies above 0; refuted below",
            _correlates,
        ),
        Claim(
            "M tells a collapse",
            "M can tell that a model has collapsed.",
            "BEGAN, section 3.4.1",
            "Of trainings that lose their variety (a spread below half of that at the recipe's gamma), the 95% "
            "interval (t, paired by seed) of the last M less that of the training at the recipe's gamma lies above 0; "
            "refuted below",
            _tells_collapse,
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (a folder of your own: 32x32) by this library's settings for small pictures, 2,500 "
        "rounds. Quality is the Fréchet distance of patches, which the paper did not have. Paper: 64x64, 100,000 "
        "rounds (ours)."
    ),
)
