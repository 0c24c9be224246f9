"""Capacity and stability: a wider generator in a game that the critic wins (Pasini 2019, lesson 1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from steadygan.recipe import Recipe
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import unbalanced, with_critic
from steadygan.studies.experiments._lesson_figures import dots
from steadygan.studies.experiments._lessons import SIGN, Arms, alike, as_ratio, better, gain, gained, table, trials
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Trial

WIDTHS = {"smoke": (8, 32), "laptop": (32, 64, 128, 256), "paper": (32, 64, 128, 256)}
"""units of the generator's hidden layers; at the paper's scale the feature maps of DCGAN's last hidden layer"""
PLAIN, NORMED = "plain", "spectral norm"
SOURCE = "Pasini 2019, 10 Lessons, lesson 1"


def widened(recipe: Recipe, width: int, critic: str) -> Recipe:
    """The recipe with another width of the generator, and a critic that is plain or has spectral norm."""
    made = dataclasses.replace(recipe, generator=dataclasses.replace(recipe.generator, width=width))  # type: ignore[type-var]
    if critic == PLAIN:
        return made
    if hasattr(recipe.critic, "spectral"):
        return with_critic(made, spectral=True)
    from steadygan.networks import SNDCGANCritic  # DCGAN's critic has no such field

    return dataclasses.replace(made, critic=SNDCGANCritic(64))


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    arms: Arms = [
        ({"width": width, "critic": critic}, partial(widened, width=width, critic=critic))
        for critic in (PLAIN, NORMED)
        for width in WIDTHS[scale]
    ]
    return trials(unbalanced(scale), arms, seeds)


def _ends(results: Results) -> tuple[int, int]:
    widths = [int(width) for width in results.settings("width")] or [0]
    return min(widths), max(widths)


def _widening(results: Results) -> dict[int, float]:
    narrow, wide = _ends(results)
    return gain(results.where(critic=PLAIN), {"width": narrow}, {"width": wide})


def _no_remedy(results: Results) -> Decision:
    interval = mean(list(_widening(results).values()))
    return alike(interval, as_ratio(interval, _WIDER))


_WIDER = "distance of the narrowest generator / of the widest, plain critic"


def _other_remedy(results: Results) -> Decision:
    wider, normed = _widening(results), gain(results, {"critic": PLAIN}, {"critic": NORMED})
    interval = mean([normed[seed] - wider[seed] for seed in sorted(wider.keys() & normed.keys())])
    return by_sign(interval, as_ratio(interval, _MORE))


_MORE = "how many times spectral norm lessens the distance / how many times the widest generator does"


def _critic_wins(results: Results) -> Decision:
    """Whether widening ends what lesson 1 begins with: the critic's loss, plain, narrowest to widest."""
    narrow, wide = _ends(results)
    interval = gained(results.where(critic=PLAIN), {"width": wide}, {"width": narrow}, "critic_loss")
    return alike(interval, as_ratio(interval, _LOSS))


_LOSS = "critic's loss against the widest generator / against the narrowest"


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) by the generator's width, in a game whose critic "
    )
    caption += "has ten times the generator's rate and wins. A dot a seed, a bar at the geometric mean."
    losses = (
        "The critic's mean loss in the last quarter; 1.39 would be that of a critic that cannot tell samples apart."
    )
    return [
        *dots(results, "width", hue="critic", caption=caption),
        *dots(results, "width", hue="critic", value="critic_loss", caption=losses, name="critic-loss"),
    ]


_BOUND = "the 95% interval over seeds of log({0}) lies within ±log 1.25; outside refutes it"

STUDY = Study(
    name="capacity",
    question="Where the critic wins, is it a remedy to give the generator more capacity?",
    source=SOURCE,
    shows="The lesson has no figure: its author saw the critic's loss fall to 0, added filters to the generator, and "
    "nothing changed; between capacity and stability there was no clear correlation.",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        Claim(
            "width is no remedy",
            "adding filters to the generator changes nothing where the critic's loss has gone to 0",
            SOURCE,
            _BOUND.format(_WIDER),
            _no_remedy,
            "other data and networks; 'nothing' is the author's impression",
        ),
        Claim(
            "the critic still wins",
            "with more capacity of the generator the critic's loss stays where it is",
            SOURCE,
            _BOUND.format(_LOSS),
            _critic_wins,
        ),
        Claim(
            "another technique does more",
            "capacity is not the main solution: a technique for stability does more",
            SOURCE,
            SIGN.format(_MORE),
            _other_remedy,
        ),
        better(
            "spectral norm helps",
            "spectral norm makes such a training better (lesson 10)",
            "Pasini 2019, 10 Lessons, lesson 10",
            {"critic": PLAIN},
            {"critic": NORMED},
            words="distance of a plain critic / of one with spectral norm",
        ),
    ),
    limits="Laptop: fully connected networks on 8 px digits and eight Gaussians, 3,000 rounds; the imbalance is "
    "made by "
    "the rates.",
)
