"""architectures: seven pairs of networks under four methods (Gulrajani et al. 2017, figure 2, section 5.2, App. E).

The rows are those of the recipe function ``lsun_grid``; a row is trained by a method if the distance of patches of its
samples stays below a limit that is fixed here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.recipe import Recipe
from steadygan.recipes.lsun import ROWS, lsun_grid
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._drawn import tiles
from steadygan.studies.experiments._judged import COUNT, Judge, pictures_of
from steadygan.studies.experiments._trained import Attempt, unaveraged
from steadygan.studies.intervals import Interval, mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial
from steadygan.studies.words import estimate
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

METHODS = ("dcgan", "lsgan", "wgan", "wgan-gp")
"""the figure's columns"""
TITLES = {"dcgan": "DCGAN", "lsgan": "LSGAN", "wgan": "WGAN (clipping)", "wgan-gp": "WGAN-GP"}
NAMES = (
    "DCGAN baseline",
    "G: no norm, constant width",
    "G: 4 layers of 512, MLP",
    "no norm in G or D",
    "gated everywhere",
    "tanh everywhere",
    "101-layer ResNets",
)
DEEP = 6
"""the row of the ResNets"""
LIMIT = 0.5
"""distance below which a pair of networks is trained: half of what one picture, repeated, would have at its best"""
LOST = 2.0
"""distance of a training that diverged"""
SHOWN = 16


@dataclass(frozen=True)
class Size:
    """A scale."""

    size: int
    stand_in: int
    rounds: int
    batch: int
    shrink: int
    rate: float
    samples: int
    rows: tuple[int, ...] = tuple(range(len(ROWS)))
    deep_shrink: int = 1
    """divisor of the widths of the ResNets, whose many layers cost most, where it is larger than ``shrink``"""


