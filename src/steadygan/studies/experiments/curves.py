"""curves: score against rounds and against time by four methods (Gulrajani et al. 2017, figure 3, section 5.3).

Weight clipping (RMSProp), the gradient penalty (RMSProp at the same rate, and Adam), and DCGAN's objective.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, all_of, by_sign
from steadygan.studies.experiments._curve_methods import COLOURS, METHODS, TITLES, recipe_of
from steadygan.studies.experiments._curve_readings import LAST, noise, time_to
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

REACHED = 0.8
"""share of the way from 1 to the highest score of the lower one of two curves, to which their times are compared"""


@dataclass(frozen=True)
class Size:
    """A scale."""

    size: int
    stand_in: int
    width: int
    rounds: int
    batch: int
    rate: float
    samples: int
    points: int = 20


SIZES: dict[Scale, Size] = {
    "smoke": Size(8, 8, 2, 4, 8, 1.0, 100, 2),
    "laptop": Size(32, 8, 16, 1_500, 32, 5.0, COUNT),
    "paper": Size(32, 32, 128, 200_000, 64, 1.0, COUNT, 200),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Every method with every seed."""
    size, made = SIZES[scale], []
    for method in METHODS:
        work = Attempt(
            partial(recipe_of, method, width=size.width, batch=size.batch, rate=size.rate),
            pictures("cifar10", size.size, size.stand_in),
            size.rounds,
            partial(_measure, samples=size.samples),
            lost={"rounds": [0], "score": [1.0], "final": 1.0},
            points=size.points,
        )
        made += [Trial({"method": method, **named("cifar10")}, seed, work) for seed in seeds]
    return made


def _measure(run: Run, ready: Prepared, *, samples: int) -> Outcome:
    """The score at every kept checkpoint, and when that was by the clock of the run."""
    judge, rounds = Judge(ready.dataset, need_labels=True), rounds_kept(run)
    judged = [judge(pictures_of(run.sample(samples, seed=1, round_=round_))) for round_ in rounds]
    rows = run.rows
    seconds = [float(np.interp(at, [row["round"] for row in rows], [row["seconds"] for row in rows])) for at in rounds]
    curves = {name: [numbers[name] for numbers in judged] for name in ("score", "distance")}
    return {"rounds": rounds, **curves, "final": float(np.mean(curves["score"][-LAST:])), "seconds": seconds}


def _better(first: str, second: str, results: Results, *, whole: bool = False) -> Decision:
    """Whether the final score of the first method is above that of the second, or that of the whole training."""
    first_scores, second_scores = (
        {seed: float(np.mean(curve if whole else curve[-LAST:])) for seed, curve in by_seed.items()}
        for by_seed in (results.by_seed("score", method=method) for method in (first, second))
    )
    found = intervals.difference(first_scores, second_scores)
    what = "mean score over the training" if whole else "final score"
    return by_sign(found, f"{what} of {TITLES[first]} less that of {TITLES[second]}: {estimate(found)}")


def _order(results: Results) -> Decision:
    same = [_better("gp-rmsprop", "clip", results, whole=whole) for whole in (True, False)]
    return all_of(*same, _better("gp-adam", "gp-rmsprop", results))


def _slower(results: Results) -> Decision:
    """Whether WGAN-GP takes longer by the clock than DCGAN to a score that both reach."""
    both = [
        {row.seed: row.values for row in results.where(method=method) if "seconds" in row.values}
        for method in ("gp-adam", "dcgan")
    ]
    ratios = []
    for seed in sorted(both[0].keys() & both[1].keys()):
        gp, other = both[0][seed], both[1][seed]
        score = 1 + REACHED * (min(max(gp["score"]), max(other["score"])) - 1)
        if score > 1:
            times = [time_to(each["score"], each["seconds"], score) for each in (gp, other)]
            ratios.append(math.log(times[0] / times[1]))
    found = intervals.mean(ratios)
    mean, low, high = (math.exp(min(number, 700.0)) for number in (found.mean, found.low, found.high))
    shown = intervals.Interval(mean, low, high, found.runs)
    evidence = f"time of WGAN-GP over DCGAN's to {REACHED:g} of the way to a score that both reach: {estimate(shown)}"
    return dataclasses.replace(by_sign(found, evidence), interval=shown)


def _comparable(results: Results) -> Decision:
    """Whether WGAN-GP's final score is at least 0.9 of DCGAN's."""
    gp, other = (results.by_seed("final", method=method) for method in ("gp-adam", "dcgan"))
    found = intervals.mean([gp[seed] / other[seed] for seed in sorted(gp.keys() & other.keys())])
    return by_sign(found, f"final score of WGAN-GP with Adam, as a share of DCGAN's: {estimate(found)}", bound=0.9)


