"""Instance noise: noise on real and generated samples before the critic (Arjovsky & Bottou 2017; lesson 6)."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan.recipe import Recipe
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import balanced, unbalanced
from steadygan.studies.experiments._lesson_figures import dots, sheets
from steadygan.studies.experiments._lessons import SIGN, as_ratio, gain_over, table, trials
from steadygan.studies.experiments.update_balance import noisy
from steadygan.studies.intervals import Interval, mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial

DEVIATIONS = (0.0, 0.1, 0.3)
"""at the start, for pixels from -1 to 1 and points of unit size; falls to 0 in proportion to the rounds"""
SOURCE = "Arjovsky & Bottou 2017, Towards Principled Methods for Training GANs, section 3; Sønderby et al. 2017"
LESSON = "Pasini 2019, 10 Lessons, lesson 6"
_STRONG = "strong critic"


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    def with_noise(deviation: float, recipe: Recipe) -> Recipe:
        return noisy(recipe, deviation) if deviation else recipe

    arms = [
        ({"noise": deviation}, lambda recipe, deviation=deviation: with_noise(deviation, recipe))
        for deviation in DEVIATIONS
    ]
    return trials([*balanced(scale), *unbalanced(scale)], arms[: 2 if scale == "smoke" else None], seeds)


def _some(results: Results, strong: bool) -> Results:
    return Results(tuple(row for row in results if (_STRONG in str(row.settings["case"])) == strong))


def _gain(results: Results, value: str = "distance") -> Interval:
    there = [deviation for deviation in results.settings("noise") if deviation]
    gains = gain_over(results, {"noise": 0.0}, [{"noise": deviation} for deviation in there], value)
    return mean(list(gains.values()))


def _helps(results: Results, strong: bool, words: str) -> Decision:
    interval = _gain(_some(results, strong))
    return by_sign(interval, as_ratio(interval, words))


_WINS = "distance without / with noise, where the critic wins"
_USUAL = "distance without / with noise, at equal rates"


def _harder(results: Results) -> Decision:
    interval = _gain(results, "critic_loss")
    turned = Interval(-interval.mean, -interval.high, -interval.low, interval.runs)
    return by_sign(turned, as_ratio(turned, _HARDER))


_HARDER = "critic's loss with / without noise"


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) by the noise's standard deviation at the start, "
    )
    caption += "which falls to 0. A dot a seed, a bar at the geometric mean."
    return [*dots(results, "noise", caption=caption), *sheets(results, "noise")]


STUDY = Study(
    name="instance-noise",
    question="Does noise on real and generated samples make a training better?",
    source=f"{SOURCE}; {LESSON}",
    shows="The paper proves that noise gives both distributions a common support, on which the critic cannot be "
    "perfect; the lesson has no figure: it helps, and does not magically end instability.",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        Claim(
            "helps where the critic wins",
            "noise on both sides makes the critic's task harder, which makes an unstable training better",
            LESSON,
            SIGN.format(_WINS) + "; mean over deviations",
            lambda results: _helps(results, True, _WINS),
        ),
        Claim(
            "helps a usual training",
            "it works well in practice",
            LESSON,
            SIGN.format(_USUAL) + "; mean over deviations",
            lambda results: _helps(results, False, _USUAL),
            "data whose samples lie on a thinner set: pictures of many pixels",
        ),
        Claim(
            "a harder task",
            "under noise the critic separates real from generated samples less well",
            SOURCE,
            SIGN.format(_HARDER) + "; mean over deviations and games, in the last quarter, as the noise fades",
            _harder,
        ),
    ),
    limits="Laptop: fully connected networks on 8 px digits and eight Gaussians, 3,000 rounds, two deviations; the "
    "right one depends on the data.",
)
