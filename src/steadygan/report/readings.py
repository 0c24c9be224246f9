"""Which numbers of a run share a chart, and how each chart is to be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One chart of the report and the sentence under its title."""

    title: str
    fields: tuple[tuple[str, str], ...]
    """(field of metrics.jsonl, name in the legend)"""
    sentence: str = ""
    spread: str = ""
    """field with the standard deviation of the first one, drawn as a band; '' for none"""
    log: bool = False
    """a log axis, where the values are positive and span more than a factor of 30"""


TITLES = {
    "samples": "Distance of samples",
    "shares": "Precision and recall",
    "sigma": "Spectral norms",
    "gamma": "Attention",
}
SENTENCES = {
    "samples": "Samples of the averaged generator beside real ones, whatever the losses say: a distance, better when "
    "smaller, that decides which checkpoint is kept as the best; judge a run by this and by its pictures.",
    "shares": "Precision and density: how many samples look like real ones. Recall and coverage: how many real ones "
    "have samples like them. Precision that rises while recall falls is a generator that gives up variety.",
    "sigma": "The largest singular value of each layer's raw weight, by which it is divided: slow drift is normal; a "
    "layer that grows without end sees ever smaller steps, a jump comes before failure.",
    "gamma": "The weight of what attention adds to its maps: 0 at first, and the sign means nothing; one that stays at "
    "0 says that attention is not used.",
}
"""for fields that share what stands before a '/'"""

FIRST = ("samples", "shares")
"""what samples are worth, before all other charts"""

READINGS = (
    Reading(
        "Wasserstein estimate",
        (("wasserstein", "training data"), ("wasserstein_held_out", "held-out data")),
        "The critic's mean score on real minus generated samples: it should rise fast, then fall slowly towards 0 as "
        "samples get better; a growing gap between training and held-out data is a critic that overfits.",
    ),
    Reading(
        "Critic loss",
        (("critic_loss", "critic loss"),),
        "What the critic minimises, penalty included: with a Wasserstein loss it drops fast, then climbs slowly back "
        "towards 0; noise is normal, a curve that runs away is not.",
    ),
    Reading(
        "Critic scores",
        (("real_score", "real samples"), ("fake_score", "generated samples")),
        "The critic's mean score of real and of generated samples: with a Wasserstein loss only the gap between both "
        "lines means something, and they may wander together.",
    ),
    Reading(
        "Generator loss",
        (("generator_loss", "generator loss"),),
        "Its level means nothing by itself, because the critic that measures it changes all the time: look for "
        "sudden jumps only, and judge the generator by its pictures.",
    ),
    Reading(
        "Penalty",
        (("penalty", "penalty"),),
        "What the critic pays for a slope off its target: small beside the Wasserstein estimate and steady is good; "
        "a rising one says that the critic breaks loose.",
    ),
    Reading(
        "Critic gradient norm",
        (("gradient_norm_mean", "mean, ± standard deviation"),),
        "Length of the critic's gradient with respect to its input, where the penalty looks: the mean should settle "
        "at the penalty's target (1 for WGAN-GP) in a narrow band; near 0 the generator learns nothing.",
        spread="gradient_norm_std",
    ),
    Reading(
        "Gradient norms",
        (("critic_weight_gradient_norm", "critic"), ("generator_weight_gradient_norm", "generator")),
        "How hard each network is pushed at a step: steady is good at any height; a generator line that fades "
        "towards 0, or spikes of many times the usual, come before failure.",
        log=True,
    ),
    Reading(
        "Learning rates",
        (("critic_rate", "critic"), ("generator_rate", "generator")),
        "Step sizes of both optimizers, as their schedules set them.",
    ),
    Reading(
        "Speed",
        (("samples_per_second", "samples/s"),),
        "Real samples that the critic sees in a second: dips show when something else used the machine.",
    ),
    Reading(
        "Waiting for data",
        (("data_wait", "share of the time"),),
        "What of a round went by before its real samples were there: above 0.02, the disk or the decoding is too slow.",
    ),
    Reading(
        "Pictures replaced",
        (("data_replaced", "since the run began or was resumed"),),
        "Pictures that could not be decoded, as often as they were met: the next of their row group stood in.",
    ),
)
"""In the order of the page."""

NO_CURVES = frozenset(
    {"round", "critic_steps", "generator_steps", "samples", "seconds", "seconds_left", "gradient_norm_std"}
)
"""Counters, and what stands in another chart."""

LINES = 8
"""lines that a chart of fields with a common prefix holds at most"""


def readings_for(fields: Iterable[str]) -> list[Reading]:
    """The charts of a run's fields: what samples are worth, then the known ones, then those of its recipe alone.

    Unknown fields that share what stands before a '/' share charts, as ``layer/critic.0``, ``layer/critic.1``.
    """
    present = list(fields)
    known = {name for reading in READINGS for name, _ in reading.fields} | NO_CURVES
    charts = [reading for reading in READINGS if any(name in present for name, _ in reading.fields)]
    groups: dict[str, list[str]] = {}
    for name in present:
        if name not in known:
            groups.setdefault(name.split("/")[0], []).append(name)
    first: list[Reading] = []
    last: list[Reading] = []
    for title, members in groups.items():
        for start in range(0, len(members), LINES):
            named = tuple((name, name.split("/", 1)[-1]) for name in members[start : start + LINES])
            sentence = SENTENCES.get(title, "A further number that this recipe logs.")
            (first if title in FIRST else last).append(Reading(TITLES.get(title, title), named, sentence))
    return [*first, *charts, *last]