def _steadier(results: Results) -> Decision:
    scatter = {
        method: {seed: noise(curve) for seed, curve in results.by_seed("score", method=method).items()}
        for method in ("dcgan", "gp-adam")
    }
    found = intervals.difference(scatter["dcgan"], scatter["gp-adam"])
    return by_sign(found, f"scatter of the score over the last half: DCGAN's less WGAN-GP's: {estimate(found)}")


def table(results: Results) -> Table:
    """Final scores, scatter and time by method."""
    rows: list[list[str | float | int]] = []
    for method in METHODS:
        curves, seconds = results.values("score", method=method), results.values("seconds", method=method)
        final = intervals.mean([float(value) for value in results.values("final", method=method)])
        if final.runs:
            time = float(np.mean([each[-1] for each in seconds])) if seconds else float("nan")
            diverged = int(sum(results.values("diverged", method=method)))
            scatter = float(np.mean([noise(curve) for curve in curves]))
            rows.append([TITLES[method], final.mean, final.low, final.high, scatter, time, diverged])
    note = (
        f"Score by a classifier of the data's classes, mean of the last {LAST} points; seconds are those of the runs, "
        "whatever else the machine did. Of the paper's curves no end values are published."
    )
    columns = ["method", "final score", "low", "high", "scatter", "seconds", "diverged"]
    return Table(columns, rows, note)


def plots(results: Results) -> list[Plot]:
    """The score over rounds and over seconds, each seed thin and their mean thick."""
    from matplotlib.figure import Figure

    if not len(results):
        return []
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for method in METHODS:
        curves = [row.values for row in results.where(method=method) if len(row.values.get("rounds", ())) > 1]
        for axes, key in ((left, "rounds"), (right, "seconds")):
            for curve in curves:
                axes.plot(curve[key], curve["score"], color=COLOURS[method], linewidth=0.7, alpha=0.4)
            shortest = min((len(curve["rounds"]) for curve in curves), default=0)
            if shortest:
                across = [np.mean([curve[name][:shortest] for curve in curves], axis=0) for name in (key, "score")]
                axes.plot(*across, color=COLOURS[method], linewidth=2, label=TITLES[method])
    left.set(xlabel="generator rounds", ylabel="score", title="by rounds")
    right.set(xlabel="seconds of the run", title="by time on this machine")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    legend(left)
    caption = "Score of samples over generator rounds and over time, by a classifier of the data's classes."
    return [Plot("curves", caption, figure)]


STUDY = Study(
    name="curves",
    question="How fast do samples improve under the gradient penalty, weight clipping and DCGAN's objective?",
    source="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, section 5.3, figure 3",
    shows=(
        "Inception score on CIFAR-10 over generator iterations and over wall-clock time: the gradient penalty is above "
        "weight clipping with the same optimizer, and higher still with Adam; DCGAN is faster by the clock and ends at "
        "a similar score, but less steadily."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "beats clipping",
            "Even with the same optimizer the gradient penalty converges faster and to a better score than weight "
            "clipping; Adam improves it further.",
            "WGAN-GP, section 5.3, figure 3 left",
            "The 95% intervals (t, paired by seed) of three differences lie above 0: of scores over the whole "
            "training and of final scores, GP with RMSProp less clipping; of final scores, GP with Adam less GP with "
            "RMSProp; refuted if one lies below",
            _order,
        ),
        Claim(
            "comparable to DCGAN",
            "For equivalent architectures WGAN-GP has samples of a quality comparable to the standard GAN objective's.",
            "WGAN-GP, sections 5.3 and 5.4, figure 3",
            "The 95% interval (t, over seeds) of its share of DCGAN's final score lies above 0.9; refuted below",
            _comparable,
            needs="rounds until both have stopped improving",
        ),
        Claim(
            "slower by the clock",
            "WGAN-GP converges more slowly than DCGAN in wall-clock time.",
            "WGAN-GP, section 5.3, figure 3 right",
            f"The 95% interval (t, paired by seed) of the logarithm of the ratio of their times to {REACHED:g} of the "
            "way to a score that both reach lies above 0; refuted below",
            _slower,
            needs="a machine that does nothing else: the seconds are those of the runs",
        ),
        Claim(
            "steadier than DCGAN",
            "WGAN-GP is more stable at convergence than DCGAN.",
            "WGAN-GP, section 5.3",
            "The 95% interval (t, paired by seed) of the difference of scatter in the last half of both curves lies "
            "above 0; refuted below",
            _steadier,
            needs="rounds until both have stopped improving",
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (CIFAR-10 of your own: 32x32), width 16 for 128, batch 32, 1,500 rounds in place of "
        "200,000 at five times the paper's rates; the score of a classifier of the data's classes."
    ),
)