SIZES: dict[Scale, Size] = {
    "smoke": Size(8, 8, 2, 8, 32, 1.0, 100, (0, 2)),
    "laptop": Size(32, 8, 800, 32, 4, 5.0, COUNT, deep_shrink=16),
    "paper": Size(64, 64, 200_000, 64, 1, 1.0, 10_000),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Every row by every method."""
    size, made = SIZES[scale], []
    for row in size.rows:
        for method in METHODS:
            work = Attempt(
                partial(recipe_of, row, method, size=size),
                pictures("pictures", size.size, size.stand_in),
                size.rounds,
                partial(_measure, samples=size.samples),
                lost={"distance": LOST},
            )
            made += [Trial({"row": row, "method": method, **named("pictures")}, seed, work) for seed in seeds]
    return made


def recipe_of(row: int, method: str, sample: SampleSpec, *, size: Size) -> Recipe:
    """A cell of the figure at a scale: narrower networks, higher rates."""
    recipe = unaveraged(lsun_grid(row, method, sample))
    changes: dict[str, Any] = {"batch": size.batch}
    shrink = max(size.shrink, size.deep_shrink) if row == DEEP else size.shrink
    for name in ("generator", "critic"):
        network: Any = getattr(recipe, name)
        optimizer: Any = getattr(recipe, f"{name}_optimizer")
        changes[name] = dataclasses.replace(network, width=max(1, network.width // shrink))
        changes[f"{name}_optimizer"] = dataclasses.replace(optimizer, lr=optimizer.lr * size.rate)
    return dataclasses.replace(recipe, **changes)


def _measure(run: Run, ready: Prepared, *, samples: int) -> Outcome:
    made = pictures_of(run.sample(samples, seed=1))
    return {**Judge(ready.dataset)(made), "samples": made[:SHOWN]}


def cell(results: Results, row: int, method: str) -> Interval:
    """Interval of a cell's distance over seeds."""
    return mean([min(LOST, float(value)) for value in results.values("distance", row=row, method=method)])


def _rows(results: Results) -> list[int]:
    return [row for row in range(len(ROWS)) if len(results.where(row=row))]


def _all_by(method: str, results: Results) -> Decision:
    """Whether a method trains all rows: its worst one decides."""
    cells = {row: cell(results, row, method) for row in _rows(results)}
    known = {row: interval for row, interval in cells.items() if interval.runs}
    if not known:
        return Decision("not decided here", "no training is finished")
    worst = max(known, key=lambda row: known[row].mean)
    trained = sum(interval.high < LIMIT for interval in known.values())
    evidence = (
        f"{TITLES[method]} trains {trained} of {len(known)} rows; the largest distance is {estimate(known[worst])} "
        f"(row {worst + 1}, {NAMES[worst]}), limit {LIMIT:g}"
    )
    above = by_sign(known[worst], evidence, bound=LIMIT).answer
    if above == "holds":
        return Decision("does not hold", evidence, known[worst])
    every = len(known) == len(ROWS) and trained == len(known)
    return Decision("holds" if every else "not decided here", evidence, known[worst])


def _only(results: Results) -> Decision:
    """WGAN-GP trains all rows, and each other method fails at one."""
    gp = _all_by("wgan-gp", results)
    others = [_all_by(method, results) for method in METHODS if method != "wgan-gp"]
    evidence = "; ".join(decision.evidence for decision in (gp, *others))
    if gp.answer == "does not hold" or any(other.answer == "holds" for other in others):
        return Decision("does not hold", evidence)
    sure = gp.answer == "holds" and all(other.answer == "does not hold" for other in others)
    return Decision("holds" if sure else "not decided here", evidence)


def table(results: Results) -> Table:
    """Distances of all cells; of classes where the pictures have some."""
    rows: list[list[str | float | int]] = []
    for row in _rows(results):
        line: list[str | float | int] = [f"{row + 1} {NAMES[row]}"]
        for method in METHODS:
            found = cell(results, row, method)
            scores = results.values("score", row=row, method=method)
            score = f", {np.mean(scores):.1f}" if scores else ""
            line.append(f"{found.mean:.2f}{score}" if found.runs else "–")
        rows.append(line)
    note = (
        f"Fréchet distance of patches (below {LIMIT:g}: trained; 1: one picture, repeated; {LOST:g} at most, and if it "
        "diverged), and the score by a classifier of the data's classes where it has some; means over seeds."
    )
    return Table(["networks", *(TITLES[method] for method in METHODS)], rows, note)


def plots(results: Results) -> list[Plot]:
    """The grid of samples, of the first seed."""
    from matplotlib.figure import Figure

    rows = _rows(results)
    if not rows:
        return []
    seed = min(row.seed for row in results)
    figure = Figure(figsize=(2.3 * len(METHODS), 2.1 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), len(METHODS), squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        for cell_axes, method in zip(line, METHODS, strict=True):
            cell_axes.set(xticks=[], yticks=[])
            found = results.where(row=row, method=method).by_seed("samples").get(seed)
            if found is not None:
                tiles(cell_axes, found, columns=4)
            distance = cell(results, row, method)
            if distance.runs:
                colour = "#1a7f37" if distance.mean < LIMIT else "#b42318"
                cell_axes.set_xlabel(f"{distance.mean:.2f}", fontsize=9, color=colour, labelpad=2)
        line[0].set_ylabel(NAMES[row], fontsize=8)
    for cell_axes, method in zip(axes[0], METHODS, strict=True):
        cell_axes.set_title(TITLES[method], fontsize=10)
    caption = f"Samples of each pair of networks by each method, and the distance of patches (trained below {LIMIT:g})."
    return [Plot("architectures", caption, figure)]


STUDY = Study(
    name="architectures",
    question="Which of four methods trains all of seven pairs of networks, at the settings of its own paper?",
    source="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, section 5.2, figure 2, App. E",
    shows=(
        "Samples of LSUN bedrooms, seven rows of networks by four columns of methods: only WGAN-GP has good samples in "
        "every row; each of DCGAN, LSGAN and clipped WGAN is unstable or collapses in some."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "trains every row",
            "WGAN-GP trains all seven pairs of networks with one setting of its hyperparameters.",
            "WGAN-GP, section 5.2, figure 2",
            f"The 95% interval (t, over seeds) of the distance of patches lies below {LIMIT:g} in all seven rows; "
            "refuted if it lies above in the worst one",
            partial(_all_by, "wgan-gp"),
            needs="the paper's rounds for the deepest networks",
        ),
        Claim(
            "no other does",
            "WGAN-GP is the only method of the four that trains every architecture.",
            "WGAN-GP, section 5.2, figure 2 ('every other method was unstable or collapsed in some')",
            "The claim above holds, and of each other method the interval of its worst row lies above the limit; "
            "refuted if WGAN-GP fails, or another method trains all seven",
            _only,
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (a folder of your own: 32x32), where the ResNets have 41 (83) of 101 layers; a quarter "
        "of the widths (ResNets: a sixteenth), batch 32, 800 rounds in place of 200,000 at five times the paper's "
        "rates. A distance tells a collapse from variety, not a good bedroom from a better one."
    ),
)
