"""One-sided label smoothing: a label of 0.9 for real samples (Salimans et al. 2016, section 3.4; lesson 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steadygan.studies.claims import Claim, Decision, by_range, by_sign
from steadygan.studies.experiments._evidence import told
from steadygan.studies.experiments._games import balanced, unbalanced
from steadygan.studies.experiments._lesson_figures import dots, sheets
from steadygan.studies.experiments._lessons import better, table, trials
from steadygan.studies.experiments._quality import COUNT, at_end
from steadygan.studies.experiments.update_balance import smoothed
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Outcome, Trial

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

LABELS = (1.0, 0.9, 0.7)
SOURCE = "Salimans et al. 2016, Improved Techniques for Training GANs, section 3.4"
LESSON = "Pasini 2019, 10 Lessons, lesson 7"


def measured(run: Run, ready: Prepared) -> Outcome:
    """Quality, and the critic's confidence."""
    return {**at_end(run, ready), "confidence": confidence(run, ready)}


def confidence(run: Run, ready: Prepared) -> float:
    """Mean probability of being real, sigmoid(D(x)), that the critic gives 1,000 training samples.

    The optimum under a label a is D*(x) = a p(x) / (p(x) + q(x)): at most a.
    """
    import numpy as np
    import torch

    from steadygan.evaluation.extracting import real_samples

    samples = np.ascontiguousarray(real_samples(ready.dataset, "train", COUNT)[0])
    with torch.no_grad():
        scores = run.critic(run.recipe.representation.encode(torch.from_numpy(samples))).score
    return float(torch.sigmoid(scores.double()).mean())


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    arms = [({"label": label}, lambda recipe, label=label: smoothed(recipe, label)) for label in LABELS]
    arms = arms[: 2 if scale == "smoke" else None]
    return trials([*balanced(scale), *unbalanced(scale)], arms, seeds, measure=measured)


def _confidences(results: Results, label: float) -> dict[int, float]:
    """By seed: the mean over the games of the critic's confidence."""
    by_case = [results.by_seed("confidence", case=case, label=label) for case in results.settings("case")]
    seeds = sorted(set.intersection(*(set(each) for each in by_case))) if by_case else []
    return {seed: sum(each[seed] for each in by_case) / len(by_case) for seed in seeds}


def _less_confident(results: Results) -> Decision:
    before, after = _confidences(results, 1.0), _confidences(results, 0.9)
    interval = mean([before[seed] - after[seed] for seed in sorted(before.keys() & after.keys())])
    return by_sign(interval, told("confidence with label 1 less that with 0.9", interval))


def _bounded(results: Results) -> Decision:
    interval = mean(list(_confidences(results, 0.9).values()))
    return by_range(interval, 0.0, 0.9, told("confidence with label 0.9", interval))


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) by the label of real samples. A dot a seed, a "
    )
    caption += "bar at the geometric mean."
    sure = "Mean probability of being real that the critic gives real samples, by their label."
    return [
        *dots(results, "label", caption=caption),
        *dots(results, "label", value="confidence", caption=sure, name="confidence", log=False),
        *sheets(results, "label"),
    ]


STUDY = Study(
    name="label-smoothing",
    question="Does a label of 0.9 for real samples make a training better?",
    source=f"{SOURCE}; {LESSON}",
    shows="Neither has a figure of its own. The optimal critic under a label a is a p / (p + q), never surer "
    "than a; the "
    "lesson: it was shown to work very well, for a change of a character or two.",
    trials=_trials,
    plots=_plots,
    table=lambda results: table(results, values=("distance", "modes", "confidence", "critic_loss", "generator_loss")),
    claims=(
        better(
            "better samples",
            "one-sided label smoothing works very well in practice",
            LESSON,
            {"label": 1.0},
            {"label": 0.9},
            words="distance with label 1 / with label 0.9",
            needs="deeper critics, on pictures",
        ),
        Claim(
            "a less confident critic",
            "it keeps the critic from being overconfident",
            LESSON,
            "the 95% interval over seeds of the fall of the mean confidence, from label 1 to 0.9, lies above 0; "
            "below 0 "
            "refutes it",
            _less_confident,
        ),
        Claim(
            "confidence at most the label",
            "the optimal critic gives real samples at most the label as their probability",
            SOURCE,
            "the 95% interval over seeds of the mean confidence with label 0.9 lies at or below 0.9; above refutes it",
            _bounded,
        ),
    ),
    limits="Laptop: fully connected networks on 8 px digits and eight Gaussians, at equal rates and with a critic that "
    "wins, 3,000 rounds.",
)
