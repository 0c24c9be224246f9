"""Jumps of losses and quality: how often a jump came before a loss of quality (Pasini 2019, lesson 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.losses import LeastSquares
from steadygan.objectives import Adversarial
from steadygan.recipes.gan import dcgan, lsgan
from steadygan.studies.claims import Claim, Decision, by_range, by_sign
from steadygan.studies.experiments._evidence import told, told_share
from steadygan.studies.experiments._games import WIDTH, cifar10, pictures, small_gan, title
from steadygan.studies.experiments._jumps import JUMP, LOSS, LOSSES, Counts, count, first_jump, used
from steadygan.studies.experiments._lesson_figures import on_log_scale, panels
from steadygan.studies.experiments._lessons import SIGN, Case, as_ratio, same, trials
from steadygan.studies.experiments._quality import at_rounds, looking
from steadygan.studies.experiments.ttur import small_wgan_gp
from steadygan.studies.intervals import Interval, mean, share
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

LOOKS = {"smoke": 4, "laptop": 40, "paper": 100}
OFTEN = 0.15
"""difference of frequencies up to which a jump foretells nothing"""
SOURCE = "Pasini 2019, 10 Lessons, lesson 2"


def measured(run: Run, ready: Prepared) -> Outcome:
    """At each kept checkpoint: distance, and both mean logged losses since the one before."""
    rounds = [int(path.name) for path in run.checkpoints]
    every = rounds[0]
    rounds = [round_ for round_ in rounds if round_ % every == 0]
    found: dict[str, Any] = {"rounds": np.array(rounds)}
    found["distances"] = np.array([quality.distance for quality in at_rounds(run, ready, rounds)])
    for name in LOSSES:
        logged = [[row[name] for row in run.rows if end - every < row["round"] <= end] for end in rounds]
        found[name] = np.array([np.mean(some) if some else math.nan for some in logged])
    return {**found, "distance": float(found["distances"][-1])}


def _total(results: Results) -> Counts:
    return sum((count(row) for row in results), Counts(0, 0, 0, 0))


def _by_seed(results: Results) -> dict[int, Results]:
    seeds = sorted({row.seed for row in results})
    return {seed: Results(tuple(row for row in results if row.seed == seed)) for seed in seeds}


def _seldom(results: Results) -> Decision:
    total = _total(results)
    interval = share(total.jumped_fell, total.jumped)
    turned = Interval(1 - interval.mean, 1 - interval.high, 1 - interval.low, interval.runs)
    evidence = f"{total.jumped_fell} of {total.jumped} jumps came before a loss of quality{told_share(interval)}"
    return by_sign(turned, evidence, bound=0.5)


def _foretells(results: Results) -> Decision:
    differences = []
    for some in _by_seed(results).values():
        total = _total(some)
        if total.jumped and total.calm:
            differences.append(total.jumped_fell / total.jumped - total.calm_fell / total.calm)
    interval, total = mean(differences), _total(results)
    evidence = f"quality was lost after {total.jumped_fell} of {total.jumped} jumps and after {total.calm_fell} of "
    evidence += f"{total.calm} other looks; {told('difference', interval)}"
    return by_range(interval, -1.0, OFTEN, evidence)


def _going_on(results: Results) -> Decision:
    gains = []
    for some in _by_seed(results).values():
        pairs = [(first_jump(row), row.values["distance"]) for row in some]
        logs = [math.log(early / late) for early, late in pairs if early is not None and early > 0 and late > 0]
        if logs:
            gains.append(sum(logs) / len(logs))
    interval = mean(gains)
    return by_sign(interval, as_ratio(interval, _PAYS))


_PAYS = "distance at the first jump / at the end"


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    plan = partial(looking, looks=LOOKS[scale])
    least: dict[str, Any] = {"objective": Adversarial(LeastSquares())}
    if scale == "smoke":
        cases = [Case("gan 8gaussians", small_gan(16), "8gaussians", 16)]
    elif scale == "paper":
        full: list[tuple[str, Any]] = [("dcgan", dcgan), ("lsgan", lsgan)]
        cases = [Case(f"{name} cifar10", recipe, cifar10(), 100_000) for name, recipe in full]
    else:
        digits = pictures()
        cases = [
            Case(f"gan {title(digits)}", small_gan(), digits, 3_000),
            Case(f"lsgan {title(digits)}", small_gan(**least), digits, 3_000),
            Case(f"wgan-gp {title(digits)}", partial(small_wgan_gp, WIDTH), digits, 3_000),
            Case("gan 8gaussians", small_gan(), "8gaussians", 3_000),
        ]
    return trials(cases, [({}, same)], seeds, measure=measured, plan=plan)


def _plots(results: Results) -> Sequence[Plot]:
    cases = results.settings("case")
    shown = [next((row for row in results.where(case=case) if used(row) is not None), None) for case in cases]
    rows = [row for row in shown if row is not None]
    if not rows:
        return []
    figure, axes = panels(2, len(rows), 3.6, 2.3, sharex="col")
    for (above, below), row in zip(axes.T, rows, strict=True):
        rounds = row.values["rounds"]
        for name, colour in zip(LOSSES, ("#4c78a8", "#f58518"), strict=True):
            above.plot(rounds, row.values[name], color=colour, linewidth=1, label=name.replace("_", " "))
        below.plot(rounds, row.values["distances"], color="#54a24b", linewidth=1.2)
        on_log_scale(below)
        jumped, fell, usable = used(row) or ([], [], [])
        for place in np.flatnonzero(np.asarray(jumped) & np.asarray(usable)):
            for each in (above, below):
                each.axvline(rounds[place], color="#e45756" if fell[place] else "#bbbbbb", linewidth=0.8)
        above.set_title(str(row.settings["case"]), fontsize=10)
        below.set_xlabel("round")
    axes[0, 0].legend(fontsize=8)
    axes[0, 0].set_ylabel("losses")
    axes[1, 0].set_ylabel("distance")
    caption = "One training of each method. Upright lines: a loss jumped; red: quality was lost thereafter."
    return [Plot("jumps", caption, figure)]


def _table(results: Results) -> Table:
    rows: list[list[str | float | int]] = []
    for case in results.settings("case"):
        total = _total(results.where(case=case))
        rows.append(
            [str(case), total.jumped, total.jumped_fell, total.calm, total.calm_fell, len(results.where(case=case))]
        )
    heads = ["case", "jumps", "worse after", "other looks", "worse after those", "trainings"]
    return Table(heads, rows, "counts of looks over all seeds")


STUDY = Study(
    name="early-stopping",
    question="Does a jump of the losses foretell a loss of quality, so that it is time to stop?",
    source=SOURCE,
    shows="The lesson has no figure: losses often rise and fall almost at random, with nothing wrong, and good samples "
    "came with a generator's loss far above the critic's; so train on, and look at samples.",
    trials=_trials,
    plots=_plots,
    table=_table,
    claims=(
        Claim(
            "jumps are mostly harmless",
            "a sudden rise or fall of a loss mostly means nothing bad",
            SOURCE,
            f"Wilson's 95% interval of the share of jumps (changes from look to look beyond {JUMP:g} robust "
            f"deviations) "
            f"that a loss of quality follows (distance {LOSS:g} times, from the look before to the one after) "
            f"lies below "
            "1/2; above refutes it",
            _seldom,
        ),
        Claim(
            "a jump foretells nothing",
            "losses rise and fall almost at random",
            SOURCE,
            f"the 95% interval over seeds of the frequency of losses of quality after jumps less that at other "
            f"looks lies "
            f"below {OFTEN:g}; above refutes it",
            _foretells,
        ),
        Claim(
            "going on pays",
            "training on after a jump gives better samples than stopping there",
            SOURCE,
            SIGN.format(_PAYS),
            _going_on,
        ),
    ),
    seeds={"smoke": 1, "laptop": 5, "paper": 3},
    limits="Laptop: small fully connected networks, 40 looks at a training of 3,000 rounds, losses averaged between "
    "looks; what a jump is, is a definition of ours.",
)
