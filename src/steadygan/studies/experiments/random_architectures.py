"""random-architectures: GAN and WGAN-GP on networks drawn at random (Gulrajani et al. 2017, tables 1, 2 and 5, App. B).

The set of table 1 has 9,216 pairs of networks. Each drawn pair is trained by both objectives for as many generator
rounds; a training succeeds if the score of its samples is above a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._architectures import OBJECTIVES, Architecture, Objective, drawn, recipe_of
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._drawn import GREY, legend
from steadygan.studies.experiments._evidence import told_share
from steadygan.studies.experiments._judged import COUNT, Judge, pictures_of
from steadygan.studies.experiments._trained import Attempt, unaveraged
from steadygan.studies.intervals import NONE, Interval
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

THRESHOLDS = tuple(1 + 0.5 * step for step in range(17))
"""of table 5"""
MAIN = 5.0
"""threshold by which the claims are decided: the middle one of table 2"""
PAPER = {1.0: (0, 8, 192, 0), 3.0: (1, 88, 110, 1), 5.0: (0, 147, 42, 11), 7.0: (1, 104, 5, 90), 9.0: (0, 0, 0, 200)}
"""table 2: architectures that only the GAN, only WGAN-GP, both and neither train"""


@dataclass(frozen=True)
class Size:
    """A scale."""

    architectures: int
    size: int
    stand_in: int
    rounds: int
    batch: int
    shrink: int
    rate: float
    samples: int


SIZES: dict[Scale, Size] = {
    "smoke": Size(2, 8, 8, 2, 8, 32, 1.0, 100),
    "laptop": Size(60, 16, 16, 850, 32, 4, 5.0, COUNT),
    "paper": Size(200, 32, 32, 100_000, 64, 1, 1.0, 50_000),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Each seed draws architectures of its own; both objectives train each of them."""
    size = SIZES[scale]
    made = []
    for seed in seeds:
        for number, architecture in enumerate(drawn(size.architectures, seed)):
            for objective in OBJECTIVES:
                settings = {"architecture": number, "objective": objective, **named("cifar10")}
                made.append(Trial(settings, seed, _work(size, architecture, objective)))
    return made


def _work(size: Size, architecture: Architecture, objective: Objective) -> Attempt:
    recipe = recipe_of(
        architecture, objective, rounds=size.rounds, batch=size.batch, shrink=size.shrink, rate=size.rate
    )
    return Attempt(
        unaveraged(recipe),
        pictures("cifar10", size.size, size.stand_in),
        size.rounds,
        partial(_measure, samples=size.samples, networks=str(architecture)),
        lost={"score": 1.0, "networks": str(architecture)},
    )


def _measure(run: Run, ready: Prepared, *, samples: int, networks: str) -> Outcome:
    made = pictures_of(run.sample(samples, seed=1))
    return {**Judge(ready.dataset, need_labels=True)(made), "networks": networks, "samples": made[:16]}


def who_succeeds(results: Results, threshold: float) -> tuple[int, int, int, int]:
    """Architectures that only the GAN, only WGAN-GP, both and neither train to a score above the threshold."""
    counts = {(True, False): 0, (False, True): 0, (True, True): 0, (False, False): 0}
    for gan, gp in _pairs(results):
        counts[gan > threshold, gp > threshold] += 1
    return counts[True, False], counts[False, True], counts[True, True], counts[False, False]


def _pairs(results: Results) -> list[tuple[float, float]]:
    """Scores of both objectives, of the architectures that both have been trained on."""
    scores = {
        (row.seed, row.settings["architecture"], row.settings["objective"]): float(row.values["score"])
        for row in results
        if "score" in row.values  # a trial that failed has none
    }
    both = [(seed, number) for seed, number, objective in scores if objective == "gan"]
    both = [pair for pair in both if (*pair, "wgan-gp") in scores]
    return [(scores[*pair, "gan"], scores[*pair, "wgan-gp"]) for pair in both]


def discordant(only_gan: int, only_gp: int) -> tuple[Interval, float]:
    """WGAN-GP's share of the pairs that one objective alone trains, Clopper and Pearson's interval, and the p of 1/2.

    The exact form of McNemar's test.
    """
    from scipy.stats import binomtest

    count = only_gan + only_gp
    if count == 0:
        return NONE, 1.0
    test = binomtest(only_gp, count, 0.5)
    bounds = test.proportion_ci(0.95, method="exact")
    return Interval(only_gp / count, float(bounds.low), float(bounds.high), count), float(test.pvalue)


def _more(results: Results) -> Decision:
    only_gan, only_gp, both, neither = who_succeeds(results, MAIN)
    share, p = discordant(only_gan, only_gp)
    evidence = (
        f"at a score above {MAIN:g}, {only_gp} of {only_gan + only_gp + both + neither} architectures are trained by "
        f"WGAN-GP alone, {only_gan} by the GAN alone, {both} by both (exact p {p:.2g}); of those that one trains, "
        f"WGAN-GP's{told_share(share)}"
    )
    return by_sign(share, evidence, bound=0.5)


