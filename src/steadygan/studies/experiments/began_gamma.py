"""began-gamma: diversity and quality of samples against gamma (Berthelot et al. 2017, BEGAN, sections 3.2 and 4.2).

Gamma is the ratio E L(G(z)) / E L(x) of reconstruction errors at which the balance of both networks is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, all_of, by_range, by_sign
from steadygan.studies.experiments._began import Scaled, balance, recipe_of, spread
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._decided import below
from steadygan.studies.experiments._drawn import legend, tiles
from steadygan.studies.experiments._judged import COUNT, Judge, pictures_of
from steadygan.studies.experiments._trained import Attempt
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial
from steadygan.studies.words import estimate

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

GAMMAS: dict[Scale, tuple[float, ...]] = {
    "smoke": (0.3, 0.7),
    "laptop": (0.3, 0.5, 0.7, 1.0),
    "paper": (0.3, 0.5, 0.7),
}
SIZES: dict[Scale, Scaled] = {
    "smoke": Scaled(8, 8, 2, 100),
    "laptop": Scaled(32, 8, 2_500, COUNT),
    "paper": Scaled(64, 64, 100_000, 10_000, published=True),
}
KEPT = 0.1
"""relative error up to which the balance counts as held"""
MEASURES = {"spread": "spread of pixels", "recall": "recall", "precision": "precision"}
SHOWN = 24


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Every gamma with every seed."""
    size, made = SIZES[scale], []
    for gamma in GAMMAS[scale]:
        work = Attempt(
            partial(recipe_of, gamma=gamma, published=size.published),
            pictures("pictures", size.size, size.stand_in),
            size.rounds,
            partial(_measure, samples=size.samples),
        )
        made += [Trial({"gamma": gamma, **named("pictures")}, seed, work) for seed in seeds]
    return made


def _measure(run: Run, ready: Prepared, *, samples: int) -> Outcome:
    made = pictures_of(run.sample(samples, seed=1))
    numbers = Judge(ready.dataset)(made)
    return {**numbers, "spread": spread(made, ready.dataset), "ratio": balance(run), "samples": made[:SHOWN]}


def slopes(results: Results, name: str) -> list[float]:
    """Slope of a number over gamma, by least squares, of each seed that has been trained at two gammas or more."""
    found = []
    for seed in sorted({row.seed for row in results}):
        rows = [row for row in results if row.seed == seed and name in row.values]
        gammas = [float(row.settings["gamma"]) for row in rows]
        if len(set(gammas)) > 1:
            found.append(float(np.polyfit(gammas, [float(row.values[name]) for row in rows], 1)[0]))
    return found


def _slope(results: Results, name: str, rises: bool) -> Decision:
    found = intervals.mean(slopes(results, name))
    evidence = f"slope of {MEASURES[name]} over gamma: {estimate(found)}"
    return by_sign(found, evidence) if rises else below(found, evidence)


def _held(results: Results) -> Decision:
    gammas = [float(gamma) for gamma in results.settings("gamma")]
    if not gammas:
        return Decision("not decided here", "no training is finished")
    return all_of(*(_held_at(results, gamma) for gamma in gammas))


def _held_at(results: Results, gamma: float) -> Decision:
    found = intervals.mean([float(ratio) / gamma for ratio in results.values("ratio", gamma=gamma)])
    evidence = f"gamma {gamma:g}: ratio of errors over it {estimate(found)}"
    return by_range(found, 1 - KEPT, 1 + KEPT, evidence)


def table(results: Results) -> Table:
    """Numbers by gamma, means over seeds."""
    names = ["ratio", "spread", "recall", "smallest_class", "precision", "distance"]
    names = [name for name in names if results.values(name)]
    rows: list[list[str | float | int]] = []
    for gamma in results.settings("gamma"):
        found = [results.values(name, gamma=gamma) for name in names]
        rows.append([f"{gamma:g}", *(float(np.mean(values)) if values else "–" for values in found)])
    note = (
        "Ratio: E L(g) / E L(x), which gamma sets. Spread of pixels and smallest class: 1 as in the data. Precision "
        "and recall in features of a classifier of the data's classes where it has some. Distance: of patches. Means "
        "over seeds."
    )
    return Table(["gamma", *(name.replace("_", " ") for name in names)], rows, note)


def plots(results: Results) -> list[Plot]:
    """Diversity and precision over gamma, and samples of each."""
    from matplotlib.figure import Figure

    gammas = results.settings("gamma")
    if not gammas:
        return []
    figure = Figure(figsize=(10, max(3.6, 1.1 * len(gammas))), layout="constrained")
    parts: Any = figure.subfigures(1, 2, width_ratios=(1, 1.4))
    left, right = parts
    axes = left.subplots()
    for name, colour in zip(MEASURES, ("#2563c9", "#17a2a2", "#d9690b"), strict=True):
        found = {float(gamma): results.values(name, gamma=gamma) for gamma in gammas}
        found = {at: values for at, values in found.items() if values}
        for at, values in found.items():
            axes.scatter([at] * len(values), values, s=14, color=colour, alpha=0.5)
        axes.plot(list(found), [np.mean(values) for values in found.values()], color=colour, label=MEASURES[name])
    axes.set(xlabel="gamma", title="diversity and quality", ylim=(0, None))
    axes.grid(alpha=0.25)
    legend(axes)
    for cell, gamma in zip(right.subplots(len(gammas), 1, squeeze=False)[:, 0], gammas, strict=True):
        cell.set(xticks=[], yticks=[])
        cell.set_ylabel(f"{gamma:g}", rotation=0, labelpad=14, va="center")
        samples = results.by_seed("samples", gamma=gamma)
        if samples:
            tiles(cell, next(iter(samples.values())), columns=SHOWN // 2)
    return [Plot("began-gamma", "Spread, recall and precision of samples over gamma; right: samples of each.", figure)]


STUDY = Study(
    name="began-gamma",
    question="Does BEGAN's gamma trade the quality of samples for their diversity?",
    source="Berthelot et al. 2017, BEGAN, sections 3.2 and 4.2",
    shows=(
        "Faces at gammas of 0.3, 0.5 and 0.7: at 0.3 they look alike, variety rises with gamma, and so do artefacts "
        "and noise."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "the balance is held",
            "The ratio of reconstruction errors of generated and real samples is held at gamma.",
            "BEGAN, section 3.3",
            "The 95% interval (t, over seeds) of the ratio over gamma lies within 0.9 and 1.1 at every gamma; refuted "
            "if it lies outside at one",
            _held,
        ),
        Claim(
            "diversity rises",
            "A larger gamma gives more diverse samples.",
            "BEGAN, sections 3.2 and 4.2",
            "The 95% interval (t, over seeds) of the slope of the spread of pixels over gamma lies above 0; refuted "
            "below",
            partial(_slope, name="spread", rises=True),
        ),
        Claim(
            "artefacts rise",
            "A larger gamma gives more artefacts and noise.",
            "BEGAN, section 4.2",
            "The 95% interval (t, over seeds) of the slope of precision over gamma lies below 0; refuted above",
            partial(_slope, name="precision", rises=False),
            needs="pictures whose simplest kind is no class of its own, such as faces",
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (a folder of your own: 32x32) by this library's settings for small pictures, width 16, "
        "lambda_k 0.1, k at least 0.05, 2,500 rounds. The paper's gammas and a fourth, 1, which digits on black need "
        "(docs/began.md). Paper: 64x64; its rounds are not said, 100,000 are ours."
    ),
)
