"""The charts of the report: which fields of a record share one, and the sentence that says how to read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """One chart of the report and the sentence under its title."""

    title: str
    fields: tuple[tuple[str, str], ...]
    """(field of metrics.jsonl, name in the legend)"""
    sentence: str = ""
    wasserstein: str = ""
    """what follows the sentence under a Wasserstein loss"""
    spread: str = ""
    """field with the standard deviation of the first one, drawn as a band; '' for none"""
    log: bool = False
    """log axis if the values are positive and span more than a factor of 30"""


TITLES = {
    "samples": "Distance of samples",
    "shares": "Precision and recall",
    "sigma": "Spectral norms",
    "gamma": "Attention",
    "penalty_lazy": "Lazy penalties",
    "penalty_mean_length": "Mean path length",
}
SENTENCES = {
    "samples": "Distance between samples of the averaged generator and real ones, lower is better. It decides which "
    "checkpoint is kept as the best: judge a run by it and by its pictures, whatever the losses say.",
    "shares": "Precision and density: how many samples look like real ones. Recall and coverage: how many real ones "
    "have samples like them. Precision that rises while recall falls is a generator that gives up variety.",
    "sigma": "The largest singular value of each layer's raw weight, by which the weight is divided. Slow drift is "
    "normal; a layer that grows without end takes ever smaller steps; a sudden jump often precedes divergence.",
    "penalty_lazy": "What each lazily applied penalty added to its player's loss the last time, gain included: steady "
    "is good; one that keeps rising means that the network no longer obeys it.",
    "penalty_mean_length": "The running mean of path lengths, to which the generator's path lengths are pulled: it "
    "settles once the generator maps equal steps in the latent to equal changes of the image.",
    "gamma": "The learned weight of the attention map in its residual sum: it starts at 0, and its sign has no "
    "meaning. If it stays at 0, attention is not used.",
}
"""for fields that share what stands before a '/'"""

FIRST = ("samples", "shares")
"""quality of the samples, before all other charts"""

GRADIENT_NORM = "Critic gradient norm"
_GRADIENT_NORM = "Norm of the critic's gradient with respect to its input, where the penalty takes it"

READINGS = (
    Reading(
        "Wasserstein estimate",
        (
            ("wasserstein_train", "training data"),
            ("wasserstein_held_out", "held-out data"),
            ("wasserstein", "batch of the last critic step"),
        ),
        "The critic's mean score on real minus generated samples, an estimate of the Wasserstein distance: it should "
        "rise fast, then fall slowly towards 0 as samples get better. A growing gap between training and held-out "
        "data means that the critic overfits.",
    ),
    Reading(
        "Score gap",
        (
            ("score_gap_train", "training data"),
            ("score_gap_held_out", "held-out data"),
            ("score_gap", "batch of the last critic step"),
        ),
        "How far apart the critic scores real and generated samples in the mean, positive if it tells them apart the "
        "right way round. With this loss the gap estimates no distance, so its height says nothing about the samples; "
        "training and held-out data that drift apart mean that the critic overfits.",
    ),
    Reading(
        "Critic loss",
        (("critic_loss", "critic loss"),),
        "What the critic minimises, penalty included. Noise is normal, divergence is not.",
        wasserstein=" It should drop fast, then climb slowly back towards 0.",
    ),
    Reading(
        "Critic scores",
        (("real_score", "real samples"), ("fake_score", "generated samples")),
        "The critic's mean score of real and of generated samples.",
        wasserstein=" Only the gap between the lines has a meaning, and both may drift together.",
    ),
    Reading(
        "Generator loss",
        (("generator_loss", "generator loss"),),
        "Its level has no meaning by itself, because the critic that measures it changes all the time: look for "
        "sudden jumps only, and judge the generator by its pictures.",
    ),
    Reading(
        "Penalty",
        (("penalty", "critic"), ("generator_penalty", "generator")),
        "What the regularisation adds to a player's loss: steady is good; one that keeps rising means that the network "
        "no longer obeys its constraint.",
    ),
    Reading(
        GRADIENT_NORM,
        (("gradient_norm_mean", "mean, ± standard deviation"),),
        f"{_GRADIENT_NORM}: what is right depends on the penalty, such as 1 for WGAN-GP and towards 0 for R1 and R2.",
        spread="gradient_norm_std",
    ),
    Reading(
        "Weight gradient norms",
        (("critic_weight_gradient_norm", "critic"), ("generator_weight_gradient_norm", "generator")),
        "Norm of the gradient of each network's loss with respect to all its weights: steady is good at any height. A "
        "generator line that fades towards 0, or spikes of many times the usual, often precede divergence.",
        log=True,
    ),
    Reading(
        "Learning rates",
        (("critic_rate", "critic"), ("generator_rate", "generator")),
        "Learning rates of both optimizers, as their schedules set them.",
    ),
    Reading(
        "Speed",
        (("samples_per_second", "samples/s"),),
        "Real samples a second that the critic is trained on: dips show when something else used the machine.",
    ),
    Reading(
        "Waiting for data",
        (("data_wait", "share of the time"),),
        "Share of a round's time that was spent waiting for real samples: above 0.02, the disk or the decoding is too "
        "slow.",
    ),
    Reading(
        "Pictures replaced",
        (("data_replaced", "since the run began or was resumed"),),
        "Pictures that could not be decoded, counted each time: the next one of their row group took their place.",
    ),
)
"""In the order of the page."""

NO_CURVES = frozenset(
    {"round", "critic_steps", "generator_steps", "samples", "seconds", "seconds_left", "gradient_norm_std"}
    | {"held_out_samples", "held_out_error"}
)
"""Counters, and what is drawn in another chart."""

LINES = 8
"""most lines in a chart of fields with a common prefix"""


def readings_for(fields: Iterable[str], recipe: Mapping[str, Any] | None = None) -> list[Reading]:
    """The charts of a run's fields: quality of the samples, then the known ones, then those of its recipe alone.

    Unknown fields that share what stands before a '/' share charts, as ``layer/critic.0``, ``layer/critic.1``.

    Args:
        fields: of the run's records
        recipe: as plain data; decides the sentence on the gradient norm
    """
    present = list(fields)
    known = {name for reading in READINGS for name, _ in reading.fields} | NO_CURVES
    charts = [
        dataclasses.replace(reading, sentence=_sentence(reading, "wasserstein" in present, recipe))
        for reading in READINGS
        if any(name in present for name, _ in reading.fields)
    ]
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


def _sentence(reading: Reading, wasserstein: bool, recipe: Mapping[str, Any] | None) -> str:
    if reading.title == GRADIENT_NORM:
        return gradient_norm_sentence(recipe)
    return reading.sentence + (reading.wasserstein if wasserstein else "")


_OTHERS = ("Drift", "PathLength")
"""penalties that are not on the critic's gradient norm"""