def _no_loss(results: Results) -> Decision:
    from steadygan.studies.intervals import share

    only_gan, _, both, _ = who_succeeds(results, MAIN)
    kept = share(both, only_gan + both)
    evidence = (
        f"of {only_gan + both} architectures that the GAN trains to a score above {MAIN:g}, WGAN-GP trains {both}"
        f"{told_share(kept)}"
    )
    return by_sign(kept, evidence, bound=0.9)


def table(results: Results) -> Table:
    """Table 5, with the paper's counts of table 2 beside it."""
    rows: list[list[str | float | int]] = []
    for threshold in THRESHOLDS:
        counts = who_succeeds(results, threshold)
        p = discordant(*counts[:2])[1]
        rows.append([f"{threshold:g}", *counts, p, " / ".join(map(str, PAPER.get(threshold, ()))) or "–"])
    note = (
        "Scores are those of a classifier of the data's classes, the paper's are Inception scores: thresholds of one "
        "are not those of the other, and the counts in the last column are there for their pattern only."
    )
    real = [float(value) for value in results.values("real_score")]
    if real:
        note += f" Held-out pictures score {sum(real) / len(real):.1f}."
    columns = ["score above", "only GAN", "only WGAN-GP", "both", "neither", "p (exact)", "paper's, of 200"]
    return Table(columns, rows, note)


def plots(results: Results) -> list[Plot]:
    """Who succeeds by threshold, and the scores of each pair."""
    from matplotlib.figure import Figure

    pairs = _pairs(results)
    if not pairs:
        return []
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    counts = [who_succeeds(results, threshold) for threshold in THRESHOLDS]
    base = [0] * len(THRESHOLDS)
    for index, name, colour in ((2, "both", "#2563c9"), (1, "only WGAN-GP", "#8db4ee"), (0, "only GAN", "#d9690b")):
        heights = [count[index] for count in counts]
        left.bar(THRESHOLDS, heights, 0.4, bottom=base, label=name, color=colour)
        base = [low + height for low, height in zip(base, heights, strict=True)]
    left.axhline(len(pairs), color=GREY, linewidth=1, linestyle="--")
    left.axvline(MAIN, color=GREY, linewidth=0.8, linestyle=":")
    left.set(xlabel="score above", ylabel="architectures", title=f"Who trains {len(pairs)} random architectures")
    legend(left)
    right.scatter(*zip(*pairs, strict=True), s=14, color="#2563c9", alpha=0.7)
    top = max(max(pair) for pair in pairs) * 1.05
    right.plot([1, top], [1, top], color=GREY, linewidth=1, linestyle="--")
    right.set(xlabel="score by the GAN", ylabel="score by WGAN-GP", title="each point an architecture")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    caption = "Architectures that each objective trains to a score above a threshold, and the scores of both."
    return [Plot("random-architectures", caption, figure)]


STUDY = Study(
    name="random-architectures",
    question="Does WGAN-GP train networks drawn at random that the standard GAN objective does not train?",
    source="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, section 5.1, tables 1, 2 and 5, App. B",
    shows=(
        "Of 200 architectures on 32x32 ImageNet, at an Inception score above 5, WGAN-GP trains 189 and the GAN 42; "
        "none is trained by the GAN alone. At 3 it is 198 and 111."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "trains what the GAN does not",
            "WGAN-GP trains many architectures of the set that the standard GAN objective does not train.",
            "WGAN-GP, section 5.1, table 2",
            f"Of the pairs that one objective alone trains to a score above {MAIN:g}, the 95% interval "
            "(Clopper-Pearson) of WGAN-GP's share lies above 1/2",
            _more,
        ),
        Claim(
            "loses nothing",
            "Hardly an architecture is trained by the GAN alone.",
            "WGAN-GP, tables 2 and 5 (0 or 1 of 200 at most thresholds)",
            f"Of the architectures that the GAN trains to a score above {MAIN:g}, the 95% interval (Wilson) of the "
            "share that WGAN-GP trains too lies above 0.9; refuted below",
            _no_loss,
            needs="rounds enough for WGAN-GP at its rates: it has as many generator rounds as the GAN",
        ),
    ),
    seeds={"smoke": 1, "laptop": 1, "paper": 1},
    limits=(
        "Laptop: 60 architectures at 16x16, on digits without a set of your own, with a quarter of the filters, batch "
        "32, 850 rounds in place of 100,000 at five times the paper's rates, the score of a classifier of the data's "
        "classes. Paper: 32x32, which is ImageNet there: name its folder. Each seed draws other architectures."
    ),
)
