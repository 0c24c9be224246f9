"""Critic values on training and held-out samples when 1,000 digits are overfitted: WGAN-GP, figure 5b, section 5.6."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.data.options import DataOptions
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, all_of, by_sign, negated
from steadygan.studies.experiments._charts import COLOURS, curves, figure
from steadygan.studies.experiments._evidence import told
from steadygan.studies.experiments._few_samples import FewSamples
from steadygan.studies.results import Results
from steadygan.studies.sources import source
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Outcome, Trial
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

PENALTY, CLIP = "gradient penalty", "weight clipping"
METHODS = (PENALTY, CLIP)
PARTED = 0.1
"""share of the training value that the held-out one lacks"""
HELD_OUT = 0.44
"""of sets without a test split: of the 1,797 digits about 1,000 stay for training"""


class Size(NamedTuple):
    """Networks and length at a scale."""

    width: int
    batch: int
    rounds: int
    digits: int


SIZES: dict[Scale, Size] = {
    "smoke": Size(4, 16, 10, 100),
    "laptop": Size(64, 50, 4_000, 1_000),
    "paper": Size(64, 50, 20_000, 1_000),
}


def recipe(method: str, size: Size) -> Recipe:
    """The authors' MNIST networks without batch norm in either, batch 50, five critic steps."""
    sample = SampleSpec((1, 28, 28))
    base = wgan_gp(sample) if method == PENALTY else wgan(sample)
    if method == PENALTY:  # of the authors' MNIST code
        adam = dataclasses.replace(base.critic_optimizer, betas=(0.5, 0.9))  # type: ignore[type-var]
        base = dataclasses.replace(base, critic_optimizer=adam, generator_optimizer=adam)
    networks = DCGANGenerator(size.width, norm="none"), DCGANCritic(size.width, norm="none")
    return dataclasses.replace(
        base, generator=networks[0], critic=networks[1], batch=size.batch, critic_steps=Constant(5)
    )


def measure(run: Run, ready: Prepared) -> Outcome:
    """Curves of mean D(x) - mean D(g) on training and held-out samples, logged by the run."""
    rows = [row for row in run.rows if "wasserstein_held_out" in row]
    return of_curves(*(np.array([row[name] for row in rows]) for name in _CURVES))


_CURVES = ("round", "wasserstein_train", "wasserstein_held_out")


def of_curves(rounds: Any, train: Any, held_out: Any) -> Outcome:
    """Gap at the end, where it opens, and how both curves move from the middle of the run to its end.

    Args:
        rounds: of the logged rows, [n]
        train: the critic's estimate on training samples, [n]
        held_out: on held-out samples, [n]
    """
    found: dict[str, Any] = {"rounds": rounds, "train": train, "held_out": held_out}
    if len(rounds) < 5:
        return found
    fifth = len(rounds) // 5
    middle, end = slice(2 * fifth, 3 * fifth), slice(-fifth, None)
    scale = max(abs(float(train[end].mean())), 1e-12)
    found["gap"] = float((train[end] - held_out[end]).mean()) / scale
    found["train_change"] = float(train[end].mean() - train[middle].mean()) / scale
    found["held_out_change"] = float(held_out[end].mean() - held_out[middle].mean()) / scale
    narrow = np.flatnonzero(train - held_out <= PARTED * np.abs(train))
    first = int(narrow[-1]) + 1 if len(narrow) else 0
    if first < len(rounds):
        found["parts_at"] = float(rounds[first])
    return found


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Both methods on random digits, drawn by the seed."""
    size = SIZES[scale]
    data = "mnist" if scale == "paper" else source("mnist")
    options = DataOptions(source=data, held_out=HELD_OUT)
    made = []
    for method in METHODS:
        work = FewSamples(Training(recipe(method, size), options, size.rounds, measure), size.digits)
        made += [Trial({"method": method, "data": data}, seed, work) for seed in seeds]
    return made


def _part(results: Results) -> Decision:
    found = []
    for method in METHODS:
        interval = intervals.mean(results.values("gap", method=method))
        found.append(by_sign(interval, told(f"{method}, gap at the end", interval), bound=PARTED))
    return all_of(*found)


def _opposite_ways(results: Results) -> Decision:
    found = []
    for name, words in (("train_change", "training value"), ("held_out_change", "held-out value")):
        interval = intervals.mean(results.values(name, method=PENALTY))
        found.append(by_sign(interval, told(f"change of the {words}", interval)))
    return all_of(found[0], negated(found[1]))


def plots(results: Results) -> list[Plot]:
    """The negative critic loss without penalty on both sets, a panel a method, as in the paper."""
    if not len(results):
        return []
    made, panels = figure(1, 2, 10, 3.6)
    for axes, method in zip(panels, METHODS, strict=True):
        rounds = results.values("rounds", method=method)
        for name, colour in (("train", COLOURS[0]), ("held_out", COLOURS[1])):
            if rounds:
                seeds = results.values(name, method=method)
                curves(axes, rounds[0], seeds, name.replace("_", "-").replace("train", "training"), colour)
        axes.set(title=method, xlabel="rounds")
        axes.axhline(0, color="black", linewidth=0.6)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    panels[0].set_ylabel("mean D(x) - mean D(g)")
    caption = "The critic's estimate on the digits it trains on, and on others; thin lines are single seeds."
    return [Plot("overfitting", caption, made)]


def table(results: Results) -> Table:
    """Gap, and where the curves part, by method."""
    rows: list[list[str | float | int]] = []
    for method in METHODS:
        gaps = results.values("gap", method=method)
        if gaps:
            names = ("gap", "train_change", "held_out_change")
            means = [float(np.mean(results.values(name, method=method))) for name in names]
            parted = results.values("parts_at", method=method)
            rows.append([method, len(gaps), *means, f"{np.median(parted):,.0f}" if parted else "never", len(parted)])
    columns = ["method", "seeds", "gap", "change, training", "change, held-out", "part at round", "seeds that part"]
    note = "All as shares of the training value at the end. Gap: training - held-out in the last fifth of the run; "
    note += f"change: last fifth - middle fifth; they part where the gap stays above {PARTED:.0%} (median)."
    return Table(columns, rows, note)


STUDY = Study(
    name="overfitting",
    question="Does the critic's value on held-out digits part from that on 1,000 training digits?",
    source="Gulrajani et al. 2017 (WGAN-GP), figure 5b, section 5.6",
    shows="Negative critic losses on 1,000 random MNIST digits and on the validation set: they diverge with clipping "
    "and with the penalty; with the penalty the training loss slowly rises while the validation loss drops.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "losses part",
            "In both WGAN and WGAN-GP, the two losses diverge, suggesting that the critic overfits.",
            "WGAN-GP, section 5.6, figure 5b",
            f"for both methods the 95% interval of the gap at the end, as a share of the training value, lies above "
            f"{PARTED}; refuted where one lies below",
            _part,
            needs="the paper's 20,000 rounds",
        ),
        Claim(
            "training value rises as the held-out one drops",
            "In WGAN-GP, the training loss gradually increases even while the validation loss drops.",
            "WGAN-GP, section 5.6, figure 5b left",
            "penalty: from the middle fifth of the run to the last the 95% interval of the change of the training "
            "value lies above 0 and that of the held-out value below 0; refuted where one lies on the other side",
            _opposite_ways,
            needs="the paper's 20,000 rounds",
        ),
    ),
    limits="Digits of 8 px in place of MNIST's 28, and 4,000 rounds in place of 20,000; 'large' networks are those of "
    "the authors' MNIST code, as the paper does not say which it took.",
)