def gradient_norm_sentence(recipe: Mapping[str, Any] | None) -> str:
    """How to read the critic's gradient norm under a recipe's first penalty on it, whose numbers are logged.

    Without a recipe, or with a penalty of an unknown kind, the sentence names no target.
    """
    neutral = next(reading.sentence for reading in READINGS if reading.title == GRADIENT_NORM)
    penalties = (recipe or {}).get("penalties")
    if not isinstance(penalties, list):
        return neutral
    on_gradients = [each for each in penalties if isinstance(each, Mapping) and each.get("kind") not in _OTHERS]
    first = on_gradients[0] if on_gradients else {}
    target = {"R1": 0, "R2": 0, "GradientPenalty": first.get("target", 1)}.get(str(first.get("kind")))
    if not isinstance(target, int | float):
        return neutral
    if target == 0:
        return (
            f"{_GRADIENT_NORM}. The penalty pulls it to 0 and the loss away from there, so that it settles in between: "
            "a mean that keeps rising means that the penalty is too weak."
        )
    if first.get("one_sided"):
        return f"{_GRADIENT_NORM}. The penalty holds it to at most {target:g}; near 0 the generator learns nothing."
    return (
        f"{_GRADIENT_NORM}. The penalty holds it to {target:g}: the mean should settle there in a narrow band; near 0 "
        "the generator learns nothing."
    )
